"""Privacy and complaints in plain words, for organisations without such pages of their own."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template
from flask.typing import ResponseReturnValue

from app.organisation.queries import profile
from app.ui import languages

bp = Blueprint("organisation", __name__)


@bp.get("/privacy")
def privacy_nl() -> ResponseReturnValue:
    """What happens with the data of people who give, in Dutch."""
    return _page("privacy", profile().privacy_page, "/en/privacy")


@bp.get("/en/privacy")
def privacy_en() -> ResponseReturnValue:
    """The same in English."""
    return _page("privacy", profile().privacy_page, "/privacy")


@bp.get("/klachten")
def complaints_nl() -> ResponseReturnValue:
    """Where to go with a complaint, in Dutch."""
    return _page("complaints", profile().complaints_page, "/en/complaints")


@bp.get("/en/complaints")
def complaints_en() -> ResponseReturnValue:
    """The same in English."""
    return _page("complaints", profile().complaints_page, "/klachten")


def _page(name: str, own: str | None, elsewhere: str) -> ResponseReturnValue:
    languages.by_address()
    if own:
        return redirect(own, 302)
    other = "nl" if languages.language() == "en" else "en"
    return render_template(f"organisation/{name}.html", profile=profile(), elsewhere=elsewhere, other=other)
