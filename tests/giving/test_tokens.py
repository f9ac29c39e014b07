from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.base.ids import MAX_ID
from app.giving.tokens import (
    FORM_LIFETIME,
    BadToken,
    ExpiredToken,
    make_form_token,
    make_own_token,
    make_result_token,
    read_form_token,
    read_own_token,
    read_result_token,
)

NOW = datetime(2026, 11, 23, 11, tzinfo=UTC)
KEY = "a secret of the test, long enough"


@given(st.integers(1, MAX_ID))
def test_a_token_leads_back_to_its_id(row_id: int) -> None:
    assert read_form_token(KEY, make_form_token(KEY, row_id, NOW), NOW).checkout_id == row_id
    assert read_result_token(KEY, make_result_token(KEY, row_id)) == row_id


def test_a_form_lives_a_day() -> None:
    token = make_form_token(KEY, 7, NOW)
    assert read_form_token(KEY, token, NOW + FORM_LIFETIME).made_at == NOW
    with pytest.raises(ExpiredToken):
        read_form_token(KEY, token, NOW + FORM_LIFETIME + timedelta(seconds=1))


def test_a_token_from_the_future_is_not_ours() -> None:
    with pytest.raises(BadToken):
        read_form_token(KEY, make_form_token(KEY, 7, NOW + timedelta(hours=1)), NOW)


@given(st.integers(0, 37), st.characters(codec="ascii"))
def test_any_other_character_breaks_it(place: int, char: str) -> None:
    token = make_form_token(KEY, 123456789, NOW)
    other = token[:place] + char + token[place + 1 :]
    if other != token:
        with pytest.raises(BadToken):
            read_form_token(KEY, other, NOW)


@given(st.text(max_size=200))
def test_rubbish_is_never_a_token(text: str) -> None:
    for read in (read_result_token, read_own_token):
        with pytest.raises(BadToken):
            read(KEY, text)
    with pytest.raises(BadToken):
        read_form_token(KEY, text, NOW)


def test_a_token_opens_only_what_it_was_made_for() -> None:
    with pytest.raises(BadToken):
        read_result_token(KEY, make_own_token(KEY, 7))
    with pytest.raises(BadToken):
        read_own_token(KEY, make_result_token(KEY, 7))
    with pytest.raises(BadToken):
        read_result_token("another secret", make_result_token(KEY, 7))
