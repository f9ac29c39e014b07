"""What a supporter says on a page of their own about contact along one channel, kept with its evidence.

Only what changes is written down: a yes as consent with the words that were ticked, a no as a withdrawal
or, where nothing had been asked yet, as an answer of its own (DOMAIN.md 4.4).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from app.base.actor import Actor
from app.base.dates import local_date
from app.extensions import db
from app.supporters import consents
from app.supporters.consent_models import Basis, Channel, Objection, Purpose

ASKED = (Purpose.NEWS, Purpose.FUNDRAISING, Purpose.EVENTS)


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where an answer came from, which text was shown, and what was ticked."""

    source: str
    text_version: str
    proof: str


def allowed(supporter_id: int, now: datetime) -> dict[Channel, list[Purpose]]:
    """What each channel may be used for today."""
    return allowed_by(consents.overview(supporter_id, local_date(now)))


def allowed_by(answers: dict[tuple[Channel, Purpose], consents.Answer]) -> dict[Channel, list[Purpose]]:
    """The same of answers that are there already."""
    return {channel: [p for p in ASKED if answers[channel, p]] for channel in Channel}


def choose(
    supporter_id: int, channel: Channel, wanted: Collection[Purpose], evidence: Evidence, *, actor: Actor, now: datetime
) -> bool:
    """From now on this channel may be used for what is wanted and for nothing else, inside `with writing():`.
    False where that was so already. Raises NotFound, Refused (a closed record)."""
    had = set(allowed(supporter_id, now)[channel])
    if had == set(wanted):
        return False
    if wanted:
        _lift(supporter_id, channel, evidence, actor, now)
        had = set(allowed(supporter_id, now)[channel])  # an objection hid what else was allowed
    for purpose in ASKED:
        if purpose in wanted and purpose not in had:
            consents.record_consent(
                supporter_id, channel, purpose, Basis.CONSENT, source=evidence.source,
                text_version=evidence.text_version, proof=evidence.proof, actor=actor, now=now,
            )  # fmt: skip
        elif purpose in had and purpose not in wanted:
            consents.withdraw(
                supporter_id, channel, purpose, source=evidence.source, proof=evidence.proof[:500], actor=actor, now=now
            )
            db.session.flush()
            if purpose in allowed(supporter_id, now)[channel]:  # allowed without having been asked
                consents.record_consent(
                    supporter_id, channel, purpose, Basis.NONE, source=evidence.source,
                    text_version=evidence.text_version, proof=evidence.proof, actor=actor, now=now,
                )  # fmt: skip
    return True


def _lift(supporter_id: int, channel: Channel, evidence: Evidence, actor: Actor, now: datetime) -> None:
    standing = (Objection.supporter_id == supporter_id) & (Objection.channel == channel) & Objection.lifted_at.is_(None)
    for row_id in db.session.scalars(select(Objection.id).where(standing)).all():
        consents.lift_objection(row_id, supporter_id, proof=evidence.proof[:500], actor=actor, now=now)
    db.session.flush()
