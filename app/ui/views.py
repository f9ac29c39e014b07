"""The front door, the language switch, and the page that shows every component."""

from __future__ import annotations

from flask import Blueprint, Flask, abort, current_app, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.extensions import csrf, settings
from app.ui import banners, languages, navigation
from app.ui.permissions import Permission, requires
from app.ui.returning import is_ours

bp = Blueprint("ui", __name__)
YEAR = 365 * 24 * 3600
THEMES = ("auto", "light", "dark")


@bp.get("/")
def root() -> ResponseReturnValue:
    """Staff to their morning page, everybody else to Steun ons."""
    if current_user and current_user.is_authenticated:
        return redirect(navigation.home_url() or "/", 302)
    return redirect(navigation.public_home_url() or "/login", 302)


def local_path(target: str | None) -> str:
    """`target` if it is a path of ours, else the front door: no open redirects."""
    return target if target and is_ours(target) else "/"


def _remember(name: str, value: str) -> ResponseReturnValue:
    response = redirect(local_path(request.form.get("next")), 303)
    response.set_cookie(
        name, value, max_age=YEAR, secure=settings().is_https, httponly=name == languages.COOKIE, samesite="Lax"
    )
    return response


# Both only store a taste in a cookie of the person who sends it, so they need no CSRF token,
# and cached pages can carry the buttons.
@bp.post("/language")
@csrf.exempt  # type: ignore[untyped-decorator]
def language() -> ResponseReturnValue:
    """Remember the language."""
    wanted = request.form.get("language", "")
    if wanted not in languages.LANGUAGES:
        abort(400)
    return _remember(languages.COOKIE, wanted)


@bp.post("/theme")
@csrf.exempt  # type: ignore[untyped-decorator]
def theme() -> ResponseReturnValue:
    """Remember light, dark, or what the device asks."""
    wanted = request.form.get("theme", "")
    if wanted not in THEMES:
        abort(400)
    return _remember("theme", wanted)


@bp.get("/static/<path:name>")
def static(name: str) -> ResponseReturnValue:
    """Files that are there are answered before Flask (app/ui/assets.py); this is the 404 for the rest."""
    abort(404)


@bp.get("/ui/components")
@requires(Permission.ORGANISATION_READ)
def components() -> ResponseReturnValue:
    """Every component on one page, to look at the design."""
    from app.ui import showcase

    return render_template("ui/components.html", **showcase.context())


def chosen_theme() -> str:
    """`light` or `dark` where the person chose, else `auto`."""
    wanted = request.cookies.get("theme", "")
    return wanted if wanted in THEMES else "auto"


def flashes() -> list[tuple[str, str]]:
    """Messages waiting for this person. Does not touch the session where there is no cookie, so
    that public pages stay the same for everybody."""
    from flask import get_flashed_messages

    if current_app.config["SESSION_COOKIE_NAME"] not in request.cookies:
        return []
    return get_flashed_messages(with_categories=True)  # type: ignore[return-value]


def init_app(app: Flask) -> None:
    app.register_blueprint(bp)
    app.jinja_env.globals.update(
        chosen_theme=chosen_theme, flashes=flashes, navigation=navigation, banners=banners.shown
    )
