"""Migrations give exactly the schema of the models, on both databases, and keep what is there."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path
from typing import Any

import flask_migrate
import pytest
from flask import Flask
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError

from app.extensions import db, migrating
from app.extensions.database import MIGRATIONS, writing_connection
from config import SettingsError
from tests.support import schema

# What a CHECK demands of a column beyond its type, so that a row can be put in every table.
EXAMPLES: dict[str, dict[str, object]] = {
    "journal_entry": {"line_count": 2},
    "checkout": {"paid_at": None},
    "commitment": {"ended_on": None, "resume_on": None},
    "periodic_agreement": {"years": None, "first_year": 2026, "ended_on": None, "previous_id": None},
    "periodic_signing": {"state": "offered"},
    "interaction": {"complaint_state": None},
    "task": {"ended_at": None, "calendar_days_before": None},
    "grant_round": {"decision_on": None},
    "obligation": {"application_id": None},
    "instalment": {"obligation_id": None, "settled_cents": None, "basis_points": None},
    "grant_allocation": {"programme_id": None, "basis_points": None},
    "grant_settlement": {"reversed_at": None, "reversal_reason": ""},
    "grant_repayment": {"reversed_at": None, "reversal_reason": ""},
    "grant_condition": {"instalment_id": None},
    "application": {"probability": None},
    "budget_version": {"in_force_on": None, "state": "draft"},
    "anbi_publication": {"published_at": None},
    "amendment": {"state": "requested", "decided_on": None, "kind": "scope"},
    "expense": {"full_cents": 2, "elsewhere_cents": 1, "cents": 1},
    "project_line": {"category": "overhead", "kind": "percent", "hours_hundredths": None, "rate_cents": None},
    "project_source": {"kind": "grant"},
    "project_cover": {"cents": None},
    "cover_rule": {"overhead": "open", "overhead_bp": None, "overhead_cents": None},
    "expense_rule": {"ledger_account": "4000"},
    "instalment_receipt": {"reversed_at": None, "reversal_reason": ""},
    "sub_grant_payment": {"reversed_at": None, "reversal_reason": ""},
    "sub_grant_instalment": {"booked_cents": 0},
    "refund": {"provider_id": None},
    "debit_batch": {"booked_on": None, "approved_by_id": None},
    "debit_item": {"left_out": None},
    "gift_words": {"tribute": None, "tribute_name": ""},
    "hand_over": {"taken_back_at": None, "reason": ""},
    "period_closing": {"reopened_at": None, "reason": ""},
    "fund_move": {"approved_by_id": None, "ended_at": None, "ended_reason": "", "from_key": "f1", "to_key": "f2"},
    "appropriation": {"undone_at": None, "undone_reason": ""},
    "layout_profile": {"tested_on": None, "tested_note": ""},
    "bank_matching": {"threshold": 90},
    "bank_rule": {"supporter_id": None},
    "payout": {"booked_on": None},
    "statement_item": {"outcome": "made", "why": None},
    "erasure_request": {"done_at": None},
    "part_chain": {"asked_on": date(2026, 1, 1)},
    "part_task": {"sub_grant_id": None},
}

written = pytest.mark.skipif(
    not list((MIGRATIONS / "versions").glob("*.py")),
    reason='no migration is written yet: make migration name="Begin"',
)


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    """A migrations folder of this test's own, without a single migration."""
    folder = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, folder, ignore=shutil.ignore_patterns("*_*.py", "__pycache__"))
    return folder


def wanted() -> dict[str, list[str]]:
    """The schema of the models, made beside the one under test by create_all."""
    with writing_connection(db.engine) as connection, connection.begin():
        db.metadata.create_all(connection)
    return _snapshot()


def _snapshot() -> dict[str, list[str]]:
    with db.engine.connect() as connection:
        return schema.snapshot(connection)


