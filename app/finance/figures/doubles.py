"""Costs in a file of the accounting package that we handed over to it ourselves: sub-grants, provider fees. Reports add
the journal to the file, so they would count twice; whether they are the same somebody decides."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import and_, func, or_, select

from app.base.dates import month_end, month_start
from app.base.states import N_, Labelled
from app.extensions import db
from app.finance.books.models import HandOver
from app.finance.figures.services import Amount
from app.ledger.models import Account, AccountKind, JournalLine


class Alike(Labelled):
    SAME = "same", N_("The same account, month and amount")
    ACCOUNT = "account", N_("The same account and month, another amount")
    AMOUNT = "amount", N_("The same month and amount, another account")


@dataclass(frozen=True, slots=True)
class Double:
    """`ours` went to the accounting package from account `code`; `theirs` stands in the file on `account`. Cents."""

    month: date
    code: str
    ours: int
    account: str
    theirs: int
    alike: Alike


def doubles(amounts: Iterable[Amount]) -> list[Double]:
    """What of these costs looks like what we handed over, by month. Two statements."""
    theirs: dict[tuple[date, str], int] = {}
    for each in amounts:
        key = (month_start(each.month), each.account)
        theirs[key] = theirs.get(key, 0) + each.cents
    found = []
    for (month, code, outside), ours in sorted(_handed_over({month for month, _ in theirs}).items()):
        names = {code, outside or code}
        same = [account for at, account in theirs if at == month and account in names]
        alike = [account for at, account in theirs if at == month and theirs[at, account] == ours]
        for account in same or alike:
            cents = theirs[month, account]
            kind = Alike.AMOUNT if not same else Alike.SAME if cents == ours else Alike.ACCOUNT
            found.append(Double(month, code, ours, account, cents, kind))
    return found


def _handed_over(months: set[date]) -> dict[tuple[date, str, str | None], int]:
    """Costs of these months that stand in the journal and went to the accounting package, by account."""
    live = select(HandOver.month, func.max(HandOver.last_entry_id))
    live = live.where(HandOver.month.in_(months), HandOver.taken_back_at.is_(None)).group_by(HandOver.month)
    went = [
        and_(JournalLine.booked_on.between(month, month_end(month)), JournalLine.entry_id <= last)
        for month, last in db.session.execute(live)
    ]
    if not went:
        return {}
    rows = db.session.execute(
        select(JournalLine.booked_on, Account.code, Account.outside_code, func.sum(JournalLine.cents))
        .join(Account, Account.id == JournalLine.account_id)
        .where(Account.kind == AccountKind.COST, or_(*went))
        .group_by(JournalLine.booked_on, Account.code, Account.outside_code)
    )
    sums: dict[tuple[date, str, str | None], int] = {}
    for day, code, outside, cents in rows:
        key = (month_start(day), code, outside)
        sums[key] = sums.get(key, 0) + int(cents)
    return {key: cents for key, cents in sums.items() if cents}
