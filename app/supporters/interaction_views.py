"""Forms for notes and contacts, and the register of complaints."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import select
from wtforms.fields.choices import SelectChoice

from app.base.dates import local_date
from app.base.errors import Forbidden, NotFound
from app.base.states import N_
from app.extensions import db, now, writing
from app.staff.queries import by_ids
from app.supporters import interactions, queries
from app.supporters.consent_views import moment
from app.supporters.edit_views import small_form
from app.supporters.forms import ComplaintForm, ComplaintPlanForm, InteractionForm, NoteForm, chosen, options
from app.supporters.interaction_models import (
    COMPLAINT_MOVES,
    ComplaintState,
    ComplaintStep,
    Interaction,
    InteractionKind,
)
from app.supporters.listing import OPEN_COMPLAINTS
from app.supporters.views import bp
from app.ui import lists
from app.ui.permissions import Permission, may, requires

COMPLAINT_SORTS = {
    "due": lists.Sort(N_("Answer by"), (lists.asc(Interaction.due_on, nullable=True),)),
    "new": lists.Sort(N_("Received"), (lists.desc(Interaction.happened_at),)),
}


def _own(row_id: int, supporter_id: int) -> Interaction:
    _must_read_notes()
    row = db.session.get(Interaction, row_id)
    if row is None or row.supporter_id != supporter_id:
        raise NotFound(N_("This does not belong to this supporter."))
    return row


@bp.route("/supporters/<int:supporter_id>/notes", methods=["GET", "POST"])
@requires(Permission.SUPPORTERS_WRITE)
def add_note(supporter_id: int) -> ResponseReturnValue:
    form = InteractionForm(data={"happened_on": local_date(now())})

    def save() -> None:
        interactions.add(
            supporter_id, chosen(InteractionKind, form.kind.data), subject=form.subject.data or "",
            body=form.body.data or "", happened_at=moment(form.happened_on.data), actor=current_user.actor, now=now(),
        )  # fmt: skip

    intro = _("Write down what is needed to know this relation, and nothing about cases, victims or health.")
    rows = [["kind", "happened_on"], ["subject"], ["body"]]
    done = _("It is written down.")
    return small_form(supporter_id, form, _("Write down a contact"), rows, save, done, intro=intro)


@bp.route("/supporters/<int:supporter_id>/notes/<int:row_id>/edit", methods=["GET", "POST"])
@requires(Permission.SUPPORTERS_WRITE)
def edit_note(supporter_id: int, row_id: int) -> ResponseReturnValue:
    row = _own(row_id, supporter_id)
    form = NoteForm(data={"subject": row.subject, "body": row.body})

    def save() -> None:
        interactions.correct(
            row_id, subject=form.subject.data or "", body=form.body.data or "", actor=current_user.actor, now=now()
        )

    return small_form(
        supporter_id, form, _("Change the text"), [["subject"], ["body"]], save, _("The text is changed.")
    )


@bp.post("/supporters/<int:supporter_id>/notes/<int:row_id>/remove")
@requires(Permission.SUPPORTERS_WRITE)
def remove_note(supporter_id: int, row_id: int) -> ResponseReturnValue:
    _own(row_id, supporter_id)
    with writing():
        interactions.remove(row_id, actor=current_user.actor, now=now())
    flash(_("The note is gone for good."), "ok")
    return redirect(url_for("supporters.show", supporter_id=supporter_id), 303)


@bp.get("/complaints")
@requires(Permission.NOTES_READ)
def complaints() -> ResponseReturnValue:
    """The register of complaints, first what must be answered first."""
    state = lists.choice("state", (*ComplaintState, "any"), "unresolved")
    found = select(Interaction).where(Interaction.kind == InteractionKind.COMPLAINT)
    if state == "unresolved":
        found = found.where(Interaction.complaint_state.in_(OPEN_COMPLAINTS))
    elif state != "any":
        found = found.where(Interaction.complaint_state == chosen(ComplaintState, state))
    page = lists.page(found, COMPLAINT_SORTS, key=Interaction.id, default="due")
    shown: dict[str, Any] = {
        "page": page,
        "state": state,
        "states": [*options(ComplaintState), ("any", _("all"))],
        "names": queries.names([row.supporter_id for row in page]),
        "people": by_ids({row.assignee_id for row in page if row.assignee_id}),
        "today": local_date(now()),
    }
    return render_template("supporters/complaints.html", **shown)


@bp.route("/complaints/<int:row_id>", methods=["GET", "POST"])
@requires(Permission.SUPPORTERS_WRITE)
def complaint(row_id: int) -> ResponseReturnValue:
    """One complaint: what was said, what was done, the next step."""
    row = _complaint(row_id)
    assert row.complaint_state is not None
    form = ComplaintForm()
    form.state.choices = [SelectChoice(s.value, _(s.label)) for s in COMPLAINT_MOVES.following(row.complaint_state)]
    steps = (
        select(ComplaintStep).where(ComplaintStep.interaction_id == row_id).order_by(ComplaintStep.at, ComplaintStep.id)
    )
    history = list(db.session.execute(steps).scalars())
    rows = [["state"], ["note"]]

    def save() -> None:
        interactions.move_complaint(
            row_id,
            chosen(ComplaintState, form.state.data),
            note=form.note.data or "",
            actor=current_user.actor,
            now=now(),
        )

    heading = _("Complaint: %(subject)s", subject=row.subject)
    return small_form(
        row.supporter_id, form, heading, rows, save, _("The complaint moved on."),
        back=url_for("supporters.complaint", row_id=row_id), submit=_("Move on"),
        aside={"complaint": row, "steps": history, "people": by_ids({s.by_id for s in history if s.by_id})},
    )  # fmt: skip


@bp.route("/complaints/<int:row_id>/plan", methods=["GET", "POST"])
@requires(Permission.SUPPORTERS_WRITE)
def plan_complaint(row_id: int) -> ResponseReturnValue:
    row = _complaint(row_id)
    form = ComplaintPlanForm(data={"due_on": row.due_on, "assignee": str(row.assignee_id or "")})
    form.offer(form.assignee, row.assignee_id)

    def save() -> None:
        assert form.due_on.data is not None
        assignee = int(form.assignee.data) if form.assignee.data else None
        interactions.plan_complaint(row_id, form.due_on.data, assignee, actor=current_user.actor, now=now())

    return small_form(
        row.supporter_id, form, _("Who answers, and by when"), [["due_on", "assignee"]], save, _("That is agreed."),
        back=url_for("supporters.complaint", row_id=row_id),
    )  # fmt: skip


def _must_read_notes() -> None:
    """These pages write and show what was said: both rights are needed."""
    if not may(Permission.NOTES_READ):
        raise Forbidden(N_("Your role does not allow this."))


def _complaint(row_id: int) -> Interaction:
    _must_read_notes()
    row = db.session.get(Interaction, row_id)
    if row is None or row.complaint_state is None:
        raise NotFound(N_("This complaint does not exist."))
    return row
