"""The weighted pipeline by stage, and the win rate. A constant number of set-based statements."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Integer, Select, and_, case, cast, func, or_, select
from sqlalchemy.orm import aliased

from app.base.dates import days, local_midnight
from app.extensions import db
from app.grants.applications.models import OPEN_STAGES, STAGE_PROBABILITY, Application, Stage
from app.grants.applications.queries import listing, weighted
from app.grants.awards.models import Grant
from app.grants.rows import cents_sum


@dataclass(frozen=True, slots=True)
class StageSum:
    """Open applications at a stage. Amounts in cents; `own` counts those with a probability of their own."""

    stage: Stage
    count: int = 0
    ask_cents: int = 0
    expected_cents: int = 0
    weighted_cents: int = 0
    own: int = 0

    @property
    def percent(self) -> int:
        """What is usual at this stage."""
        return STAGE_PROBABILITY[self.stage]


def by_stage(*, programme_id: int | None = None) -> list[StageSum]:
    """Every open stage, in the order of the pipeline."""
    sums = [cents_sum(Application.ask_cents), cents_sum(Application.expected_cents), cents_sum(weighted())]
    chosen = (
        select(Application.stage, func.count(), *sums, func.count(Application.probability))
        .where(Application.stage.in_(OPEN_STAGES))
        .group_by(Application.stage)
    )
    if programme_id is not None:
        chosen = chosen.where(Application.programme_id == programme_id)
    found = {row[0]: StageSum(row[0], *(int(value) for value in row[1:])) for row in db.session.execute(chosen)}
    return [found.get(stage, StageSum(stage)) for stage in OPEN_STAGES]


def with_own_chance() -> Select[tuple[object, ...]]:
    """Open applications whose probability somebody set, with the reason: rows fit `line_of`, the reason is last."""
    chosen = listing().add_columns(Application.probability_reason)
    return chosen.where(Application.stage.in_(OPEN_STAGES), Application.probability.is_not(None))


@dataclass(frozen=True, slots=True)
class Won:
    """Decisions of a year. Amounts are what was asked, in cents."""

    year: int
    renewal: bool
    won: int = 0
    lost: int = 0
    won_cents: int = 0
    lost_cents: int = 0

    @property
    def rate(self) -> float | None:
        """By number, from 0 to 1; None where nothing was decided."""
        total = self.won + self.lost
        return self.won / total if total else None

    @property
    def amount_rate(self) -> float | None:
        total = self.won_cents + self.lost_cents
        return self.won_cents / total if total else None


def win_rates(last: int, years: int = 5) -> list[Won]:
    """Each of these years, new and renewal apart, oldest first. One statement.

    Awarded counts on the day of the funder's decision, declined on the day it was recorded. A
    renewal follows an application that was awarded; another try after a decline is new.
    """
    first = last - years + 1
    before = aliased(Application)
    renewal = case((before.stage == Stage.AWARDED, 1), else_=0)
    won = Application.stage == Stage.AWARDED
    declined = case(
        *(
            (Application.stage_since < local_midnight(date(year + 1, 1, 1)), year)
            for year in range(first, last + 1)
        ),
        else_=last + 1,
    )  # fmt: skip
    year = case((won, cast(func.extract("year", Grant.decided_on), Integer)), else_=declined)
    chosen = (
        select(
            year.label("year"), renewal.label("renewal"), func.count().filter(won), func.count().filter(~won),
            cents_sum(case((won, Application.ask_cents), else_=0)),
            cents_sum(case((won, 0), else_=Application.ask_cents)),
        )
        .select_from(Application)
        .outerjoin(Grant, Grant.application_id == Application.id)
        .outerjoin(before, before.id == Application.previous_id)
        .where(
            or_(
                and_(won, Grant.decided_on >= date(first, 1, 1), Grant.decided_on <= date(last, 12, 31)),
                and_(
                    Application.stage == Stage.DECLINED,
                    Application.stage_since >= local_midnight(date(first, 1, 1)),
                    Application.stage_since < local_midnight(date(last, 12, 31) + days(1)),
                ),
            )
        )
        .group_by("year", "renewal")
    )  # fmt: skip
    found = {(row[0], bool(row[1])): [int(value) for value in row[2:]] for row in db.session.execute(chosen)}
    places = [(y, kind) for y in range(first, last + 1) for kind in (False, True)]
    return [Won(y, kind, *found.get((y, kind), [])) for y, kind in places]
