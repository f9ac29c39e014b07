"""Tasks counted back from a round, an application or a grant move along with its day, and their owners hear it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

import pytest
from flask import Flask
from sqlalchemy import select

from app.audit import queries as audit
from app.base.actor import SYSTEM, Actor
from app.extensions import db, writing
from app.grants.applications import services as applications
from app.grants.applications.models import Application
from app.grants.awards import services as awards
from app.grants.awards.models import Grant
from app.grants.budgets import amendments
from app.grants.budgets.amendments import Asked
from app.grants.budgets.models import AmendmentKind
from app.grants.instalments import queries as instalments
from app.grants.obligations.models import Obligation
from app.grants.rounds import services as rounds
from app.grants.rounds.services import RoundFacts
from app.tasks import services as tasks
from app.tasks import template_services as templates
from app.tasks.models import Task
from app.tasks.subjects import subject_of
from app.tasks.template_models import StepRole, TemplateUse
from app.tasks.template_services import StepPlan, TemplateFacts
from tests.factories import grants as make
from tests.support.accounts import make_account
from tests.support.client import Client
from tests.support.mails import mails

STEPS = (
    StepPlan(title="Vraag de begroting", days_before=5, role=StepRole.OWNER),
    StepPlan(title="Verstuur", days_before=0, role=StepRole.OWNER),
)


def use(kind: str, row_id: int, now: datetime) -> list[int]:
    """The tasks of a template for this record, with whoever owns it."""
    known = subject_of(kind, row_id)
    assert known.due_on
    facts = TemplateFacts(name=f"{kind} {row_id}", used_for=TemplateUse.ANYTHING, steps=STEPS)
    with writing():
        made = templates.create(facts, actor=SYSTEM, now=now)
        return templates.apply(made, known.due_on, known.people, subject=(kind, row_id), actor=SYSTEM, now=now)


def days_of(ids: list[int]) -> list[date]:
    return [db.session.get_one(Task, row_id, populate_existing=True).due_on for row_id in ids]


def told() -> list[str]:
    """The mails about tasks that moved, subject and text."""
    found = [mail for mail in mails() if mail.message.template == "tasks/moved"]
    return [f"{mail.rendered.subject}\n{mail.rendered.text}" for mail in found]


def asked(now: datetime) -> tuple[int, int, int]:
    """(round, application, owner) of a round that closes on a Tuesday, the first after New Year's."""
    owner = make_account("eigenaar@example.org", name="Eva Eigenaar")
    with writing():
        funder = make.funder(now)
        closing = RoundFacts(name="Ronde 2027", closes_on=date(2027, 1, 5))
        round_id = rounds.open_round(funder, closing, actor=SYSTEM, now=now)
        row_id = make.application(now, funder, round_id=round_id, owner_id=owner)
    return round_id, row_id, owner


def test_a_round_that_closes_later_takes_the_tasks_of_its_applications_along(app: Flask, now: datetime) -> None:
    round_id, row_id, _owner = asked(now)
    made = use("application", row_id, now)
    assert days_of(made) == [date(2026, 12, 28), date(2027, 1, 5)], "New Year's and the weekend do not count"
    with writing():
        tasks.complete(made[0], actor=SYSTEM, now=now)
        facts = RoundFacts(name="Ronde 2027", closes_on=date(2027, 4, 6))
        rounds.change(round_id, facts, version=None, actor=SYSTEM, now=now)
    assert days_of(made) == [date(2026, 12, 28), date(2027, 4, 6)], "done is done"
    (mail,) = told()
    assert mail.startswith("1 taak heeft een andere datum")
    assert "5 januari 2027" in mail
    assert "6 april 2027" in mail
    with writing():
        rounds.change(round_id, replace(facts, name="Ronde"), version=None, actor=SYSTEM, now=now)
    assert len(told()) == 1, "another name moves nothing"


