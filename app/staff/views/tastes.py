"""Language and appearance follow the account: signing in sets the cookies that pages read."""

from __future__ import annotations

from flask import Response

from app.extensions import settings
from app.ui import languages
from app.ui.views import YEAR


def keep_tastes(response: Response, language: str, theme: str) -> None:
    for name, value in ((languages.COOKIE, language), ("theme", theme)):
        response.set_cookie(
            name, value, max_age=YEAR, secure=settings().is_https, httponly=name == languages.COOKIE, samesite="Lax"
        )
