"""Files for the accounting package: valid, balanced, nameless, and each entry in one of them once."""

from __future__ import annotations

import csv
import io
import threading
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from flask import Flask
from lxml import etree

from app.base.actor import SYSTEM
from app.base.errors import DomainError, Invalid, NotFound, Refused
from app.base.references import code_of
from app.extensions import db, now, writing
from app.finance.books import closing, handing_over, months
from app.finance.books.models import HandOver, Layout
from app.finance.books.postings import Range, postings, snapshot
from app.finance.periods import Period
from app.gifts import services as gifts
from app.gifts.services import NewGift, Return
from app.ledger import services as ledger
from app.ledger.rj import RjLine
from tests.factories.ledger import gift_entry
from tests.factories.organisation import make_organisation, make_programme
from tests.factories.supporters import person
from tests.support.client import Client

OCTOBER = date(2026, 10, 1)
SCHEMAS = Path(__file__).resolve().parents[4] / "shared" / "schemas"
XSD = {Layout.XAF_32: "XmlAuditfileFinancieel3.2.xsd", Layout.XAF_40: "XAF-4.0-reconstructed.xsd"}


@pytest.fixture
def books(app: Flask) -> None:
    """October with a gift and a part of it given back, for a programme whose name needs care."""
    make_organisation()
    supporter_id = person("Jan <&> 'Penning'", email="jan@example.org")
    programme_id = make_programme("hulp", name_nl='Hulp & "herstel"')
    with writing():
        (gift_id,) = gifts.make(
            [NewGift(supporter_id=supporter_id, amount_cents=123_456, gift_date=date(2026, 10, 5), method="ideal",
                     source="steun-ons", rj_line=RjLine.INDIVIDUALS, via="demo", programme_id=programme_id)],
            actor=SYSTEM, now=now(),
        )  # fmt: skip
        gifts.give_back(
            [Return(gift_id=gift_id, cents=5, on=date(2026, 10, 31), via="demo", part="r1")], actor=SYSTEM, now=now()
        )


def close() -> None:
    with writing():
        closing.close(OCTOBER, actor=SYSTEM, now=now())
    closing.keep_file({"closing_id": str(months.closings(OCTOBER)[0].id)})


def hand_over(layout: Layout = Layout.XAF_40) -> HandOver:
    return db.session.get_one(HandOver, handing_over.hand_over(OCTOBER, layout, actor=SYSTEM, now=now()))


@pytest.mark.parametrize("layout", list(XSD))
def test_an_auditfile_is_valid_and_its_totals_hold(books: None, layout: Layout) -> None:
    content = handing_over.trial(OCTOBER, layout, now=now())
    root = etree.fromstring(content)
    assert b"Penning" not in content
    lines = root.findall(".//{*}trLine")
    sums = {kind: sum(round(100 * float(line.findtext("{*}amnt"))) for line in lines
                      if line.findtext("{*}amntTp") == kind) for kind in "DC"}  # fmt: skip
    assert sums == {"D": 123_461, "C": 123_461}
    assert root.findtext(".//{*}transactions/{*}totalDebit") == "1234.61"
    assert root.findtext(".//{*}transactions/{*}linesCount") == str(len(lines)) == "4"
    assert {each.text for each in root.findall(".//{*}transaction/{*}periodNumber")} == {"10"}
    schema = SCHEMAS / XSD[layout]
    if not schema.exists():
        pytest.skip("the schemas of auditfiles are not beside this repository")
    etree.XMLSchema(etree.parse(schema)).assertValid(root)


def test_a_broken_fiscal_year_is_named_and_counted_from_its_start(app: Flask) -> None:
    make_organisation(fiscal_year_start=7)
    root = etree.fromstring(handing_over.trial(OCTOBER, Layout.XAF_40, now=now()))
    assert root.findtext(".//{*}fiscalYear") == "2026-2027"
    assert root.findtext(".//{*}period/{*}startDatePeriod") == "2026-07-01"


@pytest.mark.parametrize(
    ("layout", "path"),
    [(Layout.EXACT, ".//GLTransactionLine/Amount/Value"), (Layout.TWINFIELD, ".//line/value")],
)
def test_packages_get_every_line_of_an_entry_in_balance(books: None, layout: Layout, path: str) -> None:
    content = handing_over.trial(OCTOBER, layout, now=now())
    root = etree.fromstring(content)
    amounts = [each.text for each in root.findall(path)]
    signed = ["1234.56", "-1234.56", "0.05", "-0.05"] if layout is Layout.EXACT else ["1234.56"] * 2 + ["0.05"] * 2
    assert sorted(amounts) == sorted(signed)
    assert b"Penning" not in content


