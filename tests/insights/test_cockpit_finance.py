"""Monday morning of finance begins in the cockpit: batches, money to explain, what banks took back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from html import unescape

import pytest
from flask import Flask
from sqlalchemy import update

from app.banking.models import BankLine, LineState
from app.direct_debit import batch_queries
from app.direct_debit.models import Collection
from app.direct_debit.states import CollectionState
from app.extensions import db, writing
from app.extensions import now as app_now
from app.ui.permissions import Role
from tests.banking.files import Pay
from tests.banking.test_matching import take
from tests.conftest import SettableClock
from tests.direct_debit.test_pages import somebody
from tests.direct_debit.test_returns import tell, told
from tests.factories import debits
from tests.factories.organisation import make_organisation
from tests.support.client import Client
from tests.support.counting import statements_of

SignIn = Callable[[str], Client]


def cockpit(client: Client) -> str:
    return unescape(client.get("/cockpit").text).replace("\N{NO-BREAK SPACE}", " ")


def test_batches_stand_there_until_their_money_is_seen(app: Flask, clock: SettableClock) -> None:
    debits.due(clock)
    one, two, fundraiser = (somebody(app, role) for role in (Role.FINANCE, Role.ADMIN, Role.FUNDRAISER))
    assert "Stel een batch samen: 3 incasso's zijn aan de beurt, € 47,50" in cockpit(one)
    assert batch_queries.due(2) == batch_queries.Due(date(2026, 12, 15), 3, 47_50, True)
    batch_id = debits.built(one.staff_id)
    page = cockpit(one)
    assert "Stel een batch samen" not in page
    assert "Laat iemand anders de batch van € 47,50 voor 15-12-2026 goedkeuren" in page
    assert "nog 4 dagen" in page  # the bank wants the file a bank day before
    assert f"/collections/batches/{batch_id}" in page
    assert "Keur de batch van € 47,50 voor 15-12-2026 goed" in cockpit(two)
    assert "€ 47,50" not in cockpit(fundraiser)
    two.post(f"/collections/batches/{batch_id}/approve", data={"count": "3", "cents": "4750"})
    assert "Maak het bestand van de batch van € 47,50 voor 15-12-2026" in cockpit(one)
    one.post(f"/collections/batches/{batch_id}/export")
    assert "Stuur het bestand van de batch van € 47,50 voor 15-12-2026 naar de bank" in cockpit(one)
    one.post(f"/collections/batches/{batch_id}/sent")
    assert "€ 47,50" not in cockpit(one)
    clock.at(2026, 12, 16, 11)
    one = somebody(app, Role.FINANCE)
    assert "De € 47,50 van de batch van 15-12-2026 is nog niet op de bank gezien" in cockpit(one)
    one.post(f"/collections/batches/{batch_id}/book", data={"on": "15-12-2026", "amount": "47,50"})
    assert "€ 47,50" not in cockpit(one)


@pytest.fixture
def now(app: Flask) -> datetime:
    return app_now()


def test_money_to_explain_stands_there_with_its_oldest_day(app: Flask, sign_in: SignIn, now: datetime) -> None:
    make_organisation()
    take(Pay(12_50, name="zomaar"), Pay(30_00, name="ook zomaar"), Pay(-5_00, name="kosten"), now=now)
    finance = sign_in("finance")
    page = cockpit(finance)
    assert "Verklaar 3 betalingen op de bank" in page
    assert "€ 42,50 erbij · € 5,00 eraf" in page
    assert "/bank/review?state=review" in page
    with writing() as session:
        session.execute(update(BankLine).where(BankLine.cents == 30_00).values(state=LineState.SUSPENSE))
    page = cockpit(finance)
    assert "Verklaar 2 betalingen op de bank" in page
    assert "1 betaling is op vraagposten gelaten" in page
    assert "Verklaar" not in cockpit(sign_in("viewer"))


def test_returns_and_failed_collections_stand_there(app: Flask, clock: SettableClock) -> None:
    ids = debits.due(clock)
    tell(told(ids[0], on=date(2026, 12, 9), end_to_end="NIEMAND"))
    with writing() as session:
        session.execute(update(Collection).where(Collection.id == ids[1]).values(state=CollectionState.FAILED))
    page = cockpit(somebody(app, Role.FINANCE))
    assert "Zoek uit waar 1 storno van de bank bij hoort" in page
    assert "/collections/returns" in page
    assert "Handel 1 mislukte incasso af" in page
    assert "/recurring/failed" in page


def test_the_cockpit_of_finance_takes_as_many_statements_however_much_waits(
    app: Flask, clock: SettableClock, now: datetime
) -> None:
    ids = debits.due(clock)
    finance = somebody(app, Role.FINANCE)
    before = statements_of(finance, "/cockpit")
    debits.built(finance.staff_id)
    take(*(Pay(10_00 + n, name=f"zomaar {n}") for n in range(20)), now=now)
    tell(*(told(row, end_to_end="NIEMAND") for row in ids))
    assert statements_of(finance, "/cockpit") == before
    assert db.session.get_one(Collection, ids[0])
