"""The demo bank, card testing, transfers by hand, forgetting, and the staff pages."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import event, func, select

from app.base.actor import Actor
from app.base.errors import Invalid, NotFound, Refused, TooMany
from app.base.events import Event
from app.base.money import Money
from app.base.references import code_of
from app.extensions import db, now, writing
from app.jobs.services import run_due
from app.outbox.models import Message
from app.payments import defence
from app.payments.events import CheckoutsPaid, PaymentsRefunded, PaymentsUndone
from app.payments.models import Checkout, CheckoutChange, Payment
from app.payments.providers.demo import DemoOutcome
from app.payments.queries import facts_of, state_of
from app.payments.services import assign_supporters, failure_key, receive_by_hand, undo_by_hand
from app.payments.states import CheckoutState
from tests.conftest import SettableClock
from tests.factories.organisation import make_campaign
from tests.factories.payments import outcome, paid_checkout, post_checkout
from tests.support.client import Client

FINANCE = Actor("staff", 7, "Finance")


@pytest.mark.parametrize("status", ["paid", "failed", "canceled", "expired"])
def test_the_demo_bank_shows_the_amount_and_each_outcome_is_known_at_once(client: Client, status: str) -> None:
    checkout_id, begun = post_checkout(cents=123456)
    page = client.get(begun.url)
    assert "1.234,56" in page.text
    assert f'value="{status}"' in page.text
    assert "csrf" not in page.text
    answer = client.post(begun.url, data={"status": status}, csrf=False)
    assert answer.status_code == 303
    db.session.rollback()
    assert str(state_of(checkout_id)) == status


def test_a_done_payment_stays_done_and_can_only_go_back(client: Client, heard: list[Event]) -> None:
    _, begun = post_checkout()
    for status in ("paid", "paid", "failed", "refunded", "charged_back", "paid"):
        assert client.post(begun.url, data={"status": status}, csrf=False).status_code == 303
    assert [type(e) for e in heard] == [CheckoutsPaid, PaymentsRefunded]


@pytest.mark.parametrize("status", ["refunded", "charged_back"])
@pytest.mark.parametrize("first", [None, "failed", "canceled"])
def test_money_that_never_came_cannot_go_back(
    client: Client, heard: list[Event], first: str | None, status: str
) -> None:
    checkout_id, begun = post_checkout()
    if first:
        client.post(begun.url, data={"status": first}, csrf=False)
    answer = client.post(begun.url, data={"status": status}, csrf=False)
    assert answer.status_code == 409
    assert "niet betaald" in answer.text
    assert str(state_of(checkout_id)) == (first or "open")
    assert not heard


def test_the_demo_bank_refuses_what_it_does_not_know(client: Client) -> None:
    _, begun = post_checkout()
    transfer, _ = post_checkout(method="bank_transfer")
    assert client.post(begun.url, data={"status": "rich"}, csrf=False).status_code == 400
    assert client.post(begun.url, csrf=False).status_code == 400
    foreign = {"Origin": "https://elsewhere.example"}
    assert client.post(begun.url, data={"status": "paid"}, headers=foreign, csrf=False).status_code == 403
    assert client.get(f"/demo-bank/{transfer}").status_code == 404
    assert client.get("/demo-bank/1").status_code == 404
    assert client.get(f"/demo-bank/{2**70}").status_code == 404


def test_the_time_runs_out_at_the_demo_bank_too(app: Flask, clock: SettableClock) -> None:
    checkout_id, _ = post_checkout()
    clock.forward(minutes=16)
    run_due()
    assert state_of(checkout_id) is CheckoutState.EXPIRED


def test_five_failed_payments_from_one_address_and_form_are_enough(app: Flask, clock: SettableClock) -> None:
    mine, theirs = failure_key("203.0.113.9", "steun-ons"), failure_key("203.0.113.10", "steun-ons")
    for _ in range(5):
        checkout_id, _ = post_checkout(failure_key=mine)
        outcome(checkout_id, DemoOutcome.FAILED)
    with pytest.raises(TooMany):
        post_checkout(failure_key=mine)
    post_checkout(failure_key=theirs)
    post_checkout(failure_key=mine, method="bank_transfer")
    clock.forward(minutes=12)
    post_checkout(failure_key=mine)


def test_cards_cannot_be_tried_by_opening_many_payments_before_the_first_one_fails(
    app: Flask, clock: SettableClock
) -> None:
    mine, other = failure_key("203.0.113.9", "steun-ons"), failure_key("203.0.113.10", "steun-ons")
    opened = [post_checkout(failure_key=mine, method="creditcard")[0] for _ in range(4)]
    outcome(opened[0], DemoOutcome.FAILED)
    outcome(opened[1], DemoOutcome.PAID)
    opened += [post_checkout(failure_key=mine, method="creditcard")[0] for _ in range(2)]
    with pytest.raises(TooMany, match="not finished"):
        post_checkout(failure_key=mine, method="creditcard")
    post_checkout(opened[-1], failure_key=mine, method="creditcard")
    post_checkout(failure_key=other, method="creditcard")
    post_checkout(failure_key=mine)
    clock.forward(minutes=31)
    run_due()
    post_checkout(failure_key=mine, method="creditcard")


def test_many_card_payments_begun_at_once_are_as_many_as_one_after_another(app: Flask) -> None:
    key, together = failure_key("203.0.113.9", "steun-ons"), Barrier(8)

    def begin(_number: int) -> bool:
        with app.app_context():
            together.wait(20)
            try:
                post_checkout(failure_key=key, method="creditcard")
            except TooMany:
                return False
            return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(begin, range(8))) == 5


def test_many_failures_over_all_pause_that_method_and_tell_people_once(
    app: Flask, monkeypatch: pytest.MonkeyPatch, sign_in: Callable[[str], Client]
) -> None:
    sign_in("finance")
    monkeypatch.setattr(defence, "MOST_PER_METHOD", 8)
    for number in range(10):
        key = failure_key(f"203.0.113.{number}", "steun-ons")
        try:
            checkout_id, _ = post_checkout(failure_key=key, method="creditcard")
        except TooMany:
            break
        outcome(checkout_id, DemoOutcome.FAILED)
    assert number == 8
    post_checkout(failure_key=failure_key("203.0.113.77", "steun-ons"), method="ideal")
    assert db.session.scalars(select(Message.template)).all() == ["payments/attack"]


def test_a_form_under_attack_pauses_alone_tells_people_once_and_opens_again(
    app: Flask, monkeypatch: pytest.MonkeyPatch, sign_in: Callable[[str], Client], clock: SettableClock
) -> None:
    sign_in("finance")
    monkeypatch.setattr(defence, "MOST_PER_FORM", 6)
    campaign_id = make_campaign()
    for number in range(7):
        key = failure_key(f"203.0.113.{number}", "steun-ons/voorjaar")
        method = ("creditcard", "ideal")[number % 2]
        try:
            checkout_id, _ = post_checkout(failure_key=key, method=method, campaign_id=campaign_id)
        except TooMany:
            break
        outcome(checkout_id, DemoOutcome.FAILED)
    assert number == 6
    honest = failure_key("203.0.113.77", "steun-ons")
    post_checkout(failure_key=honest)
    post_checkout(failure_key=honest, method="bank_transfer", campaign_id=campaign_id)
    alerts = select(Message.template).where(Message.template.like("payments/%"))
    assert db.session.scalars(alerts).all() == ["payments/form_attack"]
    clock.forward(minutes=12)
    post_checkout(failure_key=honest, campaign_id=campaign_id)


def test_the_defence_fails_closed(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> list[int]:
        raise OSError("the counts cannot be read")

    monkeypatch.setattr(defence.limits, "failures_of", broken)
    with pytest.raises(OSError, match="cannot be read"):
        post_checkout(failure_key=failure_key("203.0.113.9", "steun-ons"))
    assert db.session.execute(select(func.count()).select_from(Checkout)).scalar() == 0


def test_a_transfer_is_received_by_hand_undone_and_received_again(app: Flask, heard: list[Event]) -> None:
    checkout_id, _ = post_checkout(method="bank_transfer")
    heard.clear()
    with writing():
        first = receive_by_hand(checkout_id, Money(2000), date(2026, 11, 20), "RF18", actor=FINANCE, now=now())
    (facts,) = facts_of([checkout_id])
    assert (facts.state, facts.received_cents, facts.amount_cents) == (CheckoutState.PAID, 2000, 2500)
    with pytest.raises(Refused), writing():
        receive_by_hand(checkout_id, Money(2000), date(2026, 11, 20), "RF18", actor=FINANCE, now=now())
    with writing():
        undo_by_hand(first, "verkeerde gever", actor=FINANCE, now=now())
    with pytest.raises(NotFound), writing():
        undo_by_hand(first, "nog eens", actor=FINANCE, now=now())
    assert state_of(checkout_id) is CheckoutState.PROMISED
    with writing():
        receive_by_hand(checkout_id, Money(2500), date(2026, 11, 21), "", actor=FINANCE, now=now())
    assert [type(e) for e in heard] == [CheckoutsPaid, PaymentsUndone, CheckoutsPaid]
    assert facts_of([checkout_id])[0].received_cents == 2500


def test_by_hand_refuses_what_cannot_be(app: Flask) -> None:
    transfer, _ = post_checkout(method="bank_transfer")
    online, _ = post_checkout()
    for checkout_id, cents, day, error in (
        (transfer, 0, date(2026, 11, 20), Invalid), (transfer, 100, date(2026, 11, 24), Invalid),
        (online, 100, date(2026, 11, 20), NotFound), (1, 100, date(2026, 11, 20), NotFound),
    ):  # fmt: skip
        with pytest.raises(error), writing():
            receive_by_hand(checkout_id, Money(cents), day, "", actor=FINANCE, now=now())
    paid = paid_checkout()
    payment = db.session.scalars(select(Payment).where(Payment.checkout_id == paid)).one()
    with pytest.raises(NotFound), writing():
        undo_by_hand(payment.id, "mag niet", actor=FINANCE, now=now())


def test_what_was_never_paid_is_forgotten_after_thirty_days(app: Flask, clock: SettableClock) -> None:
    ends = [DemoOutcome.FAILED, DemoOutcome.CANCELED, DemoOutcome.EXPIRED]
    for end in ends:
        outcome(post_checkout()[0], end)
    post_checkout()
    kept = {paid_checkout(), post_checkout(method="bank_transfer")[0]}
    clock.forward(days=29)
    run_due()
    assert db.session.execute(select(func.count()).select_from(Checkout)).scalar() == 6
    clock.forward(days=2)
    young, _ = post_checkout()
    run_due()
    assert set(db.session.scalars(select(Checkout.id))) == kept | {young}
    assert set(db.session.scalars(select(CheckoutChange.checkout_id))) <= kept


def test_staff_find_a_payment_and_its_history(sign_in: Callable[[str], Client]) -> None:
    finance = sign_in("finance")
    checkout_id = paid_checkout()
    outcome(checkout_id, DemoOutcome.REFUNDED)
    other, _ = post_checkout(cents=99900)
    page = finance.get("/payments").text
    assert code_of(checkout_id) in page
    assert code_of(other) in page
    assert code_of(other) not in finance.get("/payments?state=paid").text
    assert code_of(checkout_id) not in finance.get(f"/payments?q={code_of(other)}").text
    assert finance.get("/payments?state=rich").status_code == 400
    record = finance.get(f"/payments/{checkout_id}").text
    assert "Terugbetaling" in record
    assert finance.get("/payments/1").status_code == 404
    assert finance.post(f"/payments/{other}/ask").status_code == 303
    assert finance.post(f"/payments/{other}/solved").status_code == 404


def test_the_list_takes_as_many_statements_for_many_as_for_one(sign_in: Callable[[str], Client]) -> None:
    finance = sign_in("finance")

    def statements() -> int:
        seen: list[str] = []

        def note(_: object, __: object, statement: str, *___: object) -> None:
            if "checkout" in statement:
                seen.append(statement)

        event.listen(db.engine, "before_cursor_execute", note)
        finance.get("/payments")
        event.remove(db.engine, "before_cursor_execute", note)
        return len(seen)

    post_checkout()
    finance.get("/payments")
    one = statements()
    for _ in range(30):
        post_checkout()
    assert statements() == one


def test_a_payment_belongs_to_the_supporter_that_gifts_names(app: Flask) -> None:
    from tests.factories.supporters import person as make_person

    ids = [paid_checkout() for _ in range(2)]
    payments = list(db.session.scalars(select(Payment.id).where(Payment.checkout_id.in_(ids))))
    person = make_person()
    with writing():
        assign_supporters(dict.fromkeys(payments, person))
    assert set(db.session.scalars(select(Payment.supporter_id))) == {person}
