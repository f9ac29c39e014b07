"""The table of postings.py, event by event, as an accountant would read it."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from flask import Flask

from app.base.actor import SYSTEM
from app.extensions import writing
from app.ledger import postings, queries, services
from app.ledger.accounts import CHART, INCOME
from app.ledger.entries import Entry
from app.ledger.models import AccountKind
from app.ledger.rj import INCOME_LINES, RjLine

ON = date(2026, 11, 23)
GIVER = postings.Purpose(rj_line=RjLine.COMPANIES)
GRANT = postings.Purpose(rj_line=RjLine.LOTTERIES, grant_id=9)
SOURCE = ("gift", 1)

TABLE = [
    (postings.gift_received(SOURCE, 100, ON, GIVER, via="mollie"), {"1210": 100, "8020": -100}),
    (postings.gift_received(SOURCE, 100, ON, GIVER, via="bank"), {"1100": 100, "8020": -100}),
    (postings.gift_refunded(SOURCE, 100, ON, GIVER, via="mollie"), {"8020": 100, "1210": -100}),
    (postings.gift_refunded(SOURCE, 100, ON, GIVER, via="bank"), {"8020": 100, "1100": -100}),
    (postings.gift_charged_back(SOURCE, 100, ON, GIVER, via="mollie"), {"8020": 100, "1210": -100}),
    (postings.payment_fee(SOURCE, 29, ON, provider="mollie"), {"4510": 29, "1210": -29}),
    (postings.payout_fees(SOURCE, -5, ON, provider="mollie"), {"4510": -5, "1210": 5}),
    (postings.payout_part_elsewhere(SOURCE, -9, ON, provider="mollie"), {"1210": -9, "1190": 9}),
    (postings.payout_received(SOURCE, 71, ON, provider="mollie"), {"2900": 71, "1210": -71}),
    (postings.grant_recognised(SOURCE, 100, ON, GRANT), {"1300": 100, "8030": -100}),
    (postings.grant_recognised(SOURCE, 100, ON, GRANT, ahead_cents=40), {"2100": 40, "1300": 60, "8030": -100}),
    (postings.grant_recognised(SOURCE, 100, ON, GRANT, ahead_cents=500), {"2100": 100, "8030": -100}),
    (postings.instalment_received(SOURCE, 100, ON, GRANT), {"1100": 100, "2100": -100}),
    (
        postings.instalment_received(SOURCE, 100, ON, GRANT, receivable_cents=40),
        {"1100": 100, "1300": -40, "2100": -60},
    ),
    (postings.instalment_received(SOURCE, 100, ON, GRANT, receivable_cents=500), {"1100": 100, "1300": -100}),
    (postings.instalment_received_as_income(SOURCE, 100, ON, GRANT), {"1100": 100, "8030": -100}),
]


@pytest.mark.parametrize(("entry", "expected"), TABLE, ids=lambda x: x.key if isinstance(x, Entry) else "")
def test_each_event_books_debit_and_credit_as_the_table_says(entry: Entry, expected: dict[str, int]) -> None:
    assert {line.account: line.cents for line in entry.lines} == expected


def test_dimensions_stand_on_income_and_on_what_a_grant_has_open() -> None:
    purpose = postings.Purpose(rj_line=RjLine.LOTTERIES, grant_id=9, programme_id=5, campaign_id=7)
    by_account = {line.account: line for line in postings.instalment_received(SOURCE, 5, ON, purpose).lines}
    assert (by_account["2100"].grant_id, by_account["2100"].programme_id) == (9, 5)
    assert by_account["1100"].grant_id is None
    income = postings.gift_received(SOURCE, 5, ON, purpose, via="demo").lines[1]
    assert (income.programme_id, income.campaign_id, income.grant_id) == (5, 7, 9)
    assert income.rj_line is RjLine.LOTTERIES


def test_parts_of_one_source_have_keys_of_their_own() -> None:
    first, second = (postings.gift_refunded(SOURCE, 5, ON, GIVER, via="bank", part=part) for part in ("1", "2"))
    assert first.key != second.key


@pytest.mark.parametrize("cents", [0, -5, 2.5])
def test_events_have_positive_whole_cents(cents: int) -> None:
    for make in (
        lambda: postings.gift_received(SOURCE, cents, ON, GIVER, via="bank"),
        lambda: postings.gift_refunded(SOURCE, cents, ON, GIVER, via="bank"),
        lambda: postings.payment_fee(SOURCE, cents, ON, provider="mollie"),
        lambda: postings.grant_recognised(SOURCE, cents, ON, GRANT),
        lambda: postings.instalment_received(SOURCE, cents, ON, GRANT),
    ):
        with pytest.raises(ValueError, match="positive"):
            make()


def test_a_grant_paid_ahead_and_behind_comes_out_even(app: Flask) -> None:
    """Costs rule: 60 in advance, 100 recognised as costs are made, 40 paid afterwards."""

    def post(entry: Entry) -> queries.GrantBalance:
        with writing():
            services.post([entry], actor=SYSTEM, now=datetime(2026, 11, 23, tzinfo=UTC))
        return queries.grant_balance(9)

    purpose = postings.Purpose(rj_line=RjLine.GOVERNMENT, grant_id=9)
    stand = post(postings.instalment_received(("instalment", 1), 60, ON, purpose))
    assert (stand.received_ahead, stand.receivable, stand.recognised, stand.received) == (60, 0, 0, 60)
    stand = post(postings.grant_recognised(("grant", 9), 100, ON, purpose, ahead_cents=stand.received_ahead))
    assert (stand.received_ahead, stand.receivable, stand.recognised, stand.received) == (0, 40, 100, 60)
    stand = post(postings.instalment_received(("instalment", 2), 40, ON, purpose, receivable_cents=stand.receivable))
    assert (stand.received_ahead, stand.receivable, stand.recognised, stand.received) == (0, 0, 100, 100)
    assert queries.grant_balance(10) == queries.GrantBalance(0, 0, 0)


def test_the_chart_has_an_income_account_for_each_line_and_only_certain_rgs_codes() -> None:
    by_code = {code: (kind, line, rgs) for code, _, _, kind, line, rgs in CHART}
    assert [by_code[INCOME[line]][:2] for line in INCOME_LINES] == [(AccountKind.INCOME, line) for line in INCOME_LINES]
    # DOMAIN.md 5.2, marked verified with their meaning.
    assert {rgs for _, _, rgs in by_code.values() if rgs} <= {"BEivSev", "BEivBefBef", "BEivBerBer", "WOvbLpdLpd"}
    assert [line.number for line in INCOME_LINES] == list(range(1, 9))
    assert RjLine.RAISING_COSTS.number is None
