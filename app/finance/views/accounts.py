"""The chart of accounts with what stands on it, and the bookkeeper's RGS mapping."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app.base.errors import Invalid, NotFound
from app.base.states import N_
from app.extensions import now, writing
from app.finance.forms import AccountForm
from app.finance.views import bp
from app.ledger import queries, services
from app.ledger.models import Account
from app.ui.permissions import Permission, requires


@bp.get("/finance/accounts")
@requires(Permission.FINANCE_READ)
def accounts() -> ResponseReturnValue:
    return render_template("finance/accounts.html", accounts=queries.accounts(), balances=queries.balances())


@bp.get("/finance/accounts/<code>")
@requires(Permission.FINANCE_WRITE)
def account(code: str) -> ResponseReturnValue:
    found = _account(code)
    return render_template("finance/account.html", account=found, form=AccountForm(obj=found))


@bp.post("/finance/accounts/<code>")
@requires(Permission.FINANCE_WRITE)
def save_account(code: str) -> ResponseReturnValue:
    found = _account(code)
    form = AccountForm()
    if form.validate():
        try:
            with writing():
                services.map_account(
                    code, rgs_code=form.rgs_code.data or None, outside_code=form.outside_code.data or None,
                    actor=current_user.actor, now=now(),
                )  # fmt: skip
        except Invalid as error:
            form.add_error(error)
        else:
            flash(_("Account %(code)s is mapped.", code=code))
            return redirect(url_for("finance.accounts"), 303)
    return render_template("finance/account.html", account=_account(found.code), form=form), 422


def _account(code: str) -> Account:
    found = queries.account(code)
    if found is None:
        raise NotFound(N_("There is no account %(code)s."), code=code[:20])
    return found
