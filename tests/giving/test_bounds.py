"""What the provider takes at most by each way to pay is said before it is sent, with the ways that do take it."""

from __future__ import annotations

from html import unescape

import pytest
from flask import Flask

from app.payments.providers.base import Method
from app.payments.providers.demo import DemoProvider
from tests.giving.conftest import Give
from tests.support.client import Client

_LISTED = [
    Method("ideal", "iDEAL", 100, 5_000_000, starts_recurring=True),
    Method("creditcard", "Creditcard", 100, 200_000, starts_recurring=True),
    Method("paypal", "PayPal", 500, 800_000),
]


@pytest.fixture(autouse=True)
def bounded(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DemoProvider, "methods", lambda _self: list(_LISTED))


def test_the_form_says_what_a_way_to_pay_takes_at_most(client: Client) -> None:
    nl, en = (unescape(client.get(at).text).replace("\xa0", " ") for at in ("/steun-ons", "/en/support-us"))
    assert "Creditcard (tot € 2.000)" in nl
    assert "Credit card (up to €2,000)" in en
    assert "Wero (" not in nl


def test_more_than_it_takes_is_refused_with_the_other_ways_named(give: Give) -> None:
    sent = give(amount="other", other_amount="2500", method="creditcard")
    text = unescape(sent.text).replace("\xa0", " ")
    assert sent.status_code == 422
    assert (
        "Met Creditcard kunt u hoogstens € 2.000,00 ineens geven. Dit bedrag kan wel met: iDEAL | Wero · PayPal" in text
    )
    assert 'value="2500"' in text


def test_a_recurring_gift_names_only_what_can_be_collected_again(give: Give) -> None:
    text = unescape(give(amount="other", other_amount="2500", method="creditcard", frequency="monthly").text)
    assert "Dit bedrag kan wel met: iDEAL | Wero." in text


def test_less_than_it_takes_is_refused_in_english_too(give: Give) -> None:
    sent = give(at="/en/support-us", amount="other", other_amount="2", method="paypal")
    assert sent.status_code == 422
    assert "With PayPal you can give from €5.00. This amount can be paid with: iDEAL | Wero · Credit card" in unescape(
        sent.text
    )


def test_what_it_takes_just_fits(give: Give) -> None:
    assert give(amount="other", other_amount="2000", method="creditcard").status_code == 303
