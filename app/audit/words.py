"""What actions and subjects of the trail are called, and where a subject is shown.

Rooms say it at start: `words.actions({"grant.awarded": N_("awarded a grant")})` and
`words.subject("grant_award", N_("Grant"), "grants.show", "grant_id")` and
`words.fields({"cents": N_("amount")})`, beside those of field_names.py, and
`words.doers({"payment poller": N_("asked the provider")})`.
States and kinds need no naming: their columns know what their values are called. What nobody named is shown as it is
written.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from sqlalchemy import Column, Enum

from app.audit.field_names import FIELDS
from app.base.states import Labelled
from app.extensions import db


@dataclass(frozen=True, slots=True)
class Subject:
    """A kind of row: its msgid, and the page of one (`endpoint`, with the id as `argument`) if it has one."""

    label: str
    endpoint: str | None = None
    argument: str = ""


_fields: dict[str, str] = {}
_values: dict[str, dict[str, str]] = {}
_actions: dict[str, str] = {}
_doers: dict[str, str] = {}
_subjects: dict[str, Subject] = {}


def actions(labels: Mapping[str, str]) -> None:
    """Name actions: English msgids that follow a person's name ("signed in")."""
    _actions.update(labels)


def subject(kind: str, label: str, endpoint: str | None = None, argument: str = "") -> None:
    _subjects[kind] = Subject(label, endpoint, argument)


def fields(labels: Mapping[str, str], values: Mapping[str, Mapping[str, str]] | None = None) -> None:
    """Name the fields that changes tell of, and, by field, what their stored values are called."""
    _fields.update(labels)
    for name, called in (values or {}).items():
        _values.setdefault(name, {}).update(called)


def names_field(name: str) -> bool:
    """Whether a field has a name of its own."""
    return name in _fields or name in FIELDS


def field_label(name: str) -> str:
    """The msgid of a field's name, the same for every kind of row that has it."""
    return _fields.get(name) or FIELDS.get(name) or name.removesuffix("_id").replace("_", " ")


def value_label(name: str, value: str, kind: str = "") -> str:
    """What the value of a field of a subject (`kind`, as its table) is called: by its own column, else as a room named
    it, else as every table with such a column calls it."""
    table = db.metadata.tables.get(kind)
    own = _called(table.columns.get(name)).get(value) if table is not None else None
    return own or _values.get(name, {}).get(value) or _everywhere().get((name, value)) or value


def _called(column: Column[object] | None) -> dict[str, str]:
    kind = column.type if column is not None else None
    states = kind.enum_class if isinstance(kind, Enum) else None
    if states is None or not issubclass(states, Labelled):
        return {}
    return {member.value: member.label for member in states}


@cache
def _everywhere() -> dict[tuple[str, str], str]:
    """Values that are called the same wherever a column of that name can hold them."""
    labels: dict[tuple[str, str], set[str]] = defaultdict(set)
    for table in db.metadata.tables.values():
        for column in table.columns:
            for value, label in _called(column).items():
                labels[column.name, value].add(label)
    return {key: found.pop() for key, found in labels.items() if len(found) == 1}


def doers(labels: Mapping[str, str]) -> None:
    """Name what acts by itself (the label of an `Actor`): "grants.morning" is "the morning round of grants"."""
    _doers.update(labels)


def doer_names() -> frozenset[str]:
    return frozenset(_doers)


def doer(label: str) -> str:
    return _doers.get(label, label)


def action_label(action: str) -> str:
    """The action's msgid, or the bare action in words."""
    return _actions.get(action) or action.replace(".", ": ").replace("_", " ")


def subject_of(kind: str) -> Subject:
    return _subjects.get(kind) or Subject(kind.replace("_", " "))


def known_actions() -> dict[str, str]:
    return dict(sorted(_actions.items()))


def known_subjects() -> dict[str, Subject]:
    return dict(sorted(_subjects.items()))
