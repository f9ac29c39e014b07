"""Checkouts and gifts as the public form makes them, through the services."""

from __future__ import annotations

from typing import Any

from app.base.actor import SYSTEM
from app.base.ids import new_id
from app.base.money import Money
from app.extensions import now, writing
from app.payments import services as payments
from app.payments.providers.demo import DemoOutcome, decide

DETAILS = {
    "first_name": "Anna", "infix": "van den", "last_name": "Berg", "email": "anna@example.org",
    "newsletter": False, "source": "steun-ons",
}  # fmt: skip


def start_checkout(cents: int = 2500, method: str = "ideal", *, language: str = "nl", **details: Any) -> int:
    """A form sent; the donor is at the bank, or promised to transfer."""
    checkout_id = new_id()
    programme_id = details.pop("programme_id", None)
    draft = payments.draft_checkout(
        checkout_id, amount=Money(cents), method=method, provider="demo", details=DETAILS | details,
        language=language, now=now(), programme_id=programme_id,
    )  # fmt: skip
    payments.begin(draft, now=now())
    return checkout_id


def click(checkout_id: int, outcome: DemoOutcome) -> None:
    """What the donor clicks at the demo bank, and what we then hear."""
    with writing():
        decide(checkout_id, outcome, at=now())
    payments.reach([checkout_id], actor=SYSTEM, now=now())


def paid_gift(cents: int = 2500, **details: Any) -> int:
    """A gift paid through the demo bank; its id."""
    checkout_id = start_checkout(cents, **details)
    click(checkout_id, DemoOutcome.PAID)
    return checkout_id


def promised_gift(cents: int = 5000, **details: Any) -> int:
    return start_checkout(cents, "bank_transfer", **details)
