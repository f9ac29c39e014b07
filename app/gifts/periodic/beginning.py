"""An agreement that the donor begins on their own page: what holds more strictly than for staff, who know the paper.

Inside the caller's `writing()`, but for what only reads.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select

from app.base.actor import Actor
from app.base.dates import local_date
from app.base.errors import Invalid, NotFound, Refused
from app.base.money import Money
from app.base.states import N_
from app.extensions import db
from app.gifts.periodic import bsns, chores, offers, services
from app.gifts.periodic.models import Agreement, AgreementState, Who
from app.gifts.periodic.rules import checked_bsn
from app.gifts.periodic.services import Facts
from app.gifts.recurring import schedule
from app.gifts.recurring.amounts import amounts_of
from app.gifts.recurring.models import Commitment
from app.gifts.recurring.states import CommitmentState, Frequency
from app.organisation.queries import profile
from app.supporters import queries as supporters
from app.supporters.models import Kind, Supporter

_S = AgreementState
OPEN = (_S.DRAFT, _S.SENT, _S.SIGNED)
SIGNED_IN = timedelta(days=14)  # printing, signing, posting: what is given before the signature does not count
_NOT_HERE = N_("This is not on your page.")


@dataclass(frozen=True, slots=True)
class Numbers:
    """The BSNs as typed, empty where somebody rather writes it on the paper; the donor's session that typed them."""

    session_id: int
    donor: str = ""
    partner: str = ""


def can(supporter_id: int) -> bool:
    """Whether this supporter can make one: a person, and we an ANBI."""
    return bool(profile().anbi) and supporters.kinds([supporter_id]).get(supporter_id) is Kind.PERSON


def under_way(supporter_id: int) -> Agreement | None:
    """The agreement that this donor began and that is not there yet."""
    mine = (Agreement.supporter_id == supporter_id) & Agreement.donor_began & Agreement.state.in_(OPEN)
    return db.session.scalars(select(Agreement).where(mine).order_by(Agreement.id.desc()).limit(1)).first()


def one_is_open(supporter_id: int) -> bool:
    """Whether an agreement of this donor waits to be signed, whoever began it."""
    mine = (Agreement.supporter_id == supporter_id) & Agreement.state.in_(OPEN)
    return db.session.execute(select(Agreement.id).where(mine).limit(1)).first() is not None


def mine(agreement_id: int, supporter_id: int) -> Agreement:
    """The agreement that this donor began; another's looks the same as none."""
    row = db.session.get(Agreement, agreement_id)
    if row is None or row.supporter_id != supporter_id or not row.donor_began:
        raise NotFound(_NOT_HERE)
    return row


def begin(
    supporter_id: int, facts: Facts, numbers: Numbers, *, previous_id: int | None = None, actor: Actor, now: datetime
) -> int:
    """Draw it up as the donor filled it in. Raises Invalid beside the field, Refused where one is under way already."""
    if not can(supporter_id):
        raise NotFound(_NOT_HERE)
    db.session.get(Supporter, supporter_id, with_for_update=True)  # two windows: one agreement
    if one_is_open(supporter_id):
        raise Refused(N_("An agreement with you is under way already. Would you like another one? Then write to us."))
    _check(supporter_id, facts, numbers, local_date(now))
    row_id = services.draw_up(supporter_id, facts, previous_id=previous_id, donor_began=True, actor=actor, now=now)
    _keep(row_id, numbers, actor, now)
    return row_id


def change(agreement_id: int, facts: Facts, numbers: Numbers, *, actor: Actor, now: datetime) -> None:
    """Correct it, until it is signed; a form that was printed before is no longer right, so it is drawn up anew."""
    row = services.locked(agreement_id)
    _check(row.supporter_id, facts, numbers, local_date(now))
    if row.state is _S.SENT:
        services.take_back(agreement_id, actor=actor, now=now)
    services.change(agreement_id, facts, actor=actor, now=now)
    if not row.has_partner:
        bsns.forget(agreement_id, Who.PARTNER, actor=actor, now=now)
    _keep(agreement_id, numbers, actor, now)


def take_form(agreement_id: int, session_id: int, *, actor: Actor, now: datetime) -> dict[Who, str]:
    """The donor takes the form to sign it on paper: staff wait for it. The BSNs typed in this session go on it."""
    row = services.locked(agreement_id)
    if row.state not in (_S.DRAFT, _S.SENT):
        raise Refused(N_("This agreement is signed already."))
    offers.close_offered(agreement_id)
    if row.state is _S.DRAFT:
        services.send(agreement_id, actor=actor, now=now)
        chores.await_form(row, actor=actor, now=now)
    return bsns.typed_in(agreement_id, session_id)


def _check(supporter_id: int, facts: Facts, numbers: Numbers, today: date) -> None:
    for field in ("birth_date", "birth_place", "street", "town"):
        if not getattr(facts, field):
            raise Invalid(N_("Fill this in: the tax office's form asks for it."), field=field)
    if facts.first_year < today.year or facts.first_year > today.year + 1:
        raise Invalid(N_("Choose %(this)s or %(next)s."), field="first_year", this=today.year, next=today.year + 1)
    for name in ("donor", "partner"):
        if text := getattr(numbers, name):
            checked_bsn(text, f"{name}_bsn")
    if facts.partner_last_name and not facts.partner_birth_date:
        raise Invalid(N_("Fill this in: the tax office's form asks for it."), field="partner_birth_date")
    if facts.commitment_id is not None:
        _pays(supporter_id, facts, today)


def _pays(supporter_id: int, facts: Facts, today: date) -> None:
    """The recurring gift has to come to the yearly amount, also in the first year: else it is no periodic gift."""
    row = db.session.get(Commitment, facts.commitment_id)
    if row is None or row.supporter_id != supporter_id or row.state is CommitmentState.ENDED:
        raise Invalid(N_("This recurring gift is not of this donor."), field="commitment_id")
    yearly = Money(facts.yearly_cents)
    whole = in_year(row, facts.first_year + 1, today)
    if whole < facts.yearly_cents:
        raise Invalid(
            N_("Your recurring gift comes to %(sum)s a year. Fill in that amount or less, or change your recurring gift first."),  # noqa: E501
            field="yearly", sum=Money(whole),
        )  # fmt: skip
    first = in_year(row, facts.first_year, today + SIGNED_IN)
    if first < facts.yearly_cents:
        raise Invalid(
            N_("Of your recurring gift %(sum)s still comes in %(year)s, less than %(yearly)s. Choose %(next)s as the first year."),  # noqa: E501
            field="first_year", sum=Money(first), year=facts.first_year, yearly=yearly, next=facts.first_year + 1,
        )  # fmt: skip


def in_year(row: Commitment, year: int, after: date) -> int:
    """What a recurring gift still comes to in this year, in cents, of collections after that day."""
    amounts, cents, due = amounts_of(row.id), 0, row.next_on
    if row.frequency is Frequency.ONCE:
        return 0
    while due.year <= year:
        on = schedule.collect_day(due)
        if on.year == year and on > after:
            cents += next((each for since, each in reversed(amounts) if since <= due), 0)
        due = schedule.following(due, row.frequency, row.day)
    return cents


def _keep(agreement_id: int, numbers: Numbers, actor: Actor, now: datetime) -> None:
    row = services.locked(agreement_id)
    typed = {Who.DONOR: numbers.donor, Who.PARTNER: numbers.partner if row.has_partner else ""}
    for who, text in typed.items():
        if text:
            bsns.put(agreement_id, who, text, session_id=numbers.session_id, actor=actor, now=now)
