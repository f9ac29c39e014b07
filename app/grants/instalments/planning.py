"""Plan instalments, and change the plan while nothing of the grant is in the books."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import func, select

from app.audit import services as audit
from app.base.actor import Actor
from app.base.dates import local_date
from app.base.errors import Invalid, Refused
from app.base.states import N_
from app.extensions import db
from app.grants.awards import plans
from app.grants.awards.models import Grant
from app.grants.awards.plans import InstalmentPlan
from app.grants.conditions.holding import is_held
from app.grants.history import facts as move_facts
from app.grants.instalments.models import Instalment, InstalmentMove, InstalmentState, Receipt, Trigger
from app.grants.obligations.models import Obligation, ObligationState
from app.grants.rows import cents_sum, check_version, locked

_S = InstalmentState
MET = (ObligationState.ACCEPTED, ObligationState.WAIVED)


def plan(
    grant: Grant,
    each: Sequence[InstalmentPlan],
    cents: Sequence[int],
    duty_ids: Sequence[int],
    *,
    actor: Actor,
    now: datetime,
) -> list[int]:
    """Write the instalments of a new grant, checked by plans.check; gives their ids."""
    today = local_date(now)
    rows = []
    for position, (part, amount) in enumerate(zip(each, cents, strict=True), start=1):
        duty_id = duty_ids[part.report] if part.report is not None else None
        row = Instalment(grant_id=grant.id, position=position, created_at=now, version=1, recognised_cents=0)
        _write(row, part, amount, duty_id)
        _set_out(row, met_on=today if _is_met_by_date(row, today) else None)
        rows.append(row)
    db.session.add_all(rows)
    db.session.flush()
    tell(rows, actor=actor, now=now)
    return [row.id for row in rows]


def add(grant_id: int, part: InstalmentPlan, *, obligation_id: int | None, actor: Actor, now: datetime) -> int:
    """One more instalment, waiting for an obligation of the same grant if `obligation_id` is given."""
    grant = _open_to_planning(grant_id)
    amount = _amount(grant, part, obligation_id, besides=None)
    return append(grant, part, amount, obligation_id=obligation_id, actor=actor, now=now).id


def append(
    grant: Grant, part: InstalmentPlan, amount: int, *, obligation_id: int | None, actor: Actor, now: datetime
) -> Instalment:
    """The next instalment of a grant that the caller holds and whose amount it checked."""
    last = select(func.coalesce(func.max(Instalment.position), 0)).where(Instalment.grant_id == grant.id)
    row = Instalment(grant_id=grant.id, created_at=now, version=1, recognised_cents=0)
    row.position = db.session.execute(last).scalar_one() + 1
    _write(row, part, amount, obligation_id)
    _set_out(row, met_on=met_on(grant, row, local_date(now)))
    db.session.add(row)
    db.session.flush()
    tell([row], actor=actor, now=now)
    return row


def lower(row: Instalment, cents: int, *, actor: Actor, now: datetime) -> None:
    """An instalment that is held comes down to `cents`, more than nothing."""
    row.amount_cents, row.basis_points, row.letter_id = cents, None, None
    changes = audit.changes_of(row)
    row.version += 1
    db.session.flush()
    audit.record("instalment.changed", ("instalment", row.id), actor=actor, now=now, changes=changes)


def change(
    instalment_id: int,
    part: InstalmentPlan,
    *,
    obligation_id: int | None,
    version: int | None,
    actor: Actor,
    now: datetime,
) -> None:
    """Change an instalment. Once the grant is confirmed only its expected day can move."""
    found = db.session.execute(select(Instalment.grant_id).where(Instalment.id == instalment_id)).scalar()
    grant = locked(Grant, found or 0)
    row = locked(Instalment, instalment_id)
    check_version(row.version, version)
    if row.state not in (_S.CONDITIONAL, _S.DUE):
        raise Refused(N_("This cannot be done: it is %(now)s."), now=row.state.label)
    amount = _amount(grant, part, obligation_id, besides=row.id)
    before = (row.amount_cents, row.contribution_year, row.triggered_by, row.obligation_id)
    _write(row, part, amount, obligation_id)
    after = (row.amount_cents, row.contribution_year, row.triggered_by, row.obligation_id)
    if grant.confirmed_at is not None and before[:2] != after[:2]:
        raise Refused(N_("This is in the books: finance takes the confirmation back before it changes."))
    changes = audit.changes_of(row)
    if not changes:
        return
    row.letter_id = None  # what it says is not so any more
    was = row.state
    if before[2:] != after[2:] or row.triggered_by is Trigger.DATE:
        _set_out(row, met_on=met_on(grant, row, local_date(now)))
    row.version += 1
    db.session.flush()
    if row.state is not was:
        db.session.add(InstalmentMove(instalment_id=row.id, **move_facts(was, row.state, actor=actor, now=now)))
    audit.record("instalment.changed", ("instalment", row.id), actor=actor, now=now, changes=changes)


def remove(instalment_id: int, *, version: int | None, actor: Actor, now: datetime) -> None:
    """Take an instalment out of the plan of a grant that is not in the books."""
    found = db.session.execute(select(Instalment.grant_id).where(Instalment.id == instalment_id)).scalar()
    _open_to_planning(found or 0)
    row = locked(Instalment, instalment_id)
    check_version(row.version, version)
    ever = select(Receipt.id).where(Receipt.instalment_id == row.id).limit(1)
    if row.bookings or db.session.execute(ever).first():
        raise Refused(N_("This was in the books once: settle it at what came in instead."))
    told = {"amount_cents": row.amount_cents, "expected_on": row.expected_on.isoformat()}
    audit.record("instalment.removed", ("grant_award", row.grant_id), actor=actor, now=now, changes=told)
    for move in db.session.execute(select(InstalmentMove).where(InstalmentMove.instalment_id == row.id)).scalars():
        db.session.delete(move)
    db.session.flush()
    db.session.delete(row)


def _open_to_planning(grant_id: int) -> Grant:
    grant = locked(Grant, grant_id)
    if grant.confirmed_at is not None:
        raise Refused(N_("This is in the books: finance takes the confirmation back before it changes."))
    return grant


def _amount(grant: Grant, part: InstalmentPlan, obligation_id: int | None, *, besides: int | None) -> int:
    """Cents of this instalment, checked against the others of the grant."""
    if (part.triggered_by is Trigger.REPORT) != (obligation_id is not None):
        raise Invalid(N_("Choose the report this instalment waits for."), field="report")
    if obligation_id is not None:
        duty = db.session.get(Obligation, obligation_id)
        if duty is None or duty.grant_id != grant.id:
            raise Invalid(N_("Please choose one of the options."), field="report")
    if part.basis_points is not None and not 0 < part.basis_points <= 10_000:
        raise Invalid(N_("A share lies between 0 and 100 percent."), field="amount")
    amount = plans.amounts([part], grant.amount_cents)[0]
    if amount <= 0:
        raise Invalid(N_("The amount must be more than zero."), field="amount")
    others = select(cents_sum(Instalment.amount_cents)).where(Instalment.grant_id == grant.id)
    if besides is not None:
        others = others.where(Instalment.id != besides)
    if db.session.execute(others).scalar_one() + amount > grant.amount_cents:
        raise Invalid(N_("The instalments come to more than the grant."), field="amount")
    return amount


def _write(row: Instalment, part: InstalmentPlan, amount: int, obligation_id: int | None) -> None:
    row.amount_cents, row.basis_points = amount, part.basis_points
    row.triggered_by, row.obligation_id = part.triggered_by, obligation_id
    row.expected_on = part.expected_on
    row.contribution_year = part.contribution_year or part.expected_on.year


def _is_met_by_date(row: Instalment, today: date) -> bool:
    return row.triggered_by is Trigger.DATE and row.expected_on <= today


def met_on(grant: Grant, row: Instalment, today: date) -> date | None:
    """The day its trigger came, if it did and no condition holds the instalment."""
    if is_held(row.id, grant.id):
        return None
    if row.triggered_by is Trigger.SIGNATURE:
        return grant.agreed_on
    if row.triggered_by is Trigger.REPORT:
        duty = db.session.get(Obligation, row.obligation_id)
        return (duty.accepted_on or today) if duty is not None and duty.state in MET else None
    return today if _is_met_by_date(row, today) else None


def _set_out(row: Instalment, *, met_on: date | None) -> None:
    row.released_on = met_on
    row.state = _S.DUE if met_on else _S.CONDITIONAL


def tell(rows: Sequence[Instalment], *, actor: Actor, now: datetime) -> None:
    db.session.add_all(
        InstalmentMove(instalment_id=row.id, **move_facts(None, row.state, actor=actor, now=now)) for row in rows
    )
    audit.record_many(
        [
            audit.Trace(
                action="instalment.planned",
                subject=("instalment", row.id),
                changes={"amount_cents": row.amount_cents, "expected_on": row.expected_on.isoformat()},
            )
            for row in rows
        ],
        actor=actor,
        now=now,
    )
