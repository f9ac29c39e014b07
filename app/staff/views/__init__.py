"""Pages of the staff room: signing in, one's own account, the team, the audit trail."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("staff", __name__)

from app.staff.views import sign_in  # noqa: E402  (needs bp)

assert sign_in
