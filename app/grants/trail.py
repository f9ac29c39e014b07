"""The timeline of a record, from the audit trail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from app.audit import queries as audit
from app.audit.queries import TrailLine
from app.audit.words import action_label
from app.base.dates import local_date
from app.grants.applications.models import Stage
from app.grants.awards.models import GrantState
from app.grants.instalments.models import InstalmentState
from app.grants.obligations.models import ObligationState
from app.grants.parts.models import PartState
from app.grants.projects.models import ProjectState
from app.staff import queries as staff
from app.ui import filters

SHOWN, READ = 40, 400
_STATES = {
    "application": ("stage", Stage),
    "grant_award": ("state", GrantState),
    "instalment": ("state", InstalmentState),
    "obligation": ("state", ObligationState),
    "project": ("state", ProjectState),
    "report_part": ("state", PartState),
}


@dataclass(frozen=True, slots=True)
class Told:
    """One line of a timeline; the title says who did what."""

    at: datetime
    title: str
    text: str
    href: str = ""


def trail_of(kind: str, row_id: int, limit: int = SHOWN) -> list[Told]:
    """The newest lines about a record: two statements. What one person did to many expenses in a day is one line."""
    lines = audit.trail(kind, row_id, limit=READ)
    people = staff.by_ids(line.actor_id for line in lines if line.actor_kind == "staff" and line.actor_id)
    told = []
    for together in _by_day(lines):
        line = together[0]
        person = people.get(line.actor_id) if line.actor_id and line.actor_kind == "staff" else None
        text, href = _text(kind, line.changes or {}), ""
        if kind == "grant_award" and line.action.startswith("expense."):
            text, href = _of_expenses(together), url_for("grants.expenses", grant_id=row_id)
        title = f"{person.name if person else _('The system')} {_(action_label(line.action))}"
        told.append(Told(line.at, title, text, href))
    return told[:limit]


def _by_day(lines: list[TrailLine]) -> list[list[TrailLine]]:
    """Lines one by one, newest first; those of expenses together: the same person, the same thing, the same day."""
    found: dict[object, list[TrailLine]] = {}
    for line in lines:
        routine = line.action.startswith("expense.") and line.action != "expense.imported"
        key = (line.action, line.actor_id, local_date(line.at)) if routine else line.id
        found.setdefault(key, []).append(line)
    return list(found.values())


def _of_expenses(lines: list[TrailLine]) -> str:
    changes = [line.changes or {} for line in lines]
    first = changes[0]
    amounts = [each["amount_cents"] for each in changes if isinstance(each.get("amount_cents"), int)]
    rows = first.get("rows") if len(lines) == 1 else len(lines)
    many = ngettext("%(num)d expense", "%(num)d expenses", rows) if isinstance(rows, int) and rows > 1 else ""
    return " · ".join(filter(None, (many, filters.money(sum(amounts)) if amounts else "", first.get("file", ""))))


def _text(kind: str, changes: dict[str, Any]) -> str:
    """What is worth reading of the changes: the state it came into, the words, the money."""
    parts = []
    name, states = _STATES.get(kind, ("", None))
    moved = changes.get(name)
    if states is not None and isinstance(moved, list) and len(moved) == 2 and moved[1]:
        parts.append(filters.label(states(moved[1])))
    amounts = (changes.get(name) for name in ("amount_cents", "settled_cents"))
    parts += [filters.money(cents) for cents in amounts if isinstance(cents, int)]
    parts += [str(changes[word]) for word in ("text", "note", "reason", "file") if changes.get(word)]
    return " · ".join(parts)
