"""The forms of parts: asking them, the chain's steps, and writing an answer."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import FieldList, FileField, FormField, HiddenField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectMultipleField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from app.base.errors import Invalid
from app.extensions.once import new_key
from app.grants import choices
from app.grants.history import NOTE_LENGTH
from app.grants.pages import VersionedForm
from app.grants.parts.asking import LineAsked, Question
from app.grants.parts.dates import MOST_DAYS, Spans
from app.grants.parts.models import ANSWER_LENGTH, PartChain, PartKind, ReportPart
from app.grants.parts.queries import PartView
from app.grants.parts.services import Content
from app.ui.fields import DutchDateField, MoneyField
from app.ui.forms import Form

ROWS, MOST_ROWS = 4, 30
US = "us"  # among the partners: our own organisation


def _days(label: Any) -> IntegerField:
    return IntegerField(label, validators=[InputRequired(), NumberRange(min=0, max=MOST_DAYS)])


class SpanFields(Form):
    consolidation_days = _days(_l("Working days to put it together"))
    review_days = _days(_l("Working days for internal review"))
    buffer_days = _days(_l("Working days to spare"))

    def spans(self) -> Spans:
        return Spans(**{name: int(self[name].data or 0) for name in Spans.__dataclass_fields__})


class ChainForm(VersionedForm, SpanFields):
    @classmethod
    def of(cls, chain: PartChain, **kwargs: Any) -> ChainForm:
        return cls(data={name: getattr(chain, name) for name in ("version", *Spans.__dataclass_fields__)}, **kwargs)


class QuestionRow(Form):
    """One thing to ask; a row without a name does not count."""

    class Meta(Form.Meta):
        csrf = False

    kind = SelectField(_l("Kind"), coerce=PartKind)
    title = StringField(_l("Name"), validators=[Length(max=200)])
    question = TextAreaField(_l("What you ask"), validators=[Length(max=4000)])
    max_characters = IntegerField(_l("Most characters"), validators=[Optional(), NumberRange(min=1, max=ANSWER_LENGTH)])
    target = StringField(_l("Target"), validators=[Length(max=200)])

    @property
    def is_empty(self) -> bool:
        return not (self.title.data or self.question.data)


class AskForm(SpanFields):
    """Which partners, what, and when. Works without a script: "one more" sends the form."""

    partners = SelectMultipleField(_l("Whom you ask"), validators=[InputRequired()])
    asked_on = DutchDateField(_l("They start on"))
    questions = FieldList(FormField(QuestionRow), min_entries=ROWS, max_entries=MOST_ROWS)

    @classmethod
    def of(cls, partners: list[tuple[str, str]], today: date, **kwargs: Any) -> AskForm:
        spans = Spans()
        data = {name: getattr(spans, name) for name in Spans.__dataclass_fields__}
        chosen = [value for value, _name in partners if value != US]
        form = cls(data=data | {"asked_on": today, "partners": chosen}, **kwargs)
        form.partners.choices = partners
        form.offer_rows()
        return form

    def offer_rows(self) -> None:
        for row in self.questions:
            row.form.kind.choices = choices.labelled(PartKind)

    def more(self) -> None:
        if len(self.questions) < MOST_ROWS:
            self.questions.append_entry()
        self.offer_rows()

    def partner_ids(self) -> list[int | None]:
        return [None if value == US else int(value) for value in self.partners.data or []]

    def asked(self, lines: list[LineAsked]) -> list[Question]:
        """The rows that are filled in. Figures are asked by the budget's lines, or by the lines typed."""
        return [self._question(row.form, lines) for row in self.questions if not row.form.is_empty]

    def _question(self, row: QuestionRow, lines: list[LineAsked]) -> Question:
        words = row.question.data or ""
        asked: tuple[LineAsked, ...] = ()
        if row.kind.data is PartKind.FIGURES:
            typed = [LineAsked(line.strip()) for line in words.splitlines() if line.strip()]
            asked, words = (tuple(typed), "") if typed else (tuple(lines), "")
        return Question(
            kind=row.kind.data,
            title=row.title.data or "",
            question=words,
            max_characters=row.max_characters.data,
            target=row.target.data or "",
            lines=asked,
        )

    def add_error(self, error: Any) -> None:
        """Errors of rows go beside the field in the row: `questions-2-title`."""
        name, _, rest = (error.field or "").partition("-")
        place, _, inner = rest.partition("-")
        rows = [row.form for row in self.questions if not row.form.is_empty]
        if name == "questions" and place.isdigit() and int(place) < len(rows) and inner in rows[int(place)]:
            rows[int(place)].add_error(Invalid(error.message, field=inner, **error.params))
            return
        super().add_error(error)


class AnswerForm(VersionedForm):
    """Writing a part. The fields of figures are made for the part at hand (`for_part`)."""

    answer = TextAreaField(_l("The answer"), validators=[Length(max=ANSWER_LENGTH)])

    @classmethod
    def for_part(cls, part: ReportPart, view: PartView, **kwargs: Any) -> AnswerForm:
        fields: dict[str, Any] = {}
        data: dict[str, Any] = {"version": part.version, "answer": view.answer}
        for figure in view.figures:
            fields[f"figure_{figure.id}"] = MoneyField(figure.label, zero=True)
            data[f"figure_{figure.id}"] = figure.cents if figure.known else None
        if part.kind is PartKind.FIGURES:
            fields["total"] = MoneyField(_l("Total"), zero=True)
            data["total"] = view.total_cents
            fields["answer"] = TextAreaField(_l("Explanation, if there is something to say"), validators=cls._long())
        elif part.kind is PartKind.FILES:
            fields["answer"] = TextAreaField(_l("Explanation, if there is something to say"), validators=cls._long())
        elif part.kind is PartKind.INDICATOR:
            fields["answer"] = TextAreaField(_l("What was reached"), validators=cls._long())
        form = type("PartForm", (cls,), fields)(data=data, **kwargs)
        assert isinstance(form, AnswerForm)
        return form

    @staticmethod
    def _long() -> list[Any]:
        return [Length(max=ANSWER_LENGTH)]

    def figure_fields(self) -> list[Any]:
        return [field for field in self if field.name.startswith("figure_")]

    def content(self) -> Content:
        total = self["total"].data if "total" in self else None
        return Content(
            answer=self.answer.data or "",
            figures={
                int(field.name.removeprefix("figure_")): field.data.cents if field.data is not None else None
                for field in self.figure_fields()
            },
            total_cents=total.cents if total is not None else None,
        )

    def in_words(self) -> str:
        """All that was typed, as text: what is kept of somebody who came second."""
        typed = [f"{field.label.text}: {field._value()}" for field in self.figure_fields() if field._value()]
        return "\n".join([*typed, self.answer.data or ""]).strip()


class DutyNoteForm(VersionedForm):
    note = TextAreaField(_l("Explanation, if there is something to say"), validators=[Length(max=NOTE_LENGTH)])

    def content(self) -> str:
        return (self.note.data or "").strip()


class CodeForm(Form):
    code = StringField(_l("The code from the mail"), validators=[InputRequired(), Length(max=12)])


class PlainForm(Form):
    """A button and a token."""


class FileForm(Form):
    file = FileField(_l("File"))


class CommentForm(Form):
    remark_key = HiddenField(default=new_key, validators=[Length(max=64)])
    text = TextAreaField(_l("Remark"), validators=[Length(max=NOTE_LENGTH)])
