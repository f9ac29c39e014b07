"""Read instalments: those of a grant, what is expected, and what waits for a report."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, func, or_, select

from app.base.errors import NotFound
from app.base.states import N_
from app.documents.models import Document
from app.extensions import db
from app.grants.awards.models import Grant, GrantState
from app.grants.funders.models import Funder
from app.grants.instalments.models import EXPECTED, Instalment, InstalmentState, Receipt, Trigger
from app.grants.obligations.models import Obligation, ObligationKind, ObligationState
from app.grants.rows import cents_sum
from app.supporters.models import Supporter


@dataclass(frozen=True, slots=True)
class Line:
    """An instalment as lists show it. Amounts in cents."""

    id: int
    grant_id: int
    position: int
    amount_cents: int
    basis_points: int | None
    triggered_by: Trigger
    expected_on: date
    contribution_year: int
    state: InstalmentState
    requested_on: date | None
    settled_cents: int | None
    recognised_cents: int
    version: int
    received_cents: int
    grant: str
    confirmed: bool
    funder_id: int
    supporter_id: int
    funder: str
    obligation_id: int | None
    obligation_kind: ObligationKind | None
    obligation_title: str | None
    obligation_state: ObligationState | None
    obligation_due_on: date | None

    @property
    def open_cents(self) -> int:
        """Still to come, as far as we know."""
        return max(0, self.amount_cents - self.received_cents) if self.state in EXPECTED else 0

    def is_late(self, today: date) -> bool:
        """Due or requested, and not here on the day it was expected."""
        return self.state in (InstalmentState.DUE, InstalmentState.REQUESTED) and self.expected_on < today


@cache
def received() -> ScalarSelect[int]:
    """Cents received on the instalment of the row."""
    return (
        select(cents_sum(Receipt.amount_cents))
        .where(Receipt.instalment_id == Instalment.id, Receipt.reversed_at.is_(None))
        .scalar_subquery()
    )


@cache
def still_open() -> ColumnElement[int]:
    """Cents still to come on the instalment of the row, which is expected: never below zero, since an
    instalment whose money is all here is no longer in an expected state."""
    return Instalment.amount_cents - received()


# Waits for a report that the funder has not accepted yet.
WAITING: ColumnElement[bool] = and_(
    Instalment.state == InstalmentState.CONDITIONAL,
    Instalment.triggered_by == Trigger.REPORT,
    Grant.state != GrantState.CLOSED,
)


@cache
def listing() -> Select[*tuple[Any, ...]]:
    """All instalments with their names, for filtering and paging; rows fit `line_of`."""
    return (
        select(
            Instalment.id,
            Instalment.grant_id,
            Instalment.position,
            Instalment.amount_cents,
            Instalment.basis_points,
            Instalment.triggered_by,
            Instalment.expected_on,
            Instalment.contribution_year,
            Instalment.state,
            Instalment.requested_on,
            Instalment.settled_cents,
            Instalment.recognised_cents,
            Instalment.version,
            received(),
            Grant.title,
            Grant.confirmed_at.is_not(None),
            Funder.id,
            Funder.supporter_id,
            Supporter.display_name,
            Obligation.id,
            Obligation.kind,
            Obligation.title,
            Obligation.state,
            Obligation.due_on,
        )
        .join(Grant, Grant.id == Instalment.grant_id)
        .join(Funder, Funder.id == Grant.funder_id)
        .join(Supporter, Supporter.id == Funder.supporter_id)
        .outerjoin(Obligation, Obligation.id == Instalment.obligation_id)
    )


def line_of(row: Sequence[Any]) -> Line:
    return Line(*tuple(row)[:24])


def of_grant(grant_id: int) -> list[Line]:
    rows = listing().where(Instalment.grant_id == grant_id).order_by(Instalment.position, Instalment.id)
    return [line_of(row) for row in db.session.execute(rows)]


def one(instalment_id: int) -> Line:
    found = db.session.execute(listing().where(Instalment.id == instalment_id)).first()
    if found is None:
        raise NotFound(N_("This is not here, or not any more."))
    return line_of(found)


def receipts_of(instalment_ids: Iterable[int]) -> dict[int, list[Receipt]]:
    """Receipts by instalment, those taken back too, oldest first."""
    ids = list(instalment_ids)
    found: dict[int, list[Receipt]] = {row_id: [] for row_id in ids}
    rows = select(Receipt).where(Receipt.instalment_id.in_(ids)).order_by(Receipt.received_on, Receipt.id)
    for row in db.session.execute(rows).scalars():
        found[row.instalment_id].append(row)
    return found


def letter_of(instalment_id: int) -> Document | None:
    """The payment request, if one was made and is still there."""
    chosen = select(Document).join(Instalment, Instalment.letter_id == Document.id)
    found = chosen.where(Instalment.id == instalment_id, Document.removed_at.is_(None))
    return db.session.execute(found).scalars().first()


@dataclass(frozen=True, slots=True)
class Waiting:
    """Money that waits for reports that are not accepted: how much, on how many instalments."""

    cents: int
    count: int


def money_waiting() -> Waiting:
    total = (
        select(cents_sum(still_open()), func.count())
        .select_from(Instalment)
        .join(Grant, Grant.id == Instalment.grant_id)
        .where(WAITING)
    )
    cents, count = db.session.execute(total).one()
    return Waiting(int(cents), int(count))


def waiting_lines(limit: int = 20) -> list[Line]:
    """The instalments behind `money_waiting`, the report that is due first on top."""
    rows = listing().where(WAITING).order_by(Obligation.due_on, Instalment.id).limit(limit)
    return [line_of(row) for row in db.session.execute(rows)]


def row(instalment_id: int) -> Instalment:
    """The row itself, for its form."""
    found = db.session.get(Instalment, instalment_id)
    if found is None:
        raise NotFound(N_("This is not here, or not any more."))
    return found


def receipt(receipt_id: int) -> Receipt:
    found = db.session.get(Receipt, receipt_id)
    if found is None:
        raise NotFound(N_("This is not here, or not any more."))
    return found


def matches(text: str) -> ColumnElement[bool]:
    """The grant's name, its reference or the funder's name holds this text."""
    names = (Grant.title, Grant.funder_reference, Supporter.display_name)
    return or_(*(name.icontains(text, autoescape=True) for name in names))


def totals(chosen: Select[*tuple[Any, ...]]) -> tuple[int, int, int]:
    """(how many, agreed, received) of a filtered `listing`, in one statement."""
    inner = (
        chosen.with_only_columns(
            Instalment.amount_cents.label("agreed"), received().label("received"), maintain_column_froms=True
        )
        .order_by(None)
        .subquery()
    )
    summed = select(func.count(), cents_sum(inner.c.agreed), cents_sum(inner.c.received))
    count, agreed, came = db.session.execute(summed).one()
    return count, agreed, came
