"""What payments says to the rooms above it, in the transaction in which it happens."""

from __future__ import annotations

from dataclasses import dataclass

from app.base.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutsPaid(Event):
    """`ids` are checkouts whose money was received: each has one Payment. Afterwards their sealed
    details are emptied, so whoever needs them takes them now (`queries.details_of`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutsPromised(Event):
    """`ids` are checkouts whose donor said to transfer the money. Details are emptied as above."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutsEnded(Event):
    """`ids` are checkouts that ended without money: failed, cancelled or expired. Late money may still follow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentsUndone(Event):
    """`ids` are payments recorded by hand that finance took back; their checkouts are promised again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentsRefunded(Event):
    """`ids` are PaymentEvent rows of kind refund; a negative amount is a refund that failed after all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentsChargedBack(Event):
    """`ids` are PaymentEvent rows of kind chargeback; a negative amount is a chargeback reversed."""
