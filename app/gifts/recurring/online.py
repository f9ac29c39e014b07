"""A recurring gift by a SEPA mandate of our own, given on the website where the bank's contract allows it.

One transaction makes the donor, the mandate with the evidence of consent, the recurring gift, and the mail
that confirms all of it: the text agreed to, the mandate's reference, the amount and the first day. That mail
is the notice, so nothing is collected before its term (DOMAIN.md 1.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from app.base.actor import Actor
from app.base.dates import local_date
from app.base.errors import Refused
from app.base.states import N_
from app.direct_debit import consent, mandates
from app.direct_debit.models import Mandate
from app.direct_debit.states import ConsentHow
from app.extensions import db
from app.gifts.donors import Giver, find_or_create
from app.gifts.recurring import notices
from app.gifts.recurring.models import Commitment, CommitmentAmount
from app.gifts.recurring.starting import NewCommitment, begin
from app.gifts.recurring.states import Frequency
from app.organisation.queries import profile
from app.supporters import interactions, newsletter
from app.supporters.interaction_models import InteractionKind
from app.vault.services import blind_index


@dataclass(frozen=True, slots=True, kw_only=True)
class OnlineMandate:
    """What somebody agreed to on the website. `id` is that of the form they sent: it makes the gift one.
    `day` is of the month, None: as soon as may be; `evidence` says where and when; `said` is (subject, text) of what
    they told us with it."""

    id: int
    giver: Giver
    iban: str
    holder: str
    frequency: Frequency
    cents: int
    evidence: str
    programme_id: int | None = None
    campaign_id: int | None = None
    said: tuple[str, str] | None = None
    newsletter: bool = False
    day: int | None = None


def give(draft: OnlineMandate, *, actor: Actor, now: datetime) -> None:
    """Begin it, inside `with writing():`. Sending the same form again changes nothing; raises Refused where
    it began something else before, Invalid for an account or a name that banks do not take."""
    if _begun_before(draft):
        return
    (supporter_id,) = find_or_create([draft.giver], actor=actor, now=now)
    today, language = local_date(now), draft.giver.language
    (mandate_id,) = mandates.sign(
        [
            mandates.OwnMandateDraft(
                supporter_id=supporter_id, iban=draft.iban, holder=draft.holder, signed_on=today,
                how=ConsentHow.ONLINE, text_version=consent.CURRENT, language=language, note=draft.evidence,
                reference=mandates.reference_of(draft.id),  # of the form: two at once make one
            )
        ],
        actor=actor, now=now,
    )  # fmt: skip
    first = today + timedelta(days=profile().notice_days)
    new = NewCommitment(
        id=draft.id, supporter_id=supporter_id, mandate_id=mandate_id, frequency=draft.frequency,
        day=draft.day or first.day,
        cents=draft.cents, started_on=first, source=draft.giver.source[:30], language=language, paid=False,
        programme_id=draft.programme_id, campaign_id=draft.campaign_id,
    )  # fmt: skip
    begin([new], actor=actor, now=now)
    notices.announce([draft.id], now=now)
    if draft.said:
        subject, body = draft.said
        interactions.add(supporter_id, InteractionKind.NOTE, subject=subject, body=body, actor=actor, now=now)
    if draft.newsletter:
        newsletter.request(draft.giver.email, draft.giver.first_name, language, draft.giver.source, now)


def _begun_before(draft: OnlineMandate) -> bool:
    row = db.session.execute(
        select(Commitment.frequency, CommitmentAmount.cents, Mandate.iban_lookup)
        .join(CommitmentAmount, CommitmentAmount.commitment_id == Commitment.id)
        .join(Mandate, Mandate.id == Commitment.mandate_id)
        .where(Commitment.id == draft.id)
        .order_by(CommitmentAmount.id)
        .limit(1)
    ).first()
    if row is None:
        return False
    if tuple(row) != (draft.frequency, draft.cents, blind_index(draft.iban, "iban")):
        raise Refused(N_("This form was sent before, with another amount or account."))
    return True
