"""The report pack: the same content as PDF/A, Word and figures, in a funder's template, kept as sent."""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from urllib.parse import quote

import docx
import pytest
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import parse_xml
from flask_babel import force_locale
from pypdf import PdfReader
from python_calamine import CalamineWorkbook
from sqlalchemy import select, update

from app.audit import queries as audit
from app.base.actor import SYSTEM
from app.base.errors import Invalid
from app.documents import files
from app.documents import services as documents
from app.extensions import db, writing
from app.extensions import now as app_now
from app.grants.budgets import queries as budgets
from app.grants.budgets import services as budget_services
from app.grants.budgets.models import Category
from app.grants.budgets.services import LinePlan
from app.grants.expenses import services as expenses
from app.grants.expenses.services import ExpenseFacts
from app.grants.obligations import services as obligations
from app.grants.obligations.models import Obligation, ObligationState
from app.grants.parts.models import PartFigure, PartKind, PartState, ReportPart
from app.grants.reports import keeping, link_targets, word
from app.grants.reports import pack as packs
from app.ui.permissions import Role
from tests.factories import grants as make
from tests.support.client import Client

PICTURE = base64.b64decode(  # one grey point
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
)
ANSWER = 'Wij bereikten 400 leerlingen #eval("1") {{ funder }}.\n\nTweede alinea.'


@pytest.fixture
def obligation_id(now: datetime) -> int:
    with writing():
        make.grant(now)
        row_id = db.session.execute(select(Obligation.id)).scalar_one()
        both = {"obligation_id": row_id, "state": PartState.ACCEPTED, "state_since": now, "created_at": now}
        told = ReportPart(
            kind=PartKind.NARRATIVE,
            title="Bereik",
            question="Noem uw bron.",
            answer=ANSWER,
            position=1,
            max_characters=20,
            **both,
        )
        counted = ReportPart(
            kind=PartKind.INDICATOR, title="Leerlingen", target="500", answer="400", position=2, **both
        )
        spent = ReportPart(kind=PartKind.FIGURES, title="Kosten", position=3, **both)
        db.session.add_all([told, counted, spent])
        db.session.flush()
        db.session.add(PartFigure(part_id=spent.id, position=1, label="=Materiaal", cents=123_456))
    return row_id


def test_one_report_in_three_forms(fundraiser: Client, obligation_id: int) -> None:
    address = f"/grants/obligations/{obligation_id}/report"
    made = fundraiser.get(f"{address}/pdf").data
    assert b"<pdfaid:part>2</pdfaid:part>" in made
    text = "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(made)).pages)
    written = docx.Document(io.BytesIO(fundraiser.get(f"{address}/docx").data))
    words = "\n".join(each.text for each in written.paragraphs)
    words += "\n".join(cell.text for table in written.tables for row in table.rows for cell in row.cells)
    for told in (text, words):
        for expected in ("Adessium Foundation", 'leerlingen #eval("1")', "Tweede alinea.", "500", "1.234,56"):
            assert expected in told
        assert "Noem uw bron" not in told, "what we asked of partners is not the funder's to read"
    book = CalamineWorkbook.from_filelike(io.BytesIO(fundraiser.get(f"{address}/xlsx").data))
    assert book.get_sheet_by_index(0).to_python()[1] == ["", "=Materiaal", 1234.56]
    assert book.get_sheet_by_name("Indicatoren").to_python()[1] == ["Leerlingen", "", "500", "400"]


