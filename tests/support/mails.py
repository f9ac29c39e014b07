"""The mail a test caused: as it was queued, and as its reader would see it."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import select

from app.extensions import db
from app.outbox.models import Message
from app.outbox.queries import MailView, view
from app.vault.services import unseal


def content(message: Message) -> dict[str, Any]:
    """`to`, `data` and `headers` of a queued mail."""
    assert message.data_sealed is not None
    return dict(json.loads(unseal(message.data_sealed, f"mail:{message.id}")))


def newest_mail() -> Message:
    """The mail queued last; move the clock between two mails, their ids say nothing of their order."""
    return db.session.execute(select(Message).order_by(Message.created_at.desc()).limit(1)).scalar_one()


def token_in_newest_mail() -> str:
    return str(content(newest_mail())["data"]["token"])


def mails() -> list[MailView]:
    """Everything in the outbox, the oldest first."""
    db.session.rollback()
    ids = db.session.scalars(select(Message.id).order_by(Message.created_at, Message.id)).all()
    return [view(message_id) for message_id in ids]


def links_mailed(path: str) -> list[str]:
    """The addresses in these mails that begin with `path`, without the host, the oldest first."""
    found = [urlsplit(url).path for mail in mails() for url in re.findall(r"https?://\S+", mail.rendered.text)]
    return [link for link in found if link.startswith(path)]
