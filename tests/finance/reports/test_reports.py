"""Reports: what they come to, as page and as files, for who may see what."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from flask import Flask
from python_calamine import CalamineWorkbook

from app.base.actor import SYSTEM
from app.extensions import writing
from app.finance.figures.models import FigureKind
from app.finance.reports.catalogue import REPORTS
from app.ledger import postings, services
from app.ledger.rj import RjLine
from tests.factories.figures import imported
from tests.factories.ledger import gift_entry
from tests.finance.test_pages import text_of
from tests.support.client import Client

NOW = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
SignIn = Callable[[str], Client]


@pytest.fixture
def booked(app: Flask) -> None:
    with writing():
        services.post(
            [
                gift_entry(1, 100_000, date(2026, 3, 5)),
                gift_entry(2, 50_050, date(2026, 4, 5), rj_line=RjLine.COMPANIES),
                gift_entry(3, 20_000, date(2026, 4, 5), rj_line=RjLine.GOODS_SERVICES),
                gift_entry(4, 80_000, date(2025, 3, 5)),
            ],
            actor=SYSTEM,
            now=NOW,
        )


def test_the_list_leads_to_every_report_and_each_opens_for_every_role(booked: None, sign_in: SignIn) -> None:
    for role in ("viewer", "fundraiser", "finance", "admin"):
        client = sign_in(role)
        page = text_of(client, "/finance/reports")
        for name in REPORTS:
            assert f"/finance/reports/{name}" in page
            text_of(client, f"/finance/reports/{name}")


def test_the_statement_follows_rj_650_and_says_that_costs_are_missing(booked: None, sign_in: SignIn) -> None:
    page = text_of(sign_in("viewer"), "/finance/reports/statement")
    order = [
        "1. Particulieren",
        "2. Bedrijven",
        "6. Andere",
        "Som van de geworven baten",
        "7. ",
        "8. ",
        "Som van de baten",
    ]
    places = [page.rindex(f">{text}") for text in order]
    assert places == sorted(places)
    for shown in ("€ 1.500,50", "€ 1.700,50", "€ 800,00", "/finance/entries?year=2026&amp;rj_line=companies"):
        assert shown in page
    assert "toont dit overzicht alleen baten" in page
    assert "Som van de lasten" not in page


@pytest.mark.parametrize(
    ("query", "shown"),
    [("month=q1", "€ 1.000,00"), ("month=q2", "€ 700,50"), ("month=2026-04", "€ 700,50"), ("year=2025", "€ 800,00")],
)
def test_a_report_is_of_a_year_a_quarter_or_a_month(booked: None, sign_in: SignIn, query: str, shown: str) -> None:
    page = text_of(sign_in("viewer"), f"/finance/reports/statement?{query}")
    assert shown in page
    assert query in page.replace("year=2026&amp;", "")  # on to the entries of the same months


@pytest.mark.parametrize("query", ["month=q5", "month=2025-04", "month=x", "year=26", "month=2026-13"])
def test_a_period_that_is_none_is_refused(sign_in: SignIn, query: str) -> None:
    text_of(sign_in("viewer"), f"/finance/reports/statement?{query}", 400)


def test_files_hold_what_the_page_shows(booked: None, sign_in: SignIn) -> None:
    client = sign_in("viewer")
    for name in REPORTS:
        text = client.get(f"/finance/reports/{name}.csv").get_data().decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text), delimiter=";"))
        book = CalamineWorkbook.from_filelike(io.BytesIO(client.get(f"/finance/reports/{name}.xlsx").get_data()))
        paper = client.get(f"/finance/reports/{name}.pdf").get_data()
        assert paper.startswith(b"%PDF-")
        assert b"/StructTreeRoot" in paper or b"/ObjStm" in paper
        if name == "statement":
            assert ["Som van de baten", "1700,50", "800,00"] in rows
            first = book.get_sheet_by_name(book.sheet_names[0]).to_python()
            assert ["Som van de baten", 1700.5, 800.0] in first
    text_of(client, "/finance/reports/statement.exe", 404)
    text_of(client, "/finance/reports/unknown", 404)


def test_with_imported_costs_the_statement_goes_on_to_the_result(booked: None, sign_in: SignIn) -> None:
    march, line = date(2026, 3, 1), RjLine
    with writing():
        imported(
            FigureKind.COST,
            [(march, line.OBJECTIVES, None, 60_000), (march, line.RAISING_COSTS, None, 15_000),
             (march, line.MANAGEMENT, None, 25_000), (march, line.FINANCIAL, None, -50)],
        )  # fmt: skip
        imported(FigureKind.BUDGET, [(march, line.INDIVIDUALS, None, 120_000), (march, line.OBJECTIVES, None, 90_000)])
    client = sign_in("viewer")
    page = text_of(client, "/finance/reports/statement")
    text = client.get("/finance/reports/statement.csv").get_data().decode("utf-8-sig")
    rows = {row[0]: row[1:] for row in csv.reader(io.StringIO(text), delimiter=";") if len(row) == 4}
    assert rows["Regel"] == ["2026", "Begroting", "Een jaar eerder"]
    assert rows["Besteed aan doelstellingen"] == ["600,00", "900,00", "0,00"]
    assert rows["Som van de lasten"] == ["1000,00", "900,00", "0,00"]
    assert rows["Saldo voor financiële baten en lasten"] == ["700,50", "300,00", "800,00"]
    assert rows["Saldo van baten en lasten"] == ["700,00", "300,00", "800,00"]
    assert "Van 1 van de 12 maanden zijn de lasten er" in page
    text = client.get("/finance/reports/programmes.csv").get_data().decode("utf-8-sig")
    by_programme = list(csv.reader(io.StringIO(text), delimiter=";"))
    assert "Saldo voor financiële baten en lasten" in by_programme[1], (
        "called as in the statement, with which it agrees"
    )
    assert ["Totaal", "1700,50", "1000,00", "700,50", "800,00"] in by_programme
    shares = text_of(client, "/finance/reports/ratios?month=2026-03")
    for share in ("60%", "15%", "25%"):  # of costs; of 1,000 raised; of costs
        assert f">{share}<" in shares
    assert "nog niet ingelezen" in text_of(client, "/finance/reports/ratios?month=2026-04")


def test_of_many_grants_the_page_shows_the_largest_and_the_files_all(app: Flask, sign_in: SignIn) -> None:
    with writing():
        services.post(
            [
                postings.grant_recognised(
                    ("sample", n), 100 * n, date(2026, 3, 5), postings.Purpose(rj_line=RjLine.LOTTERIES, grant_id=n)
                )
                for n in range(1, 31)
            ],
            actor=SYSTEM,
            now=NOW,
        )
    client = sign_in("finance")
    page = text_of(client, "/finance/reports/programmes?year=2026")
    assert page.count("grant=") == 25
    assert "5 kleinere subsidies" in page
    assert "de bestanden hebben ze allemaal" in page
    file = client.get("/finance/reports/programmes.csv?year=2026").get_data(as_text=True)
    assert file.count("Een subsidie die er niet meer is") == 30
    assert "kleinere" not in file
