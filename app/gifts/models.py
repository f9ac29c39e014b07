"""Gifts, what happened to each since, and the supporters' totals over them. Amounts are cents."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.base.columns import (
    Big,
    cents_column,
    id_column,
    instant_column,
    positive,
    reference_column,
    state_column,
    text_column,
    whole,
)
from app.base.holdings import Holding, OnErase, OnMerge, declare
from app.base.states import N_, Labelled, Transitions
from app.extensions import db
from app.ledger.rj import RjLine


class GiftState(Labelled):
    PROMISED = "promised", N_("Promised")
    RECEIVED = "received", N_("Received")
    CANCELED = "canceled", N_("Canceled")
    REFUNDED = "refunded", N_("Refunded")
    CHARGED_BACK = "charged_back", N_("Charged back")


_S = GiftState
# A transfer may still arrive after it was given up; a receipt recorded by mistake is undone; a refund
# may fail after all and a bank may withdraw a chargeback.
MOVES = Transitions(
    GiftState,
    {
        _S.PROMISED: {_S.RECEIVED, _S.CANCELED},
        _S.RECEIVED: {_S.PROMISED, _S.CANCELED, _S.REFUNDED, _S.CHARGED_BACK},
        _S.CANCELED: {_S.PROMISED, _S.RECEIVED},
        _S.REFUNDED: {_S.RECEIVED, _S.CHARGED_BACK},
        _S.CHARGED_BACK: {_S.RECEIVED, _S.REFUNDED},
    },
)

HELD = (_S.RECEIVED, _S.REFUNDED, _S.CHARGED_BACK)  # money came in, whatever went back since


class Tribute(Labelled):
    """Whom a gift is in memory or in honour of."""

    MEMORY = "memory", N_("In memory of")
    HONOUR = "honour", N_("In honour of")


BANK_TRANSFER = "bank_transfer"
CASH = "cash"
IN_KIND = "in_kind"
WAIVED = "waived_allowance"  # a volunteer's allowance that we would have paid and they did without (DOMAIN.md 4.2)
NOT_PERIODIC = (CASH, IN_KIND, WAIVED)  # an agreement is on money, given in a way that can be shown
DIRECT_DEBIT = "directdebit"


class Gift(db.Model):
    """One gift of one supporter.

    A gift that came through a checkout has the checkout's id: that is what makes it one gift however
    often the news arrives, and it is the number in the donor's RF reference. `gift_date` is the day
    the money came; of a promise, the day it was made.
    """

    __tablename__ = "gift"

    id: Mapped[int] = id_column()
    supporter_id: Mapped[int] = reference_column("supporter.id", index=False)
    programme_id: Mapped[int | None] = reference_column("programme.id", nullable=True, index=False)
    campaign_id: Mapped[int | None] = reference_column("campaign.id", nullable=True, index=False)
    checkout_id: Mapped[int | None] = mapped_column(Big, nullable=True)
    payment_id: Mapped[int | None] = mapped_column(Big, nullable=True)
    amount_cents: Mapped[int] = cents_column()
    refunded_cents: Mapped[int] = cents_column(default=0)  # sent or taken back since
    gift_date: Mapped[date]
    state: Mapped[GiftState] = state_column(GiftState)
    method: Mapped[str] = text_column(30)  # as the provider calls it, or bank_transfer, cash
    rj_line: Mapped[RjLine] = state_column(RjLine)
    source: Mapped[str] = text_column(30)  # where it came in: steun-ons, a campaign's code, staff
    entry_id: Mapped[int | None] = mapped_column(Big, nullable=True)  # the first part, where one amount was split
    batch_id: Mapped[int | None] = reference_column("gift_batch.id", nullable=True, index=False)
    legacy_id: Mapped[int | None] = reference_column("legacy.id", nullable=True, index=False)
    description: Mapped[str | None] = text_column(200, nullable=True)  # what was given in kind
    created_at: Mapped[datetime] = instant_column()

    __table_args__ = (
        *whole("amount_cents", "refunded_cents"),
        *positive("amount_cents"),
        CheckConstraint("refunded_cents >= 0 AND refunded_cents <= amount_cents", name="refunded_within"),
        CheckConstraint(
            "refunded_cents = 0 OR state IN ('received', 'refunded', 'charged_back')", name="refunded_was_received"
        ),
        Index("ix_gift_supporter", "supporter_id", "gift_date", "id"),
        Index("ix_gift_date", "gift_date", "id"),
        Index("ix_gift_state", "state", "gift_date", "id"),
        Index("ix_gift_amount", "amount_cents", "id"),
        Index("ix_gift_method", "method", "gift_date", "id"),
        Index("ix_gift_programme", "programme_id", "gift_date", "id"),
        Index("ix_gift_payment", "payment_id"),
        *(
            Index(f"ix_gift_{name}", f"{name}_id", sqlite_where=text(f"{name}_id IS NOT NULL"),
                  postgresql_where=text(f"{name}_id IS NOT NULL"))
            for name in ("entry", "batch", "legacy", "campaign")
        ),
    )  # fmt: skip

    @property
    def kept_cents(self) -> int:
        """What of it stayed with us."""
        return self.amount_cents - self.refunded_cents if self.state in HELD else 0


class GiftWords(db.Model):
    """What a donor said with a gift: a message, whom it remembers or honours, for whom they wrote. `id` is the gift's.

    Rows are made only where something was said. `covered_cents` is the part of the gift meant for the
    costs of paying it.
    """

    __tablename__ = "gift_words"

    id: Mapped[int] = id_column()
    supporter_id: Mapped[int] = reference_column("supporter.id")
    message: Mapped[str] = text_column(500, default="")
    tribute: Mapped[Tribute | None] = state_column(Tribute, nullable=True)
    tribute_name: Mapped[str] = text_column(80, default="")
    contact: Mapped[str] = text_column(170, default="")  # who gave for an organisation
    covered_cents: Mapped[int] = cents_column(default=0)

    __table_args__ = (
        *whole("covered_cents"),
        CheckConstraint("covered_cents >= 0", name="covered_not_negative"),
        CheckConstraint("(tribute IS NULL) = (tribute_name = '')", name="tribute_has_name"),
    )


class GiftStep(db.Model):
    """What happened to a gift after it was made: one row for each change, never changed itself.

    `cents` is the money that moved with it: what was received, or went back (negative).
    """

    __tablename__ = "gift_step"

    id: Mapped[int] = id_column()
    gift_id: Mapped[int] = reference_column("gift.id")
    before: Mapped[GiftState] = state_column(GiftState)
    after: Mapped[GiftState] = state_column(GiftState)
    on_date: Mapped[date]
    cents: Mapped[int | None] = cents_column(nullable=True)
    bank_reference: Mapped[str | None] = text_column(140, nullable=True)
    staff_id: Mapped[int | None] = mapped_column(Big, nullable=True)
    at: Mapped[datetime] = instant_column()


class GiftEarmark(db.Model):
    """A gift was given another purpose: what it was for before and after, why, and who did it. Never changed."""

    __tablename__ = "gift_earmark"

    id: Mapped[int] = id_column()
    gift_id: Mapped[int] = reference_column("gift.id")
    before_programme_id: Mapped[int | None] = reference_column("programme.id", nullable=True, index=False)
    after_programme_id: Mapped[int | None] = reference_column("programme.id", nullable=True, index=False)
    before_campaign_id: Mapped[int | None] = reference_column("campaign.id", nullable=True, index=False)
    after_campaign_id: Mapped[int | None] = reference_column("campaign.id", nullable=True, index=False)
    reason: Mapped[str] = text_column(200)
    booked_on: Mapped[date | None]  # the day of the counter entry; nothing of a promise is booked
    staff_id: Mapped[int | None] = mapped_column(Big, nullable=True)
    at: Mapped[datetime] = instant_column()


class LegacyState(Labelled):
    EXPECTED = "expected", N_("Expected")
    CLOSED = "closed", N_("Settled")
    DROPPED = "dropped", N_("Will not come")


LEGACY_MOVES = Transitions(
    LegacyState,
    {
        LegacyState.EXPECTED: {LegacyState.CLOSED, LegacyState.DROPPED},
        LegacyState.CLOSED: {LegacyState.EXPECTED},
        LegacyState.DROPPED: {LegacyState.EXPECTED},
    },
)


class Legacy(db.Model):
    """Something that somebody left us. `expected_cents` is an estimate and is not booked; what comes in are
    gifts that point here."""

    __tablename__ = "legacy"

    id: Mapped[int] = id_column()
    supporter_id: Mapped[int] = reference_column("supporter.id")  # who left it
    state: Mapped[LegacyState] = state_column(LegacyState)
    expected_cents: Mapped[int | None] = cents_column(nullable=True)
    expected_on: Mapped[date | None]
    programme_id: Mapped[int | None] = reference_column("programme.id", nullable=True, index=False)
    notary: Mapped[str] = text_column(120, default="")  # office and file number
    created_at: Mapped[datetime] = instant_column()

    __table_args__ = (
        *whole("expected_cents"),
        *positive("expected_cents"),
        Index("ix_legacy_state", "state", "id"),
    )


class GiftFresh(db.Model):
    """What a change of a gift adds to its supporter's total, until the next fold. No row is ever updated."""

    __tablename__ = "gift_fresh"

    id: Mapped[int] = id_column()
    supporter_id: Mapped[int] = reference_column("supporter.id")
    cents: Mapped[int] = cents_column()  # may be negative
    gifts: Mapped[int]  # 1, 0 or -1
    given_on: Mapped[date]

    __table_args__ = whole("cents")


