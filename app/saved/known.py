"""The lists whose filters can be kept; each room names its own at start.

A kept filter is a piece of the list's own address: opening it is following a link to the list, which reads and
checks it as any address, and demands its own permission. What was typed in the search field is never kept: it may be
a person's name, a mail address or a whole IBAN.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import request

from app.ui.permissions import may_open


@dataclass(frozen=True, slots=True)
class KnownList:
    """`check` reads the filter from the request's address and aborts with 400 where the list would."""

    name: str
    endpoint: str
    title: str
    fields: tuple[str, ...]
    check: Callable[[], object]

    def query(self) -> str:
        """The filter in this request's address, in one fixed order; "" without any."""
        return urlencode([(f, request.args[f].strip()) for f in self.fields if request.args.get(f, "").strip()])


_lists: dict[str, KnownList] = {}


def keep(name: str, endpoint: str, title: str, fields: tuple[str, ...], check: Callable[[], object]) -> None:
    """Let the filters of this list be kept."""
    _lists[name] = KnownList(name, endpoint, title, fields, check)


def find(name: str) -> KnownList | None:
    """The list of this name, None where there is none that the signed-in person may open."""
    found = _lists.get(name)
    return found if found is not None and may_open(found.endpoint) else None
