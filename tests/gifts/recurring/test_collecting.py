"""Collecting through Mollie: once, whatever the line does; what comes of it is a gift, a retry or a stop."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import func, select

from app import create_app
from app.base.actor import SYSTEM, system
from app.direct_debit.looking import lapse, look
from app.direct_debit.models import Collection, Mandate
from app.direct_debit.sending import send
from app.direct_debit.states import CollectionState, MandateState
from app.extensions import db, now, writing
from app.gifts.models import Gift, GiftState
from app.gifts.recurring import changing
from app.gifts.recurring.models import Commitment
from app.gifts.recurring.states import CommitmentState
from app.ledger import checks
from app.outbox import letters
from app.outbox.models import Message
from app.outbox.queries import view
from app.payments.flow import reach
from app.payments.jobs import poll
from app.payments.models import Checkout
from app.payments.states import Sequence
from app.supporters.reach import set_by_post
from tests.conftest import SettableClock, make_settings
from tests.factories.payments import DETAILS, post_checkout
from tests.factories.recurring import announce_and_plan
from tests.support.fake_mollie import FakeMollie

C, S = CollectionState, CommitmentState


@pytest.fixture
def mollie() -> Iterator[FakeMollie]:
    with FakeMollie() as fake:
        yield fake


@pytest.fixture
def giver(database_url: str, tmp_path: Path, clock: SettableClock, mollie: FakeMollie) -> Iterator[int]:
    """A donor who gives € 15 a month through Mollie, and whose second instalment is due on 24 December."""
    mollie.clock = clock.now
    names = {"DATABASE_URL": database_url, "MOLLIE_API_KEY": mollie.key, "MOLLIE_API_URL": mollie.url}
    app = create_app(make_settings(tmp_path, **names), clock)
    with app.app_context():
        details = DETAILS | {"frequency": "monthly", "day": 24}
        checkout_id, _ = post_checkout(cents=1500, details=details, sequence=Sequence.FIRST)
        mollie.pay(next(iter(mollie.payments)))
        reach([checkout_id], actor=SYSTEM, now=now())
        yield checkout_id
        db.session.remove()
        db.engine.dispose()


def due(clock: SettableClock) -> int:
    """The day has come: the collection's id."""
    clock.at(2026, 12, 5, 11)
    announce_and_plan()
    clock.at(2026, 12, 20, 11)
    announce_and_plan()
    clock.at(2026, 12, 24, 11)
    db.session.rollback()
    return db.session.scalars(select(Collection.id)).one()


def recurring(mollie: FakeMollie) -> list[str]:
    return [p["id"] for p in mollie.payments.values() if p["sequenceType"] == "recurring"]


def hear(collection_id: int) -> Collection:
    reach([collection_id], actor=system("webhook"), now=now())
    return db.session.get_one(Collection, collection_id)


def later(clock: SettableClock, **time: int) -> None:
    clock.forward(**time)
    poll({})
    db.session.rollback()


def test_what_is_due_is_collected_and_becomes_a_gift(giver: int, mollie: FakeMollie, clock: SettableClock) -> None:
    collection_id = due(clock)
    mails = db.session.scalar(select(func.count()).select_from(Message))
    send({})
    send({})
    (payment_id,) = recurring(mollie)
    asked = mollie.payments[payment_id]
    mandate = db.session.scalars(select(Mandate)).one()
    assert (asked["customerId"], asked["mandateId"]) == (mandate.customer_key, mandate.mandate_key)
    assert asked["amount"]["value"] == "15.00"
    assert hear(collection_id).state is C.SENT
    mollie.pay(payment_id)
    later(clock, days=3)  # no webhook came: the poller finds it
    gift = db.session.get_one(Gift, collection_id)
    assert (gift.state, gift.amount_cents, gift.supporter_id) == (GiftState.RECEIVED, 1500, mandate.supporter_id)
    assert db.session.get_one(Collection, collection_id).state is C.COLLECTED
    assert db.session.scalars(select(Mandate.last_collected_on)).one() == date(2026, 12, 27)
    assert db.session.scalar(select(func.count()).select_from(Message)) == mails, "thanked once, not each month"
    assert {o.name: o.problems for o in checks.run() if o.problems} == {}


@pytest.mark.parametrize("fault", ["drop_before", "drop_after", "503_after", "garbage"])
def test_an_unsure_answer_is_never_charged_again(
    giver: int, mollie: FakeMollie, clock: SettableClock, fault: str
) -> None:
    collection_id = due(clock)
    mollie.faults.append(fault)
    send({})
    assert hear(collection_id).state is C.SENT
    for _ in range(4):
        send({})
        later(clock, minutes=5)
    assert len(recurring(mollie)) == 1
    assert db.session.get_one(Checkout, collection_id).provider_id == recurring(mollie)[0]


def test_what_never_reached_mollie_is_sent_anew_the_next_bank_day(
    giver: int, mollie: FakeMollie, clock: SettableClock
) -> None:
    first = due(clock)
    mollie.sticky = "drop_before"
    send({})
    mollie.sticky = None
    later(clock, hours=2)  # too late to ask again under the same key: the provider knows of nothing
    states = db.session.execute(select(Collection.state, Collection.collect_on).order_by(Collection.id)).all()
    assert [tuple(row) for row in states] == [(C.FAILED, date(2026, 12, 24)), (C.PLANNED, date(2026, 12, 28))]
    assert db.session.get_one(Collection, first).handled_at is not None
    assert db.session.get_one(Commitment, giver).state is S.ACTIVE
    clock.at(2026, 12, 28, 9)
    send({})
    assert len(recurring(mollie)) == 1


def failed_mails() -> int:
    told = select(func.count()).select_from(Message).where(Message.template == "gifts/recurring/failed")
    return db.session.scalar(told) or 0


