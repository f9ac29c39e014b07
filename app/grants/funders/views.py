"""The list of funders, and one funder."""

from __future__ import annotations

from typing import Any

from flask import render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app.base.dates import local_date
from app.base.errors import Invalid
from app.base.states import N_
from app.extensions import now
from app.grants import choices
from app.grants.applications import queries as applications
from app.grants.awards import queries as awards
from app.grants.blueprint import bp
from app.grants.funders import queries, services
from app.grants.funders.forms import FunderForm, NewFunderForm
from app.grants.funders.models import Funder, FunderKind
from app.grants.pages import form_page, tabs
from app.grants.rounds import queries as rounds
from app.grants.trail import trail_of
from app.supporters import services as supporter_services
from app.supporters.drafts import OrganisationDraft
from app.supporters.models import Supporter
from app.ui import lists
from app.ui.permissions import Permission, requires

SORTS = {
    "name": lists.Sort(N_("Name"), (lists.asc(Supporter.sort_key),)),
    "kind": lists.Sort(N_("Kind"), (lists.asc(Funder.kind), lists.asc(Supporter.sort_key))),
}


@bp.get("/grants/funders")
@requires(Permission.GRANTS_READ)
def funders() -> ResponseReturnValue:
    """All funders, with what runs at each."""
    q, kind, owner = lists.search_text(), lists.choice("kind", FunderKind), lists.row_id("owner")
    chosen = queries.listing()
    if q:
        chosen = chosen.where(queries.matches(q))
    if kind:
        chosen = chosen.where(Funder.kind == FunderKind(kind))
    if owner:
        chosen = chosen.where(Funder.owner_id == owner)
    page = lists.page(chosen, SORTS, key=Funder.id, default="name")
    return render_template(
        "grants/funders.html",
        tabs=tabs(),
        page=page,
        rows=[queries.line_of(row) for row in page.rows],
        q=q,
        kind=kind,
        owner=owner,
        kinds=choices.labelled(FunderKind),
        people=choices.people()[1:],
        total=queries.count(chosen),
    )


@bp.route("/grants/funders/new", methods=["GET", "POST"])
@requires(Permission.GRANTS_WRITE)
def new_funder() -> ResponseReturnValue:
    """Make an organisation a funder: one we know, or a new one by name."""
    others = [(row.id, row.display_name) for row in queries.organisations_without()]
    chosen = lists.row_id("supporter")

    def make(**kwargs: Any) -> NewFunderForm:
        form = NewFunderForm(data={"supporter_id": chosen}, **kwargs)
        form.offer()
        form.supporter_id.choices = [("", _("A new organisation")), *others]
        return form

    def act(form: NewFunderForm) -> int:
        actor, at = current_user.actor, now()
        supporter_id = form.supporter_id.data
        if supporter_id is None:
            if not form.name.data:
                raise Invalid(N_("Please fill this in, or choose an organisation we know."), field="name")
            draft = OrganisationDraft(name=form.name.data)
            supporter_id = supporter_services.create_organisation(draft, actor=actor, now=at)
        return services.register(supporter_id, form.facts(), actor=actor, now=at)

    return form_page(
        make,
        act,
        title=_("New funder"),
        submit=_("Save this funder"),
        said=_("Saved. Add a round or an application."),
        back=lambda funder_id: url_for("grants.funder", funder_id=funder_id),
        hints=_hints(),
    )


@bp.get("/grants/funders/<int:funder_id>")
@requires(Permission.GRANTS_READ)
def funder(funder_id: int) -> ResponseReturnValue:
    """One funder: what runs, its rounds, its people."""
    row, line = queries.one(funder_id)
    return render_template(
        "grants/funder.html",
        row=row,
        line=line,
        today=local_date(now()),
        grants=awards.of_funder(funder_id),
        applications=applications.of_funder(funder_id),
        rounds=rounds.of_funder(funder_id),
        contacts=queries.contacts(row.supporter_id),
        trail=trail_of("funder", funder_id),
    )


@bp.route("/grants/funders/<int:funder_id>/edit", methods=["GET", "POST"])
@requires(Permission.GRANTS_WRITE)
def edit_funder(funder_id: int) -> ResponseReturnValue:
    """Change what we know of a funder."""
    line = queries.one(funder_id)[1]
    return form_page(
        lambda **kwargs: FunderForm.of(queries.one(funder_id)[0], **kwargs),
        lambda form: services.change(
            funder_id, form.facts(), version=form.version.data, actor=current_user.actor, now=now()
        ),
        title=_("Edit the funder"),
        subject=line.name,
        submit=_("Save"),
        said=_("Saved."),
        back=url_for("grants.funder", funder_id=funder_id),
        hints=_hints(),
    )


def _hints() -> dict[str, str]:
    return {
        "kind": _("It decides on which RJ 650 line grants of this funder are counted."),
        "linked": _("Then its grants are counted as income from affiliated organisations."),
        "portal_url": _("It starts with https://"),
        "name": _("Only if it is not in the list above."),
    }
