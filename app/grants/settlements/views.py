"""The funder's final word on a grant, paying back, and turning an award back."""

from __future__ import annotations

import secrets
from typing import Any

from flask import url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from wtforms import HiddenField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from app.base.dates import local_date
from app.base.errors import Refused
from app.base.money import Money
from app.base.states import N_
from app.extensions import now
from app.grants.awards import queries, turning_back
from app.grants.blueprint import bp
from app.grants.instalments.forms import TakeBackForm
from app.grants.pages import NoteForm, VersionedForm, filled, form_page
from app.grants.settlements import queries as repayments
from app.grants.settlements import services
from app.grants.settlements.models import Settlement
from app.grants.settlements.services import SettlementFacts
from app.grants.settlements.standing import standing
from app.ui import filters
from app.ui.fields import DutchDateField, MoneyField
from app.ui.forms import Form
from app.ui.permissions import Permission, requires


class SettleForm(VersionedForm):
    LAYOUT = [["amount", "settled_on"], ["booked_on", "expected_on"], ["reference"], ["note"]]

    form_key = HiddenField(validators=[InputRequired(), Length(max=64)])
    amount = MoneyField(_l("Settled at"), validators=[InputRequired()])
    settled_on = DutchDateField(_l("Decided on"), validators=[InputRequired()])
    booked_on = DutchDateField(_l("Booked on"), validators=[InputRequired()])
    expected_on = DutchDateField(_l("The rest is expected on"))
    reference = StringField(_l("The funder's reference"), validators=[Length(max=100)])
    note = TextAreaField(_l("Note"), validators=[InputRequired(), Length(max=2000)])


class RepayForm(Form):
    form_key = HiddenField(validators=[InputRequired(), Length(max=64)])
    paid_on = DutchDateField(_l("Paid back on"), validators=[InputRequired()])
    amount = MoneyField(_l("Amount paid back"), validators=[InputRequired()])
    bank_reference = StringField(_l("Bank reference"), validators=[InputRequired(), Length(max=140)])


def _page(grant_id: int, make: Any, act: Any, **words: Any) -> ResponseReturnValue:
    line = queries.one(grant_id)[1]
    subject = f"{line.title} · {line.funder} · {filters.money(line.amount_cents)}"
    return form_page(make, act, subject=subject, back=url_for("grants.grant", grant_id=grant_id), **words)


def _note(grant_id: int) -> Any:
    return lambda **kwargs: NoteForm.at(queries.one(grant_id)[0].version, **kwargs)


def _standing(grant_id: int) -> Settlement:
    queries.one(grant_id)
    row = standing(grant_id)
    if row is None:
        raise Refused(N_("This grant is not settled."))
    return row


@bp.route("/grants/<int:grant_id>/settle", methods=["GET", "POST"])
@requires(Permission.FINANCE_WRITE)
def settle_grant(grant_id: int) -> ResponseReturnValue:
    """The funder settles the grant, at what was granted, lower or higher."""
    row, line = queries.one(grant_id)
    today = local_date(now())
    start = {"amount": Money(line.amount_cents), "settled_on": today, "booked_on": today}

    def make(**kwargs: Any) -> SettleForm:
        form: SettleForm = SettleForm.at(
            queries.one(grant_id)[0].version, data=start | {"form_key": secrets.token_urlsafe(24)}, **kwargs
        )
        return form

    def act(form: SettleForm) -> int:
        facts = SettlementFacts(
            settled_cents=filled(form.amount.data).cents,
            settled_on=filled(form.settled_on.data),
            booked_on=filled(form.booked_on.data),
            expected_on=form.expected_on.data,
            reference=form.reference.data or "",
            note=form.note.data or "",
            form_key=form.form_key.data or "",
        )
        return services.settle(grant_id, facts, version=form.version.data, actor=current_user.actor, now=now())

    return _page(
        grant_id,
        make,
        act,
        title=_("Settle the grant"),
        submit=_("Settle and book"),
        said=_("Settled. The books follow the funder's decision."),
        explain=_(
            "Received is %(received)s. Income becomes what the funder settled it at; what is still to come becomes "
            "one last instalment, what is too much is to be paid back.",
            received=filters.money(line.received_cents),
        ),
        hints={"booked_on": _("The month the difference belongs to; a closed month is refused.")},
    )


@bp.route("/grants/<int:grant_id>/unsettle", methods=["GET", "POST"])
@requires(Permission.FINANCE_WRITE)
def unsettle_grant(grant_id: int) -> ResponseReturnValue:
    """The settlement was wrong, or the funder changed it."""
    _standing(grant_id)
    return _page(
        grant_id,
        _note(grant_id),
        lambda form: services.take_back(
            grant_id, form.note.data, version=form.version.data, actor=current_user.actor, now=now()
        ),
        title=_("Take the settlement back"),
        submit=_("Take the settlement back"),
        said=_("Taken back. The booking is reversed."),
        tone="danger",
        explain=_("What was booked is reversed today. The settlement can be recorded anew."),
    )


@bp.route("/grants/<int:grant_id>/repay", methods=["GET", "POST"])
@requires(Permission.FINANCE_WRITE)
def repay_grant(grant_id: int) -> ResponseReturnValue:
    """What is owed went back to the funder, whole or in part."""
    row = _standing(grant_id)
    settlement_id, left = row.id, row.owed_cents - services.repaid_cents(row.id)
    start = {"amount": Money(left), "paid_on": local_date(now())}
    return _page(
        grant_id,
        lambda **kwargs: RepayForm(data=start | {"form_key": secrets.token_urlsafe(24)}, **kwargs),
        lambda form: services.repay(
            settlement_id,
            paid_on=form.paid_on.data,
            amount_cents=form.amount.data.cents,
            bank_reference=form.bank_reference.data,
            form_key=form.form_key.data,
            actor=current_user.actor,
            now=now(),
        ),
        title=_("Money paid back"),
        submit=_("Book this repayment"),
        said=_("Booked."),
        explain=_(
            "Still to be paid back: %(amount)s. With the last of it the clawback is over.", amount=filters.money(left)
        ),
    )


@bp.route("/grants/repayments/<int:repayment_id>/take-back", methods=["GET", "POST"])
@requires(Permission.FINANCE_WRITE)
def take_back_repayment(repayment_id: int) -> ResponseReturnValue:
    """A repayment was recorded wrongly."""
    row, grant_id = repayments.repayment(repayment_id)
    return _page(
        grant_id,
        lambda **kwargs: TakeBackForm(**kwargs),
        lambda form: services.take_back_repayment(repayment_id, form.reason.data, actor=current_user.actor, now=now()),
        title=_("Take this repayment back"),
        submit=_("Reverse the booking"),
        said=_("Taken back by a reversal. The amount is owed again."),
        tone="danger",
        explain=_(
            "%(amount)s of %(day)s is reversed today; both bookings stay visible.",
            amount=filters.money(row.amount_cents),
            day=filters.day(row.paid_on),
        ),
    )


@bp.route("/grants/<int:grant_id>/turn-back", methods=["GET", "POST"])
@requires(Permission.FINANCE_WRITE)
def turn_back_grant(grant_id: int) -> ResponseReturnValue:
    """The award is undone while nothing was received."""
    return _page(
        grant_id,
        _note(grant_id),
        lambda form: turning_back.turn_back(
            grant_id, form.note.data, version=form.version.data, actor=current_user.actor, now=now()
        ),
        title=_("Turn the award back"),
        submit=_("Turn the award back"),
        said=_("Turned back. The application waits for its decision again."),
        tone="danger",
        explain=_("What was booked is reversed, nothing is expected any more, and its obligations are waived."),
    )
