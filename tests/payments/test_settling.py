"""The table of states, pair by pair, and truths that come late or in another order."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations, product

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from app.base.actor import system
from app.base.errors import Refused
from app.base.events import Event
from app.extensions import db, now, writing
from app.payments.events import CheckoutsPaid
from app.payments.models import Checkout, CheckoutChange, Payment
from app.payments.providers.base import Truth
from app.payments.queries import state_of
from app.payments.settling import settle
from app.payments.states import MOVES, CheckoutState
from tests.factories.payments import post_checkout

S = CheckoutState
ALLOWED = {
    (S.OPEN, S.PENDING), (S.OPEN, S.PAID), (S.OPEN, S.FAILED), (S.OPEN, S.CANCELED), (S.OPEN, S.EXPIRED),
    (S.PENDING, S.PAID), (S.PENDING, S.FAILED), (S.PENDING, S.CANCELED), (S.PENDING, S.EXPIRED),
    (S.PROMISED, S.PAID), (S.PROMISED, S.CANCELED), (S.PAID, S.PROMISED),
    (S.FAILED, S.PAID), (S.CANCELED, S.PAID), (S.EXPIRED, S.PAID),
}  # fmt: skip


@pytest.mark.parametrize(("before", "after"), list(product(S, S)))
def test_each_pair_of_states(before: CheckoutState, after: CheckoutState) -> None:
    if (before, after) in ALLOWED:
        MOVES.check(before, after)
    else:
        with pytest.raises(Refused):
            MOVES.check(before, after)


def truth(checkout_id: int, state: CheckoutState, **changes: object) -> Truth:
    said = Truth(
        provider="demo", provider_id=f"demo_{checkout_id}", state=state, amount_cents=2500, currency="EUR",
        mode="test", profile="demo", method="ideal", checkout_id=checkout_id,
    )  # fmt: skip
    return replace(said, **changes)  # type: ignore[arg-type]


def told(*truths: Truth) -> None:
    with writing():
        settle(truths, actor=system("test"), now=now())


PROVIDER_STATES = (S.OPEN, S.PENDING, S.PAID, S.FAILED)


@pytest.mark.parametrize("order", list(permutations(PROVIDER_STATES)))
def test_any_order_of_news_ends_paid_and_is_told_once(
    app: Flask, heard: list[Event], order: tuple[CheckoutState, ...]
) -> None:
    checkout_id, _ = post_checkout()
    for state in order:
        told(truth(checkout_id, state))
        told(truth(checkout_id, state))
    assert state_of(checkout_id) is S.PAID
    assert [type(e) for e in heard] == [CheckoutsPaid]
    assert db.session.execute(select(func.count()).select_from(Payment)).scalar() == 1


def test_no_provider_makes_a_promise_of_a_payment(app: Flask) -> None:
    checkout_id, _ = post_checkout()
    told(truth(checkout_id, S.PAID))
    told(truth(checkout_id, S.PROMISED))
    assert state_of(checkout_id) is S.PAID


def test_many_truths_are_settled_at_once_and_told_together(app: Flask, heard: list[Event]) -> None:
    ids = [post_checkout()[0] for _ in range(20)]
    told(*(truth(i, S.PAID) for i in ids), *(truth(i, S.PAID) for i in ids))
    (event,) = heard
    assert event.ids == tuple(sorted(ids))


def test_a_handler_that_fails_leaves_nothing_half_done(app: Flask) -> None:
    from app.base import events

    checkout_id, _ = post_checkout()

    def fail(_: CheckoutsPaid) -> None:
        raise ZeroDivisionError

    events.on(CheckoutsPaid)(fail)
    try:
        with pytest.raises(ZeroDivisionError):
            told(truth(checkout_id, S.PAID))
    finally:
        events._handlers[CheckoutsPaid].remove(fail)
    assert state_of(checkout_id) is S.OPEN
    assert db.session.execute(select(func.count()).select_from(Payment)).scalar() == 0
    assert db.session.get_one(Checkout, checkout_id).details is not None


def test_each_move_is_kept_in_the_history(app: Flask) -> None:
    checkout_id, _ = post_checkout()
    told(truth(checkout_id, S.PENDING))
    told(truth(checkout_id, S.PAID))
    rows = db.session.execute(select(CheckoutChange.before, CheckoutChange.after).order_by(CheckoutChange.id)).all()
    assert [tuple(r) for r in rows] == [(S.OPEN, S.PENDING), (S.PENDING, S.PAID)]


@pytest.mark.parametrize("cents", [0, -1, 12.5])
def test_the_database_refuses_amounts_that_are_none(app: Flask, cents: float) -> None:
    from sqlalchemy.exc import DBAPIError

    checkout_id, _ = post_checkout()
    whole = cents == int(cents)
    if not whole and db.engine.dialect.name == "postgresql":
        pytest.skip("bigint rounds before a constraint can see it")
    with pytest.raises(DBAPIError), writing() as session:
        session.execute(update(Checkout).where(Checkout.id == checkout_id).values(amount_cents=cents))
