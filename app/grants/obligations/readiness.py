"""What must be there before an obligation is ready. Concepts above this one register what they know,
so that nobody imports upwards to be asked."""

from __future__ import annotations

from collections.abc import Callable

from app.base.errors import Refused
from app.base.states import N_

Check = Callable[[int], list[str]]
SHOWN = 5
_checks: list[Check] = []


def register(check: Check) -> None:
    """`check(obligation_id)` gives what is missing, each in a few words; nothing when all is there."""
    if check not in _checks:
        _checks.append(check)


def missing(obligation_id: int) -> list[str]:
    return [what for check in _checks for what in check(obligation_id)]


def require(obligation_id: int) -> None:
    """Refuse to call an obligation ready while something is missing."""
    if lacks := missing(obligation_id):
        more = "" if len(lacks) <= SHOWN else f" (+ {len(lacks) - SHOWN})"
        raise Refused(
            N_("It is not complete yet. Still missing or not accepted: %(what)s."),
            what="; ".join(lacks[:SHOWN]) + more,
        )
