from __future__ import annotations

from datetime import date, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import func, select

from app.base.actor import SYSTEM
from app.base.errors import Invalid, Refused
from app.extensions import db, writing
from app.grants.applications.models import Application, Stage
from app.grants.awards import services
from app.grants.awards.facts import GrantFacts
from app.grants.awards.models import Grant, GrantMove, GrantState, Recognition
from app.grants.awards.plans import InstalmentPlan, ObligationPlan, amounts, usual_instalments, usual_obligations
from app.grants.funders.models import FunderKind
from app.grants.instalments.models import Instalment, InstalmentState, Trigger
from app.grants.obligations.models import Obligation, ObligationKind
from app.ledger.queries import grant_balance
from app.ledger.rj import RjLine
from tests.factories import grants as make

S = GrantState


def states(grant_id: int) -> list[InstalmentState]:
    chosen = select(Instalment.state).where(Instalment.grant_id == grant_id).order_by(Instalment.position)
    return list(db.session.execute(chosen).scalars())


def test_an_award_makes_a_grant_with_its_instalments_and_obligations(now: datetime) -> None:
    with writing():
        grant_id = make.grant(now)
    grant = db.session.get_one(Grant, grant_id)
    assert grant.state is S.CONTRACTING
    assert grant.income_line is RjLine.NON_PROFITS
    assert db.session.get_one(Application, grant.application_id).stage is Stage.AWARDED
    assert states(grant_id) == [InstalmentState.DUE, InstalmentState.CONDITIONAL]
    parts = db.session.execute(select(Instalment).order_by(Instalment.position)).scalars().all()
    assert [part.amount_cents for part in parts] == [5_000_000, 5_000_000]
    assert parts[1].obligation_id == db.session.execute(select(Obligation.id)).scalar_one()
    assert [part.contribution_year for part in parts] == [2026, 2027]


def test_nothing_is_booked_before_finance_confirms(now: datetime) -> None:
    with writing():
        grant_id = make.grant(now)
    assert grant_balance(grant_id).recognised == 0
    with writing():
        services.confirm([grant_id], actor=SYSTEM, now=now)
    balance = grant_balance(grant_id)
    assert (balance.recognised, balance.receivable) == (10_000_000, 10_000_000)


def test_confirming_twice_books_once(now: datetime) -> None:
    with writing():
        grant_id = make.grant(now)
        services.confirm([grant_id, grant_id], actor=SYSTEM, now=now)
        services.confirm([grant_id], actor=SYSTEM, now=now)
    assert grant_balance(grant_id).recognised == 10_000_000


def test_a_five_year_contribution_never_lands_in_one_year(now: datetime) -> None:
    years = [InstalmentPlan(expected_on=date(2026 + n, 11, 1), basis_points=2000) for n in range(5)]
    with writing():
        grant_id = make.grant(
            now,
            years,
            amount_cents=250_000_000,
            recognition=Recognition.CONTRIBUTION_YEAR,
            ends_on=date(2031, 12, 31),
        )
        services.confirm([grant_id], actor=SYSTEM, now=now)
    assert grant_balance(grant_id).recognised == 50_000_000


def test_a_confirmation_waits_until_the_instalments_add_up(now: datetime) -> None:
    with writing():
        grant_id = make.grant(now, [InstalmentPlan(expected_on=date(2027, 1, 1), amount_cents=1)])
    with pytest.raises(Refused, match="add up"), writing():
        services.confirm([grant_id], actor=SYSTEM, now=now)
    assert db.session.get_one(Grant, grant_id).confirmed_at is None


def test_a_confirmation_is_taken_back_by_reversal(now: datetime) -> None:
    with writing():
        grant_id = make.grant(now)
        services.confirm([grant_id], actor=SYSTEM, now=now)
    with writing():
        services.take_back_confirmation(grant_id, "wrong funder", actor=SYSTEM, now=now)
    assert grant_balance(grant_id) == type(grant_balance(grant_id))(0, 0, 0)
    with writing():
        services.confirm([grant_id], actor=SYSTEM, now=now)
    assert grant_balance(grant_id).recognised == 10_000_000


def test_an_application_is_awarded_from_submitted_alone_and_once(now: datetime) -> None:
    facts = GrantFacts(
        title="x", amount_cents=1, decided_on=date(2026, 1, 1), starts_on=date(2026, 1, 1),
        ends_on=date(2026, 1, 1), recognition=Recognition.AWARD,
    )  # fmt: skip
    with writing():
        drafting = make.application(now, stage=Stage.DRAFTING)
    with pytest.raises(Refused), writing():
        services.award(drafting, facts, [], [], actor=SYSTEM, now=now)
    with writing():
        asked = make.application(now, make.funder(now, "Janivo"), stage=Stage.SUBMITTED)
        services.award(asked, facts, [], [], actor=SYSTEM, now=now)
    with pytest.raises(Refused), writing():
        services.award(asked, facts, [], [], actor=SYSTEM, now=now)
    assert db.session.execute(select(func.count()).select_from(Grant)).scalar_one() == 1


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"amount_cents": 0}, "amount"),
        ({"title": "  "}, "title"),
        ({"ends_on": date(2026, 9, 30)}, "ends_on"),
        ({"decided_on": date(2026, 11, 24)}, "decided_on"),
        ({"agreed_on": date(2026, 11, 24)}, "agreed_on"),
        ({"income_line": RjLine.COMPANIES}, "income_line_reason"),
        ({"income_line": RjLine.OBJECTIVES, "income_line_reason": "?"}, "income_line"),
        ({"programme_id": 7}, "programme_id"),
        ({"fund_id": 7}, "fund_id"),
        ({"owner_id": 7}, "owner_id"),
        ({"amount_cents": -1}, "amount"),
    ],
)
def test_an_award_that_cannot_be_names_the_field(now: datetime, facts: dict[str, object], field: str) -> None:
    with pytest.raises(Invalid) as error, writing():
        make.grant(now, [], [], **facts)
    assert error.value.field == field
    assert db.session.execute(select(func.count()).select_from(Application)).scalar_one() == 0  # nothing half-written


