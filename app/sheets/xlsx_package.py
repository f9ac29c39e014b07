"""The package around an XLSX sheet: limits, which sheet, shared texts, day formats, merged cells."""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from collections.abc import Callable, Iterator
from datetime import date
from typing import IO, Any
from xml.parsers import expat

from app.base.errors import Invalid
from app.base.states import N_
from app.base.zips import DAMAGED_ZIP
from app.sheets.reading import MAX_CELL, NO_SHEET

CHUNK = 1 << 16
MAX_RATIO = 100  # unpacked to packed
MAX_UNPACKED = 600 * 1024 * 1024
MAX_SHARED = 80 * 1024 * 1024  # characters of the table of texts
MAX_MERGES = 20_000
MAX_FORMAT = 255  # characters of the format of a number, by Excel
MAX_ROW = 1 << 20  # bytes of one row that are looked at as a whole
# What a tag may hold is bounded and nothing is looked at twice: a file made to cost time costs none.
_MERGE = re.compile(rb'<(?:\w{1,20}:)?mergeCell\b[^<>]{0,200}?\bref="([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})"')
# Only rows that say their number: those behind others count on from there.
_EMPTY_ROW = rb"<row\b(?=[^<>]{0,400}?\br=)[^<>]{0,400}(?:/>|(?<!/)>\s*(?:<c\b[^<>]*/>\s*)*</row>)"
_EMPTY_RUN = re.compile(rb"(?:(%b)\s*)++" % _EMPTY_ROW)
_REFERENCE = re.compile(r"([A-Z]{1,3})(\d{1,7})")
_QUOTED = re.compile(r'"[^"]*"|\[[^\]]*\]|\\.')
_DATE_FORMATS = frozenset({*range(14, 23), *range(27, 37), 45, 46, 47, *range(50, 59)})
_OTHER_PACKAGES = {"word/document.xml", "ppt/presentation.xml", "mimetype"}  # Word, PowerPoint, OpenDocument
MOST_SHEETS = 20  # that are looked into for the first with something in it
UNREADABLE = N_("This Excel file is damaged or unusual and cannot be read. Save it once more as .xlsx or CSV.")


def check(content: bytes) -> None:
    """Refuse what is no workbook, or unpacks to more than it should. Raises Invalid."""
    with opened(content) as package:
        if _OTHER_PACKAGES & {entry.filename for entry in package.infolist()}:
            raise Invalid(NO_SHEET)
        sheet_paths(package)


class opened:  # noqa: N801 (reads like open)
    """The zip, its promises checked; whatever is wrong inside comes out as Invalid."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def __enter__(self) -> zipfile.ZipFile:
        try:
            self.package = zipfile.ZipFile(io.BytesIO(self.content))
        except DAMAGED_ZIP:
            raise Invalid(UNREADABLE) from None
        entries = self.package.infolist()
        unpacked = sum(entry.file_size for entry in entries)
        if len(entries) > 10_000 or unpacked > min(MAX_UNPACKED, MAX_RATIO * len(self.content)):
            raise Invalid(N_("This file unpacks to far more than its size. Save only the sheet that is needed."))
        return self.package

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self.package.close()
        if isinstance(error, (*DAMAGED_ZIP, expat.ExpatError, ArithmeticError)):
            raise Invalid(UNREADABLE) from None


def _refuse(*_: object) -> None:
    raise Invalid(UNREADABLE)


def parsed(
    package: zipfile.ZipFile,
    path: str,
    start: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None] | None = None,
    data: Callable[[str], None] | None = None,
    take: Callable[[], list[Any]] | None = None,
    pieces: Callable[[IO[bytes]], Iterator[bytes]] | None = None,
) -> Iterator[Any]:
    """Feed a part to the handlers, as `pieces` gives it; after each piece give what `take` has ready."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = data
    with package.open(path) as part:
        for piece in pieces(part) if pieces else iter(lambda: part.read(CHUNK), b""):
            parser.Parse(piece, False)
            if take is not None:
                yield from take()
        parser.Parse(b"", True)
        if take is not None:
            yield from take()


def without_empty_rows(part: IO[bytes]) -> Iterator[bytes]:
    """The XML of a sheet, of each run of empty rows only the last: a spreadsheet of which whole columns
    were coloured holds a million of them, and two calls for each took seconds. Where a comment or CDATA
    may hold what looks like rows, everything is given as it is."""
    rest, plain = b"", True
    while piece := part.read(CHUNK):
        block, rest = rest + piece, b""
        plain = plain and b"<!" not in block
        if plain:
            cut = block.rfind(b"<row")
            if cut <= 0 or len(block) - cut > MAX_ROW:
                cut = block.rfind(b"<")
            block, rest = _EMPTY_RUN.sub(rb"\1", block[:cut]), block[cut:]
        yield block
    yield rest


