from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.base.ids import MAX_ID
from app.base.references import code_of, id_of, id_of_rf, rf_of


@given(st.integers(1, MAX_ID))
def test_codes_lead_back_to_their_row(row_id: int) -> None:
    code = code_of(row_id)
    assert [len(part) for part in code.split("-")] == [4, 4, 4, 2]
    assert id_of(code) == id_of(code.lower().replace("0", "o").replace("-", " ")) == row_id
    assert id_of_rf(rf_of(row_id)) == row_id


@given(st.integers(0, MAX_ID), st.integers(0, 13), st.sampled_from("0123456789ABCDEFGHJKMNPQRSTVWXYZ"))
def test_one_wrong_character_is_another_row_or_none(row_id: int, place: int, other: str) -> None:
    bare = code_of(row_id).replace("-", "")
    wrong = bare[:place] + other + bare[place + 1 :]
    assert wrong == bare or id_of(wrong) != row_id


def test_known_codes_stay_what_they_are() -> None:
    assert code_of(0) == "0000-0000-0000-00"
    assert code_of(MAX_ID) == "7ZZZ-ZZZZ-ZZZZ-Z7"
    assert code_of(2**40 + 12345) == "0000-1000-00C1-S8"
