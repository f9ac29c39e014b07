"""What was said of the columns of banks' CSV files: kept for each account of ours, and tried out before."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select

from app.audit import services as audit
from app.banking import store
from app.banking.formats import csv_columns, csv_file
from app.banking.formats.csv_columns import Columns, guess
from app.banking.formats.facts import Entry, Unreadable
from app.banking.models import BankColumns, BankFile
from app.base.actor import Actor
from app.base.errors import Invalid
from app.base.ids import new_id
from app.base.states import N_
from app.extensions import db
from app.organisation.models import BankAccount
from app.sheets.reading import Row

SHOWN, MOST_ERRORS = 10, 20


def known(account_id: int | None = None) -> list[Columns]:
    """What is known of the columns of all accounts, or of this one."""
    found = select(BankColumns, BankAccount.iban).join(BankAccount, BankAccount.id == BankColumns.account_id)
    if account_id is not None:
        found = found.where(BankColumns.account_id == account_id)
    rows = db.session.execute(found.order_by(BankAccount.position, BankAccount.id)).all()
    return [Columns(iban, tuple(r.headings), r.width, r.date_format, dict(r.columns)) for r, iban in rows]


def keep(account_id: int, said: Columns, *, actor: Actor, now: datetime) -> None:
    """Keep what the columns of this account's files mean; the newest word counts. Raises Invalid where too little is
    said to read a line."""
    if said.missing:
        raise Invalid(N_("Say which column has the date, and which the amount (or money out and money in)."))
    row = db.session.execute(
        select(BankColumns).where(BankColumns.account_id == account_id).with_for_update()
    ).scalar_one_or_none()
    if row is None:
        row = BankColumns(id=new_id(), account_id=account_id)
        db.session.add(row)
    row.headings, row.width, row.date_format = list(said.headings), said.width, said.date_format
    row.columns, row.made_at, row.staff_id = dict(said.at), now, actor.id
    audit.record("bank.columns_said", ("bank_account", account_id), actor=actor, now=now,
                 changes={"columns": [None, dict(said.at)]})  # fmt: skip


@dataclass(slots=True)
class Tried:
    """What a file comes to when read so: its first lines, counts, and what is wrong with it."""

    lines: list[Entry] = field(default_factory=list)
    count: int = 0
    came: int = 0
    went: int = 0
    errors: list[Unreadable] = field(default_factory=list)


def first_rows(row: BankFile) -> list[Row]:
    """The rows of a kept CSV. Raises Unreadable."""
    with store.open_kept(row.sha256) as content:
        return csv_file.rows_of(content)


def certain(sha256: str) -> Columns | None:
    """What the columns of a kept CSV mean, where its headings leave no doubt."""
    with store.open_kept(sha256) as content:
        try:
            return csv_columns.certain(csv_file.rows_of(content))
        except Unreadable:
            return None


def guessed(rows: list[Row], account: str) -> Columns:
    return guess(rows, account)[1]


def try_out(rows: list[Row], said: Columns) -> Tried:
    """Read all of a file as was said, and enter nothing."""
    done = Tried()
    try:
        for fact in csv_file.facts_of(rows, [said]):
            if isinstance(fact, Entry):
                done.count += 1
                done.came += max(fact.cents, 0)
                done.went += min(fact.cents, 0)
                if len(done.lines) < SHOWN:
                    done.lines.append(fact)
    except Unreadable as error:
        below = csv_file.lines_of(rows, [said])[0] if said.headings else rows
        done.errors = csv_file.wrong_lines(below, said, MOST_ERRORS) or [error]
    return done
