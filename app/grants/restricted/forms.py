"""The form that divides a grant: rows of a fund or programme with an amount or a share."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import FieldList, FormField, SelectField

from app.base.errors import Invalid
from app.base.states import N_
from app.grants import choices
from app.grants.instalments.forms import Part, PartField
from app.grants.pages import VersionedForm
from app.grants.restricted.models import Allocation
from app.grants.restricted.queries import Tie
from app.grants.restricted.services import Division
from app.ui.forms import Form

MOST, SPARE = 50, 2


class DivisionRow(Form):
    class Meta(Form.Meta):
        csrf = False

    purpose = SelectField(_l("Fund or programme"))
    amount = PartField(_l("Amount or share"))

    @property
    def is_empty(self) -> bool:
        return not (self.purpose.data or (self.amount.raw_data and self.amount.raw_data[0]))


class DivideForm(VersionedForm):
    parts = FieldList(FormField(DivisionRow), max_entries=MOST)

    @classmethod
    def of(cls, rows: list[Allocation], version: int) -> DivideForm:
        data: list[dict[str, Any]] = [
            {
                "purpose": f"{Tie.FUND}-{row.fund_id}" if row.fund_id else f"{Tie.PROGRAMME}-{row.programme_id}",
                "amount": Part(cents=row.cents, basis_points=row.basis_points),
            }
            for row in rows
        ]
        form = cls(data={"version": version, "parts": data + [{}] * SPARE})
        form.offer()
        return form

    def offer(self) -> None:
        """Also what is not in use any more, so that what was chosen before stays."""
        pairs: choices.Pairs = [("", "–")]
        pairs += [(f"{Tie.FUND}-{key}", _("Fund: %(name)s", name=name)) for key, name in choices.every_fund()]
        pairs += [
            (f"{Tie.PROGRAMME}-{key}", _("Programme: %(name)s", name=name)) for key, name in choices.every_programme()
        ]
        for row in self.parts:
            row.form.purpose.choices = pairs

    def more(self) -> None:
        for _place in range(min(SPARE, MOST - len(self.parts))):
            self.parts.append_entry()
        self.offer()

    @property
    def _filled(self) -> list[Any]:
        return [each.form for each in self.parts if not each.form.is_empty]

    def divisions(self) -> list[Division]:
        made = []
        for place, row in enumerate(self._filled):
            if row.amount.data is None:
                raise Invalid(N_("Please fill this in, or empty the row."), field=f"parts-{place}-amount")
            tie, _dash, row_id = (row.purpose.data or "").partition("-")
            key = {"fund_id": int(row_id)} if tie == Tie.FUND else {"programme_id": int(row_id)} if row_id else {}
            part = row.amount.data
            made.append(Division(cents=part.cents, basis_points=part.basis_points, **key))
        return made

    def add_error(self, error: Any) -> None:
        """Errors of rows go beside their field: `parts-1-amount`."""
        name, _dash, rest = (error.field or "").partition("-")
        place, _dash, inner = rest.partition("-")
        if name == "parts" and place.isdigit() and int(place) < len(self._filled) and inner in self._filled[int(place)]:
            self._filled[int(place)].add_error(Invalid(error.message, field=inner, **error.params))
            return
        super().add_error(error)
