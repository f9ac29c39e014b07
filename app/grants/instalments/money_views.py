"""Finance follows the money of an instalment: ask, receive, take back, withhold, settle."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app.base.dates import local_date
from app.base.errors import Refused
from app.base.states import N_
from app.documents import files
from app.documents.files import StoredFile
from app.extensions import now, writing
from app.grants.blueprint import bp
from app.grants.instalments import letter, queries, services
from app.grants.instalments.forms import LetterForm, ReceiveForm, TakeBackForm
from app.grants.instalments.models import INSTALMENT_MOVES, InstalmentState
from app.grants.instalments.services import Received
from app.grants.pages import DayForm, NoteForm, VersionedForm, filled, form_page
from app.supporters import queries as supporters
from app.ui import filters
from app.ui.permissions import Permission, requires

_S = InstalmentState


def _page(instalment_id: int, make: Any, act: Any, **words: Any) -> ResponseReturnValue:
    line = queries.one(instalment_id)
    return form_page(
        make,
        act,
        subject=f"{line.grant} · {line.funder} · {filters.money(line.amount_cents)}",
        back=url_for("grants.instalment", instalment_id=instalment_id),
        **words,
    )


def _versioned(instalment_id: int, form: type[VersionedForm], **data: Any) -> Any:
    return lambda **kwargs: form.at(queries.one(instalment_id).version, data=data, **kwargs)


@bp.route("/grants/instalments/<int:instalment_id>/letter", methods=["GET", "POST"])
@requires(Permission.FINANCE_WRITE)
def letter_instalment(instalment_id: int) -> ResponseReturnValue:
    """The payment request to the funder, kept as PDF with the grant's papers."""
    line = queries.one(instalment_id)
    if line.state is not _S.DUE:
        raise Refused(N_("This cannot be done: it is %(now)s."), now=line.state.label)
    where = letter.account()

    def set_as_pdf(form: LetterForm) -> tuple[StoredFile, int]:
        made = letter.compose(instalment_id, form.words())
        return files.keep(letter.as_pdf(made), made.filename), made.asked_cents

    def act(form: LetterForm, made: tuple[StoredFile, int]) -> int:
        return letter.keep(instalment_id, *made, version=form.version.data, actor=current_user.actor, now=now())

    return _page(
        instalment_id,
        lambda **kwargs: LetterForm.of(
            queries.one(instalment_id).version,
            local_date(now()),
            supporters.get(line.supporter_id).language.value,
            current_user.name,
            **kwargs,
        ),
        act,
        prepare=set_as_pdf,
        title=_("Payment request"),
        submit=_("Make the letter"),
        said=_("The letter is made. Read it, send it, and record the day it was sent."),
        explain=_(
            "The letter asks for %(amount)s on %(iban)s, and says what was granted and received.",
            amount=filters.money(line.open_cents),
            iban=filters.iban(where.iban),
        ),
        hints={
            "attention": _("For example: mevrouw De Vries"),
            "text": _("Optional: a paragraph between the opening and the figures."),
            "signatory": _("Each line on its own: name, function"),
        },
    )


@bp.route("/grants/instalments/<int:instalment_id>/request", methods=["GET", "POST"])
@requires(Permission.FINANCE_WRITE)
def request_instalment(instalment_id: int) -> ResponseReturnValue:
    """We ask the funder for the money."""
    INSTALMENT_MOVES.check(queries.one(instalment_id).state, _S.REQUESTED)
    return _page(
        instalment_id,
        _versioned(instalment_id, DayForm, day=local_date(now())),
        lambda form: services.request(
            instalment_id, requested_on=form.day.data, version=form.version.data, actor=current_user.actor, now=now()
        ),
        title=_("Record that the request was sent"),
        submit=_("Record the request"),
        said=_("Recorded. Now the funder pays."),
        hints={"day": _("The day the letter went out, or the request was made in the funder's portal.")},
    )


