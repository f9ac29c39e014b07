"""A report as CSV, XLSX or PDF: the tables as the page shows them, with the sentences that belong to them."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from flask_babel import gettext as _

from app.base.dates import format_date, format_long_date
from app.base.money import format_money
from app.documents import pdf
from app.finance.reports.shape import Bars, Level, Report, Row, Series, Table
from app.organisation.letterhead import letterhead
from app.organisation.queries import profile
from app.sheets.columns import Column, Kind, Part
from app.sheets.csv_writer import write_csv_parts
from app.sheets.xlsx_writer import write_xlsx_parts
from app.ui import charts
from app.ui.filters import number, percent, short_money

WIDE = 5  # columns; a table with more lies across


def facts(report: Report, made: Any) -> list[tuple[str, str]]:
    """What a file says besides its tables."""
    said = [(_("Note"), text) for text in (*report.missing, *report.said)]
    notes = [(table.title, table.note) for table in report.tables if table.note]
    return [
        (_("Organisation"), profile().legal_name or profile().name),
        (_("Report"), report.title),
        (_("Period"), report.period),
        (_("Made on"), format_date(made)),
        *notes,
        *said,
    ]


def _parts(report: Report) -> list[Part]:
    tables = [Part(table.title, table.columns, [_indented(row) for row in table.rows]) for table in report.tables]
    return [*tables, *([_figures(report)] if report.figures else [])]


def _figures(report: Report) -> Part:
    """The figures on top of the page, each in the column of its kind, with its definition."""
    headings = {Kind.AMOUNT: _("Amount"), Kind.PERCENT: _("Share"), Kind.INTEGER: _("How many")}
    kinds = [kind for kind in headings if any(figure.kind is kind for figure in report.figures)]
    columns = [Column(_("Figure"), width=36), *(Column(headings[kind], kind) for kind in kinds)]
    rows = [
        (each.label, *(each.value if each.kind is kind else None for kind in kinds), each.definition)
        for each in report.figures
    ]
    return Part(_("Key figures"), [*columns, Column(_("Its definition"), width=56)], rows)


def _indented(row: Row) -> tuple[Any, ...]:
    """With what the page says below its label in brackets behind it."""
    if row.level is not Level.PART and not row.note:
        return row.cells
    label = ("  " if row.level is Level.PART else "") + str(row.cells[0])
    return (f"{label} ({row.note})" if row.note else label, *row.cells[1:])


def as_csv(report: Report, made: Any, language: str) -> bytes:
    text = io.StringIO(newline="")
    write_csv_parts(text, _parts(report), facts(report, made))
    return text.getvalue().encode("utf-8", errors="replace")


def as_xlsx(report: Report, made: Any, language: str) -> bytes:
    file = io.BytesIO()
    write_xlsx_parts(file, _parts(report), _("About this report"), facts(report, made))
    return file.getvalue()


def as_pdf(report: Report, made: Any, language: str) -> bytes:
    """On the organisation's paper, tagged; a table with many columns on a page that lies across."""
    return pdf.render(
        "finance/report.typ",
        {
            "lang": language,
            "title": f"{report.title}, {report.period}",
            "date": made.isoformat(),
            "organisation": letterhead(),
            "heading": report.title,
            "period": report.period,
            "made": _("Made on %(day)s", day=format_long_date(made, language)),
            "figures": [
                [figure.label, shown(figure.value, figure.kind, language), figure.definition]
                for figure in report.figures
            ],
            "said": [*report.missing, *report.said],
            "charts": [made for chart in report.charts if (made := _chart(chart, language))],
            "tables": [_table(table, language) for table in report.tables if table.rows],
        },
    )


_KINDS = {"money": Kind.AMOUNT, "percent": Kind.PERCENT}


def _chart(chart: Bars | Series, language: str) -> dict[str, Any] | None:
    """The chart of the page in places for paper: bars, stacks or lines, and what it says for who cannot see it."""
    kind = _KINDS.get(chart.kind, Kind.INTEGER)
    if isinstance(chart, Bars):
        return _bars(chart, kind, language) if chart.data else None
    return _plot(chart, kind, language) if chart.series and chart.labels else None


def _bars(chart: Bars, kind: Kind, language: str) -> dict[str, Any]:
    top = max(abs(row[1]) for row in chart.data) or 1
    rows = [
        [row[0], shown(row[1], kind, language), round(100 * abs(row[1]) / top, 2), row[1] < 0] for row in chart.data
    ]
    said = "; ".join(f"{row[0]}: {row[1]}" for row in rows)
    return {"form": "bars", "title": chart.title, "note": chart.note, "rows": rows, "alt": f"{chart.title}. {said}"}


def _plot(chart: Series, kind: Kind, language: str) -> dict[str, Any]:
    """Lines and stacks by the same places as on the page (app/ui/charts.py), in per cent of the plot."""
    values = [list(each["values"]) for each in chart.series]
    axis = charts.scale([v for row in values for v in row if v is not None] if chart.line else charts.totals(values))
    names = [str(each["name"]) for each in chart.series]
    tones = [int(each.get("tone", n)) for n, each in enumerate(chart.series, 1)]
    said = "; ".join(
        f"{name}: "
        + ", ".join(f"{label} {shown(v, kind, language)}" for label, v in zip(chart.labels, row, strict=True))
        for name, row in zip(names, values, strict=True)
    )
    return {
        "form": "plot",
        "title": chart.title,
        "note": chart.note,
        "alt": f"{chart.title}. {said}",
        "labels": [
            [label, 100 * n / max(len(chart.labels) - 1, 1) if chart.line else 100 * (n + 0.5) / len(chart.labels)]
            for n, label in enumerate(chart.labels)
        ],
        "ticks": [[short_money(round(t)) if kind is Kind.AMOUNT else shown(t, kind, language), axis.y(t)]
                  for t in axis.ticks],
        "zero": axis.zero,
        "key": [[name, tone] for name, tone in zip(names, tones, strict=True)],
        "bars": [] if chart.line else [
            [bar.x, bar.y, bar.width, bar.height, tones[bar.series]] for bar in charts.stacked(values, axis)
        ],
        "lines": [
            [tone, charts.points(row, axis)] for tone, row in zip(tones, values, strict=True)
        ] if chart.line else [],
    }  # fmt: skip


def _table(table: Table, language: str) -> dict[str, Any]:
    kinds = [column.kind for column in table.columns]
    return {
        "title": table.title,
        "note": table.note,
        "wide": len(kinds) > WIDE,
        "columns": [column.heading for column in table.columns],
        "widths": [column.width for column in table.columns],
        "numbers": [index for index, kind in enumerate(kinds) if kind not in (Kind.TEXT, Kind.DATE)],
        "rows": [
            {
                "level": row.level.value,
                "note": row.note,
                "cells": [shown(cell, kind, language) for cell, kind in zip(row.cells, kinds, strict=True)],
            }
            for row in table.rows
        ],
    }


def shown(value: Any, kind: Kind, language: str) -> str:
    """A cell as people read it; a dash where there is nothing to say."""
    if value is None:
        return "–"
    if kind is Kind.AMOUNT:
        return format_money(value, language)
    if kind is Kind.PERCENT:
        return percent(value)
    if kind is Kind.INTEGER:
        return number(value)
    if kind is Kind.DATE:
        return format_date(value, language)
    return str(value)


MAKERS: dict[str, tuple[Callable[[Report, Any, str], bytes], str]] = {
    "csv": (as_csv, "text/csv; charset=utf-8"),
    "xlsx": (as_xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "pdf": (as_pdf, "application/pdf"),
}
