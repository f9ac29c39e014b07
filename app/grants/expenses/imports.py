"""Import expenses: keep the file, try it out, enter it. A file may be large, so nothing here holds a
transaction while it reads, and rows go in by bounded batches; broken off, it is run again and goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from functools import lru_cache
from itertools import islice
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.audit import services as audit
from app.base.actor import Actor
from app.base.errors import DomainError, Invalid, NotFound
from app.base.ids import new_ids
from app.base.states import N_
from app.documents import files
from app.documents.erasing import hold
from app.documents.files import StoredFile
from app.extensions import db, writing
from app.extensions.sql import insert_new_rows
from app.extensions.transactions import writing_in_bulk
from app.grants.awards.models import Grant
from app.grants.expenses import services, sheet
from app.grants.expenses.models import IMPORT_MOVES, Expense, ExpenseImport, ExpenseLayout, ImportState
from app.grants.expenses.sheet import Cost, Problem
from app.grants.rows import check_version, locked
from app.sheets import reading

BATCH = 1000  # rows of one transaction
SHOWN = 200  # wrong rows that are kept to be shown
_S = ImportState
_ENTERED = (
    "id", "budget_line_id", "spent_on", "cents", "full_cents", "description", "ledger_account", "cost_centre",
    "voucher", "source_key",
)  # fmt: skip


def keep(content: bytes, filename: str) -> tuple[StoredFile, int, list[str], dict[str, int]]:
    """Store an uploaded sheet, outside any transaction: (file, row of the headings, headings, columns guessed)."""
    content, name = reading.prepared(content, filename)
    file = files.keep(content, name)
    top = list(islice(reading.rows_of(content, file.media_type), sheet.HEADER_LOOK))
    if not top:
        raise Invalid(N_("There is nothing in this file."), field="file")
    return file, *sheet.headings(top)


def begin(
    grant_id: int,
    file: StoredFile,
    header_row: int,
    names: list[str],
    guessed: Mapping[str, int],
    *,
    actor: Actor,
    now: datetime,
) -> int:
    """A sheet for this grant; its columns are as they were chosen for the last one with these headings."""
    grant = locked(Grant, grant_id)
    key = sheet.layout_key(names)
    layout = select(ExpenseLayout.columns).where(ExpenseLayout.layout_key == key)
    columns = db.session.execute(layout).scalar() or dict(guessed)
    hold(file)
    row = ExpenseImport(
        grant_id=grant.id,
        state=_S.UPLOADED,
        filename=file.filename,
        media_type=file.media_type,
        sha256=file.sha256,
        size=file.size,
        layout_key=key,
        header_row=header_row,
        columns=columns,
        created_at=now,
        created_by_id=actor.id,
        version=1,
    )
    db.session.add(row)
    db.session.flush()
    told = {"file": file.filename, "sha256": file.sha256}
    audit.record("expense.sheet_uploaded", ("grant_award", grant.id), actor=actor, now=now, changes=told)
    return row.id


def choose(import_id: int, columns: Mapping[str, int | None], *, version: int | None, now: datetime) -> None:
    """These columns mean these fields: remembered for sheets with the same headings, and tried out next."""
    row = locked(ExpenseImport, import_id)
    check_version(row.version, version)
    chosen = {name: index for name, index in columns.items() if name in sheet.FIELDS and index is not None}
    if "spent_on" not in chosen:
        raise Invalid(N_("Choose the column with the date."), field="spent_on")
    if ("amount" in chosen) == ("debit" in chosen):
        raise Invalid(N_("Choose the column with the amount, or those of debit and credit."), field="amount")
    if len(set(chosen.values())) != len(chosen):
        raise Invalid(N_("One column is chosen twice."), field="amount")
    IMPORT_MOVES.check(row.state, _S.CHECKING)
    row.columns, row.state = chosen, _S.CHECKING
    row.version += 1
    layout = db.session.execute(
        select(ExpenseLayout).where(ExpenseLayout.layout_key == row.layout_key).with_for_update()
    ).scalar_one_or_none()
    if layout is None:
        layout = ExpenseLayout(layout_key=row.layout_key)
        db.session.add(layout)
    layout.columns, layout.updated_at = chosen, now
    db.session.flush()


def try_out(import_id: int) -> None:
    """Read the whole sheet and count, entering nothing. Opens its own transactions."""
    row = _loaded(import_id, _S.CHECKING)
    if row is None:
        return
    line_of, entered = _line_of(row.grant_id), _Entered(row.grant_id)
    grant = db.session.get_one(Grant, row.grant_id)
    first, last = grant.starts_on, grant.ends_on
    db.session.rollback()
    seen = {"rows": 0, "good": 0, "known": 0, "bad": 0, "unmapped": 0, "outside": 0, "total_cents": 0}
    errors: list[list[Any]] = []
    after = _S.CHECKED
    try:
        for batch in _batches(_read(row)):
            costs = [each for each in batch if type(each) is Cost]
            problems = [each for each in batch if type(each) is Problem]
            entered.compare(costs)
            if there := _known([cost.key for cost in costs]):
                said = N_("This cost is charged to another grant already: share it there instead.")
                elsewhere = [cost for cost in costs if there.get(cost.key, row.grant_id) != row.grant_id]
                problems += [Problem(cost.row, "voucher", said, {}) for cost in elsewhere]
                costs = [cost for cost in costs if cost.key not in there]
                seen["known"] += len(there) - len(elsewhere)
            seen["rows"] += len(batch)
            seen["good"] += len(costs)
            seen["total_cents"] += sum(cost.cents for cost in costs)
            seen["unmapped"] += sum(line_of(cost.ledger_account, cost.cost_centre) is None for cost in costs)
            seen["outside"] += sum(not first <= cost.spent_on <= last for cost in costs)
            seen["bad"] += len(problems)
            errors += [each.as_list() for each in sorted(problems, key=lambda each: each.row)]
            del errors[SHOWN:]
        errors = [*(each.as_list() for each in entered.changed()), *errors][:SHOWN]
    except DomainError as error:
        after = _S.UNREADABLE
        errors = [[0, "", error.message, {name: str(value) for name, value in error.params.items()}]]
    with writing():
        fresh = locked(ExpenseImport, import_id)
        if fresh.state is _S.CHECKING and fresh.version == row.version:
            for name, value in seen.items():
                setattr(fresh, name, value)
            fresh.errors, fresh.state = errors, after
            fresh.version += 1


def approve(import_id: int, *, version: int | None, actor: Actor, now: datetime) -> None:
    """The rows that are right are to be entered."""
    row = locked(ExpenseImport, import_id)
    check_version(row.version, version)
    IMPORT_MOVES.check(row.state, _S.ENTERING)
    row.state = _S.ENTERING
    row.version += 1
    told = {"file": row.filename, "rows": row.good, "amount_cents": row.total_cents, "left_out": row.bad}
    audit.record("expense.imported", ("grant_award", row.grant_id), actor=actor, now=now, changes=told)


def enter(
    import_id: int, *, now: datetime, bounded: Callable[[], AbstractContextManager[Session]] = writing_in_bulk
) -> None:
    """Enter the rows that are right, by batches; what is there already stays as it is."""
    row = _loaded(import_id, _S.ENTERING)
    if row is None:
        return
    line_of = _line_of(row.grant_id)
    same = {"grant_id": row.grant_id, "import_id": row.id, "created_at": now, "elsewhere_cents": 0, "version": 1}
    same |= {"partner_id": row.partner_id, "entered_by_id": row.created_by_id}
    for batch in _batches(_read(row)):
        costs = [each for each in batch if type(each) is Cost]
        lines = [line_of(cost.ledger_account, cost.cost_centre) for cost in costs]
        ids = new_ids(len(costs))
        rows = [
            (
                row_id,
                line,
                c.spent_on,
                c.cents,
                c.cents,
                c.description,
                c.ledger_account,
                c.cost_centre,
                c.voucher,
                c.key,
            )
            for row_id, line, c in zip(ids, lines, costs, strict=True)
        ]
        with bounded():
            insert_new_rows(Expense, _ENTERED, rows, same)
    with writing():
        fresh = locked(ExpenseImport, import_id)
        if fresh.state is _S.ENTERING:
            mine = select(func.count()).where(Expense.grant_id == fresh.grant_id, Expense.import_id == fresh.id)
            fresh.entered = db.session.execute(mine).scalar_one()
            fresh.state = _S.DONE
            fresh.version += 1


def preview(import_id: int, count: int = 8) -> tuple[list[str], list[list[str]]]:
    """The headings and the first rows below them, as text."""
    row = db.session.get(ExpenseImport, import_id)
    if row is None:
        raise NotFound(N_("This is not here, or not any more."))
    content = files.read(row.sha256)
    names: list[str] = []
    shown: list[list[str]] = []
    for each in islice(reading.rows_of(content, row.media_type), count + sheet.HEADER_LOOK):
        texts = ["" if cell is None else str(cell) for cell in each.cells]
        if each.number == row.header_row:
            names = texts
        elif each.number > row.header_row and len(shown) < count:
            shown.append(texts)
    width = max([len(names), *(len(texts) for texts in shown)])
    return names + [""] * (width - len(names)), [texts + [""] * (width - len(texts)) for texts in shown]


def _loaded(import_id: int, state: ImportState) -> ExpenseImport | None:
    """The import apart from any transaction, if it still is in this state."""
    db.session.rollback()
    row = db.session.get(ExpenseImport, import_id)
    if row is None or row.state is not state:
        return None
    db.session.expunge(row)
    db.session.rollback()
    return row


def _read(row: ExpenseImport) -> Iterator[Cost | Problem]:
    content = files.read(row.sha256)
    return sheet.read(reading.rows_of(content, row.media_type), row.header_row, row.columns)


def _line_of(grant_id: int) -> Callable[[str, str], int | None]:
    """The budget line of a ledger account and cost centre, each pair looked up once."""
    known = services.rules(grant_id)
    return lru_cache(10_000)(lambda account, centre: services.line_for(known, account, centre))


class _Entered:
    """What a grant has by entry number, compared with a file: a row that was changed in the accounts after it was
    entered is another row to us, and what stood there stays."""

    def __init__(self, grant_id: int) -> None:
        self.keys: dict[str, set[str]] = {}
        self.rows: dict[str, int] = {}  # entry number → the first row of the file that is not entered as it is
        chosen = select(Expense.voucher, Expense.source_key).where(Expense.grant_id == grant_id, Expense.voucher != "")
        for voucher, key in db.session.execute(chosen.where(Expense.import_id.is_not(None))):
            self.keys.setdefault(voucher, set()).add(key)

    def compare(self, costs: list[Cost]) -> None:
        for cost in costs if self.keys else ():
            if (there := self.keys.get(cost.voucher)) is None:
                continue
            if cost.key in there:
                there.remove(cost.key)
            else:
                self.rows.setdefault(cost.voucher, cost.row)

    def changed(self) -> list[Problem]:
        """Entry numbers of which the file has something new, and has not any more what was entered."""
        said = N_(
            "Entry number %(voucher)s was entered before with another day, amount or text that is not in this file any"
            " more. Both would count: let this grant pay 0 of the old one."
        )
        found = [(row, voucher) for voucher, row in self.rows.items() if self.keys[voucher]]
        return [Problem(row, "voucher", said, {"voucher": voucher}) for row, voucher in sorted(found)[:SHOWN]]


def _batches(source: Iterator[Cost | Problem]) -> Iterator[list[Cost | Problem]]:
    while batch := list(islice(source, BATCH)):
        yield batch


def _known(keys: list[str]) -> dict[str, int]:
    """Key → grant, of costs that are there already."""
    found = select(Expense.source_key, Expense.grant_id).where(Expense.source_key.in_(keys))
    there: dict[str, int] = dict(db.session.execute(found).all())
    db.session.rollback()
    return there