@pytest.mark.parametrize(
    ("code", "commitment", "mandate", "mails"),
    [
        ("AM04", S.ACTIVE, MandateState.ACTIVE, 1), ("AC04", S.ON_HOLD, MandateState.SUSPENDED, 1),
        ("MD01", S.ON_HOLD, MandateState.REVOKED, 1), ("MS02", S.ON_HOLD, MandateState.ACTIVE, 1),
        ("MD07", S.ON_HOLD, MandateState.SUSPENDED, 0), ("XX00", S.ON_HOLD, MandateState.ACTIVE, 0),
    ],
)  # fmt: skip
def test_a_failure_follows_the_plan_of_its_code(
    giver: int, mollie: FakeMollie, clock: SettableClock, code: str, commitment: S, mandate: MandateState, mails: int
) -> None:
    collection_id = due(clock)
    send({})
    mollie.fail(recurring(mollie)[0], code, "as the bank says")
    for _ in range(2):
        failed = hear(collection_id)
    assert (failed.state, failed.reason_code) == (C.FAILED, code)
    assert db.session.get_one(Commitment, giver).state is commitment
    assert db.session.scalars(select(Mandate.state)).one() is mandate
    assert failed_mails() == mails
    again = db.session.scalars(select(Collection).where(Collection.attempt == 2)).all()
    assert [(c.period, c.collect_on) for c in again] == (
        [(date(2026, 12, 1), date(2026, 12, 31))] if code == "AM04" else []
    )


def test_who_asked_for_letters_hears_of_a_failure_on_paper(
    giver: int, mollie: FakeMollie, clock: SettableClock
) -> None:  # fmt: skip
    first = due(clock)
    send({})
    with writing():
        set_by_post(db.session.get_one(Commitment, giver).supporter_id, True, actor=SYSTEM, now=now())
    mollie.fail(recurring(mollie)[0], "AC04")
    hear(first)
    assert failed_mails() == 0
    (letter,) = letters.waiting()
    text = letter.rendered.text
    assert "15,00" in text
    assert "http" not in text, "nobody types a link of forty signs"
    assert "@" not in text, "an address on paper is a phone number or a house"


def test_a_second_failure_waits_for_the_donor(giver: int, mollie: FakeMollie, clock: SettableClock) -> None:
    first = due(clock)
    send({})
    mollie.fail(recurring(mollie)[0], "AM04")
    hear(first)
    clock.at(2026, 12, 31, 11)
    send({})
    second = db.session.scalars(select(Collection.id).where(Collection.attempt == 2)).one()
    mollie.fail(recurring(mollie)[1], "AM04")
    hear(second)
    assert db.session.get_one(Commitment, giver).state is S.ON_HOLD
    assert failed_mails() == 2
    clock.at(2027, 3, 1, 11)
    announce_and_plan()
    assert db.session.scalar(select(func.count()).select_from(Collection)) == 2, "nothing while it waits"
    with writing():
        assert changing.resume(giver, actor=SYSTEM, now=now()).first_on == date(2027, 3, 24)


def test_taken_back_later_stops_kindly_and_given_again_is_a_gift(
    giver: int, mollie: FakeMollie, clock: SettableClock
) -> None:
    collection_id = due(clock)
    send({})
    (payment_id,) = recurring(mollie)
    mollie.pay(payment_id)
    hear(collection_id)
    chargeback = mollie.charge_back(payment_id, 1500)
    back = hear(collection_id)
    assert (back.state, back.reason_code) == (C.RETURNED, "MD06")
    assert db.session.get_one(Commitment, giver).state is S.ON_HOLD
    assert db.session.get_one(Gift, collection_id).state is GiftState.CHARGED_BACK
    mail = db.session.scalars(select(Message.id).where(Message.template == "gifts/recurring/failed")).one()
    assert view(mail).rendered.subject.startswith("Uw gift is terugbetaald"), "it was collected before"
    mollie.reverse_chargeback(payment_id, chargeback)
    assert hear(collection_id).state is C.COLLECTED
    assert db.session.get_one(Gift, collection_id).state is GiftState.RECEIVED
    assert {o.name: o.problems for o in checks.run() if o.problems} == {}


def test_paused_on_the_day_itself_nothing_is_sent(giver: int, mollie: FakeMollie, clock: SettableClock) -> None:
    due(clock)
    with writing():
        changing.pause(giver, date(2027, 2, 1), actor=SYSTEM, now=now())
    send({})
    assert recurring(mollie) == []


@pytest.mark.parametrize(("status", "state"), [("valid", S.ACTIVE), ("invalid", S.ON_HOLD)])
def test_a_mandate_that_is_checked_first(
    giver: int, mollie: FakeMollie, clock: SettableClock, status: str, state: S
) -> None:
    mollie.mandate_status = "pending"
    details = DETAILS | {"frequency": "yearly"}
    checkout_id, _ = post_checkout(details=details, sequence=Sequence.FIRST)
    payment = list(mollie.payments.values())[-1]
    mollie.pay(payment["id"])
    reach([checkout_id], actor=SYSTEM, now=now())
    look({})
    assert db.session.get_one(Commitment, checkout_id).state is S.PENDING
    mollie.mandates[payment["customerId"]][0]["status"] = status
    clock.forward(hours=2)
    look({})
    assert db.session.get_one(Commitment, checkout_id).state is state


def test_mandates_lapse_after_36_months(giver: int, clock: SettableClock) -> None:
    clock.at(2029, 11, 23, 11)
    lapse({})
    assert db.session.scalars(select(Mandate.state)).one() is MandateState.ACTIVE
    clock.forward(days=1)
    lapse({})
    db.session.rollback()
    assert db.session.scalars(select(Mandate.state)).one() is MandateState.LAPSED
