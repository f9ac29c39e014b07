"""Recurring gifts and their mandates, made through the services."""

from __future__ import annotations

from datetime import date
from typing import Any

from app.base.actor import SYSTEM
from app.base.dates import local_date
from app.base.ids import new_id
from app.direct_debit import mandates
from app.direct_debit.states import ConsentHow
from app.extensions import now, writing
from app.gifts.recurring.notices import give_notice
from app.gifts.recurring.planning import plan_due
from app.gifts.recurring.starting import NewCommitment, begin
from app.gifts.recurring.states import Frequency
from tests.factories.supporters import person

IBAN = "NL91ABNA0417164300"


def own_mandate(supporter_id: int, **changes: Any) -> int:
    """A SEPA mandate of our own, signed on paper today."""
    given: dict[str, Any] = {
        "iban": IBAN, "holder": "J. van den Berg", "signed_on": local_date(now()), "how": ConsentHow.PAPER,
        "text_version": "2026-1", "language": "nl",
    }  # fmt: skip
    draft = mandates.OwnMandateDraft(supporter_id=supporter_id, **(given | changes))
    with writing():
        return mandates.sign([draft], actor=SYSTEM, now=now())[0]


def provider_mandate(supporter_id: int, provider: str = "demo", **changes: Any) -> int:
    """A mandate that a first payment made at a provider."""
    key = str(new_id())
    given: dict[str, Any] = {"customer_key": f"cst_{key}", "mandate_key": f"mdt_{key}"}
    draft = mandates.ProviderMandateDraft(
        supporter_id=supporter_id, provider=provider, signed_on=local_date(now()), language="nl", **(given | changes)
    )
    with writing():
        return mandates.keep_from_provider([draft], actor=SYSTEM, now=now())[0]


def commitment(
    cents: int = 1500, *, frequency: Frequency = Frequency.MONTHLY, day: int = 15, mandate_id: int | None = None,
    supporter_id: int | None = None, email: str = "jan@example.nl", **changes: Any,
) -> int:  # fmt: skip
    """A recurring gift that began today with a paid instalment."""
    who = supporter_id or person(email=email)
    by = mandate_id or provider_mandate(who)
    given: dict[str, Any] = {"started_on": local_date(now()), "source": "steun-ons", "language": "nl", "paid": True}
    draft = NewCommitment(
        id=new_id(), supporter_id=who, mandate_id=by, frequency=frequency, day=day, cents=cents, **(given | changes)
    )
    with writing():
        begin([draft], actor=SYSTEM, now=now())
    return draft.id


def announce_and_plan() -> None:
    """What the jobs do."""
    give_notice({})
    plan_due({})


def day(text: str) -> date:
    return date.fromisoformat(text)
