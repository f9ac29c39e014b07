"""A request to be erased, from the donor's click or the letter to the answer within the legal month."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from itertools import product

import pytest
from flask import Flask
from sqlalchemy import select

from app.base.actor import SYSTEM
from app.base.errors import Invalid, NotFound, Refused
from app.base.references import code_of
from app.extensions import db, now, writing
from app.grants.funders.models import Funder
from app.jobs.services import run_due
from app.privacy import erasure
from app.privacy.erasure_models import MOVES, ErasureRequest, ErasureStep, Ground, RequestState, Source
from app.supporters.models import Supporter
from app.tasks.models import Task, TaskState
from tests.conftest import SettableClock
from tests.factories.grants import funder
from tests.factories.organisation import make_organisation
from tests.factories.recurring import commitment
from tests.factories.supporters import person
from tests.support.client import Client
from tests.support.mails import mails

SignIn = Callable[[str], Client]
S = RequestState
FORM = {"asked_on": "20-11-2026", "how": "letter"}


@pytest.fixture
def who(app: Flask) -> int:
    make_organisation()
    return person("Wietske Bos", email="wietske@example.nl")


def ask(supporter_id: int, **more: object) -> int:
    with writing():
        return erasure.ask(supporter_id, Source.STAFF, actor=SYSTEM, now=now(), **more)  # type: ignore[arg-type]


def states() -> list[RequestState]:
    db.session.rollback()
    return list(db.session.scalars(select(ErasureRequest.state).order_by(ErasureRequest.id)))


@pytest.mark.parametrize(("before", "after"), [*product(RequestState, RequestState)])
def test_only_what_is_open_moves(before: RequestState, after: RequestState) -> None:
    allowed = {(S.ASKED, S.ACCEPTED), (S.ASKED, S.REFUSED), (S.ASKED, S.WITHDRAWN), (S.ACCEPTED, S.DONE)}
    assert MOVES.allows(before, after) == ((before, after) in allowed)


@pytest.mark.parametrize(
    ("asked", "due"),
    [(date(2026, 11, 23), date(2026, 12, 23)), (date(2026, 10, 31), date(2026, 11, 30))],
)
def test_the_answer_is_due_within_a_month(who: int, asked: date, due: date) -> None:
    one = db.session.get_one(ErasureRequest, ask(who, asked_on=asked))
    task = db.session.scalars(select(Task)).one()
    assert (one.due_on, task.due_on, task.state) == (due, due, TaskState.OPEN)
    assert "Wietske" not in task.title
    assert code_of(who) in task.title


def test_asked_twice_it_is_one_and_only_for_who_is_there(who: int) -> None:
    assert ask(who) == ask(who)
    assert len(states()) == len(db.session.scalars(select(Task)).all()) == 1
    with pytest.raises(Invalid):
        ask(person("Bob Bos"), asked_on=date(2027, 1, 1))
    with pytest.raises(NotFound):
        ask(4242)


def test_staff_write_down_a_letter_and_an_administrator_erases(who: int, sign_in: SignIn, clock: SettableClock) -> None:
    client = sign_in("fundraiser")
    assert (
        client.post(f"/supporters/{who}/erasure", data={"asked_on": "24-11-2026", "how": "letter"}).status_code == 422
    )
    assert client.post(f"/supporters/{who}/erasure", data={"asked_on": "20-11-2026"}).status_code == 422
    answer = client.post(f"/supporters/{who}/erasure", data=FORM)
    assert answer.status_code == 303
    page = client.get(answer.location).text
    for words in (
        "Wietske Bos",
        "20-11-2026",
        "20-12-2026",
        "Ondertekende brief",
        "E-mailadressen: 1",
        "Een beheerder",
    ):
        assert words in page
    assert "Verzoek om wissen: te beoordelen" in client.get(f"/supporters/{who}").text
    assert "Wietske Bos" in client.get("/erasures").text
    where = answer.location
    assert client.post(f"{where}/accept", data={"ground": "withdrawn", "sure": "y"}).status_code == 403
    clock.at(2026, 12, 21, 11)
    boss = sign_in("admin")
    assert "De maand om te antwoorden is voorbij" in boss.get(where).text
    for wrong in ({"ground": "withdrawn"}, {"sure": "y"}, {"ground": "other", "sure": "y"}):
        assert boss.post(f"{where}/accept", data=wrong).status_code == 422
    assert boss.post(f"{where}/accept", data={"ground": "withdrawn", "sure": "y"}).status_code == 303
    assert states() == [S.ACCEPTED]
    run_due()
    assert states() == [S.DONE]
    assert db.session.get_one(Supporter, who).display_name == "Gewiste relatie"
    page = boss.get(where).text
    assert "gewist" in page
    assert "Wietske" not in page
    assert "Gewiste relatie" in boss.get("/erasures?state=done").text
    assert boss.post(f"{where}/accept", data={"ground": "withdrawn", "sure": "y"}).status_code == 409
    assert boss.post(f"/supporters/{who}/erasure", data=FORM).status_code in (404, 409)
    mine = select(Task.state).where(Task.source_key.startswith("erasure:"))
    assert db.session.scalars(mine).all() == [TaskState.DONE]
    assert [step.state for step in db.session.scalars(select(ErasureStep).order_by(ErasureStep.id))] == [
        S.ASKED, S.ACCEPTED, S.DONE,
    ]  # fmt: skip


def test_a_refusal_says_why_and_where_to_complain(who: int, sign_in: SignIn, clock: SettableClock) -> None:
    request_id = ask(who)
    clock.forward(seconds=1)
    boss = sign_in("admin")
    assert boss.post(f"/erasures/{request_id}/refuse", data={"reason": " "}).status_code == 422
    assert boss.post(f"/erasures/{request_id}/refuse", data={"reason": "Er loopt een geschil."}).status_code == 303
    last = mails()[-1].rendered.text
    assert "Er loopt een geschil." in last
    assert "autoriteitpersoonsgegevens.nl" in last
    assert states() == [S.REFUSED]
    assert ask(who) != request_id, "a refusal does not stop a new request"


def test_what_runs_is_shown_and_ended_first(who: int, sign_in: SignIn) -> None:
    commitment_id = commitment(supporter_id=who)
    request_id = ask(who)
    boss = sign_in("admin")
    page = boss.get(f"/erasures/{request_id}").text
    assert "Er loopt nog een vaste gift" in page
    assert f"/recurring/{commitment_id}" in page
    assert "Wis voorgoed" not in page
    data = {"ground": "withdrawn", "sure": "y"}
    assert boss.post(f"/erasures/{request_id}/accept", data=data).status_code == 409
    assert states() == [S.ASKED]


def test_a_funder_is_no_private_matter(app: Flask) -> None:
    make_organisation()
    with writing():
        tied = db.session.get_one(Funder, funder(now())).supporter_id
    assert [each.stops for each in erasure.obstacles(tied)] == [True]
    request_id = ask(tied)
    with pytest.raises(Refused), writing():
        erasure.accept(request_id, Ground.OBJECTED, actor=SYSTEM, now=now())


@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("finance", 403), ("fundraiser", 200)])
def test_who_sees_requests(who: int, sign_in: SignIn, role: str, status: int) -> None:
    request_id = ask(who)
    client = sign_in(role)
    for path in ("/erasures", f"/erasures/{request_id}", f"/supporters/{who}/erasure"):
        assert client.get(path).status_code == status


def test_carried_out_it_cannot_be_withdrawn(who: int) -> None:
    request_id = ask(who)
    with writing():
        erasure.accept(request_id, Ground.OBJECTED, actor=SYSTEM, now=now())
    with pytest.raises(Refused), writing():
        erasure.withdraw(request_id, actor=SYSTEM, now=now())
