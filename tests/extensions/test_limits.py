from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from app.base.errors import TooMany
from app.extensions import db, limits, now, writing
from tests.conftest import SettableClock


def test_the_window_slides(app: Flask, clock: SettableClock) -> None:
    for _ in range(5):
        limits.hit("b", "k", 5, 600)
        clock.forward(minutes=1)
    with pytest.raises(TooMany) as refused:
        limits.hit("b", "k", 5, 600)
    assert refused.value.retry_after == 60
    limits.hit("b", "other", 5, 600)
    limits.hit("c", "k", 5, 600)
    clock.forward(minutes=7)
    limits.hit("b", "k", 5, 600)


def test_no_span_of_the_window_holds_more_than_the_limit(app: Flask, clock: SettableClock) -> None:
    """The broken twin, a fixed window, lets twice as many through around its boundary."""
    let_in = []
    for second in range(0, 2400, 7):
        clock.at(2026, 11, 23, 12, 0)
        clock.forward(seconds=second)
        try:
            limits.hit("b", "k", 5, 600)
            let_in.append(second)
        except TooMany:
            pass
    assert max(sum(1 for s in let_in if start <= s < start + 600) for start in range(2400)) == 5
    assert len(let_in) >= 15  # and it does let people in again


def test_many_at_once_are_counted_one_by_one(app: Flask) -> None:
    def attempt(_: int) -> bool:
        with app.app_context():
            try:
                limits.hit("b", "k", 5, 600)
            except TooMany:
                return False
            return True

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(attempt, range(60))) == 5


def test_check_counts_nothing_and_forget_clears(app: Flask) -> None:
    for _ in range(3):
        limits.check("b", "k", 2, 60)
    limits.hit("b", "k", 2, 60)
    limits.hit("b", "k", 2, 60)
    assert limits.failures("b", "k", 60) == 2
    with pytest.raises(TooMany):
        limits.check("b", "k", 2, 60)
    limits.forget("b", "k", 60)
    limits.check("b", "k", 2, 60)


def test_delays_grow_but_never_lock_out(app: Flask, clock: SettableClock) -> None:
    for _ in range(5):
        limits.delay("b", "k")
    waits = []
    for _ in range(8):
        with pytest.raises(TooMany) as refused:
            limits.delay("b", "k")
        waits.append(refused.value.retry_after)
        clock.forward(seconds=refused.value.retry_after)
        limits.delay("b", "k")
    assert waits == [31, 61, 121, 241, 481, 901, 901, 901]
    limits.forget("b", "k")
    limits.delay("b", "k")
    limits.delay("b", "k")


def test_keys_are_not_stored_as_they_are(app: Flask) -> None:
    limits.hit("b", "anna@example.org", 5, 60)
    assert "anna" not in str(db.session.execute(select(limits.RateCount.key)).all())


def test_what_cannot_be_counted_is_refused(app: Flask) -> None:
    with writing() as session:
        session.execute(text("DROP TABLE rate_count"))
    with pytest.raises(DBAPIError):
        limits.hit("b", "k", 5, 60)
    with pytest.raises(DBAPIError):
        limits.delay("b", "k")


def test_inside_a_transaction_it_says_so_instead_of_waiting_for_itself(app: Flask) -> None:
    with writing(), pytest.raises(RuntimeError, match="wait for itself"):
        limits.hit("b", "k", 5, 60)


def test_counts_are_forgotten(app: Flask, clock: SettableClock) -> None:
    limits.hit("b", "k", 5, 60)
    limits.delay("b", "k")
    clock.forward(hours=1)
    assert limits.forget_expired(now()) == 1
    clock.forward(days=1)
    assert limits.forget_expired(now()) == 1
    assert db.session.scalar(select(func.count()).select_from(limits.RateCount)) == 0


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("2001:0DB8:1:2:ffff::9%eth0", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("no:address", "no:address"),
        ("", ""),
    ],
)
def test_whoever_has_a_network_is_counted_once(address: str, counted: str) -> None:
    assert limits.network(address) == counted
