from __future__ import annotations

from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.base.actor import SYSTEM
from app.base.errors import Refused
from app.base.events import publish
from app.base.money import Money
from app.extensions import db, now, writing
from app.gifts.models import Gift, GiftState
from app.gifts.totals import fold, largest, total_of
from app.jobs.services import run_due
from app.ledger import checks, periods
from app.ledger.accounts import BANK, CLEARING
from app.ledger.queries import balances, entries_of
from app.ledger.rj import RjLine
from app.outbox.models import Message
from app.payments import services as payments
from app.payments.events import CheckoutsPaid
from app.payments.providers.demo import DemoOutcome, decide
from app.supporters.models import Supporter, SupporterDuplicate
from tests.conftest import SettableClock
from tests.factories.gifts import click, paid_gift, promised_gift, start_checkout
from tests.factories.organisation import make_programme


def _gift(gift_id: int) -> Gift:
    db.session.rollback()
    gift = db.session.get(Gift, gift_id)
    assert gift is not None
    return gift


def _mails() -> list[str]:
    return [
        m.template for m in db.session.execute(select(Message).order_by(Message.created_at, Message.template)).scalars()
    ]


def _books_are_right() -> None:
    db.session.rollback()
    problems = {o.name: o.problems for o in checks.run() if o.problems}
    assert problems == {}


def _count(model: type) -> int:
    db.session.rollback()
    return int(db.session.execute(select(func.count()).select_from(model)).scalar_one())


def test_a_paid_checkout_is_a_gift_with_its_id_booked_and_thanked(app: Flask) -> None:
    programme_id = make_programme("watch")
    gift = _gift(paid_gift(2550, programme_id=programme_id))
    assert (gift.state, gift.amount_cents, gift.method) == (GiftState.RECEIVED, 2550, "ideal")
    assert (gift.gift_date, gift.rj_line, gift.programme_id) == (date(2026, 11, 23), RjLine.INDIVIDUALS, programme_id)
    assert gift.payment_id is not None
    person = db.session.get(Supporter, gift.supporter_id)
    assert person is not None
    assert person.display_name == "Anna van den Berg"
    assert balances()[CLEARING["demo"]].cents == 2550
    assert len(entries_of(("gift", gift.id))) == 1
    assert total_of(gift.supporter_id).cents == 2550
    assert _mails() == ["gifts/thanks"]
    _books_are_right()


def test_what_is_told_twice_is_booked_once(app: Flask) -> None:
    gift_id = paid_gift()
    payments.reach([gift_id], actor=SYSTEM, now=now())
    with writing():
        publish(CheckoutsPaid(ids=(gift_id,), actor=SYSTEM, at=now()))
    assert len(entries_of(("gift", gift_id))) == 1
    assert _mails() == ["gifts/thanks"]
    _books_are_right()


@pytest.mark.parametrize("outcome", [DemoOutcome.FAILED, DemoOutcome.CANCELED, DemoOutcome.EXPIRED])
def test_who_does_not_pay_does_not_become_a_supporter(app: Flask, outcome: DemoOutcome) -> None:
    click(start_checkout(), outcome)
    assert (_count(Gift), _count(Supporter), _count(Message)) == (0, 0, 0)


def test_a_promise_is_a_gift_without_a_booking_until_the_money_is_there(app: Flask) -> None:
    gift_id = promised_gift(5000)
    gift = _gift(gift_id)
    assert gift.state is GiftState.PROMISED
    assert balances() == {}
    assert total_of(gift.supporter_id).cents == 0
    assert _mails() == ["gifts/transfer"]
    with writing():
        payments.receive_by_hand(gift_id, Money(4500), date(2026, 11, 20), "BANKREF 1", actor=SYSTEM, now=now())
    gift = _gift(gift_id)
    assert (gift.state, gift.amount_cents, gift.gift_date) == (GiftState.RECEIVED, 4500, date(2026, 11, 20))
    assert balances()[BANK].cents == 4500
    assert total_of(gift.supporter_id).cents == 4500
    assert sorted(_mails()) == ["gifts/thanks", "gifts/transfer"]
    _books_are_right()


def test_a_receipt_by_hand_is_undone_by_reversal_and_may_be_recorded_again(app: Flask) -> None:
    gift_id = promised_gift(5000)
    for cents in (4500, 5000):
        with writing():
            payment_id = payments.receive_by_hand(
                gift_id, Money(cents), date(2026, 11, 20), "x", actor=SYSTEM, now=now()
            )
        assert balances()[BANK].cents == cents
        if cents == 4500:
            with writing():
                payments.undo_by_hand(payment_id, "wrong amount", actor=SYSTEM, now=now())
            gift = _gift(gift_id)
            assert (gift.state, gift.amount_cents, gift.payment_id) == (GiftState.PROMISED, 5000, None)
            assert balances()[BANK].cents == 0
            _books_are_right()
    assert len(entries_of(("gift", gift_id))) == 3
    assert total_of(_gift(gift_id).supporter_id).gifts == 1
    _books_are_right()


