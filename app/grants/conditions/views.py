"""Set conditions, meet them with evidence, and take that back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from wtforms import SelectField, TextAreaField
from wtforms.validators import InputRequired, Length

from app.base.dates import local_date
from app.extensions import now, writing
from app.grants import choices
from app.grants.awards import queries as awards
from app.grants.blueprint import bp
from app.grants.conditions import queries, services
from app.grants.conditions.models import ConditionKind
from app.grants.instalments import queries as instalments
from app.grants.pages import KeptFileField, VersionedForm, filled, form_page
from app.ui import filters
from app.ui.fields import DutchDateField
from app.ui.forms import Form
from app.ui.permissions import Permission, requires


class ConditionForm(Form):
    text = TextAreaField(_l("The condition in the funder's words"), validators=[InputRequired(), Length(max=1000)])
    kind = SelectField(_l("When it is met"), coerce=ConditionKind, validators=[InputRequired()])
    instalment_id = SelectField(_l("Instalment"), coerce=choices.row_id)


class MeetForm(VersionedForm):
    met_on = DutchDateField(_l("Met on"), validators=[InputRequired()])
    evidence = TextAreaField(_l("Evidence in words"), validators=[Length(max=1000)])
    file = KeptFileField(_l("Evidence as a file"))


@bp.route("/grants/<int:grant_id>/conditions/new", methods=["GET", "POST"])
@requires(Permission.GRANTS_WRITE)
def new_condition(grant_id: int) -> ResponseReturnValue:
    """A condition of the grant or of one instalment."""
    line = awards.one(grant_id)[1]

    def make(**kwargs: Any) -> ConditionForm:
        form = ConditionForm(data={"kind": ConditionKind.PRECEDENT}, **kwargs)
        form.kind.choices = choices.labelled(ConditionKind)
        parts = [(p.id, f"{filters.day(p.expected_on)}, {filters.money(p.amount_cents)}") for p in
                 instalments.of_grant(grant_id)]  # fmt: skip
        form.instalment_id.choices = [("", _("The whole grant")), *parts]
        return form

    return form_page(
        make,
        lambda form: services.add(
            grant_id,
            form.text.data,
            form.kind.data,
            instalment_id=form.instalment_id.data,
            actor=current_user.actor,
            now=now(),
        ),
        title=_("New condition"),
        subject=f"{line.title} · {line.funder}",
        submit=_("Keep this condition"),
        said=_("Kept. What it holds waits until it is met."),
        back=url_for("grants.grant", grant_id=grant_id),
    )


@bp.route("/grants/conditions/<int:condition_id>/meet", methods=["GET", "POST"])
@requires(Permission.GRANTS_WRITE)
def meet_condition(condition_id: int) -> ResponseReturnValue:
    """It is met, by evidence."""
    line = queries.one(condition_id)
    return form_page(
        lambda **kwargs: MeetForm.at(queries.one(condition_id).version, data={"met_on": local_date(now())}, **kwargs),
        lambda form: services.meet(
            condition_id,
            met_on=filled(form.met_on.data),
            evidence=form.evidence.data or "",
            file=form.file.kept,
            version=form.version.data,
            actor=current_user.actor,
            now=now(),
        ),
        title=_("The condition is met"),
        subject=awards.one(line.grant_id)[1].title,
        explain=line.text,
        submit=_("Record that it is met"),
        said=_("Recorded. What only waited for this is due now."),
        back=url_for("grants.grant", grant_id=line.grant_id),
        files=True,
    )


def _step(condition_id: int, act: Callable[..., None], said: str) -> ResponseReturnValue:
    grant_id = queries.one(condition_id).grant_id
    form = VersionedForm()
    with writing():
        act(condition_id, version=form.version.data, actor=current_user.actor, now=now())
    flash(said, "ok")
    return redirect(url_for("grants.grant", grant_id=grant_id), 303)


@bp.post("/grants/conditions/<int:condition_id>/unmeet")
@requires(Permission.GRANTS_WRITE)
def unmeet_condition(condition_id: int) -> ResponseReturnValue:
    """It is not met after all."""
    return _step(condition_id, services.unmeet, _("Taken back."))


@bp.post("/grants/conditions/<int:condition_id>/remove")
@requires(Permission.GRANTS_WRITE)
def remove_condition(condition_id: int) -> ResponseReturnValue:
    """The funder does not set it (any more)."""
    return _step(condition_id, services.remove, _("Taken out. It holds nothing any more."))
