"""Conditions hold money until their evidence is there; awards turn back while nothing came; the pages of both."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

import pytest
from sqlalchemy import select

from app.base.actor import SYSTEM
from app.base.errors import Invalid, Refused
from app.extensions import db, writing
from app.grants.applications.models import Application, Stage
from app.grants.awards.models import Grant, GrantState, Recognition
from app.grants.awards.turning_back import turn_back
from app.grants.conditions import services
from app.grants.conditions.models import Condition, ConditionKind
from app.grants.instalments import release
from app.grants.instalments import services as instalments
from app.grants.instalments.models import InstalmentState
from app.grants.obligations import services as obligations
from app.grants.obligations.models import Obligation
from app.grants.settlements.models import Repayment
from app.ui.permissions import Role
from tests.factories import grants as make
from tests.grants.money_stories import FULL, HALF, books, grant_state, granted, instalment_ids, receive, report, state
from tests.support.client import Client

S = InstalmentState


def condition(
    grant_id: int, now: datetime, kind: ConditionKind = ConditionKind.PRECEDENT, of: int | None = None
) -> int:
    with writing():
        return services.add(grant_id, "Jaarrekening ingeleverd", kind, instalment_id=of, actor=SYSTEM, now=now)


def meet(condition_id: int, now: datetime) -> list[int]:
    with writing():
        return services.meet(condition_id, met_on=date(2026, 11, 20), evidence="brief", actor=SYSTEM, now=now)


@pytest.mark.parametrize("whole_grant", [True, False])
def test_an_unmet_condition_holds_what_was_due_and_evidence_frees_it(now: datetime, whole_grant: bool) -> None:
    grant_id, (first, second) = granted(now)
    assert state(first) is S.DUE
    held = condition(grant_id, now, of=None if whole_grant else first)
    assert state(first) is S.CONDITIONAL
    with pytest.raises(Refused), writing():
        instalments.request(first, requested_on=date(2026, 11, 20), actor=SYSTEM, now=now)
    with writing():
        assert release.for_date(actor=SYSTEM, now=now) == 0
    assert meet(held, now) == [first]
    assert (state(first), state(second)) == (S.DUE, S.CONDITIONAL)
    with writing():
        services.unmeet(held, actor=SYSTEM, now=now)
    assert state(first) is S.CONDITIONAL


def test_the_last_of_two_conditions_frees_and_other_kinds_hold_nothing(now: datetime) -> None:
    grant_id, (first, _) = granted(now)
    one, two = condition(grant_id, now), condition(grant_id, now, of=first)
    condition(grant_id, now, ConditionKind.ONGOING)
    assert meet(one, now) == []
    assert meet(two, now) == [first]


def test_an_accepted_report_and_a_condition_are_both_needed(now: datetime) -> None:
    with writing():
        grant_id = make.grant(now)
    _, second = instalment_ids(grant_id)
    held = condition(grant_id, now, of=second)
    duty = db.session.execute(select(Obligation.id).where(Obligation.grant_id == grant_id)).scalar_one()
    with writing():
        assert obligations.waive(duty, "not asked any more", actor=SYSTEM, now=now) == []
    assert state(second) is S.CONDITIONAL
    assert meet(held, now) == [second]


def test_evidence_is_asked_for(now: datetime) -> None:
    grant_id, _ = granted(now)
    held = condition(grant_id, now)
    with pytest.raises(Invalid) as error, writing():
        services.meet(held, met_on=date(2026, 11, 20), actor=SYSTEM, now=now)
    assert error.value.field == "evidence"


@pytest.mark.parametrize("rule", list(Recognition))
def test_an_award_is_turned_back_while_nothing_was_received(now: datetime, rule: Recognition) -> None:
    grant_id, parts = granted(now, rule)
    with writing():
        turn_back(grant_id, "the funder withdrew", actor=SYSTEM, now=now)
    assert books(grant_id) == (0, 0, 0, 0)
    assert grant_state(grant_id) is GrantState.TURNED_BACK
    assert {state(part) for part in parts} == {S.SETTLED}
    application_id = db.session.get_one(Grant, grant_id).application_id
    assert db.session.get_one(Application, application_id).stage is Stage.SUBMITTED


def test_an_award_with_money_stands(now: datetime) -> None:
    grant_id, (first, _) = granted(now)
    receive(first, HALF, now, "a")
    with pytest.raises(Refused, match="received"), writing():
        turn_back(grant_id, "?", actor=SYSTEM, now=now)
    assert books(grant_id) == (FULL, HALF, 0, 0)


def test_finance_settles_and_pays_back_on_the_pages(now: datetime, sign_in: Callable[[Role | str], Client]) -> None:
    grant_id, (first, _) = granted(now)
    receive(first, HALF, now, "a")
    report(grant_id, now)
    finance = sign_in("finance")
    version = str(db.session.get_one(Grant, grant_id, populate_existing=True).version)
    data = {
        "version": version, "form_key": "page-1", "amount": "40.000,00", "settled_on": "22-11-2026",
        "booked_on": "22-11-2026", "expected_on": "", "reference": "", "note": "vaststelling",
    }  # fmt: skip
    assert finance.get(f"/grants/{grant_id}/settle").status_code == 200
    assert finance.post(f"/grants/{grant_id}/settle", data=data | {"note": ""}).status_code == 422
    assert finance.post(f"/grants/{grant_id}/settle", data=data).status_code == 303
    page = finance.get(f"/grants/{grant_id}").text
    assert "10.000,00" in page
    assert f"/grants/{grant_id}/unconfirm" not in page, "what would be refused is not offered"
    money = {"form_key": "page-2", "paid_on": "23-11-2026", "amount": "10.000,00", "bank_reference": "uit 7"}
    assert finance.get(f"/grants/{grant_id}/repay").status_code == 200
    assert finance.post(f"/grants/{grant_id}/repay", data=money).status_code == 303
    assert books(grant_id) == (4_000_000, 0, 0, 0)
    assert finance.get(f"/grants/{grant_id}/unsettle").status_code == 200
    paid = db.session.execute(select(Repayment.id)).scalar_one()
    assert f"/grants/repayments/{paid}/take-back" in finance.get(f"/grants/{grant_id}").text
    place = f"/grants/repayments/{paid}/take-back"
    assert "10.000,00" in finance.get(place).text
    assert finance.post(place, data={"reason": ""}).status_code == 422
    assert finance.post(place, data={"reason": "verkeerde rekening"}).status_code == 303
    assert books(grant_id) == (4_000_000, 0, 0, 1_000_000)
    assert "verkeerde rekening" in finance.get(f"/grants/{grant_id}").text
    assert finance.post(place, data={"reason": "nog eens"}).status_code == 409


def test_a_condition_is_set_and_met_on_the_pages(now: datetime, fundraiser: Client) -> None:
    grant_id, (first, _) = granted(now)
    data = {"text": "Verklaring van de accountant", "kind": "precedent", "instalment_id": str(first)}
    assert fundraiser.get(f"/grants/{grant_id}/conditions/new").status_code == 200
    assert fundraiser.post(f"/grants/{grant_id}/conditions/new", data=data).status_code == 303
    page = fundraiser.get(f"/grants/{grant_id}").text
    assert "Verklaring van de accountant" in page
    assert "termijn van 01-11-2026" in page
    row = db.session.execute(select(Condition.id)).scalar_one()
    place = f"/grants/conditions/{row}/meet"
    assert fundraiser.get(place).status_code == 200
    page = fundraiser.get(f"/grants/instalments/{first}").text
    assert "Verklaring van de accountant" in page, "the instalment says what it waits for"
    assert place in page
    proof = {"version": "1", "met_on": "20-11-2026", "evidence": "per post", "file": ""}
    assert fundraiser.post(place, data=proof).status_code == 303
    assert state(first) is S.DUE
    assert place not in fundraiser.get(f"/grants/instalments/{first}").text
    assert fundraiser.post(f"/grants/conditions/{row}/unmeet", data={"version": "2"}).status_code == 303
    assert state(first) is S.CONDITIONAL
    assert fundraiser.post(f"/grants/conditions/{row}/remove", data={"version": "2"}).status_code == 409
    assert fundraiser.post(f"/grants/conditions/{row}/remove", data={"version": "3"}).status_code == 303
    assert state(first) is S.DUE
    page = fundraiser.get(f"/grants/{grant_id}").text
    assert f"/grants/conditions/{row}/" not in page
    assert "Verklaring van de accountant" in page  # in the trail
