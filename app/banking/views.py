"""The bank: accounts and how far they are known, bringing files in, what a file held, payments."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user
from werkzeug.datastructures import FileStorage

from app.banking import differences, imports, jobs, queries
from app.banking.advice import advised, off
from app.banking.entry_rows import IBAN_PURPOSE
from app.banking.formats.facts import Unreadable
from app.banking.forms import ImportForm
from app.banking.models import BankFile, BankLine, FileState
from app.base.errors import Invalid, NotFound
from app.base.iban import check_iban
from app.base.states import N_
from app.extensions import now, writing
from app.jobs.services import enqueue
from app.ui import lists
from app.ui.fields import typed_money
from app.ui.filters import iban as format_iban
from app.ui.permissions import Permission, requires
from app.vault.services import blind_index

bp = Blueprint("banking", __name__)

FILE_SORTS = {"received": lists.Sort(N_("Received"), (lists.desc(BankFile.created_at),))}
LINE_SORTS = {
    "date": lists.Sort(N_("Date"), (lists.desc(BankLine.booked_on),)),
}


@bp.get("/bank")
@requires(Permission.BANK_READ)
def index() -> ResponseReturnValue:
    page = lists.page(queries.files(), FILE_SORTS, key=BankFile.id, default="received")
    return render_template("banking/index.html", page=page, accounts=queries.accounts(), form=ImportForm())


@bp.route("/bank/import", methods=["GET", "POST"])
@requires(Permission.BANK_WRITE)
def bring_in() -> ResponseReturnValue:
    form = ImportForm()
    if not form.validate_on_submit():
        return render_template("banking/import.html", form=form), form.status
    uploads = [upload for upload in request.files.getlist("files") if upload.filename]
    if not uploads:
        form.add_error(Invalid(N_("Choose a file first."), field="files"))
        return render_template("banking/import.html", form=form), form.status
    brought = [file_id for upload in uploads if (file_id := _bring(upload)) is not None]
    if len(uploads) == 1 and brought:
        return redirect(url_for("banking.file", file_id=brought[0]), 303)
    return redirect(url_for("banking.index"), 303)


def _bring(upload: FileStorage) -> int | None:
    """Keep one file and read it, at once or by the worker; says in a flash what came of it."""
    name = upload.filename or ""
    try:
        file_id = imports.receive(upload.stream, name, actor=current_user.actor, now=now())  # type: ignore[arg-type]
    except Unreadable as error:
        flash(f"{name}: {advised(error)}", "danger")
        return None
    except OSError as error:
        flash(_("%(file)s cannot be read or kept: %(why)s.", file=name, why=error.strerror), "danger")
        return None
    read_now(file_id, name)
    return file_id


def read_now(file_id: int, name: str, account_id: int | None = None) -> None:
    """Read a kept file, at once or by the worker; says in a flash what came of it."""
    row = queries.file(file_id)
    if row is None:
        raise NotFound(N_("This file is not here (any more)."))
    if row.size > jobs.AT_ONCE:
        with writing():
            payload = {"file_id": str(file_id), "staff_id": str(current_user.actor.id)}
            if account_id is not None:
                payload["account_id"] = str(account_id)
            enqueue("bank.take_in", payload, now=now(), key=f"bank:{file_id}")
        flash(_("%(file)s is being read; you can go on with something else.", file=name))
        return
    done = imports.process(file_id, actor=current_user.actor, now=now(), account_id=account_id)
    if done.checked.error is not None:
        flash(_("%(file)s is kept but not entered: look at what is wrong with it.", file=name), "danger")
    else:
        flash(
            ngettext("%(file)s: %(num)s new payment, %(known)s known already.",
                     "%(file)s: %(num)s new payments, %(known)s known already.",
                     done.new, file=name, known=done.already_known)
        )  # fmt: skip


@bp.get("/bank/files/<int:file_id>")
@requires(Permission.BANK_READ)
def file(file_id: int) -> ResponseReturnValue:
    row = file_or_404(file_id)
    errors = [(line, advised(imports.kept_error(line, *told))) for line, *told in row.errors]
    warnings = [(line, _(said)) for line, said in row.warnings]
    warnings += [(None, said) for said in off(differences.off_of(file_id))]
    again = row.state is FileState.REFUSED or row.state is FileState.ENTERING
    return render_template(
        "banking/file.html", file=row, errors=errors, warnings=warnings, again=again,
        waiting=queries.waiting_of(file_id),
        statements=queries.statements_of(file_id),
    )  # fmt: skip


@bp.post("/bank/files/<int:file_id>/again")
@requires(Permission.BANK_WRITE)
def try_again(file_id: int) -> ResponseReturnValue:
    read_now(file_id, file_or_404(file_id).filename)
    return redirect(url_for("banking.file", file_id=file_id), 303)


def file_or_404(file_id: int) -> BankFile:
    row = queries.file(file_id)
    if row is None:
        raise NotFound(N_("This file is not here (any more)."))
    return row


@bp.get("/bank/payments")
@requires(Permission.BANK_READ)
def payments() -> ResponseReturnValue:
    """Payments on the bank. What is searched for is a whole IBAN or an amount: names are sealed."""
    q = lists.search_text()
    found, said = _searched(q)
    chosen = queries.LineFilter(
        account_id=lists.row_id("account"), statement_id=lists.row_id("statement"), entry_id=lists.row_id("entry"),
        **found,
    )  # fmt: skip
    page = lists.page(queries.lines(chosen), LINE_SORTS, key=BankLine.id, default="date")
    return render_template(
        "banking/payments.html", page=page, q=q, said=said, chosen=chosen,
        account_options=[(state.account.id, format_iban(state.account.iban)) for state in queries.accounts()],
        parties={line.id: queries.party(line) for line in page.rows}, total=queries.total(chosen),
    )  # fmt: skip


def _searched(q: str) -> tuple[dict[str, Any], str]:
    """What to look for, and a word where it is neither an IBAN nor an amount."""
    if not q:
        return {}, ""
    try:
        return {"iban_index": blind_index(check_iban(q), IBAN_PURPOSE)}, ""
    except Invalid:
        pass
    try:
        return {"cents": typed_money(q).cents}, ""
    except Invalid:
        return {}, _("Search here by a whole IBAN or by an amount, such as 25,00.")
