"""Papers for one donor: receipts, statements of any range and letters of thanks, looked at and made."""

from __future__ import annotations

import io
from datetime import date

from flask import Blueprint, render_template, request, send_file
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import select

from app.base.dates import local_date
from app.base.errors import Invalid, NotFound
from app.base.states import N_
from app.extensions import db, now, writing
from app.gifts.models import HELD, Gift
from app.letters.statements import paper, services
from app.letters.statements.content import gather
from app.letters.statements.forms import PaperForm
from app.letters.statements.models import Receipt, Statement
from app.supporters import queries as supporters
from app.supporters.addressing import addressees, partner_of
from app.ui.permissions import Permission, requires

bp = Blueprint("statements", __name__)
SHOWN = 30


@bp.get("/supporters/<int:supporter_id>/papers")
@requires(Permission.GIFTS_READ)
def of_supporter(supporter_id: int) -> ResponseReturnValue:
    """What was made for this donor, and the form to make more."""
    today = local_date(now())
    year = today.year if today.month > 3 else today.year - 1
    form = PaperForm(
        formdata=None, data={"kind": "statement", "start": date(year, 1, 1), "end": date(year, 12, 31)}
    )  # fmt: skip
    return _page(form, supporter_id)


def _page(form: PaperForm, supporter_id: int) -> ResponseReturnValue:
    supporter = supporters.get(supporter_id)
    form.choose()
    gifts = list(
        db.session.execute(
            select(Gift).where(Gift.supporter_id == supporter_id, Gift.state.in_(HELD))
            .order_by(Gift.gift_date.desc(), Gift.id.desc()).limit(SHOWN)
        ).scalars()
    )  # fmt: skip
    ids = [gift.id for gift in gifts]
    receipts = {r.gift_id: r for r in db.session.execute(select(Receipt).where(Receipt.gift_id.in_(ids))).scalars()}
    made = select(Statement).where(Statement.supporter_id == supporter_id).order_by(Statement.id.desc()).limit(SHOWN)
    page = render_template(
        "letters/statements/supporter.html", form=form, supporter=supporter, gifts=gifts, receipts=receipts,
        statements=list(db.session.execute(made).scalars()), partner=partner_of(supporter_id),
        to=addressees([supporter_id])[supporter_id],
    )  # fmt: skip
    return page, form.status if request.method == "POST" else 200


@bp.post("/supporters/<int:supporter_id>/papers")
@requires(Permission.GIFTS_WRITE)
def paper_of(supporter_id: int) -> ResponseReturnValue:
    """The paper as PDF: a preview that says so, or the real one, which is noted."""
    supporters.get(supporter_id)
    form = PaperForm()
    form.choose()
    start, end = form.start.data, form.end.data
    if not (form.validate() and form.checked() and start and end):
        return _page(form, supporter_id)
    content = gather([supporter_id], start, end)[supporter_id]
    if form.kind.data == "thanks" and not content.kept_cents:
        form.add_error(
            Invalid(N_("There is nothing to thank for: no gift of these days stayed with us."), field="kind")
        )
        return _page(form, supporter_id)
    to = addressees([supporter_id], with_partner=bool(form.with_partner.data))[supporter_id]
    db.session.rollback()
    labels, at = paper.method_labels({line.method for line in content.lines}, to.language), now()
    if form.kind.data == "thanks":
        return _sent(paper.render(paper.thanks(content, to, labels, at)), _("thanks"))
    made = None
    if request.form.get("how") != "preview":
        with writing():
            made = services.note_statements([content], start, end, actor=current_user.actor, now=at)[supporter_id]
    return _sent(paper.render(paper.statement(content, to, start, end, made, labels, at)), _("statement"))


@bp.post("/gifts/<int:gift_id>/receipt.pdf")
@requires(Permission.GIFTS_WRITE)
def receipt(gift_id: int) -> ResponseReturnValue:
    """The receipt of a gift; after the first time a copy that says so."""
    at = now()
    with writing():
        made = services.note_receipt(gift_id, actor=current_user.actor, now=at)
    gift = db.session.get(Gift, gift_id)
    if gift is None:
        raise NotFound(N_("This gift does not exist."))
    to = addressees([made.supporter_id])[made.supporter_id]
    db.session.expunge(gift)
    db.session.rollback()
    labels = paper.method_labels({gift.method}, to.language)
    return _sent(paper.render(paper.receipt(gift, to, made, labels, at)), _("receipt"))


def _sent(content: bytes, name: str) -> ResponseReturnValue:
    response = send_file(io.BytesIO(content), mimetype="application/pdf", download_name=f"{name}.pdf", max_age=0)
    response.headers["Cache-Control"] = "private, no-store"
    return response
