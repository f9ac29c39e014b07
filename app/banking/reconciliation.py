"""Does the ledger's bank balance equal the statements to the cent; if not, by what, line by line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import BigInteger, case, cast, func, select
from sqlalchemy.orm import aliased

from app.banking import queries
from app.banking.booking import MATCH, SOURCE
from app.banking.differences import by_day
from app.banking.match_models import BankMatch, MatchKind
from app.banking.models import BankEntry, BankStatement
from app.banking.queries import AccountState
from app.base.dates import days
from app.extensions import db
from app.ledger import queries as ledger
from app.ledger.accounts import ACCOUNTING, BANK, SUSPENSE
from app.ledger.models import Account, Event, JournalEntry, JournalLine
from app.organisation.models import BankAccount, BookedBy

SHOWN = 25


@dataclass(frozen=True, slots=True)
class AccountLines:
    """One account: what its statements say and what of its lines is booked. Cents.

    `before` is the balance before all that was told (a notification may tell of days before the first statement),
    `later` what was told after the last one, `waiting` what is not booked because its period is closed, `elsewhere`
    what of `booked` stands on the other account (bank or clearing with the accounting package), from when the other
    books recorded it.
    """

    state: AccountState
    before: int
    booked: int
    later: int
    waiting: int
    elsewhere: int
    between: int  # what else was told of days of which the statement is missing

    @property
    def statement(self) -> int:
        return self.state.closing_cents or 0

    @property
    def missing(self) -> int:
        """What statements that are not here must have held, but for what else was told of it."""
        return sum(gap.missing_cents for gap in self.state.gaps) - self.between

    @property
    def off(self) -> int:
        """What is left when all that is known is taken into account; 0 where the account is whole."""
        return self.statement - self.before - self.missing - self.waiting - (self.booked - self.later)


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A booking on the bank that no statement told of (yet): recorded by hand."""

    entry_id: int
    booked_on: date
    event: Any
    cents: int


@dataclass(frozen=True, slots=True)
class Reconciliation:
    accounts: list[AccountLines]  # those that these books hold
    others: list[AccountLines]  # those that the accounting package books
    ledger: int
    suspense: int  # money that waits for an explanation: in is positive
    by_hand: list[Elsewhere]
    by_hand_cents: int
    opened: int  # the balance that was brought in when these books began
    earlier: int  # where none was: what was recorded by hand before the first statement

    @property
    def statements(self) -> int:
        return sum(each.statement for each in self.accounts)

    @property
    def difference(self) -> int:
        return self.ledger - self.statements

    @property
    def before(self) -> int:
        return sum(each.before for each in self.accounts)

    @property
    def equal(self) -> bool:
        """To the cent, but for a balance from before the first statement that was not brought in."""
        return not self.off

    @property
    def off(self) -> int:
        """The difference; what lies before the first statement is none where no balance was brought in."""
        return self.difference + (0 if self.opened else self.before - self.earlier)

    @property
    def unexplained(self) -> int:
        """What of the difference no line here explains. Anything but 0 is an error in the books."""
        told = sum(
            each.later - each.before - each.missing - each.waiting - each.off - each.elsewhere for each in self.accounts
        ) + sum(each.elsewhere for each in self.others)
        return self.difference - told - self.by_hand_cents - self.opened - self.earlier


def reconcile() -> Reconciliation:
    """Of all accounts, as things stand now. A constant number of statements."""
    sums, states = _lines(), [state for state in queries.accounts() if state.last_on is not None]
    between = _between(states)
    told: dict[BookedBy, list[AccountLines]] = {}
    for booked_by in BookedBy:
        mine = [state for state in states if state.account.booked_by is booked_by]
        elsewhere = _elsewhere(booked_by) if mine else {}
        told[booked_by] = [
            _account(state, sums, elsewhere.get(state.account.id, 0), between.get(state.account.id, 0))
            for state in mine
        ]
    balances = ledger.balances()
    opened_on, opened = db.session.execute(_totals(_opened_lines())).one()
    begins = opened_on or _day_before(told[BookedBy.HERE])
    before = _totals(by_hand_lines().where(JournalEntry.booked_on <= begins))  # an opening balance includes it
    earlier = db.session.execute(before).one().cents
    by_hand, by_hand_cents = _by_hand(begins)
    return Reconciliation(
        accounts=told[BookedBy.HERE], others=told[BookedBy.ACCOUNTING],
        ledger=balances[BANK].cents if BANK in balances else 0,
        suspense=-balances[SUSPENSE].cents if SUSPENSE in balances else 0,
        by_hand=by_hand, by_hand_cents=by_hand_cents,
        opened=opened + earlier if opened_on else 0, earlier=0 if opened_on else earlier,
    )  # fmt: skip


def _account(state: AccountState, sums: dict[int, Any], elsewhere: int, between: int) -> AccountLines:
    row = sums.get(state.account.id)
    booked, later, waiting = (int(row.booked), int(row.later), int(row.waiting)) if row else (0, 0, 0)
    before = (state.opening_cents or 0) - (int(row.earlier) if row else 0)
    return AccountLines(state, before, booked, later, waiting, elsewhere, between)


def _between(states: list[AccountState]) -> dict[int, int]:
    """By bank account, cents told of days of which the statement is missing."""
    gaps = {state.account.id: state.gaps for state in states if state.gaps}
    if not gaps:
        return {}
    first = min(gap.after for each in gaps.values() for gap in each)
    last = max(gap.until for each in gaps.values() for gap in each)
    return {
        account_id: sum(
            cents for day, cents in told.items() if any(gap.after < day < gap.until for gap in gaps[account_id])
        )
        for account_id, told in by_day(gaps, first, last).items()
    }


