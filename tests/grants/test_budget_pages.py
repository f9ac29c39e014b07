"""The pages of budgets and expenses, as a fundraiser goes through them."""

from __future__ import annotations

import html
import io
import re
from dataclasses import replace
from datetime import date, datetime

import pytest
from flask import Flask
from sqlalchemy import select

from app.base.actor import SYSTEM
from app.extensions import db, writing
from app.grants import trail
from app.grants.budgets import queries, services
from app.grants.budgets.models import Category
from app.grants.budgets.services import LinePlan
from app.grants.conditions import services as conditions
from app.grants.expenses import imports
from app.grants.expenses import services as expenses
from app.grants.expenses.models import Expense, ExpenseImport
from app.grants.expenses.services import ExpenseFacts
from app.grants.pages import filled
from tests.factories import grants as make
from tests.support.client import Client


def token(page: str, name: str) -> str:
    found = re.search(rf'name="{name}"[^>]*value="([^"]*)"', page)
    assert found, name
    return found[1]


def test_from_a_draft_to_mapped_expenses(app: Flask, now: datetime, fundraiser: Client) -> None:
    with writing():
        grant_id = make.grant(now)
    home = f"/grants/{grant_id}"
    assert "Nog geen begroting" in fundraiser.get(f"{home}/budget").text
    form = fundraiser.get(f"{home}/budget/draft").text
    line = {"lines-0-name": "Begeleiding", "lines-0-category": "staff", "lines-0-amount": "60.000,00"}
    sent = {"csrf_token": token(form, "csrf_token"), "version": "0", **line}
    wrong = fundraiser.post(f"{home}/budget/draft", data=sent | {"lines-1-name": "Reizen"})
    assert wrong.status_code == 422
    assert fundraiser.post(f"{home}/budget/draft", data=sent).status_code == 303
    draft = queries.draft(grant_id)
    assert draft is not None
    page = fundraiser.get(f"{home}/budget").text
    step = {"csrf_token": token(page, "csrf_token"), "version": str(draft.version)}
    assert fundraiser.post(f"{home}/budget/in-force", data=step).status_code == 303
    (line_view,) = queries.lines(grant_id)
    assert line_view.revised_cents == 6_000_000

    dearer = {"csrf_token": sent["csrf_token"], "lines-0-line_id": str(line_view.id), **line, "version": "0"}
    dearer["lines-0-amount"] = "60.500"
    assert fundraiser.post(f"{home}/budget/draft", data=dearer).status_code == 303
    page = fundraiser.get(f"{home}/budget").text
    assert "Het totaal verandert: vraag het de financier met een wijziging." in page
    assert "budget/in-force" not in page, "what would be refused is not offered"
    with writing():
        services.discard_draft(grant_id, actor=SYSTEM, now=now)

    text = "Datum;Grootboek;Omschrijving;Bedrag\n01-11-2026;4000;Salaris;€ 70.000,00\n02-11-2026;4000;Fout;1.234\n"
    form = fundraiser.get(f"{home}/expenses/import").text
    upload = {"csrf_token": token(form, "csrf_token"), "file": (io.BytesIO(text.encode("cp1252")), "uitgaven.csv")}
    answer = fundraiser.post(f"{home}/expenses/import", data=upload, content_type="multipart/form-data")
    assert answer.status_code == 303
    address = answer.location
    form = fundraiser.get(address).text
    columns = {"spent_on": "0", "ledger_account": "1", "description": "2", "amount": "3"}
    chosen = {"csrf_token": token(form, "csrf_token"), "version": token(form, "version"), **columns}
    assert fundraiser.post(address, data=chosen).status_code == 303
    page = fundraiser.get(address).text
    assert "Het is niet duidelijk" in page or "1.234" in page
    assert db.session.execute(select(Expense.id)).first() is None
    row = db.session.execute(select(ExpenseImport)).scalar_one()
    step = {"csrf_token": token(page, "csrf_token"), "version": str(row.version)}
    assert fundraiser.post(f"{address}/enter", data=step).status_code == 303
    assert queries.spent_by_line(grant_id) == {None: 7_000_000}

    form = fundraiser.get(f"{home}/expenses/unmapped").text
    assert 'for="line-1"' in form, "each choice has its label"
    mapping = {"csrf_token": token(form, "csrf_token"), "ledger_account": "4000", "cost_centre": ""}
    mapped = fundraiser.post(f"{home}/expenses/unmapped", data=mapping | {"budget_line_id": str(line_view.id)})
    assert mapped.status_code == 303
    assert "regel overschreden" in fundraiser.get(f"{home}/budget").text
    assert "Salaris" in fundraiser.get(f"{home}/expenses?line={line_view.id}").text
    assert "Preventie op scholen" in fundraiser.get("/grants/spending").text
    assert fundraiser.get(f"/grants/budgets/{draft.id}").status_code == 200


