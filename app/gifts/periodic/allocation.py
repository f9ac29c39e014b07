"""Which money is periodic: computed from gifts and agreements, so that it is always what is true now.

In each year of its term an agreement takes the supporter's gifts in the order of their dates until
the agreed amount is reached; what is more is an ordinary gift. Gifts before the donor signed and
cash never count (DOMAIN.md 4.2), nor what came without money, nor does money that went back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from sqlalchemy import func, select

from app.extensions import db
from app.gifts.models import HELD, NOT_PERIODIC, Gift
from app.gifts.periodic.models import COUNTED, Agreement


class Given(Protocol):
    """What allocation needs of a gift."""

    id: int
    supporter_id: int
    gift_date: date
    method: str

    @property
    def kept_cents(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a gift that an agreement takes."""

    gift_id: int
    agreement: Agreement
    cents: int


@dataclass(frozen=True, slots=True)
class Year:
    """What was agreed for a year and what came of it."""

    year: int
    due_cents: int
    paid_cents: int

    @property
    def short_cents(self) -> int:
        return max(self.due_cents - self.paid_cents, 0)


def allocate(agreements: Iterable[Agreement], gifts: Iterable[Given]) -> list[Share]:
    """The periodic parts of these gifts. Give all gifts of a year, else the first ones seem ordinary."""
    by_supporter: dict[int, list[Agreement]] = {}
    for agreement in sorted(agreements, key=lambda a: (a.signed_on or date.max, a.id)):
        if agreement.state in COUNTED and agreement.signed_on:
            by_supporter.setdefault(agreement.supporter_id, []).append(agreement)
    taken: dict[tuple[int, int], int] = {}
    shares = []
    for gift in sorted(gifts, key=lambda g: (g.gift_date, g.id)):
        left = 0 if gift.method in NOT_PERIODIC else gift.kept_cents
        for agreement in by_supporter.get(gift.supporter_id, ()):
            year = gift.gift_date.year
            if not agreement.is_due_in(year) or gift.gift_date < (agreement.signed_on or date.max):
                continue
            if agreement.ended_on and gift.gift_date > agreement.ended_on:
                continue
            room = agreement.yearly_cents - taken.get((agreement.id, year), 0)
            cents = min(left, room)
            if cents > 0:
                taken[agreement.id, year] = taken.get((agreement.id, year), 0) + cents
                left -= cents
                shares.append(Share(gift.id, agreement, cents))
    return shares


def counted_agreements(supporter_ids: Iterable[int]) -> list[Agreement]:
    """Agreements under which gifts of these supporters can be periodic."""
    rows = select(Agreement).where(Agreement.supporter_id.in_(set(supporter_ids)), Agreement.state.in_(COUNTED))
    return list(db.session.execute(rows.order_by(Agreement.id)).scalars())


def years_of(agreement: Agreement, today: date) -> list[Year]:
    """Each year of the term up to today, newest first, beside the supporter's other agreements."""
    agreements = counted_agreements([agreement.supporter_id])
    held = select(Gift).where(
        Gift.supporter_id == agreement.supporter_id, Gift.state.in_(HELD), Gift.method.not_in(NOT_PERIODIC),
        Gift.gift_date >= date(agreement.first_year, 1, 1),
    )  # fmt: skip
    gifts: Sequence[Given] = list(db.session.execute(held).scalars())
    days = {gift.id: gift.gift_date for gift in gifts}
    paid: dict[int, int] = {}
    for share in allocate(agreements, gifts):
        if share.agreement.id == agreement.id:
            year = days[share.gift_id].year
            paid[year] = paid.get(year, 0) + share.cents
    span = range(agreement.first_year, max(today.year, agreement.first_year) + 1)
    return [Year(y, agreement.yearly_cents, paid.get(y, 0)) for y in reversed(span) if agreement.is_due_in(y)]


def behind(year: int, *, limit: int = 500, supporter_id: int | None = None) -> list[tuple[int, int, int]]:
    """(supporter id, agreed cents, given cents) of those whose running agreements got less than agreed
    in this year, or of this one. One statement; who has several agreements is looked at as a whole."""
    running = (Agreement.state == "active") & (Agreement.first_year <= year)
    if supporter_id is not None:
        running &= Agreement.supporter_id == supporter_id
    owed = (
        select(
            Agreement.supporter_id,
            func.sum(Agreement.yearly_cents).label("due"),
            func.min(Agreement.signed_on).label("since"),
        )
        .where(running)
        .group_by(Agreement.supporter_id)
        .subquery()
    )
    kept = (
        select(func.coalesce(func.sum(Gift.amount_cents - Gift.refunded_cents), 0))
        .where(
            Gift.supporter_id == owed.c.supporter_id, Gift.state.in_(HELD), Gift.method.not_in(NOT_PERIODIC),
            Gift.gift_date >= owed.c.since, Gift.gift_date >= date(year, 1, 1),
            Gift.gift_date <= date(year, 12, 31),
        )
        .scalar_subquery()
    )  # fmt: skip
    rows = select(owed.c.supporter_id, owed.c.due, kept).where(kept < owed.c.due).order_by(owed.c.supporter_id)
    return [(i, int(due), int(given)) for i, due, given in db.session.execute(rows.limit(limit))]
