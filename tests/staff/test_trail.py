from __future__ import annotations

import re
from datetime import date

import pytest
from flask import Flask
from sqlalchemy import event, select

from app.audit import services as audit
from app.audit import words
from app.base.actor import PUBLIC, Actor, system
from app.extensions import db, now, writing
from app.grants.awards.models import Grant
from app.grants.obligations.models import Obligation
from app.ui.permissions import Role
from config import ROOT
from tests.conftest import SettableClock
from tests.factories import grants, supporters
from tests.support.accounts import make_account
from tests.support.client import Client


def write(count: int, clock: SettableClock, actor: Actor, action: str = "staff.changed", subject: int = 7) -> None:
    for number in range(count):
        clock.forward(seconds=1)
        with writing():
            changes = {"name": [f"old {number}", f"new {number} <b>"]}
            audit.record(action, ("staff", subject), actor=actor, now=now(), changes=changes)


def rows(client: Client, query: str = "") -> list[str]:
    page = client.get(f"/audit{query}")
    assert page.status_code == 200
    return (
        [part.split("</tr>")[0] for part in page.text.split("<tbody>")[-1].split("<tr>")[1:]]
        if "<tbody>" in page.text
        else []
    )


def test_the_trail_tells_who_did_what(app: Flask, client: Client, clock: SettableClock) -> None:
    client.sign_in(Role.ADMIN)
    carla = make_account("carla@example.org", Role.FINANCE, name="Carla Pol")
    write(1, clock, Actor("staff", carla), subject=carla)
    write(1, clock, system("nightly"), "staff.deactivated", 8)
    write(1, clock, PUBLIC, "thing.unnamed_before", 9)
    told = rows(client)
    assert "Een bezoeker" in told[0]
    assert "thing: unnamed before" in told[0]
    assert "Het systeem" in told[1]
    assert "nightly" in told[1]
    assert "Carla Pol" in told[2]
    assert "old 0 → new 0 &lt;b&gt;" in told[2]
    assert f'href="/staff/{carla}"' in told[2]


def test_amounts_are_told_in_euros(app: Flask, client: Client) -> None:
    client.sign_in(Role.ADMIN)
    with writing():
        audit.record("thing.paid", ("staff", 7), actor=PUBLIC, now=now(), changes={"amount_cents": [1250, 2500]})
    assert "€ 12,50 → € 25,00" in rows(client)[0].replace("\xa0", " ")


def test_days_are_told_as_people_write_them_and_fields_by_name(app: Flask, client: Client) -> None:
    client.sign_in(Role.ADMIN)
    with writing():
        changes = {"due_on": [date(2026, 11, 2), date(2027, 6, 1)], "internal_due_on": [None, "spoed"]}
        audit.record("task.changed", ("task", 7), actor=PUBLIC, now=now(), changes=changes)
    assert "deadline: 02-11-2026 → 01-06-2027; eigen deadline: spoed" in client.get("/audit").text


def test_people_are_told_by_name(app: Flask, client: Client) -> None:
    client.sign_in(Role.ADMIN)
    first, second = (make_account(f"{name}@example.org", Role.VIEWER, name=name) for name in ("Aart", "Bea"))
    with writing():
        changes = {"owner_id": [first, second], "lead_id": second, "reviewer_id": [None, 7]}
        audit.record("task.assigned", ("task", 7), actor=PUBLIC, now=now(), changes=changes)
    told = client.get("/audit").text
    assert "verantwoordelijke: Aart → Bea" in told
    assert "projectleider: Bea" in told
    assert "meelezer: 7" in told


def test_records_are_told_by_name_where_they_still_are(app: Flask, client: Client) -> None:
    client.sign_in(Role.ADMIN)
    donor = supporters.person()
    with writing():
        grant_id = grants.grant(now(), funder_id=grants.funder(now(), "Fonds Kind"), title="Preventie")
        funder_id = db.session.get_one(Grant, grant_id).funder_id
        report = db.session.execute(select(Obligation).where(Obligation.grant_id == grant_id)).scalars().first()
        assert report
        report.title = "Tussenverslag"
        changes = {"grant_id": [7, grant_id], "funder_id": funder_id, "obligation_id": report.id, "supporter_id": donor}
        audit.record("task.changed", ("task", 7), actor=PUBLIC, now=now(), changes=changes)
    told = client.get("/audit").text
    assert "subsidie: 7 → Preventie" in told
    assert "financier: Fonds Kind" in told
    assert "verplichting: Tussenverslag" in told
    assert str(donor) in told, "never the name of a donor"


