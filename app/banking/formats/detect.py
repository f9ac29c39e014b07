"""Which kind of file this is, by its content alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from io import BufferedReader

from app.banking.formats import camt, csv_file, mt940
from app.banking.formats.csv_columns import Columns
from app.banking.formats.facts import Facts, Format, Unreadable
from app.base.states import N_

_LOOK = 4096
_MT940 = re.compile(rb"^(?:\{1:F\d\d.*)?:(?:20|940):", re.MULTILINE)
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def read(source: BufferedReader, known: Sequence[Columns] = ()) -> tuple[Format, Facts]:
    """The format and a stream of facts of a file open at its beginning. `known` are the columns of CSV files.

    Raises Unreadable where it is none that we know.
    """
    head = source.peek(_LOOK)[:_LOOK]
    bare = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if bare.startswith(b"<") or head.startswith(_UTF16):
        return camt.read(source)
    if _MT940.search(head):
        return mt940.read(source)
    if csv_file.looks_like(head):
        return Format.CSV, csv_file.read(source, known)
    raise Unreadable(
        N_("This is not a bank file that Draagvlak knows: use CAMT.053, CAMT.054, CAMT.052, MT940 or CSV."),
        advice="",
    )
