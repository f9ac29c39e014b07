"""What the pages of this room share: forms that act, small questions, tabs, the timeline of a record."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import FileField, IntegerField, TextAreaField
from wtforms.form import BaseForm
from wtforms.validators import InputRequired, Length, ValidationError
from wtforms.widgets import HiddenInput

from app.base.errors import Invalid, Refused
from app.base.states import N_
from app.documents.files import StoredFile, keep
from app.extensions import writing
from app.grants.history import NOTE_LENGTH
from app.grants.rows import Stale
from app.ui.fields import DutchDateField
from app.ui.forms import Form

T = TypeVar("T")


class VersionedForm(Form):
    """A form that knows which version of the record the person was looking at."""

    version = IntegerField(widget=HiddenInput(), validators=[InputRequired()])

    @classmethod
    def at(cls, version: int, **kwargs: Any) -> Any:
        """The form for this version of a record, filled with `data=…` where nothing was sent."""
        data = {"version": version, **kwargs.pop("data", {})}
        return cls(data=data, **kwargs)


class NoteForm(VersionedForm):
    note = TextAreaField(_l("Note"), validators=[InputRequired(), Length(max=NOTE_LENGTH)])


class FreeNoteForm(VersionedForm):
    note = TextAreaField(_l("Note"), validators=[Length(max=NOTE_LENGTH)])


class DayForm(VersionedForm):
    day = DutchDateField(_l("Date"), validators=[InputRequired()])


def filled(value: T | None) -> T:
    """What a field that must be filled in holds; the form has checked that it is."""
    if value is None:
        raise Invalid(N_("Please fill this in."))
    return value


class KeptFileField(FileField):
    """A file that is stored while the form is validated: writing to disk has no place inside a transaction."""

    kept: StoredFile | None = None

    def __init__(self, *args: Any, most: int = -1, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.most = most  # bytes to read at the most

    def post_validate(self, form: BaseForm, validation_stopped: bool) -> None:
        if self.data and not validation_stopped:
            try:
                self.kept = keep(self.data.read(self.most), self.data.filename or "")
            except Invalid as error:
                raise ValidationError(_(error.message)) from None


def act_on(form: Form, act: Callable[..., Any], prepare: Callable[[], Any] | None = None) -> tuple[bool, int, Any]:
    """Run `act` in a write transaction if the form is sent and right: (done, status, what it gave).

    `prepare` is slow work before the transaction, such as setting a PDF; `act` is given what it gives.
    What is refused is put beside its field or on top, and the typed input stays.
    """
    if not form.validate_on_submit():
        return False, form.status, None
    try:
        ready = [prepare()] if prepare else []
        with writing():
            given = act(*ready)
    except Stale as error:
        form.add_error(error)
        return False, error.status, error
    except (Invalid, Refused) as error:
        form.add_error(error)
        return False, error.status, None
    return True, 200, given


def form_page(
    make: Callable[..., Form],
    act: Callable[..., Any],
    *,
    prepare: Callable[[Any], Any] | None = None,
    title: str,
    submit: str,
    back: Callable[[Any], str] | str,
    said: str,
    explain: str = "",
    warning: str = "",
    subject: str = "",
    tone: str = "primary",
    hints: dict[str, str] | None = None,
    files: bool = False,
) -> ResponseReturnValue:
    """A page with one form: what will happen, the fields, one button.

    `make()` gives the form as sent or as stored, `make(formdata=None)` as stored. Who comes second
    keeps their words, sees beside them what is stored now, and can save again (409).
    `back` leads to the record; as a function it is given what `act` gave. `prepare`: see act_on.
    """
    form = make()
    slow = (lambda: prepare(form)) if prepare else None
    done, status, given = act_on(form, lambda *ready: act(form, *ready), slow)
    here = back if isinstance(back, str) else ""
    if done:
        flash(said, "ok")
        return redirect(back if isinstance(back, str) else back(given), 303)
    changes = catch_up(form, make(formdata=None)) if isinstance(given, Stale) else []
    page = render_template(
        "grants/form.html",
        form=form,
        title=title,
        explain=explain,
        warning=warning,
        submit=submit,
        back=here,
        tone=tone,
        subject=subject,
        hints=hints or {},
        changes=changes,
        files=files,
        layout=getattr(form, "LAYOUT", None) or _one_by_one(form),
    )
    return page, status


def _one_by_one(form: Form) -> list[list[str]]:
    """Every visible field on a line of its own."""
    return [[field.name] for field in form if not isinstance(field.widget, HiddenInput)]


def catch_up(mine: Form, stored: Form) -> list[tuple[str, str, str]]:
    """What differs from what is stored now; from here on the form stands on the stored version."""
    found = differences(mine, stored)
    mine["version"].raw_data, mine["version"].data = None, stored["version"].data
    return found


def differences(mine: Form, theirs: Form) -> list[tuple[str, str, str]]:
    """(label, what is stored now, what was typed) of fields that differ, for somebody who came second."""
    found = []
    for field in mine:
        if field.name in ("csrf_token", "version", "submit") or field.name not in theirs:
            continue
        stored, typed = _written(theirs[field.name]), _written(field)
        if stored != typed:
            found.append((str(field.label.text), stored, typed))
    return found


def _written(field: Any) -> str:
    """A field's content as people read it."""
    if hasattr(field, "iter_choices"):
        return next((str(choice[1]) for choice in field.iter_choices() if choice[2]), "")
    if field.type == "BooleanField":
        return str(_("yes") if field.data else _("no"))
    return str(field._value())


# Pages that stand under the tab of another.
_UNDER = {
    "grants.month": "grants.timeline",
    "grants.dates": "grants.timeline",
    "grants.win_rate": "grants.forecast",
    "grants.restricted": "grants.spending",
    "grants.partner_duties": "grants.partner_parts",
}


def tabs() -> list[dict[str, Any]]:
    """The room's tabs, the one shown marked."""
    places = [
        (_("Grants"), "grants.index"),
        (_("Board"), "grants.board"),
        (_("Applications"), "grants.applications"),
        (_("Forecast"), "grants.forecast"),
        (_("Timeline"), "grants.timeline"),
        (_("Deadlines"), "grants.obligations"),
        (_("Partners"), "grants.partner_parts"),
        (_("Instalments"), "grants.instalments"),
        (_("Spending"), "grants.spending"),
        (_("Projects"), "grants.projects"),
        (_("Funders"), "grants.funders"),
        (_("Rounds"), "grants.rounds"),
    ]
    current = _UNDER.get(request.endpoint or "", request.endpoint)
    return [{"label": label, "url": url_for(endpoint), "current": endpoint == current} for label, endpoint in places]
