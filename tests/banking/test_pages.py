"""The bank pages: bringing files in, what a file held, gaps, payments."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import datetime

import pytest
from flask import Flask

from app.base.references import rf_of
from app.ledger.queries import balances
from tests.banking.files import Pay, camt
from tests.factories.gifts import promised_gift
from tests.factories.organisation import make_organisation
from tests.support.client import Client

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
    assert "0 nieuwe betalingen, 2 waren al bekend" in again


def test_a_wrong_file_says_what_is_wrong_and_may_be_tried_again(finance: Client) -> None:
    page = bring(finance, (camt([Pay(2500)], own="NL20INGB0001234567"), "ander.xml"))
    assert "Van dit bestand is niets ingevoerd" in page
    assert "NL20INGB0001234567" in page
    assert "Lees het opnieuw" in page


def test_of_several_files_each_says_what_came_of_it(finance: Client) -> None:
    page = bring(finance, (camt([Pay(2500)]), "goed.xml"), (b"", "leeg.xml"), (b"tekst", "tekst.txt"))
    assert "goed.xml: 1 nieuwe betalingen" in page
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

    form = {"donor": "HR K NIEUW", "amount": "10,00", "programme_id": ""}
    asked = finance.post(f"/bank/lines/{ids[1]}/gift", data=form)
    assert (asked.status_code, "Maak van HR K NIEUW een nieuwe relatie" in asked.get_data(as_text=True)) == (422, True)
    finance.post(f"/bank/lines/{ids[1]}/gift", data=form | {"pick": "new"})
    assert "Hiervan is nog € 20,00 te verklaren." in text_of(finance, f"/bank/lines/{ids[1]}")
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
