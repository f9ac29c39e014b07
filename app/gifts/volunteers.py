"""What volunteers may do without in a year before receipts are asked: the yearly maximum of an untaxed allowance.

Up to it the tax office takes an allowance for costs without asking; above it only costs really made, shown by
receipts, count, else the whole is income and no gift (Belastingdienst, "Vrijwilligersvergoedingen"). DOMAIN.md does
not name the amounts. Those of 2022 to 2024 are the tax office's own, 2025 was reported by others; a later year keeps
the last one until it is added here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from sqlalchemy import extract, func, select

from app.base.errors import Invalid
from app.base.money import Money
from app.base.states import N_
from app.extensions import db
from app.gifts.models import HELD, WAIVED, Gift
from app.supporters.models import Supporter

MOST = ((2022, 180_000), (2023, 190_000), (2024, 210_000), (2025, 210_000))  # (from year, cents a year)


class Waived(Protocol):
    """What is entered as a waived allowance. `key` is the gift's id or that of its entry."""

    @property
    def key(self) -> int: ...
    @property
    def supporter_id(self) -> int: ...
    @property
    def amount(self) -> Money: ...
    @property
    def proven(self) -> bool: ...
    @property
    def year(self) -> int: ...


def most(year: int) -> int:
    """The maximum of a year in cents; of one before the first the first."""
    return next((cents for start, cents in reversed(MOST) if start <= year), MOST[0][1])


def waived_in(supporter_id: int, year: int, but: Iterable[int] = ()) -> int:
    """What this person did without in a year, all declarations together, in cents; `but` what these entries made."""
    mine = (
        (Gift.supporter_id == supporter_id) & (Gift.method == WAIVED) & Gift.state.in_(HELD)
        & (extract("year", Gift.gift_date) == year) & func.coalesce(Gift.entry_id, Gift.id).not_in(set(but))
    )  # fmt: skip
    total = select(func.coalesce(func.sum(Gift.amount_cents - Gift.refunded_cents), 0)).where(mine)
    return int(db.session.execute(total).scalar_one())


def check(entries: Iterable[Waived]) -> None:
    """Raises Invalid where they come above the maximum of their year, and not by costs that were `proven`."""
    entries = list(entries)
    keys, now_too = [e.key for e in entries], dict[tuple[int, int], int]()
    for entry in entries:
        db.session.get(Supporter, entry.supporter_id, with_for_update=True)  # two at once are added up
        place = (entry.supporter_id, entry.year)
        before = waived_in(*place, but=keys) + now_too.get(place, 0)
        now_too[place] = now_too.get(place, 0) + entry.amount.cents
        if before + entry.amount.cents > most(entry.year) and not entry.proven:
            raise Invalid(
                N_("In %(year)s this volunteer did without %(before)s before this. Together it comes to %(total)s, above the %(most)s a year that a volunteer can have without receipts. More is a gift only where it is costs really made: look at the receipts and tick this, or enter less."),  # noqa: E501
                field="proven", year=str(entry.year), before=Money(before), total=Money(before + entry.amount.cents),
                most=Money(most(entry.year)),
            )  # fmt: skip


def is_above(gift: Gift) -> bool:
    """Whether the declarations of this gift's year come above the maximum, so that receipts were looked at."""
    year = gift.gift_date.year
    return waived_in(gift.supporter_id, year) > most(year)