def test_one_expense_is_mapped_by_hand_or_as_a_rule(app: Flask, now: datetime, fundraiser: Client) -> None:
    with writing():
        grant_id = make.grant(now)
        services.save_draft(
            grant_id,
            [LinePlan(name=name, category=Category.STAFF, cents=5_000_000) for name in ("Reizen", "Zaal")],
            actor=SYSTEM,
            now=now,
        )
        services.put_in_force(grant_id, actor=SYSTEM, now=now)
        made = [
            expenses.enter(
                grant_id,
                ExpenseFacts(spent_on=date(2026, 11, 2), cents=100 * number, description=f"bon {number}", **numbers),
                form_key=str(number),
                actor=SYSTEM,
                now=now,
            )
            for number, numbers in enumerate(
                ({}, {"ledger_account": "4100"}, {"ledger_account": "4100"}, {"cost_centre": "7"}), start=1
            )
        ]
    travel, room = (line.id for line in queries.lines(grant_id))
    waiting = fundraiser.get(f"/grants/{grant_id}/expenses?waiting=yes").text
    assert all(f"/grants/expenses/{row}/line" in waiting for row in made)

    def choose(row: int, line: int, rule: str = "", version: str = "1") -> int:
        sent = {"version": version, "budget_line_id": str(line), "rule": rule}
        return fundraiser.post(f"/grants/expenses/{row}/line", data=sent).status_code

    form = fundraiser.get(f"/grants/expenses/{made[1]}/line").text
    assert "bon 2" in form
    assert "4100" in form
    assert "kostenplaats" not in form
    assert choose(made[0], travel) == 303
    assert choose(made[0], room) == 409  # somebody mapped it meanwhile
    assert choose(made[0], travel, "account", "2") == 422  # it has no account to go by
    assert choose(made[1], room, "account") == 303
    assert queries.spent_by_line(grant_id) == {travel: 100, room: 500, None: 400}
    assert expenses.rules(grant_id) == {("4100", ""): room}

    edit = f"/grants/expenses/{made[3]}/edit"
    page = fundraiser.get(edit).text
    sent = {name: token(page, name) for name in ("version", "form_key", "spent_on", "amount", "description")}
    sent |= {"cost_centre": "7", "budget_line_id": str(travel), "amount": "9,00"}
    assert fundraiser.post(edit, data=sent).status_code == 303
    assert queries.spent_by_line(grant_id) == {travel: 1000, room: 500}


def test_a_budget_above_the_grant_comes_into_force_and_says_so(now: datetime, fundraiser: Client) -> None:
    with writing():
        grant_id = make.grant(now)
        line = LinePlan(name="Reizen", category=Category.TRAVEL, cents=10_000_100)
        services.save_draft(grant_id, [line], actor=SYSTEM, now=now)
    address = f"/grants/{grant_id}/budget"
    assert "Dat is €\xa01,00 meer dan de subsidie." in fundraiser.get(address).text
    with writing():
        services.put_in_force(grant_id, actor=SYSTEM, now=now)
    assert "De begroting is €\xa01,00 hoger dan de subsidie van €\xa0100.000,00." in fundraiser.get(address).text
    with writing():
        services.save_draft(grant_id, [replace(line, cents=10_000_000)], actor=SYSTEM, now=now)
        services.enforce(filled(queries.draft(grant_id)), on=date(2026, 11, 23), actor=SYSTEM, now=now)
    assert "de subsidie van" not in fundraiser.get(address).text


@pytest.mark.parametrize("whole", [1_205, -1_205])
def test_an_expense_is_taken_off_its_grant_and_put_back(now: datetime, fundraiser: Client, whole: int) -> None:
    with writing():
        grant_id = make.grant(now)
        facts = ExpenseFacts(spent_on=date(2026, 11, 1), cents=whole, description="trein")
        row_id = expenses.enter(grant_id, facts, form_key="a", actor=SYSTEM, now=now)
    address = f"/grants/expenses/{row_id}/edit"
    for typed, cents in (("0", 0), ("12,05" if whole > 0 else "-12,05", whole)):
        assert address in fundraiser.get(f"/grants/{grant_id}/expenses").text
        page = fundraiser.get(address).text
        sent = {name: token(page, name) for name in ("version", "form_key", "spent_on", "description")}
        assert fundraiser.post(address, data=sent | {"amount": typed}).status_code == 303
        assert sum(queries.spent_by_line(grant_id).values()) == cents
        row = db.session.get_one(Expense, row_id, populate_existing=True)
        assert (row.cents, row.full_cents) == (cents, whole)


