"""A form of a staff page is done once, however often it is sent: at one moment, later, from a page kept open."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from lxml import html
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from app.extensions import db, now, once, writing
from app.extensions.once import SentForm
from app.grants.obligations.models import Obligation
from app.staff.upkeep import forget_sent_forms
from app.ui.permissions import Role
from config import ROOT
from tests.conftest import SettableClock
from tests.factories import consortium, grants, supporters
from tests.support.client import Client
from tests.support.pages import check


@dataclass(frozen=True)
class Case:
    """A page with a form that makes a row in `table`. `prepare` makes what its address needs."""

    page: str
    table: str
    said: dict[str, str]
    prepare: Callable[[datetime], int] = lambda at: 0


def _grant(at: datetime) -> int:
    with writing():
        return grants.grant(at)


def _partner(at: datetime) -> int:
    with writing():
        return consortium.partner(grants.grant(at, all_at_once=True), at)


def _funder(at: datetime) -> int:
    with writing():
        return grants.funder(at)


def _person(at: datetime) -> int:
    return supporters.person()


PERIOD = {"starts_on": "01-01-2027", "ends_on": "31-12-2027"}
TASK = Case("/tasks/new", "task", {"title": "Bel de penningmeester"})
CASES = [
    TASK,
    Case("/tasks/templates/new", "task_template",
         {"name": "Aanvraag", "steps-0-title": "Begroting", "steps-0-days_before": "5"}),
    Case("/supporters/{id}/notes", "interaction", {"subject": "Gebeld", "body": "Belt volgende week terug."}, _person),
    Case("/grants/projects/new", "project", {"name": "Online veilig"} | PERIOD),
    Case("/grants/partners/{id}/sub-grants/new", "sub_grant",
         {"title": "Opvang", "amount": "1.000,00"} | PERIOD, _partner),
    Case("/grants/{id}/conditions/new", "grant_condition", {"text": "Een logo in het jaarverslag"}, _grant),
    Case("/grants/{id}/obligations/new", "obligation", {"due_on": "01-06-2027", "title": "Verslag"}, _grant),
    Case("/grants/funders/{id}/rounds/new", "grant_round", {"name": "Najaar", "closes_on": "01-06-2027"}, _funder),
    Case("/mailings/new", "mailing", {"subject": "Nieuws", "body": "Beste lezer,\n\nEr is nieuws."}),
]  # fmt: skip


def rows(table: str) -> int:
    db.session.rollback()
    return int(db.session.execute(select(func.count()).select_from(db.metadata.tables[table])).scalar_one())


def fields_of(client: Client, page: str, **said: str) -> dict[str, Any]:
    """What a browser would send of the main form on this page."""
    response = client.get(page)
    assert response.status_code == 200, response.status_code
    found = html.fromstring(response.get_data()).xpath("//main//form[@method='post']")
    form = next(f for f in found if not said or set(said) & set(f.fields))
    return {name: value for name, value in form.fields.items() if value is not None} | said


def twin_of(app: Flask, client: Client) -> Client:
    """Another browser tab of the same person."""
    other: Client = app.test_client()  # type: ignore[assignment]
    with client.session_transaction() as mine:
        held = dict(mine)
    with other.session_transaction() as theirs:
        theirs.update(held)
    return other


def at_one_moment(app: Flask, clients: list[Client], page: str, data: dict[str, Any]) -> list[TestResponse]:
    gate = Barrier(len(clients))

    def post(client: Client) -> TestResponse:
        gate.wait()
        return client.post(page, data=data, check=False)

    with ThreadPoolExecutor(len(clients)) as pool:
        return list(pool.map(post, clients))


@pytest.mark.databases("sqlite", "postgresql")
@pytest.mark.parametrize("case", CASES, ids=[case.table for case in CASES])
def test_the_same_form_four_times_at_one_moment_is_done_once(app: Flask, client: Client, case: Case) -> None:
    client.sign_in(Role.ADMIN)
    page = case.page.format(id=case.prepare(now()))
    before = rows(case.table)
    data = fields_of(client, page, **case.said)
    clients = [twin_of(app, client) for _ in range(4)]
    answers = at_one_moment(app, clients, page, data)
    assert rows(case.table) == before + 1
    led = {answer.location for answer in answers}
    assert [answer.status_code for answer in answers] == [303] * 4, [a.get_data(as_text=True)[-900:] for a in answers]
    assert len(led) == 1, "whoever pressed twice ends where pressing once leads"


def test_two_pages_of_one_form_make_two(client: Client) -> None:
    client.sign_in(Role.FUNDRAISER)
    for _time in range(2):
        assert client.post(TASK.page, data=fields_of(client, TASK.page, **TASK.said)).status_code == 303
    assert rows("task") == 2


def test_sent_again_it_says_that_it_was_done(client: Client) -> None:
    client.sign_in(Role.FUNDRAISER)
    data = fields_of(client, TASK.page, **TASK.said)
    first, second = (client.post(TASK.page, data=data) for _time in range(2))
    assert (second.status_code, second.location) == (303, first.location)
    assert "Je stuurde dit twee keer. Het is één keer gedaan." in client.get(second.location).get_data(as_text=True)
    assert rows("task") == 1


@pytest.mark.parametrize("case", [TASK, CASES[4], CASES[5], CASES[-1]], ids=lambda case: str(case.table))
def test_back_and_changed_it_asks_first_and_keeps_every_word(client: Client, case: Case) -> None:
    client.sign_in(Role.ADMIN)
    page = case.page.format(id=case.prepare(now()))
    before = rows(case.table)
    data = fields_of(client, page, **case.said)
    assert client.post(page, data=data).status_code == 303
    changed, words = next(iter(case.said)), "Bel de voorzitter"
    answer = client.post(page, data=data | {changed: words})
    text = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert "Je had dit formulier al verstuurd" in text
    assert "klopt nog niet" not in text
    assert words in text
    assert rows(case.table) == before + 1
    form = next(f for f in html.fromstring(answer.get_data()).forms if changed in f.fields)
    assert client.post(page, data=dict(form.fields)).status_code == 303
    assert rows(case.table) == before + 2


@pytest.mark.databases("sqlite", "postgresql")
def test_a_small_form_without_a_page_of_its_own_does_what_it_says_now(app: Flask, client: Client) -> None:
    client.sign_in(Role.FUNDRAISER)
    with writing():
        _grant_id, _report, _partner_id, (part, *_others) = consortium.asked(now())
    page = f"/grants/parts/{part}"
    said = fields_of(client, page, text="Wie telt dit?")
    for words in ("Wie telt dit?", "Wie telt dit, en wanneer?"):
        answers = at_one_moment(
            app, [twin_of(app, client) for _ in range(3)], f"{page}/comment", said | {"text": words}
        )
        assert {answer.status_code for answer in answers} == {303}
    assert rows("report_part_comment") == 2


def test_what_was_wrong_or_refused_may_be_sent_again_with_the_same_key(client: Client) -> None:
    client.sign_in(Role.FUNDRAISER)
    data = fields_of(client, TASK.page, title="")
    assert client.post(TASK.page, data=data).status_code == 422
    assert client.post(TASK.page, data=data | TASK.said).status_code == 303
    said = {"name": "Online veilig", "starts_on": "01-01-2027", "ends_on": "31-12-2026"}
    data = fields_of(client, "/grants/projects/new", **said)
    assert client.post("/grants/projects/new", data=data).status_code == 422, "it ends before it starts"
    assert client.post("/grants/projects/new", data=data | {"ends_on": "31-12-2027"}).status_code == 303


def test_a_button_pressed_twice_says_so_too(client: Client) -> None:
    client.sign_in(Role.FUNDRAISER)
    client.post(TASK.page, data=fields_of(client, TASK.page, **TASK.said))
    form = next(
        f for f in html.fromstring(client.get("/tasks?whose=all").get_data()).forms if f.action.endswith("/done")
    )
    data = dict(form.fields)
    assert client.post(form.action, data=data).status_code == 303
    assert client.post(form.action.replace("/done", "/reopen")).status_code == 303
    again = client.post(form.action, data=data)
    assert again.status_code == 303
    assert "Het is één keer gedaan." in client.get("/tasks?whose=all").get_data(as_text=True)


def test_an_answer_that_leads_nowhere_is_told_as_done(app: Flask, client: Client) -> None:
    """The first one is not answered yet, or its server died in between."""
    client.sign_in(Role.FUNDRAISER)
    data = fields_of(client, TASK.page, **TASK.said)
    assert client.post(TASK.page, data=data).status_code == 303
    with writing() as session:
        session.execute(SentForm.__table__.update().values(location=None))
    answer = client.post(TASK.page, data=data)
    assert answer.status_code == 409
    assert "Het is één keer gedaan." in answer.get_data(as_text=True)
    check(answer, "sent twice")


def test_where_it_led_holds_no_question(client: Client) -> None:
    client.sign_in(Role.FUNDRAISER)
    page = TASK.page + "?next=/tasks?q=Jansen"
    client.post(page, data=fields_of(client, page, **TASK.said))
    assert db.session.scalars(select(SentForm.location)).all() == ["/tasks"]


def test_after_a_day_it_is_forgotten(client: Client, clock: SettableClock) -> None:
    client.sign_in(Role.FUNDRAISER)
    client.post(TASK.page, data=fields_of(client, TASK.page, **TASK.said))
    clock.forward(hours=23)
    forget_sent_forms({})
    assert rows("sent_form") == 1
    clock.forward(hours=2)
    forget_sent_forms({})
    assert rows("sent_form") == 0


def test_public_pages_carry_no_key(client: Client) -> None:
    for page in ("/steun-ons", "/login", "/blijf-op-de-hoogte", "/mijn-giften"):
        assert once.KEY not in client.get(page).get_data(as_text=True)


def test_what_a_stranger_brings_to_a_public_page_is_not_kept(client: Client) -> None:
    """Its answer may lead to an address with a secret in it."""
    said = {"first_name": "Els", "email": "els@example.org", once.KEY: "of-a-stranger"}
    for name in ("Els", "Bo"):
        assert client.post("/blijf-op-de-hoogte", data=said | {"first_name": name}).status_code == 303
    assert rows("sent_form") == 0


def test_a_mended_file_of_the_same_name_and_size_is_another(client: Client) -> None:
    client.sign_in(Role.FUNDRAISER)
    with writing():
        grants.grant(now())
    page = f"/grants/obligations/{db.session.execute(select(func.min(Obligation.id))).scalar_one()}"
    said = fields_of(client, page, file="")
    for words in (b"%PDF-1.7 twaalf", b"%PDF-1.7 twaalf", b"%PDF-1.7 twintig"[:15]):
        answer = client.post(f"{page}/files", data=said | {"file": (io.BytesIO(words), "cijfers.pdf")})
        assert answer.status_code == 303
    assert rows("document") == 2


@pytest.mark.databases("sqlite")
def test_every_form_of_staff_is_made_with_a_key(app: Flask) -> None:
    """Forms that are written out carry what `form_open` and `post_button` give; those without make nothing."""
    without = {"layouts/staff.html", "layouts/_switches.html", "giving/_form.html", "payments/demo_bank.html"}
    without |= {"staff/_passkey.html"}  # a challenge is used once
    for path in sorted((ROOT / "templates").rglob("*.html")):
        name = path.relative_to(ROOT / "templates").as_posix()
        forms = re.findall(r"<form\b[^>]*method=\"(?:post|\{\{)[^>]*>.*?(?:</form>|endmacro)", path.read_text(), re.S)
        if name not in without:
            assert all("once_field()" in form for form in forms), name
