"""`flask ledger check`: proof that the books are whole, also against hands inside the database.

The ledger's own checks are here; higher rooms register theirs at start (every paid payment is
posted once, totals equal the sub-ledger). A check gives the problems it found, as lines to print.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, case, exists, func, literal, or_, select
from sqlalchemy.orm import aliased

from app.extensions import db
from app.ledger.models import (
    Account,
    AccountKind,
    JournalEntry,
    JournalLine,
    LedgerFresh,
    LedgerKey,
    LedgerSum,
    LedgerTotal,
)

Check = Callable[[], Iterable[str]]
SHOWN = 20  # problems printed for one check
_checks: dict[str, Check] = {}


def register(name: str, check: Check) -> None:
    """Add a check, once for each name: `register("Every gift is posted once", gifts_posted)`."""
    _checks[name] = check


@dataclass(frozen=True, slots=True)
class Outcome:
    name: str
    problems: list[str]
    more: bool  # there are more than are listed


def run() -> list[Outcome]:
    """Run all checks, lowest room first, each in one read transaction of its own."""
    outcomes = []
    for name, check in _checks.items():
        problems: list[str] = []
        more = False
        for problem in check():
            if len(problems) == SHOWN:
                more = True
                break
            problems.append(problem)
        db.session.rollback()
        outcomes.append(Outcome(name, problems, more))
    return outcomes


def posted_cents(source_type: str) -> ColumnElement[int]:
    """Income booked for sources of this type, as a scalar expression: for comparing with a sub-ledger."""
    return (
        select(func.coalesce(-func.sum(JournalLine.cents), 0))
        .join(JournalEntry, JournalEntry.id == JournalLine.entry_id)
        .join(Account, Account.id == JournalLine.account_id)
        .where(JournalEntry.source_type == source_type, Account.kind == AccountKind.INCOME)
        .scalar_subquery()
    )


def _entries_balance() -> Iterable[str]:
    line = JournalLine
    off = (
        select(line.entry_id, func.sum(line.cents), func.count())
        .group_by(line.entry_id)
        .having(or_(func.sum(line.cents) != 0, func.count() < 2))
        .limit(SHOWN + 1)
    )
    for entry_id, cents, count in db.session.execute(off):
        yield f"entry {entry_id}: {count} lines that sum to {cents} cents"


def _entries_are_whole() -> Iterable[str]:
    counted = (
        select(JournalLine.entry_id, func.count().label("n"), func.min(JournalLine.booked_on).label("first"),
               func.max(JournalLine.booked_on).label("last"))
        .group_by(JournalLine.entry_id)
        .subquery()
    )  # fmt: skip
    entry = JournalEntry
    off = (
        select(entry.id, entry.line_count, counted.c.n)
        .outerjoin(counted, counted.c.entry_id == entry.id)
        .where(
            or_(
                counted.c.n.is_(None),
                counted.c.n != entry.line_count,
                counted.c.first != entry.booked_on,
                counted.c.last != entry.booked_on,
            )
        )
        .limit(SHOWN + 1)
    )
    for entry_id, sealed, there in db.session.execute(off):
        yield f"entry {entry_id}: sealed with {sealed} lines, has {there or 0}, or a line has another date"
    orphans = select(JournalLine.id).where(~exists().where(entry.id == JournalLine.entry_id)).limit(SHOWN + 1)
    for line_id in db.session.execute(orphans).scalars():
        yield f"line {line_id}: its entry is not there"


def _keys_lead_to_entries() -> Iterable[str]:
    key, entry = LedgerKey, JournalEntry
    lost = (
        select(key.key).outerjoin(entry, and_(entry.id == key.entry_id, entry.key == key.key)).where(entry.id.is_(None))
    )
    for name in db.session.execute(lost.limit(SHOWN + 1)).scalars():
        yield f"key {name}: leads to no entry with that key"
    keyless = select(entry.id).outerjoin(key, and_(key.key == entry.key, key.entry_id == entry.id))
    for entry_id in db.session.execute(keyless.where(key.key.is_(None)).limit(SHOWN + 1)).scalars():
        yield f"entry {entry_id}: its key is not registered; it may be booked twice"


def _reversals_mirror() -> Iterable[str]:
    """Per account and dimension, an entry and its reversal come to nothing."""
    entry, line = JournalEntry, JournalLine
    both = (
        select(entry.id.label("reversal"), line)
        .join(line, or_(line.entry_id == entry.id, line.entry_id == entry.reverses_id))
        .where(entry.reverses_id.is_not(None))
        .subquery()
    )
    off = (
        select(both.c.reversal)
        .group_by(
            both.c.reversal, both.c.account_id, both.c.programme_id, both.c.grant_id, both.c.campaign_id, both.c.rj_line
        )
        .having(func.sum(both.c.cents) != 0)
        .limit(SHOWN + 1)
    )
    for entry_id in db.session.execute(off).scalars():
        yield f"entry {entry_id}: does not mirror the entry it reverses"
    first, second = aliased(entry), aliased(entry)
    twice = (
        select(first.reverses_id).where(first.reverses_id.is_not(None)).group_by(first.reverses_id)
        .having(func.count() > 1).limit(SHOWN + 1)
    )  # fmt: skip
    for entry_id in db.session.execute(twice).scalars():
        yield f"entry {entry_id}: reversed more than once"
    chains = select(first.id).join(second, second.id == first.reverses_id).where(second.reverses_id.is_not(None))
    for entry_id in db.session.execute(chains.limit(SHOWN + 1)).scalars():
        yield f"entry {entry_id}: reverses a reversal"


def _sums_equal_lines() -> Iterable[str]:
    """Folded plus fresh sums against the lines themselves, cell by cell, in one statement."""
    dimensions = ("account_id", "programme_id", "grant_id", "campaign_id", "rj_line")

    def month_of(column: ColumnElement[object]) -> ColumnElement[object]:
        if db.engine.dialect.name == "sqlite":
            return func.strftime("%Y%m", column)
        return func.to_char(column, literal("YYYYMM"))

    def parts(model: type[LedgerSum | LedgerFresh]) -> ColumnElement[object]:
        columns = [getattr(model, name) for name in dimensions]
        return select(  # type: ignore[return-value]
            month_of(model.__table__.c.month).label("month"), *columns,
            model.debit_cents.label("debit"), (-model.credit_cents).label("credit"), model.line_count.label("n"),
        )  # fmt: skip

    cents = JournalLine.cents
    from_lines = select(
        month_of(JournalLine.__table__.c.booked_on).label("month"),
        *(JournalLine.__table__.c[name] for name in dimensions),
        (-case((cents > 0, cents), else_=0)).label("debit"), (-case((cents < 0, cents), else_=0)).label("credit"),
        literal(-1).label("n"),
    )  # fmt: skip
    cells = from_lines.union_all(parts(LedgerSum), parts(LedgerFresh)).subquery()  # type: ignore[arg-type]
    keys = [cells.c.month, *(cells.c[name] for name in dimensions)]
    sums = [func.sum(cells.c.debit), func.sum(cells.c.credit), func.sum(cells.c.n)]
    off = select(*keys, *sums).group_by(*keys).having(or_(*(total != 0 for total in sums))).limit(SHOWN + 1)
    for month, account_id, *_, debit, credit, count in db.session.execute(off):
        off_by = f"{debit} debit, {abs(credit)} credit, {count} lines"
        yield f"account {account_id}, {month}: sums differ from lines by {off_by}"


def _totals_equal_sums() -> Iterable[str]:
    """The totals without grant and campaign against the cells they were folded with."""
    keys = ("month", "account_id", "programme_id", "rj_line")
    amounts = ("debit_cents", "credit_cents", "line_count")
    fine, coarse = LedgerSum.__table__, LedgerTotal.__table__
    cells = (
        select(*(fine.c[name] for name in (*keys, *amounts)))
        .union_all(select(*(coarse.c[name] for name in keys), *((-coarse.c[name]).label(name) for name in amounts)))
        .subquery()
    )
    grouped = [cells.c[name] for name in keys]
    sums = [func.sum(cells.c[name]) for name in amounts]
    off = select(*grouped, *sums).group_by(*grouped).having(or_(*(total != 0 for total in sums))).limit(SHOWN + 1)
    for month, account_id, *_, debit, credit, count in db.session.execute(off):
        off_by = f"{debit} debit, {credit} credit, {count} lines"
        yield f"account {account_id}, {month:%Y%m}: sums differ from totals by {off_by}"


register("Every entry sums to 0", _entries_balance)
register("Every entry has the lines it was sealed with", _entries_are_whole)
register("Every entry has its key, every key its entry", _keys_lead_to_entries)
register("Every reversal mirrors its entry, once", _reversals_mirror)
register("The sums equal the lines", _sums_equal_lines)
register("The totals equal the sums", _totals_equal_sums)
