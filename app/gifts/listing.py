"""The list of gifts: what a search and its filters ask for, and what the rows come to.

No query grows with the table: donors that a search means are found first, at most `DONORS` of them,
and the sum at the foot counts at most `SUMMED` gifts and says so beyond.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, false, func, select

from app.base.references import id_of, id_of_rf, ids_of_payment_number, payment_number_of
from app.base.states import N_
from app.extensions import db
from app.gifts.models import Gift, GiftState
from app.supporters import search
from app.supporters.models import Supporter
from app.ui import lists

DONORS = 300
SUMMED = 10_000
SORTS: Mapping[str, lists.Sort] = {
    "date": lists.Sort(N_("Date"), (lists.desc(Gift.gift_date),)),
    "amount": lists.Sort(N_("Amount"), (lists.desc(Gift.amount_cents),)),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """The filters of the list; everything may be left out. Amounts in cents, both included."""

    q: str = ""
    state: str = ""
    method: str = ""
    programme_id: int | None = None
    supporter_id: int | None = None
    start: date | None = None
    end: date | None = None
    least: int | None = None
    most: int | None = None

    def clauses(self) -> list[ColumnElement[bool]]:
        """What a gift must be. Asks the database for the donors that `q` means."""
        equal = (
            (Gift.state, self.state or None), (Gift.method, self.method or None),
            (Gift.programme_id, self.programme_id), (Gift.supporter_id, self.supporter_id),
        )  # fmt: skip
        clauses = [column == value for column, value in equal if value is not None]
        clauses += _between(Gift.gift_date, self.start, self.end)
        clauses += _driven(_between(Gift.amount_cents, self.least, self.most))
        return [*clauses, self._searched()] if self.q else clauses

    def _searched(self) -> ColumnElement[bool]:
        row_id = id_of_rf(self.q) or id_of(self.q) or numbered(self.q)
        if row_id is not None:
            return (Gift.id == row_id) | (Gift.supporter_id == row_id)
        found = donors(self.q)
        return Gift.supporter_id.in_(found) if found else false()


def numbered(text: str) -> int | None:
    """The gift with this betalingskenmerk; None where there is none, or not one alone."""
    span = ids_of_payment_number(text)
    if span is None:
        return None
    near = db.session.execute(select(Gift.id).where(Gift.id.between(span.start, span.stop - 1))).scalars()
    found = [row_id for row_id in near if payment_number_of(row_id) == re.sub(r"\s", "", text)]
    return found[0] if len(found) == 1 else None


def _between(column: Any, least: Any, most: Any) -> list[ColumnElement[bool]]:
    bounds = [column >= least] if least is not None else []
    return [*bounds, column <= most] if most is not None else bounds


def _driven(clauses: list[ColumnElement[bool]]) -> list[ColumnElement[bool]]:
    """Rare amounts are looked up first: in the order of dates one would walk past all other gifts."""
    if not clauses:
        return []
    few = select(Gift.id).where(*clauses).limit(search.RARE + 1).subquery()
    if db.session.execute(select(func.count()).select_from(few)).scalar_one() > search.RARE:
        return clauses
    return [Gift.id.in_(select(few.c.id))]


def donors(q: str) -> list[int]:
    """The supporters that these words mean, at most `DONORS`."""
    conditions = search.conditions(q, notes=False)
    if not conditions:
        return []
    first, *others = conditions
    wanted = select(Supporter.id).where(
        Supporter.id.in_(first.ids()), search.ACTIVE, *(other.holds_for(Supporter.id) for other in others)
    )
    return list(db.session.execute(wanted.limit(DONORS)).scalars())


@dataclass(frozen=True, slots=True)
class Sum:
    """What the chosen gifts come to: cents promised or received, cents gone back; `more` than were summed."""

    gifts: int
    cents: int
    refunded_cents: int
    more: bool


def rows(clauses: list[ColumnElement[bool]]) -> Any:
    """The gifts with their donors' names, to be paged."""
    return select(Gift, Supporter.display_name).join(Supporter, Supporter.id == Gift.supporter_id).where(*clauses)


def summed(clauses: list[ColumnElement[bool]]) -> Sum:
    """One statement over at most `SUMMED` gifts."""
    some = select(Gift.amount_cents, Gift.refunded_cents).where(*clauses).limit(SUMMED + 1).subquery()
    count, cents, refunded = db.session.execute(
        select(
            func.count(),
            func.coalesce(func.sum(some.c.amount_cents), 0),
            func.coalesce(func.sum(some.c.refunded_cents), 0),
        )
    ).one()
    return Sum(int(count), int(cents), int(refunded), count > SUMMED)


def of_supporter(supporter_id: int, limit: int) -> list[Gift]:
    """The newest gifts of one supporter."""
    chosen = select(Gift).where(Gift.supporter_id == supporter_id).order_by(Gift.gift_date.desc(), Gift.id.desc())
    return list(db.session.execute(chosen.limit(limit)).scalars())


def methods_used() -> list[str]:
    """Every method that a gift came in by: one look in the index for each, not one for each gift."""
    found: list[str] = []
    while True:
        after = Gift.method > found[-1] if found else Gift.method > ""
        following = db.session.execute(select(func.min(Gift.method)).where(after)).scalar()
        if following is None or len(found) >= 30:
            return found
        found.append(following)


def promised_count() -> int:
    """Promises that still wait, at most a thousand counted."""
    some = select(Gift.id).where(Gift.state == GiftState.PROMISED).limit(1000).subquery()
    return int(db.session.execute(select(func.count()).select_from(some)).scalar_one())
