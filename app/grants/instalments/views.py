"""The list of instalments, one instalment, and its plan."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app.base.dates import local_date
from app.base.states import N_
from app.extensions import now, writing
from app.grants import choices
from app.grants.awards import queries as awards
from app.grants.awards.models import Grant
from app.grants.blueprint import bp
from app.grants.conditions import queries as conditions
from app.grants.funders import queries as funders
from app.grants.instalments import planning, queries
from app.grants.instalments.forms import InstalmentFields, InstalmentForm
from app.grants.instalments.models import EXPECTED, INSTALMENT_MOVES, Instalment, InstalmentState, Trigger
from app.grants.obligations import queries as obligations
from app.grants.pages import VersionedForm, form_page, tabs
from app.grants.trail import trail_of
from app.supporters.models import Supporter
from app.ui import filters, lists
from app.ui.permissions import Permission, requires

SORTS = {
    "expected": lists.Sort(N_("Expected"), (lists.asc(Instalment.expected_on),)),
    "amount": lists.Sort(N_("Amount"), (lists.desc(Instalment.amount_cents),)),
    "funder": lists.Sort(N_("Funder"), (lists.asc(Supporter.sort_key), lists.asc(Instalment.expected_on))),
}


@bp.get("/grants/instalments")
@requires(Permission.GRANTS_READ)
def instalments() -> ResponseReturnValue:
    """Money that was agreed: what is still to come, unless asked otherwise."""
    today = local_date(now())
    q, state = lists.search_text(), lists.choice("state", [*InstalmentState, "all", "waiting", "late"])
    funder, start, end = lists.row_id("funder"), lists.day("from"), lists.day("to")
    chosen = queries.listing()
    if q:
        chosen = chosen.where(queries.matches(q))
    if state == "":
        chosen = chosen.where(Instalment.state.in_(EXPECTED))
    elif state == "waiting":
        chosen = chosen.where(queries.WAITING)
    elif state == "late":
        chosen = chosen.where(
            Instalment.state.in_((InstalmentState.DUE, InstalmentState.REQUESTED)), Instalment.expected_on < today
        )
    elif state != "all":
        chosen = chosen.where(Instalment.state == InstalmentState(state))
    if funder:
        chosen = chosen.where(Grant.funder_id == funder)
    if start:
        chosen = chosen.where(Instalment.expected_on >= start)
    if end:
        chosen = chosen.where(Instalment.expected_on <= end)
    page = lists.page(chosen, SORTS, key=Instalment.id, default="expected")
    states = [
        *choices.labelled(InstalmentState),
        ("waiting", _("Waits for a report")),
        ("late", _("Later than expected")),
        ("all", _("All")),
    ]
    bar: list[dict[str, Any]] = [
        {"name": "state", "label": _("State"), "value": state, "options": states, "all": _("Still to come")},
        {"name": "funder", "label": _("Funder"), "value": funder or "", "options": funders.choices()},
        {"name": "from", "label": _("Expected from"), "value": start, "type": "date"},
        {"name": "to", "label": _("Expected to"), "value": end, "type": "date"},
    ]
    return render_template(
        "grants/instalments.html",
        tabs=tabs(),
        page=page,
        rows=[queries.line_of(row) for row in page.rows],
        q=q,
        filters=bar,
        totals=queries.totals(chosen),
        today=today,
    )


@bp.get("/grants/instalments/<int:instalment_id>")
@requires(Permission.GRANTS_READ)
def instalment(instalment_id: int) -> ResponseReturnValue:
    """One instalment: what to do next, the money that came, its history."""
    line = queries.one(instalment_id)
    asked: list[conditions.Line] = []
    if line.state is InstalmentState.CONDITIONAL:
        asked = conditions.about(conditions.of_grant(line.grant_id), instalment_id)
    return render_template(
        "grants/instalment.html",
        line=line,
        unmet=[each for each in asked if each.holds],
        today=local_date(now()),
        receipts=queries.receipts_of([instalment_id])[instalment_id],
        letter=queries.letter_of(instalment_id),
        following=INSTALMENT_MOVES.following(line.state),
        trail=trail_of("instalment", instalment_id),
    )


def _reports(grant_id: int) -> list[tuple[int, str]]:
    """The obligations of the grant an instalment can wait for."""
    return [
        (line.id, f"{line.title or filters.label(line.kind)}, {filters.day(line.due_on)}")
        for line in obligations.of_grant(grant_id)
    ]


def _hints() -> dict[str, str]:
    return {
        "amount": _("An amount, or a share of the grant with a percent sign behind it"),
        "report": _("Only if it comes when a report is accepted."),
        "contribution_year": _("The year it is income of. Empty: the year it is expected in."),
    }


@bp.route("/grants/<int:grant_id>/instalments/new", methods=["GET", "POST"])
@requires(Permission.GRANTS_WRITE)
def new_instalment(grant_id: int) -> ResponseReturnValue:
    """One more instalment."""
    line = awards.one(grant_id)[1]

    def make(**kwargs: Any) -> InstalmentFields:
        form = InstalmentFields(data={"triggered_by": Trigger.DATE}, **kwargs)
        form.offer(_reports(grant_id))
        return form

    return form_page(
        make,
        lambda form: planning.add(
            grant_id, form.plan(), obligation_id=form.report.data, actor=current_user.actor, now=now()
        ),
        title=_("New instalment"),
        subject=f"{line.title} · {line.funder}",
        submit=_("Plan this instalment"),
        said=_("Planned."),
        back=url_for("grants.grant", grant_id=grant_id),
        hints=_hints(),
    )


@bp.route("/grants/instalments/<int:instalment_id>/edit", methods=["GET", "POST"])
@requires(Permission.GRANTS_WRITE)
def edit_instalment(instalment_id: int) -> ResponseReturnValue:
    """Change the plan; once the grant is confirmed only the day."""
    line = queries.one(instalment_id)
    return form_page(
        lambda **kwargs: InstalmentForm.of(queries.row(instalment_id), _reports(line.grant_id), **kwargs),
        lambda form: planning.change(
            instalment_id,
            form.plan(),
            obligation_id=form.report.data,
            version=form.version.data,
            actor=current_user.actor,
            now=now(),
        ),
        title=_("Edit the instalment"),
        subject=f"{line.grant} · {line.funder}",
        submit=_("Save"),
        said=_("Saved."),
        back=url_for("grants.instalment", instalment_id=instalment_id),
        hints=_hints(),
    )


@bp.post("/grants/instalments/<int:instalment_id>/remove")
@requires(Permission.GRANTS_WRITE)
def remove_instalment(instalment_id: int) -> ResponseReturnValue:
    """Take it out of the plan."""
    grant_id = queries.one(instalment_id).grant_id
    form = VersionedForm()
    with writing():
        planning.remove(instalment_id, version=form.version.data, actor=current_user.actor, now=now())
    flash(_("Taken out of the plan."), "ok")
    return redirect(url_for("grants.grant", grant_id=grant_id), 303)
