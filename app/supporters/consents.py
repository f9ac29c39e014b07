"""What a supporter allows. `may_contact` is the one answer to "may we?", with the reason (DOMAIN.md 4.4).

- An objection wins over everything until the person lifts it.
- Service messages (a thank-you, the announcement of a collection) need no consent.
- E-mail and text messages: only with consent. Post: unless refused. Phone: with consent, and
  without it for donors until three years after their last gift or activity (Telecommunicatiewet
  11.7, charities); organisations unless they object.
- Somebody who was asked and said no, or withdrew, is left in peace on that channel and purpose.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select, update

from app.base.actor import Actor
from app.base.dates import add_months, local_date
from app.base.errors import Invalid, NotFound, Refused
from app.base.ids import new_id
from app.base.states import N_
from app.extensions import db
from app.supporters.consent_models import Basis, Channel, Consent, Objection, Purpose
from app.supporters.interaction_models import Interaction, InteractionKind
from app.supporters.models import Kind, Supporter
from app.supporters.services import loaded, touch

PHONE_MONTHS = 36


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether contact is allowed; `reason` is an English msgid with `until` as its parameter where there is one."""

    allowed: bool
    reason: str
    until: date | None = None

    def __bool__(self) -> bool:
        return self.allowed


LastActivity = Callable[[Collection[int]], dict[int, date]]
_activity: dict[str, LastActivity] = {}


def activity_from(name: str, source: LastActivity) -> None:
    """Register where days of a last gift come from: a higher room, at start. One statement for many ids."""
    _activity[name] = source


def last_activity(ids: Collection[int]) -> dict[int, date]:
    """The latest gift, or taking part as a volunteer or visitor, by supporter."""
    latest: dict[int, date] = {}
    took_part = select(Interaction.supporter_id, Interaction.happened_at).where(
        Interaction.supporter_id.in_(set(ids)), Interaction.kind == InteractionKind.PARTICIPATION
    )
    found = [(i, local_date(at)) for i, at in db.session.execute(took_part)]
    for source in _activity.values():
        found += source(ids).items()
    for supporter_id, day in found:
        latest[supporter_id] = max(day, latest.get(supporter_id, day))
    return latest


def may_contact(supporter_id: int, channel: Channel, purpose: Purpose, on: date) -> Answer:
    """Whether we may reach this supporter this way for this on that day (an Amsterdam date)."""
    return may_contact_many([supporter_id], channel, purpose, on)[supporter_id]


def may_contact_many(ids: Collection[int], channel: Channel, purpose: Purpose, on: date) -> dict[int, Answer]:
    """`may_contact` for many with a constant number of statements. Unknown ids may not be contacted."""
    wanted = list(set(ids))
    people = {
        s.id: s for s in db.session.execute(select(Supporter).where(Supporter.id.in_(wanted))).scalars()
    }  # fmt: skip
    objecting = _objecting(wanted, channel, on)
    newest = _newest(wanted, channel, purpose, on)
    active = last_activity(wanted) if channel is Channel.PHONE else {}
    return {
        i: _answer(people.get(i), i in objecting, newest.get(i), channel, purpose, on, active.get(i)) for i in wanted
    }


def overview(supporter_id: int, on: date) -> dict[tuple[Channel, Purpose], Answer]:
    """`may_contact` for every channel and purpose of one supporter, with four statements."""
    supporter = db.session.get(Supporter, supporter_id)
    against = db.session.execute(select(Objection).where(Objection.supporter_id == supporter_id)).scalars().all()
    objecting = {o.channel for o in against if _stands(o, on)}
    answers = select(Consent).where(Consent.supporter_id == supporter_id).order_by(Consent.given_at, Consent.id)
    newest = {
        (c.channel, c.purpose): c for c in db.session.execute(answers).scalars() if local_date(c.given_at) <= on
    }  # fmt: skip
    active = last_activity([supporter_id]).get(supporter_id)
    return {
        (channel, purpose): _answer(
            supporter, channel in objecting, newest.get((channel, purpose)), channel, purpose, on, active
        )
        for channel in Channel
        for purpose in Purpose
        if purpose is not Purpose.SERVICE
    }


def _stands(objection: Objection, on: date) -> bool:
    lifted = objection.lifted_at
    return local_date(objection.made_at) <= on and (lifted is None or local_date(lifted) > on)


def _objecting(ids: list[int], channel: Channel, on: date) -> set[int]:
    rows = db.session.execute(select(Objection).where(Objection.supporter_id.in_(ids), Objection.channel == channel))
    return {o.supporter_id for o in rows.scalars() if _stands(o, on)}


def _newest(ids: list[int], channel: Channel, purpose: Purpose, on: date) -> dict[int, Consent]:
    """The last answer given on or before that day, by supporter."""
    rows = db.session.execute(
        select(Consent)
        .where(Consent.supporter_id.in_(ids), Consent.channel == channel, Consent.purpose == purpose)
        .order_by(Consent.given_at, Consent.id)
    ).scalars()
    return {row.supporter_id: row for row in rows if local_date(row.given_at) <= on}


