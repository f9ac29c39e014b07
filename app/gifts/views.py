"""The staff pages of gifts: the list, one gift, and donors by what they gave."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from app.base.errors import Invalid
from app.base.references import code_of, in_fours, payment_number_of, rf_of
from app.base.states import N_
from app.extensions import db
from app.gifts import by_hand, earmarks, listing, refunding, totals, words
from app.gifts.entering import Source, parts_of
from app.gifts.methods import own_label
from app.gifts.models import Gift, GiftState, GiftStep
from app.ledger.queries import entries_of
from app.payments.methods import label_of
from app.payments.queries import refunds_of
from app.payments.states import RefundState
from app.programmes.queries import campaign_names, programme_names
from app.saved import known
from app.staff.queries import by_ids
from app.supporters import queries as supporters
from app.ui import lists
from app.ui.fields import typed_money
from app.ui.languages import language
from app.ui.permissions import Permission, requires

bp = Blueprint("gifts", __name__)
TONES = {
    GiftState.PROMISED: "petrol",
    GiftState.RECEIVED: "ok",
    GiftState.CANCELED: "neutral",
    GiftState.REFUNDED: "warn",
    GiftState.CHARGED_BACK: "danger",
}
REFUND_TONES = {
    RefundState.ASKED: "warn",
    RefundState.ACCEPTED: "petrol",
    RefundState.DONE: "ok",
    RefundState.REFUSED: "danger",
    RefundState.FAILED: "danger",
}
DONORS_SHOWN = 50


def method_label(method: str) -> str:
    return own_label(method) or label_of(method)


def source_label(source: str) -> str:
    own = {s.value: _(s.label) for s in Source}
    known = {**own, "steun-ons": _("Support us"), by_hand.MANUAL: _("Entered by hand"), "demo": _("Example")}
    return str(known.get(source, source))


def _wanted() -> listing.Wanted:
    return listing.Wanted(
        q=lists.search_text(),
        state=lists.choice("state", GiftState),
        method=lists.choice("method", listing.methods_used()),
        programme_id=lists.row_id("programme"),
        supporter_id=lists.row_id("supporter"),
        start=lists.day("from"),
        end=lists.day("to"),
        least=_cents("least"),
        most=_cents("most"),
    )


known.keep(
    "gifts", "gifts.index", N_("Gifts"), ("state", "method", "programme", "from", "to", "least", "most"), _wanted
)  # fmt: skip


@bp.get("/gifts")
@requires(Permission.GIFTS_READ)
def index() -> ResponseReturnValue:
    """Gifts: search by donor or reference, filter, sort; what they come to at the foot."""
    # Labels first: asking the provider for them ends the transaction, and with it what was loaded.
    methods = {method: method_label(method) for method in listing.methods_used()}
    wanted = _wanted()
    clauses = wanted.clauses()
    page = lists.page(listing.rows(clauses), listing.SORTS, key=Gift.id, default="date")
    programmes = programme_names(language())
    return render_template(
        "gifts/index.html", page=page, wanted=wanted, sum=listing.summed(clauses), programmes=programmes,
        methods=methods, states=[(s.value, _(s.label)) for s in GiftState],
        donor=supporters.names([wanted.supporter_id]).get(wanted.supporter_id) if wanted.supporter_id else None,
        tones=TONES, code_of=code_of, waiting=listing.promised_count(),
    )  # fmt: skip


def _cents(name: str) -> int | None:
    """An amount from the address in cents; 400 where it is none."""
    text = request.args.get(name, "")[:20].strip()
    if not text:
        return None
    try:
        return typed_money(text).cents
    except Invalid:
        abort(400)


@bp.get("/gifts/<int:gift_id>")
@requires(Permission.GIFTS_READ)
def show(gift_id: int) -> ResponseReturnValue:
    """One gift with its way through payment and ledger, and what finance may do with it."""
    method = method_label(by_hand.load(gift_id).method)
    gift = by_hand.load(gift_id)
    steps = list(
        db.session.execute(select(GiftStep).where(GiftStep.gift_id == gift_id).order_by(GiftStep.id.desc())).scalars()
    )
    refunds = refunds_of(gift.payment_id) if gift.payment_id else []
    purposes = earmarks.changes_of(gift_id)
    told: list[Any] = [*steps, *refunds, *purposes]
    staff_ids = {row.staff_id for row in told if row.staff_id}
    return render_template(
        "gifts/show.html", gift=gift, way_back=refunding.way_back(gift),
        earmarks=purposes, parts=parts_of(gift), refunds=refunds, refund_tones=REFUND_TONES,
        donor=supporters.names([gift.supporter_id]).get(gift.supporter_id, ""),
        steps=steps, people=by_ids(staff_ids), entries=entries_of(("gift", gift_id)),
        programmes=programme_names(language()),
        campaigns=campaign_names(language()), tone=TONES[gift.state], words=words.of_gift(gift_id),
        method=method, source=source_label(gift.source), code=code_of(gift_id),
        rf=in_fours(rf_of(gift_id)), number=in_fours(payment_number_of(gift_id)),
        may_undo=by_hand.may_undo(gift), GiftState=GiftState, tones=TONES,
    )  # fmt: skip


@bp.get("/gifts/donors")
@requires(Permission.GIFTS_READ)
def donors() -> ResponseReturnValue:
    """Donors by all they ever gave, largest first."""
    after = None
    if "after" in request.args:
        cents, _sep, row_id = request.args["after"].partition("-")
        if not (cents.isdecimal() and row_id.isdecimal() and cents.isascii() and row_id.isascii()):
            abort(400)
        if len(cents) > 18 or len(row_id) > 18:
            abort(400)
        after = (int(cents), int(row_id))
    found = totals.largest(DONORS_SHOWN + 1, after)
    shown = found[:DONORS_SHOWN]
    more = f"{shown[-1].total.cents}-{shown[-1].supporter_id}" if len(found) > DONORS_SHOWN else None
    names = supporters.names([r.supporter_id for r in shown])
    return render_template("gifts/donors.html", rows=shown, names=names, more=more, first=after is None)
