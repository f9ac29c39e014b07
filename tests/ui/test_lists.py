"""Paging by key: every row once, in order, whichever way one walks, NULLs and ties included."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from sqlalchemy import Column, Date, Integer, MetaData, String, Table, insert, select
from werkzeug.exceptions import BadRequest

from app.base.columns import UtcDateTime
from app.extensions import db, writing
from app.ui import lists

ROWS = Table(
    "list_example", MetaData(),
    Column("id", Integer, primary_key=True), Column("name", String(20), nullable=False),
    Column("day", Date), Column("cents", Integer), Column("at", UtcDateTime),
)  # fmt: skip
SORTS = {
    "name": lists.Sort("Name", (lists.asc(ROWS.c.name),)),
    "day": lists.Sort("Day", (lists.desc(ROWS.c.day, nullable=True), lists.asc(ROWS.c.name))),
    "cents": lists.Sort("Cents", (lists.asc(ROWS.c.cents, nullable=True),)),
    "at": lists.Sort("At", (lists.desc(ROWS.c.at, nullable=True),)),
}
COUNT = 57


@pytest.fixture
def rows(app: Flask) -> list[dict[str, Any]]:
    start = datetime(2026, 1, 1, 12, 0, 0, 123456, tzinfo=UTC)
    made = [
        {
            "id": i,
            "name": f"n{(i * 7) % 13:02d}",
            "day": None if i % 5 == 0 else date(2026, 1, 1) + timedelta(days=(i * 3) % 11),
            "cents": None if i % 4 == 0 else (i * 31) % 17,
            "at": None if i % 6 == 0 else start + timedelta(hours=(i * 5) % 9),
        }
        for i in range(1, COUNT + 1)
    ]
    with writing():
        connection = db.session.connection()
        ROWS.create(connection)
        connection.execute(insert(ROWS), made)
    return made


def page(app: Flask, query: str, size: int = 10) -> lists.Page:
    with app.test_request_context(f"/static/x?{query}"):
        return lists.page(select(ROWS.c.id), SORTS, key=ROWS.c.id, default="name", size=size)


def query_of(address: str) -> str:
    return urlsplit(address).query


@pytest.mark.parametrize("sort", ["name", "-name", "day", "-day", "cents", "-cents", "at", "-at"])
def test_walking_to_the_end_and_back_meets_every_row_once(app: Flask, rows: list[dict[str, Any]], sort: str) -> None:
    forward = []
    current = page(app, f"sort={sort}")
    assert current.newer is None
    while True:
        forward.append(list(current))
        if current.older is None:
            break
        current = page(app, query_of(current.older))
    met = [i for part in forward for i in part]
    assert sorted(met) == list(range(1, COUNT + 1))
    back = [list(current)]
    while current.newer is not None:
        current = page(app, query_of(current.newer))
        back.append(list(current))
    assert back[::-1] == forward

    column = sort.lstrip("-")
    values = [next(r for r in rows if r["id"] == i)[column] for i in met]
    known = [v for v in values if v is not None]
    assert values[len(known) :] == [None] * (COUNT - len(known)), "NULLs come last, whichever way round"
    down = (column in ("day", "at")) != sort.startswith("-")
    assert known == sorted(known, reverse=down)


def test_the_last_full_page_has_no_next(app: Flask, rows: list[dict[str, Any]]) -> None:
    assert page(app, "", size=COUNT).older is None
    assert page(app, "", size=COUNT - 1).older is not None


def test_cursors_are_ours_alone(app: Flask, rows: list[dict[str, Any]]) -> None:
    older = page(app, "sort=day").older
    assert older is not None
    token = parse_qs(query_of(older))["after"][0]
    for wrong in (
        f"sort=day&after={token}x",
        f"sort=name&after={token}",
        "after=%00%ff",
        "after=" + "A" * 5000,
        "after=WzFd.x",
        "sort=password",
        "sort=--name",
    ):
        with pytest.raises(BadRequest):
            page(app, wrong)
    with app.test_request_context(f"/?sort=day&after={token}"), pytest.raises(BadRequest):
        lists.page(select(ROWS.c.id), SORTS, key=ROWS.c.id, default="name")


def test_headers_sort_and_turn_round_from_the_first_page(app: Flask, rows: list[dict[str, Any]]) -> None:
    with app.test_request_context("/?q=jan&sort=day&after=x&_external=1&_scheme=evil&endpoint=x&self=y&self=z"):
        made = lists.Page([], "day", None, None, SORTS)
        assert parse_qs(query_of(made.sort_url("day"))) == {"q": ["jan"], "self": ["y", "z"], "sort": ["-day"]}
        assert parse_qs(query_of(made.sort_url("name"))) == {"q": ["jan"], "self": ["y", "z"], "sort": ["name"]}
        assert made.sort_url("name").startswith("/?")
        assert made.direction("day") == "descending"
        assert lists.Page([], "-day", None, None, SORTS).direction("day") == "ascending"
        assert made.direction("name") == "none"


@pytest.mark.parametrize("query", ["id=-1", "id=1.5", "id=9223372036854775808", "id=١٢", "id=1e3", "id=" + "9" * 500])
def test_ids_that_are_none_are_refused(app: Flask, query: str) -> None:
    with app.test_request_context(f"/?{query}"), pytest.raises(BadRequest):
        lists.row_id("id")


def test_filters_are_read_strictly(app: Flask) -> None:
    with app.test_request_context("/?state=paid&day=23-11-2026&q=%20Jan%00%0A%20de%20Wit%20&id=42&k=a&k=b&k=a"):
        assert lists.choice("state", ["paid", "open"]) == "paid"
        assert lists.choice("none", ["paid"], "all") == "all"
        assert lists.day("day") == date(2026, 11, 23)
        assert lists.search_text() == "Jan de Wit"
        assert lists.row_id("id") == 42
        assert lists.choices("k", ["a", "b"]) == ["a", "b"]
        with pytest.raises(BadRequest):
            lists.choice("state", ["open"])
        with pytest.raises(BadRequest):
            lists.choices("k", ["a"])
    with app.test_request_context("/?day=2026-13-01&q=" + "x" * 9000):
        assert len(lists.search_text()) == 100
        with pytest.raises(BadRequest):
            lists.day("day")