def test_the_budget_is_told_until_the_end_of_the_period_with_what_is_on_no_line(
    fundraiser: Client, obligation_id: int, now: datetime
) -> None:
    with writing():
        row = db.session.get_one(Obligation, obligation_id)
        row.period_from, row.period_to = date(2026, 1, 1), date(2026, 10, 31)
        assert row.grant_id is not None
        plan = LinePlan(name="Begeleiding", category=Category.STAFF, cents=10_000_000, code="A")
        budget_services.save_draft(row.grant_id, [plan], actor=SYSTEM, now=now)
        budget_services.put_in_force(row.grant_id, actor=SYSTEM, now=now)
        line = budgets.lines(row.grant_id)[0].id
        for place, (day, cents, on) in enumerate(
            [(date(2026, 10, 31), 40_000, line), (date(2026, 11, 1), 7_000, line), (date(2026, 10, 5), 500, None)]
        ):
            facts = ExpenseFacts(spent_on=day, cents=cents, description="Uren", budget_line_id=on)
            expenses.enter(row.grant_id, facts, form_key=str(place), actor=SYSTEM, now=now)
    page = fundraiser.get(f"/grants/obligations/{obligation_id}/report").text.replace("\xa0", " ")
    assert "Werkelijk t/m 31-10-2026" in page
    for told in ("€ 400,00", "Nog niet op een regel", "€ 5,00", "€ 405,00", "€ 99.595,00"):
        assert told in page
    assert "€ 470,00" not in page
    book = CalamineWorkbook.from_filelike(
        io.BytesIO(fundraiser.get(f"/grants/obligations/{obligation_id}/report/xlsx").data)
    )
    assert [row[4] for row in book.get_sheet_by_index(0).to_python()[1:3]] == [400, 5]


def test_the_word_file_is_one_a_funder_can_work_in(fundraiser: Client, obligation_id: int) -> None:
    with writing():
        part = db.session.execute(select(ReportPart).where(ReportPart.title == "Bereik")).scalar_one()
        part.answer = "Eerste <regel> & meer\r\ntweede\x0b regel\n\nNieuwe alinea."
    written = docx.Document(io.BytesIO(fundraiser.get(f"/grants/obligations/{obligation_id}/report/docx").data))
    page = written.sections[0]
    assert (page.page_width.mm, page.page_height.mm) == (pytest.approx(210, abs=1), pytest.approx(297, abs=1))
    assert [line.text for line in written.paragraphs if line.style.name == "Heading 1"][0] == "Bereik"
    texts = [line.text for line in written.paragraphs]
    assert texts[texts.index("Nieuwe alinea.") - 1] == "Eerste <regel> & meer\ntweede regel"
    assert "PAGE" in page.footer._element.xml
    heads = [table.rows[0]._tr.xpath("./w:trPr/w:tblHeader") for table in written.tables[1:]]
    assert heads
    assert all(heads), "the head row comes back on every page"
    costs = written.tables[-1]
    assert [cell.text for cell in costs.rows[-1].cells][0] == "Totaal"
    assert costs.rows[-1].cells[2].paragraphs[0].alignment == WD_ALIGN_PARAGRAPH.RIGHT
    assert written.core_properties.comments == ""


def test_one_click_gives_everything_with_the_evidence(fundraiser: Client, obligation_id: int, now: datetime) -> None:
    part_id = db.session.execute(select(ReportPart.id).where(ReportPart.title == "Bereik")).scalar_one()
    with writing():
        for content in (b"%PDF-1.7 een", b"%PDF-1.7 twee"):
            kept = files.keep(content, "lijst.pdf")
            family = documents.attach(kept, ("report_part", part_id), "other", actor=SYSTEM, now=now).family
    answer = fundraiser.get(f"/grants/obligations/{obligation_id}/report.zip")
    content = answer.data
    answer.close()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = archive.namelist()
        assert [name.rsplit(".", 1)[1] for name in names[:3]] == ["pdf", "docx", "xlsx"]
        assert names[3:] == ["Bewijsstukken/01 lijst.pdf", "Bewijsstukken/02 lijst.pdf"]
        assert archive.read(names[4]) == b"%PDF-1.7 twee"
    assert "document.opened" in [line.action for line in audit.trail("document", family)]


def test_the_page_counts_characters_for_the_portal(fundraiser: Client, obligation_id: int) -> None:
    page = fundraiser.get(f"/grants/obligations/{obligation_id}/report").text
    assert f"{len(ANSWER)} van hoogstens 20 tekens" in page
    assert "Te lang voor het portaal" in page


