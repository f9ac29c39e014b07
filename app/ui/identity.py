"""Who the pages speak for. The organisation room provides it; ui itself knows only this shape."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol


class Identity(Protocol):
    """What headers and footers need of the organisation's profile; empty strings where unknown."""

    @property
    def name(self) -> str: ...
    @property
    def legal_name(self) -> str: ...
    @property
    def rsin(self) -> str | None: ...
    @property
    def kvk(self) -> str | None: ...
    @property
    def contact_email(self) -> str | None: ...
    @property
    def privacy_url(self) -> str | None: ...
    @property
    def complaints_url(self) -> str | None: ...
    @property
    def anbi_url(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class _Unknown:
    name: str = "Draagvlak"
    legal_name: str = ""
    rsin: str | None = None
    kvk: str | None = None
    contact_email: str | None = None
    privacy_url: str | None = None
    complaints_url: str | None = None
    anbi_url: str | None = None


_sources: list[Callable[[], Identity | None]] = []


def provide(source: Callable[[], Identity | None]) -> None:
    """The organisation room says, at start, where its profile comes from (it caches)."""
    _sources[:] = [source]


def identity() -> Identity:
    """The organisation on this page; before it is set up, only the product's name."""
    found = _sources[0]() if _sources else None
    return found or _Unknown()
