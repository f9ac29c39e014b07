"""What a second try starts with.

The amount, purpose and way to pay of a failed gift come back by its result token. The name and
address of the giver come back only in the browser that sent them: a result page may be shared.
"""

from __future__ import annotations

from app.giving import tokens
from app.giving.answers import ONCE, OTHER, PRESETS_CENTS, blank
from app.giving.offer import Offer
from app.payments.queries import CheckoutFacts, facts_of

_PERSONAL = ("first_name", "infix", "last_name", "email")


def typed_before(key: str, result_token: str, own_token: str, offer: Offer) -> dict[str, str]:
    """What the form shows; the empty form where the token opens nothing."""
    typed = blank(offer.method_names[0] if offer.method_names else "")
    try:
        checkout_id = tokens.read_result_token(key, result_token)
    except tokens.BadToken:
        return typed
    facts = next(iter(facts_of([checkout_id])), None)
    if facts is None:
        return typed
    typed |= _of_gift(facts, offer)
    if _is_own(key, own_token, checkout_id):
        typed |= {name: str(facts.details.get(name, "")) for name in _PERSONAL}
        typed["newsletter"] = "y" if facts.details.get("newsletter") else ""
    return typed


def _of_gift(facts: CheckoutFacts, offer: Offer) -> dict[str, str]:
    euros, cents = divmod(facts.amount_cents, 100)
    tile = facts.amount_cents in PRESETS_CENTS
    typed = {
        "amount": str(euros) if tile else OTHER,
        "other_amount": "" if tile else f"{euros},{cents:02d}",
        "programme": offer.slug_of(facts.programme_id),
    }
    if offer.recurring:
        typed["frequency"] = str(facts.details.get("frequency", ONCE))
    if facts.method in offer.method_names:
        typed["method"] = facts.method
    return typed


def _is_own(key: str, own_token: str, checkout_id: int) -> bool:
    try:
        return tokens.read_own_token(key, own_token) == checkout_id
    except tokens.BadToken:
        return False
