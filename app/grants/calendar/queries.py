"""What belongs in somebody's calendar: their obligations, all rounds, the money of their grants."""

from __future__ import annotations

from datetime import date

from sqlalchemy import and_, or_, select

from app.base.dates import days
from app.extensions import db
from app.grants.applications.models import Application
from app.grants.awards.models import Grant
from app.grants.instalments import queries as instalments
from app.grants.instalments.models import EXPECTED, Instalment
from app.grants.obligations import queries as obligations
from app.grants.obligations.models import TO_DELIVER, Obligation
from app.grants.rounds import queries as rounds
from app.grants.rounds.models import Round
from app.links.models import Link

PURPOSE = "grants.calendar"
BACK, AHEAD = days(60), days(760)
MOST = 2000  # entries of each kind


def obligations_of(staff_id: int, today: date) -> list[tuple[obligations.Line, int]]:
    """What this person makes, reviews or owns the grant or application of; with the row's version."""
    mine = or_(
        Obligation.assignee_id == staff_id,
        Obligation.reviewer_id == staff_id,
        Grant.owner_id == staff_id,
        Application.owner_id == staff_id,
    )
    open_ones = and_(obligations.ALIVE, Obligation.state.in_(TO_DELIVER), Obligation.due_on <= today + AHEAD)
    chosen = obligations.listing().add_columns(Obligation.version).where(mine, open_ones)
    rows = db.session.execute(chosen.order_by(Obligation.due_on, Obligation.id).limit(MOST))
    return [(obligations.line_of(row), row[-1]) for row in rows]


def rounds_near(today: date) -> list[tuple[rounds.Line, int]]:
    chosen = rounds.listing().add_columns(Round.version)
    chosen = chosen.where(Round.closes_on >= today - BACK, Round.closes_on <= today + AHEAD)
    rows = db.session.execute(chosen.order_by(Round.closes_on, Round.id).limit(MOST))
    return [(rounds.line_of(row), row[-1]) for row in rows]


def instalments_for(staff_id: int, today: date, *, all_of_them: bool) -> list[instalments.Line]:
    """Money expected on this person's grants, or (finance) on all grants."""
    chosen = instalments.listing().where(Instalment.state.in_(EXPECTED), Instalment.expected_on <= today + AHEAD)
    if not all_of_them:
        chosen = chosen.where(Grant.owner_id == staff_id)
    rows = db.session.execute(chosen.order_by(Instalment.expected_on, Instalment.id).limit(MOST))
    return [instalments.line_of(row) for row in rows]


def has_address(staff_id: int) -> bool:
    """Whether this person has a calendar address that works."""
    working = select(Link.id).where(Link.purpose == PURPOSE, Link.subject_id == staff_id, Link.revoked_at.is_(None))
    return db.session.execute(working.limit(1)).first() is not None
