"""The money of instalments: in, in part, too much, back again; and the books after each."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from app.base.actor import SYSTEM
from app.base.errors import Invalid, Refused
from app.extensions import db, writing
from app.grants.awards import services as awards
from app.grants.awards.models import Recognition
from app.grants.awards.plans import InstalmentPlan
from app.grants.instalments import checks, release, services
from app.grants.instalments.models import Instalment, InstalmentState, Receipt
from app.grants.instalments.services import Received
from app.grants.queries import expected_income
from app.ledger import checks as ledger_checks
from app.ledger.queries import GrantBalance, grant_balance
from app.ui.permissions import Role
from tests.conftest import SettableClock
from tests.factories import grants as make
from tests.grants import money_stories as story
from tests.support.client import Client

S = InstalmentState
FULL = 10_000_000
HALF = 5_000_000


def confirmed(now: datetime, rule: Recognition = Recognition.AWARD, years: int = 0) -> tuple[int, list[int]]:
    """A confirmed grant of € 100.000 and its instalments: two halves, or so many yearly parts from 2026."""
    parts = [InstalmentPlan(expected_on=date(2026 + n, 11, 1), basis_points=10_000 // years) for n in range(years)]
    with writing():
        grant_id = make.grant(now, parts or None, recognition=rule)
        awards.confirm([grant_id], actor=SYSTEM, now=now)
    chosen = select(Instalment.id).where(Instalment.grant_id == grant_id).order_by(Instalment.position)
    return grant_id, list(db.session.execute(chosen).scalars())


def receive(instalment_id: int, cents: int, now: datetime, key: str = "k1", on: date = date(2026, 11, 20)) -> int:
    money = Received(
        instalment_id=instalment_id, received_on=on, amount_cents=cents, bank_reference="NTRF 123", form_key=key
    )
    with writing():
        return services.receive([money], actor=SYSTEM, now=now)[0]


def state(instalment_id: int) -> InstalmentState:
    return db.session.get_one(Instalment, instalment_id, populate_existing=True).state


def balance(grant_id: int) -> tuple[int, int, int]:
    found = grant_balance(grant_id)
    return found.recognised, found.receivable, found.received_ahead


def books_are_whole() -> bool:
    problems = [problem for outcome in ledger_checks.run() for problem in outcome.problems]
    assert problems == []
    return True


@pytest.mark.parametrize(
    ("rule", "before", "after"),
    [
        (Recognition.AWARD, (FULL, FULL, 0), (FULL, HALF, 0)),
        (Recognition.CONTRIBUTION_YEAR, (HALF, HALF, 0), (HALF, 0, 0)),
        (Recognition.RECEIPT, (0, 0, 0), (HALF, 0, 0)),
        (Recognition.COSTS, (0, 0, 0), (0, 0, HALF)),
    ],
)
def test_each_rule_books_on_its_own_moment_and_undo_leads_back(
    now: datetime, rule: Recognition, before: tuple[int, int, int], after: tuple[int, int, int]
) -> None:
    grant_id, (first, _) = confirmed(now, rule)
    assert balance(grant_id) == before
    receipt = receive(first, HALF, now)
    assert state(first) is S.RECEIVED
    assert balance(grant_id) == after
    assert books_are_whole()
    with writing():
        services.take_back(receipt, "wrong grant", actor=SYSTEM, now=now)
    assert state(first) is S.DUE
    assert balance(grant_id) == before
    assert books_are_whole()


def test_the_same_form_twice_is_one_receipt(now: datetime) -> None:
    grant_id, (first, _) = confirmed(now)
    assert receive(first, HALF, now) == receive(first, HALF, now)
    assert balance(grant_id)[1] == HALF
    with pytest.raises(Refused, match="other figures"):
        receive(first, HALF - 1, now)


def test_parts_add_up_to_received(now: datetime) -> None:
    grant_id, (first, _) = confirmed(now)
    receive(first, HALF - 1, now, "a")
    assert state(first) is S.DUE
    receive(first, 1, now, "b")
    assert state(first) is S.RECEIVED
    assert balance(grant_id) == (FULL, HALF, 0)


def test_more_than_agreed_stands_in_advance_until_it_is_settled(now: datetime) -> None:
    grant_id, (first, second) = confirmed(now)
    receive(second, HALF, now, "a")
    receive(first, HALF + 300, now, "b")
    assert balance(grant_id) == (FULL, 0, 300)
    with writing():
        services.settle(first, "rounding by the funder", actor=SYSTEM, now=now)
    assert balance(grant_id) == (FULL + 300, 0, 0)
    assert books_are_whole()
    with writing():
        services.unsettle(first, actor=SYSTEM, now=now)
    assert state(first) is S.RECEIVED
    assert balance(grant_id) == (FULL, 0, 300)
    assert books_are_whole()


def test_less_than_agreed_is_settled_at_what_came(now: datetime) -> None:
    grant_id, (first, _) = confirmed(now)
    receipt = receive(first, 1_000, now)
    with writing():
        services.settle(first, "vastgesteld", actor=SYSTEM, now=now)
    assert (state(first), balance(grant_id)) == (S.SETTLED, (HALF + 1_000, HALF, 0))
    with pytest.raises(Refused, match="settlement"), writing():
        services.take_back(receipt, "?", actor=SYSTEM, now=now)
    with pytest.raises(Refused, match="settle"):
        receive(first, 1, now, "other")
    with writing():
        services.unsettle(first, actor=SYSTEM, now=now)
    assert (state(first), balance(grant_id)) == (S.DUE, (FULL, FULL - 1_000, 0))
    assert books_are_whole()


def test_an_instalment_that_never_comes_is_settled_at_nothing(now: datetime) -> None:
    grant_id, (_, second) = confirmed(now)
    with writing():
        services.settle(second, "project ended early", actor=SYSTEM, now=now)
    assert balance(grant_id) == (HALF, HALF, 0)
    assert books_are_whole()


def test_each_contribution_is_income_in_its_own_year(now: datetime, clock: SettableClock) -> None:
    grant_id, parts = confirmed(now, Recognition.CONTRIBUTION_YEAR, years=5)
    assert balance(grant_id)[0] == FULL // 5
    for year in (2027, 2028):
        clock.at(year, 1, 1, 5, 30)
        with writing():
            assert services.recognise_year(actor=SYSTEM, now=clock.now()) == 1
            assert services.recognise_year(actor=SYSTEM, now=clock.now()) == 0
        assert balance(grant_id)[0] == FULL // 5 * (year - 2025)
    assert [db.session.get_one(Instalment, part).recognised_cents for part in parts][3:] == [0, 0]
    assert books_are_whole()


def test_new_year_begins_in_amsterdam(now: datetime, clock: SettableClock) -> None:
    confirmed(now, Recognition.CONTRIBUTION_YEAR, years=2)
    clock.at(2026, 12, 31, 22, 59)
    with writing():
        assert services.recognise_year(actor=SYSTEM, now=clock.now()) == 0
    clock.at(2026, 12, 31, 23, 1)
    with writing():
        assert services.recognise_year(actor=SYSTEM, now=clock.now()) == 1


def test_money_ahead_of_its_year_is_a_debt_until_then_and_undo_keeps_both_accounts_right(
    now: datetime, clock: SettableClock
) -> None:
    grant_id, (first, second) = confirmed(now, Recognition.CONTRIBUTION_YEAR)
    receive(first, HALF, now, "a")
    early = receive(second, HALF, now, "b")
    assert balance(grant_id) == (HALF, 0, HALF)
    clock.at(2027, 1, 2, 9)
    with writing():
        services.recognise_year(actor=SYSTEM, now=clock.now())
    assert balance(grant_id) == (FULL, 0, 0)
    with writing():
        services.take_back(early, "belongs elsewhere", actor=SYSTEM, now=clock.now())
    assert balance(grant_id) == (FULL, HALF, 0)
    assert books_are_whole()


def test_money_may_come_before_its_condition_is_met(now: datetime) -> None:
    _, (_, second) = confirmed(now)
    receipt = receive(second, HALF, now)
    assert state(second) is S.RECEIVED
    with writing():
        services.take_back(receipt, "mistake", actor=SYSTEM, now=now)
    assert state(second) is S.CONDITIONAL


def test_undo_leads_back_to_the_last_thing_that_was_said(now: datetime) -> None:
    _, (first, _) = confirmed(now)
    with writing():
        services.request(first, requested_on=date(2026, 11, 10), actor=SYSTEM, now=now)
    receipt = receive(first, HALF, now)
    with writing():
        services.take_back(receipt, "mistake", actor=SYSTEM, now=now)
    assert state(first) is S.REQUESTED
    with pytest.raises(Refused, match="already"), writing():
        services.take_back(receipt, "again", actor=SYSTEM, now=now)


def test_money_of_an_unconfirmed_grant_is_refused(now: datetime) -> None:
    with writing():
        grant_id = make.grant(now)
    first = db.session.execute(select(Instalment.id).where(Instalment.grant_id == grant_id).limit(1)).scalar_one()
    with pytest.raises(Refused, match="confirms"):
        receive(first, HALF, now)
    with pytest.raises(Refused, match="confirms"), writing():
        services.settle(first, "?", actor=SYSTEM, now=now)


def test_a_confirmed_grant_with_money_keeps_its_confirmation(now: datetime) -> None:
    grant_id, (first, _) = confirmed(now)
    receive(first, HALF, now)
    with pytest.raises(Refused, match="take that back first"), writing():
        awards.take_back_confirmation(grant_id, "?", actor=SYSTEM, now=now)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"amount_cents": 0}, "amount"),
        ({"amount_cents": -1}, "amount"),
        ({"received_on": date(2026, 11, 24)}, "received_on"),
        ({"received_on": date(2026, 9, 30)}, "received_on"),
        ({"bank_reference": " "}, "bank_reference"),
    ],
)
def test_a_receipt_that_cannot_be_names_the_field(now: datetime, changes: dict[str, object], field: str) -> None:
    _, (first, _) = confirmed(now)
    filled = {
        "instalment_id": first, "received_on": date(2026, 11, 20), "amount_cents": 1,
        "bank_reference": "x", "form_key": "k",
    } | changes  # fmt: skip
    with pytest.raises(Invalid) as error, writing():
        services.receive([Received(**filled)], actor=SYSTEM, now=now)  # type: ignore[arg-type]
    assert error.value.field == field
    assert db.session.execute(select(func.count()).select_from(Receipt)).scalar_one() == 0


def test_a_withheld_instalment_resumes_where_its_condition_left_it(now: datetime) -> None:
    _, (first, second) = confirmed(now)
    with writing():
        for row_id in (first, second):
            services.withhold(row_id, "audit asked first", actor=SYSTEM, now=now)
            services.resume(row_id, actor=SYSTEM, now=now)
    assert (state(first), state(second)) == (S.DUE, S.CONDITIONAL)


def test_instalments_become_due_on_their_day_in_bulk(now: datetime, clock: SettableClock) -> None:
    part = InstalmentPlan(expected_on=date(2027, 3, 28), basis_points=10_000)
    with writing():
        grant_id = make.grant(now, [part])
    clock.at(2027, 3, 27, 22, 59)
    with writing():
        assert release.for_date(actor=SYSTEM, now=clock.now()) == 0
    clock.at(2027, 3, 27, 23, 1)
    with writing():
        assert release.for_date(actor=SYSTEM, now=clock.now()) == 1
        assert release.for_date(actor=SYSTEM, now=clock.now()) == 0
    assert db.session.execute(select(Instalment.state).where(Instalment.grant_id == grant_id)).scalar() is S.DUE


def test_the_check_sees_money_that_the_books_do_not_have(now: datetime) -> None:
    grant_id, (first, _) = confirmed(now)
    assert list(checks.grants_equal_ledger()) == []
    with writing() as session:
        session.get_one(Instalment, first).recognised_cents = 1
    assert [str(grant_id) in line for line in checks.grants_equal_ledger()] == [True]


def test_the_check_sees_a_receipt_that_was_never_booked(now: datetime) -> None:
    _, (first, _) = confirmed(now)
    with writing() as session:
        session.add(
            Receipt(
                instalment_id=first, received_on=date(2026, 11, 1), amount_cents=5, bank_reference="x",
                form_key="z", recorded_at=now,
            )
        )  # fmt: skip
    assert len(list(checks.grants_equal_ledger())) == 1


def test_the_database_refuses_half_a_cent_and_a_nameless_report(now: datetime) -> None:
    confirmed(now)
    # PostgreSQL's bigint holds no half by itself.
    half = ("amount_cents = 12.5",) if db.engine.dialect.name == "sqlite" else ()
    for wrong in (*half, "triggered_by = 'report', obligation_id = NULL", "settled_cents = 5"):
        with pytest.raises(IntegrityError), writing() as session:
            session.connection().exec_driver_sql(f"UPDATE instalment SET {wrong}")  # noqa: S608


def test_balances_are_by_grant(now: datetime) -> None:
    one, _ = confirmed(now)
    with writing():
        other = make.grant(now, funder_id=make.funder(now, "Janivo"))
    assert grant_balance(other) == GrantBalance(0, 0, 0)
    assert grant_balance(one).recognised == FULL


def test_what_came_in_already_is_not_expected_again(now: datetime) -> None:
    _, (first, _) = story.granted(now)
    receive(first, 1_000_000, now, "part")
    wrong = receive(first, 500_000, now, "wrong")
    with writing():
        services.take_back(wrong, "of somebody else", actor=SYSTEM, now=now)
    months = expected_income(date(2026, 12, 5))
    assert [(m.month, m.agreed_cents) for m in months if m.agreed_cents] == [
        (date(2026, 12, 1), HALF - 1_000_000), (date(2027, 9, 1), HALF),
    ]  # fmt: skip


@pytest.mark.parametrize(("role", "does"), [(Role.FINANCE, True), (Role.FUNDRAISER, False), (Role.VIEWER, False)])
def test_only_who_can_ask_for_the_money_is_told_to(
    sign_in: Callable[[Role | str], Client], now: datetime, role: Role, does: bool
) -> None:
    _grant_id, (first, _second) = confirmed(now)
    page = sign_in(role).get(f"/grants/instalments/{first}").text
    assert ("Vraag het geld op bij de financier." in page) is does
    assert ("Financiën vraagt het geld op bij de financier." in page) is not does
