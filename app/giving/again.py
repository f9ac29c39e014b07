"""What a second try starts with.

The amount, purpose and way to pay of a failed gift come back by its result token. The name and
address of the giver come back only in the browser that sent them: a result page may be shared.
"""

from __future__ import annotations

from app.giving import tokens
from app.giving.answers import ONCE, ORGANISATION, OTHER, PERSON, blank, tile_of
from app.giving.offer import Offer
from app.payments.queries import CheckoutFacts, facts_of

_PERSONAL = ("organisation", "first_name", "infix", "last_name", "email", "tribute", "tribute_name", "message")


def typed_before(key: str, result_token: str, own_token: str, offer: Offer) -> dict[str, str]:
    """What the form shows; the empty form where the token opens nothing."""
    typed = blank(offer.method_names[0] if offer.method_names else "", offer.presets_cents)
    facts = _facts(key, result_token)
    if facts is None:
        return typed
    typed |= _of_gift(facts, offer)
    if _is_own(key, own_token, facts.id):
        typed |= {name: str(facts.details.get(name, "")) for name in _PERSONAL}
        typed["kind"] = ORGANISATION if typed["organisation"] else PERSON
        typed["newsletter"] = "y" if facts.details.get("newsletter") else ""
    return typed


def campaign_of(key: str, result_token: str) -> int | None:
    """The campaign the first try was for."""
    facts = _facts(key, result_token)
    return facts.campaign_id if facts else None


def source_of(key: str, result_token: str) -> str:
    """What the first try came of."""
    facts = _facts(key, result_token)
    return str(facts.details.get("source", "")) if facts else ""


def _facts(key: str, result_token: str) -> CheckoutFacts | None:
    try:
        checkout_id = tokens.read_result_token(key, result_token)
    except tokens.BadToken:
        return None
    return next(iter(facts_of([checkout_id])), None)


def _of_gift(facts: CheckoutFacts, offer: Offer) -> dict[str, str]:
    covered = int(facts.details.get("covered_cents", 0))
    given = facts.amount_cents - covered
    tile = given in offer.presets_cents
    typed = {
        "amount": tile_of(given) if tile else OTHER,
        "other_amount": "" if tile else f"{given // 100},{given % 100:02d}",
        "costs": "y" if covered else "",
        "programme": offer.slug_of(facts.programme_id),
    }
    if offer.recurring:
        typed["frequency"] = str(facts.details.get("frequency", ONCE))
        typed["day"] = str(facts.details.get("day", ""))
    if facts.method in offer.method_names:
        typed["method"] = facts.method
    return typed


def _is_own(key: str, own_token: str, checkout_id: int) -> bool:
    try:
        return tokens.read_own_token(key, own_token) == checkout_id
    except tokens.BadToken:
        return False
