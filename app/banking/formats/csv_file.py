"""CSV of any bank, read by what was said of its columns (csv_columns.py).

A file may hold several of our accounts, oldest or newest first. Where it tells the balance after each line, that is
followed from line to line, so a line that is missing is seen; where it does not, nothing can be
checked and that is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from io import BufferedReader

from app.banking.formats import csv_text
from app.banking.formats.csv_columns import Columns, came_in
from app.banking.formats.facts import (
    ELSEWHERE,
    MAX_CENTS,
    Balance,
    Closed,
    Entry,
    Fact,
    Facts,
    Opened,
    Transaction,
    Unreadable,
    provided,
)
from app.base.errors import DomainError
from app.base.iban import check_iban
from app.base.money import EUR
from app.base.states import N_
from app.sheets import csv_reader
from app.sheets.amounts import cents_of
from app.sheets.reading import Row

MAX_BYTES = 40 * 1024 * 1024
_LONGEST = 2000  # characters of a description
_LOOK = 12  # rows in which the headings are looked for


class UnknownColumns(Unreadable):
    """It is a CSV, and nobody said yet what its columns mean."""


def looks_like(head: bytes) -> bool:
    """Whether these first bytes of a file are of a CSV: text with the same separator in most lines."""
    if b"\x00" in head or head.lstrip()[:1] in (b"<", b"{", b":"):
        return False
    try:
        rows = list(csv_reader.rows(_cut(head)))
    except DomainError:
        return False
    return bool(rows) and max(len(row.cells) for row in rows) >= 3


def _cut(head: bytes) -> str:
    """The whole lines of the beginning of a file, so that no letter is cut in two."""
    end = head.rfind(b"\n")
    return csv_reader.decoded(head[: end + 1] if end > 0 else head)


def read(source: BufferedReader, known: Sequence[Columns]) -> Facts:
    """The facts of a CSV of which one of these says what its columns are."""
    return facts_of(rows_of(source), known)


def facts_of(rows: Sequence[Row], known: Sequence[Columns]) -> Facts:
    """The facts of these rows of a CSV, title rows above the headings left out."""
    below, fitting = lines_of(rows, known)
    return _facts(below, fitting)


def lines_of(rows: Sequence[Row], known: Sequence[Columns]) -> tuple[Sequence[Row], list[Columns]]:
    """(the rows that are lines, what may say what their columns are). Raises UnknownColumns."""
    for start, row in enumerate(rows[:_LOOK]):
        fitting = [each for each in known if each.fits(row)]
        if fitting:
            return rows[start + 1 if fitting[0].headings else start :], fitting
    raise UnknownColumns(
        N_("What the columns of this CSV mean is not known yet: say it once on the page of this file."), advice=""
    )


def wrong_lines(rows: Sequence[Row], columns: Columns, most: int) -> list[Unreadable]:
    """What is wrong, line by line, of at most so many lines."""
    found: list[Unreadable] = []
    for row in rows:
        try:
            _line(row, columns)
        except Unreadable as error:
            found.append(error)
            if len(found) == most:
                break
    return found


def rows_of(source: BufferedReader) -> list[Row]:
    """All rows of the file. Raises Unreadable."""
    content = source.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise Unreadable(N_("This file is larger than %(most)s MB."), advice="", most=MAX_BYTES >> 20)
    try:
        return list(csv_reader.rows(csv_reader.decoded(content)))
    except DomainError as error:
        raise Unreadable(error.message, line=error.params.get("row"), **error.params) from None  # type: ignore[arg-type]


def _facts(rows: Sequence[Row], fitting: Sequence[Columns]) -> Iterator[Fact]:
    """Account by account. Columns of several accounts fit alike only where each line says of which it is."""
    columns = fitting[0]
    if len({each.account for each in fitting}) > 1 and "own" not in columns.at:
        said = N_("Files of several accounts have these columns: say on the page of this file of which account it is.")
        raise UnknownColumns(said, advice="")
    told: dict[str, list[tuple[Row, Entry, int | None]]] = {}
    for row in rows:
        line = _line(row, columns)
        told.setdefault(_own(row, columns), []).append(line)
    if not told:
        raise Unreadable(N_("There are no lines in this file."))
    for account, lines in told.items():
        ordered = _oldest_first(lines)
        first, last = ordered[0], ordered[-1]
        opening = closing = None
        if "balance" in columns.at:
            assert first[2] is not None
            assert last[2] is not None
            opening = Balance(first[2] - first[1].cents, first[1].booked_on)
            closing = Balance(last[2], last[1].booked_on)
        yield Opened(account, EUR, number="", opening=opening, line=first[0].number)
        for _, entry, _ in ordered:
            yield entry
        yield Closed(closing, line=last[0].number)


def _oldest_first(lines: list[tuple[Row, Entry, int | None]]) -> list[tuple[Row, Entry, int | None]]:
    """In the order in which the balances follow on each other. Raises Unreadable where they do not, either way."""
    forward = lines[0][1].booked_on <= lines[-1][1].booked_on
    orders = (lines, lines[::-1]) if forward else (lines[::-1], lines)
    if lines[0][2] is None:
        return orders[0]
    breaks = [_break(order) for order in orders]
    for order, wrong in zip(orders, breaks, strict=True):
        if wrong is None:
            return order
    row = breaks[0]
    assert row is not None
    raise Unreadable(
        N_("The balance after this line does not follow from the line before it: a line is missing or was changed. "
           "Please download the file from the bank again."), line=row.number, advice="",
    )  # fmt: skip


def _break(lines: Sequence[tuple[Row, Entry, int | None]]) -> Row | None:
    """The first row whose balance does not follow from the one before it."""
    for before, (row, entry, balance) in zip(lines, lines[1:], strict=False):
        if (before[2] or 0) + entry.cents != balance:
            return row
    return None


def _line(row: Row, columns: Columns) -> tuple[Row, Entry, int | None]:
    if len(row.cells) != columns.width and any(cell is not None for cell in row.cells[columns.width :]):
        raise _torn(row, columns)
    if len(row.cells) < columns.width:
        raise _torn(row, columns)
    on = columns.day(row)
    if on is None:
        raise Unreadable(N_("“%(text)s” is not a date."), line=row.number, text=_text(row, columns, "date")[:40])
    currency = _text(row, columns, "currency")
    if currency and currency.upper() != EUR:
        said = N_("This statement is in %(currency)s; Draagvlak keeps accounts in euros.")
        raise Unreadable(said, line=row.number, advice=ELSEWHERE, currency=currency[:3])
    cents = _cents(row, columns)
    texts = [_text(row, columns, name) for name in ("text", "text2", "text3")]
    transaction = Transaction(
        cents, end_to_end=provided(_text(row, columns, "end_to_end"))[:35], mandate=_text(row, columns, "mandate")[:35],
        batch=_text(row, columns, "batch")[:35], return_reason=_text(row, columns, "return_reason")[:35],
        ultimate=_text(row, columns, "ultimate")[:140],
        structured=_text(row, columns, "structured").replace(" ", "")[:35], name=_text(row, columns, "name")[:140],
        iban=_iban(_text(row, columns, "iban")), text=" ".join(filter(None, texts))[:_LONGEST],
    )  # fmt: skip
    taken_back = csv_text.read(transaction)
    transaction.text = transaction.text[:500]
    entry = Entry(
        on, cents, value_on=_value_on(row, columns), reference=_text(row, columns, "reference")[:60],
        bank_code=_text(row, columns, "code")[:20], transactions=[transaction], line=row.number,
        is_return=taken_back or bool(transaction.return_reason), batch=transaction.batch,
    )  # fmt: skip
    balance = _amount(row, columns.at["balance"]) if "balance" in columns.at else None
    return row, entry, balance


def _torn(row: Row, columns: Columns) -> Unreadable:
    return Unreadable(
        N_("This line has %(found)s columns and the headings have %(wanted)s: the file is cut off or was changed."),
        line=row.number, found=len(row.cells), wanted=columns.width,
    )  # fmt: skip


def _cents(row: Row, columns: Columns) -> int:
    """Signed: by a sign, by a word, or by which of two columns is filled in."""
    at = columns.at
    if "amount" not in at:
        out, came = (_amount(row, at[name], needed=False) for name in ("debit", "credit"))
        if bool(out) == bool(came):
            raise Unreadable(N_("This line must have money in or money out, not both or neither."), line=row.number)
        return abs(came) - abs(out)
    cents = _amount(row, at["amount"])
    if "direction" not in at:
        return cents
    word = _text(row, columns, "direction")
    incoming = came_in(word)
    if incoming is None:
        said = N_("“%(text)s” does not say whether money came in or went out.")
        raise Unreadable(said, line=row.number, text=word[:20])
    return abs(cents) if incoming else -abs(cents)


def _amount(row: Row, place: int, *, needed: bool = True) -> int:
    cell = row.cell(place)
    if cell is None and not needed:
        return 0
    try:
        cents = cents_of(str(cell or "").removeprefix("+").strip())
    except (DomainError, ValueError):
        raise Unreadable(N_("“%(text)s” is not an amount."), line=row.number, text=str(cell or "")[:40]) from None
    if abs(cents) > MAX_CENTS:
        raise Unreadable(N_("“%(text)s” is not an amount."), line=row.number, text=str(cell)[:40])
    return cents


def _value_on(row: Row, columns: Columns) -> date | None:
    return columns.day(row, "value_date")


def _own(row: Row, columns: Columns) -> str:
    """Which of our accounts: an IBAN or the bank's own number; where the file does not say, that of its columns."""
    text = _text(row, columns, "own").replace(" ", "").upper()
    return text if _iban(text) or text.isdecimal() else columns.account


def _iban(text: str) -> str:
    try:
        return check_iban(text) if text else ""
    except DomainError:
        return ""


def _text(row: Row, columns: Columns, name: str) -> str:
    return str(row.cell(columns.at[name]) or "").strip() if name in columns.at else ""
