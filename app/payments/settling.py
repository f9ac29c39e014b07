"""Settling: what a provider says becomes what we know, once, whoever asked it.

Webhook, return page and poller all end here, inside one write transaction, with the truth they
fetched before it. Each truth is compared with what we asked for; the difference with what we
know is applied and told to the rooms above. The same truth again, or an older one, changes
nothing.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select, update

from app.base.actor import Actor
from app.base.events import publish
from app.base.ids import new_id
from app.extensions import db
from app.extensions.sql import insert_rows
from app.payments.alerts import tell_problems
from app.payments.events import CheckoutsEnded, CheckoutsPaid
from app.payments.keys import key_of, remember
from app.payments.models import Checkout, Payment, ProviderKey
from app.payments.opening import empty_details, move
from app.payments.providers.base import Truth
from app.payments.returning import apply_returns
from app.payments.schedule import next_look
from app.payments.states import MOVES, CheckoutState, PaymentState, Problem, Sequence
from app.vault.services import seal

# Built once: a rush of webhooks waits for them.
_T, _KEYS = Checkout.__table__, ProviderKey.__table__
_MATCHED = select(_KEYS.c.key, _KEYS.c.row_id).where(_KEYS.c.key.in_(bindparam("keys", expanding=True)))
_LOCKED = (
    select(
        _T.c.id, _T.c.state, _T.c.provider, _T.c.provider_id, _T.c.amount_cents, _T.c.currency, _T.c.mode,
        _T.c.profile, _T.c.method, _T.c.created_at, _T.c.problem, _T.c.paid_at, _T.c.sequence,
    )
    .where(_T.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(_T.c.id)
    .with_for_update()
)  # fmt: skip


@dataclass(slots=True)
class Settled:
    """What a call of `settle` changed. `problems` are news only: what was known is not told again."""

    paid: list[int] = field(default_factory=list)
    ended: list[int] = field(default_factory=list)
    failed: list[int] = field(default_factory=list)
    problems: list[tuple[Truth, Problem]] = field(default_factory=list)


def settle(truths: Iterable[Truth], *, actor: Actor, now: datetime) -> Settled:
    """Apply provider truths, inside `with writing():`. Money enters here and nowhere else."""
    done = Settled()
    by_id = _matched(truths)
    checkouts = _locked(by_id)
    good: dict[int, Truth] = {}
    for checkout_id, about in by_id.items():
        checkout = checkouts.get(checkout_id)
        for truth in about:
            if checkout is None:
                _orphan(truth, done)
            elif (problem := _compare(checkout, truth)) is not None:
                _set_aside(checkout, truth, problem, done, now)
            else:
                _apply(checkout, truth, done, actor, now)
                good[checkout_id] = truth
            if len(about) > 1:
                checkout = _locked({checkout_id: about}).get(checkout_id)
    if done.paid:
        publish(CheckoutsPaid(ids=tuple(done.paid), actor=actor, at=now))
        empty_details(done.paid)
    publish(CheckoutsEnded(ids=tuple(done.ended), actor=actor, at=now))
    apply_returns(good, actor=actor, now=now)
    tell_problems(done.problems, now=now)
    return done


def _matched(truths: Iterable[Truth]) -> dict[int, list[Truth]]:
    """Truths by the checkout that they are about: by the provider's id, else by our metadata."""
    keys = {key_of(t.provider, t.provider_id): t for t in truths}
    known: dict[str, int] = {row.key: row.row_id for row in db.session.execute(_MATCHED, {"keys": list(keys)})}
    by_id: dict[int, list[Truth]] = defaultdict(list)
    for key, truth in keys.items():
        checkout_id = known.get(key, truth.checkout_id)
        if checkout_id is not None:
            by_id[checkout_id].append(truth)
    return dict(sorted(by_id.items()))


def _locked(by_id: Mapping[int, object]) -> dict[int, Any]:
    """The checkouts, in the order of ids so that two settlers never wait for each other."""
    return {row.id: row for row in db.session.execute(_LOCKED, {"ids": list(by_id)})}


def _compare(checkout: Any, truth: Truth) -> Problem | None:
    """Whether this truth is about what we asked for. The provider's id was only a hint."""
    if checkout.provider != truth.provider or (truth.checkout_id is not None and truth.checkout_id != checkout.id):
        return Problem.TWICE
    if truth.currency != checkout.currency:
        return Problem.CURRENCY
    if truth.amount_cents != checkout.amount_cents:
        return Problem.AMOUNT
    if truth.is_foreign_mode or (checkout.mode is not None and truth.mode != checkout.mode):
        return Problem.MODE
    if truth.is_foreign_profile or (checkout.profile is not None and truth.profile != checkout.profile):
        return Problem.PROFILE
    if checkout.provider_id in (None, truth.provider_id) or _is_the_paid_twin(checkout, truth):
        return None
    return Problem.TWICE


