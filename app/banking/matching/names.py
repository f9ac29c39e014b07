"""Whether the name at a bank (`HR J DOE`, `A VAN DER BERG CJ`, `J. Jansen e/o P. de Vries`) is that of a supporter."""

from __future__ import annotations

from functools import lru_cache

from app.supporters.matching import bank_names, fold, fold_surname
from app.supporters.names import full_name

_LEGAL = frozenset("stichting st bv nv vof vereniging ver b v n".split())


def agree(bank: str, ours: str, *, organisation: bool = False) -> bool:
    """Of people the surname must be the same, and the first letter where both have one; of organisations all
    telling words of the shorter name."""
    if organisation:
        theirs, mine = _telling(bank), _telling(ours)
        return bool(theirs and mine) and (theirs <= mine or mine <= theirs)
    known = _folded(ours)
    return any(
        surname == other and (not letter or not first or letter == first)
        for surname, letter in _folded(bank)
        for other, first in known
    )


def as_typed(bank: str) -> str:
    """The first person of a name at a bank as somebody would type it (`HR J DOE` → `J. Doe`); an organisation as it
    stands."""
    people = bank_names(bank)
    if not people or _LEGAL & set(fold(bank).split()):
        return bank
    return full_name(people[0]) or bank


@lru_cache(maxsize=8192)
def _telling(name: str) -> frozenset[str]:
    return frozenset(fold(name).split()) - _LEGAL


@lru_cache(maxsize=8192)  # who transfers each month comes back in every file
def _folded(text: str) -> list[tuple[str, str]]:
    """The people named here: surname and first letter, folded."""
    people = ((fold_surname(n.last_name), fold((n.initials or n.first_name)[:1])) for n in bank_names(text))
    return [(surname, letter) for surname, letter in people if surname]
