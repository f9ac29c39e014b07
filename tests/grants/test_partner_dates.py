"""What partners owe us and are owed stands where other dates stand: calendars, the cockpit, the weekly mail."""

from __future__ import annotations

import contextlib
import csv
import io
import itertools
from collections.abc import Callable
from datetime import date, datetime

import pytest
from icalendar import Calendar
from sqlalchemy import select

from app.base.actor import SYSTEM
from app.base.errors import Invalid, Refused
from app.extensions import db, writing
from app.grants.partners import duties, money_queries, sub_grants
from app.grants.partners.models import (
    DUTY_MOVES,
    Booking,
    DutyState,
    PassOnState,
    SubGrantDuty,
    SubGrantInstalment,
    SubGrantState,
)
from app.grants.partners.sub_grants import SubGrantFacts
from tests.factories import consortium as make
from tests.factories import grants
from tests.support.client import Client
from tests.support.counting import statements_of

TODAY = date(2026, 11, 23)
PAGES = ("/grants/timeline", "/grants/month", "/grants/dates", "/cockpit")


def settle(sub_grant_id: int, now: datetime) -> None:
    """Nothing of it is open any more."""
    part = select(SubGrantInstalment.id).where(SubGrantInstalment.sub_grant_id == sub_grant_id)
    with writing():
        duties.move(make.duty_of(sub_grant_id), DutyState.WAIVED, note="Niet nodig.", actor=SYSTEM, now=now)
        found = db.session.execute(part).scalar_one()
        sub_grants.move_instalment(found, PassOnState.CANCELLED, actor=SYSTEM, now=now)


@pytest.mark.parametrize("path", ["/grants/timeline", "/grants/month", "/grants/dates"])
def test_dates_of_partners_stand_among_the_others(fundraiser: Client, now: datetime, path: str) -> None:
    with writing():
        row_id = make.passed_on(now, owner_id=fundraiser.staff_id)
        funder_id = grants.funder(now, "Stichting Janivo")
    page = fundraiser.get(path).text
    assert "Jaarcijfers van CKM" in page
    assert "Termijn aan CKM" in page
    assert f"/grants/sub-grants/{row_id}" in page
    assert "te laat" in page
    assert "Jaarcijfers van CKM" not in fundraiser.get(f"{path}?funder={funder_id}").text
    assert "Jaarcijfers van CKM" in fundraiser.get(f"{path}?person={fundraiser.staff_id}").text


def test_the_cockpit_says_what_is_late_or_due_at_partners_and_nothing_of_a_draft(
    fundraiser: Client, sign_in: Callable[[str], Client], now: datetime
) -> None:
    with writing():
        row_id = make.passed_on(now, owner_id=fundraiser.staff_id)
        make.passed_on(now, agreed=False, name="Fier")
    page = fundraiser.get("/cockpit?whose=mine").text.replace("\N{NO-BREAK SPACE}", " ")
    assert "Jaarcijfers van CKM" in page
    assert "3 dagen te laat" in page
    assert "Te betalen: € 2.500,00 aan CKM" in page
    assert "Fier" not in page
    theirs = sign_in("finance").get("/cockpit?whose=mine").text
    assert "Jaarcijfers van CKM" not in theirs
    assert "aan CKM" in theirs, "finance pays for every grant"
    settle(row_id, now)
    assert "CKM" not in fundraiser.get("/cockpit").text


def test_what_a_partner_delivered_stands_in_the_cockpit_until_it_is_judged(fundraiser: Client, now: datetime) -> None:
    with writing():
        row_id = make.passed_on(now, owner_id=fundraiser.staff_id)
        duty_id = duties.plan(row_id, "Eindverslag", date(2027, 6, 1), actor=SYSTEM, now=now)
        duties.move(duty_id, DutyState.DELIVERED, actor=SYSTEM, now=now)
    page = fundraiser.get("/cockpit?whose=mine").text
    line = page[page.index("Eindverslag van CKM") - 300 : page.index("Eindverslag van CKM") + 300]
    assert "te lezen" in line
    assert "Aangeleverd" in line
    assert f"/grants/sub-grants/{row_id}" in line
    with writing():
        duties.move(duty_id, DutyState.ACCEPTED, actor=SYSTEM, now=now)
    assert "Eindverslag" not in fundraiser.get("/cockpit?whose=mine").text