def test_filters(app: Flask, client: Client, clock: SettableClock) -> None:
    client.sign_in(Role.ADMIN)
    carla = make_account("carla@example.org", Role.FINANCE, name="Carla Pol")
    write(2, clock, Actor("staff", carla), subject=carla)
    clock.forward(days=2)
    write(1, clock, system("nightly"), "staff.deactivated", 8)
    client.sign_in(Role.ADMIN)
    assert len(rows(client, f"?person={carla}")) == 2
    assert len(rows(client, "?action=staff.deactivated")) == 1
    assert len(rows(client, f"?subject=staff&subject_id={carla}")) == 3  # with its making
    assert len(rows(client, "?from=2026-11-25&to=2026-11-25")) == 2  # with the new sign-in
    assert len(rows(client, "?to=24-11-2026")) == len(rows(client)) - 2
    assert rows(client, "?from=2030-01-01") == []
    for wrong in ("?action=no.such", "?subject=no", "?person=x", "?from=31-02-2026", "?after=forged"):
        assert client.get(f"/audit{wrong}").status_code == 400


def test_paging_shows_every_line_once(app: Flask, client: Client, clock: SettableClock) -> None:
    client.sign_in(Role.ADMIN)
    write(120, clock, system("x"))
    seen: list[str] = []
    address = "/audit?subject=staff&subject_id=7"
    for _ in range(10):
        page = client.get(address).text
        seen += [part.split("→ ")[1].split(" &lt;")[0] for part in page.split("<tbody>")[1].split("<tr>")[1:]]
        if 'rel="next"' not in page:
            break
        address = page.split('rel="next"')[1].split('href="')[1].split('"')[0].replace("&amp;", "&")
    assert seen == [f"new {number}" for number in reversed(range(120))]


@pytest.mark.parametrize("path", ["/audit", "/staff", "/account", "/staff/{id}"])
def test_pages_take_the_same_number_of_statements_whatever_there_is(
    app: Flask, client: Client, clock: SettableClock, path: str
) -> None:
    client.sign_in(Role.ADMIN)
    address = path.format(id=client.staff_id)
    write(2, clock, Actor("staff", client.staff_id), subject=client.staff_id or 0)

    def statements() -> int:
        count = 0

        def counted(*_: object) -> None:
            nonlocal count
            count += 1

        client.get(address)
        event.listen(db.engine, "before_cursor_execute", counted)
        try:
            assert client.get(address).status_code == 200
        finally:
            event.remove(db.engine, "before_cursor_execute", counted)
        return count

    before = statements()
    for number in range(12):
        staff_id = make_account(f"more{number}@example.org", name=f"More {number}")
        write(2, clock, Actor("staff", staff_id), subject=client.staff_id or 0)
    assert statements() <= before


def test_whatever_acts_by_itself_has_a_name(app: Flask) -> None:
    code = "".join(path.read_text("utf-8") for path in (ROOT / "app").rglob("*.py"))
    labels = set(re.findall(r'\bsystem\("([^"]+)"\)', code))
    assert "grants.morning" in labels
    assert not [label for label in labels if label not in words.doer_names()], "say words.doers(...) in the room"


def test_states_are_told_in_words_of_their_own_table(app: Flask, client: Client) -> None:
    client.sign_in(Role.ADMIN)
    morning = system("grants.morning")
    with writing():
        for kind, changes in {
            "instalment": {"state": ["conditional", "due"]},
            "commitment": {"state": ["on_hold", "active"]},
            "grant_award": {"made_up": ["conditional", "due"]},
        }.items():
            audit.record("staff.changed", (kind, 7), actor=morning, now=now(), changes=changes)
    page = client.get("/audit").text
    assert "grants.morning" not in page
    assert "herinneringen van de ochtend" in page
    for told in ("Voorwaardelijk → Op te vragen", "Wacht op de donateur → Actief", "made up: conditional → due"):
        assert told in page
