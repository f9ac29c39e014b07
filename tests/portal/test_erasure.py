"""A donor asks to be erased, reads what stays and why, and may think better of it."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.base.actor import SYSTEM
from app.extensions import db, now, writing
from app.jobs.services import run_due
from app.outbox.models import Message
from app.privacy import erasure
from app.privacy.erasure_models import ErasureRequest, Ground, RequestState, Source
from tests.conftest import SettableClock
from tests.factories.gifts import paid_gift
from tests.factories.recurring import commitment
from tests.factories.supporters import person
from tests.portal.conftest import Enter, text_of
from tests.support.mails import content, mails

JAN, PAGE = "jan@example.nl", "/mijn-giften/wissen"


@pytest.fixture
def jan(app: Flask) -> int:
    return person(email=JAN)


def request_of(supporter_id: int) -> ErasureRequest:
    db.session.rollback()
    one = erasure.newest_of(supporter_id)
    assert one is not None
    return one


def test_asking_thinking_better_of_it_and_asking_again(enter: Enter, jan: int, clock: SettableClock) -> None:
    paid_gift(email=JAN, first_name="Jan", infix="van den", last_name="Berg")
    visitor = enter(JAN)
    clock.forward(seconds=1)
    assert PAGE in visitor.get("/mijn-giften").text
    told = text_of(visitor.get(PAGE).text)
    assert "uiterlijk 23 december 2026" in told
    assert "zeven jaar, voor de Belastingdienst (tot 31 december 2033)" in told
    assert visitor.post(PAGE).status_code == 303
    assert visitor.post(PAGE).status_code == 303
    one = request_of(jan)
    assert (one.source, one.state) == (Source.PORTAL, RequestState.ASKED)
    assert db.session.scalar(select(func.count()).select_from(ErasureRequest)) == 1
    assert "Tot dan wissen we niets" in text_of(visitor.get(PAGE).text)
    assert "Trek het verzoek in op Mijn giften" in mails()[-1].rendered.text
    assert visitor.post(f"{PAGE}/laat-maar").status_code == 303
    assert request_of(jan).state is RequestState.WITHDRAWN
    assert visitor.post(f"{PAGE}/laat-maar").status_code == 404
    assert visitor.post(PAGE).status_code == 303
    assert request_of(jan).state is RequestState.ASKED


def test_what_runs_is_told_kindly_with_the_way_to_stop_it(enter: Enter, jan: int) -> None:
    commitment_id = commitment(supporter_id=jan)
    visitor = enter(JAN)
    told = visitor.get(PAGE).text
    assert "als deze gift gestopt is" in text_of(told)
    assert f"/mijn-giften/vast/{commitment_id}/stoppen" in told
    assert visitor.post(PAGE).status_code == 303, "asking is free, whatever runs"


def test_erased_their_page_closes_and_no_link_comes_any_more(enter: Enter, jan: int) -> None:
    visitor = enter(JAN)
    visitor.post(PAGE)
    request_id = request_of(jan).id
    with writing():
        erasure.accept(request_id, Ground.WITHDRAWN, actor=SYSTEM, now=now())
    assert "worden nu gewist" in text_of(visitor.get(PAGE).text)
    assert visitor.post(f"{PAGE}/laat-maar").status_code == 409
    run_due()
    assert visitor.get(PAGE).status_code == 303
    assert JAN not in visitor.get("/mijn-giften", follow_redirects=True).text
    assert visitor.post("/mijn-giften", data={"email": JAN}).status_code == 303
    link = db.session.scalars(select(Message).where(Message.template == "portal/link")).one()
    assert content(link)["data"]["links"] == []


def test_nobody_asks_for_another(enter: Enter, jan: int) -> None:
    other = person("Bob Bos", email="bob@example.nl")
    visitor = enter(JAN)
    visitor.post(PAGE, data={"supporter_id": str(other), "id": str(other)})
    assert erasure.newest_of(other) is None
