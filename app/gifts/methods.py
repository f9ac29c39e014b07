"""What the ways are called that no payment provider knows."""

from __future__ import annotations

from flask_babel import gettext as _

from app.gifts.models import CASH, IN_KIND, WAIVED


def own_label(method: str) -> str:
    """In the reader's language; empty for a way that the payments room knows."""
    own = {CASH: _("Cash"), IN_KIND: _("In kind"), WAIVED: _("Volunteer’s allowance, waived")}
    return str(own.get(method, ""))
