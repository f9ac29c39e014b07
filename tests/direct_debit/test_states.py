"""Every pair of states of mandates, collections and commitments; mandate references; the table of reasons."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from app.base.errors import Invalid, Refused
from app.direct_debit.consent import CURRENT, TEXTS, text_of
from app.direct_debit.mandates import clean_holder, clean_reference, new_references
from app.direct_debit.reasons import REASONS, UNKNOWN, Action, code_in, reason_of
from app.direct_debit.states import (
    BATCH_MOVES,
    COLLECTION_MOVES,
    MANDATE_MOVES,
    BatchState,
    CollectionState,
    MandateState,
)
from app.gifts.recurring.states import MOVES, CommitmentState

M, C, G, B = MandateState, CollectionState, CommitmentState, BatchState
ALLOWED: list[tuple[Any, Any, dict[Any, set[Any]]]] = [
    (
        MANDATE_MOVES, M,
        {
            M.PENDING: {M.ACTIVE, M.REVOKED},
            M.ACTIVE: {M.SUSPENDED, M.REVOKED, M.LAPSED},
            M.SUSPENDED: {M.ACTIVE, M.REVOKED, M.LAPSED},
        },
    ),
    (
        COLLECTION_MOVES, C,
        {
            C.PLANNED: {C.SENT, C.WITHDRAWN},
            C.SENT: {C.COLLECTED, C.FAILED, C.PLANNED},
            C.COLLECTED: {C.RETURNED},
            C.FAILED: {C.COLLECTED},
            C.RETURNED: {C.COLLECTED},
        },
    ),
    (
        BATCH_MOVES, B,
        {
            B.BUILDING: {B.BUILT, B.CANCELED},
            B.BUILT: {B.APPROVED, B.CANCELED},
            B.APPROVED: {B.EXPORTED, B.CANCELED},
            B.EXPORTED: {B.SENT, B.BOOKED, B.CANCELED, B.REFUSED},
            B.SENT: {B.BOOKED, B.CANCELED, B.REFUSED},
        },
    ),
    (
        MOVES, G,
        {
            G.PENDING: {G.ACTIVE, G.ON_HOLD, G.ENDED},
            G.ACTIVE: {G.PAUSED, G.ON_HOLD, G.ENDED},
            G.PAUSED: {G.ACTIVE, G.ON_HOLD, G.ENDED},
            G.ON_HOLD: {G.ACTIVE, G.PAUSED, G.ENDED},
        },
    ),
]  # fmt: skip


@pytest.mark.parametrize(("table", "states", "allowed"), ALLOWED, ids=["mandate", "collection", "batch", "commitment"])
def test_each_pair_of_states(table: Any, states: Any, allowed: dict[Any, set[Any]]) -> None:
    for before, after in product(states, states):
        if after in allowed.get(before, set()):
            table.check(before, after)
        else:
            with pytest.raises(Refused):
                table.check(before, after)


@pytest.mark.parametrize("text", ["a-1", "DON/2026?1:(x).,'+", "x" * 35])
def test_references_that_banks_take(text: str) -> None:
    assert clean_reference(f" {text} ") == text.upper()


@pytest.mark.parametrize("text", ["", "/a", "a/", "a//b", "a b", "é", "x" * 36, "a_b", "a\nb"])
def test_references_that_banks_refuse(text: str) -> None:
    with pytest.raises(Invalid):
        clean_reference(text)


def test_references_we_make_are_good() -> None:
    made = new_references(200)
    assert [clean_reference(each) for each in made] == made
    assert len(set(made)) == 200


@pytest.mark.parametrize("name", ["J. van den Berg", "Ö. Çelik e/o IJ. 't Hooft"])
def test_names_of_holders(name: str) -> None:
    assert clean_holder(f" {name} ") == name
    with pytest.raises(Invalid):
        clean_holder(name + " 😀")


def test_every_code_of_the_table_has_a_plan() -> None:
    for code, reason in REASONS.items():
        assert reason_of(code) is reason
        assert bool(reason.mail) == (reason.action not in (Action.OURS, Action.DECEASED, Action.AGAIN)), code
    assert reason_of("ZZ99") is reason_of(None) is UNKNOWN
    assert (UNKNOWN.action, UNKNOWN.mail) == (Action.CONTACT, "")


@pytest.mark.parametrize(
    ("words", "code"),
    [("failed AM04 Insufficient funds", "AM04"), ("MD06 Refund request", "MD06"), ("CNOR", "CNOR"), ("no idea", None)],
)
def test_codes_are_found_among_words(words: str, code: str | None) -> None:
    assert code_in(words) == code


def test_the_mandate_text_names_the_creditor_and_the_right_to_a_refund() -> None:
    assert set(TEXTS[CURRENT]) == {"nl", "en"}
    assert "acht weken" in text_of("Stichting X", "nl")
    assert text_of("Stichting X", "en").count("Stichting X") == 2
    with pytest.raises(KeyError):
        text_of("Stichting X", "nl", "1999")
