"""What stands on 1220 and 1190, item by item, to the cent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.base.actor import SYSTEM
from app.base.references import code_of
from app.direct_debit import booking, returning
from app.direct_debit.batch_models import DebitBatch
from app.extensions import db, now, writing
from app.finance.books.handing_over import hand_over
from app.finance.books.models import Layout
from app.finance.clearing import standing
from app.ledger import periods, postings, queries
from app.ledger.services import post, reverse
from tests.banking.test_debits import TOTAL, back, batch, collections, summed, take  # noqa: F401  (a fixture)
from tests.factories.debits import DAY
from tests.factories.organisation import make_organisation
from tests.finance.test_pages import statements
from tests.support.client import Client

BOOKED = st.tuples(st.integers(1, 10**6), st.integers(1, 3), st.booleans(), st.booleans())
TODAY = date(2026, 12, 20)


def of(code: str, today: date = TODAY) -> tuple[int, list[int], int]:
    """(open, items, what stands from before), after a look that all of it is the ledger's balance."""
    db.session.rollback()
    found = standing(code, today)
    assert found.cents == (queries.balances()[code].cents if code in queries.balances() else 0)
    assert found.unexplained == 0
    assert found.open == sum(item.cents for item in found.items)
    return found.open, [item.cents for item in found.items], found.earlier + found.handed_over


def test_a_batch_is_one_item_until_it_is_on_the_bank(batch: DebitBatch, sign_in: Callable[[str], Client]) -> None:  # noqa: F811
    reference, batch_id = batch.reference, batch.id
    with writing():
        booking.booked([booking.Credit(reference=reference, cents=TOTAL, on=DAY)], actor=SYSTEM, now=now())
    assert of("1220") == (TOTAL, [TOTAL], 0)
    (item,) = standing("1220", TODAY).items
    assert (item.batch and item.batch.id, item.since) == (batch_id, DAY)
    page = sign_in("viewer").get("/finance/clearing/1220").get_data(as_text=True)
    assert reference in page
    take(summed(reference))
    assert of("1220") == (0, [], 0)
    # What was taken back stands here until the bank is seen to take it.
    taken = collections()[0]
    told = returning.Told(key="k", source="told", on=DAY, settled=True, code="MD06", end_to_end=code_of(taken.id))
    cents = taken.amount_cents
    with writing():
        returning.returned([told], actor=SYSTEM, now=now())
    assert of("1220") == (-cents, [-cents], 0)
    take(back(collections()[0]), back(collections()[1], reference="R8"), statement="S2")
    assert of("1220") == (0, [], 0)
    assert of("1220", date(2029, 1, 1)) == (0, [], 0)  # years later all of it is one amount from before


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(1, 10**6), st.integers(1, 3), st.booleans(), st.booleans()), min_size=1, max_size=6)
)
def test_what_was_not_handed_over_is_open_to_the_cent(app: Flask, entries: list[tuple[int, int, bool, bool]]) -> None:
    with writing() as session:
        for number, (cents, month, out, undone) in enumerate(entries):
            on, source = date(2026, month, 10), ("sample", number)
            line = postings.bank_line(source, -cents if out else cents, on, booked_here=False)
            post([line], actor=SYSTEM, now=now())
            if undone:
                reverse(source=source, on=on, actor=SYSTEM, now=now())
        found = standing("1190", TODAY)
        session.rollback()
    left = [-cents if out else cents for cents, _, out, undone in entries if not undone]
    assert (found.open, sorted(item.cents for item in found.items)) == (sum(left), sorted(left))
    assert (found.unexplained, found.cents) == (0, sum(left))


def test_what_is_handed_over_is_open_no_more(app: Flask) -> None:
    make_organisation()
    with writing():
        for number, (cents, on) in enumerate([(500, date(2026, 1, 5)), (-200, date(2026, 2, 5))]):
            post([postings.bank_line(("sample", number), cents, on, booked_here=False)], actor=SYSTEM, now=now())
    assert of("1190") == (300, [500, -200], 0)
    with writing():
        periods.close(date(2026, 1, 1), actor=SYSTEM, now=now())
        periods.close(date(2026, 2, 1), actor=SYSTEM, now=now())
    hand_over(date(2026, 2, 1), Layout.XAF_40, actor=SYSTEM, now=now())  # the later month first
    assert of("1190") == (500, [500], -200)
    hand_over(date(2026, 1, 1), Layout.XAF_40, actor=SYSTEM, now=now())
    assert of("1190") == (0, [], 300)


def test_the_statements_do_not_grow_with_the_items(app: Flask) -> None:
    counted = []
    for first in (0, 100):
        with writing():
            lines = [
                postings.bank_line(("sample", first + n), 5, date(2026, 3, 1), booked_here=False) for n in range(9)
            ]
            post(lines, actor=SYSTEM, now=now())
        with statements() as seen:
            standing("1190", TODAY)
        counted.append(len(seen))
        db.session.rollback()
    assert counted[0] == counted[1]
