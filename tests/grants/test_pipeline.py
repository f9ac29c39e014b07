"""Funders, rounds and applications."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from sqlalchemy import func, select

from app.base.actor import SYSTEM
from app.base.dates import local_date
from app.base.errors import DomainError, Invalid, NotFound, Refused
from app.extensions import db, writing
from app.grants import queries
from app.grants.applications import queries as application_queries
from app.grants.applications import services
from app.grants.applications.models import OPEN_STAGES, STAGES, Application, ApplicationMove, Stage
from app.grants.applications.services import ApplicationFacts
from app.grants.funders import services as funders
from app.grants.funders.models import Funder, FunderKind
from app.grants.funders.services import FunderFacts
from app.grants.instalments.queries import money_waiting
from app.grants.rounds import services as rounds
from app.grants.rounds.models import Recurrence, Round
from app.grants.rounds.services import RoundFacts
from app.ledger.rj import RjLine
from app.supporters.models import Role
from app.supporters.queries import roles_of
from app.tasks.models import Task
from tests.conftest import SettableClock
from tests.factories import grants as make
from tests.factories import supporters

LINES = {
    FunderKind.LOTTERY: RjLine.LOTTERIES,
    FunderKind.FOUNDATION: RjLine.NON_PROFITS,
    FunderKind.GOVERNMENT: RjLine.GOVERNMENT,
    FunderKind.EU: RjLine.GOVERNMENT,
    FunderKind.COMPANY: RjLine.COMPANIES,
    FunderKind.CHARITY: RjLine.NON_PROFITS,
}


@pytest.mark.parametrize("kind", list(FunderKind))
def test_the_kind_of_funder_gives_the_income_line(kind: FunderKind) -> None:
    assert Funder(kind=kind, linked=False).income_line is LINES[kind]
    assert Funder(kind=kind, linked=True).income_line is RjLine.AFFILIATED


def test_an_organisation_is_a_funder_once_and_a_person_never(now: datetime) -> None:
    facts = FunderFacts(kind=FunderKind.FOUNDATION)
    organisation, person = supporters.organisation(), supporters.person()
    with writing():
        funders.register(organisation, facts, actor=SYSTEM, now=now)
    assert roles_of([organisation])[organisation] == {Role.FUNDER}
    for wrong in (organisation, person):
        with pytest.raises(Invalid), writing():
            funders.register(wrong, facts, actor=SYSTEM, now=now)
    with pytest.raises(NotFound), writing():
        funders.register(7, facts, actor=SYSTEM, now=now)


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "ftp://x.nl", "https://", "https:// x.nl", "x.nl", "https://a:b@x.nl", "https://x.nl:99999",
     "https://x.nl/\"><script>", "//x.nl", "https://localhost", "data:text/html,x"],
)  # fmt: skip
def test_a_portal_address_staff_will_click_is_a_web_address(now: datetime, url: str) -> None:
    with pytest.raises(Invalid) as error, writing():
        make.funder(now, portal_url=url)
    assert error.value.field == "portal_url"


def test_a_range_stands_the_right_way_up(now: datetime) -> None:
    with pytest.raises(Invalid), writing():
        make.funder(now, grant_min_cents=2, grant_max_cents=1)


def a_round(now: datetime, **facts: object) -> Round:
    filled = {"name": "Ronde 2026", "closes_on": date(2026, 9, 15), "recurrence": Recurrence.YEARLY} | facts
    with writing():
        row_id = rounds.open_round(make.funder(now), RoundFacts(**filled), actor=SYSTEM, now=now)  # type: ignore[arg-type]
    return db.session.get_one(Round, row_id)


def follow_up(clock: SettableClock) -> int:
    made = 0
    while True:
        with writing():
            count = rounds.follow_up(actor=SYSTEM, now=clock.now())
        made += count
        if not count:
            return made


def test_15_september_every_year(now: datetime, clock: SettableClock) -> None:
    a_round(now, opens_on=date(2026, 6, 1), decision_on=date(2027, 1, 31))
    clock.at(2026, 9, 15, 12)
    assert follow_up(clock) == 0  # the last day is a day to apply
    clock.at(2026, 9, 16, 12)
    assert follow_up(clock) == 1
    assert follow_up(clock) == 0
    row = db.session.execute(select(Round).order_by(Round.id.desc()).limit(1)).scalar_one()
    assert (row.name, row.opens_on, row.closes_on, row.decision_on) == (
        "Ronde 2027", date(2027, 6, 1), date(2027, 9, 15), date(2028, 1, 31),
    )  # fmt: skip


def test_29_february_comes_back_after_four_years_and_a_standstill(now: datetime, clock: SettableClock) -> None:
    a_round(now, closes_on=date(2028, 2, 29), name="Schrikkelronde")
    clock.at(2032, 3, 5)
    assert follow_up(clock) == 5
    days = db.session.execute(select(Round.closes_on).order_by(Round.closes_on)).scalars().all()
    assert [f"{day:%d%m}" for day in days] == ["2902", "2802", "2802", "2802", "2902", "2802"]


def test_correcting_a_name_keeps_the_day_that_was_meant(now: datetime) -> None:
    row = a_round(now, closes_on=date(2028, 2, 29))
    with writing():
        later = Round(funder_id=row.funder_id, previous_id=row.id, created_at=now, version=1)
        rounds._write(later, rounds.next_occurrence(row))
        later.closes_day = row.closes_day
        db.session.add(later)
    with writing():
        facts = RoundFacts(name="Anders", closes_on=date(2029, 2, 28), recurrence=Recurrence.YEARLY)
        rounds.change(later.id, facts, version=1, actor=SYSTEM, now=now)
    assert db.session.get_one(Round, later.id).closes_day == 29


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"opens_on": date(2026, 9, 16)}, "closes_on"),
        ({"decision_on": date(2026, 9, 15)}, "decision_on"),
        ({"name": " "}, "name"),
    ],
)
def test_a_round_that_cannot_be(now: datetime, facts: dict[str, object], field: str) -> None:
    with pytest.raises(Invalid) as error:
        a_round(now, **facts)
    assert error.value.field == field


def test_every_move_is_kept_with_who_and_when(now: datetime) -> None:
    with writing():
        row_id = make.application(now)
        services.move(row_id, Stage.DRAFTING, note="they asked", actor=SYSTEM, now=now)
    moves = application_queries.moves_of(row_id)
    assert [(move.from_state, move.to_state, move.note) for move in moves] == [
        ("prospect", "drafting", "they asked"), (None, "prospect", ""),
    ]  # fmt: skip


@pytest.mark.parametrize("before", OPEN_STAGES)
@pytest.mark.parametrize("after", list(Stage))
def test_a_move_keeps_to_the_table_and_decisions_have_their_own_form(
    now: datetime, before: Stage, after: Stage
) -> None:
    with writing():
        row_id = make.application(now, stage=before)
    if STAGES.allows(before, after) and after not in services.BY_FORM:
        with writing():
            services.move(row_id, after, actor=SYSTEM, now=now)
    else:
        with pytest.raises(Refused), writing():
            services.move(row_id, after, actor=SYSTEM, now=now)
        after = before
    assert db.session.get_one(Application, row_id).stage is after


@pytest.mark.parametrize("stage", [Stage.AWARDED, Stage.DECLINED, Stage.WITHDRAWN, Stage.NO_GO])
def test_nothing_starts_at_its_end(now: datetime, stage: Stage) -> None:
    with pytest.raises(Invalid), writing():
        make.application(now, stage=stage)


def test_a_decline_keeps_its_reason_and_asks_for_one(now: datetime) -> None:
    with writing():
        row_id = make.application(now, stage=Stage.SUBMITTED)
    with pytest.raises(Invalid), writing():
        services.decline(row_id, " ", actor=SYSTEM, now=now)
    with pytest.raises(Invalid), writing():
        services.decline(row_id, "x", resubmit_on=date(2026, 11, 23), actor=SYSTEM, now=now)
    with writing():
        services.decline(row_id, "outside their themes", actor=SYSTEM, now=now)
    row = db.session.get_one(Application, row_id)
    assert (row.stage, row.decline_reason) == (Stage.DECLINED, "outside their themes")
    with writing():
        services.move(row_id, Stage.SUBMITTED, note="that was another letter", actor=SYSTEM, now=now)
        services.decline(
            row_id, "full", resubmit_on=date(2027, 6, 1), task_title="Opnieuw vragen", actor=SYSTEM, now=now
        )
    task = db.session.execute(select(Task)).scalar_one()
    assert (task.title, task.due_on, task.subject_id) == ("Opnieuw vragen", date(2027, 6, 1), row_id)
    with writing():
        again = services.try_again(row_id, actor=SYSTEM, now=now)
    assert db.session.get_one(Application, again).previous_id == row_id


def test_the_second_of_two_people_is_told(now: datetime) -> None:
    with writing():
        row_id = make.application(now)
        services.move(row_id, Stage.DRAFTING, version=1, actor=SYSTEM, now=now)
    with pytest.raises(Refused, match="Somebody else"), writing():
        services.move(row_id, Stage.INVITED, version=1, actor=SYSTEM, now=now)
    assert db.session.execute(select(func.count()).select_from(ApplicationMove)).scalar_one() == 2


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"title": " "}, "title"),
        ({"ask_cents": 0}, "ask"),
        ({"probability": 101, "probability_reason": "x"}, "probability"),
        ({"probability": 80}, "probability_reason"),
        ({"owner_id": 7}, "owner_id"),
        ({"programme_id": 7}, "programme_id"),
        ({"round_id": 7}, "round_id"),
    ],
)
def test_an_application_that_cannot_be_names_the_field(now: datetime, facts: dict[str, object], field: str) -> None:
    with pytest.raises(Invalid) as error, writing():
        make.application(now, **facts)
    assert error.value.field == field


def test_a_round_of_another_funder_is_refused(now: datetime) -> None:
    row = a_round(now)
    with pytest.raises(Invalid), writing():
        make.application(now, make.funder(now, "Janivo"), round_id=row.id)


def test_the_board_weighs_by_stage_or_by_own_probability(now: datetime) -> None:
    with writing():
        funder_id = make.funder(now)
        make.application(now, funder_id, Stage.SUBMITTED)
        make.application(
            now, funder_id, Stage.SUBMITTED, probability=90, probability_reason="verbal yes", expected_cents=1001
        )
    column = {column.stage: column for column in application_queries.board()}[Stage.SUBMITTED]
    assert (column.count, column.expected_cents, column.weighted_cents) == (2, 10_001_001, 5_000_000 + 900)
    assert sum(card.weighted_cents for card in column.cards) == column.weighted_cents


def test_expected_income_by_month_puts_what_is_late_in_this_one(now: datetime) -> None:
    with writing():
        grant_id = make.grant(now)  # half was due on 1 November 2026, half on 1 September 2027
        facts = {"decision_on": date(2027, 1, 31), "expected_cents": 2_000}
        make.application(now, make.funder(now, "Janivo"), Stage.SUBMITTED, **facts)
    months = queries.expected_income(date(2026, 12, 5), 12)
    assert [(m.month, m.agreed_cents) for m in months if m.agreed_cents] == [
        (date(2026, 12, 1), 5_000_000), (date(2027, 9, 1), 5_000_000),
    ]  # fmt: skip
    assert [(m.month, m.weighted_cents) for m in months if m.weighted_cents] == [(date(2027, 1, 1), 1_000)]
    assert len(months) == 12
    assert grant_id
    assert (money_waiting().cents, money_waiting().count) == (5_000_000, 1)
    assert queries.awaited_totals().count == 1
    assert queries.to_confirm() == 1


def test_rounds_that_open_or_close_soon(now: datetime) -> None:
    row = a_round(now, opens_on=date(2026, 12, 1), closes_on=date(2027, 6, 1))
    assert [line.id for line in queries.rounds_opening(local_date(now))] == [row.id]
    assert queries.rounds_opening(date(2026, 12, 2)) == []


def test_foreign_ids_are_not_found(now: datetime) -> None:
    facts = ApplicationFacts(funder_id=1, title="x", ask_cents=1)
    tries = [
        lambda: services.move(7, Stage.DRAFTING, actor=SYSTEM, now=now),
        lambda: services.decline(7, "x", actor=SYSTEM, now=now),
        lambda: services.change(7, facts, version=1, actor=SYSTEM, now=now),
        lambda: services.try_again(7, actor=SYSTEM, now=now),
        lambda: funders.change(7, FunderFacts(kind=FunderKind.EU), version=1, actor=SYSTEM, now=now),
        lambda: rounds.change(7, RoundFacts(name="x", closes_on=date(2027, 1, 1)), version=1, actor=SYSTEM, now=now),
    ]
    for attempt in tries:
        with pytest.raises(NotFound) as error, writing():
            attempt()
        assert isinstance(error.value, DomainError)
