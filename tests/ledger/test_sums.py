"""The sums equal the lines, whatever is posted, reversed and folded, in any order."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule, run_state_machine_as_test
from sqlalchemy import func, select, text

from app.base.actor import SYSTEM
from app.base.dates import month_start
from app.base.ids import new_ids
from app.extensions import db, writing
from app.ledger import checks, postings, queries, results, services, sums
from app.ledger.entries import Entry
from app.ledger.models import AccountKind, JournalLine, LedgerFresh, LedgerSum
from app.ledger.rj import INCOME_LINES
from tests.factories.ledger import gift_entry

NOW = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
DAYS = st.dates(date(2025, 11, 1), date(2026, 2, 28))
CENTS = st.integers(1, 10**9)


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    source = ("sample", new_ids(1)[0])
    purpose = postings.Purpose(rj_line=draw(st.sampled_from(INCOME_LINES)))
    on, cents = draw(DAYS), draw(CENTS)
    kind = draw(st.integers(0, 5))
    if kind == 0:
        return postings.gift_received(source, cents, on, purpose, via=draw(st.sampled_from(["bank", "demo", "mollie"])))
    if kind == 1:
        return postings.gift_refunded(source, cents, on, purpose, via="mollie")
    if kind == 2:
        return postings.payment_fee(source, cents, on, provider="mollie")
    if kind == 3:
        return postings.grant_recognised(source, cents, on, purpose, ahead_cents=draw(st.integers(0, 10**9)))
    if kind == 4:
        return postings.instalment_received(source, cents, on, purpose, receivable_cents=draw(st.integers(0, 10**9)))
    return postings.payout_received(source, cents, on, provider="demo")


def from_lines() -> Counter[tuple[Any, ...]]:
    counted: Counter[tuple[Any, ...]] = Counter()
    for line in db.session.execute(select(JournalLine)).scalars():
        cell = (month_start(line.booked_on), line.account_id, line.rj_line)
        counted[(*cell, "debit")] += max(line.cents, 0)
        counted[(*cell, "credit")] += max(-line.cents, 0)
        counted[(*cell, "lines")] += 1
    return counted


def from_sums(kept: Callable[[], Any]) -> Counter[tuple[Any, ...]]:
    counted: Counter[tuple[Any, ...]] = Counter()
    for row in db.session.execute(kept()):
        cell = (row.month, row.account_id, row.rj_line)
        counted[(*cell, "debit")] += row.debit_cents
        counted[(*cell, "credit")] += row.credit_cents
        counted[(*cell, "lines")] += row.line_count
    return counted


class Books(RuleBasedStateMachine):
    """Post, post again, reverse, fold: in any order."""

    booked = Bundle("booked")

    def __init__(self) -> None:
        super().__init__()
        self.ids: dict[str, int] = {}
        self.reversed: set[int] = set()

    @rule(target=booked, batch=st.lists(entries(), min_size=1, max_size=4))
    def post(self, batch: list[Entry]) -> Any:
        with writing():
            ids = services.post(batch, actor=SYSTEM, now=NOW)
        self.ids.update({entry.key: entry_id for entry, entry_id in zip(batch, ids, strict=True)})
        return multiple(*batch)

    @rule(entry=booked)
    def post_again(self, entry: Entry) -> None:
        with writing():
            assert services.post([entry], actor=SYSTEM, now=NOW) == [self.ids[entry.key]]

    @rule(entry=booked, on=DAYS)
    def reverse(self, entry: Entry, on: date) -> None:
        with writing():
            services.reverse(entry_ids=[self.ids[entry.key]], on=on, actor=SYSTEM, now=NOW)
        self.reversed.add(self.ids[entry.key])

    @rule(limit=st.integers(1, 5))
    def fold(self, limit: int) -> None:
        with writing():
            sums.fold(limit)

    @invariant()
    def books_are_whole(self) -> None:
        db.session.rollback()
        assert db.session.execute(select(func.coalesce(func.sum(JournalLine.cents), 0))).scalar() == 0
        assert +from_sums(sums.both) == +from_sums(sums.coarse) == +from_lines()
        assert not [outcome for outcome in checks.run() if outcome.problems]


@pytest.mark.parametrize("doses", [4, pytest.param(12, marks=pytest.mark.complete)])
def test_sums_equal_lines_in_any_order(app: Flask, doses: int) -> None:
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        Books,
        settings=settings(max_examples=doses, stateful_step_count=12, suppress_health_check=list(HealthCheck)),
    )


def test_folding_leaves_nothing_fresh_and_changes_no_total(app: Flask) -> None:
    with writing():
        services.post([gift_entry(n, on=date(2026, 1 + n % 12, 5)) for n in range(50)], actor=SYSTEM, now=NOW)
    before = queries.balances()
    folded = 0
    while True:
        with writing():
            count = sums.fold(limit=5)
        assert queries.balances() == before
        folded += count
        if not count:
            break
    assert folded == 24  # twelve months, two accounts
    assert db.session.execute(select(func.count()).select_from(LedgerFresh)).scalar() == 0
    assert db.session.execute(select(func.count()).select_from(LedgerSum)).scalar() == 24


def test_posting_folding_and_reading_at_once(app: Flask) -> None:
    """Four writers post while two fold and one reads: each reading balances, and the end is exact."""
    with writing():
        services.ensure_chart()
    stop = threading.Event()
    failures: list[str] = []

    def guarded(work: Any) -> threading.Thread:
        def run() -> None:
            try:
                with app.app_context():
                    work()
            except Exception as error:  # a thread's exception would be lost
                failures.append(repr(error))

        thread = threading.Thread(target=run)
        thread.start()
        return thread

    def poster(first: int) -> None:
        for number in range(first, first + 25):
            with writing():
                services.post([gift_entry(number)], actor=SYSTEM, now=NOW)

    def folder() -> None:
        while not stop.is_set():
            with writing():
                sums.fold(limit=7)
            stop.wait(0.002)

    def reader() -> None:
        while not stop.is_set():
            if sum(balance.cents for balance in queries.balances().values()) != 0:
                failures.append("a reading did not balance")
            db.session.rollback()
            stop.wait(0.002)

    others = [guarded(folder), guarded(folder), guarded(reader)]
    for thread in [guarded(lambda n=n: poster(n * 100)) for n in range(4)]:
        thread.join(60)
    stop.set()
    for thread in others:
        thread.join(60)
    assert failures == []
    db.session.rollback()
    assert queries.balances()["8010"].credit_cents == 100 * 2500
    assert +from_sums(sums.both) == +from_sums(sums.coarse) == +from_lines()


def test_one_key_posted_by_many_at_once_books_once(app: Flask) -> None:
    with writing():
        services.ensure_chart()
    ids: list[int] = []

    def same() -> None:
        with app.app_context(), writing():
            ids.extend(services.post([gift_entry(7), gift_entry(8)], actor=SYSTEM, now=NOW))

    threads = [threading.Thread(target=same) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(ids) == 16
    assert len(set(ids)) == 2
    assert db.session.execute(text("SELECT count(*) FROM journal_entry")).scalar() == 2


def test_income_by_grant_is_the_same_folded_fresh_and_between(app: Flask) -> None:
    """What grants brought for each programme, of two spans at once; income of no grant is in none of it."""
    one, other = new_ids(2)

    def booked(grant_id: int | None, cents: int, on: date) -> Entry:
        purpose = postings.Purpose(rj_line=INCOME_LINES[2], grant_id=grant_id)
        return postings.grant_recognised(("sample", new_ids(1)[0]), cents, on, purpose)

    with writing():
        services.post(
            [booked(one, 500, date(2026, 1, 31)), booked(one, 70, date(2025, 12, 1)), booked(None, 9, date(2026, 1, 1)),
             booked(other, 300, date(2026, 2, 1)), booked(other, 1, date(2025, 1, 31))], actor=SYSTEM, now=NOW
        )  # fmt: skip
        services.post([gift_entry(8000)], actor=SYSTEM, now=NOW)
    span, before = (date(2026, 1, 1), date(2026, 2, 1)), (date(2025, 1, 1), date(2026, 1, 1))
    for folded in (0, 2, 1000):
        with writing():
            sums.fold(folded)
        found = {each.grant_id: (each.cents, each.before) for each in results.granted(*span, before)}
        assert found == {one: (500, 70), other: (0, 1)}
        income = sum(each.cents for each in results.results(*span) if each.kind is AccountKind.INCOME)
        assert income == 509