def test_the_file_says_that_money_goes_out(fundraiser: Client, now: datetime) -> None:
    with writing():
        make.passed_on(now)
    rows = list(csv.reader(io.StringIO(fundraiser.get("/grants/dates.csv").text.lstrip("\ufeff")), delimiter=";"))
    found = next(row for row in rows if row and "Termijn aan CKM" in row)
    assert found[-1].replace("\N{MINUS SIGN}", "-") == "-2500,00"
    entries = Calendar.from_ical(fundraiser.get("/grants/dates.ics").data).walk("VEVENT")
    assert {str(entry["SUMMARY"]).replace("\N{NO-BREAK SPACE}", " ") for entry in entries} >= {
        "Jaarcijfers van CKM",
        "Te betalen: € 2.500,00 aan CKM",
    }


def test_what_is_cancelled_has_no_date(fundraiser: Client, now: datetime) -> None:
    with writing():
        row_id = make.passed_on(now)
        sub_grants.move(row_id, SubGrantState.CANCELLED, actor=SYSTEM, now=now)
    for path in PAGES:
        assert "CKM" not in fundraiser.get(path).text


def test_an_ended_grant_stays_while_a_partner_owes_something(fundraiser: Client, now: datetime) -> None:
    with writing():
        grant_id = grants.grant(
            now, [], [], starts_on=date(2024, 1, 1), ends_on=date(2025, 12, 31), title="Oud", all_at_once=True
        )
        facts = SubGrantFacts(
            title="Opvang", amount_cents=400_000, booking=Booking.PRINCIPAL, starts_on=date(2024, 1, 1),
            ends_on=date(2025, 12, 31),
        )  # fmt: skip
        row_id = sub_grants.plan(make.partner(grant_id, now), facts, actor=SYSTEM, now=now)
        assert ">Oud<" not in fundraiser.get("/grants/timeline?zoom=month&from=2026-11-01").text
        duties.plan(row_id, "Jaarcijfers", date(2026, 11, 20), actor=SYSTEM, now=now)
    assert ">Oud<" in fundraiser.get("/grants/timeline?zoom=month&from=2026-11-01").text


def test_pages_take_the_same_statements_with_few_and_with_many_partners(now: datetime, fundraiser: Client) -> None:
    with writing():
        make.passed_on(now)
    few = {path: statements_of(fundraiser, path) for path in PAGES}
    with writing():
        for number in range(20):
            make.passed_on(now, name=f"Partner {number}")
    assert {path: statements_of(fundraiser, path) for path in PAGES} == few


def test_it_is_not_closed_while_the_partner_owes_something_and_its_trail_says_what_moved_where(
    fundraiser: Client, now: datetime
) -> None:
    with writing():
        row_id = make.passed_on(now)
        part = db.session.execute(select(SubGrantInstalment.id)).scalar_one()
        sub_grants.move_instalment(part, PassOnState.CANCELLED, actor=SYSTEM, now=now)
    with writing(), pytest.raises(Refused, match="accepted"):
        sub_grants.move(row_id, SubGrantState.CLOSED, actor=SYSTEM, now=now)
    with writing():
        for state in (DutyState.DELIVERED, DutyState.ACCEPTED):
            duties.move(make.duty_of(row_id), state, actor=SYSTEM, now=now)
        sub_grants.move(row_id, SubGrantState.CLOSED, actor=SYSTEM, now=now)
    page = fundraiser.get(f"/grants/sub-grants/{row_id}").text
    assert "Jaarcijfers · Goedgekeurd" in page
    assert "Afgebroken · € 2.500,00" in page.replace("\N{NO-BREAK SPACE}", " ")


