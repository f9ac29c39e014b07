"""The staff pages: which checkouts there are, how they ended, and what does not match."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import select

from app.base.errors import NotFound
from app.base.ids import MAX_ID
from app.base.references import code_of, id_of
from app.base.states import N_
from app.extensions import db, now, writing
from app.payments import solving
from app.payments.flow import reach
from app.payments.methods import label_of
from app.payments.models import Checkout, CheckoutChange, Payment, PaymentEvent
from app.payments.states import CheckoutState
from app.ui import lists
from app.ui.panels import panels_for
from app.ui.permissions import Permission, requires

bp = Blueprint("payments", __name__)
SORTS = {
    "made": lists.Sort(N_("Made"), (lists.desc(Checkout.id),)),
}
TONES = {
    CheckoutState.PAID: "ok",
    CheckoutState.PENDING: "petrol",
    CheckoutState.PROMISED: "petrol",
    CheckoutState.FAILED: "danger",
    CheckoutState.CANCELED: "neutral",
    CheckoutState.EXPIRED: "neutral",
    CheckoutState.OPEN: "neutral",
}


@bp.get("/payments")
@requires(Permission.FINANCE_READ)
def index() -> ResponseReturnValue:
    """What donors set out to pay, newest first; with what does not match on top when there is any."""
    state = lists.choice("state", CheckoutState)
    problem = lists.choice("problem", ("1",))
    q = lists.search_text()
    columns = (
        Checkout.id, Checkout.state, Checkout.method, Checkout.provider, Checkout.amount_cents,
        Checkout.created_at, Checkout.problem,
    )  # fmt: skip
    wanted: Any = select(*columns)
    if state:
        wanted = wanted.where(Checkout.state == state)
    if problem:
        wanted = wanted.where(Checkout.problem.is_not(None))
    if q:
        wanted = wanted.where(Checkout.id == (id_of(q) or -1))
    page = lists.page(wanted, SORTS, key=Checkout.id, default="made")
    return render_template(
        "payments/index.html",
        page=page,
        state=state,
        problem=problem,
        q=q,
        states=[(s.value, _(s.label)) for s in CheckoutState],
        tones=TONES,
        code_of=code_of,
        label_of=label_of,
        unsolved=None if problem else solving.count_unsolved(),
    )


@bp.get("/payments/<int:checkout_id>")
@requires(Permission.FINANCE_READ)
def show(checkout_id: int) -> ResponseReturnValue:
    """One checkout: what came in, what went back, how its state moved."""
    checkout = _checkout(checkout_id)
    payment = db.session.scalars(
        select(Payment).where(Payment.checkout_id == checkout_id).order_by(Payment.id.desc()).limit(1)
    ).first()
    went_back: list[PaymentEvent] = []
    if payment is not None:
        events = select(PaymentEvent).where(PaymentEvent.payment_id == payment.id).order_by(PaymentEvent.id.desc())
        went_back = list(db.session.scalars(events.limit(100)))
    changes = select(CheckoutChange).where(CheckoutChange.checkout_id == checkout_id)
    return render_template(
        "payments/show.html",
        checkout=checkout,
        payment=payment,
        went_back=went_back,
        changes=list(db.session.scalars(changes.order_by(CheckoutChange.id.desc()).limit(100))),
        code=code_of(checkout_id),
        method=label_of(payment.method if payment else checkout.method),
        tone=TONES[checkout.state],
        may_ask=checkout.provider_id is not None,
        panels=panels_for("checkout", checkout_id),
    )


@bp.post("/payments/<int:checkout_id>/ask")
@requires(Permission.FINANCE_WRITE)
def ask(checkout_id: int) -> ResponseReturnValue:
    """Ask the provider now instead of at the next appointment."""
    _checkout(checkout_id)
    unsure = reach([checkout_id], actor=current_user.actor, now=now()).unsure
    if unsure:
        flash(_("The provider gives no answer. We keep asking."), "warn")
    else:
        flash(_("This is what the provider says now."), "ok")
    return redirect(url_for("payments.show", checkout_id=checkout_id), 303)


@bp.post("/payments/<int:checkout_id>/solved")
@requires(Permission.FINANCE_WRITE)
def solved(checkout_id: int) -> ResponseReturnValue:
    """Somebody looked at what did not match and dealt with it."""
    _checkout(checkout_id)
    with writing():
        solving.mark_solved(checkout_id, actor=current_user.actor, now=now())
    flash(_("Marked as dealt with."), "ok")
    return redirect(url_for("payments.show", checkout_id=checkout_id), 303)


def _checkout(checkout_id: int) -> Any:
    checkout = db.session.get(Checkout, checkout_id) if checkout_id <= MAX_ID else None
    if checkout is None:
        raise NotFound(N_("There is no such payment."))
    return checkout
