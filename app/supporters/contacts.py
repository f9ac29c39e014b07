"""Adding and removing how a supporter is reached. Values come checked (contact.py, base/iban.py)."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from typing import Any, TypeVar

from sqlalchemy import insert, select, update

from app.base.actor import Actor
from app.base.dates import local_date
from app.base.errors import Invalid, NotFound
from app.base.ids import new_id
from app.base.states import N_
from app.extensions import db
from app.jobs.services import enqueue
from app.supporters import sealed, tokens
from app.supporters.contact import email_key
from app.supporters.contact_models import Address, Email, Iban, Phone, Relation, RelationType
from app.supporters.drafts import AddressDraft
from app.supporters.matching import fold
from app.supporters.models import Kind, Supporter
from app.supporters.services import LOOK_FOR_DOUBLES, loaded, touch

Row = TypeVar("Row", Email, Phone, Address, Iban)


def add_email(supporter_id: int, address: str, *, primary: bool = True, actor: Actor, now: datetime) -> int:
    """Add an address, or make the one that is there primary."""
    supporter = loaded(supporter_id)
    wanted = (Email.supporter_id == supporter_id) & (Email.address_key == email_key(address))
    row = db.session.execute(select(Email).where(wanted)).scalar_one_or_none()
    if primary:
        db.session.execute(update(Email).where(Email.supporter_id == supporter_id).values(is_primary=False))
    if row is None:
        row = Email(
            id=new_id(), supporter_id=supporter_id, address=address, address_key=email_key(address),
            is_primary=primary, created_at=now,
        )  # fmt: skip
        db.session.add(row)
        tokens.write([tokens.email_words(supporter_id, row.id, address)])
        _changed(supporter, "supporter.email_added", {"email": [None, address]}, actor, now)
    else:
        row.address, row.is_primary, row.failed_at = address, primary or row.is_primary, None
        _changed(supporter, "supporter.email_chosen", {"email": [address, address]}, actor, now)
    return row.id


def add_phone(supporter_id: int, number: str, *, primary: bool = True, actor: Actor, now: datetime) -> int:
    supporter = loaded(supporter_id)
    wanted = (Phone.supporter_id == supporter_id) & (Phone.number == number)
    row = db.session.execute(select(Phone).where(wanted)).scalar_one_or_none()
    if primary:
        db.session.execute(update(Phone).where(Phone.supporter_id == supporter_id).values(is_primary=False))
    if row is None:
        row = Phone(id=new_id(), supporter_id=supporter_id, number=number, is_primary=primary, created_at=now)
        db.session.add(row)
        tokens.write([tokens.phone_words(supporter_id, row.id, number)])
        _changed(supporter, "supporter.phone_added", {"phone": [None, number]}, actor, now)
    else:
        row.is_primary = primary or row.is_primary
        _changed(supporter, "supporter.phone_chosen", {"phone": [number, number]}, actor, now)
    return row.id


def add_address(supporter_id: int, draft: AddressDraft, *, replaces: bool = True, actor: Actor, now: datetime) -> int:
    """Add an address. `replaces` (somebody moved) ends the current ones of the same type today."""
    supporter = loaded(supporter_id)
    if replaces:
        current = (Address.supporter_id == supporter_id) & (Address.type == draft.type) & Address.ended_on.is_(None)
        db.session.execute(update(Address).where(current).values(ended_on=local_date(now)))
    row = Address(
        id=new_id(), supporter_id=supporter_id, place_key=fold(draft.place)[:80], created_at=now,
        started_on=local_date(now), **asdict(draft),
    )  # fmt: skip
    db.session.add(row)
    tokens.write([tokens.place_words(supporter_id, row.id, row.place, row.postcode)])
    told = {"address": [None, f"{row.street_line}, {row.place_line}"]}
    _changed(supporter, "supporter.address_added", told, actor, now)
    return row.id


def end_address(address_id: int, supporter_id: int, *, actor: Actor, now: datetime) -> None:
    """The address holds no longer; it stays in the history."""
    supporter = loaded(supporter_id)
    row = _own(Address, address_id, supporter_id)
    row.ended_on = row.ended_on or local_date(now)
    told = {"address": [f"{row.street_line}, {row.place_line}", None]}
    touch(supporter, "supporter.address_ended", actor=actor, now=now, changes=told)


def add_iban(supporter_id: int, iban: str, holder: str, *, source: str, actor: Actor, now: datetime) -> int:
    """Add a checked IBAN; one that is there already is left as it is."""
    supporter = loaded(supporter_id)
    wanted = (Iban.supporter_id == supporter_id) & (Iban.lookup == sealed.iban_lookup(iban))
    if (there := db.session.execute(select(Iban.id).where(wanted)).scalar()) is not None:
        return there
    row = sealed.iban_row(new_id(), supporter_id, iban, holder, source, now)
    db.session.execute(insert(Iban), [row])
    _changed(supporter, "supporter.iban_added", {"iban": [None, f"{iban[:2]}…{iban[-4:]}"]}, actor, now)
    return int(row["id"])


def remove_email(email_id: int, supporter_id: int, *, actor: Actor, now: datetime) -> None:
    row = _own(Email, email_id, supporter_id)
    _remove(row, "supporter.email_removed", {"email": [row.address, None]}, actor, now)


def remove_phone(phone_id: int, supporter_id: int, *, actor: Actor, now: datetime) -> None:
    row = _own(Phone, phone_id, supporter_id)
    _remove(row, "supporter.phone_removed", {"phone": [row.number, None]}, actor, now)


def remove_address(address_id: int, supporter_id: int, *, actor: Actor, now: datetime) -> None:
    """Take away an address that was a mistake; one that held until today is ended instead."""
    row = _own(Address, address_id, supporter_id)
    told = {"address": [f"{row.street_line}, {row.place_line}", None]}
    _remove(row, "supporter.address_removed", told, actor, now)


def remove_iban(iban_id: int, supporter_id: int, *, actor: Actor, now: datetime) -> None:
    row = _own(Iban, iban_id, supporter_id)
    _remove(row, "supporter.iban_removed", {"iban": [f"{row.country}…{row.last_four}", None]}, actor, now)


def forget_iban(supporter_id: int, iban: str, *, source: str, actor: Actor, now: datetime) -> None:
    """Take away an IBAN that was noted by this source alone; nothing where it is not there, or came otherwise."""
    wanted = (Iban.supporter_id == supporter_id) & (Iban.lookup == sealed.iban_lookup(iban)) & (Iban.source == source)
    if (there := db.session.execute(select(Iban.id).where(wanted)).scalar()) is not None:
        remove_iban(there, supporter_id, actor=actor, now=now)


def _own(model: type[Row], row_id: int, supporter_id: int) -> Row:
    """The row if it is this supporter's; another's looks the same as none."""
    row = db.session.get(model, row_id)
    if row is None or row.supporter_id != supporter_id:
        raise NotFound(N_("This does not belong to this supporter."))
    return row


def _remove(row: Any, action: str, told: dict[str, Any], actor: Actor, now: datetime) -> None:
    supporter = loaded(row.supporter_id)
    tokens.forget([row.id])
    db.session.delete(row)
    touch(supporter, action, actor=actor, now=now, changes=told)


def _changed(supporter: Supporter, action: str, told: dict[str, Any], actor: Actor, now: datetime) -> None:
    touch(supporter, action, actor=actor, now=now, changes=told)
    enqueue(LOOK_FOR_DOUBLES, {"ids": [str(supporter.id)]}, now=now, key=f"doubles:{supporter.id}")


def relate(
    from_id: int, to_id: int, type: RelationType, *, function: str = "", started_on: date | None = None,
    actor: Actor, now: datetime,
) -> int:  # fmt: skip
    """`from` is the contact person, partner or housemate of `to`."""
    one, other = loaded(from_id), loaded(to_id)
    if one.id == other.id:
        raise Invalid(N_("Choose somebody else: this is the same record."), field="other")
    if type is RelationType.CONTACT and (one.kind is not Kind.PERSON or other.kind is not Kind.ORGANISATION):
        raise Invalid(N_("A contact person is a person at an organisation."), field="type")
    row = Relation(
        id=new_id(), from_id=from_id, to_id=to_id, type=type, function=function, started_on=started_on, created_at=now
    )
    db.session.add(row)
    for supporter, with_whom in ((one, other), (other, one)):
        told = {"relation": [None, f"{type.value}: {with_whom.code}"]}  # a name would outlive that person's erasure
        touch(supporter, "supporter.related", actor=actor, now=now, changes=told)
    return row.id


def end_relation(relation_id: int, supporter_id: int, on: date, *, actor: Actor, now: datetime) -> None:
    """The relation holds no longer from this day; it stays in the history."""
    row = db.session.get(Relation, relation_id)
    if row is None or supporter_id not in (row.from_id, row.to_id):
        raise NotFound(N_("This does not belong to this supporter."))
    if row.started_on is not None and on < row.started_on:
        raise Invalid(N_("This is before the day it began."), field="ended_on")
    row.ended_on = on
    for each in (row.from_id, row.to_id):
        touch(
            loaded(each), "supporter.relation_ended", actor=actor, now=now, changes={"relation": [row.type.value, None]}
        )
