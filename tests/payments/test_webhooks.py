"""Pings: forged, early, repeated, lost. Money enters once, and only what we asked for."""

from __future__ import annotations

import random
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.base import events
from app.base.errors import Refused
from app.base.events import Event
from app.base.ids import new_id
from app.extensions import db, now, writing
from app.jobs.services import run_due
from app.outbox.models import Message
from app.payments.events import CheckoutsPaid, PaymentsChargedBack, PaymentsRefunded
from app.payments.models import Checkout, Payment, PaymentEvent, ProviderKey
from app.payments.opening import open_checkout
from app.payments.queries import returns_of, state_of
from app.payments.states import CheckoutState, PaymentState, Problem
from tests.conftest import SettableClock
from tests.factories.payments import make_draft, post_checkout
from tests.support.client import Client
from tests.support.fake_mollie import FakeMollie


@pytest.fixture
def ping(mollie_app: Flask) -> Any:
    client = mollie_app.test_client()

    def send(payment_id: str) -> None:
        answer = client.post("/webhooks/mollie", data={"id": payment_id}, csrf=False)  # type: ignore[call-arg]
        assert answer.status_code == 200
        assert answer.data == b""
        db.session.rollback()

    return send


def started(mollie: FakeMollie, **changes: Any) -> tuple[int, str]:
    checkout_id, _ = post_checkout(**changes)
    return checkout_id, str(list(mollie.payments)[-1])


def payments() -> int:
    return db.session.execute(select(func.count()).select_from(Payment)).scalar() or 0


def test_a_storm_of_deliveries_books_each_payment_once(
    mollie_app: Flask, mollie: FakeMollie, heard: list[Event]
) -> None:
    made = [started(mollie, cents=1000 + n) for n in range(60)]
    for number, (_, payment_id) in enumerate(made):
        mollie.end(payment_id, "paid" if number % 5 else "failed")
        if number % 7 == 1:
            mollie.refund(payment_id, 400)
    deliveries = [payment_id for _, payment_id in made for _ in range(4)] + ["tr_forged0001", "../x", ""] * 5
    random.shuffle(deliveries)

    def deliver(payment_id: str) -> int:
        client: Client = mollie_app.test_client()  # type: ignore[assignment]
        return client.post("/webhooks/mollie", data={"id": payment_id}, csrf=False).status_code

    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(deliver, deliveries)) == {200}
    run_due()
    paid = {i for number, (i, _) in enumerate(made) if number % 5}
    told = [i for event in heard if isinstance(event, CheckoutsPaid) for i in event.ids]
    assert sorted(told) == sorted(paid)
    assert payments() == len(paid)
    refunds = [i for event in heard if isinstance(event, PaymentsRefunded) for i in event.ids]
    expected = sum(1 for number in range(60) if number % 5 and number % 7 == 1)
    assert len(refunds) == len(set(refunds)) == expected


def deliver_at_once(app: Flask, payment_ids: list[str]) -> list[int]:
    """Deliver all while nobody can settle any; the statuses, once all were answered."""

    def deliver(payment_id: str) -> int:
        client: Client = app.test_client()  # type: ignore[assignment]
        return client.post("/webhooks/mollie", data={"id": payment_id}, csrf=False).status_code

    with ThreadPoolExecutor(len(payment_ids)) as pool:
        with writing() as session:
            session.execute(select(Checkout.id).with_for_update())
            answers = [pool.submit(deliver, payment_id) for payment_id in payment_ids]
            time.sleep(1)
        return [answer.result() for answer in answers]


def test_deliveries_that_come_at_once_are_settled_together(
    mollie_app: Flask, mollie: FakeMollie, heard: list[Event]
) -> None:
    made = [started(mollie, cents=1000 + n) for n in range(9)]
    for _, payment_id in made:
        mollie.pay(payment_id)
    assert set(deliver_at_once(mollie_app, [payment_id for _, payment_id in made] * 2)) == {200}
    assert sorted(i for event in heard for i in event.ids) == sorted(i for i, _ in made)
    assert len(heard) < len(made), "the first waits alone, then one does it for all who came meanwhile"


