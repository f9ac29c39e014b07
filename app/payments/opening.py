"""Opening a checkout: the one small row that a post of the donation form writes.

The draft is made outside the transaction (sealing, hashing); the insert inside is all that a
donor waits for. A second post of the same form meets the primary key.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Row, bindparam, select, update

from app.base.actor import PUBLIC
from app.base.errors import Refused
from app.base.events import publish
from app.base.ids import new_id
from app.base.money import Money
from app.base.states import N_
from app.extensions import db
from app.extensions.sql import insert_new, insert_rows
from app.payments.events import CheckoutsPromised
from app.payments.models import Checkout, CheckoutChange
from app.payments.providers.base import Started
from app.payments.providers.registry import BANK, BANK_TRANSFER
from app.payments.states import MOVES, UNPAID, CheckoutState, Sequence
from app.vault.services import blind_index, seal, unseal

FIRST_LOOK = timedelta(minutes=1)
_T = Checkout.__table__
_MOVED = update(_T).where(_T.c.id == bindparam("of"))
_EMPTIED = (
    update(_T)
    .where(_T.c.id.in_(bindparam("ids", expanding=True)))
    .values(details=None, email_lookup=None, failure_key=None)
)
ANOTHER_BODY = N_("This form was already sent with other contents. Check what you filled in and send it again.")


@dataclass(frozen=True, slots=True)
class Draft:
    """A checkout about to be stored, sealed already. `row` holds its columns."""

    id: int
    row: dict[str, Any]

    @property
    def is_transfer(self) -> bool:
        return bool(self.row["method"] == BANK_TRANSFER)


def draft_checkout(
    checkout_id: int,
    *,
    amount: Money,
    method: str,
    provider: str,
    details: Mapping[str, Any],
    language: str,
    now: datetime,
    programme_id: int | None = None,
    campaign_id: int | None = None,
    failure_key: bytes | None = None,
    sequence: Sequence = Sequence.ONE_OFF,
    customer_key: str | None = None,
    mandate_key: str | None = None,
) -> Draft:
    """Seal and hash what a donor posted; call it before `with writing():`.

    `checkout_id` was made with the form and came back in its signed token. `details` is what the
    donor typed (name parts, e-mail, newsletter, …), JSON-able, and nothing that changes by itself:
    together with the amount, method and purpose it makes out whether two posts are the same.

    `sequence` FIRST asks the provider for a customer and a mandate besides the payment, RECURRING
    collects by the mandate given here without anybody paying at a page (DOMAIN.md 3.2).
    """
    plain = json.dumps(dict(details), sort_keys=True, ensure_ascii=False)
    purpose = [amount.cents, amount.currency, method, programme_id, campaign_id, language, plain]
    body = json.dumps([*purpose, sequence, customer_key, mandate_key])
    transfer = method == BANK_TRANSFER
    row = {
        "id": checkout_id,
        "state": CheckoutState.PROMISED if transfer else CheckoutState.OPEN,
        "provider": BANK if transfer else provider,
        "provider_id": None,
        "method": method,
        "amount_cents": amount.cents,
        "currency": amount.currency,
        "programme_id": programme_id,
        "campaign_id": campaign_id,
        "language": language,
        "body_hash": blind_index(body, "checkout body"),
        "details": seal(plain, f"checkout:{checkout_id}"),
        "email_lookup": _email_lookup(str(details.get("email", ""))),
        "failure_key": failure_key,
        "pay_url": None,
        "profile": None,
        "mode": None,
        "sequence": sequence,
        "customer_key": customer_key,
        "mandate_key": mandate_key,
        "attempts": 0,
        "next_check_at": None if transfer else now + FIRST_LOOK,
        "created_at": now,
    }
    return Draft(checkout_id, row)


def with_start(draft: Draft, started: Started) -> Draft:
    """The draft with a payment that needed no call to start, so that one insert tells all."""
    known = {
        "provider_id": started.provider_id,
        "pay_url": started.pay_url,
        "mode": started.mode,
        "profile": started.profile,
        "customer_key": started.customer_key or draft.row["customer_key"],
    }
    return Draft(draft.id, draft.row | known)


def open_checkout(draft: Draft) -> bool:
    """Store the checkout, inside `with writing():`. False if this form was posted before with the
    same contents; Refused if with others. A promised transfer is told to the rooms above at once."""
    made = db.session.connection().execute(_insert(db.engine.dialect.name), draft.row)
    if made.rowcount != 1:
        known = db.session.execute(select(Checkout.body_hash).where(Checkout.id == draft.id)).scalar_one()
        if known != draft.row["body_hash"]:
            raise Refused(ANOTHER_BODY)
        return False
    if draft.is_transfer:
        at = draft.row["created_at"]
        publish(CheckoutsPromised(ids=(draft.id,), actor=PUBLIC, at=at))
        empty_details([draft.id])
    return True


@cache
def _insert(dialect: str) -> Any:
    """Built once for each dialect: a donor waits for this statement."""
    # Without the option PostgreSQL's count of an INSERT is thrown away, and a double post looks new.
    return insert_new(Checkout).execution_options(preserve_rowcount=True)


def empty_details(checkout_ids: list[int]) -> None:
    """Drop what was typed once a gift holds it, so that erasing a supporter finds nothing here."""
    db.session.connection().execute(_EMPTIED, {"ids": checkout_ids})


def empty_unpaid_of(keys: Collection[str]) -> None:
    """Drop what was typed with one of these e-mail addresses (in small letters) in forms that were not paid. Money that
    still comes by such a form is that of an unknown giver."""
    lookups = [_email_lookup(key) for key in keys]
    typed = select(Checkout.id, Checkout.details).where(Checkout.state.in_(UNPAID), Checkout.details.is_not(None))
    theirs = list(db.session.scalars(typed.where(Checkout.email_lookup.in_(lookups)))) if lookups else []
    # Of before there was a lookup: opened one by one, and gone thirty days after that version.
    for checkout_id, details in db.session.execute(typed.where(Checkout.email_lookup.is_(None))).all() if keys else ():
        email = json.loads(unseal(details or b"", f"checkout:{checkout_id}")).get("email", "")
        if str(email).strip().casefold() in keys:
            theirs.append(checkout_id)
    empty_details(theirs)


def _email_lookup(address: str) -> bytes:
    return blind_index(address.strip().casefold(), "checkout email")


def move(checkout: Row[Any] | Checkout, to: CheckoutState, *, by: str, now: datetime, **values: Any) -> None:
    """Move one checkout, locked by the caller, and write its history."""
    MOVES.check(checkout.state, to)
    db.session.connection().execute(_MOVED, {"of": checkout.id, "state": to, "attempts": 0, **values})
    change = {"id": new_id(), "checkout_id": checkout.id, "before": checkout.state, "after": to, "by": by[:80]}
    insert_rows(CheckoutChange, [change | {"at": now}])
