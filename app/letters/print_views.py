"""The print list: messages for who has no e-mail or asked for letters, printed together and posted by people."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import ngettext
from flask_login import current_user

from app.base.ids import id_in
from app.extensions import now, writing
from app.letters.public_views import bp
from app.organisation.letterhead import letterhead
from app.outbox import letters
from app.supporters.addressing import addressees
from app.ui.permissions import Permission, requires


@bp.get("/letters/print")
@requires(Permission.GIFTS_WRITE)
def print_list() -> ResponseReturnValue:
    """Letters that wait, each on a page of its own when printed; who has no address stands on top."""
    waiting = letters.waiting()
    to = addressees([letter.person_id for letter in waiting])
    ready = [letter for letter in waiting if letter.person_id in to and to[letter.person_id].has_address]
    lost = [letter for letter in waiting if letter not in ready]
    return render_template(
        "letters/print.html",
        ready=ready,
        lost=lost,
        to=to,
        more=letters.count_waiting() - len(waiting),
        sender=letterhead(),
    )


@bp.post("/letters/print")
@requires(Permission.GIFTS_WRITE)
def printed() -> ResponseReturnValue:
    """These letters are in the post."""
    chosen = [row_id for text in request.form.getlist("letter") if (row_id := id_in(text))]
    with writing():
        done = letters.mark_printed(chosen, actor=current_user.actor, now=now())
    flash(ngettext("One letter is marked as printed.", "%(num)d letters are marked as printed.", done), "ok")
    return redirect(url_for("letters.print_list"), 303)
