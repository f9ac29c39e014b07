"""The page where somebody says what the columns of a bank's CSV mean, tries it out, and keeps it."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app.banking import columns, queries
from app.banking.formats.csv_columns import FIELDS, Columns
from app.banking.formats.facts import Format, Unreadable
from app.banking.forms import ColumnsForm
from app.banking.views import bp, file_or_404, read_now
from app.base.errors import DomainError, NotFound
from app.base.states import N_
from app.extensions import now, writing
from app.sheets.reading import Row
from app.ui.filters import iban as format_iban
from app.ui.permissions import Permission, requires

_SHOWN = 5  # rows of the file


@bp.route("/bank/files/<int:file_id>/columns", methods=["GET", "POST"])
@requires(Permission.BANK_WRITE)
def file_columns(file_id: int) -> ResponseReturnValue:
    """What the columns of this file mean: guessed, said, tried out, kept."""
    file = file_or_404(file_id)
    if file.format != Format.CSV:
        raise NotFound(N_("This file is not a CSV."))
    accounts = {state.account.id: state.account.iban for state in queries.accounts()}
    try:
        rows = columns.first_rows(file)
    except Unreadable as error:
        flash(_(error.message, **error.params), "danger")
        return redirect(url_for("banking.file", file_id=file_id), 303)
    if not accounts:
        flash(_("Add your bank account under Settings first."), "danger")
        return redirect(url_for("banking.file", file_id=file_id), 303)
    guess = _known(rows) or columns.guessed(rows, next(iter(accounts.values())))
    ids = {iban: account_id for account_id, iban in accounts.items()}
    data = {"account_id": str(ids.get(guess.account, next(iter(accounts)))), "date_format": guess.date_format}
    data |= {f"column_{name}": str(guess.at.get(name, "")) for name in FIELDS}
    form = ColumnsForm(data=data)
    names = list(guess.headings) or _examples(rows, guess.width)
    form.offer([(row_id, format_iban(iban)) for row_id, iban in accounts.items()], names)
    said, tried = guess, None
    if form.validate_on_submit():
        account_id = int(form.account_id.data)
        said = Columns(accounts[account_id], guess.headings, guess.width, form.date_format.data, form.at)
        try:
            if request.form.get("keep") == "y":
                with writing():
                    columns.keep(account_id, said, actor=current_user.actor, now=now())
                read_now(file_id, file.filename, account_id=account_id)
                return redirect(url_for("banking.file", file_id=file_id), 303)
        except DomainError as error:
            form.add_error(error)
    if not said.missing:
        tried = columns.try_out(rows, said)
    return render_template(
        "banking/columns.html", file=file, form=form, fields=FIELDS, tried=tried, names=names,
        rows=rows[: _SHOWN + 1], missing=said.missing,
    ), form.status  # fmt: skip


def _known(rows: list[Row]) -> Columns | None:
    """What was said before of files with these columns."""
    return next((each for each in columns.known() for row in rows[:10] if each.fits(row)), None)


def _examples(rows: list[Row], width: int) -> list[str]:
    """What stands in the first line, where a file has no headings."""
    return [str(rows[0].cell(place) or "")[:30] for place in range(width)] if rows else []
