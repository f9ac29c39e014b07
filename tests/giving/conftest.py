from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.extensions import writing
from app.ledger.accounts import ensure_chart
from tests.factories.organisation import make_organisation, make_programme
from tests.support.client import Client

FILLED = {
    "frequency": "once", "amount": "25", "other_amount": "", "programme": "", "first_name": "Anna", "infix": "van den",
    "last_name": "Berg", "email": "anna@example.org", "method": "ideal",
}  # fmt: skip
Give = Callable[..., TestResponse]


@pytest.fixture(autouse=True)
def house(app: Flask) -> None:
    """An organisation with a programme and a chart of accounts."""
    make_organisation()
    make_programme("watch", name="WATCH")
    with writing():
        ensure_chart()


def token_in(page: str) -> str:
    """The form token of a page."""
    found = re.search(r'name="token"[^>]*value="([^"]*)"', page) or re.search(r'value="([^"]*)"[^>]*name="token"', page)
    assert found is not None
    return found[1]


@pytest.fixture
def give(client: Client) -> Give:
    """`give(amount="50")` opens Steun ons and sends it; `token=` sends with an older token, `at=` elsewhere."""

    def send(token: str | None = None, at: str = "/steun-ons", **changes: str | None) -> TestResponse:
        if token is None:
            token = token_in(client.get(at).text)
        body = {name: value for name, value in (FILLED | changes).items() if value is not None}
        return client.post(at, data=body | {"token": token}, csrf=False)

    return send
