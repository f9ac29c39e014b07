"""Templates of tasks: the chain counted back, who gets what, and that it is made once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, select, update

from app.base.actor import SYSTEM
from app.base.business_days import add_business_days, business_days_between, is_business_day
from app.base.errors import Invalid, Refused
from app.extensions import db, now, writing
from app.grants.awards.plans import ObligationPlan
from app.grants.obligations import services as obligations
from app.grants.obligations.models import Obligation
from app.tasks import services as tasks
from app.tasks import template_services as services
from app.tasks.chains import Distance, backwards
from app.tasks.models import Priority, Task, TaskState
from app.tasks.template_models import StepRole, TaskTemplate, TemplateStep, TemplateUse
from app.tasks.template_services import StepPlan, TemplateFacts
from app.ui.permissions import Role
from tests.factories import grants as make
from tests.factories.supporters import person
from tests.support.accounts import make_account
from tests.support.client import Client

TODAY = date(2026, 11, 23)
REPORT = [
    StepPlan(title="Vraag de cijfers", days_before=11, role=StepRole.FINANCE),
    StepPlan(title="Schrijf", days_before=5, role=StepRole.ASSIGNEE),
    StepPlan(title="Verstuur", days_before=0, role=StepRole.OWNER),
]


@dataclass(frozen=True)
class Step:
    days_before: int


def template(name: str = "Tussenrapportage", steps: list[StepPlan] | None = None, **facts: object) -> int:
    filled = {"used_for": TemplateUse.ANYTHING, "steps": REPORT if steps is None else steps} | facts
    with writing():
        return services.create(TemplateFacts(name=name, **filled), actor=SYSTEM, now=now())  # type: ignore[arg-type]


def use(template_id: int, due_on: date, key: str = "", subject: tuple[str, int] | None = None) -> list[int]:
    with writing():
        return services.apply(template_id, due_on, {}, subject=subject, form_key=key, actor=SYSTEM, now=now())


DAYS = st.dates(date(2020, 1, 1), date(2040, 12, 31))
STEPS = st.lists(st.integers(0, 120).map(Step), min_size=1, max_size=20)


@given(DAYS, st.integers(0, 400), STEPS)
def test_any_chain_ends_at_its_deadline_and_never_begins_before_today(
    today: date, ahead: int, steps: list[Step]
) -> None:
    due_on = today + timedelta(days=ahead)
    planned = backwards(due_on, steps, today=today)
    assert sorted(each.step for each in planned) == list(range(len(steps)))
    days = [each.due_on for each in planned]
    assert days == sorted(days)
    assert all(today <= day <= due_on for day in days)
    assert all(is_business_day(each.due_on) for each in planned if not each.late and each.due_on >= today) or not all(
        is_business_day(day) for day in (today, due_on)
    )
    for each in planned:
        before = steps[each.step].days_before
        if not each.late and before and each.due_on > today:
            # As many working days lie between, the deadline not counted where it is a free day.
            assert business_days_between(each.due_on, due_on) == before - (not is_business_day(due_on))


@given(DAYS, STEPS)
def test_a_later_deadline_never_makes_a_step_earlier(today: date, steps: list[Step]) -> None:
    due_on = today + timedelta(days=200)
    first = {each.step: each.due_on for each in backwards(due_on, steps, today=today)}
    second = {each.step: each.due_on for each in backwards(due_on + timedelta(days=1), steps, today=today)}
    assert all(first[step] <= second[step] for step in first)


def test_the_chain_skips_christmas_and_the_weekend() -> None:
    planned = backwards(date(2026, 12, 29), [Step(3), Step(1), Step(0)], today=TODAY)
    assert [each.due_on for each in planned] == [date(2026, 12, 23), date(2026, 12, 28), date(2026, 12, 29)]


def test_what_is_late_starts_at_once() -> None:
    planned = backwards(date(2026, 11, 25), [Step(20), Step(1)], today=date(2026, 11, 22))
    assert [(each.due_on, each.late) for each in planned] == [
        (date(2026, 11, 23), True),
        (date(2026, 11, 24), False),
    ]


def test_tasks_are_made_once_for_a_record_and_deadline(app: Flask) -> None:
    one, someone = template(), person("Jan Bijl")
    made = use(one, date(2026, 12, 29), subject=("supporter", someone))
    assert len(made) == 3
    assert use(one, date(2026, 12, 29), subject=("supporter", someone)) == []
    assert len(use(one, date(2027, 1, 29), subject=("supporter", someone))) == 3
    assert len(use(one, date(2026, 12, 29), key="a")) == 3
    assert use(one, date(2026, 12, 29), key="a") == []
    assert len(use(one, date(2026, 12, 29), key="b")) == 3


def test_making_a_chain_takes_the_same_statements_however_long(app: Flask) -> None:
    def statements(template_id: int) -> int:
        seen: list[str] = []
        listen = lambda *arguments: seen.append(arguments[2])  # noqa: E731
        event.listen(db.engine, "before_cursor_execute", listen)
        use(template_id, date(2027, 3, 1))
        event.remove(db.engine, "before_cursor_execute", listen)
        return len(seen)

    short = template("Kort", REPORT[:1])
    long = template("Lang", [StepPlan(title=f"Stap {n}", days_before=n) for n in range(20)])
    statements(short)  # whatever is done the first time only
    assert statements(short) == statements(long)


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"name": "  "}, "name"),
        ({"name": "Tussenrapportage"}, "name"),
        ({"steps": []}, None),
        ({"steps": [StepPlan(title=" ", days_before=1)]}, None),
        ({"steps": [StepPlan(title="x", days_before=-1)]}, None),
        ({"steps": [StepPlan(title="x", days_before=401)]}, None),
        ({"steps": [StepPlan(title="x", days_before=1)] * 21}, None),
    ],
)
def test_what_cannot_be_is_refused(app: Flask, facts: dict[str, object], field: str | None) -> None:
    template()
    with pytest.raises(Invalid) as refused:
        template(**({"name": "Anders"} | facts))  # type: ignore[arg-type]
    assert refused.value.field == field


def test_a_past_deadline_and_a_retired_template_make_nothing(app: Flask) -> None:
    with pytest.raises(Invalid):
        use(template(), date(2026, 11, 22))
    with pytest.raises(Refused):
        use(template("Oud", active=False), date(2027, 1, 1))


def test_who_comes_second_is_told(app: Flask) -> None:
    one = template()
    facts = TemplateFacts(name="Nieuw", used_for=TemplateUse.GRANT, steps=REPORT[:1])
    with writing():
        services.change(one, facts, version=1, actor=SYSTEM, now=now())
    with pytest.raises(Refused), writing():
        services.change(one, facts, version=1, actor=SYSTEM, now=now())
    assert [step.title for step in services.steps_of(one)] == ["Vraag de cijfers"]


def test_staff_edit_a_template_in_the_browser(app: Flask, client: Client) -> None:
    client.sign_in("fundraiser")
    assert client.post("/tasks/templates/examples").status_code == 303
    assert client.post("/tasks/templates/examples").status_code == 303
    shown = client.get("/tasks/templates").text
    assert shown.count("Een tussenrapportage, stap voor stap") == 1
    data = {
        "name": "Kort verslag", "used_for": "obligation", "active": "y",
        "steps-0-title": "Verstuur", "steps-0-days_before": "0", "steps-0-role": "owner", "steps-0-priority": "high",
        "steps-1-title": "Schrijf", "steps-1-days_before": "7", "steps-1-role": "assignee",
        "steps-1-priority": "normal",
    }  # fmt: skip
    more = client.post("/tasks/templates/new", data=data | {"more": "steps"})
    assert more.status_code == 200
    assert "steps-2-title" in more.text
    half = client.post("/tasks/templates/new", data=data | {"steps-2-title": "Half"})
    assert half.status_code == 422
    assert "Half" in half.text
    assert client.post("/tasks/templates/new", data=data).status_code == 303
    one = db.session.execute(select(TaskTemplate).where(TaskTemplate.name == "Kort verslag")).scalar_one()
    assert [step.title for step in services.steps_of(one.id)] == ["Schrijf", "Verstuur"]
    page = client.get(f"/tasks/templates/{one.id}").text
    assert 'value="Schrijf"' in page
    assert client.post(f"/tasks/templates/{one.id}", data=data | {"name": "Kort", "version": "1"}).status_code == 303
    assert client.post(f"/tasks/templates/{one.id}", data=data | {"name": "Lang", "version": "1"}).status_code == 422


def test_a_report_gets_its_tasks_with_the_right_people(app: Flask, client: Client) -> None:
    writer = make_account("piet@example.org", name="Piet Pen")
    finance = make_account("fin@example.org", Role.FINANCE, name="Fien Financiën")
    client.sign_in("fundraiser")
    one = template(used_for=TemplateUse.OBLIGATION)
    with writing():
        duty = make.obligation_plan(due_on=date(2027, 6, 1), assignee_id=writer)
        grant_id = make.grant(now(), [], [duty], owner_id=client.staff_id)
    obligation = db.session.execute(db.text("SELECT id FROM obligation")).scalar_one()
    record = client.get(f"/grants/obligations/{obligation}").text
    assert f"/tasks/templates/{one}/use?about=obligation" in record
    address = f"/tasks/templates/{one}/use?about=obligation&id={obligation}"
    shown = client.get(address).text
    assert "01-06-2027" in shown
    assert "Fien Financiën" in shown
    data = {"due_on": "01-06-2027", "owner": str(client.staff_id), "assignee": str(writer), "finance": str(finance)}
    assert client.post(address, data=data | {"show": "days"}).status_code == 200
    assert db.session.execute(select(Task.id)).first() is None
    assert client.post(address, data=data | {"next": f"/grants/{grant_id}"}).location == f"/grants/{grant_id}"
    tasks = db.session.execute(select(Task).order_by(Task.due_on)).scalars().all()
    assert [(task.title, task.due_on, task.owner_id) for task in tasks] == [
        # Eleven working days: two weekends and Whit Monday (the 17th) are skipped.
        ("Vraag de cijfers", date(2027, 5, 14), finance),
        ("Schrijf", date(2027, 5, 25), writer),
        ("Verstuur", date(2027, 6, 1), client.staff_id),
    ]
    assert {task.state for task in tasks} == {TaskState.OPEN}
    assert "Schrijf" in client.get(f"/grants/obligations/{obligation}").text
    client.post(address, data=data)
    assert len(db.session.execute(select(Task.id)).all()) == 3
    assert client.post(address, data=data | {"due_on": "01-06-2020"}).status_code == 422


def test_the_tasks_of_a_report_move_along_with_its_deadline(app: Flask) -> None:
    with writing():
        make.grant(now())
    row = db.session.execute(select(Obligation)).scalar_one()
    subject, soon = ("obligation", row.id), date(2026, 12, 4)
    template_id = template()
    figures, text, sent = use(template_id, soon, subject=subject)
    other = use(template_id, soon, key="apart")
    with writing():
        tasks.complete(figures, actor=SYSTEM, now=now())
    by_hand = db.session.get_one(Task, text)
    assert by_hand.due_on == date(2026, 11, 27)

    def moved(day: date) -> list[date]:
        with writing():
            plan = {name: getattr(row, name) for name in ObligationPlan.__dataclass_fields__} | {"due_on": day}
            obligations.change(row.id, ObligationPlan(**plan), version=None, actor=SYSTEM, now=now())
        return [db.session.get_one(Task, each, populate_existing=True).due_on for each in (figures, text, sent)]

    was = db.session.get_one(Task, figures).due_on
    assert moved(date(2027, 6, 2)) == [was, date(2027, 5, 26), date(2027, 6, 2)], "done is done"
    with writing():
        tasks.change(
            text, title="Schrijf", due_on=date(2027, 5, 18), owner_id=None, priority=Priority.LOW, actor=SYSTEM,
            now=now(),
        )  # fmt: skip
    assert moved(date(2027, 6, 9))[1:] == [date(2027, 5, 25), date(2027, 6, 9)], "chosen by hand: its distance stays"
    assert moved(TODAY)[1:] == [TODAY, TODAY]
    assert db.session.get_one(Task, other[2]).due_on == soon
    assert len(use(template_id, TODAY, subject=subject)) == 1, "only what was done for another deadline"


def test_a_task_taken_up_again_is_counted_from_the_deadline_of_now(app: Flask) -> None:
    with writing():
        make.grant(now())
    row = db.session.execute(select(Obligation)).scalar_one()
    subject, template_id = ("obligation", row.id), template()
    figures, *_others = use(template_id, date(2026, 12, 4), subject=subject)

    def due(day: date | None, again: bool) -> date:
        with writing():
            tasks.complete(figures, actor=SYSTEM, now=now())
            if day:
                plan = {name: getattr(row, name) for name in ObligationPlan.__dataclass_fields__} | {"due_on": day}
                obligations.change(row.id, ObligationPlan(**plan), version=None, actor=SYSTEM, now=now())
        if again:
            with writing():
                tasks.reopen(figures, actor=SYSTEM, now=now())
        return db.session.get_one(Task, figures, populate_existing=True).due_on

    apart = add_business_days(date(2027, 6, 2), -11)
    was = db.session.get_one(Task, figures).due_on
    assert due(date(2027, 6, 2), again=False) == was, "done is done"
    assert due(None, again=True) == apart
    assert due(date(2027, 6, 2), again=True) == apart, "the same deadline: the same day"
    assert due(TODAY, again=True) == TODAY, "never before today"
    assert due(date(2027, 6, 2), again=True) == apart
    assert use(template_id, date(2027, 6, 2), subject=subject) == [], "nothing twice"


@given(DAYS, DAYS)
def test_a_distance_counts_back_to_the_very_day(day: date, deadline: date) -> None:
    assert Distance.between(day, deadline).day(deadline) == day


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    first=st.integers(1, 250),
    by_hand=st.integers(0, 300),
    moves=st.lists(st.integers(-40, 400), min_size=1, max_size=4),
)
def test_a_deadline_that_moves_there_and_back_gives_the_same_days(
    app: Flask, first: int, by_hand: int, moves: list[int]
) -> None:
    """Whatever lies between, a deadline in the past too; also for a day chosen by hand, free days included."""
    with writing():
        make.grant(now())
    row = db.session.execute(select(Obligation).order_by(Obligation.id.desc()).limit(1)).scalar_one()

    def moved(day: date) -> list[date]:
        with writing():
            plan = {name: getattr(row, name) for name in ObligationPlan.__dataclass_fields__} | {"due_on": day}
            obligations.change(row.id, ObligationPlan(**plan), version=None, actor=SYSTEM, now=now())
        return [db.session.get_one(Task, each, populate_existing=True).due_on for each in ids]

    ids: list[int] = []
    deadline = TODAY + timedelta(days=first)
    moved(deadline)
    ids += use(template(f"Rapport {row.id}"), deadline, subject=("obligation", row.id))
    chosen = {"title": "x", "due_on": TODAY + timedelta(days=by_hand), "owner_id": None, "priority": Priority.LOW}
    with writing():
        tasks.change(ids[1], **chosen, actor=SYSTEM, now=now())  # type: ignore[arg-type]
    before = moved(deadline)  # the same day: nothing moves
    for days in moves:
        moved(TODAY + timedelta(days=days))
    assert moved(deadline) == before


def test_a_task_squeezed_when_it_was_made_has_its_distance_when_there_is_time(app: Flask) -> None:
    """Also after its template was changed: what was made from it stays as it is."""
    with writing():
        make.grant(now(), [], [make.obligation_plan(due_on=date(2026, 11, 25))])
    row = db.session.execute(select(Obligation)).scalar_one()
    template_id = template()
    ids = use(template_id, date(2026, 11, 25), subject=("obligation", row.id))
    facts = TemplateFacts(name="Anders", used_for=TemplateUse.ANYTHING, steps=REPORT[2:])
    with writing():
        services.change(template_id, facts, version=None, actor=SYSTEM, now=now())
    for day in (date(2026, 11, 24), date(2027, 6, 1)):
        with writing():
            plan = {name: getattr(row, name) for name in ObligationPlan.__dataclass_fields__} | {"due_on": day}
            obligations.change(row.id, ObligationPlan(**plan), version=None, actor=SYSTEM, now=now())
    days = [db.session.get_one(Task, each, populate_existing=True).due_on for each in ids]
    assert days == [date(2027, 5, 14), date(2027, 5, 25), date(2027, 6, 1)]


def test_a_task_from_before_distances_were_kept_keeps_the_one_of_its_step(app: Flask) -> None:
    with writing():
        make.grant(now())
    row = db.session.execute(select(Obligation)).scalar_one()
    _figures, text, _sent = ids = use(template(), date(2026, 12, 4), subject=("obligation", row.id))
    with writing():
        db.session.execute(update(Task).values(working_days_before=None))
    for day in (TODAY, date(2027, 6, 1)):
        with writing():
            plan = {name: getattr(row, name) for name in ObligationPlan.__dataclass_fields__} | {"due_on": day}
            obligations.change(row.id, ObligationPlan(**plan), version=None, actor=SYSTEM, now=now())
    assert db.session.get_one(Task, text, populate_existing=True).due_on == date(2027, 5, 25)
    assert len(ids) == 3


def test_only_offered_fields_of_a_template_are_stored(app: Flask, client: Client) -> None:
    client.sign_in("fundraiser")
    one = template()
    forged = {c.key: "1" for c in TaskTemplate.__table__.columns} | {c.key: "1" for c in TemplateStep.__table__.columns}
    data = {"name": "Anders", "used_for": "anything", "version": "1", "steps-0-title": "x", "steps-0-days_before": "1"}
    assert client.post(f"/tasks/templates/{one}", data=forged | data).status_code == 303
    row = db.session.get(TaskTemplate, one)
    assert row is not None
    db.session.refresh(row)
    assert (row.name, row.active, row.version) == ("Anders", True, 2)  # "active" was sent: it is offered
    assert client.post(f"/tasks/templates/{one}/use?about=nonsense&id=1", data={}).status_code == 404
    assert client.get("/tasks/templates/77").status_code == 404
