"""Where a donor comes back to. The page lives in a higher room, which registers it at start."""

from __future__ import annotations

from collections.abc import Callable

from app.extensions import settings

_pages: list[Callable[[int, str], str]] = []


def register(page: Callable[[int, str], str]) -> None:
    """`page(checkout_id, language)` gives the path of the return page, starting with a slash."""
    _pages[:] = [page]


def return_path(checkout_id: int, language: str) -> str:
    """The path of this checkout's return page; the front page where no room offers one."""
    return _pages[0](checkout_id, language) if _pages else "/"


def return_url(checkout_id: int, language: str) -> str:
    """The same with our public address in front, for a provider."""
    return settings().public_url + return_path(checkout_id, language)


_own_pages: list[Callable[[int, str], str | None]] = []


def register_own(page: Callable[[int, str], str | None]) -> None:
    """`page(checkout_id, language)` gives the path of a page of its own for checkouts that began elsewhere."""
    _own_pages[:] = [page]


def own_page(checkout_id: int, language: str) -> str | None:
    """Where the return page leads on to, None where it tells itself what became of the payment."""
    return _own_pages[0](checkout_id, language) if _own_pages else None
