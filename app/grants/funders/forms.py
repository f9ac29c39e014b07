"""The forms of a funder."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from app.grants.choices import labelled, people, row_id
from app.grants.funders.models import Funder, FunderKind
from app.grants.funders.services import FunderFacts
from app.grants.pages import VersionedForm
from app.ui.fields import MoneyField
from app.ui.forms import Form


class FunderFields(Form):
    LAYOUT = [["kind"], ["linked"], ["themes"], ["grant_min", "grant_max"], ["portal_url"], ["owner_id"]]

    kind = SelectField(_l("Kind of funder"), coerce=FunderKind, validators=[InputRequired()])
    linked = BooleanField(_l("Linked to our organisation"))
    themes = TextAreaField(_l("Themes they support"), validators=[Length(max=1000)])
    grant_min = MoneyField(_l("Usual grant, from"), zero=True)
    grant_max = MoneyField(_l("Usual grant, up to"), zero=True)
    portal_url = StringField(_l("Address of their portal"), validators=[Length(max=500)])
    owner_id = SelectField(_l("Who keeps the contact"), coerce=row_id)

    def offer(self, keep_owner: int | None = None) -> None:
        self.kind.choices = labelled(FunderKind)
        self.owner_id.choices = people(keep_owner)

    def facts(self) -> FunderFacts:
        return FunderFacts(
            kind=self.kind.data,
            linked=self.linked.data,
            themes=self.themes.data or "",
            grant_min_cents=self.grant_min.data.cents if self.grant_min.data is not None else None,
            grant_max_cents=self.grant_max.data.cents if self.grant_max.data is not None else None,
            portal_url=self.portal_url.data or "",
            owner_id=self.owner_id.data,
        )


class NewFunderForm(FunderFields):
    LAYOUT = [["supporter_id"], ["name"], *FunderFields.LAYOUT]

    name = StringField(_l("Name of the organisation"), validators=[Length(max=200)])
    supporter_id = SelectField(_l("Organisation we know already"), coerce=row_id)


class FunderForm(VersionedForm, FunderFields):
    @classmethod
    def of(cls, funder: Funder, **kwargs: Any) -> FunderForm:
        form = cls(
            data={
                "version": funder.version,
                "kind": funder.kind,
                "linked": funder.linked,
                "themes": funder.themes,
                "grant_min": funder.grant_min_cents,
                "grant_max": funder.grant_max_cents,
                "portal_url": funder.portal_url,
                "owner_id": funder.owner_id,
            },
            **kwargs,
        )
        form.offer(funder.owner_id)
        return form
