"""The list of grants, one grant, and the award that makes one."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import ColumnElement

from app.base.dates import local_date
from app.base.states import N_
from app.extensions import now
from app.grants import choices
from app.grants.applications import queries as applications
from app.grants.applications.models import STAGES, Stage
from app.grants.awards import queries, services, steps
from app.grants.awards.forms import AwardForm, GrantForm
from app.grants.awards.models import RUNNING, Grant, GrantState, Recognition
from app.grants.blueprint import bp
from app.grants.conditions import queries as conditions
from app.grants.funders import queries as funders
from app.grants.instalments import queries as instalments
from app.grants.obligations import queries as obligations
from app.grants.pages import act_on, catch_up, form_page, tabs
from app.grants.restricted import queries as restricted
from app.grants.rows import Stale
from app.grants.settlements import queries as settlements
from app.grants.settlements.standing import standing
from app.grants.trail import trail_of
from app.ledger.queries import grant_balance
from app.supporters.models import Supporter
from app.ui import lists
from app.ui.languages import language
from app.ui.permissions import Permission, requires

SORTS = {
    "due": lists.Sort(N_("Next due"), (lists.asc(queries.next_due(), nullable=True),)),
    "title": lists.Sort(N_("Grant"), (lists.asc(Grant.title),)),
    "funder": lists.Sort(N_("Funder"), (lists.asc(Supporter.sort_key),)),
    "amount": lists.Sort(N_("Granted"), (lists.desc(Grant.amount_cents),)),
    "ends": lists.Sort(N_("Ends"), (lists.asc(Grant.ends_on),)),
}


@bp.get("/grants")
@requires(Permission.GRANTS_READ)
def index() -> ResponseReturnValue:
    """All grants; the running ones, unless asked otherwise."""
    q, state = lists.search_text(), lists.choice("state", [*GrantState, "all", "unconfirmed"])
    funder, owner, programme = lists.row_id("funder"), lists.row_id("owner"), lists.row_id("programme")
    start, end = lists.day("from"), lists.day("to")
    conditions: list[ColumnElement[bool]] = []
    if q:
        conditions.append(queries.matches(q))
    if state == "":
        conditions.append(Grant.state.in_(RUNNING))
    elif state == "unconfirmed":
        conditions += [Grant.confirmed_at.is_(None), Grant.state.in_(RUNNING)]
    elif state != "all":
        conditions.append(Grant.state == GrantState(state))
    for column, value in ((Grant.funder_id, funder), (Grant.owner_id, owner), (Grant.programme_id, programme)):
        if value:
            conditions.append(column == value)
    if start:
        conditions.append(Grant.ends_on >= start)
    if end:
        conditions.append(Grant.starts_on <= end)
    page = lists.page(queries.listing().where(*conditions), SORTS, key=Grant.id, default="due")
    states = [
        *choices.labelled(GrantState),
        ("unconfirmed", _("Waiting for finance")),
        ("all", _("All, closed ones too")),
    ]
    filters: list[dict[str, Any]] = [
        {"name": "state", "label": _("State"), "value": state, "options": states, "all": _("Running")},
        {"name": "funder", "label": _("Funder"), "value": funder or "", "options": funders.choices()},
        {"name": "owner", "label": _("Owner"), "value": owner or "", "options": choices.people()[1:]},
        {
            "name": "programme",
            "label": _("Programme"),
            "value": programme or "",
            "options": choices.programme_pairs()[1:],
        },
        {"name": "from", "label": _("Runs from"), "value": start, "type": "date"},
        {"name": "to", "label": _("Runs to"), "value": end, "type": "date"},
    ]
    rows = [queries.line_of(row) for row in page.rows]
    return render_template(
        "grants/index.html",
        tabs=tabs(),
        page=page,
        rows=rows,
        q=q,
        filters=filters,
        totals=queries.totals(conditions),
        today=local_date(now()),
    )


@bp.get("/grants/<int:grant_id>")
@requires(Permission.GRANTS_READ)
def grant(grant_id: int) -> ResponseReturnValue:
    """One grant: what to do next, its money, its obligations, its history."""
    row, line = queries.one(grant_id)
    parts = instalments.of_grant(grant_id)
    duties = obligations.of_grant(grant_id)
    shares = restricted.shares(grant_id)
    return render_template(
        "grants/grant.html",
        row=row,
        line=line,
        today=local_date(now()),
        parts=parts,
        duties=duties,
        funder=funders.one(row.funder_id)[0],
        receipts=instalments.receipts_of(part.id for part in parts),
        balance=grant_balance(grant_id),
        conditions=conditions.of_grant(grant_id),
        settlement=standing(grant_id),
        made=applications.made_from(row.application_id),
        planned=sum(part.amount_cents if part.settled_cents is None else part.settled_cents for part in parts),
        steps=steps.offered(row.state),
        repayments=settlements.repayments(grant_id),
        shares=shares,
        purposes={total.purpose: total.name for total in restricted.totals(shares, language())},
        trail=trail_of("grant_award", grant_id),
        programme=dict(choices.programme_pairs(row.programme_id)).get(row.programme_id),
        fund=dict(choices.fund_pairs(row.fund_id)).get(row.fund_id) if row.fund_id else None,
    )


@bp.route("/grants/applications/<int:application_id>/award", methods=["GET", "POST"])
@requires(Permission.GRANTS_WRITE)
def award(application_id: int) -> ResponseReturnValue:
    """The funder said yes: the award letter, with what it promises and asks."""
    row, line = applications.one(application_id)
    STAGES.check(row.stage, Stage.AWARDED)
    default_line = funders.one(row.funder_id)[0].income_line
    today = local_date(now())

    def make(**kwargs: Any) -> AwardForm:
        return AwardForm.of(applications.one(application_id)[1], default_line, today, **kwargs)

    def act() -> int:
        parts, duties = form.plans()
        return services.award(
            application_id,
            form.facts(),
            parts,
            duties,
            version=form.version.data,
            actor=current_user.actor,
            now=now(),
        )

    form = make()
    changes: list[tuple[str, str, str]] = []
    if request.method == "POST" and request.form.get("more"):
        form.more(request.form["more"])
        status = form.status
    else:
        done, status, given = act_on(form, act)
        if done:
            flash(_("The grant is here. Finance confirms it before anything is booked."), "ok")
            return redirect(url_for("grants.grant", grant_id=given), 303)
        if isinstance(given, Stale):
            changes = catch_up(form, make(formdata=None))
    page = render_template(
        "grants/award.html", form=form, line=line, changes=changes, recognitions=list(Recognition), years=None
    )
    return page, status


@bp.route("/grants/<int:grant_id>/edit", methods=["GET", "POST"])
@requires(Permission.GRANTS_WRITE)
def edit_grant(grant_id: int) -> ResponseReturnValue:
    """Correct a grant. Once confirmed, what is in the books stands."""
    row, line = queries.one(grant_id)
    default_line = funders.one(row.funder_id)[0].income_line
    return form_page(
        lambda **kwargs: GrantForm.of(queries.one(grant_id)[0], default_line, **kwargs),
        lambda form: services.change(
            grant_id, form.facts(), version=form.version.data, actor=current_user.actor, now=now()
        ),
        title=_("Edit the grant"),
        subject=f"{line.title} · {line.funder}",
        submit=_("Save"),
        said=_("Saved."),
        explain=_("It is in the books: amount, decision day, programme, fund, income line and rule stand.")
        if row.confirmed_at
        else "",
        hints={
            "ends_on": _("Tasks that are counted back from the end move along.")
            + " "
            + _("Dates of obligations and instalments stay as they are: look at them afterwards.")
        },
        back=url_for("grants.grant", grant_id=grant_id),
    )
