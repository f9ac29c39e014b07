"""Who pays a cost: the grant it is charged to, what other grants pay of it, and what is left."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from sqlalchemy import select
from wtforms import SelectField
from wtforms.validators import InputRequired

from app.base.errors import Invalid, NotFound
from app.base.states import N_
from app.extensions import db, now
from app.grants.awards import queries as awards
from app.grants.awards.models import RUNNING, Grant
from app.grants.blueprint import bp
from app.grants.budgets.models import BudgetRow, BudgetState, BudgetVersion
from app.grants.expenses import services
from app.grants.expenses.models import Expense, ExpenseShare
from app.grants.pages import act_on, filled
from app.ui.fields import MoneyField
from app.ui.forms import Form
from app.ui.permissions import Permission, requires

MOST = 1000


class ShareForm(Form):
    # A grant, or a grant and its budget line: `12` or `12:34`.
    grant = SelectField(_l("Grant and budget line"), validators=[InputRequired()])
    amount = MoneyField(_l("Pays of this cost"), zero=True, validators=[InputRequired()])

    def chosen(self) -> tuple[int, int | None]:
        grant_id, _colon, line_id = (self.grant.data or "").partition(":")
        return int(grant_id), int(line_id) if line_id else None


@bp.route("/grants/expenses/<int:expense_id>/shares", methods=["GET", "POST"])
@requires(Permission.GRANTS_WRITE)
def expense_shares(expense_id: int) -> ResponseReturnValue:
    """Let another grant pay a part of a cost; together they never pay more than all of it."""
    row = db.session.get(Expense, expense_id)
    if row is None:
        raise NotFound(N_("This is not here, or not any more."))
    line = awards.one(row.grant_id)[1]
    form = ShareForm()
    form.grant.choices = [("", _("Choose a grant")), *_pairs(row.grant_id)]

    def act() -> bool:
        grant_id, line_id = form.chosen()
        cents = filled(form.amount.data).cents
        try:
            return services.share(
                expense_id, grant_id, cents, budget_line_id=line_id, actor=current_user.actor, now=now()
            )
        except Invalid as error:
            error.field = "amount" if error.field == "amount" else "grant"
            raise

    done, status, changed = act_on(form, act)
    if done:
        flash(_("Saved.") if changed else _("Nothing changed."), "ok")
        return redirect(url_for("grants.expense_shares", expense_id=expense_id), 303)
    row = db.session.get_one(Expense, expense_id)
    shares: Any = db.session.execute(
        select(ExpenseShare.cents, Grant.id, Grant.title)
        .join(Grant, Grant.id == ExpenseShare.grant_id)
        .where(ExpenseShare.expense_id == expense_id)
        .order_by(Grant.title, Grant.id)
    ).all()
    return render_template("grants/expense_shares.html", row=row, line=line, form=form, shares=shares), status


def _pairs(but: int) -> list[tuple[str, str]]:
    """The other running grants, each with the lines of its budget in force."""
    chosen = (
        select(Grant.id, Grant.title, BudgetRow.budget_line_id, BudgetRow.name)
        .outerjoin(BudgetVersion, (BudgetVersion.grant_id == Grant.id) & (BudgetVersion.state == BudgetState.IN_FORCE))
        .outerjoin(BudgetRow, BudgetRow.budget_version_id == BudgetVersion.id)
        .where(Grant.state.in_(RUNNING), Grant.id != but)
        .order_by(Grant.title, Grant.id, BudgetRow.position)
        .limit(MOST)
    )
    found: dict[str, str] = {}
    for grant_id, title, line_id, name in db.session.execute(chosen):
        found[str(grant_id)] = title
        if line_id is not None:
            found[f"{grant_id}:{line_id}"] = f"{title} · {name}"
    return list(found.items())
