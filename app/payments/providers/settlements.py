"""What a provider says of its payouts to us: each with its payments, refunds, chargebacks and costs.

Mollie tells of them to an organisation token only, never to the key of a profile (DOMAIN.md 3.2). A payout
is known by its reference (`1234567.2404.03`), which the bank line carries too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from app.base.money import EUR, Money
from app.base.states import N_, Labelled
from app.extensions import settings
from app.payments.providers.base import ProviderUnsure
from app.payments.providers.caller import Caller
from app.payments.providers.mollie_calls import call, client
from app.payments.providers.mollie_words import instant_of
from config import Settings

REFERENCE = re.compile(r"\b\d{4,12}\.\d{4}\.\d{2,4}\b", re.ASCII)
_PAID_OUT = "paidout"
_PAGE = 250
_MOST_PAGES = 400  # of one list: 100,000 payments


class PartKind(Labelled):
    PAYMENT = "payment", N_("Payment")
    REFUND = "refund", N_("Refund")
    CHARGEBACK = "chargeback", N_("Chargeback")
    OTHER = "other", N_("Something else")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One amount in a payout: signed cents, positive where it raised the payout. `payment_key` is the payment
    that a refund or chargeback is of, where the provider says so."""

    kind: PartKind
    provider_id: str
    cents: int
    at: datetime
    payment_key: str = ""
    said: str = ""  # of something else: what the provider calls it


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """A payout. `net_cents` goes to our bank; `fee_cents` (positive, VAT included) were withheld from it."""

    provider: str
    reference: str
    settled_at: datetime
    net_cents: int
    fee_cents: int
    fee_vat_cents: int | None = None  # of the fees, where the provider says so
    provider_id: str = ""
    parts: tuple[Part, ...] = field(default=())


class MollieSettlements:
    """Reads settlements with an organisation token. Its methods call out: no transaction may be open."""

    def __init__(self, config: Settings) -> None:
        self._url, self._token = config.mollie_api_url, config.mollie_organisation_token
        self._caller = Caller(self._client)

    def _client(self) -> Any:
        made = client(self._url)
        made.set_access_token(self._token)
        return made

    def paid_out(self, wanted: Callable[[str], bool], since: datetime) -> Iterator[Settlement]:
        """What was paid out since, newest first: those whose reference is wanted, each asked for with all its parts.

        Raises ProviderUnsure, ProviderRefused.
        """
        for row in self._rows(lambda made: made.settlements.list(limit=50), "settlements"):
            if instant_of(row["createdAt"]) < since:
                return
            known = row.get("status") == _PAID_OUT and row["amount"]["currency"] == EUR
            if known and wanted(str(row["reference"])):
                yield self._settlement(row)

    def _settlement(self, row: Mapping[str, Any]) -> Settlement:
        parts: list[Part] = []
        for name, kind in _LISTS:

            def listed(made: Any, name: str = name) -> Any:
                return getattr(made.settlements.get(row["id"]), name).list(limit=_PAGE)

            parts += [_part(kind, each) for each in self._rows(listed, name)]
        fee, vat = _costs(row)
        return Settlement(
            provider="mollie", provider_id=str(row["id"]), reference=str(row["reference"]),
            settled_at=instant_of(row.get("settledAt") or row["createdAt"]), net_cents=_cents(row["amount"]),
            fee_cents=fee, fee_vat_cents=vat, parts=tuple(parts),
        )  # fmt: skip

    def _rows(self, first: Callable[[Any], Any], name: str) -> Iterator[Mapping[str, Any]]:
        """All rows of a list, a call for each page. What makes no sense is no answer."""
        page = call(self._caller, first)
        for _ in range(_MOST_PAGES):
            try:
                yield from page["_embedded"][name]
                more = page.has_next()
            except (KeyError, TypeError, ValueError, AttributeError) as problem:
                raise ProviderUnsure(f"an answer that makes no sense: {problem!r}"[:200]) from None
            if not more:
                return
            page = call(self._caller, lambda _, page=page: page.get_next())  # type: ignore[misc]
        raise ProviderUnsure("a list without an end")


_LISTS = (("payments", PartKind.PAYMENT), ("refunds", PartKind.REFUND), ("chargebacks", PartKind.CHARGEBACK))


def source() -> MollieSettlements | None:
    """Who tells of payouts; None without a token for it."""
    config = settings()
    return MollieSettlements(config) if config.mollie_organisation_token else None


def _part(kind: PartKind, row: Mapping[str, Any]) -> Part:
    """Refunds and chargebacks come with and without a minus sign: their kind says which way they go. A chargeback
    that was reversed counts as it is settled."""
    cents = abs(_cents(row.get("settlementAmount") or row["amount"]))
    return Part(
        kind=kind, provider_id=str(row["id"]), cents=cents if kind is PartKind.PAYMENT else -cents,
        at=instant_of(row.get("paidAt") or row["createdAt"]),
        payment_key="" if kind is PartKind.PAYMENT else str(row.get("paymentId") or ""),
    )  # fmt: skip


def _cents(amount: Mapping[str, str]) -> int:
    if amount["currency"] != EUR:
        raise ProviderUnsure("a settlement in another currency than euros")
    return Money.from_value(amount["value"], amount["currency"]).cents


def _costs(row: Mapping[str, Any]) -> tuple[int, int | None]:
    """Withheld costs in cents, VAT included, and that VAT. Mollie counts in four decimals: only the sum is rounded."""
    gross, vat, told = Decimal(0), Decimal(0), False
    for months in (row.get("periods") or {}).values():
        for month in months.values():
            for cost in month.get("costs") or ():
                gross += Decimal(cost["amountGross"]["value"])
                if cost.get("amountVat"):
                    vat, told = vat + Decimal(cost["amountVat"]["value"]), True
    return _rounded(gross), _rounded(vat) if told else None


def _rounded(euros: Decimal) -> int:
    return int((euros * 100).quantize(Decimal(1), ROUND_HALF_UP))
