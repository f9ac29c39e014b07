"""A journal of millions of lines, written by the database itself and kept beside the checkout's other files, so that
the next run measures at once. 5,000,000 lines take some 1.6 GB."""

# ruff: noqa: S608 (table names and numbers of our own)

from __future__ import annotations

import hashlib
import shutil
import sys
from datetime import UTC, date, datetime
from pathlib import Path

from sqlalchemy import Connection, create_engine, insert, text

from app import create_app
from app.extensions import db, triggers
from app.extensions.transactions import writing_in_bulk
from app.programmes.models import Campaign
from config import Settings
from tests.benchmarks.harness import ROOT, environment, flask

GRANTS, CAMPAIGNS = 200, 40
_PIECE = 250_000  # entries in one transaction
_TABLES = ("journal_line", "journal_entry", "ledger_key", "ledger_fresh", "ledger_sum", "ledger_total")


def with_lines(lines: int, first: date, days: int) -> Path:
    """The data folder of an installation whose journal has so many lines on the days from `first`."""
    made_by = hashlib.sha256(Path(__file__).read_bytes() + _schema()).hexdigest()[:12]
    directory = ROOT / "var" / f"bench-journal-{lines}-{first:%Y%m%d}-{days}"
    stamp = directory / "filled"
    if stamp.exists() and stamp.read_text() == made_by:
        return directory
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(mode=0o700, parents=True)
    flask(directory, "demo", "load", "--supporters", "100")
    print(f"  writing {lines:,} journal lines …", file=sys.stderr)
    app = create_app(Settings.from_environment(environment(directory)))
    with app.app_context():
        fill(lines, first, days)
        db.session.remove()
        db.engine.dispose()
    stamp.write_text(made_by)
    return directory


def fill(lines: int, first: date, days: int) -> None:
    """In the database of the current application, on SQLite or PostgreSQL: entries of two lines over these days (gifts
    of eight origins, some for campaigns, income of 200 grants and what is passed on of them), their keys, and the sums
    as posting and folding would have left them."""
    from tests.benchmarks.grant_pages import add_grants

    sqlite = db.engine.dialect.name == "sqlite"
    with writing_in_bulk() as session:
        add_grants(GRANTS, datetime.now(UTC))
        session.execute(
            insert(Campaign),
            [{"id": 1000 + n, "slug": f"bench-{n}", "name_nl": f"Actie {n}", "name_en": f"Action {n}",
              "source_code": f"B{n}"}
             for n in range(CAMPAIGNS)],
        )  # fmt: skip
    db.session.remove()
    with create_engine(db.engine.url).connect() as connection:  # that of the house reads only
        _bare(connection, sqlite)
        indexes = _without_indexes(connection, sqlite)
        _lookups(connection, sqlite)
        for table in _TABLES:
            connection.execute(text(f"DELETE FROM {table}"))
        count = lines // 2
        for low in range(0, count, _PIECE):
            given = {"low": low, "high": min(low + _PIECE, count)}
            for statement in _pieces(sqlite, count, first, days):
                connection.execute(text(statement), given)
            connection.commit()
        for index in indexes:
            connection.execute(text(index))
        for statement in _sums(sqlite):
            connection.execute(text(statement))
        connection.commit()
        connection.execute(text("ANALYZE"))
        connection.commit()
        if sqlite:
            triggers.create(connection)
            connection.commit()


def _schema() -> bytes:
    return b"".join(sorted(path.name.encode() for path in (ROOT / "migrations" / "versions").glob("*.py")))


def _bare(connection: Connection, sqlite: bool) -> None:
    """Without triggers and foreign keys: what is written here is whole by the way it is made."""
    if not sqlite:
        connection.execute(text("SET session_replication_role = replica"))
        return
    for pragma in ("foreign_keys = OFF", "synchronous = OFF", "secure_delete = OFF", "cache_size = -200000"):
        connection.exec_driver_sql(f"PRAGMA {pragma}")
    names = connection.execute(
        text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN ('journal_line', 'journal_entry',"
             " 'ledger_key')")
    ).scalars().all()  # fmt: skip
    for name in names:
        connection.execute(text(f"DROP TRIGGER {name}"))


