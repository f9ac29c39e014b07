"""What stands on the clearing accounts of direct debits and of the accounting package, item by item."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue

from app.base.dates import local_date
from app.base.errors import NotFound
from app.base.states import N_
from app.extensions import now
from app.finance import clearing as reading
from app.finance.sources import name_of
from app.finance.views import bp
from app.ledger.queries import account
from app.ui.languages import language
from app.ui.permissions import Permission, requires


@bp.get("/finance/clearing/<code>")
@requires(Permission.FINANCE_READ)
def clearing(code: str) -> ResponseReturnValue:
    """Each open item with its source and age; the sums equal the ledger."""
    row = account(code)
    if code not in reading.CODES or row is None:
        raise NotFound(N_("This is not here, or not any more."))
    today = local_date(now())
    return render_template(
        "finance/clearing.html", found=reading.standing(code, today), today=today, name=row.name(language()),
        name_of=name_of, shown=reading.SHOWN, debits=code == reading.DEBITS, account_id=row.id,
    )  # fmt: skip
