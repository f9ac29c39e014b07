"""The footnotes and endnotes of a Word file, which python-docx keeps as bytes, made into parts that can be filled."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from docx.document import Document
    from docx.opc.part import XmlPart


def opened(document: Document) -> list[XmlPart]:
    """The parts of the notes; what is changed in them is saved with the document."""
    from docx.opc.constants import RELATIONSHIP_TYPE
    from docx.opc.part import XmlPart

    found = []
    for relation in document.part.rels.values():
        if relation.is_external or relation.reltype not in (RELATIONSHIP_TYPE.FOOTNOTES, RELATIONSHIP_TYPE.ENDNOTES):
            continue
        part = relation.target_part
        if not isinstance(part, XmlPart):
            made = XmlPart.load(part.partname, part.content_type, part.blob, part.package)
            made.rels.update(part.rels)
            relation._target = made
            part = made
        found.append(part)
    return found
