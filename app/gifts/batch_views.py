"""Entering gifts row by row. Every row is kept as soon as it is sent, so nothing typed is lost."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app.base.dates import local_date
from app.base.errors import Invalid
from app.base.ids import new_id
from app.base.money import Money
from app.base.states import N_
from app.extensions import now, writing
from app.gifts import batches, finding
from app.gifts.batch_models import BatchState, GiftBatch, GiftBatchRow
from app.gifts.entering import Source, Thanks
from app.gifts.forms import BatchForm, BatchRowForm, ControlForm
from app.gifts.models import BANK_TRANSFER
from app.gifts.views import bp, method_label
from app.programmes.queries import campaign_names, programme_names
from app.staff.queries import by_ids
from app.supporters import queries as supporters
from app.ui import lists
from app.ui.languages import language
from app.ui.permissions import Permission, requires

SORTS = {"new": lists.Sort(N_("Begun"), (lists.desc(GiftBatch.id),))}
BATCH_TONES = {BatchState.OPEN: "petrol", BatchState.POSTED: "ok", BatchState.UNDONE: "neutral"}


@bp.get("/gifts/batches")
@requires(Permission.GIFTS_READ)
def batch_index() -> ResponseReturnValue:
    """Batches, newest first."""
    state = lists.choice("state", BatchState)
    page = lists.page(batches.listed(state), SORTS, key=GiftBatch.id, default="new")
    return render_template(
        "gifts/batches.html", page=page, state=state, states=[(s.value, _(s.label)) for s in BatchState],
        people=by_ids({b.staff_id for b in page if b.staff_id}), tones=BATCH_TONES,
    )  # fmt: skip


@bp.route("/gifts/batches/new", methods=["GET", "POST"])
@requires(Permission.FINANCE_WRITE)
def batch_new() -> ResponseReturnValue:
    """Begin a batch with what the paper says."""
    start = {"given_on": local_date(now()), "method": BANK_TRANSFER, "source": Source.STAFF.value, "thanks": "mail"}
    form = BatchForm(data=start | {"programme_id": "", "campaign_id": ""})
    form.choose()
    if form.validate_on_submit():
        programme_id, campaign_id = form.purpose
        try:
            with writing():
                batch_id = batches.begin(
                    name=form.name.data or "", method=form.method.data, control=form.control.data or Money(0),
                    count=form.count.data or 0, given_on=form.given_on.data or local_date(now()),
                    programme_id=programme_id, campaign_id=campaign_id, source=form.source.data,
                    thanks=Thanks(form.thanks.data), actor=current_user.actor, now=now(),
                )  # fmt: skip
            return _to(batch_id)
        except Invalid as error:
            form.add_error(error)
    return render_template("gifts/batch_new.html", form=form), form.status


@bp.get("/gifts/batches/<int:batch_id>")
@requires(Permission.GIFTS_READ)
def batch(batch_id: int) -> ResponseReturnValue:
    """The rows, what they come to, and the row to type in; `row` puts one there to be changed."""
    one = batches.load(batch_id)
    changing = lists.row_id("row")
    row = next((r for r in batches.rows_of(batch_id) if r.id == changing), None)
    return _page(one, _row_form(one, row), row)


@bp.post("/gifts/batches/<int:batch_id>")
@requires(Permission.FINANCE_WRITE)
def batch_row(batch_id: int) -> ResponseReturnValue:
    """Keep one row."""
    one = batches.load(batch_id)
    form = BatchRowForm(data={"programme_id": ""})
    form.choose()
    amount, day, found = form.amount.data, form.given_on.data, finding.Found()
    if form.validate() and amount and day:
        found = finding.donor(form.donor.data or "", form.pick.data or "")
        try:
            with writing():
                donor = finding.settle(found, batches.donor_of(form.once), actor=current_user.actor, now=now())
                row = batches.Row(
                    id=form.once, supporter_id=donor, amount=amount, given_on=day,
                    programme_id=int(form.programme_id.data) if form.programme_id.data else None,
                    bank_reference=form.bank_reference.data or "",
                )  # fmt: skip
                batches.keep_row(batch_id, row, now=now())
        except Invalid as error:
            form.add_error(error)
        else:
            return _to(batch_id)
    return _page(one, form, None, found)


@bp.post("/gifts/batches/<int:batch_id>/rows/<int:row_id>/remove")
@requires(Permission.FINANCE_WRITE)
def batch_row_remove(batch_id: int, row_id: int) -> ResponseReturnValue:
    """Take a row off."""
    with writing():
        batches.remove_row(batch_id, row_id)
    return _to(batch_id)


@bp.route("/gifts/batches/<int:batch_id>/control", methods=["GET", "POST"])
@requires(Permission.FINANCE_WRITE)
def batch_control(batch_id: int) -> ResponseReturnValue:
    """Correct the control total and count."""
    one = batches.load(batch_id)
    form = ControlForm(data={"control": one.control_cents, "count": one.control_count})
    if form.validate_on_submit():
        try:
            with writing():
                batches.set_control(
                    batch_id, form.control.data or Money(0), form.count.data or 0, actor=current_user.actor, now=now()
                )
            return _to(batch_id)
        except Invalid as error:
            form.add_error(error)
    return render_template("gifts/batch_control.html", form=form, batch=one), form.status


@bp.post("/gifts/batches/<int:batch_id>/post")
@requires(Permission.FINANCE_WRITE)
def batch_post(batch_id: int) -> ResponseReturnValue:
    """Book all of it."""
    with writing():
        batches.post(batch_id, actor=current_user.actor, now=now())
    flash(_("The batch is booked."), "ok")
    return _to(batch_id)


@bp.post("/gifts/batches/<int:batch_id>/undo")
@requires(Permission.FINANCE_WRITE)
def batch_undo(batch_id: int) -> ResponseReturnValue:
    """Reverse all that was booked."""
    with writing():
        batches.undo(batch_id, actor=current_user.actor, now=now())
    flash(_("Undone. What was booked is reversed with counter entries of today."), "ok")
    return _to(batch_id)


def _to(batch_id: int) -> ResponseReturnValue:
    return redirect(url_for("gifts.batch", batch_id=batch_id), 303)


def _row_form(one: GiftBatch, row: GiftBatchRow | None) -> BatchRowForm:
    start: dict[str, object] = {
        "key": str(new_id()), "given_on": one.given_on, "programme_id": str(one.programme_id or "")
    }  # fmt: skip
    if row is not None:
        start = {
            "key": str(row.id), "given_on": row.given_on, "programme_id": str(row.programme_id or ""),
            "amount": row.amount_cents, "donor": finding.code(row.supporter_id), "bank_reference": row.bank_reference,
        }  # fmt: skip
    form = BatchRowForm(formdata=None, data=start)
    form.choose()
    return form


def _page(
    one: GiftBatch, form: BatchRowForm, changing: GiftBatchRow | None, found: finding.Found | None = None
) -> ResponseReturnValue:
    rows = batches.rows_of(one.id)
    page = render_template(
        "gifts/batch.html", batch=one, form=form, rows=rows, balance=batches.balance(one), changing=changing,
        names=supporters.names([row.supporter_id for row in rows]), programmes=programme_names(language()),
        campaign=campaign_names(language()).get(one.campaign_id or 0), tone=BATCH_TONES[one.state],
        method=method_label(one.method), hits=found.hits if found else [], can_make=bool(found and found.name),
        thanks=Thanks(one.thanks),
    )  # fmt: skip
    return page, form.status if request.method == "POST" else 200
