"""Which kind of file this is, by its content alone."""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from io import BufferedReader, RawIOBase
from typing import Any

from app.banking.formats import camt, csv_file, mt940
from app.banking.formats.csv_columns import Columns
from app.banking.formats.facts import Facts, Format, Unreadable
from app.base.states import N_

_LOOK = 4096
_MT940 = re.compile(rb"(?:^|[\r\n])(?:\{1:F\d\d.*)?:(?:20|25|940):")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def read(source: BufferedReader, known: Sequence[Columns] = ()) -> tuple[Format, Facts]:
    """The format and a stream of facts of a file open at its beginning. `known` are the columns of CSV files.

    Raises Unreadable where it is none that we know.
    """
    head = source.peek(_LOOK)[:_LOOK]
    bare = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if bare.startswith(b"PK\x03\x04") and b"[Content_Types]" not in head:
        raise Unreadable(N_("This is a ZIP file."), advice=N_("Unpack it, and give the bank files inside it."))
    if head.startswith(_UTF16) and not head.decode("utf-16", "ignore").lstrip().startswith("<"):
        return read(BufferedReader(_AsUtf8(source)), known)
    if b"CstmrPmtStsRpt>" in bare:
        raise Unreadable(
            N_("This is a status report on direct debits (pain.002), no bank statement."),
            advice=N_("Bring it in under Direct debit batches."),
        )
    if bare.startswith(b"<") or head.startswith(_UTF16):
        return camt.read(source)
    if _MT940.search(bare):
        return mt940.read(source)
    if csv_file.looks_like(head):
        return Format.CSV, csv_file.read(source, known)
    raise Unreadable(
        N_("This is not a bank file that Draagvlak knows: use CAMT.053, CAMT.054, CAMT.052, MT940 or CSV."),
        advice="",
    )


class _AsUtf8(RawIOBase):
    """A UTF-16 file as UTF-8, piece by piece."""

    def __init__(self, source: BufferedReader) -> None:
        self._source = source
        self._decoder = codecs.getincrementaldecoder("utf-16")("replace")
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest:
            piece = self._source.read(_LOOK)
            self._rest = self._decoder.decode(piece, final=not piece).encode()
            if not piece:
                break
        count = min(len(buffer), len(self._rest))
        buffer[:count], self._rest = self._rest[:count], self._rest[count:]
        return count
