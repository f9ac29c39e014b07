"""Rows written in bulk are what the ORM reads: days, states, instants, JSON; what is there stays as it is."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import DataError

from app.banking.models import BankFile, FileState
from app.base.ids import new_id, new_ids
from app.extensions import db, now, writing
from app.extensions.sql import insert_new_returning, insert_rows
from app.ledger.models import FiscalPeriod, PeriodState

SIZES = [1, 70_000, 2**40]


def _file(row_id: int, at: datetime, sha256: str) -> dict[str, object]:
    return {
        "id": row_id, "sha256": sha256, "filename": "50%.xml", "size": 1, "format": "", "state": FileState.DONE,
        "statements": 0, "entries": 0, "transactions": 0, "new": 0, "errors": [[None, "a", {"n": 1}]], "warnings": [],
        "created_at": at, "created_by_id": None,
    }  # fmt: skip


def test_bulk_rows_read_back(app: Flask) -> None:
    first, second, third = new_ids(3)
    at = now()
    with writing():
        assert insert_rows(BankFile, [_file(first, at, "a"), _file(second, at, "b")]) == 2
        assert insert_rows(BankFile, [_file(third, at, "b")], only_new=True) == 0
        assert insert_rows(BankFile, []) == 0
    rows = db.session.execute(select(BankFile).order_by(BankFile.id)).scalars().all()
    assert [(row.id, row.state, row.errors, row.created_at) for row in rows] == [
        (row_id, FileState.DONE, [[None, "a", {"n": 1}]], at) for row_id in (first, second)
    ]


def test_what_really_went_in_is_told(app: Flask) -> None:
    ids = new_ids(12_000)  # more values than go into one statement
    months = [date(1000 + n // 12, 1 + n % 12, 1) for n in range(12_000)]
    rows = [{"id": i, "month": m, "state": PeriodState.OPEN} for i, m in zip(ids, months, strict=True)]
    with writing():
        insert_rows(FiscalPeriod, rows[:5])
    with writing():
        assert insert_new_returning(FiscalPeriod, rows, "id") == set(ids[5:])


@pytest.mark.databases("postgresql")
def test_what_is_too_long_is_refused_and_never_cut(app: Flask) -> None:
    with pytest.raises(DataError), writing():
        insert_rows(BankFile, [_file(new_id(), now(), "a" * 65)])


def test_columns_may_be_empty_and_numbers_of_any_size(app: Flask) -> None:
    rows = [_file(row_id, now(), str(row_id)) | {"size": size} for row_id, size in zip(new_ids(3), SIZES, strict=True)]
    with writing():
        insert_rows(
            BankFile, [row | {"created_by_id": None, "errors": [], "warnings": [["ü", '"\\', None]]} for row in rows]
        )
    found = db.session.execute(select(BankFile.size, BankFile.created_by_id, BankFile.errors, BankFile.warnings))
    assert sorted(map(tuple, found)) == [(size, None, [], [["ü", '"\\', None]]) for size in SIZES]
