"""Batches of direct debits and what they collect, made through the services and jobs."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from app.base.actor import Actor
from app.direct_debit import batches, building, exporting
from app.direct_debit.batch_models import DebitBatch
from app.direct_debit.models import Collection
from app.extensions import db, now, writing
from app.organisation.models import BankAccount
from tests.conftest import SettableClock
from tests.factories.organisation import make_organisation
from tests.factories.recurring import announce_and_plan, commitment, own_mandate
from tests.factories.supporters import person

DAY = date(2026, 12, 15)


def dutch_iban(number: int) -> str:
    """A made-up account that passes its check."""
    body = f"ABNA{number:010d}"
    turned = int("".join(str(int(c, 36)) for c in body + "NL00"))
    return f"NL{98 - turned % 97:02d}{body}"


def due(clock: SettableClock, amounts: tuple[int, ...] = (1500, 2500, 750)) -> list[int]:
    """Donors with mandates of our own whose gifts are collected on 15 December; it is 10 December. Collections' ids."""
    make_organisation()
    for number, cents in enumerate(amounts, 1):
        who = person(f"Jan Jansen {number}", email=f"jan{number}@example.nl")
        by = own_mandate(who, iban=dutch_iban(number), holder=f"J. Jansen {number}")
        commitment(cents, day=15, supporter_id=who, mandate_id=by)
    clock.at(2026, 12, 1, 11)
    announce_and_plan()
    clock.at(2026, 12, 10, 11)
    announce_and_plan()
    return list(db.session.scalars(select(Collection.id).order_by(Collection.id)))


def account_id() -> int:
    return db.session.scalars(select(BankAccount.id)).one()


def built(staff: int, on: date = DAY) -> int:
    """A batch that waits for approval."""
    account, actor = account_id(), Actor("staff", staff)
    with writing():
        batch_id = batches.begin(account, on, actor=actor, now=now())
    building.fill(batch_id, actor=actor, bounded=writing)
    return batch_id


def approved(staff: tuple[int, int], on: date = DAY) -> int:
    """Built by the first, approved by the second."""
    batch_id = built(staff[0], on)
    batch = db.session.get_one(DebitBatch, batch_id)
    seen = {"count": batch.count, "cents": batch.cents}
    with writing():
        batches.approve(batch_id, **seen, actor=Actor("staff", staff[1]), now=now())
    return batch_id


def exported(staff: tuple[int, int], on: date = DAY) -> int:
    """With its file."""
    batch_id = approved(staff, on)
    exporting.export(batch_id, actor=Actor("staff", staff[0]), bounded=writing)
    return batch_id


def sent(staff: tuple[int, int]) -> int:
    """At the bank."""
    batch_id = exported(staff)
    with writing():
        batches.sent(batch_id, actor=Actor("staff", staff[0]), now=now())
    return batch_id