def test_what_is_kept_is_locked_and_versioned(fundraiser: Client, obligation_id: int, now: datetime) -> None:
    address = f"/grants/obligations/{obligation_id}/report/keep"
    assert fundraiser.post(address).status_code == 303
    first = {each.media_type: each.sha256 for each in documents.documents_of("grant_report", obligation_id)}
    assert len(first) == 3
    with writing():
        part = db.session.execute(select(ReportPart).where(ReportPart.title == "Bereik")).scalar_one()
        part.answer = "Anders."
    assert fundraiser.post(address).status_code == 303
    kept = documents.documents_of("grant_report", obligation_id)
    assert {each.number for each in kept if "pdf" in each.media_type} == {2}
    assert fundraiser.post(f"/documents/{kept[0].id}/remove").status_code == 403
    listed = fundraiser.get("/documents").text
    assert f'href="/grants/obligations/{obligation_id}/report"' in listed, "the list leads to what a file belongs to"
    assert kept[0].sha256 in fundraiser.get(f"/grants/obligations/{obligation_id}/report").text
    with writing():
        for state in (ObligationState.IN_PROGRESS, ObligationState.INTERNAL_REVIEW):
            obligations.move(obligation_id, state, actor=SYSTEM, now=now)
        obligations.submit(obligation_id, submitted_on=now.date(), proof="portaal 1", actor=SYSTEM, now=now)
    assert fundraiser.post(address).status_code == 409


def test_submitting_locks_what_is_sent_and_it_is_recognised(
    fundraiser: Client, obligation_id: int, now: datetime
) -> None:
    with writing():
        for state in (ObligationState.IN_PROGRESS, ObligationState.INTERNAL_REVIEW):
            obligations.move(obligation_id, state, actor=SYSTEM, now=now)
    address = f"/grants/obligations/{obligation_id}"
    page = fundraiser.get(f"{address}/submit")
    assert "vastgelegd zoals die nu is" in page.text
    refused = {"submitted_on": "23-11-2026", "proof": "", "version": "3"}
    assert fundraiser.post(f"{address}/submit", data=refused).status_code == 422
    assert keeping.kept(obligation_id) == [], "without a proof nothing is submitted, and nothing locked"
    assert fundraiser.post(f"{address}/submit", data=refused | {"proof": "portaal 1"}).status_code == 303
    sent = keeping.kept(obligation_id)
    assert {each.media_type for each in sent} == set(keeping.FORMS.values())
    shown = fundraiser.get(address).text
    assert all(each.sha256 in shown for each in sent)
    pdf = next(each for each in sent if each.filename.endswith(".pdf"))
    for content, said in ((files.read(pdf.sha256), "versie 1"), (b"%PDF-1.7 iets anders", "wijkt af")):
        file = (io.BytesIO(content), "verslag.pdf")
        assert fundraiser.post(f"{address}/report/check", data={"file": file}).status_code == 303
        assert said in fundraiser.get(f"{address}/report").text


def test_a_file_that_was_edited_before_it_went_out_is_locked_beside_ours(
    fundraiser: Client, obligation_id: int, now: datetime
) -> None:
    address = f"/grants/obligations/{obligation_id}/report"
    assert fundraiser.post(f"{address}/own-file", data={}).status_code == 422
    for content in (b"%PDF-1.7 eerst", b"%PDF-1.7 zoals verstuurd", b"%PDF-1.7 zoals verstuurd"):
        file = (io.BytesIO(content), "formulier van het fonds.pdf")
        assert fundraiser.post(f"{address}/own-file", data={"file": file}).status_code == 303
    with writing():
        for state in (ObligationState.IN_PROGRESS, ObligationState.INTERNAL_REVIEW):
            obligations.move(obligation_id, state, actor=SYSTEM, now=now)
    sent = {"submitted_on": "23-11-2026", "proof": "portaal", "version": "3"}
    assert fundraiser.post(f"/grants/obligations/{obligation_id}/submit", data=sent).status_code == 303
    kept = {each.filename: (each.number, each.sha256) for each in keeping.kept(obligation_id)}
    assert len(kept) == 4, "ours are locked too"
    assert kept["formulier van het fonds.pdf"] == (2, hashlib.sha256(b"%PDF-1.7 zoals verstuurd").hexdigest())
    late = (io.BytesIO(b"%PDF-1.7 te laat"), "formulier.pdf")
    assert fundraiser.post(f"{address}/own-file", data={"file": late}).status_code == 409


