"""CSV of any bank: columns guessed, said once, tried out; then the same as any other statement."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import assume, given
from hypothesis import strategies as st
from sqlalchemy import func, select

from app.banking import columns, imports
from app.banking.formats import csv_file
from app.banking.formats.csv_columns import Columns, guess
from app.banking.formats.facts import Closed, Entry, Opened, Unreadable
from app.banking.models import BankColumns, BankEntry, BankFile, FileState
from app.base.actor import SYSTEM
from app.extensions import db, writing
from app.ledger import queries as ledger
from app.organisation.models import BankAccount
from tests.banking.files import OWN, Pay, camt
from tests.banking.test_pages import bring, text_of
from tests.factories.organisation import make_organisation
from tests.support.client import Client

ING = (
    '"Datum";"Naam / Omschrijving";"Rekening";"Tegenrekening";"Code";"Af Bij";"Bedrag (EUR)";"Mutatiesoort";'
    '"Mededelingen";"Saldo na mutatie";"Tag"\r\n'
    f'"20261121";"J. Jansen";"{OWN}";"NL44RABO0123456789";"OV";"Bij";"25,00";"Overschrijving";"Gift, dank";'
    '"1.015,00";""\r\n'
    f'"20261120";"Café Noir";"{OWN}";"";"BA";"Af";"10,00";"Betaalautomaat";"koffie";"990,00";""\r\n'
)
RABO = (
    '"IBAN/BBAN","Munt","BIC","Volgnr","Datum","Rentedatum","Bedrag","Saldo na trn","Tegenrekening IBAN/BBAN",'
    '"Naam tegenpartij","Code","Machtigingskenmerk","Betalingskenmerk","Omschrijving-1","Omschrijving-2"\n'
    f'"{OWN}","EUR","ABNANL2A","000000000000000001","2026-11-20","2026-11-20","-10,00","+990,00","NL44RABO0123456789",'
    '"Koffie","bc","","","een","twee"\n'
    f'"{OWN}","EUR","ABNANL2A","000000000000000002","2026-11-21","2026-11-21","+25,00","+1015,00","NL44RABO0123456789",'
    '"J. Jansen","cb","","5000056789012345","",""\n'
)
TWO = "Date,Money out,Money in,Description\n20/11/2026,10.00,,Coffee\n21/11/2026,,25.00,Gift\n"


def rows(text: str) -> list[csv_file.Row]:
    return csv_file.rows_of(io.BufferedReader(io.BytesIO(text.encode())))  # type: ignore[arg-type]


def facts(text: str, said: Columns | None = None) -> tuple[list[Opened], list[Entry], list[Closed]]:
    found = rows(text)
    told = list(csv_file.facts_of(found, [said or guess(found, OWN)[1]]))
    return tuple([f for f in told if isinstance(f, kind)] for kind in (Opened, Entry, Closed))  # type: ignore[return-value]


@pytest.mark.parametrize(("text", "balances"), [(ING, True), (RABO, True), (TWO, False)])
def test_columns_are_guessed_from_their_headings(text: str, balances: bool) -> None:
    opened, entries, closed = facts(text)
    assert [(e.booked_on, e.cents) for e in entries] == [(date(2026, 11, 20), -1000), (date(2026, 11, 21), 2500)]
    assert opened[0].account == OWN
    if balances:
        assert opened[0].opening is not None
        assert closed[0].closing is not None
        assert (opened[0].opening.cents, closed[0].closing.cents) == (100_000, 101_500)
    else:
        assert closed[0].closing is None


def test_lines_that_cancel_out_are_put_in_the_order_of_their_days() -> None:
    """Their balances follow on each other either way."""
    opened, entries, closed = facts(
        f"Datum;Rekening;Bedrag;Saldo\n21-11-2026;{OWN};10,00;100,00\n20-11-2026;{OWN};-10,00;90,00\n"
    )
    assert [entry.booked_on.day for entry in entries] == [20, 21]
    balances = opened[0].opening, closed[0].closing
    assert [(each.cents, each.on.day) for each in balances if each] == [(10_000, 20), (10_000, 21)]


def test_what_a_line_tells_is_kept() -> None:
    _, (coffee, gift), _ = facts(RABO)
    assert coffee.transactions[0].text == "een twee"
    assert gift.transactions[0].structured == "5000056789012345"
    assert (gift.transactions[0].name, gift.transactions[0].iban) == ("J. Jansen", "NL44RABO0123456789")
    assert gift.reference == "000000000000000002"


def test_the_columns_of_rabobank_tell_of_returns_and_for_whom_was_paid() -> None:
    names = ["IBAN/BBAN", "Datum", "Bedrag", "Tegenrekening IBAN/BBAN", "Naam tegenpartij", "Naam uiteindelijke partij",
             "Batch ID", "Transactiereferentie", "Machtigingskenmerk", "Omschrijving-1", "Reden retour"]  # fmt: skip
    lines = [
        names,
        [OWN, "2026-11-20", "+25,00", "NL44RABO0123456789", "Stg Kassa", "P. Puk", "", "E-1", "", "gift", ""],
        [OWN, "2026-11-21", "-12,50", "NL20INGB0001234567", "Mw J", "", "B-1", "E-2", "M-1", "gift", "MD06"],
    ]
    _, (gift, back), _ = facts("\n".join(",".join(f'"{cell}"' for cell in line) for line in lines))
    assert (gift.transactions[0].ultimate, gift.transactions[0].end_to_end, gift.is_return) == ("P. Puk", "E-1", False)
    one = back.transactions[0]
    assert (back.is_return, one.return_reason, one.end_to_end, one.mandate) == (True, "MD06", "E-2", "M-1")
    assert (back.batch, one.batch) == ("B-1", "B-1")


@pytest.mark.parametrize(
    ("said", "want"),
    [
        ("Naam: J. Jansen Omschrijving: dank IBAN: NL02ABNA0123456789 Kenmerk: vals IBAN: NL44RABO0123456789 "
         "Kenmerk: E-1 Overige partij: P. Puk Valutadatum: 20-11-2026",
         ("E-1", "", "NL44RABO0123456789", "P. Puk", "dank IBAN: NL02ABNA0123456789 Kenmerk: vals", "", False)),
        ("Naam: J. Jansen Omschrijving: gift IBAN: NL44RABO0123456789 Kenmerk: NOTPROVIDED Machtiging ID: M-1 "
         "Incassant ID: NL51ZZZ405365330000 Doorlopende incasso Valutadatum: 20-11-2026",
         ("", "M-1", "NL44RABO0123456789", "", "gift", "", False)),
        ("/TRTP/SEPA INCASSO ALGEMEEN DOORLOPEND TERUGBOEKING/CSID/NL51ZZZ405365330000/NAME/J/MARF/M-1/REMI/gift/IBAN/"
         "NL44RABO0123456789/BIC/RABONL2U/EREF/E-1/RTRN/MD06   ",
         ("E-1", "M-1", "NL44RABO0123456789", "", "gift", "MD06", True)),
        ("SEPA OVERBOEKING                 IBAN: NL44RABO0123456789        BIC: RABONL2U                    "
         "NAAM: J JANSEN                  OMSCHRIJVING: gift",
         ("", "", "NL44RABO0123456789", "", "gift", "", False)),
        ("Omschrijving: gewoon", ("", "", "", "", "Omschrijving: gewoon", "", False)),
    ],
)  # fmt: skip
def test_what_banks_put_into_the_description_is_read(said: str, want: tuple[object, ...]) -> None:
    _, [entry], _ = facts(f'Datum;Bedrag;Omschrijving\n20-11-2026;-25,00;"{said}"\n')
    [one] = entry.transactions
    told = (one.end_to_end, one.mandate, one.iban, one.ultimate, one.text, one.return_reason, entry.is_return)
    assert told == want


def test_a_file_without_headings_is_read_by_position() -> None:
    text = (
        f'"20-11-2026","{OWN}","10,00","Debet","Koffie","","X","990,00"\n'
        f'"21-11-2026","{OWN}","25,00","Credit","J","","","1.015,00"\n'
    )
    places = {"date": 0, "own": 1, "amount": 2, "direction": 3, "name": 4, "balance": 7}
    _, entries, closed = facts(text, Columns(OWN, (), 8, "%d-%m-%Y", places))
    assert [e.cents for e in entries] == [-1000, 2500]
    assert closed[0].closing is not None
    wrong = columns.try_out(rows(text), Columns(OWN, (), 8, "%d-%m-%Y", places | {"date": 2}))
    assert [(e.line, e.message) for e in wrong.errors] == [(n, "“%(text)s” is not a date.") for n in (1, 2)]


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (ING.replace("25,00", "veel"), 2, "not an amount"),
        (ING.replace("20261121", "20261321"), 2, "not a date"),
        (ING.replace('"Bij"', '"Door"'), 2, "came in or went out"),
        (ING.replace("990,00", "991,00"), 2, "does not follow"),
        (ING[:-20], 3, "columns"),
        (RABO.replace('"EUR"', '"USD"'), 2, "euros"),
        (TWO.replace(",25.00", "5.00,25.00"), 3, "not both"),
        (TWO.splitlines()[0] + "\n", None, "no lines"),
        (TWO.replace("10.00", '"10.00'), 2, "columns"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(text: str, line: int | None, said: str) -> None:
    with pytest.raises(Unreadable, match=said) as caught:
        facts(text)
    assert line is None or caught.value.line == line


CENTS = st.integers(-(10**7), 10**7).filter(bool)
TEXT = st.text(st.characters(codec="cp1252", exclude_categories=("Cc", "Cs"), exclude_characters='"'), max_size=30)


@given(
    st.lists(st.tuples(st.dates(date(2020, 1, 1), date(2027, 1, 1)), CENTS, TEXT), min_size=1, max_size=20),
    st.sampled_from(["utf-8", "utf-8-sig", "cp1252", "utf-16"]), st.sampled_from(";,\t|"),
    st.sampled_from(["sign", "word", "two"]), st.booleans(), st.sampled_from(["%d-%m-%Y", "%Y-%m-%d", "%Y%m%d"]),
)  # fmt: skip
def test_what_was_written_is_read_back(
    lines: list[tuple[date, int, str]], encoding: str, delimiter: str, how: str, newest_first: bool, pattern: str
) -> None:
    lines = sorted(lines, key=lambda line: line[0])
    out, balance, written = io.StringIO(), 5_000, []
    for on, cents, text in lines:
        balance += cents
        euros = f"{abs(cents) // 100},{abs(cents) % 100:02d}"
        sides = {
            "sign": [f"-{euros}" if cents < 0 else euros], "word": [euros, "Af" if cents < 0 else "Bij"],
            "two": [euros, ""] if cents < 0 else ["", euros],
        }[how]  # fmt: skip
        told = f"{'-' if balance < 0 else ''}{abs(balance) // 100},{abs(balance) % 100:02d}"
        written.append([on.strftime(pattern), *sides, text, told])
    names = {"sign": ["Bedrag"], "word": ["Bedrag", "Af Bij"], "two": ["Af", "Bij"]}[how]
    writer = csv.writer(out, delimiter=delimiter, quoting=csv.QUOTE_ALL)
    writer.writerow(["Datum", *names, "Omschrijving", "Saldo na mutatie"])
    writer.writerows(written[::-1] if newest_first else written)
    content = out.getvalue().encode(encoding)
    with contextlib.suppress(UnicodeDecodeError):  # what is UTF-8 by chance is read as such
        assume(encoding != "cp1252" or content.isascii() or not content.decode())
    found = csv_file.rows_of(io.BufferedReader(io.BytesIO(content)))  # type: ignore[arg-type]
    said = guess(found, OWN)[1]
    said = Columns(OWN, said.headings, said.width, pattern, said.at)
    told = list(csv_file.facts_of(found, [said]))
    entries = [f for f in told if isinstance(f, Entry)]
    assert sorted((e.booked_on, e.cents) for e in entries) == sorted((on, cents) for on, cents, _ in lines)
    assert {e.transactions[0].text for e in entries} == {text.strip() for _, _, text in lines}
    closing = next(f for f in told if isinstance(f, Closed)).closing
    assert closing is not None
    assert closing.cents == balance


@pytest.fixture
def organisation(app: Flask) -> int:
    return make_organisation()


def take(content: bytes | str, now: datetime, name: str = "bank.csv") -> imports.Imported:
    raw = content if isinstance(content, bytes) else content.encode()
    return imports.take(io.BytesIO(raw), name, actor=SYSTEM, now=now)


def say(text: str, now: datetime) -> None:
    account_id = db.session.execute(select(BankAccount.id).where(BankAccount.iban == OWN)).scalar_one()
    with writing():
        columns.keep(account_id, guess(rows(text), OWN)[1], actor=SYSTEM, now=now)


def count() -> int:
    return db.session.execute(select(func.count(BankEntry.id))).scalar_one()


def test_unknown_columns_keep_the_file_and_say_what_to_do(organisation: int, now: datetime) -> None:
    done = take(ING, now)
    assert done.checked.error is not None
    assert "columns" in str(done.checked.error)
    row = db.session.execute(select(BankFile)).scalar_one()
    assert (row.state, row.format, count()) == (FileState.REFUSED, "csv", 0)


@pytest.mark.parametrize("order", ["csv first", "camt first"])
def test_the_same_days_as_csv_and_camt_count_once(organisation: int, now: datetime, order: str) -> None:
    say(ING, now)
    pays = [
        Pay(-1000, "R1", iban="", name="Cafe", on="2026-11-20"), Pay(2500, "R2", on="2026-11-21"),
        Pay(700, "R3", on="2026-11-22"),
    ]  # fmt: skip
    files = [(ING, "bank.csv"), (camt(pays), "bank.xml")]
    for content, name in files if order == "csv first" else files[::-1]:
        done = take(content, now, name)
        assert done.checked.error is None, done.checked.error
    assert count() == 3
    again = take(ING + "\r\n", now)  # another file with the same lines
    assert (again.new, again.already_known) == (0, 2)
    assert ledger.balances()["1100"].cents == 2200


def test_without_balances_it_is_said(organisation: int, now: datetime) -> None:
    say(TWO, now)
    done = take(TWO, now)
    assert (done.new, len(done.checked.warnings)) == (2, 1)
    assert "no balances" in done.checked.warnings[0][1]


def test_a_file_of_an_account_that_is_not_ours_is_refused(organisation: int, now: datetime) -> None:
    say(ING, now)
    done = take(ING.replace(OWN, "NL20INGB0001234567"), now)
    assert done.checked.error is not None
    assert "NL20INGB0001234567" in str(done.checked.error)
    assert count() == 0


def test_the_command_reads_it_once_columns_are_known(
    app: Flask, organisation: int, now: datetime, tmp_path: Path
) -> None:
    path = tmp_path / "mutaties.csv"
    path.write_bytes(ING.encode("cp1252"))
    run = app.test_cli_runner().invoke
    refused = run(args=["bank", "import", "--json", str(path)])
    told = json.loads(refused.output)
    assert (refused.exit_code, told["format"], told["new"], len(told["errors"])) == (1, "csv", 0, 1)
    say(ING, now)
    read = run(args=["bank", "import", "--json", str(path)])
    told = json.loads(read.output)
    assert (read.exit_code, told["new"], told["balances_ok"], told["errors"]) == (0, 2, True, [])


def test_the_page_guesses_tries_out_and_keeps(organisation: int, sign_in: Callable[[str], Client]) -> None:
    finance = sign_in("finance")
    bring(finance, (ING.encode(), "ing.csv"))
    file_id = db.session.execute(select(BankFile.id)).scalar_one()
    address = f"/bank/files/{file_id}/columns"
    assert "Café Noir" in text_of(finance, address)
    page = finance.get(address).get_data(as_text=True)
    data = dict(re.findall(r'<select[^>]*name="([^"]+)".*?<option selected value="([^"]*)"', page, re.DOTALL))
    wrong = finance.post(address, data=data | {"column_date": data["column_amount"]})
    shown = wrong.get_data(as_text=True)
    assert "“25,00” is geen datum" in shown
    assert "“10,00” is geen datum" in shown, "each line that is wrong"
    assert count() == 0
    assert finance.post(address, data=data | {"keep": "y"}).status_code == 303
    assert count() == 2
    assert db.session.execute(select(BankColumns.date_format)).scalar_one() == "%Y%m%d"


def test_months_apart_are_one_chain(organisation: int, now: datetime) -> None:
    say(ING, now)
    later = ING.replace("20261121", "20261123").replace("20261120", "20261122").replace("990,00", "1.005,00")
    later = later.replace('"1.015,00"', '"1.030,00"')
    assert take(ING, now).checked.error is None
    assert take(later, now + timedelta(days=1)).checked.error is None
    from app.banking.queries import accounts

    (state,) = [each for each in accounts() if each.account.iban == OWN]
    assert (state.gaps, state.closing_cents) == ([], 103_000)


@given(st.binary(max_size=300), st.booleans())
def test_any_bytes_below_known_headings_give_facts_or_a_clear_error(content: bytes, cut: bool) -> None:
    known = [guess(rows(text), OWN)[1] for text in (ING, RABO, TWO)]
    for text in (ING, RABO, TWO):
        whole = text.encode()
        source = io.BufferedReader(io.BytesIO((whole[:-40] if cut else whole) + content))  # type: ignore[arg-type]
        with contextlib.suppress(Unreadable):
            list(csv_file.read(source, known))


@pytest.mark.parametrize("text", [ING, RABO])
def test_headings_that_tell_all_need_nobodys_word_where_accounts_are_added(
    organisation: int, now: datetime, text: str
) -> None:
    done = imports.take(io.BytesIO(text.encode()), "bank.csv", actor=SYSTEM, now=now, add_accounts=True)
    assert (done.checked.error, done.new, done.checked.balances_ok) == (None, 2, True)


@pytest.mark.parametrize(
    "text",
    [
        TWO,
        ING.replace("990,00", "991,00"),
        ING.replace("Saldo na mutatie", "Anders"),
        ING.replace("20261121", "05/06/2026").replace("20261120", "04/06/2026"),
        ING.replace("Bij", "Ja"),
    ],
)
def test_columns_that_leave_a_doubt_are_asked_for_though_accounts_are_added(
    organisation: int, now: datetime, text: str
) -> None:
    done = imports.take(io.BytesIO(text.encode()), "bank.csv", actor=SYSTEM, now=now, add_accounts=True)
    assert "not known yet" in str(done.checked.error)
    assert count() == 0