def test_the_csv_has_the_columns_that_were_asked_for(books: None) -> None:
    def rows() -> list[list[str]]:
        text = handing_over.trial(OCTOBER, Layout.CSV, now=now()).decode("utf-8-sig")
        return list(csv.reader(io.StringIO(text), delimiter=";"))

    assert rows()[0][:4] == ["journal", "entry", "line", "date"]
    asked = "account = Rekening\n\n date=Datum\namount = Bedrag \ncost_centre"
    options = {"separator": "semicolon", "decimal": "comma", "dates": "compact"}
    with writing():
        handing_over.set_profile(
            Layout.CSV, journal_code="90", office_code="", options=options, columns=asked, actor=SYSTEM, now=now()
        )
        ledger.map_account("1290", rgs_code=None, outside_code="1010", actor=SYSTEM, now=now())
    assert rows()[:2] == [["Rekening", "Datum", "Bedrag", "cost_centre"], ["1010", "20261005", "1234,56", ""]]
    with pytest.raises(Invalid, match="Line 2: there is no field donor"), writing():
        handing_over.set_profile(
            Layout.CSV, journal_code="", office_code="", options=options, columns="date\ndonor = Naam", actor=SYSTEM,
            now=now(),
        )  # fmt: skip


def test_a_month_is_handed_over_once_and_the_rest_as_a_second_part(books: None) -> None:
    with pytest.raises(Refused, match="Close this month first"):
        hand_over()
    close()
    first = hand_over()
    assert (first.entry_total, first.line_total, first.debit_cents) == (2, 4, 123_461)
    with pytest.raises(Refused, match="already"):
        hand_over(Layout.XAF_32)
    with writing():
        closing.reopen(OCTOBER, reason="a late gift", actor=SYSTEM, now=now())
        (late,) = ledger.post([gift_entry(1, on=date(2026, 10, 30))], actor=SYSTEM, now=now())
    close()
    second = hand_over(Layout.XAF_32)
    assert (second.entry_total, second.after_entry_id) == (1, first.last_entry_id)
    content = handing_over.content(second)
    assert code_of(late).encode() in content
    assert content.count(b"<transaction>") == 1
    assert months.one(OCTOBER).left == 0


def test_taken_back_from_the_last_it_can_be_handed_over_again(books: None) -> None:
    close()
    first = hand_over().id
    with writing():
        closing.reopen(OCTOBER, reason="a late gift", actor=SYSTEM, now=now())
        ledger.post([gift_entry(1, on=date(2026, 10, 30))], actor=SYSTEM, now=now())
    close()
    second = hand_over().id

    def take_back(row_id: int, reason: str = "booked by hand already") -> None:
        with writing():
            handing_over.take_back(row_id, reason=reason, actor=SYSTEM, now=now())

    for row_id, reason, error in [(first, "x", "later part"), (second, " ", "why"), (1, "x", "not there")]:
        with pytest.raises(DomainError, match=error):
            take_back(row_id, reason)
    take_back(second)
    with pytest.raises(Refused, match="taken back already"):
        take_back(second)
    take_back(first)
    assert hand_over().entry_total == 3


def test_an_entry_that_turns_up_before_those_handed_over_is_not_passed_over(books: None) -> None:
    close()
    row = hand_over()
    with writing():
        db.session.get_one(HandOver, row.id).entry_total = 1  # as if an entry had come with an earlier id
    with pytest.raises(Refused, match="before those handed over"):
        hand_over()


