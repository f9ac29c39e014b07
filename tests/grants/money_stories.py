"""Short ways through the money of a grant, for the tests of its books."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from app.base.actor import SYSTEM
from app.extensions import db, writing
from app.grants.awards import services as awards
from app.grants.awards.models import Grant, GrantState, Recognition
from app.grants.awards.plans import InstalmentPlan
from app.grants.instalments import services
from app.grants.instalments.models import Instalment, InstalmentState
from app.grants.instalments.services import Received
from app.grants.settlements import services as settlements
from app.grants.settlements.services import SettlementFacts
from app.ledger import checks as ledger_checks
from app.ledger.queries import grant_balance
from tests.factories import grants as make

FULL = 10_000_000
HALF = 5_000_000


def granted(
    now: datetime, rule: Recognition = Recognition.AWARD, plans: list[InstalmentPlan] | None = None, **facts: Any
) -> tuple[int, list[int]]:
    """A confirmed and signed grant of € 100.000 with its instalments: two halves of 2026, unless given."""
    halves = [
        InstalmentPlan(expected_on=day, basis_points=5000, contribution_year=2026)
        for day in (date(2026, 11, 1), date(2027, 9, 1))
    ]
    with writing():
        grant_id = make.grant(now, plans or halves, recognition=rule, **facts)
        awards.sign(grant_id, agreed_on=date(2026, 10, 2), actor=SYSTEM, now=now)
        awards.confirm([grant_id], actor=SYSTEM, now=now)
    return grant_id, instalment_ids(grant_id)


def instalment_ids(grant_id: int) -> list[int]:
    chosen = select(Instalment.id).where(Instalment.grant_id == grant_id).order_by(Instalment.position)
    return list(db.session.execute(chosen).scalars())


def receive(instalment_id: int, cents: int, now: datetime, key: str, on: date = date(2026, 11, 20)) -> int:
    money = Received(
        instalment_id=instalment_id, received_on=on, amount_cents=cents, bank_reference="NTRF 123", form_key=key
    )
    with writing():
        return services.receive([money], actor=SYSTEM, now=now)[0]


def report(grant_id: int, now: datetime, state: GrantState = GrantState.REPORTING) -> None:
    with writing():
        awards.move(grant_id, state, note="it is over", actor=SYSTEM, now=now)


def settlement(cents: int, key: str = "s1", **facts: Any) -> SettlementFacts:
    filled: dict[str, Any] = {
        "settled_on": date(2026, 11, 22), "booked_on": date(2026, 11, 22), "note": "vaststelling", "form_key": key,
    }  # fmt: skip
    return SettlementFacts(settled_cents=cents, **filled | facts)


def settle(grant_id: int, cents: int, now: datetime, **facts: Any) -> int:
    with writing():
        return settlements.settle(grant_id, settlement(cents, **facts), actor=SYSTEM, now=now)


def state(instalment_id: int) -> InstalmentState:
    return db.session.get_one(Instalment, instalment_id, populate_existing=True).state


def grant_state(grant_id: int) -> GrantState:
    return db.session.get_one(Grant, grant_id, populate_existing=True).state


def books(grant_id: int) -> tuple[int, int, int, int]:
    """(recognised, receivable, received in advance, to pay back), after proving the whole ledger."""
    problems = [problem for outcome in ledger_checks.run() for problem in outcome.problems]
    assert problems == []
    found = grant_balance(grant_id)
    return found.recognised, found.receivable, found.received_ahead, found.repayable
