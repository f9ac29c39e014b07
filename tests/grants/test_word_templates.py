"""Placeholders of a funder's Word template where Word hides them: in notes, and in the codes of fields."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime
from typing import Any
from urllib.parse import quote

import docx
import pytest
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn

from app.base.errors import Invalid
from app.extensions import writing
from app.grants.reports import pack as packs
from app.grants.reports import word
from app.grants.reports.fields import instruction
from app.grants.reports.pack import Pack
from tests.factories import consortium as make

KINDS = {
    "footnotes": ("footnote", RELATIONSHIP_TYPE.FOOTNOTES),
    "endnotes": ("endnote", RELATIONSHIP_TYPE.ENDNOTES),
}
TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.{}+xml"


@pytest.fixture
def pack(now: datetime) -> Pack:
    with writing():
        obligation_id = make.report(now)[1]
    return packs.gather(obligation_id)


def noted(kind: str, words: str, *, link: str = "") -> bytes:
    """A template whose only note says this, with a link if one is given."""
    template, out = docx.Document(), io.BytesIO()
    tag, relation = KINDS[kind]
    xml = (
        f'<w:{kind} {nsdecls("w", "r")}><w:{tag} w:id="1"><w:p><w:r><w:t>{words[:9]}</w:t></w:r>'
        f'<w:r><w:t>{words[9:]}</w:t></w:r><w:hyperlink r:id="rId1"><w:r><w:t>hier</w:t></w:r></w:hyperlink>'
        f"</w:p></w:{tag}></w:{kind}>"
    )
    part = Part(PackURI(f"/word/{kind}.xml"), TYPE.format(kind), xml.encode(), template.part.package)
    part.relate_to(link or "https://example.org/", RELATIONSHIP_TYPE.HYPERLINK, is_external=True)
    template.part.relate_to(part, relation)
    template.add_paragraph("Aan {{ funder }}").add_run()._r.append(
        parse_xml(f'<w:{tag}Reference {nsdecls("w")} w:id="1"/>')
    )
    template.save(out)
    return out.getvalue()


@pytest.mark.parametrize("kind", list(KINDS))
def test_a_placeholder_in_a_note_is_filled_and_so_is_its_link(kind: str, pack: Pack) -> None:
    made = word.as_docx(pack, noted(kind, "Zie {{ funder }}.", link="https://example.org/?van={{ funder }}"))
    funder = word.words(pack)["funder"]
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        note = archive.read(f"word/{kind}.xml")
        links = archive.read(f"word/_rels/{kind}.xml.rels").decode()
    assert told(parse_xml(note)) == f"Zie {funder}.hier"
    assert f"?van={quote(funder)}" in links
    assert b"{{" not in note
    assert "{{" not in links
    assert f"Aan {funder}" in docx.Document(io.BytesIO(made)).paragraphs[0].text


def test_a_note_that_cannot_be_read_is_named(pack: Pack) -> None:
    template = io.BytesIO(noted("footnotes", "Zie {{ funder }}."))
    with zipfile.ZipFile(template) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(template, "w") as archive:
        for name, content in held.items():
            archive.writestr(name, content[:40] if name == "word/footnotes.xml" else content)
    with pytest.raises(Invalid, match="cannot be read"):
        word.as_docx(pack, template.getvalue())


def complex_field(*pieces: str, result: str = "klik") -> str:
    codes = "".join(f'<w:r><w:instrText xml:space="preserve">{piece}</w:instrText></w:r>' for piece in pieces)
    begin, middle, end = (
        f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>' for kind in ("begin", "separate", "end")
    )  # fmt: skip
    return f"{begin}{codes}{middle}<w:r><w:t>{result}</w:t></w:r>{end}"


def field_of(pack: Pack, inner: str) -> Any:
    """The paragraph of a template that holds these runs, filled."""
    template, out = docx.Document(), io.BytesIO()
    template.element.body.insert(0, parse_xml(f"<w:p {nsdecls('w')}>{inner}</w:p>"))
    template.save(out)
    return docx.Document(io.BytesIO(word.as_docx(pack, out.getvalue()))).paragraphs[0]._p


def told(element: Any) -> str:
    return "".join(each.text or "" for each in element.iter(qn("w:t")))


def codes(paragraph: Any) -> str:
    return "".join(paragraph.xpath(".//w:instrText/text()"))


def test_the_address_in_the_code_of_a_field_is_filled(pack: Pack) -> None:
    title = quote(word.words(pack)["title"], safe="")
    split = complex_field(" HYPERLINK &quot;https://example.org/{{ ti", "tle }}&quot; \\t &quot;_blank&quot; ")
    filled = field_of(pack, split)
    assert codes(filled) == f' HYPERLINK "https://example.org/{title}" \\t "_blank" '
    assert "klik" in told(filled)
    simple = '<w:fldSimple w:instr=" HYPERLINK &quot;mailto:a@example.org?subject={{ title }}&quot; ">{}</w:fldSimple>'
    filled = field_of(pack, simple.replace("{}", "<w:r><w:t>{{ title }}</w:t></w:r>", 1).replace("{}", ""))
    (field,) = filled.xpath("./w:fldSimple")
    assert f'"mailto:a@example.org?subject={title}"' in next(iter(field.attrib.values()))
    assert told(filled) == word.words(pack)["title"]


def test_a_field_within_a_field_and_fields_of_other_kinds_stay_as_they_are(pack: Pack) -> None:
    inner = complex_field(" PAGE ")
    begin, rest = complex_field(" HYPERLINK &quot;https://example.org/", "?{{ title }}&quot; ").split("?", 1)
    cut = begin.rindex("<w:r>")
    assert "{{ title }}" in codes(field_of(pack, begin[:cut] + inner + begin[cut:] + "?" + rest))
    for other in (" INCLUDETEXT &quot;https://example.org/{{ title }}&quot; ", " DOCPROPERTY {{ title }} "):
        assert "{{ title }}" in codes(field_of(pack, complex_field(other)))


@pytest.mark.parametrize(
    ("code", "made"),
    [
        (' HYPERLINK "https://x.example/{{ title }}" ', ' HYPERLINK "https://x.example/a%22%20%5Co%20%22b%5C" '),
        (' hyperlink "{{ link }}"', ' hyperlink "https://portaal.example.org/"'),
        *((each, each) for each in (
            ' HYPERLINK "javascript:{{ title }}" ', ' HYPERLINK \\l "{{ title }}" ', ' HYPERLINK "{{ title }}" ',
            ' HYPERLINK "https://x.example/{{ unknown }}" ', " HYPERLINK ", "",
        )),
    ],
)  # fmt: skip
def test_what_is_filled_in_never_ends_the_address_in_the_code(code: str, made: str) -> None:
    known = {"title": 'a" \\o "b\\', "link": "https://portaal.example.org/"}
    assert instruction(code, known) == made
