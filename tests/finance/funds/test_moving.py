"""Money moves between funds by a decision of the board: two people, never more than there is, and back."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from flask import Flask

from app.base.actor import SYSTEM, Actor
from app.base.errors import DomainError, Invalid, Refused
from app.documents.files import keep
from app.documents.services import documents_of
from app.extensions import db, writing
from app.finance.funds import moving
from app.finance.funds.accounts import fund_accounts
from app.finance.funds.models import MOVE_MOVES, SOURCE, FundMove, MoveState
from app.finance.funds.places import places
from app.finance.funds.rolling import rolled
from app.finance.periods import fiscal_year, span_of
from app.ledger import checks, equity_postings, periods, queries, services
from app.ledger.models import Event
from app.staff.models import Staff
from tests.factories.organisation import make_fund, make_organisation, make_programme
from tests.support.client import Client

SignIn = Callable[[str], Client]
NOW = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
PDF = b"%PDF-1.4\n1 0 obj <</Type /Catalog>> endobj\ntrailer <</Root 1 0 R>>\n%%EOF\n"


def staff(n: int) -> Actor:
    return Actor(kind="staff", id=n, label=f"{n}")


@pytest.fixture
def funds(app: Flask, sign_in: SignIn) -> dict[str, Any]:
    """A fund with € 1,000 and an empty one, and two people of finance."""
    make_organisation()
    one, two = make_fund("een", programme_id=make_programme()), make_fund("twee")
    with writing():
        code = fund_accounts([one], actor=SYSTEM, now=NOW)[one]
        services.post(
            [equity_postings.result_appropriated(("sample", 1), [(code, 100_000, None), ("0500", -100_000, None)],
                                                 date(2026, 1, 31))],
            actor=SYSTEM, now=NOW,
        )  # fmt: skip
    sign_in("finance")
    sign_in("admin")
    people = [row.id for row in db.session.query(Staff).order_by(Staff.id)]
    return {"one": f"f{one}", "two": f"f{two}", "by": staff(people[0]), "second": staff(people[1])}


def propose(funds: dict[str, Any], **changes: Any) -> int:
    facts: dict[str, Any] = {
        "cents": 40_000, "from_key": funds["one"], "to_key": funds["two"], "booked_on": date(2026, 11, 20),
        "reason": "Nieuw doel", "decided_by": "Bestuur, punt 4", "decided_on": date(2026, 11, 12),
    }  # fmt: skip
    with writing():
        return moving.propose(moving.NewMove(**facts | changes), keep(PDF, "besluit.pdf"), actor=funds["by"], now=NOW)


def stands(funds: dict[str, Any]) -> tuple[int, int]:
    db.session.rollback()
    found = places("nl")
    return found[funds["one"]].cents, found[funds["two"]].cents


def test_a_second_person_books_it_and_it_can_be_taken_back(funds: dict[str, Any]) -> None:
    move_id = propose(funds)
    assert stands(funds) == (100_000, 0)  # nothing is booked yet
    for nobody in (funds["by"], SYSTEM):
        with pytest.raises(Refused, match="Somebody else"), writing():
            moving.approve(move_id, actor=nobody, now=NOW)
    with writing():
        moving.approve(move_id, actor=funds["second"], now=NOW)
    assert stands(funds) == (60_000, 40_000)
    moved = {row.fund.slug: row.moved for row in rolled(span_of(fiscal_year(2026, 1), "")) if row.fund}
    assert moved == {"een": -40_000, "twee": 40_000}
    (entry,) = queries.entries_of((SOURCE, move_id))
    assert (entry.event, entry.booked_on) == (Event.FUND_MOVED, date(2026, 11, 20))
    assert [document.filename for document in documents_of(SOURCE, move_id)] == ["besluit.pdf"]
    with writing(), pytest.raises(Refused):
        moving.approve(move_id, actor=funds["second"], now=NOW)
    with writing():
        moving.undo(move_id, reason="Verkeerd fonds", actor=funds["by"], now=NOW)
    assert stands(funds) == (100_000, 0)
    assert [row.moved for row in rolled(span_of(fiscal_year(2026, 1), "")) if row.fund] == [0, 0]
    assert not any(outcome.problems for outcome in checks.run())


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"cents": 100_001}, "amount"),
        ({"booked_on": date(2026, 11, 24)}, "booked_on"),
        ({"decided_on": date(2026, 11, 24)}, "decided_on"),
        ({"to_key": "f1"}, "to_key"),
        ({"from_key": "x"}, "from_key"),
        ({"reason": "  "}, "reason"),
        ({"decided_by": ""}, "decided_by"),
        # It was not there yet in that month.
        ({"booked_on": date(2025, 12, 31)}, "amount"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(funds: dict[str, Any], changes: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as said:
        propose(funds, **changes)
    assert said.value.field == field


def test_more_than_stands_there_needs_a_reason_also_when_another_move_came_between(funds: dict[str, Any]) -> None:
    with pytest.raises(Invalid, match="another fund"):
        propose(funds, to_key=funds["one"])
    first, second = propose(funds, cents=60_000), propose(funds, cents=60_000)
    with writing():
        moving.approve(first, actor=funds["second"], now=NOW)
    with pytest.raises(DomainError, match="Only"), writing():
        moving.approve(second, actor=funds["second"], now=NOW)
    third = propose(funds, cents=60_000, below_reason="Wordt in december aangevuld")
    with writing():
        moving.approve(third, actor=funds["second"], now=NOW)
        moving.withdraw(second, reason="Te veel", actor=funds["by"], now=NOW)
    assert stands(funds) == (-20_000, 120_000)
    assert db.session.get_one(FundMove, second).state is MoveState.WITHDRAWN


def test_not_in_a_closed_month_and_taking_back_is_booked_today(funds: dict[str, Any]) -> None:
    move_id, late = (propose(funds, booked_on=date(2026, 2, 10), cents=100) for _n in range(2))
    with writing():
        moving.approve(move_id, actor=funds["second"], now=NOW)
        for month in (1, 2):
            periods.close(date(2026, month, 1), actor=SYSTEM, now=NOW)
    with pytest.raises(Refused, match="closed"), writing():
        moving.approve(late, actor=funds["second"], now=NOW)
    with writing():
        moving.undo(move_id, reason="Toch niet", actor=funds["by"], now=NOW)
    assert [e.booked_on for e in queries.entries_of((SOURCE, move_id))][-1] == date(2026, 11, 23)


def test_money_goes_from_the_reserve_and_from_a_programme_in_no_fund(funds: dict[str, Any]) -> None:
    programme = make_programme("los")
    with writing():
        made = equity_postings.result_appropriated(
            ("sample", 2), [("0520", 5_000, programme), ("0500", 200_000, None)], date(2026, 1, 31)
        )
        services.post([made], actor=SYSTEM, now=NOW)
    for key in (f"p{programme}", "r"):
        move_id = propose(funds, cents=4_000, from_key=key)
        with writing():
            moving.approve(move_id, actor=funds["second"], now=NOW)
    found = places("nl")
    assert (found[f"p{programme}"].cents, found["r"].cents) == (1_000, 96_000)
    assert stands(funds)[1] == 8_000


@pytest.mark.parametrize("now", list(MoveState))
@pytest.mark.parametrize("then", list(MoveState))
def test_every_pair_of_states(now: MoveState, then: MoveState) -> None:
    allowed = {("proposed", "booked"), ("proposed", "withdrawn"), ("booked", "undone")}
    assert MOVE_MOVES.allows(now, then) is ((now.value, then.value) in allowed)


def test_the_pages_from_proposal_to_entry(funds: dict[str, Any], sign_in: SignIn) -> None:
    finance = sign_in("finance")
    data = {
        "from_key": funds["one"], "to_key": funds["two"], "amount": "400,00", "booked_on": "20-11-2026",
        "reason": "Nieuw doel", "decided_by": "Bestuur", "decided_on": "12-11-2026",
    }  # fmt: skip
    refused = finance.post("/finance/funds/moves/new", data=data)
    assert refused.status_code == 422
    assert "Nieuw doel" in refused.get_data(as_text=True)
    answer = finance.post("/finance/funds/moves/new", data=data | {"file": (io.BytesIO(PDF), "besluit.pdf")})
    assert answer.status_code == 303, answer.get_data(as_text=True)
    own = answer.location
    assert f"{own}/approve" not in finance.get(own).get_data(as_text=True)  # not by who proposed it
    other = sign_in("admin")  # one browser: finance is signed out
    assert f"{own}/approve" in other.get(own).get_data(as_text=True)
    assert other.post(f"{own}/approve").status_code == 303
    (entry,) = queries.entries_of((SOURCE, int(own.rsplit("/", 1)[1])))
    assert f"/finance/entries/{entry.id}" in other.get(own).get_data(as_text=True)
    proof = other.get(f"/finance/entries/{entry.id}").get_data(as_text=True)
    assert own in proof
    assert "besluit.pdf" in proof
    viewer = sign_in("viewer").get(own).get_data(as_text=True)
    assert "besluit.pdf" in viewer
    assert "/undo" not in viewer
    finance = sign_in("finance")
    assert "/finance/funds/moves" in finance.get("/finance/reports/funds?year=2026").get_data(as_text=True)
    assert finance.post(f"{own}/undo", data={"reason": ""}).status_code == 422
    assert finance.post(f"{own}/undo", data={"reason": "Verkeerd"}).status_code == 303


def test_a_long_list_of_moves_pages(funds: dict[str, Any], sign_in: SignIn) -> None:
    for n in range(51):
        propose(funds, reason=f"Besluit nummer {n:02}", cents=1)
    client = sign_in("viewer")
    page = client.get("/finance/funds/moves").get_data(as_text=True)
    assert "Besluit nummer 50" in page
    assert "Besluit nummer 00" not in page
    older = html.unescape(re.search(r'rel="next" href="([^"]+)"', page)[1])  # type: ignore[index]
    assert "Besluit nummer 00" in client.get(older).get_data(as_text=True)
