"""The journal: its lines, filtered and paged; one entry with its lines and its source."""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.base.dates import local_date
from app.base.errors import NotFound
from app.base.references import code_of
from app.base.states import N_
from app.extensions import now
from app.finance import sources
from app.finance.periods import fiscal_year_of
from app.finance.views import bp
from app.finance.views.income import chosen_span, chosen_year, part_options
from app.ledger import queries
from app.ledger.models import JournalLine
from app.ledger.rj import RjLine
from app.organisation.queries import profile
from app.programmes.queries import campaign_names, programme_names
from app.ui import lists
from app.ui.languages import language
from app.ui.permissions import Permission, requires

SORTS = {
    "date": lists.Sort(N_("Booking date"), (lists.desc(JournalLine.booked_on),)),
}


@bp.get("/finance/entries")
@requires(Permission.FINANCE_READ)
def entries() -> ResponseReturnValue:
    """Journal lines; the sums at the foot cover all that is filtered, not this page alone."""
    accounts = {account.id: account for account in queries.accounts()}
    this_year = fiscal_year_of(local_date(now()), profile().fiscal_year_start)
    year = chosen_year(this_year)
    span = chosen_span(year)
    code = request.args.get("account", "")
    account_id = next((account.id for account in accounts.values() if account.code == code), None)
    if code and account_id is None:
        raise NotFound(N_("There is no account %(code)s."), code=code[:20])
    line = lists.choice("rj_line", RjLine)
    chosen = queries.LineFilter(
        start=span.start,
        end=span.end,
        account_id=account_id,
        rj_line=RjLine._value2member_map_[line] if line else None,  # type: ignore[arg-type]
        programme_id=lists.row_id("programme"),
        grant_id=lists.row_id("grant"),
    )
    page = lists.page(queries.lines(chosen).order_by(None), SORTS, key=JournalLine.id, default="date")
    programmes = programme_names(language())
    last = max(this_year.year, year.year)
    return render_template(
        "finance/entries.html", page=page, totals=queries.line_totals(chosen), accounts=accounts, chosen=chosen,
        year=year, part=span.part, programmes=programmes, chips=_chips(chosen, programmes),
        year_options=[(y, y) for y in range(last, min(last - 10, year.year) - 1, -1)],
        month_options=part_options(year),
        account_options=[(a.code, f"{a.code} {a.name(language())}") for a in accounts.values()],
        line_options=[(line.value, _(line.label)) for line in RjLine],
    )  # fmt: skip


def _chips(chosen: queries.LineFilter, programmes: dict[int, str]) -> list[tuple[str, str]]:
    """Filters that came with a link and have no field in the bar, each with the address without it."""
    chips = []
    if chosen.programme_id:
        name = programmes.get(chosen.programme_id, "?")
        chips.append((_("Programme: %(name)s", name=name), lists.here(programme=None, after=None, before=None)))
    if chosen.grant_id:
        code = code_of(chosen.grant_id)
        chips.append((_("Grant: %(name)s", name=code), lists.here(grant=None, after=None, before=None)))
    return chips


@bp.get("/finance/entries/<int:entry_id>")
@requires(Permission.FINANCE_READ)
def entry(entry_id: int) -> ResponseReturnValue:
    found = queries.entry(entry_id)
    if found is None:
        raise NotFound(N_("This journal entry is not there."))
    lines = queries.lines_of(entry_id)
    grant_id = next((line.grant_id for line in lines if line.grant_id), None)
    return render_template(
        "finance/entry.html", entry=found, lines=lines, accounts={a.id: a for a in queries.accounts()},
        source=sources.name_of(found.source_type),
        steps=sources.steps(found, grant_id),
        siblings=[e for e in queries.entries_of((found.source_type, found.source_id)) if e.id != entry_id][:50],
        reversed_by=queries.reversed_by(entry_id), code_of=code_of,
        programmes=programme_names(language()), campaigns=campaign_names(language()),
    )  # fmt: skip
