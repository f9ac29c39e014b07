"""Income by programme, and in each by grant. Every journal line of income stands in exactly one row, so the sum
is the ledger's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _

from app.finance.reports.names import GrantName, grant_names
from app.finance.reports.shape import Asked, Bars, Figure, Level, Report, Row, Table, entries
from app.finance.reports.years import Year, only_income, years
from app.ledger.results import granted
from app.programmes.queries import programme_names
from app.sheets.columns import Column, Kind

SHOWN = 25  # grants of a programme on the page, by income; its others are added up
Purpose = int | None


def purposes(asked: Asked) -> Report:
    found = years(asked.span)
    now, before = found.now, found.before
    grants = _by_grant(asked)
    totals = _by_programme(now, before)
    programmes = programme_names(asked.language)
    names = grant_names(sorted({grant for cells in grants.values() for grant in cells}))
    ordered = sorted(totals, key=lambda purpose: (purpose is None, -totals[purpose][0]))
    has_costs = now.has_costs
    columns = [
        Column(_("Programme and grant"), width=52),
        Column(_("Income booked"), Kind.AMOUNT),
        *([Column(_("Costs"), Kind.AMOUNT), Column(_("Result before financial income and expense"), Kind.AMOUNT)]
          if has_costs else []),
        Column(_("Income a year before"), Kind.AMOUNT),
    ]  # fmt: skip
    rows = []
    for purpose in ordered:
        income, costs, earlier = totals[purpose]
        cells = (income, costs, income - costs, earlier) if has_costs else (income, earlier)
        link = entries(asked, programme=purpose) if purpose else None
        rows.append(Row((_name(purpose, programmes), *cells), link=link))
        rows += _grant_rows(asked, purpose, grants.get(purpose, {}), names, has_costs)
    sums = tuple(sum(cells[n] for cells in totals.values()) for n in range(3))
    whole = (sums[0], sums[1], sums[0] - sums[1], sums[2]) if has_costs else (sums[0], sums[2])
    rows.append(Row((_("Total"), *whole), Level.SUM, link=entries(asked)))
    from_grants = sum(cents for cells in grants.values() for cents, _ in cells.values())
    return Report(
        _("Income by programme and grant"),
        asked.period,
        figures=[
            Figure(_("Sum of income"), sums[0], _("All programmes together: the income of the ledger.")),
            Figure(_("Of which from grants"), from_grants,
                   _("Income of applications that were awarded, as recognised.")),
        ],
        charts=[
            Bars(
                _("Income by programme"), [(_name(p, programmes), totals[p][0]) for p in ordered if totals[p][0]],
                note=_("Largest first; what is for no single programme comes last"),
            )
        ],
        tables=[Table(_("By programme and grant"), columns, rows if totals else [], note=_left_out(asked, grants))],
        missing=only_income(asked, now),
    )  # fmt: skip


def _by_programme(now: Year, before: Year) -> dict[Purpose, list[int]]:
    """Income, costs and the income of a year before, for each programme."""
    totals: dict[Purpose, list[int]] = defaultdict(lambda: [0, 0, 0])
    for place, cells in ((0, now.income), (1, now.costs), (2, before.income)):
        for (_line, purpose), cents in cells.items():
            totals[purpose][place] += cents
    return {purpose: cells for purpose, cells in totals.items() if any(cells)}


def _by_grant(asked: Asked) -> dict[Purpose, dict[int, tuple[int, int]]]:
    """Income of each grant, now and a year before, by programme."""
    span, before = asked.span, asked.span.before
    found: dict[Purpose, dict[int, tuple[int, int]]] = defaultdict(dict)
    for each in granted(span.start, span.end, (before.start, before.end)):
        found[each.programme_id][each.grant_id] = (each.cents, each.before)
    return found


def _grant_rows(
    asked: Asked, purpose: Purpose, grants: Mapping[int, tuple[int, int]], names: Mapping[int, GrantName],
    has_costs: bool,
) -> list[Row]:  # fmt: skip
    most = None if asked.in_file else SHOWN
    ordered = sorted(((g, c) for g, c in grants.items() if any(c)), key=lambda pair: -pair[1][0])
    made = []
    for grant_id, (cents, earlier) in ordered[:most]:
        known = names.get(grant_id)
        cells: tuple[Any, ...] = (cents, None, None, earlier) if has_costs else (cents, earlier)
        made.append(
            Row((known.title if known else _("A grant that is no longer there"), *cells), Level.PART,
                link=entries(asked, programme=purpose, grant=grant_id), note=known.funder if known else "")
        )  # fmt: skip
    if rest := ordered[most:] if most else []:
        cents, earlier = sum(c[0] for _g, c in rest), sum(c[1] for _g, c in rest)
        cells = (cents, None, None, earlier) if has_costs else (cents, earlier)
        made.append(Row((_("%(count)s smaller grants", count=len(rest)), *cells), Level.PART))
    return made


def _left_out(asked: Asked, grants: Mapping[Purpose, Mapping[int, Any]]) -> str:
    if asked.in_file or all(len(cells) <= SHOWN for cells in grants.values()):
        return ""
    return _("Of each programme the %(count)s largest grants stand here; the files have them all.", count=SHOWN)


def _name(purpose: Purpose, names: Mapping[int, str]) -> str:
    return names.get(purpose, "?") if purpose else _("For no single programme")