class GiftTotal(db.Model):
    """Folded totals of a supporter over received gifts, refunds out. Read it together with gift_fresh."""

    __tablename__ = "gift_total"

    supporter_id: Mapped[int] = reference_column("supporter.id", index=False, primary_key=True, autoincrement=False)
    cents: Mapped[int] = cents_column()
    gifts: Mapped[int]
    first_on: Mapped[date | None] = mapped_column(nullable=True)
    last_on: Mapped[date | None] = mapped_column(nullable=True)

    __table_args__ = (*whole("cents"), Index("ix_gift_total_cents", "cents", "supporter_id"))


declare(
    Holding(
        "gift", "supporter_id", OnMerge.MOVE, OnErase.CLEAR, ("description",), label=N_("Gifts"),
        words=(("gift_earmark", "gift_id", ("reason",)),),
    ),
    Holding("gift_words", "supporter_id", OnMerge.MOVE, OnErase.DELETE, label=N_("What was said with gifts")),
    Holding("legacy", "supporter_id", OnMerge.MOVE, OnErase.CLEAR, ("notary",), label=N_("Legacies")),
    Holding("gift_batch_row", "supporter_id", OnMerge.MOVE, OnErase.KEEP, label=N_("Gifts"), exported=False),
    Holding("gift_fresh", "supporter_id", OnMerge.DROP, OnErase.KEEP, label=N_("Totals"), exported=False),
    Holding("gift_total", "supporter_id", OnMerge.DROP, OnErase.KEEP, label=N_("Totals"), exported=False),
)  # fmt: skip
