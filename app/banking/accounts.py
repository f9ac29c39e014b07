"""Which of our own bank accounts a statement is of."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select

from app.banking.formats.facts import Opened, Unreadable
from app.base.actor import Actor
from app.base.states import N_
from app.extensions import db, writing
from app.organisation import services as organisation
from app.organisation.models import BankAccount

_NUMBER = re.compile(r"[A-Za-z0-9 ./-]{1,34}")  # as banks anywhere write one
_DUTCH_NUMBER = 10  # digits of an account number inside a Dutch IBAN


def finder(*, add: bool, actor: Actor, now: datetime) -> Callable[[Opened], tuple[int, str]]:
    """Gives (id, IBAN) of the account of a statement. One that is not in the settings is Unreadable, or
    with `add` taken up there: not in use until somebody looks at it, so that no donor is shown it."""
    rows = db.session.execute(select(BankAccount.iban, BankAccount.id)).all()
    db.session.rollback()
    known: dict[str, int] = dict(rows)

    def find(opened: Opened) -> tuple[int, str]:
        if opened.account not in known and not _NUMBER.fullmatch(opened.account):
            raise Unreadable(N_("This statement does not say which account it is of."), line=opened.line)
        iban = _known(opened.account, list(known)) or opened.account
        if iban not in known:
            if not add:
                said = N_(
                    "The account %(account)s is not among the bank accounts under Settings. Add it there, then "
                    "try this file again."
                )
                raise Unreadable(said, line=opened.line, advice="", account=opened.account)
            with writing():
                known[iban] = organisation.take_up_account(iban, actor=actor, now=now)
        return known[iban], iban

    return find


def _known(account: str, ibans: list[str]) -> str | None:
    """The IBAN among ours that this is: itself, or the one Dutch IBAN that ends in this number."""
    if account in ibans:
        return account
    if not account.isdigit() or len(account) > _DUTCH_NUMBER:
        return None
    fitting = [iban for iban in ibans if iban.startswith("NL") and iban.endswith(account.zfill(_DUTCH_NUMBER))]
    return fitting[0] if len(fitting) == 1 else None
