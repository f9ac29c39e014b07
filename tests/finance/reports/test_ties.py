"""Whatever was posted, undone and folded, each report comes to what the journal's lines come to."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from flask import Flask
from flask_babel import force_locale
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from app.base.actor import SYSTEM
from app.base.ids import new_id
from app.extensions import db, writing
from app.finance.periods import Span, fiscal_year, span_of
from app.finance.reports.funds import funds
from app.finance.reports.purposes import purposes
from app.finance.reports.shape import Asked, Level, Report
from app.finance.reports.statement import statement
from app.ledger import equity_postings, postings, services, sums
from app.ledger.entries import Entry
from app.ledger.models import Account, AccountKind, JournalLine
from app.ledger.rj import INCOME_LINES
from tests.factories.organisation import make_programme

NOW = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
PARTS = ("", "q1", "q4", "2026-02", "2026-12")
GRANTS = (None, 11, 12)


def journal(span: Span) -> int:
    """Income by the lines themselves, not by the sums."""
    return db.session.execute(
        select(-func.coalesce(func.sum(JournalLine.cents), 0))
        .join(Account, Account.id == JournalLine.account_id)
        .where(
            Account.kind == AccountKind.INCOME, JournalLine.booked_on >= span.start, JournalLine.booked_on < span.end
        )
    ).scalar_one()


def asked(part: str, start_month: int = 1) -> Asked:
    return Asked(span_of(fiscal_year(2026, start_month), part), part or "2026", "en", names=True)


def total(report: Report) -> int:
    """The last sum of its first table."""
    sums_ = [row for row in report.tables[0].rows if row.level is Level.SUM]
    return int(sums_[-1].cells[1]) if sums_ else 0


Posting = tuple[int, int, int, int, int]
posting = st.tuples(
    st.integers(1, 5_000_000), st.integers(0, 729), st.integers(0, 7), st.integers(0, 2), st.integers(0, 3)
)


def entry(made: Posting, programmes: list[int]) -> Entry:
    cents, day, line, grant, kind = made
    purpose = postings.Purpose(
        rj_line=INCOME_LINES[line], grant_id=GRANTS[grant],
        programme_id=programmes[cents % 2] if cents % 3 else None,
    )  # fmt: skip
    source, on = ("sample", new_id()), date(2025, 1, 1) + timedelta(days=day)
    if kind == 0:
        return postings.gift_refunded(source, cents, on, purpose, via="demo")
    if kind == 1:
        return postings.grant_recognised(source, cents, on, purpose)
    return postings.gift_received(source, cents, on, purpose, via="in_kind" if kind == 2 else "demo")


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(posting, min_size=1, max_size=12), st.data())
def test_totals_are_those_of_the_journal(app: Flask, many: list[Posting], data: st.DataObject) -> None:
    programmes = app.extensions.setdefault("two", []) or app.extensions["two"]
    if not programmes:
        programmes += [make_programme("een"), make_programme("twee")]
    with writing():
        ids = services.post([entry(each, programmes) for each in many], actor=SYSTEM, now=NOW)
        undone = data.draw(st.lists(st.sampled_from(ids), unique=True))
        services.reverse(entry_ids=undone, on=date(2026, 2, 3), actor=SYSTEM, now=NOW)
        sums.fold(data.draw(st.integers(1, 20)))
    with force_locale("en"):
        for part in PARTS:
            wanted = asked(part)
            expected = journal(wanted.span)
            assert total(statement(wanted)) == total(purposes(wanted)) == expected
            whole, parts = purposes(wanted).tables[0].rows, 0
            parts = sum(row.cells[1] for row in whole if row.level is Level.LINE)
            assert parts == expected


def test_funds_roll_forward_to_what_the_ledger_has(app: Flask) -> None:
    programme = make_programme()
    moves = [(date(2025, 12, 31), 90_000), (date(2026, 6, 30), -20_000), (date(2026, 12, 31), 5_000)]
    with writing():
        services.post(
            [
                equity_postings.result_appropriated(("sample", new_id()), [("0520", cents, programme)], on)
                for on, cents in moves
            ],
            actor=SYSTEM, now=NOW,
        )  # fmt: skip
    with force_locale("en"):
        row, foot = funds(asked("")).tables[0].rows
        assert row.cells == ("Opvang", 90_000, 5_000, 20_000, 0, 75_000, 0, 75_000)
        assert foot.cells[5] == -db.session.execute(
            select(func.sum(JournalLine.cents)).join(Account, Account.id == JournalLine.account_id)
            .where(Account.code == "0520")
        ).scalar_one()  # fmt: skip
        said = {row.cells[0]: row.cells[1:] for row in statement(asked("")).tables[0].rows}
    assert said["Appropriated: Restricted funds (by funders)"] == (-15_000, 90_000)
