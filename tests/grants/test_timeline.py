"""Time seen as a timeline, a month, a table and as files, with one set of filters."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar
from sqlalchemy import select

from app.extensions import db, writing
from app.grants.awards.models import Grant
from app.grants.calendar.window import Zoom, window
from app.grants.instalments.models import Instalment
from app.grants.obligations.models import Obligation
from tests.factories import grants as make
from tests.support.client import Client
from tests.support.counting import statements_of

TODAY = date(2026, 11, 23)
YEARS: dict[str, Any] = {"starts_on": date(2026, 1, 1), "all_at_once": True}
PAGES = ("/grants/timeline", "/grants/month", "/grants/dates")


@given(st.sampled_from(Zoom), st.dates(date(1995, 1, 1), date(2140, 1, 1)), st.integers(0, 1800))
def test_every_day_of_a_window_stands_inside_it(zoom: Zoom, first: date, ahead: int) -> None:
    seen = window(zoom, first, TODAY)
    assert seen.start.day == 1
    assert seen.start <= first <= seen.end
    day = min(seen.start + timedelta(days=ahead), seen.end)
    assert 0 < seen.x(day) < 100
    assert seen.x(day) <= seen.x(min(day + timedelta(days=1), seen.end))
    bar = seen.span(day - timedelta(days=4000), day)
    assert bar.x == 0
    assert 0 < bar.width <= 100
    assert seen.span(seen.start, seen.end).width == 100
    assert all(0 <= tick.x < 100 for tick in seen.ticks("nl"))
    following = seen.shifted(1)
    assert following == seen.end + timedelta(days=1)


def test_the_usual_window_holds_today() -> None:
    assert all(window(zoom, None, TODAY).holds(TODAY) for zoom in Zoom)
    assert window(Zoom.YEAR, date(1, 1, 1), TODAY).holds(TODAY)
    assert [tick.label for tick in window(Zoom.YEARS, None, TODAY).ticks("nl") if tick.label] == [
        "2025", "2026", "2027", "2028", "2029",
    ]  # fmt: skip
    assert len(window(Zoom.MONTH, date(2026, 4, 1), TODAY).free_days()) == 8 + 3  # Good Friday, Monday, King's Day


@pytest.fixture
def two(now: datetime, fundraiser: Client) -> tuple[int, int]:
    """A grant of the fundraiser's with a late report, and somebody else's of another funder."""
    with writing():
        late = make.obligation_plan(due_on=date(2026, 11, 20), title="Verslag & cijfers <nu>")
        parts = make.half_now_half_after_report()[0][:1]
        mine = make.grant(
            now,
            parts,
            [late],
            owner_id=fundraiser.staff_id,
            title="Van mij",
            starts_on=date(2026, 1, 1),
            all_at_once=True,
        )
        other = make.grant(
            now, [], [make.obligation_plan(due_on=date(2026, 11, 24), title="Ander verslag")],
            funder_id=make.funder(now, "Stichting Janivo"), title="Van Janivo", **YEARS,
        )  # fmt: skip
    return mine, other


def test_bars_and_marks_lead_to_their_records(two: tuple[int, int], fundraiser: Client) -> None:
    page = fundraiser.get("/grants/timeline").text
    duty = db.session.execute(select(Obligation.id).where(Obligation.grant_id == two[0])).scalar_one()
    part = db.session.execute(select(Instalment.id).where(Instalment.grant_id == two[0])).scalar_one()
    assert f'class="tl-mark tl-obligation tl-late" href="/grants/obligations/{duty}"' in page
    assert f'href="/grants/instalments/{part}"' in page
    assert 'aria-label="20 november 2026: Verslag &amp; cijfers &lt;nu&gt; (te laat)"' in page
    assert page.count('<rect class="tl-bar tl-bar-') == 2
    assert "style=" not in page.split("<main")[1]


@pytest.mark.parametrize("path", PAGES)
def test_filters_leave_out_the_rest(two: tuple[int, int], fundraiser: Client, path: str) -> None:
    funder = db.session.get_one(Grant, two[1]).funder_id
    shown = fundraiser.get(f"{path}?funder={funder}").text
    assert "Ander verslag" in shown
    assert "Verslag &amp; cijfers" not in shown
    mine = fundraiser.get(f"{path}?person={fundraiser.staff_id}").text
    assert "Ander verslag" not in mine
    assert "Verslag &amp; cijfers" in mine
    none = fundraiser.get(f"{path}?programme=77").text
    assert "Ander verslag" not in none
    assert "Verslag &amp; cijfers" not in none


@pytest.mark.parametrize("zoom", Zoom)
def test_every_zoom_shows_its_window(two: tuple[int, int], fundraiser: Client, zoom: Zoom) -> None:
    page = fundraiser.get(f"/grants/timeline?zoom={zoom.value}")
    assert page.status_code == 200
    assert "Verslag &amp; cijfers" in page.text
    assert 'class="tl-today"' in page.text
    assert "Verslag &amp; cijfers" not in fundraiser.get(f"/grants/timeline?zoom={zoom.value}&from=2040-01-01").text


@pytest.mark.parametrize(
    "query",
    ["zoom=week", "funder=x", "from=2026-13-01", "person=-1", "sort=nonsense", "after=forged", "from=31-02-2026"],
)
def test_addresses_that_make_no_sense(fundraiser: Client, query: str) -> None:
    assert fundraiser.get(f"/grants/timeline?{query}").status_code == 400


def test_a_grant_that_ended_stays_while_it_has_a_report_due(now: datetime, fundraiser: Client) -> None:
    with writing():
        duty = make.obligation_plan(due_on=date(2026, 12, 1), title="Nog verschuldigd")
        make.grant(
            now, [], [duty], title="Is voorbij", starts_on=date(2025, 1, 1), all_at_once=True, ends_on=date(2026, 6, 30)
        )
        make.grant(
            now,
            [],
            [],
            funder_id=make.funder(now, "X"),
            starts_on=date(2025, 1, 1),
            all_at_once=True,
            ends_on=date(2026, 6, 30),
        )
    page = fundraiser.get("/grants/timeline?zoom=quarter").text
    assert "Nog verschuldigd" in page
    assert page.count('class="tl-name"><a') == 1


def test_a_month_knows_dutch_holidays(fundraiser: Client) -> None:
    page = fundraiser.get("/grants/month?from=2026-04-15").text
    assert "Koningsdag" in page
    assert "Tweede paasdag" in page
    assert "april 2026" in page


def test_a_day_with_much_leads_to_the_rest(now: datetime, fundraiser: Client) -> None:
    with writing():
        make.grant(now, [], [make.obligation_plan(due_on=TODAY, title=f"Verslag {n}") for n in range(9)])
    page = fundraiser.get("/grants/month").text
    assert "nog 3" in page
    assert fundraiser.get("/grants/dates?from=2026-11-23&to=2026-11-23").text.count("Verslag ") == 9


def test_the_file_holds_what_the_table_shows(two: tuple[int, int], fundraiser: Client) -> None:
    answer = fundraiser.get("/grants/dates.csv?from=2026-11-01&to=2026-11-30")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    rows = list(csv.reader(io.StringIO(answer.text.lstrip("\ufeff")), delimiter=";"))
    assert [row[:3] for row in rows[1:4]] == [
        ["01-11-2026", "Termijn", "Termijn 1"],
        ["20-11-2026", "Verplichting", "Verslag & cijfers <nu>"],
        ["24-11-2026", "Verplichting", "Ander verslag"],
    ]
    assert rows[1][7] == "50000,00"


def test_a_long_table_goes_on_where_it_stopped(now: datetime, fundraiser: Client) -> None:
    with writing():
        plans = [
            make.obligation_plan(due_on=TODAY + timedelta(days=n // 3), title=f"Verslag nr{n}.") for n in range(60)
        ]
        make.grant(now, [], plans)
    first = fundraiser.get("/grants/dates").text
    assert "Verslag nr49." in first
    assert "Verslag nr59." not in first
    assert "from=2026-12-09" in first
    rest = fundraiser.get("/grants/dates?from=2026-12-09&to=2027-01-31").text
    assert "Verslag nr48." in rest
    assert "Verslag nr59." in rest


def test_a_calendar_file_of_the_same(two: tuple[int, int], fundraiser: Client) -> None:
    answer = fundraiser.get(f"/grants/dates.ics?from=2026-11-01&to=2026-11-30&person={fundraiser.staff_id}")
    events = Calendar.from_ical(answer.data).walk("VEVENT")
    titles = [str(entry["SUMMARY"]) for entry in events]
    assert any("Verslag & cijfers <nu>" in title for title in titles)
    assert not any("Ander verslag" in title for title in titles)


def test_a_period_is_turned_round_and_cut(fundraiser: Client, two: tuple[int, int]) -> None:
    assert "Ander verslag" in fundraiser.get("/grants/dates?from=2026-12-01&to=2026-11-01").text
    assert fundraiser.get("/grants/dates?from=1990-01-01&to=2190-01-01").status_code == 200


def test_the_secret_address_takes_filters(two: tuple[int, int], fundraiser: Client, app: Flask) -> None:
    funder = db.session.get_one(Grant, two[1]).funder_id
    page = fundraiser.post(f"/grants/calendar?funder={funder}").text
    address = page.split("<code>")[1].split("</code>")[0]
    address = "/" + address.split("/", 3)[3]
    assert f"?funder={funder}" in page
    reader = app.test_client()
    assert b"Ander verslag" not in reader.get(address).data
    filtered = reader.get(f"{address}?funder={funder}").data
    assert b"Ander verslag" in filtered
    assert b"cijfers" not in filtered
    both = reader.get(f"{address}?whose=all").data
    assert b"Ander verslag" in both
    assert b"cijfers" in both
    assert reader.get(f"{address}?funder=x").status_code == 400


def test_pages_take_the_same_statements_with_few_and_with_many_grants(now: datetime, fundraiser: Client) -> None:
    with writing():
        funder = make.funder(now)
        make.grant(now, funder_id=funder, starts_on=date(2026, 1, 1), all_at_once=True)
    few = {path: statements_of(fundraiser, path) for path in PAGES}
    with writing():
        for _turn in range(30):
            make.grant(now, funder_id=funder, starts_on=date(2026, 1, 1), all_at_once=True)
    assert {path: statements_of(fundraiser, path) for path in PAGES} == few
    assert fundraiser.get("/grants/timeline").text.count('class="tl-name"><a') == 25
