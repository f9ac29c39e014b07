"""The list of tasks, the form, and ending a task in one click."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app.base.dates import local_date
from app.base.errors import Invalid
from app.base.states import N_
from app.extensions import now, writing
from app.staff.queries import by_ids
from app.tasks import queries, services
from app.tasks.forms import TaskForm
from app.tasks.models import Task, TaskState
from app.ui import lists, records
from app.ui.permissions import Permission, requires
from app.ui.returning import back

bp = Blueprint("tasks", __name__)

SORTS = {
    "due": lists.Sort(N_("By"), (lists.asc(Task.due_on),)),
    "ended": lists.Sort(N_("Ended"), (lists.desc(Task.ended_at, nullable=True),)),
}


@bp.get("/tasks")
@requires(Permission.TASKS_WRITE)
def index() -> ResponseReturnValue:
    whose = lists.choice("whose", ("mine", "all"), "mine")
    state = lists.choice("state", (*TaskState, "any"), TaskState.OPEN.value)
    q = lists.search_text()
    chosen = next((s for s in TaskState if s.value == state), None)
    found = queries.tasks(state=chosen, owner_id=current_user.id if whose == "mine" else None, text=q)
    page = lists.page(found, SORTS, key=Task.id, default="due" if chosen in (TaskState.OPEN, None) else "ended")
    shown: dict[str, Any] = {
        "page": page,
        "q": q,
        "whose": whose,
        "state": state,
        "states": [(s.value, _(s.label)) for s in TaskState] + [("any", _("all"))],
        "today": local_date(now()),
        "people": by_ids({i for t in page for i in (t.owner_id, t.escalated_from_id) if i}),
        "records": records.shown((t.subject_type, t.subject_id) for t in page if t.subject_type),
    }
    return render_template("tasks/index.html", **shown)


@bp.route("/tasks/new", methods=["GET", "POST"])
@requires(Permission.TASKS_WRITE)
def new() -> ResponseReturnValue:
    subject = subject_in_address()
    form = TaskForm(data={"due_on": local_date(now()) + timedelta(days=7), "owner": str(current_user.id)})
    if form.validate_on_submit():
        with writing():
            services.add(
                form.title.data, form.day, owner_id=form.owner_id, priority=form.chosen_priority,
                subject=subject, actor=current_user.actor, now=now(),
            )  # fmt: skip
        flash(_("The task is on the list."), "ok")
        return redirect(back(url_for("tasks.index")), 303)
    form.next.data = back("")
    about = records.shown([subject]).get(subject) if subject else None
    return render_template("tasks/form.html", form=form, task=None, about=about), form.status


def subject_in_address() -> tuple[str, int] | None:
    """The record in the address (`about=supporter&id=…`); 404 where there is none that this person may see."""
    kind, row_id = request.args.get("about", ""), lists.row_id("id")
    if not kind and row_id is None:
        return None
    if row_id is None or not records.shown([(kind, row_id)]):
        abort(404)
    return kind, row_id


@bp.route("/tasks/<int:task_id>/edit", methods=["GET", "POST"])
@requires(Permission.TASKS_WRITE)
def edit(task_id: int) -> ResponseReturnValue:
    task = queries.get(task_id)
    data = {
        "title": task.title,
        "due_on": task.due_on,
        "owner": str(task.owner_id or ""),
        "priority": task.priority.value,
    }
    form = TaskForm(data=data)
    form.keep(task.owner_id)
    if form.validate_on_submit():
        try:
            with writing():
                services.change(
                    task_id, title=form.title.data, due_on=form.day, owner_id=form.owner_id,
                    priority=form.chosen_priority, actor=current_user.actor, now=now(),
                )  # fmt: skip
            flash(_("The task is changed."), "ok")
            return redirect(back(url_for("tasks.index")), 303)
        except Invalid as error:
            form.add_error(error)
    form.next.data = back("")
    key = (task.subject_type, task.subject_id) if task.subject_type and task.subject_id else None
    about = records.shown([key]).get(key) if key else None
    return render_template("tasks/form.html", form=form, task=task, about=about), form.status


@bp.post("/tasks/<int:task_id>/done")
@requires(Permission.TASKS_WRITE)
def done(task_id: int) -> ResponseReturnValue:
    with writing():
        services.complete(task_id, actor=current_user.actor, now=now())
    flash(_("Done. You can take it back from the list of done tasks."), "ok")
    return redirect(back(url_for("tasks.index")), 303)


@bp.post("/tasks/<int:task_id>/drop")
@requires(Permission.TASKS_WRITE)
def drop(task_id: int) -> ResponseReturnValue:
    with writing():
        services.drop(task_id, actor=current_user.actor, now=now())
    flash(_("The task is off the list."), "ok")
    return redirect(back(url_for("tasks.index")), 303)


@bp.post("/tasks/<int:task_id>/reopen")
@requires(Permission.TASKS_WRITE)
def reopen(task_id: int) -> ResponseReturnValue:
    with writing():
        services.reopen(task_id, actor=current_user.actor, now=now())
    flash(_("The task is back on the list."), "ok")
    return redirect(back(url_for("tasks.index")), 303)
