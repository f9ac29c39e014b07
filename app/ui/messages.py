"""Domain errors in the reader's language."""

from __future__ import annotations

from datetime import date, datetime

from flask_babel import gettext

from app.base.errors import DomainError
from app.base.money import Money
from app.base.states import Labelled
from app.ui import filters


def _shown(value: object) -> object:
    """A parameter as a page shows it; labels are msgids and so get translated too."""
    if isinstance(value, Money):
        return filters.money(value)
    if isinstance(value, datetime):
        return filters.instant(value)
    if isinstance(value, date):
        return filters.day(value)
    if isinstance(value, Labelled):
        return filters.label(value)
    if isinstance(value, str) and value:
        return gettext(value)
    return value


def translated(error: DomainError) -> str:
    """The error's message with its parameters, translated."""
    text = str(gettext(error.message))
    return text % {name: _shown(value) for name, value in error.params.items()} if error.params else text
