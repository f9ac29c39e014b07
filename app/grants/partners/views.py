"""The partners of a grant: shares, agreements, and what is passed on to each."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app.base.errors import Invalid
from app.base.states import N_
from app.documents import services as documents
from app.documents.files import ACCEPT, keep
from app.extensions import now, writing
from app.grants.awards import queries as awards
from app.grants.blueprint import bp
from app.grants.pages import VersionedForm, form_page
from app.grants.partners import money_queries, queries, services
from app.grants.partners.forms import AgreementForm, NewPartnerForm, PartnerForm
from app.supporters import queries as supporters
from app.supporters.models import Role
from app.ui.permissions import Permission, requires

HUNDRED = 100


@bp.get("/grants/<int:grant_id>/partners")
@requires(Permission.GRANTS_READ)
def partners(grant_id: int) -> ResponseReturnValue:
    """Who carries this grant, with what share, and what was passed on."""
    row, line = awards.one(grant_id)
    shown = queries.partners(grant_id)
    total = queries.shares_percent(shown)
    agreements = {each.id: documents.documents_of(services.AGREEMENTS_OF, each.id) for each in shown[:50]}
    return render_template(
        "grants/partners.html",
        row=row,
        line=line,
        partners=shown,
        rows={each.id: each for each in queries.rows(grant_id)},
        share_total=total,
        off=total is not None and total != HUNDRED,
        agreements=agreements,
        sub_grants=money_queries.of_grant(grant_id),
        file_forms={each.id: _agreement_form(each.id) for each in shown},
        accept=ACCEPT,
    )


def _agreement_form(partner_id: int) -> AgreementForm:
    """One of several on a page: its field has an id of its own."""
    form = AgreementForm(formdata=None)
    form.file.id = f"agreement-{partner_id}"
    return form


def _organisations(grant_id: int) -> list[tuple[Any, str]]:
    """Organisations known as coalition or lead partner that are not in this grant yet, by name."""
    taken = {each.supporter_id for each in queries.partners(grant_id)}
    known = {each.id: each.display_name for role in (Role.PARTNER, Role.LEAD) for each in supporters.with_role(role)}
    pairs: list[tuple[Any, str]] = [(row_id, name) for row_id, name in known.items() if row_id not in taken]
    return [("", _("Choose an organisation")), *sorted(pairs, key=lambda pair: pair[1].casefold())]


@bp.route("/grants/<int:grant_id>/partners/new", methods=["GET", "POST"])
@requires(Permission.GRANTS_WRITE)
def new_partner(grant_id: int) -> ResponseReturnValue:
    """One more partner."""
    line = awards.one(grant_id)[1]
    return form_page(
        lambda **kwargs: NewPartnerForm.of(_organisations(grant_id), **kwargs),
        lambda form: services.add(grant_id, form.supporter_id.data, form.facts(), actor=current_user.actor, now=now()),
        title=_("New partner"),
        subject=f"{line.title} · {line.funder}",
        explain=_(
            "Organisations with the role of coalition partner are in the list."
            " Give an organisation that role on its own page."
        ),
        submit=_("Add this partner"),
        said=_("The partner is added."),
        back=url_for("grants.partners", grant_id=grant_id),
        hints={"contact_email": _("Links to parts of reports go here. Empty: the organisation's own address.")},
    )


@bp.route("/grants/partners/<int:partner_id>/edit", methods=["GET", "POST"])
@requires(Permission.GRANTS_WRITE)
def edit_partner(partner_id: int) -> ResponseReturnValue:
    """Change role, share, agreement or contact."""
    row, name = queries.one(partner_id)
    return form_page(
        lambda **kwargs: PartnerForm.of(queries.one(partner_id)[0], **kwargs),
        lambda form: services.change(
            partner_id, form.facts(), version=form.version.data, actor=current_user.actor, now=now()
        ),
        title=_("Edit the partner"),
        subject=name,
        submit=_("Save"),
        said=_("Saved."),
        back=url_for("grants.partners", grant_id=row.grant_id),
        hints={"contact_email": _("Links to parts of reports go here. Empty: the organisation's own address.")},
    )


@bp.post("/grants/partners/<int:partner_id>/remove")
@requires(Permission.GRANTS_WRITE)
def remove_partner(partner_id: int) -> ResponseReturnValue:
    """Take out a partner of which nothing depends."""
    queries.one(partner_id)
    form = VersionedForm()
    with writing():
        grant_id = services.remove(partner_id, version=form.version.data, actor=current_user.actor, now=now())
    flash(_("The partner is taken out."), "ok")
    return redirect(url_for("grants.partners", grant_id=grant_id), 303)


@bp.post("/grants/partners/<int:partner_id>/agreement")
@requires(Permission.GRANTS_WRITE)
def add_agreement(partner_id: int) -> ResponseReturnValue:
    """Keep the signed agreement with the partner."""
    grant_id = queries.one(partner_id)[0].grant_id
    form = AgreementForm()
    if not form.validate() or not form.file.data:
        raise Invalid(N_("Choose a file first."), field="file")
    file = keep(form.file.data.read(), form.file.data.filename or "")
    with writing():
        services.attach_agreement(partner_id, file, actor=current_user.actor, now=now())
    flash(_("The file is kept."), "ok")
    return redirect(url_for("grants.partners", grant_id=grant_id), 303)
