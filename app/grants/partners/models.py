"""Partners of a grant, sub-grants to them with their instalments and duties, and what was paid."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.base.columns import cents_column, id_column, instant_column, reference_column, state_column, text_column, whole
from app.base.holdings import Holding, OnErase, OnMerge, declare
from app.base.states import N_, Labelled, Transitions
from app.extensions import db
from app.grants.history import NOTE_LENGTH, Move


class PartnerRole(Labelled):
    LEAD = "lead", N_("Lead partner")
    PARTNER = "partner", N_("Partner")
    ASSOCIATE = "associate", N_("Associate partner")


class GrantPartner(db.Model):
    """An organisation that carries a grant with us. `share_basis_points`: 2500 is 25 % of the grant.

    The contact is who gets the task links: a function, or somebody of the organisation.
    """

    __tablename__ = "grant_partner"
    __table_args__ = (
        UniqueConstraint("grant_id", "supporter_id"),
        CheckConstraint("share_basis_points BETWEEN 0 AND 10000", name="share_basis_points_range"),
    )

    id: Mapped[int] = id_column()
    grant_id: Mapped[int] = reference_column("grant_award.id", index=False)
    supporter_id: Mapped[int] = reference_column("supporter.id")
    role: Mapped[PartnerRole] = state_column(PartnerRole)
    share_basis_points: Mapped[int | None] = mapped_column()
    agreed_on: Mapped[date | None] = mapped_column()  # the partner agreement was signed
    contact_name: Mapped[str] = text_column(120, default="")
    contact_email: Mapped[str] = text_column(254, default="")
    language: Mapped[str] = text_column(2, default="nl")
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = instant_column()


declare(
    Holding(
        "grant_partner",
        "supporter_id",
        OnMerge.MOVE,
        OnErase.CLEAR,
        personal_columns=("contact_name", "contact_email"),
        label=N_("Partner in a grant"),
    )
)


class Booking(Labelled):
    """Whose money a sub-grant is. A principal answers for it: income and cost. A cashier only passes it on."""

    PRINCIPAL = "principal", N_("As principal: our income and our cost")
    CASHIER = "cashier", N_("As cashier: money held for others")


class SubGrantState(Labelled):
    DRAFT = "draft", N_("Draft")
    AGREED = "agreed", N_("Agreed")
    CLOSED = "closed", N_("Closed")
    CANCELLED = "cancelled", N_("Cancelled")


_G = SubGrantState
SUB_GRANT_MOVES = Transitions(
    SubGrantState,
    {
        _G.DRAFT: {_G.AGREED, _G.CANCELLED},
        _G.AGREED: {_G.CLOSED, _G.CANCELLED},
        _G.CLOSED: {_G.AGREED},
        _G.CANCELLED: {_G.DRAFT},
    },
)


class SubGrant(db.Model):
    """Part of a grant that we pass on to a partner. Amount in cents."""

    __tablename__ = "sub_grant"
    __table_args__ = (
        *whole("amount_cents"),
        CheckConstraint("amount_cents > 0", name="amount_cents_positive"),
        CheckConstraint("ends_on >= starts_on", name="period"),
        CheckConstraint("state NOT IN ('agreed', 'closed') OR agreed_on IS NOT NULL", name="agreed_has_day"),
    )

    id: Mapped[int] = id_column()
    partner_id: Mapped[int] = reference_column("grant_partner.id")
    title: Mapped[str] = text_column(200)
    amount_cents: Mapped[int] = cents_column()
    booking: Mapped[Booking] = state_column(Booking)
    starts_on: Mapped[date] = mapped_column()
    ends_on: Mapped[date] = mapped_column()
    agreed_on: Mapped[date | None] = mapped_column()
    reminded_on: Mapped[date | None] = mapped_column()  # the partner, of what it owes us
    state: Mapped[SubGrantState] = state_column(SubGrantState)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = instant_column()


class SubGrantMove(Move, db.Model):
    __tablename__ = "sub_grant_move"

    sub_grant_id: Mapped[int] = reference_column("sub_grant.id")


class PassOnState(Labelled):
    PLANNED = "planned", N_("Planned")
    OWED = "owed", N_("To be paid")
    PAID = "paid", N_("Paid")
    CANCELLED = "cancelled", N_("Cancelled")


_P = PassOnState
PASS_ON_MOVES = Transitions(
    PassOnState,
    {
        _P.PLANNED: {_P.OWED, _P.CANCELLED},
        # Backwards: what was booked is reversed.
        _P.OWED: {_P.PAID, _P.PLANNED},
        _P.PAID: {_P.OWED},
        _P.CANCELLED: {_P.PLANNED},
    },
)


class SubGrantInstalment(db.Model):
    """A part in which a sub-grant is passed on. `booked_cents` is what stands in the books as owed
    for it or paid; `bookings` tells the entries of a rebooking apart."""

    __tablename__ = "sub_grant_instalment"
    __table_args__ = (
        *whole("amount_cents", "booked_cents"),
        CheckConstraint("amount_cents > 0", name="amount_cents_positive"),
        CheckConstraint("(state IN ('owed', 'paid')) = (booked_cents > 0)", name="booked_when_owed"),
    )

    id: Mapped[int] = id_column()
    sub_grant_id: Mapped[int] = reference_column("sub_grant.id")
    amount_cents: Mapped[int] = cents_column()
    due_on: Mapped[date] = mapped_column(index=True)
    state: Mapped[PassOnState] = state_column(PassOnState, index=True)
    booked_cents: Mapped[int] = cents_column(default=0)
    bookings: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = instant_column()


class SubGrantInstalmentMove(Move, db.Model):
    __tablename__ = "sub_grant_instalment_move"

    instalment_id: Mapped[int] = reference_column("sub_grant_instalment.id")


class SubGrantPayment(db.Model):
    """Money that went to a partner. Never edited: taken back by a reversal in the books."""

    __tablename__ = "sub_grant_payment"
    __table_args__ = (
        *whole("amount_cents"),
        CheckConstraint("amount_cents > 0", name="amount_cents_positive"),
        CheckConstraint("(reversed_at IS NULL) = (reversal_reason = '')", name="reversal_has_reason"),
    )

    id: Mapped[int] = id_column()
    instalment_id: Mapped[int] = reference_column("sub_grant_instalment.id")
    paid_on: Mapped[date] = mapped_column(index=True)
    amount_cents: Mapped[int] = cents_column()
    bank_reference: Mapped[str] = text_column(140)
    form_key: Mapped[str] = text_column(64, unique=True)  # one form, one payment, however often it is sent
    recorded_at: Mapped[datetime] = instant_column()
    recorded_by_id: Mapped[int | None] = reference_column("staff.id", nullable=True, index=False)
    reversed_at: Mapped[datetime | None] = instant_column(nullable=True)
    reversal_reason: Mapped[str] = text_column(500, default="")


class DutyState(Labelled):
    PLANNED = "planned", N_("Planned")
    DELIVERED = "delivered", N_("Delivered")
    RETURNED = "returned", N_("Returned")
    ACCEPTED = "accepted", N_("Accepted")
    WAIVED = "waived", N_("Waived")


_D = DutyState
DUTY_MOVES = Transitions(
    DutyState,
    {
        _D.PLANNED: {_D.DELIVERED, _D.WAIVED},
        _D.DELIVERED: {_D.ACCEPTED, _D.RETURNED},
        _D.RETURNED: {_D.DELIVERED, _D.WAIVED},
        _D.ACCEPTED: set(),
        _D.WAIVED: {_D.PLANNED},
    },
)


class SubGrantDuty(db.Model):
    """What a partner owes us for a sub-grant: a report, a statement. Overdue is computed. `note` is what the
    partner writes with it; what it said at each delivery stands with that move."""

    __tablename__ = "sub_grant_duty"

    id: Mapped[int] = id_column()
    sub_grant_id: Mapped[int] = reference_column("sub_grant.id")
    title: Mapped[str] = text_column(200)
    due_on: Mapped[date] = mapped_column(index=True)
    state: Mapped[DutyState] = state_column(DutyState)
    note: Mapped[str] = text_column(NOTE_LENGTH, default="", server_default="")
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = instant_column()


class SubGrantDutyMove(Move, db.Model):
    __tablename__ = "sub_grant_duty_move"

    duty_id: Mapped[int] = reference_column("sub_grant_duty.id")


class SubGrantDutyReminder(db.Model):
    """A mark at which the partner was reminded by itself: `mark` days before the day it is due, below 0 after it."""

    __tablename__ = "sub_grant_duty_reminder"
    __table_args__ = (UniqueConstraint("duty_id", "due_on", "mark"),)

    id: Mapped[int] = id_column()
    duty_id: Mapped[int] = reference_column("sub_grant_duty.id", index=False)
    due_on: Mapped[date] = mapped_column()
    mark: Mapped[int] = mapped_column()
    queued_at: Mapped[datetime] = instant_column()