def test_a_wrong_file_locked_as_sent_is_taken_off_by_finance_and_stays_in_the_history(
    sign_in: Callable[[Role | str], Client], obligation_id: int, now: datetime
) -> None:
    right, wrong = b"%PDF-1.7 zoals verstuurd", b"%PDF-1.7 van een ander fonds"
    address = f"/grants/obligations/{obligation_id}"
    fundraiser = sign_in("fundraiser")
    for content, name in ((right, "goed.pdf"), (wrong, "fout.pdf")):  # the second took the place of the first
        sent = {"file": (io.BytesIO(content), name)}
        assert fundraiser.post(f"{address}/report/own-file", data=sent).status_code == 303
    with writing():
        for state in (ObligationState.IN_PROGRESS, ObligationState.INTERNAL_REVIEW):
            obligations.move(obligation_id, state, actor=SYSTEM, now=now)
    sent = {"submitted_on": "23-11-2026", "proof": "portaal", "version": "3"}
    assert fundraiser.post(f"{address}/submit", data=sent).status_code == 303
    kept = {each.filename: each for each in keeping.kept(obligation_id)}
    ours = next(each for each in kept.values() if each.kind == "report")
    off = f"{address}/report/files/{kept['fout.pdf'].id}/remove"
    assert fundraiser.post(off, data={"note": "Van een ander fonds."}).status_code == 403
    finance = sign_in("finance")
    assert off in finance.get(f"{address}/report").text
    assert finance.post(off, data={"note": " "}).status_code == 422
    made = f"{address}/report/files/{ours.id}/remove"
    assert made not in finance.get(f"{address}/report").text
    assert finance.post(made, data={"note": "x"}).status_code == 409, "what we made is what the report said then"
    assert finance.post(off, data={"note": "Van een ander fonds."}).status_code == 303
    assert finance.post(off, data={"note": "Nog eens."}).status_code == 404
    left = {each.filename: each.number for each in keeping.kept(obligation_id)}
    assert left["goed.pdf"] == 1, "the version before it stands again"
    assert "fout.pdf" not in left
    fingerprint = hashlib.sha256(wrong).hexdigest()
    assert files.read(fingerprint) == wrong
    for page in (finance.get(f"{address}/report").text, finance.get(address).text):
        assert "fout.pdf" in page
        assert "Van een ander fonds." in page
    assert fingerprint in finance.get(f"{address}/report").text
    for content, said in ((wrong, "weggehaald"), (right, "ongewijzigd")):
        assert finance.post(f"{address}/report/check", data={"file": (io.BytesIO(content), "x.pdf")}).status_code == 303
        assert said in finance.get(f"{address}/report").text
    told = [line.changes or {} for line in audit.trail("obligation", obligation_id) if line.action == "report.sent"]
    assert told[0]["fout.pdf"] == f"2 · {fingerprint}", "what was recorded then stays"
    with writing():
        obligations.ask_revision(obligation_id, "Meer cijfers.", actor=SYSTEM, now=app_now())
    fundraiser = sign_in("fundraiser")
    data = {"file": (io.BytesIO(b"%PDF-1.7 nieuw"), "nieuw.pdf")}
    assert fundraiser.post(f"{address}/report/own-file", data=data).status_code == 303
    assert {each.filename: each.number for each in keeping.kept(obligation_id)}["nieuw.pdf"] == 3


def test_a_revised_report_is_a_new_version(fundraiser: Client, obligation_id: int, now: datetime) -> None:
    address = f"/grants/obligations/{obligation_id}"

    def submit() -> None:
        with writing():
            for state in (ObligationState.IN_PROGRESS, ObligationState.INTERNAL_REVIEW):
                obligations.move(obligation_id, state, actor=SYSTEM, now=app_now())
        version = str(db.session.get_one(Obligation, obligation_id).version)
        sent = {"submitted_on": "23-11-2026", "proof": "portaal", "version": version}
        assert fundraiser.post(f"{address}/submit", data=sent).status_code == 303

    fundraiser.post(f"{address}/report/keep")
    first = {each.sha256 for each in keeping.kept(obligation_id)}
    submit()
    assert {each.sha256 for each in keeping.kept(obligation_id)} == first, "what was locked before is what was sent"
    with writing():
        obligations.ask_revision(obligation_id, "Meer cijfers.", actor=SYSTEM, now=app_now())
        part = db.session.execute(select(ReportPart).where(ReportPart.title == "Bereik")).scalar_one()
        part.answer = "Met meer cijfers."
    submit()
    numbers = {each.media_type: each.number for each in keeping.kept(obligation_id)}
    assert numbers[keeping.FORMS["pdf"]] == numbers[keeping.FORMS["docx"]] == 2


