"""The bank pages: bringing files in, what a file held, gaps, payments."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import date, datetime

import pytest
from flask import Flask
from sqlalchemy import select

from app.base.actor import SYSTEM
from app.base.money import Money
from app.base.references import rf_of
from app.extensions import db, writing
from app.gifts import by_hand
from app.ledger.queries import balances
from app.staff.models import Staff
from app.supporters.contacts import add_iban
from app.supporters.models import Kind, Supporter
from app.supporters.queries import by_iban
from tests.banking.files import Pay, camt
from tests.factories.gifts import promised_gift
from tests.factories.organisation import make_organisation
from tests.factories.supporters import person
from tests.support.client import Client
from tests.support.mails import mails

SignIn = Callable[[str], Client]


@pytest.fixture
def finance(app: Flask, sign_in: SignIn) -> Client:
    make_organisation()
    return sign_in("finance")


def bring(client: Client, *files: tuple[bytes, str]) -> str:
    uploads = [(io.BytesIO(content), name) for content, name in files]
    response = client.post("/bank/import", data={"files": uploads}, content_type="multipart/form-data")
    assert response.status_code == 303
    return text_of(client, response.location)


def text_of(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, address
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.get_data(as_text=True))).replace("\xa0", " ")


def test_a_file_comes_in_and_shows_what_it_held(finance: Client) -> None:
    page = bring(finance, (camt([Pay(2500, "R1"), Pay(-1250, "R2")]), "november.xml"))
    assert "november.xml" in page
    assert "€ 1.012,50" in page, "the closing balance"
    again = bring(finance, (camt([Pay(2500, "R1"), Pay(-1250, "R2")]), "november.xml"))
    assert "0 nieuwe betalingen, 2 al bekend" in again


def test_a_wrong_file_says_what_is_wrong_and_may_be_tried_again(finance: Client) -> None:
    page = bring(finance, (camt([Pay(2500)], own="NL20INGB0001234567"), "ander.xml"))
    assert "Van dit bestand is niets ingevoerd" in page
    assert "NL20INGB0001234567" in page
    assert "Lees het opnieuw" in page


def test_of_several_files_each_says_what_came_of_it(finance: Client) -> None:
    page = bring(finance, (camt([Pay(2500)]), "goed.xml"), (b"", "leeg.xml"), (b"tekst", "tekst.txt"))
    assert "goed.xml: 1 nieuwe betaling," in page
    assert "leeg.xml: Dit bestand is leeg." in page
    assert "tekst.txt is bewaard, maar niet ingevoerd" in page


def test_no_file_at_all(finance: Client) -> None:
    response = finance.post("/bank/import", data={})
    assert response.status_code == 422
    assert "Kies eerst een bestand" in response.get_data(as_text=True)


def test_a_gap_between_statements_is_told(finance: Client) -> None:
    one = camt([Pay(2500, on="2026-11-18")], on="2026-11-18", statement="S1")
    three = camt([Pay(100, on="2026-11-20")], opening=109_900, statement="S3")
    page = bring(finance, (one, "1.xml"), (three, "3.xml"))
    assert "een verschil van € 74,00" in page
    two = camt([Pay(7400, on="2026-11-19")], opening=102_500, on="2026-11-19", statement="S2")
    page = bring(finance, (two, "2.xml"), (one, "1.xml"))
    assert "een verschil van" not in page
    assert "Zonder gaten" in page


def test_payments_are_found_by_iban_and_amount(finance: Client) -> None:
    pays = [Pay(2500, "R1", name="Mw. A. van Dijk"), Pay(5000, "R2", name="K. de Boer", iban="NL20INGB0001234567")]
    bring(finance, (camt(pays), "x.xml"))
    assert {"Mw. A. van Dijk", "K. de Boer"} <= set(
        re.findall(r"Mw\. A\. van Dijk|K\. de Boer", text_of(finance, "/bank/payments"))
    )
    by_iban = text_of(finance, "/bank/payments?q=NL20 INGB 0001 2345 67")
    assert "K. de Boer" in by_iban
    assert "van Dijk" not in by_iban
    assert "van Dijk" in text_of(finance, "/bank/payments?q=25,00")
    assert "Zoek hier op een heel IBAN" in text_of(finance, "/bank/payments?q=Boer")


def test_a_large_file_is_read_by_the_worker(finance: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from app.banking import jobs
    from app.extensions import now
    from app.jobs.services import run_due

    monkeypatch.setattr(jobs, "AT_ONCE", 10)
    page = bring(finance, (camt([Pay(2500)]), "groot.xml"))
    assert "groot.xml wordt gelezen" in page
    run_due(now())
    assert "€ 25,00" in text_of(finance, "/bank/payments")


def test_payments_are_explained_one_after_another(finance: Client, now: datetime) -> None:
    """One story: a proposal booked, somebody new, a part, not a gift, suspense, and all of it undone again."""
    gift_id = promised_gift(5000)
    pays = [
        Pay(
            4000,
            "R1",
            name="A. van den Berg",
            on="2026-11-16",
            more=f"<RmtInf><Ustrd>{rf_of(gift_id)}</Ustrd></RmtInf>",
        ),
        Pay(3000, "R2", name="HR K NIEUW", iban="NL20INGB0001234567", on="2026-11-17"),
        Pay(-450, "R3", name="Bank", iban="NL02ABNA0123456789", on="2026-11-18"),
        Pay(99, "R4", iban="", name="", on="2026-11-19"),
    ]
    bring(finance, (camt(pays), "x.xml"))
    queue = finance.get("/bank/review").get_data(as_text=True)
    ids = list(dict.fromkeys(re.findall(r"/bank/lines/(\d+)", queue)))
    assert len(ids) == 4
    page = text_of(finance, f"/bank/lines/{ids[0]}")
    assert "Toegezegd was € 50,00." in page
    response = finance.post(f"/bank/lines/{ids[0]}/accept", data={"proposal": f"promise:{gift_id}"})
    assert response.location.endswith(f"/bank/lines/{ids[1]}?done={ids[0]}")
    twice = finance.post(f"/bank/lines/{ids[0]}/accept", data={"proposal": f"promise:{gift_id}"})
    assert twice.status_code == 409

    assert "krijgt de gever een bedankmail" in page

    form = {"donor": "HR K NIEUW", "amount": "10,00", "programme_id": "", "thanks": "none"}
    asked = finance.post(f"/bank/lines/{ids[1]}/gift", data=form)
    assert (asked.status_code, "Maak van K. Nieuw een nieuwe relatie" in asked.get_data(as_text=True)) == (422, True)
    finance.post(f"/bank/lines/{ids[1]}/gift", data=form | {"pick": "new"})
    page = text_of(finance, f"/bank/lines/{ids[1]}")
    assert "Hiervan is nog € 20,00 te verklaren." in page
    who = db.session.get_one(Staff, finance.staff_id).name
    assert f"Gift van K. Nieuw – {who} € 10,00" in page, "an auditor asks whose it is, and who explained it"
    too_much = finance.post(f"/bank/lines/{ids[1]}/gift", data=form | {"pick": "new", "amount": "20,01"})
    assert too_much.status_code == 422
    finance.post(f"/bank/lines/{ids[1]}/accept", data={"proposal": _first_proposal(finance, ids[1])})

    finance.post(f"/bank/lines/{ids[2]}/not-a-gift", data={"always": "y"})
    last = finance.post(f"/bank/lines/{ids[3]}/suspense")
    assert last.location.endswith("/bank/review")
    assert "Alles is verklaard" in text_of(finance, "/bank/review")
    for line_id in ids[:3]:
        assert finance.post(f"/bank/lines/{line_id}/undo").status_code == 303
    assert finance.post(f"/bank/lines/{ids[3]}/undo").status_code == 409
    found = {code: b.cents for code, b in balances().items() if b.cents}
    assert found == {"1100": 6649, "2900": -6649}


def _first_proposal(client: Client, line_id: str) -> str:
    page = client.get(f"/bank/lines/{line_id}").get_data(as_text=True)
    return re.findall(r'name="proposal" value="([^"]+)"', page)[0]


def test_rules_are_seen_switched_off_and_removed_and_undoing_can_forget_one(finance: Client) -> None:
    pays = [Pay(-450 - n, f"R{n}", name="Bank B.V.", iban="NL02ABNA0123456789") for n in range(3)]
    for number, pay in enumerate(pays):
        bring(finance, (camt([pay], statement=f"S{number}"), f"{number}.xml"))
        if number == 0:
            first = re.findall(r"/bank/lines/(\d+)", finance.get("/bank/review").get_data(as_text=True))[0]
            finance.post(f"/bank/lines/{first}/not-a-gift", data={"always": "y"})
            assert "Er is een regel voor geld van deze rekening" in text_of(finance, f"/bank/lines/{first}")
            page = finance.get("/bank/rules").get_data(as_text=True)
            assert "Bank B.V." in page
            assert "Test finance" in page
            rule = re.findall(r"/bank/rules/(\d+)/switch", page)[0]
        if number == 1:
            assert "Alles is verklaard" in text_of(finance, "/bank/review"), "the rule booked it"
            finance.post(f"/bank/rules/{rule}/switch")
    assert "Alles is verklaard" not in text_of(finance, "/bank/review"), "it was off"
    finance.post(f"/bank/rules/{rule}/switch", data={"on": "y"})
    finance.post(f"/bank/lines/{first}/undo", data={"forget": "y"})
    assert "Er zijn nog geen regels" in text_of(finance, "/bank/rules")
    assert finance.post(f"/bank/rules/{rule}/remove").status_code == 404


def test_from_the_score_that_was_set_on_it_books_by_itself(finance: Client, now: datetime) -> None:
    supporter_id = person("Jan Jansen", email="jan@example.org")
    with writing():
        add_iban(supporter_id, "NL44RABO0123456789", "", source="test", actor=SYSTEM, now=now)
    bring(finance, (camt([Pay(2500, "R1", on="2026-11-10")]), "1.xml"))
    assert "Alles is verklaard" not in text_of(finance, "/bank/review"), "80 of 100"
    assert finance.post("/bank/rules/threshold", data={"threshold": "79"}).status_code == 422
    assert finance.post("/bank/rules/threshold", data={"threshold": "80"}).status_code == 303
    bring(finance, (camt([Pay(2600, "R2", on="2026-11-20")], statement="S2"), "2.xml"))
    waiting = finance.get("/bank/review").get_data(as_text=True)
    assert len(set(re.findall(r"/bank/lines/(\d+)", waiting))) == 1
    assert mails() == [], "nobody is thanked for what books by itself"


def test_who_is_accepted_in_the_queue_is_thanked_once(finance: Client, now: datetime) -> None:
    supporter_id = person("Jan Jansen", email="jan@example.org")
    with writing():
        add_iban(supporter_id, "NL44RABO0123456789", "", source="test", actor=SYSTEM, now=now)
    bring(finance, (camt([Pay(2500, "R1", on="2026-11-10"), Pay(700, "R2", on="2026-11-11")]), "1.xml"))
    ids = list(dict.fromkeys(re.findall(r"/bank/lines/(\d+)", finance.get("/bank/review").get_data(as_text=True))))
    finance.post(f"/bank/lines/{ids[0]}/accept", data={"proposal": f"gift:{supporter_id}"})
    form = {"donor": "x", "pick": str(supporter_id), "amount": "7,00", "programme_id": "", "thanks": "none"}
    finance.post(f"/bank/lines/{ids[1]}/gift", data=form)
    assert finance.post(f"/bank/lines/{ids[0]}/accept", data={"proposal": f"gift:{supporter_id}"}).status_code == 409
    assert [(mail.message.template, "25,00" in mail.rendered.text) for mail in mails()] == [("gifts/thanks", True)]


def test_two_equal_sums_that_differ_are_explained(finance: Client, now: datetime) -> None:
    """No balance was brought in: without what lies before the first statement, € 25 beside € 25 would say nothing."""
    for cents, day in ((1500, 10), (1000, 21)):
        gift_id = promised_gift(cents)
        with writing():
            by_hand.receive(gift_id, amount=Money(cents), received_on=date(2026, 11, day),
                            bank_reference="", actor=SYSTEM, now=now)  # fmt: skip
    bring(finance, (camt([Pay(0, "R1")], opening=2500), "1.xml"))
    page = text_of(finance, "/bank/reconciliation")
    assert page.count("€ 25,00") >= 2
    assert "Bank en grootboek verschillen € 10,00" in page
    assert "Vóór het eerste afschrift stond er € 25,00 op de bank en is hier € 15,00 met de hand geboekt" in page


def test_no_thanks_are_announced_where_a_proposal_brings_none(finance: Client, now: datetime) -> None:
    for gift_id, day in ((promised_gift(5000), 10), (promised_gift(5000), 12)):
        with writing():
            by_hand.receive(gift_id, amount=Money(5000), received_on=date(2026, 11, day),
                            bank_reference="", actor=SYSTEM, now=now)  # fmt: skip
    bring(finance, (camt([Pay(5000, "R1", iban="", name="", on="2026-11-11")]), "1.xml"))
    line_id = re.findall(r"/bank/lines/(\d+)", finance.get("/bank/review").get_data(as_text=True))[0]
    page = text_of(finance, f"/bank/lines/{line_id}")
    assert ("Boek dit" in page, "bedankmail" in page) == (True, False)


def test_an_organisation_is_made_from_a_payment_with_its_account(finance: Client) -> None:
    bring(finance, (camt([Pay(2500, "R1", name="ST VOORBEELD", iban="NL20INGB0001234567")]), "1.xml"))
    line_id = re.findall(r"/bank/lines/(\d+)", finance.get("/bank/review").get_data(as_text=True))[0]
    assert 'value="ST VOORBEELD"' in finance.get(f"/bank/lines/{line_id}").get_data(as_text=True)
    form = {
        "donor": "Stichting Voorbeeld",
        "pick": "organisation",
        "amount": "25,00",
        "programme_id": "",
        "thanks": "none",
    }
    finance.post(f"/bank/lines/{line_id}/gift", data=form | {"thanks": "none"})
    made = db.session.execute(select(Supporter).where(Supporter.display_name == "Stichting Voorbeeld")).scalar_one()
    assert made.kind is Kind.ORGANISATION
    assert by_iban("NL20INGB0001234567")[0].id == made.id
