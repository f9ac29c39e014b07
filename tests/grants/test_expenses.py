"""Expenses: entered once, read strictly, shared to at most the whole, mapped to lines."""

from __future__ import annotations

import contextlib
import io
import itertools
import re
import zipfile
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
import xlsxwriter
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, func, select, update
from sqlalchemy.exc import IntegrityError

from app.base.actor import SYSTEM
from app.base.errors import Invalid
from app.base.money import format_money
from app.extensions import db, writing
from app.grants.budgets import queries as budgets
from app.grants.budgets import services as budget_services
from app.grants.budgets.models import Category
from app.grants.budgets.services import LinePlan
from app.grants.expenses import imports, services, sheet
from app.grants.expenses.models import Expense, ExpenseImport, ImportState
from app.grants.expenses.services import ExpenseFacts
from tests.factories import grants as make
from tests.support.client import Client
from tests.support.killing import killed_at

CSV = (
    "Administratie Veilig Online;;;;;\r\n"
    "Datum;Boekstuk;Grootboek;Kostenplaats;Omschrijving;Bedrag\r\n"
    '02-11-2026;M-1;4000;P12;"Salaris; oktober";€ 1.234,56\r\n'
    "03-11-2026;M-2;4100;P12;Trein;12.50\r\n"
    "03-11-2026;M-2;4100;P12;Trein;12.50\r\n"
    "\r\n"
    "31-02-2026;M-3;4100;P12;Bestaat niet;10,00\r\n"
    "04-11-2026;M-4;4100;P12;Onduidelijk;1.234\r\n"
    "05-11-2026;M-5;4000;P12;Creditnota;-34,56\r\n"
    "06-11-2026;M-6;4000;P12;Geen bedrag;nog niet bekend\r\n"
)


def lines_of(grant_id: int, now: datetime) -> list[int]:
    plans = [
        LinePlan(name="Begeleiding", category=Category.STAFF, cents=6_000_000, code="A", tolerance_bp=1000),
        LinePlan(name="Reizen", category=Category.TRAVEL, cents=4_000_000, code="B", tolerance_bp=1000),
    ]
    budget_services.save_draft(grant_id, plans, actor=SYSTEM, now=now)
    budget_services.put_in_force(grant_id, actor=SYSTEM, now=now)
    return [line.id for line in budgets.lines(grant_id)]


def brought_in(grant_id: int, content: bytes, name: str, now: datetime) -> ExpenseImport:
    """Through all steps, as the pages do it."""
    file, header_row, names, columns = imports.keep(content, name)
    with writing():
        import_id = imports.begin(grant_id, file, header_row, names, columns, actor=SYSTEM, now=now)
    with writing():
        imports.choose(import_id, columns, version=None, now=now)
    imports.try_out(import_id)
    with writing():
        imports.approve(import_id, version=None, actor=SYSTEM, now=now)
    imports.enter(import_id, now=now)
    return db.session.get_one(ExpenseImport, import_id)


def test_a_sheet_enters_once_and_says_what_is_wrong_by_row(app: Flask, now: datetime) -> None:
    with writing():
        grant_id = make.grant(now)
        lines = lines_of(grant_id, now)
        services.map_to_line(grant_id, "4000", "", lines[0], actor=SYSTEM, now=now)
    done = brought_in(grant_id, CSV.encode("cp1252"), "grootboek.csv", now)
    assert (done.state, done.rows, done.good, done.bad, done.entered) == (ImportState.DONE, 7, 4, 3, 4)
    assert [(row, field) for row, field, *_ in done.errors] == [(7, "spent_on"), (8, "amount"), (10, "amount")]
    assert done.unmapped == 2
    assert budgets.spent_by_line(grant_id) == {lines[0]: 120_000, None: 2_500}
    again = brought_in(grant_id, CSV.encode("utf-8-sig"), "grootboek.csv", now)
    assert (again.known, again.good, again.entered) == (4, 0, 0)
    assert budgets.spent_by_partner(grant_id) == {None: 122_500}


def test_what_was_changed_in_the_accounts_is_told_before_it_counts_twice(app: Flask, now: datetime) -> None:
    with writing():
        grant_id = make.grant(now)
    head = "Datum;Boekstuk;Grootboek;Omschrijving;Bedrag\n"
    rows = ["02-11-2026;M-1;4000;Trein;12,50\n", "02-11-2026;M-1;4000;Bus;3,00\n", "03-11-2026;M-2;4000;Zaal;99,00\n"]
    brought_in(grant_id, (head + rows[0] + rows[2]).encode(), "een.csv", now)
    again = brought_in(grant_id, (head + "".join(rows)).encode(), "twee.csv", now)
    assert (again.entered, again.errors) == (1, []), "what was left out of an entry before is no change"
    corrected = head + rows[0].replace("12,50", "12,05") + rows[1] + rows[2]
    done = brought_in(grant_id, corrected.encode(), "drie.csv", now)
    assert (done.good, done.known, done.bad) == (1, 2, 0)
    assert [(row, field, params) for row, field, _said, params in done.errors] == [(2, "voucher", {"voucher": "M-1"})]


