"""Checkouts as a donation form makes them."""

from __future__ import annotations

from typing import Any

from app.base.actor import system
from app.base.ids import new_id
from app.base.money import Money
from app.extensions import now, settings, writing
from app.payments.flow import Begun, begin, reach
from app.payments.opening import Draft, draft_checkout
from app.payments.providers.demo import DemoOutcome, decide

DETAILS = {"first_name": "Noor", "infix": "van", "last_name": "Dijk", "email": "noor@example.org", "newsletter": False}


def make_draft(checkout_id: int | None = None, *, cents: int = 2500, method: str = "ideal", **changes: Any) -> Draft:
    """A draft as the donation form would make it."""
    given: dict[str, Any] = {"details": DETAILS, "language": "nl", "provider": settings().payment_provider}
    return draft_checkout(
        new_id() if checkout_id is None else checkout_id,
        amount=Money(cents),
        method=method,
        now=now(),
        **(given | changes),
    )


def post_checkout(checkout_id: int | None = None, **changes: Any) -> tuple[int, Begun]:
    """Post the form: the id of the checkout and where the donor goes."""
    draft = make_draft(checkout_id, **changes)
    return draft.id, begin(draft, now=now())


def paid_checkout(**changes: Any) -> int:
    """A checkout that was paid at the demo bank."""
    checkout_id, _ = post_checkout(**changes)
    outcome(checkout_id, DemoOutcome.PAID)
    return checkout_id


def outcome(checkout_id: int, what: DemoOutcome) -> None:
    """Click an outcome at the demo bank and hear of it."""
    with writing():
        decide(checkout_id, what, at=now())
    reach([checkout_id], actor=system("test"), now=now())