def _without_indexes(connection: Connection, sqlite: bool) -> list[str]:
    """Drop the indexes of the journal; gives what makes them again."""
    where = (
        "tbl_name IN ('journal_line', 'journal_entry')" if sqlite else "tablename IN ('journal_line', 'journal_entry')"
    )
    rows = connection.execute(
        text(f"SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND {where}"
             if sqlite else f"SELECT indexname, indexdef FROM pg_indexes WHERE indexname LIKE 'ix_%' AND {where}")
    ).all()  # fmt: skip
    for name, _made in rows:
        connection.execute(text(f"DROP INDEX {name}"))
    return [made for _name, made in rows]


def _lookups(connection: Connection, sqlite: bool) -> None:
    """Small tables by number: origins, programmes, grants, campaigns."""
    for name, query in {
        "b_origin": "SELECT id, rj_line FROM ledger_account WHERE code BETWEEN '8010' AND '8080' ORDER BY code",
        "b_programme": "SELECT id FROM programme ORDER BY id",
        "b_grant": "SELECT id FROM grant_award ORDER BY id DESC LIMIT 200",
        "b_campaign": "SELECT id FROM campaign WHERE slug LIKE 'bench-%' ORDER BY id",
    }.items():
        rows = connection.execute(text(query)).all()
        connection.execute(text(f"CREATE TEMP TABLE {name} (k INTEGER PRIMARY KEY, id BIGINT, rj VARCHAR(40))"))
        connection.execute(
            text(f"INSERT INTO {name} VALUES (:k, :id, :rj)"),
            [{"k": k, "id": row[0], "rj": row[1] if len(row) > 1 else None} for k, row in enumerate(rows)],
        )
    if sqlite:
        connection.execute(text(
            "CREATE TEMP TABLE b_number AS WITH RECURSIVE n(k) AS (SELECT 0 UNION ALL SELECT k + 1 FROM n"
            f" WHERE k + 1 < {_PIECE}) SELECT k FROM n"
        ))  # fmt: skip


_KINDS = """
WITH mixed AS (
    SELECT n, {day} AS day, n % 10 AS made_of, (n * 7919 + n / 10) % 1000003 AS h, 100 + (n * 31) % 50000 AS cents
    FROM {numbers}
), made AS (
    SELECT n, day, made_of, cents, 1000000 + 4 * n AS entry, CASE WHEN made_of > 6 THEN g.id END AS grant_id,
        CASE WHEN made_of IN (5, 6) THEN c.id END AS campaign_id, p.id AS programme_id, o.id AS origin, o.rj AS rj
    FROM mixed
    JOIN b_grant g ON g.k = h % {grants}
    JOIN b_campaign c ON c.k = h % {campaigns}
    JOIN b_origin o ON o.k = CASE WHEN made_of > 6 THEN (h % {grants}) % 8 ELSE (h / 50) % 8 END
    LEFT JOIN b_programme p ON p.k = CASE WHEN made_of > 6 THEN (h % {grants} + (h / 1000) % 2) % 5
        WHEN made_of IN (5, 6) THEN (h % {campaigns}) % 5 ELSE (h / 400) % 6 END
)"""  # a sixth programme is none
_LINE = """
INSERT INTO journal_line (id, entry_id, booked_on, account_id, cents, programme_id, grant_id, campaign_id, rj_line)
"""
_DEBIT = """
SELECT entry + 1, entry, day,
    CASE WHEN made_of = 9 THEN a4110.id WHEN made_of > 6 THEN a1300.id ELSE a1100.id END, cents,
    CASE WHEN made_of = 9 THEN programme_id END, grant_id, NULL, CASE WHEN made_of = 9 THEN a4110.rj_line END
FROM made JOIN ledger_account a4110 ON a4110.code = '4110' JOIN ledger_account a1300 ON a1300.code = '1300'
    JOIN ledger_account a1100 ON a1100.code = '1100'
"""
_CREDIT = """
SELECT entry + 2, entry, day, CASE WHEN made_of = 9 THEN a2210.id ELSE origin END, -cents,
    CASE WHEN made_of < 9 THEN programme_id END, CASE WHEN made_of < 9 THEN grant_id END, campaign_id,
    CASE WHEN made_of < 9 THEN rj END
FROM made JOIN ledger_account a2210 ON a2210.code = '2210'
"""
_ENTRY = """
INSERT INTO journal_entry (id, booked_on, event, source_type, source_id, key, line_count, posted_at)
SELECT entry, day, CASE WHEN made_of = 9 THEN 'sub_grant_owed' WHEN made_of > 6 THEN 'grant_recognised'
    ELSE 'gift_received' END, 'sample', n, 'sample:' || n, 2, '2026-01-01 00:00:00'
FROM made
"""


