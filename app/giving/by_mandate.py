"""Giving by a SEPA mandate of our own on Steun ons, and the page after it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.base.actor import system
from app.base.errors import Invalid, TooMany
from app.base.states import N_
from app.direct_debit.models import Mandate
from app.direct_debit.states import MandateKind
from app.extensions import db, limits, writing
from app.gifts.donors import Giver
from app.gifts.recurring.amounts import next_amounts
from app.gifts.recurring.models import Commitment
from app.gifts.recurring.online import OnlineMandate, give
from app.gifts.recurring.states import CommitmentState, Frequency
from app.giving.answers import Gift
from app.giving.offer import Offer
from app.giving.places import Place
from app.payments.alerts import tell_flood

DONOR = system("Steun ons")
# Mandates within so many seconds: from one address, on one account, and of all donors together. Nobody knows before
# the first collection whether an account is the donor's, so a flood is stopped here, and staff are told.
MOST, WINDOW = 10, 3600
MOST_OF_ACCOUNT, DAY = 10, 86_400
MOST_OF_ALL, MINUTES = 200, 600
PAUSED = N_("Very many mandates are given just now. Choose another method, or try again in a quarter of an hour.")


@dataclass(frozen=True, slots=True)
class Promise:
    """What the page after it shows; it holds no name and no account."""

    cents: int
    frequency: Frequency
    first_on: date
    reference: str


def begin(row_id: int, gift: Gift, offered: Offer, place: Place, *, source: str, address: str, at: datetime) -> None:
    """Keep the mandate and begin the gift, once. Raises TooMany, and Refused as `online.give` does."""
    _stop_floods(gift.iban, address, at)
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


def _stop_floods(iban: str, address: str, at: datetime) -> None:
    limits.hit("mandate online", address, MOST, WINDOW)
    limits.hit("mandate account", iban, MOST_OF_ACCOUNT, DAY)
    try:
        limits.hit("mandates online", "all", MOST_OF_ALL, MINUTES)
    except TooMany as error:
        with writing():
            tell_flood(MOST_OF_ALL, now=at)
        paused = TooMany(PAUSED)
        paused.retry_after = error.retry_after
        raise paused from None


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
