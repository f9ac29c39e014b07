"""A file of the accounting package, from the upload to the figures that count."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select

from app.extensions import db
from app.finance.figures import queries, sheet
from app.finance.figures import reading as reader
from app.finance.figures.models import FigureImport, FigureKind, FigureState, RuleOn, Signs
from app.finance.figures.sheet import Rule
from app.ledger.rj import RjLine
from app.sheets import reading
from tests.factories.organisation import make_programme
from tests.support.client import Client

SignIn = Callable[[str], Client]
YEAR = (date(2026, 1, 1), date(2027, 1, 1))
COSTS = (
    "Rekening;Omschrijving;Kostenplaats;Maand;Bedrag\n"
    "4000;Lonen;WERK;2026-01;1.000,00\n"
    "4000;Lonen;;2026-01;500,00\n"
    "4900;Rente;;2026-02;-12,50\n"
    "1600;Crediteuren;;2026-02;-1.487,50\n"
    "Totaal;;;;0,00\n"
)


def upload(client: Client, text: str, kind: str = "cost", name: str = "kosten.csv") -> str:
    data = {"kind": kind, "file": (io.BytesIO(text.encode()), name)}
    response = client.post("/finance/figures/new", data=data, content_type="multipart/form-data")
    assert response.status_code == 303, re.findall(r"form-error[^<]*<[^<]*", response.get_data(as_text=True))
    return str(response.location)


def row_of(address: str) -> FigureImport:
    db.session.rollback()
    return db.session.get_one(FigureImport, int(address.rsplit("/", 1)[1]))


def columns(client: Client, address: str, control: str, **changes: str) -> str:
    row = row_of(address)
    data = {name: str(column) for name, column in row.columns.items() if name in sheet.FIELDS}
    data |= {"version": str(row.version), "signs": row.signs.value, "control": control} | changes
    client.post(f"{address}/columns", data=data)
    return client.get(address).get_data(as_text=True).replace("\xa0", " ")


def mean(client: Client, address: str, meant: dict[str, tuple[str, str]]) -> None:
    page = client.get(address).get_data(as_text=True)
    data = {}
    labelled = r'(?:Rekening|Kostenplaats) (\w+)</label>.*?name="line_(\d+)"'
    for code, number in re.findall(labelled, page, re.DOTALL):
        data[f"line_{number}"], data[f"programme_{number}"] = meant.get(code, ("", ""))
    assert data
    assert client.post(f"{address}/meaning", data=data).status_code == 303


def press(client: Client, address: str, what: str) -> str:
    client.post(f"{address}/{what}", data={"version": str(row_of(address).version)})
    return client.get(address).get_data(as_text=True)


def test_a_file_is_read_mapped_and_counts_when_its_total_agrees(sign_in: SignIn) -> None:
    work, finance = make_programme("werk"), sign_in("finance")
    address = upload(finance, COSTS)
    assert row_of(address).columns == {"account": 0, "centre": 2, "month": 3, "amount": 4}
    page = columns(finance, address, "1,00")
    assert "€ 0,00" in page  # what the file comes to
    assert "verschillen € -1,00" in page
    columns(finance, address, "0")
    mean(
        finance, address,
        {"4000": ("management", ""), "WERK": ("objectives", str(work)), "4900": ("financial", ""),
         "1600": ("left_out", "")},
    )  # fmt: skip
    press(finance, address, "enter")
    assert row_of(address).state is FigureState.IN
    found = {
        (each.month.month, each.rj_line, each.programme_id): each.cents for each in queries.sums(FigureKind.COST, *YEAR)
    }
    assert found == {
        (1, RjLine.OBJECTIVES, work): 100_000,
        (1, RjLine.MANAGEMENT, None): 50_000,
        (2, RjLine.FINANCIAL, None): 1_250,
    }
    again = finance.post(
        "/finance/figures/new", data={"kind": "cost", "file": (io.BytesIO(COSTS.encode()), "x.csv")},
        content_type="multipart/form-data",
    )  # fmt: skip
    assert again.status_code == 422
    # The next file with these headings and codes needs no questions, and says what it takes the place of.
    second = upload(finance, COSTS.replace("500,00", "600,00").replace("1.487,50", "1.587,50"))
    page = columns(finance, second, "0")
    assert "01-2026, 02-2026" in page
    press(finance, second, "enter")
    assert sum(each.cents for each in queries.sums(FigureKind.COST, *YEAR)) == 161_250
    press(finance, second, "undo")
    assert sum(each.cents for each in queries.sums(FigureKind.COST, *YEAR)) == 151_250
    assert "Telt mee" in sign_in("viewer").get(address).get_data(as_text=True)


def test_nothing_counts_while_a_row_is_wrong_or_a_code_unknown(sign_in: SignIn) -> None:
    finance = sign_in("finance")
    address = upload(finance, COSTS.replace("500,00", "vijfhonderd"))
    page = columns(finance, address, "-500")
    assert "“vijfhonderd” is geen bedrag" in page
    press(finance, address, "enter")
    assert row_of(address).state is FigureState.READ
    assert not queries.has(FigureKind.COST, *YEAR)
    assert press(finance, address, "undo")
    assert row_of(address).state is FigureState.UNDONE


def test_a_budget_with_a_column_for_each_month(sign_in: SignIn) -> None:
    finance = sign_in("finance")
    text = "Rekening;Omschrijving;Jan;Feb;Mrt\n8010;Giften;100;100;150\n4000;Lonen;80,50;80,50;80,50\n"
    address = upload(finance, text, "budget", "begroting.csv")
    columns(finance, address, "591,50", signs="plain")  # no year yet
    assert row_of(address).control_cents is None
    columns(finance, address, "591,50", signs="plain", year="2026")
    mean(finance, address, {"8010": ("individuals", ""), "4000": ("management", "")})
    press(finance, address, "enter")
    found = {(each.month.month, each.rj_line): each.cents for each in queries.sums(FigureKind.BUDGET, *YEAR)}
    assert found[3, RjLine.INDIVIDUALS] == 15_000
    assert found[2, RjLine.MANAGEMENT] == 8_050
    assert len(found) == 6


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "leeg"),
        (b"\xd0\xcf\x11\xe0rest", "oud Excel"),
        (b"PK\x03\x04 no package", ""),
        (b"x" * 1001, "5 MB"),
    ],
    ids=["empty", "old Excel", "broken package", "too large"],
)
def test_a_file_that_cannot_be_read_is_refused(
    sign_in: SignIn, monkeypatch: pytest.MonkeyPatch, content: bytes, said: str
) -> None:
    monkeypatch.setattr(reader, "MAX_BYTES", 1000)
    response = sign_in("finance").post(
        "/finance/figures/new", data={"kind": "cost", "file": (io.BytesIO(content), "kosten.csv")},
        content_type="multipart/form-data",
    )  # fmt: skip
    assert response.status_code == 422
    assert said in response.get_data(as_text=True)
    assert db.session.execute(select(FigureImport.id)).first() is None


RULES = {(RuleOn.ACCOUNT, "4000"): Rule(RjLine.MANAGEMENT), (RuleOn.ACCOUNT, "8000"): Rule(RjLine.COMPANIES)}


def read(text: str, kind: FigureKind = FigureKind.COST, year: int | None = None) -> sheet.Reading:
    rows = list(reading.rows_of(text.encode(), "text/csv"))
    header_row, _, found = sheet.headings(rows)
    return sheet.read(iter(rows), header_row, found, RULES, kind=kind, signs=Signs.LEDGER, year=year)


@pytest.mark.parametrize(
    ("cell", "year", "month"),
    [
        ("2026-03", None, 3), ("03-2026", None, 3), ("202603", None, 3), ("maart 2026", None, 3), ("mrt", 2026, 3),
        ("3", 2026, 3), ("P03", 2026, 3), ("15-03-2026", None, 3), ("2026-03-31", None, 3),
        ("13", 2026, None), ("3", None, None), ("", None, None), ("2026-13", None, None), ("31-02-2026", None, None),
        ("15-03-0026", None, None),
    ],
)  # fmt: skip
def test_months_are_read_strictly(cell: str, year: int | None, month: int | None) -> None:
    found = read(f"rekening;maand;debet;credit\n4000;{cell};10,00;2,50\n", year=year)
    if month is None:
        assert [problem.field for problem in found.problems] == ["month"]
    else:
        assert [(each.month, each.cents) for each in found.amounts] == [(date(2026, month, 1), 750)]


def test_income_stays_out_of_costs_and_turns_its_sign_in_a_budget() -> None:
    text = "rekening;maand;bedrag\n8000;2026-01;-100,00\n"
    assert [problem.field for problem in read(text).problems] == ["account"]
    assert [each.cents for each in read(text, FigureKind.BUDGET).amounts] == [10_000]


def test_a_sheet_of_too_many_rows_is_refused(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet, "MOST_ROWS", 2)
    with pytest.raises(Exception, match="more than 2 rows"):
        read("rekening;maand;bedrag\n" + "4000;2026-01;1,00\n" * 3)
