"""What happens to an agreement: sent, signed, running, over; and the BSN that goes with it."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app.base.errors import Invalid
from app.extensions import now, writing
from app.gifts.periodic import bsns, queries, services
from app.gifts.periodic.forms import BsnForm, CountersignedForm, EndForm, SignedForm
from app.gifts.periodic.models import Who
from app.gifts.periodic.views import bp
from app.supporters import queries as supporters
from app.ui.permissions import Permission, requires

_PLAIN = {"sent": services.send, "draft": services.take_back, "withdrawn": services.withdraw}


def _shown(agreement_id: int) -> ResponseReturnValue:
    return redirect(url_for("periodic.show", agreement_id=agreement_id), 303)


@bp.post("/gifts/periodic/<int:agreement_id>/<any(sent,draft,withdrawn):step>")
@requires(Permission.GIFTS_WRITE)
def move(agreement_id: int, step: str) -> ResponseReturnValue:
    """Sent to the donor, drawn up anew, or given up."""
    with writing():
        _PLAIN[step](agreement_id, actor=current_user.actor, now=now())
    flash(_("Noted."), "ok")
    return _shown(agreement_id)


@bp.route("/gifts/periodic/<int:agreement_id>/<any(signed,active):step>", methods=["GET", "POST"])
@requires(Permission.GIFTS_WRITE)
def signed(agreement_id: int, step: str) -> ResponseReturnValue:
    """Note when and where the donor signed, and then who signed for the charity."""
    agreement = queries.get(agreement_id)
    form = SignedForm() if step == "signed" else CountersignedForm()
    if form.validate_on_submit():
        sign = services.sign if step == "signed" else services.activate
        try:
            with writing():
                sign(agreement_id, form.signature(), actor=current_user.actor, now=now())
        except Invalid as error:
            form.add_error(error)
        else:
            flash(_("Noted."), "ok")
            return _shown(agreement_id)
    return _page(form, agreement_id, agreement.supporter_id, step)


@bp.route("/gifts/periodic/<int:agreement_id>/end", methods=["GET", "POST"])
@requires(Permission.GIFTS_WRITE)
def end(agreement_id: int) -> ResponseReturnValue:
    """It is over, as agreed or because it was not kept."""
    agreement = queries.get(agreement_id)
    form = EndForm()
    form.choose()
    if form.validate_on_submit() and form.on.data:
        try:
            with writing():
                services.end(
                    agreement_id, on=form.on.data, kept=form.kept.data == "yes", reason=form.reason.data or "",
                    actor=current_user.actor, now=now(),
                )  # fmt: skip
        except Invalid as error:
            form.add_error(error)
        else:
            flash(_("Noted. A recurring gift that paid it goes on until you end that as well."), "ok")
            return _shown(agreement_id)
    return _page(form, agreement_id, agreement.supporter_id, "end")


@bp.route("/gifts/periodic/<int:agreement_id>/bsn", methods=["GET", "POST"])
@requires(Permission.BSN_READ)
def bsn(agreement_id: int) -> ResponseReturnValue:
    """Store a BSN, in place of an earlier one."""
    agreement = queries.get(agreement_id)
    form = BsnForm(data={"who": Who.DONOR.value})
    form.choose(agreement)
    if form.validate_on_submit():
        try:
            with writing():
                bsns.put(agreement_id, Who(form.who.data), form.number.data or "", actor=current_user.actor, now=now())
        except Invalid as error:
            form.add_error(error)
        else:
            flash(_("Stored, sealed. Whoever looks at it is in the audit trail."), "ok")
            return _shown(agreement_id)
    return _page(form, agreement_id, agreement.supporter_id, "bsn")


@bp.post("/gifts/periodic/<int:agreement_id>/bsn/show")
@requires(Permission.BSN_READ)
def show_bsn(agreement_id: int) -> ResponseReturnValue:
    """The numbers in full, once, on a page that is kept nowhere."""
    agreement = queries.get(agreement_id)
    supporter_id = agreement.supporter_id
    with writing():
        found = bsns.reveal(agreement_id, actor=current_user.actor, now=now())
    page = render_template(
        "gifts/periodic/bsn.html", found=found, agreement_id=agreement_id,
        donor=supporters.names([supporter_id]).get(supporter_id, ""),
    )  # fmt: skip
    return page, 200, {"Cache-Control": "private, no-store"}


@bp.post("/gifts/periodic/<int:agreement_id>/bsn/delete/<any(donor,partner):who>")
@requires(Permission.BSN_READ)
def delete_bsn(agreement_id: int, who: str) -> ResponseReturnValue:
    """Delete one; the agreement stays."""
    with writing():
        bsns.forget(agreement_id, Who(who), actor=current_user.actor, now=now())
    flash(_("The BSN is deleted. The agreement stays."), "ok")
    return _shown(agreement_id)


def _page(form: SignedForm | EndForm | BsnForm, agreement_id: int, supporter_id: int, step: str) -> ResponseReturnValue:
    page = render_template(
        "gifts/periodic/step.html", form=form, agreement_id=agreement_id, step=step,
        donor=supporters.names([supporter_id]).get(supporter_id, ""),
    )  # fmt: skip
    return page, form.status