def test_a_proof_is_taken_off_by_finance_alone_with_a_reason(
    sign_in: Callable[[Role | str], Client], obligation_id: int, now: datetime
) -> None:
    with writing():
        for state in (ObligationState.IN_PROGRESS, ObligationState.INTERNAL_REVIEW):
            obligations.move(obligation_id, state, actor=SYSTEM, now=now)
        wrong = obligations.attach(
            obligation_id, files.keep(b"verkeerd", "fout.txt"), proof=True, actor=SYSTEM, now=now
        ).id
        obligations.submit(obligation_id, submitted_on=now.date(), actor=SYSTEM, now=now)
    address = f"/grants/obligations/{obligation_id}"
    fundraiser = sign_in("fundraiser")
    assert fundraiser.post(f"{address}/files/{wrong}/remove", data={"note": "x"}).status_code == 403
    finance = sign_in("finance")
    assert "enige bewijs" in finance.post(f"{address}/files/{wrong}/remove", data={"note": "Verkeerd bestand."}).text
    fundraiser = sign_in("fundraiser")
    assert fundraiser.post(f"{address}/files", data={"file": (io.BytesIO(b"goed"), "goed.txt")}).status_code == 303
    finance = sign_in("finance")
    assert finance.post(f"{address}/files/{wrong}/remove", data={"note": " "}).status_code == 422
    assert finance.post(f"{address}/files/{wrong}/remove", data={"note": "Verkeerd bestand."}).status_code == 303
    left = documents.documents_of("obligation", obligation_id)
    assert [(each.filename, each.kind) for each in left] == [("goed.txt", "proof")]
    told = [line.changes for line in audit.trail("obligation", obligation_id) if line.action == "document.removed"]
    assert [changes["reason"] for changes in told if changes] == ["Verkeerd bestand."]
    assert finance.post(f"{address}/files/{wrong}/remove", data={"note": "Nog eens."}).status_code == 404


def test_a_template_that_breaks_when_it_is_filled_is_named(obligation_id: int) -> None:
    document, out, changed = docx.Document(), io.BytesIO(), io.BytesIO()
    document.sections[0].header.paragraphs[0].text = "{{ funder }}"
    document.save(out)
    with zipfile.ZipFile(out) as package, zipfile.ZipFile(changed, "w") as broken:
        for name in package.namelist():
            content = package.read(name)
            if name == "[Content_Types].xml":
                content = content.replace(b"wordprocessingml.header+xml", b"wordprocessingml.other")
            broken.writestr(name, content)
    with pytest.raises(Invalid, match="cannot be read"):
        word.as_docx(packs.gather(obligation_id), changed.getvalue())


def test_a_template_of_the_funder_is_filled_with_tables(obligation_id: int) -> None:
    document, out = docx.Document(), io.BytesIO()
    document.add_paragraph("{{ figures }}")
    grid = document.add_table(3, 3)
    for cell, text in zip(
        grid.rows[1].cells, ("{{ indicators.indicator }}", "{{ indicators.actual }}", "{{ funder }}"), strict=True
    ):
        cell.text = text
    grid.rows[2].cells[0].text = "{{ partners.partner }}"  # no partners: the row goes
    document.save(out)
    with writing():
        counted = db.session.execute(select(ReportPart).where(ReportPart.title == "Leerlingen")).scalar_one()
        counted.answer = "{{ funder }} {{ indicators.target }}"
    made = docx.Document(io.BytesIO(word.as_docx(packs.gather(obligation_id), out.getvalue())))
    costs, own = made.tables
    assert [cell.text for cell in costs.rows[1].cells] == ["", "=Materiaal", "€ 1.234,56".replace(" ", "\u00a0")]
    assert [[cell.text for cell in row.cells] for row in own.rows] == [
        ["", "", ""],
        ["Leerlingen", "{{ funder }} {{ indicators.target }}", "Adessium Foundation"],
    ]


def template(*paragraphs: str) -> bytes:
    document, out = docx.Document(), io.BytesIO()
    for text in paragraphs:
        line = document.add_paragraph()
        for piece in text.split("|"):  # Word cuts a text into runs at will
            line.add_run(piece)
    document.add_table(1, 1).cell(0, 0).text = "{{ indicators }}"
    document.save(out)
    return out.getvalue()


