"""What a record of any kind is called and where it is shown, so that low rooms can link to high ones.

records.register("supporter", N_("Supporter"), "supporters.show", "supporter_id", Permission.SUPPORTERS_READ, names)

`names(ids)` gives names by id in one statement. A task about a grant shows the grant's name so.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import url_for

from app.ui.permissions import Permission, may

Names = Callable[[Collection[int]], dict[int, str]]


@dataclass(frozen=True, slots=True)
class _Kind:
    label: str
    endpoint: str
    argument: str
    permission: Permission
    names: Names


@dataclass(frozen=True, slots=True)
class Shown:
    """A record as a link: its kind's msgid, its name, its address."""

    label: str
    name: str
    url: str


_kinds: dict[str, _Kind] = {}
_names: dict[str, Names] = {}


def register(kind: str, label: str, endpoint: str, argument: str, permission: Permission, names: Names) -> None:
    """Say at start how records of this kind are called and shown."""
    _kinds[kind] = _Kind(label, endpoint, argument, permission, names)


def name(kinds: Mapping[str, Names]) -> None:
    """Say at start what rows of these tables are called where changes tell their ids, as in the audit trail. Not of
    tables whose rows bear the name of a donor: that trail outlives them."""
    _names.update(kinds)


def names_of(wanted: Mapping[str, Collection[int]]) -> dict[tuple[str, int], str]:
    """Names by (table, id) of the rows that still exist: one statement for each table."""
    return {
        (kind, row_id): called
        for kind, ids in wanted.items()
        if kind in _names and ids
        for row_id, called in _names[kind](ids).items()
    }


def known(kind: str) -> bool:
    return kind in _kinds


def _values(entry: _Kind, record_id: int) -> dict[str, Any]:
    return {entry.argument: record_id}


def shown(records: Iterable[tuple[str, int]]) -> dict[tuple[str, int], Shown]:
    """The records that exist and that the signed-in person may see: one statement for each kind."""
    wanted: dict[str, set[int]] = {}
    for kind, record_id in records:
        if kind in _kinds and may(_kinds[kind].permission):
            wanted.setdefault(kind, set()).add(record_id)
    found = {}
    for kind, ids in wanted.items():
        entry = _kinds[kind]
        for record_id, name in entry.names(ids).items():
            url = url_for(entry.endpoint, **_values(entry, record_id))
            found[kind, record_id] = Shown(entry.label, name, url)
    return found


def label_of(kind: str) -> str:
    """What records of this kind are called (an msgid), nothing where the kind is unknown."""
    return _kinds[kind].label if kind in _kinds else ""
