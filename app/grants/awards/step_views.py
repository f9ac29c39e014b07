"""The steps of a grant: signing, extending, going on, and finance's confirmation."""

from __future__ import annotations

from flask import url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app.base.errors import Invalid
from app.base.states import N_
from app.extensions import now
from app.grants.awards import queries, services, steps
from app.grants.awards.forms import ExtendForm, SignForm
from app.grants.awards.models import GRANT_MOVES, GrantState
from app.grants.blueprint import bp
from app.grants.pages import FreeNoteForm, NoteForm, VersionedForm, form_page
from app.ui import filters
from app.ui.permissions import Permission, requires


@bp.route("/grants/<int:grant_id>/sign", methods=["GET", "POST"])
@requires(Permission.GRANTS_WRITE)
def sign_grant(grant_id: int) -> ResponseReturnValue:
    """The agreement is signed."""
    line = queries.one(grant_id)[1]
    return form_page(
        lambda **kwargs: SignForm.at(queries.one(grant_id)[0].version, **kwargs),
        lambda form: services.sign(
            grant_id, agreed_on=form.agreed_on.data, version=form.version.data, actor=current_user.actor, now=now()
        ),
        title=_("The agreement is signed"),
        subject=f"{line.title} · {line.funder}",
        explain=_("The grant becomes active. Instalments that waited for the signature become due."),
        submit=_("Record the signature"),
        said=_("The grant is active."),
        back=url_for("grants.grant", grant_id=grant_id),
    )


@bp.route("/grants/<int:grant_id>/extend", methods=["GET", "POST"])
@requires(Permission.GRANTS_WRITE)
def extend_grant(grant_id: int) -> ResponseReturnValue:
    """The funder gives more time."""
    line = queries.one(grant_id)[1]
    return form_page(
        lambda **kwargs: ExtendForm.at(queries.one(grant_id)[0].version, **kwargs),
        lambda form: services.extend(
            grant_id,
            ends_on=form.ends_on.data,
            note=form.note.data,
            version=form.version.data,
            actor=current_user.actor,
            now=now(),
        ),
        title=_("Extend the grant"),
        subject=f"{line.title} · {line.funder}",
        explain=_("Dates of obligations and instalments stay as they are: look at them afterwards."),
        submit=_("Extend the grant"),
        said=_("Extended. Look at the dates of what is still to be delivered."),
        back=url_for("grants.grant", grant_id=grant_id),
    )


@bp.route("/grants/<int:grant_id>/move/<state>", methods=["GET", "POST"])
@requires(Permission.GRANTS_WRITE)
def move_grant(grant_id: int, state: str) -> ResponseReturnValue:
    """To another state, with a note."""
    row, line = queries.one(grant_id)
    if state not in {each.value for each in GrantState}:
        raise Invalid(N_("Please choose one of the options."), field="state")
    wanted = GrantState(state)
    GRANT_MOVES.check(row.state, wanted)
    needs_reason = wanted in (GrantState.TERMINATED, GrantState.CLAWBACK)
    explain = {
        GrantState.TERMINATED: _(
            "The grant ends early. Open instalments are marked as withheld until they are settled."
        ),
        GrantState.CLOSED: _("Everything is delivered and received. You can open the grant again."),
        GrantState.CLAWBACK: _("The funder asks money back. Write down how much, and why."),
    }.get(wanted, "")
    return form_page(
        lambda **kwargs: (NoteForm if needs_reason else FreeNoteForm).at(queries.one(grant_id)[0].version, **kwargs),
        lambda form: services.move(
            grant_id,
            wanted,
            note=form.note.data or "",
            version=form.version.data,
            actor=current_user.actor,
            now=now(),
        ),
        title=steps.words(row.state, wanted),
        subject=f"{line.title} · {line.funder}",
        explain=explain,
        submit=steps.words(row.state, wanted),
        tone="danger" if needs_reason else "primary",
        said=_("Done. Its state is now: %(state)s.", state=filters.label(wanted)),
        back=url_for("grants.grant", grant_id=grant_id),
    )


@bp.route("/grants/<int:grant_id>/confirm", methods=["GET", "POST"])
@requires(Permission.FINANCE_WRITE)
def confirm_grant(grant_id: int) -> ResponseReturnValue:
    """Finance agrees: from here on it is in the books."""
    line = queries.one(grant_id)[1]
    row = queries.one(grant_id)[0]

    def act(form: VersionedForm) -> None:
        services.confirm([grant_id], version=form.version.data, actor=current_user.actor, now=now())

    return form_page(
        lambda **kwargs: VersionedForm.at(queries.one(grant_id)[0].version, **kwargs),
        act,
        title=_("Confirm the grant"),
        subject=f"{line.title} · {line.funder} · {filters.money(line.amount_cents)}",
        explain=_(
            "It is booked as %(line)s, %(rule)s. After this the amount, the rule and the instalments stand.",
            line=filters.label(row.income_line),
            rule=filters.label(row.recognition).lower(),
        ),
        submit=_("Confirm and book"),
        said=_("Confirmed. It is in the books."),
        back=url_for("grants.grant", grant_id=grant_id),
    )


@bp.route("/grants/<int:grant_id>/unconfirm", methods=["GET", "POST"])
@requires(Permission.FINANCE_WRITE)
def unconfirm_grant(grant_id: int) -> ResponseReturnValue:
    """The confirmation was a mistake: what was booked is reversed."""
    line = queries.one(grant_id)[1]
    return form_page(
        lambda **kwargs: NoteForm.at(queries.one(grant_id)[0].version, **kwargs),
        lambda form: services.take_back_confirmation(
            grant_id, form.note.data, version=form.version.data, actor=current_user.actor, now=now()
        ),
        title=_("Take the confirmation back"),
        subject=f"{line.title} · {line.funder}",
        explain=_("What was booked is reversed today. The grant can be corrected and confirmed again."),
        submit=_("Take the confirmation back"),
        tone="danger",
        said=_("Taken back. The booking is reversed."),
        back=url_for("grants.grant", grant_id=grant_id),
    )
