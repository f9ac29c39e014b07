"""Requests for erasure, for staff: writing one down, looking at what goes and what stays, deciding."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import select

from app.base.dates import local_date
from app.base.errors import Invalid
from app.base.states import N_
from app.extensions import now, writing
from app.privacy import erasing, erasure
from app.privacy.erasure_models import ErasureRequest, Ground, RequestState, Source
from app.privacy.forms import AcceptForm, AskForm, RefuseForm
from app.privacy.views import bp
from app.staff.queries import by_ids
from app.supporters import queries
from app.supporters.mailboxes import Check
from app.ui import lists
from app.ui.fields import options
from app.ui.permissions import Permission, may_open, requires

TONES = {
    RequestState.ASKED: "warn", RequestState.ACCEPTED: "accent", RequestState.DONE: "ok",
    RequestState.REFUSED: "neutral", RequestState.WITHDRAWN: "neutral",
}  # fmt: skip
SORTS = {
    "due": lists.Sort(N_("Answer by"), (lists.asc(ErasureRequest.due_on),)),
    "asked": lists.Sort(N_("Asked on"), (lists.desc(ErasureRequest.asked_on),)),
}


@bp.get("/erasures")
@requires(Permission.NOTES_READ)
def erasures() -> ResponseReturnValue:
    """Requests to be erased, first what must be answered first."""
    state = lists.choice("state", (*RequestState, "any"), "open")
    found = select(ErasureRequest)
    if state == "open":
        found = found.where(ErasureRequest.state.in_(erasure.OPEN))
    elif state != "any":
        found = found.where(ErasureRequest.state == RequestState(state))
    page = lists.page(found, SORTS, key=ErasureRequest.id, default="due")
    states = [*((each.value, _(each.label)) for each in RequestState), ("any", _("all"))]
    return render_template(
        "privacy/erasures.html", page=page, state=state, states=states,
        names=queries.names({row.supporter_id for row in page}), today=local_date(now()), tones=TONES,
        open_states=erasure.OPEN,
    )  # fmt: skip


@bp.route("/supporters/<int:supporter_id>/erasure", methods=["GET", "POST"])
@requires(Permission.SUPPORTERS_WRITE)
def ask_erasure(supporter_id: int) -> ResponseReturnValue:
    """Write down a request that came by letter, mail or phone, once it is sure who asks."""
    supporter = queries.get(supporter_id)
    form = AskForm(data={"asked_on": local_date(now())})
    form.how.choices = options(Check, empty=_("Choose"))
    if form.validate_on_submit():
        try:
            with writing():
                request_id = erasure.ask(
                    supporter_id, Source.STAFF, checked_how=Check(form.how.data), asked_on=form.asked_on.data,
                    actor=current_user.actor, now=now(),
                )  # fmt: skip
            flash(_("The request is written down. It is on the list of tasks until it is answered."), "ok")
            return redirect(url_for("privacy.erasure", request_id=request_id), 303)
        except Invalid as error:
            form.add_error(error)
    return render_template("privacy/ask_erasure.html", supporter=supporter, form=form), form.status


@bp.get("/erasures/<int:request_id>", endpoint="erasure")
@requires(Permission.NOTES_READ)
def show(request_id: int) -> ResponseReturnValue:
    """One request: what goes, what stays and why, what runs, and the decision."""
    return _page(request_id, _accept_form(formdata=None), RefuseForm(formdata=None))


@bp.post("/erasures/<int:request_id>/accept")
@requires(Permission.PRIVACY_DECIDE)
def accept_erasure(request_id: int) -> ResponseReturnValue:
    """Erase: the worker does it within minutes."""
    form = _accept_form()
    if not form.validate():
        return _page(request_id, form, RefuseForm(formdata=None))
    with writing():
        erasure.accept(request_id, Ground(form.ground.data), actor=current_user.actor, now=now())
    flash(_("It is being carried out. They hear of it when it is done."), "ok")
    return redirect(url_for("privacy.erasure", request_id=request_id), 303)


@bp.post("/erasures/<int:request_id>/refuse")
@requires(Permission.PRIVACY_DECIDE)
def refuse_erasure(request_id: int) -> ResponseReturnValue:
    """Say no, with the reason."""
    form = RefuseForm()
    if not form.validate():
        return _page(request_id, _accept_form(formdata=None), form)
    with writing():
        erasure.refuse(request_id, form.reason.data or "", actor=current_user.actor, now=now())
    flash(_("Refused. The reason is mailed to them; without an e-mail address, write it in a letter."), "ok")
    return redirect(url_for("privacy.erasure", request_id=request_id), 303)


@bp.post("/erasures/<int:request_id>/withdraw")
@requires(Permission.SUPPORTERS_WRITE)
def withdraw_erasure(request_id: int) -> ResponseReturnValue:
    """They told us that they want to stay."""
    with writing():
        erasure.withdraw(request_id, actor=current_user.actor, now=now())
    flash(_("The request is withdrawn. Nothing was erased."), "ok")
    return redirect(url_for("privacy.erasure", request_id=request_id), 303)


def _accept_form(**kwargs: Any) -> AcceptForm:
    form = AcceptForm(**kwargs)
    form.ground.choices = options(Ground, empty=_("Choose"))
    return form


def _page(request_id: int, accept: AcceptForm, refuse: RefuseForm) -> ResponseReturnValue:
    one = erasure.get(request_id)
    ids = erasure.family(one.supporter_id)
    steps = erasure.steps_of(one.id)
    is_asked = one.state is RequestState.ASKED
    shown = render_template(
        "privacy/erasure.html", one=one, supporter=queries.get(ids[0]), accept=accept, refuse=refuse, tones=TONES,
        runs=erasure.obstacles(one.supporter_id) if is_asked else [], kept=erasing.kept(ids), steps=steps,
        goes=erasing.goes(ids) if is_asked else [], today=local_date(now()), open_states=erasure.OPEN,
        people=by_ids({step.staff_id for step in steps if step.staff_id}), may_open=may_open,
    )  # fmt: skip
    return shown, max(accept.status, refuse.status) if request.method == "POST" else 200
