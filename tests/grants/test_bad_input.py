"""Input that goes wrong in a partner's hands and at our desk: clear words in the person's language, nothing lost.

Most of it is tested beside what it is about: figures and two people at once in `test_task_page.py`, shares in
`test_partners.py`, cover in `test_projects.py`, merged cells in `test_expenses.py`, chains in `test_parts.py`.
"""

from __future__ import annotations

import io
import re
import zipfile
from datetime import date, datetime

import pytest
import xlsxwriter
from flask import Flask
from sqlalchemy import update

from app.base.actor import SYSTEM
from app.extensions import db, writing
from app.grants.obligations.models import Obligation
from app.grants.parts import queries, services
from app.grants.parts.models import PartState, PartTask, ReportPart
from app.sheets import reading
from tests.conftest import SettableClock
from tests.factories import consortium as make
from tests.grants.test_task_page import open_page
from tests.support.client import Client
from tests.support.mails import links_mailed

WRONG = {
    "program.exe": b"MZ\x90\x00\x03",
    "verslag.pdf": b"<html><script>alert(1)</script></html>",
    "logo.svg": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "macros.docm": b"PK\x03\x04word/vbaProject.bin",
    "leeg.pdf": b"",
}


@pytest.fixture
def asked(now: datetime) -> tuple[int, list[int]]:
    with writing():
        _grant, obligation_id, _partner, parts = make.asked(now, (make.NARRATIVE, make.FIGURES, make.FILES))
    return obligation_id, parts


@pytest.fixture
def partner(client: Client, asked: tuple[int, list[int]], clock: SettableClock) -> tuple[Client, str]:
    link = links_mailed("/taak/")[-1]
    open_page(client, link, clock)
    return client, link


def sent(part_id: int, **data: object) -> dict[str, object]:
    db.session.expire_all()
    return {"version": db.session.get_one(ReportPart, part_id).version, **data}


@pytest.mark.parametrize("name", WRONG)
def test_a_file_of_the_wrong_type_is_named_and_the_words_beside_it_stay(
    partner: tuple[Client, str], asked: tuple[int, list[int]], name: str
) -> None:
    client, link = partner
    url = f"{link}/onderdeel/{asked[1][0]}"
    data = sent(asked[1][0], answer="Drie scholen bezocht.", file=(io.BytesIO(WRONG[name]), name))
    answer = client.post(f"{url}/bestand", data=data, content_type="multipart/form-data", follow_redirects=True)
    page = answer.get_data(as_text=True)
    told = re.search(r'notice-danger">.*?<span>(.*?)</span>', page, re.S)
    assert told
    assert told[1].startswith("Dit bestand is leeg" if name == "leeg.pdf" else "Dit soort bestand kan hier niet")
    assert queries.view(asked[1][0]).files == []
    assert queries.view(asked[1][0]).answer == "Drie scholen bezocht."


def test_a_file_a_remark_and_an_answer_go_along_whichever_button_is_pressed(
    partner: tuple[Client, str], asked: tuple[int, list[int]]
) -> None:
    client, link = partner
    text, figures, _files = asked[1]
    url = f"{link}/onderdeel/{text}"
    assert client.post(f"{url}/opmerking", data=sent(text, answer="Een.", text="Is dit genoeg?")).status_code == 303
    assert queries.view(text).answer == "Een."
    before = sent(text)["version"]
    assert client.post(f"{url}/opmerking", data=sent(text, answer="Een.", text="Nog iets.")).status_code == 303
    assert sent(text)["version"] == before, "what stayed the same is not saved again"
    data = sent(text, answer="Twee.", text="Derde.", keep="1", file=(io.BytesIO(b"%PDF-1.7 echt"), "verslag.pdf"))
    assert client.post(url, data=data, content_type="multipart/form-data").status_code == 303
    page = client.get(url).get_data(as_text=True)
    assert [said in page for said in ("Twee.", "Is dit genoeg?", "Nog iets.", "Derde.", "verslag.pdf")] == [True] * 5
    first = queries.view(figures).figures[0].id
    typed = sent(figures, text="Vraag", **{f"figure_{first}": "tien euro"})
    answer = client.post(f"{link}/onderdeel/{figures}/opmerking", data=typed)
    assert answer.status_code == 422
    assert 'value="tien euro"' in answer.get_data(as_text=True), "unclear figures stay on the page"


def test_a_delivery_sent_twice_is_one_and_says_where_it_is(
    partner: tuple[Client, str], asked: tuple[int, list[int]]
) -> None:
    client, link = partner
    data = sent(asked[1][0], answer="Klaar.", deliver="1")
    assert client.post(f"{link}/onderdeel/{asked[1][0]}", data=data).status_code == 303
    again = client.post(f"{link}/onderdeel/{asked[1][0]}", data=data)
    assert again.status_code == 303
    assert "Aangeleverd" in client.get(again.location).text
    other = client.post(f"{link}/onderdeel/{asked[1][0]}", data=data | {"answer": "Nog iets."})
    assert other.status_code == 409
    assert "Dit onderdeel is bij ons" in other.get_data(as_text=True)
    assert queries.view(asked[1][0]).state == PartState.SUBMITTED.value
    assert queries.view(asked[1][0]).answer == "Klaar."


def test_a_late_link_says_so_in_the_language_of_who_opens_it(
    partner: tuple[Client, str], asked: tuple[int, list[int]], clock: SettableClock, now: datetime
) -> None:
    client, link = partner
    with writing():
        for part_id in asked[1]:
            services.waive(part_id, "niet nodig", actor=SYSTEM, now=now)
    clock.forward(days=31)
    for language, words in (("nl", "Deze link werkt niet meer"), ("en", "This link does not work any more")):
        with writing() as session:
            session.execute(update(PartTask).values(language=language))
        answer = client.get(link)
        assert answer.status_code == 404
        assert words in answer.get_data(as_text=True)


def test_a_day_that_breaks_the_chain_is_told_beside_the_field_and_stays(
    fundraiser: Client, asked: tuple[int, list[int]]
) -> None:
    place = f"/grants/obligations/{asked[0]}/edit"
    assert fundraiser.get(place).status_code == 200
    row = db.session.get_one(Obligation, asked[0])
    data = {"version": str(row.version), "kind": row.kind.value, "title": "Mijn titel", "due_on": "25-11-2026"}
    answer = fundraiser.post(place, data=data)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "Teruggerekend vanaf" in page
    assert 'value="25-11-2026"' in page
    assert "Mijn titel" in page
    assert db.session.get_one(Obligation, asked[0], populate_existing=True).due_on == date(2027, 2, 26)


def test_a_million_empty_rows_are_walked_past(app: Flask) -> None:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    book.add_worksheet().write_row(0, 0, ["Datum", "Bedrag"])
    book.close()
    wide = io.BytesIO()
    empty = "".join(f'<row r="{number}" ht="15"/>' for number in range(2, 1_048_577))
    with zipfile.ZipFile(out) as old, zipfile.ZipFile(wide, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name).decode()
            new.writestr(name, content.replace("</sheetData>", f"{empty}</sheetData>"))
    found = [row.cells for row in reading.rows_of(reading.prepared(wide.getvalue(), "leeg.xlsx")[0], reading.XLSX)]
    assert found == [["Datum", "Bedrag"]]
