from __future__ import annotations

import pytest
from flask import Flask

from app.extensions import writing
from app.ledger.accounts import ensure_chart
from tests.factories.organisation import make_organisation


@pytest.fixture(autouse=True)
def house(app: Flask) -> None:
    """An organisation with a chart of accounts."""
    make_organisation()
    with writing():
        ensure_chart()
