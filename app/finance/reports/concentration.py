"""How much income depends on few givers: the shares of the largest one, five and ten, and income by origin.

What a giver brought is the income of its grants, from the ledger, and its gifts of these months, refunds out. The
largest are found without adding up everybody: nobody gave more in a period than in all, so from the list by lifetime
total no more is read once the tenth of the period is above the next lifetime total."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from flask_babel import gettext as _
from sqlalchemy import func, select

from app.extensions import db
from app.finance.periods import Span
from app.finance.reports.names import grant_names
from app.finance.reports.shape import Asked, Bars, Figure, Level, Report, Row, Table, entries
from app.finance.reports.years import income_line
from app.gifts.models import HELD, Gift
from app.gifts.totals import largest
from app.ledger.models import AccountKind
from app.ledger.results import granted, results
from app.ledger.rj import INCOME_LINES, RjLine
from app.sheets.columns import Column, Kind
from app.supporters.models import Supporter

TOPS = (1, 5, 10)
SHOWN = max(TOPS)
AT_ONCE, AT_MOST = 200, 10  # supporters read at once, and how often: 2,000 by lifetime total


def concentration(asked: Asked) -> Report:
    lines: dict[RjLine, int] = defaultdict(int)
    grants: dict[int, int] = defaultdict(int)
    for found in results(asked.span.start, asked.span.end):
        if found.kind is AccountKind.INCOME:
            lines[income_line(found.rj_line)] += found.cents
    for each in granted(asked.span.start, asked.span.end):
        grants[each.grant_id] += each.cents
    total = sum(lines.values())
    names = grant_names(sorted(grants))
    funders: dict[int, int] = defaultdict(int)
    for grant_id, cents in grants.items():
        if known := names.get(grant_id):
            funders[known.supporter_id] += cents
    top = _largest(asked.span, funders)
    known_names = {name.supporter_id: name.funder for name in names.values()}
    if asked.names:
        known_names |= _names([giver for giver, _cents in top])
    columns = [Column(_("Amount"), Kind.AMOUNT), Column(_("Share of all income"), Kind.PERCENT)]
    givers = [
        Row((known_names.get(giver) or _("Donor, number %(rank)s", rank=rank), *_share(cents, total)),
            link=("supporters.show", {"supporter_id": giver}))
        for rank, (giver, cents) in enumerate(top, 1)
    ]  # fmt: skip
    labels = {
        1: _("The largest giver"), **{count: _("The largest %(count)s givers", count=count) for count in TOPS[1:]},
    }  # fmt: skip
    tops = [(labels[count], sum(cents for _g, cents in top[:count])) for count in TOPS]
    shares = [Row((label, *_share(cents, total))) for label, cents in tops]
    origins = [
        Row((_(line.label), *_share(lines[line], total)), link=entries(asked, rj_line=line.value))
        for line in INCOME_LINES if lines[line]
    ]  # fmt: skip
    return Report(
        _("Dependence on large givers"),
        asked.period,
        figures=[
            Figure(label, _share(cents, total)[1], _("Their income ÷ all income of the period."), Kind.PERCENT)
            for label, cents in tops
        ],
        charts=[Bars(_("Income by origin"), [(str(row.cells[0]), int(row.cells[1])) for row in origins])],
        tables=[
            Table(_("Shares"), [Column(_("Givers"), width=30), *columns], shares if origins else []),
            Table(_("The ten largest givers"), [Column(_("Giver"), width=40), *columns], givers),
            Table(
                _("By origin"), [Column(_("RJ 650 line"), width=40), *columns],
                [*origins, Row((_("Total"), *_share(total, total)), Level.SUM, link=entries(asked))] if origins else [],
            ),
        ],
        said=[
            _("A funder counts with the income of its grants as booked, anybody else with gifts by gift date, refunds"
              " out. All income is that of the ledger."),
            *([] if asked.names else [_("Your role gets figures: of donors it sees no names.")]),
        ],
    )  # fmt: skip


def _share(cents: int, total: int) -> tuple[int, float | None]:
    return cents, cents / total if total > 0 else None


def _largest(span: Span, funders: dict[int, int]) -> list[tuple[int, int]]:
    """(supporter id, cents) of the ten who brought most in these months, largest first."""
    gifts = _gifts(span, list(funders))
    brought = {giver: cents + gifts.get(giver, 0) for giver, cents in funders.items()}
    after: tuple[int, int] | None = None
    for _n in range(AT_MOST):
        batch = largest(AT_ONCE, after)
        brought |= {
            giver: cents
            for giver, cents in _gifts(span, [ranked.supporter_id for ranked in batch]).items()
            if giver not in funders
        }
        top = sorted(brought.items(), key=lambda pair: (-pair[1], pair[0]))[:SHOWN]
        if len(batch) < AT_ONCE or (len(top) == SHOWN and top[-1][1] >= batch[-1].total.cents):
            break
        after = (batch[-1].total.cents, batch[-1].supporter_id)
    return [pair for pair in top if pair[1] > 0]


def _gifts(span: Span, supporter_ids: Sequence[int]) -> dict[int, int]:
    kept = func.sum(Gift.amount_cents - Gift.refunded_cents)
    rows = db.session.execute(
        select(Gift.supporter_id, kept)
        .where(
            Gift.supporter_id.in_(list(supporter_ids)), Gift.gift_date >= span.start, Gift.gift_date < span.end,
            Gift.state.in_(HELD),
        )
        .group_by(Gift.supporter_id)
    )  # fmt: skip
    return {giver: int(cents) for giver, cents in rows}


def _names(supporter_ids: Sequence[int]) -> dict[int, str]:
    rows = db.session.execute(select(Supporter.id, Supporter.display_name).where(Supporter.id.in_(list(supporter_ids))))
    return dict(rows.all())
