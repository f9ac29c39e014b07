"""Whether agreements for periodic gifts may be signed online: off until a tax adviser's approval is recorded.

Nothing here is kept in memory: withdrawn is withdrawn for every process at its next question.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from app.audit import services as audit
from app.base.actor import Actor
from app.base.dates import local_date
from app.base.errors import Invalid, NotFound, Refused
from app.base.ids import new_id
from app.base.states import N_
from app.documents import services as documents
from app.documents.files import StoredFile
from app.documents.models import DocumentKind
from app.extensions import db
from app.organisation.models import Organisation, SigningApproval

SUBJECT = "signing_approval"


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """Who approved what, and when: `adviser` by name or role, of which `firm`."""

    on: date
    adviser: str
    firm: str
    scope: str


def standing() -> SigningApproval | None:
    """The approval under which may be signed online now; None: on paper only."""
    return db.session.execute(select(SigningApproval).where(SigningApproval.withdrawn_at.is_(None))).scalar()


def all_approvals() -> list[SigningApproval]:
    """Every approval there was, newest first."""
    return list(db.session.scalars(select(SigningApproval).order_by(SigningApproval.id.desc()).limit(50)))


def record(approval: Approval, advice: StoredFile, *, actor: Actor, now: datetime) -> int:
    """Note the approval with the advice it stands in: from now on agreements may be signed online."""
    _one_at_a_time()
    if standing() is not None:
        raise Refused(N_("An approval stands already. Withdraw that one first."))
    for field in ("adviser", "firm", "scope"):
        if not getattr(approval, field).strip():
            raise Invalid(N_("Fill this in."), field=field)
    if approval.on > local_date(now):
        raise Invalid(N_("This day is still to come."), field="on")
    row = SigningApproval(
        id=new_id(), approved_on=approval.on, adviser=approval.adviser.strip(), firm=approval.firm.strip(),
        scope=approval.scope.strip(), recorded_by_id=actor.id, recorded_at=now,
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    documents.attach(advice, (SUBJECT, row.id), DocumentKind.EVIDENCE, actor=actor, now=now)
    told = {"approved_on": [None, row.approved_on], "adviser": [None, row.adviser], "firm": [None, row.firm],
            "scope": [None, row.scope], "sha256": [None, advice.sha256]}  # fmt: skip
    audit.record("organisation.signing_approved", (SUBJECT, row.id), actor=actor, now=now, changes=told)
    return row.id


def withdraw(*, actor: Actor, now: datetime) -> None:
    """On paper only from now on. What both signed stays signed."""
    _one_at_a_time()
    row = standing()
    if row is None:
        raise NotFound(N_("No approval stands: agreements are signed on paper already."))
    row.withdrawn_at, row.withdrawn_by_id = now, actor.id
    audit.record("organisation.signing_withdrawn", (SUBJECT, row.id), actor=actor, now=now)


def _one_at_a_time() -> None:
    if db.session.execute(select(Organisation).with_for_update()).scalar_one_or_none() is None:
        raise NotFound(N_("Fill in the organisation first."))
