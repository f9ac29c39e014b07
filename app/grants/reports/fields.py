"""The links that Word keeps as the code of a field: HYPERLINK "https://…" in the runs of a paragraph, or in one
attribute. Their addresses are filled like any other link's; fields of other kinds, and with fields in them, stay."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from app.grants.reports.link_targets import filled

if TYPE_CHECKING:
    from docx.text.paragraph import Paragraph

_HYPERLINK = re.compile(r'(\s*HYPERLINK\s+")([^"]*)(".*)', re.IGNORECASE | re.DOTALL)


def instruction(code: str, known: Mapping[str, str]) -> str:
    """The code with its address filled. What is filled in is encoded: it holds no quote that would end it."""
    found = _HYPERLINK.fullmatch(code)
    return f"{found[1]}{filled(found[2], known)}{found[3]}" if found else code


def fill(paragraph: Paragraph, known: Mapping[str, str]) -> None:
    """Fill the codes of the fields that begin in this paragraph."""
    from docx.oxml.ns import qn

    for field in paragraph._p.iter(qn("w:fldSimple")):
        if next(field.iterancestors(qn("w:p"))) is paragraph._p:
            field.set(qn("w:instr"), instruction(field.get(qn("w:instr")) or "", known))
    for pieces in _codes(paragraph):
        whole = "".join(piece.text or "" for piece in pieces)
        if (made := instruction(whole, known)) != whole:
            for piece in pieces:
                piece.text = ""
            pieces[0].text = made


def _codes(paragraph: Paragraph) -> list[list[Any]]:
    """The pieces that make up the code of each field, of those without a field in it."""
    from docx.oxml.ns import qn

    found: list[list[Any]] = []
    stack: list[list[Any] | None] = []  # None: its code is over, or holds another field
    for each in paragraph._p.iter(qn("w:fldChar"), qn("w:instrText")):
        if next(each.iterancestors(qn("w:p"))) is not paragraph._p:
            continue
        kind = each.get(qn("w:fldCharType")) if each.tag == qn("w:fldChar") else "code"
        if kind == "begin":
            if stack:
                stack[-1] = None
            stack.append([])
        elif stack and kind == "code" and stack[-1] is not None:
            stack[-1].append(each)
        elif stack and kind in ("separate", "end"):
            if pieces := stack.pop():
                found.append(pieces)
            if kind == "separate":
                stack.append(None)
    return found
