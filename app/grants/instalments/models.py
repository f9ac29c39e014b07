"""Instalments, their states, and the receipts on them."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.base.columns import cents_column, id_column, instant_column, reference_column, state_column, text_column, whole
from app.base.states import N_, Labelled, Transitions
from app.extensions import db
from app.grants.history import Move


class Trigger(Labelled):
    DATE = "date", N_("On a date")
    SIGNATURE = "signature", N_("When the agreement is signed")
    REPORT = "report", N_("When a report is accepted")


class InstalmentState(Labelled):
    CONDITIONAL = "conditional", N_("Conditional")
    DUE = "due", N_("To be requested")
    REQUESTED = "requested", N_("Requested")
    RECEIVED = "received", N_("Received")
    WITHHELD = "withheld", N_("Withheld by the funder")
    SETTLED = "settled", N_("Settled")


_S = InstalmentState
OPEN_INSTALMENTS = (_S.CONDITIONAL, _S.DUE, _S.REQUESTED, _S.WITHHELD)
EXPECTED = (_S.CONDITIONAL, _S.DUE, _S.REQUESTED)
INSTALMENT_MOVES = Transitions(
    InstalmentState,
    {
        # Money may come before its condition is met: the bank is right.
        _S.CONDITIONAL: {_S.DUE, _S.RECEIVED, _S.WITHHELD, _S.SETTLED},
        _S.DUE: {_S.CONDITIONAL, _S.REQUESTED, _S.RECEIVED, _S.WITHHELD, _S.SETTLED},
        _S.REQUESTED: {_S.DUE, _S.RECEIVED, _S.WITHHELD, _S.SETTLED},
        # Backwards: a receipt that is taken back.
        _S.RECEIVED: {_S.CONDITIONAL, _S.DUE, _S.REQUESTED, _S.WITHHELD, _S.SETTLED},
        _S.WITHHELD: {_S.CONDITIONAL, _S.DUE, _S.RECEIVED, _S.SETTLED},
        # Backwards: a settlement that is taken back.
        _S.SETTLED: {_S.CONDITIONAL, _S.DUE, _S.REQUESTED, _S.RECEIVED, _S.WITHHELD},
    },
)


class Instalment(db.Model):
    """A part in which a grant is paid. Amounts in cents; `basis_points` keeps what was agreed as
    a share of the grant (2500 is 25 %)."""

    __tablename__ = "instalment"
    __table_args__ = (
        *whole("amount_cents", "settled_cents", "recognised_cents"),
        CheckConstraint("amount_cents > 0", name="amount_cents_positive"),
        CheckConstraint("basis_points BETWEEN 1 AND 10000", name="basis_points_range"),
        CheckConstraint("(triggered_by = 'report') = (obligation_id IS NOT NULL)", name="report_is_named"),
        CheckConstraint("(state = 'settled') = (settled_cents IS NOT NULL)", name="settlement_has_amount"),
    )

    id: Mapped[int] = id_column()
    grant_id: Mapped[int] = reference_column("grant_award.id")
    position: Mapped[int] = mapped_column()
    amount_cents: Mapped[int] = cents_column()
    basis_points: Mapped[int | None] = mapped_column()
    triggered_by: Mapped[Trigger] = state_column(Trigger)
    obligation_id: Mapped[int | None] = reference_column("obligation.id", nullable=True)
    expected_on: Mapped[date] = mapped_column(index=True)
    contribution_year: Mapped[int] = mapped_column()
    state: Mapped[InstalmentState] = state_column(InstalmentState, index=True)
    released_on: Mapped[date | None] = mapped_column()  # its condition was met
    requested_on: Mapped[date | None] = mapped_column()
    withheld_on: Mapped[date | None] = mapped_column()
    # Booked as income, by the grant's rule; `bookings` tells the entries of a rebooking apart.
    recognised_cents: Mapped[int] = cents_column(default=0)
    bookings: Mapped[int] = mapped_column(default=0)
    settled_cents: Mapped[int | None] = cents_column(nullable=True)  # what it came to in the end
    # The settlement of the whole grant that settled or planned it.
    settlement_id: Mapped[int | None] = reference_column("grant_settlement.id", nullable=True)
    # The payment request in its newest version; gone once what it says has changed.
    letter_id: Mapped[int | None] = reference_column("document.id", nullable=True, index=False)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = instant_column()


class InstalmentMove(Move, db.Model):
    __tablename__ = "instalment_move"

    instalment_id: Mapped[int] = reference_column("instalment.id")


class Receipt(db.Model):
    """Money that came in on an instalment. Never edited: taken back by a reversal in the books."""

    __tablename__ = "instalment_receipt"
    __table_args__ = (
        *whole("amount_cents"),
        CheckConstraint("amount_cents > 0", name="amount_cents_positive"),
        CheckConstraint("(reversed_at IS NULL) = (reversal_reason = '')", name="reversal_has_reason"),
    )

    id: Mapped[int] = id_column()
    instalment_id: Mapped[int] = reference_column("instalment.id")
    received_on: Mapped[date] = mapped_column(index=True)
    amount_cents: Mapped[int] = cents_column()
    bank_reference: Mapped[str] = text_column(140)
    form_key: Mapped[str] = text_column(64, unique=True)  # one form, one receipt, however often it is sent
    recorded_at: Mapped[datetime] = instant_column()
    recorded_by_id: Mapped[int | None] = reference_column("staff.id", nullable=True, index=False)
    reversed_at: Mapped[datetime | None] = instant_column(nullable=True)
    reversal_reason: Mapped[str] = text_column(500, default="")
