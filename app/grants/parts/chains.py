"""The chain of an obligation: made when parts are asked, moved when a date or a step changes, with
a log and a mail to everyone it concerns. Inside `with writing():`."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select

from app.audit import services as audit
from app.base.actor import Actor
from app.base.dates import local_date
from app.base.errors import Invalid
from app.base.events import on
from app.base.ids import new_id
from app.base.states import N_
from app.extensions import db
from app.grants.awards.models import Grant
from app.grants.obligations.events import DueDatesMoved
from app.grants.obligations.models import Obligation
from app.grants.parts import tasks
from app.grants.parts.dates import Dates, Spans, check, count_back
from app.grants.parts.models import DONE, ChainMove, PartChain, PartTask, ReportPart
from app.grants.rows import check_version, locked
from app.outbox.services import Mail, queue_mails
from app.staff.models import Staff


def of(obligation_id: int) -> PartChain | None:
    return db.session.execute(select(PartChain).where(PartChain.obligation_id == obligation_id)).scalar_one_or_none()


def begin(obligation: Obligation, spans: Spans, *, asked_on: date | None, actor: Actor, now: datetime) -> PartChain:
    """Count the dates back from the funder's, for the first parts of an obligation."""
    today = local_date(now)
    asked_on = asked_on or today
    if asked_on < today:
        raise Invalid(N_("This day has passed. The chain starts today at the earliest."), field="asked_on")
    dates = count_back(obligation.due_on, spans, asked_on=asked_on)
    check(dates, today)
    chain = PartChain(
        id=new_id(), obligation_id=obligation.id, created_at=now, version=1, **asdict(spans), **asdict(dates)
    )
    db.session.add(chain)
    db.session.flush()
    obligation.internal_due_on = dates.ready_on
    _log(chain, None, None, actor=actor, now=now)
    return chain


def change(obligation_id: int, spans: Spans, *, version: int | None, actor: Actor, now: datetime) -> None:
    """Give the steps other lengths. Whom it concerns is told."""
    obligation = locked(Obligation, obligation_id)
    chain = held(obligation_id)
    check_version(chain.version, version)
    dates = count_back(obligation.due_on, spans, asked_on=chain.asked_on)
    if not _all_done(obligation_id):
        check(dates, local_date(now))
    for name, value in asdict(spans).items():
        setattr(chain, name, value)
    _move(obligation, chain, dates, actor=actor, now=now)


@on(DueDatesMoved)
def follow(event: DueDatesMoved) -> None:
    """The funder's date moved: the chain moves with it. Refused where it could not be kept."""
    found = select(PartChain).where(PartChain.obligation_id.in_(event.ids)).order_by(PartChain.id)
    for chain in db.session.execute(found.with_for_update()).scalars().all():
        obligation = db.session.get_one(Obligation, chain.obligation_id)
        spans = Spans(**{name: getattr(chain, name) for name in Spans.__dataclass_fields__})
        dates = count_back(obligation.due_on, spans, asked_on=chain.asked_on)
        if not _all_done(chain.obligation_id):
            check(dates, local_date(event.at), field="due_on")
        elif dates.partner_due_on <= dates.asked_on:
            continue  # everything is in: a date so early asks nothing of anybody any more
        _move(obligation, chain, dates, actor=event.actor, now=event.at)


def held(obligation_id: int) -> PartChain:
    """The chain, held until this transaction ends."""
    chain = of(obligation_id)
    if chain is None:
        raise Invalid(N_("No parts are asked for this yet."))
    return locked(PartChain, chain.id)


def _all_done(obligation_id: int) -> bool:
    still = (ReportPart.obligation_id == obligation_id) & ReportPart.state.not_in(DONE)
    return not db.session.execute(select(func.count()).select_from(ReportPart).where(still)).scalar()


def _move(obligation: Obligation, chain: PartChain, dates: Dates, *, actor: Actor, now: datetime) -> None:
    old_funder, old_partner = chain.funder_due_on, chain.partner_due_on
    for name, value in asdict(dates).items():
        setattr(chain, name, value)
    changes = audit.changes_of(chain)
    if not changes:
        return
    chain.version += 1
    obligation.internal_due_on = dates.ready_on
    db.session.flush()
    log = _log(chain, old_funder, old_partner, actor=actor, now=now)
    audit.record("obligation.chain_moved", ("obligation", obligation.id), actor=actor, now=now, changes=changes)
    log.told = _tell(obligation, chain, log, actor=actor, now=now)


def _log(chain: PartChain, funder: date | None, partner: date | None, *, actor: Actor, now: datetime) -> ChainMove:
    row = ChainMove(
        id=new_id(),
        chain_id=chain.id,
        at=now,
        actor_kind=actor.kind,
        actor_id=actor.id,
        old_funder_due_on=funder,
        new_funder_due_on=chain.funder_due_on,
        old_partner_due_on=partner,
        new_partner_due_on=chain.partner_due_on,
        told=0,
    )
    db.session.add(row)
    db.session.flush()
    return row


def _tell(obligation: Obligation, chain: PartChain, log: ChainMove, *, actor: Actor, now: datetime) -> int:
    """Mail the partners who still have something to do, and our own people; gives how many."""
    still = select(ReportPart.partner_id).where(
        ReportPart.obligation_id == obligation.id, ReportPart.state.not_in(DONE), ReportPart.partner_id.is_not(None)
    )
    concerned = select(PartTask).where(
        PartTask.obligation_id == obligation.id, PartTask.revoked_at.is_(None), PartTask.partner_id.in_(still)
    )
    days: dict[str, Any] = {
        "old_due_on": log.old_partner_due_on.isoformat() if log.old_partner_due_on else "",
        "due_on": chain.partner_due_on.isoformat(),
    }
    key = f"grants.part_moved:{log.id}"
    told = 0
    if log.old_partner_due_on != chain.partner_due_on:
        people = list(db.session.execute(concerned.order_by(PartTask.id)).scalars())
        told = tasks.mail(people, "grants/part_moved", now=now, key=key, data=days)
    return told + _tell_staff(obligation, chain, log, actor=actor, now=now)


def _tell_staff(obligation: Obligation, chain: PartChain, log: ChainMove, *, actor: Actor, now: datetime) -> int:
    grant = db.session.get(Grant, obligation.grant_id) if obligation.grant_id else None
    ids = {obligation.assignee_id, obligation.reviewer_id, grant.owner_id if grant else None} - {None}
    if actor.kind == "staff":
        ids.discard(actor.id)
    people = db.session.execute(select(Staff).where(Staff.id.in_(ids), Staff.active).order_by(Staff.id)).scalars()
    data = {
        "obligation_id": obligation.id,
        "kind": obligation.kind.label,
        "title": obligation.title,
        "grant": grant.title if grant else "",
        "old_funder": log.old_funder_due_on.isoformat() if log.old_funder_due_on else "",
        "funder": chain.funder_due_on.isoformat(),
        "partners": chain.partner_due_on.isoformat(),
        "review": chain.review_on.isoformat(),
        "ready": chain.ready_on.isoformat(),
    }
    mails = [
        Mail(
            template="grants/part_chain",
            to=person.email,
            language=person.language,
            key=f"grants.part_chain:{log.id}:{person.id}",
            data=data | {"name": person.name},
        )
        for person in people
    ]
    queue_mails(mails, now=now)
    return len(mails)
