"""What volunteers may do without in a year before receipts are asked: the yearly maximum of an untaxed allowance.

Up to it the tax office takes an allowance for costs without asking; above it only costs really made, shown by
receipts, count, else the whole is income and no gift (Belastingdienst, "Vrijwilligersvergoedingen"). DOMAIN.md does
not name the amounts. Those of 2022 to 2024 are the tax office's own, 2025 was reported by others; a later year keeps
the last one until it is added here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Protocol

from sqlalchemy import extract, func, select

from app.base.errors import Invalid
from app.base.money import Money
from app.base.states import N_
from app.extensions import db
from app.extensions.sql import among
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


def check(entries: Iterable[Waived]) -> None:
    """Raises Invalid where they come above the maximum of their year, and not by costs that were `proven`."""
    entries = list(entries)
    if not entries:
        return
    ids = {entry.supporter_id for entry in entries}
    theirs = select(Supporter.id).where(among(Supporter.id, ids)).order_by(Supporter.id)
    db.session.execute(theirs.with_for_update()).all()  # two at once are added up
    so_far = _waived(ids, but={entry.key for entry in entries})
    for entry in entries:
        before = so_far.get((entry.supporter_id, entry.year), 0)
        total = so_far[entry.supporter_id, entry.year] = before + entry.amount.cents
        if total > most(entry.year) and not entry.proven:
            raise Invalid(
                N_("In %(year)s this volunteer did without %(before)s before this. Together it comes to %(total)s, above the %(most)s a year that a volunteer can have without receipts. More is a gift only where it is costs really made: look at the receipts and tick this, or enter less."),  # noqa: E501
                field="proven", year=str(entry.year), before=Money(before), total=Money(total),
                most=Money(most(entry.year)),
            )  # fmt: skip


def is_above(gift: Gift) -> bool:
    """Whether the declarations of this gift's year come above the maximum, so that receipts were looked at."""
    year = gift.gift_date.year
    return _waived([gift.supporter_id]).get((gift.supporter_id, year), 0) > most(year)


def _waived(supporter_ids: Collection[int], but: Collection[int] = ()) -> dict[tuple[int, int], int]:
    """What these people did without in each year, all declarations together, in cents; `but` what these entries
    made."""
    year = extract("year", Gift.gift_date)
    chosen = (
        among(Gift.supporter_id, supporter_ids) & (Gift.method == WAIVED) & Gift.state.in_(HELD)
        & ~among(func.coalesce(Gift.entry_id, Gift.id), but)
    )  # fmt: skip
    sums = select(Gift.supporter_id, year, func.sum(Gift.amount_cents - Gift.refunded_cents)).where(chosen)
    rows = db.session.execute(sums.group_by(Gift.supporter_id, year))
    return {(supporter_id, int(of_year)): int(cents) for supporter_id, of_year, cents in rows}
