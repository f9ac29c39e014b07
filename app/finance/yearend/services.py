"""Appropriate the result of a year, once, and take it back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select

from app.audit.services import record
from app.base.actor import Actor
from app.base.dates import local_date, month_start
from app.base.errors import Invalid, NotFound, Refused
from app.base.ids import new_id
from app.base.states import N_
from app.extensions import db
from app.extensions.sql import insert_new
from app.finance.funds.accounts import fund_accounts
from app.finance.openings import queries as openings
from app.finance.periods import FiscalYear
from app.finance.yearend.models import SOURCE, Appropriation
from app.finance.yearend.proposal import propose
from app.ledger import equity_postings
from app.ledger import services as ledger
from app.ledger.accounts import GENERAL
from app.ledger.queries import closed_months

CLOSED = N_("%(month)s is closed, and the result is booked on its last day: an administrator opens it again first.")


def standing(year: int) -> Appropriation | None:
    """The appropriation of this fiscal year that counts."""
    mine = select(Appropriation).where(Appropriation.year == year, Appropriation.undone_at.is_(None))
    return db.session.execute(mine).scalar_one_or_none()


def appropriate(
    year: FiscalYear, moves: Mapping[str, int], *, seen_cents: int, reason: str, actor: Actor, now: datetime
) -> int:
    """Book what goes to (above zero) or comes from each fund, by the key of its part of the proposal, the rest to the
    general reserve, on the last day of the year; returns the id. On each account stand the income and what was
    spent of it apart. `seen_cents` is the result that the person looked at.

    Raises Refused for a year that is not over or was appropriated, where the result changed since, or its last month
    is closed; Invalid without a reason for another amount than proposed, and for a fund below zero.
    """
    on = year.period.end
    if on >= local_date(now):
        raise Refused(N_("This fiscal year is not over yet."))
    opened = openings.latest()
    if opened is not None and on <= opened:
        raise Refused(N_("This year lies before the opening balance: its result is in the reserves of that."))
    if closed_months([month_start(on)]):  # said here: the general message asks for a later date
        raise Refused(CLOSED, month=f"{on:%m-%Y}")
    proposal = propose(year)
    if proposal.result != seen_cents:
        raise Refused(N_("The result of this year changed while you were looking. Look again, then decide."))
    if set(moves) != {part.key for part in proposal.parts}:
        raise Refused(N_("The funds of this year changed while you were looking. Look again, then decide."))
    for part in proposal.parts:
        if part.before + moves[part.key] < min(part.before, 0):
            raise Invalid(N_("More than stands on this fund cannot come from it."), field=f"move_{part.key}")
    if any(moves[part.key] != part.proposed for part in proposal.parts) and not reason.strip():
        raise Invalid(N_("Say why it is other than proposed: the auditor will ask."), field="reason")
    rest = proposal.result - sum(moves.values())
    if not rest and not any(moves.values()):
        raise Refused(N_("There is no result to appropriate."))
    row_id = new_id()
    made = insert_new(Appropriation).values(
        id=row_id, year=year.year, booked_on=on, result_cents=proposal.result, reason=reason.strip(), made_at=now,
        moves=[[part.key, part.proposed, moves[part.key]] for part in proposal.parts],
        made_by_id=actor.id, undone_reason="",
    )  # fmt: skip
    if db.session.execute(made.returning(Appropriation.__table__.c.id)).scalar() is None:
        raise Refused(N_("The result of this year was appropriated already."))
    own = fund_accounts([part.fund.id for part in proposal.parts if part.fund], actor=actor, now=now)
    lines: list[tuple[str, int, int | None]] = []
    for part in proposal.parts:
        account, moved = own[part.fund.id] if part.fund else part.account, moves[part.key]
        added, taken = part.gross(moved)
        lines += [(account, added, part.programme_id), (account, -taken, part.programme_id)]
    lines.append((GENERAL, rest, None))
    ledger.post([equity_postings.result_appropriated((SOURCE, row_id), lines, on)], actor=actor, now=now)
    told = {"year": year.year, "result_cents": proposal.result, "reason": reason.strip() or None}
    record("books.appropriated", (SOURCE, row_id), actor=actor, now=now, changes=told)
    return row_id


def undo(row_id: int, *, reason: str, actor: Actor, now: datetime) -> None:
    """Take it back by a counter entry: on the same day where its month is open, else today. Raises NotFound, Refused
    where it was taken back before, Invalid without a reason."""
    row = db.session.get(Appropriation, row_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound(N_("This is not here, or not any more."))
    if row.undone_at is not None:
        raise Refused(N_("This appropriation was taken back before."))
    if not reason.strip():
        raise Invalid(N_("Please fill this in."), field="reason")
    month = month_start(row.booked_on)
    on = local_date(now) if closed_months([month]) else row.booked_on
    row.undone_at, row.undone_by_id, row.undone_reason = now, actor.id, reason.strip()
    ledger.reverse(source=(SOURCE, row.id), on=on, actor=actor, now=now)
    record("books.appropriation_undone", (SOURCE, row.id), actor=actor, now=now, changes={"reason": reason.strip()})
