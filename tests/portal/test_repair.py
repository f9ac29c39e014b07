"""A failed collection is mended by its link: paid once, and "changed" only after the provider confirmed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from app import create_app
from app.base.actor import system
from app.base.events import publish
from app.direct_debit import collections, looking
from app.direct_debit.events import CollectionsWentWrong
from app.direct_debit.models import Collection, Mandate
from app.direct_debit.states import CollectionState
from app.extensions import db, now, writing
from app.gifts.models import Gift
from app.gifts.recurring.models import Commitment
from app.gifts.recurring.states import CommitmentState
from app.payments.flow import reach
from app.payments.models import Checkout
from app.payments.providers.demo import DemoOutcome
from app.payments.returns import return_path
from tests.conftest import SettableClock, make_settings
from tests.factories.payments import outcome
from tests.factories.recurring import announce_and_plan, commitment
from tests.factories.supporters import person
from tests.portal.conftest import Enter, text_of
from tests.support.client import Client
from tests.support.fake_mollie import FakeMollie
from tests.support.mails import links_mailed

TEST = system("test")
JAN = "jan@example.nl"


def failed(clock: SettableClock, code: str = "AC04") -> int:
    """A gift of € 15 whose collection of 15 December failed for good."""
    row_id = commitment(1500, day=15, supporter_id=person(email=JAN))
    clock.at(2026, 12, 1, 11)
    announce_and_plan()
    clock.at(2026, 12, 10, 11)
    announce_and_plan()
    (wrong,) = db.session.scalars(select(Collection.id)).all()
    clock.at(2026, 12, 17, 11)
    with writing():
        collections.move([wrong], CollectionState.SENT, actor=TEST, now=now())
        collections.move([wrong], CollectionState.FAILED, actor=TEST, now=now(), reasons={wrong: code})
        publish(CollectionsWentWrong(ids=(wrong,), actor=TEST, at=now()))
    return row_id


def state(row_id: int) -> Commitment:
    db.session.rollback()
    return db.session.get_one(Commitment, row_id, populate_existing=True)


def link() -> str:
    return links_mailed("/mijn-giften/herstel/")[-1]


def pay(client: Client, page: str, method: str = "ideal") -> tuple[str, dict[str, str]]:
    """Send the form of this page; where the donor is sent, and what was sent."""
    token = re.search(r'name="token"[^>]*value="([^"]*)"', client.get(page).text)
    assert token is not None
    form = {"method": method, "token": token[1]}
    answer = client.post(page, data=form)
    assert answer.status_code == 303, text_of(answer.text)
    return str(answer.location), form


def way_back(checkout: int) -> str:
    """Where the bank sends the donor afterwards."""
    return return_path(checkout, "nl")


def newest_checkout() -> int:
    db.session.rollback()
    return db.session.scalars(select(Checkout.id).order_by(Checkout.id.desc()).limit(1)).one()


def test_the_mail_carries_a_link_that_mends(client: Client, clock: SettableClock) -> None:
    gift = failed(clock)
    assert state(gift).state is CommitmentState.ON_HOLD
    page = text_of(client.get(link()).text)
    assert "rekening die we hebben is opgeheven" in page
    assert "Berg" not in page, "a forwarded link names nobody"
    before = state(gift).mandate_id
    where, form = pay(client, link())
    assert "/demo-bank/" in where
    again = client.post(link(), data=form)
    assert again.location == where, "sent twice is one payment"
    checkout = newest_checkout()
    result = client.get(f"/demo-bank/{checkout}", check=False)
    assert result.status_code == 200
    assert state(gift).state is CommitmentState.ON_HOLD, "nothing changes before it is paid"
    mended = link()
    outcome(checkout, DemoOutcome.PAID)
    assert (state(gift).state, state(gift).next_on.isoformat()) == (CommitmentState.ACTIVE, "2027-01-15")
    assert state(gift).mandate_id != before
    given = db.session.get_one(Gift, checkout)
    assert (given.supporter_id, given.amount_cents) == (state(gift).supporter_id, 1500)
    assert db.session.scalar(select(func.count()).select_from(Gift)) == 1
    assert client.get(mended).status_code == 404, "the link ends with the task"
    assert db.session.scalars(select(Collection.handled_at)).one() is not None


def test_the_way_back_from_the_bank_says_what_is_true(client: Client, clock: SettableClock) -> None:
    failed(clock)
    pay(client, link())
    checkout = newest_checkout()
    leads = client.get(way_back(checkout))
    assert leads.status_code == 303
    assert "nog niet of u betaald" in text_of(client.get(leads.location).text)
    outcome(checkout, DemoOutcome.FAILED)
    page = client.get(leads.location)
    assert "niets gewijzigd" in text_of(page.text)
    assert page.headers["Cache-Control"] == "no-store"
    pay(client, link(), "creditcard")
    outcome(newest_checkout(), DemoOutcome.PAID)
    done = client.get(way_back(newest_checkout()), follow_redirects=True)
    assert "15 januari 2027" in text_of(done.text)


def test_an_account_can_be_changed_where_nothing_failed(enter: Enter, clock: SettableClock) -> None:
    gift = commitment(1500, day=15, supporter_id=person(email=JAN))
    visitor, before = enter(JAN), state(gift).mandate_id
    pay(visitor, f"/mijn-giften/vast/{gift}/rekening")
    outcome(newest_checkout(), DemoOutcome.PAID)
    assert state(gift).mandate_id != before
    assert state(gift).next_on.isoformat() == "2027-01-15", "what was paid is the instalment of December"


def test_not_enough_money_can_go_on_from_the_same_account(client: Client, clock: SettableClock) -> None:
    gift = failed(clock, "AM04")
    clock.forward(days=8)
    announce_and_plan()
    ids = db.session.scalars(select(Collection.id).where(Collection.state == CollectionState.PLANNED)).all()
    with writing():
        collections.move(ids, CollectionState.SENT, actor=TEST, now=now())
        collections.move(ids, CollectionState.FAILED, actor=TEST, now=now(), reasons=dict.fromkeys(ids, "AM04"))
        publish(CollectionsWentWrong(ids=tuple(ids), actor=TEST, at=now()))
    assert state(gift).state is CommitmentState.ON_HOLD
    address = link()
    page = client.post(address + "/opnieuw")
    assert "15 januari 2027" in text_of(page.text)
    assert state(gift).state is CommitmentState.ACTIVE
    assert client.get(address).status_code == 404


@pytest.fixture
def mollie() -> Iterator[FakeMollie]:
    with FakeMollie() as fake:
        yield fake


@pytest.mark.parametrize("fault", [None, "drop_after"])
def test_changed_is_said_after_mollie_confirmed(
    app: Flask, database_url: str, tmp_path: Path, clock: SettableClock, mollie: FakeMollie, fault: str | None
) -> None:
    gift = failed(clock)
    before = state(gift).mandate_id
    mollie.clock = clock.now
    names = {"DATABASE_URL": database_url, "MOLLIE_API_KEY": mollie.key, "MOLLIE_API_URL": mollie.url}
    other = create_app(make_settings(tmp_path, **names), clock)
    other.test_client_class = Client
    visitor: Client = other.test_client()  # type: ignore[assignment]
    with other.app_context():
        address = link()
        visitor.get(address)
        mollie.faults += [fault] if fault else []
        mollie.mandate_status = "pending"
        pay(visitor, address)
        checkout = newest_checkout()
        reach([checkout], actor=TEST, now=now())
        (payment,) = mollie.payments.values()
        mollie.pay(payment["id"])
        reach([checkout], actor=TEST, now=now())
        page = text_of(visitor.get(address).text)
        assert "We wachten tot de bank bevestigt" in page
        assert state(gift).mandate_id == before
        for rows in mollie.mandates.values():
            for row in rows:
                row["status"] = "valid"
        looking.look({})
        assert state(gift).mandate_id != before
        assert state(gift).state is CommitmentState.ACTIVE
        assert db.session.scalar(select(func.count()).select_from(Mandate)) == 2
        db.session.remove()
        db.engine.dispose()
