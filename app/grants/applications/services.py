"""The pipeline: make, change and move applications. Inside the caller's `with writing():`."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime

from sqlalchemy import case, or_, select

from app.audit import services as audit
from app.base.actor import Actor
from app.base.business_days import business_day_on_or_after
from app.base.dates import local_date
from app.base.errors import Invalid, Refused
from app.base.events import publish
from app.base.states import N_
from app.extensions import db
from app.grants.applications.models import OPEN_STAGES, STAGES, Application, ApplicationMove, Stage
from app.grants.awards.models import Grant
from app.grants.events import DeadlinesMoved
from app.grants.funders.models import Funder
from app.grants.history import facts as move_facts
from app.grants.rounds.models import Round
from app.grants.rows import check_version, locked, must_exist
from app.programmes.models import Programme
from app.staff.models import Staff
from app.tasks import services as tasks
from app.tasks.models import Task, TaskState

# These need more than a move: a reason, or an award with its terms.
BY_FORM = (Stage.AWARDED, Stage.DECLINED)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationFacts:
    """What staff fill in. Amounts in cents; probability in percent, empty for the stage's own."""

    funder_id: int
    title: str
    ask_cents: int
    expected_cents: int | None = None
    probability: int | None = None
    probability_reason: str = ""
    owner_id: int | None = None
    programme_id: int | None = None
    round_id: int | None = None
    decision_on: date | None = None
    summary: str = ""


def create(
    facts: ApplicationFacts,
    *,
    stage: Stage = Stage.PROSPECT,
    previous_id: int | None = None,
    actor: Actor,
    now: datetime,
) -> int:
    """Put an application in the pipeline, at an open stage."""
    if stage not in OPEN_STAGES:
        raise Invalid(N_("Start at an open stage; record the decision afterwards."), field="stage")
    _check(facts)
    if previous_id is not None and db.session.get(Application, previous_id) is None:
        raise Invalid(N_("Please choose one of the options."), field="previous_id")
    application = Application(stage=stage, stage_since=now, created_at=now, version=1, previous_id=previous_id)
    _write(application, facts)
    db.session.add(application)
    db.session.flush()
    db.session.add(
        ApplicationMove(application_id=application.id, **move_facts(None, stage, actor=actor, now=now)),
    )
    told = {"title": facts.title, "ask_cents": facts.ask_cents, "stage": stage.value}
    audit.record("application.created", ("application", application.id), actor=actor, now=now, changes=told)
    return application.id


def change(application_id: int, facts: ApplicationFacts, *, version: int | None, actor: Actor, now: datetime) -> None:
    """Change an application. `version` is the one the page was opened with."""
    application = locked(Application, application_id)
    check_version(application.version, version)
    if application.stage is Stage.AWARDED and facts.funder_id != application.funder_id:
        raise Invalid(N_("The grant that came of this belongs to this funder."), field="funder_id")
    _check(facts)
    _write(application, facts)
    if changes := audit.changes_of(application):
        application.version += 1
        db.session.flush()
        audit.record("application.changed", ("application", application_id), actor=actor, now=now, changes=changes)
        if "round_id" in changes:
            publish(DeadlinesMoved(ids=(application_id,), subject="application", actor=actor, at=now))


def move(
    application_id: int, stage: Stage, *, note: str = "", version: int | None = None, actor: Actor, now: datetime
) -> None:
    """Move to another stage. A decline has its own form (`decline`), and so has an award."""
    application = locked(Application, application_id)
    check_version(application.version, version)
    if application.stage is Stage.AWARDED:
        raise Refused(N_("An award is turned back on the page of its grant."))
    if stage in BY_FORM:
        STAGES.check(application.stage, stage)
        raise Refused(N_("Record the funder's decision on its own form."))
    shift(application, stage, note=note, actor=actor, now=now)


def decline(
    application_id: int,
    reason: str,
    *,
    resubmit_on: date | None = None,
    task_title: str = "",
    version: int | None = None,
    actor: Actor,
    now: datetime,
) -> None:
    """The funder says no. With a day to try again, its owner gets a task for that day, or the first
    working day after it (`task_title` in the words of who records it)."""
    application = locked(Application, application_id)
    check_version(application.version, version)
    if not reason.strip():
        raise Invalid(N_("Please fill this in: the next application learns from it."), field="reason")
    if resubmit_on and resubmit_on <= local_date(now):
        raise Invalid(N_("Choose a day in the future."), field="resubmit_on")
    application.decline_reason, application.resubmit_on = reason.strip(), resubmit_on
    shift(application, Stage.DECLINED, note=reason.strip(), actor=actor, now=now)
    if resubmit_on:
        wanted = tasks.NewTask(
            title=task_title or application.title,
            due_on=business_day_on_or_after(resubmit_on),
            source_key=f"{_again(application.id)}{resubmit_on.isoformat()}",
            owner_id=application.owner_id,
            subject=("application", application.id),
        )
        tasks.add_new([wanted], actor=actor, now=now)