def local(name: str) -> str:
    return name.rpartition(":")[2]


def sheet_paths(package: zipfile.ZipFile) -> tuple[list[str], date]:
    """The parts that hold the sheets shown, first to last, and the day the workbook counts from."""
    sheets: list[str] = []
    targets: dict[str, str] = {}
    old = False

    def in_workbook(name: str, attributes: dict[str, str]) -> None:
        nonlocal old
        if local(name) == "sheet" and attributes.get("state", "visible") == "visible":
            sheets.append(next((value for key, value in attributes.items() if local(key) == "id"), ""))
        if local(name) == "workbookPr" and attributes.get("date1904") in ("1", "true"):
            old = True

    def in_relations(name: str, attributes: dict[str, str]) -> None:
        if local(name) == "Relationship":
            targets[attributes["Id"]] = attributes["Target"]

    list(parsed(package, "xl/workbook.xml", in_workbook))
    list(parsed(package, "xl/_rels/workbook.xml.rels", in_relations))
    there = set(package.namelist())
    found = (targets[each] for each in sheets if each in targets)
    whole = (path.lstrip("/") if path.startswith("/") else posixpath.normpath(f"xl/{path}") for path in found)
    paths = [path for path in whole if path in there]
    if not paths:
        raise Invalid(UNREADABLE)
    return paths[:MOST_SHEETS], date(1904, 1, 1) if old else date(1899, 12, 30)


def texts(package: zipfile.ZipFile) -> list[str]:
    """The table of shared texts."""
    texts: list[str] = []
    pieces: list[str] = []
    inside, phonetic, total = False, False, 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal inside, phonetic
        tag = local(name)
        inside = tag == "t" and not phonetic
        phonetic = phonetic or tag == "rPh"

    def end(name: str) -> None:
        nonlocal inside, phonetic, total
        tag = local(name)
        inside = False
        if tag == "rPh":
            phonetic = False
        elif tag == "si":
            texts.append("".join(pieces)[:MAX_CELL])
            total += len(texts[-1])
            if total > MAX_SHARED:
                raise Invalid(UNREADABLE)
            pieces.clear()

    def data(text: str) -> None:
        if inside:
            pieces.append(text)

    if "xl/sharedStrings.xml" in package.namelist():
        list(parsed(package, "xl/sharedStrings.xml", start, end, data))
    return texts


def dated_styles(package: zipfile.ZipFile) -> frozenset[int]:
    """Styles of cells whose number is a day."""
    own: dict[int, bool] = {}
    dated: list[int] = []
    count, inside = 0, False

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal count, inside
        tag = local(name)
        if tag == "numFmt":
            bare = _QUOTED.sub("", attributes.get("formatCode", "")[:MAX_FORMAT]).lower()
            own[int(attributes["numFmtId"])] = any(letter in bare for letter in "dy")
        elif tag == "cellXfs":
            inside = True
        elif tag == "xf" and inside:
            form = int(attributes.get("numFmtId", 0))
            if own.get(form, form in _DATE_FORMATS):
                dated.append(count)
            count += 1

    def end(name: str) -> None:
        nonlocal inside
        if local(name) == "cellXfs":
            inside = False

    if "xl/styles.xml" in package.namelist():
        list(parsed(package, "xl/styles.xml", start, end))
    return frozenset(dated)


def merges(package: zipfile.ZipFile, path: str) -> dict[int, list[tuple[int, int, int]]]:
    """First row → (first column, last column, last row) of merged cells. They stand behind the rows
    they are about, so the part is skimmed for them first, without parsing."""
    found: dict[int, list[tuple[int, int, int]]] = {}
    count, tail = 0, b""
    with package.open(path) as part:
        while piece := part.read(1 << 20):
            block = tail + piece
            if b"mergeCell" in block:
                used = 0
                for match in _MERGE.finditer(block):
                    left, top, right, bottom = match.groups()
                    spot = (column(left.decode()), column(right.decode()), int(bottom))
                    found.setdefault(int(top), []).append(spot)
                    used, count = match.end(), count + 1
                    if count > MAX_MERGES:
                        raise Invalid(N_("There are too many merged cells in this sheet. Split them first."))
                block = block[used:]
            tail = block[-200:]
    return found


def column(letters: str) -> int:
    index = 0
    for letter in letters:
        index = index * 26 + ord(letter) - 64
    return index - 1
