"""A first payment begins a recurring gift once: customer, mandate and commitment, each its own row."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from app import create_app
from app.base.actor import system
from app.base.events import publish
from app.direct_debit.models import Mandate
from app.direct_debit.states import MandateState
from app.extensions import db, now, writing
from app.gifts.models import Gift
from app.gifts.recurring.models import Commitment, CommitmentAmount
from app.gifts.recurring.states import CommitmentState, Frequency
from app.payments.events import CheckoutsPaid
from app.payments.flow import reach
from app.payments.models import Checkout
from app.payments.states import Sequence
from tests.conftest import SettableClock, make_settings
from tests.factories.payments import DETAILS, paid_checkout, post_checkout
from tests.support.fake_mollie import FakeMollie

TEST = system("test")


def first(**more: Any) -> dict[str, Any]:
    return {"details": DETAILS | {"frequency": "monthly"} | more, "sequence": Sequence.FIRST}


def test_a_paid_first_payment_begins_one_commitment(app: Flask, clock: SettableClock) -> None:
    checkout_id = paid_checkout(cents=1500, **first(day="31"))
    with writing():
        publish(CheckoutsPaid(ids=(checkout_id,), actor=TEST, at=now()))
    (made,) = db.session.scalars(select(Commitment))
    assert (made.id, made.frequency, made.state, made.day) == (
        checkout_id, Frequency.MONTHLY, CommitmentState.ACTIVE, 31,
    )  # fmt: skip
    assert made.supporter_id == db.session.get_one(Gift, checkout_id).supporter_id
    assert db.session.scalars(select(CommitmentAmount.cents)).all() == [1500]
    (mandate,) = db.session.scalars(select(Mandate))
    assert made.mandate_id == mandate.id != made.id
    assert made.started_on.month % 12 + 1 == made.next_on.month


@pytest.mark.parametrize("details", [{"frequency": "once"}, {}])
def test_a_gift_given_once_begins_nothing(app: Flask, details: dict[str, str]) -> None:
    paid_checkout(details=DETAILS | details)
    assert db.session.scalar(select(func.count()).select_from(Commitment)) == 0


@pytest.fixture
def mollie() -> Iterator[FakeMollie]:
    with FakeMollie() as fake:
        yield fake


@pytest.fixture
def mollie_app(database_url: str, tmp_path: Path, clock: SettableClock, mollie: FakeMollie) -> Iterator[Flask]:
    mollie.clock = clock.now
    names = {"DATABASE_URL": database_url, "MOLLIE_API_KEY": mollie.key, "MOLLIE_API_URL": mollie.url}
    app = create_app(make_settings(tmp_path, **names), clock)
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


@pytest.mark.parametrize("fault", [None, "drop_after", "503_after"])
def test_mollie_is_asked_for_one_customer_and_a_first_payment(
    mollie_app: Flask, mollie: FakeMollie, clock: SettableClock, fault: str | None
) -> None:
    mollie.faults += [fault] if fault else []
    checkout_id, _ = post_checkout(**first())
    reach([checkout_id], actor=TEST, now=now())
    (payment,) = mollie.payments.values()
    assert list(mollie.customers) == [payment["customerId"]]
    assert payment["sequenceType"] == "first"
    assert "Dijk" not in str(mollie.customers), "Mollie is told no more than it needs"
    mollie.pay(payment["id"])
    reach([checkout_id], actor=TEST, now=now())
    checkout = db.session.get_one(Checkout, checkout_id)
    mandate = db.session.scalars(select(Mandate)).one()
    assert (mandate.customer_key, mandate.mandate_key) == (checkout.customer_key, payment["mandateId"])
    assert (mandate.state, mandate.iban_last_four) == (MandateState.ACTIVE, "4567")
    assert db.session.get_one(Commitment, checkout_id).next_on > date.min
