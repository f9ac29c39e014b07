"""Restricted funds and earmarked reserves, each rolled forward: opening, income, spent, moved, closing, as the ledger
has them, beside what grants have received and not spent. The two are counted on other moments: the ledger when a
year's result is appropriated, grants when money comes and is spent. So the difference is shown, not explained away."""

from __future__ import annotations

from collections import defaultdict

from flask_babel import gettext as _

from app.finance.funds.rolling import Rolled, rolled
from app.finance.funds.ties import Ties, ties
from app.finance.openings import queries as openings
from app.finance.periods import Span
from app.finance.reports.shape import Asked, Bars, Figure, Level, Report, Row, Table, entries
from app.finance.yearend.proposal import Part, part_names, propose
from app.finance.yearend.services import standing
from app.grants.restricted import queries as restricted
from app.grants.restricted.queries import FREE, Purpose, Tie
from app.ledger.accounts import RESULT
from app.ledger.queries import accounts
from app.ledger.results import equity
from app.programmes.queries import programme_names
from app.sheets.columns import Column, Kind


def equity_moves(span: Span) -> dict[str, int]:
    """What was added in a span to each account of equity, the result itself left out; by code."""
    found: dict[str, int] = defaultdict(int)
    for moved in equity(span.start, span.end):
        if moved.code != RESULT:
            found[moved.code] += moved.added - moved.taken
    return {code: cents for code, cents in found.items() if cents}


def funds(asked: Asked) -> Report:
    tied, rows, names = ties(), rolled(asked.span), programme_names(asked.language)
    unspent = _unspent(tied)
    titles = {True: _("Restricted funds"), False: _("Earmarked reserves")}
    tables = {kind: _table(asked, kind, titles[kind], rows, unspent, tied, names) for kind in titles}
    sums = {kind: table.rows[-1].cells if table.rows else (None, *[0] * 7) for kind, table in tables.items()}
    closings = [(str(row.cells[0]), int(row.cells[5])) for row in tables[True].rows[:-1] if row.cells[5]]
    return Report(
        titles[True],
        asked.period,
        figures=[
            Figure(_("In restricted funds"), sums[True][5], _("What stands on their accounts at the end.")),
            Figure(_("Unspent by grants today"), sums[True][6],
                   _("Received on grants and not spent, less what was advanced.")),
        ],
        charts=[Bars(_("Closing by fund"), closings)] if closings else [],
        tables=[tables[True], tables[False], _to_come(asked), _others(asked, rows)],
        said=[
            _("The ledger adds to a fund when a year's result is appropriated; grants count money when it comes and"
              " when it is spent. Until a year is appropriated the two differ by what happened since."),
            _("A grant belongs to the funds it is divided over; other money for a programme to its fund, where it has"
              " one. What is in no fund yet stands under the name of the programme."),
        ],
    )  # fmt: skip


