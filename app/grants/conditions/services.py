"""Keep conditions and meet them with evidence. Inside the caller's `with writing():`.

Meeting the last condition makes what it held due, if its trigger came; a new condition, or one that
turns out not to be met, makes what is due but not yet asked for conditional again.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select

from app.audit import services as audit
from app.base.actor import Actor
from app.base.dates import local_date
from app.base.errors import Invalid, NotFound, Refused
from app.base.states import N_
from app.documents import services as documents
from app.documents.files import StoredFile
from app.extensions import db
from app.grants.awards.models import Grant
from app.grants.conditions.holding import is_held
from app.grants.conditions.models import Condition, ConditionKind
from app.grants.instalments import planning, release
from app.grants.instalments.models import Instalment, InstalmentState
from app.grants.rows import check_version, locked

_S = InstalmentState
EVIDENCE = "evidence"  # kind of document


def add(
    grant_id: int,
    text: str,
    kind: ConditionKind = ConditionKind.PRECEDENT,
    *,
    instalment_id: int | None = None,
    actor: Actor,
    now: datetime,
) -> int:
    """A condition of the grant or of one of its instalments; gives its id."""
    grant = locked(Grant, grant_id)
    if not text.strip():
        raise Invalid(N_("Please fill this in."), field="text")
    if instalment_id is not None:
        part = db.session.get(Instalment, instalment_id)
        if part is None or part.grant_id != grant.id:
            raise Invalid(N_("Please choose one of the options."), field="instalment_id")
        if kind is not ConditionKind.PRECEDENT:
            raise Invalid(N_("A condition of one instalment is met before its payment."), field="kind")
    row = Condition(
        grant_id=grant.id, instalment_id=instalment_id, kind=kind, text=text.strip(), created_at=now, version=1
    )
    row.evidence = ""
    db.session.add(row)
    db.session.flush()
    told = {"text": row.text, "kind": kind.value}
    audit.record("condition.added", ("grant_award", grant.id), actor=actor, now=now, changes=told)
    _let_go_or_hold(grant, actor=actor, now=now)
    return row.id


def meet(
    condition_id: int,
    *,
    met_on: date,
    evidence: str = "",
    file: StoredFile | None = None,
    version: int | None = None,
    actor: Actor,
    now: datetime,
) -> list[int]:
    """It is met, by evidence in words or as a file; gives the instalments that are due by it."""
    grant, row = _held(condition_id, version)
    if row.met_on is not None:
        raise Refused(N_("This condition is met already."))
    if met_on > local_date(now):
        raise Invalid(N_("This day has not come yet."), field="met_on")
    if not evidence.strip() and file is None:
        raise Invalid(N_("Keep the evidence: in words, or as a file."), field="evidence")
    row.met_on, row.evidence = met_on, evidence.strip()
    row.met_by_id = actor.id if actor.kind == "staff" else None
    if file is not None:
        stored = documents.attach(file, ("grant_condition", row.id), EVIDENCE, actor=actor, now=now)
        db.session.flush()
        row.document_id = stored.id
    row.version += 1
    db.session.flush()
    told = {"text": row.text, "met_on": met_on.isoformat(), "note": row.evidence}
    audit.record("condition.met", ("grant_award", grant.id), actor=actor, now=now, changes=told)
    return _let_go_or_hold(grant, actor=actor, now=now)


def unmeet(condition_id: int, *, version: int | None = None, actor: Actor, now: datetime) -> None:
    """It is not met after all. The file stays with the grant's papers."""
    grant, row = _held(condition_id, version)
    if row.met_on is None:
        raise Refused(N_("This condition is not met yet."))
    row.met_on = row.met_by_id = row.document_id = None
    row.evidence = ""
    row.version += 1
    db.session.flush()
    audit.record("condition.unmet", ("grant_award", grant.id), actor=actor, now=now, changes={"text": row.text})
    _let_go_or_hold(grant, actor=actor, now=now)


def remove(condition_id: int, *, version: int | None = None, actor: Actor, now: datetime) -> None:
    """The funder does not set it any more; it holds nothing from here on."""
    grant, row = _held(condition_id, version)
    row.removed_at = now
    row.version += 1
    db.session.flush()
    audit.record("condition.removed", ("grant_award", grant.id), actor=actor, now=now, changes={"text": row.text})
    _let_go_or_hold(grant, actor=actor, now=now)


def _held(condition_id: int, version: int | None) -> tuple[Grant, Condition]:
    grant = locked(Grant, locked(Condition, condition_id).grant_id)
    row = locked(Condition, condition_id)
    if row.removed_at is not None:
        raise NotFound(N_("This is not here, or not any more."))
    check_version(row.version, version)
    return grant, row


def _let_go_or_hold(grant: Grant, *, actor: Actor, now: datetime) -> list[int]:
    """Bring the grant's open instalments in line with its conditions; gives those that are due now."""
    chosen = select(Instalment).where(Instalment.grant_id == grant.id, Instalment.state.in_((_S.CONDITIONAL, _S.DUE)))
    rows = db.session.execute(chosen.order_by(Instalment.id).with_for_update()).scalars().all()
    today, free, held = local_date(now), [], []
    for row in rows:
        if row.state is _S.DUE and is_held(row.id, grant.id):
            held.append(row.id)
        elif row.state is _S.CONDITIONAL and planning.met_on(grant, row, today) is not None:
            free.append(row.id)
    release.advance(held, _S.DUE, _S.CONDITIONAL, {"released_on": None}, actor=actor, now=now)
    return release.advance(free, _S.CONDITIONAL, _S.DUE, {"released_on": today}, actor=actor, now=now)
