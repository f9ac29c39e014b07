"""Statements of a year for every donor: begun, stopped and gone on with, in batches that are noted before they are
written. What was noted and not written is what a kill left behind; it is written first, as what it was noted to be."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Select, func, select, update

from app.audit import services as audit
from app.base.actor import Actor, system
from app.base.errors import NotFound, Refused
from app.base.ids import new_id
from app.base.states import N_
from app.base.works import Payload, job
from app.extensions import db, now, writing
from app.extensions.sql import insert_rows
from app.extensions.transactions import writing_in_bulk
from app.gifts.models import HELD, Gift
from app.jobs.services import enqueue
from app.letters.statements import paper, services
from app.letters.statements.content import Content, gather
from app.letters.statements.models import RUN_MOVES, Outcome, RunState, StatementItem, StatementRun, Why
from app.letters.statements.services import Made
from app.supporters.addressing import Addressee, addressees
from app.supporters.models import Supporter
from app.vault.pieces import SealedStore

BATCH = 50  # donors noted in one write transaction
MAKE = "statements.make"
MAKER = system("statements")
STORE = SealedStore("statements")
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Counted:
    """What became of the donors of a run so far."""

    made: int = 0
    skipped: int = 0
    failed: int = 0
    noted: int = 0

    @property
    def done(self) -> int:
        return self.made + self.skipped + self.failed


def begin(year: int, *, copies: bool, actor: Actor, now: datetime) -> int:
    """Begin a run over all donors of a year, as a job where `proceed` asks for it. Raises Refused while another
    run of this year is not done."""
    if open_run(year) is not None:
        raise Refused(N_("The statements of this year are being made already."))
    run = StatementRun(
        id=new_id(), year=year, copies=copies, state=RunState.RUNNING, cursor=0, expected=count(year),
        started_at=now, started_by_id=actor.id if actor.kind == "staff" else None,
    )  # fmt: skip
    db.session.add(run)
    db.session.flush()
    audit.record("statements.begun", ("statement_run", run.id), actor=actor, now=now, changes={"year": [None, year]})
    return run.id


def proceed(run_id: int, *, now: datetime) -> None:
    """Let the worker go on with it; a run that it is busy with already stays one."""
    enqueue(MAKE, {"run": str(run_id)}, now=now, key=f"{MAKE}:{run_id}")


def stop(run_id: int, *, actor: Actor, now: datetime) -> None:
    """Make no further ones; those in hand are still written when it goes on."""
    _moved(run_id, RunState.STOPPED, "statements.stopped", actor, now)


def go_on(run_id: int, *, actor: Actor, now: datetime) -> None:
    """Go on where it was stopped, or try those again that failed."""
    run = _moved(run_id, RunState.RUNNING, "statements.gone_on", actor, now)
    run.problem, run.finished_at = "", None
    failed = (StatementItem.run_id == run_id) & (StatementItem.outcome == Outcome.FAILED)
    db.session.execute(update(StatementItem).where(failed).values(outcome=Outcome.NOTED, why=None))


def find(run_id: int) -> StatementRun:
    """The run, or NotFound."""
    run = db.session.get(StatementRun, run_id)
    if run is None:
        raise NotFound(N_("These statements do not exist."))
    return run


def open_run(year: int) -> int | None:
    """The run of this year that is not done, if there is one."""
    rows = select(StatementRun.id).where(StatementRun.year == year, StatementRun.state != RunState.DONE)
    return db.session.execute(rows.order_by(StatementRun.id.desc()).limit(1)).scalar()


def counted(run_ids: Collection[int]) -> dict[int, Counted]:
    """How many were made, skipped and failed, in one statement."""
    rows = select(StatementItem.run_id, StatementItem.outcome, func.count()).where(
        StatementItem.run_id.in_(list(run_ids))
    )
    found: dict[int, dict[str, int]] = {i: {} for i in run_ids}
    for run_id, outcome, number in db.session.execute(rows.group_by(StatementItem.run_id, StatementItem.outcome)):
        found[run_id][outcome.value] = number
    return {i: Counted(**numbers) for i, numbers in found.items()}


def count(year: int) -> int:
    """How many donors a statement of this year is made for."""
    return int(db.session.execute(select(func.count()).select_from(_donors(year).subquery())).scalar_one())


def donors(year: int) -> list[int]:
    """Whom a statement of this year is made for."""
    return list(db.session.scalars(_donors(year).order_by(Supporter.id)))


_HERE = Supporter.anonymised_at.is_(None) & Supporter.merged_into_id.is_(None)


def _donors(year: int) -> Select[int]:
    """Who gave in this year, those left out who were erased or merged."""
    given = select(Gift.id).where(
        Gift.supporter_id == Supporter.id, Gift.state.in_(HELD), Gift.gift_date.between(*_span(year))
    )
    return select(Supporter.id).where(_HERE, given.exists())


def _here(ids: Sequence[int]) -> list[int]:
    return list(db.session.scalars(select(Supporter.id).where(Supporter.id.in_(ids), _HERE)))


def _span(year: int) -> tuple[date, date]:
    return date(year, 1, 1), date(year, 12, 31)


@job(MAKE)
def make(payload: Payload) -> None:
    """The next batch, and the job for the one after it. A full disk stops the run and says so."""
    run_id = int(payload["run"])
    try:
        more = advance(run_id)
    except OSError:
        log.exception("statements of run %d stopped", run_id)
        with writing():
            if find(run_id).state is RunState.RUNNING:
                _moved(run_id, RunState.STOPPED, "statements.stopped", MAKER, now())
            find(run_id).problem = N_("The files could not be written. Is the disk full?")
        return
    if more:
        with writing():
            proceed(run_id, now=now())


def advance(run_id: int) -> bool:
    """Make the statements of the next batch; False once nothing is left or somebody stopped it. No transaction
    open. Raises OSError where the disk does not take them: they stay noted."""
    run = find(run_id)
    if run.state is not RunState.RUNNING:
        return False
    year, at = run.year, now()
    left = _noted(run_id)
    if left:
        ids = [item.supporter_id for item in left]
    else:
        following = _donors(year).where(Supporter.id > run.cursor).order_by(Supporter.id).limit(BATCH)
        ids = list(db.session.scalars(following))
        if not ids:
            db.session.rollback()
            return _finish(run_id, at)
    contents, to = gather(ids, *_span(year)), addressees(_here(ids))
    cursor = run.cursor
    db.session.rollback()
    with writing_in_bulk():
        if left:
            _note_changed([item for item in left if item.supporter_id in to], contents, year, at)
        elif find(run_id).cursor == cursor:  # else another worker took these
            _note(run_id, ids, contents, at)
        items = [item for item in _noted(run_id) if item.supporter_id in contents]
        for item in items:
            db.session.expunge(item)
    _write(items, contents, to, year)
    return True


def _noted(run_id: int) -> list[StatementItem]:
    rows = select(StatementItem).where(StatementItem.run_id == run_id, StatementItem.outcome == Outcome.NOTED)
    return list(db.session.scalars(rows.order_by(StatementItem.supporter_id).limit(BATCH)))


def _finish(run_id: int, at: datetime) -> bool:
    with writing():
        if find(run_id).state is RunState.RUNNING:
            _moved(run_id, RunState.DONE, "statements.done", MAKER, at).finished_at = at
    return False


def _note(run_id: int, ids: Sequence[int], contents: dict[int, Content], at: datetime) -> None:
    """Say what becomes of each: nothing is written for who has the same already, or got everything back."""
    run = find(run_id)
    run.cursor = ids[-1]
    kept = {i for i in ids if contents[i].kept_cents}
    made = services.note_statements(
        [contents[i] for i in ids if i in kept], *_span(run.year), actor=MAKER, now=at, only_new=not run.copies
    )
    rows = []
    for i in ids:
        why = None if i in made else Why.SAME if i in kept else Why.NOTHING_LEFT
        rows.append({
            "id": new_id(), "run_id": run_id, "supporter_id": i, "outcome": Outcome.SKIPPED if why else Outcome.NOTED,
            "why": why, "digest": contents[i].digest, "cents": contents[i].deductible_cents, "file": None,
            "copy_of": made[i].copy_of if i in made else None, "replaces": made[i].replaces if i in made else None,
            "noted_at": at, "told": None, "fetched_at": None,
        })  # fmt: skip
    insert_rows(StatementItem, rows, only_new=True)


def _note_changed(left: Sequence[StatementItem], contents: dict[int, Content], year: int, at: datetime) -> None:
    """What was noted and not written is noted anew where money came or went since. What it says of itself stays,
    since the one before never left the house."""
    changed = [contents[x.supporter_id] for x in left if x.digest != contents[x.supporter_id].digest]
    if not changed:
        return
    services.note_statements(changed, *_span(year), actor=MAKER, now=at)
    for content in changed:
        mine = (StatementItem.run_id == left[0].run_id) & (StatementItem.supporter_id == content.supporter_id)
        values = {"digest": content.digest, "cents": content.deductible_cents, "noted_at": at}
        db.session.execute(update(StatementItem).where(mine).values(values))


def _write(
    items: Sequence[StatementItem], contents: dict[int, Content], to: dict[int, Addressee], year: int
) -> None:  # fmt: skip
    files: dict[int, str] = {}
    failed: dict[int, Why] = {}
    methods = {line.method for item in items for line in contents[item.supporter_id].lines}
    labels = {code: paper.method_labels(methods, code) for code in {each.language for each in to.values()}}
    for item in items:
        if item.supporter_id not in to:
            failed[item.id] = Why.GONE
            continue
        mine = to[item.supporter_id]
        try:
            made = _pdf(item, contents[item.supporter_id], mine, year, labels[mine.language])
            files[item.id] = STORE.keep([made]).sha256
        except OSError:
            raise
        except Exception:  # one donor's odd data must not keep a statement from all others
            log.exception("the statement of supporter %d failed", item.supporter_id)
            failed[item.id] = Why.LAYOUT
    noted = StatementItem.outcome == Outcome.NOTED
    with writing_in_bulk():
        for row_id, name in files.items():
            values = {"outcome": Outcome.MADE, "file": name}
            db.session.execute(update(StatementItem).where(StatementItem.id == row_id, noted).values(values))
        for row_id, why in failed.items():
            values = {"outcome": Outcome.FAILED, "why": why}
            db.session.execute(update(StatementItem).where(StatementItem.id == row_id, noted).values(values))


def _pdf(item: StatementItem, content: Content, to: Addressee, year: int, labels: paper.Labels) -> bytes:
    """The paper that this item stands for, dated as it was noted."""
    made = Made(0, item.supporter_id, copy_of=item.copy_of, replaces=item.replaces)
    return paper.render(paper.statement(content, to, *_span(year), made, labels, item.noted_at))


def _moved(run_id: int, state: RunState, action: str, actor: Actor, now: datetime) -> StatementRun:
    run = find(run_id)
    RUN_MOVES.check(run.state, state)
    run.state = state
    audit.record(action, ("statement_run", run_id), actor=actor, now=now)
    return run
