"""The pages of batches of direct debits."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import date
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, stream_with_context, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app.audit.services import record
from app.base.dates import local_date
from app.base.errors import Invalid, NotFound, Refused
from app.base.money import Money
from app.base.references import code_of
from app.base.states import N_, Labelled
from app.direct_debit import batch_queries, batches, booking, building, exporting, returning
from app.direct_debit.batch_models import DebitBatch, DebitItem
from app.direct_debit.forms import BatchForm, BookForm, CancelForm
from app.direct_debit.pain.pain008 import SequenceType
from app.direct_debit.reasons import reason_of
from app.direct_debit.states import BatchState
from app.extensions import db, now, writing
from app.jobs.services import enqueue
from app.organisation.models import AccountPurpose, BankAccount
from app.organisation.queries import profile
from app.staff.queries import by_ids
from app.ui import lists
from app.ui.filters import day as format_day
from app.ui.filters import money as format_money
from app.ui.permissions import Permission, requires

log = logging.getLogger(__name__)
bp = Blueprint("direct_debit", __name__)
AT_ONCE = 5000  # collections that a page deals with itself; more are left to the worker
BATCH_TONES: dict[Labelled, str] = {
    BatchState.BUILDING: "petrol",
    BatchState.BUILT: "warn",
    BatchState.APPROVED: "petrol",
    BatchState.EXPORTED: "warn",
    BatchState.SENT: "petrol",
    BatchState.BOOKED: "ok",
    BatchState.CANCELED: "neutral",
    BatchState.REFUSED: "danger",
}
NOT_SENT = (BatchState.BUILT, BatchState.APPROVED, BatchState.EXPORTED)
SORTS = {"new": lists.Sort(N_("Built"), (lists.desc(DebitBatch.id),))}
ITEM_SORTS = {"order": lists.Sort(N_("Order in the file"), (lists.asc(DebitItem.id),))}


@bp.get("/collections/batches")
@requires(Permission.FINANCE_READ)
def index() -> ResponseReturnValue:
    """Batches, newest first, and what is due."""
    state = lists.choice("state", BatchState)
    page = lists.page(batch_queries.listed(state), SORTS, key=DebitBatch.id, default="new")
    return render_template(
        "direct_debit/index.html", page=page, state=state, states=[(s.value, _(s.label)) for s in BatchState],
        tones=BATCH_TONES, accounts=_ibans(), due=batch_queries.due_days(),
        once=batch_queries.due_days(once=True), parked=returning.count_parked(),
    )  # fmt: skip


@bp.route("/collections/batches/new", methods=["GET", "POST"])
@requires(Permission.FINANCE_WRITE)
def new() -> ResponseReturnValue:
    """Build a batch of one account and day."""
    account = profile().account_for(AccountPurpose.COLLECTIONS)
    row = db.session.get(BankAccount, account.id) if account else None
    first = batches.earliest(row, now()) if row else None
    due, once = batch_queries.due_days(), batch_queries.due_days(once=True)
    only_once = bool(once) and not due
    form = BatchForm(
        data={
            "account": str(account.id) if account else "", "on": first,
            "sequence": (SequenceType.OOFF if only_once else SequenceType.RCUR).value,
        }
    )  # fmt: skip
    form.choose()
    if form.validate_on_submit() and form.on.data:
        try:
            with writing():
                batch_id = batches.begin(
                    int(form.account.data), form.on.data, sequence=SequenceType(form.sequence.data),
                    actor=current_user.actor, now=now(),
                )  # fmt: skip
        except Invalid as error:
            form.add_error(error)
        else:
            return _filled(batch_id, form.on.data)
    return render_template("direct_debit/new.html", form=form, due=due, once=once), form.status


def _filled(batch_id: int, on: date) -> ResponseReturnValue:
    building.plan_ahead(on, bounded=writing)
    due = (*batch_queries.due_days(60), *batch_queries.due_days(60, once=True))
    if sum(total.count for _day, total in due) > AT_ONCE:
        with writing():
            enqueue("direct_debit.go_on", now=now(), key=f"direct debit fill:{batch_id}")
        flash(_("The batch is being put together; you can go on with something else."))
    elif building.fill(batch_id, actor=current_user.actor, bounded=writing) is BatchState.CANCELED:
        flash(_("Nothing can be collected by that day. Below is what was left out and why."), "warn")
    return _to(batch_id)


@bp.get("/collections/batches/<int:batch_id>")
@requires(Permission.FINANCE_READ)
def show(batch_id: int) -> ResponseReturnValue:
    """A batch with its control figures, what was left out, what went wrong, and what is next."""
    batch = batches.load(batch_id)
    changes = batch_queries.changes_of(batch_id)
    people = {c.staff_id for c in changes} | {batch.built_by_id, batch.approved_by_id}
    return render_template(
        "direct_debit/show.html", batch=batch, tone=BATCH_TONES[batch.state], changes=changes,
        account=db.session.get_one(BankAccount, batch.account_id), left_out=batch_queries.left_out(batch_id),
        wrong=batch_queries.went_wrong(batch_id), expected=booking.expected_cents(batch_id), in_words=_in_words,
        changed=batch_queries.changed_since(batch_id) if batch.state in NOT_SENT else None,
        people=by_ids({person for person in people if person}), mine=batch.built_by_id == current_user.id,
        is_here=batch.sha256 is not None and exporting.STORE.holds(batch.sha256),
    )  # fmt: skip


def _in_words(note: str) -> str:
    """Why a batch moved, in the reader's language: our own words, those of a bank's code, or what somebody wrote."""
    code, _space, meaning = note.partition(" ")
    if meaning and meaning == reason_of(code).meaning:
        return f"{code} {_(meaning)}"
    return _(note) if note and "%" not in note else note


@bp.get("/collections/batches/<int:batch_id>/collections")
@requires(Permission.GIFTS_READ)
def items(batch_id: int) -> ResponseReturnValue:
    """Whose collections are in a batch, or were left out of it."""
    out = lists.choice("out", ("1",))
    page = lists.page(
        batch_queries.collections_in(batch_id, out=bool(out)), ITEM_SORTS, key=DebitItem.id, default="order"
    )
    return render_template(
        "direct_debit/items.html", batch=batches.load(batch_id), page=page, out=out, code_of=code_of,
        reason_of=reason_of,
    )  # fmt: skip


@bp.post("/collections/batches/<int:batch_id>/approve")
@requires(Permission.FINANCE_WRITE)
def approve(batch_id: int) -> ResponseReturnValue:
    """Approve what the page showed."""
    shown = {name: request.form.get(name, "") for name in ("count", "cents")}
    if not all(text.isascii() and text.isdigit() and len(text) <= 18 for text in shown.values()):
        raise Invalid(N_("The form was open too long or came from elsewhere. Please send it once more."))
    with writing():
        batches.approve(
            batch_id, count=int(shown["count"]), cents=int(shown["cents"]), actor=current_user.actor, now=now()
        )
    flash(_("Approved. Now the file can be made."), "ok")
    return _to(batch_id)


@bp.post("/collections/batches/<int:batch_id>/export")
@requires(Permission.FINANCE_WRITE)
def export(batch_id: int) -> ResponseReturnValue:
    """Make the file; a large one is left to the worker."""
    if batches.load(batch_id).count > AT_ONCE:
        with writing():
            payload = {"batch_id": str(batch_id), "staff_id": str(current_user.id)}
            enqueue("direct_debit.export", payload, now=now(), key=f"direct debit export:{batch_id}")
            batches.locked(batch_id).trouble = None
        flash(_("The file is being made; you can go on with something else."))
    else:
        try:
            exporting.export(batch_id, actor=current_user.actor, bounded=writing)
        except OSError:
            log.exception("batch %d: its file could not be written", batch_id)
            flash(_("The file could not be written: is the disk full? Make it again later."), "danger")
        else:
            flash(_("The file is made. Take it out, upload it at the bank, and say here that it was sent."), "ok")
    return _to(batch_id)


@bp.post("/collections/batches/<int:batch_id>/sent")
@requires(Permission.FINANCE_WRITE)
def sent(batch_id: int) -> ResponseReturnValue:
    """The file was uploaded at the bank."""
    with writing():
        batches.sent(batch_id, actor=current_user.actor, now=now())
    return _to(batch_id)


@bp.route("/collections/batches/<int:batch_id>/cancel", methods=["GET", "POST"])
@requires(Permission.FINANCE_WRITE)
def cancel(batch_id: int) -> ResponseReturnValue:
    """Give the batch up; its collections go to the next one."""
    form = CancelForm()

    def do() -> None:
        with writing():
            batches.cancel(batch_id, form.reason.data or "", actor=current_user.actor, now=now())
        building.release(batch_id, bounded=writing)

    return _step(batch_id, form, do, "direct_debit/cancel.html")


@bp.route("/collections/batches/<int:batch_id>/book", methods=["GET", "POST"])
@requires(Permission.FINANCE_WRITE)
def book(batch_id: int) -> ResponseReturnValue:
    """The money is on the statement: book the gifts."""
    batch = batches.load(batch_id)
    expected = booking.expected_cents(batch_id)
    form = BookForm(data={"on": min(batch.collect_on, local_date(now())), "amount": Money(expected)})
    reference = batch.reference

    def do() -> None:
        on, amount = form.on.data, form.amount.data
        assert on
        assert amount
        with writing():
            credit = booking.Credit(reference=reference, cents=amount.cents, on=on)
            booking.booked([credit], actor=current_user.actor, now=now())
        flash(_("Booked. The gifts are with their donors."), "ok")

    return _step(batch_id, form, do, "direct_debit/book.html", expected=expected)


def _step(batch_id: int, form: Any, do: Callable[[], None], template: str, **more: Any) -> ResponseReturnValue:
    if form.validate_on_submit():
        try:
            do()
        except (Invalid, Refused) as error:
            form.add_error(error)
        else:
            return _to(batch_id)
    return render_template(template, form=form, batch=batches.load(batch_id), **more), form.status


@bp.get("/collections/batches/<int:batch_id>/file.xml")
@requires(Permission.FINANCE_WRITE)
def file(batch_id: int) -> ResponseReturnValue:
    """The file for the bank, the same bytes each time; the trail says who took it."""
    batch = batches.load(batch_id)
    if batch.state in (BatchState.CANCELED, BatchState.REFUSED):  # a page may stand open from before
        raise Refused(
            N_("This batch no longer counts: do not take its file to the bank. A new batch collects the rest.")
        )
    if batch.sha256 is None:
        raise NotFound(N_("This file is not here (any more)."))
    pieces, name, size = exporting.STORE.read(batch.sha256), f"{batch.reference}.xml", batch.size
    with writing():
        record("debit_batch.taken_out", ("debit_batch", batch_id), actor=current_user.actor, now=now())
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Content-Length": str(size)}
    return Response(stream_with_context(pieces), mimetype="application/xml", headers=headers)


@bp.get("/collections/batches/<int:batch_id>/control.txt")
@requires(Permission.FINANCE_READ)
def control(batch_id: int) -> ResponseReturnValue:
    """The control sheet: what must stand on the bank's screen before somebody signs there."""
    batch = batches.load(batch_id)
    account = db.session.get_one(BankAccount, batch.account_id)
    staff = by_ids({person for person in (batch.built_by_id, batch.approved_by_id) if person})
    who = {key: staff[key].name if key in staff else "-" for key in (batch.built_by_id, batch.approved_by_id)}
    lines = [
        (_("Control sheet"), profile().legal_name), (_("State"), _(batch.state.label)),
        (_("Bank account"), account.iban), (_("Creditor identifier"), batch.creditor_id),
        (_("Collect on"), format_day(batch.collect_on)), (_("Kind"), f"CORE {batch.sequence.value}"),
        (_("Reference of the batch"), batch.reference), (_("Reference of the file"), f"M{batch.reference}"),
        (_("Collections"), str(batch.count)), (_("Sum"), format_money(batch.cents).replace("\u00a0", " ")),
        (_("Version"), batch.version.value), (_("Bytes"), str(batch.size or "-")), ("SHA-256", batch.sha256 or "-"),
        (_("Built by"), who[batch.built_by_id]), (_("Approved by"), who[batch.approved_by_id]),
    ]  # fmt: skip
    wide = max(len(label) for label, _value in lines)
    text = "".join(f"{label:<{wide}}  {value}\n" for label, value in lines)
    headers = {"Content-Disposition": f'attachment; filename="{batch.reference}.txt"'}
    return Response(text, mimetype="text/plain; charset=utf-8", headers=headers)


def _ibans() -> dict[int, str]:
    return {account.id: account.iban for account in profile().accounts}


def _to(batch_id: int) -> ResponseReturnValue:
    return redirect(url_for("direct_debit.show", batch_id=batch_id), 303)
