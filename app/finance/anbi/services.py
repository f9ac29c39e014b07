"""Type a publication, publish it, begin a new version. Inside the caller's `with writing():`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import func, select

from app.audit.services import record
from app.base.actor import Actor
from app.base.dates import local_date
from app.base.errors import Refused
from app.base.ids import new_id
from app.base.states import N_
from app.extensions import db
from app.extensions.sql import insert_new
from app.finance.anbi.content import Content, content, draft, published, taken
from app.finance.anbi.lines import ASSETS, COSTS, LIABILITIES, LINES, TOLD, name_fields
from app.finance.anbi.models import MOVES, SUBJECT, Publication, PublicationState
from app.finance.periods import FiscalYear
from app.organisation import checks
from app.tasks import services as tasks
from app.tasks.models import Task, TaskState

_NAMES = {name for told in TOLD for name in ((f"{told.name}_nl", f"{told.name}_en") if told.both else (told.name,))} | {
    name for line in LINES for name in name_fields(line)
}  # fmt: skip
_ELSEWHERE = N_("Somebody changed this meanwhile. Look again, then save.")


def source_key(year: int) -> str:
    """Of the task to publish this year."""
    return f"anbi:{year}"


def save(
    year: FiscalYear, texts: Mapping[str, str], cents: Mapping[str, int], *, version: int, actor: Actor, now: datetime
) -> int:
    """Keep the draft of this year, made where there is none (`version` 0). Gives its id.

    Raises Invalid for an address that is none, Refused where somebody saved in between.
    """
    if unknown := {*texts} - _NAMES | {*cents} - {*LINES}:
        raise ValueError(f"no such parts: {sorted(unknown)}")
    kept = {name: text.strip() for name, text in texts.items() if text and text.strip()}
    for told in TOLD:
        if told.link and told.name in kept:
            kept[told.name] = checks.web_address(kept[told.name], told.name)
    row = _locked_draft(year)
    if row is None and version == 0 and published(year.year) is None:
        _begin(year, {}, {}, actor, now)
        row = _locked_draft(year)
    elif row is None or row.version != version:
        raise Refused(_ELSEWHERE)
    assert row is not None  # noqa: S101 (begun above)
    row.texts, row.cents = kept, dict(cents)
    row.version, row.changed_at, row.changed_by_id = row.version + 1, now, actor.id
    db.session.flush()
    record("anbi.saved", (SUBJECT, row.id), actor=actor, now=now, changes={"year": year.year, "revision": row.revision})
    return row.id


def revise(year: FiscalYear, *, actor: Actor, now: datetime) -> None:
    """Begin a new version from the one that was published; asked again, there is one already."""
    before = published(year.year)
    if before is not None:
        _begin(year, before.texts, before.cents, actor, now)


def lacking(shown: Content, now: datetime) -> list[str]:
    """What keeps it from being published, as msgids."""
    found = []
    if shown.year.period.end >= local_date(now):
        found.append(N_("This fiscal year is not over yet."))
    if not shown.who["rsin"] or not shown.who["address"]:
        found.append(N_("The RSIN or the address of the organisation is not filled in."))
    if any(told.needed and not shown.text(told.name, "nl")[0] for told in TOLD):
        found.append(N_("Not all that is asked in words is filled in, in Dutch."))
    assets, liabilities = shown.now.total(ASSETS), shown.now.total(LIABILITIES)
    if assets is None or liabilities is None:
        found.append(N_("The balance sheet is not filled in."))
    elif assets != liabilities:
        found.append(N_("The two sides of the balance sheet are not equal."))
    if not shown.now.has_costs and any(line.value in shown.now.cents for line in COSTS):
        found.append(N_("Of costs and financial income and expense, fill in all four lines or none."))
    return found


def publish(year: FiscalYear, *, version: int, actor: Actor, now: datetime) -> int:
    """Everybody sees the draft from now on, as it is at this moment; the version before it is replaced. Gives its id.

    Raises Refused where it is not complete, or other than who publishes it saw.
    """
    row = _locked_draft(year)
    if row is None or row.version != version:
        raise Refused(_ELSEWHERE)
    if found := lacking(content(year, row), now):
        raise Refused(found[0])
    before = published(year.year)
    if before is not None:
        MOVES.check(before.state, PublicationState.REPLACED)
        before.state = PublicationState.REPLACED
        db.session.flush()
    row.taken = taken(year, row.cents)
    MOVES.check(row.state, PublicationState.PUBLISHED)
    row.state, row.published_at, row.published_by_id = PublicationState.PUBLISHED, now, actor.id
    db.session.flush()
    told = {"year": year.year, "revision": row.revision}
    record("anbi.published", (SUBJECT, row.id), actor=actor, now=now, changes=told)
    open_task = select(Task.id).where(Task.source_key == source_key(year.year), Task.state == TaskState.OPEN)
    if (task_id := db.session.execute(open_task).scalar()) is not None:
        tasks.complete(task_id, actor=actor, now=now)
    return row.id


def _locked_draft(year: FiscalYear) -> Publication | None:
    row = draft(year.year)
    return db.session.get(Publication, row.id, with_for_update=True, populate_existing=True) if row else None


def _begin(year: FiscalYear, texts: Mapping[str, str], cents: Mapping[str, int], actor: Actor, now: datetime) -> None:
    last = db.session.execute(select(func.max(Publication.revision)).where(Publication.year == year.year)).scalar()
    # Two people at once make one: the second finds what the first began.
    made = insert_new(Publication).values(
        id=new_id(), year=year.year, revision=(last or 0) + 1, state=PublicationState.DRAFT, texts=dict(texts),
        cents=dict(cents), taken={}, version=1, changed_at=now, changed_by_id=actor.id,
    )  # fmt: skip
    db.session.execute(made)
