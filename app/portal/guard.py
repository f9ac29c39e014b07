"""What every page of Mijn giften has in common: who is here, in which language, and that nothing leaks.

Nothing is stored by browsers or shared caches, indexed, or told to other sites.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Blueprint, Response, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import force_locale

from app.extensions import now, settings
from app.portal import sessions
from app.portal.sessions import Donor
from app.ui.languages import COOKIE as LANGUAGE_COOKIE
from app.ui.languages import LANGUAGES

bp = Blueprint("portal", __name__)
COOKIE = "draagvlak_gever"
PATH = "/mijn-giften"


@bp.after_request
def keep_private(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


def here() -> Donor | None:
    """The donor of this request, None for anybody else."""
    return sessions.current(request.cookies.get(COOKIE, ""), now())


def spoken(known: str) -> Any:
    """What was chosen on this device, else the language we know the donor by."""
    chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    return force_locale(chosen if chosen in LANGUAGES else known)


def donor_only(view: Callable[..., ResponseReturnValue]) -> Callable[..., ResponseReturnValue]:
    """For pages of one donor: `view(donor, …)`. Anybody else is led to where a link is asked for."""

    @wraps(view)
    def opened(**kwargs: Any) -> ResponseReturnValue:
        donor = here()
        if donor is None:
            return forgotten(make_response(redirect(url_for("portal.home", over=1), 303)))
        with spoken(donor.language):
            return view(donor, **kwargs)

    return opened


def remembered(response: Response, token: str) -> Response:
    """Put the session in its cookie: only for these pages, gone when the browser closes."""
    response.set_cookie(COOKIE, token, path=PATH, secure=settings().is_https, httponly=True, samesite="Lax")
    return response


def forgotten(response: Response) -> Response:
    response.delete_cookie(COOKIE, path=PATH, secure=settings().is_https, httponly=True, samesite="Lax")
    return response
