from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.base.errors import Refused
from app.base.events import Event
from app.base.ids import new_id
from app.extensions import db
from app.payments.events import CheckoutsPaid, CheckoutsPromised
from app.payments.models import Checkout
from app.payments.providers.demo import DemoOutcome
from app.payments.queries import details_of, facts_of
from app.payments.states import CheckoutState
from tests.factories.payments import DETAILS, outcome, post_checkout


def test_a_post_stores_one_open_checkout_and_sends_to_the_demo_bank(app: Flask) -> None:
    checkout_id, begun = post_checkout()
    assert begun.url == f"/demo-bank/{checkout_id}"
    row = db.session.get_one(Checkout, checkout_id)
    assert (row.state, row.amount_cents, row.provider) == (CheckoutState.OPEN, 2500, "demo")
    assert details_of(checkout_id) == DETAILS
    assert b"noor" not in (row.details or b"")


def test_the_same_form_twice_is_one_checkout_and_one_answer(app: Flask) -> None:
    key = new_id()
    first, second = post_checkout(key), post_checkout(key)
    assert first == second
    assert db.session.execute(select(func.count()).select_from(Checkout)).scalar() == 1


def test_the_same_key_with_another_body_is_refused(app: Flask) -> None:
    key, _ = post_checkout()
    for change in ({"cents": 2501}, {"method": "creditcard"}, {"details": DETAILS | {"email": "x@example.org"}}):
        with pytest.raises(Refused):
            post_checkout(key, **change)
    assert db.session.get_one(Checkout, key).amount_cents == 2500


def test_fifty_posts_at_once_are_one_checkout_with_one_answer(app: Flask) -> None:
    key = new_id()

    def post() -> str:
        with app.app_context():
            return post_checkout(key)[1].url

    with ThreadPoolExecutor(50) as pool:
        urls = {f.result() for f in [pool.submit(post) for _ in range(50)]}
    assert urls == {f"/demo-bank/{key}"}
    assert db.session.execute(select(func.count()).select_from(Checkout)).scalar() == 1


def test_a_transfer_is_promised_at_once_and_told_with_its_details(app: Flask, heard: list[Event]) -> None:
    checkout_id, begun = post_checkout(method="bank_transfer")
    assert [(type(e), e.ids) for e in heard] == [(CheckoutsPromised, (checkout_id,))]
    (facts,) = facts_of([checkout_id])
    assert (facts.state, facts.provider) == (CheckoutState.PROMISED, "bank")
    assert (facts.received_cents, facts.details) == (None, {})
    assert "demo-bank" not in begun.url


def test_paid_at_the_demo_bank_is_told_once_and_keeps_no_details(app: Flask, heard: list[Event]) -> None:
    checkout_id, _ = post_checkout()
    outcome(checkout_id, DemoOutcome.PAID)
    outcome(checkout_id, DemoOutcome.FAILED)
    assert [(type(e), e.ids) for e in heard] == [(CheckoutsPaid, (checkout_id,))]
    (facts,) = facts_of([checkout_id])
    assert (facts.state, facts.received_cents, facts.details) == (CheckoutState.PAID, 2500, {})
