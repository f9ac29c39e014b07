"""Gifts are made, received, given back and undone here; every one of these books in the ledger, once.

All take lists. `via` is where the money is: a provider's name, `bank` or `cash`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, select, update

from app.audit import services as audit
from app.base.actor import Actor
from app.base.dates import local_date
from app.base.errors import NotFound, Refused
from app.base.events import publish
from app.base.ids import new_id
from app.base.states import N_
from app.extensions import db
from app.extensions.sql import insert_new_returning
from app.gifts import totals
from app.gifts.events import GiftsUndone
from app.gifts.history import Step, note_references, tell
from app.gifts.models import DIRECT_DEBIT, HELD, MOVES, Gift, GiftState
from app.ledger import postings
from app.ledger import services as ledger
from app.ledger.entries import Entry
from app.ledger.rj import RjLine

_CHUNK = 500  # ids in one IN list
_RECEIVED = (
    update(Gift.__table__)
    .where(Gift.__table__.c.id == bindparam("gift"))
    .values(
        state=GiftState.RECEIVED, amount_cents=bindparam("cents"), gift_date=bindparam("day"),
        payment_id=bindparam("payment"),
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class NewGift:
    """A gift to be made. `via` says where the money is; None for a promise, whose money is still to come."""

    supporter_id: int
    amount_cents: int
    gift_date: date
    method: str
    source: str
    rj_line: RjLine
    via: str | None
    booked_on: date | None = None  # where its day lies in a closed month
    id: int = field(default_factory=new_id)
    programme_id: int | None = None
    campaign_id: int | None = None
    checkout_id: int | None = None
    payment_id: int | None = None
    bank_reference: str | None = None
    entry_id: int | None = None
    batch_id: int | None = None
    legacy_id: int | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Money that came for a promised gift; the amount may differ from the promise."""

    gift_id: int
    cents: int
    on: date
    via: str
    booked_on: date | None = None  # where `on` lies in a closed month
    payment_id: int | None = None
    bank_reference: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """Money that went back (cents positive) or came again (negative). `part` makes it enter once."""

    gift_id: int
    cents: int
    on: date
    via: str
    part: str
    booked_on: date | None = None  # where `on` lies in a closed month
    charged_back: bool = False
    step_id: int | None = None  # the id of its row in the history, where the caller made one
    reference: str | None = None


def make(gifts: Sequence[NewGift], *, actor: Actor, now: datetime) -> list[int]:
    """Make gifts and book the received ones; ids of those that were not there before."""
    rows = [
        {
            "id": g.id, "supporter_id": g.supporter_id, "programme_id": g.programme_id, "campaign_id": g.campaign_id,
            "checkout_id": g.checkout_id, "payment_id": g.payment_id, "amount_cents": g.amount_cents,
            "refunded_cents": 0, "gift_date": g.gift_date,
            "state": GiftState.RECEIVED if g.via else GiftState.PROMISED,
            "method": g.method, "rj_line": g.rj_line, "source": g.source, "created_at": now,
            "entry_id": g.entry_id, "batch_id": g.batch_id, "legacy_id": g.legacy_id, "description": g.description,
        }
        for g in gifts
    ]  # fmt: skip
    if not rows:
        return []
    made = insert_new_returning(Gift, rows, "id")
    received = [g for g in gifts if g.id in made and g.via]
    ledger.post([_received(g, g.amount_cents, g.booked_on or g.gift_date, g.via or "", _part(g.payment_id))
                 for g in received], actor=actor, now=now)  # fmt: skip
    totals.add(totals.Change(g.supporter_id, g.amount_cents, 1, g.gift_date) for g in received)
    note_references([(g.id, g.gift_date, g.amount_cents, g.bank_reference) for g in received], actor, now)
    audit.record_many(
        [
            audit.Trace(
                action="gift.received" if g.via else "gift.promised",
                subject=("gift", g.id),
                changes={"amount_cents": [None, g.amount_cents], "method": [None, g.method]},
            )
            for g in gifts
            if g.id in made
        ],
        actor=actor,
        now=now,
    )
    return [g.id for g in gifts if g.id in made]


def receive(receipts: Sequence[Receipt], *, actor: Actor, now: datetime) -> None:
    """The money of promised gifts came in. A gift received already is Refused."""
    gifts = _locked(r.gift_id for r in receipts)
    entries: list[Entry] = []
    changes: list[totals.Change] = []
    steps: list[Step] = []
    rows: list[dict[str, Any]] = []
    for r in receipts:
        gift = gifts[r.gift_id]
        MOVES.check(gift.state, GiftState.RECEIVED)
        step = Step(gift, GiftState.RECEIVED, r.on, r.cents, r.bank_reference)
        rows.append({"gift": r.gift_id, "cents": r.cents, "day": r.on, "payment": r.payment_id})
        # A gift may be received, undone and received again: each time is an entry of its own.
        entries.append(_received(gift, r.cents, r.booked_on or r.on, r.via, _part(r.payment_id or step.id)))
        changes.append(totals.Change(gift.supporter_id, r.cents, 1, r.on))
        steps.append(step)
    if rows:
        db.session.connection().execute(_RECEIVED, rows)
    ledger.post(entries, actor=actor, now=now)
    totals.add(changes)
    tell("gift.received", steps, actor, now)


