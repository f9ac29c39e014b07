"""Reading the outbox: counts, lists, and one mail as it looks."""

from __future__ import annotations

import json
from dataclasses import dataclass

from sqlalchemy import func, select

from app.base.errors import NotFound
from app.base.states import N_
from app.extensions import db
from app.outbox.models import Message, MessageState
from app.outbox.rendering import Rendered, render
from app.vault.services import unseal


@dataclass(frozen=True, slots=True)
class MailView:
    message: Message
    to: str
    rendered: Rendered


def count_unsent() -> dict[MessageState, int]:
    """How many wait and how many could not be delivered: what somebody may have to look at."""
    unsent = (MessageState.WAITING, MessageState.SENDING, MessageState.DEAD)
    rows = db.session.execute(
        select(Message.state, func.count()).where(Message.state.in_(unsent)).group_by(Message.state)
    )
    return dict(rows.all())


def view(message_id: int) -> MailView:
    """One mail, rendered. Raises NotFound also when its content was removed after 90 days."""
    message = db.session.get(Message, message_id)
    if message is None or message.data_sealed is None:
        raise NotFound(N_("This mail is not here (any more)."))
    content = json.loads(unseal(message.data_sealed, f"mail:{message.id}"))
    return MailView(message, content["to"], render(message.template, content["data"], message.language))
