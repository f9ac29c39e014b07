"""What a report holds, read in a constant number of statements; and the files made of it, with nothing open."""

from __future__ import annotations

import io
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
    budget: list[BudgetLineView]
    partners: list[PartnerView]
    evidence: list[tuple[str, str]]
    unfinished: bool  # a part is not accepted yet: what is made of it now is a draft, and says so

    @property
    def title(self) -> str:
        return self.line.title or filters.label(self.line.kind)


def gather(obligation_id: int) -> Pack:
    """Read it all. Raises NotFound."""
    row, line = obligations.one(obligation_id)
    asked = [part for part in parts.parts(obligation_id) if part.state != PartState.WAIVED.value]
    grant = awards.one(row.grant_id)[1] if row.grant_id else None
    return Pack(
        row=row,
        line=line,
        reference=grant.funder_reference if grant else "",
        granted_cents=grant.amount_cents if grant else None,
        texts=[part for part in asked if part.kind == "narrative"],
        indicators=[part for part in asked if part.kind == "indicator"],
        figures=[part for part in asked if part.kind == "figures"],
        budget=budgets.lines(row.grant_id) if row.grant_id else [],
        partners=partners.partners(row.grant_id) if row.grant_id else [],
        evidence=[(name, part.partner_name) for part in asked for name in part.file_names],
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
        found.append(
            {
                "name": "indicators",
                "heading": _("Indicators"),
                "columns": labels,
                "rows": rows,
                "numbers": [],
                "total": None,
            }
        )
    if pack.budget:
        found.append(_budget_table(pack.budget))
    if pack.figures:
        rows = [
            [part.partner_name, figure.label, filters.money(figure.cents)]
            for part in pack.figures
            for figure in part.figures
        ]
        total = [_("Total"), "", filters.money(sum(part.cents for part in pack.figures))]
        labels = [_("Partner"), _("Budget line"), _("Amount")]
        found.append(
            {
                "name": "figures",
                "heading": _("Figures"),
                "columns": labels,
                "rows": rows,
                "numbers": [2],
                "total": total,
            }
        )
    if pack.partners:
        rows = [
            [each.name, "" if each.share_percent is None else filters.percent(each.share_percent / 100, 2)]
            + ["" if each.amount_cents is None else filters.money(each.amount_cents)]
            for each in pack.partners
        ]
        labels = [_("Partner"), _("Share"), _("Amount")]
        found.append(
            {
                "name": "partners",
                "heading": _("Partners"),
                "columns": labels,
                "rows": rows,
                "numbers": [1, 2],
                "total": None,
            }
        )
    if pack.evidence:
        rows = [list(each) for each in pack.evidence]
        labels = [_("File"), _("Partner")]
        found.append(
            {
                "name": "evidence",
                "heading": _("Evidence"),
                "columns": labels,
                "rows": rows,
                "numbers": [],
                "total": None,
            }
        )
    return found


def _budget_table(lines: list[BudgetLineView]) -> dict[str, Any]:
    sums = [sum(getattr(line, name) for line in lines) for name in ("revised_cents", "spent_cents", "left_cents")]
    rows = [
        [line.name, *(filters.money(cents) for cents in (line.revised_cents, line.spent_cents, line.left_cents))]
        for line in lines
    ]
    labels = [_("Budget line"), _("Budget"), _("Actual"), _("Left")]
    total = [_("Total"), *(filters.money(cents) for cents in sums)]
    heading = _("Budget against actual")
    return {"name": "budget", "heading": heading, "columns": labels, "rows": rows, "numbers": [1, 2, 3], "total": total}


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
        "texts": [[part.title, part.partner_name, part.question, part.answer] for part in pack.texts],
        "tables": tables(pack),
    }
    return pdf.render("grants/report.typ", data)


def as_xlsx(pack: Pack) -> bytes:
    """The figures as typed cells: the budget lines, and what partners stated."""
    columns = [Column(_("Partner"), width=28), Column(_("Code")), Column(_("Budget line"), width=36)]
    columns += [Column(label, Kind.AMOUNT, total=True) for label in (_("Approved"), _("Budget"), _("Actual"))]
    rows: list[list[Any]] = [
        [None, line.code, line.name, line.approved_cents, line.revised_cents, line.spent_cents] for line in pack.budget
    ]
    if not pack.budget:
        rows = [
            [part.partner_name, None, figure.label, None, None, figure.cents]
            for part in pack.figures
            for figure in part.figures
        ]
    words = Words(_("Rows"), _("Total"), _("Totals"), tuple(facts(pack)))
    out = io.BytesIO()
    write_xlsx(out, _("Figures"), columns, rows, words)
    return out.getvalue()
