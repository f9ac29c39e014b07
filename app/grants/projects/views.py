"""The list of projects, one project with its cover, and its facts, states and funders' rules."""

from __future__ import annotations

from typing import Any

from flask import Response, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import Select

from app.base.dates import add_months, local_date
from app.base.errors import Invalid
from app.base.states import N_
from app.extensions import db, now
from app.grants import choices
from app.grants.awards import queries as awards
from app.grants.blueprint import bp
from app.grants.pages import FreeNoteForm, form_page, tabs
from app.grants.projects import queries, services, sheet
from app.grants.projects.forms import ChangeProjectForm, ProjectForm, RuleForm
from app.grants.projects.models import PROJECT_MOVES, Project, ProjectState
from app.grants.trail import trail_of
from app.programmes.queries import programme_names
from app.ui import filters, lists
from app.ui.languages import language
from app.ui.permissions import Permission, requires

_S = ProjectState
OPEN = (_S.PLANNED, _S.RUNNING)
IN_FILE = 2000
STEPS = {
    _S.PLANNED: N_("Take it up again"),
    _S.RUNNING: N_("Start the project"),
    _S.DONE: N_("The project is done"),
    _S.CANCELLED: N_("Cancel the project"),
}
SORTS = {
    "ends": lists.Sort(N_("Ends"), (lists.asc(Project.ends_on),)),
    "name": lists.Sort(N_("Name"), (lists.asc(Project.name),)),
    "starts": lists.Sort(N_("Starts"), (lists.asc(Project.starts_on),)),
}


def _chosen() -> tuple[Select[*tuple[Any, ...]], str, list[dict[str, Any]]]:
    """The projects that the address asks for, its search text, and the filters as the page shows them."""
    q, state = lists.search_text(), lists.choice("state", [*ProjectState, "all"])
    programme, lead = lists.row_id("programme"), lists.row_id("lead")
    chosen = queries.listing()
    if q:
        chosen = chosen.where(queries.matches(q))
    if state == "":
        chosen = chosen.where(Project.state.in_(OPEN))
    elif state != "all":
        chosen = chosen.where(Project.state == ProjectState(state))
    if programme:
        chosen = chosen.where(Project.programme_id == programme)
    if lead:
        chosen = chosen.where(Project.lead_id == lead)
    states = [*choices.labelled(ProjectState), ("all", _("All, closed ones too"))]
    people, programmes = choices.people()[1:], choices.programme_pairs()[1:]
    shown: list[dict[str, Any]] = [
        {"name": "state", "label": _("State"), "value": state, "options": states, "all": _("Planned and running")},
        {"name": "programme", "label": _("Programme"), "value": programme or "", "options": programmes},
        {"name": "lead", "label": _("Project lead"), "value": lead or "", "options": people},
    ]
    return chosen, q, shown


@bp.get("/grants/projects")
@requires(Permission.GRANTS_READ)
def projects() -> ResponseReturnValue:
    """All projects with what they cost, what is covered and what is not."""
    chosen, q, shown = _chosen()
    page = lists.page(chosen, SORTS, key=Project.id, default="ends")
    rows = [queries.listed(row) for row in page.rows]
    return render_template(
        "grants/projects.html",
        tabs=tabs(),
        page=page,
        rows=rows,
        plans=queries.plans_of(row.id for row in rows),
        programmes=programme_names(language()),
        q=q,
        filters=shown,
    )


@bp.get("/grants/projects.<any(csv,xlsx):form>")
@requires(Permission.GRANTS_READ)
def projects_file(form: str) -> Response:
    """The list as a file for a spreadsheet."""
    chosen = _chosen()[0].order_by(Project.ends_on, Project.id).limit(IN_FILE)
    rows = [queries.listed(row) for row in db.session.execute(chosen)]
    plans = queries.plans_of(row.id for row in rows)
    return sheet.download(*sheet.of_list(rows, plans, programme_names(language())), _("Projects"), form)


@bp.route("/grants/projects/new", methods=["GET", "POST"])
@requires(Permission.GRANTS_WRITE)
def new_project() -> ResponseReturnValue:
    """Start a project: what it is and when; its plan comes next."""

    def make(**kwargs: Any) -> ProjectForm:
        today = local_date(now())
        data = {"starts_on": today, "ends_on": add_months(today, 12), "lead_id": current_user.id}
        form = ProjectForm(data=data, **kwargs)
        form.offer()
        return form

    return form_page(
        make,
        lambda form: services.create(form.facts(), actor=current_user.actor, now=now()),
        title=_("New project"),
        submit=_("Save"),
        said=_("The project is here. Say who pays for it, then write its plan."),
        back=lambda project_id: url_for("grants.project", project_id=project_id),
    )


