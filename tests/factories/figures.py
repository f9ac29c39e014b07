"""Costs and budget as if they were imported."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime

from app.extensions import db
from app.finance.figures.models import FigureImport, FigureKind, FigureMonth, FigureState, OutsideFigure
from app.ledger.rj import RjLine

AT = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)


def imported(kind: FigureKind, amounts: Iterable[tuple[date, RjLine, int | None, int]]) -> None:
    """One import with these amounts (month, line, programme, cents), counting for its months. Inside `writing()`."""
    rows = list(amounts)
    row = FigureImport(
        kind=kind, state=FigureState.IN, filename="figures.csv", media_type="text/csv", sha256=f"{kind:0>64}"[:64],
        control_cents=sum(row[3] for row in rows), created_at=AT, entered_at=AT,
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    db.session.add_all(
        OutsideFigure(import_id=row.id, month=month, rj_line=line, programme_id=programme, account="4000", cents=cents)
        for month, line, programme, cents in rows
    )
    db.session.add_all(FigureMonth(kind=kind, month=month, import_id=row.id) for month in {row[0] for row in rows})
    db.session.flush()
