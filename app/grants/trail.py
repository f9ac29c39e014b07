"""The timeline of a record, from the audit trail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _

from app.audit import queries as audit
from app.audit.words import action_label
from app.grants.applications.models import Stage
from app.grants.awards.models import GrantState
from app.grants.instalments.models import InstalmentState
from app.grants.obligations.models import ObligationState
from app.grants.parts.models import PartState
from app.grants.projects.models import ProjectState
from app.staff import queries as staff
from app.ui import filters

SHOWN = 40
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


def trail_of(kind: str, row_id: int, limit: int = SHOWN) -> list[Told]:
    """The newest lines about a record: two statements."""
    lines = audit.trail(kind, row_id, limit=limit)
    people = staff.by_ids(line.actor_id for line in lines if line.actor_kind == "staff" and line.actor_id)
    told = []
    for line in lines:
        person = people.get(line.actor_id) if line.actor_id and line.actor_kind == "staff" else None
        told.append(
            Told(
                at=line.at,
                title=f"{person.name if person else _('The system')} {_(action_label(line.action))}",
                text=_text(kind, line.changes or {}),
            )
        )
    return told


def _text(kind: str, changes: dict[str, Any]) -> str:
    """What is worth reading of the changes: the state it came into, the words, the money."""
    parts = []
    name, states = _STATES.get(kind, ("", None))
    moved = changes.get(name)
    if states is not None and isinstance(moved, list) and len(moved) == 2 and moved[1]:
        parts.append(filters.label(states(moved[1])))
    cents = changes.get("amount_cents")
    if isinstance(cents, int):
        parts.append(filters.money(cents))
    parts += [str(changes[word]) for word in ("text", "note", "reason", "file") if changes.get(word)]
    return " · ".join(parts)
