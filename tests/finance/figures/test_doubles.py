"""Costs that we handed over and that come back in the file of the accounting package."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from flask import Flask

from app.base.actor import SYSTEM
from app.extensions import db, now, writing
from app.finance.books.handing_over import hand_over
from app.finance.books.models import Layout
from app.finance.figures import queries
from app.finance.figures.doubles import Alike, doubles
from app.finance.figures.models import FigureKind, FigureState
from app.finance.figures.services import Amount
from app.ledger import periods, postings
from app.ledger.accounts import FEES
from app.ledger.rj import RjLine
from app.ledger.services import map_account, post
from tests.factories.organisation import make_organisation
from tests.finance.figures.test_pages import columns, mean, press, row_of, upload
from tests.support.client import Client

JAN, FEB = date(2026, 1, 1), date(2026, 2, 1)
LINE = RjLine.RAISING_COSTS


@pytest.fixture
def handed(app: Flask) -> None:
    """Fees of € 12,50 in January, handed over as 4700; as much in February, not handed over."""
    make_organisation()
    with writing():
        for number, on in enumerate((date(2026, 1, 9), date(2026, 1, 20), date(2026, 2, 9))):
            post([postings.payment_fee(("sample", number), 625, on, provider="mollie")], actor=SYSTEM, now=now())
        map_account(FEES, rgs_code=None, outside_code="4700", actor=SYSTEM, now=now())
        periods.close(JAN, actor=SYSTEM, now=now())
    hand_over(JAN, Layout.XAF_40, actor=SYSTEM, now=now())


@pytest.mark.parametrize(
    ("amounts", "found"),
    [
        ([Amount(JAN, LINE, 1250, "4700")], [("4700", 1250, Alike.SAME)]),
        ([Amount(JAN, LINE, 1000, "4700"), Amount(JAN, LINE, 250, "4700", 7)], [("4700", 1250, Alike.SAME)]),
        ([Amount(JAN, LINE, 9900, "4700")], [("4700", 9900, Alike.ACCOUNT)]),
        ([Amount(JAN, LINE, 1250, "4999")], [("4999", 1250, Alike.AMOUNT)]),
        ([Amount(JAN, LINE, 1250, "4510"), Amount(JAN, LINE, 1250, "4999")], [("4510", 1250, Alike.SAME)]),
        ([Amount(JAN, LINE, 1251, "4999")], []),
        ([Amount(FEB, LINE, 625, "4700")], []),
    ],
)
def test_costs_we_handed_over_are_found(
    handed: None, amounts: list[Amount], found: list[tuple[str, int, Alike]]
) -> None:
    assert [(each.account, each.theirs, each.alike) for each in doubles(amounts)] == found


def test_they_are_left_out_or_said_to_be_others(handed: None, sign_in: Callable[[str], Client]) -> None:
    finance = sign_in("finance")
    address = upload(finance, "Rekening;Maand;Bedrag\n4700;2026-01;12,50\n4000;2026-01;100,00\n")
    columns(finance, address, "112,50")
    mean(finance, address, {"4700": ("raising_costs", ""), "4000": ("management", "")})
    assert "zou dubbel tellen" in finance.get(address).get_data(as_text=True)
    press(finance, address, "enter")
    assert row_of(address).state is FigureState.READ  # nobody decided
    press(finance, address, "leave-out")
    press(finance, address, "enter")
    assert row_of(address).state is FigureState.IN
    assert sum(each.cents for each in queries.sums(FigureKind.COST, JAN, FEB)) == 10000
    again = upload(finance, "Rekening;Maand;Bedrag\n4999;2026-01;12,50\n")
    columns(finance, again, "12,50")
    mean(finance, again, {"4999": ("raising_costs", "")})
    finance.post(f"{again}/enter", data={"version": str(row_of(again).version), "doubles": "y"})
    assert row_of(again).state is FigureState.IN
    db.session.rollback()
