"""The forms of programmes, funds and campaigns."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, FileField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from app.base.errors import Invalid
from app.base.money import format_money
from app.base.states import N_
from app.documents.files import keep
from app.programmes.queries import all_programmes
from app.programmes.services import CampaignPage
from app.ui.fields import DutchDateField, MoneyField, options, typed_money
from app.ui.forms import Form
from app.ui.languages import language

_NAME = (InputRequired(), Length(max=100))


class _Named(Form):
    name_nl = StringField(_l("Name in Dutch"), validators=_NAME)
    name_en = StringField(_l("Name in English"), validators=_NAME)
    slug = StringField(_l("Short name for addresses"), validators=[InputRequired(), Length(max=60)])
    active = BooleanField(_l("In use"), default=True)


class ProgrammeForm(_Named):
    """What money is for."""

    description_nl = TextAreaField(_l("In a few words, in Dutch"), validators=[Length(max=600)])
    description_en = TextAreaField(_l("In a few words, in English"), validators=[Length(max=600)])
    rj_goal = StringField(_l("Objective in the annual accounts"), validators=[Length(max=100)])
    public = BooleanField(_l("Donors may choose it on the Support us page"))
    position = IntegerField(_l("Place in the list"), validators=[Optional(), NumberRange(0, 10_000)])


class _Within(_Named):
    programme_id = SelectField(_l("Programme"))

    def choose(self) -> None:
        lang = language()
        self.programme_id.choices = options([(p.id, p.name(lang)) for p in all_programmes()], empty=_l("None"))

    @property
    def programme(self) -> int | None:
        return int(self.programme_id.data) if self.programme_id.data else None


class FundForm(_Within):
    """Money set apart."""

    restricted = BooleanField(_l("Restricted by who gave it (else set apart by the board)"), default=True)


class CampaignForm(_Within):
    """An appeal."""

    source_code = StringField(_l("Source code"), validators=[InputRequired(), Length(max=30)])
    presets = StringField(_l("Amounts to choose from"), validators=[Length(max=200)])
    starts_on = DutchDateField(_l("Starts on"))
    ends_on = DutchDateField(_l("Ends on"))
    story_nl = TextAreaField(_l("Story in Dutch"), validators=[Length(max=6000)])
    story_en = TextAreaField(_l("Story in English"), validators=[Length(max=6000)])
    target = MoneyField(_l("Target"))
    picture = FileField(_l("Picture"))
    without_picture = BooleanField(_l("Take the picture away"))
    picture_alt_nl = StringField(_l("What the picture shows, in Dutch"), validators=[Length(max=200)])
    picture_alt_en = StringField(_l("What the picture shows, in English"), validators=[Length(max=200)])

    @property
    def presets_cents(self) -> list[int]:
        """The amounts, split by semicolons. Raises Invalid beside the field."""
        try:
            return [typed_money(part).cents for part in (self.presets.data or "").split(";") if part.strip()]
        except Invalid as error:
            error.field = "presets"
            raise

    def page(self) -> CampaignPage:
        """What donors see. The picture is kept on disk here: before any transaction. Raises Invalid."""
        upload = self.picture.data
        try:
            picture = keep(upload.read(), upload.filename or "") if upload and upload.filename else None
        except Invalid as error:
            error.field = "picture"
            raise
        return CampaignPage(
            story_nl=self.story_nl.data or "", story_en=self.story_en.data or "",
            target_cents=self.target.data.cents if self.target.data else None,
            picture=picture, without_picture=bool(self.without_picture.data),
            picture_alt_nl=self.picture_alt_nl.data or "", picture_alt_en=self.picture_alt_en.data or "",
        )  # fmt: skip


def shown_presets(cents: list[int]) -> str:
    return "; ".join(format_money(each, language(), sign=False) for each in cents)


TITLES = {
    "programme": (N_("New programme"), N_("Programme")),
    "fund": (N_("New fund"), N_("Fund")),
    "campaign": (N_("New campaign"), N_("Campaign")),
}


def title_of(kind: str, fresh: bool) -> str:
    return str(_(TITLES[kind][0 if fresh else 1]))
