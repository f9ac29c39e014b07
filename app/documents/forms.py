"""Adding a file, a newer version of it, and calling it otherwise."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import FileField, SelectField, StringField
from wtforms.validators import InputRequired, Length

from app.base.errors import Invalid
from app.base.states import N_
from app.documents.files import StoredFile, keep
from app.documents.models import CHOSEN, DocumentKind
from app.ui.forms import Form


class _WithFile(Form):
    file = FileField(_l("File"))

    def stored(self) -> StoredFile:
        """The file, checked and kept on disk: before any transaction. Raises Invalid beside the field."""
        if not self.file.data:
            raise Invalid(N_("Choose a file first."), field="file")
        try:
            return keep(self.file.data.read(), self.file.data.filename or "")
        except Invalid as error:
            raise Invalid(error.message, field="file") from None


class _WithKind(Form):
    kind = SelectField(_l("What it is"), coerce=DocumentKind, validators=[InputRequired()])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind.choices = [(kind.value, _(kind.label)) for kind in CHOSEN]


class AddForm(_WithKind, _WithFile):
    pass


class VersionForm(_WithFile):
    pass


class NameForm(_WithKind):
    filename = StringField(_l("Name"), validators=[InputRequired(), Length(max=200)])
