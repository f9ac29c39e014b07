"""Where costs come from: rooms that know what a grant spent say so here, at start.

sources.register("expenses", spent)   # spent(grant_ids) gives (grant id, day, cents)
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date

from app.base.dates import month_start

Cost = tuple[int, date, int]
Source = Callable[[Collection[int]], Iterable[Cost]]
_sources: dict[str, Source] = {}


def register(name: str, source: Source) -> None:
    """Add a source of costs, once for each name."""
    _sources[name] = source


def costs(grant_ids: Collection[int]) -> dict[int, dict[date, int]]:
    """Cents spent, by grant and month (its first day); a grant without costs has no months."""
    found: dict[int, dict[date, int]] = {grant_id: {} for grant_id in grant_ids}
    for source in _sources.values():
        for grant_id, day, cents in source(grant_ids):
            months = found[grant_id]
            months[month_start(day)] = months.get(month_start(day), 0) + cents
    return found


def by_month(spent: Mapping[date, int], most: int) -> dict[date, int]:
    """What each month's costs earn of a grant of `most` cents.

    The sum up to any month is what was spent until then, but never below nothing and never more
    than the grant; the months together are the whole.
    """
    earned: dict[date, int] = {}
    total = before = 0
    for month in sorted(spent):
        total += spent[month]
        now = min(max(total, 0), max(most, 0))
        earned[month] = now - before
        before = now
    return earned
