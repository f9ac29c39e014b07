"""Pages of the staff room: signing in, one's own account, the team, the audit trail."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("staff", __name__)

from app.staff.views import (  # noqa: E402  (need bp)
    account,
    confirm,
    recovery,
    second_step,
    security,
    sign_in,
    team,
    trail,
)  # fmt: skip

__all__ = ["account", "bp", "confirm", "recovery", "second_step", "security", "sign_in", "team", "trail"]
