"""What came in for each fund and programme, and what of it is not spent yet. Amounts in cents.

Per grant: received is what the funder paid, less what was paid back; spent is every cost charged to the
grant within its period. Not spent is received less spent, never below nothing; advanced is what was spent before
it came. Money that we only pass on as cashier is not ours and left out; what is owed to a partner for whom we
answer is spent; what either spends of it does not count again. A divided grant is split by its parts, to the
cent. Whatever the number of grants, it takes the same few statements.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, func, select, union_all

from app.base.money import Money
from app.extensions import db
from app.grants.awards.models import Grant, GrantState
from app.grants.expenses.models import Expense, ExpenseShare
from app.grants.expenses.queries import WITHIN_PERIOD
from app.grants.funders.models import Funder
from app.grants.instalments.models import Instalment, Receipt
from app.grants.partners.models import Booking, GrantPartner, SubGrant, SubGrantInstalment
from app.grants.recognition.expenses import besides_passed_on
from app.grants.restricted.models import WHOLE, Allocation, weight_of
from app.grants.rows import cents_sum
from app.grants.settlements.models import Repayment, Settlement
from app.programmes import queries as programmes
from app.supporters.models import Supporter


class Tie(StrEnum):
    """What money is tied to."""

    FUND = "fund"
    PROGRAMME = "programme"
    NONE = "none"


Purpose = tuple[Tie, int]
FREE: Purpose = (Tie.NONE, 0)


@dataclass(frozen=True, slots=True)
class Share:
    """What one grant brings to one purpose. received − spent = unspent − advanced."""

    purpose: Purpose
    grant_id: int
    title: str
    funder: str
    ends_on: date
    weight: float  # its share of the grant, from 0 to 1
    received: int
    spent: int
    unspent: int
    advanced: int


@dataclass(frozen=True, slots=True)
class Total:
    """All that grants bring to one purpose."""

    purpose: Purpose
    name: str
    by_board: bool  # set apart by the board, not by who gave it
    grants: int
    received: int
    spent: int
    unspent: int
    advanced: int


def shares(grant_id: int | None = None) -> list[Share]:
    """By purpose and grant, of every grant (or one) that received or spent anything; the first to end first."""
    divided = _divided(grant_id)
    found = []
    for row in db.session.execute(_grants(grant_id)):
        received, spent = max(int(row.received) - int(row.passed_on), 0), int(row.spent)
        if not received and not spent and grant_id is None:
            continue
        weights = _weights(row, divided.get(row.id, []))
        came, left, ahead = (
            Money(cents).split(weights.values())
            for cents in (received, max(received - spent, 0), max(spent - received, 0))
        )
        whole = sum(weights.values())
        for (purpose, weight), r, u, a in zip(weights.items(), came, left, ahead, strict=True):
            found.append(
                Share(
                    purpose,
                    row.id,
                    row.title,
                    row.funder,
                    row.ends_on,
                    weight / whole,
                    r.cents,
                    r.cents - u.cents + a.cents,
                    u.cents,
                    a.cents,
                )  # fmt: skip
            )
    return found


def totals(found: Iterable[Share], language: str) -> list[Total]:
    """By purpose, the most unspent first; what is free to spend is not among them."""
    funds = {fund.id: fund for fund in programmes.all_funds()}
    names = programmes.programme_names(language)
    by_purpose: dict[Purpose, list[Share]] = {}
    for each in found:
        if each.purpose != FREE:
            by_purpose.setdefault(each.purpose, []).append(each)
    made = []
    for (tie, row_id), parts in by_purpose.items():
        fund = funds[row_id] if tie is Tie.FUND else None
        sums = (sum(getattr(part, name) for part in parts) for name in ("received", "spent", "unspent", "advanced"))
        name = fund.name(language) if fund else names[row_id]
        made.append(Total((tie, row_id), name, bool(fund and not fund.restricted), len(parts), *sums))
    return sorted(made, key=lambda total: (-total.unspent, total.name))


def allocations(grant_id: int) -> list[Allocation]:
    return _divided(grant_id).get(grant_id, [])


def purposes() -> dict[int, dict[Purpose, int]]:
    """Purpose → weight of every grant, as it is divided today."""
    divided = _divided(None)
    grants = select(Grant.id, Grant.amount_cents, Grant.fund_id, Grant.programme_id)
    return {row.id: _weights(row, divided.get(row.id, [])) for row in db.session.execute(grants)}


def _divided(grant_id: int | None) -> dict[int, list[Allocation]]:
    chosen = select(Allocation).order_by(Allocation.id)
    if grant_id is not None:
        chosen = chosen.where(Allocation.grant_id == grant_id)
    found: dict[int, list[Allocation]] = {}
    for row in db.session.execute(chosen).scalars():
        found.setdefault(row.grant_id, []).append(row)
    return found


def _weights(grant: Any, parts: Iterable[Allocation]) -> dict[Purpose, int]:
    """Purpose → weight; what is not divided stays with the grant's own fund, programme or neither."""
    grant_cents, fund_id, programme_id = grant.amount_cents, grant.fund_id, grant.programme_id
    weights: dict[Purpose, int] = {}
    for part in parts:
        key = (Tie.FUND, part.fund_id) if part.fund_id else (Tie.PROGRAMME, part.programme_id or 0)
        weights[key] = weight_of(part.cents, part.basis_points, grant_cents)
    if (rest := grant_cents * WHOLE - sum(weights.values())) > 0:
        own = (Tie.FUND, fund_id) if fund_id else (Tie.PROGRAMME, programme_id) if programme_id else FREE
        weights[own] = weights.get(own, 0) + rest
    return weights


