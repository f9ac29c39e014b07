"""What an opening balance adds to what stands here already: grants of earlier years with their receipts, say.

The sheet says how the books stand at the end of a day; the entry brings them there. So what was entered here before,
and is in the sheet too, counts once; results of earlier years that stand here are in the reserves of the sheet, and
leave *te bestemmen resultaat* (0590).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import func, select

from app.base.dates import add_months, days, month_start
from app.base.money import Money
from app.base.states import N_
from app.extensions import db
from app.finance.funds.accounts import fund_codes
from app.finance.openings.balances import Balance, Reading
from app.finance.openings.sheet import Problem
from app.finance.periods import fiscal_year_of
from app.ledger import sums
from app.ledger.accounts import (
    CLEARING,
    HELD_FOR_PARTNERS,
    OWED_TO_PARTNERS,
    RECEIVABLE,
    RECEIVED_AHEAD,
    REPAYABLE,
    RESULT,
    SUSPENSE,
)
from app.ledger.models import Account, AccountKind
from app.ledger.results import results
from app.organisation.queries import profile

# Only what happens here books on these: the sheet is compared with them.
KEPT_HERE = (
    RECEIVABLE, RECEIVED_AHEAD, REPAYABLE, OWED_TO_PARTNERS, HELD_FOR_PARTNERS, SUSPENSE, *CLEARING.values(),
)  # fmt: skip
Place = tuple[str, int | None]


@dataclass
class Brought:
    """The lines of the entry, the result of earlier years among them, and what does not fit."""

    lines: list[Balance] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    result_cents: int = 0  # of earlier years here: in credit below zero


def brought(said: Reading, on: date) -> Brought:
    """What brings the books from what stands at the end of `on`, the last day of a month, to what the sheet says. Two
    statements."""
    here = _standing(add_months(month_start(on), 1))
    own = {fund.id: code for code, fund in fund_codes().items()}
    found = Brought()
    kept: dict[str, int] = {}
    for each in said.lines:
        code = own.get(each.fund_id or 0, each.account)
        if code in KEPT_HERE:
            kept[code] = kept.get(code, 0) + each.cents
        elif cents := each.cents - here.pop((code, each.programme_id), 0):
            found.lines.append(Balance(each.account, cents, each.programme_id, each.fund_id))
    for code in KEPT_HERE:
        there = sum(here.pop(place) for place in list(here) if place[0] == code)
        if there != kept.get(code, 0):
            found.problems.append(_other(code, there, kept.get(code, 0)))
    for (code, _), cents in here.items():
        if cents:
            found.problems.append(
                Problem(
                    0,
                    "account",
                    N_("Account %(code)s stands at %(here)s here and is not in the file."),
                    {"code": code, "here": Money(cents)},
                )  # fmt: skip
            )
    if _runs(on):
        said_so = N_("Income or costs of this year stand here already: choose the last day of the year before.")
        found.problems.append(Problem(0, "on", said_so))
    found.result_cents = -sum(each.cents for each in found.lines)
    if found.result_cents and not found.problems:
        found.lines.append(Balance(RESULT, found.result_cents, None, None))
    return found


def _runs(on: date) -> bool:
    """Whether a fiscal year that goes on after this day has income or costs here already: they would count as a
    result of earlier years and as that of this one."""
    year = fiscal_year_of(on + days(1), profile().fiscal_year_start)
    end = add_months(month_start(on), 1)
    return year.start < end and any(each.cents for each in results(year.start, end))


def _other(code: str, here: int, said: int) -> Problem:
    message = N_(
        "Account %(code)s comes to %(here)s here and to %(said)s in the file. Grants, direct debits and payouts book "
        "on it: enter those first, or leave it out and put what is on its way on 1190."
    )
    return Problem(0, "account", message, {"code": code, "here": Money(here), "said": Money(said)})


def _standing(end: date) -> dict[Place, int]:
    """What stands on each account of the balance sheet and programme, in the months before `end`."""
    both = sums.coarse().subquery()
    balance = (AccountKind.ASSET, AccountKind.LIABILITY, AccountKind.EQUITY)
    rows = db.session.execute(
        select(Account.code, both.c.programme_id, func.sum(both.c.debit_cents - both.c.credit_cents))
        .join(Account, Account.id == both.c.account_id)
        .where(both.c.month < end, Account.kind.in_(balance))
        .group_by(Account.code, both.c.programme_id)
    )
    return {(code, programme): int(cents) for code, programme, cents in rows}
