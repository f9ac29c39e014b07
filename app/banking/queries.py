"""What is known of the bank: files, statements and how they follow on each other, payments."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, select

from app.banking.following import Gap, gaps, stretches
from app.banking.match_models import BankMatch, MatchKind
from app.banking.models import BankEntry, BankFile, BankLine, BankStatement, LineState
from app.extensions import db
from app.gifts.models import Gift
from app.grants.awards.models import Grant
from app.grants.instalments.models import Instalment, Receipt
from app.organisation.models import BankAccount
from app.supporters.models import Supporter
from app.vault.services import Unsealable, unseal


@dataclass(frozen=True, slots=True)
class AccountState:
    """How far an account is known: the last day, the balances before the first and then, and what is missing."""

    account: BankAccount
    last_on: date | None
    opening_cents: int | None
    closing_cents: int | None
    gaps: list[Gap]


def accounts() -> list[AccountState]:
    """Every account of which a statement came, or that is in use."""
    rows = db.session.execute(select(BankAccount).order_by(BankAccount.active.desc(), BankAccount.position)).scalars()
    told = {account_id: stretches(statements) for account_id, statements in balanced().items()}
    return [
        AccountState(
            account,
            told[account.id][-1].until if account.id in told else None,
            told[account.id][0].opening_cents if account.id in told else None,
            told[account.id][-1].closing_cents if account.id in told else None,
            gaps(told.get(account.id, ())),
        )
        for account in rows
        if account.active or account.id in told
    ]


def balanced(*chosen: ColumnElement[bool]) -> dict[int, list[Any]]:
    """Statements with both balances, as `following.stretches` takes them, by account."""
    found = select(
        BankStatement.id, BankStatement.account_id, BankStatement.from_on, BankStatement.to_on,
        BankStatement.opening_cents, BankStatement.closing_cents, BankStatement.entries,
    ).where(
        BankStatement.opening_cents.is_not(None), BankStatement.closing_cents.is_not(None),
        BankStatement.to_on.is_not(None), *chosen,
    )  # fmt: skip
    told: dict[int, list[Any]] = {}
    for row in db.session.execute(found):
        told.setdefault(row.account_id, []).append(row)
    return told


def files() -> Select[Any]:
    return select(BankFile)


def file(file_id: int) -> BankFile | None:
    return db.session.get(BankFile, file_id)


def statements_of(file_id: int) -> Sequence[Any]:
    """Statements of a file with the IBAN of their account, in the order of the file."""
    found = (
        select(BankStatement, BankAccount.iban)
        .join(BankAccount, BankAccount.id == BankStatement.account_id)
        .where(BankStatement.file_id == file_id)
        .order_by(BankStatement.position)
        .limit(1000)
    )
    return db.session.execute(found).all()


def waiting_of(file_id: int) -> int:
    """Entries that this file brought and that are not booked, because their month is closed."""
    mine = select(func.count(BankEntry.id)).join(BankStatement, BankStatement.id == BankEntry.statement_id)
    mine = mine.where(BankStatement.file_id == file_id, BankEntry.ledger_on.is_(None))
    return int(db.session.execute(mine).scalar_one())


@dataclass(frozen=True, slots=True)
class LineFilter:
    state: LineState | None = None
    account_id: int | None = None
    statement_id: int | None = None
    entry_id: int | None = None
    iban_index: bytes | None = None
    cents: int | None = None


def lines(chosen: LineFilter) -> Select[Any]:
    """Payments on the bank, as chosen."""
    found = select(BankLine)
    if chosen.state:
        found = found.where(BankLine.state == chosen.state)
    if chosen.account_id:
        found = found.where(BankLine.account_id == chosen.account_id)
    if chosen.statement_id:
        entries = select(BankEntry.id).where(BankEntry.statement_id == chosen.statement_id)
        found = found.where(BankLine.entry_id.in_(entries))
    if chosen.entry_id:
        found = found.where(BankLine.entry_id == chosen.entry_id)
    if chosen.iban_index:
        found = found.where(BankLine.iban_index == chosen.iban_index)
    if chosen.cents is not None:
        found = found.where(BankLine.cents.in_((chosen.cents, -chosen.cents)))
    return found


def total(chosen: LineFilter) -> int:
    """Cents of all that is chosen."""
    subquery = lines(chosen).subquery()
    return int(db.session.execute(select(func.coalesce(func.sum(subquery.c.cents), 0))).scalar_one())


@dataclass(frozen=True, slots=True)
class Party:
    """Who is on the other side and what they wrote, as far as the bank told."""

    name: str = ""
    iban: str = ""
    bic: str = ""
    text: str = ""
    ultimate: str = ""  # for whom the other side pays or collects

    @property
    def giver(self) -> str:
        """The name of who really is on the other side."""
        return self.ultimate or self.name


def party(line: BankLine) -> Party:
    """The sealed part of a payment, opened; empty where its key is gone."""
    if line.party_sealed is None:
        return Party()
    try:
        return Party(**json.loads(unseal(line.party_sealed, f"bank_line:{line.id}")))
    except Unsealable:
        return Party()


def line(line_id: int) -> BankLine | None:
    return db.session.get(BankLine, line_id)


def matches_of(line_id: int) -> list[BankMatch]:
    """What explains a line or did before, newest first."""
    mine = select(BankMatch).where(BankMatch.line_id == line_id).order_by(BankMatch.id.desc())
    return list(db.session.execute(mine.limit(50)).scalars())


def givers_of(matches: Sequence[BankMatch]) -> dict[int, str]:
    """Whose gifts these became, by match."""
    gifts = {m.target_id: m.id for m in matches if m.kind in (MatchKind.PROMISE, MatchKind.GIFT)}
    named = select(Gift.id, Supporter.display_name).join(Supporter, Supporter.id == Gift.supporter_id)
    rows = db.session.execute(named.where(Gift.id.in_(gifts))) if gifts else ()
    return {gifts[gift_id]: name for gift_id, name in rows}


def grants_of(matches: Sequence[BankMatch]) -> dict[int, tuple[int, str]]:
    """The grants whose instalments these became, as (id, title), by match."""
    receipts = {m.target_id: m.id for m in matches if m.kind is MatchKind.INSTALMENT}
    titled = (
        select(Receipt.id, Grant.id.label("grant_id"), Grant.title)
        .join(Instalment, Instalment.id == Receipt.instalment_id)
        .join(Grant, Grant.id == Instalment.grant_id)
        .where(Receipt.id.in_(receipts))
    )
    rows = db.session.execute(titled) if receipts else ()
    return {receipts[row.id]: (row.grant_id, row.title) for row in rows}


def next_waiting(after: BankLine) -> int | None:
    """The next line that waits after this one, oldest first, from the beginning where it was the last."""
    waits = select(BankLine.id).where(BankLine.state == LineState.REVIEW, BankLine.id != after.id)
    later = (BankLine.booked_on > after.booked_on) | (
        (BankLine.booked_on == after.booked_on) & (BankLine.id > after.id)
    )
    ordered = waits.order_by(BankLine.booked_on, BankLine.id).limit(1)
    found: int | None = db.session.execute(ordered.where(later)).scalar()
    return found if found is not None else db.session.execute(ordered).scalar()


def count_waiting() -> int:
    waits = select(func.count()).select_from(BankLine).where(BankLine.state == LineState.REVIEW)
    return int(db.session.execute(waits).scalar_one())


@dataclass(frozen=True, slots=True)
class Waiting:
    """Payments that nobody explained: how many, since when, and what came in and went out. Cents."""

    count: int
    oldest: date
    in_cents: int
    out_cents: int


def waiting() -> dict[LineState, Waiting]:
    """What waits for an explanation and what was left in suspense, where there is any."""
    incoming = case((BankLine.cents > 0, BankLine.cents), else_=0)
    rows = db.session.execute(
        select(BankLine.state, func.count(), func.min(BankLine.booked_on), func.sum(incoming), func.sum(BankLine.cents))
        .where(BankLine.state.in_((LineState.REVIEW, LineState.SUSPENSE)))
        .group_by(BankLine.state)
    )
    return {state: Waiting(n, oldest, int(came), int(came) - int(net)) for state, n, oldest, came, net in rows}
