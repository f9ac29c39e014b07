"""Mollie, by its official client (DOMAIN.md 3). Loaded on first use: it is large.

An answer is believed only when it is complete: what cannot be read is no answer. Money is parsed
strictly; `is_paid()` of the client stays true after a refund, so states and amounts are compared.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, TypeVar
from urllib.parse import urlsplit

from app.base.money import Money
from app.payments.providers.base import (
    Intent,
    MandateState,
    Method,
    ProviderMandate,
    ProviderRefused,
    ProviderUnsure,
    Started,
    Truth,
    UnknownPayment,
)
from app.payments.providers.caller import Caller
from app.payments.providers.mollie_calls import call, client
from app.payments.providers.mollie_words import instant_of, movements_of, truth_of
from app.payments.states import Sequence
from config import Settings

PAYMENT_ID = re.compile(r"tr_[A-Za-z0-9]{4,60}")
_LOCALES = {"nl": "nl_NL", "en": "en_GB"}
_LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")
_PAGES = 8  # of 250 payments each, when looking for one whose id we never heard
T = TypeVar("T")


class MollieProvider:
    name = "mollie"

    def __init__(self, config: Settings) -> None:
        self._key = config.mollie_api_key
        self._url = config.mollie_api_url
        self._profile = config.mollie_profile_id or None
        self._mode = self._key.partition("_")[0]
        self._caller = Caller(self._client, config.threads)
        # Mollie refuses a webhook on an address that it cannot reach; a server of our own does not.
        ours = urlsplit(config.public_url).hostname in _LOCAL_HOSTS
        self._webhooks = not (ours and urlsplit(self._url).hostname not in _LOCAL_HOSTS)

    def _client(self) -> Any:
        made = client(self._url)
        made.set_api_key(self._key)
        return made

    def _call(self, ask: Callable[[Any], T]) -> T:
        return call(self._caller, ask)

    def methods(self) -> list[Method]:
        """The methods that are switched on at Mollie, in its order, with its own names for them."""

        def ask(client: Any) -> list[Method]:
            listed = client.methods.list(sequenceType="oneoff", locale="nl_NL")
            first = client.methods.list(sequenceType="first", locale="nl_NL")
            starting = {str(m["id"]) for m in first["_embedded"]["methods"]}
            return [
                Method(
                    str(m["id"]),
                    str(m["description"]),
                    _cents(m.get("minimumAmount")) or 0,
                    _cents(m.get("maximumAmount")),
                    starts_recurring=str(m["id"]) in starting,
                )
                for m in listed["_embedded"]["methods"]
            ]

        return [m for m in self._call(ask) if re.fullmatch(r"[a-z0-9_]{2,40}", m.id)]

    def instant(self, intent: Intent) -> Started | None:
        return None

    def create(self, intent: Intent) -> Started:
        """Ask for a payment under the checkout's own key: for an hour, asking again gives the same one."""
        data: dict[str, Any] = {
            "amount": {"currency": intent.currency, "value": Money(intent.amount_cents).value},
            "description": intent.description,
            "metadata": {"checkout_id": str(intent.checkout_id)},
        }
        if intent.sequence is Sequence.RECURRING:  # executed at once, by the mandate: nobody goes to a page
            data |= {"sequenceType": "recurring", "customerId": intent.customer_key, "mandateId": intent.mandate_key}
        else:
            locale = _LOCALES.get(intent.language, "nl_NL")
            data |= {"redirectUrl": intent.return_url, "method": intent.method, "locale": locale}
        if intent.webhook_url and self._webhooks:
            data["webhookUrl"] = intent.webhook_url
        key = f"checkout-{intent.checkout_id}"
        try:
            return self._call(lambda client: self._made(client, intent, data, key))
        except UnknownPayment:
            raise ProviderRefused("404 Not Found") from None
        except ProviderRefused as refused:
            if not str(refused).startswith("400"):
                raise
            # "Key already used": a setting changed between two tries. The first try may have worked.
            if found := self.find(intent):
                return found
            raise

    @staticmethod
    def _made(client: Any, intent: Intent, data: dict[str, Any], key: str) -> Started:
        """The payment, and before a first one its customer: both under keys of the checkout's own.

        Mollie is told no name: the mandate takes it from the bank that pays.
        """
        if intent.sequence is Sequence.FIRST:
            customer = client.customers.create({"metadata": data["metadata"]}, idempotency_key=f"customer-{key}")
            data = data | {"sequenceType": "first", "customerId": str(customer["id"])}
        return _started(client.payments.create(data, idempotency_key=key))

    def mandates(self, customer_key: str) -> list[ProviderMandate]:
        """The customer's mandates, newest first."""

        def ask(client: Any) -> list[ProviderMandate]:
            listed = client.customers.get(customer_key).mandates.list()
            return [_mandate(each) for each in listed["_embedded"]["mandates"]]

        return self._call(ask)

    def find(self, intent: Intent) -> Started | None:
        """Look for the payment among those made since; Mollie lists the newest first."""
        since = intent.created_at - timedelta(minutes=5)

        def ask(client: Any) -> Started | None:
            page = client.payments.list(limit=250)
            for _ in range(_PAGES):
                for payment in page["_embedded"]["payments"]:
                    if _checkout_id(payment) == intent.checkout_id:
                        return _started(payment)
                    if instant_of(payment["createdAt"]) < since:
                        return None
                if not page.has_next():
                    return None
                page = page.get_next()
            raise ProviderUnsure("too many payments to look through")

        return self._call(ask)

    def fetch(self, provider_id: str) -> Truth:
        """The payment, with its refunds and chargebacks where there are any."""
        if not PAYMENT_ID.fullmatch(provider_id):
            raise UnknownPayment(provider_id)
        return self._call(lambda client: self._truth(client, provider_id))

    def _truth(self, client: Any, provider_id: str) -> Truth:
        payment = client.payments.get(provider_id)
        if payment["id"] != provider_id:
            raise ProviderUnsure("an answer about another payment")
        movements = movements_of(payment, _listed)
        return truth_of(payment, movements, _checkout_id(payment), our_profile=self._profile, our_mode=self._mode)

    def refund(self, provider_id: str, amount_cents: int, description: str, key: str) -> str:
        """Ask for a refund under our own key; the metadata lets `find_refund` know it when the key is forgotten."""
        data = {
            "amount": {"currency": "EUR", "value": Money(amount_cents).value},
            "description": description,
            "metadata": {"refund": key},
        }

        def ask(client: Any) -> str:
            return str(client.payments.get(provider_id).refunds.create(data, idempotency_key=key)["id"])

        try:
            return self._call(ask)
        except UnknownPayment:
            raise ProviderRefused("404 Not Found") from None
        except ProviderRefused as refused:
            if str(refused).startswith("400") and (found := self.find_refund(provider_id, key)):
                return found
            raise

    def find_refund(self, provider_id: str, key: str) -> str | None:
        def ask(client: Any) -> str | None:
            rows = _listed(client.payments.get(provider_id).refunds)
            return next((str(r["id"]) for r in rows if (r.get("metadata") or {}).get("refund") == key), None)

        try:
            return self._call(ask)
        except UnknownPayment:
            return None


