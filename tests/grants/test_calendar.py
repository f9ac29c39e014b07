"""The calendar feed, read back by a calendar library."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from icalendar import Calendar

from app.base.actor import SYSTEM
from app.extensions import db, writing
from app.grants.obligations import services as obligations
from app.grants.obligations.models import Obligation, ObligationKind
from app.grants.rounds import services as rounds
from app.grants.rounds.models import Recurrence
from app.grants.rounds.services import RoundFacts
from app.staff.models import Staff
from tests.conftest import SettableClock
from tests.factories import grants as make
from tests.support.client import Client

AWKWARD = "Steun; aan\\ meisjes, jongens\nen anderen: " + "é" * 90


@pytest.fixture
def address(fundraiser: Client, now: datetime) -> str:
    """The path of the fundraiser's feed, with an obligation of theirs and a yearly round."""
    with writing():
        funder_id = make.funder(now, "Nationale Postcode Loterij")
        facts = RoundFacts(name="Ronde", closes_on=date(2027, 9, 15), recurrence=Recurrence.YEARLY)
        rounds.open_round(funder_id, facts, actor=SYSTEM, now=now)
        duty = make.obligation_plan(
            ObligationKind.FINAL,
            due_on=date(2027, 3, 28),  # the night the clocks go forward
            internal_due_on=date(2027, 3, 14),
            assignee_id=fundraiser.staff_id,
        )
        other = make.obligation_plan(ObligationKind.AUDIT, due_on=date(2027, 4, 1), title="Niet van mij")
        make.grant(now, [], [duty, other], funder_id=funder_id, title=AWKWARD)
    return renewed(fundraiser)


def renewed(client: Client) -> str:
    page = client.post("/grants/calendar")
    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "no-store"
    found = re.search(r"(/calendar/[\w-]+\.ics)", page.text)
    assert found
    return found[1]


def read(client: Client, address: str) -> dict[str, Any]:
    """The entries of the feed by the beginning of their UID."""
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer.mimetype == "text/calendar"
    assert all(len(line) <= 75 for line in answer.data.split(b"\r\n"))
    return {str(event["UID"]).split("@")[0]: event for event in Calendar.from_ical(answer.data).walk("VEVENT")}


def test_a_calendar_program_reads_days_titles_and_uids(address: str, app: Any) -> None:
    entries = read(app.test_client(), address)  # nobody signed in: the address is enough
    duty_id = db.session.query(Obligation.id).filter(Obligation.kind == ObligationKind.FINAL).scalar()
    event = entries[f"obligation-{duty_id}"]
    assert event.decoded("DTSTART") == date(2027, 3, 28)
    assert event.decoded("DTEND") == date(2027, 3, 29)
    assert event["DTSTART"].params["VALUE"] == "DATE"
    assert "Nationale Postcode Loterij" in str(event["SUMMARY"])
    assert AWKWARD in str(event["DESCRIPTION"])
    assert event.decoded("SEQUENCE") == 0
    assert event.decoded("DTSTAMP").tzinfo is not None
    alarm = event.walk("VALARM")[0]
    assert alarm.decoded("TRIGGER") == timedelta(days=-7, hours=9)
    assert entries[f"obligation-{duty_id}-internal"].decoded("DTSTART") == date(2027, 3, 14)
    assert sum(name.startswith("round-") for name in entries) == 1
    assert not any("Niet van mij" in str(entry["SUMMARY"]) for entry in entries.values())


def test_a_moved_date_moves_the_entry(address: str, app: Any, now: datetime, fundraiser: Client) -> None:
    row = db.session.query(Obligation).filter(Obligation.kind == ObligationKind.FINAL).one()
    plan = make.obligation_plan(ObligationKind.FINAL, due_on=date(2028, 2, 29), assignee_id=fundraiser.staff_id)
    with writing():
        obligations.change(row.id, plan, version=1, actor=SYSTEM, now=now)
    event = read(app.test_client(), address)[f"obligation-{row.id}"]
    assert (event.decoded("DTSTART"), event.decoded("SEQUENCE")) == (date(2028, 2, 29), 1)


def test_what_is_delivered_leaves_the_calendar(address: str, app: Any, now: datetime) -> None:
    row_id = db.session.query(Obligation.id).filter(Obligation.kind == ObligationKind.FINAL).scalar()
    with writing():
        obligations.waive(row_id, "by phone", actor=SYSTEM, now=now)
    assert f"obligation-{row_id}" not in read(app.test_client(), address)


def test_finance_sees_expected_money_and_a_fundraiser_that_of_their_own_grants(
    sign_in: Any, now: datetime, app: Any
) -> None:
    with writing():
        make.grant(now)
    finance = sign_in("finance")
    entries = read(app.test_client(), renewed(finance))
    assert sum(name.startswith("instalment-") for name in entries) == 2
    fundraiser = sign_in("fundraiser")
    assert not any(name.startswith("instalment-") for name in read(app.test_client(), renewed(fundraiser)))


def test_a_new_address_ends_the_old_one_and_stopping_ends_both(address: str, fundraiser: Client, app: Any) -> None:
    newer = renewed(fundraiser)
    assert app.test_client().get(address).status_code == 404
    assert app.test_client().get(newer).status_code == 200
    assert fundraiser.post("/grants/calendar/stop").status_code == 303
    assert app.test_client().get(newer).status_code == 404


def test_an_address_lives_as_long_as_the_account(address: str, fundraiser: Client, app: Any) -> None:
    with writing() as session:
        session.get_one(Staff, fundraiser.staff_id).active = False
    assert app.test_client().get(address).status_code == 404


@pytest.mark.parametrize("token", ["x", "A" * 27, "../../etc/passwd", "%00", "A" * 5000])
def test_an_address_that_was_never_given_is_not_found(now: datetime, app: Any, token: str) -> None:
    assert app.test_client().get(f"/calendar/{token}.ics").status_code == 404


def test_the_feed_never_enters_a_cache_or_an_index(address: str, app: Any) -> None:
    headers = app.test_client().get(address).headers
    assert "no-store" in headers["Cache-Control"]
    assert headers["X-Robots-Tag"] == "noindex"


def test_uids_stay_the_same_from_day_to_day(address: str, app: Any, clock: SettableClock) -> None:
    before = set(read(app.test_client(), address))
    clock.forward(days=3)
    assert set(read(app.test_client(), address)) == before
