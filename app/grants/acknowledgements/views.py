"""Who is shown and how, for staff."""

from __future__ import annotations

from typing import Any

from flask import render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from wtforms import BooleanField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange

from app.base.dates import local_date
from app.extensions import now
from app.grants.acknowledgements import queries, services
from app.grants.acknowledgements.services import AcknowledgementFacts
from app.grants.blueprint import bp
from app.grants.choices import row_id
from app.grants.funders import queries as funders
from app.grants.pages import KeptFileField, VersionedForm, form_page, tabs
from app.ui.fields import DutchDateField
from app.ui.permissions import Permission, requires


class AcknowledgementForm(VersionedForm):
    LAYOUT = [
        ["agreed_on", "position"],
        ["shown_from", "shown_until"],
        ["wording_nl"],
        ["wording_en"],
        ["website"],
        ["logo"],
        ["drop_logo"],
        ["grant_id"],
    ]

    agreed_on = DutchDateField(_l("Agreed to be shown on"))
    position = IntegerField(_l("Place on the page"), validators=[InputRequired(), NumberRange(1, 9999)])
    shown_from = DutchDateField(_l("Shown from"))
    shown_until = DutchDateField(_l("Shown up to and including"))
    wording_nl = TextAreaField(_l("Wording in Dutch"), validators=[Length(max=500)])
    wording_en = TextAreaField(_l("Wording in English"), validators=[Length(max=500)])
    website = StringField(_l("Their website"), validators=[Length(max=500)])
    logo = KeptFileField(_l("Their logo"), most=services.MOST_BYTES + 1)
    drop_logo = BooleanField(_l("Take the logo away"))
    grant_id = SelectField(_l("Grant whose contract asks it"), coerce=row_id)

    def facts(self) -> AcknowledgementFacts:
        return AcknowledgementFacts(
            agreed_on=self.agreed_on.data,
            shown_from=self.shown_from.data,
            shown_until=self.shown_until.data,
            position=self.position.data,
            wording_nl=self.wording_nl.data or "",
            wording_en=self.wording_en.data or "",
            website=self.website.data or "",
            grant_id=self.grant_id.data,
        )


@bp.get("/grants/acknowledgements")
@requires(Permission.GRANTS_READ)
def acknowledgements() -> ResponseReturnValue:
    """The funders that asked or agreed to be shown, in the order of the public page."""
    return render_template(
        "grants/acknowledgements.html", tabs=tabs(), lines=queries.lines(), today=local_date(now())
    )  # fmt: skip


@bp.route("/grants/funders/<int:funder_id>/acknowledgement", methods=["GET", "POST"])
@requires(Permission.GRANTS_WRITE)
def acknowledgement(funder_id: int) -> ResponseReturnValue:
    """How a funder is shown."""
    line = funders.one(funder_id)[1]

    def make(**kwargs: Any) -> AcknowledgementForm:
        row = queries.of_funder(funder_id)
        names = [*AcknowledgementFacts.__dataclass_fields__, "version"]
        data = {name: getattr(row, name) for name in names} if row else {"version": 0, "position": 100}
        form = AcknowledgementForm(data=data, **kwargs)
        form.grant_id.choices = [("", _("No grant")), *queries.grants_of(funder_id)]
        if row is None or row.logo_id is None:
            del form.drop_logo
            form.LAYOUT = [names for names in form.LAYOUT if names != ["drop_logo"]]
        return form

    def act(form: AcknowledgementForm) -> int:
        return services.save(
            funder_id,
            form.facts(),
            logo=form.logo.kept,
            drop_logo=bool("drop_logo" in form and form["drop_logo"].data),
            duty_title=_("Name %(funder)s on our page of supporters", funder=line.name),
            version=form.version.data,
            actor=current_user.actor,
            now=now(),
        )

    return form_page(
        make,
        act,
        title=_("How they are shown"),
        subject=line.name,
        submit=_("Save"),
        said=_("Saved. The public page follows within a few seconds."),
        explain=_("On the public page “We are supported by”, in the words and the place the contract asks."),
        back=url_for("grants.funder", funder_id=funder_id),
        files=True,
        hints={
            "agreed_on": _("Empty: they are not shown."),
            "position": _("1 is first; funders with the same number stand by name."),
            "wording_nl": _("Empty: only the name."),
            "logo": _("PNG, JPEG or WebP, at most 1 MB."),
            "grant_id": _("The promise to name them then becomes an obligation of this grant."),
        },
    )
