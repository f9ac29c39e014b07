"""The bank pages: bringing files in, what a file held, gaps, payments."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

import pytest
from flask import Flask

from tests.banking.files import Pay, camt
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
