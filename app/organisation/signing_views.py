"""Whether agreements for periodic gifts may be signed online: off until a tax adviser approved it."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from wtforms import FileField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from app.base.errors import Invalid
from app.base.states import N_
from app.documents import files
from app.documents.queries import people
from app.documents.services import documents_of
from app.extensions import db, now, writing
from app.organisation import signing
from app.organisation.public_views import bp
from app.organisation.signing import Approval
from app.ui.fields import DutchDateField
from app.ui.forms import Form
from app.ui.permissions import Permission, requires


class ApprovalForm(Form):
    on = DutchDateField(_l("Approved on"), validators=[InputRequired()])
    adviser = StringField(_l("Tax adviser, by name or role"), validators=[InputRequired(), Length(max=160)])
    firm = StringField(_l("Firm"), validators=[InputRequired(), Length(max=160)])
    scope = TextAreaField(_l("What was approved"), validators=[InputRequired(), Length(max=1000)])
    advice = FileField(_l("The advice"))

    def stored(self) -> files.StoredFile:
        """The advice, checked and kept on disk: before any transaction. Raises Invalid beside the field."""
        if not self.advice.data:
            raise Invalid(N_("Choose a file first."), field="advice")
        try:
            return files.keep(self.advice.data.read(), self.advice.data.filename or "")
        except Invalid as error:
            raise Invalid(error.message, field="advice") from None


@bp.route("/organisation/online-signing", methods=["GET", "POST"])
@requires(Permission.ORGANISATION_WRITE)
def online_signing() -> ResponseReturnValue:
    """What stands and stood; record who approved what, when, with the advice itself."""
    form = ApprovalForm()
    if form.validate_on_submit() and form.on.data:
        approval = Approval(
            on=form.on.data, adviser=form.adviser.data or "", firm=form.firm.data or "", scope=form.scope.data or ""
        )
        try:
            db.session.rollback()
            advice = form.stored()
            with writing():
                signing.record(approval, advice, actor=current_user.actor, now=now())
        except Invalid as error:
            form.add_error(error)
        else:
            flash(_("Recorded. Periodic gifts may be signed online from now on."), "ok")
            return redirect(url_for("organisation.online_signing"), 303)
    rows = signing.all_approvals()
    page = render_template(
        "organisation/online_signing.html", form=form, standing=signing.standing(), rows=rows, accept=files.ACCEPT,
        advice={row.id: documents_of(signing.SUBJECT, row.id) for row in rows},
        people=people({i for row in rows for i in (row.recorded_by_id, row.withdrawn_by_id) if i}),
    )  # fmt: skip
    return page, form.status


@bp.post("/organisation/online-signing/end")
@requires(Permission.ORGANISATION_WRITE)
def end_online_signing() -> ResponseReturnValue:
    """On paper only from now on; what was signed stays signed."""
    with writing():
        signing.withdraw(actor=current_user.actor, now=now())
    flash(_("Periodic gifts are signed on paper only from now on."), "ok")
    return redirect(url_for("organisation.online_signing"), 303)
