"""Forms for how a supporter is reached and whom they belong to."""

from __future__ import annotations

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from wtforms.fields.choices import SelectChoice

from app.base.dates import local_date
from app.base.errors import Invalid
from app.base.references import id_of
from app.base.states import N_
from app.extensions import now, writing
from app.supporters import contacts, mailboxes, queries, reach
from app.supporters.contact import check_postcode, split_house_number
from app.supporters.contact_models import AddressType, RelationType
from app.supporters.countries import countries
from app.supporters.drafts import AddressDraft
from app.supporters.edit_views import small_form
from app.supporters.forms import AddressForm, EmailForm, IbanForm, MailboxForm, PhoneForm, RelationForm, chosen
from app.supporters.views import bp
from app.ui.fields import options
from app.ui.languages import language
from app.ui.permissions import Permission, requires

_REMOVERS = {
    "email": contacts.remove_email,
    "phone": contacts.remove_phone,
    "address": contacts.remove_address,
    "iban": contacts.remove_iban,
}


@bp.route("/supporters/<int:supporter_id>/emails", methods=["GET", "POST"])
@requires(Permission.SUPPORTERS_WRITE)
def add_email(supporter_id: int) -> ResponseReturnValue:
    form = EmailForm()

    def save() -> None:
        contacts.add_email(supporter_id, form.email.data or "", actor=current_user.actor, now=now())

    return small_form(supporter_id, form, _("Add an e-mail address"), [["email"]], save, _("The address is added."))


@bp.route("/supporters/<int:supporter_id>/mailbox", methods=["GET", "POST"])
@requires(Permission.SUPPORTERS_WRITE)
def change_mailbox(supporter_id: int) -> ResponseReturnValue:
    """Another mailbox, for who cannot use the old one."""
    form = MailboxForm()
    form.how.choices = options(mailboxes.Check, empty=_("Choose"))

    def save() -> None:
        how = chosen(mailboxes.Check, form.how.data)
        told_as = _("Another mailbox, identity checked: %(how)s", how=_(how.label))
        mailboxes.change(
            supporter_id, form.email.data or "", how, told_as, form.note.data or "", actor=current_user.actor, now=now()
        )

    intro = _("Sign-in links go to this address, so first make sure that the donor asks. The old address is told.")
    done = _("Mails go to the new address from now on. Your check is kept.")
    return small_form(
        supporter_id, form, _("Another mailbox"), [["email"], ["how"], ["note"]], save, done, intro=intro
    )  # fmt: skip


@bp.post("/supporters/<int:supporter_id>/post/<any(on,off):wanted>")
@requires(Permission.SUPPORTERS_WRITE)
def by_post(supporter_id: int, wanted: str) -> ResponseReturnValue:
    """Letters instead of mails, or mails again."""
    with writing():
        reach.set_by_post(supporter_id, wanted == "on", actor=current_user.actor, now=now())
    flash(_("Letters go by post from now on.") if wanted == "on" else _("Mails go by e-mail again."), "ok")
    return redirect(url_for("supporters.show", supporter_id=supporter_id), 303)


@bp.route("/supporters/<int:supporter_id>/phones", methods=["GET", "POST"])
@requires(Permission.SUPPORTERS_WRITE)
def add_phone(supporter_id: int) -> ResponseReturnValue:
    form = PhoneForm()

    def save() -> None:
        contacts.add_phone(supporter_id, form.phone.data or "", actor=current_user.actor, now=now())

    return small_form(supporter_id, form, _("Add a phone number"), [["phone"]], save, _("The number is added."))


@bp.route("/supporters/<int:supporter_id>/addresses", methods=["GET", "POST"])
@requires(Permission.SUPPORTERS_WRITE)
def add_address(supporter_id: int) -> ResponseReturnValue:
    form = AddressForm()
    form.country.choices = [SelectChoice(code, name) for code, name in countries(language())]

    def save() -> None:
        number, addition = split_house_number(form.house_number.data or "")
        country = form.country.data or "NL"
        draft = AddressDraft(
            street=form.street.data or "", house_number=number, addition=addition, place=form.place.data or "",
            postcode=check_postcode(form.postcode.data or "", country), country=country,
            type=chosen(AddressType, form.type.data),
        )  # fmt: skip
        contacts.add_address(
            supporter_id, draft, replaces=bool(form.replaces.data), actor=current_user.actor, now=now()
        )  # fmt: skip

    rows = [["type"], ["street", "house_number"], ["postcode", "place", "country"], ["replaces"]]
    return small_form(supporter_id, form, _("Add an address"), rows, save, _("The address is added."))


@bp.route("/supporters/<int:supporter_id>/ibans", methods=["GET", "POST"])
@requires(Permission.SUPPORTERS_WRITE)
def add_iban(supporter_id: int) -> ResponseReturnValue:
    form = IbanForm()

    def save() -> None:
        contacts.add_iban(
            supporter_id,
            form.iban.data or "",
            form.holder.data or "",
            source="staff",
            actor=current_user.actor,
            now=now(),
        )

    intro = _("The number is kept sealed. Afterwards only its last four characters are shown.")
    done = _("The account is added.")
    return small_form(supporter_id, form, _("Add a bank account"), [["iban"], ["holder"]], save, done, intro=intro)


@bp.post("/supporters/<int:supporter_id>/<any(email,phone,address,iban):kind>/<int:row_id>/remove")
@requires(Permission.SUPPORTERS_WRITE)
def remove_contact(supporter_id: int, kind: str, row_id: int) -> ResponseReturnValue:
    with writing():
        _REMOVERS[kind](row_id, supporter_id, actor=current_user.actor, now=now())
    flash(_("That is taken away. The timeline keeps that it was there."), "ok")
    return redirect(url_for("supporters.show", supporter_id=supporter_id), 303)


@bp.post("/supporters/<int:supporter_id>/address/<int:row_id>/end")
@requires(Permission.SUPPORTERS_WRITE)
def end_address(supporter_id: int, row_id: int) -> ResponseReturnValue:
    with writing():
        contacts.end_address(row_id, supporter_id, actor=current_user.actor, now=now())
    flash(_("The address is now an old address."), "ok")
    return redirect(url_for("supporters.show", supporter_id=supporter_id), 303)


@bp.route("/supporters/<int:supporter_id>/relations", methods=["GET", "POST"])
@requires(Permission.SUPPORTERS_WRITE)
def add_relation(supporter_id: int) -> ResponseReturnValue:
    form = RelationForm()

    def save() -> None:
        other = id_of(form.other.data or "")
        if other is None or other not in queries.names([other]):
            raise Invalid(N_("No record has this reference. You find it under the name on the page."), field="other")
        contacts.relate(
            supporter_id, other, chosen(RelationType, form.type.data), function=form.function.data or "",
            started_on=form.started_on.data, actor=current_user.actor, now=now(),
        )  # fmt: skip

    hints = {"other": _("The reference under the name of the other record, like 0ANR-5Y1T-….")}
    rows = [["other"], ["type", "function"], ["started_on"]]
    return small_form(supporter_id, form, _("Add a relation"), rows, save, _("The relation is added."), hints=hints)


@bp.post("/supporters/<int:supporter_id>/relations/<int:row_id>/end")
@requires(Permission.SUPPORTERS_WRITE)
def end_relation(supporter_id: int, row_id: int) -> ResponseReturnValue:
    with writing():
        contacts.end_relation(row_id, supporter_id, local_date(now()), actor=current_user.actor, now=now())
    flash(_("The relation has ended as of today."), "ok")
    return redirect(url_for("supporters.show", supporter_id=supporter_id), 303)
