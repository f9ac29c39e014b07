"""The list of deadlines, one obligation, its plan and its files."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app.base.dates import local_date
from app.base.errors import Invalid, NotFound
from app.base.states import N_
from app.documents import services as documents
from app.documents.files import ACCEPT, keep
from app.extensions import now, writing
from app.grants import choices
from app.grants.applications import queries as applications
from app.grants.awards import queries as awards
from app.grants.blueprint import bp
from app.grants.funders import queries as funders
from app.grants.funders.models import Funder
from app.grants.instalments import queries as instalments
from app.grants.obligations import queries, services
from app.grants.obligations.forms import FileForm, ObligationFields, ObligationForm, ReasonForm
from app.grants.obligations.models import (
    BEFORE_AWARD,
    OBLIGATION_MOVES,
    Obligation,
    ObligationKind,
    ObligationState,
)
from app.grants.obligations.queries import Due
from app.grants.pages import form_page, tabs
from app.grants.reports import keeping
from app.grants.trail import trail_of
from app.staff import queries as staff
from app.supporters.models import Supporter
from app.ui import lists
from app.ui.permissions import Permission, requires

SORTS = {
    "due": lists.Sort(N_("Due"), (lists.asc(Obligation.due_on),)),
    "funder": lists.Sort(N_("Funder"), (lists.asc(Supporter.sort_key), lists.asc(Obligation.due_on))),
}
OF_GRANT = [kind for kind in ObligationKind if kind not in BEFORE_AWARD]


@bp.get("/grants/obligations")
@requires(Permission.GRANTS_READ)
def obligations() -> ResponseReturnValue:
    """Deadlines: what is still to be delivered, the late ones on top."""
    today = local_date(now())
    q, state = lists.search_text(), lists.choice("state", [*ObligationState, "all"])
    due, kind = lists.choice("due", Due), lists.choice("kind", ObligationKind)
    funder, assignee = lists.row_id("funder"), lists.row_id("assignee")
    chosen = queries.listing()
    if q:
        chosen = chosen.where(queries.matches(q))
    if due:
        chosen = chosen.where(queries.due_within(Due(due), today))
    elif state == "":
        chosen = chosen.where(queries.TO_DO)
    if state not in ("", "all"):
        chosen = chosen.where(Obligation.state == ObligationState(state))
    if kind:
        chosen = chosen.where(Obligation.kind == ObligationKind(kind))
    if funder:
        chosen = chosen.where(Funder.id == funder)
    if assignee:
        chosen = chosen.where(Obligation.assignee_id == assignee)
    page = lists.page(chosen, SORTS, key=Obligation.id, default="due")
    spans = [(Due.OVERDUE, _("Too late")), (Due.WEEK, _("Within 7 days")), (Due.MONTH, _("Within 30 days"))]
    spans.append((Due.QUARTER, _("Within 90 days")))
    filters: list[dict[str, Any]] = [
        {"name": "due", "label": _("Due"), "value": due, "options": [(each.value, text) for each, text in spans]},
        {
            "name": "state",
            "label": _("State"),
            "value": state,
            "options": [*choices.labelled(ObligationState), ("all", _("All"))],
            "all": _("To deliver"),
        },
        {"name": "kind", "label": _("Kind"), "value": kind, "options": choices.labelled(ObligationKind)},
        {"name": "funder", "label": _("Funder"), "value": funder or "", "options": funders.choices()},
        {"name": "assignee", "label": _("Who does it"), "value": assignee or "", "options": choices.people()[1:]},
    ]
    return render_template(
        "grants/obligations.html",
        tabs=tabs(),
        page=page,
        rows=[queries.line_of(row) for row in page.rows],
        q=q,
        filters=filters,
        counts=queries.due_counts(today),
        total=queries.count(chosen),
        today=today,
    )


@bp.get("/grants/obligations/<int:obligation_id>")
@requires(Permission.GRANTS_READ)
def obligation(obligation_id: int) -> ResponseReturnValue:
    """One obligation: what to do next, its files, its history."""
    row, line = queries.one(obligation_id)
    parts = instalments.of_grant(row.grant_id) if row.grant_id else []
    people = staff.by_ids(each for each in (row.assignee_id, row.reviewer_id) if each)
    return render_template(
        "grants/obligation.html",
        row=row,
        line=line,
        today=local_date(now()),
        people=people,
        waiting=[part for part in parts if part.obligation_id == row.id],
        files=documents.documents_of("obligation", row.id),
        sent=keeping.kept(row.id),
        with_funder=row.state in services.WITH_FUNDER,
        file_form=FileForm(formdata=None),
        accept=ACCEPT,
        following=OBLIGATION_MOVES.following(row.state),
        moves=queries.moves_of(obligation_id),
        states={state.value: state for state in ObligationState},
        trail=trail_of("obligation", obligation_id),
    )


def _make(kinds: Iterable[ObligationKind]) -> Any:
    def make(**kwargs: Any) -> ObligationFields:
        form = ObligationFields(data={"assignee_id": current_user.id}, **kwargs)
        form.offer(kinds)
        return form

    return make


@bp.route("/grants/<int:grant_id>/obligations/new", methods=["GET", "POST"])
@requires(Permission.GRANTS_WRITE)
def new_obligation(grant_id: int) -> ResponseReturnValue:
    """Something more that this grant asks of us."""
    line = awards.one(grant_id)[1]
    return form_page(
        _make(OF_GRANT),
        lambda form: services.plan([form.plan()], grant_id=grant_id, actor=current_user.actor, now=now())[0],
        title=_("New obligation"),
        subject=f"{line.title} · {line.funder}",
        submit=_("Plan this"),
        said=_("Planned. Reminders follow by themselves."),
        back=url_for("grants.grant", grant_id=grant_id),
    )


@bp.route("/grants/applications/<int:application_id>/obligations/new", methods=["GET", "POST"])
@requires(Permission.GRANTS_WRITE)
def new_application_obligation(application_id: int) -> ResponseReturnValue:
    """A letter, a form or anything else on the way to a decision."""
    line = applications.one(application_id)[1]
    return form_page(
        _make(ObligationKind),
        lambda form: services.plan([form.plan()], application_id=application_id, actor=current_user.actor, now=now())[
            0
        ],
        title=_("New obligation"),
        subject=f"{line.title} · {line.funder}",
        submit=_("Plan this"),
        said=_("Planned. Reminders follow by themselves."),
        back=url_for("grants.application", application_id=application_id),
    )


@bp.route("/grants/obligations/<int:obligation_id>/edit", methods=["GET", "POST"])
@requires(Permission.GRANTS_WRITE)
def edit_obligation(obligation_id: int) -> ResponseReturnValue:
    """Change dates, people or words."""
    row, line = queries.one(obligation_id)
    kinds = OF_GRANT if row.grant_id else list(ObligationKind)
    return form_page(
        lambda **kwargs: ObligationForm.of(queries.one(obligation_id)[0], kinds, **kwargs),
        lambda form: services.change(
            obligation_id, form.plan(), version=form.version.data, actor=current_user.actor, now=now()
        ),
        title=_("Edit the obligation"),
        subject=f"{line.subject} · {line.funder}",
        submit=_("Save"),
        said=_("Saved."),
        back=url_for("grants.obligation", obligation_id=obligation_id),
        hints={"due_on": _("Reminders go out 30, 14, 7 and 1 days before.")},
    )


@bp.post("/grants/obligations/<int:obligation_id>/files")
@requires(Permission.GRANTS_WRITE)
def add_file(obligation_id: int) -> ResponseReturnValue:
    """Keep a file with the obligation: a proof where it is with the funder, else work in progress."""
    proof = queries.one(obligation_id)[0].state in services.WITH_FUNDER
    form = FileForm()
    if not form.validate() or not form.file.data:
        raise Invalid(N_("Choose a file first."), field="file")
    file = keep(form.file.data.read(), form.file.data.filename or "")
    with writing():
        services.attach(obligation_id, file, proof=proof, actor=current_user.actor, now=now())
    flash(_("The file is kept."), "ok")
    return redirect(url_for("grants.obligation", obligation_id=obligation_id), 303)


@bp.route("/grants/obligations/<int:obligation_id>/files/<int:document_id>/remove", methods=["GET", "POST"])
@requires(Permission.FINANCE_WRITE)
def take_off_file(obligation_id: int, document_id: int) -> ResponseReturnValue:
    """Take a wrong file off, a proof too, with the reason in the trail."""
    row, line = queries.one(obligation_id)
    mine = {each.id: each for each in documents.documents_of("obligation", row.id)}
    if document_id not in mine:
        raise NotFound(N_("This file is not here (any more)."))
    return form_page(
        lambda **kwargs: ReasonForm(**kwargs),
        lambda form: services.take_off(
            obligation_id, document_id, form.note.data or "", actor=current_user.actor, now=now()
        ),
        title=_("Take this file off"),
        subject=f"{mine[document_id].filename} · {line.subject}",
        submit=_("Take it off"),
        said=_("The file is taken off."),
        back=url_for("grants.obligation", obligation_id=obligation_id),
        tone="danger",
        explain=_("Its name, its fingerprint and your reason stay in the trail."),
    )
