from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.supporters.matching import bank_names, fold, fold_surname, tokens_of, words_of
from app.supporters.names import (
    Greeting,
    Name,
    NameOrder,
    address_line,
    couple_salutation,
    family_name,
    formal_name,
    full_name,
    salutation,
    sort_name,
    split_full_name,
    split_surname,
    tidy,
    tidy_infix,
    tidy_initials,
)

JAN = Name(first_name="Jan", initials="J.", infix="van den", last_name="Berg", greeting=Greeting.SIR)
ANNA = Name(
    first_name="Anna", infix="de", last_name="Vries", partner_infix="van der", partner_name="Laan",
    order=NameOrder.PARTNER_OWN, greeting=Greeting.MADAM,
)  # fmt: skip


def test_a_particle_is_small_after_a_given_name_and_has_a_capital_first() -> None:
    assert full_name(JAN) == "Jan van den Berg"
    assert formal_name(JAN) == "J. van den Berg"
    assert family_name(JAN, first=True) == "Van den Berg"
    assert full_name(Name(infix="van den", last_name="Berg")) == "Van den Berg"


def test_names_sort_by_the_surname_without_particle() -> None:
    assert sort_name(JAN) == "Berg, Jan van den"
    assert sort_name(Name(initials="J.", infix="van den", last_name="Berg")) == "Berg, J. van den"
    assert sort_name(ANNA) == "Laan-de Vries, Anna van der"
    assert sort_name(Name(last_name="Madonna")) == "Madonna"
    assert sort_name(Name(first_name="Madonna")) == "Madonna"


@pytest.mark.parametrize(
    ("name", "dutch", "english"),
    [
        (JAN, "Geachte heer Van den Berg", "Dear Mr Van den Berg"),
        (ANNA, "Geachte mevrouw Van der Laan-de Vries", "Dear Ms Van der Laan-de Vries"),
        (Name(first_name="Jan", infix="van den", last_name="Berg"), "Beste Jan", "Dear Jan"),
        (Name(initials="J.", infix="van den", last_name="Berg"), "Beste J. van den Berg", "Dear J. van den Berg"),
        (Name(last_name="Bakker", greeting=Greeting.FAMILY), "Geachte familie Bakker", "Dear family Bakker"),
        (Name(infix="'t", last_name="Hooft", greeting=Greeting.SIR), "Geachte heer 't Hooft", "Dear Mr 't Hooft"),
        (Name(), "Geachte heer of mevrouw", "Dear Sir or Madam"),
    ],
)
def test_greetings_are_neutral_unless_people_said_otherwise(name: Name, dutch: str, english: str) -> None:
    assert salutation(name) == dutch
    assert salutation(name, "en") == english


def test_somebody_may_be_greeted_by_first_name_though_the_form_is_known() -> None:
    assert salutation(JAN, formal=False) == "Beste Jan"


def test_a_couple_is_greeted_together() -> None:
    madam = Name(first_name="Anna", infix="van den", last_name="Berg", greeting=Greeting.MADAM)
    assert couple_salutation(JAN, madam) == "Geachte heer en mevrouw Van den Berg"
    assert couple_salutation(JAN, ANNA) == "Geachte heer Van den Berg en mevrouw Van der Laan-de Vries"


def test_the_address_line_is_neutral_without_form_of_address() -> None:
    assert address_line(JAN) == "De heer J. van den Berg"
    assert address_line(Name(initials="J.", last_name="Doe")) == "J. Doe"


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("ijsbrand", "IJsbrand"),
        ("JANSEN-DE VRIES", "Jansen-de Vries"),
        ("McDonald", "McDonald"),
        ("anna maria", "Anna Maria"),
    ],
)
def test_only_careless_capitals_are_tidied(typed: str, shown: str) -> None:
    assert tidy(typed) == shown


@pytest.mark.parametrize(
    ("typed", "shown"), [("jpm", "J.P.M."), ("J P M", "J.P.M."), ("Th. J", "Th.J."), ("ij", "IJ."), ("", "")]
)
def test_initials_get_their_points(typed: str, shown: str) -> None:
    assert tidy_initials(typed) == shown


