"""Where the links of a funder's template lead. A placeholder in an address is filled as text: encoded, so that
it adds no parts of an address, and only in what opens a page or a mail. Any other address stays as it is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from docx.opc.rel import _Relationship
    from docx.text.paragraph import Paragraph

# Word writes spaces in an address as %20, and braces now as they are, now as %7B and %7D.
_PLACEHOLDER = re.compile(
    r"(?:\{|%7B){2}(?:\s|%20)*([a-z_]{1,40}(?:\.[a-z_]{1,40})?)(?:\s|%20)*(?:\}|%7D){2}", re.IGNORECASE
)
_OPENS = re.compile(r"(?:https?://|mailto:)", re.IGNORECASE)
_PARTS = ":/?#[]@!$&'()*+,;=%"  # what a whole address is made of, besides letters and digits
LONGEST = 2000  # characters; Word follows no longer address


def filled(target: str, known: Mapping[str, str]) -> str:
    """The address with its placeholders filled, or as it was where that gives no safe one."""
    if (whole := _PLACEHOLDER.fullmatch(target.strip())) and whole[1] in known:
        made = quote(known[whole[1]].strip(), safe=_PARTS)
    elif _OPENS.match(target):
        made = _PLACEHOLDER.sub(lambda at: quote(known[at[1]], safe="") if at[1] in known else at[0], target)
    else:
        return target
    return made if _OPENS.match(made) and len(made) <= LONGEST else target


def fill(paragraph: Paragraph, known: Mapping[str, str]) -> None:
    """Lead the links of a paragraph, on words or on a picture, to the filled addresses."""
    from docx.oxml.ns import qn

    addresses = paragraph.part.rels
    for link in paragraph._p.iter(qn("w:hyperlink"), qn("a:hlinkClick")):
        found = addresses.get(link.get(qn("r:id")) or "")
        if not (found and _is_address(found)) or next(link.iterancestors(qn("w:p"))) is not paragraph._p:
            continue
        if (made := filled(found.target_ref, known)) != found.target_ref:
            # Of its own: in a row that is repeated each line has another address.
            number = len(addresses)
            while (name := f"filled{number}") in addresses:
                number += 1
            addresses.add_relationship(found.reltype, made, name, is_external=True)
            link.set(qn("r:id"), name)


def tidy(part: Any) -> None:
    """Drop the addresses with placeholders that no link leads to any more."""
    from docx.oxml.ns import qn

    used = {element.get(qn("r:id")) for element in part.element.iter()}
    for name, found in list(part.rels.items()):
        if _is_address(found) and name not in used and _PLACEHOLDER.search(found.target_ref):
            del part.rels[name]


def _is_address(found: _Relationship) -> bool:
    from docx.opc.constants import RELATIONSHIP_TYPE

    return bool(found.is_external) and found.reltype == RELATIONSHIP_TYPE.HYPERLINK