def _booked(booking: Booking) -> Select[*tuple[Any, ...]]:
    """Cents owed or paid to partners, by grant."""
    return (
        select(GrantPartner.grant_id, cents_sum(SubGrantInstalment.booked_cents).label("cents"))
        .join(SubGrant, SubGrant.id == SubGrantInstalment.sub_grant_id)
        .join(GrantPartner, GrantPartner.id == SubGrant.partner_id)
        .where(SubGrant.booking == booking, SubGrantInstalment.booked_cents > 0)
        .group_by(GrantPartner.grant_id)
    )


def _grants(grant_id: int | None) -> Select[*tuple[Any, ...]]:
    """Grants with what was received and spent on them: one statement."""
    passed_on = _booked(Booking.CASHIER).subquery("passed_on")
    came = (
        select(Instalment.grant_id, Receipt.amount_cents.label("cents"))
        .join(Receipt, Receipt.instalment_id == Instalment.id)
        .where(Receipt.reversed_at.is_(None))
    )
    went_back = (
        select(Settlement.grant_id, (-Repayment.amount_cents).label("cents"))
        .join(Repayment, Repayment.settlement_id == Settlement.id)
        .where(Repayment.reversed_at.is_(None))
    )
    own = (
        select(Expense.grant_id, cents_sum(Expense.cents).label("cents"))
        .join(Grant, Grant.id == Expense.grant_id)
        .where(WITHIN_PERIOD, besides_passed_on())
        .group_by(Expense.grant_id)
    )
    owed = _booked(Booking.PRINCIPAL)
    shared = (
        select(ExpenseShare.grant_id, cents_sum(ExpenseShare.cents).label("cents"))
        .join(Expense, Expense.id == ExpenseShare.expense_id)
        .join(Grant, Grant.id == ExpenseShare.grant_id)
        .where(WITHIN_PERIOD)
        .group_by(ExpenseShare.grant_id)
    )
    money = union_all(came, went_back).subquery("money")
    costs = union_all(own, shared, owed).subquery("costs")
    received = select(money.c.grant_id, cents_sum(money.c.cents).label("cents")).group_by(money.c.grant_id).subquery()
    spent = select(costs.c.grant_id, cents_sum(costs.c.cents).label("cents")).group_by(costs.c.grant_id).subquery()
    chosen = (
        select(
            Grant.id,
            Grant.title,
            Supporter.display_name.label("funder"),
            Grant.ends_on,
            Grant.amount_cents,
            Grant.fund_id,
            Grant.programme_id,
            func.coalesce(received.c.cents, 0).label("received"),
            func.coalesce(passed_on.c.cents, 0).label("passed_on"),
            func.coalesce(spent.c.cents, 0).label("spent"),
        )
        .join(Funder, Funder.id == Grant.funder_id)
        .join(Supporter, Supporter.id == Funder.supporter_id)
        .outerjoin(received, received.c.grant_id == Grant.id)
        .outerjoin(passed_on, passed_on.c.grant_id == Grant.id)
        .outerjoin(spent, spent.c.grant_id == Grant.id)
        .where(Grant.state != GrantState.TURNED_BACK)
        .order_by(Grant.ends_on, Grant.id)
    )
    return chosen if grant_id is None else chosen.where(Grant.id == grant_id)
