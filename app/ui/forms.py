"""The form base class: strips, refuses control characters and over-long text, keeps what was typed.

class NoteForm(Form):
    text = TextAreaField(_l("Note"), validators=[InputRequired()])

form = NoteForm()
if form.validate_on_submit():
    try:
        with writing():
            service(form.text.data, actor=current_user.actor, now=now())
        return redirect(url_for("..."), 303)
    except Invalid as error:
        form.add_error(error)
return render_template("x.html", form=form), form.status
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

from flask_babel import gettext
from flask_wtf import FlaskForm
from wtforms import DecimalField, Field, FileField, IntegerField, PasswordField, StringField, TextAreaField
from wtforms.validators import Length, StopValidation

from app.base.errors import DomainError, Refused
from app.base.states import N_
from app.extensions import once
from app.ui.messages import translated

LINE = 200  # characters in a one-line field that names no length of its own
TEXT = 10_000  # characters in a text area that names no length of its own

# The form library's own words, in our voice. Keys are its msgids.
KINDER = {
    "This field is required.": N_("Please fill this in."),
    "Not a valid choice": N_("Please choose one of the options."),
    "Not a valid choice.": N_("Please choose one of the options."),
    "Invalid Choice: could not coerce": N_("Please choose one of the options."),
    "Invalid Choice: could not coerce.": N_("Please choose one of the options."),
    "Not a valid integer value": N_("Please fill in a whole number, in figures."),
    "Not a valid integer value.": N_("Please fill in a whole number, in figures."),
    "Not a valid decimal value": N_("Please fill in a number."),
    "Not a valid decimal value.": N_("Please fill in a number."),
    "Not a valid date value": N_("Please fill in a date, for example 23-11-2026."),
    "Not a valid date value.": N_("Please fill in a date, for example 23-11-2026."),
    "Number must be between %(min)s and %(max)s.": N_("Please fill in a number from %(min)s to %(max)s."),
    "Number must be at least %(min)s.": N_("Please fill in %(min)s or more."),
    "Number must be at most %(max)s.": N_("Please fill in %(max)s or less."),
    "Invalid input.": N_("This is not right. Please look at it again."),
    "CSRF token missing": N_("The form was open too long or came from elsewhere. Please send it once more."),
    "The CSRF token is missing.": N_("The form was open too long or came from elsewhere. Please send it once more."),
    "The CSRF tokens do not match.": N_("The form was open too long or came from elsewhere. Please send it once more."),
    "The CSRF token is invalid.": N_("The form was open too long or came from elsewhere. Please send it once more."),
}

_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# Word's line and page breaks come along with what is pasted from it.
_LINE_ENDS = str.maketrans({"\r": "\n", "\v": "\n", "\f": "\n"})
_LINE_ENDS_AND_NOTHINGS = frozenset("\u2028\u2029\u200b\u2060\ufeff")


class _Words:
    """Translations for the form library: through our wording, then our catalogue."""

    def gettext(self, string: str) -> str:
        return str(gettext(KINDER.get(string, string)))

    def ngettext(self, singular: str, plural: str, n: int) -> str:
        return str(gettext(KINDER.get(singular, singular if n == 1 else plural)))


def strip(value: Any) -> Any:
    """Trim, and write line ends as \\n and letters composed (é as one character)."""
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value.replace("\r\n", "\n").translate(_LINE_ENDS)).strip()
    return value


def bad_character(text: str, *, lines: bool) -> str | None:
    """The first character that has no place in text people type, or None.

    Controls, lone surrogates and direction overrides (they make text read other than it is); on one
    line also what breaks it or takes no room (two names that look the same and are not).
    """
    allowed = "\n\r\t\v\f" if lines else ""
    for char in text:
        if char in allowed:
            continue
        if char in _BIDI or unicodedata.category(char) in ("Cc", "Cs"):
            return char
        if not lines and char in _LINE_ENDS_AND_NOTHINGS:
            return char
    return None


class _SafeText:
    """First in line for every text field; stops before any other rule sees the text."""

    def __init__(self, longest: int, lines: bool) -> None:
        self.longest = longest
        self.lines = lines

    def __call__(self, form: Any, field: Field) -> None:
        for raw in field.raw_data or []:
            if not isinstance(raw, str):
                continue
            if (bad := bad_character(raw.strip(), lines=self.lines)) is not None:
                raise StopValidation(_invisible(raw.strip(), bad))
            if len(strip(raw)) > self.longest:
                raise StopValidation(
                    gettext(
                        "This is too long: at most %(longest)s characters, these are %(found)s.",
                        longest=self.longest, found=len(strip(raw)),
                    )
                )  # fmt: skip


def _invisible(text: str, bad: str) -> str:
    """Who cannot see what is wrong is told where, so that a long text need not be typed anew."""
    before = " ".join(text[: text.index(bad)].split()[-3:])
    if not before or len(text) <= LINE:
        return gettext("There is an invisible or control character in this text. Please type it again.")
    return gettext(
        "There is an invisible or control character after “%(words)s”. Please type that piece again.", words=before
    )


def _read(form: Any, field: Field) -> None:
    """What is no number at all is not measured as well; an empty field is for the rules after this one."""
    if field.process_errors and any(str(raw).strip() for raw in field.raw_data or []):
        raise StopValidation()


def _uploaded(value: Any) -> Any:
    """The file or files; text that was sent in their place is none."""
    if isinstance(value, list):
        return [each for each in value if not isinstance(each, str)]
    return None if isinstance(value, str) else value


class Form(FlaskForm):
    """What every form of the product stands on."""

    sent_before = False  # with other words in it, which are not kept

    class Meta(FlaskForm.Meta):
        def get_translations(self, form: Any) -> _Words:
            return _Words()

        def bind_field(self, form: Any, unbound_field: Any, options: dict[str, Any]) -> Field:
            field = super().bind_field(form, unbound_field, options)
            if isinstance(field, StringField):
                lines = isinstance(field, TextAreaField)
                lengths = [v.max for v in field.validators if isinstance(v, Length) and v.max > 0]
                longest = min(lengths, default=getattr(field, "longest", TEXT if lines else LINE))
                field.validators = [_SafeText(longest, lines), *field.validators]
                if not isinstance(field, PasswordField):
                    # Passwords are taken as they are typed, spaces and all.
                    field.filters = (strip, *field.filters)
            elif isinstance(field, IntegerField | DecimalField):
                field.validators = [_read, *field.validators]
            elif isinstance(field, FileField):
                field.filters = (_uploaded, *field.filters)
            return field

    def validate(self, extra_validators: Any = None) -> bool:
        """Whether what was sent is right. Raises once.SentTwice where this very form was sent before; with other
        words in it it comes back with all of them, and with a key of its own, so that sending it again keeps them too.
        """
        before = not self._prefix and once.sent_otherwise()  # rows of a form come with it
        valid = super().validate(extra_validators)
        if before:
            self.add_error(Refused(once.SENT))
            self.sent_before = True
        return bool(valid) and not before

    def add_error(self, error: DomainError) -> None:
        """Put what a service refused beside its field; without a field it goes on top of the form."""
        message = translated(error)
        field = self._fields.get(error.field or "")
        if field is None:
            self.form_errors.append(message)
        else:
            field.errors = [*field.errors, message]

    @property
    def has_errors(self) -> bool:
        return bool(self.form_errors) or any(field.errors for field in self)

    @property
    def status(self) -> int:
        """The status to answer with: 422 where something is wrong, 409 where it was sent before, else 200."""
        return (409 if self.sent_before else 422) if self.has_errors else 200

    def summary(self) -> list[tuple[str, str, str]]:
        """(id of the field or "", its label, the message) of everything wrong, in the form's order."""
        wrong = [("", "", str(message)) for message in self.form_errors]
        for field in self:
            wrong += [(field.id, str(field.label.text), message) for message in _flat(field.errors)]
        return wrong


def _flat(errors: Any) -> list[str]:
    """Errors of field lists and enclosed forms are nested; a summary is not."""
    if isinstance(errors, Mapping):
        return [text for inner in errors.values() for text in _flat(inner)]
    if isinstance(errors, list | tuple):
        return [text for inner in errors for text in _flat(inner)]
    return [str(errors)]
