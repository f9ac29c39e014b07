from __future__ import annotations

from datetime import date, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.audit.queries import trail
from app.base.actor import SYSTEM
from app.base.dates import local_date
from app.base.errors import DomainError, Invalid, NotFound, Refused
from app.documents.files import keep
from app.extensions import db, writing
from app.grants.applications import services as applications
from app.grants.applications.models import Stage
from app.grants.awards import services as awards
from app.grants.awards.models import Grant, GrantState
from app.grants.awards.plans import ObligationPlan
from app.grants.instalments import services as instalments
from app.grants.instalments.models import Instalment, InstalmentState
from app.grants.obligations import queries, services
from app.grants.obligations.models import Obligation, ObligationKind, ObligationState
from app.grants.obligations.queries import Due
from tests.conftest import SettableClock
from tests.factories import grants as make
from tests.support.client import Client

S = ObligationState


def one(now: datetime) -> int:
    """The interim report of a new grant; its second instalment waits for it."""
    with writing():
        make.grant(now)
    return db.session.execute(select(Obligation.id)).scalar_one()


def to_review(row_id: int, now: datetime) -> None:
    services.move(row_id, S.IN_PROGRESS, actor=SYSTEM, now=now)
    services.move(row_id, S.INTERNAL_REVIEW, actor=SYSTEM, now=now)


def submitted(row_id: int, now: datetime) -> None:
    with writing():
        to_review(row_id, now)
        services.submit(row_id, submitted_on=date(2026, 11, 20), proof="portal 8812", actor=SYSTEM, now=now)


def waiting_instalment() -> Instalment:
    return db.session.execute(select(Instalment).where(Instalment.obligation_id.is_not(None))).scalar_one()


def test_accepting_a_report_releases_the_instalment_that_waits_for_it(now: datetime) -> None:
    row_id = one(now)
    assert waiting_instalment().state is InstalmentState.CONDITIONAL
    submitted(row_id, now)
    assert waiting_instalment().state is InstalmentState.CONDITIONAL
    with writing():
        released = services.accept(row_id, accepted_on=date(2026, 11, 22), actor=SYSTEM, now=now)
    part = waiting_instalment()
    assert released == [part.id]
    assert (part.state, part.released_on) == (InstalmentState.DUE, date(2026, 11, 22))
    assert [line.changes for line in trail("instalment", part.id)][0] == {"state": ["conditional", "due"]}


def test_a_submission_needs_proof_in_words_or_as_a_file(now: datetime) -> None:
    row_id = one(now)
    with writing():
        to_review(row_id, now)
    with pytest.raises(Invalid) as error, writing():
        services.submit(row_id, submitted_on=date(2026, 11, 20), proof=" ", actor=SYSTEM, now=now)
    assert error.value.field == "proof"
    file = keep(b"%PDF-1.7 receipt", "ontvangstbevestiging.pdf")
    with writing():
        services.attach(row_id, file, actor=SYSTEM, now=now)
    with pytest.raises(Invalid), writing():
        services.submit(row_id, submitted_on=date(2026, 11, 20), actor=SYSTEM, now=now)  # a draft is no proof
    with writing():
        services.attach(row_id, file, proof=True, actor=SYSTEM, now=now)
        services.submit(row_id, submitted_on=date(2026, 11, 20), actor=SYSTEM, now=now)
    assert db.session.get_one(Obligation, row_id).state is S.SUBMITTED


def test_a_revision_moves_the_date_and_leads_back_to_work(now: datetime) -> None:
    row_id = one(now)
    submitted(row_id, now)
    with pytest.raises(Invalid), writing():
        services.ask_revision(row_id, " ", actor=SYSTEM, now=now)
    with writing():
        services.ask_revision(row_id, "figures per partner", due_on=date(2026, 12, 24), actor=SYSTEM, now=now)
    row = db.session.get_one(Obligation, row_id)
    assert (row.state, row.due_on) == (S.REVISION_REQUESTED, date(2026, 12, 24))
    with writing():
        to_review(row_id, now)
    assert [move.to_state for move in queries.moves_of(row_id)][-1] == "planned"
    assert len(queries.moves_of(row_id)) == 7


def test_waiving_releases_too_and_can_be_undone(now: datetime) -> None:
    row_id = one(now)
    with pytest.raises(Invalid), writing():
        services.waive(row_id, "", actor=SYSTEM, now=now)
    with writing():
        services.waive(row_id, "mail of the funder, 3 March", actor=SYSTEM, now=now)
    assert waiting_instalment().state is InstalmentState.DUE
    with writing():
        services.take_up_again(row_id, actor=SYSTEM, now=now)
    assert waiting_instalment().state is InstalmentState.CONDITIONAL
    assert db.session.get_one(Obligation, row_id).state is S.PLANNED


