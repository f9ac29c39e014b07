"""Money events on capital, reserves and funds, each with its debit and credit; those of money are in postings.py.

event                     debit                              credit
------------------------  ---------------------------------  ---------------------------------
result appropriated       result to appropriate              funds by programme, general reserve
  (a loss, or out of a fund: the other way round)
moved between funds       the fund it comes from             the fund it goes to
opening balance           what stood in debit                what stood in credit, as brought in
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from app.ledger.accounts import RESULT
from app.ledger.entries import Entry, Line
from app.ledger.models import Event
from app.ledger.postings import Source


def result_appropriated(source: Source, moves: Sequence[tuple[str, int, int | None]], on: date) -> Entry:
    """The result of a year goes to funds and reserves: (account, signed cents to it, programme) each."""
    lines = [Line(account, -cents, programme_id) for account, cents, programme_id in moves if cents]
    result = sum(cents for _, cents, _ in moves)
    return _entry(Event.RESULT_APPROPRIATED, source, on, (*lines, *([Line(RESULT, result)] if result else [])))


def fund_moved(
    source: Source, cents: int, on: date, giving: tuple[str, int | None], getting: tuple[str, int | None]
) -> Entry:
    """The board moves positive `cents` from one fund to another: (account, programme) of each."""
    lines = (Line(giving[0], cents, giving[1]), Line(getting[0], -cents, getting[1]))
    return _entry(Event.FUND_MOVED, source, on, lines)


def opening_balance(source: Source, lines: Sequence[Line], on: date) -> Entry:
    """What stood in the books before they were kept here, in balance."""
    return _entry(Event.OPENING_BALANCE, source, on, tuple(lines))


def _entry(event: Event, source: Source, on: date, lines: tuple[Line, ...]) -> Entry:
    return Entry(event, on, source, f"{event.value}:{source[0]}:{source[1]}", lines)
