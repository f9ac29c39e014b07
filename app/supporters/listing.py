"""The list of supporters: what it can be narrowed by, and its export."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import aliased

from app.extensions import db
from app.supporters import queries, search
from app.supporters.consent_models import Basis, Channel, Consent, Objection
from app.supporters.contact_models import Address
from app.supporters.interaction_models import ComplaintState, Interaction
from app.supporters.matching import fold
from app.supporters.models import Kind, Role, Supporter, SupporterRole
from app.supporters.search import ACTIVE, Condition

COUNTED = 1000
OPEN_COMPLAINTS = (ComplaintState.OPEN, ComplaintState.HANDLING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What the list is narrowed by; empty is everything. `consent`: given for this channel and not taken back."""

    q: str = ""
    kind: Kind | None = None
    role: Role | None = None
    consent: Channel | None = None
    place: str = ""
    complaint: bool = False
    owner_id: int | None = None

    def conditions(self, *, notes: bool) -> list[Condition] | None:
        """None where the search text holds nothing to search by, so that nothing is found."""
        wanted: list[Condition] = []
        if self.q:
            typed = search.conditions(self.q, notes=notes)
            if typed is None:
                return None
            wanted += typed
        if self.role is not None:
            role = aliased(SupporterRole)
            wanted.append(Condition(role.supporter_id, (role.role == self.role,)))
        if self.place:
            address = aliased(Address)
            here = (address.place_key == fold(self.place)[:80], address.ended_on.is_(None))
            wanted.append(Condition(address.supporter_id, here))
        if self.complaint:
            complaint = aliased(Interaction)
            wanted.append(Condition(complaint.supporter_id, (complaint.complaint_state.in_(OPEN_COMPLAINTS),)))
        if self.owner_id is not None:
            owned = aliased(Supporter)
            wanted.append(Condition(owned.id, (owned.owner_id == self.owner_id,)))
        if self.consent is not None:
            wanted.append(_consent(self.consent))
        return wanted


def _consent(channel: Channel) -> Condition:
    given, against = aliased(Consent), aliased(Objection)
    standing = (against.supporter_id == given.supporter_id) & (against.channel == channel) & against.lifted_at.is_(None)
    no_objection = ~select(against.id).where(standing).correlate(given).exists()
    is_given = (given.channel == channel, given.basis == Basis.CONSENT, given.withdrawn_at.is_(None))
    return Condition(given.supporter_id, (*is_given, no_objection))


@dataclass(frozen=True, slots=True)
class Listed:
    """The supporters of a filter, unordered, and a statement that gives the same ids more cheaply where it can."""

    people: Select[Any]
    ids: Select[Any]

    def count(self) -> int:
        """How many, counted up to COUNTED + 1 so that a large table costs no more than a small one."""
        rows = self.ids.limit(COUNTED + 1).subquery()
        return db.session.execute(select(func.count()).select_from(rows)).scalar() or 0


def listed(wanted: Filter, *, notes: bool) -> Listed | None:
    """None where nothing can match."""
    conditions = wanted.conditions(notes=notes)
    if conditions is None:
        return None
    statement = select(Supporter).where(ACTIVE)
    if wanted.kind is not None:
        statement = statement.where(Supporter.kind == wanted.kind)
    people = search.narrow(statement, conditions)
    if len(conditions) == 1 and wanted.kind is None:
        # One condition is counted in its own index. Records that were closed keep none of these rows.
        return Listed(people, conditions[0].ids().distinct())
    return Listed(people, people.with_only_columns(Supporter.id))


def export_rows(statement: Select[Any], *, batch: int = 1000) -> Iterator[list[Any]]:
    """Rows for a sheet, in pieces by key: name, kind, roles, e-mail, phone, address, language."""
    last = -1
    while True:
        found = statement.where(Supporter.id > last).order_by(Supporter.id).limit(batch)
        people = list(db.session.execute(found).scalars())
        if not people:
            return
        ids = [s.id for s in people]
        emails, phones = queries.primary_emails(ids), queries.primary_phones(ids)
        places, roles = queries.current_addresses(ids), queries.roles_of(ids)
        for s in people:
            place = places.get(s.id)
            yield [
                s.code, s.display_name, s.sort_name, s.kind.value,
                ", ".join(sorted(r.value for r in roles.get(s.id, ()))),
                emails.get(s.id, ""), phones.get(s.id, ""), place.street_line if place else "",
                place.postcode if place else "", place.place if place else "", place.country if place else "",
                s.language.value,
            ]  # fmt: skip
        last = ids[-1]
        db.session.expunge_all()
