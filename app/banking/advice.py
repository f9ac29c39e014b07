"""What is wrong with a bank file, and what to do about it, in the reader's language."""

from __future__ import annotations

from flask_babel import gettext

from app.banking.formats.facts import Unreadable
from app.ui.messages import translated


def advised(error: Unreadable) -> str:
    said = translated(error)
    return f"{said} {gettext(error.advice)}" if error.advice else said
