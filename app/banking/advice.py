"""What is wrong with a bank file, and what to do about it, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable

from flask_babel import gettext

from app.banking.differences import Off
from app.banking.formats.facts import Unreadable
from app.ui.filters import iban, money
from app.ui.messages import translated


def advised(error: Unreadable) -> str:
    said = translated(error)
    return f"{said} {gettext(error.advice)}" if error.advice else said


def off(accounts: Iterable[Off]) -> list[str]:
    """Of these accounts, by how much their statements and lines differ."""
    return [
        gettext(
            "The statements of %(iban)s and the payments entered of them differ by %(cents)s: a line is missing or "
            "counts twice. Bank and ledger shows where.",
            iban=iban(each.iban), cents=money(each.cents),
        )
        for each in accounts
    ]  # fmt: skip
