"""The auditor's walk: from every kind of entry to what proves it, and back; and a sample drawn the same way again."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select

from app.banking import imports
from app.banking.matching import by_people, undoing
from app.banking.models import BankFile, BankLine
from app.base.actor import SYSTEM
from app.base.references import rf_of
from app.extensions import db, now, writing
from app.finance import sample, sources
from app.finance.periods import Period
from app.ledger import queries, services
from app.ledger.models import Event, JournalEntry
from app.outbox.models import Message
from tests.banking.files import Pay, camt
from tests.banking.test_matching import ustrd
from tests.factories.gifts import paid_gift, promised_gift
from tests.factories.ledger import gift_entry
from tests.factories.organisation import make_organisation
from tests.factories.supporters import person
from tests.support.client import Client

SignIn = Callable[[str], Client]
YEAR = Period(date(2026, 1, 1), date(2026, 12, 31))


def test_every_event_has_a_walk() -> None:
    assert set(sources.SOURCES) == set(Event)
    assert {kind for kinds in sources.SOURCES.values() for kind in kinds} == set(sources.WALKS) == set(sources.NAMES)


def entries(*events: Event) -> list[JournalEntry]:
    db.session.rollback()
    found = select(JournalEntry).where(JournalEntry.event.in_(events)).order_by(JournalEntry.id)
    return list(db.session.execute(found).scalars())


def walked(client: Client, entry: JournalEntry) -> list[str]:
    """Where the page of this entry leads; each of these pages opens and leads back to it."""
    own = f"/finance/entries/{entry.id}"
    page = client.get(own).get_data(as_text=True)
    proof = page.split('id="proof"')[1].split("</table>")[0]
    found = re.findall(r'href="([^"]+)"', proof)
    for address in dict.fromkeys(found):
        back = client.get(address)
        assert back.status_code == 200, address
        assert own in back.get_data(as_text=True), f"{address} does not lead back to {own}"
    return list(dict.fromkeys(found))


def test_a_gift_by_a_provider_leads_to_its_payment_and_mail(sign_in: SignIn) -> None:
    make_organisation()
    gift_id = paid_gift(email="jan@example.org")
    (entry,) = entries(Event.GIFT_RECEIVED)
    mail = db.session.execute(select(Message.id).where(Message.template == "gifts/thanks")).scalar_one()
    found = walked(sign_in("finance"), entry)
    assert f"/gifts/{gift_id}" in found
    assert f"/outbox/{mail}" in found
    assert any(address.startswith("/payments/") for address in found)
    assert "/gifts/" not in sign_in("viewer").get(f"/finance/entries/{entry.id}").get_data(as_text=True)


def test_a_gift_by_transfer_leads_to_its_bank_line_and_file(sign_in: SignIn) -> None:
    make_organisation()
    rf = rf_of(promised_gift(5000))
    content = camt([Pay(5000, "R1", more=ustrd(rf), on="2026-11-20")], statement="S1")
    imports.take(io.BytesIO(content), "bank.xml", actor=SYSTEM, now=now())
    line, file = (db.session.execute(select(model.id)).scalar_one() for model in (BankLine, BankFile))
    finance = sign_in("finance")
    booked = entries(Event.BANK_BOOKED, Event.GIFT_RECEIVED)
    assert [entry.event for entry in booked] == [Event.BANK_BOOKED, Event.GIFT_RECEIVED]
    for entry in booked:
        found = walked(finance, entry)
        assert f"/bank/lines/{line}" in found
        if entry.event is Event.BANK_BOOKED:
            assert f"/bank/files/{file}" in found
    page = finance.get(f"/bank/files/{file}").text
    assert page[page.index("In de boeken") :].count("50,00") == len(booked)


def test_what_was_undone_on_the_bank_leads_there_and_back_still(sign_in: SignIn) -> None:
    make_organisation()
    imports.take(io.BytesIO(camt([Pay(700, "R1")])), "bank.xml", actor=SYSTEM, now=now())
    line = db.session.execute(select(BankLine.id)).scalar_one()
    given = by_people.GiftOf(supporter_id=person("Bo Bakker"), cents=700)
    with writing():
        by_people.gift(line, given, actor=SYSTEM, now=now())
    with writing():
        undoing.undo(line, actor=SYSTEM, now=now())
    finance = sign_in("finance")
    page = finance.get(f"/bank/lines/{line}").text
    undone = entries(Event.GIFT_RECEIVED, Event.REVERSAL)
    assert len(undone) == 2
    for entry in undone:
        assert f"/bank/lines/{line}" in walked(finance, entry)
        assert f"/finance/entries/{entry.id}" in page


@pytest.fixture
def booked(app: Flask) -> list[int]:
    with writing():
        return services.post(
            [gift_entry(n, 1000 + n, date(2026, 1 + n % 12, 5)) for n in range(60)], actor=SYSTEM, now=now(),
        )  # fmt: skip


def test_a_sample_is_the_same_again_also_after_more_was_booked(booked: list[int]) -> None:
    last = sample.newest(YEAR)
    first = sample.draw(YEAR, count=10, seed="kas", last=last)
    with writing():
        services.post([gift_entry(99, 1)], actor=SYSTEM, now=now())
    again = sample.draw(YEAR, count=10, seed="kas", last=last)
    ids = [entry.id for entry in first.entries]
    assert ids == [entry.id for entry in again.entries] == sorted(set(ids))
    assert (len(ids), first.drawn_from, again.drawn_from) == (10, 60, 60)
    assert ids != [entry.id for entry in sample.draw(YEAR, count=10, seed="other", last=last).entries]
    assert sum(first.debit.values()) == sum(
        line.cents for entry_id in ids for line in queries.lines_of(entry_id) if line.cents > 0
    )
    assert len(sample.draw(YEAR, count=200, seed="kas", last=last).entries) == 60
    assert sample.draw(Period(date(2020, 1, 1), date(2020, 12, 31)), count=5, seed="x", last=last).entries == []


def test_the_page_makes_a_seed_and_gives_a_workbook(booked: list[int], sign_in: SignIn) -> None:
    viewer = sign_in("viewer")
    response = viewer.get("/finance/sample?year=2026&count=5")
    assert response.status_code == 303
    page = viewer.get(response.location).get_data(as_text=True)
    assert len(set(re.findall(r"/finance/entries/(\d+)", page))) == 5
    file = viewer.get(response.location.replace("/finance/sample", "/finance/sample.xlsx"))
    assert file.status_code == 200
    assert file.get_data().startswith(b"PK")
    for wrong in ("count=0", "count=201", "count=x", "last=x", "year=20"):
        assert viewer.get(f"/finance/sample?seed=a&{wrong}").status_code == 400