def test_an_application_in_another_round_takes_its_tasks_along(app: Flask, now: datetime) -> None:
    _round, row_id, owner = asked(now)
    made = use("application", row_id, now)
    row = db.session.get_one(Application, row_id)
    facts = applications.ApplicationFacts(
        funder_id=row.funder_id, title=row.title, ask_cents=row.ask_cents, owner_id=owner, round_id=None
    )
    with writing():
        later = RoundFacts(name="Najaar", closes_on=date(2027, 3, 30))
        second = rounds.open_round(row.funder_id, later, actor=SYSTEM, now=now)
        applications.change(row_id, facts, version=None, actor=SYSTEM, now=now)
    assert days_of(made) == [date(2026, 12, 28), date(2027, 1, 5)], "without a round there is nothing to count from"
    with writing():
        doing = Actor("staff", owner, "Eva Eigenaar")
        applications.change(row_id, replace(facts, round_id=second), version=None, actor=doing, now=now)
    assert days_of(made) == [date(2027, 3, 19), date(2027, 3, 30)], "Good Friday and Easter Monday do not count"
    assert told() == [], "who moved it knows"


@pytest.mark.parametrize("way", ["extended", "amended"])
def test_a_grant_that_ends_later_takes_its_tasks_along(app: Flask, now: datetime, way: str) -> None:
    owner = make_account("eigenaar@example.org", name="Eva Eigenaar")
    with writing():
        grant_id = make.grant(
            now, [], [], starts_on=date(2026, 1, 1), ends_on=date(2027, 6, 30), agreed_on=date(2026, 11, 1),
            all_at_once=True, owner_id=owner,
        )  # fmt: skip
    made = use("grant_award", grant_id, now)
    later = date(2027, 12, 31)
    with writing():
        if way == "extended":
            awards.extend(grant_id, ends_on=later, note="Telefonisch akkoord", actor=SYSTEM, now=now)
        else:
            wish = Asked(
                kind=AmendmentKind.EXTENSION, reason="Later begonnen", requested_on=date(2026, 11, 20), ends_on=later
            )
            row_id = amendments.request(grant_id, wish, actor=SYSTEM, now=now)
            amendments.approve(row_id, decided_on=date(2026, 11, 23), actor=SYSTEM, now=now)
    assert days_of(made) == [date(2027, 12, 24), later]
    assert len(told()) == 1


def test_a_corrected_end_takes_the_tasks_along_and_leaves_the_dates_of_the_funder(
    fundraiser: Client, now: datetime
) -> None:
    """The form says beforehand what follows and what does not; corrected back, all is as it was."""
    owner = make_account("eigenaar@example.org", name="Eva Eigenaar")
    with writing():
        grant_id = make.grant(now, owner_id=owner, starts_on=date(2027, 1, 1), ends_on=date(2027, 12, 31))
        duty = db.session.execute(select(Obligation).where(Obligation.grant_id == grant_id)).scalar_one()
        dues = [(each.id, each.expected_on) for each in instalments.of_grant(grant_id)]
    due_on, made = duty.due_on, use("grant_award", grant_id, now)
    before = days_of(made)
    report = use("obligation", duty.id, now)
    address = f"/grants/{grant_id}/edit"

    def correct(ends_on: str, **more: str) -> int:
        row = db.session.get_one(Grant, grant_id, populate_existing=True)
        data = {
            "version": str(row.version), "title": row.title, "amount": "100.000", "decided_on": "01-10-2026",
            "starts_on": "01-01-2027", "ends_on": ends_on, "recognition": "award", "owner_id": str(owner), **more,
        }  # fmt: skip
        return fundraiser.post(address, data=data).status_code

    page = fundraiser.get(address).text
    assert "Taken die vanaf het einde zijn teruggeteld schuiven mee" in page
    assert correct("26-12-2026") == 422, "a period that ends before it starts"
    assert days_of(made) == before
    assert correct("30-06-2027") == 303
    assert days_of(made) == [date(2027, 6, 23), date(2027, 6, 30)]
    assert len(told()) == 1
    assert correct("30-06-2027", title="Preventie") == 303
    assert len(told()) == 1, "another name moves nothing"
    assert correct("31-12-2027") == 303
    assert days_of(made) == before
    db.session.expire_all()
    assert duty.due_on == due_on
    assert [(each.id, each.expected_on) for each in instalments.of_grant(grant_id)] == dues
    assert days_of(report)[-1] == due_on
    moves = [line.changes for line in audit.trail("grant_award", grant_id) if line.action == "grant.changed"]
    assert ["2027-12-31", "2027-06-30"] in [(changes or {}).get("ends_on") for changes in moves]