def test_a_grant_that_has_not_begun_is_not_called_on_course(now: datetime, fundraiser: Client) -> None:
    with writing():
        grant_id = make.grant(now, starts_on=date(2026, 12, 31), ends_on=date(2027, 12, 31), all_at_once=True)
        plans = [LinePlan(name="Zaal", category=Category.OTHER, cents=1_000_00)]
        services.save_draft(grant_id, plans, actor=SYSTEM, now=now)
        services.put_in_force(grant_id, actor=SYSTEM, now=now)
    for page in (f"/grants/{grant_id}/budget", "/grants/spending"):
        text = fundraiser.get(page).text
        assert "Nog niet begonnen" in text
        assert "Op koers" not in text


def test_the_months_of_two_years_are_told_apart_in_the_table(now: datetime, fundraiser: Client) -> None:
    with writing():
        grant_id = make.grant(now, starts_on=date(2026, 10, 1), ends_on=date(2028, 9, 30), all_at_once=True)
    page = fundraiser.get(f"/grants/{grant_id}/budget").text
    for month in ("dec 2026", "jan 2027", "dec 2027", "jan 2028"):
        assert page.count(month) == 1, month


def test_a_credit_note_is_entered_and_corrected_by_hand(now: datetime, fundraiser: Client) -> None:
    with writing():
        grant_id = make.grant(now)
    address = f"/grants/{grant_id}/expenses/new"
    sent = {"form_key": "k1", "spent_on": "01-11-2026", "description": "Teruggave", "amount": "€ -1.205,00"}
    assert fundraiser.post(address, data=sent).status_code == 303
    row = db.session.execute(select(Expense)).scalar_one()
    assert (row.cents, row.full_cents) == (-120_500, -120_500)
    address = f"/grants/expenses/{row.id}/edit"
    assert 'value="-1.205,00"' in fundraiser.get(address).text
    against = sent | {"version": "1", "amount": "12,00", "full_amount": "-1.205,00"}
    assert fundraiser.post(address, data=against).status_code == 422, "nobody pays against the sign of a cost"
    part = sent | {"version": "1", "amount": "−500", "full_amount": "-1.205"}
    assert fundraiser.post(address, data=part).status_code == 303
    row = db.session.get_one(Expense, row.id, populate_existing=True)
    assert (row.cents, row.full_cents) == (-50_000, -120_500)


def test_what_lies_outside_the_period_is_told_and_can_be_listed(now: datetime, fundraiser: Client) -> None:
    with writing():
        grant_id = make.grant(now, starts_on=date(2026, 11, 1))
        for day, words in ((date(2026, 10, 31), "te vroeg"), (date(2026, 11, 1), "op tijd")):
            facts = ExpenseFacts(spent_on=day, cents=12_345, description=words)
            expenses.enter(grant_id, facts, form_key=words, actor=SYSTEM, now=now)
    home = f"/grants/{grant_id}"
    for page in (fundraiser.get(f"{home}/budget").text, fundraiser.get(f"{home}/expenses").text):
        assert "€\xa0123,45 aan uitgaven valt buiten de looptijd" in page
        assert f"{home}/expenses?period=outside" in page
    listed = fundraiser.get(f"{home}/expenses?period=outside").text
    assert "te vroeg" in listed
    assert "op tijd" not in listed


