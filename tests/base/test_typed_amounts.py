"""What a page writes, it reads; one grouped thousand is read on pages of staff alone, and never as something else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.base.errors import Invalid
from app.base.money import MAX_CENTS, Money, format_money, parse_money, thousands_mark

LANGUAGE = st.sampled_from(("nl", "en"))


@given(st.integers(0, MAX_CENTS), LANGUAGE, st.booleans())
def test_what_a_page_writes_it_reads(cents: int, language: str, sign: bool) -> None:
    mark = thousands_mark(language)
    assert parse_money(format_money(cents, language, sign=sign), thousands=mark).cents == cents
    plain = format_money(cents // 100 * 100, language, sign=sign)[:-3]  # as € 100.000
    assert parse_money(plain, thousands=mark).cents == cents // 100 * 100


@given(st.text(alphabet="0123456789.,-€ ", max_size=14), LANGUAGE)
def test_saying_the_mark_only_adds_grouped_thousands(text: str, language: str) -> None:
    mark = thousands_mark(language)

    def read(**how: str) -> Money | None:
        try:
            return parse_money(text, **how)
        except Invalid:
            return None

    strict, staff = read(), read(thousands=mark)
    if strict is not None or staff is None:
        assert staff == strict
    else:
        figures = text.strip(" €-,.").replace(" ", "")
        assert figures[-4] == mark
        assert staff == Money(int(figures.replace(mark, "")) * 100)


@pytest.mark.parametrize(
    ("text", "language"), [("1,234", "nl"), ("1.234", "en"), ("0.500", "nl"), ("01.234.5", "nl"), ("1.2345", "nl")]
)
def test_what_stays_unclear_is_refused(text: str, language: str) -> None:
    with pytest.raises(Invalid):
        parse_money(text, thousands=thousands_mark(language))


@pytest.mark.parametrize("text", ["1.234", "12.345", "1,234"])
def test_donors_and_files_are_asked_what_they_mean(text: str) -> None:
    with pytest.raises(Invalid):
        parse_money(text)
