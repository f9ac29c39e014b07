"""The forms of a file with figures: which file, which columns, what its accounts mean."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import FileField, IntegerField, SelectField
from wtforms.validators import InputRequired, NumberRange, Optional
from wtforms.widgets import HiddenInput

from app.base.money import Money, thousands_mark
from app.finance.figures.models import FigureKind, FigureRule, RuleOn, Signs
from app.finance.figures.sheet import FIELDS
from app.ledger.rj import COST_LINES, INCOME_LINES, RjLine
from app.programmes.queries import programme_names
from app.sheets.amounts import cents_of
from app.ui.fields import MoneyField, options
from app.ui.forms import Form
from app.ui.languages import language

LEFT_OUT = "left_out"


def _number(text: Any) -> int | None:
    return int(text) if text not in (None, "") else None


class TotalField(MoneyField):
    """An amount that may be below zero, or nothing."""

    def read(self, text: str) -> Money:
        try:
            return Money(cents_of(text, thousands=thousands_mark(language())))
        except ValueError:
            raise ValueError(_("This is not an amount. Write it in figures, for example 25 or 12.50.")) from None


class FileForm(Form):
    kind = SelectField(_l("What it holds"), choices=options(FigureKind))
    file = FileField(_l("File"))


class VersionForm(Form):
    version = IntegerField(widget=HiddenInput(), validators=[InputRequired()])


class ColumnsForm(VersionForm):
    """Which column means what; its fields are those of sheet.FIELDS."""

    signs = SelectField(_l("How amounts are written"), choices=options(Signs))
    year = IntegerField(_l("Year of the months"), validators=[Optional(), NumberRange(2000, 2100)])
    control = TotalField(_l("Control total"), validators=[InputRequired()])

    def offer(self, names: list[str]) -> None:
        pairs = [(index, name or _("Column %(number)s", number=index + 1)) for index, name in enumerate(names)]
        for name in FIELDS:
            self[name].choices = [("", "–"), *pairs]

    def columns(self) -> dict[str, int]:
        return {name: self[name].data for name in FIELDS if self[name].data is not None}


for _name, (_label, _known) in FIELDS.items():
    setattr(ColumnsForm, _name, SelectField(_l(_label), coerce=_number))


class Meaning(Form):
    """What each account and cost centre means: two fields for each, built for those of one file."""

    keys: list[tuple[RuleOn, str]]

    def meant(self) -> dict[tuple[RuleOn, str], tuple[RjLine | None, int | None, bool]]:
        found = {}
        for number, key in enumerate(self.keys):
            line, programme_id = self[f"line_{number}"].data, self[f"programme_{number}"].data
            left_out = line == LEFT_OUT
            chosen = None if left_out or not line else RjLine(line)
            found[key] = (chosen, None if left_out else programme_id, left_out)
        return found


def meaning_form(
    kind: FigureKind, keys: Iterable[tuple[RuleOn, str]], known: dict[tuple[RuleOn, str], FigureRule], **kwargs: Any
) -> Meaning:
    """A form with a line and a programme for each of these, filled with what is known."""
    keys = list(keys)
    lines = (
        (*COST_LINES, RjLine.FINANCIAL) if kind is FigureKind.COST else (*INCOME_LINES, *COST_LINES, RjLine.FINANCIAL)
    )
    chosen = [("", "–"), *((line.value, _(line.label)) for line in lines), (LEFT_OUT, _("Leave out"))]
    named = [("", "–"), *programme_names(language()).items()]
    made, data = {}, {}
    for number, key in enumerate(keys):
        made[f"line_{number}"] = SelectField(_("RJ 650 line of %(code)s", code=key[1]), choices=options(chosen))
        made[f"programme_{number}"] = SelectField(
            _("Programme of %(code)s", code=key[1]), choices=options(named), coerce=_number
        )
        if rule := known.get(key):
            data[f"line_{number}"] = LEFT_OUT if rule.left_out else rule.rj_line.value if rule.rj_line else ""
            data[f"programme_{number}"] = rule.programme_id
    form: Meaning = type("MeaningForm", (Meaning,), {**made, "keys": keys})(data=data, **kwargs)
    return form
