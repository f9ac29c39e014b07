"""The form of a publication: what is told in words, and the amounts of the annual accounts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from flask_babel import gettext as _
from wtforms import Field, IntegerField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length
from wtforms.widgets import HiddenInput

from app.base.money import Money
from app.finance.anbi.lines import LINES, LONGEST_NAME, TOLD, Told, name_fields
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

    def names(self) -> Iterator[tuple[str, Field, Field]]:
        """Each line as it is called here, with the fields of its own names."""
        for line, label in LINES.items():
            dutch, english = name_fields(line)
            yield label, self[f"text_{dutch}"], self[f"text_{english}"]


def _names(told: Told) -> tuple[str, ...]:
    return (f"{told.name}_nl", f"{told.name}_en") if told.both else (told.name,)


def publication_form(row: Publication | None, names: Mapping[str, str], **kwargs: Any) -> PublicationForm:
    """With a field for each part, filled with what was typed before; `names` are those of lines to begin with."""
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
    texts = row.texts if row else names
    for line, label in LINES.items():
        headings = _("%(part)s in Dutch", part=_(label)), _("%(part)s in English", part=_(label))
        for name, heading in zip(name_fields(line), headings, strict=True):
            made[f"text_{name}"] = StringField(heading, validators=[Length(max=LONGEST_NAME)])
            data[f"text_{name}"] = texts.get(name, "")
        made[f"line_{line}"] = TotalField(_(label))
        if row and line in row.cents:
            data[f"line_{line}"] = Money(row.cents[line])
    form: PublicationForm = type("LinesForm", (PublicationForm,), made)(data=data, **kwargs)
    return form
