"""Bank files in: keep the file, read all of it, then enter it by bounded batches.

Nothing is entered of a file that cannot be trusted to its end. Broken off while entering, it is run
again and goes on: what is there already is known by its key (identity.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, BinaryIO

from sqlalchemy import func, insert, select

from app.audit import services as audit
from app.banking import booking, columns, queries, store
from app.banking.accounts import Accounts
from app.banking.checking import Checked, Statement, check
from app.banking.entering import enter
from app.banking.formats.csv_columns import Columns
from app.banking.formats.csv_file import UnknownColumns
from app.banking.formats.facts import Unreadable
from app.banking.matching import by_itself
from app.banking.models import (
    FILE_MOVES,
    BankEntry,
    BankFile,
    BankLine,
    BankStatement,
    FileState,
    LineState,
)
from app.base.actor import Actor
from app.base.dates import local_date
from app.base.ids import new_id, new_ids
from app.base.money import Money
from app.documents.files import clean
from app.extensions import db, writing
from app.extensions.sql import insert_new
from app.extensions.transactions import writing_in_bulk


@dataclass(slots=True)
class Imported:
    """What came of a file. Its counts are of transactions; `new` and `already_known` add up to all of them."""

    file_id: int
    filename: str
    checked: Checked
    new: int = 0
    already_known: int = 0
    matched: int = 0  # of the payments that this file brought
    in_review: int = 0
    waiting: int = 0  # entries that are not booked: their month is closed


def take(source: BinaryIO, filename: str, *, actor: Actor, now: datetime, add_accounts: bool = False) -> Imported:
    """Take a bank file in, from beginning to end. Opens its own transactions.

    The file is kept, whatever becomes of it. Raises Unreadable where it is empty or too large to keep.
    """
    file_id = receive(source, filename, actor=actor, now=now)
    return process(file_id, actor=actor, now=now, add_accounts=add_accounts)


def receive(source: BinaryIO, filename: str, *, actor: Actor, now: datetime) -> int:
    """Keep a bank file, sealed, and note that it came; the same content is one file. Gives its id."""
    kept = store.keep(source)
    with writing():
        new = insert_new(BankFile).values(
            id=new_id(), sha256=kept.sha256, filename=clean(filename), size=kept.size, format="",
            state=FileState.RECEIVED, statements=0, entries=0, transactions=0, new=0, errors=[], warnings=[],
            created_at=now, created_by_id=actor.id,
        )  # fmt: skip
        db.session.execute(new)
        return int(db.session.execute(select(BankFile.id).where(BankFile.sha256 == kept.sha256)).scalar_one())


def process(
    file_id: int, *, actor: Actor, now: datetime, add_accounts: bool = False, account_id: int | None = None
) -> Imported:
    """Read a kept file, and enter it where all of it can be trusted. May run again at any time. `account_id`: of a CSV,
    whose columns it has. `add_accounts`: also take a CSV of which the headings and the balances tell all."""
    row = db.session.execute(select(BankFile).where(BankFile.id == file_id)).scalar_one()
    sha256, filename, before = row.sha256, row.filename, row.state
    known = columns.known(account_id)
    db.session.rollback()
    accounts = Accounts(add=add_accounts)
    checked = _check(sha256, accounts, now, known)
    if add_accounts and isinstance(checked.error, UnknownColumns) and (said := columns.certain(sha256)) is not None:
        proved = _check(sha256, accounts, now, [said])
        checked = checked if proved.error is not None else proved
    done = Imported(file_id, filename, checked)
    if checked.error is not None:
        with writing():
            _refuse(file_id, checked)
    elif before is FileState.DONE:
        done.already_known = checked.transactions
    else:
        with writing():
            accounts.take_up(checked.statements, actor=actor, now=now)
            statement_ids = _begin(file_id, checked)
        done.new, done.already_known = enter(statement_ids, checked, actor=actor, now=now)
        with writing():
            _finish(file_id, actor=actor, now=now)
    if checked.error is None:
        _book_waiting(actor, now)
        by_itself.look(actor=actor, now=now)
        done.matched, done.in_review = _explained(file_id)
        done.waiting = queries.waiting_of(file_id)
        db.session.rollback()
    return done


def _check(sha256: str, accounts: Accounts, now: datetime, known: Sequence[Columns]) -> Checked:
    with store.open_kept(sha256) as content:
        return check(content, accounts.find, local_date(now), known)


def _book_waiting(actor: Actor, now: datetime) -> None:
    """What waited for its period to be opened is booked with the next file."""
    while booking.waiting()[0]:
        with writing_in_bulk():
            if not booking.book_waiting(actor=actor, now=now):
                return


def _explained(file_id: int) -> tuple[int, int]:
    """How many payments that this file brought are explained, and how many are not."""
    found = (
        select(func.count(), func.count().filter(BankLine.state == LineState.EXPLAINED))
        .select_from(BankLine)
        .join(BankEntry, BankEntry.id == BankLine.entry_id)
        .join(BankStatement, BankStatement.id == BankEntry.statement_id)
        .where(BankStatement.file_id == file_id)
    )
    count, explained = db.session.execute(found).one()
    db.session.rollback()
    return int(explained), int(count - explained)


def _refuse(file_id: int, checked: Checked) -> None:
    row = _locked(file_id)
    assert checked.error is not None
    if row.state in (FileState.RECEIVED, FileState.REFUSED):
        row.errors = [_kept(checked.error)]
        row.format, row.state = _format(checked), FileState.REFUSED


def _kept(error: Unreadable) -> list[Any]:
    """An error as JSON; `kept_error` makes it one again."""
    told: dict[str, Any] = {}
    for name, value in error.params.items():
        if isinstance(value, Money):
            told[name] = {"cents": value.cents}
        else:
            told[name] = {"day": value.isoformat()} if isinstance(value, date) else str(value)
    return [error.line, error.message, told, error.advice]


def kept_error(line: int | None, message: str, told: dict[str, Any], advice: str = "") -> Unreadable:
    """What keeps a file out, as it was found when it was read."""
    params: dict[str, Any] = {}
    for name, value in told.items():
        if isinstance(value, dict):
            params[name] = Money(value["cents"]) if "cents" in value else date.fromisoformat(value["day"])
        else:
            params[name] = value
    return Unreadable(message, line=line, advice=advice, **params)


def _locked(file_id: int) -> BankFile:
    return db.session.execute(select(BankFile).where(BankFile.id == file_id).with_for_update()).scalar_one()


def _format(checked: Checked) -> str:
    return checked.format.value if checked.format else ""


def _begin(file_id: int, checked: Checked) -> list[int]:
    """Say that the file is being entered, and note its statements; those there are stay. Gives their ids."""
    row = _locked(file_id)
    if row.state is not FileState.ENTERING:
        FILE_MOVES.check(row.state, FileState.ENTERING)
        row.state, row.format, row.errors = FileState.ENTERING, _format(checked), []
        row.statements, row.entries = len(checked.statements), checked.entries
        row.transactions = checked.transactions
        row.warnings = [[line, said] for line, said in checked.warnings]
    there = select(BankStatement.position, BankStatement.id).where(BankStatement.file_id == file_id)
    ids: dict[int, int] = dict(db.session.execute(there).all())
    missing = [position for position in range(1, len(checked.statements) + 1) if position not in ids]
    ids |= zip(missing, new_ids(len(missing)), strict=True)
    rows = [
        _statement_row(ids[position], file_id, position, checked.statements[position - 1], _format(checked))
        for position in missing
    ]
    if rows:
        db.session.execute(insert(BankStatement.__table__), rows)
    return [ids[position] for position in sorted(ids)]


def _statement_row(row_id: int, file_id: int, position: int, found: Statement, kind: str) -> dict[str, Any]:
    return {
        "id": row_id,
        "file_id": file_id,
        "position": position,
        "account_id": found.account_id,
        "format": kind,
        "reference": found.reference,
        "number": found.number,
        "from_on": found.from_on,
        "to_on": found.to_on,
        "opening_cents": found.opening.cents if found.opening else None,
        "closing_cents": found.closing.cents if found.closing else None,
        "entries": found.entries,
    }


def _finish(file_id: int, *, actor: Actor, now: datetime) -> None:
    row = _locked(file_id)
    if row.state is FileState.ENTERING:
        mine = select(func.count(BankLine.id)).join(BankEntry, BankEntry.id == BankLine.entry_id)
        mine = mine.join(BankStatement, BankStatement.id == BankEntry.statement_id)
        row.state = FileState.DONE
        row.new = db.session.execute(mine.where(BankStatement.file_id == file_id)).scalar_one()
        told = {"file": row.filename, "sha256": row.sha256, "transactions": row.transactions, "new": row.new}
        audit.record("bank.imported", ("bank_file", file_id), actor=actor, now=now, changes=told)
