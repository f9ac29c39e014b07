"""Payouts of providers: once whoever tells of them, tied to our payments and the bank, to the cent."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, text, update

from app.banking import imports
from app.banking.match_models import MatchKind
from app.banking.matching import deciding, undoing
from app.banking.matching.facts import facts_of
from app.banking.matching.finders import find
from app.banking.models import BankLine, LineState
from app.banking.payouts import asking, mollie_file, queries, taking
from app.banking.payouts.models import PAYOUT_MOVES, Payout, PayoutOrigin, PayoutPart, PayoutState
from app.banking.payouts.taking import Taken, take
from app.base.actor import SYSTEM, Actor
from app.base.dates import add_months
from app.base.errors import Invalid, Refused
from app.base.references import rf_of
from app.extensions import db, writing
from app.extensions import now as app_now
from app.ledger import periods
from app.ledger import queries as ledger
from app.ledger.checks import run
from app.payments.flow import reach
from app.payments.models import Payment, PaymentEvent
from app.payments.providers.base import ProviderRefused, ProviderUnsure
from tests.banking.files import Pay, camt
from tests.factories.organisation import make_organisation
from tests.factories.payments import post_checkout
from tests.support.fake_mollie import FakeMollie

REFERENCE = "1234567.2611.03"
ANNE = Actor("staff", 11)
HEAD = (
    "Date,Payment method,Currency,Amount,Status,ID,Description,Consumer name,Consumer bank account,Consumer BIC,"
    "Settlement currency,Settlement amount,Settlement reference,Amount refunded"
)


@pytest.fixture
def now(mollie_app: Flask) -> datetime:
    make_organisation()
    return app_now()


def paid(mollie: FakeMollie, cents: int) -> dict[str, Any]:
    """A gift that Mollie collected; what Mollie says of it."""
    checkout_id, _ = post_checkout(cents=cents)
    payment = list(mollie.payments.values())[-1]
    mollie.pay(payment["id"])
    reach([checkout_id], actor=SYSTEM, now=app_now())
    return payment


def again(payment: dict[str, Any]) -> None:
    reach([int(payment["metadata"]["checkout_id"])], actor=SYSTEM, now=app_now())


def ask(now: datetime) -> Taken:
    done = asking.ask(actor=SYSTEM, now=now)
    assert done is not None
    return done


def bank(cents: int, now: datetime, text: str = f"Settlement {REFERENCE} Mollie", statement: str = "S1") -> None:
    pay = Pay(cents, name="Stg Mollie Payments", more=f"<RmtInf><Ustrd>{text}</Ustrd></RmtInf>")
    imports.take(io.BytesIO(camt([pay], statement=statement)), "bank.xml", actor=SYSTEM, now=now, add_accounts=True)


def on(code: str) -> int:
    found = ledger.balances().get(code)
    return found.cents if found else 0


def only() -> Payout:
    return db.session.execute(select(Payout).execution_options(populate_existing=True)).scalar_one()


def whole() -> bool:
    return not any(outcome.problems for outcome in run())


def explained() -> bool:
    return not any(each.unexplained for each in queries.clearing())


def test_gifts_fees_refund_and_chargeback_come_to_nothing_on_clearing(mollie: FakeMollie, now: datetime) -> None:
    first, second, third = paid(mollie, 5000), paid(mollie, 2500), paid(mollie, 1000)
    mollie.refund(first["id"], 2000)
    mollie.charge_back(third["id"], 1000)
    again(first)
    again(third)
    assert on("1210") == 5500
    # 2.10 + VAT 0.441 + 0.50 + VAT 0.105 = 3.146: only the sum is rounded (DOMAIN.md 3.2).
    mollie.settle(REFERENCE, [first, second, third], mollie.refunds[first["id"]], mollie.chargebacks[third["id"]],
                  costs="3.146", vat="0.546", net=5185)  # fmt: skip
    mollie.page = 2
    assert (ask(now).new, ask(now).new) == (1, 0)
    row = only()
    assert (row.net_cents, row.fee_cents, row.fee_vat_cents, row.other_cents) == (5185, 315, 55, 0)
    assert (on("4510"), on("1210")) == (315, 5185)
    assert queries.whole(row).not_on_bank == 5185
    assert explained()
    bank(5185, now)
    assert (on("1210"), on("2900"), on("1100")) == (0, 0, 5185)
    found = queries.whole(row)
    assert found.complete
    assert found.sums.payments == 8500
    assert (found.sums.refunds, found.sums.chargebacks) == (-2000, -1000)
    assert queries.clearing()[0].cents == 0
    assert whole()


def marked() -> tuple[int, int]:
    """How many payments and events a payout is known to have brought."""
    both = (
        select(func.count()).select_from(model).where(model.paid_out_at.is_not(None))
        for model in (Payment, PaymentEvent)
    )
    payments, events = (db.session.execute(query).scalar_one() for query in both)
    return payments, events


def test_only_what_no_payout_brought_is_looked_at(mollie: FakeMollie, now: datetime) -> None:
    """A mark leaves the rest out: set when taken in, gone when undone; a payment told of later gets it by night."""
    first, second = paid(mollie, 5000), paid(mollie, 2500)
    mollie.refund(first["id"], 2000)
    again(first)
    mollie.settle(REFERENCE, [first], mollie.refunds[first["id"]], costs="0.30")
    assert marked() == (0, 0)
    ask(now)
    assert marked() == (1, 1)
    on_its_way = queries.clearing()[0].on_its_way
    assert (on_its_way.cents, on_its_way.count, on_its_way.back) == (2500, 1, 0)
    with writing():
        taking.undo(only().id, actor=ANNE, now=now)
    assert marked() == (0, 0)
    assert queries.clearing()[0].on_its_way.back == -2000
    assert explained()
    ask(now)
    assert second
    with writing():  # as if it became known after its payout
        db.session.execute(update(Payment).values(paid_out_at=None))
    assert explained()
    taking.settle_daily({})
    assert marked() == (1, 1)
    if db.engine.dialect.name == "sqlite":
        waits = select(Payment.id).where(Payment.provider == "mollie", Payment.paid_out_at.is_(None))
        sql = str(waits.compile(db.engine, compile_kwargs={"literal_binds": True}))
        plan = " ".join(str(row) for row in db.session.execute(text(f"EXPLAIN QUERY PLAN {sql}")))
        assert "ix_payment_on_its_way" in plan


def test_the_bank_line_may_come_first(mollie: FakeMollie, now: datetime) -> None:
    payment = paid(mollie, 5000)
    bank(4970, now)
    assert on("2900") == -4970
    mollie.settle(REFERENCE, [payment], costs="0.3000")
    ask(now)
    assert (on("1210"), on("2900")) == (0, 0)


def test_what_is_not_ours_is_parked_said_and_may_be_left_outside(mollie: FakeMollie, now: datetime) -> None:
    payment = paid(mollie, 5000)
    money = {"currency": "EUR", "value": "12.50"}
    shop = dict(payment, id="tr_ofTheWebshop", amount=money, settlementAmount=money)
    mollie.settle(REFERENCE, [payment, shop], costs="0.6000")
    ask(now)
    bank(6190, now)
    assert on("1210") == -1250
    found = queries.whole(only())
    assert [(part.provider_id, tie.verdict.value, tie.missing(part)) for part, tie in found.troubles] == [
        ("tr_ofTheWebshop", "unknown", -1250)
    ]
    assert queries.open_parts() == {only().id: 1}
    assert explained()
    part_id = found.troubles[0][0].id
    with writing():
        taking.leave_outside(part_id, True, actor=ANNE, now=now)
    assert (on("1210"), on("1190")) == (0, -1250)
    assert queries.whole(only()).complete
    assert explained()
    with writing():
        taking.leave_outside(part_id, False, actor=ANNE, now=now)
    assert (on("1210"), on("1190")) == (-1250, 0)
    known = next(p.id for p in db.session.execute(select(PayoutPart)).scalars() if p.provider_id == payment["id"])
    with writing(), pytest.raises(Refused, match="payment of ours"):
        taking.leave_outside(known, True, actor=ANNE, now=now)


def test_a_refund_that_is_not_heard_of_yet_ties_when_it_is(mollie: FakeMollie, now: datetime) -> None:
    payment = paid(mollie, 5000)
    mollie.refund(payment["id"], 1000)
    mollie.settle(REFERENCE, [payment], mollie.refunds[payment["id"]])
    ask(now)
    ((part, tie),) = queries.whole(only()).troubles
    assert (tie.verdict.value, tie.missing(part)) == ("later", 1000)
    assert explained()
    again(payment)
    assert queries.whole(only()).troubles == []
    assert explained()


def test_a_payout_that_does_not_add_up_says_by_how_much(mollie: FakeMollie, now: datetime) -> None:
    mollie.settle(REFERENCE, [paid(mollie, 5000)], costs="0.3000", net=4500)
    ask(now)
    assert only().other_cents == 470
    bank(4500, now)
    assert on("1210") == 470
    assert explained()
    assert not queries.whole(only()).complete


def test_undone_and_taken_again_it_is_booked_once(mollie: FakeMollie, now: datetime) -> None:
    mollie.settle(REFERENCE, [paid(mollie, 5000)], costs="0.3000")
    ask(now)
    bank(4970, now)
    line = db.session.execute(select(BankLine)).scalar_one()
    with writing(), pytest.raises(Refused, match="undo that first"):
        taking.undo(only().id, actor=ANNE, now=now)
    with writing():
        undoing.undo(line.id, actor=ANNE, now=now)
    with writing():
        taking.undo(only().id, actor=ANNE, now=now)
    assert (on("4510"), on("1210"), on("2900")) == (0, 5000, -4970)
    assert explained()
    ask(now)
    assert (on("4510"), on("1210"), on("2900")) == (30, 0, 0)
    assert db.session.execute(select(BankLine.state)).scalar_one() is LineState.EXPLAINED
    assert whole()


def test_a_closed_month_makes_it_wait(mollie: FakeMollie, now: datetime) -> None:
    this = now.date().replace(day=1)
    settlement = mollie.settle(REFERENCE, [paid(mollie, 5000)], costs="0.3000")
    mollie.settlements[settlement]["settledAt"] = f"{add_months(this, -1).isoformat()}T10:00:00+00:00"
    with writing():
        periods.close(add_months(this, -1), actor=ANNE, now=now)
    ask(now)
    row = only()
    assert (row.state, on("4510")) == (PayoutState.WAITING, 0)
    assert queries.whole(row).waiting_fee == 30
    assert explained()
    with writing():
        assert not taking.book_waiting(row.id, actor=ANNE, now=now)
    with writing():
        assert taking.book_waiting(row.id, later=True, actor=ANNE, now=now)
    assert (only().booked_on, on("4510")) == (this, 30)


@pytest.mark.parametrize("fault", ["503", "garbage", "drop_before"])
def test_without_a_sure_answer_nothing_is_taken_in_half(mollie: FakeMollie, now: datetime, fault: str) -> None:
    mollie.settle(REFERENCE, [paid(mollie, 5000)], costs="0.3000")
    mollie.faults += ["", "", fault]
    with pytest.raises(ProviderUnsure):
        ask(now)
    assert db.session.execute(select(Payout.id)).first() is None
    mollie.faults.clear()
    assert ask(now).new == 1


def test_a_refused_token_is_said_and_open_settlements_wait(mollie: FakeMollie, now: datetime) -> None:
    mollie.settle(REFERENCE, [paid(mollie, 5000)], status="open")
    assert ask(now).new == 0
    mollie.organisation = "access_another"
    with pytest.raises(ProviderRefused):
        ask(now)


def test_two_at_once_take_it_in_once(mollie: FakeMollie, mollie_app: Flask, now: datetime) -> None:
    payment = paid(mollie, 5000)
    rows = f"2026-11-20 10:00:00,ideal,EUR,50.00,paidout,{payment['id']},Gift,,,,EUR,50.00,{REFERENCE},\n"
    told = mollie_file.read(
        f"{HEAD}\n{rows}2026-11-20,,EUR,-0.30,paidout,,Withheld fees,,,,EUR,-0.30,{REFERENCE},".encode()
    )
    start, counts = threading.Barrier(4), []

    def run_() -> None:
        with mollie_app.app_context():
            start.wait()
            counts.append(take(told, PayoutOrigin.FILE, actor=ANNE, now=now).new)

    threads = [threading.Thread(target=run_) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(counts) == [0, 0, 0, 1]
    assert on("4510") == 30


def test_the_file_and_the_provider_tell_of_one_payout(mollie: FakeMollie, now: datetime) -> None:
    payment, other = paid(mollie, 5000), paid(mollie, 1000)
    refund = mollie.refund(payment["id"], 1500)
    again(payment)
    content = "\ufeff" + HEAD.replace("Date", "Datum").replace("Settlement amount", "Uitbetalingsbedrag") + (
        f"\n2026-11-20 10:00:00,ideal,EUR,50.00,paidout,{payment['id']},\"Gift, a\",N. Dijk,,,EUR,50.00,"
        f"{REFERENCE},15.00"
        f"\n2026-11-21 10:00:00,refund,EUR,-15.00,refunded,{refund},Back,,,,EUR,-15.00,{REFERENCE},"
        f"\n2026-11-21 00:00:00,,EUR,-0.58,paidout,,Withheld fees MOL-2026-1,,,,EUR,-0.58,{REFERENCE},"
        f"\n2026-11-21 00:00:00,,EUR,-9.00,paidout,,Invoice compensation,,,,EUR,-9.00,{REFERENCE},"
        f"\n2026-11-22 10:00:00,ideal,EUR,10.00,paid,{other['id']},Gift,,,,EUR,10.00,,"
    )  # fmt: skip
    (told,) = mollie_file.read(content.encode())
    assert (told.net_cents, told.fee_cents) == (2542, 58)
    assert take([told], PayoutOrigin.FILE, actor=ANNE, now=now).new == 1
    ((part, tie),) = queries.whole(only()).troubles
    assert (part.said, part.cents, tie.verdict.value) == ("Invoice compensation", -900, "other")
    mollie.settle(REFERENCE, [payment], mollie.refunds[payment["id"]], net=2000)
    assert ask(now).new == 0
    assert take(list_of(mollie, now), PayoutOrigin.API, actor=SYSTEM, now=now).other == (REFERENCE,)
    bank(2542, now)
    assert on("1210") == 1000 + 900
    assert explained()


def list_of(mollie: FakeMollie, now: datetime) -> Iterator[Any]:
    from app.payments.providers.settlements import source

    found = source()
    assert found is not None
    return found.paid_out(lambda _: True, now.replace(year=2020))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"Date,Amount\n2026-11-20,5", "not a settlement export"),
        (HEAD.encode() + b"\n2026-11-20,ideal,EUR,5,paidout,tr_a1b2,,,,,EUR,five,1234567.2611.03,", "Row 2.*amount"),
        (HEAD.encode() + b"\n20 nov,ideal,EUR,5,paidout,tr_a1b2c3,,,,,EUR,5.00,1234567.2611.03,", "Row 2.*not a date"),
        (HEAD.encode() + b"\n2026-11-20,ideal,EUR,5,paidout,tr_a1b2c3,,,,,USD,5.00,1234567.2611.03,", "Row 2.*euros"),
        (HEAD.encode() + b"\n2026-11-20,ideal,EUR,5,paidout,tr_a1b2c3,,,,,EUR,5.00,=1+1,", "Row 2.*not a reference"),
        (HEAD.encode() + b"\n2026-11-20,ideal,EUR,5,paidout,tr_a1b2,,,,,EUR,5.00,1234567.2611.03,\n2026-11-20,,EUR,-0",
         "Row 3 breaks off"),
        (HEAD.encode() + b"\n2026-11-20,ideal,EUR,5,open,tr_a1b2c3,,,,,,,,", "no payout"),
    ],
)  # fmt: skip
def test_a_wrong_file_says_what_and_where(app: Flask, content: bytes, said: str) -> None:
    with pytest.raises(Invalid, match=said):
        mollie_file.read(content)


def test_a_reference_of_ours_is_no_reference_of_a_payout() -> None:
    from app.payments.providers.settlements import REFERENCE as pattern

    assert not pattern.search(rf_of(2**62))
    assert not pattern.search("€ 1.234.567,89 20.11.2026")
    assert pattern.search("Settlement 14086537.2609.18 Mollie")


def test_another_amount_of_the_same_payment_is_told(mollie: FakeMollie, now: datetime) -> None:
    payment = paid(mollie, 5000)
    told = dict(payment, settlementAmount={"currency": "EUR", "value": "49.00"})
    mollie.settle(REFERENCE, [told], net=4900)
    ask(now)
    ((part, tie),) = queries.whole(only()).troubles
    assert (tie.verdict.value, tie.ours, tie.missing(part)) == ("differs", 5000, 100)
    assert queries.open_parts() == {only().id: 1}
    assert explained()


def test_a_bank_line_of_another_amount_waits_for_somebody(mollie: FakeMollie, now: datetime) -> None:
    mollie.settle(REFERENCE, [paid(mollie, 5000)], costs="0.3000")
    ask(now)
    bank(4000, now)
    assert (on("1210"), on("2900")) == (4970, -4000), "not booked by itself"
    line = db.session.execute(select(BankLine)).scalar_one()
    (proposal,) = find(facts_of([line.id]))[line.id]
    assert (proposal.kind, proposal.blocked) == (MatchKind.PAYOUT, True)
    with writing():
        deciding.decide([(line.id, proposal)], actor=ANNE, now=now)
    assert queries.whole(only()).not_on_bank == 970
    bank(1000, now, statement="S2")
    rest = db.session.execute(select(BankLine).where(BankLine.cents == 1000)).scalar_one()
    (proposal,) = find(facts_of([rest.id]))[rest.id]
    with writing(), pytest.raises(Refused, match="than was paid out"):
        deciding.decide([(rest.id, proposal)], actor=ANNE, now=now)
    bank(970, now, statement="S3")
    assert (on("1210"), on("2900")) == (0, -1000)
    assert explained()


@pytest.mark.parametrize("before", PayoutState)
@pytest.mark.parametrize("after", PayoutState)
def test_state_pairs_of_payouts(before: PayoutState, after: PayoutState) -> None:
    S = PayoutState
    may = {
        (S.WAITING, S.BOOKED), (S.WAITING, S.UNDONE), (S.BOOKED, S.UNDONE), (S.UNDONE, S.WAITING), (S.UNDONE, S.BOOKED),
    }  # fmt: skip
    assert PAYOUT_MOVES.allows(before, after) is ((before, after) in may)