@pytest.mark.parametrize(
    ("typed", "parts"),
    [
        ("van den Berg", ("van den", "Berg")),
        ("V.D. Berg", ("van de", "Berg")),
        ("v/d Berg", ("van de", "Berg")),
        ("d'Ancona", ("d'", "Ancona")),
        ("in ’t Veld", ("in 't", "Veld")),
        ("Berg", ("", "Berg")),
        ("Van", ("", "Van")),
        ("Garcia Marquez", ("", "Garcia Marquez")),
    ],
)
def test_surnames_split_into_particle_and_name(typed: str, parts: tuple[str, str]) -> None:
    assert split_surname(typed) == parts


@pytest.mark.parametrize(
    ("bank", "people"),
    [
        ("HR J DOE", [("J. Doe", "Geachte heer Doe")]),
        ("MW A VAN DER BERG", [("A. van der Berg", "Geachte mevrouw Van der Berg")]),
        ("J. Jansen e/o P. de Vries", [("J. Jansen", "Beste J. Jansen"), ("P. de Vries", "Beste P. de Vries")]),
        ("JAN DE WIT", [("Jan de Wit", "Beste Jan")]),
        ("JPM DE VRIES CJ", [("J.P.M. de Vries", "Beste J.P.M. de Vries")]),
        ("BERG VAN DEN, J", [("J. van den Berg", "Beste J. van den Berg")]),
        ("FAM BAKKER", [("Bakker", "Geachte familie Bakker")]),
        ("  ", []),
    ],
)
def test_names_of_account_holders_are_read(bank: str, people: list[tuple[str, str]]) -> None:
    assert [(full_name(n), salutation(n)) for n in bank_names(bank)] == people


@pytest.mark.parametrize("spelling", ["van der Bijl", "v.d. Byl", "V/D BIJL", "van de Bÿl", "Bijl"])
def test_spellings_of_one_surname_fold_together(spelling: str) -> None:
    assert fold_surname(spelling) == "byl"


def test_typing_towards_a_name_with_ij_keeps_finding_it() -> None:
    found_by = tokens_of("Bijl")
    for typed in ("b", "bi", "bij", "bijl", "by", "byl"):
        assert any(token.startswith(words_of(typed)[0]) for token in found_by), typed


def test_a_search_splits_into_folded_words() -> None:
    assert words_of("V.d. Bijl  jan@Example.nl") == ["van", "d", "byl", "jan@example.nl"]
    assert words_of("a b c d e f g h") == ["a", "b", "c", "d", "e", "f"]
    assert words_of(" ''  ") == []


names = st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=40)


@given(names)
def test_folding_is_stable_and_blind_to_marks_and_case(text: str) -> None:
    once = fold(text)
    assert fold(once) == once
    assert not any(unicodedata.combining(c) for c in once)
    assert once == once.strip()


@given(names, names, names, names, st.sampled_from(NameOrder), st.sampled_from(Greeting))
def test_no_name_breaks_the_letter(
    first: str, infix: str, last: str, partner: str, order: NameOrder, greeting: Greeting
) -> None:
    name = Name(first_name=first, infix=infix, last_name=last, partner_name=partner, order=order, greeting=greeting)
    for language in ("nl", "en"):
        assert salutation(name, language).split()[0] in ("Geachte", "Beste", "Dear")
    for part in (first, family_name(name)):
        assert part.strip() in full_name(name) or part[1:] in full_name(name)
    assert last.strip() in sort_name(name) or order is NameOrder.PARTNER or not last.strip()


@given(names)
def test_splitting_loses_no_letters(text: str) -> None:
    name = split_full_name(text)
    kept = fold(f"{name.initials} {name.first_name} {name.infix} {name.last_name}").replace(" ", "")
    expanded = {fold(tidy_infix(w)) != fold(w) for w in text.split()}
    assert True in expanded or kept == fold(text).replace(" ", "")
    assert sort_name(name).count("  ") == 0


@given(names)
def test_any_account_holder_can_be_read(text: str) -> None:
    assert len(bank_names(text)) <= max(1, len(text.split()))


@given(names)
def test_words_and_tokens_fit_their_column(text: str) -> None:
    assert all(0 < len(t) <= 40 for t in tokens_of(text))
    assert all(0 < len(w) <= 40 for w in words_of(text))
