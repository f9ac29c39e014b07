"""How the money of instalments reaches the books: by the rule of their grant, through the ledger.

rule               on confirmation            on receipt
award              all recognised, at once    against what is receivable
contribution year  the years that have come;  against what is receivable, the rest is
                   later ones in their year   received in advance
receipt            nothing                    recognised
costs              nothing                    received in advance; recognised with the costs

What was booked otherwise than it turns out is reversed and booked anew, never edited. The grant
is held by the caller, so the balances read here stand still.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import select

from app.base.actor import Actor
from app.extensions import db
from app.grants.awards.models import Grant, Recognition
from app.grants.instalments.models import Instalment, Receipt
from app.ledger import postings
from app.ledger import services as ledger
from app.ledger.entries import Entry
from app.ledger.queries import grant_balance, grant_balances


def purpose(grant: Grant) -> postings.Purpose:
    return postings.Purpose(rj_line=grant.income_line, programme_id=grant.programme_id, grant_id=grant.id)


def recognition_day(grant: Grant, instalment: Instalment) -> date:
    """The day its income belongs to: the decision, or the first day of a later contribution year."""
    if grant.recognition is Recognition.CONTRIBUTION_YEAR and instalment.contribution_year > grant.decided_on.year:
        return date(instalment.contribution_year, 1, 1)
    return grant.decided_on


def has_come(grant: Grant, instalment: Instalment, today: date) -> bool:
    """Whether the rule says this instalment is income by now, money or no money."""
    if grant.recognition is Recognition.AWARD:
        return True
    return grant.recognition is Recognition.CONTRIBUTION_YEAR and instalment.contribution_year <= today.year


def recognise(pairs: Sequence[tuple[Grant, Instalment]], *, actor: Actor, now: datetime) -> None:
    """Book these instalments, of confirmed grants and not booked yet, as income."""
    if not pairs:
        return
    standing = {
        grant_id: (balance.receivable, balance.received_ahead)
        for grant_id, balance in grant_balances(sorted({grant.id for grant, _ in pairs})).items()
    }
    entries = []
    for grant, instalment in pairs:
        if cents := final_cents(instalment):
            receivable, ahead = standing[grant.id]
            used = from_ahead(receivable, ahead, cents)
            entries.append(_recognised(grant, instalment, cents, recognition_day(grant, instalment), used))
            standing[grant.id] = (receivable + cents - used, ahead - used)
    ledger.post(entries, actor=actor, now=now)


def from_ahead(receivable: int, ahead: int, cents: int) -> int:
    """How much of `cents` is recognised out of what was received in advance, so that afterwards
    one of the two balances is nothing and the other not below it."""
    left = max(0, ahead - receivable - cents)
    return min(cents, max(0, ahead - left))


def final_cents(instalment: Instalment) -> int:
    """What it comes to, as far as is known: the settlement, else the agreed amount."""
    return instalment.amount_cents if instalment.settled_cents is None else instalment.settled_cents


def rebook(grant: Grant, instalment: Instalment, cents: int, *, on: date, actor: Actor, now: datetime) -> None:
    """Reverse what was recognised of an instalment and recognise `cents` (0 or more) instead."""
    take_back(instalment, on=on, actor=actor, now=now)
    if cents:
        balance = grant_balance(grant.id)
        used = from_ahead(balance.receivable, balance.received_ahead, cents)
        ledger.post([_recognised(grant, instalment, cents, on, used)], actor=actor, now=now)


def take_back(instalment: Instalment, *, on: date, actor: Actor, now: datetime) -> None:
    """Reverse what was recognised of an instalment."""
    if instalment.recognised_cents:
        ledger.reverse(actor=actor, now=now, on=on, source=("instalment", instalment.id))
        instalment.recognised_cents = 0
        db.session.flush()


def receive(rows: Sequence[tuple[Grant, Receipt]], via: Mapping[int, str], *, actor: Actor, now: datetime) -> None:
    """Book money that came in; `via` says by receipt where it is."""
    receivable = {
        grant_id: balance.receivable
        for grant_id, balance in grant_balances(sorted({grant.id for grant, _ in rows})).items()
    }
    entries = []
    for grant, receipt in rows:
        source, cents, on = ("instalment_receipt", receipt.id), receipt.amount_cents, receipt.received_on
        if grant.recognition is Recognition.RECEIPT:
            income = postings.instalment_received_as_income(source, cents, on, purpose(grant), via=via[receipt.id])
            entries.append(income)
            continue
        open_cents = max(receivable[grant.id], 0)
        entries.append(
            postings.instalment_received(
                source, cents, on, purpose(grant), receivable_cents=open_cents, via=via[receipt.id]
            )
        )
        receivable[grant.id] = max(open_cents - cents, 0)
    ledger.post(entries, actor=actor, now=now)


def undo_receipt(grant: Grant, receipt: Receipt, *, on: date, actor: Actor, now: datetime) -> None:
    """Reverse a receipt. Income that was recognised out of it while it was held in advance is booked
    anew as receivable: an advance cannot be less than nothing."""
    ledger.reverse(actor=actor, now=now, on=on, source=("instalment_receipt", receipt.id))
    booked = (
        select(Instalment)
        .where(Instalment.grant_id == grant.id, Instalment.recognised_cents > 0)
        .order_by(Instalment.contribution_year.desc(), Instalment.position.desc())
    )
    for instalment in db.session.execute(booked).scalars().all():
        if grant_balance(grant.id).received_ahead >= 0:
            break
        rebook(grant, instalment, instalment.recognised_cents, on=on, actor=actor, now=now)


def _recognised(grant: Grant, instalment: Instalment, cents: int, on: date, used: int) -> Entry:
    instalment.bookings += 1
    instalment.recognised_cents = cents
    source = ("instalment", instalment.id)
    part = str(instalment.bookings)
    return postings.grant_recognised(source, cents, on, purpose(grant), ahead_cents=used, part=part)
