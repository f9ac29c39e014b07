"""Staff's half of signing online: lay a text ready for the donor, and sign for the charity."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from app.base.dates import local_date
from app.base.errors import DomainError, Refused
from app.base.states import N_
from app.documents import files, pdf
from app.extensions import db, now, writing
from app.gifts.periodic import offers, paper, queries, signing
from app.gifts.periodic.services import Signature
from app.gifts.periodic.signing_models import SigningState
from app.gifts.periodic.views import bp
from app.organisation.signing import standing
from app.supporters import queries as supporters
from app.ui.forms import Form
from app.ui.permissions import Permission, requires


class OurSignatureForm(Form):
    name = StringField(_l("Your name"), validators=[InputRequired(), Length(max=120)])
    function = StringField(_l("Function"), validators=[InputRequired(), Length(max=80)])
    place = StringField(_l("Place"), validators=[InputRequired(), Length(max=80)])


@bp.post("/gifts/periodic/<int:agreement_id>/offer")
@requires(Permission.GIFTS_WRITE)
def offer(agreement_id: int) -> ResponseReturnValue:
    """Make the text, keep it, and tell the donor that it lies ready to be signed online."""
    agreement = queries.get(agreement_id)
    if standing() is None:
        raise Refused(signing.OFF)
    if reason := signing.why_not(agreement):
        raise Refused(reason)
    data, number = paper.to_sign(agreement), agreement.number
    db.session.rollback()
    file = files.keep(pdf.render(paper.TEMPLATE, data), f"periodic-gift-{number}.pdf")
    with writing():
        signing.offer(agreement_id, file, data, actor=current_user.actor, now=now())
    flash(_("It lies ready on the donor's page, and they got a mail."), "ok")
    return _shown(agreement_id)


@bp.route("/gifts/periodic/<int:agreement_id>/countersign", methods=["GET", "POST"])
@requires(Permission.AGREEMENTS_SIGN)
def countersign(agreement_id: int) -> ResponseReturnValue:
    """Sign for the charity what the donor signed online."""
    agreement, row = queries.get(agreement_id), offers.newest(agreement_id)
    if standing() is None:
        raise Refused(signing.OFF)
    if row is None or row.state is not SigningState.SIGNED or row.donor_at is None:
        raise Refused(N_("There is nothing to sign for us now. Look at how it stands."))
    form = OurSignatureForm(data={"name": current_user.name})
    donor = supporters.names([agreement.supporter_id]).get(agreement.supporter_id, "")
    page = {"agreement": agreement, "signing": row, "donor": donor}
    if form.validate_on_submit():
        at = now()
        place, name, function = (form[key].data or "" for key in ("place", "name", "function"))
        data, signing_id, number = signing.both(row, agreement, name, function, place, at), row.id, agreement.number
        db.session.rollback()
        copy = files.keep(pdf.render(paper.TEMPLATE, data), f"periodic-gift-{number}-signed.pdf")
        signature = Signature(on=local_date(at), place=place, name=name, function=function)
        try:
            with writing():
                signing.countersign(signing_id, signature, copy, actor=current_user.actor, now=at)
        except DomainError as error:
            form.add_error(error)
        else:
            flash(_("Signed. The agreement runs, and the donor got a mail with the way to the signed copy."), "ok")
            return _shown(agreement_id)
        page |= {"agreement": queries.get(agreement_id), "signing": offers.newest(agreement_id)}
    return render_template("gifts/periodic/countersign.html", form=form, **page), form.status


def _shown(agreement_id: int) -> ResponseReturnValue:
    return redirect(url_for("periodic.show", agreement_id=agreement_id), 303)
