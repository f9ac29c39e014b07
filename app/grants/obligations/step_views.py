"""The steps of an obligation: from planned to accepted, one small page each."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app.base.dates import local_date
from app.base.errors import Invalid, Refused
from app.base.states import N_
from app.documents.files import StoredFile
from app.extensions import now, writing
from app.grants.blueprint import bp
from app.grants.obligations import queries, services
from app.grants.obligations.forms import (
    AcceptForm,
    RevisionForm,
    StepForm,
    SubmitForm,
    TakeBackAcceptanceForm,
    WaiveForm,
)
from app.grants.obligations.models import OBLIGATION_MOVES, ObligationState
from app.grants.pages import VersionedForm, filled, form_page
from app.grants.reports import keeping
from app.ui.permissions import Permission, requires

_S = ObligationState


@bp.post("/grants/obligations/<int:obligation_id>/move")
@requires(Permission.GRANTS_WRITE)
def move_obligation(obligation_id: int) -> ResponseReturnValue:
    """Start, hand over for review, hand back."""
    form = StepForm()
    if not form.validate():
        raise Invalid(N_("Please choose one of the options."), field="state")
    with writing():
        services.move(
            obligation_id,
            form.state.data,
            note=form.note.data or "",
            version=form.version.data,
            actor=current_user.actor,
            now=now(),
        )
    flash(_("Moved to: %(state)s.", state=_(form.state.data.label)), "ok")
    return redirect(url_for("grants.obligation", obligation_id=obligation_id), 303)


def _step(obligation_id: int, wanted: _S, form: type[VersionedForm], act: Any, **words: Any) -> ResponseReturnValue:
    row, line = queries.one(obligation_id)
    OBLIGATION_MOVES.check(row.state, wanted)
    data = words.pop("data", {})
    return form_page(
        lambda **kwargs: form.at(queries.one(obligation_id)[0].version, data=data, **kwargs),
        act,
        subject=f"{line.subject} · {line.funder}",
        back=url_for("grants.obligation", obligation_id=obligation_id),
        **words,
    )


@bp.route("/grants/obligations/<int:obligation_id>/submit", methods=["GET", "POST"])
@requires(Permission.GRANTS_WRITE)
def submit_obligation(obligation_id: int) -> ResponseReturnValue:
    """It went to the funder."""
    services.refuse_accepted(queries.one(obligation_id)[0])

    def act(form: SubmitForm, made: list[StoredFile]) -> None:
        actor, at = current_user.actor, now()
        if form.file.kept:
            services.attach(obligation_id, form.file.kept, proof=True, actor=actor, now=at)
        services.submit(
            obligation_id,
            submitted_on=filled(form.submitted_on.data),
            proof=form.proof.data or "",
            version=form.version.data,
            actor=actor,
            now=at,
        )
        keeping.lock(obligation_id, made, actor=actor, now=at)
        keeping.record_sent(obligation_id, actor=actor, now=at)

    explain, warning = _("Keep a proof: in words, or as a file."), ""
    if waiting := keeping.ready_to_send(obligation_id):
        number = max(each.number for each in waiting)
        explain += " " + _(
            "Version %(number)s of the report, locked before, is recorded as what was sent.", number=number
        )
        if keeping.changed_since_locked(obligation_id):
            warning = _(
                "The report has changed since version %(number)s was locked. Did the newer one go to the funder? Then"
                " lock it first, on the page of the report.",
                number=number,
            )
    elif keeping.is_report(queries.one(obligation_id)[0]):
        explain += " " + _("The report is locked as it is now, with its fingerprint.")
    return _step(
        obligation_id,
        _S.SUBMITTED,
        SubmitForm,
        act,
        data={"submitted_on": local_date(now())},
        title=_("It went to the funder"),
        submit=_("Record the submission"),
        said=_("Recorded as submitted. Now it is the funder's turn."),
        prepare=lambda form: keeping.to_lock(obligation_id),
        explain=explain,
        warning=warning,
        hints={"proof": _("For example the portal's confirmation number, or to whom it was mailed.")},
        files=True,
    )


@bp.route("/grants/obligations/<int:obligation_id>/accept", methods=["GET", "POST"])
@requires(Permission.GRANTS_WRITE)
def accept_obligation(obligation_id: int) -> ResponseReturnValue:
    """The funder accepts it."""

    def act(form: AcceptForm) -> list[int]:
        return services.accept(
            obligation_id,
            accepted_on=filled(form.accepted_on.data),
            version=form.version.data,
            actor=current_user.actor,
            now=now(),
        )

    return _step(
        obligation_id,
        _S.ACCEPTED,
        AcceptForm,
        act,
        data={"accepted_on": local_date(now())},
        title=_("The funder accepts it"),
        submit=_("Record the acceptance"),
        said=_("Accepted. Well done."),
        explain=_("Instalments that waited for it become due."),
    )


@bp.route("/grants/obligations/<int:obligation_id>/unaccept", methods=["GET", "POST"])
@requires(Permission.GRANTS_WRITE)
def unaccept_obligation(obligation_id: int) -> ResponseReturnValue:
    """It was not accepted after all."""
    if queries.one(obligation_id)[0].state is not _S.ACCEPTED:
        raise Refused(N_("This is not accepted (any more)."))

    def act(form: TakeBackAcceptanceForm) -> list[int]:
        return services.take_back_acceptance(
            obligation_id, form.note.data, version=form.version.data, actor=current_user.actor, now=now()
        )

    return _step(
        obligation_id,
        _S.SUBMITTED,
        TakeBackAcceptanceForm,
        act,
        title=_("Take the acceptance back"),
        submit=_("Take the acceptance back"),
        said=_("It lies with the funder again."),
        tone="danger",
        explain=_(
            "It lies with the funder again. Instalments that became due by it wait for it again; what was asked for or"
            " received stays as it is."
        ),
    )


@bp.route("/grants/obligations/<int:obligation_id>/revise", methods=["GET", "POST"])
@requires(Permission.GRANTS_WRITE)
def revise_obligation(obligation_id: int) -> ResponseReturnValue:
    """The funder wants it changed."""

    def act(form: RevisionForm) -> None:
        services.ask_revision(
            obligation_id,
            form.note.data,
            due_on=form.due_on.data,
            version=form.version.data,
            actor=current_user.actor,
            now=now(),
        )

    return _step(
        obligation_id,
        _S.REVISION_REQUESTED,
        RevisionForm,
        act,
        title=_("The funder wants it changed"),
        submit=_("Record the request"),
        said=_("Recorded. It is yours again."),
        explain=_("It becomes something to deliver again."),
    )


@bp.route("/grants/obligations/<int:obligation_id>/waive", methods=["GET", "POST"])
@requires(Permission.GRANTS_WRITE)
def waive_obligation(obligation_id: int) -> ResponseReturnValue:
    """The funder does not ask it any more."""

    def act(form: WaiveForm) -> list[int]:
        return services.waive(
            obligation_id, form.reason.data, version=form.version.data, actor=current_user.actor, now=now()
        )

    return _step(
        obligation_id,
        _S.WAIVED,
        WaiveForm,
        act,
        title=_("The funder does not ask it any more"),
        submit=_("Record that it is waived"),
        said=_("Recorded as waived."),
        tone="danger",
        explain=_("Instalments that waited for it become due. You can take it up again."),
    )


@bp.post("/grants/obligations/<int:obligation_id>/take-up")
@requires(Permission.GRANTS_WRITE)
def take_up_obligation(obligation_id: int) -> ResponseReturnValue:
    """It was waived by mistake."""
    form = VersionedForm()
    with writing():
        services.take_up_again(obligation_id, version=form.version.data, actor=current_user.actor, now=now())
    flash(_("It is planned again."), "ok")
    return redirect(url_for("grants.obligation", obligation_id=obligation_id), 303)
