"""What a payment provider must be able to do, and how it says that it could not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from app.base.states import N_, Labelled
from app.payments.states import CheckoutState, PaymentEventKind, Sequence


class ProviderUnsure(Exception):
    """No answer, or none that means anything: it may have happened or not. Ask again later."""


class ProviderRefused(Exception):
    """A definite no: nothing was made. The text is the provider's own, for staff."""


class UnknownPayment(Exception):
    """The provider has no payment with this id."""


@dataclass(frozen=True, slots=True)
class Method:
    """A way to pay as the provider offers it. Amounts in cents; 0 and None mean no bound."""

    id: str
    label: str
    minimum_cents: int = 0
    maximum_cents: int | None = None
    starts_recurring: bool = False  # a first payment with it gives a mandate for later ones

    def takes(self, cents: int) -> bool:
        """Whether one payment may be of this many cents."""
        return self.minimum_cents <= cents and (self.maximum_cents is None or cents <= self.maximum_cents)


@dataclass(frozen=True, slots=True)
class Intent:
    """What we ask a provider to collect. The same intent asked twice must give the same payment."""

    checkout_id: int
    amount_cents: int
    currency: str
    method: str
    description: str
    return_url: str
    webhook_url: str | None
    language: str
    created_at: datetime
    sequence: Sequence = Sequence.ONE_OFF
    customer_key: str | None = None  # of a recurring payment: whose mandate
    mandate_key: str | None = None


@dataclass(frozen=True, slots=True)
class Started:
    """The provider made a payment; the donor pays at `pay_url` (None where nobody has to: a recurring one)."""

    provider_id: str
    pay_url: str | None
    mode: str
    profile: str | None = None
    customer_key: str | None = None


class MandateState(Labelled):
    """What a provider says of a mandate."""

    VALID = "valid", N_("Valid")
    PENDING = "pending", N_("Being checked")
    INVALID = "invalid", N_("Invalid")


@dataclass(frozen=True, slots=True)
class ProviderMandate:
    """A mandate that the provider keeps for one of its customers."""

    key: str
    state: MandateState
    method: str
    holder: str | None = None
    iban: str | None = None


@dataclass(frozen=True, slots=True)
class Movement:
    """Money that went back, by the provider's id. `amount_cents` is positive; `undone` says that
    the refund failed, or that the chargeback was reversed."""

    kind: PaymentEventKind
    provider_id: str
    amount_cents: int
    at: datetime
    undone: bool = False
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """All that a provider says of one payment at one moment."""

    provider: str
    provider_id: str
    state: CheckoutState
    amount_cents: int
    currency: str
    mode: str
    profile: str | None
    method: str | None
    checkout_id: int | None  # from the metadata that we gave along
    is_foreign_mode: bool = False  # not the mode (test, live) of our key
    is_foreign_profile: bool = False  # not the profile of our settings
    paid_at: datetime | None = None
    refunded_cents: int = 0
    charged_back_cents: int = 0
    movements: tuple[Movement, ...] = ()
    fee_cents: int | None = None
    consumer_name: str | None = None
    consumer_iban: str | None = None
    reason: str | None = None
    pay_url: str | None = None
    customer_key: str | None = None
    mandate_key: str | None = None


class Provider(Protocol):
    """One provider. Its methods may take seconds and are called with no transaction open."""

    name: str

    def methods(self) -> list[Method]:
        """What donors can choose from now. Raises ProviderUnsure or ProviderRefused."""

    def instant(self, intent: Intent) -> Started | None:
        """The start of a payment where no call is needed for it, else None."""

    def create(self, intent: Intent) -> Started:
        """Make the payment, or find the one made before. Raises ProviderUnsure, ProviderRefused."""

    def find(self, intent: Intent) -> Started | None:
        """The payment made before for this intent, if any; makes nothing. Raises ProviderUnsure."""

    def fetch(self, provider_id: str) -> Truth:
        """Raises UnknownPayment, ProviderUnsure, ProviderRefused."""

    def refund(self, provider_id: str, amount_cents: int, description: str, key: str) -> str:
        """Send money back; returns the refund's id. `key` makes it happen once. Raises ProviderUnsure,
        ProviderRefused."""

    def find_refund(self, provider_id: str, key: str) -> str | None:
        """The id of the refund made under this key, if any; makes nothing. Raises as `refund` does."""

    def mandates(self, customer_key: str) -> list[ProviderMandate]:
        """What it keeps for this customer. Raises UnknownPayment, ProviderUnsure, ProviderRefused."""
