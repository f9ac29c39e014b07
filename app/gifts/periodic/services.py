"""Drawing up an agreement, sending, signing and ending it. One verb each, inside the caller's `writing()`."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime

from sqlalchemy import select

from app.audit import services as audit
from app.base.actor import Actor
from app.base.dates import local_date
from app.base.errors import Invalid, NotFound, Refused
from app.base.ids import new_id
from app.base.references import code_of
from app.base.states import N_
from app.extensions import db
from app.gifts.periodic import chores, offers, renewing
from app.gifts.periodic.models import MOVES, Agreement, AgreementState, AgreementStep, EndsWith, Term
from app.gifts.periodic.signing_models import SigningState
from app.gifts.recurring.models import Commitment

SUBJECT = chores.SUBJECT
_CHANGEABLE = (AgreementState.DRAFT, AgreementState.SENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the form holds, but for the BSNs and the signatures. Amount in cents; names in full."""

    yearly_cents: int
    term: Term
    first_year: int
    first_names: str
    last_name: str
    language: str = "nl"
    years: int | None = None
    ends_with: EndsWith = EndsWith.DONOR
    life_name: str | None = None
    birth_date: date | None = None
    birth_place: str | None = None
    street: str | None = None
    postcode: str | None = None
    town: str | None = None
    country: str = "NL"
    phone: str | None = None
    partner_first_names: str | None = None
    partner_last_name: str | None = None
    partner_birth_date: date | None = None
    partner_birth_place: str | None = None
    partner_country: str | None = None
    commitment_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """Where and when somebody signed; of the charity also who, and in which function."""

    on: date
    place: str
    name: str = ""
    function: str = ""


def draw_up(
    supporter_id: int, facts: Facts, *, number: str = "", previous_id: int | None = None, donor_began: bool = False,
    actor: Actor, now: datetime,
) -> int:  # fmt: skip
    """A new agreement. `number` is the transaction number of one that exists on paper; else one is made.
    `previous_id`: the one it goes on from, so that the donor's deduction does not stop in between."""
    row_id = new_id()
    number = " ".join(number.split()) or code_of(row_id)
    if db.session.execute(select(Agreement.id).where(Agreement.number == number)).first():
        raise Invalid(N_("Another agreement has this transaction number."), field="number")
    _check(supporter_id, facts, local_date(now))
    if previous_id is not None:
        renewing.check(previous_id, supporter_id, facts.first_year)
    db.session.add(
        Agreement(
            id=row_id, number=number, supporter_id=supporter_id, state=AgreementState.DRAFT, created_at=now,
            previous_id=previous_id, donor_began=donor_began, **asdict(facts),
        )
    )  # fmt: skip
    db.session.flush()
    _told(row_id, None, AgreementState.DRAFT, local_date(now), "", actor, now)
    return row_id


def change(agreement_id: int, facts: Facts, *, actor: Actor, now: datetime) -> None:
    """Correct what the form says, until the donor has signed it."""
    row = locked(agreement_id)
    if row.state not in _CHANGEABLE:
        raise Refused(N_("This agreement is signed: it cannot be changed. Draw up a new one."))
    offers.refuse_while(row.id, SigningState.OFFERED)
    _check(row.supporter_id, facts, local_date(now))
    if row.previous_id is not None:
        renewing.check(row.previous_id, row.supporter_id, facts.first_year, but=row.id)
    for name, value in asdict(facts).items():
        setattr(row, name, value)
    if changes := audit.changes_of(row):
        audit.record(
            "agreement.changed", (SUBJECT, row.id), actor=actor, now=now, changes=changes, person_id=row.supporter_id
        )


def send(agreement_id: int, *, actor: Actor, now: datetime) -> None:
    """The two copies are with the donor to be signed."""
    _move(locked(agreement_id), AgreementState.SENT, local_date(now), "", actor, now)


def take_back(agreement_id: int, *, actor: Actor, now: datetime) -> None:
    """What was sent is drawn up anew."""
    offers.close(locked(agreement_id).id)
    _move(locked(agreement_id), AgreementState.DRAFT, local_date(now), "", actor, now)


def withdraw(agreement_id: int, *, note: str = "", actor: Actor, now: datetime) -> None:
    """It does not come about."""
    offers.close(locked(agreement_id).id)
    _move(locked(agreement_id), AgreementState.WITHDRAWN, local_date(now), note, actor, now)


