"""Supporters: people and organisations, their roles, what they are found by, and who may be the same."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Boolean, CheckConstraint, Date, Index, SmallInteger, String, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from app.base.columns import Big, id_column, instant_column, reference_column, state_column, text_column
from app.base.holdings import Holding, OnErase, OnMerge, declare
from app.base.references import code_of
from app.base.states import N_, Labelled
from app.extensions import db
from app.supporters.names import Greeting, Name, NameOrder, salutation


class Kind(Labelled):
    PERSON = "person", N_("person")
    ORGANISATION = "organisation", N_("organisation")


class Role(Labelled):
    """What an organisation or person is to us; one may be several."""

    FUNDER = "funder", N_("funder")
    PARTNER = "partner", N_("coalition partner")
    LEAD = "lead", N_("lead partner")
    COMPANY = "company", N_("company")
    CHURCH = "church", N_("church")
    SCHOOL = "school", N_("school")
    GOVERNMENT = "government", N_("government body")
    SUPPLIER = "supplier", N_("supplier")
    PRESS = "press", N_("press")
    VOLUNTEER = "volunteer", N_("volunteer")
    AMBASSADOR = "ambassador", N_("ambassador")


class Language(Labelled):
    NL = "nl", N_("Dutch")
    EN = "en", N_("English")


# What sorts and is found by range must compare by byte on both databases.
def bytewise(length: int) -> String:
    return String(length).with_variant(String(length, collation="C"), "postgresql")


_MERGED = text("merged_into_id IS NOT NULL")


class Supporter(db.Model):
    """One person or organisation. `display_name`, `sort_name` and `sort_key` are made from the parts by services."""

    __tablename__ = "supporter"
    __table_args__ = (
        Index("ix_supporter_sort_key", "sort_key", "id"),
        Index("ix_supporter_kind", "kind", "sort_key", "id"),
        # Partial: the few merged records are found by it, and no planner takes it for "not merged".
        Index("ix_supporter_merged_into_id", "merged_into_id", sqlite_where=_MERGED, postgresql_where=_MERGED),
        CheckConstraint("length(display_name) > 0", name="has_name"),
        CheckConstraint("merged_into_id IS NULL OR merged_into_id <> id", name="not_into_itself"),
    )

    id: Mapped[int] = id_column()
    kind: Mapped[Kind] = state_column(Kind)
    title: Mapped[str] = text_column(40, default="")
    initials: Mapped[str] = text_column(40, default="")
    first_name: Mapped[str] = text_column(80, default="")
    infix: Mapped[str] = text_column(20, default="")
    last_name: Mapped[str] = text_column(120, default="")
    partner_infix: Mapped[str] = text_column(20, default="")
    partner_name: Mapped[str] = text_column(120, default="")
    name_order: Mapped[NameOrder] = state_column(NameOrder, default=NameOrder.OWN)
    greeting: Mapped[Greeting] = state_column(Greeting, default=Greeting.NEUTRAL)
    organisation_name: Mapped[str] = text_column(200, default="")
    kvk: Mapped[str | None] = text_column(8, nullable=True)
    website: Mapped[str | None] = text_column(200, nullable=True)
    language: Mapped[Language] = state_column(Language, default=Language.NL)
    display_name: Mapped[str] = text_column(300)
    sort_name: Mapped[str] = text_column(300)
    sort_key: Mapped[str] = mapped_column(bytewise(120), nullable=False)
    source: Mapped[str] = text_column(40, default="staff")
    owner_id: Mapped[int | None] = reference_column("staff.id", nullable=True)
    by_post: Mapped[bool] = mapped_column(Boolean, nullable=False, default=False, server_default=false())
    is_deceased: Mapped[bool] = mapped_column(Boolean, nullable=False, default=False)
    deceased_on: Mapped[date | None] = mapped_column(Date, nullable=True)
    anonymised_at: Mapped[datetime | None] = instant_column(nullable=True)
    merged_into_id: Mapped[int | None] = reference_column("supporter.id", nullable=True, index=False)
    created_at: Mapped[datetime] = instant_column()
    changed_at: Mapped[datetime] = instant_column()

    @property
    def name(self) -> Name:
        """The parts of a person's name; of an organisation its name as a single one."""
        if self.kind is Kind.ORGANISATION:
            return Name(last_name=self.organisation_name)
        return Name(
            first_name=self.first_name, initials=self.initials, infix=self.infix, last_name=self.last_name,
            partner_infix=self.partner_infix, partner_name=self.partner_name, order=self.name_order,
            title=self.title, greeting=self.greeting,
        )  # fmt: skip

    @property
    def code(self) -> str:
        """The reference people read and type."""
        return code_of(self.id)

    @property
    def is_active(self) -> bool:
        """Neither anonymised nor merged into another."""
        return self.anonymised_at is None and self.merged_into_id is None

    def salutation(self, *, formal: bool = True) -> str:
        """`Geachte mevrouw Van den Berg`, `Beste Jan`; an organisation is greeted without a name."""
        if self.kind is Kind.ORGANISATION:
            return "Geachte heer of mevrouw" if self.language is Language.NL else "Dear Sir or Madam"
        return salutation(self.name, self.language.value, formal=formal)