def _elsewhere(booked_by: BookedBy) -> dict[int, int]:
    """By bank account, cents of its lines that stand where they would not be booked now: the account changed hands.
    Read from the other account's side, on which such an account has few lines."""
    other = ACCOUNTING if booked_by is BookedBy.HERE else BANK
    rows = db.session.execute(
        select(BankEntry.account_id, func.sum(JournalLine.cents))
        .join(JournalEntry, JournalEntry.id == JournalLine.entry_id)
        .join(BankEntry, BankEntry.id == JournalEntry.source_id)
        .join(BankAccount, BankAccount.id == BankEntry.account_id)
        .where(JournalLine.account_id == select(Account.id).where(Account.code == other).scalar_subquery())
        .where(JournalEntry.source_type == SOURCE, BankAccount.booked_by == booked_by)
        .group_by(BankEntry.account_id)
    )
    return {account_id: int(cents) for account_id, cents in rows}


def _lines() -> dict[int, Any]:
    """Per account: cents booked, of those after the last statement, not booked, and told before the first one."""
    begins = case((BankStatement.entries > 0, BankStatement.from_on), else_=BankStatement.to_on)
    last = (
        select(
            BankStatement.account_id, func.max(BankStatement.to_on).label("last_on"),
            func.min(begins).label("first"),
        )
        .where(BankStatement.closing_cents.is_not(None), BankStatement.opening_cents.is_not(None))
        .group_by(BankStatement.account_id)
        .subquery()
    )  # fmt: skip
    booked = BankEntry.ledger_on.is_not(None)
    later = BankEntry.booked_on > last.c.last_on

    def total(condition: Any) -> Any:
        return func.coalesce(func.sum(BankEntry.cents).filter(condition), 0)

    rows = db.session.execute(
        select(
            BankEntry.account_id, total(booked).label("booked"), total(booked & later).label("later"),
            total(~booked & ~later).label("waiting"), total(BankEntry.booked_on < last.c.first).label("earlier"),
        )
        .join(last, last.c.account_id == BankEntry.account_id)
        .group_by(BankEntry.account_id)
    )  # fmt: skip
    return {row.account_id: row for row in rows}


def by_hand_lines() -> Any:
    """Bookings on the bank that come from no statement, stand, and were not found on one since."""
    return _apart().where(JournalEntry.event != Event.OPENING_BALANCE)


def _opened_lines() -> Any:
    return _apart().where(JournalEntry.event == Event.OPENING_BALANCE)


def _apart() -> Any:
    undone = aliased(JournalEntry)
    found = select(BankMatch.target_id).where(BankMatch.kind == MatchKind.BY_HAND, BankMatch.undone_at.is_(None))
    return (
        select(JournalEntry.id, JournalEntry.booked_on, JournalEntry.event, JournalEntry.source_type,
               JournalEntry.source_id, JournalLine.cents)
        .join(JournalLine, JournalLine.entry_id == JournalEntry.id)
        .join(Account, Account.id == JournalLine.account_id)
        .where(Account.code == BANK, JournalEntry.source_type.not_in((SOURCE, MATCH)))
        .where(JournalEntry.reverses_id.is_(None), JournalEntry.id.not_in(found))
        .where(
            ~select(undone.id)
            .where(undone.source_id == JournalEntry.source_id, undone.reverses_id == JournalEntry.id)
            .exists()
        )
    )  # fmt: skip


def _day_before(accounts: list[AccountLines]) -> date:
    """The day before the first statement of any of them: no statement can tell what was recorded until then."""
    first = func.min(func.coalesce(BankStatement.from_on, BankStatement.to_on))
    chosen = BankStatement.account_id.in_([each.state.account.id for each in accounts])
    found = db.session.execute(select(first).where(chosen, BankStatement.closing_cents.is_not(None))).scalar_one()
    return found - days(1) if found else date.min


def _by_hand(begins: date) -> tuple[list[Elsewhere], int]:
    found = by_hand_lines().where(JournalEntry.booked_on > begins)
    cents = db.session.execute(_totals(found)).one().cents
    newest = found.order_by(JournalEntry.booked_on.desc(), JournalEntry.id.desc()).limit(SHOWN)
    return [Elsewhere(row.id, row.booked_on, row.event, row.cents) for row in db.session.execute(newest)], cents


def _totals(found: Any) -> Any:
    """Its last booking date, or none, and its sum in cents."""
    rows = found.subquery()
    cents = cast(func.coalesce(func.sum(rows.c.cents), 0), BigInteger)  # PostgreSQL sums whole numbers to decimals
    return select(func.max(rows.c.booked_on).label("last_on"), cents.label("cents"))


def later_lines(account: AccountLines) -> list[BankEntry]:
    """Entries told after the last statement of this account, and those not booked, oldest first."""
    last_on = account.state.last_on or date.max - days(1)
    chosen = (
        select(BankEntry)
        .where(BankEntry.account_id == account.state.account.id)
        .where((BankEntry.booked_on > last_on) | BankEntry.ledger_on.is_(None))
        .order_by(BankEntry.booked_on, BankEntry.id)
        .limit(SHOWN)
    )
    return list(db.session.execute(chosen).scalars())
