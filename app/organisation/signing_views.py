"""Whether agreements for periodic gifts may be signed online: off until a tax adviser approved it."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from app.base.errors import Invalid
from app.extensions import now, writing
from app.organisation import queries, services
from app.organisation.public_views import bp
from app.ui.fields import DutchDateField
from app.ui.forms import Form
from app.ui.permissions import Permission, requires


class ApprovalForm(Form):
    on = DutchDateField(_l("Approved on"), validators=[InputRequired()])
    by = StringField(_l("Name and role of the tax adviser"), validators=[InputRequired(), Length(max=160)])


@bp.route("/organisation/online-signing", methods=["GET", "POST"])
@requires(Permission.ORGANISATION_WRITE)
def online_signing() -> ResponseReturnValue:
    """Record who approved it and when."""
    form = ApprovalForm()
    if form.validate_on_submit():
        try:
            with writing():
                services.approve_online_signing(form.on.data, form.by.data or "", actor=current_user.actor, now=now())
        except Invalid as error:
            form.add_error(error)
        else:
            flash(_("Recorded. Periodic gifts may be signed online from now on."), "ok")
            return redirect(url_for("organisation.show"), 303)
    return render_template("organisation/online_signing.html", form=form, profile=queries.profile()), form.status


@bp.post("/organisation/online-signing/end")
@requires(Permission.ORGANISATION_WRITE)
def end_online_signing() -> ResponseReturnValue:
    """On paper only from now on; what was signed stays signed."""
    with writing():
        services.approve_online_signing(None, "", actor=current_user.actor, now=now())
    flash(_("Periodic gifts are signed on paper only from now on."), "ok")
    return redirect(url_for("organisation.show"), 303)