def sign(agreement_id: int, signature: Signature, *, actor: Actor, now: datetime) -> None:
    """The donor signed (5 on the form). Payments count from this day on."""
    row = locked(agreement_id)
    offers.close_offered(row.id)
    _not_ahead(signature.on, now)
    if signature.on.year > row.first_year:
        raise Invalid(N_("The first year of payment is over: draw up an agreement that begins this year."), field="on")
    row.signed_on, row.signed_place = signature.on, signature.place
    _move(row, AgreementState.SIGNED, signature.on, "", actor, now)


def activate(agreement_id: int, signature: Signature, *, actor: Actor, now: datetime) -> None:
    """The charity signed as well (7): it runs."""
    row = locked(agreement_id)
    offers.refuse_while(row.id, SigningState.SIGNED)
    _not_ahead(signature.on, now)
    row.charity_signed_on, row.charity_signed_place = signature.on, signature.place
    row.charity_signatory, row.charity_function = signature.name, signature.function
    _move(row, AgreementState.ACTIVE, signature.on, "", actor, now)


def end(agreement_id: int, *, on: date, kept: bool, reason: str, actor: Actor, now: datetime) -> None:
    """It is over: as agreed (the term, a death) or because it was not `kept`."""
    row = locked(agreement_id)
    _not_ahead(on, now)
    if row.signed_on and on < row.signed_on:
        raise Invalid(N_("This is before the agreement was signed."), field="on")
    row.ended_on = on
    _move(row, AgreementState.ENDED if kept else AgreementState.BROKEN, on, reason, actor, now)


def locked(agreement_id: int) -> Agreement:
    """The agreement, held until the transaction ends. Raises NotFound."""
    row = db.session.get(Agreement, agreement_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound(N_("This agreement does not exist."))
    return row


def _check(supporter_id: int, facts: Facts, today: date) -> None:
    if facts.yearly_cents <= 0:
        raise Invalid(N_("The amount must be more than zero."), field="yearly")
    if facts.term is Term.LONGER and not 5 <= (facts.years or 0) <= 99:
        raise Invalid(N_("A periodic gift takes at least five years: fill in a number from 5 to 99."), field="years")
    if facts.term is not Term.LONGER and facts.years is not None:
        raise Invalid(N_("Fill in a number of years only with another number of years."), field="years")
    if not 1990 <= facts.first_year <= today.year + 5:
        raise Invalid(N_("Fill in the year of the first payment, for example %(year)s."), field="first_year", year=today.year)  # noqa: E501  # fmt: skip
    if facts.ends_with is EndsWith.OTHER and not facts.life_name:
        raise Invalid(N_("Fill in on whose death it ends."), field="life_name")
    if facts.partner_first_names and not facts.partner_last_name:
        raise Invalid(N_("Fill in the last name of the partner as well."), field="partner_last_name")
    for field, day in (("birth_date", facts.birth_date), ("partner_birth_date", facts.partner_birth_date)):
        if day and not date(1880, 1, 1) <= day <= today:
            raise Invalid(N_("This cannot be a date of birth."), field=field)
    if facts.commitment_id is not None:
        owner = select(Commitment.supporter_id).where(Commitment.id == facts.commitment_id)
        if db.session.execute(owner).scalar() != supporter_id:
            raise Invalid(N_("This recurring gift is not of this donor."), field="commitment_id")


def _not_ahead(on: date, now: datetime) -> None:
    if on > local_date(now):
        raise Invalid(N_("This day is still to come."), field="on")


def _move(row: Agreement, after: AgreementState, on: date, note: str, actor: Actor, now: datetime) -> None:
    MOVES.check(row.state, after)
    before, row.state = row.state, after
    chores.settle(row, actor=actor, now=now)
    _told(row.id, before, after, on, note, actor, now)


def _told(
    agreement_id: int, before: AgreementState | None, after: AgreementState, on: date, note: str, actor: Actor,
    now: datetime,
) -> None:  # fmt: skip
    db.session.add(
        AgreementStep(
            id=new_id(), agreement_id=agreement_id, before=before, after=after, on_date=on, note=note,
            staff_id=actor.id if actor.kind == "staff" else None, at=now,
        )
    )  # fmt: skip
    changes = {"state": [before.value if before else None, after.value], "on": [None, on]}
    audit.record(f"agreement.{after.value}", (SUBJECT, agreement_id), actor=actor, now=now, changes=changes)
