"""Moves between funds: the list, one with who decided and who booked it, and proposing one."""

from __future__ import annotations

from collections.abc import Callable

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import select

from app.base.dates import local_date
from app.base.errors import DomainError, Invalid, NotFound
from app.base.money import format_money
from app.base.references import code_of
from app.base.states import N_
from app.documents.files import StoredFile, keep
from app.documents.services import documents_of
from app.extensions import db, now, writing
from app.finance.forms import ReasonForm
from app.finance.funds import moving
from app.finance.funds.forms import MoveForm
from app.finance.funds.models import SOURCE, FundMove
from app.finance.funds.places import place_names, places
from app.finance.views import bp
from app.ledger.queries import entries_of
from app.staff.queries import by_ids
from app.ui import lists
from app.ui.languages import language
from app.ui.permissions import Permission, requires

SORTS = {"made": lists.Sort(N_("Made on"), (lists.desc(FundMove.made_at),))}


@bp.get("/finance/funds/moves")
@requires(Permission.FINANCE_READ)
def fund_moves() -> ResponseReturnValue:
    """What the board moved between funds, newest first, and what stands on each now."""
    page = lists.page(select(FundMove), SORTS, key=FundMove.id, default="made")
    names = place_names({key for row in page.rows for key in (row.from_key, row.to_key)}, language())
    people = by_ids({row.made_by_id for row in page.rows if row.made_by_id})
    return render_template(
        "finance/fund_moves.html", page=page, names=names, people=people, places=places(language()).values()
    )


@bp.route("/finance/funds/moves/new", methods=["GET", "POST"])
@requires(Permission.FINANCE_WRITE)
def fund_move_new() -> ResponseReturnValue:
    """Propose a move, with the document of the board's decision."""
    form = MoveForm(data={"booked_on": local_date(now())})
    offered = [
        (place.key, f"{place.name} ({format_money(place.cents, language())})") for place in places(language()).values()
    ]
    for field in (form.from_key, form.to_key):
        field.choices = [("", "–"), *offered]
    if form.validate_on_submit():
        try:
            decision = _kept(form)
            with writing():
                move_id = moving.propose(form.wanted(), decision, actor=current_user.actor, now=now())
        except DomainError as error:
            form.add_error(error)
        else:
            flash(_("The move is proposed. Somebody else approves and books it."))
            return _to(move_id)
    return render_template("finance/fund_move_new.html", form=form), form.status


def _kept(form: MoveForm) -> StoredFile:
    """The document of the decision, checked and kept on disk: before any transaction."""
    if not form.file.data:
        raise Invalid(N_("Choose a file first."), field="file")
    try:
        return keep(form.file.data.read(), form.file.data.filename or "")
    except Invalid as error:
        raise Invalid(error.message, field="file", **error.params) from None


@bp.get("/finance/funds/moves/<int:move_id>")
@requires(Permission.FINANCE_READ)
def fund_move(move_id: int) -> ResponseReturnValue:
    """One move: from, to, why, who decided, who booked it, its entries."""
    return _page(move_id)


@bp.post("/finance/funds/moves/<int:move_id>/approve")
@requires(Permission.FINANCE_WRITE)
def fund_move_approve(move_id: int) -> ResponseReturnValue:
    """Book it, by a second person."""
    with writing():
        moving.approve(move_id, actor=current_user.actor, now=now())
    flash(_("The move is booked."))
    return _to(move_id)


@bp.post("/finance/funds/moves/<int:move_id>/withdraw")
@requires(Permission.FINANCE_WRITE)
def fund_move_withdraw(move_id: int) -> ResponseReturnValue:
    """Give a proposal up, with a reason."""
    return _end(move_id, moving.withdraw, N_("The proposal is withdrawn."))


@bp.post("/finance/funds/moves/<int:move_id>/undo")
@requires(Permission.FINANCE_WRITE)
def fund_move_undo(move_id: int) -> ResponseReturnValue:
    """Take a booked move back, with a reason."""
    return _end(move_id, moving.undo, N_("The move is taken back by a counter entry."))


def _end(move_id: int, end: Callable[..., None], said: str) -> ResponseReturnValue:
    form = ReasonForm()
    if form.validate():
        try:
            with writing():
                end(move_id, reason=form.reason.data or "", actor=current_user.actor, now=now())
        except DomainError as error:
            form.add_error(error)
        else:
            flash(_(said))
            return _to(move_id)
    return _page(move_id, form)


def _page(move_id: int, form: ReasonForm | None = None) -> ResponseReturnValue:
    row = db.session.get(FundMove, move_id)
    if row is None:
        raise NotFound(N_("This move is not there."))
    people = by_ids({who for who in (row.made_by_id, row.approved_by_id, row.ended_by_id) if who})
    page = render_template(
        "finance/fund_move.html", row=row, form=form or ReasonForm(formdata=None), people=people,
        names=place_names([row.from_key, row.to_key], language()), documents=documents_of(SOURCE, move_id),
        entries=entries_of((SOURCE, move_id)), mine=row.made_by_id == current_user.id, code_of=code_of,
    )  # fmt: skip
    return page, form.status if form else 200


def _to(move_id: int) -> ResponseReturnValue:
    return redirect(url_for("finance.fund_move", move_id=move_id), 303)
