"""The pages of what banks refused or took back, and of a mandate's new account."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from app.audit.services import record
from app.base.errors import Invalid, NotFound
from app.base.states import N_
from app.direct_debit import mandates, reading, returning
from app.direct_debit import queries as direct_debit
from app.direct_debit.batch_models import DebitReturn
from app.direct_debit.forms import AccountForm, StatusForm
from app.direct_debit.reasons import reason_of
from app.direct_debit.states import MandateKind, MandateState, ReturnState
from app.direct_debit.views import bp
from app.extensions import now, writing
from app.supporters import queries as supporters
from app.ui import lists
from app.ui.permissions import Permission, requires

RETURN_SORTS = {"when": lists.Sort(N_("Told"), (lists.desc(DebitReturn.told_at),))}


@bp.route("/collections/status", methods=["GET", "POST"])
@requires(Permission.FINANCE_WRITE)
def status() -> ResponseReturnValue:
    """Bring in a status report of the bank (pain.002)."""
    form = StatusForm()
    if form.validate_on_submit():
        upload = request.files.get("file")
        try:
            if upload is None or not upload.filename:
                raise Invalid(N_("Choose a file first."), field="file")
            outcomes = reading.take_in(upload.read(), upload.filename, actor=current_user.actor)
        except Invalid as error:
            form.add_error(error)
        else:
            _say(outcomes)
            return redirect(url_for("direct_debit.returns"), 303)
    return render_template("direct_debit/status.html", form=form), form.status


def _say(outcomes: Any) -> None:
    done, known, parked = (outcomes[state] for state in ReturnState)
    if not done + known + parked:
        flash(_("The bank refused nothing in this file."), "ok")
    if done:
        flash(ngettext("%(num)d refusal dealt with.", "%(num)d refusals dealt with.", done), "ok")
    if known:
        flash(ngettext("%(num)d was known already.", "%(num)d were known already.", known))
    if parked:
        flash(ngettext("%(num)d could not be placed.", "%(num)d could not be placed.", parked), "warn")


@bp.get("/collections/returns")
@requires(Permission.FINANCE_READ)
def returns() -> ResponseReturnValue:
    """What banks told that could not be placed."""
    page = lists.page(returning.parked(), RETURN_SORTS, key=DebitReturn.id, default="when")
    return render_template("direct_debit/returns.html", page=page, reason_of=reason_of)


@bp.post("/collections/returns/<int:return_id>/<any(again,dismiss):step>")
@requires(Permission.FINANCE_WRITE)
def return_step(return_id: int, step: str) -> ResponseReturnValue:
    """Try it once more, or say that it was dealt with."""
    if step == "dismiss":
        with writing():
            returning.dismiss(return_id, now=now())
            record("debit_return.dismiss", ("debit_return", return_id), actor=current_user.actor, now=now())
        state = ReturnState.DONE
    else:
        state = reading.again(return_id, actor=current_user.actor)
    if state is ReturnState.PARKED:
        flash(_("It still cannot be placed."), "warn")
    else:
        flash(_("Marked as dealt with."), "ok")
    return redirect(url_for("direct_debit.returns"), 303)


@bp.route("/mandates/<int:mandate_id>/account", methods=["GET", "POST"])
@requires(Permission.GIFTS_WRITE)
def mandate_account(mandate_id: int) -> ResponseReturnValue:
    """The donor has another bank account: the mandate goes on with that one."""
    mandate = direct_debit.mandates([mandate_id]).get(mandate_id)
    able = (MandateState.ACTIVE, MandateState.SUSPENDED)
    if mandate is None or mandate.kind is not MandateKind.OWN or mandate.state not in able:
        raise NotFound(N_("There is no such mandate."))
    supporter_id, last_four = mandate.supporter_id, mandate.iban_last_four
    form = AccountForm(data={"holder": direct_debit.holder_of(mandate)})
    if form.validate_on_submit():
        try:
            with writing():
                mandates.amend(
                    mandate_id, iban=form.iban.data or "", holder=form.holder.data or "", actor=current_user.actor,
                    now=now(),
                )  # fmt: skip
        except Invalid as error:
            form.add_error(error)
        else:
            flash(_("The mandate goes on with the new account; the bank is told with the next collection."), "ok")
            return redirect(url_for("supporters.show", supporter_id=supporter_id), 303)
    return render_template(
        "direct_debit/account.html", form=form, last_four=last_four, supporter_id=supporter_id,
        donor=supporters.names([supporter_id]).get(supporter_id, ""),
    ), form.status  # fmt: skip
