"""Finance receives and takes back by hand."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app.base.dates import local_date
from app.base.errors import Invalid
from app.base.money import Money
from app.extensions import now, writing
from app.gifts import by_hand, services
from app.gifts.forms import ReceiveForm
from app.gifts.views import bp
from app.ledger.periods import PeriodClosed
from app.ui.permissions import Permission, requires


def _shown(gift_id: int) -> ResponseReturnValue:
    return redirect(url_for("gifts.show", gift_id=gift_id), 303)


@bp.get("/gifts/<int:gift_id>/receive")
@requires(Permission.FINANCE_WRITE)
def receive_form(gift_id: int) -> ResponseReturnValue:
    """The form for a promised transfer that came in."""
    gift = by_hand.load(gift_id)
    form = ReceiveForm(data={"amount": Money(gift.amount_cents), "received_on": local_date(now())})
    return render_template("gifts/receive.html", form=form, gift=gift)


@bp.post("/gifts/<int:gift_id>/receive")
@requires(Permission.FINANCE_WRITE)
def receive(gift_id: int) -> ResponseReturnValue:
    """Record that the transfer came in, with the amount that really came."""
    gift = by_hand.load(gift_id)
    form = ReceiveForm()
    amount, day = form.amount.data, form.received_on.data
    if form.validate() and amount and day:
        try:
            with writing():
                by_hand.receive(
                    gift_id, amount=amount, received_on=day, bank_reference=form.bank_reference.data or "",
                    actor=current_user.actor, now=now(),
                )  # fmt: skip
        except (Invalid, PeriodClosed) as error:
            form.add_error(error)
        else:
            flash(_("Recorded as received. The thank-you mail is on its way."), "ok")
            return _shown(gift_id)
    return render_template("gifts/receive.html", form=form, gift=gift), form.status


@bp.post("/gifts/<int:gift_id>/undo")
@requires(Permission.FINANCE_WRITE)
def undo(gift_id: int) -> ResponseReturnValue:
    """Take back what was entered by hand; the booking is reversed."""
    with writing():
        by_hand.undo(gift_id, actor=current_user.actor, now=now())
    flash(_("Undone. The booking was reversed."), "ok")
    return _shown(gift_id)


@bp.post("/gifts/<int:gift_id>/cancel")
@requires(Permission.FINANCE_WRITE)
def cancel(gift_id: int) -> ResponseReturnValue:
    """Expect a promise no longer."""
    with writing():
        services.cancel([gift_id], actor=current_user.actor, now=now())
    flash(_("We do not wait for this gift any more."), "ok")
    return _shown(gift_id)


@bp.post("/gifts/<int:gift_id>/reopen")
@requires(Permission.FINANCE_WRITE)
def reopen(gift_id: int) -> ResponseReturnValue:
    """Expect a promise again."""
    with writing():
        services.reopen([gift_id], actor=current_user.actor, now=now())
    flash(_("We wait for this gift again."), "ok")
    return _shown(gift_id)
