from __future__ import annotations

from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select

from app.base import events
from app.base.actor import SYSTEM
from app.base.errors import NotFound, Refused
from app.extensions import db, now, writing
from app.tasks import queries, services
from app.tasks.models import MOVES, Task, TasksDone, TaskState, TaskStep
from tests.factories.supporters import person
from tests.support.client import Client

TODAY = date(2026, 11, 23)


def add(title: str = "Bel terug", due_on: date = TODAY, **parts: object) -> int:
    with writing():
        return services.add(title, due_on, **({"owner_id": None} | parts), actor=SYSTEM, now=now())  # type: ignore[arg-type]


def move(verb: str, task_id: int) -> None:
    with writing():
        getattr(services, verb)(task_id, actor=SYSTEM, now=now())


VERBS = {TaskState.DONE: "complete", TaskState.DROPPED: "drop", TaskState.OPEN: "reopen"}


@pytest.mark.parametrize("then", TaskState)
@pytest.mark.parametrize("first", TaskState)
def test_every_pair_of_states(app: Flask, first: TaskState, then: TaskState) -> None:
    one = add()
    if first is not TaskState.OPEN:
        move(VERBS[first], one)
    if first is not then and not MOVES.allows(first, then):
        with pytest.raises(Refused):
            move(VERBS[then], one)
        return
    move(VERBS[then], one)
    task = queries.get(one)
    assert task.state is then
    assert (task.ended_at is None) == (then is TaskState.OPEN)
    steps = (
        db.session.execute(select(TaskStep.state).where(TaskStep.task_id == one).order_by(TaskStep.id)).scalars().all()
    )
    assert steps[-1] is then


def test_doing_a_task_is_said_once(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[TasksDone] = []
    monkeypatch.setitem(events._handlers, TasksDone, [said.append])
    one = add()
    move("complete", one)
    move("complete", one)
    assert [e.ids for e in said] == [(one,)]


def test_the_list_shows_what_is_due_first_and_whose(app: Flask, client: Client) -> None:
    client.sign_in("fundraiser")
    mine, late = add("Van mij", owner_id=client.staff_id), add("Te laat", date(2026, 11, 1), owner_id=client.staff_id)
    add("Van niemand")
    shown = client.get("/tasks").text
    assert shown.index("Te laat") < shown.index("Van mij")
    assert "Van niemand" not in shown
    everybody = client.get("/tasks?whose=all&q=niemand").text
    assert "Van niemand" in everybody
    assert "Van mij" not in everybody
    assert [t.id for t in queries.due(client.staff_id, TODAY)] == [late, mine]
    assert queries.count_open(None, TODAY) == 3


def test_a_task_is_done_in_one_click_where_it_is_seen(app: Flask, client: Client) -> None:
    someone = person("Jan Bijl")
    client.sign_in("fundraiser")
    made = client.post(
        f"/tasks/new?about=supporter&id={someone}",
        data={
            "title": "Bedank",
            "due_on": "24-11-2026",
            "owner": "",
            "priority": "high",
            "next": f"/supporters/{someone}",
        },
    )
    assert made.status_code == 303
    assert made.location == f"/supporters/{someone}"
    assert "Bedank" in client.get(f"/supporters/{someone}").text
    one = db.session.execute(select(Task.id)).scalar_one()
    done = client.post(f"/tasks/{one}/done", data={"next": f"/supporters/{someone}"})
    assert done.location == f"/supporters/{someone}"
    assert queries.get(one).state is TaskState.DONE
    assert f'href="/tasks/{one}/edit' not in client.get(f"/supporters/{someone}").text


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:x"])
def test_nobody_is_sent_elsewhere_afterwards(app: Flask, client: Client, target: str) -> None:
    one = add()
    client.sign_in("fundraiser")
    assert client.post(f"/tasks/{one}/done", data={"next": target}).location == "/tasks"


def test_unknown_tasks_and_records_are_not_there(app: Flask, client: Client) -> None:
    client.sign_in("fundraiser")
    assert client.get("/tasks/5/edit").status_code == 404
    assert client.post("/tasks/5/done").status_code == 404
    assert client.get("/tasks/new?about=supporter&id=5").status_code == 404
    assert client.get("/tasks/new?about=nonsense&id=5").status_code == 404
    with pytest.raises(NotFound):
        queries.get(5)


def test_only_offered_fields_are_stored(app: Flask, client: Client) -> None:
    one = add(owner_id=None)
    client.sign_in("fundraiser")
    forged = {c.key: "1" for c in Task.__table__.columns}
    data = forged | {"title": "Anders", "due_on": "25-11-2026", "owner": "", "priority": "low", "state": "done"}
    assert client.post(f"/tasks/{one}/edit", data=data).status_code == 303
    task = queries.get(one)
    db.session.refresh(task)
    assert (task.title, task.due_on, task.state, task.subject_id) == (
        "Anders",
        date(2026, 11, 25),
        TaskState.OPEN,
        None,
    )
    assert client.post(f"/tasks/{one}/edit", data=data | {"owner": "99"}).status_code == 422
    assert client.post(f"/tasks/{one}/edit", data=data | {"due_on": "31-02-2026"}).status_code == 422
