"""The staff pages of recurring gifts: the list, one of them, what went wrong; changing is in change_views.py."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from typing import Any

from flask import Blueprint, flash, redirect, render_template, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import func, select

from app.audit.services import record
from app.base.dates import local_date
from app.base.errors import NotFound
from app.base.references import code_of
from app.base.states import N_, Labelled
from app.direct_debit import collections as collecting
from app.direct_debit import queries as direct_debit
from app.direct_debit.models import Collection
from app.direct_debit.reasons import ACTION_WORDS, Action, action_of, reason_of
from app.direct_debit.states import WENT_WRONG, CollectionState, MandateKind, MandateState
from app.documents.services import documents_of
from app.extensions import db, now, writing
from app.gifts.recurring import listing
from app.gifts.recurring.amounts import amounts_of, next_amounts
from app.gifts.recurring.effects import under_way
from app.gifts.recurring.models import Commitment, CommitmentChange
from app.gifts.recurring.states import MOVES, ChangeKind, CommitmentState, Frequency
from app.organisation.queries import profile
from app.payments.models import Checkout
from app.programmes.queries import programme_names
from app.saved import known
from app.sheets.columns import Column, Kind, Words
from app.sheets.csv_writer import open_csv, write_csv
from app.staff.queries import by_ids
from app.supporters import queries as supporters
from app.ui import lists
from app.ui.languages import language
from app.ui.permissions import Permission, may, requires

bp = Blueprint("recurring", __name__)
TONES: dict[Labelled, str] = {
    CommitmentState.PENDING: "petrol",
    CommitmentState.ACTIVE: "ok",
    CommitmentState.PAUSED: "warn",
    CommitmentState.ON_HOLD: "danger",
    CommitmentState.ENDED: "neutral",
}
COLLECTION_TONES: dict[Labelled, str] = {
    CollectionState.PLANNED: "petrol",
    CollectionState.SENT: "petrol",
    CollectionState.COLLECTED: "ok",
    CollectionState.FAILED: "danger",
    CollectionState.RETURNED: "danger",
    CollectionState.WITHDRAWN: "neutral",
}
MANDATE_TONES: dict[Labelled, str] = {
    MandateState.PENDING: "petrol",
    MandateState.ACTIVE: "ok",
    MandateState.SUSPENDED: "warn",
    MandateState.REVOKED: "danger",
    MandateState.LAPSED: "neutral",
}


def load(commitment_id: int) -> Commitment:
    """The commitment, or NotFound."""
    found = db.session.get(Commitment, commitment_id)
    if found is None:
        raise NotFound(N_("There is no such recurring gift."))
    return found


def _wanted() -> listing.Wanted:
    untold = lists.choice("untold", ("1",))
    return listing.Wanted(
        q=lists.search_text(),
        state=lists.choice("state", CommitmentState),
        frequency=lists.choice("frequency", Frequency),
        kind=lists.choice("kind", MandateKind),
        supporter_id=lists.row_id("supporter"),
        untold_until=local_date(now()) + timedelta(days=profile().notice_days) if untold else None,
    )


known.keep(
    "recurring", "recurring.index", N_("Recurring gifts"), ("state", "frequency", "kind", "untold"), _wanted
)  # fmt: skip


@bp.get("/recurring")
@requires(Permission.GIFTS_READ)
def index() -> ResponseReturnValue:
    """Recurring gifts: search by donor or reference, filter, sort."""
    wanted = _wanted()
    page = lists.page(listing.rows(wanted.clauses()), listing.SORTS, key=Commitment.id, default="next")
    return render_template(
        "gifts/recurring/index.html", page=page, wanted=wanted, tones=TONES,
        amounts=next_amounts([row.Commitment.id for row in page.rows]), programmes=programme_names(language()),
        states=[(s.value, _(s.label)) for s in CommitmentState],
        frequencies=[(f.value, _(f.label)) for f in Frequency], kinds=[(k.value, _(k.label)) for k in MandateKind],
        donor=supporters.names([wanted.supporter_id]).get(wanted.supporter_id) if wanted.supporter_id else None,
        waiting=direct_debit.count_waiting(), CommitmentState=CommitmentState,
    )  # fmt: skip


@bp.get("/recurring/export.csv")
@requires(Permission.EXPORTS_PERSONAL)
def export() -> ResponseReturnValue:
    """The list as a sheet, with its search and filters."""
    columns = [
        Column(_("Reference")), Column(_("Donor")), Column(_("State")), Column(_("How often")),
        Column(_("Day of the month"), Kind.INTEGER), Column(_("Amount"), Kind.AMOUNT, total=True),
        Column(_("Next collection"), Kind.DATE), Column(_("Begun"), Kind.DATE), Column(_("Mandate")),
    ]  # fmt: skip
    labels = {s: _(s.label) for group in (CommitmentState, Frequency, MandateKind) for s in group}
    file = tempfile.NamedTemporaryFile(suffix=".csv")  # noqa: SIM115 (send_file closes it)
    with open_csv(file.name) as text:
        rows = (_exported(row, labels) for row in listing.exported(_wanted().clauses()))
        counted = write_csv(text, columns, rows, Words(_("Rows"), _("Total"), _("Totals")))
    with writing():
        record("recurring.exported", ("staff", current_user.id), actor=current_user.actor, now=now(),
               changes={"rows": [None, counted.rows]})  # fmt: skip
    name = f"{_('recurring-gifts')}-{local_date(now())}.csv"
    return send_file(file, mimetype="text/csv; charset=utf-8", as_attachment=True, download_name=name)


def _exported(row: tuple[Any, ...], labels: dict[Any, str]) -> tuple[Any, ...]:
    row_id, name, state, frequency, day, cents, collect_on, begun, kind = row
    on = collect_on if state is CommitmentState.ACTIVE else None
    return code_of(row_id), name, labels[state], labels[frequency], day, cents, on, begun, labels.get(kind, "")


@bp.get("/recurring/<int:commitment_id>")
@requires(Permission.GIFTS_READ)
def show(commitment_id: int) -> ResponseReturnValue:
    """One recurring gift: its state, what comes next, its mandate, its collections and all that changed."""
    row = load(commitment_id)
    mandate = direct_debit.mandates([row.mandate_id]).get(row.mandate_id) if row.mandate_id else None
    wanted = select(CommitmentChange).where(CommitmentChange.commitment_id == commitment_id)
    changes = list(db.session.scalars(wanted.order_by(CommitmentChange.id.desc()).limit(100)))
    collections = direct_debit.collections_of(commitment_id)
    known = set(db.session.scalars(select(Checkout.id).where(Checkout.id.in_([c.id for c in collections]))))
    return render_template(
        "gifts/recurring/show.html", row=row, donor=supporters.names([row.supporter_id]).get(row.supporter_id, ""),
        cents=next_amounts([row.id]).get(row.id), amounts=amounts_of(row.id), changes=changes, mandate=mandate,
        creditor=direct_debit.creditor_of(mandate) if mandate else None,
        holder=direct_debit.holder_of(mandate) if mandate else "",
        lapses_on=direct_debit.lapses_on(mandate) if mandate else None,
        collections=collections, checkouts=known, tone=TONES[row.state], tones=COLLECTION_TONES,
        mandate_tones=MANDATE_TONES, reason_of=reason_of, people=by_ids({c.staff_id for c in changes if c.staff_id}),
        programme=programme_names(language()).get(row.programme_id or 0), code=code_of(row.id),
        under_way=under_way(row.id), may_resume=MOVES.allows(row.state, CommitmentState.ACTIVE),
        CommitmentState=CommitmentState, ChangeKind=ChangeKind,
        scans=documents_of(direct_debit.SUBJECT, mandate.id) if mandate and may(Permission.GIFTS_WRITE) else [],
    )  # fmt: skip


@bp.get("/recurring/mandates/<int:mandate_id>")
@requires(Permission.GIFTS_READ)
def mandate(mandate_id: int) -> ResponseReturnValue:
    """A mandate stands on the page of the recurring gift that it is for, the newest of them, else with its donor."""
    found = direct_debit.mandates([mandate_id]).get(mandate_id)
    if found is None:
        raise NotFound(N_("There is no such mandate."))
    newest = select(func.max(Commitment.id)).where(Commitment.mandate_id == mandate_id)
    if commitment_id := db.session.execute(newest).scalar():
        return redirect(url_for("recurring.show", commitment_id=commitment_id), 303)
    return redirect(url_for("supporters.show", supporter_id=found.supporter_id), 303)


def _wanted_failed() -> tuple[str, str, str]:
    """(state, what to do, paid how) of the work list, as its address asks."""
    return lists.choice("state", WENT_WRONG), lists.choice("action", Action), lists.choice("kind", MandateKind)


known.keep(
    "failed-collections", "recurring.failed", N_("Failed collections"), ("state", "action", "kind"), _wanted_failed
)  # fmt: skip


@bp.get("/recurring/failed")
@requires(Permission.GIFTS_READ)
def failed() -> ResponseReturnValue:
    """Collections that failed or were taken back, and what to do about each."""
    state, action, kind = _wanted_failed()
    page = lists.page(listing.waiting(state, action, kind), listing.FAILED_SORTS, key=Collection.id, default="when")
    return render_template(
        "gifts/recurring/failed.html", page=page, reason_of=reason_of, action_of=action_of, tones=COLLECTION_TONES,
        emails=supporters.primary_emails({row.Commitment.supporter_id for row in page.rows}),
        state=state, action=action, kind=kind, states=[(s.value, _(s.label)) for s in WENT_WRONG],
        actions=[(a.value, _(word)) for a, word in ACTION_WORDS.items()],
        kinds=[(k.value, _(k.label)) for k in MandateKind],
    )  # fmt: skip


@bp.post("/recurring/failed/<int:collection_id>/handled")
@requires(Permission.GIFTS_WRITE)
def handled(collection_id: int) -> ResponseReturnValue:
    """Somebody dealt with it: it leaves the work list."""
    with writing():
        if not collecting.mark_handled(collection_id, now=now()):
            raise NotFound(N_("Nothing is waiting here."))
        record("collection.handled", ("collection", collection_id), actor=current_user.actor, now=now())
    flash(_("Marked as dealt with."), "ok")
    return redirect(url_for("recurring.failed"), 303)