def _table(
    asked: Asked, restricted_ones: bool, title: str, rows: list[Rolled], unspent: dict[Purpose, int], tied: Ties,
    names: dict[int, str],
) -> Table:  # fmt: skip
    """The funds of one kind, each with what its grants have unspent."""
    columns = [
        Column(_("Fund"), width=40),
        *(Column(label, Kind.AMOUNT) for label in (
            _("Opening"), _("Income"), _("Spent"), _("Moved"), _("Closing"), _("Unspent by grants today"),
            _("Difference"))),
    ]  # fmt: skip
    left = dict(unspent)
    shown: list[tuple[str, tuple[int, ...], str, Purpose]] = []
    for each in rows:
        purpose: Purpose = (Tie.FUND, each.fund.id) if each.fund else (Tie.PROGRAMME, each.programme_id or 0)
        if each.restricted is restricted_ones:
            shown.append((_name(purpose, tied, names, asked.language), each.cells, each.code, purpose))
    for purpose in set(left) - {purpose for *_rest, purpose in shown}:
        fund = tied.funds.get(purpose[1]) if purpose[0] is Tie.FUND else None
        if (fund.restricted if fund else True) is restricted_ones:
            shown.append((_name(purpose, tied, names, asked.language), (0,) * 5, "", purpose))
    made, sums = [], [0] * 7
    for name, cells, code, purpose in sorted(shown, key=lambda each: (each[3][0], each[0])):
        grants = left.get(purpose, 0) if restricted_ones or purpose[0] is Tie.FUND else 0
        whole = (*cells, grants, cells[4] - grants)
        if any(whole):
            sums = [a + b for a, b in zip(sums, whole, strict=True)]
            programme = purpose[1] or None if purpose[0] is Tie.PROGRAMME else None
            link = entries(asked, account=code, programme=programme) if code else None
            links: dict[int, tuple[str, dict[str, object]]] = {
                4: ("finance.fund_moves", {}), 6: ("grants.restricted", {})
            }  # fmt: skip
            note = "" if purpose[0] is Tie.FUND else _("in no fund")
            made.append(Row((name, *whole), link=link, links=links, note=note))
    if made:
        made.append(Row((_("Total"), *sums), Level.SUM))
    return Table(title, columns, made)


def _name(purpose: Purpose, tied: Ties, names: dict[int, str], language: str) -> str:
    tie, row_id = purpose
    if tie is Tie.FUND:
        return tied.funds[row_id].name(language)
    return names.get(row_id) or _("For no single programme")


def _unspent(tied: Ties) -> dict[Purpose, int]:
    """What grants have received and not spent, less what was spent ahead, by what it is tied to."""
    found: dict[Purpose, int] = defaultdict(int)
    for share in restricted.shares():
        purpose = tied.of(share.purpose, None)
        if purpose != FREE:
            found[purpose] += share.unspent - share.advanced
    return found


def _to_come(asked: Asked) -> Table:
    """What this year would bring each fund, as far as it is not appropriated."""
    title = _("Of %(year)s, not booked to funds yet", year=asked.span.year.year)
    columns = [Column(_("Fund"), width=40), *(Column(label, Kind.AMOUNT) for label in (
        _("Stands now"), _("Income"), _("Spent"), _("Proposed"), _("Would stand")))]  # fmt: skip
    opened = openings.latest()
    if standing(asked.span.year.year) is not None or (opened and asked.span.year.period.end <= opened):
        return Table(title, columns, [])
    proposal = propose(asked.span.year)
    names = part_names(proposal.parts, asked.language)

    def cells(part: Part) -> tuple[int, ...]:
        return part.before, part.income, part.spent, part.proposed, part.before + part.proposed

    link = ("finance.year_end", {"year": asked.span.year.year})
    rows = [
        Row((names[part.key], *cells(part)), link=link, note="" if part.fund else _("in no fund"))
        for part in proposal.parts
    ]
    if rows:
        sums = (sum(each) for each in zip(*(cells(part) for part in proposal.parts), strict=True))
        rows.append(Row((_("Total"), *sums), Level.SUM))
    note = _("Costs of %(count)s months are not there yet: what was spent is more.", count=len(proposal.missing))
    return Table(title, columns, rows, note if proposal.missing else "")


def _others(asked: Asked, rows: list[Rolled]) -> Table:
    names = {account.code: account.name(asked.language) for account in accounts()}
    of_funds = {each.code for each in rows}
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for moved in equity(asked.span.start, asked.span.end):
        if moved.code not in of_funds:
            for n, cents in enumerate((moved.opening, moved.added, moved.taken, moved.closing)):
                sums[moved.code][n] += cents
    made = [Row((f"{code} {names[code]}", *cells), link=entries(asked, account=code)) for code, cells in sums.items()]
    columns = [Column(_("Ledger account"), width=40), *(Column(label, Kind.AMOUNT) for label in (
        _("Opening"), _("Added"), _("Taken off"), _("Closing")))]  # fmt: skip
    return Table(_("Capital and the result to appropriate"), columns, made)
