"""The grants file: what was booked in the period, and how each grant stands."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select

from app.base.actor import SYSTEM
from app.base.references import code_of
from app.extensions import db, now, writing
from app.grants.awards import services as awards
from app.grants.awards.models import Recognition
from app.grants.instalments import services as instalments
from app.grants.instalments.models import Instalment
from app.grants.instalments.services import Received
from app.ledger import checks
from app.ledger import sums as ledger_sums
from tests.factories import grants as make
from tests.support.client import Client

SignIn = Callable[[str], Client]


@pytest.fixture
def grant_id(app: Flask) -> int:
    """€ 100.000 awarded on 1 October 2026 and confirmed; € 50.000 of it received on 10 November."""
    with writing():
        made = make.grant(
            now(),
            title="=Preventie",
            starts_on=date(2027, 1, 1),
            ends_on=date(2027, 12, 31),
            recognition=Recognition.AWARD,
        )
    with writing():
        awards.confirm([made], actor=SYSTEM, now=now())
    first = db.session.execute(select(Instalment.id).where(Instalment.grant_id == made).order_by(Instalment.position))
    received = Received(
        instalment_id=first.scalars().first() or 0, amount_cents=5_000_000, received_on=date(2026, 11, 10),
        bank_reference="NL-1", form_key="one",
    )  # fmt: skip
    with writing():
        instalments.receive([received], actor=SYSTEM, now=now())
    return made


def rows(client: Client, query: str) -> list[dict[str, str]]:
    response = client.get(f"/finance/exports/grants.csv?{query}")
    assert response.status_code == 200
    return list(csv.DictReader(io.StringIO(response.data.decode("utf-8-sig"), newline=""), delimiter=";"))


def test_a_grant_with_what_was_booked_in_the_period_and_in_all(sign_in: SignIn, grant_id: int) -> None:
    client = sign_in("viewer")
    with writing():
        ledger_sums.fold(1)  # partly folded sums give the same
    row = rows(client, "from=2026-01-01&to=2026-12-31")[0]
    assert row["Subsidie"] == code_of(grant_id)
    assert row["Titel"] == "'=Preventie"
    assert row["Financier"] == "Adessium Foundation"
    assert (row["Besloten op"], row["Begint op"], row["Eindigt op"]) == ("01-10-2026", "01-01-2027", "31-12-2027")
    assert (row["Toegekend"], row["Baten in periode"], row["Ontvangen in periode"]) == (
        "100000,00",
        "100000,00",
        "50000,00",
    )
    assert (row["Baten totaal"], row["Ontvangen totaal"]) == ("100000,00", "50000,00")
    assert (row["Nog te ontvangen"], row["Vooruitontvangen"]) == ("50000,00", "0,00")
    later = rows(client, "from=2027-01-01&to=2027-12-31")[0]
    assert (later["Baten in periode"], later["Ontvangen in periode"], later["Ontvangen totaal"]) == (
        "0,00",
        "0,00",
        "50000,00",
    )
    assert not any(outcome.problems for outcome in checks.run())


@pytest.mark.parametrize(
    ("query", "count"),
    [("from=2026-10-01&to=2026-10-01", 1), ("from=2026-11-10&to=2026-11-10", 1), ("from=2027-12-31&to=2028-01-31", 1),
     ("from=2026-01-01&to=2026-09-30", 0), ("from=2028-01-01&to=2028-12-31", 0)],
)  # fmt: skip
def test_grants_decided_running_or_booked_in_the_period(sign_in: SignIn, grant_id: int, query: str, count: int) -> None:
    found = rows(sign_in("finance"), query)
    assert [row["Titel"] for row in found if row["Subsidie"] == "Aantal regels"] == [str(count)]
    assert len([row for row in found if row["Financier"]]) == count
