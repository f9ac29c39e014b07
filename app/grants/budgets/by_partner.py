"""Budget against actual of each partner, so that the partners together are the grant.

A partner's budget is what the budget in force says: the lines that are for this partner. Where no line is, it
is what was agreed with them in sub-grants, else their share of the grant. The rest of the grant's budget is
ours, and so are costs that no partner made. So both columns come to the grant's totals, to the cent; a rest
below nothing says that the partners' budgets come to more than there is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from app.base.states import N_, Labelled
from app.extensions import db
from app.grants.budgets.models import BudgetRow
from app.grants.budgets.queries import in_force, spent_by_partner
from app.grants.partners import money_queries
from app.grants.partners import queries as partners
from app.grants.partners.models import SubGrantState
from app.grants.partners.queries import PartnerView
from app.grants.rows import cents_sum

AGREED = (SubGrantState.AGREED, SubGrantState.CLOSED)


class Source(Labelled):
    """Where a partner's budget comes from."""

    LINES = "lines", N_("own budget lines")
    SUB_GRANT = "sub_grant", N_("agreed in sub-grants")
    SHARE = "share", N_("by their share of the grant")
    NONE = "none", N_("no budget agreed")
    REST = "rest", N_("what is not for a partner")


@dataclass(frozen=True, slots=True)
class PartnerSpending:
    """What one partner may spend of a grant and spent of it, in cents. Ourselves: no id and no name."""

    partner_id: int | None
    name: str
    source: Source
    budget_cents: int
    spent_cents: int

    @property
    def left_cents(self) -> int:
        return self.budget_cents - self.spent_cents


def of_grant(grant_id: int, total_cents: int) -> list[PartnerSpending]:
    """Each partner and, last, ourselves; [] where a grant has no partners. `total_cents` is the grant's budget."""
    shown = partners.partners(grant_id)
    if not shown:
        return []
    agreed: dict[int, int] = {}
    for line in money_queries.of_grant(grant_id):
        if line.state in AGREED:
            agreed[line.partner_id] = agreed.get(line.partner_id, 0) + line.amount_cents
    return divide(total_cents, shown, _own_lines(grant_id), agreed, spent_by_partner(grant_id))


def divide(
    total_cents: int,
    shown: Sequence[PartnerView],
    lines: Mapping[int, int],
    agreed: Mapping[int, int],
    spent: Mapping[int | None, int],
) -> list[PartnerSpending]:
    """`lines`, `agreed` and `spent`: cents by partner, from budget lines, sub-grants and expenses."""
    found = []
    for each in shown:
        source, budget = Source.NONE, 0
        if each.id in lines:
            source, budget = Source.LINES, lines[each.id]
        elif each.id in agreed:
            source, budget = Source.SUB_GRANT, agreed[each.id]
        elif each.amount_cents is not None:
            source, budget = Source.SHARE, each.amount_cents
        found.append(PartnerSpending(each.id, each.name, source, budget, spent.get(each.id, 0)))
    rest = total_cents - sum(each.budget_cents for each in found)
    ours = sum(spent.values()) - sum(each.spent_cents for each in found)
    return [*found, PartnerSpending(None, "", Source.REST, rest, ours)]


def _own_lines(grant_id: int) -> dict[int, int]:
    current = in_force(grant_id)
    if current is None:
        return {}
    chosen = (
        select(BudgetRow.partner_id, cents_sum(BudgetRow.revised_cents))
        .where(BudgetRow.budget_version_id == current.id, BudgetRow.partner_id.is_not(None))
        .group_by(BudgetRow.partner_id)
    )
    return {partner_id: int(cents) for partner_id, cents in db.session.execute(chosen) if partner_id is not None}
