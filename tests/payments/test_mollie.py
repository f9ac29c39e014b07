"""Mollie over real HTTP: one intent is one payment whatever the line does, and the form answers in time."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.base.actor import system
from app.base.events import Event
from app.base.ids import new_id
from app.base.references import code_of
from app.extensions import db, now
from app.jobs.services import run_due
from app.payments.flow import reach
from app.payments.methods import methods_offered
from app.payments.models import Checkout, Payment
from app.payments.queries import facts_of, state_of
from app.payments.states import CheckoutState
from tests.conftest import SettableClock
from tests.factories.payments import post_checkout
from tests.support.fake_mollie import FakeMollie

pytestmark = pytest.mark.usefixtures("mollie_app")
TEST = system("test")


def only(mollie: FakeMollie) -> dict[str, object]:
    (payment,) = mollie.payments.values()
    return payment


def test_the_donor_goes_to_mollie_with_our_words(mollie: FakeMollie) -> None:
    checkout_id, begun = post_checkout(cents=1234, language="en")
    asked = only(mollie)
    assert begun.url == f"{mollie.url}/checkout/{asked['id']}"
    assert begun.sure
    assert asked["amount"] == {"currency": "EUR", "value": "12.34"}
    assert asked["metadata"] == {"checkout_id": str(checkout_id)}
    assert str(asked["description"]).endswith(code_of(checkout_id))
    assert asked["locale"] == "en_GB"
    assert str(asked["webhookUrl"]).endswith("/webhooks/mollie")
    row = db.session.get_one(Checkout, checkout_id)
    assert (row.provider_id, row.profile, row.mode) == (asked["id"], mollie.profile, "test")


def test_methods_are_mollies_own_and_the_last_known_when_it_is_down(
    mollie_app: Flask, mollie: FakeMollie, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = [(name, "Credit card" if name == "creditcard" else label) for name, label in mollie.methods[:3]]
    assert [(m.id, m.label) for m in methods_offered()] == named, "a transfer goes to our own account"
    mollie.methods = mollie.methods[:1]
    assert len(methods_offered()) == 3, "asked again too soon"
    mollie_app.extensions["payment_methods_known"].until = 0
    mollie.faults.append("503")
    assert len(methods_offered()) == 3, "the last known are kept"
    mollie_app.extensions["payment_methods_known"].until = 0
    assert [m.id for m in methods_offered()] == ["ideal"]


def test_no_connection_of_the_database_is_kept_while_mollie_answers(
    mollie: FakeMollie, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool, answer, held = db.engine.pool, mollie.answer, []

    def looking(method: str, path: str, query: dict[str, str], body: object) -> tuple[int, dict[str, object]]:
        held.append((method, pool.checkedout()))  # type: ignore[attr-defined]
        return answer(method, path, query, body)

    monkeypatch.setattr(mollie, "answer", looking)
    checkout_id, _ = post_checkout()
    mollie.pay(str(only(mollie)["id"]))
    reach([checkout_id], actor=TEST, now=now())
    assert state_of(checkout_id) is CheckoutState.PAID
    assert {method for method, _ in held} == {"POST", "GET"}
    assert [kept for _, kept in held if kept] == []


def test_fifty_posts_at_once_are_one_payment_with_one_answer(mollie_app: Flask, mollie: FakeMollie) -> None:
    key = new_id()
    mollie.delay = 0.3

    def post() -> str:
        with mollie_app.app_context():
            return post_checkout(key)[1].url

    with ThreadPoolExecutor(50) as pool:
        urls = {f.result() for f in [pool.submit(post) for _ in range(50)]}
    assert urls == {f"{mollie.url}/checkout/{only(mollie)['id']}"}
    assert len(mollie.seen) == 1


@pytest.mark.parametrize(
    "fault", ["drop_before", "drop_after", "garbage", "html", "503", "503_after", "429", "redirect"]
)
def test_no_trusted_answer_is_said_so_and_tried_again_under_the_same_key(
    mollie: FakeMollie, clock: SettableClock, fault: str
) -> None:
    mollie.faults.append(fault)
    checkout_id, begun = post_checkout()
    assert not begun.sure
    assert state_of(checkout_id) is CheckoutState.OPEN
    clock.forward(minutes=2)
    run_due()
    row = db.session.get_one(Checkout, checkout_id, populate_existing=True)
    assert row.provider_id == only(mollie)["id"]
    assert row.pay_url == f"{mollie.url}/checkout/{row.provider_id}"
    keys = {key for method, _, key in mollie.seen if method == "POST"}
    assert keys == {f"checkout-{checkout_id}"}


@pytest.mark.parametrize("fault", ["hang_after", "trickle"])
def test_a_silent_provider_is_given_up_within_ten_seconds(mollie: FakeMollie, fault: str) -> None:
    mollie.faults.append(fault)
    started = time.monotonic()
    _, begun = post_checkout()
    assert time.monotonic() - started < 10
    assert not begun.sure


def test_after_an_hour_it_looks_and_never_asks_anew(
    mollie: FakeMollie, clock: SettableClock, heard: list[Event]
) -> None:
    mollie.faults.append("drop_after")
    lost, _ = post_checkout()
    mollie.faults.append("drop_before")
    never, _ = post_checkout()
    mollie.pay(str(only(mollie)["id"]))
    clock.forward(hours=2)
    run_due()
    assert state_of(lost) is CheckoutState.PAID
    assert state_of(never) is CheckoutState.EXPIRED
    assert [e.ids for e in heard] == [(lost,)]
    assert len(mollie.payments) == 1


def test_a_refusal_ends_the_checkout_with_its_reason(mollie: FakeMollie) -> None:
    checkout_id, begun = post_checkout(cents=6_000_000)
    assert begun.sure
    row = db.session.get_one(Checkout, checkout_id)
    assert row.state is CheckoutState.FAILED
    assert "higher than the maximum" in (row.reason or "")
    assert not mollie.payments


@pytest.mark.parametrize("status", ["paid", "failed", "canceled", "expired", "pending", "authorized", "open"])
def test_every_status_is_understood(mollie: FakeMollie, heard: list[Event], status: str) -> None:
    checkout_id, _ = post_checkout()
    mollie.end(str(only(mollie)["id"]), status)
    reach([checkout_id], actor=TEST, now=now())
    expected = {"authorized": "pending"}.get(status, status)
    assert str(state_of(checkout_id)) == expected
    assert len(heard) == (status == "paid")
    if status == "paid":
        (facts,) = facts_of([checkout_id])
        assert facts.consumer == {"name": "T. TEST", "iban": "NL20INGB0001234567"}


def test_an_unknown_status_changes_nothing(mollie: FakeMollie, heard: list[Event]) -> None:
    checkout_id, _ = post_checkout()
    mollie.end(str(only(mollie)["id"]), "quantum")
    assert reach([checkout_id], actor=TEST, now=now()).unsure == [checkout_id]
    assert state_of(checkout_id) is CheckoutState.OPEN


def test_the_key_of_mollie_is_refused_politely(mollie: FakeMollie) -> None:
    mollie.key = "test_another"
    checkout_id, begun = post_checkout()
    assert begun.sure
    assert state_of(checkout_id) is CheckoutState.FAILED
    assert db.session.execute(select(func.count()).select_from(Payment)).scalar() == 0
