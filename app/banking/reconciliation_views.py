"""The page that says whether the ledger's bank balance equals the statements, and what waits for an open period."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import ngettext
from flask_login import current_user

from app.banking import booking, reconciliation
from app.banking.views import bp
from app.extensions import now, writing
from app.ui.permissions import Permission, requires


@bp.get("/bank/reconciliation")
@requires(Permission.BANK_READ)
def reconcile() -> ResponseReturnValue:
    found = reconciliation.reconcile()
    return render_template(
        "banking/reconciliation.html", found=found, waiting=booking.waiting(),
        lines={each.state.account.id: reconciliation.later_lines(each) for each in found.accounts},
        shown=reconciliation.SHOWN,
    )  # fmt: skip


@bp.post("/bank/reconciliation/book")
@requires(Permission.BANK_WRITE)
def book_later() -> ResponseReturnValue:
    """Book what falls in a closed period on the first open day after it."""
    booked = 0
    while True:
        with writing():
            count = booking.book_waiting(later=True, actor=current_user.actor, now=now())
        booked += count
        if not count:
            break
    flash(ngettext("%(num)d line is booked.", "%(num)d lines are booked.", booked), "ok")
    return redirect(url_for("banking.reconcile"), 303)
