"""The story of a campaign: plain text in which blank lines part paragraphs and web addresses are links."""

from __future__ import annotations

import re

# An address ends before the full stop or bracket of its sentence.
_ADDRESS = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)\]]")
Part = tuple[str, bool]  # text, and whether it is an address


def paragraphs(story: str) -> list[list[Part]]:
    """Paragraphs as parts; the template escapes them."""
    return [_parts(text.strip()) for text in re.split(r"\n\s*\n", story.replace("\r\n", "\n")) if text.strip()]


def _parts(text: str) -> list[Part]:
    parts, at = [], 0
    for found in _ADDRESS.finditer(text):
        parts += [(text[at : found.start()], False), (found[0], True)]
        at = found.end()
    parts.append((text[at:], False))
    return [part for part in parts if part[0]]
