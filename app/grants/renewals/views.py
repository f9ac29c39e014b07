"""The renewal window of a grant, and the next application made from the last one."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from sqlalchemy import select
from wtforms import BooleanField, StringField
from wtforms.validators import Length

from app.extensions import db, now, writing
from app.grants.applications import services as applications
from app.grants.awards import queries as awards
from app.grants.blueprint import bp
from app.grants.pages import VersionedForm, form_page
from app.grants.renewals import services
from app.grants.renewals.models import RenewalWindow
from app.ui.fields import DutchDateField
from app.ui.filters import long_date
from app.ui.permissions import Permission, requires


class RenewalForm(VersionedForm):
    wanted = BooleanField(_l("We want to ask again"))
    opens_on = DutchDateField(_l("Start talking on"))
    note = StringField(_l("Note"), validators=[Length(max=500)])


@bp.route("/grants/<int:grant_id>/renewal", methods=["GET", "POST"])
@requires(Permission.GRANTS_WRITE)
def renewal(grant_id: int) -> ResponseReturnValue:
    """When to ask this funder again."""
    grant, line = awards.one(grant_id)

    def make(**kwargs: Any) -> RenewalForm:
        row = db.session.execute(select(RenewalWindow).where(RenewalWindow.grant_id == grant_id)).scalar()
        data: dict[str, Any] = {"version": 0, "wanted": True}
        if row is not None:
            data = {"version": row.version, "wanted": row.wanted, "opens_on": row.opens_on, "note": row.note}
        return RenewalForm(data=data, **kwargs)

    usual = long_date(services.usual_day(grant.ends_on))
    return form_page(
        make,
        lambda form: services.set_window(
            grant_id, wanted=form.wanted.data, opens_on=form.opens_on.data, note=form.note.data or "",
            version=form.version.data, actor=current_user.actor, now=now(),
        ),
        title=_("Plan the next application"),
        subject=f"{line.title} · {line.funder}",
        submit=_("Save"),
        said=_("Saved."),
        explain=_("On that day the owner of the grant gets a task, unless a next application is made already."),
        back=url_for("grants.grant", grant_id=grant_id),
        hints={"opens_on": _("Empty: six months before the end, on %(day)s.", day=usual)},
    )  # fmt: skip


@bp.post("/grants/<int:grant_id>/renew")
@requires(Permission.GRANTS_WRITE)
def renew_grant(grant_id: int) -> ResponseReturnValue:
    """A next application, copied from the one this grant came of."""
    application_id = awards.one(grant_id)[0].application_id
    with writing():
        row_id = applications.try_again(application_id, actor=current_user.actor, now=now())
    flash(_("A new prospect, made from the earlier application. Fill in what is different."), "ok")
    return redirect(url_for("grants.edit_application", application_id=row_id), 303)