class SupporterRole(db.Model):
    __tablename__ = "supporter_role"
    __table_args__ = (UniqueConstraint("supporter_id", "role"), Index("ix_supporter_role_role", "role", "supporter_id"))

    id: Mapped[int] = id_column()
    supporter_id: Mapped[int] = reference_column("supporter.id", index=False)
    role: Mapped[Role] = state_column(Role)


class TokenKind(Labelled):
    """Where a search token comes from; notes are searched only by those who may read them."""

    NAME = "name", N_("name")
    PLACE = "place", N_("place")
    CONTACT = "contact", N_("contact details")
    NOTE = "note", N_("note")


class SupporterToken(db.Model):
    """A folded word that a supporter is found by. `source_id` is the row it comes from (an address, an e-mail)."""

    __tablename__ = "supporter_token"
    __table_args__ = (
        Index("ix_supporter_token_token", "token", "supporter_id", "kind"),
        Index("ix_supporter_token_supporter", "supporter_id", "token", "kind"),
        Index("ix_supporter_token_source", "source_id"),
    )

    id: Mapped[int] = id_column()
    supporter_id: Mapped[int] = reference_column("supporter.id", index=False)
    source_id: Mapped[int] = mapped_column(Big, nullable=False)
    kind: Mapped[TokenKind] = state_column(TokenKind)
    token: Mapped[str] = mapped_column(bytewise(40), nullable=False)


class DuplicateState(Labelled):
    OPEN = "open", N_("to be looked at")
    SAME = "same", N_("same, merged")
    DIFFERENT = "different", N_("different people")


class SupporterDuplicate(db.Model):
    """Two supporters who may be the same; `low_id` < `high_id`. Staff decide, never the machine."""

    __tablename__ = "supporter_duplicate"
    __table_args__ = (
        UniqueConstraint("low_id", "high_id"),
        Index("ix_supporter_duplicate_state", "state", "score", "id"),
    )

    id: Mapped[int] = id_column()
    low_id: Mapped[int] = reference_column("supporter.id", index=False)
    high_id: Mapped[int] = reference_column("supporter.id")
    score: Mapped[int] = mapped_column(SmallInteger, nullable=False)
    reasons: Mapped[str] = text_column(120)
    state: Mapped[DuplicateState] = state_column(DuplicateState, default=DuplicateState.OPEN)
    found_at: Mapped[datetime] = instant_column()
    decided_by_id: Mapped[int | None] = reference_column("staff.id", nullable=True, index=False)
    decided_at: Mapped[datetime | None] = instant_column(nullable=True)

    @property
    def reason_list(self) -> list[str]:
        return self.reasons.split(",")


declare(
    Holding("supporter_role", "supporter_id", OnMerge.MOVE, OnErase.DELETE, label=N_("Roles")),
    Holding("supporter_token", "supporter_id", OnMerge.DROP, OnErase.DELETE, label=N_("Search words"), exported=False),
    Holding("supporter_duplicate", "low_id", OnMerge.DROP, OnErase.DELETE, label=N_("Duplicates"), exported=False),
    Holding("supporter_duplicate", "high_id", OnMerge.DROP, OnErase.DELETE, label=N_("Duplicates"), exported=False),
    Holding("supporter", "merged_into_id", OnMerge.MOVE, OnErase.KEEP, label=N_("Merged records"), exported=False),
)
