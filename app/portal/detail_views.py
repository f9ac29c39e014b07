"""Own details on Mijn giften: name, address, phone, and what each channel may be used for."""

from __future__ import annotations

from collections.abc import Callable

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.base.errors import Invalid
from app.extensions import db, limits, now, writing
from app.portal import details, mailbox
from app.portal.detail_forms import CHANNELS, PURPOSES, AddressForm, ContactForm, NameForm, NewEmailForm, PhoneForm
from app.portal.details import Changed, Details
from app.portal.guard import bp, donor_only
from app.portal.sessions import Donor
from app.supporters.choices import ASKED
from app.supporters.consent_models import Channel, Purpose
from app.supporters.models import Language
from app.ui.forms import Form
from app.ui.messages import translated

CHANGES, WINDOW = 30, 3600  # by one donor


@bp.get("/mijn-giften/gegevens")
@donor_only
def details_form(donor: Donor) -> ResponseReturnValue:
    """Own details, each with a form of its own."""
    return page(donor)


def page(
    donor: Donor, wrong: Form | None = None, which: str = "", status: int = 0, clash: str = ""
) -> ResponseReturnValue:
    """All forms as stored; `wrong` takes the place of form `which`, `clash` says what happened meanwhile."""
    stored = details.of(donor.id, now=now())
    forms: dict[str, Form] = {
        "name": NameForm.of(stored.who, formdata=None),
        "address": AddressForm.of(stored.address, formdata=None),
        "phone": PhoneForm(formdata=None, data={"phone": stored.phone.number if stored.phone else None}),
        "email": NewEmailForm(formdata=None),
        "contact": _contact(stored, formdata=None),
    }
    if wrong is not None:
        forms[which] = wrong
    shown = render_template(
        "portal/details.html", donor=donor, stored=stored, forms=forms, waits=mailbox.waits(donor, now=now()),
        marks={what: stored.mark(what) for what in ("name", "address", "phone", "contact")},
        clash=clash, which=which,
    )  # fmt: skip
    return shown, status or (wrong.status if wrong is not None else 200)


def _contact(stored: Details, **kwargs: object) -> ContactForm:
    return ContactForm.of(stored.allowed, phone=stored.phone is not None, **kwargs)


@bp.post("/mijn-giften/gegevens/naam")
@donor_only
def change_name(donor: Donor) -> ResponseReturnValue:
    """Another name, form of address or language."""
    form = NameForm.of(details.of(donor.id, now=now()).who)

    def save(mark: str) -> bool:
        stored = details.of(donor.id, now=now()).who.name
        called = str(form["organisation_name"].data or "") if "organisation_name" in form else ""
        return details.rename(donor, mark, form.name(stored), called, Language(form.spoken.data), now=now())

    return _save(donor, "name", form, save)


@bp.post("/mijn-giften/gegevens/adres")
@donor_only
def change_address(donor: Donor) -> ResponseReturnValue:
    """Another address."""
    stored = details.of(donor.id, now=now()).address
    form, kind = AddressForm.of(None), details.address_type(stored)
    return _save(donor, "address", form, lambda mark: details.move(donor, mark, form.draft(kind), now=now()))


@bp.post("/mijn-giften/gegevens/telefoon")
@donor_only
def change_phone(donor: Donor) -> ResponseReturnValue:
    """Another phone number, or none."""
    form = PhoneForm()
    return _save(donor, "phone", form, lambda mark: details.call_at(donor, mark, form.phone.data or "", now=now()))


@bp.post("/mijn-giften/gegevens/contact")
@donor_only
def change_contact(donor: Donor) -> ResponseReturnValue:
    """What each channel may be used for."""
    form = _contact(details.of(donor.id, now=now()))

    def save(mark: str) -> bool:
        wanted = form.wanted()
        return details.choose(donor, mark, wanted, {c: _ticked(c, may) for c, may in wanted.items()}, now=now())

    return _save(donor, "contact", form, save)


def _ticked(channel: Channel, may: set[Purpose]) -> str:
    """The words on the page with what was ticked, as evidence."""
    boxes = [f"[{'x' if purpose in may else ' '}] {_(PURPOSES[purpose])}" for purpose in ASKED]
    return f"{_(CHANNELS[channel])}: " + ", ".join(boxes)


def _save(donor: Donor, what: str, form: Form, save: Callable[[str], bool]) -> ResponseReturnValue:
    if not form.validate():
        return page(donor, form, what)
    db.session.rollback()
    limits.hit("portal details", str(donor.id), CHANGES, WINDOW)
    try:
        with writing():
            done = save(request.form.get("mark", ""))
    except Changed as error:
        return page(donor, form, what, error.status, translated(error))
    except Invalid as error:
        form.add_error(error)
        return page(donor, form, what)
    flash(_("Changed. We use it from now on.") if done else _("This is how we had it already."), "ok")
    return redirect(url_for("portal.details_form"), 303)
