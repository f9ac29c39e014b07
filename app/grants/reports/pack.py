"""What a report holds, read in a constant number of statements; and the files made of it, with nothing open."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _

from app.documents import pdf
from app.grants.awards import queries as awards
from app.grants.budgets import queries as budgets
from app.grants.budgets.queries import BudgetLineView
from app.grants.obligations import queries as obligations
from app.grants.obligations.models import Obligation
from app.grants.obligations.queries import Line
from app.grants.partners import queries as partners
from app.grants.partners.queries import PartnerView
from app.grants.parts import queries as parts
from app.grants.parts.models import PartState
from app.grants.parts.queries import PartView
from app.organisation.letterhead import letterhead
from app.sheets.columns import Column, Kind, Words
from app.sheets.xlsx_writer import write_xlsx
from app.ui import filters
from app.ui.languages import language


@dataclass(frozen=True, slots=True)
class Pack:
    """Everything a report tells. Lists are empty where a grant has no budget, partners or parts."""

    row: Obligation
    line: Line
    reference: str
    granted_cents: int | None
    texts: list[PartView]
    indicators: list[PartView]
    figures: list[PartView]
    budget: list[BudgetLineView]  # spent until the end of the period that the report covers
    unmapped_cents: int  # spent until then and on no line yet
    partners: list[PartnerView]
    evidence: list[tuple[str, str]]
    parts: list[PartView]  # all of them, in the order of the report
    unfinished: bool  # a part is not accepted yet: what is made of it now is a draft, and says so

    @property
    def title(self) -> str:
        return self.line.title or filters.label(self.line.kind)


def gather(obligation_id: int) -> Pack:
    """Read it all. Raises NotFound."""
    row, line = obligations.one(obligation_id)
    asked = [part for part in parts.parts(obligation_id) if part.state != PartState.WAIVED.value]
    grant = awards.one(row.grant_id)[1] if row.grant_id else None
    current = budgets.in_force(row.grant_id) if row.grant_id else None
    spent = budgets.spent_by_line(current.grant_id, row.period_to) if current else {}
    return Pack(
        row=row,
        line=line,
        reference=grant.funder_reference if grant else "",
        granted_cents=grant.amount_cents if grant else None,
        texts=[part for part in asked if part.kind == "narrative"],
        indicators=[part for part in asked if part.kind == "indicator"],
        figures=[part for part in asked if part.kind == "figures"],
        budget=budgets.views(budgets.rows_of(current.id), spent) if current else [],
        unmapped_cents=spent.get(None, 0),
        partners=partners.partners(row.grant_id) if row.grant_id else [],
        evidence=[(name, part.partner_name) for part in asked for name in part.file_names],
        parts=asked,
        unfinished=any(part.state != PartState.ACCEPTED.value for part in asked),
    )


def facts(pack: Pack) -> list[tuple[str, str]]:
    """What the cover says: label and value, unknown ones left out."""
    row = pack.row
    period = f"{filters.long_date(row.period_from)} – {filters.long_date(row.period_to)}"
    known = [
        (_("Funder"), pack.line.funder),
        (_("Project"), pack.line.subject),
        (_("Reference of the funder"), pack.reference),
        (_("Granted"), filters.money(pack.granted_cents) if pack.granted_cents is not None else ""),
        (_("Period covered"), period if row.period_from and row.period_to else ""),
        (_("Due at the funder"), filters.long_date(row.due_on)),
        (_("State"), _("Draft: not every part is ready yet") if pack.unfinished else ""),
    ]
    return [(label, value) for label, value in known if value]


def tables(pack: Pack) -> list[dict[str, Any]]:
    """The tables of the report: name, heading, labels, rows of text, right-aligned columns, totals."""
    found: list[dict[str, Any]] = []
    if pack.indicators:
        rows = [[part.title, part.partner_name, part.target, part.answer] for part in pack.indicators]
        labels = [_("Indicator"), _("Partner"), _("Target"), _("Actual")]
        found.append(_table("indicators", _("Indicators"), labels, rows))
    if pack.budget:
        found.append(_budget_table(pack))
    if pack.figures:
        rows = [
            [part.partner_name, figure.label, filters.money(figure.cents) if figure.known else "–"]
            for part in pack.figures
            for figure in part.figures
        ]
        total = [_("Total"), "", filters.money(sum(part.cents for part in pack.figures))]
        labels = [_("Partner"), _("Budget line"), _("Amount")]
        found.append(_table("figures", _("Figures"), labels, rows, [2], total))
    if pack.partners:
        rows = [
            [each.name, _share(each), "" if each.amount_cents is None else filters.money(each.amount_cents)]
            for each in pack.partners
        ]
        labels = [_("Partner"), _("Share"), _("Amount")]
        found.append(_table("partners", _("Partners"), labels, rows, [1, 2]))
    if pack.evidence:
        rows = [list(each) for each in pack.evidence]
        labels = [_("File"), _("Partner")]
        found.append(_table("evidence", _("Evidence list"), labels, rows))
    return found


def _actual(pack: Pack) -> str:
    until = pack.row.period_to
    return _("Actual until %(day)s", day=filters.day(until)) if until else _("Actual")


def _budget_table(pack: Pack) -> dict[str, Any]:
    lines, loose = pack.budget, pack.unmapped_cents
    revised, spent = sum(line.revised_cents for line in lines), sum(line.spent_cents for line in lines) + loose
    rows = [
        [line.name, *(filters.money(cents) for cents in (line.revised_cents, line.spent_cents, line.left_cents))]
        for line in lines
    ]
    if loose:
        rows.append([_("Not on a line yet"), *(filters.money(cents) for cents in (0, loose, -loose))])
    labels = [_("Budget line"), _("Budget"), _actual(pack), _("Left")]
    total = [_("Total"), *(filters.money(cents) for cents in (revised, spent, revised - spent))]
    return _table("budget", _("Budget against actual"), labels, rows, [1, 2, 3], total)


def _table(
    name: str,
    heading: str,
    columns: list[str],
    rows: list[list[str]],
    numbers: Sequence[int] = (),
    total: list[str] | None = None,
) -> dict[str, Any]:
    return {
        "name": name, "heading": heading, "columns": columns, "rows": rows, "numbers": list(numbers), "total": total
    }  # fmt: skip


def as_pdf(pack: Pack) -> bytes:
    """PDF/A-2a. Give it what was read before: no transaction of ours stays open while it is set."""
    data = {
        "lang": language(),
        "title": f"{pack.title} – {pack.line.subject}",
        "heading": pack.title,
        "subject": pack.line.subject,
        "date": pack.row.due_on.isoformat(),
        "organisation": letterhead(),
        "facts": facts(pack),
        "texts": [[part.title, part.partner_name, part.answer] for part in pack.texts],
        "tables": tables(pack),
    }
    return pdf.render("grants/report.typ", data)


def as_xlsx(pack: Pack) -> bytes:
    """The figures as typed cells: budget lines, what partners stated, indicators and shares, a sheet for each."""
    amount, text = Kind.AMOUNT, Kind.TEXT
    budget = [Column(_("Code")), Column(_("Budget line"), width=36)]
    budget += [Column(label, amount, total=True) for label in (_("Approved"), _("Budget"), _actual(pack))]
    sheets: list[tuple[str, list[Column], list[list[Any]]]] = []
    if pack.budget:
        lines = [[x.code, x.name, x.approved_cents, x.revised_cents, x.spent_cents] for x in pack.budget]
        if pack.unmapped_cents:
            lines.append(["", _("Not on a line yet"), 0, 0, pack.unmapped_cents])
        sheets.append((_("Budget against actual"), budget, lines))
    if pack.figures or not sheets:
        columns = [Column(_("Partner"), width=36), Column(_("Budget line"), width=36)]
        stated = [
            [part.partner_name, figure.label, figure.cents if figure.known else None]
            for part in pack.figures
            for figure in part.figures
        ]
        sheets.append((_("Figures"), [*columns, Column(_("Amount"), amount, total=True)], stated))
    for table in tables(pack):
        if table["name"] == "indicators":
            kinds = [Column(label, text, width=36) for label in table["columns"]]
            sheets.append((table["heading"], kinds, table["rows"]))
    if pack.partners:
        kinds = [Column(_("Partner"), width=36), Column(_("Share")), Column(_("Amount"), amount)]
        shares = [[each.name, _share(each) or None, each.amount_cents] for each in pack.partners]
        sheets.append((_("Partners"), kinds, shares))
    words = Words(_("Rows"), _("Total"), _("Totals"), tuple(facts(pack)))
    out = io.BytesIO()
    write_xlsx(out, *sheets[0], words, more=sheets[1:])
    return out.getvalue()


def _share(partner: PartnerView) -> str:
    return "" if partner.share_percent is None else filters.percent(partner.share_percent / 100, 2)
