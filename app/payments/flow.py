"""The whole way of a checkout, calls to the provider included. Nothing here runs inside a transaction.

`begin` takes a donation form post and answers where the donor goes. `reach` brings checkouts up
to the provider's truth: the return page, the webhook and the poller use it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, func, select, update

from app.base.actor import Actor, system
from app.base.events import publish
from app.base.references import code_of
from app.extensions import db, settings, writing
from app.organisation.queries import profile
from app.payments import defence
from app.payments.events import CheckoutsEnded
from app.payments.keys import key_of, remember
from app.payments.models import Checkout
from app.payments.opening import Draft, move, open_checkout, with_start
from app.payments.providers.base import (
    Intent,
    Provider,
    ProviderRefused,
    ProviderUnsure,
    Started,
    Truth,
    UnknownPayment,
)
from app.payments.providers.registry import provider
from app.payments.returns import return_path, return_url
from app.payments.settling import Settled, settle
from app.payments.states import CheckoutState

# Mollie remembers an idempotency key for an hour; after this nothing is created any more.
CREATE_WITHIN = timedelta(minutes=50)
PATIENCE = 8.0  # seconds that a double submit waits for the first one's answer
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Begun:
    """Where the donor goes now. `sure` is False where the provider did not answer (in time): the
    return page then says so, and we go on trying without ever asking for a second payment."""

    url: str
    sure: bool = True


def begin(draft: Draft, *, now: datetime, alongside: Callable[[], None] | None = None) -> Begun:
    """Store the checkout and start its payment. Posting the same form again, also at the same time,
    gives the same answer. Raises Refused (same form, other contents) and TooMany (card testing).
    `alongside` changes what belongs with a new checkout in its transaction; what it raises undoes both."""
    row = draft.row
    back = Begun(return_path(draft.id, row["language"]))
    chosen = provider(row["provider"])
    if chosen is None:
        with writing():
            open_checkout(draft)
        return back
    intent = _intent(row)
    started = chosen.instant(intent)
    if started:
        draft = with_start(draft, started)
    with writing():
        defence.check(row["failure_key"], row["method"], row["campaign_id"], checkout_id=draft.id, at=now)
        new = open_checkout(draft)
        if new and alongside:
            alongside()
    if not new:
        return _begun_before(draft)
    if started:
        return Begun(started.pay_url or back.url)
    return _call(chosen, intent, now) or Begun(back.url, sure=False)


def _begun_before(draft: Draft) -> Begun:
    """Another post of this form came first: wait for what it hears, no longer than a page may take."""
    back = return_path(draft.id, draft.row["language"])
    until, pause = time.monotonic() + PATIENCE, 0.05
    while True:
        seen = db.session.execute(
            select(Checkout.state, Checkout.pay_url, Checkout.attempts).where(Checkout.id == draft.id)
        ).first()
        db.session.rollback()  # whoever waits keeps no connection: the first post needs one to go on
        if seen is None or seen.state is not CheckoutState.OPEN:
            return Begun(back)
        if seen.pay_url:
            return Begun(seen.pay_url)
        if seen.attempts or time.monotonic() > until:
            return Begun(back, sure=False)
        time.sleep(pause)
        pause = min(pause * 1.5, 0.5)


def _intent(row: Any) -> Intent:
    """What we ask the provider for; made of stored facts alone, so that asking again is the same ask.

    The description is what the donor reads on the bank statement: discreet, and unique by its code.
    """
    name = profile().statement_descriptor
    public = settings().public_url
    intent = Intent(
        checkout_id=row["id"],
        amount_cents=row["amount_cents"],
        currency=row["currency"],
        method=row["method"],
        description=f"{name} {code_of(row['id'])}".strip(),
        return_url=return_url(row["id"], row["language"]),
        webhook_url=f"{public}/webhooks/mollie",
        language=row["language"],
        created_at=row["created_at"],
        sequence=row["sequence"],
        customer_key=row["customer_key"],
        mandate_key=row["mandate_key"],
    )
    db.session.rollback()  # no transaction stays open while the provider is asked
    return intent


def _call(chosen: Provider, intent: Intent, now: datetime) -> Begun | None:
    """Ask for the payment and store the answer. None when there was no answer we can trust."""
    back = return_path(intent.checkout_id, intent.language)
    try:
        started = chosen.create(intent)
    except ProviderUnsure as error:
        log.warning("checkout %d: no sure answer to create: %s", intent.checkout_id, error)
        with writing():
            _postpone(intent.checkout_id, now + timedelta(seconds=15))
        return None
    except ProviderRefused as error:
        log.warning("checkout %d: refused by %s: %s", intent.checkout_id, chosen.name, error)
        with writing():
            _refuse(intent.checkout_id, str(error), by=chosen.name, now=now)
        return Begun(back)
    with writing():
        _store_start(intent.checkout_id, chosen.name, started, now)
    return Begun(started.pay_url or back)


def _locked(checkout_id: int) -> Any:
    columns = (Checkout.id, Checkout.state, Checkout.provider_id)
    return db.session.execute(select(*columns).where(Checkout.id == checkout_id).with_for_update()).first()


def _refuse(checkout_id: int, reason: str, *, by: str, now: datetime) -> None:
    row = _locked(checkout_id)
    if row is not None and row.state is CheckoutState.OPEN and row.provider_id is None:
        move(row, CheckoutState.FAILED, by=by, now=now, reason=reason[:300], next_check_at=None)
        publish(CheckoutsEnded(ids=(checkout_id,), actor=system(by), at=now))


_T = Checkout.__table__
# Built once: a donor waits for it.
_FIRST_ANSWER = (
    update(_T)
    .where(_T.c.id == bindparam("of"), _T.c.provider_id.is_(None))
    .values(
        provider_id=bindparam("payment"), pay_url=bindparam("url"), mode=bindparam("made_in"),
        profile=bindparam("by_profile"), next_check_at=bindparam("look_at"), attempts=0,
        customer_key=func.coalesce(bindparam("customer"), _T.c.customer_key),
    )
)  # fmt: skip


def _store_start(checkout_id: int, name: str, started: Started, now: datetime) -> None:
    """Keep what the provider made. Whoever hears it first stores it; later ones renew the address alone."""
    told = {
        "of": checkout_id, "payment": started.provider_id, "url": started.pay_url, "made_in": started.mode,
        "by_profile": started.profile, "look_at": now + timedelta(minutes=1), "customer": started.customer_key,
    }  # fmt: skip
    if not db.session.connection().execute(_FIRST_ANSWER, told).rowcount:
        if _locked(checkout_id) is None:
            return
        _set(checkout_id, pay_url=started.pay_url)
    remember(key_of(name, started.provider_id), checkout_id)


def _postpone(checkout_id: int, until: datetime) -> None:
    _set(checkout_id, attempts=Checkout.attempts + 1, next_check_at=until)


def _set(checkout_id: int, **values: Any) -> None:
    db.session.execute(
        update(Checkout).where(Checkout.id == checkout_id).values(**values),
        execution_options={"synchronize_session": False},
    )


@dataclass(slots=True)
class Reached:
    """How far `reach` came. `unsure` are checkouts whose provider gave no answer."""

    settled: Settled
    unsure: list[int]


def reach(checkout_ids: Iterable[int], *, actor: Actor, now: datetime) -> Reached:
    """Ask the provider for the truth about these checkouts and settle it."""
    db.session.rollback()
    rows = db.session.execute(select(Checkout.__table__).where(Checkout.id.in_(list(checkout_ids)))).all()
    db.session.rollback()
    truths: list[Truth] = []
    unsure: list[int] = []
    for row in rows:
        source = provider(row.provider)
        if source is None:
            continue
        try:
            truth = _ask(source, row, now)
        except (ProviderUnsure, ProviderRefused) as error:
            log.warning("checkout %d: %s gave no answer: %s", row.id, row.provider, error)
            unsure.append(row.id)
        else:
            truths += [truth] if truth else []
    db.session.rollback()
    settled = apply_truths(lambda: truths, actor=actor, now=now) if truths else Settled()
    return Reached(settled, unsure)


def apply_truths(take: Callable[[], list[Truth]], *, actor: Actor, now: datetime) -> Settled:
    """Settle in a transaction of its own what is taken once it is open; afterwards count what failed against card
    testing."""
    with writing():
        settled = settle(take(), actor=actor, now=now)
    defence.count(settled.failed)
    return settled


def _ask(source: Provider, row: Any, now: datetime) -> Truth | None:
    if row.provider_id is not None:
        try:
            return source.fetch(row.provider_id)
        except UnknownPayment:
            raise ProviderUnsure(f"{row.provider} does not know {row.provider_id}") from None
    if row.state is not CheckoutState.OPEN:
        return None
    intent = _intent(row._mapping)
    if now - row.created_at < CREATE_WITHIN:
        _call(source, intent, now)
        return None
    found = source.find(intent)
    with writing():
        if found:
            _store_start(row.id, source.name, found, now)
        elif (checkout := _locked(row.id)) and checkout.provider_id is None and checkout.state is CheckoutState.OPEN:
            move(checkout, CheckoutState.EXPIRED, by=source.name, now=now, next_check_at=None)
            publish(CheckoutsEnded(ids=(row.id,), actor=system(source.name), at=now))
    return source.fetch(found.provider_id) if found else None
