"""The timeline of a record, from the audit trail, a page of it at a time."""

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
from app.grants.partners.models import DutyState, PassOnState, SubGrantState
from app.grants.parts.models import PartState
from app.grants.projects.models import ProjectState, SourceKind
from app.staff import queries as staff
from app.ui import filters, lists

SHOWN = 40  # lines of a page
READ, READS = 400, 5  # events in one statement, and how many statements one page may take
# Of a kind of record, or of one thing that happens to it.
_STATES = {
    "application": ("stage", Stage),
    "grant_award": ("state", GrantState),
    "instalment": ("state", InstalmentState),
    "obligation": ("state", ObligationState),
    "project": ("state", ProjectState),
    "report_part": ("state", PartState),
    "sub_grant.moved": ("state", SubGrantState),
    "sub_grant.duty_moved": ("state", DutyState),
    "sub_grant.instalment_moved": ("state", PassOnState),
}


@dataclass(frozen=True, slots=True)
class Told:
    """One line of a timeline; the title says who did what."""

    at: datetime
    title: str
    text: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class Trail:
    """A page of a timeline, newest first. `older` is where the page after it begins, None on the last one."""

    lines: list[Told]
    older: int | None
    newest: bool  # nothing came after it


def trail_of(kind: str, row_id: int) -> Trail:
    """What happened to a record, from where the address says (`earlier`) backwards: two statements, as a rule.

    What one person did to many expenses in a day is one line. Every event is on one page, and on one alone.
    """
    before = lists.row_id("earlier")
    groups, older = _together(kind, row_id, before)
    days = [local_date(line.at) for together in groups for line in (together[0], together[-1])]
    edges = {max(days)} if days and before else set()
    edges |= {min(days)} if days and older else set()
    people = staff.by_ids(each[0].actor_id for each in groups if each[0].actor_kind == "staff" and each[0].actor_id)
    told = []
    for together in groups:
        line = together[0]
        person = people.get(line.actor_id) if line.actor_id and line.actor_kind == "staff" else None
        text, href = _text(kind, line.action, line.changes or {}), ""
        if kind == "grant_award" and line.action.startswith("expense."):
            text = _of_expenses(together, cut=local_date(line.at) in edges)
            href = url_for("grants.expenses", grant_id=row_id)
        partner = line.actor_label.removeprefix("partner ") if line.actor_kind == "public" else ""
        title = f"{person.name if person else partner or _('The system')} {_(action_label(line.action))}"
        told.append(Told(line.at, title, text, href))
    return Trail(told, older, before is None)


def _together(kind: str, row_id: int, before: int | None) -> tuple[list[list[TrailLine]], int | None]:
    """Lines one by one, newest first; those of expenses together: the same person, the same thing, the same day.

    Gives a page of them and where the next begins. Expenses of a day that falls on two pages are told on both.
    """
    found: dict[object, list[TrailLine]] = {}
    for _turn in range(READS):
        lines = audit.trail(kind, row_id, limit=READ, before=before)
        for line in lines:
            routine = line.action.startswith("expense.") and line.action != "expense.imported"
            key = (line.action, line.actor_id, local_date(line.at)) if routine else line.id
            if key not in found and len(found) == SHOWN:
                return list(found.values()), before
            found.setdefault(key, []).append(line)
            before = line.id
        if len(lines) < READ:
            return list(found.values()), None
    return list(found.values()), before


def _of_expenses(lines: list[TrailLine], *, cut: bool) -> str:
    """`cut`: the page before or after this one may tell of more of the same day."""
    changes = [line.changes or {} for line in lines]
    first = changes[0]
    amounts = [each["amount_cents"] for each in changes if isinstance(each.get("amount_cents"), int)]
    rows = first.get("rows") if len(lines) == 1 else len(lines)
    many = ngettext("%(num)d expense", "%(num)d expenses", rows) if isinstance(rows, int) and rows > 1 else ""
    more = _("as far as this page goes") if cut and many else ""
    return " · ".join(filter(None, (many, filters.money(sum(amounts)) if amounts else "", first.get("file", ""), more)))


def _text(kind: str, action: str, changes: dict[str, Any]) -> str:
    """What is worth reading of the changes: of which part, the state it came into, the words, the money."""
    parts = [changes["title"]] if action.startswith("sub_grant.duty") else []
    if known := _STATES.get(action) or _STATES.get(kind):
        moved = changes.get(known[0])
        if isinstance(moved, list) and len(moved) == 2 and moved[1]:
            parts.append(filters.label(known[1](moved[1])))
    if action.startswith("project.source") and not changes.get("source"):
        parts.append(filters.label(SourceKind(changes["kind"])))
    amounts = (changes.get(name) for name in ("amount_cents", "settled_cents"))
    parts += [filters.money(cents) for cents in amounts if isinstance(cents, int)]
    parts += [str(changes[word]) for word in ("source", "text", "note", "reason", "file") if changes.get(word)]
    return " · ".join(parts)