def test_the_list_shows_all_a_grant_pays_and_what_others_pay_of_it(now: datetime, fundraiser: Client) -> None:
    with writing():
        first = make.grant(now, title="Eerste")
        second = make.grant(now, funder_id=make.funder(now, "Fonds Kind"), title="Tweede")
        for number, cents in enumerate((60_00, 25_00)):
            facts = ExpenseFacts(
                spent_on=date(2026, 11, 1), cents=cents, full_cents=100_00, description=f"bon {number}"
            )
            row = expenses.enter(first, facts, form_key=f"shared-{number}", actor=SYSTEM, now=now)
            expenses.share(row, second, 10_00 * (number + 1), actor=SYSTEM, now=now)
    pages = {
        name: fundraiser.get(f"/grants/{grant_id}/expenses").text for name, grant_id in (("a", first), ("b", second))
    }
    texts = {name: re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", page)) for name, page in pages.items()}
    assert "€ 10,00 Tweede" in texts["a"]
    assert "€ 20,00 Tweede" in texts["a"]
    assert "Totaal € 85,00" in texts["a"]
    assert "€ 60,00 Eerste" in texts["b"]
    assert "Totaal € 30,00" in texts["b"], "as the budget says"
    assert queries.spent_by_line(second) == {None: 30_00}
    assert f"/grants/expenses/{row}/line" not in pages["b"], "its line is that of the other grant"
    assert "bon 1" in fundraiser.get(f"/grants/{second}/expenses?q=bon+1&waiting=yes&sort=-amount&partner=").text


def test_a_wrong_upload_says_so_beside_the_field(app: Flask, now: datetime, fundraiser: Client) -> None:
    with writing():
        grant_id = make.grant(now)
    address = f"/grants/{grant_id}/expenses/import"
    upload = {
        "csrf_token": token(fundraiser.get(address).text, "csrf_token"),
    }
    for content, name, said in (
        (b"\x89PNG\0", "x", "Dit is geen CSV- of XLSX-bestand."),
        (b"PK\x03\x04 cut off", "begroting.docx", "Dit is geen CSV- of XLSX-bestand."),
        (b"PK\x03\x04 cut off", "Kosten.XLSX", "Dit Excelbestand is beschadigd"),
    ):
        sent = upload | {"file": (io.BytesIO(content), name)}
        answer = fundraiser.post(address, data=sent, content_type="multipart/form-data")
        assert answer.status_code == 422
        assert said in answer.text


def test_a_sheet_that_is_tried_out_says_what_lies_outside_the_period(now: datetime, fundraiser: Client) -> None:
    with writing():
        grant_id = make.grant(now, starts_on=date(2026, 11, 2))
    rows = "31-10-2026;Te vroeg;1,00\n01-11-2026;Ook;2,00\n02-11-2026;Op tijd;4,00\n"
    kept = imports.keep(f"Datum;Omschrijving;Bedrag\n{rows}".encode(), "kosten.csv")
    with writing():
        import_id = imports.begin(grant_id, *kept, actor=SYSTEM, now=now)
        imports.choose(import_id, kept[3], version=None, now=now)
    imports.try_out(import_id)
    page = fundraiser.get(f"/grants/expenses/imports/{import_id}").text
    assert "2 van deze uitgaven vallen buiten de looptijd (02-11-2026 t/m" in page


def test_a_change_is_asked_and_approved(app: Flask, now: datetime, fundraiser: Client) -> None:
    with writing():
        grant_id = make.grant(now)
    address = f"/grants/{grant_id}/amendments/new"
    sent = {
        "csrf_token": token(fundraiser.get(address).text, "csrf_token"),
        "kind": "scope",
        "requested_on": "01-11-2026",
        "amount": "120.000,00",
        "reason": "Meer scholen",
    }
    answer = fundraiser.post(address, data=sent)
    assert answer.status_code == 303
    form = fundraiser.get(f"{answer.location}/approve").text
    decision = {name: token(form, name) for name in ("csrf_token", "version")} | {"decided_on": "20-11-2026"}
    assert fundraiser.post(f"{answer.location}/approve", data=decision).status_code == 303
    assert "120.000,00" in fundraiser.get(f"/grants/{grant_id}").text


def test_a_long_trail_goes_on_where_it_stopped_and_loses_nothing(
    now: datetime, fundraiser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trail, "READ", 7)
    monkeypatch.setattr(trail, "READS", 50)
    with writing():
        grant_id = make.grant(now)
        for number in range(100):
            facts = ExpenseFacts(spent_on=date(2026, 11, 2), cents=150, description=f"bon {number}")
            expenses.enter(grant_id, facts, form_key=f"long-{number}", actor=SYSTEM, now=now)
            conditions.add(grant_id, f"Voorwaarde {number}.", actor=SYSTEM, now=now)
    seen, costs, told, place = [], [], 0, f"/grants/{grant_id}"
    while place:
        page = fundraiser.get(place).text.replace("\xa0", " ").split('id="trail"')[1]
        seen += re.findall(r"Voorwaarde \d+\.", page)
        costs += [int(count) for count in re.findall(r"(\d+) uitgaven · ", page)]
        told += page.count("voor zover op deze pagina")
        older = re.search(r'href="([^"]*earlier=\d+)#trail"', page)
        place = html.unescape(older[1]) if older else ""
    assert seen == [f"Voorwaarde {number}." for number in reversed(range(100))]
    assert sum(costs) == 100
    assert len(costs) == 3, "one line on each page"
    assert told == len(costs), "and each says that it tells only a part"
    assert "legde de toekenning vast" in page
    assert fundraiser.get(f"/grants/{grant_id}?earlier=x").status_code == 400


def test_many_expenses_of_a_day_are_one_line_of_the_trail(app: Flask, now: datetime, fundraiser: Client) -> None:
    with writing():
        grant_id = make.grant(now)
        for number in range(60):
            facts = ExpenseFacts(spent_on=date(2026, 11, 2), cents=150, description=f"bon {number}")
            expenses.enter(grant_id, facts, form_key=f"trail-{number}", actor=SYSTEM, now=now)
    page = fundraiser.get(f"/grants/{grant_id}").text
    assert page.count("voerde een uitgave in") == 1
    assert "60 uitgaven · € 90,00" in page.replace("\xa0", " ")
    assert "voor zover op deze pagina" not in page
    assert "legde de toekenning vast" in page
