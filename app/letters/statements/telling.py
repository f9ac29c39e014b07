"""Telling donors that their annual statement is there: a mail with the way to Mijn giften, or the statement itself
as a letter on the print list for who has no mailbox or asked for post."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import func, select, update

from app.audit import services as audit
from app.base.actor import Actor
from app.base.dates import format_date, format_long_date, local_date
from app.base.errors import Refused
from app.base.money import format_money
from app.base.states import N_
from app.base.works import Payload, job
from app.extensions import db, now
from app.extensions.transactions import writing_in_bulk
from app.jobs.services import enqueue
from app.letters.statements import paper
from app.letters.statements.content import Content, Part, gather
from app.letters.statements.models import Outcome, RunState, StatementItem, StatementRun, Told
from app.letters.statements.runs import BATCH, find
from app.organisation.queries import profile
from app.outbox.services import Mail
from app.supporters import reach
from app.supporters.addressing import Addressee, addressees
from app.supporters.models import Supporter
from app.supporters.queries import primary_emails

TELL = "statements.tell"
READY, LETTER = "letters/statement_ready", "letters/statement"
_UNTOLD = (StatementItem.outcome == Outcome.MADE) & StatementItem.told.is_(None)


def tell(run_id: int, *, actor: Actor, now: datetime) -> None:
    """Begin to tell everybody whose statement was made and who was not told yet. Raises Refused before it is done."""
    run = find(run_id)
    if run.state is not RunState.DONE:
        raise Refused(N_("Not all statements are made yet."))
    if untold(run_id) == 0:
        raise Refused(N_("Everybody was told already."))
    run.told_at = now
    audit.record("statements.told", ("statement_run", run_id), actor=actor, now=now)
    enqueue(TELL, {"run": str(run_id)}, now=now, key=f"{TELL}:{run_id}")


def untold(run_id: int) -> int:
    """How many donors of this run were not told yet."""
    rows = select(func.count()).where(StatementItem.run_id == run_id, _UNTOLD)
    return int(db.session.execute(rows).scalar_one())


def told(run_id: int) -> dict[Told, int]:
    """How many were told, by how."""
    mine = (StatementItem.run_id == run_id) & StatementItem.told.is_not(None)
    rows = select(StatementItem.told, func.count()).where(mine).group_by(StatementItem.told)
    return {Told(way): number for way, number in db.session.execute(rows).all() if way}


@job(TELL)
def carry_on(payload: Payload) -> None:
    """Tell the next batch and queue the job for the one after it, in one transaction."""
    run_id = int(payload["run"])
    run = db.session.get(StatementRun, run_id)
    if run is None:
        return
    year = run.year
    ids = list(db.session.scalars(_next(run_id)))
    db.session.rollback()
    if not ids:
        return
    start, end = date(year, 1, 1), date(year, 12, 31)
    contents, to = gather(ids, start, end), addressees(ids)
    db.session.rollback()
    methods = {line.method for content in contents.values() for line in content.lines}
    labels = {code: paper.method_labels(methods, code) for code in {each.language for each in to.values()}}
    with writing_in_bulk():
        _tell(run_id, year, set(ids), contents, to, labels, now())
        enqueue(TELL, payload, now=now(), key=f"{TELL}:{run_id}")


def _next(run_id: int) -> Any:
    rows = select(StatementItem.supporter_id).where(StatementItem.run_id == run_id, _UNTOLD)
    return rows.order_by(StatementItem.supporter_id).limit(BATCH)


def _tell(
    run_id: int, year: int, ids: set[int], contents: Mapping[int, Content], to: Mapping[int, Addressee],
    labels: Mapping[str, paper.Labels], at: datetime,
) -> None:  # fmt: skip
    ids &= set(db.session.scalars(_next(run_id)))  # but for whom another worker told meanwhile
    alive = select(Supporter.id).where(
        Supporter.id.in_(ids), Supporter.is_deceased.is_(False), Supporter.anonymised_at.is_(None),
        Supporter.merged_into_id.is_(None),
    )  # fmt: skip
    here = set(db.session.scalars(alive))
    emails, by_post = primary_emails(here), reach.wanting_post(here)
    how = {i: Told.NOBODY if i not in here else _way(i, emails, by_post) for i in ids}
    mails = []
    for i in sorted(here):
        lang, on_paper = to[i].language, how[i] is Told.LETTER
        data = {
            "salutation": to[i].salutation,
            "year": year,
            "total": format_money(contents[i].kept_cents, lang),
            "english": lang == "en",
        }
        if on_paper:
            data |= _printed(contents[i], labels[lang], lang, at)
        mails.append(
            Mail(
                template=LETTER if on_paper else READY, to="" if on_paper else emails[i] or "", language=lang,
                key=f"statement:{run_id}:{i}", data=data, person_id=i,
            )
        )  # fmt: skip
    reach.send(mails, now=at)
    for each in Told:
        mine = [i for i in ids if how[i] is each]
        rows = (StatementItem.run_id == run_id) & StatementItem.supporter_id.in_(mine)
        db.session.execute(update(StatementItem).where(rows).values(told=each))


def _way(supporter_id: int, emails: Mapping[int, str | None], by_post: set[int]) -> Told:
    return Told.MAIL if emails.get(supporter_id) and supporter_id not in by_post else Told.LETTER


def _printed(content: Content, labels: paper.Labels, lang: str, at: datetime) -> dict[str, Any]:
    """The statement in full, for a letter: what the PDF says, line by line."""
    with force_locale(lang):
        parts = [
            {
                "heading": _(part.label),
                "lines": [_line(line, labels, lang) for line in lines],
                "total": format_money(sum(line.cents for line in lines), lang),
            }
            for part in Part if (lines := content.of(part))
        ]  # fmt: skip
    return {
        "parts": parts, "deductible": format_money(content.deductible_cents, lang), "rsin": profile().rsin or "",
        "anbi": profile().anbi, "day": format_long_date(local_date(at), lang),
    }  # fmt: skip


def _line(line: Any, labels: paper.Labels, lang: str) -> str:
    told: Sequence[str] = [
        format_date(line.day), labels.get(line.method, line.method), line.number or (_(line.why) if line.why else ""),
        format_money(line.cents, lang),
    ]  # fmt: skip
    return " · ".join(part for part in told if part)
