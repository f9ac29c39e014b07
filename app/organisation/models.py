"""The one organisation row and the organisation's own bank accounts."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

from sqlalchemy import JSON, CheckConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from app.base.columns import id_column, instant_column, reference_column, state_column, text_column
from app.base.states import N_, Labelled
from app.extensions import db


class Organisation(db.Model):
    """The legal entity that receives the money. There is one row; `only` keeps it so."""

    __tablename__ = "organisation"
    __table_args__ = (
        CheckConstraint("fiscal_year_start BETWEEN 1 AND 12", name="fiscal_year_start_month"),
        CheckConstraint('"only" = 1', name="only_one"),
        CheckConstraint("notice_days BETWEEN 1 AND 60", name="notice_days_few"),
    )

    id: Mapped[int] = id_column()
    only: Mapped[int] = mapped_column(default=1, unique=True)
    legal_name: Mapped[str] = text_column(140)
    name: Mapped[str] = text_column(140)  # as the public knows it
    rsin: Mapped[str | None] = text_column(9, nullable=True)
    kvk: Mapped[str | None] = text_column(8, nullable=True)
    anbi: Mapped[bool] = mapped_column(default=False)
    anbi_since: Mapped[date | None] = mapped_column(nullable=True)
    anbi_url: Mapped[str | None] = text_column(300, nullable=True)  # where the ANBI publication stands
    creditor_id: Mapped[str | None] = text_column(35, nullable=True)
    fiscal_year_start: Mapped[int] = mapped_column(default=1)  # month, 1 is January
    # Days between the notice and a first or changed collection: 14, or what was agreed with donors (DOMAIN.md 1.2).
    notice_days: Mapped[int] = mapped_column(default=14, server_default="14")
    # Whether our bank's contract allows mandates given on our website.
    online_mandates: Mapped[bool] = mapped_column(default=False, server_default=false())

    street: Mapped[str | None] = text_column(120, nullable=True)  # with house number
    postcode: Mapped[str | None] = text_column(12, nullable=True)
    town: Mapped[str | None] = text_column(80, nullable=True)
    country: Mapped[str] = text_column(2, default="NL")
    email: Mapped[str | None] = text_column(254, nullable=True)
    phone: Mapped[str | None] = text_column(30, nullable=True)

    website_url: Mapped[str | None] = text_column(300, nullable=True)
    privacy_url: Mapped[str | None] = text_column(300, nullable=True)
    complaints_url: Mapped[str | None] = text_column(300, nullable=True)
    policy_url: Mapped[str | None] = text_column(300, nullable=True)
    social_links: Mapped[list[Any]] = mapped_column(JSON, default=list)  # web addresses

    # What shows in an inbox or on a bank statement: it must not name the cause.
    mail_sender_name: Mapped[str] = text_column(60)
    mail_subject_name: Mapped[str] = text_column(60)
    statement_descriptor: Mapped[str] = text_column(22)

    changed_at: Mapped[datetime] = instant_column()


class AccountPurpose(Labelled):
    GIFTS = "gifts", N_("Gifts")
    COLLECTIONS = "collections", N_("Direct debits")
    GRANTS = "grants", N_("Grants")
    GENERAL = "general", N_("General")
    SAVINGS = "savings", N_("Savings")


class BookedBy(Labelled):
    """Which books record every line of this account."""

    HERE = "here", N_("Draagvlak")
    ACCOUNTING = "accounting", N_("The accounting package")


class PainVersion(Labelled):
    """Which version of the collection file a bank takes; .02 is what banks confirm (DOMAIN.md 1.6)."""

    V02 = "pain.008.001.02", "pain.008.001.02"
    V08 = "pain.008.001.08", "pain.008.001.08"


class BankAccount(db.Model):
    """A bank account of the organisation itself. Its IBAN is public and is not sealed."""

    __tablename__ = "bank_account"
    __table_args__ = (
        CheckConstraint("position >= 0", name="position_natural"),
        CheckConstraint("lead_days BETWEEN 1 AND 10", name="lead_days_few"),
    )

    id: Mapped[int] = id_column()
    organisation_id: Mapped[int] = reference_column("organisation.id")
    iban: Mapped[str] = text_column(34, unique=True)
    bic: Mapped[str | None] = text_column(11, nullable=True)
    holder: Mapped[str] = text_column(70)
    purpose: Mapped[AccountPurpose] = state_column(AccountPurpose)
    booked_by: Mapped[BookedBy] = state_column(BookedBy)
    active: Mapped[bool] = mapped_column(default=True)
    position: Mapped[int] = mapped_column(default=0)
    # Of collections: the creditor identifier of the contract for this account (empty: the organisation's), the
    # version of the file, how many bank days before the collection the bank wants it, and until what time of that
    # day (in Amsterdam; empty: all day).
    creditor_id: Mapped[str | None] = text_column(35, nullable=True)
    pain_version: Mapped[PainVersion] = state_column(
        PainVersion, default=PainVersion.V02, server_default=PainVersion.V02.value
    )
    lead_days: Mapped[int] = mapped_column(default=1, server_default="1")
    cut_off: Mapped[time | None] = mapped_column(nullable=True)


class SigningApproval(db.Model):
    """A tax adviser's word that agreements for periodic gifts may be signed online. While one stands that is not
    withdrawn, they may; else they are signed on paper only. The advice itself is a document of this row."""

    __tablename__ = "signing_approval"
    __table_args__ = (
        # Whoever withdraws one that a migration closed is not known.
        CheckConstraint("withdrawn_by_id IS NULL OR withdrawn_at IS NOT NULL", name="withdrawn_by_at"),
    )

    id: Mapped[int] = id_column()
    approved_on: Mapped[date]
    adviser: Mapped[str] = text_column(160)  # name or role
    firm: Mapped[str] = text_column(160)
    scope: Mapped[str] = text_column(1000)  # what exactly was approved
    recorded_by_id: Mapped[int | None] = reference_column("staff.id", nullable=True, index=False)
    recorded_at: Mapped[datetime] = instant_column()
    withdrawn_by_id: Mapped[int | None] = reference_column("staff.id", nullable=True, index=False)
    withdrawn_at: Mapped[datetime | None] = instant_column(nullable=True)