def test_two_at_once_hand_over_once(app: Flask, books: None) -> None:
    close()
    both, came = threading.Barrier(2), []

    def one() -> None:
        with app.app_context():
            both.wait(10)
            try:
                came.append(handing_over.hand_over(OCTOBER, Layout.XAF_40, actor=SYSTEM, now=now()))
            except Refused:
                came.append(None)
            db.session.remove()

    threads = [threading.Thread(target=one) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    (made,) = [each for each in came if each is not None]
    assert [row.id for row in months.hand_overs(OCTOBER)] == [made]


@pytest.mark.parametrize("layout", [Layout.CSV, Layout.EXACT, Layout.TWINFIELD])
def test_a_layout_without_schema_asks_for_a_test_import(books: None, layout: Layout) -> None:
    close()
    with pytest.raises(Refused, match="trial file first"):
        hand_over(layout)

    def profile(code: str) -> None:
        with writing():
            handing_over.set_profile(
                layout, journal_code=code, office_code="", options={}, columns="", actor=SYSTEM, now=now()
            )

    profile("90")
    with writing():
        handing_over.record_test(layout, note="totals agree", actor=SYSTEM, now=now())
    profile("90")  # nothing changed, so the test stands
    assert hand_over(layout).entry_total == 2
    profile("91")
    with pytest.raises(Refused, match="trial file first"):
        hand_over(layout)


def test_lines_that_lie_between_each_other_come_out_as_whole_entries(app: Flask) -> None:
    with writing():
        ids = ledger.post(
            [gift_entry(n, on=date(2026, 10, 5)) for n in range(3)], actor=SYSTEM, now=now()
        )  # fmt: skip
    with snapshot() as connection:
        found = list(postings(connection, Range(Period(OCTOBER, date(2026, 10, 31)))))
    assert [each.entry_id for each in found] == ids
    assert all(sum(line.cents for line in each.lines) == 0 and len(each.lines) == 2 for each in found)


def test_without_rsin_there_is_no_auditfile(app: Flask) -> None:
    make_organisation(rsin=None, anbi=False, anbi_since=None)
    with pytest.raises(Refused, match="RSIN"):
        handing_over.trial(OCTOBER, Layout.XAF_40, now=now())
    assert handing_over.trial(OCTOBER, Layout.CSV, now=now())


def test_a_story_on_the_pages(sign_in: Callable[[str], Client], books: None) -> None:
    client = sign_in("finance")
    close()
    assert client.get("/finance/months/2026-10/trial/exact/content").mimetype == "application/xml"
    page = client.post("/finance/months/2026-10/hand-over", data={"layout": "exact"}, follow_redirects=True).text
    assert "Lees eerst een proefbestand in" in page
    client.post("/finance/layouts/exact", data={"journal_code": "90"})
    client.post("/finance/layouts/exact/tested", data={"note": "totalen kloppen"})
    assert "totalen kloppen" in client.get("/finance/layouts/exact").text
    page = client.post("/finance/months/2026-10/hand-over", data={"layout": "exact"}, follow_redirects=True).text
    assert "draagvlak-2026-10-exact-" in page
    (row,) = months.hand_overs(OCTOBER)
    file = client.get(f"/finance/hand-overs/{row.id}/content")
    assert file.data == handing_over.content(row)
    taken = client.post(f"/finance/hand-overs/{row.id}/take-back", data={"reason": ""})
    assert taken.status_code == 422
    client.post(f"/finance/hand-overs/{row.id}/take-back", data={"reason": "niet geboekt"})
    assert "niet geboekt" in client.get("/finance/months/2026-10").text


def test_columns_are_kept_as_typed_when_wrong(sign_in: Callable[[str], Client], books: None) -> None:
    client = sign_in("finance")
    typed = {"separator": "tab", "decimal": "point", "dates": "iso", "columns": "date = Datum\nnaam = Naam"}
    answer = client.post("/finance/layouts/csv", data=typed)
    assert answer.status_code == 422
    assert "Regel 2: het veld naam bestaat niet" in answer.text
    assert "naam = Naam" in answer.text


@pytest.mark.parametrize("path", ["layouts/xaf-4.0", "layouts/afas", "auditfile/2026/exact/content",
                                  "auditfile/1999/xaf-4.0/content", "months/2026-10/trial/x/content",
                                  "hand-overs/1/content", "closings/1/csv"])  # fmt: skip
def test_what_is_no_file_is_not_there(sign_in: Callable[[str], Client], books: None, path: str) -> None:
    assert sign_in("finance").get(f"/finance/{path}").status_code == 404


def test_the_year_for_the_auditor(sign_in: Callable[[str], Client], app: Flask, books: None, tmp_path: Path) -> None:
    file = sign_in("viewer").get("/finance/auditfile/2026/xaf-4.0/content")
    assert file.status_code == 200
    assert etree.fromstring(file.data).findtext(".//{*}header/{*}endDate") == "2026-12-31"
    db.session.rollback()
    target = tmp_path / "year.xaf"
    said = app.test_cli_runner().invoke(args=["books", "auditfile", "--year", "2026", "-o", str(target)])
    assert said.exit_code == 0, said.output
    assert "2 entries, 4 lines, debit 123461 cents" in said.output
    assert target.read_bytes() == file.data
    assert not list(tmp_path.glob("*.part"))


def test_a_missing_file_is_said(books: None) -> None:
    close()
    row = hand_over()
    row.sha256 = "0" * 64
    with pytest.raises(NotFound):
        handing_over.content(row)
