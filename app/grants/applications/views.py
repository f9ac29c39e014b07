"""The pages of the pipeline: list, board, one application and its decisions."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app.base.dates import local_date
from app.base.errors import Invalid
from app.base.states import N_
from app.extensions import now, writing
from app.grants import choices
from app.grants.applications import queries, services
from app.grants.applications.forms import ApplicationForm, DeclineForm, MoveForm, NewApplicationForm
from app.grants.applications.models import OPEN_STAGES, STAGES, Application, Stage
from app.grants.awards import queries as awards
from app.grants.blueprint import bp
from app.grants.funders import queries as funders
from app.grants.obligations import queries as obligations
from app.grants.pages import form_page, tabs
from app.grants.trail import trail_of
from app.supporters.models import Supporter
from app.ui import lists
from app.ui.permissions import Permission, requires

SORTS = {
    "decision": lists.Sort(N_("Decision"), (lists.asc(queries.decision_day(), nullable=True),)),
    "title": lists.Sort(N_("What for"), (lists.asc(Application.title),)),
    "funder": lists.Sort(N_("Funder"), (lists.asc(Supporter.sort_key),)),
    "ask": lists.Sort(N_("Asked"), (lists.desc(Application.ask_cents),)),
    "weighted": lists.Sort(N_("Weighted"), (lists.desc(queries.weighted()),)),
    "since": lists.Sort(N_("In this stage since"), (lists.asc(Application.stage_since),)),
}


@bp.get("/grants/applications")
@requires(Permission.GRANTS_READ)
def applications() -> ResponseReturnValue:
    """All applications; the open ones first asked for."""
    q, stage = lists.search_text(), lists.choice("stage", [*Stage, "all"])
    funder, owner, programme = lists.row_id("funder"), lists.row_id("owner"), lists.row_id("programme")
    start, end = lists.day("from"), lists.day("to")
    chosen = queries.listing()
    if q:
        chosen = chosen.where(queries.matches(q))
    if stage == "":
        chosen = chosen.where(Application.stage.in_(OPEN_STAGES))
    elif stage != "all":
        chosen = chosen.where(Application.stage == Stage(stage))
    for column, value in (
        (Application.funder_id, funder),
        (Application.owner_id, owner),
        (Application.programme_id, programme),
    ):
        if value:
            chosen = chosen.where(column == value)
    if start:
        chosen = chosen.where(queries.decision_day() >= start)
    if end:
        chosen = chosen.where(queries.decision_day() <= end)
    page = lists.page(chosen, SORTS, key=Application.id, default="decision")
    return render_template(
        "grants/applications.html",
        tabs=tabs(),
        page=page,
        rows=[queries.line_of(row) for row in page.rows],
        q=q,
        filters=_filters(stage, funder, owner, programme, start, end),
        totals=queries.totals(chosen),
        today=local_date(now()),
    )


def _filters(stage: str, funder: Any, owner: Any, programme: Any, start: Any, end: Any) -> list[dict[str, Any]]:
    stages = [*choices.labelled(Stage), ("all", _("All, closed ones too"))]
    return [
        {"name": "stage", "label": _("Stage"), "value": stage, "options": stages, "all": _("Open")},
        {"name": "funder", "label": _("Funder"), "value": funder or "", "options": funders.choices()},
        {"name": "owner", "label": _("Owner"), "value": owner or "", "options": choices.people()[1:]},
        {
            "name": "programme",
            "label": _("Programme"),
            "value": programme or "",
            "options": choices.programme_pairs()[1:],
        },
        {"name": "from", "label": _("Decision from"), "value": start, "type": "date"},
        {"name": "to", "label": _("Decision to"), "value": end, "type": "date"},
    ]


@bp.get("/grants/board")
@requires(Permission.GRANTS_READ)
def board() -> ResponseReturnValue:
    """The pipeline as columns: drag a card, or choose its next stage."""
    owner, programme = lists.row_id("owner"), lists.row_id("programme")
    columns = queries.board(owner_id=owner, programme_id=programme)
    filters = [
        {"name": "owner", "label": _("Owner"), "value": owner or "", "options": choices.people()[1:]},
        {
            "name": "programme",
            "label": _("Programme"),
            "value": programme or "",
            "options": choices.programme_pairs()[1:],
        },
    ]
    return render_template(
        "grants/board.html",
        tabs=tabs(),
        columns=columns,
        filters=filters,
        today=local_date(now()),
        following={stage: STAGES.following(stage) for stage in OPEN_STAGES},
        forward=dict(zip(OPEN_STAGES, (*OPEN_STAGES[1:], Stage.AWARDED), strict=True)),
        most=queries.BOARD_CARDS,
    )


@bp.route("/grants/applications/new", methods=["GET", "POST"])
@requires(Permission.GRANTS_WRITE)
def new_application() -> ResponseReturnValue:
    """Put an application in the pipeline."""
    chosen = lists.row_id("funder")

    def make(**kwargs: Any) -> NewApplicationForm:
        data = {"funder_id": chosen, "owner_id": current_user.id, "stage": Stage.PROSPECT}
        form = NewApplicationForm(data=data, **kwargs)
        form.offer(local_date(now()))
        return form

    def act(form: NewApplicationForm) -> int:
        return services.create(form.facts(), stage=form.stage.data, actor=current_user.actor, now=now())

    return form_page(
        make,
        act,
        title=_("New application"),
        submit=_("Save this application"),
        said=_("The application is on the board."),
        back=lambda row_id: url_for("grants.application", application_id=row_id),
        hints=_hints(),
    )


@bp.get("/grants/applications/<int:application_id>")
@requires(Permission.GRANTS_READ)
def application(application_id: int) -> ResponseReturnValue:
    """One application: its stage, what is to be delivered, its history."""
    row, line = queries.one(application_id)
    previous = queries.one(row.previous_id)[1] if row.previous_id else None
    return render_template(
        "grants/application.html",
        row=row,
        line=line,
        previous=previous,
        made=queries.made_from(application_id),
        today=local_date(now()),
        grant_id=awards.of_application(application_id),
        following=STAGES.following(row.stage),
        move_form=_move_form(row),
        duties=obligations.of_application(application_id),
        moves=queries.moves_of(application_id),
        trail=trail_of("application", application_id),
        open_stages=OPEN_STAGES,
        stages={stage.value: stage for stage in Stage},
        programme=dict(choices.programme_pairs(row.programme_id)).get(row.programme_id),
    )


def _move_form(row: Application) -> MoveForm:
    form: MoveForm = MoveForm.at(row.version, formdata=None)
    form.stage.choices = choices.labelled(STAGES.following(row.stage))
    return form


@bp.route("/grants/applications/<int:application_id>/edit", methods=["GET", "POST"])
@requires(Permission.GRANTS_WRITE)
def edit_application(application_id: int) -> ResponseReturnValue:
    """Change an application."""
    line = queries.one(application_id)[1]
    return form_page(
        lambda **kwargs: ApplicationForm.of(queries.one(application_id)[0], local_date(now()), **kwargs),
        lambda form: services.change(
            application_id, form.facts(), version=form.version.data, actor=current_user.actor, now=now()
        ),
        title=_("Edit the application"),
        subject=f"{line.title} · {line.funder}",
        submit=_("Save"),
        said=_("Saved."),
        back=url_for("grants.application", application_id=application_id),
        hints=_hints(),
    )


@bp.post("/grants/applications/<int:application_id>/move")
@requires(Permission.GRANTS_WRITE)
def move_application(application_id: int) -> ResponseReturnValue:
    """To another stage, from the board or the record. A decision leads on to its own form."""
    form = MoveForm()
    if not form.validate():
        raise Invalid(N_("Please choose one of the options."), field="stage")
    stage = form.stage.data
    if stage in services.BY_FORM:
        STAGES.check(queries.one(application_id)[0].stage, stage)
        endpoint = "grants.award" if stage is Stage.AWARDED else "grants.decline_application"
        return redirect(url_for(endpoint, application_id=application_id), 303)
    with writing():
        services.move(
            application_id,
            stage,
            note=form.note.data or "",
            version=form.version.data,
            actor=current_user.actor,
            now=now(),
        )
    flash(_("Moved to: %(stage)s.", stage=_(stage.label)), "ok")
    return redirect(_board_or(url_for("grants.application", application_id=application_id)), 303)


@bp.route("/grants/applications/<int:application_id>/decline", methods=["GET", "POST"])
@requires(Permission.GRANTS_WRITE)
def decline_application(application_id: int) -> ResponseReturnValue:
    """The funder said no."""
    row, line = queries.one(application_id)
    STAGES.check(row.stage, Stage.DECLINED)
    return form_page(
        lambda **kwargs: DeclineForm.at(queries.one(application_id)[0].version, **kwargs),
        lambda form: services.decline(
            application_id,
            form.reason.data,
            resubmit_on=form.resubmit_on.data,
            version=form.version.data,
            task_title=_("Ask again: %(title)s", title=line.title),
            actor=current_user.actor,
            now=now(),
        ),
        title=_("Record the decline"),
        subject=f"{line.title} · {line.funder}",
        submit=_("Record the decline"),
        explain=_("The application leaves the board. Its reason stays, so that the next one can be better."),
        said=_("Recorded. Thank you for writing down why."),
        hints={"resubmit_on": _("You get a task for that day, or for the first working day after it.")},
        back=url_for("grants.application", application_id=application_id),
    )


@bp.post("/grants/applications/<int:application_id>/again")
@requires(Permission.GRANTS_WRITE)
def try_again(application_id: int) -> ResponseReturnValue:
    """A new prospect made from this one: a renewal, or another try."""
    with writing():
        row_id = services.try_again(application_id, actor=current_user.actor, now=now())
    flash(_("A new prospect, made from the earlier application. Fill in what is different."), "ok")
    return redirect(url_for("grants.edit_application", application_id=row_id), 303)


def _hints() -> dict[str, str]:
    return {
        "expected": _("Empty: as much as we ask."),
        "probability": _("Empty: what is usual at this stage."),
        "decision_on": _("Empty: as the round says."),
    }


def _board_or(default: str) -> str:
    """Back to the board if the move was made there."""
    return url_for("grants.board") if request.form.get("from") == "board" else default
