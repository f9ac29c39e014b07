"""The settings page of the organisation."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import select

from app.base.errors import Invalid, NotFound
from app.base.states import N_
from app.extensions import db, now, writing
from app.organisation import queries, services
from app.organisation.forms import AccountForm, DetailsForm, filled
from app.organisation.models import AccountPurpose, BankAccount, BookedBy, Organisation, PainVersion
from app.organisation.public_views import bp
from app.organisation.signing import standing
from app.ui.permissions import Permission, requires


@bp.get("/organisation")
@requires(Permission.ORGANISATION_READ)
def show() -> ResponseReturnValue:
    """Who receives the money: names, numbers, bank accounts, pages."""
    return render_template(
        "organisation/show.html", profile=queries.profile(), accounts=queries.all_accounts(), signing=standing()
    )


@bp.get("/organisation/edit")
@requires(Permission.ORGANISATION_WRITE)
def edit() -> ResponseReturnValue:
    """The form of the organisation's details."""
    form = DetailsForm(formdata=None, data=filled(db.session.execute(select(Organisation)).scalar_one_or_none()))
    form.choose()
    return render_template("organisation/edit.html", form=form)


@bp.post("/organisation/edit")
@requires(Permission.ORGANISATION_WRITE)
def save() -> ResponseReturnValue:
    """Store the details."""
    form = DetailsForm()
    form.choose()
    if form.validate():
        try:
            with writing():
                services.save(form.details(), actor=current_user.actor, now=now())
        except Invalid as error:
            form.add_error(error)
        else:
            flash(_("Saved. The Support us page and new mails show it at once."), "ok")
            return redirect(url_for("organisation.show"), 303)
    return render_template("organisation/edit.html", form=form), form.status


@bp.get("/organisation/accounts/new")
@requires(Permission.ORGANISATION_WRITE)
def new_account() -> ResponseReturnValue:
    """The form of another bank account of our own."""
    return _account_page(AccountForm(formdata=None, data={"active": True, "lead_days": 1}), None)


@bp.post("/organisation/accounts/new")
@requires(Permission.ORGANISATION_WRITE)
def add_account() -> ResponseReturnValue:
    """Add it."""
    return _store_account(None)


@bp.get("/organisation/accounts/<int:account_id>")
@requires(Permission.ORGANISATION_WRITE)
def edit_account(account_id: int) -> ResponseReturnValue:
    """The form of one of our bank accounts."""
    account = _account(account_id)
    form = AccountForm(
        formdata=None,
        data={
            "iban": account.iban, "bic": account.bic or "", "holder": account.holder, "purpose": account.purpose.value,
            "booked_by": account.booked_by.value, "active": account.active,
            "creditor_id": account.creditor_id or "", "pain_version": account.pain_version.value,
            "lead_days": account.lead_days, "cut_off": account.cut_off,
        },
    )  # fmt: skip
    return _account_page(form, account_id)


@bp.post("/organisation/accounts/<int:account_id>")
@requires(Permission.ORGANISATION_WRITE)
def save_account(account_id: int) -> ResponseReturnValue:
    """Store it."""
    _account(account_id)
    return _store_account(account_id)


def _account(account_id: int) -> Any:
    account = db.session.get(BankAccount, account_id)
    if account is None:
        raise NotFound(N_("This bank account is not there."))
    return account


def _store_account(account_id: int | None) -> ResponseReturnValue:
    form = AccountForm()
    if form.validate():
        try:
            with writing():
                services.save_account(
                    account_id, iban=form.iban.data or "", bic=form.bic.data, holder=form.holder.data or "",
                    purpose=AccountPurpose(form.purpose.data), booked_by=BookedBy(form.booked_by.data),
                    active=bool(form.active.data), creditor_id=form.creditor_id.data,
                    pain_version=PainVersion(form.pain_version.data), lead_days=form.lead_days.data or 1,
                    cut_off=form.cut_off.data, actor=current_user.actor, now=now(),
                )  # fmt: skip
        except Invalid as error:
            form.add_error(error)
        else:
            flash(_("The bank account is saved."), "ok")
            return redirect(url_for("organisation.show"), 303)
    return _account_page(form, account_id)


def _account_page(form: AccountForm, account_id: int | None) -> ResponseReturnValue:
    return render_template("organisation/account.html", form=form, account_id=account_id), form.status