def test_forms_of_a_funder_are_filled_wherever_a_placeholder_stands(obligation_id: int) -> None:
    template = docx.Document()
    boxed = (
        '<w:sdt xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:sdtContent><w:p><w:r>'
        "<w:t>Veld {{ funder }}</w:t></w:r></w:p></w:sdtContent></w:sdt>"
    )
    template.element.body.insert(0, parse_xml(boxed))
    template.sections[0].different_first_page_header_footer = True
    template.sections[0].first_page_header.paragraphs[0].text = "Kop {{ funder }}"
    inline = (
        '<w:p xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:sdt><w:sdtContent>'
        "<w:r><w:t>Regel {{ funder }}</w:t></w:r></w:sdtContent></w:sdt>"
        '<w:ins w:id="1" w:author="A"><w:r><w:t>Nieuw {{ funder }}</w:t></w:r></w:ins></w:p>'
    )
    template.element.body.insert(1, parse_xml(inline))
    logo = template.add_paragraph("{{ fun")
    logo.add_run().add_picture(io.BytesIO(PICTURE))
    logo.add_run("der }}!")
    out = io.BytesIO()
    template.save(out)
    filled = docx.Document(io.BytesIO(word.as_docx(packs.gather(obligation_id), out.getvalue())))
    text = filled.element.xml + filled.sections[0].first_page_header._element.xml
    funder = packs.gather(obligation_id).line.funder
    assert all(f"{start}{funder}" in text for start in ("Veld ", "Kop ", "Regel ", "Nieuw "))
    assert f"{funder}!" in filled.paragraphs[-1].text
    assert "pic:pic" in filled.paragraphs[-1]._p.xml
    assert filled.sections[0].even_page_footer.is_linked_to_previous


LINK = (
    '<w:hyperlink xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    ' xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" r:id="{}">'
    "<w:r><w:rPr><w:u/></w:rPr><w:t>{}</w:t></w:r></w:hyperlink>"
)


def linked(paragraph: Any, target: str, text: str) -> None:
    """A link of Word's: words, and an address in the part's list."""
    place = paragraph.part.relate_to(target, RELATIONSHIP_TYPE.HYPERLINK, is_external=True)
    paragraph._p.append(parse_xml(LINK.format(place, text)))


def test_links_of_a_template_are_filled_in_words_and_in_where_they_lead(obligation_id: int) -> None:
    template, out = docx.Document(), io.BytesIO()
    line = template.add_paragraph("Zie ")
    line.add_run("hier").bold = True
    linked(line, "https://portaal.example.org/%7b%7b%20title%20%7d%7d?van={{organisation}}", "{{ fun")
    line.add_run("der }} en verder")
    linked(template.sections[0].header.paragraphs[0], "mailto:a@example.org?subject={{ title }}", "{{ title }}")
    row = template.add_table(1, 1).rows[0].cells[0].paragraphs[0]
    linked(row, "https://example.org/{{ indicators.indicator }}", "{{ indicators.actual }}")
    template.save(out)
    with writing():
        counted = db.session.execute(select(ReportPart).where(ReportPart.title == "Leerlingen")).scalar_one()
        counted.title = "../{{ title }}?x=1&y"
    pack = packs.gather(obligation_id)
    filled = docx.Document(io.BytesIO(word.as_docx(pack, out.getvalue())))
    text, words = filled.paragraphs[0], word.words(pack)
    assert text.text == f"Zie hier{words['funder']} en verder"
    assert [run.bold for run in text.runs] == [None, True, None], "what is no placeholder keeps its own style"
    assert text.hyperlinks[0].text == words["funder"]
    title = quote(words["title"], safe="")
    assert text.hyperlinks[0].address == f"https://portaal.example.org/{title}?van={quote(words['organisation'])}"
    top = filled.sections[0].header.paragraphs[0]
    assert (top.text, top.hyperlinks[0].address) == (words["title"], f"mailto:a@example.org?subject={title}")
    cell = filled.tables[0].cell(0, 0).paragraphs[0]
    assert cell.text == "400"
    assert cell.hyperlinks[0].address == "https://example.org/..%2F%7B%7B%20title%20%7D%7D%3Fx%3D1%26y"
    left = [each.target_ref for each in filled.part.rels.values() if each.is_external]
    assert len(left) == 2, "no address of the template is left over"


