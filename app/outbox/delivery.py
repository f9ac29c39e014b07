"""Delivering what waits. Each mail: claimed and committed, sent with no transaction open, outcome committed.

A worker that dies between the server's yes and our commit leaves the mail to be sent again,
under the same Message-ID, so that the receiving side can tell.

The same worker looks at payments and erases people: whatever the mail server does, this ends within a short turn
and goes on in the next.
"""

from __future__ import annotations

import json
import logging
import re
import time
from datetime import datetime, timedelta
from email.utils import format_datetime

from flask import current_app
from sqlalchemy import or_, select, update

from app.base.works import Payload, job, periodic
from app.extensions import db, now
from app.extensions.transactions import writing, writing_in_bulk
from app.jobs.services import enqueue
from app.outbox.models import Message, MessageState
from app.outbox.rendering import render
from app.outbox.services import is_passing
from app.outbox.transport import Transport, Undeliverable, compose, is_away, transport
from app.vault.services import Unsealable, unseal

BATCH = 20
LEASE = timedelta(minutes=10)
TURN_SECONDS = 20.0  # then other jobs have theirs
GIVE_UP = 2  # mails in a row that met no server: one may be the fault of the mail
PAUSE = timedelta(minutes=1)  # before any is tried again then
_AWAY_UNTIL = "outbox_away_until"
MAX_ATTEMPTS = 12
KEEP = timedelta(days=90)
_ADDRESS = re.compile(r"[^\s<>'\"]+@[^\s<>'\"]+")
log = logging.getLogger(__name__)


@job("outbox.deliver")
def deliver(payload: Payload) -> None:
    """Send what is due, for as long as the server answers and our turn lasts; what failed for now is tried later."""
    end = time.monotonic() + TURN_SECONDS
    while time.monotonic() < end and _from_when() <= now() and (claimed := _claim()):
        with transport() as out:
            _send_all(out, claimed, end)
    upcoming = db.session.execute(
        select(Message.next_at).where(Message.state == MessageState.WAITING).order_by(Message.next_at).limit(1)
    ).scalar()
    db.session.rollback()
    if upcoming is not None:
        with writing():
            enqueue("outbox.deliver", now=now(), key="outbox.deliver", run_at=max(upcoming, _from_when()))


@periodic("outbox.sweep", every=timedelta(minutes=1))
def sweep(payload: Payload) -> None:
    """Pick up what a worker that died left behind, and what waits without a job."""
    due = (Message.state.in_([MessageState.WAITING, MessageState.SENDING])) & (Message.next_at <= now())
    waits = db.session.execute(select(Message.id).where(due).limit(1)).first() is not None
    db.session.rollback()
    if waits:
        deliver({})


@periodic("outbox.forget", daily_at="03:50")
def forget(payload: Payload) -> None:
    """After 90 days a sent mail's content is removed; that it was sent stays."""
    old = (Message.state == MessageState.SENT) & (Message.sent_at < now() - KEEP) & Message.data_sealed.is_not(None)
    while True:
        with writing_in_bulk() as session:
            ids = list(session.execute(select(Message.id).where(old).limit(500)).scalars())
            session.execute(update(Message).where(Message.id.in_(ids)).values(data_sealed=None))
        if len(ids) < 500:
            return


def _claim() -> list[Message]:
    at = now()
    with writing() as session:
        due = (
            select(Message)
            .where(
                or_(Message.state == MessageState.WAITING, Message.state == MessageState.SENDING),
                Message.next_at <= at,
            )
            .order_by(Message.next_at)
            .limit(BATCH)
            .with_for_update(skip_locked=True)
        )
        messages = list(session.execute(due).scalars())
        for message in messages:
            # SENDING with next_at in the future is a lease; when it runs out somebody else may send.
            message.state, message.next_at, message.attempts = MessageState.SENDING, at + LEASE, message.attempts + 1
        session.flush()
        for message in messages:
            session.refresh(message)
            session.expunge(message)
    return messages


def _from_when() -> datetime:
    """When to try the server again: now, but for a while after it did not answer. Each process finds that out."""
    at: datetime = current_app.extensions.get(_AWAY_UNTIL, now())
    return max(at, now())


def _send_all(out: Transport, claimed: list[Message], end: float) -> None:
    """Send these while the server answers and our turn lasts, and give the rest back."""
    missed = 0
    for number, message in enumerate(claimed):
        if missed == GIVE_UP or time.monotonic() >= end:
            _give_back([each.id for each in claimed[number:]])
            break
        missed = 0 if _send(out, message) else missed + 1
    if missed:
        current_app.extensions[_AWAY_UNTIL] = now() + PAUSE


def _give_back(ids: list[int]) -> None:
    """These were not tried."""
    mine = update(Message).where(Message.id.in_(ids), Message.state == MessageState.SENDING)
    with writing() as session:
        session.execute(mine.values(state=MessageState.WAITING, next_at=now(), attempts=Message.attempts - 1))


def _send(out: Transport, message: Message) -> bool:
    """Send one and note how it went. False where no server answers, whichever mail it is."""
    try:
        if message.data_sealed is None:
            raise Undeliverable("its content is gone")
        content = json.loads(unseal(message.data_sealed, f"mail:{message.id}"))
        rendered = render(message.template, content["data"], message.language)
        mail = compose(rendered, to=content["to"], message_id=message.message_id, headers=content["headers"])
        mail["Date"] = format_datetime(message.created_at)
        out.send(mail)
    except (Undeliverable, Unsealable) as error:
        _conclude(message, MessageState.DEAD, str(error))
    except Exception as error:
        log.warning("mail %d: attempt %d failed (%s)", message.id, message.attempts, type(error).__name__)
        final = message.attempts >= MAX_ATTEMPTS
        _conclude(message, MessageState.DEAD if final else MessageState.WAITING, f"{type(error).__name__}: {error}")
        return not is_away(error)
    else:
        _conclude(message, MessageState.SENT, None)
    return True


def _conclude(message: Message, state: MessageState, error: str | None) -> None:
    pause = timedelta(minutes=min(2 ** (message.attempts - 1), 240))
    values = {
        "state": state,
        # Servers repeat the address in their answer; it has no place outside the sealed content.
        "last_error": _ADDRESS.sub("…", error)[:300] if error else None,
        "next_at": now() + pause,
        "sent_at": now() if state is MessageState.SENT else None,
    }
    if is_passing(message.template) and state in (MessageState.SENT, MessageState.DEAD):
        values["data_sealed"] = None
    db.session.rollback()
    with writing() as session:
        session.execute(update(Message).where(Message.id == message.id).values(**values))
