"""The form of a publication: what is told in words, and the amounts of the annual accounts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask_babel import gettext as _
from wtforms import Field, IntegerField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length
from wtforms.widgets import HiddenInput

from app.base.money import Money
from app.finance.anbi.lines import ASSETS, LIABILITIES, STATEMENT, TOLD, Told
from app.finance.anbi.models import Publication
from app.finance.figures.forms import TotalField
from app.ui.forms import Form

MOST = 4000  # characters of a text


class VersionForm(Form):
    version = IntegerField(widget=HiddenInput(), validators=[InputRequired()])


class PublicationForm(VersionForm):
    @property
    def texts(self) -> dict[str, str]:
        return {f.name[5:]: f.data or "" for f in self if f.name.startswith("text_")}

    @property
    def cents(self) -> dict[str, int]:
        return {f.name[5:]: f.data.cents for f in self if f.name.startswith("line_") and f.data is not None}

    def told(self) -> Iterator[tuple[Told, list[Field]]]:
        """Each part in words with its fields: Dutch and English, or one."""
        for told in TOLD:
            yield told, [self[f"text_{name}"] for name in _names(told)]

    def amounts(self, lines: Any) -> list[Field]:
        return [self[f"line_{line}"] for line in lines]


def _names(told: Told) -> tuple[str, ...]:
    return (f"{told.name}_nl", f"{told.name}_en") if told.both else (told.name,)


def publication_form(row: Publication | None, **kwargs: Any) -> PublicationForm:
    """With a field for each part, filled with what was typed before."""
    made: dict[str, Any] = {}
    data: dict[str, Any] = {"version": row.version if row else 0}
    for told in TOLD:
        for name in _names(told):
            label = _(told.label)
            if told.both:
                label = (
                    _("%(part)s in Dutch", part=label) if name.endswith("_nl") else _("%(part)s in English", part=label)
                )
            kind, most = (TextAreaField, MOST) if told.long else (StringField, 300 if told.link else 40)
            made[f"text_{name}"] = kind(label, validators=[Length(max=most)])
            data[f"text_{name}"] = row.texts.get(name, "") if row else ""
    labels = {**ASSETS, **LIABILITIES, **{line.value: line.label for line in STATEMENT}}
    for line, label in labels.items():
        made[f"line_{line}"] = TotalField(_(label))
        if row and line in row.cents:
            data[f"line_{line}"] = Money(row.cents[line])
    form: PublicationForm = type("LinesForm", (PublicationForm,), made)(data=data, **kwargs)
    return form
