"""The team, for administrators: who may get in, and as what."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app.audit import queries as audit
from app.base.errors import Invalid, NotFound, Refused
from app.base.states import N_
from app.extensions import now, writing
from app.staff import invitations, queries, second_step, services, sessions
from app.staff.forms import ROLE_HINTS, InviteForm, PlainForm, ReasonForm, RoleForm
from app.staff.models import Staff, Standing
from app.staff.views import bp
from app.staff.views.confirm import freshly
from app.staff.views.trail import shown
from app.ui import lists
from app.ui.permissions import Permission, Role, requires

SORTS = {
    "name": lists.Sort(N_("Name"), (lists.asc(Staff.name),)),
    "role": lists.Sort(N_("Role"), (lists.asc(Staff.role),)),
    "last": lists.Sort(N_("Last sign-in"), (lists.desc(Staff.last_sign_in_at, nullable=True),)),
}
TONES = {Standing.ACTIVE.value: "ok", Standing.INVITED.value: "warn", Standing.DEACTIVATED.value: "neutral"}


@bp.get("/staff")
@requires(Permission.STAFF_MANAGE)
def team() -> ResponseReturnValue:
    """Everybody with an account; search, filter, sort."""
    search = lists.search_text()
    role, standing = lists.choice("role", Role), lists.choice("standing", Standing)
    page = lists.page(queries.team(search, role, standing), SORTS, key=Staff.id, default="name")
    return render_template(
        "staff/team.html",
        page=page,
        search=search,
        role=role,
        standing=standing,
        roles=[(each.value, _(each.label)) for each in Role],
        secured=queries.with_second_step(row.id for row in page.rows),
        standings=[(each.value, _(each.label)) for each in Standing],
        tones=TONES,
    )


@bp.get("/staff/invite")
@requires(Permission.STAFF_MANAGE)
def invite() -> ResponseReturnValue:
    """The form to invite somebody."""
    return render_template("staff/invite.html", form=InviteForm(), hints=ROLE_HINTS)


@bp.post("/staff/invite")
@requires(Permission.STAFF_MANAGE)
def send_invitation() -> ResponseReturnValue:
    """Make the account and mail the link."""
    form = InviteForm()
    if form.validate():
        try:
            with writing():
                staff_id = invitations.invite(
                    form.name.data,
                    form.email.data or "",
                    Role(form.role.data),
                    language=form.language.data,
                    actor=current_user.actor,
                    now=now(),
                )
            flash(_("The invitation is on its way to %(email)s.", email=form.email.data), "ok")
            return redirect(url_for("staff.person", staff_id=staff_id), 303)
        except Invalid as error:
            form.add_error(error)
    return render_template("staff/invite.html", form=form, hints=ROLE_HINTS), form.status


@bp.get("/staff/<int:staff_id>")
@requires(Permission.STAFF_MANAGE)
def person(staff_id: int) -> ResponseReturnValue:
    """One account: role, sessions, and what happened to it."""
    return _page(staff_id, None)


@bp.post("/staff/<int:staff_id>/role")
@requires(Permission.STAFF_MANAGE)
def change_role(staff_id: int) -> ResponseReturnValue:
    """Give another role; it holds from the next request."""
    services.account(staff_id)
    form = RoleForm()
    if form.validate():
        try:
            with writing():
                services.change_role(staff_id, Role(form.role.data), actor=current_user.actor, now=now())
            return _back(staff_id, _("The role is changed. It holds from the next click on."))
        except Refused as error:
            error.field = "role"
            form.add_error(error)
    return _page(staff_id, form)


@bp.post("/staff/<int:staff_id>/deactivate")
@requires(Permission.STAFF_MANAGE)
def deactivate(staff_id: int) -> ResponseReturnValue:
    """Close the account."""
    with writing():
        services.deactivate(staff_id, actor=current_user.actor, now=now())
    return _back(staff_id, _("The account is closed and its sessions have ended."))


@bp.post("/staff/<int:staff_id>/reactivate")
@requires(Permission.STAFF_MANAGE)
def reactivate(staff_id: int) -> ResponseReturnValue:
    """Open the account again."""
    with writing():
        services.reactivate(staff_id, actor=current_user.actor, now=now())
    return _back(staff_id, _("The account is open again."))


@bp.post("/staff/<int:staff_id>/sessions/end")
@requires(Permission.STAFF_MANAGE)
def end_sessions(staff_id: int) -> ResponseReturnValue:
    """End every session of this person."""
    with writing():
        services.sign_out_everywhere(staff_id, actor=current_user.actor, now=now())
    return _back(staff_id, _("All sessions of this person have ended."))


@bp.post("/staff/<int:staff_id>/invitation")
@requires(Permission.STAFF_MANAGE)
def resend_invitation(staff_id: int) -> ResponseReturnValue:
    """Mail a fresh link; the old one stops working."""
    with writing():
        invitations.resend(staff_id, actor=current_user.actor, now=now())
    return _back(staff_id, _("A fresh invitation is on its way. The earlier link no longer works."))


@bp.post("/staff/<int:staff_id>/invitation/withdraw")
@requires(Permission.STAFF_MANAGE)
def withdraw_invitation(staff_id: int) -> ResponseReturnValue:
    """Make the link useless and close the account."""
    with writing():
        invitations.withdraw(staff_id, actor=current_user.actor, now=now())
    return _back(staff_id, _("The invitation is withdrawn."))


@bp.post("/staff/<int:staff_id>/second-step/reset")
@requires(Permission.STAFF_MANAGE)
@freshly
def reset_second_step(staff_id: int) -> ResponseReturnValue:
    """Take the second step of somebody away who lost everything."""
    services.account(staff_id)
    form = ReasonForm()
    if form.validate():
        with writing():
            second_step.reset(staff_id, form.reason.data, actor=current_user.actor, now=now())
        return _back(staff_id, _("The second step is taken away. They get a mail, and set up a new one."))
    return _page(staff_id, None, form)


def _back(staff_id: int, message: str) -> ResponseReturnValue:
    """To the person's page; to one's own front door where one just lost the way there."""
    flash(message, "ok")
    return redirect(url_for("staff.person", staff_id=staff_id), 303)


def _page(staff_id: int, form: RoleForm | None, reason: ReasonForm | None = None) -> ResponseReturnValue:
    staff = queries.find(staff_id)
    if staff is None:
        raise NotFound(N_("There is no such account."))
    deputy = queries.find(staff.deputy_id) if staff.deputy_id else None
    return render_template(
        "staff/person.html",
        staff=staff,
        deputy=deputy,
        form=form or RoleForm(formdata=None, data={"role": staff.role.value}),
        plain=PlainForm(formdata=None),
        reason=reason or ReasonForm(formdata=None),
        ways=second_step.ways(staff_id),
        hints=ROLE_HINTS,
        tones=TONES,
        sessions=sessions.living(staff_id, now()),
        trail=shown(audit.trail("staff", staff_id, limit=20)),
    ), 422 if form or reason else 200
