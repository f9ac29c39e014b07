"""Asking to be erased and deciding on it, inside `with writing():` (GDPR articles 12 and 17, DOMAIN.md 4.3)."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select

from app.audit.services import record
from app.base.actor import Actor
from app.base.dates import add_months, format_long_date, local_date
from app.base.errors import Invalid, NotFound, Refused
from app.base.holdings import Obstacle, running
from app.base.ids import new_id
from app.base.references import code_of
from app.base.states import N_
from app.extensions import db, settings
from app.extensions.sql import insert_new
from app.jobs.services import enqueue
from app.outbox.services import queue_mail
from app.privacy.erasure_models import MOVES, ErasureRequest, ErasureStep, Ground, RequestState, Source
from app.supporters.mailboxes import Check
from app.supporters.models import Supporter
from app.supporters.queries import primary_emails
from app.supporters.services import loaded
from app.tasks import queries as task_queries
from app.tasks import services as tasks
from app.tasks.services import NewTask

SUBJECT = "erasure_request"
WORK = "privacy.erase"
MONTHS = 1  # to answer in, GDPR article 12(3)
OPEN = (RequestState.ASKED, RequestState.ACCEPTED)
_TITLES = {
    "nl": "Verzoek om gegevens te wissen van %s: beoordeel het en antwoord",
    "en": "Request to erase the data of %s: judge it and answer",
}


def ask(
    supporter_id: int, source: Source, *, checked_how: Check | None = None, asked_on: date | None = None, actor: Actor,
    now: datetime,
) -> int:  # fmt: skip
    """Somebody wants to be erased: a request on the work list with the legal month as its last day. Asked again while
    one is open it is the same one. Raises NotFound, Refused (a closed record), Invalid (a day to come)."""
    supporter, today = loaded(supporter_id), local_date(now)
    asked_on = asked_on or today
    if asked_on > today:
        raise Invalid(N_("This day is still to come."), field="asked_on")
    values = {
        "id": new_id(), "supporter_id": supporter_id, "source": source, "checked_how": checked_how,
        "asked_on": asked_on, "due_on": add_months(asked_on, MONTHS), "state": RequestState.ASKED, "reason": "",
        "created_at": now,
    }  # fmt: skip
    db.session.execute(insert_new(ErasureRequest).values(**values))
    one = open_of(supporter_id)
    assert one is not None
    if one.id != values["id"]:
        return one.id
    note_step(one, actor, now)
    title = _TITLES[settings().default_language] % code_of(supporter_id)
    wanted = NewTask(title=title, due_on=one.due_on, source_key=f"erasure:{one.id}", subject=(SUBJECT, one.id))
    tasks.add_new([wanted], actor=actor, now=now)
    record("erasure.asked", ("supporter", supporter_id), actor=actor, now=now)
    _tell("asked", one, supporter, now)
    return one.id


def withdraw(request_id: int, *, actor: Actor, now: datetime) -> None:
    """They want to stay after all. Raises Refused once it is being carried out, NotFound."""
    one = _move(request_id, RequestState.WITHDRAWN, actor, now)
    _tell("withdrawn", one, db.session.get_one(Supporter, one.supporter_id), now)


def refuse(request_id: int, reason: str, *, actor: Actor, now: datetime) -> None:
    """Say no, with the reason that the person is told (article 12(4)). Raises Invalid, Refused, NotFound."""
    if not reason.strip():
        raise Invalid(N_("Say why: the person gets to read it."), field="reason")
    one = _move(request_id, RequestState.REFUSED, actor, now)
    one.reason = reason.strip()
    _tell("refused", one, db.session.get_one(Supporter, one.supporter_id), now)


def accept(request_id: int, ground: Ground, *, actor: Actor, now: datetime) -> None:
    """Carry it out: the worker erases. Raises Refused while something runs that has to end first, NotFound."""
    one = get(request_id)
    if one.state is RequestState.ASKED and any(each.stops for each in obstacles(one.supporter_id)):
        raise Refused(N_("Something still runs for this person. End that first."))
    _move(request_id, RequestState.ACCEPTED, actor, now).ground = ground
    enqueue(WORK, {"request_id": str(request_id)}, now=now, key=f"erase:{request_id}")


def family(supporter_id: int) -> list[int]:
    """The record that stands for this person, first, and all that were merged into it."""
    while (into := db.session.get_one(Supporter, supporter_id).merged_into_id) is not None:
        supporter_id = into
    found = [supporter_id]
    while True:
        inside = select(Supporter.id).where(Supporter.merged_into_id.in_(found), Supporter.id.not_in(found))
        more = list(db.session.scalars(inside))
        if not more:
            return found
        found += more


def obstacles(supporter_id: int) -> list[Obstacle]:
    """What still runs for this person."""
    return [each for one in family(supporter_id) for each in running(one)]


def get(request_id: int) -> ErasureRequest:
    """The request, or NotFound."""
    one = db.session.get(ErasureRequest, request_id)
    if one is None:
        raise NotFound(N_("There is no such request."))
    return one


def open_of(supporter_id: int) -> ErasureRequest | None:
    """The request of this supporter that waits or is being carried out."""
    mine = (ErasureRequest.supporter_id == supporter_id) & ErasureRequest.state.in_(OPEN)
    return db.session.scalars(select(ErasureRequest).where(mine)).first()


def newest_of(supporter_id: int) -> ErasureRequest | None:
    """The latest request of this supporter, whatever became of it."""
    mine = select(ErasureRequest).where(ErasureRequest.supporter_id == supporter_id)
    return db.session.scalars(mine.order_by(ErasureRequest.id.desc()).limit(1)).first()


def steps_of(request_id: int) -> list[ErasureStep]:
    """What became of a request, oldest first."""
    return list(db.session.scalars(select(ErasureStep).where(ErasureStep.request_id == request_id).order_by("id")))


def _move(request_id: int, state: RequestState, actor: Actor, now: datetime) -> ErasureRequest:
    one = db.session.get(ErasureRequest, request_id, with_for_update=True, populate_existing=True)
    if one is None:
        raise NotFound(N_("There is no such request."))
    MOVES.check(one.state, state)
    one.state = state
    note_step(one, actor, now)
    record(f"erasure.{state.value}", ("supporter", one.supporter_id), actor=actor, now=now)
    finish_task(one.id, actor=actor, now=now)
    return one


def finish_task(request_id: int, *, actor: Actor, now: datetime) -> None:
    """The task of a request is done with its decision."""
    task_id = task_queries.by_source(f"erasure:{request_id}")
    if task_id is not None:
        tasks.complete(task_id, actor=actor, now=now)


def note_step(one: ErasureRequest, actor: Actor, now: datetime) -> None:
    """The history: this request came into its state."""
    staff_id = actor.id if actor.kind == "staff" else None
    db.session.add(ErasureStep(id=new_id(), request_id=one.id, state=one.state, staff_id=staff_id, at=now))


def _tell(what: str, one: ErasureRequest, who: Supporter, now: datetime) -> None:
    """Who has no e-mail address is written to by the person who decides."""
    address, lang = primary_emails([who.id]).get(who.id), who.language.value
    if address:
        data = {"salutation": who.salutation(), "what": what, "due_on": format_long_date(one.due_on, lang)}
        queue_mail("privacy/erasure", address, data | {"reason": one.reason}, language=lang, now=now,
                   key=f"privacy/erasure:{one.id}:{what}", person_id=who.id)  # fmt: skip
