"""The chart of accounts with what stands on it, and the bookkeeper's RGS mapping."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app.base.errors import DomainError, Invalid, NotFound
from app.base.states import N_
from app.extensions import now, writing
from app.finance.forms import AccountForm, ChangeAccountForm, NewAccountForm
from app.finance.views import bp
from app.ledger import chart, queries, services
from app.ledger.models import Account
from app.ui.permissions import Permission, requires


@bp.get("/finance/accounts")
@requires(Permission.FINANCE_READ)
def accounts() -> ResponseReturnValue:
    return render_template("finance/accounts.html", accounts=queries.accounts(), balances=queries.balances())


@bp.get("/finance/accounts/<code>")
@requires(Permission.FINANCE_WRITE)
def account(code: str) -> ResponseReturnValue:
    return _page(_account(code))


@bp.route("/finance/accounts/new", methods=["GET", "POST"])
@requires(Permission.FINANCE_WRITE)
def account_new() -> ResponseReturnValue:
    """Add an account to the chart."""
    form = NewAccountForm()
    if form.validate_on_submit():
        try:
            with writing():
                code = (form.code.data or "").upper()
                chart.add_account(code, **form.facts(), actor=current_user.actor, now=now())
        except DomainError as error:
            form.add_error(error)
        else:
            flash(_("Account %(code)s is added.", code=code))
            return redirect(url_for("finance.accounts"), 303)
    return render_template("finance/account_new.html", form=form), form.status


@bp.post("/finance/accounts/<code>/facts")
@requires(Permission.FINANCE_WRITE)
def account_facts(code: str) -> ResponseReturnValue:
    """Rename it, put it to rest, or give it another kind while nothing was booked on it."""
    found, form = _account(code), ChangeAccountForm()
    if form.validate():
        try:
            with writing():
                chart.change_account(
                    code, **form.facts(), active=bool(form.active.data), actor=current_user.actor, now=now()
                )
        except DomainError as error:
            form.add_error(error)
        else:
            flash(_("Account %(code)s is changed.", code=code))
            return redirect(url_for("finance.accounts"), 303)
    return _page(_account(found.code), facts=form)


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
    return _page(_account(found.code), form)


def _page(
    account: Account, form: AccountForm | None = None, facts: ChangeAccountForm | None = None
) -> ResponseReturnValue:
    status = max((each.status for each in (form, facts) if each), default=200)
    stored = {
        "name_nl": account.name_nl, "name_en": account.name_en, "kind": account.kind.value,
        "rj_line": account.rj_line.value if account.rj_line else "", "active": account.active,
    }  # fmt: skip
    page = render_template(
        "finance/account.html", account=account, form=form or AccountForm(formdata=None, obj=account),
        facts=facts or ChangeAccountForm(formdata=None, data=stored),
        needed=account.code in chart.NEEDED, fixed=account.code in chart.NEEDED or chart.is_used(account.id),
    )  # fmt: skip
    return page, status


def _account(code: str) -> Account:
    found = queries.account(code)
    if found is None:
        raise NotFound(N_("There is no account %(code)s."), code=code[:20])
    return found
