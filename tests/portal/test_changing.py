"""What donors change takes effect in our schedule at once, names the first day, and what is under way already."""

from __future__ import annotations

from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select, update

from app.direct_debit.collections import move
from app.direct_debit.models import Collection
from app.direct_debit.states import CollectionState
from app.extensions import db, now, writing
from app.gifts.periodic.models import Agreement
from app.gifts.recurring.amounts import next_amounts
from app.gifts.recurring.models import Commitment
from app.gifts.recurring.states import CommitmentState, EndReason
from app.portal.entering import DONOR
from tests.conftest import SettableClock
from tests.factories.periodic import running
from tests.factories.recurring import announce_and_plan, commitment
from tests.factories.supporters import person
from tests.portal.conftest import Enter, counted, text_of
from tests.support.client import Client
from tests.support.mails import mails

JAN = "jan@example.nl"


@pytest.fixture
def gift(app: Flask) -> int:
    """€ 15 each month on the 15th, begun on 23 November."""
    return commitment(1500, day=15, supporter_id=person(email=JAN))


def state(commitment_id: int) -> Commitment:
    db.session.rollback()
    return db.session.get_one(Commitment, commitment_id, populate_existing=True)


def change(visitor: Client, gift: int, what: str, **data: str) -> str:
    answer = visitor.post(f"/mijn-giften/vast/{gift}/{what}", data=data, follow_redirects=True)
    return text_of(answer.text)


def test_amount_day_pause_and_going_on(enter: Enter, gift: int) -> None:
    visitor = enter(JAN)
    assert "15 december 2026" in change(visitor, gift, "bedrag", amount="20")
    assert next_amounts([gift]) == {gift: 2000}
    assert "28 december 2026" in change(visitor, gift, "dag", day="27"), "a Sunday moves to a bank day"
    page = change(visitor, gift, "pauze", until="01-03-2027")
    assert "Gepauzeerd" in page
    assert "30 maart 2027" in page, "a Saturday before Easter"
    assert state(gift).state is CommitmentState.PAUSED
    assert "28 december 2026" in change(visitor, gift, "verder")
    assert state(gift).state is CommitmentState.ACTIVE
    told = [mail for mail in mails() if "vaste gift" in mail.rendered.subject]
    assert len(told) == 4
    assert any("20,00" in mail.rendered.text for mail in told)


@pytest.mark.parametrize(
    ("what", "field", "typed", "says"),
    [
        ("bedrag", "amount", "12,5o", "bedrag"),
        ("bedrag", "amount", "0,50", "minste"),
        ("bedrag", "amount", "15", "al"),
        ("bedrag", "amount", "-5", ""),
        ("dag", "day", "32", ""),
        ("dag", "day", "morgen", ""),
        ("pauze", "until", "31-02-2027", "31-02-2027"),
        ("pauze", "until", "01-01-2020", "dag"),
        ("pauze", "until", "01-01-2040", "twee jaar"),
    ],
)
def test_what_cannot_be_is_said_and_kept(enter: Enter, gift: int, what: str, field: str, typed: str, says: str) -> None:
    before = (state(gift).next_on, state(gift).day, state(gift).state)
    answer = enter(JAN).post(f"/mijn-giften/vast/{gift}/{what}", data={field: typed})
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    assert typed in answer.text
    assert says in answer.text
    assert (state(gift).next_on, state(gift).day, state(gift).state) == before


def planned(clock: SettableClock) -> None:
    clock.at(2026, 12, 1, 11)
    announce_and_plan()
    clock.at(2026, 12, 10, 11)
    announce_and_plan()


def test_two_windows_skip_once(enter: Enter, gift: int, clock: SettableClock) -> None:
    planned(clock)
    visitor = enter(JAN)
    assert 'value="2026-12-15"' in visitor.get(f"/mijn-giften/vast/{gift}").text
    assert "15 januari 2027" in change(visitor, gift, "overslaan", skips="2026-12-15")
    assert "intussen veranderd" in change(visitor, gift, "overslaan", skips="2026-12-15")
    assert state(gift).next_on == date(2027, 1, 15)


def test_stopping_is_two_clicks_and_names_what_is_under_way(enter: Enter, gift: int, clock: SettableClock) -> None:
    planned(clock)
    with writing():
        ids = db.session.scalars(select(Collection.id)).all()
        move(ids, CollectionState.SENT, actor=DONOR, now=now())
    visitor = enter(JAN)
    link = f"/mijn-giften/vast/{gift}/stoppen"
    assert link in visitor.get("/mijn-giften").text
    assert "15 december 2026" in text_of(visitor.get(link).text)
    page = change(visitor, gift, "stoppen")
    assert "schrijven niets meer af. Al onderweg, en gaat nog door: € 15,00 op 15 december 2026" in page
    assert (state(gift).state, state(gift).end_reason) == (CommitmentState.ENDED, EndReason.DONOR)
    assert visitor.get(link).status_code == 303, "the back button leads home"
    assert "gestopt" in change(visitor, gift, "bedrag", amount="20").casefold(), "an old window changes nothing"
    assert any("15 december 2026" in mail.rendered.text for mail in mails() if "gestopt" in mail.rendered.subject)


@pytest.mark.parametrize(
    ("what", "data"),
    [("bedrag", {"amount": "10"}), ("pauze", {"until": "01-03-2027"}), ("overslaan", {"skips": "2026-12-15"})],
)
def test_what_breaks_a_periodic_gift_says_so_first(
    enter: Enter, gift: int, what: str, data: dict[str, str], clock: SettableClock
) -> None:
    agreement = running(state(gift).supporter_id, date(2026, 11, 1))
    with writing():
        db.session.execute(update(Agreement).where(Agreement.id == agreement).values(commitment_id=gift))
    visitor, before = enter(JAN), state(gift).next_on
    assert "Belastingdienst" in change(visitor, gift, what, **data)
    assert (state(gift).next_on, state(gift).state, next_amounts([gift])[gift]) == (
        before,
        CommitmentState.ACTIVE,
        1500,
    )
    assert "Gedaan" in change(visitor, gift, what, **data, sure="1")
    assert "Gedaan" in change(visitor, gift, "bedrag", amount="40"), "more than agreed needs no warning"
    assert "Belastingdienst" in text_of(visitor.get(f"/mijn-giften/vast/{gift}/stoppen").text)


def test_another_donors_gift_cannot_be_reached(enter: Enter, gift: int) -> None:
    person("Piet Bakker", email="piet@example.nl")
    visitor = enter("piet@example.nl")
    for path in ("", "/stoppen"):
        assert visitor.get(f"/mijn-giften/vast/{gift}{path}").status_code == 404
    for what in ("bedrag", "dag", "pauze", "overslaan", "verder", "stoppen"):
        form = {"amount": "20", "day": "3", "until": "01-03-2027", "skips": "2026-12-15"}
        assert visitor.post(f"/mijn-giften/vast/{gift}/{what}", data=form).status_code == 404
    assert state(gift).state is CommitmentState.ACTIVE


def test_the_first_page_asks_no_more_of_the_database_for_more_gifts(enter: Enter, gift: int) -> None:
    visitor, costs = enter(JAN), []
    supporter_id = state(gift).supporter_id
    for more in (0, 4):
        for _ in range(more):
            commitment(1000, day=15, supporter_id=supporter_id)
        visitor.get("/mijn-giften")
        with counted() as statements:
            assert visitor.get("/mijn-giften").text.count("mine-card") == 1 + more
        costs.append(len(statements))
    assert costs[0] == costs[1]
