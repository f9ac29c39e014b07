from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, create_engine
from sqlalchemy.exc import IntegrityError

from app.extensions import triggers


@pytest.fixture
def guarded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(triggers, "_triggers", {})
    triggers.append_only("stone")
    path = tmp_path / "stone.db"
    engine = create_engine(f"sqlite:///{path}")
    stone = Table("stone", MetaData(), Column("id", Integer, primary_key=True), Column("weight", Integer))
    with engine.begin() as connection:
        stone.create(connection)
        triggers.create(connection)
        triggers.create(connection)  # may be run again
        connection.exec_driver_sql("INSERT INTO stone VALUES (1, 5)")
    engine.dispose()
    return path


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE stone SET weight = 6",
        "UPDATE stone SET id = 9 WHERE id = 1",
        "DELETE FROM stone",
        "INSERT OR REPLACE INTO stone VALUES (1, 6)",
        "REPLACE INTO stone VALUES (1, 6)",
        "INSERT INTO stone VALUES (1, 6) ON CONFLICT (id) DO UPDATE SET weight = 6",
    ],
)
@pytest.mark.parametrize("recursive", ["ON", "OFF"])
def test_append_only_refuses_every_change_on_sqlite(guarded: Path, statement: str, recursive: str) -> None:
    connection = sqlite3.connect(guarded)
    connection.execute(f"PRAGMA recursive_triggers = {recursive}")
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute(statement)
    assert connection.execute("SELECT id, weight FROM stone").fetchall() == [(1, 5)]
    connection.execute("INSERT INTO stone VALUES (2, 7)")
    connection.close()


def test_a_refusal_reads_the_same_through_sqlalchemy(guarded: Path) -> None:
    engine = create_engine(f"sqlite:///{guarded}")
    with engine.connect() as connection, pytest.raises(IntegrityError):
        connection.exec_driver_sql("DELETE FROM stone")
    engine.dispose()