DAY = date(2027, 1, 1)


@pytest.mark.parametrize(
    ("parts", "duties", "field"),
    [
        ([InstalmentPlan(expected_on=DAY, amount_cents=10_000_001)], [], "instalments-0-amount"),
        ([InstalmentPlan(expected_on=DAY, basis_points=10_001)], [], "instalments-0-amount"),
        ([InstalmentPlan(expected_on=DAY, amount_cents=0)], [], "instalments-0-amount"),
        ([InstalmentPlan(expected_on=DAY, amount_cents=-5)], [], "instalments-0-amount"),
        ([InstalmentPlan(expected_on=DAY, amount_cents=1, triggered_by=Trigger.REPORT)], [], "instalments-0-report"),
        (
            [InstalmentPlan(expected_on=DAY, amount_cents=1, triggered_by=Trigger.REPORT, report=1)],
            [make.obligation_plan()],
            "instalments-0-report",
        ),
        ([InstalmentPlan(expected_on=DAY, amount_cents=1, report=0)], [make.obligation_plan()], "instalments-0-report"),
        ([], [make.obligation_plan(internal_due_on=date(2027, 6, 2))], "obligations-0-internal_due_on"),
        ([], [make.obligation_plan(ObligationKind.LOI)], "obligations-0-kind"),
        ([], [make.obligation_plan(period_from=DAY, period_to=date(2026, 1, 1))], "obligations-0-period_to"),
    ],
)
def test_plans_that_cannot_be_name_the_field(
    now: datetime, parts: list[InstalmentPlan], duties: list[ObligationPlan], field: str
) -> None:
    with pytest.raises(Invalid) as error, writing():
        make.grant(now, parts, duties)
    assert error.value.field == field


def test_shares_that_make_a_whole_lose_no_cent() -> None:
    thirds = [InstalmentPlan(expected_on=DAY, basis_points=points) for points in (3333, 3333, 3334)]
    assert sum(amounts(thirds, 10_000_001)) == 10_000_001


