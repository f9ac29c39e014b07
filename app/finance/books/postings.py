"""Journal entries read whole, in bounded memory: what every file for the accounting package is made of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, case, func, select

from app.base.errors import Refused
from app.base.states import N_
from app.extensions import db
from app.finance.exports.sheet import as_text, batches
from app.finance.periods import Period
from app.ledger.models import Account, JournalEntry, JournalLine


class PostedLine(NamedTuple):
    """One line; `cents` is debit positive."""

    account_id: int
    cents: int
    programme_id: int | None
    grant_id: int | None
    campaign_id: int | None
    rj_line: str | None


@dataclass(slots=True)
class Posting:
    """One entry with all its lines."""

    entry_id: int
    booked_on: date
    event: str
    source_type: str
    source_id: int
    reverses_id: int | None
    lines: list[PostedLine] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Range:
    """Which entries: by booking date, and of those only ids above `after` (what was handed over before) and none of
    `without`, which are few."""

    period: Period
    after: int = 0
    without: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Control:
    """What the entries of a range come to, in cents. `last_id` is the highest entry id, 0 without entries."""

    entries: int
    lines: int
    debit_cents: int
    credit_cents: int
    last_id: int


@contextmanager
def snapshot() -> Iterator[Connection]:
    """A connection that sees one state of the books, however long the reading takes."""
    options = {"isolation_level": "REPEATABLE READ"} if db.engine.dialect.name == "postgresql" else {}
    db.session.rollback()
    with db.engine.connect().execution_options(**options) as connection:
        yield connection


def control(connection: Connection, wanted: Range) -> Control:
    """The totals that stand at the head of a file, counted by the database."""
    line, entry = JournalLine.__table__.c, JournalEntry.__table__.c
    debit = func.coalesce(func.sum(case((line.cents > 0, line.cents), else_=0)), 0)
    lines, debits, total = connection.execute(
        select(func.count(), debit, func.coalesce(func.sum(line.cents), 0)).where(
            *_within(line.booked_on, line.entry_id, wanted)
        )
    ).one()
    entries, last = connection.execute(
        select(func.count(), func.coalesce(func.max(entry.id), 0)).where(*_within(entry.booked_on, entry.id, wanted))
    ).one()
    return Control(int(entries), int(lines), int(debits), int(debits) - int(total), int(last))


def _within(day: Any, entry_id: Any, wanted: Range) -> list[Any]:
    inside = [day.between(wanted.period.start, wanted.period.end)]
    if wanted.after:
        inside.append(entry_id > wanted.after)
    return [*inside, entry_id.not_in(wanted.without)] if wanted.without else inside


def postings(connection: Connection, wanted: Range) -> Iterator[Posting]:
    """The entries by booking date. Lines that two processes wrote at one moment may lie between each other:
    an entry is given when all its lines are there.

    Raises Refused where an entry misses lines: such books prove nothing (`flask ledger check`).
    """
    waiting: dict[int, Posting] = {}
    for columns in batches(connection, _statement(wanted)):
        lines = map(PostedLine._make, zip(*columns[7:], strict=True))
        for entry_id, day, count, kind, source_type, source_id, reverses, line in zip(*columns[:7], lines, strict=True):
            found = waiting.get(entry_id)
            if found is None:
                found = Posting(entry_id, day, kind, source_type, source_id, reverses)
                waiting[entry_id] = found
            found.lines.append(line)
            if len(found.lines) == count:
                yield waiting.pop(entry_id)
    if waiting:
        raise Refused(N_("The journal misses lines of an entry. Run flask ledger check before you hand anything over."))


def _statement(wanted: Range) -> Select[Any]:
    line, entry = JournalLine.__table__.c, JournalEntry.__table__.c
    return (
        select(
            line.entry_id, line.booked_on, entry.line_count, as_text(entry.event), entry.source_type, entry.source_id,
            entry.reverses_id, line.account_id, line.cents, line.programme_id, line.grant_id, line.campaign_id,
            as_text(line.rj_line),
        )
        .join_from(JournalLine.__table__, JournalEntry.__table__, entry.id == line.entry_id)
        .where(*_within(line.booked_on, line.entry_id, wanted))
        .order_by(line.booked_on, line.id)
    )  # fmt: skip


def accounts(connection: Connection) -> Sequence[Any]:
    """The chart, by code: rows with id, code, outside_code, name_nl, kind, rgs_code."""
    chart = Account.__table__.c
    found = select(chart.id, chart.code, chart.outside_code, chart.name_nl, chart.kind, chart.rgs_code)
    return connection.execute(found.order_by(chart.code)).all()
