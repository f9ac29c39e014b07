"""Divide a grant over funds and programmes. Inside the caller's `with writing():`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete

from app.audit import services as audit
from app.base.actor import Actor
from app.base.errors import Invalid
from app.base.states import N_
from app.extensions import db
from app.grants.awards.models import Grant
from app.grants.restricted.models import WHOLE, Allocation, weight_of
from app.grants.rows import check_version, locked, must_exist
from app.programmes.models import Fund, Programme


@dataclass(frozen=True, slots=True, kw_only=True)
class Division:
    """One part: a fund or a programme, and cents or basis points of the grant."""

    fund_id: int | None = None
    programme_id: int | None = None
    cents: int | None = None
    basis_points: int | None = None


def divide(grant_id: int, parts: Sequence[Division], *, version: int | None, actor: Actor, now: datetime) -> None:
    """The grant is divided like this from now on; no parts: it is whole again. Books nothing.

    Raises Invalid (`parts-1-purpose`, `parts-1-amount`) for a purpose that is there twice or not at all, and
    for parts that come to more than the grant.
    """
    grant = locked(Grant, grant_id)
    check_version(grant.version, version)
    seen: set[tuple[int | None, int | None]] = set()
    weight = 0
    for place, part in enumerate(parts):
        purpose = (part.fund_id, part.programme_id)
        if (part.fund_id is None) == (part.programme_id is None) or purpose in seen:
            raise Invalid(N_("Choose a fund or a programme, each once."), field=f"parts-{place}-purpose")
        must_exist(Fund, part.fund_id, field=f"parts-{place}-purpose")
        must_exist(Programme, part.programme_id, field=f"parts-{place}-purpose")
        seen.add(purpose)
        own = weight_of(part.cents, part.basis_points, grant.amount_cents)
        if own <= 0:
            raise Invalid(N_("The amount must be more than zero."), field=f"parts-{place}-amount")
        weight += own
        if weight > grant.amount_cents * WHOLE:
            raise Invalid(N_("The parts come to more than the grant."), field=f"parts-{place}-amount")
    db.session.execute(delete(Allocation).where(Allocation.grant_id == grant.id))
    db.session.add_all(
        Allocation(
            grant_id=grant.id, fund_id=part.fund_id, programme_id=part.programme_id, cents=part.cents,
            basis_points=part.basis_points, created_at=now,
        )
        for part in parts
    )  # fmt: skip
    grant.version += 1
    db.session.flush()
    told = {"parts": [[p.fund_id, p.programme_id, p.cents, p.basis_points] for p in parts]}
    audit.record("grant.divided", ("grant_award", grant.id), actor=actor, now=now, changes=told)
