"""The statement of income and expenditure after RJ 650 and RJk C2 (DOMAIN.md 5.1): its lines in their order, beside
the budget and the same months a year before. Income by its origin."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from flask_babel import gettext as _

from app.base.money import format_money
from app.finance.reports.funds import equity_moves
from app.finance.reports.shape import Asked, Bars, Figure, Level, Report, Row, Table, entries
from app.finance.reports.years import Goals, Year, Years, goals, only_income, years
from app.ledger.queries import accounts
from app.ledger.rj import INCOME_LINES, RAISED_LINES, RjLine
from app.sheets.columns import Column, Kind

Count = Callable[[Year], int]


def statement(asked: Asked) -> Report:
    found = years(asked.span)
    now = found.now
    shown = [now, *([found.budget] if found.budget else []), found.before]
    columns = [
        Column(_("Line"), width=52),
        Column(asked.period, Kind.AMOUNT),
        *([Column(_("Budget"), Kind.AMOUNT)] if found.budget else []),
        Column(_("A year before"), Kind.AMOUNT),
    ]
    rows = list(_income(asked, shown))
    if now.has_costs:
        rows += _costs(asked, shown, goals(asked.language))
    appropriated = list(_appropriation(asked, shown, found))
    used = any(year.is_used for year in shown)
    title = _("Statement of income and expenditure")
    return Report(
        title,
        asked.period,
        figures=_figures(asked, now),
        charts=[
            Bars(
                _("Income by origin"),
                [(_(line.label), now.of(line)) for line in INCOME_LINES if now.of(line)],
                note=_("In the order of RJ 650"),
            )
        ],
        tables=[Table(title, columns, [*rows, *appropriated] if used or appropriated else [])],
        said=[_said(asked, now)] if now.has_costs and now.booked_costs else [],
        missing=only_income(asked, now),
    )


def _row(shown: Sequence[Year], label: str, count: Count, level: Level = Level.LINE, **more: Any) -> Row:
    return Row((label, *(count(year) for year in shown)), level, **more)


def _line(asked: Asked, shown: Sequence[Year], line: RjLine) -> Row:
    label = f"{line.number}. {_(line.label)}"
    return _row(shown, label, lambda year: year.of(line), link=entries(asked, rj_line=line.value))


def _income(asked: Asked, shown: Sequence[Year]) -> Iterator[Row]:
    yield from (_line(asked, shown, line) for line in RAISED_LINES)
    yield _row(shown, _("Sum of income raised"), lambda year: year.raised, Level.SUM)
    yield from (_line(asked, shown, line) for line in INCOME_LINES[len(RAISED_LINES) :])
    yield _row(shown, _("Sum of income"), lambda year: year.total, Level.SUM)


def _costs(asked: Asked, shown: Sequence[Year], goals: Goals) -> Iterator[Row]:
    yield _row(
        shown, _("Spent on objectives"), lambda year: year.of(RjLine.OBJECTIVES),
        link=entries(asked, rj_line=RjLine.OBJECTIVES.value),
    )  # fmt: skip
    for name, programmes in goals.of(shown):
        yield _row(
            shown, name, lambda year, own=programmes: year.spent(own),  # type: ignore[misc]
            Level.PART, link=entries(asked, rj_line=RjLine.OBJECTIVES.value, programme=next(iter(programmes)))
            if len(programmes) == 1 and None not in programmes else None,
        )  # fmt: skip
    for line in (RjLine.RAISING_COSTS, RjLine.MANAGEMENT):
        yield _row(
            shown, _(line.label), lambda year, own=line: year.of(own),  # type: ignore[misc]
            link=entries(asked, rj_line=line.value),
        )  # fmt: skip
    yield _row(shown, _("Sum of costs"), lambda year: year.total_costs, Level.SUM)
    yield _row(shown, _("Result before financial income and expense"), lambda year: year.total - year.total_costs)
    yield _row(shown, _("Financial income and expense"), lambda year: year.financial)
    yield _row(shown, _("Result of income and costs"), lambda year: year.result, Level.SUM)


def _appropriation(asked: Asked, shown: Sequence[Year], found: Years) -> Iterator[Row]:
    """Where the result went, as it was booked; the budget has none."""
    spans = {id(found.now): asked.span, id(found.before): asked.span.before}
    moved = {key: equity_moves(span) for key, span in spans.items()}
    names = {account.code: account.name(asked.language) for account in accounts()}
    for code in sorted(set().union(*moved.values())):
        cells = (moved[id(year)].get(code, 0) if id(year) in moved else None for year in shown)
        label = _("Appropriated: %(account)s", account=names[code])
        yield Row((label, *cells), link=entries(asked, account=code))


def _figures(asked: Asked, now: Year) -> list[Figure]:
    made = [
        Figure(_("Sum of income"), now.total, _("Lines 1 to 8, refunds and chargebacks out."), link=entries(asked)),
        Figure(_("Sum of income raised"), now.raised, _("Lines 1 to 6 of RJ 650.")),
    ]
    if now.has_costs:
        made.append(
            Figure(
                _("Result of income and costs"), now.result, _("Income less costs, with financial income and expense.")
            )
        )
    return made


def _said(asked: Asked, now: Year) -> str:
    return _(
        "Of the costs %(here)s are booked here: sub-grants, gifts in kind and fees of providers. The rest was imported"
        " from the accounting package; what was handed over to it from here must not be among it.",
        here=format_money(now.booked_costs, asked.language),
    )
