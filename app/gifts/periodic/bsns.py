"""The BSN of an agreement: the only place in the product that holds one (UAVG 46, DOMAIN.md 4.3)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from app.audit import services as audit
from app.base.actor import Actor
from app.base.ids import new_id
from app.extensions import db
from app.gifts.periodic.models import Bsn, Who
from app.gifts.periodic.rules import checked_bsn, masked
from app.gifts.periodic.services import SUBJECT, locked
from app.vault.services import seal, unseal


def put(agreement_id: int, who: Who, text: str, *, session_id: int | None = None, actor: Actor, now: datetime) -> None:
    """Store it in place of an earlier one; `session_id` of the donor who typed it. Raises Invalid where the 11-test
    fails."""
    number = checked_bsn(text)
    agreement = locked(agreement_id)
    row = _rows(agreement_id).get(who)
    if row is None:
        row_id = new_id()
        row = Bsn(id=row_id, agreement_id=agreement_id, supporter_id=agreement.supporter_id, who=who, created_at=now)
        db.session.add(row)
    row.number_sealed, row.session_id = seal(number, f"bsn:{row.id}"), session_id
    _tell("agreement.bsn_stored", agreement_id, who, actor, now)


def forget(agreement_id: int, who: Who, *, actor: Actor, now: datetime) -> None:
    """Delete it; the agreement stays."""
    locked(agreement_id)
    row = _rows(agreement_id).get(who)
    if row is not None:
        db.session.delete(row)
        _tell("agreement.bsn_deleted", agreement_id, who, actor, now)


def forget_all(agreement_id: int, *, actor: Actor, now: datetime) -> None:
    """Delete what is stored: the agreement does not come about."""
    for who in _rows(agreement_id):
        forget(agreement_id, who, actor=actor, now=now)


def reveal(agreement_id: int, *, actor: Actor, now: datetime) -> dict[Who, str]:
    """The numbers in full. Whoever looks is in the audit trail, in the same transaction."""
    found = {who: unseal(row.number_sealed, f"bsn:{row.id}") for who, row in _rows(agreement_id).items()}
    for who in found:
        _tell("agreement.bsn_seen", agreement_id, who, actor, now)
    return found


def typed_in(agreement_id: int, session_id: int) -> dict[Who, str]:
    """The numbers in full that were typed in this session of the donor: nobody sees more than what they typed, also
    not who gets hold of their mailbox later."""
    typed = {who: row for who, row in _rows(agreement_id).items() if row.session_id == session_id}
    return {who: unseal(row.number_sealed, f"bsn:{row.id}") for who, row in typed.items()}


def shown(agreement_id: int) -> dict[Who, str]:
    """The last four digits, for those who may see a BSN: `*****6782`."""
    return {who: masked(unseal(r.number_sealed, f"bsn:{r.id}")) for who, r in _rows(agreement_id).items()}


def known(agreement_id: int) -> set[Who]:
    """Of whom a BSN is stored."""
    return set(_rows(agreement_id))


def _rows(agreement_id: int) -> dict[Who, Bsn]:
    rows = db.session.execute(select(Bsn).where(Bsn.agreement_id == agreement_id)).scalars()
    return {row.who: row for row in rows}


def _tell(action: str, agreement_id: int, who: Who, actor: Actor, now: datetime) -> None:
    audit.record(action, (SUBJECT, agreement_id), actor=actor, now=now, changes={"who": [None, who.value]})
