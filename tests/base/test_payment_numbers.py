"""The betalingskenmerk (DOMAIN.md 6): its check digit, and that it leads back to the gift."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.base.ids import new_ids
from app.base.references import ids_of_payment_number, payment_number_of


@given(st.integers(1, 2**63 - 1))
def test_it_leads_back_and_one_wrong_digit_does_not(row_id: int) -> None:
    number = payment_number_of(row_id)
    assert len(number) == 16
    span = ids_of_payment_number(f"{number[:4]} {number[4:]}")
    assert span is not None
    assert row_id in span
    for place in range(16):
        # 10 and 11 have a digit of their own, which 1 and 0 share: only then can a wrong digit slip through.
        wrong = number[:place] + str((int(number[place]) + 5) % 10) + number[place + 1 :]
        if ids_of_payment_number(wrong) is not None:
            assert number[0] in "01"


def test_ids_made_together_have_numbers_of_their_own() -> None:
    ids = new_ids(100)
    assert len({payment_number_of(each) for each in ids}) == 100


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("5000056789012345", True),  # the specimen
        ("5000 0567 8901 2345", True),
        ("9001123412341234", False),  # of a bank's own examples, which do not pass
        ("500005678901234", False),
        ("500005678901234x", False),
        ("٥000056789012345", False),
    ],
)
def test_the_check_of_the_specimens(text: str, right: bool) -> None:
    assert (ids_of_payment_number(text) is not None) is right
