"""The partner's page for what it owes us for a sub-grant: a file and a note, delivered, and why something came back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.base.dates import local_date
from app.base.errors import Invalid, NotFound, Refused
from app.base.states import N_
from app.documents.files import ACCEPT
from app.extensions import now, writing
from app.grants.pages import catch_up
from app.grants.partners import delivering, money_queries
from app.grants.partners.due import TO_DELIVER
from app.grants.partners.models import DutyState, SubGrantDuty
from app.grants.parts import tasks
from app.grants.parts.forms import DutyNoteForm, FileForm, PlainForm
from app.grants.parts.models import PartTask
from app.grants.parts.task_pages import bp, confirmed, keep_file, sent_file, who


@dataclass(slots=True)
class _Outcome:
    """`done`, or the status to answer and what differs for who came second."""

    done: bool = False
    status: int = 200
    changes: list[tuple[str, str, str]] = field(default_factory=list)


def listing(token: str, task: PartTask, sub_grant_id: int) -> ResponseReturnValue:
    """All that this partner owes us for this sub-grant, what is to be done first on top."""
    duties, today = money_queries.duties(sub_grant_id), local_date(now())
    return render_template(
        "grants/task_duties.html",
        token=token,
        about=money_queries.about(sub_grant_id),
        duties=sorted(duties, key=lambda duty: duty.state not in TO_DELIVER),
        files=money_queries.files_of(duty.id for duty in duties),
        late={duty.id for duty in duties if money_queries.is_late(duty, today)},
        today=today,
        ends_at=tasks.ends_at(task),
    )


@bp.route("/<token>/afspraak/<int:duty_id>", methods=["GET", "POST"])
@confirmed
def duty(token: str, task: PartTask, duty_id: int) -> ResponseReturnValue:
    """One thing that is owed: when, the files and the note, and why it came back. A file that waits goes along."""
    row = _mine(duty_id, task)
    if request.method == "GET":
        return _page(token, row, _form(duty_id), _Outcome())
    whole = not request.files.get("file") or _keep(duty_id, task)
    form, deliver = _form(duty_id), "deliver" in request.form and whole
    outcome = _save(duty_id, task, form, submit=deliver)
    if not outcome.done:
        return _page(token, _mine(duty_id, task), form, outcome)
    if not whole:
        flash(_("This is not delivered yet. What you wrote is kept as a draft."), "warn")
    else:
        flash(_("Delivered. Thank you.") if deliver else _("Your draft is saved."), "ok")
    if deliver:
        return redirect(url_for("part_task.show", token=token), 303)
    return redirect(url_for("part_task.duty", token=token, duty_id=duty_id), 303)


@bp.post("/<token>/afspraak/<int:duty_id>/bestand/<int:document_id>/weg")
@confirmed
def take_off_duty_file(token: str, task: PartTask, duty_id: int, document_id: int) -> ResponseReturnValue:
    """Take a file off what is not delivered yet."""
    _mine(duty_id, task)
    actor = who(task)[1]
    with writing():
        delivering.take_off(duty_id, document_id, actor=actor, now=now())
    flash(_("The file is taken off."), "ok")
    return redirect(url_for("part_task.duty", token=token, duty_id=duty_id), 303)


@bp.get("/<token>/afspraak/<int:duty_id>/bestand/<int:document_id>")
@confirmed
def show_duty_file(token: str, task: PartTask, duty_id: int, document_id: int) -> ResponseReturnValue:
    """A file that the partner delivered; who opened it is in the trail."""
    _mine(duty_id, task)
    return sent_file(task, (money_queries.FILES_OF, duty_id), document_id)


def _mine(duty_id: int, task: PartTask) -> SubGrantDuty:
    """What is owed, if this task is for it; else NotFound."""
    row = money_queries.duty(duty_id)
    if row.sub_grant_id != task.sub_grant_id:
        raise NotFound(N_("This is not here, or not any more."))
    return row


def _form(duty_id: int, **kwargs: Any) -> DutyNoteForm:
    row = money_queries.duty(duty_id)
    form = DutyNoteForm.at(row.version, data={"note": row.note}, **kwargs)
    assert isinstance(form, DutyNoteForm)
    return form


def _keep(duty_id: int, task: PartTask) -> bool:
    actor = who(task)[1]
    return keep_file(task, lambda file: delivering.attach(duty_id, file, actor=actor, now=now()))


def _save(duty_id: int, task: PartTask, form: DutyNoteForm, *, submit: bool) -> _Outcome:
    """Keep or deliver the note. Who comes second keeps theirs on the page, beside what is stored."""
    if not form.validate_on_submit():
        return _Outcome(status=form.status)
    actor = who(task)[1]
    version, note = form.version.data, form.content()
    try:
        with writing():
            delivering.save(duty_id, note, submit=submit, version=version, actor=actor, now=now())
    except Refused as error:  # also Stale: somebody else saved or delivered it
        row = money_queries.duty(duty_id)
        if note == row.note and (row.state in TO_DELIVER) is not submit:
            return _Outcome(done=True)  # the button was pressed twice
        form.add_error(error)
        return _Outcome(status=error.status, changes=catch_up(form, _form(duty_id, formdata=None)))
    except Invalid as error:
        form.add_error(error)
        return _Outcome(status=error.status)
    return _Outcome(done=True)


def _page(token: str, row: SubGrantDuty, form: DutyNoteForm, outcome: _Outcome) -> ResponseReturnValue:
    about, moves = money_queries.about(row.sub_grant_id), money_queries.moves_of(row.id)
    back = [move for move in moves if move.to_state == DutyState.RETURNED.value]
    page = render_template(
        "grants/task_duty.html",
        token=token,
        about=about,
        row=row,
        form=form,
        changes=outcome.changes,
        open=about.asks and row.state in TO_DELIVER,
        reason=back[0].note if back and row.state is DutyState.RETURNED else "",
        moves=moves,
        states={state.value: state for state in DutyState},
        files=money_queries.files_of([row.id]).get(row.id, []),
        late=money_queries.is_late(row, local_date(now())),
        today=local_date(now()),
        plain=PlainForm(formdata=None),
        file_form=FileForm(formdata=None),
        accept=ACCEPT,
    )
    return page, outcome.status
