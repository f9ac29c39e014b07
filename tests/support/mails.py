"""Reading queued mail in tests."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import select

from app.extensions import db
from app.outbox.models import Message
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
