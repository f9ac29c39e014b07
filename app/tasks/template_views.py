"""Templates of tasks: the list, the form of one, and using one on a record."""

from __future__ import annotations

import secrets

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from app.base.dates import local_date
from app.base.errors import Invalid, Refused
from app.extensions import now, writing
from app.staff.queries import active_staff
from app.tasks import template_queries as queries
from app.tasks import template_services as services
from app.tasks.chains import Planned, backwards
from app.tasks.examples import examples
from app.tasks.subjects import Subject, subject_of
from app.tasks.template_forms import ApplyForm, TemplateForm
from app.tasks.template_models import StepRole, TemplateStep
from app.tasks.template_services import TemplateFacts
from app.tasks.views import bp, subject_in_address
from app.ui import records
from app.ui.permissions import Permission, Role, requires
from app.ui.returning import back


@bp.get("/tasks/templates")
@requires(Permission.TASKS_WRITE)
def templates() -> ResponseReturnValue:
    """The templates there are; on the way to a record, those to use there."""
    return render_template("tasks/templates.html", lines=queries.listing())


@bp.post("/tasks/templates/examples")
@requires(Permission.TASKS_WRITE)
def add_examples() -> ResponseReturnValue:
    """A few templates to begin with; those that are there by name stay as they are."""
    there = {line.name for line in queries.listing()}
    wanted = [facts for facts in examples() if facts.name not in there]
    with writing():
        for facts in wanted:
            services.create(facts, actor=current_user.actor, now=now())
    flash(_("The examples are there. Change them as you like."), "ok")
    return redirect(url_for("tasks.templates"), 303)


@bp.route("/tasks/templates/new", methods=["GET", "POST"])
@requires(Permission.TASKS_WRITE)
def new_template() -> ResponseReturnValue:
    """A new template."""
    return _template_page(None)


@bp.route("/tasks/templates/<int:template_id>", methods=["GET", "POST"])
@requires(Permission.TASKS_WRITE)
def edit_template(template_id: int) -> ResponseReturnValue:
    """Change a template."""
    return _template_page(template_id)


def _template_page(template_id: int | None) -> ResponseReturnValue:
    row = queries.get(template_id) if template_id else None
    form = TemplateForm.of(row, services.steps_of(row.id) if row else ())
    if request.method == "POST" and request.form.get("more"):
        form.more()
    elif form.validate_on_submit():
        try:
            _save(template_id, form.facts(), form.version.data)
            flash(_("Saved."), "ok")
            return redirect(url_for("tasks.templates"), 303)
        except (Invalid, Refused) as error:
            form.add_error(error)
    return render_template("tasks/template.html", form=form, row=row), form.status


def _save(template_id: int | None, facts: TemplateFacts, version: int | None) -> None:
    with writing():
        if template_id is None:
            services.create(facts, actor=current_user.actor, now=now())
        else:
            services.change(template_id, facts, version=version, actor=current_user.actor, now=now())


@bp.route("/tasks/templates/<int:template_id>/use", methods=["GET", "POST"])
@requires(Permission.TASKS_WRITE)
def use_template(template_id: int) -> ResponseReturnValue:
    """The steps with their days, counted back from a deadline; then the tasks are made."""
    row = queries.get(template_id)
    subject = subject_in_address()
    known = subject_of(*subject) if subject else Subject(None)
    steps = services.steps_of(template_id)
    form = ApplyForm.of([step.role for step in steps], _people(known), known.due_on, secrets.token_hex(12))
    planned: list[Planned] = []
    # "Show the days" sends the form too, and makes nothing.
    sent = form.validate_on_submit()
    if sent and not request.form.get("show"):
        try:
            with writing():
                made = services.apply(
                    template_id, form.due_on.data, form.people, subject=subject, form_key=form.form_key.data,
                    actor=current_user.actor, now=now(),
                )  # fmt: skip
            flash(_made(len(made)), "ok")
            return redirect(back(url_for("tasks.index", whose="all")), 303)
        except (Invalid, Refused) as error:
            form.add_error(error)
    if form.due_on.data and not form.due_on.errors:
        planned = backwards(form.due_on.data, steps, today=local_date(now()))
    if not sent and request.method == "GET":
        form.next.data = back("")
    about = records.shown([subject]).get(subject) if subject else None
    page = render_template(
        "tasks/use_template.html", form=form, row=row, about=about, steps=steps, planned=planned,
        names=_names(form, steps),
    )  # fmt: skip
    return page, form.status


def _people(known: Subject) -> dict[StepRole, int | None]:
    """Who is known, with the first of finance and whoever is signed in where nobody is."""
    finance = next((member.id for member in active_staff() if member.role is Role.FINANCE), None)
    people: dict[StepRole, int | None] = {StepRole.FINANCE: finance, StepRole.OWNER: current_user.id}
    return people | {role: who for role, who in known.people.items() if who}


def _names(form: ApplyForm, steps: list[TemplateStep]) -> dict[StepRole, str]:
    """Who does the steps of each role, as chosen now."""
    chosen: dict[StepRole, str] = {}
    people = {str(member.id): member.name for member in active_staff()}
    for role in {step.role for step in steps}:
        value = form[role.value].data if role.value in form._fields else ""
        chosen[role] = people.get(value or "", _("nobody in particular"))
    return chosen


def _made(count: int) -> str:
    if not count:
        return _("These tasks are on the list already.")
    return ngettext("%(num)s task is on the list.", "%(num)s tasks are on the list.", count)
