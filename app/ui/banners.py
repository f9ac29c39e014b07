"""Lines above the front page of staff, for what is asked of this very person. A room adds a function at start that
returns the template of its line, or None where there is nothing to say."""

from __future__ import annotations

from collections.abc import Callable

from flask import request

from app.ui import navigation

_asked: list[Callable[[], str | None]] = []


def add(ask: Callable[[], str | None]) -> None:
    if ask not in _asked:
        _asked.append(ask)


def shown() -> list[str]:
    """The templates to show here: none but on the front page."""
    if request.endpoint != navigation.home_endpoint():
        return []
    return [template for ask in _asked if (template := ask())]
