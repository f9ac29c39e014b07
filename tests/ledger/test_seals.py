"""The journal refuses changes from any hand: raw SQL, past the application."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import UTC, date, datetime

import psycopg
import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from app.base.actor import SYSTEM
from app.extensions import db, settings, writing
from app.ledger import services
from tests.factories.ledger import gift_entry

NOW = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)


@pytest.fixture
def entry_id(app: Flask) -> int:
    with writing():
        return services.post([gift_entry()], actor=SYSTEM, now=NOW)[0]


def account(code: str) -> int:
    return int(
        db.session.execute(text("SELECT id FROM ledger_account WHERE code = :code"), {"code": code}).scalar_one()
    )


def raw_line(line_id: int, entry_id: int, cents: object, on: str = "2026-11-23") -> None:
    db.session.execute(
        text("INSERT INTO journal_line (id, entry_id, booked_on, account_id, cents) VALUES (:i, :e, :d, :a, :c)"),
        {"i": line_id, "e": entry_id, "d": date.fromisoformat(on) if not settings().is_sqlite else on,
         "a": account("1100"), "c": cents},
    )  # fmt: skip


def raw_entry(entry_id: int, line_count: int, on: str = "2026-11-23") -> None:
    day = date.fromisoformat(on) if not settings().is_sqlite else on
    db.session.execute(
        text(
            "INSERT INTO journal_entry (id, booked_on, event, source_type, source_id, key, line_count, posted_at)"
            " VALUES (:i, :d, 'gift_received', 'gift', 1, 'raw', :n, :t)"
        ),
        {"i": entry_id, "d": day, "n": line_count, "t": "2026-11-23 11:00:00" if settings().is_sqlite else NOW},
    )


def raw_write(entry_id: int, amounts: Sequence[object], on: Sequence[str] = (), sealed: bool = True) -> None:
    """Lines of these amounts and their entry, past the application, in one transaction."""
    dates = on or ["2026-11-23"] * len(amounts)
    with writing():
        for number, (cents, day) in enumerate(zip(amounts, dates, strict=True)):
            raw_line(100 + number, entry_id, cents, day)
        if sealed:
            raw_entry(entry_id, max(2, len(amounts)), (dates or ["2026-11-23"])[0])


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE journal_line SET cents = cents + 1",
        "UPDATE journal_line SET cents = cents",
        "DELETE FROM journal_line",
        "UPDATE journal_entry SET source_id = 2",
        "DELETE FROM journal_entry",
        "UPDATE ledger_key SET entry_id = 5",
        "DELETE FROM ledger_key",
    ],
)
def test_nothing_posted_is_changed_or_removed(entry_id: int, statement: str) -> None:
    with pytest.raises(IntegrityError, match="append-only"), writing() as session:
        session.execute(text(statement))


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    ("table", "recursive"),
    [
        ("journal_line", "ON"),
        ("journal_line", "OFF"),
        ("journal_entry", "ON"),
        ("journal_entry", "OFF"),
        # Keys are claimed by ON CONFLICT DO NOTHING; our own connections assert recursive_triggers.
        ("ledger_key", "ON"),
    ],
)
def test_insert_or_replace_does_not_slip_past(app: Flask, entry_id: int, table: str, recursive: str) -> None:
    db.session.rollback()
    rows = f"SELECT * FROM {table}"  # noqa: S608
    with sqlite3.connect(settings().database_url.removeprefix("sqlite:///")) as connection:
        connection.execute(f"PRAGMA recursive_triggers = {recursive}")
        before = connection.execute(rows).fetchall()
        with pytest.raises(sqlite3.IntegrityError):
            connection.execute(f"INSERT OR REPLACE INTO {table} {rows}")
        assert connection.execute(rows).fetchall() == before
    connection.close()


@pytest.mark.databases("postgresql")
@pytest.mark.parametrize("table", ["journal_line", "journal_entry", "ledger_key"])
def test_truncate_is_refused(entry_id: int, table: str) -> None:
    with pytest.raises(DBAPIError, match="append-only"), writing() as session:
        session.execute(text(f"TRUNCATE {table} CASCADE"))


@pytest.mark.parametrize("amounts", [[], [500], [500, -499], [500, -500, 1]])
def test_an_entry_whose_lines_do_not_balance_is_refused(entry_id: int, amounts: Sequence[int]) -> None:
    with pytest.raises(DBAPIError, match="sum to 0"):
        raw_write(99, amounts)


def test_an_entry_that_balances_is_accepted(entry_id: int) -> None:
    raw_write(99, [500, -300, -200])
    assert db.session.execute(text("SELECT count(*) FROM journal_line WHERE entry_id = 99")).scalar() == 3


def test_lines_without_their_entry_are_refused_at_commit(entry_id: int) -> None:
    with pytest.raises(DBAPIError, match="(?i)foreign key|sealed"):
        raw_write(99, [500, -500], sealed=False)


def test_later_lines_are_refused_also_when_they_balance(entry_id: int) -> None:
    with pytest.raises(DBAPIError, match="sealed"):
        raw_write(entry_id, [500, -500], sealed=False)


def test_a_line_of_another_date_is_refused(entry_id: int) -> None:
    with pytest.raises(DBAPIError, match="carry its date"):
        raw_write(99, [500, -500], on=["2026-11-23", "2026-11-22"])


def test_a_closed_period_is_refused_by_the_database_too(entry_id: int) -> None:
    with writing() as session:
        month = "2026-10-01" if settings().is_sqlite else date(2026, 10, 1)
        session.execute(text("INSERT INTO fiscal_period (id, month, state) VALUES (1, :m, 'closed')"), {"m": month})
    with pytest.raises(DBAPIError, match="period is closed"):
        raw_write(99, [500, -500], on=["2026-10-31", "2026-10-31"])


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("cents", [12.5, "lots"])
def test_only_whole_cents_are_stored(entry_id: int, cents: object) -> None:
    with pytest.raises(IntegrityError):
        raw_write(99, [cents, -500])


@pytest.mark.databases("postgresql")
def test_a_line_slipped_under_an_entry_of_another_transaction_is_refused(app: Flask, entry_id: int) -> None:
    address = settings().database_url.replace("postgresql+psycopg://", "postgresql://")
    insert = (
        "INSERT INTO journal_line (id, entry_id, booked_on, account_id, cents) VALUES (%s, 99, '2026-11-23', %s, %s)"
    )
    code = account("1100")
    db.session.rollback()
    with psycopg.connect(address) as first, psycopg.connect(address) as second:
        first.execute(insert, (100, code, 5))
        first.execute(insert, (101, code, -5))
        first.execute(
            "INSERT INTO journal_entry (id, booked_on, event, source_type, source_id, key, line_count, posted_at)"
            " VALUES (99, '2026-11-23', 'gift_received', 'gift', 1, 'raw', 2, now())"
        )
        second.execute(insert, (102, code, 7))  # it cannot see the entry yet
        first.commit()
        with pytest.raises(psycopg.errors.CheckViolation, match="sealed"):
            second.commit()