@bp.get("/grants/projects/<int:project_id>")
@requires(Permission.GRANTS_READ)
def project(project_id: int) -> ResponseReturnValue:
    """One project: its cover plan with gaps and doubles, and what was really spent against it."""
    row, line = queries.one(project_id)
    plan = queries.plan(project_id)
    grants = [each.grant_id for each in plan.sources if each.grant_id]
    return render_template(
        "grants/project.html",
        row=row,
        line=line,
        plan=plan,
        spent=queries.spent(project_id),
        twins=queries.twins(grants),
        programme=programme_names(language()).get(row.programme_id or 0, ""),
        steps=[(each, _word(row.state, each)) for each in STEPS if each in PROJECT_MOVES.following(row.state)],
        trail=trail_of("project", project_id),
    )


@bp.route("/grants/projects/<int:project_id>/edit", methods=["GET", "POST"])
@requires(Permission.GRANTS_WRITE)
def edit_project(project_id: int) -> ResponseReturnValue:
    """Change a project's name, period, lead and programme."""
    line = queries.one(project_id)[1]
    return form_page(
        lambda **kwargs: ChangeProjectForm.of(queries.one(project_id)[0], **kwargs),
        lambda form: services.change(
            project_id, form.facts(), version=form.version.data, actor=current_user.actor, now=now()
        ),
        title=_("Edit the project"),
        subject=line.name,
        submit=_("Save"),
        said=_("Saved."),
        back=url_for("grants.project", project_id=project_id),
    )


@bp.route("/grants/projects/<int:project_id>/move/<state>", methods=["GET", "POST"])
@requires(Permission.GRANTS_WRITE)
def move_project(project_id: int, state: str) -> ResponseReturnValue:
    """To another state, with a note."""
    row, line = queries.one(project_id)
    if state not in {each.value for each in ProjectState}:
        raise Invalid(N_("Please choose one of the options."), field="state")
    wanted = ProjectState(state)
    PROJECT_MOVES.check(row.state, wanted)
    word = _word(row.state, wanted)
    return form_page(
        lambda **kwargs: FreeNoteForm.at(queries.one(project_id)[0].version, **kwargs),
        lambda form: services.move(
            project_id,
            wanted,
            note=form.note.data or "",
            version=form.version.data,
            actor=current_user.actor,
            now=now(),
        ),
        title=word,
        subject=line.name,
        submit=word,
        tone="danger" if wanted is ProjectState.CANCELLED else "primary",
        said=_("Done. Its state is now: %(state)s.", state=filters.label(wanted)),
        back=url_for("grants.project", project_id=project_id),
    )


def _word(before: ProjectState, wanted: ProjectState) -> str:
    if before is ProjectState.DONE and wanted is ProjectState.RUNNING:
        return str(_("Open the project again"))
    return str(_(STEPS[wanted]))


@bp.route("/grants/<int:grant_id>/cover-rule", methods=["GET", "POST"])
@requires(Permission.GRANTS_WRITE)
def cover_rule(grant_id: int) -> ResponseReturnValue:
    """What the funder of a grant pays; a new one begins as the last of the same funder."""
    row, line = awards.one(grant_id)

    def make(**kwargs: Any) -> RuleForm:
        known = queries.rule_row(grant_id)
        start = known or queries.last_rule_of_funder(row.funder_id)
        return RuleForm.of(start, known.version if known else 0, **kwargs)

    return form_page(
        make,
        lambda form: services.set_rule(
            grant_id, form.facts(), version=form.version.data, actor=current_user.actor, now=now()
        ),
        title=_("What the funder pays"),
        subject=f"{line.title} · {line.funder}",
        explain=_("Cover plans show where they go beyond it. Nothing is refused."),
        submit=_("Save"),
        said=_("Saved."),
        back=url_for("grants.grant", grant_id=grant_id),
        hints={
            "max_rate": _("Hours at a higher rate are covered up to this rate. Empty: no limit."),
            "overhead_percent": _("Of the direct costs this grant covers in a project."),
            "overhead_amount": _("For each project."),
        },
    )
