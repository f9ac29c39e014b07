"""A donor signs the agreement for a periodic gift online, where a tax adviser approved that. Else nothing is here."""

from __future__ import annotations

import io
from typing import Any

from flask import flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, StringField
from wtforms.validators import InputRequired, Length

from app.base.dates import local_date
from app.base.errors import DomainError, Invalid, NotFound
from app.base.states import N_
from app.documents import files
from app.extensions import db, limits, now, writing
from app.gifts.periodic import offers, queries, signing
from app.gifts.periodic.models import Agreement
from app.gifts.periodic.signing_models import Signing, SigningState
from app.organisation.signing import standing
from app.portal.entering import DONOR
from app.portal.guard import bp, donor_only
from app.portal.sessions import Donor
from app.staff.browsers import browser
from app.ui.forms import Form
from app.ui.messages import translated

CODES, HOUR = 5, 3600  # mails to one donor
GUESSES, WINDOW = 15, 900
_PATH = "/mijn-giften/periodiek/<int:agreement_id>"


class SignForm(Form):
    name = StringField(_l("Your full name"), validators=[InputRequired(), Length(max=300)])
    place = StringField(_l("Place where you sign"), validators=[InputRequired(), Length(max=80)])
    agree = BooleanField(_l("I agree"), validators=[InputRequired()])


class CodeForm(Form):
    code = StringField(_l("The code from the mail"), validators=[InputRequired(), Length(max=12)])


def consent() -> str:
    """The words that the donor agrees to, as they stand beside the box."""
    return str(_("I have read the agreement, I enter into it as it stands there, and I know that my name here and the code from the mail are my signature."))  # noqa: E501  # fmt: skip


@bp.get(_PATH, endpoint="agreement")
@donor_only
def show(donor: Donor, agreement_id: int) -> ResponseReturnValue:
    """The agreement: its text to read, the place to sign, or how it stands."""
    return _page(donor, agreement_id)


@bp.get(f"{_PATH}/tekst.pdf", endpoint="agreement_text")
@donor_only
def text(donor: Donor, agreement_id: int) -> ResponseReturnValue:
    """The very PDF that is signed; its hash is printed in the signed copy."""
    row, _agreement = _mine(donor, agreement_id)
    return _pdf(row.text_sha256, _("agreement"))


@bp.get(f"{_PATH}/getekend.pdf", endpoint="agreement_copy")
@donor_only
def copy(donor: Donor, agreement_id: int) -> ResponseReturnValue:
    """The copy with both signatures."""
    row, _agreement = _mine(donor, agreement_id)
    if row.signed_sha256 is None:
        raise _not_here()
    return _pdf(row.signed_sha256, _("agreement-signed"))


@bp.post(f"{_PATH}/code", endpoint="agreement_code")
@donor_only
def code(donor: Donor, agreement_id: int) -> ResponseReturnValue:
    """Mail a code to who typed their full name and agreed."""
    row, _agreement = _on(donor, agreement_id)
    form = SignForm()
    if not form.validate():
        return _page(donor, agreement_id, form=form)
    signing_id, visitor = row.id, _visitor(donor)
    db.session.rollback()
    try:
        limits.hit("portal signing code", str(donor.id), CODES, HOUR)
        with writing():
            name, place = form.name.data or "", form.place.data or ""
            signing.ask_code(signing_id, visitor, name, place, consent(), now=now())
    except DomainError as error:
        form.add_error(error)
        return _page(donor, agreement_id, form=form, status=error.status)
    return redirect(url_for("portal.agreement", agreement_id=agreement_id, _anchor="code"), 303)


@bp.post(f"{_PATH}/teken", endpoint="sign_agreement")
@donor_only
def sign(donor: Donor, agreement_id: int) -> ResponseReturnValue:
    """Sign with the code; once, whatever window it comes from."""
    row, _agreement = _on(donor, agreement_id)
    form = CodeForm()
    if not form.validate():
        return _page(donor, agreement_id, code_form=form)
    signing_id, visitor = row.id, _visitor(donor)
    db.session.rollback()
    limits.hit("portal signing try", str(donor.id), GUESSES, WINDOW)
    try:
        with writing():
            right = signing.sign(signing_id, visitor, form.code.data or "", actor=DONOR, now=now())
        if not right:
            raise Invalid(N_("This code is not right, or it is too old. Look at it again, or ask for a new one."), field="code")  # noqa: E501  # fmt: skip
    except DomainError as error:
        form.add_error(error)
        return _page(donor, agreement_id, code_form=form, status=error.status)
    flash(_("Signed. We sign too, and then your signed copy lies here."), "ok")
    return redirect(url_for("portal.agreement", agreement_id=agreement_id), 303)


@bp.post(f"{_PATH}/laat-maar", endpoint="decline_agreement")
@donor_only
def decline(donor: Donor, agreement_id: int) -> ResponseReturnValue:
    """Not sign it, or take the signature back while ours is not there."""
    row, _agreement = _on(donor, agreement_id)
    signing_id = row.id
    db.session.rollback()
    try:
        with writing():
            signing.decline(signing_id, donor.id, actor=DONOR, now=now())
    except DomainError as error:
        flash(translated(error), "warn")
    else:
        flash(_("The agreement does not come about. Nothing was agreed on, and you owe us nothing."), "ok")
    return redirect(url_for("portal.agreement", agreement_id=agreement_id), 303)


def _page(donor: Donor, agreement_id: int, status: int = 0, **forms: Form) -> ResponseReturnValue:
    row, agreement = _mine(donor, agreement_id)
    today = local_date(now())
    form = forms.get("form") or SignForm(formdata=None)
    code_form = forms.get("code_form") or CodeForm(formdata=None)
    is_on, wrong = standing() is not None, form if form.has_errors else code_form
    page = render_template(
        "portal/agreement.html", donor=donor, agreement=agreement, signing=row, S=SigningState, is_on=is_on,
        signed_on=agreement.signed_on,
        form=form, code_form=code_form, consent=consent(), can_sign=is_on and row.is_open_to_sign(today),
        waits=signing.waits_for_code(row, donor.session_id, now()), again="again" in request.args or form.has_errors,
    )  # fmt: skip
    return page, status or wrong.status


def _mine(donor: Donor, agreement_id: int) -> tuple[Signing, Agreement]:
    """What was offered to this donor, where signing is on or both have signed; else the same as nothing."""
    row = offers.newest(agreement_id)
    if row is None or (standing() is None and row.state is not SigningState.DONE):
        raise _not_here()
    agreement = queries.get(agreement_id)
    if agreement.supporter_id != donor.id:
        raise _not_here()
    return row, agreement


def _on(donor: Donor, agreement_id: int) -> tuple[Signing, Agreement]:
    if standing() is None:
        raise _not_here()
    return _mine(donor, agreement_id)


def _visitor(donor: Donor) -> signing.Visitor:
    return signing.Visitor(donor.id, donor.session_id, donor.email, browser(request.user_agent.string))


def _not_here() -> NotFound:
    return NotFound(N_("This is not on your page."))


def _pdf(digest: str, name: str) -> Any:
    db.session.rollback()
    return send_file(io.BytesIO(files.read(digest)), mimetype="application/pdf", download_name=f"{name}.pdf", max_age=0)
