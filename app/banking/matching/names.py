"""Whether the name at a bank (`HR J DOE`, `A VAN DER BERG CJ`, `J. Jansen e/o P. de Vries`) is that of a supporter."""

from __future__ import annotations

from app.supporters.matching import bank_names, fold, fold_surname
from app.supporters.names import Name

_LEGAL = frozenset("stichting st bv nv vof vereniging ver b v n".split())


def agree(bank: str, ours: str, *, organisation: bool = False) -> bool:
    """Of people the surname must be the same, and the first letter where both have one; of organisations all
    telling words of the shorter name."""
    if organisation:
        theirs, mine = (set(fold(name).split()) - _LEGAL for name in (bank, ours))
        return bool(theirs and mine) and (theirs <= mine or mine <= theirs)
    known = bank_names(ours)
    return any(_same(one, other) for one in bank_names(bank) for other in known)


def _same(one: Name, other: Name) -> bool:
    surnames = {fold_surname(one.last_name), fold_surname(other.last_name)}
    letters = {fold((name.initials or name.first_name)[:1]) for name in (one, other)} - {""}
    return len(surnames) == 1 and "" not in surnames and len(letters) < 2
