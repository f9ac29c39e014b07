from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from flask import Flask

from app.extensions import now as app_now
from app.ui.permissions import Role
from tests.support.client import Client


@pytest.fixture
def now(app: Flask) -> datetime:
    """Noon on 23 November 2026, unless the test moved the clock before asking."""
    return app_now()


@pytest.fixture
def fundraiser(sign_in: Callable[[Role | str], Client]) -> Client:
    return sign_in("fundraiser")
