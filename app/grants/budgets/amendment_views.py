"""Changes asked of the funder: ask, look, and record the answer."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app.base.dates import local_date
from app.base.errors import Refused
from app.base.states import N_
from app.extensions import now, writing
from app.grants import choices
from app.grants.awards import queries as awards
from app.grants.blueprint import bp
from app.grants.budgets import amendments, chores, queries
from app.grants.budgets.amendments import Asked
from app.grants.budgets.forms import AmendmentForm, DecisionForm
from app.grants.budgets.models import AmendmentKind
from app.grants.pages import filled, form_page
from app.staff.queries import find
from app.ui import filters
from app.ui.permissions import Permission, requires


@bp.route("/grants/<int:grant_id>/amendments/new", methods=["GET", "POST"])
@requires(Permission.GRANTS_WRITE)
def new_amendment(grant_id: int) -> ResponseReturnValue:
    """Ask the funder for more time, a shift within the budget, or another amount."""
    row, line = awards.one(grant_id)
    ended = row.ends_on

    def make(**kwargs: Any) -> AmendmentForm:
        form = AmendmentForm(data={"requested_on": local_date(now())}, **kwargs)
        form.kind.choices = choices.labelled(AmendmentKind)
        return form

    def act(form: AmendmentForm) -> int:
        dues = {}
        if form.move_dues.data and form.ends_on.data:
            later = form.ends_on.data - ended
            dues = {duty.id: duty.due_on + later for duty in queries.movable(grant_id) if duty.due_on >= ended}
        asked = Asked(
            kind=form.kind.data,
            reason=form.reason.data or "",
            requested_on=filled(form.requested_on.data),
            ends_on=form.ends_on.data,
            amount_cents=form.amount.data.cents if form.amount.data else None,
            with_budget=form.with_budget.data,
            dues=dues,
        )
        return amendments.request(grant_id, asked, actor=current_user.actor, now=now())

    return form_page(
        make,
        act,
        title=_("Ask a change of the funder"),
        subject=f"{line.title} · {line.funder}",
        explain=_(
            "Nothing changes yet. Once the funder agrees, the period, the amount, the budget and the dates follow."
        ),
        submit=_("Record what we asked"),
        said=_("It is recorded as asked."),
        back=lambda amendment_id: url_for("grants.amendment", amendment_id=amendment_id),
    )


@bp.get("/grants/amendments/<int:amendment_id>")
@requires(Permission.GRANTS_READ)
def amendment(amendment_id: int) -> ResponseReturnValue:
    """A change asked of the funder: what it was, what it becomes, and the answer."""
    row = queries.amendment(amendment_id)
    grant, line = awards.one(row.grant_id)
    books = amendments.touches_books(row, grant)
    task = chores.waiting(amendment_id)
    return render_template(
        "grants/amendment.html",
        row=row,
        grant=grant,
        line=line,
        books=books,
        asked=task,
        asks=find(task.owner_id) if task and task.owner_id else None,
        dues=queries.dues_of(amendment_id),
    )


def _decided(amendment_id: int, act: Any, title: str, explain: str, tone: str, said: str) -> ResponseReturnValue:
    row = queries.amendment(amendment_id)
    line = awards.one(row.grant_id)[1]
    return form_page(
        lambda **kwargs: DecisionForm.at(
            queries.amendment(amendment_id).version, data={"decided_on": local_date(now())}, **kwargs
        ),
        lambda form: act(
            amendment_id,
            decided_on=filled(form.decided_on.data),
            answer=form.answer.data or "",
            version=form.version.data,
            actor=current_user.actor,
            now=now(),
        ),
        title=title,
        subject=f"{line.title} · {line.funder}",
        explain=explain,
        submit=title,
        tone=tone,
        said=said,
        back=url_for("grants.amendment", amendment_id=amendment_id),
    )


@bp.route("/grants/amendments/<int:amendment_id>/approve", methods=["GET", "POST"])
@requires(Permission.GRANTS_WRITE)
def approve_amendment(amendment_id: int) -> ResponseReturnValue:
    """The funder agrees: it is written through."""
    said = _("Written through: the grant is as the funder agreed.")
    explain = _("The grant, its budget and its dates change now. What they were is kept.")
    return _decided(amendment_id, amendments.approve, _("The funder agrees"), explain, "primary", said)


@bp.post("/grants/amendments/<int:amendment_id>/ask-finance")
@requires(Permission.GRANTS_WRITE)
def ask_finance(amendment_id: int) -> ResponseReturnValue:
    """The funder agrees to another amount of a grant that is in the books: finance gets a task."""
    row = queries.amendment(amendment_id)
    if not amendments.touches_books(row, awards.one(row.grant_id)[0]):
        raise Refused(N_("Finance is not needed here: record the answer yourself."))
    with writing():
        chores.ask_finance(amendment_id, actor=current_user.actor, now=now())
    flash(_("Finance has it on the list of tasks."), "ok")
    return redirect(url_for("grants.amendment", amendment_id=amendment_id), 303)


@bp.route("/grants/amendments/<int:amendment_id>/book", methods=["GET", "POST"])
@requires(Permission.FINANCE_WRITE)
def book_amendment(amendment_id: int) -> ResponseReturnValue:
    """The funder agrees to another amount of a grant that is in the books."""
    row = queries.amendment(amendment_id)
    grant = awards.one(row.grant_id)[0]
    more = (row.amount_cents or grant.amount_cents) - grant.amount_cents
    explain = (
        _("One more instalment of %(amount)s comes, expected at the end of the grant; move its day if need be.",
          amount=filters.money(more))
        if more > 0
        else _("%(amount)s goes off the last instalments that are not asked for yet.", amount=filters.money(-more))
    )  # fmt: skip
    said = _("Written through: the grant is as the funder agreed.")
    act = partial(amendments.approve, finance=True)
    return _decided(amendment_id, act, _("The funder agrees"), explain, "primary", said)


@bp.route("/grants/amendments/<int:amendment_id>/refuse", methods=["GET", "POST"])
@requires(Permission.GRANTS_WRITE)
def refuse_amendment(amendment_id: int) -> ResponseReturnValue:
    """The funder does not agree: everything stays."""
    said, explain = _("Recorded. Everything stays as it was."), _("Everything stays as it is.")
    return _decided(amendment_id, amendments.refuse, _("The funder refuses"), explain, "danger", said)
