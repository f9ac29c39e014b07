"""The partner's page, without an account: `/taak/<token>`, and the parts of a report on it."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.base.dates import local_date
from app.base.errors import Invalid
from app.base.states import N_
from app.documents.files import ACCEPT
from app.extensions import now, writing
from app.grants.parts import board, duty_pages, queries, services, tasks
from app.grants.parts.forms import AnswerForm, CodeForm, CommentForm, FileForm, PlainForm
from app.grants.parts.models import WITH_PARTNER, PartState, PartTask
from app.grants.parts.task_pages import bp, confirmed, gate, is_known, keep_file, look, sent_file, who
from app.grants.parts.writing_page import Outcome, save


@bp.get("/<token>")
def show(token: str) -> ResponseReturnValue:
    """What is asked of this partner, or, on a new device, how to open it."""
    task = look(token)
    if not is_known(task):
        return gate(token, task, CodeForm(formdata=None))
    if task.sub_grant_id is not None:
        return duty_pages.listing(token, task, task.sub_grant_id)
    _task, obligation_id = tasks.of_report(task.id)
    return render_template(
        "grants/task.html",
        token=token,
        about=board.about(obligation_id),
        chain=board.chain_of(obligation_id),
        parts=board.lines(obligation_id, task.partner_id),
        partner=board.partner_name(task.partner_id),
        today=local_date(now()),
        ends_at=tasks.ends_at(task),
    )


def _form(part_id: int, **kwargs: Any) -> AnswerForm:
    return AnswerForm.for_part(*board.one(part_id), **kwargs)


@bp.route("/<token>/onderdeel/<int:part_id>", methods=["GET", "POST"])
@confirmed
def part(token: str, task: PartTask, part_id: int) -> ResponseReturnValue:
    """One part: what is asked, the answer, and why it came back. A file or remark that waits goes along."""
    services.part_of_task(part_id, task)
    if request.method == "GET":
        return _page(token, part_id, _form(part_id), Outcome(False))
    remark = _send_remark(part_id, task) if request.form.get("text", "").strip() else CommentForm(formdata=None)
    whole = (not request.files.get("file") or _keep_file(part_id, task)) and not remark.text.data
    form, deliver = _form(part_id), "deliver" in request.form and whole
    outcome = _save(part_id, task, form, submit=deliver)
    if not outcome.done:
        return _page(token, part_id, form, outcome, remark)
    if not whole:
        flash(_("This is not delivered yet. What you wrote is kept as a draft."), "warn")
        return _page(token, part_id, _form(part_id, formdata=None), Outcome(False, 422), remark)
    flash(_("Delivered. Thank you.") if deliver else _("Your draft is saved."), "ok")
    where = "part_task.show" if deliver else "part_task.part"
    values = {"token": token} if deliver else {"token": token, "part_id": part_id}
    return redirect(url_for(where, **values), 303)


def _save(part_id: int, task: PartTask, form: AnswerForm, *, submit: bool) -> Outcome:
    name, actor = who(task)
    return save(part_id, form, partial(_form, part_id), submit=submit, who=name, actor=actor)


def _page(
    token: str, part_id: int, form: AnswerForm, outcome: Outcome, remark: CommentForm | None = None
) -> ResponseReturnValue:
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
        comment_form=remark or CommentForm(formdata=None),
        file_form=FileForm(formdata=None),
        accept=ACCEPT,
    )
    return page, outcome.status


def _with_words(token: str, task: PartTask, part_id: int, remark: CommentForm | None = None) -> ResponseReturnValue:
    """Back to the part; what was typed in its other fields is kept as a draft and does not go with the page."""
    if "version" in request.form:
        form = _form(part_id)
        if not form.validate() or form.content() != _form(part_id, formdata=None).content():
            outcome = _save(part_id, task, form, submit=False)
            if not outcome.done:
                return _page(token, part_id, form, outcome, remark)
    if remark and remark.text.data:
        return _page(token, part_id, _form(part_id, formdata=None), Outcome(False, 422), remark)
    return redirect(url_for("part_task.part", token=token, part_id=part_id), 303)


@bp.post("/<token>/onderdeel/<int:part_id>/bestand")
@confirmed
def add_file(token: str, task: PartTask, part_id: int) -> ResponseReturnValue:
    """Add a file to a part; its type and size are looked at first."""
    services.part_of_task(part_id, task)
    _keep_file(part_id, task)
    return _with_words(token, task, part_id)


def _keep_file(part_id: int, task: PartTask) -> bool:
    actor = who(task)[1]
    return keep_file(task, lambda file: services.attach(part_id, file, actor=actor, now=now()))


@bp.post("/<token>/onderdeel/<int:part_id>/bestand/<int:document_id>/weg")
@confirmed
def take_off(token: str, task: PartTask, part_id: int, document_id: int) -> ResponseReturnValue:
    """Take a file off a part that is not delivered yet."""
    services.part_of_task(part_id, task)
    actor = who(task)[1]
    with writing():
        services.take_off(part_id, document_id, actor=actor, now=now())
    flash(_("The file is taken off."), "ok")
    return redirect(url_for("part_task.part", token=token, part_id=part_id), 303)


@bp.get("/<token>/onderdeel/<int:part_id>/bestand/<int:document_id>")
@confirmed
def show_file(token: str, task: PartTask, part_id: int, document_id: int) -> ResponseReturnValue:
    """A file of this part; who opened it is in the trail."""
    services.part_of_task(part_id, task)
    return sent_file(task, (queries.FILES_OF, part_id), document_id)


@bp.post("/<token>/onderdeel/<int:part_id>/opmerking")
@confirmed
def comment(token: str, task: PartTask, part_id: int) -> ResponseReturnValue:
    """A question or a remark to the lead."""
    services.part_of_task(part_id, task)
    return _with_words(token, task, part_id, _send_remark(part_id, task))


def _send_remark(part_id: int, task: PartTask) -> CommentForm:
    """The field as it stands from now on: empty, or with the words that were refused."""
    name, actor = who(task)
    form = CommentForm()
    try:
        if not form.validate():
            raise Invalid(N_("This remark is too long."), field="text")
        with writing():
            key = form.remark_key.data or ""
            services.comment(part_id, form.text.data or "", who=name, actor=actor, now=now(), form_key=key)
    except Invalid as error:
        flash(_(error.message, **error.params), "danger")
        return form
    flash(_("Your remark is sent."), "ok")
    return CommentForm(formdata=None)
