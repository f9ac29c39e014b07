"""The audit trail: who did what, when, to which record."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from flask import render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from app.audit import words
from app.audit.models import AuditEvent
from app.audit.queries import TrailLine, lines
from app.base.dates import local_midnight
from app.base.money import format_money
from app.base.states import N_
from app.extensions import db
from app.staff import queries
from app.staff.models import Staff
from app.staff.views import bp
from app.ui import filters, lists, records
from app.ui.languages import language
from app.ui.permissions import Permission, may_open, requires

SORTS = {"at": lists.Sort(N_("When"), (lists.desc(AuditEvent.at),))}


@dataclass(frozen=True, slots=True)
class Told:
    """One line of the trail in words (msgids), with where its subject is shown."""

    id: int
    at: datetime
    who: str
    label: str
    action: str
    subject: str
    subject_url: str | None
    changes: list[tuple[str, str, str]]


@bp.get("/audit")
@requires(Permission.AUDIT_READ)
def trail() -> ResponseReturnValue:
    """The newest first; by person, action, subject and period."""
    actor_id, subject_id = lists.row_id("person"), lists.row_id("subject_id")
    action = lists.choice("action", words.known_actions())
    subject = lists.choice("subject", words.known_subjects())
    since, until = lists.day("from"), lists.day("to")
    statement = select(AuditEvent)
    if actor_id is not None:
        statement = statement.where(AuditEvent.actor_id == actor_id)
    if action:
        statement = statement.where(AuditEvent.action == action)
    if subject:
        statement = statement.where(AuditEvent.subject_type == subject)
        if subject_id is not None:
            statement = statement.where(AuditEvent.subject_id == subject_id)
    if since:
        statement = statement.where(AuditEvent.at >= local_midnight(since))
    if until:
        statement = statement.where(AuditEvent.at < local_midnight(until + timedelta(days=1)))
    page = lists.page(statement, SORTS, key=AuditEvent.id, default="at")
    return render_template(
        "staff/trail.html",
        page=page,
        told=shown(lines(page.rows)),
        people=[(str(staff.id), staff.name) for staff in queries.everybody()],
        actions=[(name, _(text)) for name, text in words.known_actions().items()],
        subjects=[(kind, _(about.label)) for kind, about in words.known_subjects().items()],
        chosen={
            "subject_id": str(subject_id or ""),
            "person": str(actor_id or ""),
            "action": action,
            "subject": subject,
            "from": since,
            "to": until,
        },
    )


def shown(found: list[TrailLine]) -> list[Told]:
    """Lines with the names of those who acted, with one statement for all of them."""
    wanted: dict[str, set[int]] = defaultdict(set)
    for line in found:
        for name, value in (line.changes or {}).items():
            wanted[_table(name, line.subject[0])].update(_ids(value))
    acted = {line.actor_id for line in found if line.actor_id is not None}
    people = queries.by_ids(wanted.pop(_STAFF, set()) | acted)
    names = records.names_of(wanted) | {(_STAFF, row_id): row.name for row_id, row in people.items()}
    told = []
    for line in found:
        kind, subject_id = line.subject
        about = words.subject_of(kind)
        person = people.get(line.actor_id) if line.actor_id is not None else None
        arguments: dict[str, Any] = {about.argument: subject_id}
        opens = subject_id and about.endpoint and may_open(about.endpoint)
        told.append(
            Told(
                line.id,
                line.at,
                person.name if person else WHO.get(line.actor_kind, line.actor_kind),
                words.doer(line.actor_label),
                words.action_label(line.action),
                about.label,
                url_for(about.endpoint, **arguments) if opens and about.endpoint else None,
                _changes(line.changes or {}, kind, names),
            )
        )
    return told


WHO = {"system": N_("The system"), "public": N_("A visitor"), "staff": N_("A former member of staff")}


_STAFF = Staff.__tablename__


@cache
def _tables() -> dict[str, str]:
    """Fields that hold the id of a row of one table, wherever they stand."""
    targets: dict[str, set[str]] = defaultdict(set)
    for table in db.metadata.tables.values():
        for key in table.foreign_keys:
            targets[key.parent.name].add(key.column.table.name)
    return {name: tables.pop() for name, tables in targets.items() if len(tables) == 1}


def _table(name: str, kind: str) -> str:
    """The table that a field of a subject (`kind`, as its table) points at, by its column or by the table's own name;
    nothing where it points at none."""
    table = db.metadata.tables.get(kind)
    if table is not None and name in table.columns:
        return next((key.column.table.name for key in table.columns[name].foreign_keys), "")
    return _tables().get(name) or (name if name in db.metadata.tables else "")


def _ids(value: Any) -> list[int]:
    """The ids that a field's value or pair of values tells."""
    return [each for each in (value if isinstance(value, list) else [value]) if isinstance(each, int)]


def _changes(changes: dict[str, Any], kind: str, names: dict[tuple[str, int], str]) -> list[tuple[str, str, str]]:
    """(field, before, after) as text; what is not a pair has no before. `names` are those of rows, by table and id."""
    found = []
    for name, value in changes.items():
        old: Any
        new: Any
        old, new = value if isinstance(value, list) and len(value) == 2 else ("", value)
        if table := _table(name, kind):
            old, new = (names.get((table, each), each) if isinstance(each, int) else each for each in (old, new))
        found.append((_(words.field_label(name)), _text(name, old, kind), _text(name, new, kind)))
    return found


def _text(name: str, value: Any, kind: str) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    if isinstance(value, int) and (name == "cents" or name.endswith("_cents")):
        return format_money(value, language())
    if isinstance(value, list):
        return ", ".join(_text(name, each, kind) for each in value)
    if isinstance(value, dict):
        return ", ".join(f"{_(words.field_label(key))}: {_text(key, each, kind)}" for key, each in value.items())
    if isinstance(value, str) and name.endswith("_on") and (on := _day(value)):
        return filters.day(on)
    return str(_(words.value_label(name, str(value), kind)))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
