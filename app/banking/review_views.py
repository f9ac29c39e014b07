"""Payments on the bank that nobody explained yet, and one payment: what it may be, what it is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app.banking import queries
from app.banking.booking import SOURCE
from app.banking.forms import GiftOfForm, RememberForm
from app.banking.match_models import BankMatch, MatchKind
from app.banking.matching import by_people, deciding, rules, undoing
from app.banking.matching.names import as_typed
from app.banking.models import BankLine, LineState
from app.banking.views import LINE_SORTS, bp
from app.base.errors import Invalid, NotFound
from app.base.money import Money
from app.base.states import N_
from app.extensions import now, writing
from app.gifts import finding
from app.gifts.entering import Thanks
from app.ledger import queries as ledger
from app.staff import queries as staff
from app.ui import filters, lists
from app.ui.permissions import Permission, may_open, requires

SORTS = LINE_SORTS | {"oldest": lists.Sort(N_("Oldest first"), (lists.asc(BankLine.booked_on),))}


@bp.get("/bank/review")
@requires(Permission.BANK_READ)
def review() -> ResponseReturnValue:
    """What waits to be explained, or what was left in suspense."""
    state = LineState(lists.choice("state", [LineState.REVIEW, LineState.SUSPENSE]) or LineState.REVIEW)
    chosen = queries.LineFilter(state=state)
    page = lists.page(queries.lines(chosen), SORTS, key=BankLine.id, default="oldest")
    return render_template(
        "banking/review.html", page=page, state=state, total=queries.total(chosen), waiting=queries.count_waiting(),
        parties={line.id: queries.party(line) for line in page.rows},
    )  # fmt: skip


@bp.get("/bank/lines/<int:line_id>")
@requires(Permission.BANK_READ)
def line(line_id: int) -> ResponseReturnValue:
    row = _line(line_id)
    return _page(row, _gift_form(row))


@bp.post("/bank/lines/<int:line_id>/accept")
@requires(Permission.BANK_WRITE)
def accept(line_id: int) -> ResponseReturnValue:
    """Book what is proposed."""
    row = _line(line_id)
    with writing():
        by_people.accept(line_id, request.form.get("proposal", "")[:60], actor=current_user.actor, now=now())
    return _onward(row)


@bp.post("/bank/lines/<int:line_id>/gift")
@requires(Permission.BANK_WRITE)
def gift_of(line_id: int) -> ResponseReturnValue:
    """It is a gift of somebody who is looked for here, or made."""
    row = _line(line_id)
    form = GiftOfForm()
    form.choose()
    found = finding.Found()
    if form.validate() and form.amount.data:
        who, giver = form.donor.data or "", queries.party(row).giver
        # Copied from the bank it is read as there: nobody is called Hr, and nobody is found by it.
        found = finding.donor(as_typed(giver) if who.strip() == giver.strip() else who, form.pick.data or "")
        try:
            with writing():
                by_people.gift(
                    line_id,
                    by_people.GiftOf(
                        supporter_id=finding.settle(found, None, actor=current_user.actor, now=now()),
                        cents=form.amount.data.cents, programme_id=form.programme, remember=form.remember.data,
                        thanks=Thanks(form.thanks.data),
                    ),
                    actor=current_user.actor, now=now(),
                )  # fmt: skip
        except Invalid as error:
            form.add_error(error)
        else:
            return _onward(row)
    return _page(row, form, found)


@bp.post("/bank/lines/<int:line_id>/not-a-gift")
@requires(Permission.BANK_WRITE)
def not_a_gift(line_id: int) -> ResponseReturnValue:
    """The accounting package books what it is."""
    row = _line(line_id)
    form = RememberForm()
    with writing():
        by_people.not_a_gift(line_id, remember=form.always.data, actor=current_user.actor, now=now())
    return _onward(row)


@bp.post("/bank/lines/<int:line_id>/suspense")
@requires(Permission.BANK_WRITE)
def suspense(line_id: int) -> ResponseReturnValue:
    """Leave it in suspense, or ask it again."""
    row = _line(line_id)
    back = row.state is LineState.SUSPENSE
    with writing():
        (deciding.take_up if back else deciding.set_aside)(line_id, actor=current_user.actor, now=now())
    return redirect(url_for("banking.line", line_id=line_id), 303) if back else _onward(row)


@bp.post("/bank/lines/<int:line_id>/undo")
@requires(Permission.BANK_WRITE)
def undo(line_id: int) -> ResponseReturnValue:
    """Take back what explains it."""
    _line(line_id)
    with writing():
        undoing.undo(line_id, forget=bool(request.form.get("forget")), actor=current_user.actor, now=now())
    flash(_("Undone. What was booked is reversed."), "ok")
    return redirect(url_for("banking.line", line_id=line_id), 303)


def _line(line_id: int) -> BankLine:
    row = queries.line(line_id)
    if row is None:
        raise NotFound(N_("This payment is not there."))
    return row


def _onward(before: BankLine) -> ResponseReturnValue:
    """To the next one, with a way back to the one just done."""
    row = _line(before.id)
    left = deciding.left_of(row.id)
    if row.state is LineState.REVIEW and left != row.cents:
        flash(_("Booked. %(left)s of it is still to be explained.", left=filters.money(left)), "ok")
        return redirect(url_for("banking.line", line_id=row.id), 303)
    flash(_("%(amount)s of %(day)s: %(state)s.", amount=filters.money(row.cents), day=filters.day(row.booked_on),
            state=filters.label(row.state)), "ok")  # fmt: skip
    following = queries.next_waiting(row)
    if following is None:
        return redirect(url_for("banking.review"), 303)
    return redirect(url_for("banking.line", line_id=following, done=row.id), 303)


def _gift_form(row: BankLine) -> GiftOfForm:
    left = abs(deciding.left_of(row.id)) or abs(row.cents)
    form = GiftOfForm(
        formdata=None,
        data={
            "donor": as_typed(queries.party(row).giver),
            "amount": Money(left),
            "programme_id": "",
            "thanks": Thanks.MAIL.value,
        },
    )
    form.choose()
    return form


def _page(row: BankLine, form: GiftOfForm, found: finding.Found | None = None) -> ResponseReturnValue:
    proposals = by_people.proposals(row.id) if row.state is not LineState.EXPLAINED else []
    matches = queries.matches_of(row.id)
    grants = queries.grants_of(matches)
    page = render_template(
        "banking/line.html", line=row, party=queries.party(row), form=form, found=found,
        proposals=[(p, [_said(r.said, r.told) for r in p.reasons]) for p in proposals],
        matches=[(m, [_said(*reason) for reason in m.reasons], _where(m, grants)) for m in matches],
        givers=queries.givers_of(matches), grants=grants,
        people=staff.by_ids({match.staff_id for match in matches if match.staff_id}),
        entries=ledger.entries_of((SOURCE, row.entry_id)), following=queries.next_waiting(row),
        done=lists.row_id("done"), rule=rules.of_line(row), left=deciding.left_of(row.id),
        waiting=queries.count_waiting(), thanked=any(p.kind in (MatchKind.GIFT, MatchKind.PROMISE) for p in proposals),
    )  # fmt: skip
    return page, form.status if request.method == "POST" else 200


def _said(msgid: str, told: dict[str, Any]) -> str:
    """A reason in the reader's language: amounts and days as they are written there."""
    shown = {
        name: filters.money(value) if name in ("promised", "left") else _day(value) if name == "day" else value
        for name, value in told.items()
    }
    return _(msgid, **shown) if shown else _(msgid)


def _day(text: str) -> str:
    return filters.day(date.fromisoformat(text))


def _where(match: BankMatch, grants: Mapping[int, tuple[int, str]]) -> str | None:
    """The page of what it became."""
    if match.id in grants and may_open("grants.grant"):
        return url_for("grants.grant", grant_id=grants[match.id][0])
    if match.kind in (MatchKind.PROMISE, MatchKind.GIFT) and may_open("gifts.show"):
        return url_for("gifts.show", gift_id=match.target_id)
    if match.kind is MatchKind.PAYOUT:
        return url_for("banking.payout", payout_id=match.target_id)
    if match.kind is MatchKind.BY_HAND and may_open("finance.entry"):
        return url_for("finance.entry", entry_id=match.target_id)
    return None
