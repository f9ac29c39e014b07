"""Live mandates from another system: the next collection is the next one, never the last one again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select

from app.base.actor import SYSTEM
from app.base.references import code_of
from app.direct_debit import collections
from app.direct_debit import mandates as direct_debit
from app.direct_debit import queries as debit_queries
from app.direct_debit.batch_models import DebitBatch, MandateAmendment
from app.direct_debit.exporting import STORE, debits
from app.direct_debit.models import Collection, CollectionKey, Mandate
from app.direct_debit.pain.pain008 import Creditor, SequenceType
from app.documents import files
from app.extensions import db, now, writing
from app.finance.openings import keeping, mandates, reading, services, taking
from app.finance.openings.models import Opening, OpeningKind, OpeningMandate, OpeningState
from app.gifts.recurring.models import Commitment
from app.gifts.recurring.states import Frequency
from app.privacy import erasing
from tests.conftest import SettableClock
from tests.factories.debits import built, dutch_iban, exported
from tests.factories.organisation import make_organisation
from tests.factories.recurring import announce_and_plan, own_mandate
from tests.factories.supporters import person
from tests.finance.openings.test_balances import press, row_of, upload
from tests.support.client import Client

SignIn = Callable[[str], Client]
HEAD = (
    "Machtigingskenmerk;Relatie;IBAN;Naam rekeninghouder;Getekend op;Laatst geïncasseerd op;"
    "Soort;Bedrag;Frequentie;Volgende incasso\n"
)


def row(reference: str = "OUD-1", who: str = "jan1@example.nl", **changes: str) -> str:
    given = {
        "iban": dutch_iban(1), "holder": "J. Jansen", "signed": "01-03-2019", "last": "15-11-2026", "kind": "RCUR",
        "amount": "€ 12,50", "often": "maandelijks", "next": "15-12-2026",
    } | changes  # fmt: skip
    return ";".join([reference, who, *given.values()]) + "\n"


@pytest.fixture
def donors(app: Flask, clock: SettableClock) -> list[int]:
    clock.at(2026, 11, 28, 11)
    make_organisation()
    return [person(f"Jan Jansen {n}", email=f"jan{n}@example.nl") for n in (1, 2)]


def begun(text: str, *, told: bool = True) -> tuple[int, mandates.Reading]:
    file = reading.keep(OpeningKind.MANDATES, text.encode(), "machtigingen.csv")
    with writing():
        opening_id = services.begin(OpeningKind.MANDATES, file, actor=SYSTEM, now=now())
    found = reading.read(db.session.get_one(Opening, opening_id))
    assert isinstance(found, mandates.Reading)
    with writing():
        services.choose(
            opening_id, control_cents=found.cents, control_count=len(found.live), told=told, version=1, now=now()
        )
    return opening_id, found


def let_in(text: str, *, told: bool = True) -> int:
    opening_id, found = begun(text, told=told)
    assert not found.problems, found.problems
    with writing():
        services.begin_entering(opening_id, found, version=2, actor=SYSTEM, now=now())
    return opening_id


def taken(text: str, *, told: bool = True) -> int:
    opening_id = let_in(text, told=told)
    taking.take(opening_id, bounded=writing)
    return opening_id


def test_a_live_mandate_goes_on_where_it_was(donors: list[int], clock: SettableClock, sign_in: SignIn) -> None:
    taken(HEAD + row() + row("OUD-2", code_of(donors[1]), iban=dutch_iban(2), often="per kwartaal", next="31-01-2027"))
    first, second = db.session.scalars(select(Mandate).order_by(Mandate.id)).all()
    assert (first.reference, first.last_collected_on, first.signed_on) == (
        "OUD-1", date(2026, 11, 15), date(2019, 3, 1),
    )  # fmt: skip
    # 36 months count from the last collection there.
    assert debit_queries.lapses_on(first) == date(2029, 11, 15)
    monthly, quarterly = db.session.scalars(select(Commitment).order_by(Commitment.mandate_id)).all()
    assert (monthly.next_on, monthly.frequency, monthly.noticed_cents) == (date(2026, 12, 15), Frequency.MONTHLY, 1250)
    assert (quarterly.next_on, quarterly.day, second.supporter_id) == (date(2027, 1, 31), 31, donors[1])
    clock.at(2026, 12, 10, 11)
    announce_and_plan()
    (planned,) = db.session.scalars(select(Collection)).all()
    assert (planned.collect_on, planned.amount_cents, planned.period) == (date(2026, 12, 15), 1250, date(2026, 12, 1))
    staff = sign_in("finance").staff_id
    assert staff
    batch = db.session.get_one(DebitBatch, built(staff))
    assert (batch.count, batch.cents, batch.sequence) == (1, 1250, SequenceType.RCUR)
    # The month of the last collection there is given for: nobody collects for it again.
    keys = db.session.scalars(select(CollectionKey.period).where(CollectionKey.commitment_id == monthly.id)).all()
    assert sorted(keys) == [date(2026, 11, 1), date(2026, 12, 1)]


def test_an_earlier_identifier_of_ours_is_told_until_a_collection_succeeded(
    donors: list[int], clock: SettableClock, sign_in: SignIn
) -> None:
    head = HEAD.replace("Soort", "Incassant-ID;Soort")
    old, bad = row().replace("RCUR", "NL97ZZZ401029480000;RCUR"), row().replace("RCUR", "NL98ZZZ401029480000;RCUR")
    _, found = begun(head + bad)
    assert [problem.field for problem in found.problems] == ["creditor"]
    same = row("OUD-2", code_of(donors[1]), iban=dutch_iban(2)).replace("RCUR", ";RCUR")
    taken(head + old + same)
    clock.at(2026, 12, 10, 11)
    announce_and_plan()
    staff = sign_in("finance").staff_id, sign_in("admin").staff_id
    assert staff[0]
    assert staff[1]
    batch = exported(staff)  # type: ignore[arg-type]
    (told,) = [debit for debit in debits(batch) if debit.creditor_before]
    assert (told.reference, told.creditor_before) == ("OUD-1", Creditor("NL97ZZZ401029480000", None))
    content = b"".join(STORE.read(db.session.get_one(DebitBatch, batch).sha256 or ""))
    assert content.count(b"<OrgnlCdtrSchmeId>") == 1
    collected = select(Collection.id).where(Collection.mandate_id == Mandate.id, Mandate.reference == "OUD-1")
    with writing() as session:
        ids = session.scalars(collected).all()
        collections.collected(ids, date(2026, 12, 15), actor=SYSTEM, now=now())
    clock.at(2027, 1, 10, 11)
    announce_and_plan()
    assert not [debit for debit in debits(built(staff[0], date(2027, 1, 15))) if debit.creditor_before]


def test_a_batch_built_right_after_takes_them_and_says_who_was_not_told(
    donors: list[int], clock: SettableClock, sign_in: SignIn
) -> None:
    clock.at(2026, 12, 10, 11)
    taken(HEAD + row())  # no job has run since
    taken(HEAD + row("OUD-2", code_of(donors[1]), iban=dutch_iban(2)), told=False)
    finance = sign_in("finance")
    assert finance.staff_id
    batch_id = built(finance.staff_id)
    batch = db.session.get_one(DebitBatch, batch_id)
    assert (batch.count, batch.cents) == (1, 1250)
    page = finance.get(f"/collections/batches/{batch_id}").text
    panel = page[page.index("Aan de beurt tot die dag, en niet in deze batch") :]
    assert "Dit bedrag is niet op tijd aangekondigd bij de donateur." in panel


def test_who_was_not_told_is_told_first(donors: list[int], clock: SettableClock) -> None:
    taken(HEAD + row(next="29-11-2026", last="15-10-2026"), told=False)
    assert db.session.scalars(select(Commitment.noticed_cents)).one() is None
    announce_and_plan()
    assert db.session.scalars(select(Collection)).all() == []
    assert db.session.scalars(select(Commitment.collect_on)).one() >= date(2026, 12, 12)


def test_a_new_account_is_told_to_the_bank_that_knew_the_old_one(donors: list[int]) -> None:
    taken(HEAD + row())
    mandate_id = db.session.scalars(select(Mandate.id)).one()
    with writing():
        direct_debit.amend(mandate_id, iban=dutch_iban(7), actor=SYSTEM, now=now())
    assert db.session.scalars(select(MandateAmendment.new_account)).one() is True


@pytest.mark.parametrize(
    ("changed", "field", "words"),
    [
        ({"who": "niemand@example.nl"}, "supporter", "No supporter here"),
        ({"reference": "EIGEN-1"}, "reference", "this reference already"),
        ({"reference": "een kenmerk met spaties"}, "reference", "without spaces"),
        ({"iban": "NL02ABNA0123456780"}, "iban", "check number"),
        ({"iban": "NL02ABNA01234567"}, "iban", "18 characters"),
        ({"iban": "XX02ABNA0123456789"}, "iban", "not a country code"),
        ({"holder": "@"}, "holder", "bank card"),
        ({"signed": "01-03-2027"}, "signed", "still to come"),
        ({"last": "01-03-2018"}, "last", "before it was signed"),
        ({"last": "14-12-2023", "next": "15-12-2026"}, "last", "36 months"),
        ({"next": "30-11-2026"}, "next", "collected on"),
        ({"next": "15-10-2026"}, "next", "past"),
        ({"kind": "FNAL"}, "sequence", "After FNAL"),
        ({"kind": "FRST"}, "sequence", "first collection"),
        ({"kind": "VAAK"}, "sequence", "no sequence"),
        ({"amount": "0"}, "amount", "more than zero"),
        ({"amount": "twaalf"}, "amount", "not an amount"),
        ({"often": "soms"}, "frequency", "not monthly"),
        ({"signed": ""}, "signed", "fill this in"),
    ],
)
def test_what_is_wrong_in_a_row_is_said(donors: list[int], changed: dict[str, str], field: str, words: str) -> None:
    own_mandate(donors[0], reference="EIGEN-1")
    _, found = begun(HEAD + row(**changed) + row("OUD-9"))
    (problem,) = found.problems
    assert (problem.row, problem.field) == (2, field)
    assert words in (problem.message % problem.params if problem.params else problem.message)
    assert [live.row for live in found.live] == [3]


def test_a_reference_twice_in_one_file_names_the_other_row(donors: list[int]) -> None:
    _, found = begun(HEAD + row("oud-1") + row("OUD-1"))
    assert [(p.row, p.field, p.params) for p in found.problems] == [(3, "reference", {"row": 2})]


def test_broken_off_it_goes_on_and_each_row_becomes_one_mandate(
    donors: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking, "PIECE", 1)
    opening_id = let_in(HEAD + row() + row("OUD-2", "jan2@example.nl"))
    row_ = db.session.get_one(Opening, opening_id)
    live = reading.read(row_).live[:1]  # type: ignore[union-attr]
    db.session.rollback()
    with writing():
        taking._enter(services.locked(opening_id), live, SYSTEM, now())  # as far as it came
    taking.go_on({})
    taking.go_on({})
    assert db.session.get_one(Opening, opening_id).state is OpeningState.IN
    assert sorted(db.session.scalars(select(Mandate.reference))) == ["OUD-1", "OUD-2"]
    assert len(db.session.scalars(select(OpeningMandate)).all()) == 2


def test_mandates_go_out_again_until_one_is_used(donors: list[int], sign_in: SignIn, clock: SettableClock) -> None:
    finance = sign_in("finance")
    text = HEAD + row()
    address = upload(finance, text, kind="mandates")
    press(finance, address, "control", count="2", control="12,50", told="y")
    press(finance, address, "enter")
    assert row_of(address).state is OpeningState.READ  # one, not two
    press(finance, address, "control", count="1", control="12,50", told="y")
    press(finance, address, "enter")
    assert row_of(address).state is OpeningState.IN
    press(finance, address, "undo")
    assert row_of(address).state is OpeningState.UNDONE
    assert (db.session.scalars(select(Mandate)).all(), db.session.scalars(select(Commitment)).all()) == ([], [])
    address = upload(finance, text, kind="mandates")
    press(finance, address, "control", count="1", control="12,50", told="y")
    press(finance, address, "enter")
    clock.at(2026, 12, 10, 11)
    announce_and_plan()
    assert "is sindsdien" in press(finance, address, "undo") or row_of(address).state is OpeningState.IN
    assert row_of(address).state is OpeningState.IN


def test_who_may_not_see_donors_sees_no_row_of_them(donors: list[int], sign_in: SignIn) -> None:
    address = upload(sign_in("finance"), HEAD + row(who="niemand@example.nl"), kind="mandates")
    page = sign_in("viewer").get(address).get_data(as_text=True)
    assert "niemand@example.nl" not in page
    assert sign_in("viewer").get(f"{address}/content").status_code == 403


@pytest.mark.parametrize("undone", [False, True])
def test_a_sheet_goes_when_it_was_checked_and_its_mandates_stay(
    donors: list[int], clock: SettableClock, sign_in: SignIn, undone: bool
) -> None:
    opening_id, digest = in_hand(undone)
    clock.forward(days=keeping.DAYS, minutes=-1)
    keeping.forget_sheets({})
    assert files.is_stored(digest)
    assert "/content" in sign_in("finance").get(f"/finance/openings/{opening_id}").text
    clock.forward(minutes=2)
    for _ in range(2):
        keeping.forget_sheets({})
    assert not files.is_stored(digest)
    page = sign_in("finance").get(f"/finance/openings/{opening_id}")
    assert page.status_code == 200
    assert "/content" not in page.text
    assert len(db.session.scalars(select(Mandate)).all()) == (0 if undone else 1)


def in_hand(undone: bool = False) -> tuple[int, str]:
    opening_id = taken(HEAD + row())
    sheet = db.session.get_one(Opening, opening_id)
    version, digest = sheet.version, sheet.sha256
    db.session.rollback()
    if undone:
        with writing():
            taking.undo(opening_id, version=version, actor=SYSTEM, now=now())
    return opening_id, digest


def test_a_sheet_that_was_undone_and_taken_in_anew_stays_for_the_later_time(
    donors: list[int], clock: SettableClock
) -> None:
    _, digest = in_hand(undone=True)
    clock.forward(days=10)
    in_hand()
    clock.forward(days=85)
    keeping.forget_sheets({})
    assert files.is_stored(digest)
    erasing.erase(donors[0], actor=SYSTEM)
    assert not files.is_stored(digest)


def test_a_sheet_goes_at_once_with_a_donor_in_it_who_is_erased(donors: list[int]) -> None:
    _opening_id, digest = in_hand()
    erasing.erase(donors[1], actor=SYSTEM)
    assert files.is_stored(digest), "nobody of this sheet"
    erasing.erase(donors[0], actor=SYSTEM)
    assert not files.is_stored(digest)
