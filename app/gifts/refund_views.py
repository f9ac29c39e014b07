"""Finance gives a gift back, whole or in part."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app.base.dates import local_date
from app.base.errors import Invalid, Refused
from app.base.ids import new_id
from app.base.money import Money
from app.base.states import N_
from app.extensions import now, writing
from app.gifts import by_hand, refunding
from app.gifts.by_hand import VIA
from app.gifts.forms import HandRefundForm, ProviderRefundForm
from app.gifts.models import Gift
from app.gifts.views import bp
from app.ledger.periods import PeriodClosed
from app.payments import services as payments
from app.payments.queries import refunds_under_way
from app.payments.states import RefundState
from app.supporters import queries as supporters
from app.ui.permissions import Permission, requires

AnyForm = HandRefundForm | ProviderRefundForm


@bp.get("/gifts/<int:gift_id>/refund")
@requires(Permission.FINANCE_WRITE)
def refund_form(gift_id: int) -> ResponseReturnValue:
    """The form for giving back; the whole of what is left stands in it."""
    gift, way = _gift(gift_id)
    start = {"key": str(new_id()), "amount": Money(_left(gift)), "refunded_on": local_date(now())}
    form = HandRefundForm(formdata=None, data=start) if way == refunding.BY_HAND else ProviderRefundForm(
        formdata=None, data=start
    )  # fmt: skip
    return _page(gift, way, form)


@bp.post("/gifts/<int:gift_id>/refund")
@requires(Permission.FINANCE_WRITE)
def refund(gift_id: int) -> ResponseReturnValue:
    """Ask the provider to give it back, or record that we did."""
    gift, way = _gift(gift_id, sent=True)
    form: AnyForm = HandRefundForm() if way == refunding.BY_HAND else ProviderRefundForm()
    if form.validate():
        try:
            return _give_back(gift_id, form)
        except (Invalid, PeriodClosed) as error:
            form.add_error(error)
    return _page(gift, way, form)


def _give_back(gift_id: int, form: AnyForm) -> ResponseReturnValue:
    actor, at, amount, reason = current_user.actor, now(), form.amount.data, form.reason.data or ""
    assert amount is not None
    if isinstance(form, HandRefundForm):
        day = form.refunded_on.data
        assert day is not None
        with writing():
            refunding.record(
                form.once, gift_id, amount, day, form.bank_reference.data or "", reason, actor=actor, now=at
            )
        flash(_("Recorded and booked: this amount went back."), "ok")
        return _shown(gift_id)
    with writing():
        refunding.ask_provider(form.once, gift_id, amount, reason, actor=actor, now=at)
    state = payments.send_refund(form.once, actor=actor, now=at)
    if state is RefundState.ASKED:
        flash(_("The provider gives no sure answer yet. We keep asking; the money goes back once."), "warn")
    elif state in (RefundState.REFUSED, RefundState.FAILED):
        flash(_("The provider did not take the refund. Below you see what it said; nothing went back."), "danger")
    else:
        flash(_("The provider sends the money back."), "ok")
    return _shown(gift_id)


def _gift(gift_id: int, *, sent: bool = False) -> tuple[Gift, str]:
    """The gift and the way back. A form that was sent twice finds the gift given back already: it may go on,
    and its key decides."""
    gift = by_hand.load(gift_id)
    way = refunding.way_back(gift) or (refunding.first_way(gift) if sent else None)
    if way is None:
        raise Refused(N_("Nothing of this gift can go back."))
    return gift, way


def _left(gift: Gift) -> int:
    return gift.kept_cents - (refunds_under_way(gift.payment_id) if gift.payment_id else 0)


def _shown(gift_id: int) -> ResponseReturnValue:
    return redirect(url_for("gifts.show", gift_id=gift_id), 303)


def _page(gift: Gift, way: str, form: AnyForm) -> ResponseReturnValue:
    donor = supporters.names([gift.supporter_id]).get(gift.supporter_id, "")
    page = render_template(
        "gifts/refund.html", form=form, gift=gift, donor=donor, by_us=way == refunding.BY_HAND,
        collected=gift.method not in VIA, left=_left(gift),
    )  # fmt: skip
    return page, form.status
