from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from app.audit.queries import trail
from app.organisation.queries import forget, profile
from tests.factories.organisation import make_organisation
from tests.support.client import Client

SignIn = Callable[[str], Client]
FORM = {
    "legal_name": "Stichting Nieuw", "name": "Nieuw", "rsin": "1234.56.782", "kvk": "50205773", "anbi": "y",
    "fiscal_year_start": "7", "email": "info@nieuw.example", "social_links": "https://a.example\nhttps://b.example",
    "mail_sender_name": "SN", "mail_subject_name": "SN", "statement_descriptor": "SN gift",
}  # fmt: skip
ACCOUNT = {
    "iban": "nl02 rabo 0123 4567 89", "holder": "SN", "purpose": "gifts", "booked_by": "here", "active": "y",
    "pain_version": "pain.008.001.02", "lead_days": "1",
}  # fmt: skip


def test_an_empty_house_is_filled_in(sign_in: SignIn) -> None:
    client = sign_in("admin")
    assert client.get("/organisation").status_code == 200
    assert client.get("/organisation/edit").status_code == 200
    assert client.post("/organisation/edit", data=FORM).status_code == 303
    assert client.post("/organisation/accounts/new", data=ACCOUNT).status_code in (303, 422)
    forget()
    found = profile()
    assert (found.legal_name, found.rsin, found.fiscal_year_start) == ("Stichting Nieuw", "123456782", 7)
    assert found.social_links == ("https://a.example", "https://b.example")
    assert "Stichting Nieuw" in client.get("/organisation").text
    assert trail("organisation", found.id or 0)[0].actor_id == client.staff_id


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("rsin", {"rsin": "123456789"}), ("rsin", {"rsin": ""}), ("kvk", {"kvk": "12"}),
        ("creditor_id", {"creditor_id": "NL00ZZZ502057730000"}), ("privacy_url", {"privacy_url": "javascript:x"}),
        ("social_links", {"social_links": "ftp://x.example"}), ("email", {"email": "nee"}),
        ("fiscal_year_start", {"fiscal_year_start": "13"}), ("legal_name", {"legal_name": ""}),
        ("statement_descriptor", {"statement_descriptor": "gift €"}), ("anbi_since", {"anbi_since": "31-02-2020"}),
    ],
)  # fmt: skip
def test_what_is_wrong_stands_beside_its_field(
    app: Flask, sign_in: SignIn, field: str, changes: dict[str, str]
) -> None:
    make_organisation()
    answer = sign_in("admin").post("/organisation/edit", data=FORM | changes)
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert profile().name == "Voorbeeld"


def test_a_bank_account_is_changed_and_closed(app: Flask, sign_in: SignIn) -> None:
    make_organisation()
    account = profile().gift_account
    assert account is not None
    client = sign_in("admin")
    assert "NL91 ABNA 0417 1643 00" in client.get(f"/organisation/accounts/{account.id}").text
    form = ACCOUNT | {"iban": account.iban, "holder": "Anders", "cut_off": "15:30"}
    form.pop("active")
    assert client.post(f"/organisation/accounts/{account.id}", data=form).status_code == 303
    assert 'value="15:30"' in client.get(f"/organisation/accounts/{account.id}").text
    forget()
    assert profile().gift_account is None
    for wrong in (
        {"iban": "NL91ABNA0417164301"},
        {"bic": "X"},
        {"purpose": "forged"},
        {"holder": ""},
        {"cut_off": "half past"},
    ):
        assert client.post(f"/organisation/accounts/{account.id}", data=ACCOUNT | wrong).status_code == 422
    assert client.get("/organisation/accounts/1").status_code == 404


def test_the_pages_that_come_along_tell_who_and_where_to_complain(app: Flask, client: Client) -> None:
    make_organisation()
    text = client.get("/privacy").text
    for part in (
        "Stichting Voorbeeld Nederland",
        "info@voorbeeld.example",
        "zeven jaar",
        "Autoriteit Persoonsgegevens",
    ):
        assert part in text
    assert "Data Protection Authority" in client.get("/en/privacy").text
    assert "Den Haag".upper() in client.get("/klachten").text
    assert client.get("/en/complaints").status_code == 200


def test_the_organisations_own_pages_win(app: Flask, client: Client) -> None:
    make_organisation(privacy_url="https://eigen.example/privacy", complaints_url="https://eigen.example/klacht")
    assert client.get("/privacy").location == "https://eigen.example/privacy"
    assert client.get("/klachten").location == "https://eigen.example/klacht"
    assert 'href="https://eigen.example/privacy"' in client.get("/steun-ons").text