def _drop_everything() -> None:
    with writing_connection(db.engine) as connection:
        if connection.dialect.name == "postgresql":
            with connection.begin():
                connection.exec_driver_sql("DROP SCHEMA draagvlak CASCADE")
                connection.exec_driver_sql("CREATE SCHEMA draagvlak")
            return
        driver = connection.connection.driver_connection
        assert driver is not None
        # Dropping deletes first, which asks for tables that other tables pointed at: not now, and not in a transaction.
        driver.execute("PRAGMA foreign_keys = OFF")
        with connection.begin():
            for table in inspect(connection).get_table_names():
                connection.exec_driver_sql(f'DROP TABLE "{table}"')
        driver.execute("PRAGMA foreign_keys = ON")


def _assert_same(is_there: dict[str, list[str]], should_be: dict[str, list[str]]) -> None:
    for kind, lines in should_be.items():
        missing = sorted(set(lines) - set(is_there[kind]))
        extra = sorted(set(is_there[kind]) - set(lines))
        told = "\n".join([f"the models have:       {line}" for line in missing])
        told += "\n" + "\n".join([f"the migrations made:   {line}" for line in extra])
        assert not missing + extra, f"{kind} differ (make migration name=…):\n{told}"


@pytest.mark.no_tables
def test_a_written_migration_gives_exactly_the_models(app: Flask, scratch: Path) -> None:
    should_be = wanted()
    _drop_everything()
    flask_migrate.migrate(directory=str(scratch), message="Begin")
    flask_migrate.upgrade(directory=str(scratch))
    _assert_same(_snapshot(), should_be)
    flask_migrate.migrate(directory=str(scratch), message="Nothing is left to do")
    assert len(list((scratch / "versions").glob("*.py"))) == 2
    latest = max((scratch / "versions").glob("*nothing*.py"))
    assert latest.read_text().count("    pass") == 2, f"a second one is not empty:\n{latest.read_text()}"
    flask_migrate.upgrade(directory=str(scratch))
    flask_migrate.downgrade(directory=str(scratch), revision="base")
    with db.engine.connect() as connection:
        assert inspect(connection).get_table_names() == ["alembic_version"]
        assert _functions(connection) == []


def _functions(connection: Connection) -> list[str]:
    """What triggers call, PostgreSQL alone has it as things of their own."""
    if connection.dialect.name == "sqlite":
        return []
    query = "SELECT proname FROM pg_proc WHERE pronamespace = current_schema()::regnamespace"
    return list(connection.execute(text(query)).scalars())


def _values(table: str, rows: dict[str, list[tuple[Any, ...]]], columns: set[str]) -> list[list[object]]:
    """The values of a table in the columns that were there all along."""
    names = [column.name for column in db.metadata.tables[table].columns]
    return [[value for name, value in zip(names, row, strict=True) if name in columns] for row in rows[table]]


STEP = """
import sqlalchemy as sa
from alembic import op
revision, down_revision, branch_labels, depends_on = {revision!r}, {down!r}, None, None
def upgrade():
    {upgrade}
def downgrade():
    {downgrade}
"""


def _write(folder: Path, revision: str, down: str | None, upgrade: list[str], downgrade: list[str]) -> None:
    body = STEP.format(
        revision=revision, down=down, upgrade="\n    ".join(upgrade), downgrade="\n    ".join(downgrade or ["pass"])
    )
    (folder / "versions" / f"2026_01_01_step_{revision}.py").write_text(body)


def _refuse(table: str) -> str:
    refuse = f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} BEGIN SELECT RAISE(ABORT, 'kept'); END"
    function = (
        "CREATE OR REPLACE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'kept'; END $$"
    )
    trigger = f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION keep()"
    return f"op.create_triggers({table!r}, sqlite=[{refuse!r}], postgresql=[{function!r}, {trigger!r}])"


@pytest.fixture
def parent_and_child(app: Flask, scratch: Path) -> Path:
    """Two tables with a row each; the child's goes when the parent's is deleted, and the parent refuses that."""
    _write(
        scratch, "a1", None,
        [
            "op.create_table('parent', sa.Column('id', sa.Integer, primary_key=True), sa.Column('a', sa.Integer))",
            "op.create_table('child', sa.Column('id', sa.Integer, primary_key=True), "
            "sa.Column('parent_id', sa.Integer, sa.ForeignKey('parent.id', ondelete='CASCADE', name='fk_child')))",
            _refuse("parent"),
        ],
        ["op.drop_table('child')", "op.drop_table('parent')"],
    )  # fmt: skip
    flask_migrate.upgrade(directory=str(scratch))
    with writing_connection(db.engine) as connection, connection.begin():
        connection.execute(text("INSERT INTO parent VALUES (1, 5)"))
        connection.execute(text("INSERT INTO child VALUES (1, 1)"))
    return scratch