@pytest.mark.parametrize(
    ("outcome", "state"),
    [(DemoOutcome.REFUNDED, GiftState.REFUNDED), (DemoOutcome.CHARGED_BACK, GiftState.CHARGED_BACK)],
)
def test_what_goes_back_leaves_nothing_in_the_books(app: Flask, outcome: DemoOutcome, state: GiftState) -> None:
    gift_id = paid_gift(2500)
    click(gift_id, outcome)
    click(gift_id, outcome)
    gift = _gift(gift_id)
    assert (gift.state, gift.refunded_cents, gift.kept_cents) == (state, 2500, 0)
    assert balances()[CLEARING["demo"]].cents == 0
    assert (total_of(gift.supporter_id).cents, total_of(gift.supporter_id).gifts) == (0, 0)
    assert len(entries_of(("gift", gift_id))) == 2
    _books_are_right()


@pytest.mark.parametrize(
    ("first", "last", "shown"),
    [("Sukarno", "", "Sukarno"), ("", "Sukarno", "Sukarno"), ("李", "小龍", "李 小龍"), ("e", "Berg", "E. Berg")],
)
def test_a_donor_is_called_as_they_typed_it(app: Flask, first: str, last: str, shown: str) -> None:
    gift = _gift(paid_gift(first_name=first, infix="", last_name=last))
    assert db.session.get_one(Supporter, gift.supporter_id).display_name == shown


def test_the_same_address_and_name_is_the_same_donor_however_it_is_spelt(app: Flask) -> None:
    first = _gift(paid_gift())
    again = _gift(paid_gift(first_name="ANNA", infix="", last_name="v.d. berg", email="Anna@Example.org"))
    assert again.supporter_id == first.supporter_id
    person = db.session.get(Supporter, first.supporter_id)
    assert person is not None
    assert person.display_name == "Anna van den Berg"
    assert _count(Supporter) == 1


def test_the_same_address_with_another_name_is_somebody_new_whom_staff_look_at(
    app: Flask, clock: SettableClock
) -> None:
    paid_gift()
    paid_gift(first_name="Piet")
    assert _count(Supporter) == 2
    clock.forward(seconds=1)
    run_due()
    assert _count(SupporterDuplicate) == 1


def test_two_gifts_of_one_new_donor_in_one_go_make_one_supporter(app: Flask) -> None:
    ids = [start_checkout(1000), start_checkout(2000)]
    with writing():
        from app.payments.providers.demo import decide

        for checkout_id in ids:
            decide(checkout_id, DemoOutcome.PAID, at=now())
    payments.reach(ids, actor=SYSTEM, now=now())
    assert _count(Supporter) == 1
    assert total_of(_gift(ids[0]).supporter_id).cents == 3000
    _books_are_right()


def test_totals_are_the_same_before_and_after_a_fold(app: Flask, clock: SettableClock) -> None:
    small, large = _gift(paid_gift(1000)), _gift(paid_gift(9000, email="b@example.org"))
    before = largest(10)
    assert [r.supporter_id for r in before] == [large.supporter_id, small.supporter_id]
    with writing():
        assert fold() == 2
    assert largest(10) == before
    clock.forward(days=1)
    paid_gift(9000)
    assert [(r.total.cents, r.total.gifts) for r in largest(10)] == [(10000, 2), (9000, 1)]
    assert largest(10)[0].total.last_on == date(2026, 11, 24)
    assert largest(1, after=(10000, small.supporter_id))[0].supporter_id == large.supporter_id
    click(large.id, DemoOutcome.REFUNDED)
    assert len(largest(10)) == 1
    run_due(now() + timedelta(minutes=2))
    assert [(r.total.cents, r.total.last_on) for r in largest(10)] == [(10000, date(2026, 11, 24))]
    _books_are_right()


def test_the_checks_see_a_total_that_lies_and_a_gift_that_was_never_booked(app: Flask) -> None:
    gift = _gift(paid_gift(1000))
    with writing():
        fold()
    with writing() as session:
        session.execute(Gift.__table__.update().values(amount_cents=2000))
    found = {o.name for o in checks.run() if o.problems}
    assert found == {
        "Gifts and the ledger come to the same", "Supporters' totals equal their gifts", "Every payment has its gift",
    }  # fmt: skip
    assert gift.id


def test_a_gift_paid_online_is_refunded_there_and_not_crossed_out(app: Flask) -> None:
    from app.gifts import services

    gift_id = paid_gift()
    with pytest.raises(Refused), writing():
        services.cancel([gift_id], actor=SYSTEM, now=now())
    assert _gift(gift_id).state is GiftState.RECEIVED


def test_what_a_provider_tells_after_the_month_was_closed_is_booked_in_the_next(
    app: Flask, clock: SettableClock
) -> None:
    clock.at(2026, 10, 31, 11)
    late, other = start_checkout(2500), paid_gift(1000)
    with writing():
        decide(late, DemoOutcome.PAID, at=now())
        decide(other, DemoOutcome.CHARGED_BACK, at=now())
    clock.at(2026, 11, 2, 11)
    with writing():
        periods.close(date(2026, 10, 1), actor=SYSTEM, now=now())
    payments.reach([late, other], actor=SYSTEM, now=now())
    assert (_gift(late).state, _gift(late).gift_date) == (GiftState.RECEIVED, date(2026, 10, 31))
    assert _gift(other).state is GiftState.CHARGED_BACK
    days = [[entry.booked_on for entry in entries_of(("gift", row_id))] for row_id in (late, other)]
    assert days == [[date(2026, 11, 1)], [date(2026, 10, 31), date(2026, 11, 1)]]
    assert balances()[CLEARING["demo"]].cents == 2500
    _books_are_right()
