"""Who answers the search field of the top bar: every room says what it can find.

@search.provider("grants", N_("Grants and funders"), order=20, permission=Permission.GRANTS_READ)
def find_grants(query: str, limit: int) -> list[Hit]: ...
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.ui.permissions import Permission, may


@dataclass(frozen=True, slots=True)
class Hit:
    """One line of the results: what it is called, a word that tells it from others, where it is."""

    title: str
    note: str
    url: str
    icon: str = "dot"


@dataclass(frozen=True, slots=True)
class Found:
    """The hits of one room under its heading (an msgid)."""

    label: str
    hits: list[Hit]


Source = Callable[[str, int], list[Hit]]


@dataclass(frozen=True, slots=True)
class _Provider:
    key: str
    label: str
    order: int
    permission: Permission
    source: Source


_providers: dict[str, _Provider] = {}


def provider(key: str, label: str, *, order: int = 50, permission: Permission) -> Callable[[Source], Source]:
    """Register a source of hits; it is asked only for those who hold the permission."""

    def register(source: Source) -> Source:
        _providers[key] = _Provider(key, label, order, permission, source)
        return source

    return register


def find(query: str, *, limit: int = 8) -> list[Found]:
    """What every room finds that the signed-in person may see; rooms without a hit are left out."""
    found = []
    for each in sorted(_providers.values(), key=lambda p: (p.order, p.key)):
        if may(each.permission) and (hits := each.source(query, limit)):
            found.append(Found(each.label, hits))
    return found
