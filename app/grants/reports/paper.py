"""Our own Word file of a report: A4 in the look of the house, a cover, tables whose head row repeats.

What it says is put together as text and put in its place in a package that is made once for each language.
Adding cells one by one, or reading and writing the package each time, took most of the time of a report pack.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from functools import lru_cache
from typing import Any
from xml.sax.saxutils import escape

from app.grants.reports.pack import Pack, facts, tables
from app.organisation.letterhead import letterhead
from app.ui.languages import language

WIDTH = 9071  # twips: the 160 mm that A4 leaves between margins of 25 mm
_LABELS = 2800  # of which the labels of the cover take so much
_LINE, _INK, _MUTED, _PETROL, _ACCENT = "C9BFB0", "1B2A33", "56626B", "0F5C63", "B4510F"
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_NAMESPACE = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_PLACE, _KNOWN = b"<w:p><w:r><w:t>PLACE</w:t></w:r></w:p>", b"<dc:title>KNOWN</dc:title>"
_UNUSED = ("customXml", "numbering", "stylesWithEffects", "webSettings")


def clean(text: str) -> str:
    """Without the few characters XML has no place for."""
    return _CONTROLS.sub("", text)


def as_docx(pack: Pack) -> bytes:
    """The report: cover, texts in their order, tables."""
    head = letterhead()
    known = f"<dc:creator>{escape(clean(head['name'])[:255])}</dc:creator>"
    known += f"<dc:title>{escape(clean(pack.title)[:255])}</dc:title>"
    told = {_PLACE: (_cover(pack, head) + _content(pack)).encode(), _KNOWN: known.encode()}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for name, before, place, after in _blank(language(), head["name"]):
            package.writestr(name, before + told.get(place, b"") + after)
    return out.getvalue()


def grid(table: dict[str, Any]) -> Any:
    """A table of the report as an element of a document: bold labels and totals, amounts to the right."""
    return _parsed(_grid(table))[0]


def _cover(pack: Pack, head: dict[str, Any]) -> str:
    rows = "".join(
        f"<w:tr>{_cell(_line(label, color=_MUTED), _LABELS)}{_cell(_line(value), WIDTH - _LABELS)}</w:tr>"
        for label, value in facts(pack)
    )
    columns = f'<w:tblGrid><w:gridCol w:w="{_LABELS}"/><w:gridCol w:w="{WIDTH - _LABELS}"/></w:tblGrid>'
    return (
        _line(head["name"], color=_ACCENT, before=2600)
        + _line(pack.title, style="Title")
        + _line(pack.line.subject, style="Subtitle")
        + f"<w:tbl><w:tblPr>{_TABLE.format(borders='')}</w:tblPr>{columns}{rows}</w:tbl>"
        + _line(" · ".join(head["footer"]), color=_MUTED, before=900)
    )


def _content(pack: Pack) -> str:
    made: list[str] = []
    for part in pack.texts:
        made.append(_line(part.title, style="Heading1", new_page=not made))
        if part.partner_name:
            made.append(_line(part.partner_name, color=_PETROL, keep=True))
        made += [_line(text, style="BodyText") for text in re.split(r"\n\s*\n", part.answer)]
    for table in tables(pack):
        made += [_line(table["heading"], style="Heading1", new_page=not made), _grid(table)]
    return "".join(made)


def _line(
    text: str,
    *,
    style: str = "",
    color: str = "",
    bold: bool = False,
    right: bool = False,
    before: int = 0,
    after: int = 0,
    keep: bool = False,
    new_page: bool = False,
) -> str:
    """A paragraph; `before` and `after` in twentieths of a point, `keep` holds it on one page with the next."""
    shape = (
        (f'<w:pStyle w:val="{style}"/>' if style else "")
        + ("<w:keepNext/>" if keep else "")
        + ("<w:pageBreakBefore/>" if new_page else "")
        + (f'<w:spacing w:before="{before}" w:after="{after}"/>' if before or after else "")
        + ('<w:jc w:val="right"/>' if right else "")
    )
    letters = ("<w:b/>" if bold else "") + (f'<w:color w:val="{color}"/>' if color else "")
    pieces = re.split(r"(\t|\r\n|\r|\n)", clean(text))
    words = [f'<w:t xml:space="preserve">{escape(piece)}</w:t>' for piece in pieces[::2]]
    breaks = ["<w:tab/>" if piece == "\t" else "<w:br/>" for piece in pieces[1::2]]
    run = "".join(word + after for word, after in zip(words, [*breaks, ""], strict=True))
    return f"<w:p><w:pPr>{shape}</w:pPr><w:r><w:rPr>{letters}</w:rPr>{run}</w:r></w:p>"


def _grid(table: dict[str, Any]) -> str:
    rows = [table["columns"], *table["rows"], *([table["total"]] if table["total"] else [])]
    numbers, widths = table["numbers"], _widths(len(table["columns"]), table["numbers"])
    made = []
    for place, row in enumerate(rows):
        head, total = place == 0, bool(table["total"]) and place == len(rows) - 1
        cells = "".join(
            _cell(_line(text, bold=head or total, right=index in numbers, keep=head), widths[index], _RULE * total)
            for index, text in enumerate(row)
        )
        made.append(f"<w:tr><w:trPr><w:cantSplit/>{'<w:tblHeader/>' * head}</w:trPr>{cells}</w:tr>")
    columns = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
    shape = f"<w:tblPr>{_TABLE.format(borders=_RULES)}</w:tblPr><w:tblGrid>{columns}</w:tblGrid>"
    return f"<w:tbl>{shape}{''.join(made)}</w:tbl>"


def _widths(columns: int, numbers: Sequence[int]) -> list[int]:
    """Most room for the first column, least for amounts; together the width of the text."""
    shares = [13 if index in numbers else 24 if index == 0 else 20 for index in range(columns)]
    return [WIDTH * share // sum(shares) for share in shares]


def _cell(content: str, width: int, rule: str = "") -> str:
    return f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>{rule}</w:tcPr>{content}</w:tc>'


def _parsed(content: str) -> list[Any]:
    from docx.oxml import parse_xml

    return list(parse_xml(f'<w:body xmlns:w="{_NAMESPACE}">{content}</w:body>'))


@lru_cache(maxsize=8)
def _blank(lang: str, organisation: str) -> list[tuple[str, bytes, bytes, bytes]]:
    """An empty document of the house: page, foot and styles, and nothing that a report does not use.

    The parts of its package: name, what comes before the place of a report's own words, that place, what comes after.
    """
    import docx
    from docx.shared import Mm

    document = docx.Document()
    document.styles.element[:] = _parsed(_STYLES.replace("LANG", {"nl": "nl-NL"}.get(lang, "en-GB")))
    for relation in [each.rId for each in document.part.rels.values() if each.reltype.endswith(_UNUSED)]:
        document.part.rels.pop(relation)
    known = document.core_properties
    known._element[:] = []  # who wrote the model that python-docx comes with, and when
    known.title = "KNOWN"
    document.element.body[:-1] = _parsed("<w:p><w:r><w:t>PLACE</w:t></w:r></w:p>")  # the last one describes the page
    page = document.sections[0]
    page.page_width, page.page_height = Mm(210), Mm(297)
    page.left_margin = page.right_margin = Mm(25)
    page.top_margin = page.bottom_margin = Mm(26)
    fields = [f'<w:fldSimple w:instr="{field}"><w:r><w:t>1</w:t></w:r></w:fldSimple>' for field in ("PAGE", "NUMPAGES")]
    page.footer._element[:] = _parsed(
        f'<w:p><w:pPr><w:pStyle w:val="Footer"/><w:tabs><w:tab w:val="right" w:pos="{WIDTH}"/></w:tabs></w:pPr>'
        f"<w:r><w:t>{escape(clean(organisation))}</w:t><w:tab/></w:r>{fields[0]}"
        f'<w:r><w:t xml:space="preserve"> / </w:t></w:r>{fields[1]}</w:p>'
    )
    out, parts = io.BytesIO(), []
    document.save(out)
    with zipfile.ZipFile(out) as package:
        for name in package.namelist():
            content = package.read(name)
            place = next((each for each in (_PLACE, _KNOWN) if each in content), b"")
            before, _found, after = content.partition(place) if place else (content, b"", b"")
            parts.append((name, before, place, after))
    return parts


_TABLE = (
    f'<w:tblW w:w="{WIDTH}" w:type="dxa"/>{{borders}}<w:tblLayout w:type="fixed"/><w:tblCellMar>'
    '<w:top w:w="50" w:type="dxa"/><w:left w:w="0" w:type="dxa"/>'
    '<w:bottom w:w="50" w:type="dxa"/><w:right w:w="110" w:type="dxa"/></w:tblCellMar>'
)
_HAIRLINE = f'w:val="single" w:sz="4" w:space="0" w:color="{_LINE}"'
_RULES = f"<w:tblBorders><w:bottom {_HAIRLINE}/><w:insideH {_HAIRLINE}/></w:tblBorders>"
_RULE = f'<w:tcBorders><w:top w:val="single" w:sz="8" w:space="0" w:color="{_INK}"/></w:tcBorders>'


def _style(name: str, letters: str, shape: str) -> str:
    named = f'w:styleId="{name.title().replace(" ", "")}"><w:name w:val="{name}"/><w:basedOn w:val="Normal"/>'
    named += '<w:next w:val="Normal"/><w:qFormat/>'
    return f'<w:style w:type="paragraph" {named}<w:pPr>{shape}</w:pPr><w:rPr>{letters}</w:rPr></w:style>'


_SERIF = '<w:rFonts w:ascii="Georgia" w:hAnsi="Georgia" w:cs="Georgia"/>'
_STYLES = (
    '<w:docDefaults><w:rPrDefault><w:rPr><w:rFonts w:ascii="Calibri" w:hAnsi="Calibri" w:cs="Calibri"/>'
    f'<w:color w:val="{_INK}"/><w:sz w:val="21"/><w:szCs w:val="21"/><w:lang w:val="LANG"/></w:rPr></w:rPrDefault>'
    '<w:pPrDefault><w:pPr><w:spacing w:after="0" w:line="264" w:lineRule="auto"/></w:pPr></w:pPrDefault>'
    "</w:docDefaults>"
    '<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/><w:qFormat/></w:style>'
    '<w:style w:type="table" w:default="1" w:styleId="TableNormal"><w:name w:val="Normal Table"/></w:style>'
    + _style("Title", f'{_SERIF}<w:b/><w:sz w:val="52"/>', '<w:spacing w:before="120" w:after="60"/>')
    + _style("Subtitle", f'{_SERIF}<w:color w:val="{_PETROL}"/><w:sz w:val="30"/>', '<w:spacing w:after="700"/>')
    + _style(
        "heading 1",
        f'{_SERIF}<w:b/><w:sz w:val="28"/>',
        '<w:keepNext/><w:spacing w:before="360" w:after="100"/><w:outlineLvl w:val="0"/>',
    )
    + _style("Body Text", "", '<w:spacing w:after="140"/>')
    + _style("footer", f'<w:color w:val="{_MUTED}"/><w:sz w:val="17"/>', "")
)
