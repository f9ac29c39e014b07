"""Each fund rolls forward to what the ledger has of it, whatever was booked, undone and folded."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from flask import Flask
from flask_babel import force_locale
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from app.base.actor import SYSTEM
from app.base.ids import new_id
from app.extensions import db, now, writing
from app.finance.figures.models import FigureKind
from app.finance.funds.accounts import fund_accounts
from app.finance.funds.rolling import rolled
from app.finance.periods import fiscal_year, span_of
from app.finance.reports.funds import funds
from app.finance.reports.shape import Asked
from app.finance.yearend import services as yearend
from app.finance.yearend.proposal import Part, propose
from app.grants.restricted.services import Division, divide
from app.ledger import equity_postings, postings, services, sums
from app.ledger.entries import Entry, Line
from app.ledger.models import Account, JournalLine
from app.ledger.rj import RjLine
from tests.factories import grants as make
from tests.factories.figures import imported
from tests.factories.organisation import make_fund, make_programme
from tests.support.client import Client

NOW = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
YEAR = fiscal_year(2025, 1)
booking = st.tuples(st.integers(0, 2), st.integers(1, 900_000), st.integers(0, 900_000), st.integers(0, 729))


def stands(code: str, programme_id: int | None, shared: bool, end: date) -> int:
    """By the lines themselves."""
    found = (
        select(-func.coalesce(func.sum(JournalLine.cents), 0))
        .join(Account, Account.id == JournalLine.account_id)
        .where(Account.code == code, JournalLine.booked_on < end)
    )
    return db.session.execute(found.where(JournalLine.programme_id == programme_id) if shared else found).scalar_one()


def entry(code: str, programme_id: int, made: tuple[int, int, int, int]) -> Entry:
    kind, came, went, day = made
    source, on = ("sample", new_id()), date(2025, 1, 1) + timedelta(days=day)
    if kind == 0:
        lines = [Line(code, -came, programme_id), Line("0500", came)]
        return equity_postings.opening_balance(source, lines, on)
    return equity_postings.result_appropriated(source, [(code, came, programme_id), (code, -went, programme_id)], on)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(booking, min_size=1, max_size=8), st.data())
def test_every_fund_rolls_forward_to_what_stands_on_it(
    app: Flask, many: list[tuple[int, int, int, int]], data: st.DataObject
) -> None:
    kept = app.extensions.setdefault("three", [])
    if not kept:
        programme = make_programme()
        ids = [make_fund("een", programme_id=programme), make_fund("twee", restricted=False)]
        with writing():
            kept += [programme, *fund_accounts(ids, actor=SYSTEM, now=NOW).values(), "0520"]
    programme, *codes = kept
    with writing():
        made = [entry(codes[each[1] % 3], programme, each) for each in many]
        posted = services.post(made, actor=SYSTEM, now=NOW)
        undone = data.draw(st.lists(st.sampled_from(posted), unique=True))
        services.reverse(entry_ids=undone, on=date(2026, 2, 3), actor=SYSTEM, now=NOW)
        sums.fold(data.draw(st.integers(1, 20)))
    for span in (span_of(YEAR, ""), span_of(fiscal_year(2026, 1), ""), span_of(fiscal_year(2026, 1), "q1")):
        for row in rolled(span):
            assert row.opening + row.income - row.spent + row.moved == row.closing
            assert row.closing == stands(row.code, row.programme_id, row.fund is None, span.end)


def divided(programme: int) -> tuple[int, int, int]:
    """A grant for two funds of one programme, 70 and 30 per cent; gives the grant and the funds."""
    ids = make_fund("een", programme_id=programme), make_fund("twee", programme_id=programme)
    parts = [Division(fund_id=row_id, basis_points=bp) for row_id, bp in zip(ids, (7_000, 3_000), strict=True)]
    with writing():
        grant_id = make.grant(now(), funder_id=make.funder(now(), "Fonds Kind"))
        divide(grant_id, parts, version=None, actor=SYSTEM, now=now())
    return grant_id, *ids


def test_money_goes_to_the_funds_it_is_tied_to_and_nothing_is_lost(
    app: Flask, sign_in: Callable[[str], Client]
) -> None:
    several, single = make_programme("veel"), make_programme("een")
    grant_id, first, second = divided(several)
    third = make_fund("drie", programme_id=single, restricted=False)
    on, individuals = date(2025, 6, 1), RjLine.INDIVIDUALS
    purposes = [
        (10_001, postings.Purpose(rj_line=RjLine.NON_PROFITS, programme_id=several, grant_id=grant_id)),
        (5_000, postings.Purpose(rj_line=individuals, programme_id=several)),
        (4_000, postings.Purpose(rj_line=individuals, programme_id=single)),
        (700, postings.Purpose(rj_line=individuals)),
    ]
    with writing():
        services.post(
            [postings.gift_received(("sample", new_id()), cents, on, purpose, via="bank") if not purpose.grant_id
             else postings.grant_recognised(("sample", new_id()), cents, on, purpose) for cents, purpose in purposes],
            actor=SYSTEM, now=now(),
        )  # fmt: skip
        imported(FigureKind.COST, [(on.replace(day=1), RjLine.OBJECTIVES, several, 3_000),
                                   (on.replace(day=1), RjLine.OBJECTIVES, single, 1_500)])  # fmt: skip
    proposal = propose(YEAR)
    found = {part.key: part for part in proposal.parts}
    assert proposal.result == 10_001 + 5_000 + 4_000 + 700 - 4_500
    assert (found[f"f{first}"].income, found[f"f{second}"].income) == (7_001, 3_000)
    assert (found[f"p{several}"].income, found[f"p{several}"].spent) == (5_000, 3_000)
    assert (found[f"f{third}"].income, found[f"f{third}"].spent) == (4_000, 1_500)
    with writing():
        yearend.appropriate(
            YEAR, {part.key: part.proposed for part in proposal.parts}, seen_cents=proposal.result, reason="",
            actor=SYSTEM, now=now(),
        )  # fmt: skip
    rows = {row.fund.id if row.fund else None: row for row in rolled(span_of(YEAR, ""))}
    assert rows[first].cells == (0, 7_001, 0, 0, 7_001)
    assert rows[third].cells == (0, 4_000, 1_500, 0, 2_500)
    assert rows[None].cells == (0, 5_000, 3_000, 0, 2_000)
    with force_locale("en"):
        restricted, earmarked, to_come, _others = funds(Asked(span_of(YEAR, ""), "2025", "en", names=True)).tables
    assert restricted.rows[-1].cells[1:6] == (0, 15_001, 3_000, 0, 12_001)
    assert earmarked.rows[-1].cells[5] == 2_500
    assert not to_come.rows
    page = sign_in("viewer").get("/finance/year-end?year=2025").get_data(as_text=True)
    assert "Fonds een" in page


def test_what_is_decided_says_what_came_and_what_was_spent() -> None:
    part = Part(1, None, "0520", income=100, spent=250, before=0, at_end=0)
    assert [part.gross(moved) for moved in (-150, 0, 100, 130)] == [(100, 250), (100, 100), (100, 0), (130, 0)]
