"""The demo's mailbox: what a mail server would have delivered. In demo mode only."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from app.base.states import N_
from app.outbox import queries
from app.outbox.models import Message
from app.ui import lists

bp = Blueprint("demo", __name__)
SORTS = {"newest": lists.Sort(N_("Newest"), (lists.desc(Message.created_at),))}


@bp.get("/demo/mail")
def mail() -> ResponseReturnValue:
    """The newest mails of the demo, with their subjects."""
    readable = select(Message).where(Message.data_sealed.is_not(None))
    page = lists.page(readable, SORTS, key=Message.id, default="newest", size=25)
    return render_template("demo/mail.html", page=page, mails=[queries.view(message.id) for message in page.rows])


@bp.get("/demo/mail/<int:message_id>")
def letter(message_id: int) -> ResponseReturnValue:
    """One mail of the demo, as its reader would see it."""
    return render_template("demo/letter.html", mail=queries.view(message_id))
