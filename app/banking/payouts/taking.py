"""Payouts taken in, booked, undone. All but `take` run inside the caller's `with writing():`.

The fees that the provider withheld are booked when a payout is taken in, on the day it was paid out; what it
paid moves from clearing to the bank with the bank line (matching/payouts.py). So clearing comes to nothing where
payout, payments and bank agree, and shows what does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import delete, func, insert, select, update

from app.audit import services as audit
from app.banking.match_models import BankMatch, MatchKind
from app.banking.matching import by_itself
from app.banking.models import BankLine, LineState
from app.banking.payouts.models import PAYOUT_MOVES, Payout, PayoutOrigin, PayoutPart, PayoutState
from app.banking.payouts.tying import PROVIDERS, Verdict, in_a_payout, ties
from app.base.actor import Actor
from app.base.dates import days, local_date, month_start
from app.base.errors import NotFound, Refused
from app.base.ids import new_id, new_ids
from app.base.states import N_
from app.base.works import Payload, periodic
from app.extensions import db, writing
from app.extensions import now as clock
from app.extensions.sql import insert_new
from app.ledger import postings
from app.ledger import services as ledger
from app.ledger.periods import first_open
from app.ledger.queries import closed_months
from app.payments import paid_out
from app.payments.models import Payment, ProviderKey
from app.payments.providers.settlements import Part, Settlement

SOURCE, PART_SOURCE = "payout", "payout_part"
_QUIETLY = {"synchronize_session": False}
_SEEN_WITHIN = 14  # days around a payout in which its bank line is looked for anew


@dataclass(slots=True)
class Taken:
    """How many payouts were new, and how many known. `other` are references told again with another net amount."""

    new: int = 0
    known: int = 0
    last_id: int = 0
    other: tuple[str, ...] = ()


def take(settlements: Iterable[Settlement], origin: PayoutOrigin, *, actor: Actor, now: datetime) -> Taken:
    """Take payouts in, each once whoever tells of it, and look at bank lines that may be theirs. Opens its own
    transactions, one for each payout."""
    done = Taken()
    for settlement in settlements:
        with writing():
            _take(settlement, origin, done, actor, now)
    if done.new:
        settle(now=now)
        by_itself.look(actor=actor, now=now)
    return done


def settle(*, now: datetime) -> None:
    """Mark what payouts brought, of all providers. Opens its own transactions; also for payments that became known
    after their payout."""
    for provider in PROVIDERS:
        with writing():
            paid_out.mark(provider, *in_a_payout(provider), now=now)


@periodic("payouts.settle", daily_at="04:50")
def settle_daily(_: Payload) -> None:
    """What became known since."""
    settle(now=clock())


def _take(told: Settlement, origin: PayoutOrigin, done: Taken, actor: Actor, now: datetime) -> None:
    fee, other = _divided(told)
    values = {
        "provider_id": told.provider_id, "origin": origin, "settled_on": local_date(told.settled_at),
        "net_cents": told.net_cents, "fee_cents": fee, "fee_vat_cents": told.fee_vat_cents, "other_cents": other,
    }  # fmt: skip
    row = values | {
        "id": new_id(), "provider": told.provider, "reference": told.reference, "state": PayoutState.WAITING,
        "booked_on": None, "round": 0, "created_at": now, "created_by_id": actor.id,
    }  # fmt: skip
    db.session.execute(insert_new(Payout).values(**row))
    mine = (Payout.provider == told.provider) & (Payout.reference == told.reference)
    payout = db.session.execute(select(Payout).where(mine).with_for_update()).scalar_one()
    done.last_id = payout.id
    if payout.round and payout.state is not PayoutState.UNDONE:
        done.known += 1
        if payout.state is PayoutState.WAITING:  # its period may be open again
            _book(payout, payout.settled_on, actor, now)
        if payout.net_cents != told.net_cents:
            done.other = (*done.other, told.reference)
        return
    for name, value in values.items():
        setattr(payout, name, value)
    payout.state, payout.booked_on, payout.round = PayoutState.WAITING, None, payout.round + 1
    db.session.flush()
    db.session.execute(delete(PayoutPart).where(PayoutPart.payout_id == payout.id), execution_options=_QUIETLY)
    _insert(payout.id, told.parts)
    audit.record("payout.taken", (SOURCE, payout.id), actor=actor, now=now,
                 changes={"reference": told.reference, "net": told.net_cents, "fee": fee})  # fmt: skip
    _book(payout, payout.settled_on, actor, now)
    near = BankLine.booked_on.between(payout.settled_on - days(_SEEN_WITHIN), payout.settled_on + days(_SEEN_WITHIN))
    again = (BankLine.state == LineState.REVIEW) & (BankLine.cents == payout.net_cents) & near
    db.session.execute(update(BankLine).where(again).values(looked=False), execution_options=_QUIETLY)
    done.new += 1


def _divided(told: Settlement) -> tuple[int, int]:
    """(fee, other): fees as they were withheld, and what nothing explains. Costs are told in parts of cents, so a
    single cent between the sums is theirs."""
    other = sum(part.cents for part in told.parts) - told.fee_cents - told.net_cents
    return (told.fee_cents + other, 0) if told.fee_cents and abs(other) == 1 else (told.fee_cents, other)


def _insert(payout_id: int, parts: Sequence[Part]) -> None:
    if parts:
        rows = [
            {"id": row_id, "payout_id": payout_id, "kind": part.kind, "provider_id": part.provider_id,
             "payment_key": part.payment_key, "cents": part.cents, "happened_on": local_date(part.at),
             "said": part.said[:200],
             "outside": False}
            for row_id, part in zip(new_ids(len(parts)), parts, strict=True)
        ]  # fmt: skip
        db.session.execute(insert(PayoutPart.__table__), rows)


def _book(payout: Payout, on: date, actor: Actor, now: datetime) -> bool:
    """Book its fees on this day, as far as they were not booked with the payments; nothing in a closed period."""
    if closed_months({month_start(on)}):
        return False
    PAYOUT_MOVES.check(payout.state, PayoutState.BOOKED)
    payout.state, payout.booked_on = PayoutState.BOOKED, on
    if cents := payout.fee_cents - booked_before(payout):
        part = str(payout.round) if payout.round > 1 else ""
        fee = postings.payout_fees((SOURCE, payout.id), cents, on, provider=payout.provider, part=part)
        ledger.post([fee], actor=actor, now=now)
    return True


def booked_before(payout: Payout) -> int:
    """Fees of its payments that were booked with them: some providers tell those at once."""
    fees = (
        select(func.coalesce(func.sum(Payment.fee_cents), 0))
        .join(ProviderKey, ProviderKey.row_id == Payment.id)
        .join(PayoutPart, ProviderKey.key == f"paid:{payout.provider}:" + PayoutPart.provider_id)
        .where(PayoutPart.payout_id == payout.id)
    )
    return int(db.session.execute(fees).scalar_one() or 0)


def book_waiting(payout_id: int, *, later: bool = False, actor: Actor, now: datetime) -> bool:
    """Book what waited for its period; with `later` on the first open day after it. Whether it is booked."""
    payout = _locked(payout_id)
    if payout.state is not PayoutState.WAITING:
        raise Refused(N_("This payout is booked already."))
    on = payout.settled_on
    if later:
        on = first_open(on, set(closed_months()))
    return _book(payout, on, actor, now)


def undo(payout_id: int, *, actor: Actor, now: datetime) -> None:
    """Take a payout back: what was booked of it is reversed today. Refused while a bank line is explained by it, and
    in a closed period."""
    payout = _locked(payout_id)
    PAYOUT_MOVES.check(payout.state, PayoutState.UNDONE)
    explained = (BankMatch.target_id == payout_id) & (BankMatch.kind == MatchKind.PAYOUT)
    if db.session.execute(select(BankMatch.id).where(explained, BankMatch.undone_at.is_(None)).limit(1)).first():
        raise Refused(N_("A bank line is explained by this payout: undo that first."))
    outside = select(PayoutPart.id).where(PayoutPart.payout_id == payout_id, PayoutPart.outside)
    today = local_date(now)
    for part_id in db.session.execute(outside).scalars().all():
        ledger.reverse(source=(PART_SOURCE, part_id), on=today, actor=actor, now=now)
    ledger.reverse(source=(SOURCE, payout_id), on=today, actor=actor, now=now)
    payout.booked_on = payout.booked_on or today
    payout.state = PayoutState.UNDONE
    parts = select(PayoutPart.provider_id).where(PayoutPart.payout_id == payout_id)
    paid_out.unmark(payout.provider, db.session.execute(parts).scalars())
    audit.record("payout.undone", (SOURCE, payout_id), actor=actor, now=now)


def leave_outside(part_id: int, outside: bool, *, actor: Actor, now: datetime) -> int:
    """Say (or take back) that the accounting package books this part: it is no money of gifts here. Gives its
    payout's id."""
    part = db.session.execute(select(PayoutPart).where(PayoutPart.id == part_id).with_for_update()).scalar_one_or_none()
    if part is None:
        raise NotFound(N_("This payout is not here."))
    payout = _locked(part.payout_id)
    if payout.state is not PayoutState.BOOKED:
        raise Refused(N_("This payout is not booked."))
    if part.outside is outside:
        return payout.id
    if outside:
        if ties(payout.provider, [part])[part.id].verdict not in LEFT_OUTSIDE:
            raise Refused(N_("This is a payment of ours: it is booked here."))
        on = first_open(payout.booked_on or payout.settled_on, set(closed_months()))
        entry = postings.payout_part_elsewhere(
            (PART_SOURCE, part_id), part.cents, on, provider=payout.provider, part=str(new_id())
        )
        ledger.post([entry], actor=actor, now=now)
    else:
        ledger.reverse(source=(PART_SOURCE, part_id), on=local_date(now), actor=actor, now=now)
    part.outside = outside
    paid_out.unmark(payout.provider, [part.provider_id])
    audit.record("payout.part_outside" if outside else "payout.part_taken_back", (SOURCE, payout.id), actor=actor,
                 now=now, changes={"part": part.provider_id or part.said})  # fmt: skip
    return payout.id


LEFT_OUTSIDE = (Verdict.UNKNOWN, Verdict.OTHER)


def _locked(payout_id: int) -> Payout:
    row = db.session.execute(select(Payout).where(Payout.id == payout_id).with_for_update()).scalar_one_or_none()
    if row is None:
        raise NotFound(N_("This payout is not here."))
    return row
