from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from flask import Flask
from sqlalchemy import event, func, select

from app.base.actor import SYSTEM, Actor
from app.base.errors import NotFound, Refused
from app.extensions import db, writing
from app.ledger import queries, services
from app.ledger.entries import Entry, Line
from app.ledger.models import Account, Event, FiscalPeriod, JournalEntry, JournalLine, PeriodState
from app.ledger.rj import RjLine
from tests.factories.ledger import gift_entry

NOW = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
ON = date(2026, 11, 23)


def post(*entries: Entry) -> list[int]:
    with writing():
        return services.post(entries, actor=SYSTEM, now=NOW)


def reverse(*entry_ids: int, on: date = ON) -> list[int]:
    with writing():
        return services.reverse(entry_ids=entry_ids, on=on, actor=SYSTEM, now=NOW)


def count(model: type[db.Model]) -> int:  # type: ignore[name-defined]
    return db.session.execute(select(func.count()).select_from(model)).scalar_one()


def test_a_gift_is_debit_clearing_and_credit_income(app: Flask) -> None:
    (entry_id,) = post(gift_entry(cents=2550))
    lines = db.session.execute(
        select(Account.code, JournalLine.cents, JournalLine.rj_line)
        .join(Account, Account.id == JournalLine.account_id)
        .where(JournalLine.entry_id == entry_id)
        .order_by(JournalLine.cents.desc())
    ).all()
    assert [tuple(line) for line in lines] == [("1290", 2550, None), ("8010", -2550, RjLine.INDIVIDUALS)]
    entry = db.session.get_one(JournalEntry, entry_id)
    assert (entry.source_type, entry.source_id, entry.booked_on, entry.line_count) == ("sample", 1, ON, 2)
    assert entry.posted_at == NOW
    assert entry.posted_by is None


def test_the_member_of_staff_who_posted_is_kept(app: Flask) -> None:
    with writing():
        (entry_id,) = services.post([gift_entry()], actor=Actor("staff", 77), now=NOW)
    assert db.session.get_one(JournalEntry, entry_id).posted_by == 77


def test_the_same_key_with_the_same_content_books_once(app: Flask) -> None:
    first = post(gift_entry(1), gift_entry(2), gift_entry(1))
    assert first[0] == first[2]
    assert post(gift_entry(2), gift_entry(3), gift_entry(1))[0::2] == [first[1], first[0]]
    assert count(JournalEntry) == 3
    assert queries.balances()["1290"].cents == 3 * 2500


@pytest.mark.parametrize("change", [{"cents": 2501}, {"on": date(2026, 11, 24)}, {"rj_line": RjLine.COMPANIES}])
def test_the_same_key_with_other_content_is_refused(app: Flask, change: dict[str, object]) -> None:
    post(gift_entry(1))
    with pytest.raises(Refused, match="other content"):
        post(gift_entry(2), gift_entry(1, **change))  # type: ignore[arg-type]
    with pytest.raises(Refused, match="other content"):
        post(gift_entry(3), gift_entry(3, **change))  # type: ignore[arg-type]
    assert count(JournalEntry) == 1


def test_a_closed_period_is_refused_and_nothing_of_the_list_is_booked(app: Flask) -> None:
    with writing():
        db.session.add(FiscalPeriod(month=date(2026, 10, 1), state=PeriodState.CLOSED))
        db.session.add(FiscalPeriod(month=date(2026, 11, 1), state=PeriodState.OPEN))
    with pytest.raises(Refused, match="10-2026"):
        post(gift_entry(1), gift_entry(2, on=date(2026, 10, 31)))
    assert count(JournalEntry) == 0
    assert count(JournalLine) == 0
    post(gift_entry(1))


def test_what_was_booked_before_its_period_closed_still_answers(app: Flask) -> None:
    booked = post(gift_entry(1))
    with writing():
        db.session.add(FiscalPeriod(month=date(2026, 11, 1), state=PeriodState.CLOSED))
    assert post(gift_entry(1)) == booked


def test_an_unknown_or_inactive_account_is_refused(app: Flask) -> None:
    stray = replace(gift_entry(1), lines=(Line("9999", 5), Line("8010", -5)))
    with pytest.raises(Refused, match="9999"):
        post(stray)
    with writing():
        services.ensure_chart()
        db.session.execute(select(Account).where(Account.code == "1290")).scalar_one().active = False
    with pytest.raises(Refused, match="1290"):
        post(gift_entry(2))


@pytest.mark.parametrize(
    "lines",
    [
        (),
        (Line("1100", 0), Line("8010", 0)),
        (Line("1100", 5),),
        (Line("1100", 5), Line("8010", -4)),
        (Line("1100", 5.0), Line("8010", -5.0)),  # type: ignore[arg-type]
    ],
)
def test_an_entry_that_does_not_balance_cannot_be_made(lines: tuple[Line, ...]) -> None:
    with pytest.raises(ValueError, match="line"):
        Entry(Event.GIFT_RECEIVED, ON, ("gift", 1), "k", lines)


def test_an_entry_needs_a_date_without_time_and_a_key() -> None:
    lines = (Line("1100", 5), Line("8010", -5))
    with pytest.raises(ValueError, match="date"):
        Entry(Event.GIFT_RECEIVED, NOW, ("gift", 1), "k", lines)
    for key in ("", "k" * 121):
        with pytest.raises(ValueError, match="key"):
            Entry(Event.GIFT_RECEIVED, ON, ("gift", 1), key, lines)


def test_a_reversal_swaps_the_sides_and_happens_once(app: Flask) -> None:
    ids = post(gift_entry(1), gift_entry(2))
    counter = reverse(*ids)
    assert reverse(ids[0], on=date(2026, 12, 1)) == counter[:1]
    assert count(JournalEntry) == 4
    assert queries.reversed_by(ids[0]) == counter[0]
    assert {balance.cents for balance in queries.balances().values()} == {0}
    assert db.session.get_one(JournalEntry, counter[0]).reverses_id == ids[0]


def test_reversing_a_source_undoes_all_its_entries(app: Flask) -> None:
    post(gift_entry(1), replace(gift_entry(1), key="another"), gift_entry(2))
    with writing():
        undone = services.reverse(source=("sample", 1), on=ON, actor=SYSTEM, now=NOW)
    assert len(undone) == 2
    assert queries.balances()["8010"].cents == -2500
    with writing():
        assert services.reverse(source=("sample", 1), on=ON, actor=SYSTEM, now=NOW) == undone


def test_a_reversal_is_not_reversed_and_an_unknown_entry_not_found(app: Flask) -> None:
    (counter,) = reverse(*post(gift_entry(1)))
    with pytest.raises(Refused, match="book anew"):
        reverse(counter)
    with pytest.raises(NotFound):
        reverse(12345)


def test_a_thousand_entries_take_as_many_statements_as_one(app: Flask) -> None:
    post(gift_entry(0))
    seen: list[str] = []
    listener = lambda *args: seen.append(args[2])  # noqa: E731
    event.listen(db.engine, "before_cursor_execute", listener)
    post(gift_entry(1))
    one = len(seen)
    seen.clear()
    post(*(gift_entry(number) for number in range(2, 1002)))
    event.remove(db.engine, "before_cursor_execute", listener)
    # RETURNING comes in pages of a thousand keys and PostgreSQL inserts in pages too.
    assert len(seen) <= one + 10
