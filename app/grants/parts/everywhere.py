"""The lead's board over all grants: for every report still to deliver, how each partner stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import aliased

from app.extensions import db
from app.grants.awards.models import Grant, GrantState
from app.grants.funders.models import Funder
from app.grants.obligations.models import TO_DELIVER, Obligation, ObligationKind
from app.grants.partners.models import GrantPartner
from app.grants.parts.models import WITH_PARTNER, PartChain, PartState, PartTask, ReportPart
from app.supporters.models import Supporter


class Standing(StrEnum):
    """Which rows: the partner is too late, still writes, or waits for us to read."""

    LATE = "late"
    WRITING = "writing"
    TO_READ = "to_read"


@dataclass(frozen=True, slots=True)
class Line:
    """One partner's share in one report that is not with the funder yet."""

    task_id: int
    obligation_id: int
    kind: ObligationKind
    title: str
    grant: str
    funder: str
    partner: str
    due_on: date  # at us
    funder_due_on: date
    reminded_on: date | None
    revoked: bool
    open_count: int  # theirs to write
    to_read: int  # ours to judge
    total: int

    def is_late(self, today: date) -> bool:
        return self.open_count > 0 and self.due_on < today

    def may_remind(self, today: date) -> bool:
        return self.open_count > 0 and not self.revoked and self.reminded_on != today


# Two counts per task over its few parts, found by the index on report_part (obligation, partner).
_counts = (
    select(
        PartTask.id.label("task_id"),
        func.count(ReportPart.id).filter(ReportPart.state.in_(WITH_PARTNER)).label("open"),
        func.count(ReportPart.id).filter(ReportPart.state == PartState.SUBMITTED).label("to_read"),
        func.count(ReportPart.id).filter(ReportPart.state != PartState.WAIVED).label("total"),
    )
    .join(Obligation, Obligation.id == PartTask.obligation_id)
    .join(
        ReportPart,
        and_(ReportPart.obligation_id == PartTask.obligation_id, ReportPart.partner_id == PartTask.partner_id),
    )
    .where(Obligation.state.in_(TO_DELIVER))
    .group_by(PartTask.id)
    .subquery()
)
_partner, _funder = aliased(Supporter), aliased(Supporter)
PARTNER_NAME = _partner.sort_key


def listing() -> Select[*tuple[Any, ...]]:
    """Every partner who has something to write, or whose parts wait for us; rows fit `line_of`."""
    return _joined(
        select(
            PartTask.id,
            Obligation.id,
            Obligation.kind,
            Obligation.title,
            Grant.title,
            _funder.display_name,
            _partner.display_name,
            PartChain.partner_due_on,
            Obligation.due_on,
            PartTask.reminded_on,
            PartTask.revoked_at.is_not(None),
            _counts.c.open,
            _counts.c.to_read,
            _counts.c.total,
        )
    )


def _joined(chosen: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    return (
        chosen.select_from(_counts)
        .join(PartTask, PartTask.id == _counts.c.task_id)
        .join(PartChain, PartChain.obligation_id == PartTask.obligation_id)
        .join(Obligation, Obligation.id == PartTask.obligation_id)
        .join(Grant, Grant.id == Obligation.grant_id)
        .join(Funder, Funder.id == Grant.funder_id)
        .join(_funder, _funder.id == Funder.supporter_id)
        .join(GrantPartner, GrantPartner.id == PartTask.partner_id)
        .join(_partner, _partner.id == GrantPartner.supporter_id)
        .where(Grant.state != GrantState.CLOSED, _counts.c.open + _counts.c.to_read > 0)
    )


def line_of(row: Sequence[Any]) -> Line:
    return Line(*tuple(row)[:14])


def standing(which: Standing, today: date) -> ColumnElement[bool]:
    """Writing are those who still have time; the late ones are not among them."""
    if which is Standing.TO_READ:
        return _counts.c.to_read > 0
    late = PartChain.partner_due_on < today
    return and_(_counts.c.open > 0, late if which is Standing.LATE else ~late)


def counts(today: date) -> dict[Standing, int]:
    """How many rows each standing has: one statement."""
    counted = select(*(func.count().filter(standing(each, today)) for each in Standing))
    return dict(zip(Standing, db.session.execute(_joined(counted)).one(), strict=True))


def matches(text: str) -> ColumnElement[bool]:
    """The partner, the report, the grant or the funder holds this text."""
    names = (_partner.display_name, _funder.display_name, Grant.title, Obligation.title)
    return or_(*(name.icontains(text, autoescape=True) for name in names))


def late_tasks(today: date, limit: int = 200) -> list[int]:
    """Tasks of partners who are late and were not reminded today, with a link that works."""
    chosen = (
        listing()
        .with_only_columns(PartTask.id, maintain_column_froms=True)
        .where(standing(Standing.LATE, today), PartTask.revoked_at.is_(None))
        .where(or_(PartTask.reminded_on.is_(None), PartTask.reminded_on != today))
    )
    return list(db.session.execute(chosen.order_by(PartTask.id).limit(limit)).scalars())
