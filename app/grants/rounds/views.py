"""The calendar of rounds."""

from __future__ import annotations

from typing import Any

from flask import render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app.base.dates import local_date
from app.base.states import N_
from app.extensions import now
from app.grants.blueprint import bp
from app.grants.funders import queries as funders
from app.grants.pages import form_page, tabs
from app.grants.rounds import queries, services
from app.grants.rounds.forms import RoundFields, RoundForm
from app.grants.rounds.models import Round
from app.supporters.models import Supporter
from app.ui import lists
from app.ui.permissions import Permission, requires

SORTS = {
    "closes": lists.Sort(N_("Closes"), (lists.asc(Round.closes_on),)),
    "funder": lists.Sort(N_("Funder"), (lists.asc(Supporter.sort_key), lists.asc(Round.closes_on))),
}


@bp.get("/grants/rounds")
@requires(Permission.GRANTS_READ)
def rounds() -> ResponseReturnValue:
    """The calendar of rounds: those to come, or all."""
    today = local_date(now())
    q, which = lists.search_text(), lists.choice("which", ("open", "past", "all"), "coming")
    chosen = queries.listing()
    if q:
        chosen = chosen.where(
            Round.name.icontains(q, autoescape=True) | Supporter.display_name.icontains(q, autoescape=True)
        )
    if which in ("coming", "open"):
        chosen = chosen.where(Round.closes_on >= today)
    if which == "open":
        chosen = chosen.where(Round.opens_on.is_(None) | (Round.opens_on <= today))
    if which == "past":
        chosen = chosen.where(Round.closes_on < today)
    page = lists.page(chosen, SORTS, key=Round.id, default="closes")
    return render_template(
        "grants/rounds.html",
        tabs=tabs(),
        page=page,
        rows=[queries.line_of(row) for row in page.rows],
        q=q,
        which=which,
        today=today,
    )


@bp.route("/grants/funders/<int:funder_id>/rounds/new", methods=["GET", "POST"])
@requires(Permission.GRANTS_WRITE)
def new_round(funder_id: int) -> ResponseReturnValue:
    """A round of a funder."""
    line = funders.one(funder_id)[1]

    def make(**kwargs: Any) -> RoundFields:
        form = RoundFields(**kwargs)
        form.offer()
        return form

    return form_page(
        make,
        lambda form: services.open_round(funder_id, form.facts(), actor=current_user.actor, now=now()),
        title=_("New round"),
        subject=line.name,
        submit=_("Save this round"),
        said=_("The round is in the calendar."),
        back=url_for("grants.funder", funder_id=funder_id),
        hints=_hints(),
    )


@bp.route("/grants/rounds/<int:round_id>", methods=["GET", "POST"])
@requires(Permission.GRANTS_WRITE)
def edit_round(round_id: int) -> ResponseReturnValue:
    """Change a round."""
    line = queries.one(round_id)[1]
    return form_page(
        lambda **kwargs: RoundForm.of(queries.one(round_id)[0], **kwargs),
        lambda form: services.change(
            round_id, form.facts(), version=form.version.data, actor=current_user.actor, now=now()
        ),
        title=_("Edit the round"),
        subject=line.funder,
        submit=_("Save"),
        said=_("Saved."),
        back=url_for("grants.funder", funder_id=line.funder_id),
        hints=_hints(),
    )


def _hints() -> dict[str, str]:
    return {"recurrence": _("Every year: the next round appears by itself once this one has closed.")}