def undo_receipts(promised_cents: dict[int, int], *, actor: Actor, now: datetime) -> None:
    """Take receipts back that were recorded by mistake: what was booked is reversed, and the gift is
    promised again for the cents given here (by gift id)."""
    gifts = _locked(promised_cents)
    steps = []
    for gift_id, cents in promised_cents.items():
        gift = gifts[gift_id]
        MOVES.check(gift.state, GiftState.PROMISED)
        _reverse(gift, actor, now)
        day = local_date(gift.created_at)
        _set(gift_id, state=GiftState.PROMISED, amount_cents=cents, gift_date=day, payment_id=None)
        steps.append(Step(gift, GiftState.PROMISED, local_date(now), -gift.amount_cents))
    tell("gift.receipt_undone", steps, actor, now)
    publish(GiftsUndone(ids=tuple(promised_cents), actor=actor, at=now))


def cancel(gift_ids: Iterable[int], *, actor: Actor, now: datetime) -> None:
    """A promise that will not come, or a gift entered by mistake: what was booked of it is reversed."""
    gifts = _locked(gift_ids)
    steps = []
    for gift in gifts.values():
        MOVES.check(gift.state, GiftState.CANCELED)
        if gift.state is GiftState.RECEIVED:
            if gift.payment_id is not None:
                raise Refused(N_("This gift was paid through a provider: refund it there."))
            if gift.method == DIRECT_DEBIT:
                raise Refused(N_("This gift was collected: only its bank takes it back."))
            _reverse(gift, actor, now)
        _set(gift.id, state=GiftState.CANCELED)
        steps.append(Step(gift, GiftState.CANCELED, local_date(now), None))
    tell("gift.canceled", steps, actor, now)
    publish(GiftsUndone(ids=tuple(gifts), actor=actor, at=now))


def reopen(gift_ids: Iterable[int], *, actor: Actor, now: datetime) -> None:
    """A promise that was given up is expected again."""
    steps = []
    for gift in _locked(gift_ids).values():
        MOVES.check(gift.state, GiftState.PROMISED)
        if gift.state is not GiftState.CANCELED:
            raise Refused(N_("This cannot be done: it is %(now)s."), now=gift.state.label)
        _set(gift.id, state=GiftState.PROMISED)
        steps.append(Step(gift, GiftState.PROMISED, local_date(now), None))
    tell("gift.reopened", steps, actor, now)


def give_back(returns: Sequence[Return], *, actor: Actor, now: datetime) -> None:
    """Refunds and chargebacks, whole or in part, and those that failed after all."""
    gifts = _locked(r.gift_id for r in returns)
    entries: list[Entry] = []
    changes: list[totals.Change] = []
    steps: list[Step] = []
    refunded = {gift_id: gift.refunded_cents for gift_id, gift in gifts.items()}
    states = {gift_id: gift.state for gift_id, gift in gifts.items()}
    for r in returns:
        gift = gifts[r.gift_id]
        before, kept_before = states[r.gift_id], gift.amount_cents - refunded[r.gift_id]
        if before not in HELD:
            raise Refused(N_("This cannot be done: it is %(now)s."), now=before.label)
        refunded[r.gift_id] += r.cents
        kept = gift.amount_cents - refunded[r.gift_id]
        gone = GiftState.CHARGED_BACK if r.charged_back else GiftState.REFUNDED
        after = states[r.gift_id] = gone if kept == 0 else GiftState.RECEIVED
        if after is not before:
            MOVES.check(before, after)
        _set(r.gift_id, state=after, refunded_cents=refunded[r.gift_id])
        entries.append(_returned(gift, r))
        # The gift counts for as long as anything of it is kept.
        changes.append(totals.Change(gift.supporter_id, -r.cents, (kept > 0) - (kept_before > 0), gift.gift_date))
        steps.append(Step(gift, after, r.on, -r.cents, r.reference, before=before, step_id=r.step_id))
    ledger.post(entries, actor=actor, now=now)
    totals.add(changes)
    tell("gift.given_back", steps, actor, now)


def _returned(gift: Any, r: Return) -> Entry:
    source, purpose, day = ("gift", gift.id), _purpose(gift), r.booked_on or r.on
    if r.cents < 0:
        return postings.gift_received(source, -r.cents, day, purpose, via=r.via, part=f"again-{r.part}")
    book = postings.gift_charged_back if r.charged_back else postings.gift_refunded
    return book(source, r.cents, day, purpose, via=r.via, part=r.part)


def _received(gift: Any, cents: int, on: date, via: str, part: str) -> Entry:
    return postings.gift_received(("gift", gift.id), cents, on, _purpose(gift), via=via, part=part)


def _purpose(gift: Any) -> postings.Purpose:
    return postings.Purpose(rj_line=gift.rj_line, programme_id=gift.programme_id, campaign_id=gift.campaign_id)


def _part(row_id: int | None) -> str:
    return str(row_id) if row_id is not None else ""


def _reverse(gift: Any, actor: Actor, now: datetime) -> None:
    """Undo what was booked of a received gift of which nothing went back yet."""
    if gift.refunded_cents:
        raise Refused(N_("Part of this gift was given back already: it cannot be undone."))
    ledger.reverse(source=("gift", gift.id), on=local_date(now), actor=actor, now=now)
    totals.add([totals.Change(gift.supporter_id, -gift.amount_cents, -1, gift.gift_date)])


def _locked(gift_ids: Iterable[int]) -> dict[int, Any]:
    """The gifts, locked in the order of their ids. NotFound if one is not there."""
    ids = sorted(set(gift_ids))
    found: dict[int, Any] = {}
    for start in range(0, len(ids), _CHUNK):
        chosen = select(Gift.__table__).where(Gift.id.in_(ids[start : start + _CHUNK])).order_by(Gift.id)
        found |= {row.id: row for row in db.session.execute(chosen.with_for_update())}
    if len(found) != len(ids):
        raise NotFound(N_("This gift is not there."))
    return found


def _set(gift_id: int, **values: Any) -> None:
    db.session.execute(
        update(Gift).where(Gift.id == gift_id).values(**values), execution_options={"synchronize_session": False}
    )
