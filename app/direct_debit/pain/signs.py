"""The signs that banks carry (DOMAIN.md 1.2): others are written in those, and what is left is refused."""

from __future__ import annotations

import re
import unicodedata

from app.base.errors import Invalid
from app.base.states import N_

NAME, TEXT, REFERENCE = 70, 140, 35  # the most signs of Nm, Ustrd and of every id
_READY = re.compile(r"[A-Za-z0-9][A-Za-z0-9/\-?:().,'+]*(?: [A-Za-z0-9/\-?:().,'+]+)*")  # nothing to do
_CARRIED = re.compile(r"[A-Za-z0-9/\-?:().,'+ ]*")
_WRITTEN = str.maketrans(
    {
        "&": "+", "’": "'", "‘": "'", "`": "'", "´": "'", '"': "'", "“": "'", "”": "'", "„": "'", "–": "-", "—": "-",
        "_": "-", "…": "...", ";": ",", "!": ".", "[": "(", "]": ")", "{": "(", "}": ")", "ß": "ss", "æ": "ae",
        "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ð": "d",
        "Ð": "D", "þ": "th", "Þ": "Th", "ı": "i", "ĳ": "ij", "Ĳ": "IJ", "€": "EUR", "\t": " ", "\n": " ", "\u00a0": " ",
    }
)  # fmt: skip


def carried(text: str, most: int) -> str:
    """The text in signs that banks carry, at most `most` of them. Raises Invalid where some cannot be written so,
    or nothing is left."""
    if len(text) <= most and _READY.fullmatch(text):
        return text
    if not _CARRIED.fullmatch(text):
        bare = unicodedata.normalize("NFKD", text.translate(_WRITTEN))
        text = "".join(sign for sign in bare if not unicodedata.combining(sign))
        if not _CARRIED.fullmatch(text):
            left = "".join(sorted({sign for sign in text if not _CARRIED.fullmatch(sign)}))
            raise Invalid(N_("Banks do not carry these signs: %(signs)s"), signs=left)
    short = " ".join(text.split())[:most].rstrip()
    if not short.strip("/-?:().,'+ "):
        raise Invalid(N_("Nothing is left of this in signs that banks carry."))
    return short
