"""Reading the ledger: sums that are live, balances, and entries page by page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import aliased

from app.extensions import db
from app.ledger import sums
from app.ledger.accounts import PASSED_ON, RECEIVABLE, RECEIVED_AHEAD, REPAYABLE
from app.ledger.entries import Entry, Line, reversal_key
from app.ledger.models import Account, AccountKind, FiscalPeriod, JournalEntry, JournalLine, LedgerKey, PeriodState
from app.ledger.rj import RjLine


@dataclass(frozen=True, slots=True)
class MonthAmount:
    rj_line: RjLine | None
    month: date  # its first day
    cents: int  # income positive


def income_by_month(start: date, end: date) -> list[MonthAmount]:
    """Income per RJ 650 line and month, for months that begin in [start, end). One statement."""
    both = sums.coarse().subquery()
    rows = db.session.execute(
        select(both.c.rj_line, both.c.month, func.sum(both.c.credit_cents - both.c.debit_cents))
        .join(Account, Account.id == both.c.account_id)
        .where(Account.kind == AccountKind.INCOME, both.c.month >= start, both.c.month < end)
        .group_by(both.c.rj_line, both.c.month)
    )
    return [MonthAmount(line, month, int(cents)) for line, month, cents in rows]


@dataclass(frozen=True, slots=True)
class Balance:
    code: str
    debit_cents: int
    credit_cents: int
    line_count: int

    @property
    def cents(self) -> int:
        """Debit positive."""
        return self.debit_cents - self.credit_cents


def balances(until: date | None = None) -> dict[str, Balance]:
    """What stands on each account that was ever booked on, by code; until the month that begins on
    `until` (not including it)."""
    both = sums.coarse().subquery()
    query = (
        select(Account.code, func.sum(both.c.debit_cents), func.sum(both.c.credit_cents), func.sum(both.c.line_count))
        .join(Account, Account.id == both.c.account_id)
        .group_by(Account.code)
    )
    if until is not None:
        query = query.where(both.c.month < until)
    rows = db.session.execute(query)
    return {code: Balance(code, int(debit), int(credit), int(count)) for code, debit, credit, count in rows}


@dataclass(frozen=True, slots=True)
class GrantBalance:
    """What the ledger says of one grant, in cents."""

    recognised: int
    receivable: int
    received_ahead: int
    repayable: int = 0

    @property
    def received(self) -> int:
        """What came in, less what was paid back."""
        return self.recognised - self.receivable + self.received_ahead + self.repayable


def grant_balances(grant_ids: Sequence[int]) -> dict[int, GrantBalance]:
    """By grant id; a grant never booked has zeros. To post on what this says, lock the grant first."""
    both = sums.both().subquery()
    found: dict[int, list[int]] = {grant_id: [0, 0, 0, 0] for grant_id in grant_ids}
    rows = db.session.execute(
        select(both.c.grant_id, Account.code, Account.kind, func.sum(both.c.debit_cents - both.c.credit_cents))
        .join(Account, Account.id == both.c.account_id)
        .where(both.c.grant_id.in_(grant_ids))
        .group_by(both.c.grant_id, Account.code, Account.kind)
    )
    for grant_id, code, kind, cents in rows:
        if kind == AccountKind.INCOME and code != PASSED_ON:
            found[grant_id][0] -= int(cents)
        elif code == RECEIVABLE:
            found[grant_id][1] += int(cents)
        elif code == RECEIVED_AHEAD:
            found[grant_id][2] -= int(cents)
        elif code == REPAYABLE:
            found[grant_id][3] -= int(cents)
    return {grant_id: GrantBalance(*amounts) for grant_id, amounts in found.items()}


def grant_balance(grant_id: int) -> GrantBalance:
    return grant_balances([grant_id])[grant_id]


def accounts() -> list[Account]:
    return list(db.session.execute(select(Account).order_by(Account.code)).scalars())


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFilter:
    """Which journal lines: all that is given must hold. `start` and `end` are first days of months, `end` not
    included, so that the sums at the foot can come from the sums."""

    start: date | None = None
    end: date | None = None
    account_id: int | None = None
    rj_line: RjLine | None = None
    programme_id: int | None = None
    grant_id: int | None = None


@dataclass(frozen=True, slots=True)
class LineTotals:
    debit_cents: int
    credit_cents: int
    line_count: int


def line_totals(chosen: LineFilter) -> LineTotals:
    """Count and sums of the chosen lines, from the sums: its cost does not grow with the journal."""
    both = (sums.coarse() if chosen.grant_id is None else sums.of_grants()).subquery()
    query = select(
        func.coalesce(func.sum(both.c.debit_cents), 0),
        func.coalesce(func.sum(both.c.credit_cents), 0),
        func.coalesce(func.sum(both.c.line_count), 0),
    )
    for name in ("account_id", "programme_id", "grant_id"):
        if (value := getattr(chosen, name)) is not None:
            query = query.where(both.c[name] == value)
    if chosen.rj_line is not None:
        query = query.where(both.c.rj_line == chosen.rj_line)
    if chosen.start is not None:
        query = query.where(both.c.month >= chosen.start)
    if chosen.end is not None:
        query = query.where(both.c.month < chosen.end)
    return LineTotals(*(int(value) for value in db.session.execute(query).one()))


def lines(chosen: LineFilter) -> Any:
    """The chosen lines with their entries, newest booking date first, unlimited: page it by key
    (booked_on, id)."""
    query = select(JournalLine, JournalEntry).join(JournalEntry, JournalEntry.id == JournalLine.entry_id)
    for name in ("account_id", "programme_id", "grant_id", "rj_line"):
        if (value := getattr(chosen, name)) is not None:
            query = query.where(getattr(JournalLine, name) == value)
    if chosen.start is not None:
        query = query.where(JournalLine.booked_on >= chosen.start)
    if chosen.end is not None:
        query = query.where(JournalLine.booked_on < chosen.end)
    return query.order_by(JournalLine.booked_on.desc(), JournalLine.id.desc())


def reversed_by(entry_id: int) -> int | None:
    """The counter entry of this entry, if it was undone."""
    return db.session.execute(
        select(LedgerKey.entry_id).where(LedgerKey.key == reversal_key(entry_id))
    ).scalar_one_or_none()


def entries_of(source: tuple[str, int]) -> list[JournalEntry]:
    """All that was booked for one source, in the order it was booked."""
    return list(
        db.session.execute(
            select(JournalEntry)
            .where(JournalEntry.source_id == source[1], JournalEntry.source_type == source[0])
            .order_by(JournalEntry.id)
        ).scalars()
    )


_CLOSED = select(FiscalPeriod.month).where(FiscalPeriod.state == PeriodState.CLOSED)
_CLOSED_OF = _CLOSED.where(FiscalPeriod.month.in_(bindparam("months", expanding=True)))  # every booking asks


def closed_months(months: Iterable[date] | None = None) -> set[date]:
    """Those of these months (first days), or of all, that are closed for booking."""
    if months is None:
        return set(db.session.execute(_CLOSED).scalars())
    return set(db.session.execute(_CLOSED_OF, {"months": list(months)}).scalars())


def booked_months() -> tuple[date, date] | None:
    """The first and the last month with anything on it."""
    both = sums.coarse().subquery()
    first, last = db.session.execute(select(func.min(both.c.month), func.max(both.c.month))).one()
    return (first, last) if first else None


def account(code: str) -> Account | None:
    return db.session.execute(select(Account).where(Account.code == code)).scalar_one_or_none()


def entry(entry_id: int) -> JournalEntry | None:
    return db.session.get(JournalEntry, entry_id)


def lines_of(entry_id: int) -> list[JournalLine]:
    """The lines of an entry, in the order they were written."""
    return list(
        db.session.execute(
            select(JournalLine).where(JournalLine.entry_id == entry_id).order_by(JournalLine.id)
        ).scalars()
    )


def debits_of(entry_ids: Iterable[int]) -> dict[int, int]:
    """What each entry comes to: the cents of its debit side, by entry."""
    found = db.session.execute(
        select(JournalLine.entry_id, func.sum(JournalLine.cents))
        .where(JournalLine.entry_id.in_(list(entry_ids)), JournalLine.cents > 0)
        .group_by(JournalLine.entry_id)
    )
    return {entry_id: int(cents) for entry_id, cents in found}


def live_entries(source: tuple[str, int]) -> list[tuple[int, Entry]]:
    """What was booked for one source and stands: (id, the entry as it was posted), in that order. Reversals
    and what they reversed are left out."""
    undone = aliased(JournalEntry)
    rows = db.session.execute(
        select(JournalEntry, JournalLine, Account.code)
        .join(JournalLine, JournalLine.entry_id == JournalEntry.id)
        .join(Account, Account.id == JournalLine.account_id)
        .where(
            JournalEntry.source_id == source[1],
            JournalEntry.source_type == source[0],
            JournalEntry.reverses_id.is_(None),
            ~select(undone.id)
            .where(
                undone.source_id == source[1], undone.source_type == source[0], undone.reverses_id == JournalEntry.id
            )
            .exists(),
        )
        .order_by(JournalEntry.id, JournalLine.id)
    )
    found: dict[int, tuple[JournalEntry, list[Line]]] = {}
    for entry, line, code in rows:
        found.setdefault(entry.id, (entry, []))[1].append(
            Line(code, line.cents, line.programme_id, line.grant_id, line.campaign_id, line.rj_line)
        )
    return [(i, Entry(e.event, e.booked_on, source, e.key, tuple(lines))) for i, (e, lines) in found.items()]
