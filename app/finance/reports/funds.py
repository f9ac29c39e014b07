"""The roll-forward of restricted funds (*bestemmingsfondsen*): opening, added, spent, closing, as the ledger has them
by programme, beside what grants have received and not spent. The two are counted on other moments: the ledger when a
year's result is appropriated, grants when money comes and is spent. So the difference is shown, not explained away."""

from __future__ import annotations

from collections import defaultdict

from flask_babel import gettext as _

from app.finance.periods import Span
from app.finance.reports.shape import Asked, Bars, Figure, Level, Report, Row, Table, entries
from app.grants.restricted import queries as restricted
from app.grants.restricted.queries import Tie
from app.ledger.accounts import RESTRICTED, RESULT
from app.ledger.queries import accounts
from app.ledger.results import Moved, equity
from app.programmes.queries import all_funds, programme_names
from app.sheets.columns import Column, Kind

Purpose = int | None  # a programme


def equity_moves(span: Span) -> dict[str, int]:
    """What was added in a span to each account of equity, the result itself left out; by code."""
    found: dict[str, int] = defaultdict(int)
    for moved in equity(span.start, span.end):
        if moved.code != RESULT:
            found[moved.code] += moved.added - moved.taken
    return {code: cents for code, cents in found.items() if cents}


def funds(asked: Asked) -> Report:
    every = equity(asked.span.start, asked.span.end)
    own = {moved.programme_id: moved for moved in every if moved.code == RESTRICTED}
    unspent = _unspent()
    names = programme_names(asked.language)
    columns = [
        Column(_("Programme"), width=40),
        *(Column(label, Kind.AMOUNT) for label in (_("Opening"), _("Added"), _("Spent"), _("Closing"))),
        Column(_("Unspent by grants today"), Kind.AMOUNT, width=22),
        Column(_("Difference"), Kind.AMOUNT),
    ]
    rows, sums = [], [0] * 6
    for purpose in sorted({*own, *unspent}, key=lambda p: (p is None, names.get(p or 0, ""))):
        moved, left = own.get(purpose), unspent.get(purpose, 0)
        closing = moved.closing if moved else 0
        cells = (*((moved.opening, moved.added, moved.taken) if moved else (0, 0, 0)), closing, left, closing - left)
        if any(cells):
            sums = [a + b for a, b in zip(sums, cells, strict=True)]
            name = names.get(purpose, "?") if purpose else _("For no single programme")
            link = entries(asked, account=RESTRICTED, programme=purpose)
            left_at = ("grants.restricted", {"programme": purpose} if purpose else {})
            rows.append(Row((name, *cells), link=link, links={5: left_at}))
    title = _("Restricted funds")
    if rows:
        rows.append(Row((_("Total"), *sums), Level.SUM, link=entries(asked, account=RESTRICTED)))
    closings = [(str(row.cells[0]), int(row.cells[4])) for row in rows[:-1] if row.cells[4]]
    return Report(
        title,
        asked.period,
        figures=[
            Figure(_("In restricted funds"), sums[3], _("What stands on the account of restricted funds at the end."),
                   link=entries(asked, account=RESTRICTED)),
            Figure(_("Unspent by grants today"), sums[4],
                   _("Received on grants and not spent, less what was advanced.")),
        ],
        charts=[Bars(_("Closing by programme"), closings)] if closings else [],
        tables=[Table(title, columns, rows), _others(asked, every, columns)],
        said=[
            _("The ledger adds to a fund when a year's result is appropriated; grants count money when it comes and"
              " when it is spent. Until a year is appropriated the two differ by what happened since."),
            _("What was appropriated and taken back stands in both added and spent."),
        ],
    )  # fmt: skip


def _unspent() -> dict[Purpose, int]:
    """What grants have received and not spent, less what was spent ahead, by the programme of its fund. Reserves set
    apart by the board are no restricted funds."""
    by_id = {fund.id: fund for fund in all_funds()}
    found: dict[Purpose, int] = defaultdict(int)
    for share in restricted.shares():
        tie, row_id = share.purpose
        fund = by_id[row_id] if tie is Tie.FUND else None
        if tie is Tie.NONE or (fund and not fund.restricted):
            continue
        found[fund.programme_id if fund else row_id] += share.unspent - share.advanced
    return found


def _others(asked: Asked, every: list[Moved], columns: list[Column]) -> Table:
    names = {account.code: account.name(asked.language) for account in accounts()}
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for moved in every:
        if moved.code != RESTRICTED:
            for n, cents in enumerate((moved.opening, moved.added, moved.taken, moved.closing)):
                sums[moved.code][n] += cents
    rows = [Row((f"{code} {names[code]}", *cells), link=entries(asked, account=code)) for code, cells in sums.items()]
    title = _("Capital, reserves and the result to appropriate")
    return Table(title, [Column(_("Ledger account"), width=40), *columns[1:5]], rows)