def test_sending_back_asks_why_and_the_trail_says_it(fundraiser: Client, now: datetime) -> None:
    with writing():
        row_id = make.passed_on(now)
        duty_id = make.duty_of(row_id)
        duties.move(duty_id, DutyState.DELIVERED, actor=SYSTEM, now=now)
    url = f"/grants/sub-grant-duties/{duty_id}/return"
    assert url in fundraiser.get(f"/grants/sub-grants/{row_id}").text
    assert "Jaarcijfers" in fundraiser.get(url).text
    for note in ("", "  "):
        assert fundraiser.post(url, data={"version": 2, "note": note}).status_code == 422
    assert fundraiser.post(f"/grants/sub-grant-duties/{duty_id}/move/returned", data={"version": 2}).status_code == 422
    assert fundraiser.post(url, data={"version": 1, "note": "Te vroeg gekeken"}).status_code == 409
    assert money_queries.duty(duty_id).state is DutyState.DELIVERED
    assert fundraiser.post(url, data={"version": 2, "note": "De reiskosten ontbreken."}).status_code == 303
    assert money_queries.duty(duty_id).state is DutyState.RETURNED
    assert "Jaarcijfers · Terug · De reiskosten ontbreken." in fundraiser.get(f"/grants/sub-grants/{row_id}").text
    assert fundraiser.get(url).status_code == 409, "it is with the partner now"


@pytest.mark.parametrize(("before", "after"), list(itertools.product(DutyState, DutyState)))
def test_a_duty_moves_by_the_table_alone_and_is_sent_back_or_let_go_only_with_a_reason(
    before: DutyState, after: DutyState, now: datetime
) -> None:
    with writing():
        duty_id = make.duty_of(make.passed_on(now))
    for note in ("", "Zie de mail."):
        with writing() as session:
            session.get_one(SubGrantDuty, duty_id).state = before
        allowed = DUTY_MOVES.allows(before, after) and (note != "" or after not in duties.WHY)
        with contextlib.nullcontext() if allowed else pytest.raises((Invalid, Refused)), writing():
            duties.move(duty_id, after, note=note, actor=SYSTEM, now=now)
        assert money_queries.duty(duty_id).state is (after if allowed else before)


def test_letting_go_asks_why_and_the_trail_says_it(fundraiser: Client, now: datetime) -> None:
    with writing():
        row_id = make.passed_on(now)
    duty_id = make.duty_of(row_id)
    url = f"/grants/sub-grant-duties/{duty_id}/waive"
    assert url in fundraiser.get(f"/grants/sub-grants/{row_id}").text
    assert "Jaarcijfers" in fundraiser.get(url).text
    assert fundraiser.post(url, data={"version": 1, "note": " "}).status_code == 422
    assert fundraiser.post(f"/grants/sub-grant-duties/{duty_id}/move/waived", data={"version": 1}).status_code == 422
    assert money_queries.duty(duty_id).state is DutyState.PLANNED
    assert fundraiser.post(url, data={"version": 1, "note": "Staat in het jaarverslag."}).status_code == 303
    assert money_queries.duty(duty_id).state is DutyState.WAIVED
    page = fundraiser.get(f"/grants/sub-grants/{row_id}").text
    assert "Jaarcijfers · Vervallen · Staat in het jaarverslag." in page


@pytest.mark.parametrize("state", [SubGrantState.CLOSED, SubGrantState.CANCELLED])
def test_nothing_of_a_closed_or_cancelled_sub_grant_is_planned_or_asked_again(
    fundraiser: Client, now: datetime, state: SubGrantState
) -> None:
    with writing():
        row_id = make.passed_on(now)
    settle(row_id, now)
    with writing():
        sub_grants.move(row_id, state, actor=SYSTEM, now=now)
    page = fundraiser.get(f"/grants/sub-grants/{row_id}").text
    assert "Vraag het opnieuw" not in page
    assert "duties/new" not in page
    part_id = money_queries.instalments(row_id)[0].id
    tried = (
        lambda: duties.move(make.duty_of(row_id), DutyState.PLANNED, actor=SYSTEM, now=now),
        lambda: duties.plan(row_id, "Eindverslag", TODAY, actor=SYSTEM, now=now),
        lambda: sub_grants.move_instalment(part_id, PassOnState.PLANNED, actor=SYSTEM, now=now),
    )
    for attempt in tried:
        with pytest.raises(Refused, match="cannot be done"), writing():
            attempt()