@bp.route("/grants/instalments/<int:instalment_id>/receive", methods=["GET", "POST"])
@requires(Permission.FINANCE_WRITE)
def receive_instalment(instalment_id: int) -> ResponseReturnValue:
    """Money is on the bank account, whole or in part."""
    line = queries.one(instalment_id)

    def act(form: ReceiveForm) -> list[int]:
        money = Received(
            instalment_id=instalment_id,
            received_on=filled(form.received_on.data),
            amount_cents=filled(form.amount.data).cents,
            bank_reference=form.bank_reference.data,
            form_key=form.form_key.data,
        )
        return services.receive([money], actor=current_user.actor, now=now())

    return _page(
        instalment_id,
        lambda **kwargs: ReceiveForm.of(line.open_cents, **kwargs),
        act,
        title=_("Money received"),
        submit=_("Book this receipt"),
        said=_("Booked."),
        explain=_("A part is fine: the instalment stays open for the rest."),
        hints={"bank_reference": _("As it stands on the bank statement.")},
    )


@bp.route("/grants/receipts/<int:receipt_id>/take-back", methods=["GET", "POST"])
@requires(Permission.FINANCE_WRITE)
def take_back_receipt(receipt_id: int) -> ResponseReturnValue:
    """A receipt was wrong."""
    receipt = queries.receipt(receipt_id)
    return _page(
        receipt.instalment_id,
        lambda **kwargs: TakeBackForm(**kwargs),
        lambda form: services.take_back(receipt_id, form.reason.data, actor=current_user.actor, now=now()),
        title=_("Take this receipt back"),
        submit=_("Reverse the booking"),
        said=_("Taken back by a reversal."),
        tone="danger",
        explain=_(
            "%(amount)s of %(day)s is reversed today; both bookings stay visible.",
            amount=filters.money(receipt.amount_cents),
            day=filters.day(receipt.received_on),
        ),
    )


@bp.route("/grants/instalments/<int:instalment_id>/withhold", methods=["GET", "POST"])
@requires(Permission.FINANCE_WRITE)
def withhold_instalment(instalment_id: int) -> ResponseReturnValue:
    """The funder holds the money back."""
    INSTALMENT_MOVES.check(queries.one(instalment_id).state, _S.WITHHELD)
    return _page(
        instalment_id,
        _versioned(instalment_id, NoteForm),
        lambda form: services.withhold(
            instalment_id, form.note.data, version=form.version.data, actor=current_user.actor, now=now()
        ),
        title=_("The funder holds it back"),
        submit=_("Record that it is withheld"),
        said=_("Recorded as withheld."),
        tone="danger",
        explain=_("It is no longer expected. Nothing changes in the books until it is settled."),
    )


@bp.route("/grants/instalments/<int:instalment_id>/settle", methods=["GET", "POST"])
@requires(Permission.FINANCE_WRITE)
def settle_instalment(instalment_id: int) -> ResponseReturnValue:
    """It stays at what came in."""
    line = queries.one(instalment_id)
    INSTALMENT_MOVES.check(line.state, _S.SETTLED)
    return _page(
        instalment_id,
        _versioned(instalment_id, NoteForm),
        lambda form: services.settle(
            instalment_id, form.note.data, version=form.version.data, actor=current_user.actor, now=now()
        ),
        title=_("Settle the instalment"),
        submit=_("Settle at %(amount)s", amount=filters.money(line.received_cents)),
        said=_("Settled."),
        explain=_(
            "Agreed was %(agreed)s, received is %(received)s. The difference is no longer expected; "
            "income that was booked is corrected by reversal.",
            agreed=filters.money(line.amount_cents),
            received=filters.money(line.received_cents),
        ),
    )


@bp.post("/grants/instalments/<int:instalment_id>/undo")
@requires(Permission.FINANCE_WRITE)
def undo_instalment(instalment_id: int) -> ResponseReturnValue:
    """Take the last word back: a request, a withholding, a settlement."""
    line = queries.one(instalment_id)
    form = VersionedForm()
    undo = {_S.WITHHELD: services.resume, _S.SETTLED: services.unsettle}.get(line.state, services.withdraw_request)
    with writing():
        undo(instalment_id, version=form.version.data, actor=current_user.actor, now=now())
    flash(_("Taken back."), "ok")
    return redirect(url_for("grants.instalment", instalment_id=instalment_id), 303)
