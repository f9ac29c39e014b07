"""How supporters are reached: addresses, e-mail, phone, bank accounts, and who belongs to whom."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Boolean, CheckConstraint, Date, Index, Integer, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.base.columns import id_column, instant_column, reference_column, state_column, text_column
from app.base.holdings import Holding, OnErase, OnMerge, declare
from app.base.states import N_, Labelled
from app.extensions import db
from app.supporters.models import bytewise
from app.vault.rotation import SealedColumn, declare_sealed


class AddressType(Labelled):
    HOME = "home", N_("home address")
    POSTAL = "postal", N_("postal address")
    VISIT = "visit", N_("visiting address")
    BILLING = "billing", N_("billing address")


class Address(db.Model):
    """A place. `ended_on` NULL: it holds today. Dutch addresses have a postcode `1234 AB` and a whole house number."""

    __tablename__ = "address"
    __table_args__ = (
        Index("ix_address_postcode", "postcode", "house_number"),
        Index("ix_address_place_key", "place_key", "supporter_id"),
    )

    id: Mapped[int] = id_column()
    supporter_id: Mapped[int] = reference_column("supporter.id")
    type: Mapped[AddressType] = state_column(AddressType, default=AddressType.HOME)
    street: Mapped[str] = text_column(120, default="")
    house_number: Mapped[int | None] = mapped_column(Integer, nullable=True)
    addition: Mapped[str] = text_column(20, default="")
    postcode: Mapped[str] = text_column(16, default="")
    place: Mapped[str] = text_column(80, default="")
    place_key: Mapped[str] = mapped_column(bytewise(80), nullable=False)
    country: Mapped[str] = text_column(2, default="NL")
    started_on: Mapped[date | None] = mapped_column(Date, nullable=True)
    ended_on: Mapped[date | None] = mapped_column(Date, nullable=True)
    created_at: Mapped[datetime] = instant_column()

    @property
    def street_line(self) -> str:
        """`Dorpsstraat 12-A`"""
        number = "" if self.house_number is None else str(self.house_number)
        joint = "-" if number and self.addition else ""
        return f"{self.street} {number}{joint}{self.addition}".strip()

    @property
    def place_line(self) -> str:
        """`1234 AB  UTRECHT` as the post wants it: two spaces, the town in capitals."""
        place = self.place.upper() if self.country == "NL" else self.place
        return f"{self.postcode}  {place}".strip()


class Email(db.Model):
    """`address` as typed, `address_key` for comparing. `failed_at`: mail to it came back."""

    __tablename__ = "email"
    __table_args__ = (
        UniqueConstraint("supporter_id", "address_key"),
        Index("ix_email_address_key", "address_key", "supporter_id"),
    )

    id: Mapped[int] = id_column()
    supporter_id: Mapped[int] = reference_column("supporter.id", index=False)
    address: Mapped[str] = text_column(254)
    address_key: Mapped[str] = mapped_column(bytewise(254), nullable=False)
    is_primary: Mapped[bool] = mapped_column(Boolean, nullable=False, default=True)
    failed_at: Mapped[datetime | None] = instant_column(nullable=True)
    created_at: Mapped[datetime] = instant_column()


class Phone(db.Model):
    """`number` in E.164: `+31612345678`."""

    __tablename__ = "phone"
    __table_args__ = (UniqueConstraint("supporter_id", "number"), Index("ix_phone_number", "number", "supporter_id"))

    id: Mapped[int] = id_column()
    supporter_id: Mapped[int] = reference_column("supporter.id", index=False)
    number: Mapped[str] = text_column(16)
    is_primary: Mapped[bool] = mapped_column(Boolean, nullable=False, default=True)
    created_at: Mapped[datetime] = instant_column()


class Iban(db.Model):
    """A bank account, sealed. Found by the whole number only (`lookup`), shown by country and last four."""

    __tablename__ = "iban"
    __table_args__ = (UniqueConstraint("supporter_id", "lookup"), Index("ix_iban_lookup", "lookup", "supporter_id"))

    id: Mapped[int] = id_column()
    supporter_id: Mapped[int] = reference_column("supporter.id", index=False)
    number_sealed: Mapped[bytes] = mapped_column(LargeBinary, nullable=False)
    holder_sealed: Mapped[bytes | None] = mapped_column(LargeBinary, nullable=True)
    lookup: Mapped[bytes] = mapped_column(LargeBinary(32), nullable=False)
    country: Mapped[str] = text_column(2)
    last_four: Mapped[str] = text_column(4)
    source: Mapped[str] = text_column(40, default="staff")
    created_at: Mapped[datetime] = instant_column()

    @property
    def masked(self) -> str:
        """`NL•• •••• 4300`"""
        return f"{self.country}•• •••• {self.last_four}"


class RelationType(Labelled):
    """How `from` stands to `to`."""

    HOUSEHOLD = "household", N_("same household")
    PARTNER = "partner", N_("partner")
    CONTACT = "contact", N_("contact person")
    PARENT = "parent", N_("part of")
    OTHER = "other", N_("other")


class Relation(db.Model):
    """`from` is a contact person of `to` (an organisation), lives with `to`, is part of `to`."""

    __tablename__ = "relation"
    __table_args__ = (
        CheckConstraint("ended_on IS NULL OR started_on IS NULL OR ended_on >= started_on", name="order"),
    )

    id: Mapped[int] = id_column()
    from_id: Mapped[int] = reference_column("supporter.id")
    to_id: Mapped[int] = reference_column("supporter.id")
    type: Mapped[RelationType] = state_column(RelationType)
    function: Mapped[str] = text_column(80, default="")
    started_on: Mapped[date | None] = mapped_column(Date, nullable=True)
    ended_on: Mapped[date | None] = mapped_column(Date, nullable=True)
    created_at: Mapped[datetime] = instant_column()


declare_sealed(SealedColumn("iban", "number_sealed", "iban:{id}"), SealedColumn("iban", "holder_sealed", "holder:{id}"))
declare(
    Holding("address", "supporter_id", OnMerge.MOVE, OnErase.DELETE, label=N_("Addresses")),
    Holding("email", "supporter_id", OnMerge.MOVE, OnErase.DELETE, label=N_("E-mail addresses")),
    Holding("phone", "supporter_id", OnMerge.MOVE, OnErase.DELETE, label=N_("Phone numbers")),
    Holding("iban", "supporter_id", OnMerge.MOVE, OnErase.DELETE, label=N_("Bank accounts")),
    Holding("relation", "from_id", OnMerge.MOVE, OnErase.DELETE, label=N_("Relations"), of_others=True),
    Holding("relation", "to_id", OnMerge.MOVE, OnErase.DELETE, label=N_("Relations"), of_others=True),
)
