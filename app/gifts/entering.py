"""Gifts that staff enter: by transfer, in cash, in kind, of a legacy; whole, or split over purposes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from app.base.actor import Actor
from app.base.dates import local_date
from app.base.errors import Invalid, Refused
from app.base.ids import stable_id
from app.base.money import Money
from app.base.states import N_, Labelled
from app.extensions import db
from app.gifts import mails, services, volunteers
from app.gifts.by_hand import MANUAL, VIA
from app.gifts.models import IN_KIND, WAIVED, Gift
from app.ledger import postings
from app.ledger.rj import RjLine
from app.organisation.queries import profile
from app.supporters import queries as supporters
from app.supporters.models import Kind, Role

# Without money: what it would have cost us is booked as used, against the gift.
WAYS = VIA | {IN_KIND: postings.IN_KIND, WAIVED: postings.IN_KIND}


class Thanks(Labelled):
    """What the donor hears of it."""

    MAIL = "mail", N_("A mail, or a letter where there is no e-mail address")
    LETTER = "letter", N_("A letter")
    NONE = "none", N_("Nothing: already thanked, or does not want it")


class Source(Labelled):
    """Where a gift that staff enter came from."""

    STAFF = MANUAL, N_("By itself")
    LETTER = "letter", N_("An appeal by post")
    PHONE = "phone", N_("A telephone call")
    EVENT = "event", N_("An event or collection")
    VISIT = "visit", N_("A personal contact")


@dataclass(frozen=True, slots=True)
class Part:
    """How much of the amount is for what."""

    programme_id: int | None
    cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One amount of one supporter. `key` is made with the form and becomes the id of the (first) gift. `parts`
    is empty for an undivided amount. `declared`: of a waived allowance, that the law's conditions were met.
    `rj_line` None: by the origin of the money (DOMAIN.md 5.1)."""

    key: int
    supporter_id: int
    amount: Money
    given_on: date
    method: str
    programme_id: int | None = None
    parts: tuple[Part, ...] = ()
    campaign_id: int | None = None
    source: str = MANUAL
    rj_line: RjLine | None = None
    bank_reference: str = ""
    description: str = ""
    legacy_id: int | None = None
    batch_id: int | None = None
    declared: bool = False
    proven: bool = False
    thanks: Thanks = Thanks.NONE

    @property
    def year(self) -> int:
        return self.given_on.year


def enter(entries: list[Entry], *, actor: Actor, now: datetime) -> list[int]:
    """Make and book these gifts; ids of the first gift of each, in order. A key that was sent before makes
    nothing. Raises Invalid beside the field, Refused where a key stands for another gift."""
    lines = lines_of([e.supporter_id for e in entries])
    _refuse_waived_of_others([e.supporter_id for e in entries if e.method == WAIVED])
    gifts: list[services.NewGift] = []
    for entry in entries:
        check(entry, local_date(now))
        gifts += _gifts(entry, entry.rj_line or lines[entry.supporter_id])
    volunteers.check(e for e in entries if e.method == WAIVED)
    made = set(services.make(gifts, actor=actor, now=now))
    _refuse_other_content([e for e in entries if e.key not in made])
    mails.thank(
        [
            mails.Given(
                gift_id=e.key, supporter_id=e.supporter_id, cents=e.amount.cents, on=e.given_on,
                programme_ids=tuple(p.programme_id for p in _parts(e) if p.programme_id),
                by_letter=e.thanks is Thanks.LETTER,
            )
            for e in entries
            if e.key in made and e.thanks is not Thanks.NONE
        ],
        now=now,
    )  # fmt: skip
    return [e.key for e in entries]


def thank(gift_ids: list[int], how: Thanks, *, now: datetime) -> None:
    """Thank for gifts that came some other way than by a form of staff, once each."""
    if how is Thanks.NONE or not gift_ids:
        return
    gifts = db.session.execute(select(Gift).where(Gift.id.in_(gift_ids))).scalars()
    mails.thank(
        [
            mails.Given(
                gift_id=g.id, supporter_id=g.supporter_id, cents=g.amount_cents, on=g.gift_date,
                programme_ids=(g.programme_id,) if g.programme_id else (), by_letter=how is Thanks.LETTER,
            )
            for g in gifts
        ],
        now=now,
    )  # fmt: skip


