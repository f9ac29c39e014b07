"""What becomes of the mandates of a donor who is erased, and how long banks may ask for them (DOMAIN.md 1.2).

Files that went to the bank are not rewritten when somebody in them is erased: they are what was signed, and go no
later than the mandates in them, which the law has us keep as long."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import func, select

from app.base.dates import add_months, local_date
from app.base.events import on
from app.base.holdings import Duty, declare_duty
from app.base.states import N_
from app.base.works import Payload, periodic
from app.direct_debit import mandates
from app.direct_debit.batch_models import DebitBatch
from app.direct_debit.exporting import STORE
from app.direct_debit.models import Collection, Mandate
from app.direct_debit.states import SEEN_BY_BANKS, MandateState
from app.extensions import db, now
from app.privacy.events import SupportersErased

MONTHS = 14  # after the last collection: until nobody can say any more that there was no mandate
_EVIDENCE = ("iban_sealed", "iban_lookup", "holder_sealed", "iban_last_four", "customer_key", "mandate_key")
VALID = (MandateState.PENDING, MandateState.ACTIVE, MandateState.SUSPENDED)


def until(supporter_id: int) -> date | None:
    """The last day; None where no bank ever saw a collection."""
    seen = Collection.state.in_(SEEN_BY_BANKS) & (Collection.mandate_id == Mandate.id)
    last = select(func.max(Collection.collect_on)).where(seen, Mandate.supporter_id == supporter_id)
    day = db.session.execute(last).scalar()
    return add_months(day, MONTHS) if day else None


@on(SupportersErased)
def revoke(event: SupportersErased) -> None:
    """Nobody may collect by these any more."""
    valid = Mandate.supporter_id.in_(event.ids) & Mandate.state.in_(VALID)
    ids = db.session.scalars(select(Mandate.id).where(valid)).all()
    mandates.move(ids, MandateState.REVOKED, "erased", actor=event.actor, now=event.at)


def register() -> None:
    why = N_("The mandate, with its account: 14 months after the last collection, in case a bank asks for it")
    declare_duty(Duty("mandate", (*_EVIDENCE, "consent_note"), why, until))


@periodic("direct_debit.forget_files", every=timedelta(days=7))
def forget_files(_: Payload) -> None:
    """Take the files of batches off the disk 14 months after their day: who is asked for a mandate has it until then.
    The seven years of AWR art. 52 are about the bookings; day, amount and gift of each collection stay."""
    before = add_months(local_date(now()), -MONTHS)
    made = DebitBatch.sha256.is_not(None) & (DebitBatch.collect_on < before)
    files = db.session.scalars(select(DebitBatch.sha256).where(made)).all()
    db.session.rollback()
    for sha256 in files:
        STORE.forget(sha256 or "")
