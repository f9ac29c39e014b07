from __future__ import annotations

from types import SimpleNamespace

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.extensions import db, transactions, writing


def test_a_request_cannot_write_by_default(app: Flask) -> None:
    with pytest.raises(DBAPIError, match="read-?only"):
        db.session.execute(text("CREATE TABLE t (a INTEGER)"))


def test_writing_commits_at_its_end_and_rolls_back_on_error(app: Flask) -> None:
    with writing() as session:
        session.execute(text("CREATE TABLE t (a INTEGER)"))
        session.execute(text("INSERT INTO t VALUES (1)"))
    with pytest.raises(ZeroDivisionError), writing() as session:
        session.execute(text("INSERT INTO t VALUES (:a)"), {"a": 2 / session.execute(text("SELECT 0")).scalar()})
    assert db.session.execute(text("SELECT count(*) FROM t")).scalar() == 1


def test_writing_does_not_nest(app: Flask) -> None:
    with writing(), pytest.raises(RuntimeError, match="nest"), writing():
        pass


def test_between_batches_the_lock_is_free_as_long_as_it_was_held(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    clock, rests = [100.0], []

    def sleep(seconds: float) -> None:
        rests.append(round(seconds, 3))
        clock[0] += seconds

    monkeypatch.setattr(transactions, "time", SimpleNamespace(monotonic=lambda: clock[0], sleep=sleep))
    monkeypatch.setattr(transactions, "_pace", SimpleNamespace())
    for held, prepared in ((0.040, 0.010), (0.020, 0.030), (0.020, 0.0)):
        with transactions.writing_in_bulk():
            clock[0] += held
        clock[0] += prepared  # the next batch: that counts as rest
    queued = db.engine.dialect.name == "sqlite"  # writers of PostgreSQL do not wait for one another
    assert rests == [0.0, 0.030 if queued else 0.0, 0.0]
