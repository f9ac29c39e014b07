"""Agreements for periodic gifts, the two BSNs that belong to one, and what happened to it.

Fields and their numbers are those of the tax office's form (DOMAIN.md 4.2).
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, LargeBinary, SmallInteger, UniqueConstraint, false
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
from app.vault.rotation import SealedColumn, declare_sealed


class AgreementState(Labelled):
    DRAFT = "draft", N_("Being drawn up")
    SENT = "sent", N_("Sent to be signed")
    SIGNED = "signed", N_("Signed by the donor")
    ACTIVE = "active", N_("Runs")
    ENDED = "ended", N_("Ended as agreed")
    BROKEN = "broken", N_("Not kept")
    WITHDRAWN = "withdrawn", N_("Did not come about")


_S = AgreementState
# A sent form may be drawn up anew; once both have signed, it only ends.
MOVES = Transitions(
    AgreementState,
    {
        _S.DRAFT: {_S.SENT, _S.WITHDRAWN},
        _S.SENT: {_S.DRAFT, _S.SIGNED, _S.WITHDRAWN},
        _S.SIGNED: {_S.ACTIVE, _S.WITHDRAWN},
        _S.ACTIVE: {_S.ENDED, _S.BROKEN},
        _S.ENDED: set(),
        _S.BROKEN: set(),
        _S.WITHDRAWN: set(),
    },
)
COUNTED = (_S.ACTIVE, _S.ENDED, _S.BROKEN)  # under these, gifts can be periodic


class Term(Labelled):
    FIVE = "five", N_("Five years")
    LONGER = "longer", N_("Another number of years")
    INDEFINITE = "indefinite", N_("Until further notice, at least five years")


class EndsWith(Labelled):
    """On whose death it ends at the latest."""

    DONOR = "donor", N_("the donor")
    OTHER = "other", N_("somebody else")


class Who(Labelled):
    DONOR = "donor", N_("The donor")
    PARTNER = "partner", N_("The partner")


LEAST_YEARS = 5


class Agreement(db.Model):
    """One agreement. `number` is the transaction number that the donor gives the tax office.

    Until it runs the personal fields can be changed; afterwards the signed paper is what counts.
    `commitment_id` is the recurring gift that pays it, where there is one. `previous_id` is the agreement that this
    one goes on from. `donor_began`: the donor filled it in on their own page.
    """

    __tablename__ = "periodic_agreement"

    id: Mapped[int] = id_column()
    number: Mapped[str] = text_column(20, unique=True)
    supporter_id: Mapped[int] = reference_column("supporter.id", index=False)
    commitment_id: Mapped[int | None] = reference_column("commitment.id", nullable=True)
    previous_id: Mapped[int | None] = reference_column("periodic_agreement.id", nullable=True)
    donor_began: Mapped[bool] = mapped_column(default=False, server_default=false())
    state: Mapped[AgreementState] = state_column(AgreementState)
    language: Mapped[str] = text_column(5)
    # 1
    yearly_cents: Mapped[int] = cents_column()
    ends_with: Mapped[EndsWith] = state_column(EndsWith)
    life_name: Mapped[str | None] = text_column(160, nullable=True)
    # 2
    term: Mapped[Term] = state_column(Term)
    years: Mapped[int | None] = mapped_column(SmallInteger, nullable=True)
    first_year: Mapped[int] = mapped_column(SmallInteger)
    # 3
    first_names: Mapped[str] = text_column(120)
    last_name: Mapped[str] = text_column(160)
    birth_date: Mapped[date | None] = mapped_column(nullable=True)
    birth_place: Mapped[str | None] = text_column(80, nullable=True)
    street: Mapped[str | None] = text_column(160, nullable=True)
    postcode: Mapped[str | None] = text_column(16, nullable=True)
    town: Mapped[str | None] = text_column(80, nullable=True)
    country: Mapped[str] = text_column(2, default="NL")
    phone: Mapped[str | None] = text_column(30, nullable=True)
    # 5
    signed_on: Mapped[date | None] = mapped_column(nullable=True)
    signed_place: Mapped[str | None] = text_column(80, nullable=True)
    # 6
    partner_first_names: Mapped[str | None] = text_column(120, nullable=True)
    partner_last_name: Mapped[str | None] = text_column(160, nullable=True)
    partner_birth_date: Mapped[date | None] = mapped_column(nullable=True)
    partner_birth_place: Mapped[str | None] = text_column(80, nullable=True)
    partner_country: Mapped[str | None] = text_column(2, nullable=True)
    # 7
    charity_signed_on: Mapped[date | None] = mapped_column(nullable=True)
    charity_signed_place: Mapped[str | None] = text_column(80, nullable=True)
    charity_signatory: Mapped[str | None] = text_column(120, nullable=True)
    charity_function: Mapped[str | None] = text_column(80, nullable=True)

    ended_on: Mapped[date | None] = mapped_column(nullable=True)
    created_at: Mapped[datetime] = instant_column()

    __table_args__ = (
        *whole("yearly_cents"),
        *positive("yearly_cents"),
        CheckConstraint("(term = 'longer') = (years IS NOT NULL)", name="years_where_other"),
        CheckConstraint("years IS NULL OR years BETWEEN 5 AND 99", name="years_at_least_five"),
        CheckConstraint("first_year BETWEEN 1990 AND 2200", name="first_year_is_a_year"),
        CheckConstraint("state NOT IN ('signed', 'active') OR signed_on IS NOT NULL", name="signed_on_day"),
        CheckConstraint("state <> 'active' OR charity_signed_on IS NOT NULL", name="both_signed"),
        CheckConstraint("(state IN ('ended', 'broken')) = (ended_on IS NOT NULL)", name="ended_on_day"),
        Index("ix_periodic_agreement_supporter", "supporter_id", "id"),
        Index("ix_periodic_agreement_state", "state", "id"),
    )

    @property
    def last_year(self) -> int | None:
        """The last year of the term; None for one until further notice."""
        if self.term is Term.INDEFINITE:
            return None
        return self.first_year + (self.years or LEAST_YEARS) - 1

    def is_due_in(self, year: int) -> bool:
        """Whether the yearly amount was to be paid in this year."""
        last = self.ended_on.year if self.ended_on else self.last_year
        return self.first_year <= year <= (last if last is not None else year)

    @property
    def has_partner(self) -> bool:
        return bool(self.partner_last_name)


class Bsn(db.Model):
    """A citizen service number of an agreement: sealed, never searched or exported, deletable on its own.

    `session_id` is the donor's session that typed it: only there it is printed on the donor's form.
    """

    __tablename__ = "periodic_bsn"
    __table_args__ = (UniqueConstraint("agreement_id", "who"),)

    id: Mapped[int] = id_column()
    agreement_id: Mapped[int] = reference_column("periodic_agreement.id", index=False)
    supporter_id: Mapped[int] = reference_column("supporter.id")
    who: Mapped[Who] = state_column(Who)
    number_sealed: Mapped[bytes] = mapped_column(LargeBinary, nullable=False)
    session_id: Mapped[int | None] = mapped_column(Big, nullable=True)
    created_at: Mapped[datetime] = instant_column()


class AgreementStep(db.Model):
    """Each state an agreement came into, never changed."""

    __tablename__ = "periodic_step"

    id: Mapped[int] = id_column()
    agreement_id: Mapped[int] = reference_column("periodic_agreement.id")
    before: Mapped[AgreementState | None] = state_column(AgreementState, nullable=True)
    after: Mapped[AgreementState] = state_column(AgreementState)
    on_date: Mapped[date]
    note: Mapped[str] = text_column(300, default="")
    staff_id: Mapped[int | None] = reference_column("staff.id", nullable=True, index=False)
    at: Mapped[datetime] = instant_column()


declare_sealed(SealedColumn("periodic_bsn", "number_sealed", "bsn:{id}"))
declare(
    # The agreement itself belongs to the books until seven years after its last payment; what only the
    # form wanted of the person goes at once.
    Holding(
        "periodic_agreement", "supporter_id", OnMerge.MOVE, OnErase.CLEAR,
        ("first_names", "last_name", "signed_place", "birth_date", "birth_place", "street", "postcode", "town", "phone",
         "life_name", "partner_first_names", "partner_last_name", "partner_birth_date", "partner_birth_place",
         "partner_country"),
        label=N_("Periodic gift agreements"), words=(("periodic_step", "agreement_id", ("note",)),),
    ),
    Holding("periodic_bsn", "supporter_id", OnMerge.MOVE, OnErase.DELETE, label=N_("BSN"), exported=False),
)  # fmt: skip
