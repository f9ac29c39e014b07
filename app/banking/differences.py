"""Whether the statements of a file come to what was entered of their days: if not, a line is missing or counts twice.

Only the days of the file are looked at, however much is there; all of an account only where these do not add up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import BigInteger, cast, func, select

from app.banking.following import Stretch, stretches, unbroken
from app.banking.models import BankEntry, BankStatement
from app.banking.queries import balanced
from app.base.dates import days
from app.extensions import db
from app.organisation.models import BankAccount

_AROUND = 40  # days before and after the file in which statements that overlap it are looked for

_Sums = dict[int, dict[date, int]]  # account → day → cents


@dataclass(frozen=True, slots=True)
class Off:
    """An account of which the statements come to this much more than their lines; cents, never 0."""

    iban: str
    cents: int


def off_of(file_id: int) -> list[Off]:
    """Accounts of this file that are off about its days. A constant number of statements."""
    told = select(
        BankStatement.account_id,
        func.min(func.coalesce(BankStatement.from_on, BankStatement.to_on)),
        func.max(func.coalesce(BankStatement.to_on, BankStatement.from_on)),
    )
    told = told.where(BankStatement.file_id == file_id).group_by(BankStatement.account_id)
    span: dict[int, tuple[date, date]] = {
        account_id: (since, until) for account_id, since, until in db.session.execute(told) if since is not None
    }
    doubtful = _doubtful(span)
    found = _off(doubtful, span) if doubtful else {}
    ibans = select(BankAccount.id, BankAccount.iban).where(BankAccount.id.in_(found)).order_by(BankAccount.position)
    return [Off(iban, found[account_id]) for account_id, iban in db.session.execute(ibans)] if found else []


def _doubtful(span: dict[int, tuple[date, date]]) -> list[int]:
    """Accounts of which the statements of these days do not come to what was entered of them."""
    if not span:
        return []
    first, last = min(each[0] for each in span.values()), max(each[1] for each in span.values())
    around = BankStatement.to_on.between(first - days(_AROUND), last + days(_AROUND))
    told = {
        account_id: [each for each in stretches(rows) if _touches(each, span[account_id])]
        for account_id, rows in balanced(BankStatement.account_id.in_(span), around).items()
    }
    sums = _entered(told)
    return [
        account_id
        for account_id, some in told.items()
        if any(each.since <= first - days(_AROUND) or _differs(each, sums.get(account_id, {})) for each in some)
    ]


def _off(account_ids: list[int], span: dict[int, tuple[date, date]]) -> dict[int, int]:
    """By account the cents by which it is off about these days: of all its statements that follow on each other, since
    a line may stand on another day than its statement says."""
    told = balanced(BankStatement.account_id.in_(account_ids)).items()
    whole = {account_id: unbroken(stretches(rows)) for account_id, rows in told}
    sums = _entered(whole)
    found = {
        account_id: sum(_differs(each, sums.get(account_id, {})) for each in some if _touches(each, span[account_id]))
        for account_id, some in whole.items()
    }
    return {account_id: cents for account_id, cents in found.items() if cents}


def _touches(told: Stretch, span: tuple[date, date]) -> bool:
    return told.since <= span[1] and told.until >= span[0]


def _entered(told: Mapping[int, Sequence[Stretch]]) -> _Sums:
    """What was entered on the days from the first of these to the last."""
    every = [each for some in told.values() for each in some]
    return by_day(told, min(each.since for each in every), max(each.until for each in every)) if every else {}


def by_day(account_ids: Iterable[int], first: date, last: date) -> _Sums:
    """Cents of the entries of these accounts from one day to another."""
    cents = cast(func.sum(BankEntry.cents), BigInteger)  # PostgreSQL sums whole numbers to decimals
    rows = (
        select(BankEntry.account_id, BankEntry.booked_on, cents)
        .where(BankEntry.account_id.in_(account_ids), BankEntry.booked_on.between(first, last))
        .group_by(BankEntry.account_id, BankEntry.booked_on)
    )
    found: _Sums = {}
    for account_id, day, each in db.session.execute(rows):
        found.setdefault(account_id, {})[day] = int(each)
    return found


def _differs(told: Stretch, sums: dict[date, int]) -> int:
    entered = sum(cents for day, cents in sums.items() if told.since <= day <= told.until)
    return told.closing_cents - told.opening_cents - entered
