"""Giving by a SEPA mandate of our own on Steun ons, and the page after it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.base.actor import system
from app.base.errors import Invalid
from app.direct_debit.models import Mandate
from app.direct_debit.states import MandateKind
from app.extensions import db, writing
from app.gifts.donors import Giver
from app.gifts.recurring.amounts import next_amounts
from app.gifts.recurring.models import Commitment
from app.gifts.recurring.online import OnlineMandate, give
from app.gifts.recurring.states import CommitmentState, Frequency
from app.giving.answers import Gift
from app.giving.offer import Offer
from app.giving.places import Place

DONOR = system("Steun ons")


@dataclass(frozen=True, slots=True)
class Promise:
    """What the page after it shows; it holds no name and no account."""

    cents: int
    frequency: Frequency
    first_on: date
    reference: str


def begin(row_id: int, gift: Gift, offered: Offer, place: Place, *, source: str, at: datetime) -> None:
    """Keep the mandate and begin the gift, once. Raises Refused as `online.give` does."""
    draft = OnlineMandate(
        id=row_id,
        giver=Giver(
            first_name=gift.first_name, infix=gift.infix, last_name=gift.last_name, email=gift.email,
            language=place.language, source=source, organisation=gift.organisation,
        ),
        iban=gift.iban, holder=gift.holder, frequency=Frequency(gift.frequency), cents=gift.amount_cents,
        evidence=f"{place.action} {at:%Y-%m-%dT%H:%M:%SZ}", programme_id=offered.programme_id(gift.programme),
        campaign_id=offered.appeal.id if offered.appeal else None, said=_said(gift), newsletter=gift.newsletter,
        day=gift.day,
    )  # fmt: skip
    try:
        with writing():
            give(draft, actor=DONOR, now=at)
    except (IntegrityError, Invalid):  # the same form was sent twice at once, and the other was first
        db.session.rollback()
        with writing():
            give(draft, actor=DONOR, now=at)


def _said(gift: Gift) -> tuple[str, str] | None:
    contact = " ".join(part for part in (gift.first_name, gift.infix, gift.last_name) if part)
    body = "\n\n".join(part for part in (gift.message, contact if gift.organisation else "") if part)
    if gift.tribute_name:
        words = {"memory": _("In memory of %(name)s"), "honour": _("In honour of %(name)s")}[gift.tribute]
        return words % {"name": gift.tribute_name}, body
    return (_("With a recurring gift"), body) if body else None


def promise_of(row_id: int) -> Promise | None:
    """What was agreed on the website; None where nothing was, or where it was stopped since."""
    row = db.session.execute(
        select(Commitment.frequency, Commitment.collect_on, Mandate.reference)
        .join(Mandate, Mandate.id == Commitment.mandate_id)
        .where(
            Commitment.id == row_id, Mandate.kind == MandateKind.OWN, Commitment.state != CommitmentState.ENDED
        )
    ).first()  # fmt: skip
    if row is None:
        return None
    return Promise(next_amounts([row_id])[row_id], row.frequency, row.collect_on, row.reference)
