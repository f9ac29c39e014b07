"""Mandates and collections. What a collection is for is a commitment; money that moved is a payment."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, LargeBinary, SmallInteger, UniqueConstraint, false, text
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
from app.base.states import N_
from app.direct_debit.states import CollectionState, ConsentHow, MandateKind, MandateState
from app.extensions import db


class Mandate(db.Model):
    """Permission to collect from one bank account: kept by the provider, or our own SEPA mandate.

    `reference` is the mandate id of DOMAIN.md 1.2, in capitals so that it is unique whatever the case.
    One that is for a single collection (`once`, OOFF in the file) is over with that.
    `consent_text` names the version of the text that was agreed to (direct_debit/consent.py).
    """

    __tablename__ = "mandate"

    id: Mapped[int] = id_column()
    supporter_id: Mapped[int] = reference_column("supporter.id")
    kind: Mapped[MandateKind] = state_column(MandateKind)
    state: Mapped[MandateState] = state_column(MandateState)
    provider: Mapped[str | None] = text_column(20, nullable=True)
    customer_key: Mapped[str | None] = text_column(80, nullable=True)
    mandate_key: Mapped[str | None] = text_column(80, nullable=True)
    reference: Mapped[str | None] = text_column(35, nullable=True, unique=True)
    iban_sealed: Mapped[bytes | None] = mapped_column(LargeBinary, nullable=True)
    iban_lookup: Mapped[bytes | None] = mapped_column(LargeBinary(32), nullable=True, index=True)
    iban_last_four: Mapped[str | None] = text_column(4, nullable=True)
    holder_sealed: Mapped[bytes | None] = mapped_column(LargeBinary, nullable=True)  # as the bank knows the name
    signed_on: Mapped[date | None] = mapped_column(nullable=True)
    consent_how: Mapped[ConsentHow] = state_column(ConsentHow)
    consent_text: Mapped[str] = text_column(20, default="")
    consent_note: Mapped[str] = text_column(300, default="")
    language: Mapped[str] = text_column(5)
    creditor_before: Mapped[str | None] = text_column(35, nullable=True)  # ours elsewhere, before it came here
    once: Mapped[bool] = mapped_column(default=False, server_default=false())
    last_collected_on: Mapped[date | None] = mapped_column(nullable=True)
    next_look_at: Mapped[datetime | None] = instant_column(nullable=True)  # while the provider checks it
    created_at: Mapped[datetime] = instant_column()

    __table_args__ = (
        CheckConstraint("kind <> 'own' OR (reference IS NOT NULL AND signed_on IS NOT NULL)", name="own_is_signed"),
        CheckConstraint("kind <> 'provider' OR provider IS NOT NULL", name="provider_named"),
        Index("ix_mandate_next_look_at", "next_look_at"),
    )


class MandateChange(db.Model):
    """The history of a mandate's state."""

    __tablename__ = "mandate_change"

    id: Mapped[int] = id_column()
    mandate_id: Mapped[int] = reference_column("mandate.id")
    before: Mapped[MandateState] = state_column(MandateState)
    after: Mapped[MandateState] = state_column(MandateState)
    reason: Mapped[str] = text_column(200, default="")
    by: Mapped[str] = text_column(80)
    at: Mapped[datetime] = instant_column()


_WRONG = text("state IN ('failed', 'returned') AND handled_at IS NULL")


class Collection(db.Model):
    """One debit of one period by one mandate. Through a provider its id is also its checkout's and its gift's.

    `commitment_id` is what it is collected for; the room of commitments is higher, so it is no foreign key.
    """

    __tablename__ = "collection"

    id: Mapped[int] = id_column()
    commitment_id: Mapped[int] = mapped_column(Big)
    mandate_id: Mapped[int] = reference_column("mandate.id")
    period: Mapped[date]  # the first of the month in which it fell due
    attempt: Mapped[int] = mapped_column(SmallInteger, default=1)
    amount_cents: Mapped[int] = cents_column()
    collect_on: Mapped[date]
    state: Mapped[CollectionState] = state_column(CollectionState)
    reason_code: Mapped[str | None] = text_column(10, nullable=True)  # of DOMAIN.md 1.5
    programme_id: Mapped[int | None] = reference_column("programme.id", nullable=True, index=False)
    campaign_id: Mapped[int | None] = reference_column("campaign.id", nullable=True, index=False)
    created_at: Mapped[datetime] = instant_column()
    handled_at: Mapped[datetime | None] = instant_column(nullable=True)  # somebody dealt with what went wrong

    __table_args__ = (
        *whole("amount_cents"),
        *positive("amount_cents"),
        CheckConstraint("attempt BETWEEN 1 AND 9", name="attempt_few"),
        Index("ix_collection_state", "state", "collect_on", "id"),
        Index("ix_collection_commitment", "commitment_id", "id"),
        Index("ix_collection_wrong", "id", sqlite_where=_WRONG, postgresql_where=_WRONG),
    )


class CollectionKey(db.Model):
    """What makes a collection one: a commitment, a period, an attempt. `id` is the collection's.

    A table that stays whole, also when collections are split by year: two planners at once, or a
    clock set back, meet its UNIQUE.
    """

    __tablename__ = "collection_key"

    id: Mapped[int] = id_column()
    commitment_id: Mapped[int] = mapped_column(Big)
    period: Mapped[date]
    attempt: Mapped[int] = mapped_column(SmallInteger)

    __table_args__ = (UniqueConstraint("commitment_id", "period", "attempt"),)


class CollectionChange(db.Model):
    """The history of a collection after it was planned."""

    __tablename__ = "collection_change"

    id: Mapped[int] = id_column()
    collection_id: Mapped[int] = reference_column("collection.id")
    before: Mapped[CollectionState] = state_column(CollectionState)
    after: Mapped[CollectionState] = state_column(CollectionState)
    reason: Mapped[str] = text_column(200, default="")
    by: Mapped[str] = text_column(80)
    at: Mapped[datetime] = instant_column()


declare(
    Holding(
        "mandate", "supporter_id", OnMerge.MOVE, OnErase.CLEAR,
        ("iban_sealed", "iban_lookup", "holder_sealed", "iban_last_four", "customer_key", "mandate_key",
         "consent_note"),
        label=N_("Mandates"), words=(("mandate_change", "mandate_id", ("reason",)),),
    ),
)  # fmt: skip
