"""Making supporters and changing who they are. Contact details: contacts.py; consents: consents.py."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, insert

from app.audit import services as audit
from app.base.actor import Actor
from app.base.errors import Invalid, NotFound, Refused
from app.base.events import publish
from app.base.ids import new_ids
from app.base.states import N_
from app.extensions import db
from app.jobs.services import enqueue
from app.supporters import sealed, tokens
from app.supporters.contact import email_key
from app.supporters.contact_models import Address, Email, Iban, Phone
from app.supporters.drafts import Draft, OrganisationDraft, PersonDraft
from app.supporters.events import SupportersAlive, SupportersDied
from app.supporters.matching import fold, plain
from app.supporters.models import Kind, Language, Role, Supporter, SupporterRole
from app.supporters.names import Name, full_name, sort_name
from app.vault.services import make_person_keys

_NAME_FIELDS = ("first_name", "initials", "infix", "last_name", "partner_infix", "partner_name", "title", "greeting")
LOOK_FOR_DOUBLES = "supporters.look_for_doubles"


def create_person(draft: PersonDraft, *, actor: Actor, now: datetime) -> int:
    return create_people([draft], actor=actor, now=now)[0]


def create_organisation(draft: OrganisationDraft, *, actor: Actor, now: datetime) -> int:
    return create_people([draft], actor=actor, now=now)[0]


def create_people(drafts: Sequence[Draft], *, actor: Actor, now: datetime, look_for_doubles: bool = True) -> list[int]:
    """Make these people and organisations with everything in their drafts; ids in the same order.

    A constant number of statements, whatever the number. Possible doubles are looked for by a
    job afterwards; nobody is ever merged here.
    """
    if not drafts:
        return []
    ids = new_ids(len(drafts))
    db.session.execute(
        insert(Supporter.__table__), [_supporter_row(i, d, now) for i, d in zip(ids, drafts, strict=True)]
    )
    make_person_keys(ids)
    words = [tokens.name_words(i, *_names(draft)) for i, draft in zip(ids, drafts, strict=True)]
    rows: dict[Any, list[dict[str, Any]]] = {SupporterRole: [], Email: [], Phone: [], Address: [], Iban: []}
    spare = iter(new_ids(sum(4 + len(d.roles) for d in drafts)))
    for supporter_id, draft in zip(ids, drafts, strict=True):
        for role in draft.roles:
            rows[SupporterRole].append({"id": next(spare), "supporter_id": supporter_id, "role": role})
        if draft.email:
            row_id, address = next(spare), draft.email
            rows[Email].append(
                {"id": row_id, "supporter_id": supporter_id, "address": address, "address_key": email_key(address),
                 "is_primary": True, "created_at": now}
            )  # fmt: skip
            words.append(tokens.email_words(supporter_id, row_id, address))
        if draft.phone:
            row_id = next(spare)
            rows[Phone].append(
                {
                    "id": row_id,
                    "supporter_id": supporter_id,
                    "number": draft.phone,
                    "is_primary": True,
                    "created_at": now,
                }
            )
            words.append(tokens.phone_words(supporter_id, row_id, draft.phone))
        if draft.address is not None:
            row_id, place = next(spare), draft.address
            rows[Address].append(
                asdict(place)
                | {"id": row_id, "supporter_id": supporter_id, "place_key": fold(place.place)[:80], "created_at": now}
            )
            words.append(tokens.place_words(supporter_id, row_id, place.place, place.postcode))
        if draft.iban:
            rows[Iban].append(
                sealed.iban_row(next(spare), supporter_id, draft.iban, draft.iban_holder, draft.source, now)
            )
    for model, made in rows.items():
        if made:
            db.session.execute(insert(model.__table__), made)
    tokens.write(words)
    audit.record_many(
        [audit.Trace(action="supporter.created", subject=("supporter", i), person_id=i) for i in ids],
        actor=actor,
        now=now,
    )
    if look_for_doubles:
        enqueue(LOOK_FOR_DOUBLES, {"ids": [str(i) for i in ids]}, now=now)
    return ids


def _names(draft: Draft) -> tuple[str, ...]:
    if isinstance(draft, OrganisationDraft):
        return (draft.name,)
    name = draft.name
    return (
        name.first_name,
        name.initials.replace(".", ""),
        name.infix,
        name.last_name,
        name.partner_infix,
        name.partner_name,
    )


def _shown(name: Name | str, email: str) -> dict[str, str]:
    """display_name, sort_name and sort_key; who has no name at all is shown by e-mail address."""
    display, by = (name, name) if isinstance(name, str) else (full_name(name), sort_name(name))
    display, by = (display.strip() or email)[:300], (by.strip() or email)[:300]
    if not display:
        raise Invalid(N_("Fill in a name."), field="last_name")
    return {"display_name": display, "sort_name": by, "sort_key": (plain(by) or by.casefold())[:120]}


def _supporter_row(row_id: int, draft: Draft, now: datetime) -> dict[str, Any]:
    blank = Name()
    name = draft.name if isinstance(draft, PersonDraft) else blank
    row: dict[str, Any] = {field: getattr(name, field) for field in _NAME_FIELDS}
    row |= {
        "id": row_id,
        "kind": draft.kind,
        "name_order": name.order,
        "organisation_name": draft.name if isinstance(draft, OrganisationDraft) else "",
        "kvk": draft.kvk if isinstance(draft, OrganisationDraft) else None,
        "website": draft.website if isinstance(draft, OrganisationDraft) else None,
        "language": draft.language,
        "source": draft.source,
        "owner_id": draft.owner_id,
        "is_deceased": False,
        "created_at": now,
        "changed_at": now,
    }
    return row | _shown(draft.name, draft.email)


def loaded(supporter_id: int) -> Supporter:
    """The row, for changing: raises NotFound for unknown and Refused for anonymised or merged supporters."""
    supporter = db.session.get(Supporter, supporter_id)
    if supporter is None:
        raise NotFound(N_("This supporter does not exist."))
    if not supporter.is_active:
        raise Refused(N_("This record was closed and cannot be changed."))
    return supporter


def touch(
    supporter: Supporter, action: str, *, actor: Actor, now: datetime, changes: dict[str, Any] | None = None
) -> None:
    """Put a change of this supporter in the trail, its values sealed by the person's own key."""
    told = changes if changes is not None else audit.changes_of(supporter)
    supporter.changed_at = now
    audit.record(action, ("supporter", supporter.id), actor=actor, now=now, changes=told, person_id=supporter.id)


