"""`flask ledger check` finds what hands inside the database did, triggers dropped or not."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from app.base.actor import SYSTEM
from app.extensions import db, settings, triggers, writing
from app.jobs.services import run_due
from app.ledger import checks, services, sums
from app.ledger.models import LedgerFresh
from tests.conftest import SettableClock
from tests.factories.ledger import gift_entry

NOW = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)


@pytest.fixture
def books(app: Flask) -> list[int]:
    """Three gifts, the last reversed; the sums half folded."""
    with writing():
        ids = services.post([gift_entry(n) for n in range(3)], actor=SYSTEM, now=NOW)
    with writing():
        sums.fold()
    with writing():
        services.reverse(entry_ids=[ids[2]], on=date(2026, 12, 1), actor=SYSTEM, now=NOW)
    return ids


@pytest.fixture
def without_triggers(books: list[int]) -> None:
    with writing() as session:
        if settings().is_sqlite:
            names = session.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all()
            for name in names:
                session.execute(text(f"DROP TRIGGER {name}"))
        else:
            for trigger in triggers.registered():
                session.execute(text(f"ALTER TABLE {trigger.table} DISABLE TRIGGER USER"))


def run(app: Flask) -> tuple[int, str]:
    result = app.test_cli_runner().invoke(args=["ledger", "check"])
    return result.exit_code, result.output


def test_whole_books_pass(app: Flask, books: list[int]) -> None:
    code, output = run(app)
    assert code == 0, output
    assert "FAILED" not in output
    assert "checks hold" in output


def test_empty_books_pass(app: Flask) -> None:
    assert run(app)[0] == 0


@pytest.mark.parametrize(
    ("tampering", "found"),
    [
        ("UPDATE journal_line SET cents = cents + 1 WHERE id = (SELECT min(id) FROM journal_line)", "sum to 1 cents"),
        ("UPDATE journal_line SET cents = cents * 2", "sums differ from lines"),
        ("DELETE FROM journal_line WHERE id = (SELECT min(id) FROM journal_line)", "sealed with 2 lines, has 1"),
        ("UPDATE journal_line SET booked_on = (SELECT max(booked_on) FROM journal_line)", "another date"),
        ("UPDATE journal_line SET rj_line = 'lotteries' WHERE cents < 0", "sums differ from lines"),
        ("DELETE FROM ledger_key WHERE key = 'gift_received:sample:0'", "its key is not registered"),
        ("UPDATE journal_entry SET key = 'x' WHERE key = 'gift_received:sample:0'", "leads to no entry"),
        ("UPDATE ledger_sum SET credit_cents = credit_cents + 1 WHERE credit_cents > 0", "0 debit, 1 credit, 0 lines"),
        ("UPDATE ledger_total SET line_count = line_count + 1", "sums differ from totals"),
        ("DELETE FROM ledger_fresh", "sums differ from lines"),
        ("UPDATE journal_entry SET reverses_id = (SELECT min(id) FROM journal_entry)"
         " WHERE key = 'gift_received:sample:1'", "does not mirror|more than once"),
    ],
)  # fmt: skip
def test_tampering_is_found(app: Flask, without_triggers: None, tampering: str, found: str) -> None:
    with writing() as session:
        session.execute(text(tampering))
    code, output = run(app)
    assert code == 1
    assert any(part in output for part in found.split("|")), output


@pytest.mark.databases("sqlite")
def test_an_entry_that_lost_its_lines_or_a_line_its_entry_is_found(app: Flask, without_triggers: None) -> None:
    with writing() as session:
        session.execute(text("DELETE FROM journal_line WHERE entry_id = (SELECT min(id) FROM journal_entry)"))
    assert "has 0" in run(app)[1]
    db.session.rollback()
    with closing(sqlite3.connect(settings().database_url.removeprefix("sqlite:///"))) as connection:  # no foreign keys
        connection.execute("DELETE FROM journal_entry WHERE id = (SELECT max(id) FROM journal_entry)")
        connection.commit()
    assert "its entry is not there" in run(app)[1]


def test_checks_of_other_rooms_run_too_and_long_lists_are_cut(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def many() -> Iterator[str]:
        for number in range(1000):
            yield f"problem {number}"
        raise AssertionError("a check is read no further than is shown")

    monkeypatch.setattr(checks, "_checks", dict(checks._checks))
    checks.register("Every gift is there", many)
    code, output = run(app)
    assert code == 1
    assert "problem 19" in output
    assert "problem 20" not in output
    assert "…and more" in output


def test_the_worker_folds_every_minute(app: Flask, clock: SettableClock, books: list[int]) -> None:
    assert db.session.execute(select(func.count()).select_from(LedgerFresh)).scalar()
    db.session.rollback()
    clock.forward(minutes=2)
    run_due(clock.now() + timedelta(minutes=1))
    assert db.session.execute(select(func.count()).select_from(LedgerFresh)).scalar() == 0
    assert run(app)[0] == 0


def test_the_fold_command_folds_now(app: Flask, books: list[int]) -> None:
    db.session.rollback()
    result = app.test_cli_runner().invoke(args=["ledger", "fold"])
    assert result.exit_code == 0
    assert db.session.execute(select(func.count()).select_from(LedgerFresh)).scalar() == 0
