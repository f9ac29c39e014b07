"""The publication as a report, so that page, CSV, XLSX and PDF say the same; the public page uses its tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from operator import methodcaller

from flask_babel import gettext as _

from app.base.dates import format_long_date, local_date
from app.finance.anbi.content import Content, content, draft, published
from app.finance.anbi.lines import ASSETS, LIABILITIES, NOTES, TOLD, Amounts
from app.finance.anbi.models import PublicationState
from app.finance.reports.shape import Asked, Bars, Level, Report, Row, Table
from app.ledger.rj import COST_LINES, INCOME_LINES, RAISED_LINES, RjLine
from app.sheets.columns import Column, Kind


def anbi(asked: Asked) -> Report:
    """Of the fiscal year asked for, whatever part of it: the draft, else what was published."""
    year = asked.span.year
    shown = content(year, draft(year.year) or published(year.year))
    income = [(shown.name(line.value, asked.language), shown.now.get(line.value)) for line in INCOME_LINES]
    bars = Bars(
        _("Income by origin"), [(name, cents) for name, cents in income if cents], note=_("In the order of RJ 650")
    )
    return replace(report(shown, asked.language), charts=[bars])


def report(shown: Content, language: str) -> Report:
    if shown.published_at:
        said = [_("Published on %(day)s, version %(number)s.", number=shown.revision,
                  day=format_long_date(local_date(shown.published_at), language))]  # fmt: skip
    else:
        said = []
    return Report(
        _("ANBI publication"),
        str(shown.year.year),
        tables=[general(shown, language), balance(shown, language), statement(shown, language)],
        said=said,
        missing=[*_state(shown), *no_costs(shown)],
    )


def _state(shown: Content) -> list[str]:
    if shown.state is PublicationState.PUBLISHED:
        return []
    return [_("This is a draft: it is not published yet.") if shown.state else
            _("Nothing was filled in for this year yet: only what the ledger has is here.")]  # fmt: skip


def no_costs(shown: Content) -> list[str]:
    """What to say where costs are not known: they are left out, never shown as nothing."""
    if shown.now.has_costs:
        return []
    return [_("The costs of this year are not known yet, so neither costs nor the result are shown.")]


def identity(shown: Content) -> list[tuple[str, str]]:
    """Who it is about: (label, text), empty ones left out."""
    who = shown.who
    facts = [
        (_("Name"), who["legal_name"] or who["name"]), ("RSIN", who["rsin"]),
        (_("Chamber of Commerce number"), who["kvk"]), (_("Address"), ", ".join(who["address"])),
        (_("Phone"), who["contact_phone"]), (_("E-mail"), who["contact_email"]), (_("Website"), who["website_url"]),
    ]  # fmt: skip
    return [(label, text) for label, text in facts if text]


def general(shown: Content, language: str) -> Table:
    told = [(_(told.label), shown.text(told.name, language)[0]) for told in TOLD if told.name not in NOTES]
    rows = [Row((label, text)) for label, text in (*identity(shown), *told) if text]
    return Table(_("General"), [Column(_("Part"), width=28), Column(_("What applies"), width=90)], rows)


def balance(shown: Content, language: str) -> Table:
    rows = [
        *_side(shown, ASSETS, _("Total assets"), language),
        *_side(shown, LIABILITIES, _("Total reserves, funds and debts"), language),
    ]
    columns = _columns(shown, _("On the last day of %(year)s", year=shown.year.year))
    return Table(_("Balance sheet"), columns, rows, note=shown.text("note_balance", language)[0])


def _side(shown: Content, lines: Mapping[str, str], label: str, language: str) -> list[Row]:
    if shown.now.total(lines) is None:
        return []
    rows = [_row(shown, shown.name(code, language), methodcaller("get", code)) for code in lines]
    known = [row for row in rows if any(cell is not None for cell in row.cells[1:])]
    return [*known, _row(shown, label, lambda amounts: amounts.total(lines), Level.SUM)]


def statement(shown: Content, language: str) -> Table:
    def called(line: RjLine) -> str:
        return shown.name(line.value, language)

    rows = [_line(shown, line, f"{line.number}. {called(line)}") for line in RAISED_LINES]
    rows.append(_row(shown, _("Sum of income raised"), lambda amounts: amounts.raised, Level.SUM))
    rows += [_line(shown, line, f"{line.number}. {called(line)}") for line in INCOME_LINES[len(RAISED_LINES) :]]
    rows.append(_row(shown, _("Sum of income"), lambda amounts: amounts.income, Level.SUM))
    if shown.now.has_costs:
        rows += [_line(shown, line, called(line)) for line in COST_LINES]
        rows.append(_sum(shown, _("Sum of costs"), "spent"))
        rows.append(_sum(shown, _("Result before financial income and expense"), "before_financial", Level.LINE))
        rows.append(_line(shown, RjLine.FINANCIAL, called(RjLine.FINANCIAL)))
        rows.append(_sum(shown, _("Result of income and costs"), "result"))
    columns = _columns(shown, str(shown.year.year))
    return Table(
        _("Statement of income and expenditure"), columns, rows, note=shown.text("note_statement", language)[0]
    )


def _columns(shown: Content, heading: str) -> list[Column]:
    before = [Column(str(shown.year.year - 1), Kind.AMOUNT)] if shown.before else []
    return [Column(_("Line"), width=52), Column(heading, Kind.AMOUNT, width=22), *before]


def _row(shown: Content, label: str, count: Callable[[Amounts], int | None], level: Level = Level.LINE) -> Row:
    return Row((label, count(shown.now), *([count(shown.before)] if shown.before else [])), level)


def _line(shown: Content, line: RjLine, label: str) -> Row:
    return _row(shown, label, lambda amounts: amounts.get(line.value))


def _sum(shown: Content, label: str, name: str, level: Level = Level.SUM) -> Row:
    def count(amounts: Amounts) -> int | None:
        return getattr(amounts, name) if amounts.has_costs else None

    return _row(shown, label, count, level)