def check(entry: Entry, today: date) -> None:
    """Raises Invalid with the field that is wrong."""
    if entry.method not in WAYS:
        raise Invalid(N_("Please choose one of the options."), field="method")
    if entry.amount.cents <= 0:
        raise Invalid(N_("The amount must be more than zero."), field="amount")
    if entry.given_on > today:
        raise Invalid(N_("This day is still to come."), field="given_on")
    if entry.method == IN_KIND and not entry.description:
        raise Invalid(N_("Say what was given."), field="description")
    if entry.method == WAIVED:
        if not entry.description:
            raise Invalid(N_("Say which work, over which period, and what was agreed for it."), field="description")
        if not entry.declared:
            raise Invalid(N_("Without this it is no gift for the tax office."), field="declared")
    if entry.parts and (off := entry.amount.cents - sum(p.cents for p in entry.parts)):
        less = N_("The parts come to %(off)s less than the amount.")
        more = N_("The parts come to %(off)s more than the amount.")
        raise Invalid(less if off > 0 else more, field="amount_1", off=Money(abs(off)))
    if len({p.programme_id for p in entry.parts}) < len(entry.parts):
        raise Invalid(N_("The same purpose stands here twice."), field="programme_1")


def _refuse_waived_of_others(supporter_ids: list[int]) -> None:
    """Only a person is a volunteer, and only an ANBI's word makes it a gift (DOMAIN.md 4.2)."""
    if not supporter_ids:
        return
    if not profile().anbi:
        raise Invalid(N_("Only an ANBI can declare this. Look under Settings whether we are one."), field="method")
    if any(kind is not Kind.PERSON for kind in supporters.kinds(supporter_ids).values()):
        raise Invalid(
            N_("Only a person is a volunteer: an organisation cannot do without an allowance."), field="method"
        )


def _parts(entry: Entry) -> tuple[Part, ...]:
    return entry.parts or (Part(entry.programme_id, entry.amount.cents),)


def _gifts(entry: Entry, line: RjLine) -> list[services.NewGift]:
    """A gift for each part: so each purpose has its own booking, refund and change of purpose."""
    parts = _parts(entry)
    return [
        services.NewGift(
            id=entry.key if number == 0 else stable_id(f"gift:{entry.key}:{number}"),
            entry_id=entry.key if len(parts) > 1 else None,
            supporter_id=entry.supporter_id, amount_cents=part.cents, gift_date=entry.given_on,
            method=entry.method, source=entry.source, rj_line=line, via=WAYS[entry.method],
            programme_id=part.programme_id, campaign_id=entry.campaign_id, batch_id=entry.batch_id,
            bank_reference=entry.bank_reference or None, legacy_id=entry.legacy_id,
            description=entry.description or None,
        )
        for number, part in enumerate(parts)
    ]  # fmt: skip


def _refuse_other_content(entries: list[Entry]) -> None:
    """Of keys that were used before: the gift must be the one that this form made."""
    rows = db.session.execute(
        select(Gift.id, Gift.supporter_id, Gift.amount_cents).where(Gift.id.in_([e.key for e in entries]))
    )
    there = {row.id: (row.supporter_id, row.amount_cents) for row in rows}
    for entry in entries:
        if there.get(entry.key) != (entry.supporter_id, _parts(entry)[0].cents):
            raise Refused(N_("This form was sent before with another content. Please open it again."))


def lines_of(supporter_ids: list[int]) -> dict[int, RjLine]:
    """The RJ 650 line by where the money comes from: people, companies, government, other organisations."""
    roles = supporters.roles_of(supporter_ids)
    kinds = supporters.kinds(supporter_ids)
    return {i: _line_of(kinds[i], roles.get(i, set())) for i in supporter_ids}


def _line_of(kind: Kind, roles: set[Role]) -> RjLine:
    if kind is Kind.PERSON:
        return RjLine.INDIVIDUALS
    if Role.GOVERNMENT in roles:
        return RjLine.GOVERNMENT
    if roles & {Role.PARTNER, Role.LEAD, Role.CHURCH, Role.SCHOOL, Role.FUNDER} and Role.COMPANY not in roles:
        return RjLine.NON_PROFITS
    return RjLine.COMPANIES


def parts_of(gift: Gift) -> list[Gift]:
    """The gifts that were entered as one amount with this one, itself too; [] where it was not split."""
    if gift.entry_id is None:
        return []
    mine = select(Gift).where(Gift.entry_id == gift.entry_id).order_by(Gift.amount_cents.desc(), Gift.id)
    return list(db.session.execute(mine).scalars())