def _is_the_paid_twin(checkout: Any, truth: Truth) -> bool:
    """Of two payments the provider made for one checkout, the donor paid the one we did not know."""
    return bool(
        truth.checkout_id == checkout.id
        and truth.state is CheckoutState.PAID
        and checkout.state is not CheckoutState.PAID
    )


def _orphan(truth: Truth, done: Settled) -> None:
    """Our own metadata, but the checkout was erased: money that nobody would otherwise see."""
    if truth.state is CheckoutState.PAID and remember(f"orphan:{key_of(truth.provider, truth.provider_id)}", 0):
        done.problems.append((truth, Problem.ORPHAN))


def _set_aside(checkout: Any, truth: Truth, problem: Problem, done: Settled, now: datetime) -> None:
    """Book nothing, mark the checkout for people and look again later."""
    if problem is Problem.TWICE and truth.state is not CheckoutState.PAID:
        return  # a second payment that nobody paid is no trouble
    if checkout.problem is not problem:
        done.problems.append((truth, problem))
    _update(checkout.id, problem=problem, next_check_at=_next(checkout, now))


def _apply(checkout: Any, truth: Truth, done: Settled, actor: Actor, now: datetime) -> None:
    if checkout.provider_id != truth.provider_id:
        _attach(checkout.id, truth)
    if truth.state is CheckoutState.PROMISED or not MOVES.allows(checkout.state, truth.state):
        _update(checkout.id, next_check_at=_next(checkout, now))
        return
    values: dict[str, Any] = {"reason": truth.reason, "next_check_at": next_look(truth.state, now, now)}
    if truth.state is CheckoutState.PAID:
        values["paid_at"] = truth.paid_at or now
        values |= _mandate_of(checkout, truth)
        _receive(checkout, truth, now)
        done.paid.append(checkout.id)
    elif truth.state is not CheckoutState.PENDING:
        done.ended.append(checkout.id)
        if truth.state is CheckoutState.FAILED:
            done.failed.append(checkout.id)
    move(checkout, truth.state, by=actor.label or actor.kind, now=now, **values)


def _mandate_of(checkout: Any, truth: Truth) -> dict[str, str]:
    """The customer and mandate that a first payment made, where the provider tells them already."""
    if checkout.sequence is not Sequence.FIRST:
        return {}
    told = {"customer_key": truth.customer_key, "mandate_key": truth.mandate_key}
    return {name: value for name, value in told.items() if value}


def _next(checkout: Any, now: datetime) -> datetime | None:
    return next_look(checkout.state, checkout.paid_at or checkout.created_at, now)


def _attach(checkout_id: int, truth: Truth) -> None:
    """The provider's word came before the answer to our own call was stored."""
    _update(checkout_id, provider_id=truth.provider_id, mode=truth.mode, profile=truth.profile, pay_url=truth.pay_url)
    remember(key_of(truth.provider, truth.provider_id), checkout_id)


def _receive(checkout: Any, truth: Truth, now: datetime) -> None:
    payment_id = new_id()
    if not remember(f"paid:{key_of(truth.provider, truth.provider_id)}", payment_id):
        raise RuntimeError(f"checkout {checkout.id}: its payment was received before, its state says otherwise")
    consumer = {"name": truth.consumer_name, "iban": truth.consumer_iban}
    told = {name: value for name, value in consumer.items() if value}
    row = {
        "id": payment_id,
        "checkout_id": checkout.id,
        "state": PaymentState.RECEIVED,
        "provider": truth.provider,
        "provider_id": truth.provider_id,
        "method": truth.method or checkout.method,
        "amount_cents": truth.amount_cents,
        "currency": truth.currency,
        "refunded_cents": 0,
        "charged_back_cents": 0,
        "fee_cents": truth.fee_cents,
        "mode": truth.mode,
        "profile": truth.profile,
        "consumer": seal(json.dumps(told), f"payment:{payment_id}") if told else None,
        "paid_at": truth.paid_at or now,
        "created_at": now,
    }
    insert_rows(Payment, [row])


def _update(checkout_id: int, **values: Any) -> None:
    db.session.execute(
        update(Checkout).where(Checkout.id == checkout_id).values(**values),
        execution_options={"synchronize_session": False},
    )
