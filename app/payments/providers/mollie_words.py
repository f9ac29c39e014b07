"""Mollie's words in ours: statuses, amounts, refunds and chargebacks of a fetched payment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from app.base.money import Money
from app.payments.providers.base import Movement, ProviderUnsure, Truth
from app.payments.states import CheckoutState, PaymentEventKind

_S = CheckoutState
STATES = {
    "open": _S.OPEN,
    "pending": _S.PENDING,
    "authorized": _S.PENDING,
    "paid": _S.PAID,
    "failed": _S.FAILED,
    "canceled": _S.CANCELED,
    "expired": _S.EXPIRED,
}
_REFUND_ENDED = ("failed", "canceled")
_CONSUMER_NAMES = ("consumerName", "cardHolder")


def instant_of(text: str) -> datetime:
    """`2026-11-20T09:13:37+00:00` or `…37.0Z`."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def cents_of(amount: Mapping[str, str] | None, currency: str) -> int:
    """An amount that must be in the payment's currency; nothing is 0."""
    if not amount:
        return 0
    money = Money.from_value(amount["value"], amount["currency"])
    if money and money.currency != currency:
        raise ValueError("an amount in another currency than the payment")
    return money.cents


def truth_of(
    payment: Mapping[str, Any],
    movements: tuple[Movement, ...],
    checkout_id: int | None,
    *,
    our_profile: str | None,
    our_mode: str,
) -> Truth:
    """All that the payment says. A status we do not know is no answer."""
    status = payment["status"]
    if status not in STATES:
        raise ProviderUnsure(f"unknown status {status!r}")
    amount = Money.from_value(payment["amount"]["value"], payment["amount"]["currency"])
    details = payment.get("details") or {}
    links = payment.get("_links") or {}
    mode, profile = str(payment["mode"]), payment.get("profileId")
    return Truth(
        provider="mollie",
        provider_id=payment["id"],
        state=STATES[status],
        amount_cents=amount.cents,
        currency=amount.currency,
        mode=mode,
        profile=profile,
        is_foreign_mode=mode != our_mode,
        is_foreign_profile=our_profile is not None and profile != our_profile,
        method=payment.get("method"),
        checkout_id=checkout_id,
        paid_at=instant_of(payment["paidAt"]) if payment.get("paidAt") else None,
        refunded_cents=cents_of(payment.get("amountRefunded"), amount.currency),
        charged_back_cents=cents_of(payment.get("amountChargedBack"), amount.currency),
        movements=movements,
        reason=_reason(details),
        pay_url=(links.get("checkout") or {}).get("href"),
        customer_key=payment.get("customerId"),
        mandate_key=payment.get("mandateId"),
        consumer_name=next((str(details[n])[:200] for n in _CONSUMER_NAMES if details.get(n)), None),
        consumer_iban=str(details["consumerAccount"])[:40] if details.get("consumerAccount") else None,
    )


def _reason(details: Mapping[str, Any]) -> str | None:
    words = [str(details[n]) for n in ("failureReason", "bankReasonCode", "bankReason") if details.get(n)]
    return " ".join(words)[:300] or None


def movements_of(payment: Any, listed: Callable[[Any], list[Mapping[str, Any]]]) -> tuple[Movement, ...]:
    """Refunds and chargebacks, asked for only where the payment says that there are any."""
    links = payment.get("_links") or {}
    currency = payment["amount"]["currency"]
    found: list[Movement] = []
    if links.get("refunds") or cents_of(payment.get("amountRefunded"), currency):
        found += [_refund(each, currency) for each in listed(payment.refunds)]
    if links.get("chargebacks") or cents_of(payment.get("amountChargedBack"), currency):
        found += [_chargeback(each, currency) for each in listed(payment.chargebacks)]
    return tuple(found)


def _refund(refund: Mapping[str, Any], currency: str) -> Movement:
    return Movement(
        PaymentEventKind.REFUND,
        str(refund["id"]),
        cents_of(refund["amount"], currency),
        instant_of(refund["createdAt"]),
        undone=refund.get("status") in _REFUND_ENDED,
        reason=str(refund.get("description") or "")[:200] or None,
    )


def _chargeback(chargeback: Mapping[str, Any], currency: str) -> Movement:
    reason = chargeback.get("reason") or {}
    words = " ".join(str(reason[n]) for n in ("code", "description") if reason.get(n))
    return Movement(
        PaymentEventKind.CHARGEBACK,
        str(chargeback["id"]),
        cents_of(chargeback["amount"], currency),
        instant_of(chargeback["createdAt"]),
        undone=bool(chargeback.get("reversedAt")),
        reason=words[:200] or None,
    )
