"""The pages of payouts: a file in, what is wrong with it, what may be done, and why money stands on clearing."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from app.banking.payouts.models import Payout, PayoutPart
from app.extensions import db
from app.ledger.queries import balances
from tests.banking.test_pages import text_of
from tests.banking.test_payouts import HEAD, REFERENCE
from tests.factories.organisation import make_organisation
from tests.support.client import Client

CSV = (
    f"{HEAD}\n2026-11-20 10:00:00,ideal,EUR,12.50,paidout,tr_ofTheWebshop,Order,,,,EUR,12.50,{REFERENCE},\n"
    f"2026-11-20,,EUR,-0.30,paidout,,Withheld fees,,,,EUR,-0.30,{REFERENCE},\n"
)


@pytest.fixture
def finance(app: Flask, sign_in: Callable[[str], Client]) -> Client:
    make_organisation()
    return sign_in("finance")


def bring(client: Client, content: bytes) -> tuple[int, str]:
    data = {"file": (io.BytesIO(content), "settlement.csv")}
    response = client.post("/bank/payouts/import", data=data, content_type="multipart/form-data")
    return response.status_code, response.location or response.get_data(as_text=True)


def test_a_payout_from_its_file_to_the_accounting_package_and_back(finance: Client) -> None:
    status, address = bring(finance, CSV.encode())
    assert status == 303
    page = text_of(finance, address)
    assert "Hier niet bekend" in page
    assert "€ 12,20 staat nog niet op een afschrift" in page
    clearing = text_of(finance, "/bank/clearing")
    assert REFERENCE in clearing
    assert "€ -0,30" in clearing, "the fees are booked, and nothing came in"
    part_id = db.session.execute(select(PayoutPart.id)).scalar_one()
    finance.post(f"/bank/payouts/parts/{part_id}/outside", data={"outside": "y"})
    assert "Overgelaten aan de boekhouding" in text_of(finance, address)
    assert balances()["1210"].cents == 1220
    finance.post(address + "/undo")
    assert balances()["1210"].cents == balances()["4510"].cents == 0
    assert "Teruggedraaid" in text_of(finance, "/bank/payouts")
    assert bring(finance, CSV.encode())[0] == 303
    assert db.session.execute(select(Payout.round)).scalar_one() == 2
    assert balances()["4510"].cents == 30


def test_a_wrong_file_says_so_beside_the_field(finance: Client) -> None:
    status, page = bring(finance, b"Date,Amount\n2026-11-20,1")
    assert status == 422
    assert "geen export van uitbetalingen van Mollie" in page
    assert bring(finance, b"")[0] == 422


def test_without_a_token_there_is_nobody_to_ask(finance: Client) -> None:
    assert "Nu bij Mollie opvragen" not in text_of(finance, "/bank/payouts")
    assert finance.post("/bank/payouts/ask").status_code == 303
    assert finance.post("/bank/payouts/1/book").status_code == 404
