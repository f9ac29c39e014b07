from __future__ import annotations

from datetime import datetime

import pytest
from flask import Flask

from app.extensions import now as app_now
from tests.payments.conftest import mollie, mollie_app

__all__ = ["mollie", "mollie_app", "now"]


@pytest.fixture
def now(app: Flask) -> datetime:
    return app_now()
