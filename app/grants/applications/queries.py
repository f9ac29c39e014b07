"""Read applications: lists, the board, decisions awaited, the weighted pipeline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, or_, select
from sqlalchemy.orm import aliased

from app.base.errors import NotFound
from app.base.states import N_
from app.extensions import db
from app.grants.applications.models import (
    OPEN_STAGES,
    STAGE_PROBABILITY,
    Application,
    ApplicationMove,
    Stage,
)
from app.grants.funders.models import Funder
from app.grants.rounds.models import Round
from app.grants.rows import cents_sum
from app.staff.models import Staff
from app.supporters.models import Supporter

BOARD_CARDS = 40  # in one column; the list shows the rest


@dataclass(frozen=True, slots=True)
class Line:
    """An application as lists and cards show it. Amounts in cents, chance in percent."""

    id: int
    title: str
    stage: Stage
    stage_since: datetime
    ask_cents: int
    expected_cents: int
    chance: int
    weighted_cents: int
    decision_on: date | None
    resubmit_on: date | None
    version: int
    funder_id: int
    funder: str
    owner_id: int | None
    owner: str | None
    programme_id: int | None


@cache
def chance() -> ColumnElement[int]:
    """Probability in percent: its own, or else the stage's."""
    usual = case(*((Application.stage == stage, percent) for stage, percent in STAGE_PROBABILITY.items()), else_=0)
    return func.coalesce(Application.probability, usual)


@cache
def weighted() -> ColumnElement[int]:
    """Expected amount times chance, in cents; rounded down, so that a sum never promises more."""
    return Application.expected_cents * chance() // 100


@cache
def decision_day() -> ColumnElement[Any]:
    """When the funder decides: as told to us, else as the round says."""
    return func.coalesce(Application.decision_on, Round.decision_on)


_owner = aliased(Staff)


@cache
def listing() -> Select[*tuple[Any, ...]]:
    """All applications with their names, for filtering and paging; rows fit `line_of`."""
    return (
        select(
            Application.id,
            Application.title,
            Application.stage,
            Application.stage_since,
            Application.ask_cents,
            Application.expected_cents,
            chance(),
            weighted(),
            decision_day(),
            Application.resubmit_on,
            Application.version,
            Funder.id,
            Supporter.display_name,
            Application.owner_id,
            _owner.name,
            Application.programme_id,
        )
        .join(Funder, Funder.id == Application.funder_id)
        .join(Supporter, Supporter.id == Funder.supporter_id)
        .outerjoin(Round, Round.id == Application.round_id)
        .outerjoin(_owner, _owner.id == Application.owner_id)
    )


def line_of(row: Sequence[Any]) -> Line:
    return Line(*tuple(row)[:16])


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the board: its cards, and the sums over all of the stage, shown or not."""

    stage: Stage
    count: int
    expected_cents: int
    weighted_cents: int
    cards: list[Line]


def board(*, owner_id: int | None = None, programme_id: int | None = None) -> list[Column]:
    """The open stages with their cards, next decision first. Two statements, however many cards."""
    own: list[ColumnElement[bool]] = [Application.stage.in_(OPEN_STAGES)]
    if owner_id is not None:
        own.append(Application.owner_id == owner_id)
    if programme_id is not None:
        own.append(Application.programme_id == programme_id)
    sums = {
        stage: (int(count), int(expected), int(by_chance))
        for stage, count, expected, by_chance in db.session.execute(
            select(
                Application.stage,
                func.count(),
                func.sum(Application.expected_cents),
                func.sum(weighted()),
            )
            .where(*own)
            .group_by(Application.stage)
        )
    }
    place = func.row_number().over(
        partition_by=Application.stage,
        order_by=(decision_day().is_(None), decision_day(), Application.id),
    )
    ranked = (
        select(Application.id.label("id"), place.label("place"))
        .outerjoin(Round, Round.id == Application.round_id)
        .where(*own)
        .subquery()
    )
    shown = listing().join(ranked, ranked.c.id == Application.id).where(ranked.c.place <= BOARD_CARDS)
    cards: dict[Stage, list[Line]] = {stage: [] for stage in OPEN_STAGES}
    for row in db.session.execute(shown.order_by(ranked.c.place)):
        line = line_of(row)
        cards[line.stage].append(line)
    return [Column(stage, *sums.get(stage, (0, 0, 0)), cards[stage]) for stage in OPEN_STAGES]


def one(application_id: int) -> tuple[Application, Line]:
    """The row and its names, or NotFound."""
    found = db.session.execute(listing().where(Application.id == application_id)).first()
    row = db.session.get(Application, application_id)
    if found is None or row is None:
        raise NotFound(N_("This is not here, or not any more."))
    return row, line_of(found)


def made_from(application_id: int) -> Application | None:
    """The next application that was made from this one, the latest if there are more."""
    chosen = select(Application).where(Application.previous_id == application_id)
    return db.session.execute(chosen.order_by(Application.id.desc()).limit(1)).scalar()


def moves_of(application_id: int) -> list[ApplicationMove]:
    chosen = select(ApplicationMove).where(ApplicationMove.application_id == application_id)
    return list(db.session.execute(chosen.order_by(ApplicationMove.at.desc(), ApplicationMove.id.desc())).scalars())


def decisions_awaited(limit: int = 20) -> list[Line]:
    """Submitted applications, the decision that comes (or should have come) first on top."""
    rows = listing().where(Application.stage == Stage.SUBMITTED)
    rows = rows.order_by(decision_day().is_(None), decision_day(), Application.id).limit(limit)
    return [line_of(row) for row in db.session.execute(rows)]


@dataclass(frozen=True, slots=True)
class Awaited:
    count: int
    expected_cents: int
    weighted_cents: int


def awaited_totals() -> Awaited:
    """How many decisions are awaited, and what they are worth."""
    total = select(
        func.count(),
        cents_sum(Application.expected_cents),
        cents_sum(weighted()),
    ).where(Application.stage == Stage.SUBMITTED)
    return Awaited(*(int(value) for value in db.session.execute(total).one()))


def of_funder(funder_id: int, limit: int = 20) -> list[Line]:
    """What was and is asked of a funder, what moved last on top."""
    rows = listing().where(Application.funder_id == funder_id)
    rows = rows.order_by(Application.stage_since.desc(), Application.id).limit(limit)
    return [line_of(row) for row in db.session.execute(rows)]


def matches(text: str) -> ColumnElement[bool]:
    """Title or the funder's name holds this text."""
    return or_(
        Application.title.icontains(text, autoescape=True), Supporter.display_name.icontains(text, autoescape=True)
    )


def totals(chosen: Select[*tuple[Any, ...]]) -> tuple[int, int, int, int]:
    """(how many, asked, expected, weighted) of a filtered `listing`, in one statement."""
    inner = (
        chosen.with_only_columns(
            Application.ask_cents.label("ask"),
            Application.expected_cents.label("expected"),
            weighted().label("weighted"),
            maintain_column_froms=True,
        )
        .order_by(None)
        .subquery()
    )
    summed = [cents_sum(inner.c[name]) for name in ("ask", "expected", "weighted")]
    return tuple(int(value) for value in db.session.execute(select(func.count(), *summed)).one())  # type: ignore[return-value]
