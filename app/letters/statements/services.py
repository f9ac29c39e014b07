"""Noting that a receipt or statement was made: once, and a newer one only where it says something else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select, update

from app.audit import services as audit
from app.base.actor import Actor
from app.base.errors import NotFound, Refused
from app.base.ids import new_id
from app.base.states import N_
from app.extensions import db
from app.extensions.sql import insert_new
from app.gifts.models import HELD, Gift
from app.letters.statements.content import Content
from app.letters.statements.models import Receipt, Statement, StatementItem, StatementRun, Told


@dataclass(frozen=True, slots=True)
class Made:
    """`copy_of`: the day it was first made, where this is a copy. `replaces`: the day of an earlier one that
    said something else."""

    id: int
    supporter_id: int
    copy_of: datetime | None = None
    replaces: datetime | None = None


def note_statements(
    contents: Sequence[Content], start: date, end: date, *, actor: Actor, now: datetime, only_new: bool = False
) -> dict[int, Made]:
    """Note the statements of one range, in a constant number of statements; by supporter. `only_new` leaves those
    out who have one already that says the same."""
    last: dict[int, Statement] = {}
    ids = [content.supporter_id for content in contents]
    rows = select(Statement).where(
        Statement.supporter_id.in_(ids), Statement.starts_on == start, Statement.ends_on == end
    )
    for row in db.session.execute(rows.order_by(Statement.version)).scalars():
        last[row.supporter_id] = row
    new, made = [], {}
    for content in contents:
        before = last.get(content.supporter_id)
        if before is not None and before.digest == content.digest:
            if not only_new:
                made[content.supporter_id] = Made(before.id, content.supporter_id, copy_of=before.made_at)
            continue
        row_id = new_id()
        new.append(
            {
                "id": row_id, "supporter_id": content.supporter_id, "starts_on": start, "ends_on": end,
                "version": before.version + 1 if before else 1, "digest": content.digest,
                "cents": content.deductible_cents, "made_at": now, "made_by_id": _staff(actor),
            }
        )  # fmt: skip
        replaces = before.made_at if before else None
        made[content.supporter_id] = Made(row_id, content.supporter_id, replaces=replaces)
    if new:
        db.session.execute(insert_new(Statement), new)
        traces = [audit.Trace(action="statement.made", subject=("supporter", row["supporter_id"])) for row in new]  # type: ignore[arg-type]
        audit.record_many(traces, actor=actor, now=now)
    return made


def note_for_donor(content: Content, start: date, end: date, *, actor: Actor, now: datetime) -> Made:
    """Note a statement that a donor takes from Mijn giften. What we made of a year and mailed them the way to is
    no copy the first time that they take it."""
    made = note_statements([content], start, end, actor=actor, now=now)[content.supporter_id]
    if made.copy_of is None or (start, end) != (date(start.year, 1, 1), date(start.year, 12, 31)):
        return made
    runs = select(StatementRun.id).where(StatementRun.year == start.year)
    mailed = (StatementItem.supporter_id == content.supporter_id) & (StatementItem.told == Told.MAIL)
    waits = mailed & (StatementItem.digest == content.digest) & StatementItem.fetched_at.is_(None)
    taken = db.session.execute(
        update(StatementItem).where(waits, StatementItem.run_id.in_(runs)).values(fetched_at=now)
        .returning(StatementItem.copy_of, StatementItem.replaces)
    ).first()  # fmt: skip
    return made if taken is None else Made(made.id, content.supporter_id, taken.copy_of, taken.replaces)


def note_receipt(gift_id: int, *, actor: Actor, now: datetime) -> Made:
    """Note that this gift is receipted; a second time it is a copy. Raises Refused while no money came."""
    gift = db.session.get(Gift, gift_id)
    if gift is None:
        raise NotFound(N_("This gift does not exist."))
    if gift.state not in HELD:
        raise Refused(N_("There is nothing to receipt: the money has not come in."))
    row = {
        "id": new_id(), "gift_id": gift_id, "supporter_id": gift.supporter_id, "made_at": now,
        "made_by_id": _staff(actor),
    }  # fmt: skip
    fresh = db.session.execute(insert_new(Receipt).values(**row).returning(Receipt.__table__.c.id)).scalar()
    if fresh is None:
        kept = db.session.execute(select(Receipt).where(Receipt.gift_id == gift_id)).scalar_one()
        return Made(kept.id, gift.supporter_id, copy_of=kept.made_at)
    audit.record("receipt.made", ("gift", gift_id), actor=actor, now=now)
    return Made(fresh, gift.supporter_id)


def _staff(actor: Actor) -> int | None:
    return actor.id if actor.kind == "staff" else None
