"""The room's blueprint; each concept's views hang theirs on it."""

from __future__ import annotations

from datetime import date

from flask import Blueprint

bp = Blueprint("grants", __name__)


@bp.app_template_filter("iso_date")
def iso_date(text: str) -> date:
    """A day as it travels in the data of a mail: `2026-11-23`."""
    return date.fromisoformat(text)