def _pieces(sqlite: bool, count: int, first: date, days: int) -> list[str]:
    """Of the entries from `:low` to `:high`: the two lines, the entry, its key. What an entry is comes from its number
    alone: half are gifts, a fifth gifts for a campaign, a fifth income of a grant, a tenth what is passed on of one."""
    numbers = "b_number" if sqlite else f"generate_series(0, {_PIECE - 1}) AS b(k)"
    given = {
        "numbers": f"(SELECT CAST(:low + k AS bigint) AS n FROM {numbers} WHERE :low + k < :high) AS numbered",
        "day": f"date('{first}', '+' || (n * {days} / {count}) || ' days')" if sqlite
        else f"(DATE '{first}' + CAST(n * {days} / {count} AS integer))",
        "grants": GRANTS, "campaigns": CAMPAIGNS,
    }  # fmt: skip
    made, content = _KINDS.format(**given), "zeroblob(16)" if sqlite else "decode(repeat('00', 16), 'hex')"
    key = f"INSERT INTO ledger_key (key, entry_id, content) SELECT 'sample:' || n, entry, {content} FROM made"
    return [_inserted(made, statement) for statement in (_LINE + _DEBIT, _LINE + _CREDIT, _ENTRY, key)]


def _inserted(made: str, statement: str) -> str:
    """INSERT … WITH … SELECT, as both databases read it."""
    into, select, rest = statement.partition("SELECT")
    return f"{into} {made} {select}{rest}"


_CELL = "sum(CASE WHEN cents > 0 THEN cents ELSE 0 END), sum(CASE WHEN cents < 0 THEN -cents ELSE 0 END), count(*)"
_ADDED = "sum(debit_cents), sum(credit_cents), sum(line_count)"
_AMOUNTS = ("debit_cents", "credit_cents", "line_count")


def _sums(sqlite: bool) -> list[str]:
    month = "date(booked_on, 'start of month')" if sqlite else "CAST(date_trunc('month', booked_on) AS date)"
    named = "strftime('%Y%m', month)" if sqlite else "to_char(month, 'YYYYMM')"
    made = []
    for table, source, amounts, keys in (
        ("ledger_sum", f"(SELECT *, {month} AS month FROM journal_line) AS dated", _CELL,
         ("account_id", "programme_id", "grant_id", "campaign_id", "rj_line")),
        ("ledger_total", "ledger_sum", _ADDED, ("account_id", "programme_id", "rj_line")),
    ):  # fmt: skip
        cell = " || '/' || ".join([named, *(f"coalesce(CAST({key} AS varchar), '')" for key in keys)])
        columns = ", ".join(("month", *keys))
        into = f"INSERT INTO {table} (cell, {columns}, {', '.join(_AMOUNTS)})"
        made.append(f"{into} SELECT {cell}, {columns}, {amounts} FROM {source} GROUP BY {columns}")
    return made