def test_one_that_cannot_be_settled_fails_alone(mollie_app: Flask, mollie: FakeMollie) -> None:
    made = [started(mollie, cents=1000 + n) for n in range(9)]
    for _, payment_id in made:
        mollie.pay(payment_id)
    bad = made[4][0]

    def refuse(event: CheckoutsPaid) -> None:
        if bad in event.ids:
            raise Refused("never this one")

    events.on(CheckoutsPaid)(refuse)
    try:
        statuses = deliver_at_once(mollie_app, [payment_id for _, payment_id in made])
    finally:
        events._handlers[CheckoutsPaid].remove(refuse)
    assert [status == 200 for status in statuses] == [checkout_id != bad for checkout_id, _ in made]
    db.session.rollback()
    assert [state_of(i) for i, _ in made] == [CheckoutState.OPEN if i == bad else CheckoutState.PAID for i, _ in made]
    assert payments() == len(made) - 1


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"amount": {"value": "0.25", "currency": "EUR"}}, Problem.AMOUNT),
        ({"amount": {"value": "25.00", "currency": "USD"}}, Problem.CURRENCY),
        ({"mode": "live"}, Problem.MODE),
        ({"profileId": "pfl_another"}, Problem.PROFILE),
    ],
)
def test_what_differs_from_what_we_asked_is_set_aside_and_told_once(
    ping: Any, mollie: FakeMollie, heard: list[Event], sign_in_finance: Client, change: dict[str, Any], problem: Problem
) -> None:
    checkout_id, payment_id = started(mollie)
    mollie.pay(payment_id)
    mollie.payments[payment_id].update(change)
    for _ in range(3):
        ping(payment_id)
    assert not heard
    assert payments() == 0
    assert db.session.get_one(Checkout, checkout_id).problem is problem
    mails = select(func.count()).select_from(Message).where(Message.template == "payments/problem")
    assert db.session.execute(mails).scalar() == 1
    assert sign_in_finance.post(f"/payments/{checkout_id}/solved").status_code == 303
    assert db.session.get_one(Checkout, checkout_id, populate_existing=True).problem is None


@pytest.fixture
def sign_in_finance(mollie_app: Flask) -> Client:
    client: Client = mollie_app.test_client()  # type: ignore[assignment]
    return client.sign_in("finance")


def test_a_ping_before_our_own_answer_is_stored_is_understood(
    ping: Any, mollie: FakeMollie, heard: list[Event]
) -> None:
    mollie.faults.append("drop_after")
    checkout_id, payment_id = started(mollie)
    mollie.pay(payment_id)
    assert db.session.get_one(Checkout, checkout_id).provider_id is None
    ping(payment_id)
    assert [e.ids for e in heard] == [(checkout_id,)]
    assert db.session.get_one(Checkout, checkout_id, populate_existing=True).provider_id == payment_id


def test_pings_about_nothing_do_not_make_us_ask_for_ever(ping: Any, mollie: FakeMollie) -> None:
    for _ in range(20):
        ping("tr_nothing0001")
    assert len(mollie.seen) == 1, "known to be nothing for a while"
    for _ in range(100):
        ping(f"tr_{random.randrange(10**10)}")
    assert len(mollie.seen) <= 31
    for bad in ("", "tr_", "tr_'; DROP", "re_12345678", "tr_" + "a" * 500, "tr_../../methods"):
        ping(bad)
    assert len(mollie.seen) <= 31


def test_a_flood_of_made_up_ids_holds_few_threads_while_the_provider_is_slow(
    mollie_app: Flask, mollie: FakeMollie
) -> None:
    """Without a bound every thread of the server waited for Mollie, and donors with them."""
    mollie.sticky, mollie.hang_seconds = "hang", 2.0

    def post(number: int) -> tuple[int, bytes, float]:
        client = mollie_app.test_client()
        before = time.monotonic()
        answer = client.post("/webhooks/mollie", data={"id": f"tr_madeup{number:06}"}, csrf=False)  # type: ignore[call-arg]
        return answer.status_code, answer.data, time.monotonic() - before

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(post, range(60)))
    assert {(status, body) for status, body, _ in answers} == {(200, b"")}
    held = sum(seconds > 1.0 for _, _, seconds in answers)
    assert 1 <= held <= 4, "two at a time, and the flood is over before they are asked a third time"
    assert len(mollie.seen) <= 4
    mollie.sticky = None
    checkout_id, payment_id = started(mollie)
    mollie.pay(payment_id)
    post_known = mollie_app.test_client().post("/webhooks/mollie", data={"id": payment_id}, csrf=False)  # type: ignore[call-arg]
    assert post_known.status_code == 200
    db.session.rollback()
    assert state_of(checkout_id) is CheckoutState.PAID


def test_a_known_id_in_a_loop_is_asked_a_few_times_and_the_rest_by_the_poller(ping: Any, mollie: FakeMollie) -> None:
    checkout_id, payment_id = started(mollie)
    for _ in range(40):
        ping(payment_id)
    assert len(mollie.seen) <= 12
    mollie.pay(payment_id)
    ping(payment_id)
    run_due()
    assert state_of(checkout_id) is CheckoutState.PAID


