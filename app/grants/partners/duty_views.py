"""What a partner owes us for a sub-grant: planned, delivered, judged, and a reminder in one click."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app.base.dates import local_date
from app.base.errors import Invalid
from app.base.states import N_
from app.documents.files import ACCEPT, keep
from app.extensions import now, writing
from app.grants.blueprint import bp
from app.grants.pages import VersionedForm, filled
from app.grants.partners import delivering, duties, mails, money_queries
from app.grants.partners.forms import DutyForm, ReasonForm
from app.grants.partners.models import DUTY_MOVES, DutyState
from app.grants.partners.money_views import page_of, state_of
from app.grants.parts import tasks
from app.grants.parts.forms import FileForm
from app.ui.permissions import Permission, requires

WRITE = Permission.GRANTS_WRITE


@bp.route("/grants/sub-grants/<int:sub_grant_id>/duties/new", methods=["GET", "POST"])
@requires(WRITE)
def new_sub_grant_duty(sub_grant_id: int) -> ResponseReturnValue:
    """What the partner owes us for it."""
    return page_of(
        sub_grant_id,
        lambda **kwargs: DutyForm(**kwargs),
        lambda form: duties.plan(
            sub_grant_id, form.title.data or "", filled(form.due_on.data), actor=current_user.actor, now=now()
        ),
        title=_("New obligation of the partner"),
        submit=_("Plan this"),
        said=_("Planned."),
    )


@bp.get("/grants/sub-grant-duties/<int:duty_id>")
@requires(Permission.GRANTS_READ)
def sub_grant_duty(duty_id: int) -> ResponseReturnValue:
    """One thing that a partner owes us: what it handed over, and what happened to it."""
    duty = money_queries.duty(duty_id)
    return render_template(
        "grants/duty.html",
        row=duty,
        sub_grant=money_queries.one(duty.sub_grant_id)[0],
        about=money_queries.about(duty.sub_grant_id),
        files=money_queries.files_of([duty_id]).get(duty_id, []),
        moves=money_queries.moves_of(duty_id),
        states={state.value: state for state in DutyState},
        late=money_queries.is_late(duty, local_date(now())),
        following=DUTY_MOVES.following(duty.state),
        file_form=FileForm(formdata=None),
        accept=ACCEPT,
    )


@bp.post("/grants/sub-grant-duties/<int:duty_id>/files")
@requires(WRITE)
def add_sub_grant_duty_file(duty_id: int) -> ResponseReturnValue:
    """Keep a file that the partner sent us in another way, before it is recorded as delivered."""
    money_queries.duty(duty_id)
    form = FileForm()
    if not form.validate() or not form.file.data:
        raise Invalid(N_("Choose a file first."), field="file")
    file = keep(form.file.data.read(), form.file.data.filename or "")
    with writing():
        delivering.attach(duty_id, file, actor=current_user.actor, now=now())
    flash(_("The file is kept."), "ok")
    return redirect(url_for("grants.sub_grant_duty", duty_id=duty_id), 303)


@bp.post("/grants/sub-grant-duties/<int:duty_id>/move/<state>")
@requires(WRITE)
def move_sub_grant_duty(duty_id: int, state: str) -> ResponseReturnValue:
    """Delivered, accepted, asked again."""
    money_queries.duty(duty_id)
    wanted, form = state_of(DutyState, state), VersionedForm()
    if wanted in duties.WHY:
        raise Invalid(N_("This step asks for a little more: use its own button."), field="state")
    with writing():
        sub_grant_id = duties.move(duty_id, wanted, version=form.version.data, actor=current_user.actor, now=now())
    flash(_("Moved to: %(state)s.", state=_(wanted.label)), "ok")
    return redirect(url_for("grants.sub_grant", sub_grant_id=sub_grant_id), 303)


@bp.route("/grants/sub-grant-duties/<int:duty_id>/return", methods=["GET", "POST"])
@requires(WRITE)
def return_sub_grant_duty(duty_id: int) -> ResponseReturnValue:
    """Send back what a partner delivered, with the reason."""
    duty = money_queries.duty(duty_id)
    DUTY_MOVES.check(duty.state, DutyState.RETURNED)
    told = mails.address_of(money_queries.one(duty.sub_grant_id)[1])
    return _judge(
        duty_id,
        DutyState.RETURNED,
        title=_("Send back: %(what)s", what=duty.title),
        submit=_("Send it back"),
        said=_("Sent back. The partner gets your words by mail.") if told else _("Sent back."),
        explain=_("Write down what should change. The partner reads it in a mail.")
        if told
        else _("Write down what should change, and tell the partner: we know no e-mail address."),
    )


@bp.route("/grants/sub-grant-duties/<int:duty_id>/waive", methods=["GET", "POST"])
@requires(WRITE)
def waive_sub_grant_duty(duty_id: int) -> ResponseReturnValue:
    """Let go of what a partner owes us, with the reason."""
    duty = money_queries.duty(duty_id)
    DUTY_MOVES.check(duty.state, DutyState.WAIVED)
    return _judge(
        duty_id,
        DutyState.WAIVED,
        title=_("Let go: %(what)s", what=duty.title),
        submit=_("Let it go"),
        said=_("The partner need not deliver this any more."),
        tone="danger",
        explain=_("Say why: it stays in the history. You can ask for it again."),
    )


def _judge(duty_id: int, state: DutyState, **words: Any) -> ResponseReturnValue:
    """A small page that asks for words before a duty moves."""
    return page_of(
        money_queries.duty(duty_id).sub_grant_id,
        lambda **kwargs: ReasonForm.at(money_queries.duty(duty_id).version, **kwargs),
        lambda form: duties.move(
            duty_id, state, note=form.note.data, version=form.version.data, actor=current_user.actor, now=now()
        ),
        **words,
    )


@bp.post("/grants/sub-grants/<int:sub_grant_id>/link")
@requires(WRITE)
def send_duty_link(sub_grant_id: int) -> ResponseReturnValue:
    """A fresh link to the page where the partner hands over what it owes us."""
    money_queries.one(sub_grant_id)
    with writing():
        mails.send_link(sub_grant_id, actor=current_user.actor, now=now())
    flash(_("The link is on its way."), "ok")
    return redirect(url_for("grants.sub_grant", sub_grant_id=sub_grant_id), 303)


@bp.post("/grants/sub-grants/<int:sub_grant_id>/link/revoke")
@requires(WRITE)
def revoke_duty_link(sub_grant_id: int) -> ResponseReturnValue:
    """Make every link of this partner for this sub-grant useless."""
    money_queries.one(sub_grant_id)
    with writing():
        tasks.withdraw(sub_grant_id, actor=current_user.actor, now=now())
    flash(_("The links do not work any more."), "ok")
    return redirect(url_for("grants.sub_grant", sub_grant_id=sub_grant_id), 303)


@bp.post("/grants/sub-grants/<int:sub_grant_id>/remind")
@requires(WRITE)
def remind_of_duties(sub_grant_id: int) -> ResponseReturnValue:
    """One friendly mail about what the partner has still to deliver."""
    money_queries.one(sub_grant_id)
    with writing():
        mails.remind(sub_grant_id, actor=current_user.actor, now=now())
    flash(_("The reminder is on its way."), "ok")
    if request.form.get("from") == "all":
        return redirect(url_for("grants.partner_duties"), 303)
    return redirect(url_for("grants.sub_grant", sub_grant_id=sub_grant_id), 303)
