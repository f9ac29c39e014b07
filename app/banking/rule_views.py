"""How matching is set: from which score on it books by itself, and the rules that people taught it."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app.banking.forms import ThresholdForm
from app.banking.matching import rules
from app.banking.views import bp
from app.base.errors import Invalid
from app.extensions import now, writing
from app.programmes import queries as programmes
from app.staff import queries as staff
from app.supporters import queries as supporters
from app.ui.languages import language
from app.ui.permissions import Permission, requires


@bp.get("/bank/rules")
@requires(Permission.BANK_READ)
def matching_rules() -> ResponseReturnValue:
    return _page(ThresholdForm(formdata=None, data={"threshold": rules.threshold()}))


@bp.post("/bank/rules/threshold")
@requires(Permission.BANK_WRITE)
def threshold() -> ResponseReturnValue:
    """From which score on proposals book by themselves."""
    form = ThresholdForm()
    if form.validate():
        try:
            with writing():
                rules.set_threshold(form.threshold.data or 0, actor=current_user.actor, now=now())
        except Invalid as error:
            form.add_error(error)
        else:
            flash(_("Kept. It counts from the next bank file on."), "ok")
            return redirect(url_for("banking.matching_rules"), 303)
    return _page(form)


@bp.post("/bank/rules/<int:rule_id>/switch")
@requires(Permission.BANK_WRITE)
def switch_rule(rule_id: int) -> ResponseReturnValue:
    """Switch a rule off, or on again (`on`)."""
    with writing():
        rules.switch(rule_id, on=bool(request.form.get("on")), actor=current_user.actor, now=now())
    return redirect(url_for("banking.matching_rules"), 303)


@bp.post("/bank/rules/<int:rule_id>/remove")
@requires(Permission.BANK_WRITE)
def remove_rule(rule_id: int) -> ResponseReturnValue:
    """Forget a rule; what it booked stays."""
    with writing():
        rules.remove(rule_id, actor=current_user.actor, now=now())
    flash(_("Removed. What it booked stays as it is."), "ok")
    return redirect(url_for("banking.matching_rules"), 303)


def _page(form: ThresholdForm) -> ResponseReturnValue:
    learned = rules.listed()
    page = render_template(
        "banking/rules.html", form=form, learned=learned, least=rules.LEAST, most=rules.MOST,
        people=staff.by_ids([each.rule.staff_id for each in learned if each.rule.staff_id]),
        givers=supporters.names([each.rule.supporter_id for each in learned if each.rule.supporter_id]),
        purposes={programme.id: programme.name(language()) for programme in programmes.active_programmes()},
    )  # fmt: skip
    return page, form.status if request.method == "POST" else 200