def rename_person(supporter_id: int, name: Name, *, language: Language, actor: Actor, now: datetime) -> None:
    """Change a person's name parts, form of address and language."""
    supporter = loaded(supporter_id)
    if supporter.kind is not Kind.PERSON:
        raise Refused(N_("This is an organisation, not a person."))
    shown = _shown(name, first_email(supporter_id))
    for field in _NAME_FIELDS:
        setattr(supporter, field, getattr(name, field))
    supporter.name_order, supporter.language = name.order, language
    _show(supporter, shown, actor=actor, now=now)


def rename_organisation(
    supporter_id: int,
    name: str,
    *,
    kvk: str | None,
    website: str | None,
    language: Language,
    actor: Actor,
    now: datetime,
) -> None:
    supporter = loaded(supporter_id)
    if supporter.kind is not Kind.ORGANISATION:
        raise Refused(N_("This is a person, not an organisation."))
    supporter.organisation_name, supporter.kvk, supporter.website, supporter.language = name, kvk, website, language
    _show(supporter, _shown(name, ""), actor=actor, now=now)


def _show(supporter: Supporter, shown: dict[str, str], *, actor: Actor, now: datetime) -> None:
    for field, value in shown.items():
        setattr(supporter, field, value)
    touch(supporter, "supporter.changed", actor=actor, now=now)
    tokens.rewrite(tokens.name_words(supporter.id, *tokens.names_of(supporter)))


def first_email(supporter_id: int) -> str:
    from app.supporters.queries import primary_emails

    return primary_emails([supporter_id]).get(supporter_id, "")


def set_roles(supporter_id: int, roles: set[Role], *, actor: Actor, now: datetime) -> None:
    """Make these the roles, adding and removing what differs."""
    from app.supporters.queries import roles_of

    supporter = loaded(supporter_id)
    had = roles_of([supporter_id]).get(supporter_id, set())
    if had == roles:
        return
    gone = SupporterRole.role.in_(had - roles)
    db.session.execute(delete(SupporterRole).where(SupporterRole.supporter_id == supporter_id, gone))
    for role in sorted(roles - had):
        db.session.add(SupporterRole(supporter_id=supporter_id, role=role))
    changes = {"roles": [sorted(r.value for r in had), sorted(r.value for r in roles)]}
    touch(supporter, "supporter.roles_changed", actor=actor, now=now, changes=changes)


def set_owner(supporter_id: int, owner_id: int | None, *, actor: Actor, now: datetime) -> None:
    """Who looks after this relation."""
    supporter = loaded(supporter_id)
    supporter.owner_id = owner_id
    touch(supporter, "supporter.owner_changed", actor=actor, now=now)


def set_deceased(supporter_id: int, deceased: bool, on: date | None, *, actor: Actor, now: datetime) -> None:
    """Record a death (the day may be unknown), or take back a mistake. The dead are never contacted."""
    supporter = loaded(supporter_id)
    if supporter.kind is not Kind.PERSON:
        raise Refused(N_("This is an organisation, not a person."))
    if deceased and on is not None and on > now.date():
        raise Invalid(N_("This day is still to come."), field="deceased_on")
    was, supporter.is_deceased = supporter.is_deceased, deceased
    supporter.deceased_on = on if deceased else None
    touch(supporter, "supporter.deceased" if deceased else "supporter.not_deceased", actor=actor, now=now)
    if deceased and not was:
        publish(SupportersDied(ids=(supporter_id,), actor=actor, at=now))
    elif was and not deceased:
        publish(SupportersAlive(ids=(supporter_id,), actor=actor, at=now))