def test_a_cost_of_another_grant_is_not_entered_twice(app: Flask, now: datetime) -> None:
    with writing():
        first, second = make.grant(now), make.grant(now, funder_id=make.funder(now, "Fonds Kind"))
    brought_in(first, CSV.encode(), "a.csv", now)
    done = brought_in(second, CSV.encode(), "a.csv", now)
    assert (done.good, done.bad, done.entered) == (0, 7, 0)
    assert budgets.spent_by_line(second) == {}


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_killed_at_any_statement_a_sheet_enters_once(
    app: Flask, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "BATCH", 10)
    with writing():
        grant_id = make.grant(now)
    rows = "".join(f"0{1 + i % 9}-10-2026;{i};4000;kosten {i};{i},10\n" for i in range(1, 40))
    kept = imports.keep(f"datum;boekstuk;rekening;omschrijving;bedrag\n{rows}".encode(), "x")
    with writing():
        import_id = imports.begin(grant_id, *kept, actor=SYSTEM, now=now)
    with writing():
        imports.choose(import_id, kept[3], version=None, now=now)
    for point in itertools.count(1):
        if not killed_at(point, lambda: imports.try_out(import_id)):
            break
    with writing():
        imports.approve(import_id, version=None, actor=SYSTEM, now=now)
    seen = set()
    for point in itertools.count(1):
        killed = killed_at(point, lambda: imports.enter(import_id, now=now, bounded=writing))
        seen.add(db.session.execute(select(func.count()).select_from(Expense)).scalar_one())
        if not killed:
            break
    assert seen == {0, 10, 20, 30, 39}, "batches enter whole"
    done = db.session.get_one(ExpenseImport, import_id)
    assert (done.state, done.rows, done.good, done.entered) == (ImportState.DONE, 39, 39, 39)
    assert budgets.spent_by_line(grant_id) == {None: sum(i * 100 + 10 for i in range(1, 40))}


def test_merged_cells_and_empty_rows_of_a_workbook(app: Flask, now: datetime) -> None:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    page, day, bold = book.add_worksheet(), book.add_format({"num_format": "dd-mm-yyyy"}), book.add_format({"bold": 1})
    page.merge_range("A1:D1", "Uitgaven 2026")
    page.write_row(1, 0, ["Datum", "Rekening", "Omschrijving", "Bedrag"])
    page.merge_range("A3:A4", None, day)
    page.write_datetime(2, 0, date(2026, 10, 1), day)
    page.write_row(2, 1, [4000, "Zaalhuur", 0.1 + 0.2])
    page.write_row(3, 1, [4000, "Koffie", "€ 1.234,56"])
    page.write_row(4, 0, ["geen datum", 4000, "Fout", 5])
    for number in range(5, 60_000):
        page.set_row(number, 15, bold)
    book.close()
    with writing():
        grant_id = make.grant(now)
    done = brought_in(grant_id, out.getvalue(), "uitgaven.xlsx", now)
    assert (done.rows, done.entered, done.total_cents) == (3, 2, 30 + 123_456)
    assert done.errors == [[5, "spent_on", "“%(text)s” is not a date.", {"text": "geen datum"}]]
    stored = db.session.execute(select(Expense.spent_on, Expense.ledger_account).order_by(Expense.cents)).all()
    assert [tuple(row) for row in stored] == [(date(2026, 10, 1), "4000")] * 2


@pytest.mark.parametrize(
    "content", [b"", b"\x89PNG\r\n\x1a\n\x00\x00", b"PK\x03\x04 not a zip", b"\xd0\xcf\x11\xe0old", b"a\x00b;c"]
)
def test_what_is_no_sheet_is_refused(app: Flask, content: bytes) -> None:
    with pytest.raises(Invalid):
        imports.keep(content, "x.xlsx")


def other_package(name: str, content: bytes = b"<x/>") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        package.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"%PDF-1.7\n1 0 obj", "brief.pdf"), (b"%PDF-1.7\n1 0 obj", "uitgaven.csv"),
        (other_package("word/document.xml"), "brief.docx"),
        (other_package("mimetype", b"application/vnd.oasis.opendocument.spreadsheet"), "uitgaven.ods"),
        (b"{\\rtf1 hallo}", "brief.rtf"), (b"\xff\xd8\xff\xe1foto", "foto.jpg"),
    ],
)  # fmt: skip
def test_a_document_is_told_what_is_taken_here(app: Flask, content: bytes, name: str) -> None:
    with pytest.raises(Invalid, match=r"not a CSV or XLSX file"):
        imports.keep(content, name)


