"""Forms of the bank pages."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import MultipleFileField

from app.ui.forms import Form


class ImportForm(Form):
    files = MultipleFileField(_l("Bank files"))