def test_payments_of_somebody_else_in_the_same_account_are_not_ours(ping: Any, mollie: FakeMollie) -> None:
    _, payment_id = started(mollie)
    with db.engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(ProviderKey)).scalar() == 1
    shop = dict(mollie.payments[payment_id], id="tr_webshop001", metadata={"order_id": 7}, status="paid")
    mollie.payments["tr_webshop001"] = shop
    ping("tr_webshop001")
    assert payments() == 0


def test_money_for_an_erased_form_is_told_to_people(
    ping: Any, mollie: FakeMollie, clock: SettableClock, sign_in_finance: Client
) -> None:
    checkout_id, payment_id = started(mollie)
    mollie.end(payment_id, "expired")
    ping(payment_id)
    clock.forward(days=31)
    run_due()
    assert state_of(checkout_id) is None
    mollie.pay(payment_id)
    ping(payment_id)
    ping(payment_id)
    assert db.session.scalars(select(Message.template)).all() == ["payments/problem"]


def test_a_second_payment_for_one_form_is_never_booked_beside_the_first(
    ping: Any, mollie: FakeMollie, heard: list[Event]
) -> None:
    checkout_id, first = started(mollie)
    twin = dict(mollie.payments[first], id="tr_twin000001", _links={})
    mollie.payments["tr_twin000001"] = twin
    mollie.pay("tr_twin000001")
    ping("tr_twin000001")
    assert [e.ids for e in heard] == [(checkout_id,)], "the one that was paid is the one"
    mollie.pay(first)
    ping(first)
    assert payments() == 1
    assert db.session.get_one(Checkout, checkout_id, populate_existing=True).problem is Problem.TWICE


def test_every_webhook_lost_the_poller_finds_the_truth(
    mollie: FakeMollie, mollie_app: Flask, clock: SettableClock, heard: list[Event]
) -> None:
    ends = ["paid", "failed", "canceled", "expired"]
    made = [(*started(mollie), end) for end in ends for _ in range(6)]
    for _, payment_id, end in made:
        mollie.end(payment_id, end)
    clock.forward(minutes=2)
    run_due()
    assert {str(state_of(i)) == end for i, _, end in made} == {True}
    _, payment_id, _ = made[0]
    mollie.refund(payment_id, 2500)
    clock.forward(days=2)
    run_due()
    assert [type(e) for e in heard if not isinstance(e, CheckoutsPaid)] == [PaymentsRefunded]


def test_refunds_and_chargebacks_come_go_and_come_again_once(ping: Any, mollie: FakeMollie, heard: list[Event]) -> None:
    _, payment_id = started(mollie)
    mollie.pay(payment_id)
    ping(payment_id)
    refund = mollie.refund(payment_id, 500, "pending")
    ping(payment_id)
    mollie.refund(payment_id, 700)
    ping(payment_id)
    ping(payment_id)
    mollie.end_refund(payment_id, refund, "failed")
    ping(payment_id)
    chargeback = mollie.charge_back(payment_id, 1800)
    ping(payment_id)
    payment = db.session.scalars(select(Payment)).one()
    assert (payment.refunded_cents, payment.charged_back_cents, payment.kept_cents) == (700, 1800, 0)
    assert payment.state is PaymentState.RETURNED
    mollie.reverse_chargeback(payment_id, chargeback)
    ping(payment_id)
    ping(payment_id)
    told = [i for e in heard if isinstance(e, (PaymentsRefunded, PaymentsChargedBack)) for i in e.ids]
    assert [r.amount_cents for r in returns_of(told)] == [500, 700, -500, 1800, -1800]
    db.session.refresh(payment)
    assert (payment.refunded_cents, payment.charged_back_cents) == (700, 0)
    assert payment.state is PaymentState.PARTLY_RETURNED


def test_a_total_that_nobody_lists_is_entered_by_its_difference(ping: Any, mollie: FakeMollie) -> None:
    _, payment_id = started(mollie)
    mollie.pay(payment_id)
    for total in ("5.00", "5.00", "25.00"):
        mollie.payments[payment_id]["amountRefunded"] = {"value": total, "currency": "EUR"}
        ping(payment_id)
    assert [e.amount_cents for e in db.session.scalars(select(PaymentEvent).order_by(PaymentEvent.id))] == [500, 2000]


def test_a_crash_before_the_call_is_made_good_by_the_poller(
    mollie_app: Flask, mollie: FakeMollie, clock: SettableClock
) -> None:
    draft = make_draft(new_id())
    with writing():
        open_checkout(draft)
    clock.forward(minutes=1)
    run_due()
    assert db.session.get_one(Checkout, draft.id).provider_id in mollie.payments
    assert now() == clock.now()