@given(st.integers(1, 10**11), st.lists(st.integers(1, 10_000), min_size=1, max_size=8))
@example(5, [3000, 3000, 3000])
@example(10_000_001, [5000])
def test_shares_and_what_they_leave_come_to_the_grant_and_never_more(cents: int, shares: list[int]) -> None:
    while sum(shares) > 10_000:
        shares = shares[1:]
    left = -(-cents * (10_000 - sum(shares)) // 10_000)  # what they leave, as an amount of whole cents
    plans = [InstalmentPlan(expected_on=DAY, basis_points=points) for points in shares]
    if left:
        plans.append(InstalmentPlan(expected_on=DAY, amount_cents=left))
    made = amounts(plans, cents)
    assert sum(made) <= cents
    assert all(abs(part * 10_000 - cents * points) < 20_000 for part, points in zip(made, shares, strict=False))
    if sum(shares) == 10_000:
        assert sum(made) == cents


def test_the_usual_plan_covers_the_whole_period_and_the_whole_amount() -> None:
    duties = usual_obligations(date(2027, 1, 1), date(2031, 12, 31))
    assert [duty.kind for duty in duties] == [ObligationKind.ANNUAL] * 4 + [ObligationKind.FINAL]
    assert duties[0].due_on == date(2028, 3, 1)
    parts = usual_instalments(date(2027, 1, 1), date(2031, 12, 31), len(duties))
    assert sum(amounts(parts, 250_000_003)) == 250_000_003
    assert [part.report for part in parts] == [None, 0, 1, 2, 3]
    assert [part.expected_on.year for part in parts] == [2027, 2028, 2029, 2030, 2031]


def test_another_line_than_the_funders_needs_a_reason_and_is_booked(now: datetime) -> None:
    with writing():
        lottery = make.funder(now, "Nationale Postcode Loterij", FunderKind.LOTTERY)
        grant_id = make.grant(
            now, funder_id=lottery, income_line=RjLine.COMPANIES, income_line_reason="sponsor contract"
        )
        services.confirm([grant_id], actor=SYSTEM, now=now)
    assert db.session.get_one(Grant, grant_id).income_line is RjLine.COMPANIES


def test_signing_activates_and_releases_what_waited_for_it(now: datetime) -> None:
    part = InstalmentPlan(expected_on=date(2027, 2, 1), basis_points=10_000, triggered_by=Trigger.SIGNATURE)
    with writing():
        grant_id = make.grant(now, [part])
    assert states(grant_id) == [InstalmentState.CONDITIONAL]
    with pytest.raises(Invalid), writing():
        services.sign(grant_id, agreed_on=date(2026, 11, 24), actor=SYSTEM, now=now)
    with writing():
        services.sign(grant_id, agreed_on=date(2026, 11, 20), actor=SYSTEM, now=now)
    assert db.session.get_one(Grant, grant_id).state is S.ACTIVE
    assert states(grant_id) == [InstalmentState.DUE]


def test_a_grant_awarded_with_a_signed_agreement_is_active_at_once(now: datetime) -> None:
    with writing():
        grant_id = make.grant(now, agreed_on=date(2026, 11, 1))
    assert db.session.get_one(Grant, grant_id).state is S.ACTIVE
    moves = db.session.execute(select(GrantMove.to_state).order_by(GrantMove.id)).scalars().all()
    assert moves == ["contracting", "active"]


def test_an_extension_ends_later_and_can_be_extended_again(now: datetime) -> None:
    with writing():
        grant_id = make.grant(now, agreed_on=date(2026, 11, 1))
        services.extend(grant_id, ends_on=date(2028, 6, 30), note="mail of 3 March", actor=SYSTEM, now=now)
        services.extend(grant_id, ends_on=date(2028, 12, 31), note="again", actor=SYSTEM, now=now)
    with pytest.raises(Invalid), writing():
        services.extend(grant_id, ends_on=date(2028, 12, 31), note="the same", actor=SYSTEM, now=now)
    grant = db.session.get_one(Grant, grant_id)
    assert (grant.state, grant.ends_on) == (S.EXTENDED, date(2028, 12, 31))


def test_terminating_holds_back_the_open_money_and_asks_why(now: datetime) -> None:
    with writing():
        grant_id = make.grant(now)
    with pytest.raises(Invalid), writing():
        services.move(grant_id, S.TERMINATED, actor=SYSTEM, now=now)
    with writing():
        services.move(grant_id, S.TERMINATED, note="funder dissolved", actor=SYSTEM, now=now)
    assert states(grant_id) == [InstalmentState.WITHHELD] * 2


def test_a_grant_with_loose_ends_does_not_close(now: datetime) -> None:
    with writing():
        grant_id = make.grant(now, agreed_on=date(2026, 11, 1))
        services.move(grant_id, S.REPORTING, actor=SYSTEM, now=now)
    with pytest.raises(Refused, match="1 obligations"), writing():
        services.move(grant_id, S.CLOSED, actor=SYSTEM, now=now)


@pytest.mark.parametrize("state", [S.ACTIVE, S.EXTENDED])
def test_steps_with_a_form_of_their_own_cannot_be_forged_as_a_move(now: datetime, state: GrantState) -> None:
    with writing():
        grant_id = make.grant(now)
    with pytest.raises((Invalid, Refused)), writing():
        services.move(grant_id, state, actor=SYSTEM, now=now)


def test_what_is_in_the_books_does_not_change_and_the_rest_does(now: datetime) -> None:
    with writing():
        grant_id = make.grant(now)
        services.confirm([grant_id], actor=SYSTEM, now=now)
    grant = db.session.get_one(Grant, grant_id)
    same = {name: getattr(grant, name) for name in GrantFacts.__dataclass_fields__}
    version = grant.version
    with pytest.raises(Refused, match="books"), writing():
        services.change(
            grant_id, GrantFacts(**same | {"amount_cents": 10_000_001}), version=version, actor=SYSTEM, now=now
        )
    with writing():
        services.change(grant_id, GrantFacts(**same | {"title": "Nieuw"}), version=version, actor=SYSTEM, now=now)
    with pytest.raises(Refused, match="Somebody else"), writing():
        services.change(grant_id, GrantFacts(**same | {"title": "Oud"}), version=version, actor=SYSTEM, now=now)
    assert db.session.get_one(Grant, grant_id).title == "Nieuw"


def test_a_period_corrected_in_the_books_to_several_years_says_that_its_money_stays_income_of_one(
    now: datetime,
) -> None:
    with writing():
        grant_id = make.grant(now)
        services.confirm([grant_id], actor=SYSTEM, now=now)
    grant = db.session.get_one(Grant, grant_id)
    longer = {name: getattr(grant, name) for name in GrantFacts.__dataclass_fields__} | {"ends_on": date(2031, 12, 31)}
    with pytest.raises(Invalid) as told, writing():
        services.change(grant_id, GrantFacts(**longer), version=None, actor=SYSTEM, now=now)
    assert told.value.field == "recognition"
    for facts in (longer | {"all_at_once": True}, longer | {"title": "Nieuw"}):
        with writing():
            services.change(grant_id, GrantFacts(**facts), version=None, actor=SYSTEM, now=now)
    assert db.session.get_one(Grant, grant_id).ends_on == date(2031, 12, 31)
