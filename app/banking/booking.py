"""Lines of bank statements in the ledger: each books bank against suspense, once (decisions/bank-booking.md).

What falls in a closed period waits, unbooked, until the period is opened again or finance says that it
may be booked on the first open day after it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update

from app.audit import services as audit
from app.banking.models import BankEntry
from app.base.actor import Actor
from app.base.dates import add_months
from app.extensions import db
from app.ledger import postings
from app.ledger import queries as ledger_queries
from app.ledger import services as ledger
from app.ledger.periods import first_open
from app.organisation.models import BankAccount, BookedBy

SOURCE, MATCH = "bank_entry", "bank_match"
_CHUNK = 250


def book(rows: Iterable[Mapping[str, Any]], booked_by: BookedBy, *, actor: Actor, now: datetime) -> None:
    """Book entries of one account; each has `id`, `cents` and `ledger_on`. What has no day is left alone."""
    here = booked_by is BookedBy.HERE
    due = [row for row in rows if row["ledger_on"] is not None and row["cents"]]
    ledger.post(
        [postings.bank_line((SOURCE, r["id"]), r["cents"], r["ledger_on"], booked_here=here) for r in due],
        actor=actor, now=now,
    )  # fmt: skip


def book_waiting(*, later: bool = False, actor: Actor, now: datetime) -> int:
    """Book what waited and may be booked now, at most a few hundred entries; how many. Inside `with writing():`.

    An entry waits because its period was closed, or because it came before these books had bank lines.
    `later`: what falls in a closed period is booked on the first open day after it.
    """
    waiting = (
        select(BankEntry.id, BankEntry.account_id, BankEntry.booked_on, BankEntry.cents)
        .where(BankEntry.ledger_on.is_(None))
        .order_by(BankEntry.booked_on, BankEntry.id)
        .with_for_update()
    )
    closed = set(ledger_queries.closed_months())
    if not later:
        for month in sorted(closed):
            waiting = waiting.where((BankEntry.booked_on < month) | (BankEntry.booked_on >= add_months(month, 1)))
    rows = [
        dict(row._mapping) | {"ledger_on": first_open(row.booked_on, closed)}
        for row in db.session.execute(waiting.limit(_CHUNK))
    ]
    booked_by: dict[int, BookedBy] = dict(db.session.execute(select(BankAccount.id, BankAccount.booked_by)).all())
    for account_id in dict.fromkeys(row["account_id"] for row in rows):
        book([r for r in rows if r["account_id"] == account_id], booked_by[account_id], actor=actor, now=now)
    for day in dict.fromkeys(row["ledger_on"] for row in rows):
        mine = [row["id"] for row in rows if row["ledger_on"] == day]
        db.session.execute(
            update(BankEntry).where(BankEntry.id.in_(mine)).values(ledger_on=day),
            execution_options={"synchronize_session": False},
        )
    moved = [row for row in rows if row["ledger_on"] != row["booked_on"]]
    audit.record_many(
        [
            audit.Trace(
                action="bank.booked_later", subject=(SOURCE, row["id"]),
                changes={"booked_on": [row["booked_on"].isoformat(), row["ledger_on"].isoformat()]},
            )
            for row in moved
        ],
        actor=actor, now=now,
    )  # fmt: skip
    return len(rows)


def waiting() -> tuple[int, int]:
    """How many entries are not booked, and what they come to in cents."""
    found = select(func.count(), func.coalesce(func.sum(BankEntry.cents), 0)).where(BankEntry.ledger_on.is_(None))
    count, cents = db.session.execute(found).one()
    return int(count), int(cents)
