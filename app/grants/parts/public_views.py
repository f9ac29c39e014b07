"""The partner's page, without an account: `/taak/<token>`.

The link alone shows nothing personal: a device first shows a code from the mailbox. A GET never
changes anything, so that mail scanners may open the link as often as they like. Nothing here is
stored by browsers, indexed, or told to other sites.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import partial, wraps
from typing import Any

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.audit.services import record
from app.base.actor import Actor
from app.base.dates import local_date
from app.base.errors import Invalid, NotFound
from app.base.states import N_
from app.documents import files
from app.documents.files import ACCEPT, keep
from app.documents.models import Document
from app.extensions import db, limits, now, settings, writing
from app.grants.parts import board, devices, queries, services, tasks
from app.grants.parts.forms import AnswerForm, CodeForm, CommentForm, FileForm, PlainForm
from app.grants.parts.models import WITH_PARTNER, PartState, PartTask
from app.grants.parts.writing_page import Outcome, save
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


def _look(token: str) -> PartTask:
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


def _confirmed(task: PartTask) -> bool:
    return devices.is_confirmed(task.id, request.cookies.get(COOKIE, ""), now=now())


def confirmed(view: Callable[..., ResponseReturnValue]) -> Callable[..., ResponseReturnValue]:
    """For pages behind the code: an unknown device is led to it, whatever it asked for."""

    @wraps(view)
    def opened(token: str, **kwargs: Any) -> ResponseReturnValue:
        task = _look(token)
        if not _confirmed(task):
            return redirect(url_for("part_task.show", token=token), 303)
        return view(token, task, **kwargs)

    return opened


@bp.get("/<token>")
def show(token: str) -> ResponseReturnValue:
    """What is asked of this partner, or, on a new device, how to open it."""
    task = _look(token)
    if not _confirmed(task):
        return _gate(token, task, CodeForm(formdata=None))
    return render_template(
        "grants/task.html",
        token=token,
        about=board.about(task.obligation_id),
        chain=board.chain_of(task.obligation_id),
        parts=board.lines(task.obligation_id, task.partner_id),
        partner=board.partner_name(task.partner_id),
        today=local_date(now()),
        ends_at=tasks.ends_at(task),
    )


def _gate(token: str, task: PartTask, form: CodeForm) -> ResponseReturnValue:
    waiting = devices.is_waiting(task.id, request.cookies.get(COOKIE, ""), now=now())
    page = render_template("grants/task_gate.html", token=token, form=form, plain=PlainForm(), waiting=waiting)
    return page, form.status


@bp.post("/<token>/code")
def send_code(token: str) -> ResponseReturnValue:
    """Mail a code to the known mailbox, for this device."""
    task = _look(token)
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
    task = _look(token)
    task_id = task.id
    limits.hit("part code try", f"{task_id} {limits.visitor()}", 15, 900)
    form = CodeForm()
    if not form.validate():
        return _gate(token, task, form)
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
        return _gate(token, db.session.get_one(PartTask, task_id), form)
    response = make_response(redirect(url_for("part_task.show", token=token), 303))
    _remember(response, known)
    return response


def _remember(response: Response, cookie: str) -> None:
    most = int(devices.REMEMBERED.total_seconds())
    response.set_cookie(
        COOKIE, cookie, max_age=most, path="/taak", secure=settings().is_https, httponly=True, samesite="Lax"
    )


def _who(task: PartTask) -> tuple[str, Actor]:
    """The name the history shows, and the actor of the trail."""
    name = board.partner_name(task.partner_id)
    return (f"{task.name} ({name})" if task.name else name)[:200], Actor("public", None, f"partner {name}"[:80])


def _form(part_id: int, **kwargs: Any) -> AnswerForm:
    return AnswerForm.for_part(*board.one(part_id), **kwargs)


@bp.route("/<token>/onderdeel/<int:part_id>", methods=["GET", "POST"])
@confirmed
def part(token: str, task: PartTask, part_id: int) -> ResponseReturnValue:
    """One part: what is asked, the answer, and why it came back. A file or remark that waits goes along."""
    services.part_of_task(part_id, task)
    if request.method == "GET":
        return _page(token, part_id, _form(part_id), Outcome(False))
    if request.files.get("file"):
        _keep_file(part_id, task)
    if request.form.get("text", "").strip():
        _send_remark(part_id, task)
    form, deliver = _form(part_id), "deliver" in request.form
    outcome = _save(part_id, task, form, submit=deliver)
    if not outcome.done:
        return _page(token, part_id, form, outcome)
    flash(_("Delivered. Thank you.") if deliver else _("Your draft is saved."), "ok")
    where = "part_task.show" if deliver else "part_task.part"
    values = {"token": token} if deliver else {"token": token, "part_id": part_id}
    return redirect(url_for(where, **values), 303)


def _save(part_id: int, task: PartTask, form: AnswerForm, *, submit: bool) -> Outcome:
    who, actor = _who(task)
    return save(part_id, form, partial(_form, part_id), submit=submit, who=who, actor=actor)


def _page(token: str, part_id: int, form: AnswerForm, outcome: Outcome) -> ResponseReturnValue:
    row, view = board.one(part_id)
    page = render_template(
        "grants/task_part.html",
        token=token,
        about=board.about(row.obligation_id),
        part=view,
        row=row,
        form=form,
        changes=outcome.changes,
        open=row.state in WITH_PARTNER,
        reason=board.reason(part_id) if row.state is PartState.RETURNED else "",
        comments=board.comments(part_id),
        aside=board.set_aside(part_id),
        plain=PlainForm(formdata=None),
        comment_form=CommentForm(formdata=None),
        file_form=FileForm(formdata=None),
        accept=ACCEPT,
    )
    return page, outcome.status


def _with_words(token: str, task: PartTask, part_id: int) -> ResponseReturnValue:
    """Back to the part; what was typed in its other fields is kept as a draft and does not go with the page."""
    if "version" in request.form:
        form = _form(part_id)
        if not form.validate() or form.content() != _form(part_id, formdata=None).content():
            outcome = _save(part_id, task, form, submit=False)
            if not outcome.done:
                return _page(token, part_id, form, outcome)
    return redirect(url_for("part_task.part", token=token, part_id=part_id), 303)


@bp.post("/<token>/onderdeel/<int:part_id>/bestand")
@confirmed
def add_file(token: str, task: PartTask, part_id: int) -> ResponseReturnValue:
    """Add a file to a part; its type and size are looked at first."""
    services.part_of_task(part_id, task)
    _keep_file(part_id, task)
    return _with_words(token, task, part_id)


def _keep_file(part_id: int, task: PartTask) -> None:
    limits.hit("part file", str(task.id), 60, 3600)
    form, actor = FileForm(), _who(task)[1]
    try:
        if not form.validate() or not form.file.data:
            raise Invalid(N_("Choose a file first."), field="file")
        file = keep(form.file.data.read(), form.file.data.filename or "")
        with writing():
            services.attach(part_id, file, actor=actor, now=now())
    except Invalid as error:
        flash(_(error.message, **error.params), "danger")
    else:
        flash(_("The file is kept."), "ok")


@bp.post("/<token>/onderdeel/<int:part_id>/bestand/<int:document_id>/weg")
@confirmed
def take_off(token: str, task: PartTask, part_id: int, document_id: int) -> ResponseReturnValue:
    """Take a file off a part that is not delivered yet."""
    services.part_of_task(part_id, task)
    _who_name, actor = _who(task)
    with writing():
        services.take_off(part_id, document_id, actor=actor, now=now())
    flash(_("The file is taken off."), "ok")
    return redirect(url_for("part_task.part", token=token, part_id=part_id), 303)


@bp.get("/<token>/onderdeel/<int:part_id>/bestand/<int:document_id>")
@confirmed
def show_file(token: str, task: PartTask, part_id: int, document_id: int) -> ResponseReturnValue:
    """A file of this part; who opened it is in the trail."""
    services.part_of_task(part_id, task)
    document = db.session.get(Document, document_id)
    mine = (queries.FILES_OF, part_id)
    if document is None or document.removed_at is not None or (document.subject_type, document.subject_id) != mine:
        raise NotFound(N_("This file is not here (any more)."))
    content, name, media_type = files.read(document.sha256), document.filename, document.media_type
    actor = _who(task)[1]
    with writing():
        record("document.opened", mine, actor=actor, now=now(), changes={"file": name})
    response = send_file(
        io.BytesIO(content), mimetype=media_type, download_name=name, as_attachment=media_type not in _SHOWN, max_age=0
    )
    # A PDF goes without `sandbox`: browsers then refuse to show it; its viewer runs apart from our pages anyway.
    sandbox = "" if media_type == "application/pdf" else "; sandbox"
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'{sandbox}"
    )
    return response


@bp.post("/<token>/onderdeel/<int:part_id>/opmerking")
@confirmed
def comment(token: str, task: PartTask, part_id: int) -> ResponseReturnValue:
    """A question or a remark to the lead."""
    services.part_of_task(part_id, task)
    _send_remark(part_id, task)
    return _with_words(token, task, part_id)


def _send_remark(part_id: int, task: PartTask) -> None:
    who, actor = _who(task)
    form = CommentForm()
    try:
        if not form.validate():
            raise Invalid(N_("This remark is too long."), field="text")
        with writing():
            services.comment(part_id, form.text.data or "", who=who, actor=actor, now=now())
    except Invalid as error:
        flash(_(error.message, **error.params), "danger")
    else:
        flash(_("Your remark is sent."), "ok")