def test_an_acceptance_that_is_taken_back_makes_what_it_released_wait_again(now: datetime, fundraiser: Client) -> None:
    row_id = one(now)
    submitted(row_id, now)
    with writing():
        services.accept(row_id, accepted_on=date(2026, 11, 22), actor=SYSTEM, now=now)
    waiting = waiting_instalment()
    assert waiting.state is InstalmentState.DUE
    address = f"/grants/obligations/{row_id}/unaccept"
    assert address in fundraiser.get(f"/grants/obligations/{row_id}").text
    assert fundraiser.get(f"/grants/obligations/{row_id}/submit").status_code == 409, "it is not sent anew"
    version = str(db.session.get_one(Obligation, row_id, populate_existing=True).version)
    assert fundraiser.post(address, data={"version": version, "note": " "}).status_code == 422
    sent = {"version": version, "note": "was een ander rapport"}
    assert fundraiser.post(address, data=sent).status_code == 303
    row = db.session.get_one(Obligation, row_id, populate_existing=True)
    assert (row.state, row.accepted_on, row.proof) == (S.SUBMITTED, None, "portal 8812")
    assert (waiting_instalment().state, waiting_instalment().released_on) == (InstalmentState.CONDITIONAL, None)
    assert "was een ander rapport" in fundraiser.get(f"/grants/obligations/{row_id}").text
    assert fundraiser.get(address).status_code == 409
    with writing():
        services.accept(row_id, accepted_on=date(2026, 11, 23), actor=SYSTEM, now=now)
    assert waiting_instalment().released_on == date(2026, 11, 23)


@pytest.mark.parametrize("after", [InstalmentState.REQUESTED, InstalmentState.WITHHELD])
def test_what_was_asked_for_or_withheld_stays_when_the_acceptance_is_taken_back(
    now: datetime, after: InstalmentState
) -> None:
    row_id = one(now)
    submitted(row_id, now)
    with writing():
        services.accept(row_id, accepted_on=date(2026, 11, 22), actor=SYSTEM, now=now)
        part = waiting_instalment()
        awards.confirm([part.grant_id], actor=SYSTEM, now=now)
        if after is InstalmentState.REQUESTED:
            instalments.request(part.id, requested_on=date(2026, 11, 22), actor=SYSTEM, now=now)
        else:
            instalments.withhold(part.id, "mail", actor=SYSTEM, now=now)
        services.take_back_acceptance(row_id, "vergissing", actor=SYSTEM, now=now)
    assert waiting_instalment().state is after
    if after is InstalmentState.WITHHELD:
        with writing():
            instalments.resume(waiting_instalment().id, actor=SYSTEM, now=now)
        assert waiting_instalment().state is InstalmentState.CONDITIONAL


def test_of_a_closed_grant_an_acceptance_stands(now: datetime) -> None:
    row_id = one(now)
    submitted(row_id, now)
    with writing() as session:
        services.accept(row_id, accepted_on=date(2026, 11, 22), actor=SYSTEM, now=now)
        session.get_one(Grant, waiting_instalment().grant_id).state = GrantState.CLOSED
    with pytest.raises(Refused), writing():
        services.take_back_acceptance(row_id, "vergissing", actor=SYSTEM, now=now)


def actions() -> dict[S, object]:
    day = {"actor": SYSTEM}
    return {
        S.IN_PROGRESS: lambda i, now: services.move(i, S.IN_PROGRESS, now=now, **day),
        S.INTERNAL_REVIEW: lambda i, now: services.move(i, S.INTERNAL_REVIEW, now=now, **day),
        S.SUBMITTED: lambda i, now: submit_or_take_back(i, now),
        S.ACCEPTED: lambda i, now: services.accept(i, accepted_on=date(2026, 11, 22), now=now, **day),
        S.REVISION_REQUESTED: lambda i, now: services.ask_revision(i, "x", now=now, **day),
        S.WAIVED: lambda i, now: services.waive(i, "x", now=now, **day),
        S.PLANNED: lambda i, now: services.take_up_again(i, now=now, **day),
    }


def submit_or_take_back(row_id: int, now: datetime) -> None:
    if db.session.get_one(Obligation, row_id, populate_existing=True).state is S.ACCEPTED:
        services.take_back_acceptance(row_id, "x", actor=SYSTEM, now=now)
    else:
        services.submit(row_id, submitted_on=date(2026, 11, 20), proof="x", actor=SYSTEM, now=now)


PATHS = {
    S.PLANNED: [],
    S.IN_PROGRESS: [S.IN_PROGRESS],
    S.INTERNAL_REVIEW: [S.IN_PROGRESS, S.INTERNAL_REVIEW],
    S.SUBMITTED: [S.IN_PROGRESS, S.INTERNAL_REVIEW, S.SUBMITTED],
    S.ACCEPTED: [S.IN_PROGRESS, S.INTERNAL_REVIEW, S.SUBMITTED, S.ACCEPTED],
    S.REVISION_REQUESTED: [S.IN_PROGRESS, S.INTERNAL_REVIEW, S.SUBMITTED, S.REVISION_REQUESTED],
    S.WAIVED: [S.WAIVED],
}


