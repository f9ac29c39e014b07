"""Reading supporters. Everything here takes lists and runs a constant number of statements."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import bindparam, select

from app.base.errors import NotFound
from app.base.states import N_
from app.extensions import db
from app.extensions.sql import among
from app.supporters.contact import email_key
from app.supporters.contact_models import Address, Email, Iban, Phone
from app.supporters.models import Kind, Role, Supporter, SupporterRole
from app.supporters.sealed import iban_lookup


def get(supporter_id: int) -> Supporter:
    """The supporter, or NotFound. A merged record gives itself; follow `merged_into_id` where it matters."""
    supporter = db.session.get(Supporter, supporter_id)
    if supporter is None:
        raise NotFound(N_("This supporter does not exist."))
    return supporter


def names(ids: Collection[int]) -> dict[int, str]:
    """Display names by id."""
    found = select(Supporter.id, Supporter.display_name).where(Supporter.id.in_(set(ids)))
    return dict(db.session.execute(found).all())


def kinds(ids: Collection[int]) -> dict[int, Kind]:
    """Person or organisation, by id."""
    return dict(db.session.execute(select(Supporter.id, Supporter.kind).where(among(Supporter.id, ids))).all())


_EMAILS = (
    select(Email.supporter_id, Email.address)
    .where(Email.supporter_id.in_(bindparam("ids", expanding=True)))
    .order_by(Email.is_primary, Email.id.desc())
)


def primary_emails(ids: Collection[int]) -> dict[int, str]:
    """The address to write to for each supporter that has one (primary first, then the oldest)."""
    rows = db.session.execute(_EMAILS, {"ids": set(ids)})
    return dict(rows.all())  # the last one wins: primary, and of those the oldest


def primary_phones(ids: Collection[int]) -> dict[int, str]:
    rows = db.session.execute(
        select(Phone.supporter_id, Phone.number)
        .where(Phone.supporter_id.in_(set(ids)))
        .order_by(Phone.is_primary, Phone.id.desc())
    )
    return dict(rows.all())


def primary_phone(supporter_id: int) -> Phone | None:
    """The number to call."""
    mine = select(Phone).where(Phone.supporter_id == supporter_id)
    return db.session.execute(mine.order_by(Phone.is_primary.desc(), Phone.id).limit(1)).scalar()


def primary_email(supporter_id: int) -> Email | None:
    """The mailbox that mails and sign-in links go to."""
    mine = select(Email).where(Email.supporter_id == supporter_id, Email.is_primary)
    return db.session.execute(mine.limit(1)).scalar()


def current_addresses(ids: Collection[int]) -> dict[int, Address]:
    """The newest address that still holds, by supporter."""
    rows = db.session.execute(
        select(Address).where(Address.supporter_id.in_(set(ids)), Address.ended_on.is_(None)).order_by(Address.id)
    ).scalars()
    return {row.supporter_id: row for row in rows}


def roles_of(ids: Collection[int]) -> dict[int, set[Role]]:
    found: dict[int, set[Role]] = {}
    wanted = select(SupporterRole.supporter_id, SupporterRole.role).where(among(SupporterRole.supporter_id, ids))
    for supporter_id, role in db.session.execute(wanted):
        found.setdefault(supporter_id, set()).add(role)
    return found


def with_role(role: Role, *, limit: int = 500) -> list[Supporter]:
    """Active supporters in this role by name, for choices in forms."""
    found = (
        select(Supporter)
        .join(SupporterRole, SupporterRole.supporter_id == Supporter.id)
        .where(SupporterRole.role == role, Supporter.merged_into_id.is_(None), Supporter.anonymised_at.is_(None))
        .order_by(Supporter.sort_key, Supporter.id)
        .limit(limit)
    )
    return list(db.session.execute(found).scalars())


def by_email(address: str, *, limit: int = 10) -> list[Supporter]:
    """Active supporters with exactly this address, oldest first."""
    return _active(select(Email.supporter_id).where(Email.address_key == email_key(address)), limit)


def by_iban(iban: str, *, limit: int = 10) -> list[Supporter]:
    """Active supporters with exactly this (checked) IBAN, oldest first."""
    return _active(select(Iban.supporter_id).where(Iban.lookup == iban_lookup(iban)), limit)


def _active(ids: object, limit: int) -> list[Supporter]:
    found = (
        select(Supporter)
        .where(Supporter.id.in_(ids), Supporter.merged_into_id.is_(None), Supporter.anonymised_at.is_(None))  # type: ignore[arg-type]
        .order_by(Supporter.id)
        .limit(limit)
    )
    return list(db.session.execute(found).scalars())