def _listed(resource: Any) -> list[Mapping[str, Any]]:
    """All refunds or chargebacks of a payment; [] where Mollie has no such list."""
    from mollie.api.error import NotFoundError

    try:
        page = resource.list(limit=250)
    except NotFoundError:
        return []
    found: list[Mapping[str, Any]] = list(page["_embedded"][page.object_type.get_object_name()])
    return found


def _started(payment: Any) -> Started:
    """A payment on which the donor can go on: it must have an id, and a page to pay on unless a mandate pays."""
    provider_id = payment["id"]
    if not isinstance(provider_id, str) or not PAYMENT_ID.fullmatch(provider_id):
        raise ValueError("no payment id")
    known = {"mode": str(payment["mode"]), "profile": payment.get("profileId")}
    if payment.get("sequenceType") == "recurring":
        return Started(provider_id, None, **known)
    pay_url = ((payment.get("_links") or {}).get("checkout") or {}).get("href")
    if pay_url is not None and (urlsplit(pay_url).scheme not in ("https", "http") or len(pay_url) > 1000):
        raise ValueError("no address to pay at")
    # Found again after it ended, it has no page to pay on: the return page tells how it ended.
    return Started(provider_id, pay_url or str(payment["redirectUrl"]), **known, customer_key=payment.get("customerId"))


def _mandate(mandate: Mapping[str, Any]) -> ProviderMandate:
    details = mandate.get("details") or {}
    return ProviderMandate(
        str(mandate["id"]),
        MandateState(mandate["status"]),
        str(mandate["method"]),
        details.get("consumerName"),
        details.get("consumerAccount"),
    )


def _checkout_id(payment: Mapping[str, Any]) -> int | None:
    metadata = payment.get("metadata")
    told = metadata.get("checkout_id") if isinstance(metadata, Mapping) else None
    return int(told) if isinstance(told, str) and re.fullmatch(r"\d{1,19}", told) else None


def _cents(amount: Mapping[str, str] | None) -> int | None:
    return Money.from_value(amount["value"], amount["currency"]).cents if amount else None
