"""What becomes of the mandates of a donor who is erased, and how long banks may ask for them (DOMAIN.md 1.2)."""

from __future__ import annotations

from datetime import date

from sqlalchemy import func, select

from app.base.dates import add_months
from app.base.events import on
from app.base.holdings import Duty, declare_duty
from app.base.states import N_
from app.direct_debit import mandates
from app.direct_debit.models import Collection, Mandate
from app.direct_debit.states import SEEN_BY_BANKS, MandateState
from app.extensions import db
from app.privacy.events import SupportersErased

MONTHS = 14  # after the last collection: until nobody can say any more that there was no mandate
_EVIDENCE = ("iban_sealed", "iban_lookup", "holder_sealed", "iban_last_four", "customer_key", "mandate_key")
_VALID = (MandateState.PENDING, MandateState.ACTIVE, MandateState.SUSPENDED)


def until(supporter_id: int) -> date | None:
    """The last day; None where no bank ever saw a collection."""
    seen = Collection.state.in_(SEEN_BY_BANKS) & (Collection.mandate_id == Mandate.id)
    last = select(func.max(Collection.collect_on)).where(seen, Mandate.supporter_id == supporter_id)
    day = db.session.execute(last).scalar()
    return add_months(day, MONTHS) if day else None


@on(SupportersErased)
def revoke(event: SupportersErased) -> None:
    """Nobody may collect by these any more."""
    valid = Mandate.supporter_id.in_(event.ids) & Mandate.state.in_(_VALID)
    ids = db.session.scalars(select(Mandate.id).where(valid)).all()
    mandates.move(ids, MandateState.REVOKED, "erased", actor=event.actor, now=event.at)


def register() -> None:
    why = N_("The mandate, with its account: 14 months after the last collection, in case a bank asks for it")
    declare_duty(Duty("mandate", (*_EVIDENCE, "consent_note"), why, until))
