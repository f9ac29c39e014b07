from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask

from app.base.money import Money
from app.ui import filters
from app.ui.permissions import Role

pytestmark = pytest.mark.databases("sqlite")
N = "\u00a0"

CASES: list[tuple[str, tuple[Any, ...], str, str]] = [
    ("money", (123456,), f"€{N}1.234,56", "€1,234.56"),
    ("money", (Money(-5),), f"€{N}-0,05", "-€0.05"),
    ("money", (None,), "", ""),
    ("whole_money", (123450,), f"€{N}1.235", "€1,235"),
    ("whole_money", (-149,), f"€{N}-1", "-€1"),
    ("short_money", (1_234_500_000,), f"€{N}12,35 mln", "€12.35 m"),
    ("short_money", (4_512_300,), f"€{N}45,1 dzd", "€45.1 k"),
    ("short_money", (12_500_000,), f"€{N}125 dzd", "€125 k"),
    ("short_money", (150,), f"€{N}1,50", "€1.50"),
    ("short_money", (-81_200,), f"€{N}-812", "€-812"),
    ("short_money", (81_200,), f"€{N}812", "€812"),
    ("short_money", (99_949_999,), f"€{N}999 dzd", "€999 k"),
    ("day", (date(2026, 11, 3),), "03-11-2026", "03-11-2026"),
    ("day", (datetime(2026, 11, 3, 23, 30, tzinfo=UTC),), "04-11-2026", "04-11-2026"),
    ("long_date", (date(2026, 11, 3),), "3 november 2026", "3 November 2026"),
    ("short_month", (date(2026, 3, 1),), "mrt", "Mar"),
    ("instant", (datetime(2026, 7, 3, 22, 5, tzinfo=UTC),), "04-07-2026 00:05", "04-07-2026 00:05"),
    ("days_away", (date(2026, 11, 27), date(2026, 11, 23)), "over 4 dagen", "in 4 days"),
    ("days_away", (date(2026, 11, 22), date(2026, 11, 23)), "gisteren", "yesterday"),
    ("days_away", (date(2026, 11, 20), date(2026, 11, 23)), "3 dagen geleden", "3 days ago"),
    ("label", (Role.FUNDRAISER,), "Fondsenwerver", "Fundraiser"),
    ("number", (1234,), "1.234", "1,234"),
    ("number", (Decimal("1234.50"),), "1.234,5", "1,234.5"),
    ("number", (3, 1), "3,0", "3.0"),
    ("percent", (0.1234,), "12,3%", "12.3%"),
    ("percent", (0.5,), "50%", "50%"),
    ("percent", (None,), "", ""),
    ("iban", ("NL91ABNA0417164300",), f"NL91{N}ABNA{N}0417{N}1643{N}00", f"NL91{N}ABNA{N}0417{N}1643{N}00"),
]


@pytest.mark.parametrize(("name", "args", "dutch", "english"), CASES)
def test_values_look_as_each_language_writes_them(
    app: Flask, name: str, args: tuple[Any, ...], dutch: str, english: str
) -> None:
    shown = getattr(filters, name)
    with app.test_request_context("/"):
        assert shown(*args) == dutch
    with app.app_context(), app.test_request_context("/en/support-us"):
        assert shown(*args) == english


def test_naive_instants_are_refused(app: Flask) -> None:
    with app.test_request_context("/"), pytest.raises(ValueError, match="naive"):
        filters.instant(datetime(2026, 1, 1))  # noqa: DTZ001
