"""Renewal windows open a task once; the forecast and the win rate count as they say."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from flask import Flask
from sqlalchemy import select

from app.base.actor import SYSTEM
from app.base.errors import Invalid, Refused
from app.extensions import db, writing
from app.extensions import now as app_now
from app.grants.applications import services as applications
from app.grants.applications.models import Application, Stage
from app.grants.awards.models import Grant
from app.grants.forecast import queries
from app.grants.renewals import services
from app.grants.rounds import services as rounds
from app.grants.rounds.services import RoundFacts
from app.tasks import services as tasks
from app.tasks.models import Task, TaskState
from tests.conftest import SettableClock
from tests.factories import grants as make
from tests.support.client import Client

ENDS = date(2027, 5, 20)  # six months before: 20 November 2026


def running(now: datetime, ends_on: date = ENDS, **facts: object) -> int:
    """A signed grant that runs."""
    with writing():
        return make.grant(
            now,
            [],
            [],
            starts_on=date(2026, 1, 1),
            ends_on=ends_on,
            agreed_on=date(2026, 11, 1),
            all_at_once=True,
            **facts,
        )  # type: ignore[arg-type]


def run() -> list[Task]:
    with writing():
        assert services.open_windows(actor=SYSTEM, now=app_now()) is None
    return list(db.session.execute(select(Task).order_by(Task.id)).scalars())


def test_a_window_set_on_a_day_that_has_come_opens_its_task_at_once(app: Flask, now: datetime) -> None:
    grant_id = running(now, date(2028, 12, 31))
    for day, opened in ((date(2026, 11, 24), 0), (date(2026, 11, 23), 1), (date(2026, 11, 1), 1)):
        with writing():
            services.set_window(grant_id, wanted=True, opens_on=day, note="", version=None, actor=SYSTEM, now=app_now())
        assert len(list(db.session.execute(select(Task)).scalars())) == opened


def test_a_window_that_has_come_opens_one_task(app: Flask, now: datetime, fundraiser: Client) -> None:
    grant_id = running(now, owner_id=fundraiser.staff_id)
    (task,) = run()
    assert (task.subject_type, task.subject_id, task.owner_id) == ("grant_award", grant_id, fundraiser.staff_id)
    assert task.due_on == date(2026, 12, 7)
    assert "Preventie op scholen" in task.title
    assert len(run()) == 1
    assert task.title in fundraiser.get(f"/grants/{grant_id}").text
    with writing():
        tasks.complete(task.id, actor=SYSTEM, now=now)
    assert len(run()) == 1  # done is done: not again for the same end
    assert task.title.startswith("Vervolgaanvraag: ")


def test_not_before_its_day(app: Flask, now: datetime, clock: SettableClock) -> None:
    running(now, date(2027, 5, 24))
    assert run() == []
    clock.forward(days=1)
    assert len(run()) == 1


@pytest.mark.parametrize("ends_on", [date(2026, 11, 22), date(2028, 1, 1)])
def test_not_for_what_is_over_or_far_away(app: Flask, now: datetime, ends_on: date) -> None:
    running(now, ends_on)
    assert run() == []


def test_not_where_a_next_application_is_made(app: Flask, now: datetime, fundraiser: Client) -> None:
    grant_id = running(now)
    assert fundraiser.post(f"/grants/{grant_id}/renew").status_code == 303
    assert run() == []


def test_a_grant_may_have_its_own_window_or_none(app: Flask, now: datetime, fundraiser: Client) -> None:
    far = running(now, date(2028, 6, 1))
    address = f"/grants/{far}/renewal"
    assert fundraiser.post(address, data={"version": "0", "wanted": "y", "opens_on": "01-11-2026"}).status_code == 303
    assert len(run()) == 1
    near = running(now)
    assert fundraiser.post(f"/grants/{near}/renewal", data={"version": "0", "note": "eenmalig"}).status_code == 303
    assert len(run()) == 1
    late = {"version": "1", "wanted": "y", "opens_on": "01-01-2030"}
    assert fundraiser.post(f"/grants/{near}/renewal", data=late).status_code == 422
    assert fundraiser.post(address, data={"version": "0", "wanted": "y"}).status_code == 409


def test_a_window_after_a_corrected_end_opens_on_the_usual_day(app: Flask, now: datetime) -> None:
    grant_id = running(now, date(2028, 6, 1))
    with writing():
        day = date(2028, 1, 10)
        services.set_window(grant_id, wanted=True, opens_on=day, note="", version=None, actor=SYSTEM, now=app_now())
    assert run() == []
    with writing():
        db.session.get_one(Grant, grant_id).ends_on = ENDS
    assert len(run()) == 1


def test_an_extension_asks_again_only_once_the_first_task_is_done(
    app: Flask, now: datetime, clock: SettableClock
) -> None:
    grant_id = running(now)
    (task,) = run()
    with writing():
        db.session.get_one(Grant, grant_id).ends_on = date(2027, 5, 21)
    assert len(run()) == 1
    with writing():
        tasks.complete(task.id, actor=SYSTEM, now=now)
    assert len(run()) == 2


def test_the_copy_takes_over_the_words_and_finds_the_next_round(app: Flask, now: datetime) -> None:
    with writing():
        funder = make.funder(now)
        facts = [RoundFacts(name=f"Ronde {y}", closes_on=date(y, 9, 15)) for y in (2026, 2027, 2028)]
        ids = [rounds.open_round(funder, each, actor=SYSTEM, now=now) for each in facts]
        asked = make.application(
            now, funder, Stage.SUBMITTED, summary="Waarom het helpt", round_id=ids[0], expected_cents=5_000_000
        )
        with pytest.raises(Refused):
            applications.try_again(asked, actor=SYSTEM, now=now)
        applications.decline(asked, "Te groot", actor=SYSTEM, now=now)
        again = applications.try_again(asked, actor=SYSTEM, now=now)
    copy = db.session.get_one(Application, again)
    assert (copy.summary, copy.round_id, copy.expected_cents) == ("Waarom het helpt", ids[1], 5_000_000)
    assert (copy.stage, copy.previous_id) == (Stage.PROSPECT, asked)


def test_a_decline_with_a_day_becomes_a_task(app: Flask, now: datetime) -> None:
    with writing():
        asked = make.application(now, stage=Stage.SUBMITTED)
        applications.decline(asked, "Vol", resubmit_on=date(2027, 3, 1), actor=SYSTEM, now=now)
    (task,) = db.session.execute(select(Task)).scalars()
    assert (task.due_on, task.subject_id) == (date(2027, 3, 1), asked)


def test_the_next_application_does_what_the_task_asked(app: Flask, now: datetime, fundraiser: Client) -> None:
    with writing():
        asked = make.application(now, stage=Stage.SUBMITTED)
        applications.decline(asked, "Vol", resubmit_on=date(2027, 3, 1), actor=SYSTEM, now=now)
        other = make.application(now, stage=Stage.SUBMITTED)
        applications.decline(other, "Vol", resubmit_on=date(2027, 3, 1), actor=SYSTEM, now=now)
    first, second = (fundraiser.post(f"/grants/applications/{asked}/again").location for _ in range(2))
    assert first == second, "a double click makes one"
    grant_id = running(now)
    assert len(run()) == 3
    assert fundraiser.post(f"/grants/{grant_id}/renew").status_code == 303
    states = {task.subject_id: task.state for task in db.session.execute(select(Task)).scalars()}
    assert states == {asked: TaskState.DONE, other: TaskState.OPEN, grant_id: TaskState.DONE}


def test_the_forecast_adds_up_by_stage_and_says_why(app: Flask, now: datetime, fundraiser: Client) -> None:
    with writing():
        funder = make.funder(now)
        make.application(now, funder, Stage.SUBMITTED, ask_cents=10_000_01, expected_cents=10_000_01)
        make.application(
            now, funder, Stage.SUBMITTED, ask_cents=20_000_00, probability=90, probability_reason="Ze belden zelf"
        )
        make.application(now, funder, Stage.PROSPECT, ask_cents=100_00)
    stages = {each.stage: each for each in queries.by_stage()}
    submitted = stages[Stage.SUBMITTED]
    assert (submitted.count, submitted.own, submitted.weighted_cents) == (2, 1, 5_000_00 + 18_000_00)
    assert stages[Stage.PROSPECT].weighted_cents == 5_00
    assert stages[Stage.DRAFTING].count == 0
    page = fundraiser.get("/grants/forecast").text
    assert "Ze belden zelf" in page
    assert "€ 23.005,00" in page.replace("\u00a0", " ")


def test_the_win_rate_tells_new_from_renewal(app: Flask, now: datetime, fundraiser: Client) -> None:
    with writing():
        funder = make.funder(now)
        first = db.session.get_one(Grant, make.grant(now, [], [], funder_id=funder)).application_id
        lost = make.application(now, funder, Stage.SUBMITTED, ask_cents=30_000_000)
        applications.decline(lost, "Vol", actor=SYSTEM, now=now)
        renewal = applications.try_again(first, actor=SYSTEM, now=now)
        applications.move(renewal, Stage.SUBMITTED, actor=SYSTEM, now=now)
        applications.decline(renewal, "Genoeg zo", actor=SYSTEM, now=now)
        make.application(now, funder, Stage.SUBMITTED)  # nothing decided: does not count
    new, renewed = queries.win_rates(2026)[-2:]
    assert (new.won, new.lost, new.rate, new.amount_rate) == (1, 1, 0.5, 0.25)
    assert (renewed.won, renewed.lost, renewed.rate) == (0, 1, 0.0)
    assert queries.win_rates(2025)[-1].rate is None
    page = fundraiser.get("/grants/win-rate").text
    assert "50" in page


def test_a_window_after_the_end_is_refused(app: Flask, now: datetime) -> None:
    grant_id = running(now)
    with pytest.raises(Invalid), writing():
        services.set_window(grant_id, wanted=True, opens_on=date(2027, 6, 1), note="", version=0, actor=SYSTEM, now=now)


def test_what_was_asked_again_shows_its_next_application(app: Flask, now: datetime, fundraiser: Client) -> None:
    with writing():
        asked = make.application(now, stage=Stage.SUBMITTED)
        applications.decline(asked, "Vol", resubmit_on=date(2027, 3, 1), actor=SYSTEM, now=now)
    page, again = f"/grants/applications/{asked}", f"/grants/applications/{asked}/again"
    assert f'action="{again}"' in fundraiser.get(page).text
    fundraiser.post(again)
    made = db.session.execute(select(Application.id).where(Application.previous_id == asked)).scalar_one()
    text = fundraiser.get(page).text
    assert f'action="{again}"' not in text
    assert "Vraag opnieuw aan" not in text
    assert f'href="/grants/applications/{made}"' in text

    grant_id = running(now)
    page, again = f"/grants/{grant_id}", f"/grants/{grant_id}/renew"
    assert f'action="{again}"' in fundraiser.get(page).text
    made = int(fundraiser.post(again).location.split("/")[-2])
    text = fundraiser.get(page).text
    assert f'action="{again}"' not in text
    assert f'href="/grants/applications/{made}"' in text


def test_no_task_to_ask_again_lands_on_a_free_day(app: Flask, now: datetime) -> None:
    with writing():
        asked = make.application(now, stage=Stage.SUBMITTED)
        applications.decline(asked, "Vol", resubmit_on=date(2027, 3, 27), actor=SYSTEM, now=now)  # Easter's Saturday
    running(now, date(2026, 11, 29))  # ends on a Sunday, six days from now
    assert [task.due_on for task in run()] == [date(2027, 3, 30), date(2026, 11, 27)]
