"""Pages of the staff room: signing in, one's own account, the team, the audit trail."""

from __future__ import annotations

from flask import Blueprint, Response, request

bp = Blueprint("staff", __name__)


@bp.after_request
def _keep_secret(response: Response) -> Response:
    """Nothing of this room is kept by browsers; addresses that hold a token go nowhere as referrer."""
    response.headers["Cache-Control"] = "no-store"
    if "token" in (request.view_args or {}):
        response.headers["Referrer-Policy"] = "no-referrer"
    return response


from app.staff.views import account, recovery, sign_in, team, trail  # noqa: E402  (need bp)

__all__ = ["account", "bp", "recovery", "sign_in", "team", "trail"]
