"""Write a cover plan: its sources, its lines and cells, the budget lines that belong to it, and its file."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from wtforms import SelectField

from app.extensions import now, writing
from app.grants import choices
from app.grants.awards import queries as awards
from app.grants.blueprint import bp
from app.grants.budgets import queries as budgets
from app.grants.pages import VersionedForm, act_on, form_page
from app.grants.projects import planning, queries, services, sheet
from app.grants.projects.forms import PlanForm, SourceForm, plan_form
from app.grants.projects.models import SourceKind
from app.grants.rows import Stale
from app.ui.fields import options
from app.ui.permissions import Permission, requires


@bp.route("/grants/projects/<int:project_id>/plan", methods=["GET", "POST"])
@requires(Permission.GRANTS_WRITE)
def edit_plan(project_id: int) -> ResponseReturnValue:
    """All lines and cells as one form; who comes second keeps their words and sees what differs."""

    def make(**kwargs: Any) -> PlanForm:
        row, plan = queries.one(project_id)[0], queries.plans_of([project_id])[project_id]
        lines = [each.line for each in plan.rows]
        return plan_form(row.version, plan.sources, lines, queries.parts_of(project_id), **kwargs)

    line, form, changes = queries.one(project_id)[1], make(), []
    if request.method == "POST" and (request.form.get("more") or request.form.get("count")):
        if request.form.get("more"):
            form.more()
        status = form.status
    else:
        done, status, given = act_on(
            form,
            lambda: planning.save(
                project_id, form.plans(), version=form.version.data, actor=current_user.actor, now=now()
            ),
        )
        if done:
            flash(_("The plan is saved."), "ok")
            return redirect(url_for("grants.project", project_id=project_id), 303)
        if isinstance(given, Stale):
            changes = form.catch_up(make(formdata=None))
    sums, by_line = form.tally()
    page = render_template(
        "grants/project_plan.html",
        form=form,
        line=line,
        changes=changes,
        sums=sums,
        by_line=by_line,
        typed=request.method == "POST",
    )
    return page, status


@bp.get("/grants/projects/<int:project_id>/plan.<any(csv,xlsx):form>")
@requires(Permission.GRANTS_READ)
def plan_file(project_id: int, form: str) -> Response:
    """The cover plan as a file for a spreadsheet."""
    line = queries.one(project_id)[1]
    return sheet.download(*sheet.of_plan(queries.plan(project_id)), f"{_('Cover plan')} {line.name}", form)


@bp.route("/grants/projects/<int:project_id>/sources/new", methods=["GET", "POST"])
@requires(Permission.GRANTS_WRITE)
def new_source(project_id: int) -> ResponseReturnValue:
    """One more who pays: a grant, own means, or a partner."""
    line = queries.one(project_id)[1]

    def make(**kwargs: Any) -> SourceForm:
        form = SourceForm(**kwargs)
        form.kind.choices = choices.labelled(SourceKind)
        form.grant_id.choices = [("", _("Choose a grant")), *awards.open_pairs()]
        return form

    return form_page(
        make,
        lambda form: services.add_source(
            project_id,
            form.kind.data,
            grant_id=form.grant_id.data,
            name=form.name.data or "",
            actor=current_user.actor,
            now=now(),
        ),
        title=_("Add a source of cover"),
        subject=line.name,
        submit=_("Add this source"),
        said=_("Added. It has a column in the plan now."),
        back=lambda _id: url_for("grants.project", project_id=project_id),
        hints={"name": _("The partner's name, or which own means: a fund, a reserve.")},
    )


@bp.post("/grants/projects/<int:project_id>/sources/<int:source_id>/remove")
@requires(Permission.GRANTS_WRITE)
def remove_source(project_id: int, source_id: int) -> ResponseReturnValue:
    """Take a source out that covers nothing."""
    queries.one(project_id)
    form = VersionedForm()
    if form.validate_on_submit():
        with writing():
            services.remove_source(
                project_id, source_id, version=form.version.data, actor=current_user.actor, now=now()
            )
        flash(_("Taken out of the plan."), "ok")
    return redirect(url_for("grants.project", project_id=project_id), 303)


@bp.route("/grants/projects/<int:project_id>/budget-lines", methods=["GET", "POST"])
@requires(Permission.GRANTS_WRITE)
def tie_budget_lines(project_id: int) -> ResponseReturnValue:
    """Which line of the plan the costs on each budget line of its grants belong to."""
    line, plan = queries.one(project_id)[1], queries.plan(project_id)
    lines = options([(each.line.id, each.line.name) for each in plan.rows], _("Not in this project"))
    fields: dict[str, Any] = {}
    ids: dict[str, int] = {}
    for source in plan.sources:
        for each in budgets.lines(source.grant_id) if source.grant_id else []:
            name = f"tie-{each.id}"
            label = f"{source.name} · {each.code} {each.name}".replace("·  ", "· ")
            fields[name], ids[name] = SelectField(label, coerce=choices.row_id, choices=lines), each.id
    made: Any = type("TieForm", (VersionedForm,), fields)

    def make(**kwargs: Any) -> Any:
        known = queries.ties(project_id)
        data = {name: known.get(row_id) for name, row_id in ids.items()}
        return made.at(queries.one(project_id)[0].version, data=data, **kwargs)

    return form_page(
        make,
        lambda form: planning.tie(
            project_id,
            {row_id: form[name].data for name, row_id in ids.items()},
            version=form.version.data,
            actor=current_user.actor,
            now=now(),
        ),
        title=_("Which costs belong to this project"),
        subject=line.name,
        explain=_("Costs on a budget line of a grant are counted at the line of the plan you choose here.")
        if ids
        else _("The grants of this plan have no budget in force yet. Make one first; its lines then appear here."),
        submit=_("Save"),
        said=_("Saved."),
        back=url_for("grants.project", project_id=project_id),
    )
