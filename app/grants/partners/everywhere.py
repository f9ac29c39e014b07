"""What partners owe us for sub-grants, over all grants: who is late, at a glance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_

from app.extensions import db
from app.grants.awards.models import Grant
from app.grants.partners import due
from app.grants.partners.models import SubGrant, SubGrantDuty
from app.grants.parts.models import PartTask

PARTNER_NAME = due.PARTNER.sort_key


class Standing(StrEnum):
    """Which rows: the partner is too late, still has time, or waits for us to read."""

    LATE = "late"
    COMING = "coming"
    TO_READ = "to_read"


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that a partner owes us, with what was done to remind it."""

    duty: due.Line
    sub_grant: str
    reminded_on: date | None
    withdrawn: bool  # its link

    def may_remind(self, today: date) -> bool:
        """Late; the button on the sub-grant reminds of what comes due soon as well."""
        return self.duty.tone(today) == "late" and not self.withdrawn and self.reminded_on != today


def listing() -> Select[*tuple[Any, ...]]:
    """All that asks something of a partner, or of us to read it; rows fit `line_of`."""
    waits = or_(due.DUTIES_TO_DO, due.DUTIES_TO_JUDGE)
    added = due.duties().order_by(None).add_columns(SubGrant.title, SubGrant.reminded_on, PartTask.revoked_at)
    return added.outerjoin(PartTask, PartTask.sub_grant_id == SubGrant.id).where(waits)


def line_of(row: Sequence[Any]) -> Line:
    values = tuple(row)
    return Line(due.line_of(values), values[11], values[12], values[13] is not None)


def standing(which: Standing, today: date) -> ColumnElement[bool]:
    if which is Standing.TO_READ:
        return due.DUTIES_TO_JUDGE
    late = SubGrantDuty.due_on < today
    return and_(due.DUTIES_TO_DO, late if which is Standing.LATE else ~late)


def counts(today: date) -> dict[Standing, int]:
    """How many rows each standing has: one statement."""
    counted = (func.count().filter(standing(each, today)) for each in Standing)
    chosen = listing().with_only_columns(*counted, maintain_column_froms=True)
    return dict(zip(Standing, db.session.execute(chosen).one(), strict=True))


def matches(text: str) -> ColumnElement[bool]:
    """The partner, what is owed, the sub-grant, the grant or the funder holds this text."""
    names = (due.PARTNER.display_name, SubGrantDuty.title, SubGrant.title, Grant.title, due.FUNDER.display_name)
    return or_(*(name.icontains(text, autoescape=True) for name in names))


def late_sub_grants(today: date, limit: int = 100) -> list[int]:
    """Sub-grants of partners who are late and were not reminded today, unless their link was withdrawn."""
    chosen = (
        listing()
        .with_only_columns(SubGrant.id, maintain_column_froms=True)
        .where(standing(Standing.LATE, today), PartTask.revoked_at.is_(None))
        .where(or_(SubGrant.reminded_on.is_(None), SubGrant.reminded_on != today))
    )
    return list(db.session.execute(chosen.distinct().order_by(SubGrant.id).limit(limit)).scalars())
