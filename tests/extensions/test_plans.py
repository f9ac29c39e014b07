"""What is planned outside a transaction is written inside one, if it still holds."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.banking.models import BankKey
from app.extensions import db, writing
from app.extensions.plans import Stale, checked, planning
from app.extensions.sql import insert_new_returning, insert_rows

pytestmark = pytest.mark.usefixtures("app")


def keys(*names: bytes) -> list[dict[str, object]]:
    return [{"key": name.ljust(16), "entry_id": 1} for name in names]


def count() -> int:
    found = int(db.session.execute(select(func.count(BankKey.key))).scalar_one())
    db.session.rollback()
    return found


def test_a_plan_is_written_when_it_is_told_to() -> None:
    with planning() as plan:
        assert insert_rows(BankKey, keys(b"a"), only_new=True) == 1
        assert insert_new_returning(BankKey, keys(b"b", b"c"), "entry_id") == {1}
    assert count() == 0
    with writing():
        plan.write()
    assert count() == 3


@pytest.mark.parametrize("why", ["a row is there", "a check refuses"])
def test_a_plan_that_holds_no_longer_writes_nothing(app: Flask, why: str) -> None:
    refused: set[str] = set()

    def check(names: set[str]) -> None:
        if refused & names:
            raise Stale

    with planning() as plan:
        checked(check, {"x"})
        checked(check, {"y"})
        insert_rows(BankKey, keys(b"a", b"b"), only_new=True)
    if why == "a row is there":
        with writing():
            insert_rows(BankKey, keys(b"b"))
    else:
        refused.add("y")
    before = count()
    with pytest.raises(Stale), writing():
        plan.write()
    assert count() == before


def test_what_cannot_be_planned_is_refused_by_the_database() -> None:
    with pytest.raises(Exception, match=r"(?i)read.?only"), planning():
        db.session.execute(BankKey.__table__.insert(), keys(b"a"))
    db.session.rollback()
    assert count() == 0
