"""Which of our own bank accounts a statement is of."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from app.banking.checking import Statement
from app.banking.formats.facts import Opened, Unreadable
from app.base.actor import Actor
from app.base.states import N_
from app.extensions import db
from app.organisation import services as organisation
from app.organisation.models import BankAccount

_NUMBER = re.compile(r"[A-Za-z0-9 ./-]{1,34}")  # as banks anywhere write one
_DUTCH_NUMBER = 10  # digits of an account number inside a Dutch IBAN


class Accounts:
    """Our accounts. With `add` one that is not in the settings is taken up there, once the whole file is trusted: not
    in use until somebody looks at it, so that no donor is shown it."""

    def __init__(self, *, add: bool) -> None:
        rows = db.session.execute(select(BankAccount.iban, BankAccount.id)).all()
        db.session.rollback()
        self._ids: dict[str, int] = dict(rows)
        self._add = add

    def find(self, opened: Opened) -> tuple[int, str]:
        """(id, IBAN) of the account of a statement; the id of one that is still to be taken up is below 0. Raises
        Unreadable where it is none of ours."""
        if opened.account not in self._ids and not _NUMBER.fullmatch(opened.account):
            raise Unreadable(N_("This statement does not say which account it is of."), line=opened.line)
        iban = _known(opened.account, list(self._ids)) or opened.account
        if iban not in self._ids:
            if not self._add:
                said = N_(
                    "The account %(account)s is not among the bank accounts under Settings. Add it there, then "
                    "try this file again."
                )
                raise Unreadable(said, line=opened.line, advice="", account=opened.account)
            self._ids[iban] = -1 - len(self._ids)
        return self._ids[iban], iban

    def take_up(self, statements: Sequence[Statement], *, actor: Actor, now: datetime) -> None:
        """Take up the accounts of these that are new. Inside `with writing():`."""
        for statement in statements:
            if statement.account_id < 0:
                iban = statement.account
                if self._ids[iban] < 0:
                    self._ids[iban] = organisation.take_up_account(iban, actor=actor, now=now)
                statement.account_id = self._ids[iban]


def _known(account: str, ibans: list[str]) -> str | None:
    """The IBAN among ours that this is: itself, or the one Dutch IBAN that ends in this number."""
    if account in ibans:
        return account
    if not account.isdigit() or len(account) > _DUTCH_NUMBER:
        return None
    fitting = [iban for iban in ibans if iban.startswith("NL") and iban.endswith(account.zfill(_DUTCH_NUMBER))]
    return fitting[0] if len(fitting) == 1 else None