def shift(application: Application, stage: Stage, *, note: str = "", actor: Actor, now: datetime) -> None:
    """Move a row that is held, with its history row; the transition table decides."""
    before = application.stage
    STAGES.check(before, stage)
    application.stage, application.stage_since = stage, now
    application.version += 1
    db.session.flush()
    db.session.add(
        ApplicationMove(application_id=application.id, **move_facts(before, stage, actor=actor, now=now, note=note)),
    )
    changes: dict[str, object] = {"stage": [before.value, stage.value]}
    if note:
        changes["note"] = note
    audit.record("application.moved", ("application", application.id), actor=actor, now=now, changes=changes)


def try_again(application_id: int, *, title: str | None = None, actor: Actor, now: datetime) -> int:
    """A new prospect made from an earlier application: a renewal, or another try after a decline.

    One that nobody has touched since is given again: a double click makes one.
    """
    before = locked(Application, application_id)
    if before.stage in OPEN_STAGES:
        raise Refused(N_("This application is still running: there is nothing to renew yet."))
    fresh = select(Application.id).where(
        Application.previous_id == before.id, Application.stage == Stage.PROSPECT, Application.version == 1
    )
    if (twin := db.session.execute(fresh.order_by(Application.id).limit(1)).scalar()) is not None:
        return twin
    facts = ApplicationFacts(
        funder_id=before.funder_id,
        title=title or before.title,
        ask_cents=before.ask_cents,
        expected_cents=before.expected_cents or None,
        round_id=_next_round(before, local_date(now)),
        owner_id=before.owner_id,
        programme_id=before.programme_id,
        summary=before.summary,
    )
    made = create(facts, previous_id=before.id, actor=actor, now=now)
    _asked_again(before.id, actor=actor, now=now)
    return made


def _again(application_id: int) -> str:
    return f"application.again:{application_id}:"


def _asked_again(application_id: int, *, actor: Actor, now: datetime) -> None:
    """What a task asked for is there: the next application, after a decline or in the window of a renewal."""
    grants = select(Grant.id).where(Grant.application_id == application_id)
    begins = [_again(application_id), *(f"renewal:{grant_id}:" for grant_id in db.session.scalars(grants))]
    asked = or_(*(Task.source_key.startswith(begin) for begin in begins))
    waiting = select(Task.id).where(Task.state == TaskState.OPEN, asked).order_by(Task.id)
    for task_id in db.session.scalars(waiting).all():
        tasks.complete(task_id, actor=actor, now=now)


def _next_round(before: Application, today: date) -> int | None:
    """The round after the earlier application's, or the funder's first that is still to close."""
    chosen = select(Round.id).where(Round.funder_id == before.funder_id, Round.closes_on >= today)
    follows = case((Round.previous_id == (before.round_id or 0), 0), else_=1)
    return db.session.execute(chosen.order_by(follows, Round.closes_on, Round.id).limit(1)).scalar()


def _write(application: Application, facts: ApplicationFacts) -> None:
    values = asdict(facts)
    if facts.expected_cents is None:
        values["expected_cents"] = facts.ask_cents
    for name, value in values.items():
        setattr(application, name, value)


def _check(facts: ApplicationFacts) -> None:
    if db.session.get(Funder, facts.funder_id) is None:
        raise Invalid(N_("Please choose one of the options."), field="funder_id")
    if not facts.title.strip():
        raise Invalid(N_("Please fill this in."), field="title")
    if facts.ask_cents <= 0:
        raise Invalid(N_("The amount must be more than zero."), field="ask")
    if facts.probability is not None:
        if not 0 <= facts.probability <= 100:
            raise Invalid(N_("A probability is a percentage from 0 to 100."), field="probability")
        if not facts.probability_reason.strip():
            raise Invalid(N_("Say why you expect something else than usual at this stage."), field="probability_reason")
    if facts.round_id is not None:
        chosen = db.session.get(Round, facts.round_id)
        if chosen is None or chosen.funder_id != facts.funder_id:
            raise Invalid(N_("This round belongs to another funder."), field="round_id")
    must_exist(Staff, facts.owner_id, field="owner_id")
    must_exist(Programme, facts.programme_id, field="programme_id")
