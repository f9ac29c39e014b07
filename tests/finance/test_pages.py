from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import event

from app.audit.queries import trail
from app.base.actor import SYSTEM
from app.extensions import db, writing
from app.ledger import queries, services, sums
from app.ledger.rj import INCOME_LINES, RjLine
from tests.factories.ledger import gift_entry
from tests.support.client import Client

NOW = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
SignIn = Callable[[str], Client]


def book(count: int, start: date = date(2026, 1, 1), first: int = 0) -> list[int]:
    entries = [
        gift_entry(first + n, 1000 + n, start + timedelta(days=n % 300), rj_line=INCOME_LINES[n % 8])
        for n in range(count)
    ]
    with writing():
        return services.post(entries, actor=SYSTEM, now=NOW)


@contextmanager
def statements() -> Iterator[list[str]]:
    seen: list[str] = []

    def note(*args: object) -> None:
        seen.append(str(args[2]))

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def text_of(client: Client, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status, address
    return re.sub(r"\s+", " ", response.get_data(as_text=True)).replace("\xa0", " ")


def test_income_is_shown_by_line_and_month_beside_last_year(sign_in: SignIn) -> None:
    with writing():
        services.post(
            [
                gift_entry(1, 100_000, date(2026, 3, 5)),
                gift_entry(2, 50_000, date(2026, 4, 5), rj_line=RjLine.COMPANIES),
                gift_entry(3, 20_000, date(2026, 4, 5), rj_line=RjLine.GOODS_SERVICES),
                gift_entry(4, 80_000, date(2025, 3, 5)),
            ],
            actor=SYSTEM, now=NOW,
        )  # fmt: skip
    page = text_of(sign_in("viewer"), "/finance")
    assert "€ 1.700,00" in page  # all
    assert "€ 1.500,00" in page  # raised: without line 7
    assert "€ 800,00" in page  # last year
    assert "1. Particulieren" in page
    assert "3. Loterijorganisaties" not in page
    assert "rj_line=individuals&amp;month=2026-03" in page
    assert "25 %" in page or "25%" in page  # individuals grew by a quarter


def test_the_fiscal_year_may_begin_in_another_month(app: Flask) -> None:
    from app.finance.income import income_year
    from app.finance.periods import fiscal_year, fiscal_year_of

    book(1, date(2026, 6, 30))
    book(1, date(2026, 7, 1), first=10)
    year = fiscal_year(2026, 7)
    assert fiscal_year_of(date(2026, 6, 30), 7).year == 2025
    assert (income_year(year).total, income_year(year).before) == (1000, 1000)
    assert year.months[-1] == date(2027, 6, 1)


def test_an_empty_year_says_so_and_a_wrong_one_is_refused(sign_in: SignIn) -> None:
    client = sign_in("finance")
    assert "niets geboekt" in text_of(client, "/finance?year=2031")
    for wrong in ("abc", "20266", "0001", "²026", "-2026"):
        text_of(client, f"/finance?year={wrong}", 400)


def test_the_number_of_statements_does_not_grow(sign_in: SignIn) -> None:
    ids = book(8)
    client = sign_in("finance")
    addresses = ["/finance", "/finance/entries", "/finance/entries?account=8010", "/finance/accounts",
                 f"/finance/entries/{ids[0]}", "/finance/months?year=2026", "/finance/months/2026-01",
                 "/finance/figures", "/finance/year-end?year=2026",
                 f"/finance/sample?year=2026&seed=a&last={ids[-1]}"]  # fmt: skip
    counts: list[list[int]] = []
    for _ in range(2):
        row = []
        for address in addresses:
            text_of(client, address)  # warm
            with statements() as seen:
                text_of(client, address)
            # The profile is kept for five seconds, which a slow machine needs for one page.
            row.append(sum("FROM organisation" not in statement for statement in seen))
        counts.append(row)
        book(400, first=100)
    assert counts[0] == counts[1]
    assert max(counts[0]) <= 16


def test_entries_are_filtered_paged_and_summed_over_all_pages(sign_in: SignIn) -> None:
    book(400)
    client = sign_in("viewer")
    page = text_of(client, "/finance/entries?rj_line=individuals")
    total = sum(1000 + n for n in range(400) if n % 8 == 0)
    assert f"€ {total // 100:,}".replace(",", ".") in page
    assert "Totaal van 50 regels" in page
    seen: set[str] = set()
    address: str | None = "/finance/entries?size=100"
    while address:
        page = client.get(address).get_data(as_text=True)
        seen |= set(re.findall(r"/finance/entries/(\d+)", page))
        older = re.search(r'rel="next" href="([^"]+)"', page)
        address = older[1].replace("&amp;", "&") if older else None
    assert len(seen) == 400


def test_the_foot_equals_the_lines_for_every_filter(app: Flask) -> None:
    book(200)
    with writing():
        sums.fold(20)
    account = queries.account("8010")
    assert account is not None
    for chosen in (
        queries.LineFilter(),
        queries.LineFilter(start=date(2026, 3, 1), end=date(2026, 4, 1)),
        queries.LineFilter(account_id=account.id),
        queries.LineFilter(rj_line=RjLine.COMPANIES, start=date(2026, 2, 1)),
    ):
        rows = [line for line, _ in db.session.execute(queries.lines(chosen))]
        totals = queries.line_totals(chosen)
        assert totals.line_count == len(rows)
        assert totals.debit_cents == sum(max(line.cents, 0) for line in rows)
        assert totals.credit_cents == sum(max(-line.cents, 0) for line in rows)


@pytest.mark.parametrize(
    ("query", "status"),
    [("month=2026-13", 400), ("month=x", 400), ("rj_line=nope", 400), ("grant=1e3", 400), ("account=0000", 404),
     ("after=forged", 400), ("sort=cents", 400), ("grant=5", 200), ("programme=5", 200)],
)  # fmt: skip
def test_filters_that_mean_nothing_are_refused(sign_in: SignIn, query: str, status: int) -> None:
    text_of(sign_in("viewer"), f"/finance/entries?{query}", status)


def test_an_entry_shows_its_lines_and_what_undid_it(sign_in: SignIn) -> None:
    (entry_id,) = book(1)
    with writing():
        (counter,) = services.reverse(entry_ids=[entry_id], on=date(2026, 11, 23), actor=SYSTEM, now=NOW)
    client = sign_in("viewer")
    page = text_of(client, f"/finance/entries/{entry_id}")
    assert "1290 Kruisposten demobank" in page
    assert "teruggedraaid" in page
    assert f"/finance/entries/{counter}" in page
    assert f"/finance/entries/{entry_id}" in text_of(client, f"/finance/entries/{counter}")
    text_of(client, "/finance/entries/12345", 404)


def test_the_bookkeeper_maps_an_account_and_the_trail_tells(sign_in: SignIn) -> None:
    book(1)
    client = sign_in("finance")
    assert client.post("/finance/accounts/8010", data={"rgs_code": "WOvbBueDeg"}).status_code == 303
    account = queries.account("8010")
    assert account is not None
    assert account.rgs_code == "WOvbBueDeg"
    assert "WOvbBueDeg" in text_of(client, "/finance/accounts")
    assert len(trail("ledger_account", account.id)) == 1
    for wrong in ("BEivSev", "WOvb-1", "=1+1", "W" * 21, "W\x00"):
        response = client.post("/finance/accounts/8010", data={"rgs_code": wrong})
        assert response.status_code == 422
    assert client.post("/finance/accounts/8010", data={"rgs_code": "", "kind": "cost", "code": "1"}).status_code == 303
    db.session.rollback()
    account = queries.account("8010")
    assert account is not None
    assert (account.rgs_code, account.kind.value) == (None, "income")
    assert client.post("/finance/accounts/0000", data={"rgs_code": ""}).status_code == 404


def test_a_viewer_maps_nothing(sign_in: SignIn) -> None:
    book(1)
    assert sign_in("viewer").post("/finance/accounts/8010", data={"rgs_code": "WOvbBueDeg"}).status_code == 403


def test_the_exports_page_offers_every_file_and_keeps_wrong_dates(sign_in: SignIn) -> None:
    client = sign_in("viewer")
    page = text_of(client, "/finance/exports?from=2026-01-01&to=2026-03-31")
    for file in ("gifts.csv", "gifts.xlsx", "journal.csv", "journal.xlsx"):
        assert f"/finance/exports/{file}?from=2026-01-01&amp;to=2026-03-31" in page
    assert "staat niet wie er gaf" in page
    wrong = text_of(client, "/finance/exports?from=ooit", 422)
    assert 'value="ooit"' in wrong
    assert "Van: “ooit” is geen datum" in wrong
    wrong = text_of(client, "/finance/exports?to=9-9-1999", 422)
    assert "Tot en met: kies een datum tussen 2000 en 2100" in wrong


def test_accounts_are_added_renamed_and_put_to_rest_on_a_page(sign_in: SignIn) -> None:
    book(1)
    finance = sign_in("finance")
    new = {"code": "8011", "name_nl": "Nalatenschappen", "name_en": "Legacies", "kind": "income", "rj_line": ""}
    refused = finance.post("/finance/accounts/new", data=new)
    assert refused.status_code == 422
    assert 'value="Nalatenschappen"' in refused.get_data(as_text=True)  # what was typed stays
    assert finance.post("/finance/accounts/new", data=new | {"rj_line": "individuals"}).status_code == 303
    changed = new | {"name_nl": "Legaten", "rj_line": "individuals"}  # and no longer in use: no tick
    assert finance.post("/finance/accounts/8011/facts", data=changed).status_code == 303
    page = text_of(finance, "/finance/accounts")
    assert "8011 Legaten" in page
    assert "buiten gebruik" in page
    needed = {"name_nl": "Bank", "name_en": "Bank", "kind": "asset", "rj_line": ""}
    assert finance.post("/finance/accounts/1100/facts", data=needed).status_code == 422
