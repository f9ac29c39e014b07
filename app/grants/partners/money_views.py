"""Sub-grants: what is agreed with a partner, what is owed and paid, and what the partner owes us."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app.base.dates import local_date
from app.base.errors import Invalid
from app.base.states import N_
from app.extensions import now, writing
from app.grants.awards import queries as awards
from app.grants.blueprint import bp
from app.grants.pages import DayForm, VersionedForm, filled, form_page
from app.grants.partners import mails, money_queries, passing_on, queries, sub_grants
from app.grants.partners.forms import InstalmentForm, NewSubGrantForm, PayForm, ReasonForm, SubGrantForm
from app.grants.partners.models import DUTY_MOVES, SUB_GRANT_MOVES, PassOnState, SubGrantState
from app.grants.partners.passing_on import PaidOut
from app.grants.parts import tasks
from app.grants.trail import trail_of
from app.ui import filters
from app.ui.permissions import Permission, requires

WRITE, FINANCE = Permission.GRANTS_WRITE, Permission.FINANCE_WRITE


@bp.route("/grants/partners/<int:partner_id>/sub-grants/new", methods=["GET", "POST"])
@requires(WRITE)
def new_sub_grant(partner_id: int) -> ResponseReturnValue:
    """Pass part of the grant on to a partner."""
    partner, name = queries.one(partner_id)
    grant = awards.one(partner.grant_id)[0]
    share = next((each.amount_cents for each in queries.partners(partner.grant_id) if each.id == partner_id), None)
    starts_on, ends_on = grant.starts_on, grant.ends_on
    return form_page(
        lambda **kwargs: NewSubGrantForm.of(starts_on, ends_on, share or None, **kwargs),
        lambda form: sub_grants.plan(partner_id, form.facts(), actor=current_user.actor, now=now()),
        title=_("New sub-grant"),
        subject=name,
        explain=_(
            "As principal you answer for the money: it is your income and your cost. As cashier you only pass it on."
        ),
        submit=_("Draft this sub-grant"),
        said=_("Drafted. Nothing is booked yet."),
        back=lambda sub_grant_id: url_for("grants.sub_grant", sub_grant_id=sub_grant_id),
    )


@bp.get("/grants/sub-grants/<int:sub_grant_id>")
@requires(Permission.GRANTS_READ)
def sub_grant(sub_grant_id: int) -> ResponseReturnValue:
    """One sub-grant: its instalments, what is booked, what the partner still owes us."""
    row, partner, name = money_queries.one(sub_grant_id)
    parts, duties, today = (
        money_queries.instalments(sub_grant_id),
        money_queries.duties(sub_grant_id),
        local_date(now()),
    )
    grant, line = awards.one(partner.grant_id)
    return render_template(
        "grants/sub_grant.html",
        row=row,
        partner=partner,
        name=name,
        line=line,
        parts=parts,
        payments=money_queries.payments(part.id for part in parts),
        duties=duties,
        files=money_queries.files_of(duty.id for duty in duties),
        page=tasks.page_of(sub_grant_id),
        asks=money_queries.about(sub_grant_id).asks,
        may_remind=bool(mails.asked_for(row, grant, duties, today)),
        late={duty.id for duty in duties if money_queries.is_late(duty, today)},
        following={duty.id: DUTY_MOVES.following(duty.state) for duty in duties},
        moves=SUB_GRANT_MOVES.following(row.state),
        planned=sub_grants.planned_cents(sub_grant_id),
        today=today,
        trail=trail_of("sub_grant", sub_grant_id),
    )


def page_of(sub_grant_id: int, make: Any, act: Any, **words: Any) -> ResponseReturnValue:
    """A form that acts on a sub-grant or something of it (see `form_page`), and leads back to it."""
    row, _partner, name = money_queries.one(sub_grant_id)
    back = url_for("grants.sub_grant", sub_grant_id=sub_grant_id)
    return form_page(make, act, subject=f"{row.title} · {name}", back=back, **words)


@bp.route("/grants/sub-grants/<int:sub_grant_id>/edit", methods=["GET", "POST"])
@requires(WRITE)
def edit_sub_grant(sub_grant_id: int) -> ResponseReturnValue:
    """Change what is agreed."""
    return page_of(
        sub_grant_id,
        lambda **kwargs: SubGrantForm.of(money_queries.one(sub_grant_id)[0], **kwargs),
        lambda form: sub_grants.change(
            sub_grant_id, form.facts(), version=form.version.data, actor=current_user.actor, now=now()
        ),
        title=_("Edit the sub-grant"),
        submit=_("Save"),
        said=_("Saved."),
    )


@bp.route("/grants/sub-grants/<int:sub_grant_id>/agree", methods=["GET", "POST"])
@requires(WRITE)
def agree_sub_grant(sub_grant_id: int) -> ResponseReturnValue:
    """Both signed."""
    SUB_GRANT_MOVES.check(money_queries.one(sub_grant_id)[0].state, SubGrantState.AGREED)
    return page_of(
        sub_grant_id,
        lambda **kwargs: DayForm.at(
            money_queries.one(sub_grant_id)[0].version, data={"day": local_date(now())}, **kwargs
        ),
        lambda form: sub_grants.agree(
            sub_grant_id,
            agreed_on=filled(form.day.data),
            version=form.version.data,
            actor=current_user.actor,
            now=now(),
        ),
        title=_("The sub-grant is agreed"),
        submit=_("Record that it is agreed"),
        said=_("Recorded. Finance can book its instalments from now on."),
    )


@bp.post("/grants/sub-grants/<int:sub_grant_id>/move/<state>")
@requires(WRITE)
def move_sub_grant(sub_grant_id: int, state: str) -> ResponseReturnValue:
    """Close, open again, cancel."""
    money_queries.one(sub_grant_id)
    form = VersionedForm()
    with writing():
        sub_grants.move(
            sub_grant_id, state_of(SubGrantState, state), version=form.version.data, actor=current_user.actor, now=now()
        )
    flash(_("Moved to: %(state)s.", state=_(SubGrantState(state).label)), "ok")
    return redirect(url_for("grants.sub_grant", sub_grant_id=sub_grant_id), 303)


def state_of(states: Any, value: str) -> Any:
    """The state that stands in an address. Raises Invalid."""
    if value not in {each.value for each in states}:
        raise Invalid(N_("Please choose one of the options."), field="state")
    return states(value)


@bp.route("/grants/sub-grants/<int:sub_grant_id>/instalments/new", methods=["GET", "POST"])
@requires(WRITE)
def new_sub_grant_instalment(sub_grant_id: int) -> ResponseReturnValue:
    """One more part in which it is passed on."""
    return page_of(
        sub_grant_id,
        lambda **kwargs: InstalmentForm(**kwargs),
        lambda form: sub_grants.plan_instalment(
            sub_grant_id,
            amount_cents=filled(form.amount.data).cents,
            due_on=filled(form.due_on.data),
            actor=current_user.actor,
            now=now(),
        ),
        title=_("New instalment to the partner"),
        submit=_("Plan this instalment"),
        said=_("Planned."),
    )


@bp.post("/grants/sub-grant-instalments/<int:instalment_id>/move/<state>")
@requires(WRITE)
def move_sub_grant_instalment(instalment_id: int, state: str) -> ResponseReturnValue:
    """Cancel a planned instalment, or plan it again."""
    money_queries.instalment(instalment_id)
    form = VersionedForm()
    with writing():
        sub_grant_id = sub_grants.move_instalment(
            instalment_id, state_of(PassOnState, state), version=form.version.data, actor=current_user.actor, now=now()
        )
    flash(_("Moved to: %(state)s.", state=_(PassOnState(state).label)), "ok")
    return redirect(url_for("grants.sub_grant", sub_grant_id=sub_grant_id), 303)


@bp.post("/grants/sub-grant-instalments/<int:instalment_id>/owe")
@requires(FINANCE)
def owe_sub_grant_instalment(instalment_id: int) -> ResponseReturnValue:
    """It is owed from its day: booked as cost, or as money held for the partner."""
    sub_grant_id = money_queries.instalment(instalment_id).sub_grant_id
    form = VersionedForm()
    with writing():
        passing_on.owe([instalment_id], version=form.version.data, actor=current_user.actor, now=now())
    flash(_("Booked."), "ok")
    return redirect(url_for("grants.sub_grant", sub_grant_id=sub_grant_id), 303)


@bp.route("/grants/sub-grant-instalments/<int:instalment_id>/pay", methods=["GET", "POST"])
@requires(FINANCE)
def pay_sub_grant_instalment(instalment_id: int) -> ResponseReturnValue:
    """Money went to the partner."""
    part = money_queries.instalment(instalment_id)

    def act(form: PayForm) -> list[int]:
        paid = PaidOut(
            instalment_id=instalment_id,
            paid_on=filled(form.paid_on.data),
            bank_reference=form.bank_reference.data or "",
            form_key=form.form_key.data or "",
        )
        return passing_on.pay([paid], version=None, actor=current_user.actor, now=now())

    return page_of(
        part.sub_grant_id,
        lambda **kwargs: PayForm.of(money_queries.instalment(instalment_id).version, local_date(now()), **kwargs),
        act,
        title=_("Paid to the partner"),
        submit=_("Book this payment"),
        said=_("Booked."),
        explain=_("%(amount)s, the whole instalment.", amount=filters.money(part.amount_cents)),
    )


@bp.route("/grants/sub-grant-instalments/<int:instalment_id>/take-back", methods=["GET", "POST"])
@requires(FINANCE)
def take_back_sub_grant_instalment(instalment_id: int) -> ResponseReturnValue:
    """Undo the last booking: a payment is owed again, what was owed is planned again."""
    part = money_queries.instalment(instalment_id)
    act = passing_on.take_back_payment if part.state is PassOnState.PAID else passing_on.take_back_owed
    return page_of(
        part.sub_grant_id,
        lambda **kwargs: ReasonForm.at(money_queries.instalment(instalment_id).version, **kwargs),
        lambda form: act(instalment_id, form.note.data, version=form.version.data, actor=current_user.actor, now=now()),
        title=_("Take the last booking back"),
        submit=_("Reverse the booking"),
        said=_("Taken back by a reversal."),
        tone="danger",
        explain=_("It is reversed today; both bookings stay visible."),
    )
