"""A refund that staff ask for is made once: whatever is clicked, dropped or forgotten on the way."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import select

from app.base.actor import SYSTEM
from app.base.errors import Invalid, Refused
from app.base.ids import new_id
from app.base.money import Money
from app.extensions import db, now, writing
from app.gifts.models import Gift, GiftState
from app.jobs.services import run_due
from app.ledger import checks
from app.ledger.queries import balances
from app.payments import services
from app.payments.models import Payment, Refund
from app.payments.states import RefundState
from tests.conftest import SettableClock
from tests.factories.payments import post_checkout
from tests.support.fake_mollie import FakeMollie

pytestmark = pytest.mark.usefixtures("mollie_app")
NOTHING = "none"  # a fault that is none: the call before the one that fails


@pytest.fixture
def payment_id(mollie_app: Flask, mollie: FakeMollie) -> int:
    """Twenty-five euros, paid through Mollie."""
    checkout_id, _ = post_checkout()
    (row,) = mollie.payments.values()
    mollie.pay(str(row["id"]))
    services.reach([checkout_id], actor=SYSTEM, now=now())
    return db.session.execute(select(Payment.id)).scalar_one()


def refund(payment_id: int, cents: int = 2500, key: int | None = None) -> RefundState:
    key = key or new_id()
    with writing():
        services.ask_refund(key, payment_id, Money(cents), "Te veel gegeven", actor=SYSTEM, now=now())
    return services.send_refund(key, actor=SYSTEM, now=now())


def at_mollie(mollie: FakeMollie) -> list[str]:
    return [row["amount"]["value"] for rows in mollie.refunds.values() for row in rows]


def booked() -> tuple[int, int]:
    """What the clearing account holds, and what the gift keeps; the books as a whole are right."""
    db.session.rollback()
    assert [o.problems for o in checks.run() if o.problems] == []
    gift = db.session.execute(select(Gift)).scalar_one()
    return balances()["1210"].cents, gift.kept_cents


def test_the_whole_gift_goes_back_and_is_booked(payment_id: int, mollie: FakeMollie) -> None:
    assert refund(payment_id) is RefundState.DONE
    assert (at_mollie(mollie), booked()) == (["25.00"], (0, 0))
    assert db.session.execute(select(Gift.state)).scalar() is GiftState.REFUNDED


def test_parts_go_back_until_nothing_is_left(payment_id: int, mollie: FakeMollie) -> None:
    assert refund(payment_id, 1000) is refund(payment_id, 700) is RefundState.DONE
    with pytest.raises(Invalid):
        refund(payment_id, 801)
    assert refund(payment_id, 800) is RefundState.DONE
    assert (at_mollie(mollie), booked()) == (["10.00", "7.00", "8.00"], (0, 0))


def test_many_clicks_on_one_form_and_two_colleagues_are_one_refund(
    mollie_app: Flask, payment_id: int, mollie: FakeMollie
) -> None:
    first, second = new_id(), new_id()
    mollie.delay = 0.1

    def click(key: int) -> str:
        with mollie_app.app_context():
            try:
                return refund(payment_id, key=key).value
            except Invalid:
                return "no room"

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(click, [first, second] * 4))
    mollie.delay = 0
    for _ in range(2):
        run_due(now())
    assert answers.count("no room") == 4
    assert (at_mollie(mollie), booked()) == (["25.00"], (0, 0))


def test_one_form_stands_for_one_refund(payment_id: int) -> None:
    key = new_id()
    refund(payment_id, 1000, key)
    with pytest.raises(Refused):
        refund(payment_id, 1200, key)


@pytest.mark.parametrize("fault", ["drop_before", "drop_after", "503", "503_after", "garbage"])
@pytest.mark.parametrize("minutes", [2, 100])
def test_no_sure_answer_is_kept_and_resolved_once(
    payment_id: int, mollie: FakeMollie, clock: SettableClock, fault: str, minutes: int
) -> None:
    """Soon it is asked again under the same key; when Mollie has forgotten the key it is only looked for."""
    mollie.faults += [NOTHING, fault]
    assert refund(payment_id, 1000) is RefundState.ASKED
    with pytest.raises(Invalid):
        refund(payment_id, 2000)  # what may be under way takes up its room
    clock.forward(minutes=minutes)
    run_due(now())
    arrived = fault not in ("drop_before", "503")
    made = arrived or minutes < 50
    row = db.session.execute(select(Refund)).scalar_one()
    assert row.state is (RefundState.DONE if made else RefundState.REFUSED)
    assert at_mollie(mollie) == (["10.00"] if made else [])
    assert booked() == ((1500, 1500) if made else (2500, 2500))


def test_a_refusal_is_told_and_frees_its_room(payment_id: int, mollie: FakeMollie) -> None:
    (mollie_id,) = mollie.payments
    mollie.refund(mollie_id, 2000)  # made at Mollie, we did not hear of it yet
    assert refund(payment_id, 1000) is RefundState.REFUSED
    row = db.session.execute(select(Refund)).scalar_one()
    assert "higher than the maximum" in (row.answer or "")
    services.reach([db.session.get_one(Payment, payment_id).checkout_id], actor=SYSTEM, now=now())
    assert refund(payment_id, 500) is RefundState.DONE
    assert booked() == (0, 0)


def test_a_refund_that_fails_after_all_is_ours_again(payment_id: int, mollie: FakeMollie) -> None:
    refund(payment_id)
    (mollie_id,) = mollie.payments
    mollie.end_refund(mollie_id, mollie.refunds[mollie_id][0]["id"], "failed")
    services.reach([db.session.get_one(Payment, payment_id).checkout_id], actor=SYSTEM, now=now())
    assert db.session.execute(select(Refund.state)).scalar() is RefundState.FAILED
    assert booked() == (2500, 2500)
    assert refund(payment_id) is RefundState.DONE
    assert booked() == (0, 0)
