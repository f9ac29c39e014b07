"""The lines of an MT940 file, put together by tag."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

# No tags of the file: the four letters of the bank that it names, where a message of SWIFT begins, where one ends.
BANK, BEGINS, ENDS = "bank", "begins", "ends"
_TAG = re.compile(r":(20|21|25|28C?|60[FM]|61|62[FM]|64|65|86|940|13D?|34F|90[CD]|NS):(.*)", re.DOTALL)
_BANK = re.compile(r"(?:\{1:F\d\d|\d{4} \d\d)?([A-Z]{4})NL\d[0-9A-Z]")
_ENDS = ("-", "-XXX", "XXX")
_PIECE = 1 << 16  # bytes read at once
_LINE_END = re.compile(rb"\r\n|\r|\n")
# A text that is broken in a time, `12` and `:20:45`, looks like the beginning of a statement.
_HOUR, _MINUTES = re.compile(r"(?<!\d)[0-2]\d"), re.compile(r":[0-5]\d:[0-5]\d(?!\d)")


def tags(source: BinaryIO) -> Iterator[tuple[str, int, list[str]]]:
    """(tag, number of its first line, its lines), one after another."""
    tag, before, number = "", "", 0
    parts: list[str] = []
    for line_number, text in _lines(source):
        mark = _TAG.match(text)
        of_entry = tag == "86" and before in ("61", "86")
        if mark is not None and not (of_entry and _goes_on(parts[-1], text)):
            if tag:
                yield tag, number, parts
            before, tag, number, parts = tag, mark[1], line_number, [mark[2]]
        elif (text.strip() in _ENDS and not of_entry) or text.startswith(("{1:", "-}")):
            if tag:
                yield tag, number, parts
            tag, before = "", ""
            yield BEGINS if text.startswith("{1:") else ENDS, line_number, []
            if bank := _BANK.search(text):
                yield BANK, line_number, [bank[1]]
        elif tag:
            parts.append(text)
        elif bank := _BANK.match(text):
            yield BANK, line_number, [bank[1]]
    if tag:
        yield tag, number, parts


def _goes_on(line: str, text: str) -> bool:
    return _HOUR.fullmatch(line[-2:]) is not None and not line[-3:-2].isdigit() and _MINUTES.match(text) is not None


def _lines(source: BinaryIO) -> Iterator[tuple[int, str]]:
    """Numbered lines, as UTF-8 or else cp1252; the choice is made per line, so that memory stays flat."""
    for number, raw in enumerate(_raw_lines(source), start=1):
        try:
            text = raw.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError:
            text = raw.decode("cp1252", "replace")
        yield number, text.replace("\0", "")


def _raw_lines(source: BinaryIO) -> Iterator[bytes]:
    """Lines that end in CR LF, LF or CR alone."""
    rest = b""
    while piece := source.read(_PIECE):
        if piece.endswith(b"\r"):
            piece += source.read(1)
        *whole, rest = _LINE_END.split(rest + piece)
        yield from whole
        if len(rest) > _PIECE:  # no line of a bank
            yield rest
            rest = b""
    if rest:
        yield rest
