"""What actions and subjects of the trail are called, and where a subject is shown.

Rooms say it at start: `words.actions({"grant.awarded": N_("awarded a grant")})` and
`words.subject("grant_award", N_("Grant"), "grants.show", "grant_id")` and
`words.fields({"cents": N_("amount")})`. What nobody named is shown as it is written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Subject:
    """A kind of row: its msgid, and the page of one (`endpoint`, with the id as `argument`) if it has one."""

    label: str
    endpoint: str | None = None
    argument: str = ""


_fields: dict[str, str] = {}
_values: dict[str, dict[str, str]] = {}
_actions: dict[str, str] = {}
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


def field_label(name: str) -> str:
    return _fields.get(name) or name.removesuffix("_id").replace("_", " ")


def value_label(name: str, value: str) -> str:
    return _values.get(name, {}).get(value, value)


def action_label(action: str) -> str:
    """The action's msgid, or the bare action in words."""
    return _actions.get(action) or action.replace(".", ": ").replace("_", " ")


def subject_of(kind: str) -> Subject:
    return _subjects.get(kind) or Subject(kind.replace("_", " "))


def known_actions() -> dict[str, str]:
    return dict(sorted(_actions.items()))


def known_subjects() -> dict[str, Subject]:
    return dict(sorted(_subjects.items()))
