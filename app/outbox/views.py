"""What was mailed, what waits, and what could not be delivered."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import select

from app.base.states import N_
from app.extensions import now, writing
from app.outbox import queries, services
from app.outbox.models import Message, MessageState
from app.outbox.names import NAMES
from app.ui import lists
from app.ui.permissions import Permission, requires

bp = Blueprint("outbox", __name__)
SORTS = {"newest": lists.Sort(N_("Newest"), (lists.desc(Message.created_at),))}
TONES = {MessageState.SENT: "ok", MessageState.DEAD: "danger", MessageState.WAITING: "warn"}


@bp.get("/outbox")
@requires(Permission.OUTBOX_READ)
def index() -> ResponseReturnValue:
    """The newest mails, by state; the dead ones are what needs somebody."""
    state = lists.choice("state", MessageState)
    query = select(Message)
    if state:
        query = query.where(Message.state == MessageState(state))
    page = lists.page(query, SORTS, key=Message.id, default="newest")
    options = [(each.value, _(each.label)) for each in MessageState]
    unsent = queries.count_unsent()
    shown = {"page": page, "state": state, "options": options, "unsent": unsent, "tones": TONES, "names": NAMES}
    return render_template("outbox/index.html", **shown)


@bp.get("/outbox/<int:message_id>")
@requires(Permission.OUTBOX_READ)
def show(message_id: int) -> ResponseReturnValue:
    """One mail as it was sent."""
    return render_template("outbox/show.html", mail=queries.view(message_id), tones=TONES)


@bp.post("/outbox/<int:message_id>/again")
@requires(Permission.OUTBOX_WRITE)
def send_again(message_id: int) -> ResponseReturnValue:
    """Put a mail that could not be delivered back in the queue."""
    with writing():
        services.send_again(message_id, actor=current_user.actor, now=now())
    flash(_("The mail is in the queue again."), "ok")
    return redirect(url_for("outbox.index"), 303)
