from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.extensions import db, writing


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
