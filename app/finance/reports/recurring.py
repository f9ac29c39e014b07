"""What recurring gifts will bring in the twelve months to come, as they stand today: planned, and expected after the
share of collections that succeeds by each way of collecting (PRODUCT.md, metrics)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import func, select

from app.base.dates import add_months, local_date, month_name, month_start
from app.direct_debit.models import Collection, Mandate
from app.direct_debit.states import CollectionState, MandateKind
from app.extensions import db, now
from app.finance.reports.shape import Asked, Figure, Level, Report, Row, Series, Table
from app.gifts.recurring.amounts import amount_on
from app.gifts.recurring.models import Commitment
from app.gifts.recurring.schedule import due_on_or_after, following
from app.gifts.recurring.states import CommitmentState, Frequency
from app.sheets.columns import Column, Kind
from app.ui.filters import short_month

MONTHS = 12
LOOK_BACK = 3  # months whose collections say what share succeeds
LEAST = 20  # of fewer collections a share says nothing
_C = CollectionState
_OVER = (_C.COLLECTED, _C.FAILED, _C.RETURNED)
Planned = dict[MandateKind, list[tuple[int, int]]]  # (gifts, cents) of each month


def recurring(asked: Asked) -> Report:
    today = local_date(now())
    first = add_months(month_start(today), 1)
    months = [add_months(first, n) for n in range(MONTHS)]
    planned, shares = _planned(months), _shares(today)
    ways = [kind for kind, each in planned.items() if any(gifts for gifts, _cents in each)]
    apart = ways if len(ways) > 1 else []  # one alone would be the sum again
    rows, lines = [], {_("Planned"): [0] * MONTHS, _("Expected"): [0] * MONTHS}
    for n, month in enumerate(months):
        each = {kind: planned[kind][n] for kind in planned}
        cents = sum(amount for _gifts, amount in each.values())
        likely = sum(round(amount * shares.get(kind, 1.0)) for kind, (_gifts, amount) in each.items())
        lines[_("Planned")][n], lines[_("Expected")][n] = cents, likely
        if any(gifts for gifts, _amount in each.values()):
            name = f"{month_name(month.month, asked.language)} {month.year}"
            gifts = sum(gifts for gifts, _amount in each.values())
            rows.append(Row((name, gifts, *(each[kind][1] for kind in apart), cents, likely)))
    columns = [
        Column(_("Month"), width=24), Column(_("Collections"), Kind.INTEGER),
        *(Column(_(kind.label), Kind.AMOUNT) for kind in apart), Column(_("Planned"), Kind.AMOUNT),
        Column(_("Expected"), Kind.AMOUNT),
    ]  # fmt: skip
    sums = [sum(int(row.cells[n]) for row in rows) for n in range(1, len(columns))]
    cents, likely = sums[-2:]
    table = [*rows, Row((_("Total"), *sums), Level.SUM)] if rows else []
    return Report(
        _("Forecast of recurring gifts"),
        _("the twelve months after this one"),
        figures=[
            Figure(_("Expected"), likely, _("What is planned, times the share of collections that succeeds.")),
            Figure(_("Planned"), cents, _("All instalments of active and paused gifts, at today's amounts.")),
        ],
        charts=_charts(months, lines, {kind: planned[kind] for kind in ways}) if rows else [],
        tables=[Table(_("By month"), columns, table), _by_way(planned, shares)],
        said=[
            _("An instalment counts in the month in which it falls due; the bank may collect it some days later. A"
              " paused gift counts from the day on which it goes on."),
            _("New gifts and gifts that people will stop are not guessed. Gifts that wait for a mandate or for the"
              " donor are not counted."),
        ],
        missing=[
            _("Of one way of collecting there were fewer than %(least)s collections in the last three months: there"
              " expected is what is planned.", least=LEAST)
        ] if rows and any(kind not in shares for kind, each in planned.items() if any(g for g, _a in each)) else [],
    )  # fmt: skip


def _charts(months: list[date], lines: dict[str, list[int]], planned: Planned) -> list[Series]:
    labels = [short_month(month) for month in months]
    ways = [{"name": _(kind.label), "values": [cents for _gifts, cents in each]} for kind, each in planned.items()]
    return [
        Series(_("Planned and expected by month"), labels,
               [{"name": name, "values": values} for name, values in lines.items()], line=True),
        Series(_("Planned by way of collecting"), labels, ways),
    ]  # fmt: skip


def _by_way(planned: Planned, shares: dict[MandateKind, float]) -> Table:
    rows = [
        Row((_(kind.label), sum(gifts for gifts, _cents in each), sum(cents for _gifts, cents in each),
             shares.get(kind)))
        for kind, each in planned.items() if any(gifts for gifts, _cents in each)
    ]  # fmt: skip
    columns = [
        Column(_("Collected"), width=34), Column(_("Collections"), Kind.INTEGER), Column(_("Planned"), Kind.AMOUNT),
        Column(_("Share that succeeds"), Kind.PERCENT, width=22),
    ]  # fmt: skip
    note = _("Of what was to be collected in the last three months, the share of the amount that came and stayed.")
    return Table(_("By way of collecting"), columns, rows, note)


def _planned(months: list[date]) -> Planned:
    """What falls due in these months, by way of collecting. Gifts alike are counted together by the database, so
    that a hundred thousand of them are some hundreds of rows."""
    first, end = months[0], add_months(months[-1], 1)
    keys = (Mandate.kind, Commitment.frequency, Commitment.day, Commitment.next_on, Commitment.resume_on)
    found = db.session.execute(
        select(*keys, func.count().label("gifts"), func.sum(amount_on(Commitment.next_on)).label("cents"))
        .join(Mandate, Mandate.id == Commitment.mandate_id)
        .where(Commitment.state.in_((CommitmentState.ACTIVE, CommitmentState.PAUSED)))
        .group_by(*keys)
    )
    sums: dict[MandateKind, dict[date, list[int]]] = defaultdict(lambda: {month: [0, 0] for month in months})
    for row in found:
        begins = max(first, row.resume_on) if row.resume_on else first
        due = due_on_or_after(row.next_on, max(begins, row.next_on), row.frequency, row.day)
        for month in _months(due, end, row):
            sums[row.kind][month][0] += row.gifts
            sums[row.kind][month][1] += int(row.cents or 0)
    return {kind: [(sums[kind][m][0], sums[kind][m][1]) for m in months] for kind in MandateKind}


def _months(due: date, end: date, row: Any) -> Iterator[date]:
    while due < end:
        yield month_start(due)
        if row.frequency is Frequency.ONCE:
            return
        due = following(due, row.frequency, row.day)


def _shares(today: date) -> dict[MandateKind, float]:
    """The share of the amount that was collected, of what is over; none where that are too few."""
    totals: dict[MandateKind, dict[CollectionState, int]] = defaultdict(lambda: dict.fromkeys(_OVER, 0))
    counts: dict[MandateKind, int] = defaultdict(int)
    rows = db.session.execute(
        select(Mandate.kind, Collection.state, func.count(), func.sum(Collection.amount_cents))
        .join(Mandate, Mandate.id == Collection.mandate_id)
        .where(Collection.state.in_(_OVER), Collection.collect_on.between(add_months(today, -LOOK_BACK), today))
        .group_by(Mandate.kind, Collection.state)
    )
    for kind, state, count, cents in rows:
        totals[kind][state], counts[kind] = int(cents), counts[kind] + count
    return {kind: each[_C.COLLECTED] / sum(each.values()) for kind, each in totals.items() if counts[kind] >= LEAST}
