"""Everything the page of one supporter shows, read with a constant number of statements."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import gettext
from sqlalchemy import or_, select

from app.audit.queries import trail
from app.audit.words import action_label
from app.base.dates import format_date
from app.extensions import db
from app.staff.queries import by_ids
from app.supporters import consents, queries
from app.supporters.consent_models import Channel, Consent, Objection, Purpose
from app.supporters.contact_models import Address, Email, Iban, Phone, Relation, RelationType
from app.supporters.interaction_models import ComplaintState, Interaction, InteractionKind
from app.supporters.models import DuplicateState, SupporterDuplicate
from app.supporters.names import capital
from app.ui import timeline
from app.ui.permissions import Permission, may

NOTES = 20
_ICONS = {
    InteractionKind.NOTE: "sticky", InteractionKind.CALL: "telephone", InteractionKind.MEETING: "people",
    InteractionKind.MAIL: "envelope", InteractionKind.PARTICIPATION: "calendar-event",
    InteractionKind.COMPLAINT: "exclamation-triangle",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Related:
    """One relation seen from this supporter: `words` say what the other is to them."""

    id: int
    other_id: int
    name: str
    words: str
    ended_on: date | None


@dataclass(frozen=True, slots=True)
class Permitted:
    """What one channel may be used for, or may not, for one and the same reason."""

    allowed: bool
    why: str
    purposes: list[Purpose]


def contact_details(supporter_id: int) -> dict[str, list[Any]]:
    """E-mail, phones, accounts and addresses, current ones first."""
    found: dict[str, list[Any]] = {}
    for key, model in (("emails", Email), ("phones", Phone), ("ibans", Iban)):
        rows = select(model).where(model.supporter_id == supporter_id).order_by(model.id)
        found[key] = list(db.session.execute(rows).scalars())
    places = select(Address).where(Address.supporter_id == supporter_id).order_by(Address.id.desc())
    found["addresses"] = sorted(db.session.execute(places).scalars(), key=lambda a: a.ended_on is not None)
    return found


def related(supporter_id: int) -> list[Related]:
    mine = or_(Relation.from_id == supporter_id, Relation.to_id == supporter_id)
    rows = db.session.execute(select(Relation).where(mine, Relation.from_id != Relation.to_id).order_by(Relation.id))
    relations = list(rows.scalars())
    names = queries.names({i for r in relations for i in (r.from_id, r.to_id)})
    found = []
    for r in relations:
        is_from = r.from_id == supporter_id
        other = r.to_id if is_from else r.from_id
        words = gettext(r.type.label)
        if is_from and r.type is RelationType.CONTACT:
            words = gettext("contact person at")
        if not is_from and r.type is RelationType.PARENT:
            words = gettext("has as a part")
        found.append(
            Related(r.id, other, names.get(other, "–"), f"{words}{', ' + r.function if r.function else ''}", r.ended_on)
        )
    return sorted(found, key=lambda r: r.ended_on is not None)


def permissions(supporter_id: int, on: date) -> dict[Channel, list[Permitted]]:
    """For each channel what is allowed and what not, said once for each reason."""
    found: dict[Channel, list[Permitted]] = {channel: [] for channel in Channel}
    for (channel, purpose), answer in consents.overview(supporter_id, on).items():
        until = format_date(answer.until) if answer.until else ""
        why = gettext(answer.reason, until=until) if until else gettext(answer.reason)
        same = next((p for p in found[channel] if p.why == why), None)
        if same is not None:
            same.purposes.append(purpose)
        else:
            found[channel].append(Permitted(answer.allowed, str(why), [purpose]))
    return found


def consent_history(supporter_id: int) -> list[Consent]:
    mine = (
        select(Consent).where(Consent.supporter_id == supporter_id).order_by(Consent.given_at.desc(), Consent.id.desc())
    )
    return list(db.session.execute(mine.limit(50)).scalars())


def objections(supporter_id: int) -> list[Objection]:
    mine = Objection.supporter_id == supporter_id
    return list(db.session.execute(select(Objection).where(mine).order_by(Objection.made_at.desc())).scalars())


def interactions(supporter_id: int) -> list[Interaction]:
    mine = select(Interaction).where(Interaction.supporter_id == supporter_id)
    newest = mine.order_by(Interaction.happened_at.desc(), Interaction.id.desc()).limit(NOTES)
    return list(db.session.execute(newest).scalars())


def open_complaints(supporter_id: int) -> list[Interaction]:
    mine = (Interaction.supporter_id == supporter_id) & Interaction.complaint_state.in_(
        (ComplaintState.OPEN, ComplaintState.HANDLING)
    )
    return list(db.session.execute(select(Interaction).where(mine).order_by(Interaction.due_on)).scalars())


def open_doubles(supporter_id: int) -> list[SupporterDuplicate]:
    mine = or_(SupporterDuplicate.low_id == supporter_id, SupporterDuplicate.high_id == supporter_id)
    rows = select(SupporterDuplicate).where(mine, SupporterDuplicate.state == DuplicateState.OPEN)
    return list(db.session.execute(rows.order_by(SupporterDuplicate.score.desc())).scalars())


@timeline.source("supporter", "trail", permission=Permission.SUPPORTERS_READ)
def trail_of(supporter_id: int, limit: int) -> list[timeline.Entry]:
    """Who changed what, from the audit trail."""
    lines = trail("supporter", supporter_id, limit=limit)
    people = by_ids({line.actor_id for line in lines if line.actor_id})
    entries = []
    for line in lines:
        if line.actor_id in people:
            who = people[line.actor_id].name
        else:
            who = gettext("the public") if line.actor_kind == "public" else gettext("the system")
        text = _told(line.changes) if line.changes else ""
        entries.append(
            timeline.Entry(line.at, f"{capital(who)} {gettext(action_label(line.action))}", text, "", "pencil")
        )
    return entries


_SHOWN = frozenset(
    "display_name organisation_name kvk website email phone address iban subject due_on deceased_on source".split()
)


def _told(changes: dict[str, object]) -> str:
    """What was added, taken away or became something else, of the fields that read as they are stored."""
    hidden = set() if may(Permission.NOTES_READ) else {"subject"}
    parts = []
    for field, value in changes.items():
        if field in _SHOWN - hidden and isinstance(value, list) and len(value) == 2 and "…" not in value:
            old, new = (str(v) if v not in (None, "") else "" for v in value)
            parts.append(f"{old} → {new}" if old and new else new or old)
    return "; ".join(parts)[:200]


@timeline.source("supporter", "interactions", permission=Permission.NOTES_READ)
def notes_of(supporter_id: int, limit: int) -> list[timeline.Entry]:
    """Calls, meetings and notes at the moment they happened."""
    rows = interactions(supporter_id)[:limit]
    people = by_ids({row.by_id for row in rows if row.by_id})
    return [
        timeline.Entry(
            row.happened_at, f"{gettext(row.kind.label)}: {row.subject}", "",
            people[row.by_id].name if row.by_id in people else "", _ICONS[row.kind],
        )
        for row in rows
    ]  # fmt: skip