@pytest.mark.no_tables
def test_changing_a_table_keeps_its_rows_its_childrens_and_its_triggers(parent_and_child: Path) -> None:
    change = "with op.batch_alter_table('parent') as batch: batch.alter_column('a', type_=sa.{0}, nullable={1})"
    _write(
        parent_and_child, "b2", "a1", [change.format("BigInteger()", False)], [change.format("Integer()", True)]
    )  # fmt: skip
    for step in (flask_migrate.upgrade, flask_migrate.downgrade, flask_migrate.upgrade):
        step(directory=str(parent_and_child))
        with db.engine.connect() as connection:
            assert connection.execute(text("SELECT * FROM parent")).all() == [(1, 5)]
            assert connection.execute(text("SELECT * FROM child")).all() == [(1, 1)]
        with (
            pytest.raises(DBAPIError, match="kept"),
            writing_connection(db.engine) as connection,
            connection.begin(),
        ):
            connection.execute(text("DELETE FROM parent"))


@pytest.mark.no_tables
def test_a_migration_that_breaks_a_reference_changes_nothing(parent_and_child: Path) -> None:
    _write(
        parent_and_child, "b2", "a1",
        ["op.add_column('parent', sa.Column('b', sa.Integer))", "op.execute('UPDATE child SET parent_id = 7')"], [],
    )  # fmt: skip
    with pytest.raises((SystemExit, DBAPIError)):
        flask_migrate.upgrade(directory=str(parent_and_child))
    with db.engine.connect() as connection:
        assert connection.execute(text("SELECT * FROM child")).all() == [(1, 1)]
        assert [column["name"] for column in inspect(connection).get_columns("parent")] == ["id", "a"]


@pytest.mark.no_tables
def test_a_database_from_the_future_is_refused(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrating, "heads", lambda: frozenset({"abcdef123456"}))
    assert migrating.state() == "empty"
    with writing_connection(db.engine) as connection, connection.begin():
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32))"))
        connection.execute(text("INSERT INTO alembic_version VALUES ('ffffffffffff')"))
    assert migrating.state() == "newer"
    with pytest.raises(SettingsError, match="newer than this code"):
        migrating.upgrade()
    result = app.test_cli_runner().invoke(args=["db", "upgrade"])
    assert result.exit_code != 0


@written
def test_there_is_one_newest_migration() -> None:
    assert len(migrating.scripts().get_heads()) == 1


@written
@pytest.mark.no_tables
def test_the_migrations_give_exactly_the_models(app: Flask) -> None:
    should_be = wanted()
    _drop_everything()
    migrating.upgrade()
    assert migrating.state() == "ok"
    _assert_same(_snapshot(), should_be)


@written
@pytest.mark.no_tables
def test_migrations_keep_filled_data_down_and_up(app: Flask) -> None:
    migrating.upgrade()
    with writing_connection(db.engine) as connection, connection.begin():
        schema.fill(connection, db.metadata, EXAMPLES)
    with db.engine.connect() as connection:
        before = schema.rows(connection, db.metadata)
    assert all(before.values()), "every table has a row"
    first = migrating.scripts().get_base()
    flask_migrate.downgrade(directory=str(MIGRATIONS), revision=first or "base")
    with db.engine.connect() as connection:
        inspector = inspect(connection)
        kept = {name: {each["name"] for each in inspector.get_columns(name)} for name in inspector.get_table_names()}
    migrating.upgrade()
    with db.engine.connect() as connection:
        after = schema.rows(connection, db.metadata)
    changed = [t for t in before if t in kept and _values(t, before, kept[t]) != _values(t, after, kept[t])]
    assert not changed, f"rows were lost or changed in {changed}"
    flask_migrate.downgrade(directory=str(MIGRATIONS), revision="base")
    with db.engine.connect() as connection:
        assert _functions(connection) == []
    migrating.upgrade()
