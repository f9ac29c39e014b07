"""Queueing mail in the business transaction, and putting a dead one back in the queue."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import delete, update

from app.audit.services import record
from app.base.actor import Actor
from app.base.errors import NotFound
from app.base.ids import stable_id
from app.base.states import N_
from app.extensions import db, settings
from app.extensions.sql import insert_new
from app.jobs.services import enqueue
from app.outbox.models import Message, MessageState
from app.vault.rotation import SealedColumn, declare_sealed
from app.vault.services import blind_index, seal

declare_sealed(SealedColumn("outbox_message", "data_sealed", "mail:{id}"))
_passing: set[str] = set()


def forget_when_over(template: str) -> None:
    """Say, at start, that what mails of this template say and to whom is not kept once they were sent or given up."""
    _passing.add(template)


def is_passing(template: str) -> bool:
    return template in _passing


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """What to send. `template` is the path below templates/mail without `.txt`: "giving/thanks".

    `data` must be JSON. `key` is the idempotency key: a second mail with the same key is not
    queued. `headers` are extra mail headers (List-Unsubscribe).
    """

    template: str
    to: str
    language: str
    key: str
    data: dict[str, Any] = field(default_factory=dict)
    person_id: int | None = None
    headers: dict[str, str] = field(default_factory=dict)


def queue_mail(
    template: str,
    to: str,
    data: dict[str, Any],
    *,
    language: str,
    now: datetime,
    key: str,
    person_id: int | None = None,
    headers: dict[str, str] | None = None,
) -> None:
    """Queue one mail in this transaction; it is sent if and only if the transaction is committed."""
    mail = Mail(
        template=template, to=to, data=data, language=language, key=key, person_id=person_id, headers=headers or {}
    )
    queue_mails([mail], now=now)


def queue_mails(mails: list[Mail], *, now: datetime) -> None:
    """Queue many mails with a constant number of statements."""
    if not mails:
        return
    host = settings().mail_from.rpartition("@")[2] or "localhost"
    rows = []
    for mail in mails:
        row_id = stable_id(f"mail:{mail.key}")
        content = json.dumps({"to": mail.to, "data": mail.data, "headers": mail.headers}, ensure_ascii=False)
        rows.append(
            {
                "id": row_id,
                "message_id": f"<{row_id:016x}@{host}>",
                "template": mail.template,
                "language": mail.language,
                "data_sealed": seal(content, f"mail:{row_id}"),
                "to_index": blind_index(mail.to.lower(), "mail"),
                "person_id": mail.person_id,
                "state": MessageState.WAITING,
                "attempts": 0,
                "next_at": now,
                "created_at": now,
            }
        )
    db.session.execute(insert_new(Message), rows)
    enqueue("outbox.deliver", now=now, key="outbox.deliver")


def forget_mails_to(addresses: Iterable[str]) -> None:
    """Delete the mails to these addresses that are not known to be of a person: those go with that person."""
    indexes = [blind_index(address.lower(), "mail") for address in addresses]
    db.session.execute(delete(Message).where(Message.to_index.in_(indexes), Message.person_id.is_(None)))


def send_again(message_id: int, *, actor: Actor, now: datetime) -> None:
    """Put a dead mail back in the queue, under the same Message-ID. Raises NotFound."""
    dead = (Message.id == message_id) & (Message.state == MessageState.DEAD) & Message.data_sealed.is_not(None)
    waiting = {"state": MessageState.WAITING, "attempts": 0, "next_at": now, "last_error": None}
    if db.session.execute(update(Message).where(dead).values(**waiting).returning(Message.id)).first() is None:
        raise NotFound(N_("There is no such mail to send again."))
    record("mail.sent_again", ("outbox_message", message_id), actor=actor, now=now)
    enqueue("outbox.deliver", now=now, key="outbox.deliver")
