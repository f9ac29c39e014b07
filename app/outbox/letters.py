"""Messages on paper: queued like mails, printed together, marked when they are in the post."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, func, select, update

from app.audit.services import Trace, record_many
from app.base.actor import Actor
from app.base.dates import local_date
from app.base.events import publish
from app.base.ids import stable_id
from app.extensions import db
from app.extensions.sql import insert_new
from app.outbox.events import LettersPosted
from app.outbox.models import Letter
from app.outbox.rendering import Rendered, render
from app.outbox.services import Mail
from app.vault.rotation import SealedColumn, declare_sealed
from app.vault.services import seal, unseal

declare_sealed(SealedColumn("outbox_letter", "data_sealed", "letter:{id}"))
AT_ONCE = 50  # letters printed together


@dataclass(frozen=True, slots=True)
class Printable:
    """One letter, ready but for its address."""

    id: int
    person_id: int
    language: str
    on: date
    rendered: Rendered


def queue_letters(mails: Collection[Mail], *, now: datetime) -> None:
    """Put these messages on the print list; `to` does not matter, `person_id` does. The same key is one letter."""
    rows = []
    for mail in mails:
        if mail.person_id is None:
            raise ValueError("a letter goes to somebody we know")
        row_id = stable_id(f"letter:{mail.key}")
        sealed = seal(json.dumps(mail.data, ensure_ascii=False), f"letter:{row_id}")
        rows.append(
            {"id": row_id, "template": mail.template, "language": mail.language, "data_sealed": sealed,
             "person_id": mail.person_id, "created_at": now}
        )  # fmt: skip
    if rows:
        db.session.execute(insert_new(Letter), rows)


def waiting() -> list[Printable]:
    """The oldest letters that are not printed yet, at most `AT_ONCE`, rendered."""
    rows = db.session.execute(
        select(Letter).where(Letter.printed_at.is_(None)).order_by(Letter.created_at, Letter.id).limit(AT_ONCE)
    ).scalars()
    return [
        Printable(
            row.id, row.person_id, row.language, local_date(row.created_at),
            render(row.template, _data(row) | {"on_paper": True}, row.language),
        )
        for row in rows
    ]  # fmt: skip


def _data(row: Letter) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(unseal(row.data_sealed, f"letter:{row.id}"))
    return data


def said(
    template: str, ids: Collection[int] | None = None, *, people: Collection[int] | None = None
) -> dict[int, dict[str, Any]]:
    """What letters of this template say, by id: of `ids`, or of those that wait, to these people or to all."""
    wanted = select(Letter).where(Letter.template == template)
    wanted = wanted.where(Letter.printed_at.is_(None) if ids is None else Letter.id.in_(list(ids)))
    if people is not None:
        wanted = wanted.where(Letter.person_id.in_(list(people)))
    rows = db.session.execute(wanted).scalars()
    return {row.id: _data(row) for row in rows}


def withdraw(ids: Collection[int]) -> None:
    """Take letters off the print list that are not true any more; what was printed stays."""
    db.session.execute(delete(Letter).where(Letter.id.in_(list(ids)), Letter.printed_at.is_(None)))


def count_waiting() -> int:
    return int(db.session.execute(select(func.count()).where(Letter.printed_at.is_(None))).scalar_one())


def mark_printed(ids: Collection[int], *, actor: Actor, now: datetime) -> int:
    """These are in the post; how many were not marked before. Says so as LettersPosted."""
    done = db.session.execute(
        update(Letter)
        .where(Letter.id.in_(list(ids)), Letter.printed_at.is_(None))
        .values(printed_at=now, printed_by=actor.id if actor.kind == "staff" else None)
        .returning(Letter.id)
    ).scalars().all()  # fmt: skip
    record_many([Trace(action="letter.printed", subject=("outbox_letter", i)) for i in done], actor=actor, now=now)
    publish(LettersPosted(ids=tuple(done), actor=actor, at=now))
    return len(done)
