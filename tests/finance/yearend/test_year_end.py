"""The result of a year goes to funds and reserves: once, balanced, with reasons, and back."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.base.actor import SYSTEM
from app.base.errors import DomainError, Invalid, Refused
from app.extensions import db, now, writing
from app.finance.figures.services import Amount
from app.finance.periods import fiscal_year
from app.finance.yearend import services
from app.finance.yearend.models import Appropriation
from app.finance.yearend.proposal import propose
from app.ledger import checks, periods, postings, queries
from app.ledger import services as ledger
from app.ledger.rj import RjLine
from tests.factories.organisation import make_organisation, make_programme
from tests.finance.figures.test_services import take
from tests.support.client import Client

SignIn = Callable[[str], Client]
YEAR = fiscal_year(2025, 1)


def gift(number: int, cents: int, programme_id: int | None, on: date = date(2025, 6, 1)) -> None:
    purpose = postings.Purpose(rj_line=RjLine.INDIVIDUALS, programme_id=programme_id)
    with writing():
        ledger.post(
            [postings.gift_received(("sample", number), cents, on, purpose, via="bank")], actor=SYSTEM, now=now()
        )


@pytest.fixture
def programmes(app: Flask) -> tuple[int, int]:
    """2025: 1,000 free; one programme got 500 and spent 300, another got 100 and spent 250."""
    one, two = make_programme("een"), make_programme("twee")
    gift(1, 100_000, None)
    gift(2, 50_000, one)
    gift(3, 10_000, two)
    take(
        "kosten",
        Amount(date(2025, 6, 1), RjLine.OBJECTIVES, 30_000, "4000", one),
        Amount(date(2025, 7, 1), RjLine.OBJECTIVES, 25_000, "4000", two),
        Amount(date(2025, 7, 1), RjLine.MANAGEMENT, 20_000, "4100"),
        Amount(date(2025, 7, 1), RjLine.FINANCIAL, 500, "4900"),
    )
    return one, two


def book(moves: dict[int | str, int], **changes: Any) -> int:
    facts: dict[str, Any] = {"seen_cents": propose(YEAR).result, "reason": ""} | changes
    with writing():
        keyed = {key if isinstance(key, str) else f"p{key}": cents for key, cents in moves.items()}
        return services.appropriate(YEAR, keyed, **facts, actor=SYSTEM, now=now())


def stands() -> dict[str, int]:
    db.session.rollback()
    found = queries.balances()
    return {
        code: -found[code].cents for code in ("0500", "0510", "0520", "0590") if code in found and found[code].cents
    }


def test_what_was_not_spent_goes_to_the_fund_and_the_rest_to_the_reserve(programmes: tuple[int, int]) -> None:
    one, two = programmes
    proposal = propose(YEAR)
    assert proposal.result == 160_000 - 75_000 + 500
    assert {part.programme_id: (part.result, part.proposed) for part in proposal.parts} == {
        one: (20_000, 20_000),
        two: (-15_000, 0),  # there is nothing on its fund to take it from
    }
    assert len(proposal.missing) == 10  # months without costs
    row_id = book({one: 20_000, two: 0})
    assert stands() == {"0520": 20_000, "0500": 65_500, "0590": -85_500}
    (entry,) = queries.entries_of(("appropriation", row_id))
    assert entry.booked_on == date(2025, 12, 31)
    assert [line.programme_id for line in queries.lines_of(entry.id)] == [one, one, two, two, None, None], "gross"
    assert propose(YEAR).result == proposal.result  # appropriating is no income
    assert not any(outcome.problems for outcome in checks.run())


def test_an_older_year_says_what_stood_on_its_fund_at_its_end(programmes: tuple[int, int], sign_in: SignIn) -> None:
    one, two = programmes
    make_organisation()
    book({one: 20_000, two: 0})
    part = next(part for part in propose(fiscal_year(2024, 1)).parts if part.programme_id == one)
    assert (part.at_end, part.before) == (0, 20_000)
    part = next(part for part in propose(YEAR).parts if part.programme_id == one)
    assert (part.at_end, part.before) == (20_000, 20_000)
    page = sign_in("finance").get("/finance/year-end?year=2024").get_data(as_text=True)
    assert "Stond er eind 2024" in page


def test_it_is_booked_once_and_can_be_taken_back(programmes: tuple[int, int]) -> None:
    one, two = programmes
    row_id = book({one: 20_000, two: 0})
    with pytest.raises(Refused, match="already"):
        book({one: 20_000, two: 0})
    with writing():
        services.undo(row_id, reason="verkeerd", actor=SYSTEM, now=now())
    assert stands() == {}
    with pytest.raises(Refused), writing():
        services.undo(row_id, reason="nog eens", actor=SYSTEM, now=now())
    book({one: 10_000, two: 0}, reason="helft naar de reserve")
    assert stands()["0520"] == 10_000


def test_in_a_closed_month_nothing_is_booked_and_taking_back_is_booked_today(
    programmes: tuple[int, int], sign_in: SignIn
) -> None:
    one, two = programmes
    row_id = book({one: 20_000, two: 0})
    with writing():
        for month in range(6, 13):
            periods.close(date(2025, month, 1), actor=SYSTEM, now=now())
    with writing():
        services.undo(row_id, reason="verkeerd", actor=SYSTEM, now=now())
    assert queries.entries_of(("appropriation", row_id))[-1].booked_on.year == 2026
    with pytest.raises(Refused, match="12-2025 is closed.*opens it again"):
        book({one: 20_000, two: 0})
    make_organisation()
    page = sign_in("finance").get("/finance/year-end?year=2025").text
    assert "12-2025 is afgesloten" in page
    assert "move_" not in page, "nobody fills in what is refused afterwards"
    assert stands() == {}
    assert services.standing(2025) is None


@pytest.mark.parametrize(
    ("moves", "changes", "error"),
    [
        ((19_000, 0), {}, Invalid),  # no reason
        ((20_000, -1), {"reason": "x"}, Invalid),  # the fund has nothing
        ((20_000, 0), {"seen_cents": 1}, Refused),  # another result than was seen
        ((20_000, None), {}, Refused),  # another programme than was seen
    ],
)
def test_what_is_not_right_is_refused(
    programmes: tuple[int, int], moves: tuple[int, int | None], changes: dict[str, Any], error: type[DomainError]
) -> None:
    asked = {row_id: cents for row_id, cents in zip(programmes, moves, strict=True) if cents is not None}
    with pytest.raises(error):
        book(asked, **changes)
    db.session.rollback()
    assert stands() == {}
    assert db.session.execute(select(Appropriation.id)).first() is None


def test_a_year_that_is_not_over_is_refused(app: Flask) -> None:
    with pytest.raises(Refused, match="not over"), writing():
        services.appropriate(fiscal_year(2026, 1), {}, seen_cents=0, reason="", actor=SYSTEM, now=now())


def test_the_page_books_it_and_takes_it_back(programmes: tuple[int, int], sign_in: SignIn) -> None:
    make_organisation()
    one, two = programmes
    finance = sign_in("finance")
    page = finance.get("/finance/year-end?year=2025").get_data(as_text=True)
    data = dict(re.findall(r'name="(seen|move_p\d+)"[^>]*value="([^"]*)"', page))
    data |= {name: value for value, name in re.findall(r'value="([^"]*)"[^>]*name="(seen|move_p\d+)"', page)}
    assert set(data) == {"seen", f"move_p{one}", f"move_p{two}"}
    other = finance.post("/finance/year-end/2025", data=data | {f"move_p{one}": "150,00"})
    assert other.status_code == 422
    assert 'value="150,00"' in other.get_data(as_text=True)
    assert finance.post("/finance/year-end/2025", data=data).status_code == 303
    assert stands()["0520"] == 20_000
    page = finance.get("/finance/year-end?year=2025").get_data(as_text=True)
    (undo,) = re.findall(r'href="(/finance/year-end/appropriations/\d+/undo)"', page)
    assert finance.post(undo, data={"reason": ""}).status_code == 422
    assert finance.post(undo, data={"reason": "verkeerd"}).status_code == 303
    assert stands() == {}
    assert "move_" not in sign_in("viewer").get("/finance/year-end?year=2025").get_data(as_text=True)
