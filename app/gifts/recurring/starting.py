"""How a recurring gift begins: with a first payment that makes a mandate, or with a mandate of our own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, insert, select

from app.audit import services as audit
from app.base.actor import Actor
from app.base.dates import local_date
from app.base.errors import Invalid
from app.base.events import on
from app.base.ids import new_id
from app.base.states import N_
from app.direct_debit import collections, mandates
from app.direct_debit.models import Mandate
from app.direct_debit.states import MandateState
from app.extensions import db
from app.extensions.sql import insert_new
from app.gifts import from_checkouts
from app.gifts.models import Gift
from app.gifts.recurring import schedule
from app.gifts.recurring.history import Change, tell
from app.gifts.recurring.models import Commitment, CommitmentAmount, CommitmentChange
from app.gifts.recurring.states import ONCE, ChangeKind, CommitmentState, Frequency
from app.organisation.queries import profile
from app.payments.events import CheckoutsPaid
from app.payments.models import Checkout
from app.payments.queries import CheckoutFacts, facts_of
from app.payments.states import Sequence as PaymentSequence

_FIRSTS = select(Checkout.id).where(
    Checkout.id.in_(bindparam("ids", expanding=True)), Checkout.sequence == PaymentSequence.FIRST
)
_QUIETLY = {"synchronize_session": False}
assert from_checkouts  # its handler comes first: a commitment needs the gift's supporter


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCommitment:
    """A recurring gift to begin. `paid` says that an instalment came in on `started_on` already.

    One that ran elsewhere before is due on `next_on` here; `last_on` is the day of its last instalment there.
    """

    supporter_id: int
    mandate_id: int
    frequency: Frequency
    day: int
    cents: int
    started_on: date
    source: str
    language: str
    paid: bool
    id: int
    programme_id: int | None = None
    campaign_id: int | None = None
    next_on: date | None = None
    last_on: date | None = None


@on(CheckoutsPaid)
def paid(event: CheckoutsPaid) -> None:
    """A first payment came in: its mandate is kept and the commitment begins, once however often it is told."""
    begun = db.session.execute(_FIRSTS, {"ids": event.ids}).scalars()
    firsts = [f for f in facts_of(begun) if frequency_of(f.details) and f.customer_key]
    if not firsts:
        return
    givers: dict[int, int] = dict(
        db.session.execute(select(Gift.id, Gift.supporter_id).where(Gift.id.in_([f.id for f in firsts]))).all()
    )
    ids = mandates.keep_from_provider([mandate_of(f, givers[f.id]) for f in firsts], actor=event.actor, now=event.at)
    begin(
        [_commitment(f, givers[f.id], mandate_id) for f, mandate_id in zip(firsts, ids, strict=True)],
        actor=event.actor, now=event.at,
    )  # fmt: skip


def frequency_of(details: dict[str, Any]) -> Frequency | None:
    """How often, by what a form said; None for once."""
    said = str(details.get("frequency", ONCE))
    return None if said == ONCE else Frequency(said)


def mandate_of(f: CheckoutFacts, supporter_id: int) -> mandates.ProviderMandateDraft:
    """The mandate that this paid first payment made at the provider."""
    return mandates.ProviderMandateDraft(
        supporter_id=supporter_id, provider=f.provider, customer_key=f.customer_key or "", mandate_key=f.mandate_key,
        signed_on=local_date(f.paid_at or f.created_at), language=f.language, iban=f.consumer.get("iban"),
        holder=f.consumer.get("name"),
    )  # fmt: skip


def _commitment(f: CheckoutFacts, supporter_id: int, mandate_id: int) -> NewCommitment:
    started_on = local_date(f.paid_at or f.created_at)
    return NewCommitment(
        id=f.id, supporter_id=supporter_id, mandate_id=mandate_id, frequency=Frequency(f.details["frequency"]),
        day=int(f.details.get("day") or started_on.day), cents=f.amount_cents, started_on=started_on,
        source=str(f.details.get("source", ""))[:30], language=f.language, paid=True,
        programme_id=f.programme_id, campaign_id=f.campaign_id,
    )  # fmt: skip


def begin(drafts: Sequence[NewCommitment], *, actor: Actor, now: datetime) -> list[int]:
    """Begin recurring gifts, inside `with writing():`; the ids of those that were not there before.
    Raises Invalid for a day or an amount that cannot be."""
    for draft in drafts:
        if not 1 <= draft.day <= 31:
            raise Invalid(N_("Choose a day from 1 to 31."), field="day")
        if draft.cents <= 0:
            raise Invalid(N_("The amount must be more than zero."), field="amount")
    usable = select(Mandate.id).where(
        Mandate.id.in_([d.mandate_id for d in drafts]), Mandate.state == MandateState.ACTIVE
    )
    active = set(db.session.execute(usable).scalars())
    rows = [_row(draft, draft.mandate_id in active, now) for draft in drafts]
    made = set(db.session.execute(insert_new(Commitment).returning(Commitment.__table__.c.id), rows).scalars())
    new = [draft for draft in drafts if draft.id in made]
    if not new:
        return []
    amounts = [
        {"id": new_id(), "commitment_id": d.id, "from_on": d.started_on, "cents": d.cents, "created_at": now}
        for d in new
    ]
    db.session.execute(insert(CommitmentAmount.__table__), amounts)
    # The instalment that was paid takes its period: nothing else is ever collected for it.
    paid = [(d.id, d.started_on) for d in new if d.paid] + [(d.id, d.last_on) for d in new if d.last_on]
    collections.take_periods([(row_id, schedule.period_of(on)) for row_id, on in paid])
    tell(
        [
            Change(d.id, ChangeKind.STARTED, None, _state(d.mandate_id in active), d.started_on, d.cents)
            for d in new
        ],
        actor=actor, now=now,
    )  # fmt: skip
    audit.record_many(
        [
            audit.Trace(action="commitment.started", subject=("commitment", d.id), changes={"cents": [None, d.cents]})
            for d in new
        ],
        actor=actor,
        now=now,
    )
    return [d.id for d in new]


def forget(ids: Sequence[int]) -> None:
    """Take recurring gifts out again with which nothing was ever done, inside `with writing():`: the caller looked."""
    for start in range(0, len(ids), 500):
        some = list(ids[start : start + 500])
        collections.free_periods(some)
        for model in (CommitmentChange, CommitmentAmount):
            db.session.execute(delete(model).where(model.commitment_id.in_(some)), execution_options=_QUIETLY)
        db.session.execute(delete(Commitment).where(Commitment.id.in_(some)), execution_options=_QUIETLY)


def _state(has_mandate: bool) -> CommitmentState:
    return CommitmentState.ACTIVE if has_mandate else CommitmentState.PENDING


def _row(draft: NewCommitment, active: bool, now: datetime) -> dict[str, Any]:
    not_before = None
    if draft.next_on:
        due = draft.next_on
    elif draft.paid:
        due = schedule.first_due(draft.started_on, draft.frequency, draft.day)
        # A day soon after the first payment comes too soon to be told of in time; a day more is for telling it.
        not_before = draft.started_on + timedelta(days=profile().notice_days + 1)
    else:
        due = schedule.due_in(draft.started_on, draft.day)
        # The day itself next month, also for who gives once a year.
        due = due if due >= draft.started_on else schedule.following(due, Frequency.MONTHLY, draft.day)
    return {
        "id": draft.id, "supporter_id": draft.supporter_id, "programme_id": draft.programme_id,
        "campaign_id": draft.campaign_id, "mandate_id": draft.mandate_id,
        "state": _state(active), "frequency": draft.frequency,
        "day": draft.day, "started_on": draft.started_on, "next_on": due,
        "collect_on": schedule.collect_day(due, not_before), "source": draft.source, "language": draft.language,
        "created_at": now,
    }  # fmt: skip
