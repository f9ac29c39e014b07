"""Costs and budget from outside: count once, replace month by month, and give place again."""

from __future__ import annotations

from datetime import date

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.base.actor import SYSTEM
from app.base.errors import DomainError, Invalid, Refused
from app.documents.files import StoredFile
from app.extensions import db, now, writing
from app.finance.figures import queries, services
from app.finance.figures.models import FigureImport, FigureKind, FigureState, OutsideFigure
from app.finance.figures.queries import Sum
from app.finance.figures.services import Amount
from app.ledger.models import JournalEntry
from app.ledger.rj import RjLine
from tests.factories.organisation import make_programme

COST, BUDGET = FigureKind.COST, FigureKind.BUDGET
JAN, FEB, MAR = (date(2026, month, 1) for month in (1, 2, 3))
YEAR = (JAN, date(2027, 1, 1))
RENT = RjLine.MANAGEMENT


def read(name: str, *amounts: Amount, kind: FigureKind = COST, control: int | None = None) -> int:
    total = sum(each.cents for each in amounts)
    with writing() as session:
        import_id = services.begin(
            kind, StoredFile(f"{name}.csv", "text/csv", 10, name.ljust(64, "0")), actor=SYSTEM, now=now()
        )
        row = session.get(FigureImport, import_id)
        assert row is not None
        row.control_cents = total if control is None else control
    return import_id


def take(name: str, *amounts: Amount, kind: FigureKind = COST, control: int | None = None) -> int:
    import_id = read(name, *amounts, kind=kind, control=control)
    with writing():
        services.enter(
            import_id, amounts, rows=len(amounts), total_cents=sum(each.cents for each in amounts), version=1,
            actor=SYSTEM, now=now(),
        )  # fmt: skip
    return import_id


def undo(import_id: int) -> None:
    with writing():
        services.undo(import_id, version=2, actor=SYSTEM, now=now())


def by_month(kind: FigureKind = COST) -> dict[int, int]:
    return {each.month.month: each.cents for each in queries.sums(kind, *YEAR)}


def test_figures_are_summed_by_month_line_and_programme_and_never_booked(app: Flask) -> None:
    one = make_programme("een")
    take(
        "a",
        Amount(date(2026, 1, 5), RENT, 100, "4000"),
        Amount(date(2026, 1, 31), RENT, 50, "4010"),
        Amount(FEB, RjLine.OBJECTIVES, 700, "4100", one),
        Amount(FEB, RjLine.FINANCIAL, -3, "4900"),
    )
    assert queries.sums(COST, *YEAR) == [
        Sum(JAN, RENT, None, 150),
        Sum(FEB, RjLine.FINANCIAL, None, -3),
        Sum(FEB, RjLine.OBJECTIVES, one, 700),
    ]
    assert queries.sums(COST, FEB, MAR) == queries.sums(COST, *YEAR)[1:]
    assert (queries.has(COST, JAN, FEB), queries.has(COST, MAR, YEAR[1]), queries.has(BUDGET, *YEAR)) == (
        True, False, False,
    )  # fmt: skip
    assert queries.months(COST, *YEAR) == [JAN, FEB]
    assert db.session.execute(select(func.count()).select_from(JournalEntry)).scalar() == 0


def test_the_same_file_counts_once(app: Flask) -> None:
    take("a", Amount(JAN, RENT, 100, "4000"))
    with pytest.raises(Refused, match="taken in before"):
        read("a")
    assert by_month() == {1: 100}
    take("a", Amount(JAN, RENT, 100, "4000"), kind=BUDGET)  # the other kind is another thing
    assert (by_month(), by_month(BUDGET)) == ({1: 100}, {1: 100})


def test_two_uploads_of_one_file_count_once(app: Flask) -> None:
    first, second = read("a", Amount(JAN, RENT, 1, "4000")), read("a", Amount(JAN, RENT, 1, "4000"))
    for import_id, refused in ((first, False), (second, True)):
        try:
            with writing():
                services.enter(
                    import_id, [Amount(JAN, RENT, 1, "4000")], rows=1, total_cents=1, version=1, actor=SYSTEM, now=now()
                )
        except Refused:
            assert refused
    assert by_month() == {1: 1}


def test_a_later_file_replaces_month_by_month_and_gives_place_again(app: Flask) -> None:
    first = take("a", Amount(JAN, RENT, 100, "4000"), Amount(FEB, RENT, 200, "4000"))
    assert [row.id for row in services.replaced(COST, [FEB, MAR]).values()] == [first]
    second = take("b", Amount(FEB, RENT, 222, "4000"), Amount(MAR, RENT, 300, "4000"))
    assert by_month() == {1: 100, 2: 222, 3: 300}
    third = take("c", Amount(FEB, RENT, 233, "4000"))
    undo(second)
    assert by_month() == {1: 100, 2: 233}
    undo(third)
    assert by_month() == {1: 100, 2: 200}
    undo(first)
    assert by_month() == {}
    take("a", Amount(JAN, RENT, 100, "4000"))  # undone, it may come in anew
    assert by_month() == {1: 100}


INCOME = Amount(JAN, RjLine.COMPANIES, 100, "8000")


@pytest.mark.parametrize(
    ("amounts", "control", "version", "error", "said"),
    [
        ([Amount(JAN, RENT, 100, "4000")], 99, 1, Refused, "control total"),
        ([Amount(JAN, RENT, 100, "4000")], 100, 7, Refused, "Somebody else"),
        ([INCOME], 100, 1, Invalid, "8000"),
        ([], 0, 1, Invalid, "nothing"),
    ],
    ids=["control total", "outdated page", "income among costs", "empty"],
)
def test_what_is_not_right_takes_nothing_in(
    app: Flask, amounts: list[Amount], control: int, version: int, error: type[DomainError], said: str
) -> None:
    import_id = read("a", *amounts, control=control)
    with pytest.raises(error, match=said), writing():
        services.enter(
            import_id, amounts, rows=1, total_cents=sum(each.cents for each in amounts), version=version,
            actor=SYSTEM, now=now(),
        )  # fmt: skip
    db.session.rollback()
    row = db.session.get(FigureImport, import_id)
    assert row is not None
    assert row.state is FigureState.READ
    assert db.session.execute(select(func.count()).select_from(OutsideFigure)).scalar() == 0


def test_a_budget_may_hold_income(app: Flask) -> None:
    take("a", INCOME, kind=BUDGET)
    assert queries.sums(BUDGET, *YEAR) == [Sum(JAN, RjLine.COMPANIES, None, 100)]


def test_what_was_only_read_is_thrown_away(app: Flask) -> None:
    import_id = read("a", Amount(JAN, RENT, 100, "4000"))
    with writing():
        services.undo(import_id, version=1, actor=SYSTEM, now=now())
    with pytest.raises(Refused), writing():
        services.enter(import_id, [], rows=0, total_cents=0, version=2, actor=SYSTEM, now=now())
