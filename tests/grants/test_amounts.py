"""Another amount, agreed to while the grant is in the books: the instalments and the books follow its rule."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given
from hypothesis import settings as dose
from hypothesis import strategies as st
from sqlalchemy import select

from app.base.actor import SYSTEM
from app.base.errors import DomainError, Refused
from app.extensions import db, writing
from app.grants.awards.models import Grant, Recognition
from app.grants.budgets import amendments, queries
from app.grants.budgets.amendments import Asked
from app.grants.budgets.models import AmendmentKind
from app.grants.instalments.models import Instalment, InstalmentState
from app.ledger.models import FiscalPeriod, JournalEntry, PeriodState
from app.tasks.models import Task, TaskState
from tests.grants.money_stories import FULL, HALF, books, granted, instalment_ids, receive, state
from tests.support.client import Client

R = Recognition


def asked(grant_id: int, cents: int, now: datetime) -> int:
    facts = Asked(kind=AmendmentKind.SCOPE, reason="Meer scholen", requested_on=date(2026, 11, 1), amount_cents=cents)
    with writing():
        return amendments.request(grant_id, facts, actor=SYSTEM, now=now)


def agreed(grant_id: int, cents: int, now: datetime, on: date = date(2026, 11, 20)) -> None:
    amendment_id = asked(grant_id, cents, now)
    with writing():
        amendments.approve(amendment_id, decided_on=on, finance=True, actor=SYSTEM, now=now)


def planned(grant_id: int) -> list[int]:
    chosen = select(Instalment.amount_cents).where(Instalment.grant_id == grant_id).order_by(Instalment.position)
    return list(db.session.execute(chosen).scalars())


@pytest.mark.parametrize(
    ("rule", "more", "less"),
    [  # recognised, receivable, received in advance, to pay back
        (R.AWARD, (FULL + 2_000_000, HALF + 2_000_000, 0, 0), (FULL - 2_000_000, HALF - 2_000_000, 0, 0)),
        (R.CONTRIBUTION_YEAR, (FULL, HALF, 0, 0), (FULL - 2_000_000, HALF - 2_000_000, 0, 0)),  # more is for 2028
        (R.RECEIPT, (HALF, 0, 0, 0), (HALF, 0, 0, 0)),
        (R.COSTS, (0, 0, HALF, 0), (0, 0, HALF, 0)),
    ],
)
def test_more_or_less_money_follows_the_rule_of_the_grant(
    now: datetime, rule: Recognition, more: tuple[int, ...], less: tuple[int, ...]
) -> None:
    for cents, expected, plan in (
        (FULL + 2_000_000, more, [HALF, HALF, 2_000_000]),
        (FULL - 2_000_000, less, [HALF, 3_000_000]),
    ):
        grant_id, (first, _second) = granted(now, rule)
        receive(first, HALF, now, f"a{cents}")
        agreed(grant_id, cents, now)
        assert books(grant_id) == expected
        assert planned(grant_id) == plan
        assert db.session.get_one(Grant, grant_id, populate_existing=True).amount_cents == cents


def test_what_was_paid_goes_down_by_the_settlement_alone(now: datetime, fundraiser: Client) -> None:
    grant_id, (first, second) = granted(now)
    receive(first, HALF, now, "a")
    with pytest.raises(Refused, match="settlement"):
        agreed(grant_id, HALF - 1, now)
    db.session.rollback()
    assert (books(grant_id)[0], planned(grant_id)) == (FULL, [HALF, HALF])
    agreed(grant_id, HALF, now)
    assert (books(grant_id), state(second)) == ((HALF, 0, 0, 0), InstalmentState.SETTLED)
    page = fundraiser.get(f"/grants/{grant_id}").text.replace("\xa0", " ")
    assert "nog niet gepland" not in page
    assert "kwam op € 0,00" in page
    assert 'data-label="Afgesproken">€ 50.000,00' in page.split("<tfoot>")[1].split("</tfoot>")[0]


def test_a_decision_of_a_closed_month_is_booked_today(now: datetime) -> None:
    grant_id, _ = granted(now)
    amendment_id = asked(grant_id, FULL + 100, now)
    with writing():
        db.session.add(FiscalPeriod(month=date(2026, 11, 1), state=PeriodState.CLOSED))
        later = now.replace(month=12, day=2)
        amendments.approve(amendment_id, decided_on=date(2026, 11, 20), finance=True, actor=SYSTEM, now=later)
    newest = select(JournalEntry.booked_on).order_by(JournalEntry.id.desc()).limit(1)
    assert db.session.execute(newest).scalar_one() == date(2026, 12, 2)


@given(rule=st.sampled_from(list(R)), paid=st.integers(0, FULL), steps=st.lists(st.integers(1, 2 * FULL), max_size=3))
@dose(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_books_add_up_whatever_is_agreed(now: datetime, rule: Recognition, paid: int, steps: list[int]) -> None:
    grant_id, (first, _second) = granted(now, rule)
    if paid:
        receive(first, paid, now, str(grant_id))
    for cents in steps:
        try:
            agreed(grant_id, cents, now)
        except DomainError:
            db.session.rollback()
    grant = db.session.get_one(Grant, grant_id, populate_existing=True)
    recognised, receivable, ahead, _owed = books(grant_id)
    assert recognised - receivable + ahead == paid
    if rule is R.AWARD and paid <= HALF:
        assert recognised == grant.amount_cents
    if rule is R.AWARD:
        assert sum(planned(grant_id)) >= grant.amount_cents


def test_finance_records_the_agreement_and_the_fundraiser_is_told(
    now: datetime, sign_in: Callable[[str], FlaskClient]
) -> None:
    grant_id, _ = granted(now)
    amendment_id = asked(grant_id, FULL + 2_000_000, now)
    home = f"/grants/amendments/{amendment_id}"
    fundraiser = sign_in("fundraiser")
    page = fundraiser.get(home).text
    assert "financiën legt het akkoord vast" in page
    assert f"{home}/approve" not in page
    data = {"decided_on": "20-11-2026", "version": "1"}
    assert fundraiser.post(f"{home}/approve", data=data).status_code == 409
    finance = sign_in("finance")
    assert f"{home}/book" in finance.get(home).text
    assert "Er komt een termijn van € 20.000,00 bij" in finance.get(f"{home}/book").text.replace("\xa0", " ")
    assert finance.post(f"{home}/book", data=data).status_code == 303
    assert len(instalment_ids(grant_id)) == 3
    assert queries.amendment(amendment_id).state.value == "approved"


def test_finance_has_a_task_once_the_funder_agrees(now: datetime, sign_in: Callable[[str], FlaskClient]) -> None:
    grant_id, _ = granted(now)
    amendment_id = asked(grant_id, FULL + 2_000_000, now)
    home = f"/grants/amendments/{amendment_id}"
    sign_in("finance")
    fundraiser = sign_in("fundraiser")
    for _turn in range(2):
        assert fundraiser.post(f"{home}/ask-finance").status_code == 303
    task = db.session.execute(select(Task).where(Task.subject_type == "amendment")).scalar_one()
    assert (task.subject_id, task.state, task.due_on) == (amendment_id, TaskState.OPEN, date(2026, 11, 23))
    assert "de taak ligt bij Test finance" in (page := fundraiser.get(home).text)
    assert f"{home}/ask-finance" not in page
    finance = sign_in("finance")
    assert home in (page := finance.get("/tasks?whose=all").text)
    assert "Leg vast dat de financier akkoord is met een ander bedrag" in page
    finance.post(f"{home}/book", data={"decided_on": "20-11-2026", "version": "1"})
    assert db.session.get_one(Task, task.id, populate_existing=True).state is TaskState.DONE
    fundraiser = sign_in("fundraiser")
    assert fundraiser.post(f"{home}/ask-finance").status_code == 409


def test_what_finance_was_asked_is_dropped_where_the_funder_refuses(
    now: datetime, sign_in: Callable[[str], FlaskClient]
) -> None:
    grant_id, _ = granted(now)
    amendment_id, other = asked(grant_id, FULL + 2_000_000, now), asked(grant_id, FULL, now)
    fundraiser = sign_in("fundraiser")
    assert fundraiser.post(f"/grants/amendments/{other}/ask-finance").status_code == 409, "no amount changes"
    fundraiser.post(f"/grants/amendments/{amendment_id}/ask-finance")
    data = {"decided_on": "20-11-2026", "answer": "Toch niet", "version": "1"}
    fundraiser.post(f"/grants/amendments/{amendment_id}/refuse", data=data)
    assert db.session.execute(select(Task.state).where(Task.subject_type == "amendment")).scalar_one() is (
        TaskState.DROPPED
    )