@pytest.mark.parametrize(
    ("target", "made"),
    [
        ("{{ reference }}", "https://portaal.example.org/a?b=1#c"),
        ("%7B%7Breference%7D%7D", "https://portaal.example.org/a?b=1#c"),
        ("https://{{ project }}", "https://javascript%3Aalert%281%29%2F%2F%20%22%3E"),
        ("https://example.org/{{ unknown }}/{{ budget.line }}", "https://example.org/{{ unknown }}/{{ budget.line }}"),
        *((each, each) for each in (
            "{{ project }}", "javascript:{{ reference }}", "file:///{{ reference }}", r"\\\\server\\{{ reference }}",
            "https://example.org/{{ narrative }}", "https://example.org/", "#{{ reference }}",
        )),
    ],
)  # fmt: skip
def test_an_address_is_filled_with_text_or_left_as_it_was(target: str, made: str) -> None:
    known = {
        "reference": " https://portaal.example.org/a?b=1#c",
        "project": 'javascript:alert(1)// ">',
        "narrative": "x" * 2000,
    }
    assert link_targets.filled(target, known) == made


def test_a_template_is_filled_and_never_evaluated(fundraiser: Client, obligation_id: int, now: datetime) -> None:
    file = files.keep(
        template("Aan {{ fun|der }}", "{{ narrative }}", "{{ 7*7 }} {% for x in y %} {{ self }}"), "s.docx"
    )
    funder_id = db.session.execute(select(make.funders.Funder.id)).scalar_one()
    with writing():
        kept = documents.attach(file, ("funder", funder_id), "template", actor=SYSTEM, now=now).id
    made = fundraiser.get(f"/grants/obligations/{obligation_id}/report/docx?template={kept}").data
    document = docx.Document(io.BytesIO(made))
    lines = [each.text for each in document.paragraphs]
    assert lines[0] == "Aan Adessium Foundation"
    assert "{{ funder }}" in lines[1]  # what a partner typed is text, not a placeholder
    assert lines[2] == "{{ 7*7 }} {% for x in y %} {{ self }}"
    assert "400" in document.tables[0].cell(0, 0).text
    assert fundraiser.get(f"/grants/obligations/{obligation_id}/report/docx?template=1").status_code == 404


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_and_bombs_are_refused(encoding: str) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        xml = f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'
        archive.writestr("word/document.xml", xml.encode(encoding))
    with pytest.raises(Invalid):
        word.check(out.getvalue())
    big = io.BytesIO()
    with zipfile.ZipFile(big, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b" " * (word.MAX_UNPACKED + 1))
    with pytest.raises(Invalid):
        word.check(big.getvalue())


def test_a_report_that_changed_after_it_was_locked_is_said_so(
    fundraiser: Client, obligation_id: int, now: datetime
) -> None:
    address = f"/grants/obligations/{obligation_id}"
    fundraiser.post(f"{address}/report/keep")
    with writing():
        for state in (ObligationState.IN_PROGRESS, ObligationState.INTERNAL_REVIEW):
            obligations.move(obligation_id, state, actor=SYSTEM, now=now)
    for page in ("/submit", "/report"):
        assert "veranderd nadat" not in fundraiser.get(f"{address}{page}").text
    with force_locale("en"):
        assert not keeping.changed_since_locked(obligation_id), "who reads English locked it in Dutch"
    with writing():
        db.session.execute(update(ReportPart).where(ReportPart.title == "Bereik").values(answer="Anders."))
    for page in ("/submit", "/report"):
        assert "veranderd nadat" in fundraiser.get(f"{address}{page}").text
    fundraiser.post(f"{address}/report/keep")
    assert "veranderd nadat" not in fundraiser.get(f"{address}/submit").text


def test_a_report_with_unfinished_parts_calls_itself_a_draft(fundraiser: Client, obligation_id: int) -> None:
    address = f"/grants/obligations/{obligation_id}/report/pdf"

    def cover() -> str:
        return PdfReader(io.BytesIO(fundraiser.get(address).data)).pages[0].extract_text()

    assert "Concept" not in cover()
    with writing():
        db.session.execute(update(ReportPart).where(ReportPart.title == "Bereik").values(state=PartState.DRAFT))
    assert "Concept" in cover()
