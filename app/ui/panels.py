"""Panels: how a low page shows what a high room knows, without importing it.

@panel("supporter", "gifts", order=20, permission=Permission.GIFTS_READ)
def gifts_panel(supporter_id: int) -> Panel | None:
    return Panel("gifts/panel.html", {"gifts": queries.latest(supporter_id)})

The page of the record includes them: `{% for panel in panels_for("supporter", id) %}{{ panel }}{% endfor %}`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from flask import render_template
from markupsafe import Markup

from app.ui.permissions import Permission, may


@dataclass(frozen=True, slots=True)
class Panel:
    """A template of the room that fills it, and what it needs."""

    template: str
    context: dict[str, Any] = field(default_factory=dict)


Source = Callable[[int], Panel | None]


@dataclass(frozen=True, slots=True)
class _Registered:
    key: str
    order: int
    permission: Permission
    source: Source


_panels: dict[str, dict[str, _Registered]] = {}


def panel(kind: str, key: str, *, order: int = 50, permission: Permission) -> Callable[[Source], Source]:
    """Register a panel for records of `kind`. A source that returns None shows nothing."""

    def register(source: Source) -> Source:
        _panels.setdefault(kind, {})[key] = _Registered(key, order, permission, source)
        return source

    return register


def panels_for(kind: str, record_id: int) -> list[Markup]:
    """The rendered panels of this record that the signed-in person may see, in order."""
    shown = []
    for entry in sorted(_panels.get(kind, {}).values(), key=lambda p: (p.order, p.key)):
        if may(entry.permission):
            made = entry.source(record_id)
            if made is not None:
                shown.append(Markup(render_template(made.template, **made.context)))  # noqa: S704 (rendered, escaped)
    return shown
