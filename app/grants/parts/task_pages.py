"""What every page of a partner's task needs: the link, the code that a device shows first, and files.

The link alone shows nothing personal: a device first shows a code from the mailbox. A GET never
changes anything, so that mail scanners may open the link as often as they like. Nothing here is
stored by browsers, indexed, or told to other sites.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.audit.services import record
from app.base.actor import Actor
from app.base.errors import Invalid, NotFound, Refused
from app.base.states import N_
from app.documents import files
from app.documents.files import StoredFile, keep
from app.documents.models import Document
from app.extensions import db, limits, now, settings, writing
from app.grants.parts import board, devices, tasks
from app.grants.parts.forms import CodeForm, FileForm, PlainForm
from app.grants.parts.models import PartTask
from app.staff.browsers import browser
from app.ui.languages import prefer

bp = Blueprint("part_task", __name__, url_prefix="/taak")
COOKIE = "draagvlak_taak"
HOUR = 3600
# Whoever has the link must not keep the partner out: codes and tries are counted by network, and of all together
# only so that no mailbox is flooded. Where many are asked for they have nine figures: five tries each find none.
CODES, CALM, CODES_OF_ALL = 5, 10, 60
_SHOWN = {"application/pdf", "image/png", "image/jpeg", "image/webp"}


@bp.after_request
def keep_private(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


def look(token: str) -> PartTask:
    """The task behind the link; from here on the page speaks the partner's language. Guessing is counted: it ends
    soon."""
    limits.check("part link", limits.visitor(), 60, 600)
    try:
        task, opens = tasks.look(token, now=now())
        prefer(task.language)
        if not opens:
            raise NotFound(N_("This link does not work any more. Ask for a new one."))
    except NotFound:
        db.session.rollback()
        limits.hit("part link", limits.visitor(), 60, 600)
        raise
    return task


def is_known(task: PartTask) -> bool:
    return devices.is_confirmed(task.id, request.cookies.get(COOKIE, ""), now=now())


def confirmed(view: Callable[..., ResponseReturnValue]) -> Callable[..., ResponseReturnValue]:
    """For pages behind the code: an unknown device is led to it, whatever it asked for."""

    @wraps(view)
    def opened(token: str, **kwargs: Any) -> ResponseReturnValue:
        task = look(token)
        if not is_known(task):
            return redirect(url_for("part_task.show", token=token), 303)
        return view(token, task, **kwargs)

    return opened


def gate(token: str, task: PartTask, form: CodeForm) -> ResponseReturnValue:
    waiting = devices.is_waiting(task.id, request.cookies.get(COOKIE, ""), now=now())
    page = render_template(
        "grants/task_gate.html", token=token, form=form, plain=PlainForm(), waiting=waiting, task=task
    )
    return page, form.status


@bp.post("/<token>/code")
def send_code(token: str) -> ResponseReturnValue:
    """Mail a code to the known mailbox, for this device."""
    task = look(token)
    limits.hit("part code", f"{task.id} {limits.visitor()}", CODES, HOUR)
    limits.hit("part code address", limits.visitor(), 20, HOUR)
    limits.hit("part code task", str(task.id), CODES_OF_ALL, HOUR)
    wanted = limits.failures("part code task", str(task.id), HOUR)
    cookie = request.cookies.get(COOKIE, "") or devices.fresh_cookie()
    with writing():
        devices.send_code(task.id, cookie, figures=6 if wanted <= CALM else 9, now=now())
    response = make_response(redirect(url_for("part_task.show", token=token), 303))
    _remember(response, cookie)
    return response


@bp.post("/<token>/apparaat")
def confirm_device(token: str) -> ResponseReturnValue:
    """The code from the mail opens the page on this device."""
    task = look(token)
    task_id = task.id
    limits.hit("part code try", f"{task_id} {limits.visitor()}", 15, 900)
    form = CodeForm()
    if not form.validate():
        return gate(token, task, form)
    name = browser(request.user_agent.string)
    with writing():
        known = devices.confirm(task_id, request.cookies.get(COOKIE, ""), form.code.data or "", browser=name, now=now())
    if known is None:
        form.add_error(
            Invalid(
                N_("This code is not right, or it is too old. Look at it again, or ask for a new one."),
                field="code",
            )
        )
        return gate(token, db.session.get_one(PartTask, task_id), form)
    response = make_response(redirect(url_for("part_task.show", token=token), 303))
    _remember(response, known)
    return response


def _remember(response: Response, cookie: str) -> None:
    most = int(devices.REMEMBERED.total_seconds())
    response.set_cookie(
        COOKIE, cookie, max_age=most, path="/taak", secure=settings().is_https, httponly=True, samesite="Lax"
    )


def who(task: PartTask) -> tuple[str, Actor]:
    """The name the history shows, and the actor of the trail."""
    name = board.partner_name(task.partner_id)
    return (f"{task.name} ({name})" if task.name else name)[:200], Actor("public", None, f"partner {name}"[:80])


def keep_file(task: PartTask, attach: Callable[[StoredFile], Any]) -> bool:
    """Keep the file that came along, if it is one we take, and say so; a refusal is told and nothing else is lost."""
    limits.hit("part file", str(task.id), 60, HOUR)
    form = FileForm()
    try:
        if not form.validate() or not form.file.data:
            raise Invalid(N_("Choose a file first."), field="file")
        file = keep(form.file.data.read(), form.file.data.filename or "")
        with writing():
            attach(file)
    except (Invalid, Refused) as error:
        flash(_(error.message, **error.params), "danger")
        return False
    flash(_("The file is kept."), "ok")
    return True


def sent_file(task: PartTask, subject: tuple[str, int], document_id: int) -> Response:
    """A file of this record; who opened it is in the trail."""
    document = db.session.get(Document, document_id)
    if document is None or document.removed_at is not None or (document.subject_type, document.subject_id) != subject:
        raise NotFound(N_("This file is not here (any more)."))
    content, name, media_type = files.read(document.sha256), document.filename, document.media_type
    actor = who(task)[1]
    with writing():
        record("document.opened", subject, actor=actor, now=now(), changes={"file": name})
    response = send_file(
        io.BytesIO(content), mimetype=media_type, download_name=name, as_attachment=media_type not in _SHOWN, max_age=0
    )
    # A PDF goes without `sandbox`: browsers then refuse to show it; its viewer runs apart from our pages anyway.
    sandbox = "" if media_type == "application/pdf" else "; sandbox"
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'{sandbox}"
    )
    return response
