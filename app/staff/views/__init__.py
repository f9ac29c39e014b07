"""Pages of the staff room: signing in, one's own account, the team, the audit trail."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("staff", __name__)

from app.staff.views import account, recovery, sign_in, team, trail  # noqa: E402  (need bp)

__all__ = ["account", "bp", "recovery", "sign_in", "team", "trail"]
