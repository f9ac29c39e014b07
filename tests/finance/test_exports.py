"""The files themselves: content, totals, permissions, traces."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from app.audit.models import AuditEvent
from app.base.actor import SYSTEM
from app.base.references import code_of
from app.extensions import db, now, writing
from app.gifts import services as gifts
from app.gifts.services import NewGift, Return
from app.ledger import services as ledger
from app.ledger.rj import RjLine
from tests.factories.organisation import make_organisation, make_programme
from tests.factories.supporters import person
from tests.support.client import Client

SignIn = Callable[[str], Client]
YEAR = "from=2026-01-01&to=2026-12-31"


@pytest.fixture
def year(app: Flask) -> dict[str, int]:
    """Three gifts of 2026, one partly given back, and one of 2025."""
    supporter_id = person("=cmd|' /C calc'!A0", email="jan@example.org")
    make_organisation()
    programme_id = make_programme("watch", name_nl="+WATCH; Nederland")
    ids = {}
    with writing():
        for name, cents, on in [
            ("first", 2550, date(2026, 1, 1)),
            ("back", 10_000, date(2026, 6, 30)),
            ("last", 123_456, date(2026, 12, 31)),
            ("old", 999, date(2025, 12, 31)),
        ]:
            gift = NewGift(
                supporter_id=supporter_id, amount_cents=cents, gift_date=on, method="ideal", source="steun-ons",
                rj_line=RjLine.INDIVIDUALS, via="demo", programme_id=programme_id,
            )  # fmt: skip
            (ids[name],) = gifts.make([gift], actor=SYSTEM, now=now())
    with writing():
        gifts.give_back(
            [Return(gift_id=ids["back"], cents=4_000, on=date(2026, 7, 2), via="demo", part="r1")],
            actor=SYSTEM, now=now(),
        )  # fmt: skip
    return ids


def dutch(content: bytes) -> list[list[str]]:
    assert content.startswith(b"\xef\xbb\xbf")
    assert b"\r\n" in content
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";"))


def test_gifts_in_the_dutch_csv(sign_in: SignIn, year: dict[str, int]) -> None:
    response = sign_in("finance").get(f"/finance/exports/gifts.csv?{YEAR}")
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert "gifts-20260101-20261231.csv" in response.headers["Content-Disposition"]
    assert response.headers["Cache-Control"] == "no-store"
    rows = dutch(response.data)
    assert rows[0] == ["Gift", "Giftdatum", "Relatie", "Naam", "E-mail", "Bedrag", "Teruggegaan", "Gebleven", "Status",
                       "Betaalwijze", "RJ 650-regel", "Programma", "Campagne"]  # fmt: skip
    assert [row[0] for row in rows[1:4]] == [code_of(year[name]) for name in ("first", "back", "last")]
    assert rows[1][1:8] == [
        "01-01-2026",
        rows[1][2],
        "'=cmd|' /C calc'!A0",
        "jan@example.org",
        "25,50",
        "0,00",
        "25,50",
    ]
    assert rows[2][5:8] == ["100,00", "40,00", "60,00"]
    assert rows[1][10:12] == ["Particulieren", "'+WATCH; Nederland"]
    assert rows[4:] == [
        [], ["Aantal regels", "3"], ["Totaal Bedrag", "1360,06"], ["Totaal Teruggegaan", "40,00"],
        ["Totaal Gebleven", "1320,06"],
    ]  # fmt: skip


def test_the_plain_csv_is_for_programs(sign_in: SignIn, year: dict[str, int]) -> None:
    content = sign_in("finance").get(f"/finance/exports/gifts.csv?{YEAR}&variant=plain").data
    rows = list(csv.reader(io.StringIO(content.decode(), newline="")))
    assert rows[1][1] == "2026-01-01"
    assert rows[1][5] == "25.50"


def test_gifts_in_xlsx_are_typed_with_totals_apart(sign_in: SignIn, year: dict[str, int]) -> None:
    response = sign_in("finance").get(f"/finance/exports/gifts.xlsx?{YEAR}")
    book = CalamineWorkbook.from_filelike(io.BytesIO(response.data))
    assert book.sheet_names == ["Giften", "Controletotalen"]
    rows = book.get_sheet_by_name("Giften").to_python()
    assert rows[1][1] == date(2026, 1, 1)
    assert rows[1][3] == "=cmd|' /C calc'!A0"  # text, so it needs no quote
    assert rows[3][5:8] == [1234.56, 0.0, 1234.56]
    totals = {row[0]: row[1] for row in book.get_sheet_by_name("Controletotalen").to_python()}
    assert (totals["Aantal regels"], totals["Totaal Bedrag"], totals["Totaal Gebleven"]) == (3, 1360.06, 1320.06)
    assert (totals["Van"], totals["Tot en met"]) == ("01-01-2026", "31-12-2026")


def test_the_journal_balances_and_shows_reversals(sign_in: SignIn, year: dict[str, int]) -> None:
    with writing():
        ledger.reverse(source=("gift", year["first"]), on=date(2026, 11, 23), actor=SYSTEM, now=now())
    rows = dutch(sign_in("finance").get(f"/finance/exports/journal.csv?{YEAR}").data)
    head = {name: index for index, name in enumerate(rows[0])}
    lines = rows[1 : rows.index([])]
    assert len(lines) == 10  # three gifts, a refund and a reversal
    first = lines[0]
    assert first[head["Boekdatum"]] == "01-01-2026"
    assert first[head["Periode"]] == "2026-01"
    assert (first[head["Rekening"]], first[head["Debet"]], first[head["Credit"]]) == ("1290", "25,50", "")
    assert first[head["Bronkenmerk"]] == code_of(year["first"])
    assert [line[head["Draait terug"]] for line in lines].count(first[head["Journaalpost"]]) == 2
    assert rows[-2:] == [["Totaal Debet", "1425,56"], ["Totaal Credit", "1425,56"]]
    assert not any("jan@example.org" in cell or "calc" in cell for line in lines for cell in line)


@pytest.mark.parametrize(
    ("query", "count"),
    [("from=2026-01-01&to=2026-01-01", 1), ("from=2026-01-02&to=2026-12-30", 1), ("from=2025-12-31&to=2025-12-31", 1),
     ("from=2024-01-01&to=2024-12-31", 0), ("", 3), ("from=2025-01-01", 1), ("to=31-12-2025", 1),
     ("from=1-1-2026&to=30-6-2026", 2)],
)  # fmt: skip
def test_both_days_are_included(sign_in: SignIn, year: dict[str, int], query: str, count: int) -> None:
    rows = dutch(sign_in("finance").get(f"/finance/exports/gifts.csv?{query}").data)
    assert ["Aantal regels", str(count)] in rows


@pytest.mark.parametrize(
    "query",
    ["from=2026-13-01", "from=x", "to=2026-02-30", "from=2026-02-01&to=2026-01-01", "from=1999-12-31", "to=9999-01-01",
     "from=%00", "from=2026-01-01'--", "to=" + "9" * 500],
)  # fmt: skip
@pytest.mark.parametrize("file", ["gifts.csv", "journal.xlsx"])
def test_wrong_dates_are_refused_with_a_message(sign_in: SignIn, query: str, file: str) -> None:
    response = sign_in("finance").get(f"/finance/exports/{file}?{query}")
    assert response.status_code == 422
    assert "Content-Disposition" not in response.headers
    assert response.content_type.startswith("text/html")


@pytest.mark.parametrize("path", ["gifts.pdf", "people.csv", "gifts.csv.exe", "gifts.CSV"])
def test_unknown_files_are_not_there(sign_in: SignIn, path: str) -> None:
    assert sign_in("finance").get(f"/finance/exports/{path}").status_code == 404


def test_an_unknown_variant_is_refused(sign_in: SignIn) -> None:
    assert sign_in("finance").get("/finance/exports/gifts.csv?variant=fancy").status_code == 400


@pytest.mark.parametrize("file", ["gifts.csv", "gifts.xlsx", "journal.csv", "journal.xlsx"])
def test_a_viewer_gets_figures_and_nobodys_name(sign_in: SignIn, year: dict[str, int], file: str) -> None:
    response = sign_in("viewer").get(f"/finance/exports/{file}?{YEAR}")
    assert response.status_code == 200
    if file.endswith("xlsx"):
        book = CalamineWorkbook.from_filelike(io.BytesIO(response.data))
        text = json.dumps([book.get_sheet_by_name(name).to_python() for name in book.sheet_names], default=str)
    else:
        text = response.data.decode()
    assert "1234" in text
    for personal in ("calc", "jan@example.org", 'Naam"', ";Naam;", "Relatie"):
        assert personal not in text


def test_every_export_leaves_a_trace(sign_in: SignIn, year: dict[str, int]) -> None:
    client = sign_in("viewer")
    content = client.get(f"/finance/exports/gifts.csv?{YEAR}").data
    event = db.session.execute(select(AuditEvent).where(AuditEvent.action == "export.made")).scalar_one()
    told: dict[str, Any] = json.loads(event.changes) if isinstance(event.changes, str) else event.changes
    assert told == {
        "export": "gifts", "format": "csv", "from": "2026-01-01", "to": "2026-12-31", "personal": False, "rows": 3,
        "sha256": hashlib.sha256(content).hexdigest(),
    }  # fmt: skip
    assert event.actor_id == client.staff_id


def test_the_file_leaves_nothing_behind(sign_in: SignIn, year: dict[str, int], tmp_path: Path) -> None:
    before = {path.name for path in tmp_path.iterdir()}
    sign_in("finance").get(f"/finance/exports/gifts.xlsx?{YEAR}").close()
    assert {path.name for path in tmp_path.iterdir()} - before <= {"draagvlak.db-wal", "draagvlak.db-shm"}


@pytest.mark.parametrize(("format_", "kind"), [("csv", "gifts"), ("csv-plain", "journal"), ("xlsx", "gifts")])
def test_the_command_writes_the_same_file(
    app: Flask, sign_in: SignIn, year: dict[str, int], tmp_path: Path, format_: str, kind: str
) -> None:
    target = tmp_path / "out" / "file"
    target.parent.mkdir()
    db.session.rollback()
    result = app.test_cli_runner().invoke(
        args=["export", kind, "--from", "2026-01-01", "--to", "2026-12-31", "--format", format_, "-o", str(target)]
    )
    assert result.exit_code == 0, result.output
    assert hashlib.sha256(target.read_bytes()).hexdigest() in result.output
    assert [path.name for path in target.parent.iterdir()] == ["file"]
    if format_ != "xlsx":  # a zip holds the time it was made
        variant = "&variant=plain" if format_ == "csv-plain" else ""
        assert target.read_bytes() == sign_in("finance").get(f"/finance/exports/{kind}.csv?{YEAR}{variant}").data


def test_the_command_refuses_wrong_dates_and_places(app: Flask, tmp_path: Path) -> None:
    db.session.rollback()
    runner = app.test_cli_runner()
    wrong = runner.invoke(args=["export", "gifts", "--from", "yesterday", "-o", str(tmp_path / "x")])
    assert wrong.exit_code == 1
    assert "yesterday" in wrong.output
    nowhere = runner.invoke(args=["export", "gifts", "-o", str(tmp_path / "no" / "such" / "x")])
    assert nowhere.exit_code == 1
    assert "cannot write" in nowhere.output


def test_names_can_be_left_out_by_command(app: Flask, year: dict[str, int], tmp_path: Path) -> None:
    db.session.rollback()
    target = tmp_path / "x.csv"
    app.test_cli_runner().invoke(args=["export", "gifts", "--without-names", "-o", str(target)])
    assert b"jan@example.org" not in target.read_bytes()
