"""PDF from typst templates in templates/pdf/: archival (PDF/A-2a) and accessible (PDF/UA-1).

The template reads its data as JSON (`json(bytes(sys.inputs.data))`), so text is only ever text; it can
read nothing outside templates/pdf/. The same template and data give the same bytes. Fonts come from
installed packages; a letter they do not hold (an emoji, Chinese) becomes a visible ◊, since an archival
PDF may not contain a letter it cannot show.
"""

from __future__ import annotations

import json
import struct
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from config import ROOT

if TYPE_CHECKING:
    from typst import Compiler

TEMPLATES = ROOT / "templates" / "pdf"
MISSING = "\u25ca"
_turn = Lock()  # one compiler, one document at a time (about 10 ms each)


@dataclass(frozen=True, slots=True)
class _Press:
    """The compiler with its fonts, and the code points the fonts can show."""

    compiler: Compiler
    shown: frozenset[int]


def render(template: str, data: dict[str, Any]) -> bytes:
    """The PDF of a template (a path below templates/pdf/, such as "letter.typ"). Slow work: no transaction open.

    `data` is anything JSON can hold; `data["date"]` (ISO) becomes the document's date.
    """
    path = (TEMPLATES / template).resolve()
    if not path.is_relative_to(TEMPLATES) or path.suffix != ".typ":
        raise ValueError(f"not a template: {template}")
    with _turn:
        press = _press()
        inputs = {"data": json.dumps(_showable(data, press.shown), ensure_ascii=False, sort_keys=True)}
        made = press.compiler.compile(
            str(path), format="pdf", sys_inputs=inputs, pdf_standards=["a-2a", "ua-1"], timestamp=0
        )  # fmt: skip
    if not isinstance(made, bytes):
        raise RuntimeError(f"{template} gave no document")
    return made


@lru_cache(maxsize=1)
def _press() -> _Press:
    # Imported here: 30 MB that only documents need.
    import font_source_sans_pro
    import font_source_serif_pro
    from typst import Compiler, Fonts

    folders = [font_source_sans_pro.font_directory, font_source_serif_pro.font_directory]
    fonts = Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=folders)
    cuts = [code_points(Path(folders[0]) / f"SourceSansPro-{cut}.ttf") for cut in ("Regular", "Semibold", "Bold")]
    shown = frozenset.intersection(*cuts)  # the serif falls back on these
    return _Press(Compiler(root=str(TEMPLATES), font_paths=fonts), shown)


def _showable(value: Any, shown: frozenset[int]) -> Any:
    """The same data with letters the fonts cannot show replaced by ◊, joiners left out."""
    if isinstance(value, str):
        text = unicodedata.normalize("NFC", value)
        return "".join(c if ord(c) in shown or c in "\n\t" else _stand_in(c) for c in text)
    if isinstance(value, dict):
        return {key: _showable(inner, shown) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_showable(inner, shown) for inner in value]
    return value


def _stand_in(char: str) -> str:
    category = unicodedata.category(char)
    if category == "Zs":
        return " "
    return "" if category in ("Cc", "Cf", "Cs", "Mn", "Me") else MISSING


def code_points(font: Path) -> frozenset[int]:
    """What a TrueType font can show, from the parts 4 and 12 of its `cmap` table."""
    blob = font.read_bytes()
    tables = struct.unpack_from(">H", blob, 4)[0]
    records = (struct.unpack_from(">4sLLL", blob, 12 + 16 * n) for n in range(tables))
    start = next(offset for tag, _sum, offset, _length in records if tag == b"cmap")
    found: set[int] = set()
    for n in range(struct.unpack_from(">H", blob, start + 2)[0]):
        at = start + struct.unpack_from(">L", blob, start + 4 + 8 * n + 4)[0]
        kind = struct.unpack_from(">H", blob, at)[0]
        if kind == 4:
            found.update(_mapped(blob, at))
        elif kind == 12:
            for group in range(struct.unpack_from(">L", blob, at + 12)[0]):
                first, last = struct.unpack_from(">LL", blob, at + 16 + 12 * group)
                found.update(range(first, last + 1))
    return frozenset(found)


def _mapped(blob: bytes, at: int) -> Iterator[int]:
    """The code points of a part 4 that lead to a glyph; ranges also hold some that do not."""
    count = struct.unpack_from(">H", blob, at + 6)[0] // 2
    ends, starts, deltas, offsets = (
        struct.unpack_from(f">{count}H", blob, at + place + 2 * count * nth)
        for nth, place in enumerate((14, 16, 16, 16))
    )
    for n, (first, last) in enumerate(zip(starts, ends, strict=True)):
        for code in range(first, last + 1):
            glyph = code
            if offsets[n]:
                where = at + 16 + 6 * count + 2 * n + offsets[n] + 2 * (code - first)
                glyph = struct.unpack_from(">H", blob, where)[0]
            if glyph and (glyph + deltas[n]) & 0xFFFF and code != 0xFFFF:
                yield code
