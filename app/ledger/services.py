"""Booking: post entries, reverse them, keep the chart of accounts. Called inside the transaction of
the service that books (`with writing():` is the caller's)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from app.base.actor import Actor
from app.base.errors import NotFound, Refused
from app.base.ids import new_ids
from app.base.states import N_
from app.extensions import db
from app.extensions.plans import checked
from app.extensions.sql import insert_rows
from app.ledger import periods, sums
from app.ledger.accounts import Postable, ensure_chart, map_account, postable
from app.ledger.entries import Entry, Line, reversal_key
from app.ledger.models import Account, Event, JournalEntry, JournalLine, LedgerKey

__all__ = ["ensure_chart", "map_account", "post", "reverse"]

_CHUNK = 500  # values in one IN list


def post(entries: Sequence[Entry], *, actor: Actor, now: datetime) -> list[int]:
    """Book entries, thousands at once; returns their ids in the order given.

    A key that was booked before with the same content gives the id it has; with other content
    it is Refused, as is a closed period. Entries with the same key in one list count as one.
    """
    known = _claim(entries)
    fresh = {key: entry_id for key, (entry_id, is_new) in known.items() if is_new}
    todo = list({entry.key: entry for entry in entries if entry.key in fresh}.values())
    if todo:
        days = {entry.booked_on for entry in todo}
        codes = {line.account for entry in todo for line in entry.lines}
        accounts = checked(_open, days, codes)
        line_rows = _line_rows(todo, fresh, accounts)
        insert_rows(JournalLine, line_rows)
        insert_rows(
            JournalEntry,
            [
                {
                    "id": fresh[entry.key],
                    "booked_on": entry.booked_on,
                    "event": entry.event,
                    "source_type": entry.source[0],
                    "source_id": entry.source[1],
                    "key": entry.key,
                    "line_count": len(entry.lines),
                    "reverses_id": entry.reverses_id,
                    "posted_at": now,
                    "posted_by": actor.id if actor.kind == "staff" else None,
                }
                for entry in todo
            ],
        )
        sums.add(line_rows)
    return [known[entry.key][0] for entry in entries]


def _open(days: set[date], codes: set[str]) -> dict[str, Postable]:
    periods.refuse_closed(days)
    return postable(codes)


def reverse(
    *, actor: Actor, now: datetime, on: date, entry_ids: Iterable[int] = (), source: tuple[str, int] | None = None
) -> list[int]:
    """Book the counter entries of these entries, or of all that came from `source`; returns their ids.

    An entry is reversed once: asked again, it gives the counter entry there is. A counter entry
    itself is not reversed (Refused): book anew instead.
    """
    wanted = list(dict.fromkeys(entry_ids)) if source is None else _entries_of(source)
    counter_ids: list[int] = []
    for start in range(0, len(wanted), _CHUNK):
        counter_ids += _reverse_some(wanted[start : start + _CHUNK], actor=actor, now=now, on=on)
    return counter_ids


def _entries_of(source: tuple[str, int]) -> list[int]:
    return list(
        db.session.execute(
            select(JournalEntry.id)
            .where(JournalEntry.source_id == source[1], JournalEntry.source_type == source[0])
            .where(JournalEntry.reverses_id.is_(None))
            .order_by(JournalEntry.id)
        ).scalars()
    )


def _reverse_some(wanted: list[int], *, actor: Actor, now: datetime, on: date) -> list[int]:
    done = _reversals_of(wanted)
    todo = [entry_id for entry_id in wanted if entry_id not in done]
    found = {
        entry.id: entry for entry in db.session.execute(select(JournalEntry).where(JournalEntry.id.in_(todo))).scalars()
    }
    if len(found) < len(todo):
        raise NotFound(N_("This journal entry is not there."))
    if any(entry.reverses_id is not None for entry in found.values()):
        raise Refused(N_("A reversal is not reversed: book anew instead."))
    rows = db.session.execute(
        select(JournalLine, Account.code)
        .join(Account, Account.id == JournalLine.account_id)
        .where(JournalLine.entry_id.in_(todo))
        .order_by(JournalLine.id)
    )
    lines: dict[int, list[Line]] = {}
    for row, code in rows:
        line = Line(code, -row.cents, row.programme_id, row.grant_id, row.campaign_id, row.rj_line)
        lines.setdefault(row.entry_id, []).append(line)
    counter = [
        Entry(
            event=Event.REVERSAL,
            booked_on=on,
            source=(found[entry_id].source_type, found[entry_id].source_id),
            key=reversal_key(entry_id),
            lines=tuple(lines[entry_id]),
            reverses_id=entry_id,
        )
        for entry_id in todo
    ]
    done.update(zip(todo, post(counter, actor=actor, now=now), strict=True))
    return [done[entry_id] for entry_id in wanted]


def _reversals_of(entry_ids: list[int]) -> dict[int, int]:
    """The counter entries there are, by the id of the entry they reverse (at most _CHUNK of them)."""
    keys = {reversal_key(entry_id): entry_id for entry_id in entry_ids}
    rows = db.session.execute(select(LedgerKey.key, LedgerKey.entry_id).where(LedgerKey.key.in_(keys)))
    return {keys[key]: entry_id for key, entry_id in rows}


def _claim(entries: Sequence[Entry]) -> dict[str, tuple[int, bool]]:
    """Take the keys: key → (entry id, whether it is new). In key order, so that two transactions
    claiming the same keys wait for each other instead of locking each other out."""
    contents: dict[str, bytes] = {}
    for entry in entries:
        content = entry.content
        if contents.setdefault(entry.key, content) != content:
            raise Refused(_OTHER_CONTENT, key=entry.key)
    keys = sorted(contents)
    ids = dict(zip(keys, new_ids(len(keys)), strict=True))
    rows = [{"key": key, "entry_id": ids[key], "content": contents[key]} for key in keys]
    if insert_rows(LedgerKey, rows, only_new=True) == len(rows):
        return {key: (entry_id, True) for key, entry_id in ids.items()}
    known: dict[str, tuple[int, bool]] = {}
    for start in range(0, len(keys), _CHUNK):
        there = db.session.execute(
            select(LedgerKey.key, LedgerKey.entry_id, LedgerKey.content).where(
                LedgerKey.key.in_(keys[start : start + _CHUNK])
            )
        )
        for key, entry_id, content in there:
            if content != contents[key]:
                raise Refused(_OTHER_CONTENT, key=key)
            known[key] = (entry_id, entry_id == ids[key])
    return known


_OTHER_CONTENT = N_("This was booked before with other content (%(key)s): reverse that and book anew.")


def _line_rows(entries: Sequence[Entry], ids: dict[str, int], accounts: dict[str, Postable]) -> list[dict[str, Any]]:
    line_ids = iter(new_ids(sum(len(entry.lines) for entry in entries)))
    rows = []
    for entry in entries:
        entry_id = ids[entry.key]
        for line in entry.lines:
            account = accounts[line.account]
            rows.append(
                {
                    "id": next(line_ids),
                    "entry_id": entry_id,
                    "booked_on": entry.booked_on,
                    "account_id": account.id,
                    "cents": line.cents,
                    "programme_id": line.programme_id,
                    "grant_id": line.grant_id,
                    "campaign_id": line.campaign_id,
                    "rj_line": line.rj_line or account.rj_line,
                }
            )
    return rows