@pytest.mark.parametrize("before", list(S))
def test_every_service_keeps_to_the_table(now: datetime, before: S) -> None:
    row_id = one(now)
    act = actions()
    with writing():
        for step in PATHS[before]:
            act[step](row_id, now)  # type: ignore[operator]
    for after in S:
        if services.OBLIGATION_MOVES.allows(before, after):
            continue
        with pytest.raises(DomainError), writing():
            act[after](row_id, now)  # type: ignore[operator]
        db.session.rollback()
        assert db.session.get_one(Obligation, row_id, populate_existing=True).state is before
    for after in services.OBLIGATION_MOVES.following(before):
        with writing() as session, session.begin_nested() as trial:
            act[after](row_id, now)  # type: ignore[operator]
            assert db.session.get_one(Obligation, row_id).state is after
            trial.rollback()


def test_an_obligation_has_one_owner_also_for_the_database(now: datetime) -> None:
    with pytest.raises(Invalid), writing():
        services.plan([make.obligation_plan()], actor=SYSTEM, now=now)
    with pytest.raises(NotFound), writing():
        services.plan([make.obligation_plan()], grant_id=7, actor=SYSTEM, now=now)
    one(now)
    with pytest.raises(IntegrityError), writing() as session:
        session.connection().exec_driver_sql("UPDATE obligation SET grant_id = NULL")


def test_dates_that_contradict_each_other_are_refused(now: datetime) -> None:
    with writing():
        application_id = make.application(now)
    wrong = ObligationPlan(kind=ObligationKind.LOI, due_on=date(2027, 1, 1), internal_due_on=date(2027, 1, 2))
    with pytest.raises(Invalid) as error, writing():
        services.plan([wrong], application_id=application_id, actor=SYSTEM, now=now)
    assert error.value.field == "internal_due_on"


def test_days_of_the_future_are_refused(now: datetime) -> None:
    row_id = one(now)
    with writing():
        to_review(row_id, now)
    with pytest.raises(Invalid), writing():
        services.submit(row_id, submitted_on=date(2026, 11, 24), proof="x", actor=SYSTEM, now=now)
    with writing():
        services.submit(row_id, submitted_on=date(2026, 11, 23), proof="x", actor=SYSTEM, now=now)
    for day in (date(2026, 11, 24), date(2026, 11, 22)):
        with pytest.raises(Invalid), writing():
            services.accept(row_id, accepted_on=day, actor=SYSTEM, now=now)


def test_two_people_editing_the_second_is_told(now: datetime) -> None:
    row_id = one(now)
    seen = db.session.get_one(Obligation, row_id).version
    plan = make.obligation_plan(ObligationKind.INTERIM_NARRATIVE, instructions="mine")
    with writing():
        services.change(row_id, plan, version=seen, actor=SYSTEM, now=now)
    with pytest.raises(Refused, match="Somebody else"), writing():
        services.change(row_id, plan, version=seen, actor=SYSTEM, now=now)


def test_due_counts_by_bucket_at_midnight_in_amsterdam(now: datetime, clock: SettableClock) -> None:
    days = [date(2026, 11, 22), date(2026, 11, 23), date(2026, 11, 30), date(2026, 12, 23), date(2027, 2, 21)]
    with writing():
        make.grant(now, [], [make.obligation_plan(due_on=day) for day in [*days, date(2027, 2, 22)]])
    counts = {Due.OVERDUE: 1, Due.WEEK: 2, Due.MONTH: 3, Due.QUARTER: 4}
    assert queries.due_counts(local_date(now)) == counts
    clock.at(2026, 11, 23, 23, 30)  # the 24th in Amsterdam
    assert queries.due_counts(local_date(clock.now()))[Due.OVERDUE] == 2


def test_what_belongs_to_a_declined_application_asks_nothing_any_more(now: datetime) -> None:
    with writing():
        asked = make.application(now, stage=Stage.SUBMITTED)
        plan = make.obligation_plan(ObligationKind.APPLICATION, due_on=date(2026, 11, 1))
        services.plan([plan], application_id=asked, actor=SYSTEM, now=now)
    assert queries.due_counts(local_date(now))[Due.OVERDUE] == 1
    with writing():
        applications.decline(asked, "not this year", actor=SYSTEM, now=now)
    assert queries.due_counts(local_date(now))[Due.OVERDUE] == 0
    assert queries.soonest(local_date(now), until=date(2027, 1, 1)) == []