@pytest.mark.databases("postgresql")
@pytest.mark.parametrize("verb", ["change", "share", "map_one"])
def test_a_cost_is_held_after_its_grants(app: Flask, now: datetime, verb: str) -> None:
    """Mapping by rule holds a grant and then its costs: the other way round two at once lock each other out."""
    with writing():
        grant_id, other = make.grant(now), make.grant(now, funder_id=make.funder(now, "Ander fonds"))
        facts = ExpenseFacts(spent_on=date(2026, 11, 2), cents=500, full_cents=1_000)
        expense = services.enter(grant_id, facts, form_key="k", actor=SYSTEM, now=now)
    held: list[str] = []

    def note(*args: Any) -> None:
        if "FOR UPDATE" in args[2]:
            held.append(re.search(r"FROM (\w+)", args[2])[1])  # type: ignore[index]

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        with writing():
            if verb == "change":
                services.change(expense, facts, version=None, actor=SYSTEM, now=now)
            elif verb == "share":
                services.share(expense, other, 100, actor=SYSTEM, now=now)
            else:
                services.map_one(expense, None, actor=SYSTEM, now=now)
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    assert held[:2] == ["grant_award", "expense"]


def test_the_funders_together_never_pay_more_than_all(app: Flask, now: datetime) -> None:
    with writing():
        first, second = make.grant(now), make.grant(now, funder_id=make.funder(now, "Fonds Kind"))
        facts = ExpenseFacts(spent_on=date(2026, 11, 1), cents=60_00, full_cents=100_00)
        expense_id = services.enter(first, facts, form_key="a", actor=SYSTEM, now=now)
        assert services.enter(first, facts, form_key="a", actor=SYSTEM, now=now) == expense_id
        services.share(expense_id, second, 40_00, actor=SYSTEM, now=now)
    with pytest.raises(Invalid), writing():
        services.share(expense_id, second, 40_01, actor=SYSTEM, now=now)
    assert budgets.spent_by_line(second) == {None: 40_00}
    with pytest.raises(IntegrityError), writing() as session:
        session.execute(update(Expense).where(Expense.id == expense_id).values(cents=60_01))
    with writing():
        services.share(expense_id, second, 0, actor=SYSTEM, now=now)
    assert budgets.spent_by_line(second) == {}


@given(st.integers(-99_999_999_999, 99_999_999_999).filter(bool), st.sampled_from(["nl", "en"]), st.booleans())
def test_amounts_are_read_as_they_were_written(cents: int, language: str, signed: bool) -> None:
    assert sheet.cents_of(format_money(cents, language, sign=signed)) == cents
    assert sheet.cents_of(Decimal(cents) / 100) == cents


@given(st.text(max_size=30))
def test_any_text_is_an_amount_or_a_clear_refusal(text: str) -> None:
    with contextlib.suppress(ValueError, Invalid):
        assert isinstance(sheet.cents_of(text), int)


def test_the_list_is_taken_along_as_it_is_filtered(now: datetime, fundraiser: Client) -> None:
    with writing():
        grant_id, other = make.grant(now), make.grant(now, funder_id=make.funder(now, "Fonds Kind"))
        lines = lines_of(grant_id, now)
        for place, (line, text) in enumerate(((lines[0], "=Salaris"), (None, "Trein"))):
            facts = ExpenseFacts(
                spent_on=date(2026, 11, 2 + place), cents=1_234_56, description=text, budget_line_id=line
            )
            services.enter(grant_id, facts, form_key=text, actor=SYSTEM, now=now)
        whole = ExpenseFacts(spent_on=date(2026, 10, 1), cents=60_00, full_cents=100_00, description="Zaal")
        shared = services.enter(other, whole, form_key="z", actor=SYSTEM, now=now)
        services.share(shared, grant_id, 40_00, actor=SYSTEM, now=now)
    page = fundraiser.get(f"/grants/{grant_id}/expenses?waiting=yes")
    assert f"/grants/{grant_id}/expenses.csv?waiting=yes" in page.text
    every = fundraiser.get(f"/grants/{grant_id}/expenses.csv").text.splitlines()
    assert [row.split(";")[1] for row in every[1:4]] == ["Trein", "'=Salaris", "Zaal"]
    assert every[2].startswith("02-11-2026;'=Salaris;")
    assert "A Begeleiding" in every[2]
    assert every[3].endswith("100,00;40,00")
    some = fundraiser.get(f"/grants/{grant_id}/expenses.csv?waiting=yes&q=trein").text
    assert "1234,56" in some
    assert "Salaris" not in some
    assert "Zaal" not in some
