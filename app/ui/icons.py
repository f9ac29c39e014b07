"""Icons drawn inline from the Bootstrap-Flask package's sprite: `{{ icon("gift") }}`."""

from __future__ import annotations

from functools import lru_cache

from flask import Flask
from markupsafe import Markup, escape

from app.ui.assets import package_file


@lru_cache(maxsize=256)
def _drawing(name: str) -> str:
    """The paths of one symbol. The sprite is 1.1 MB, so it is read per new name and let go."""
    sprite = package_file("icons/bootstrap-icons.svg").read_text(encoding="utf-8")
    found = sprite.find(f'id="{name}">')
    if found < 0:
        raise LookupError(f"no icon is called {name!r}")
    start = sprite.index(">", found) + 1
    return sprite[start : sprite.index("</symbol>", start)]


@lru_cache(maxsize=512)
def icon(name: str, label: str = "") -> Markup:
    """One icon. Decorative (hidden from screen readers) unless it has a label of its own."""
    role = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
    drawing = Markup(_drawing(name))  # noqa: S704 (from the installed package, by a name found in it)
    return Markup('<svg class="icon" viewBox="0 0 16 16" fill="currentColor" {}>{}</svg>').format(role, drawing)


def exists(name: str) -> bool:
    try:
        return bool(_drawing(str(escape(name))))
    except LookupError:
        return False


def init_app(app: Flask) -> None:
    app.jinja_env.globals["icon"] = icon
