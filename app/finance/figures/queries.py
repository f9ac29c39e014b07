"""Reading costs and budget: what counts, by month, RJ 650 line and programme."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import and_, func, select

from app.extensions import db
from app.finance.figures.models import FigureKind, FigureMonth, OutsideFigure
from app.ledger.rj import RjLine


@dataclass(frozen=True, slots=True)
class Sum:
    """Cents as the statement of income and expenses shows them: income and costs above zero, a financial
    balance above zero where it adds."""

    month: date  # its first day
    rj_line: RjLine
    programme_id: int | None
    cents: int


def sums(kind: FigureKind, start: date, end: date) -> list[Sum]:
    """What counts of the months that begin in [start, end). One statement."""
    keys = (OutsideFigure.month, OutsideFigure.rj_line, OutsideFigure.programme_id)
    rows = db.session.execute(
        select(*keys, func.sum(OutsideFigure.cents))
        .join(
            FigureMonth,
            and_(FigureMonth.import_id == OutsideFigure.import_id, FigureMonth.month == OutsideFigure.month),
        )
        .where(FigureMonth.kind == kind, FigureMonth.month >= start, FigureMonth.month < end)
        .group_by(*keys)
        .order_by(*keys)
    )
    return [Sum(month, line, programme_id, int(cents)) for month, line, programme_id, cents in rows]


def months(kind: FigureKind, start: date, end: date) -> list[date]:
    """The months in [start, end) of which there are figures: a year may be there in part."""
    found = (
        select(FigureMonth.month)
        .where(FigureMonth.kind == kind, FigureMonth.month >= start, FigureMonth.month < end)
        .order_by(FigureMonth.month)
    )
    return list(db.session.execute(found).scalars())


def has(kind: FigureKind, start: date, end: date) -> bool:
    """Whether there is anything of these months. `months` says of which."""
    return bool(months(kind, start, end))
