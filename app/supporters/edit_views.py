"""Making supporters, changing who they are, and every small form that hangs on one of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app.base.errors import Invalid
from app.extensions import now, writing
from app.supporters import queries, services
from app.supporters.drafts import OrganisationDraft, PersonDraft
from app.supporters.forms import (
    NewOrganisationForm,
    NewPersonForm,
    OrganisationForm,
    PersonForm,
    StandingForm,
    chosen,
)
from app.supporters.models import Kind, Role
from app.supporters.names import NameOrder
from app.supporters.views import bp, loaded_for
from app.ui.forms import Form
from app.ui.permissions import Permission, requires

Rows = list[list[str]]


def small_form(
    supporter_id: int, form: Form, heading: str, rows: Rows, save: Callable[[], object], done: str, *,
    intro: str = "", submit: str = "", hints: dict[str, str] | None = None, back: str = "",
    aside: dict[str, Any] | None = None,
) -> ResponseReturnValue:  # fmt: skip
    """A form about one supporter: show it, save it in a transaction, back to the page. `rows` are field names."""
    supporter = loaded_for(supporter_id)
    back = back or url_for("supporters.show", supporter_id=supporter_id)
    if form.validate_on_submit():
        try:
            with writing():
                save()
            flash(done, "ok")
            return redirect(back, 303)
        except Invalid as error:
            form.add_error(error)
    shown: dict[str, Any] = {"form": form, "supporter": supporter, "heading": heading, "rows": rows, "intro": intro}
    shown |= {"submit": submit or _("Save"), "hints": hints or {}, "back": back, "aside": aside}
    return render_template("supporters/form.html", **shown), form.status


_NAME_ROWS = [
    ["first_name", "initials"], ["infix", "last_name"], ["partner_infix", "partner_name", "name_order"],
    ["title", "greeting", "language"],
]  # fmt: skip


def _hints() -> dict[str, str]:
    return {
        "infix": _("For example van den. In small letters."),
        "greeting": _("Neutral unless they told us: then letters begin with the first name."),
        "email": _("Only one? It becomes the address we write to."),
    }


@bp.route("/supporters/new-person", methods=["GET", "POST"])
@requires(Permission.SUPPORTERS_WRITE)
def new_person() -> ResponseReturnValue:
    form = NewPersonForm()
    return _new(form, _("New person"), [*_NAME_ROWS, ["email", "phone"]], lambda: PersonDraft(
        name=form.name, language=form.chosen_language, email=form.email.data or "", phone=form.phone.data or "",
    ))  # fmt: skip


@bp.route("/supporters/new-organisation", methods=["GET", "POST"])
@requires(Permission.SUPPORTERS_WRITE)
def new_organisation() -> ResponseReturnValue:
    form = NewOrganisationForm()
    rows = [["name"], ["kvk", "website", "language"], ["roles"], ["email", "phone"]]
    return _new(form, _("New organisation"), rows, lambda: OrganisationDraft(
        name=form.name.data or "", kvk=form.kvk.data or None, website=form.website.data or None,
        language=form.chosen_language, roles=tuple(chosen(Role, r) for r in form.roles.data or ()),
        email=form.email.data or "", phone=form.phone.data or "",
    ))  # fmt: skip


def _new(
    form: Form, heading: str, rows: Rows, draft: Callable[[], PersonDraft | OrganisationDraft]
) -> ResponseReturnValue:
    if form.validate_on_submit():
        try:
            with writing():
                made = services.create_people([draft()], actor=current_user.actor, now=now())[0]
            flash(_("The record is made."), "ok")
            return redirect(url_for("supporters.show", supporter_id=made), 303)
        except Invalid as error:
            form.add_error(error)
    shown: dict[str, Any] = {"form": form, "supporter": None, "heading": heading, "rows": rows, "intro": ""}
    shown |= {"submit": _("Make the record"), "hints": _hints(), "back": url_for("supporters.index"), "aside": None}
    return render_template("supporters/form.html", **shown), form.status


@bp.route("/supporters/<int:supporter_id>/edit", methods=["GET", "POST"])
@requires(Permission.SUPPORTERS_WRITE)
def edit(supporter_id: int) -> ResponseReturnValue:
    supporter = loaded_for(supporter_id)
    done = _("The record is changed.")
    if supporter.kind is Kind.ORGANISATION:
        data = {"name": supporter.organisation_name, "kvk": supporter.kvk, "website": supporter.website}
        form = OrganisationForm(data=data | {"language": supporter.language.value})

        def save_organisation() -> None:
            services.rename_organisation(
                supporter_id, form.name.data or "", kvk=form.kvk.data or None, website=form.website.data or None,
                language=form.chosen_language, actor=current_user.actor, now=now(),
            )  # fmt: skip

        rows = [["name"], ["kvk", "website", "language"]]
        return small_form(supporter_id, form, _("Change name and details"), rows, save_organisation, done)
    person = PersonForm(data=_person_data(supporter))

    def save_person() -> None:
        services.rename_person(
            supporter_id, person.name, language=person.chosen_language, actor=current_user.actor, now=now()
        )

    return small_form(
        supporter_id, person, _("Change name and details"), _NAME_ROWS, save_person, done, hints=_hints()
    )  # fmt: skip


def _person_data(supporter: Any) -> dict[str, Any]:
    plain = ("first_name", "initials", "infix", "last_name", "partner_infix", "partner_name", "title")
    data = {field: getattr(supporter, field) for field in plain}
    order: NameOrder = supporter.name_order
    return data | {
        "name_order": order.value,
        "greeting": supporter.greeting.value,
        "language": supporter.language.value,
    }


@bp.route("/supporters/<int:supporter_id>/standing", methods=["GET", "POST"])
@requires(Permission.SUPPORTERS_WRITE)
def standing(supporter_id: int) -> ResponseReturnValue:
    """Roles, owner, and whether a person has died."""
    supporter = loaded_for(supporter_id)
    had = queries.roles_of([supporter_id]).get(supporter_id, set())
    form = StandingForm(
        data={
            "roles": [r.value for r in had], "owner": str(supporter.owner_id or ""),
            "is_deceased": supporter.is_deceased, "deceased_on": supporter.deceased_on,
        }
    )  # fmt: skip
    form.offer(form.owner, supporter.owner_id)
    is_person = supporter.kind is Kind.PERSON
    rows = [["roles"], ["owner"]] + ([["is_deceased"], ["deceased_on"]] if is_person else [])
    before = (supporter.owner_id, supporter.is_deceased, supporter.deceased_on)

    def save() -> None:
        who: dict[str, Any] = {"actor": current_user.actor, "now": now()}
        services.set_roles(supporter_id, {chosen(Role, r) for r in form.roles.data or ()}, **who)
        owner = int(form.owner.data) if form.owner.data else None
        if owner != before[0]:
            services.set_owner(supporter_id, owner, **who)
        if is_person and (form.is_deceased.data, form.deceased_on.data) != before[1:]:
            services.set_deceased(supporter_id, bool(form.is_deceased.data), form.deceased_on.data, **who)

    hints = {
        "is_deceased": _(
            "Recurring gifts and mandates end at once. If this was a mistake, the mandates are "
            "valid again, but the gifts have to be begun anew."
        )
    }
    return small_form(supporter_id, form, _("Roles and state"), rows, save, _("The record is changed."), hints=hints)
