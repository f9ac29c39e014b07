"""Which fund money belongs to: by its grant, as that is divided, else by its programme where that has one fund.

A programme without a fund, or with several of which nothing says which, keeps its money together: it can be moved to a
fund by hand.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from app.base.money import Money
from app.grants.restricted.queries import FREE, Purpose, Tie, purposes
from app.programmes.models import Fund
from app.programmes.queries import all_funds


@dataclass(frozen=True, slots=True)
class Ties:
    """`grants` says how each grant is divided, by weight; `own` the one fund in use of a programme."""

    funds: dict[int, Fund]
    grants: dict[int, dict[Purpose, int]]
    own: dict[int, int]

    def place(self, programme_id: int | None) -> Purpose:
        """Where money of a programme goes that says no more."""
        if programme_id is None:
            return FREE
        fund_id = self.own.get(programme_id)
        return (Tie.FUND, fund_id) if fund_id else (Tie.PROGRAMME, programme_id)

    def of(self, purpose: Purpose, programme_id: int | None) -> Purpose:
        """Where a part of a grant goes, whose line carries this programme."""
        tie, row_id = purpose
        return purpose if tie is Tie.FUND else self.place(row_id if tie is Tie.PROGRAMME else programme_id)

    def split(self, cents: int, programme_id: int | None, grant_id: int | None) -> Iterator[tuple[Purpose, int]]:
        """These cents over what they are tied to, to the cent."""
        weights = self.grants.get(grant_id or 0)
        if not weights:
            yield self.place(programme_id), cents
            return
        for purpose, part in zip(weights, Money(cents).split(weights.values()), strict=True):
            yield self.of(purpose, programme_id), part.cents

    def shared(self) -> dict[int, list[int]]:
        """The funds in use of each programme that has several."""
        found: dict[int, list[int]] = {}
        for fund in self.funds.values():
            if fund.active and fund.programme_id and fund.programme_id not in self.own:
                found.setdefault(fund.programme_id, []).append(fund.id)
        return found


def ties() -> Ties:
    """As things are today, in three statements."""
    funds = {fund.id: fund for fund in all_funds()}
    in_use: dict[int, list[int]] = {}
    for fund in funds.values():
        if fund.active and fund.programme_id:
            in_use.setdefault(fund.programme_id, []).append(fund.id)
    own = {programme_id: ids[0] for programme_id, ids in in_use.items() if len(ids) == 1}
    return Ties(funds, purposes(), own)
