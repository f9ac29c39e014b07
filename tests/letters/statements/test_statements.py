"""Receipts, statements of any range and letters of thanks (DOMAIN.md 4.2)."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date

import pytest
from flask import Flask
from pypdf import PdfReader
from sqlalchemy import func, select

from app.base.actor import SYSTEM
from app.extensions import db, now, writing
from app.gifts import services as gifts
from app.gifts.services import NewGift, Return
from app.ledger.accounts import ensure_chart
from app.ledger.rj import RjLine
from app.letters.statements import services
from app.letters.statements.content import Part, gather
from app.letters.statements.models import Receipt, Statement
from app.supporters.names import Greeting, Name
from tests.factories.organisation import make_organisation
from tests.factories.periodic import running
from tests.factories.supporters import person
from tests.support.client import Client

SignIn = Callable[[str], Client]
JAN, DEC = date(2025, 1, 1), date(2025, 12, 31)
ANNA = Name(initials="A.", infix="van den", last_name="Berg", greeting=Greeting.MADAM)


@pytest.fixture(autouse=True)
def house(app: Flask) -> None:
    make_organisation()
    with writing():
        ensure_chart()


def gave(supporter_id: int, cents: int, on: date, method: str = "bank_transfer") -> int:
    new = NewGift(
        supporter_id=supporter_id, amount_cents=cents, gift_date=on, method=method, source="staff",
        rj_line=RjLine.INDIVIDUALS, via="cash" if method == "cash" else "bank",
    )  # fmt: skip
    with writing():
        return gifts.make([new], actor=SYSTEM, now=now())[0]


def back(gift_id: int, cents: int) -> None:
    with writing():
        gone = Return(gift_id=gift_id, cents=cents, on=date(2025, 9, 1), via="bank", part=f"back-{cents}")
        gifts.give_back([gone], actor=SYSTEM, now=now())


def text_of(content: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages).replace("\u00a0", " ")


def test_gifts_are_parted_as_the_tax_rules_part_them(app: Flask) -> None:
    anna = person(ANNA)
    running(anna, date(2025, 1, 10), yearly_cents=20_000)
    gave(anna, 12_000, date(2025, 1, 15))
    gave(anna, 12_000, date(2025, 6, 15))
    gave(anna, 5_000, date(2025, 7, 1), "cash")
    refunded = gave(anna, 3_000, date(2025, 8, 1))
    back(refunded, 1_000)
    gave(anna, 99_900, date(2026, 1, 1))
    said = gather([anna], JAN, DEC)[anna]
    assert {part: [line.cents for line in said.of(part)] for part in Part} == {
        Part.PERIODIC: [12_000, 8_000], Part.ORDINARY: [4_000, 2_000], Part.NOT: [5_000, 1_000],
    }  # fmt: skip
    half = gather([anna], date(2025, 6, 1), DEC)[anna]  # the first half of the year filled the agreement too
    assert half.cents(Part.PERIODIC) == 8_000


def test_a_statement_is_made_once_and_another_says_what_it_replaces(app: Flask) -> None:
    anna = person(ANNA)
    gift = gave(anna, 5_000, date(2025, 3, 1))

    def note() -> services.Made:
        said = list(gather([anna], JAN, DEC).values())
        with writing():
            return services.note_statements(said, JAN, DEC, actor=SYSTEM, now=now())[anna]

    first, again = note(), note()
    assert (first.copy_of, first.replaces, again.id) == (None, None, first.id)
    assert again.copy_of is not None
    back(gift, 5_000)
    assert note().replaces is not None
    assert list(db.session.execute(select(Statement.version).order_by(Statement.version)).scalars()) == [1, 2]


def test_the_pages_make_papers_that_say_what_they_are(app: Flask, sign_in: SignIn) -> None:
    anna = person(ANNA)
    gift = gave(anna, 5_000, date(2025, 3, 1))
    writer, where = sign_in("fundraiser"), f"/supporters/{anna}/papers"
    year = {"kind": "statement", "start": "1-1-2025", "end": "31-12-2025"}
    preview = writer.post(where, data=year | {"how": "preview"})
    assert "Voorbeeld" in text_of(preview.data)
    assert db.session.execute(select(func.count()).select_from(Statement)).scalar() == 0
    first = writer.post(where, data=year)
    said = text_of(first.data)
    for words in ("Jaaroverzicht giften 2025", "Geachte mevrouw Van den Berg", "RSIN", "01-03-2025", "€ 50,00"):
        assert words in said, words
    assert b"<pdfuaid:part>1</pdfuaid:part>" in first.data
    assert "Kopie" not in said
    assert "Kopie" in text_of(writer.post(where, data=year).data)
    part = text_of(writer.post(where, data=year | {"end": "30-6-2025"}).data)
    assert "Het is geen jaaroverzicht" in part
    wrong = writer.post(where, data=year | {"end": "1-1-2024"})
    assert wrong.status_code == 422
    assert "01-01-2024" in wrong.text or "1-1-2024" in wrong.text
    assert "€ 50,00" in text_of(writer.post(where, data=year | {"kind": "thanks"}).data)
    nothing = writer.post(where, data={"kind": "thanks", "start": "1-1-2024", "end": "31-12-2024"})
    assert nothing.status_code == 422
    assert "niets om voor te bedanken" in nothing.text
    assert "Kopie" not in text_of(writer.post(f"/gifts/{gift}/receipt.pdf").data)
    assert "Kopie" in text_of(writer.post(f"/gifts/{gift}/receipt.pdf").data)
    assert db.session.execute(select(func.count()).select_from(Receipt)).scalar() == 1
    assert "Kopie maken" in writer.get(where).text
