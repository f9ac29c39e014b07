"""The chart of accounts: added to, renamed, put to rest, and never against what was booked."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from flask import Flask

from app.audit.queries import trail
from app.base.actor import SYSTEM
from app.base.errors import DomainError, Invalid, Refused
from app.extensions import now, writing
from app.ledger import chart, periods, queries, services
from app.ledger.entries import Entry, Line
from app.ledger.models import Account, AccountKind, Event
from app.ledger.rj import RjLine

LEGACIES: dict[str, Any] = {
    "name_nl": "Nalatenschappen", "name_en": "Legacies", "kind": AccountKind.INCOME, "rj_line": RjLine.INDIVIDUALS,
}  # fmt: skip


@pytest.fixture
def legacies(app: Flask) -> None:
    with writing():
        services.ensure_chart()
        chart.add_account("8011", **LEGACIES, actor=SYSTEM, now=now())


def change(code: str = "8011", **changes: Any) -> Account:
    with writing():
        return chart.change_account(code, **{**LEGACIES, "active": True, **changes}, actor=SYSTEM, now=now())


def book(number: int, on: date, cents: int = 100) -> None:
    lines = (Line("1100", cents), Line("8011", -cents))
    with writing():
        services.post(
            [Entry(Event.GIFT_RECEIVED, on, ("sample", number), f"sample:{number}", lines)], actor=SYSTEM, now=now()
        )


def test_an_account_is_added_and_renamed_with_a_trail(legacies: None) -> None:
    change(name_nl="Erfenissen en legaten")
    account = queries.account("8011")
    assert account is not None
    assert (account.name_nl, account.rj_line, account.active) == ("Erfenissen en legaten", RjLine.INDIVIDUALS, True)
    actions = [line.action for line in trail("ledger_account", account.id)]
    assert sorted(actions) == ["account.added", "account.changed"]


@pytest.mark.parametrize(
    ("code", "changes", "field"),
    [
        ("8010", {}, "code"),
        ("80 1", {}, "code"),
        ("8", {}, "code"),
        ("8012", {"name_en": " "}, "name_en"),
        ("8012", {"rj_line": None}, "rj_line"),
        ("8012", {"rj_line": RjLine.MANAGEMENT}, "rj_line"),
        ("1999", {"kind": AccountKind.ASSET}, "rj_line"),
    ],
)
def test_an_odd_account_is_refused(legacies: None, code: str, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused, writing():
        chart.add_account(code, **{**LEGACIES, **changes}, actor=SYSTEM, now=now())
    assert refused.value.field == field


def test_kind_and_line_are_fixed_once_used(legacies: None) -> None:
    change(rj_line=RjLine.COMPANIES)
    change()
    book(1, date(2026, 10, 5))
    for changes in ({"rj_line": RjLine.COMPANIES}, {"kind": AccountKind.ASSET, "rj_line": None}):
        with pytest.raises(Refused):
            change(**changes)
    change(name_nl="Toch een andere naam")


def test_an_account_rests_only_when_nothing_stands_on_it_in_an_open_month(legacies: None) -> None:
    book(1, date(2026, 9, 5))
    with pytest.raises(Refused, match="8011"):
        change(active=False)
    with writing():
        periods.close(date(2026, 9, 1), actor=SYSTEM, now=now())
    change(active=False)
    with pytest.raises(DomainError, match="no active account 8011"):
        book(2, date(2026, 10, 5))
    change()
    book(2, date(2026, 10, 5))


def test_what_booking_needs_stays(legacies: None) -> None:
    bank = {"name_nl": "Bank", "name_en": "Bank", "kind": AccountKind.ASSET, "rj_line": None}
    change("1100", **bank, active=True)
    with pytest.raises(Refused, match="1100"):
        change("1100", **bank, active=False)
    with pytest.raises(Refused):
        change("1100", **{**bank, "kind": AccountKind.LIABILITY})