def _answer(
    supporter: Supporter | None, objects: bool, consent: Consent | None, channel: Channel, purpose: Purpose,
    on: date, active: date | None,
) -> Answer:  # fmt: skip
    if supporter is None or not supporter.is_active:
        return Answer(False, N_("This record is closed."))
    if supporter.is_deceased:
        return Answer(False, N_("This person has died."))
    if purpose is Purpose.SERVICE:
        return Answer(True, N_("Service messages need no consent."))
    if objects:
        return Answer(False, N_("They objected to contact this way."))
    if consent is not None and consent.withdrawn_at is not None and local_date(consent.withdrawn_at) <= on:
        return Answer(False, N_("They withdrew their consent."))
    if consent is not None and consent.basis is Basis.NONE:
        return Answer(False, N_("They were asked and said no."))
    if consent is not None and consent.basis is Basis.CONSENT:
        return Answer(True, N_("They gave consent."))
    if channel is Channel.POST:
        return Answer(True, N_("Post is allowed until they object."))
    if channel is Channel.PHONE:
        return _phone(supporter, consent, on, active)
    return Answer(False, N_("They gave no consent."))


def _phone(supporter: Supporter, consent: Consent | None, on: date, active: date | None) -> Answer:
    if supporter.kind is Kind.ORGANISATION:
        return Answer(True, N_("Organisations may be called until they object."))
    days = [d for d in (active, local_date(consent.given_at) if consent else None) if d is not None and d <= on]
    if not days:
        return Answer(False, N_("They gave no consent and never gave or took part."))
    until = add_months(max(days), PHONE_MONTHS)
    if on > until:
        return Answer(False, N_("Their last gift or activity is more than three years ago."), until)
    return Answer(
        True, N_("A donor may be called until %(until)s, three years after the last gift or activity."), until
    )


def record_consent(
    supporter_id: int, channel: Channel, purpose: Purpose, basis: Basis, *, source: str, text_version: str = "",
    proof: str = "", given_at: datetime | None = None, actor: Actor, now: datetime,
) -> int:  # fmt: skip
    """Write down an answer with where it came from. Earlier answers stay as history."""
    if purpose is Purpose.SERVICE:
        raise Invalid(N_("Service messages need no consent."), field="purpose")
    if given_at is not None and given_at > now:
        raise Invalid(N_("This moment is still to come."), field="given_on")
    if basis is Basis.CONSENT and not (proof or text_version):
        raise Invalid(N_("Say how the consent was given: the form, the letter, who heard it."), field="proof")
    supporter = loaded(supporter_id)
    row = Consent(
        id=new_id(), supporter_id=supporter_id, channel=channel, purpose=purpose, basis=basis, source=source,
        text_version=text_version, proof=proof, given_at=given_at or now,
    )  # fmt: skip
    db.session.add(row)
    told = {"consent": [None, f"{channel.value}, {purpose.value}: {basis.value}"], "source": [None, source]}
    touch(supporter, "supporter.consent_recorded", actor=actor, now=now, changes=told)
    return row.id


def withdraw(
    supporter_id: int, channel: Channel, purpose: Purpose, *, source: str, proof: str = "", actor: Actor, now: datetime
) -> bool:
    """Withdraw every answer that still holds for this channel and purpose. False if there was none."""
    supporter = loaded(supporter_id)
    holding = (
        (Consent.supporter_id == supporter_id) & (Consent.channel == channel) & (Consent.purpose == purpose)
        & (Consent.basis != Basis.NONE) & Consent.withdrawn_at.is_(None)
    )  # fmt: skip
    values = {"withdrawn_at": now, "withdrawn_source": source, "withdrawn_proof": proof}
    ended = db.session.execute(update(Consent).where(holding).values(**values).returning(Consent.id)).all()
    if ended:
        told = {"consent": [f"{channel.value}, {purpose.value}", None], "source": [None, source]}
        touch(supporter, "supporter.consent_withdrawn", actor=actor, now=now, changes=told)
    return bool(ended)


def object_to(supporter_id: int, channel: Channel, *, source: str, proof: str = "", actor: Actor, now: datetime) -> int:
    """No contact along this channel from now on. Once is enough: a second objection changes nothing."""
    supporter = loaded(supporter_id)
    standing = (Objection.supporter_id == supporter_id) & (Objection.channel == channel) & Objection.lifted_at.is_(None)
    if (there := db.session.execute(select(Objection.id).where(standing)).scalar()) is not None:
        return there
    row = Objection(
        id=new_id(), supporter_id=supporter_id, channel=channel, source=source, proof=proof, made_at=now
    )  # fmt: skip
    db.session.add(row)
    told = {"objection": [None, channel.value], "source": [None, source]}
    touch(supporter, "supporter.objected", actor=actor, now=now, changes=told)
    return row.id


def objection_of(objection_id: int, supporter_id: int) -> Objection:
    """The objection if it is this supporter's, else NotFound."""
    row = db.session.get(Objection, objection_id)
    if row is None or row.supporter_id != supporter_id:
        raise NotFound(N_("This does not belong to this supporter."))
    return row


def lift_objection(objection_id: int, supporter_id: int, *, proof: str, actor: Actor, now: datetime) -> None:
    """Only at the person's own request, with what shows it."""
    row = objection_of(objection_id, supporter_id)
    if row.lifted_at is not None:
        raise Refused(N_("This objection was lifted already."))
    if not proof.strip():
        raise Invalid(N_("Say what shows that they asked for this themselves."), field="proof")
    row.lifted_at, row.lifted_proof = now, proof
    told = {"objection": [row.channel.value, None]}
    touch(loaded(supporter_id), "supporter.objection_lifted", actor=actor, now=now, changes=told)
