"""What the tax rules demand of an agreement. Dated, so that an old year keeps its own rule (DOMAIN.md 4.2)."""

from __future__ import annotations

from datetime import date

from app.base.errors import Invalid
from app.base.states import N_

# (from year, cents): what a donor can deduct of periodic gifts in a year, all charities together. The
# second figure is second-hand: have a tax adviser confirm it before you rely on it.
CAPS = ((2023, 25_000_000), (2025, 150_000_000))
# Agreements made before this day are free of the cap until the end of the year 2026.
FREE_BEFORE, FREE_UNTIL = date(2022, 10, 4), 2026


def cap(year: int, signed_on: date | None = None) -> int | None:
    """The most that can be deducted in this year, in cents; None where there is no cap."""
    if signed_on is not None and signed_on < FREE_BEFORE and year <= FREE_UNTIL:
        return None
    found = [cents for start, cents in CAPS if start <= year]
    return found[-1] if found else None


def checked_bsn(text: str, field: str = "number") -> str:
    """Nine digits that pass the 11-test; spaces and dots are forgiven, a missing leading zero is added."""
    bare = "".join(c for c in text if c not in " .-\u00a0")
    if not (bare.isascii() and bare.isdecimal() and len(bare) in (8, 9)):
        raise Invalid(N_("A BSN has 9 digits. It stands on a passport, identity card or driving licence."), field=field)
    bare = bare.zfill(9)
    digits = [int(c) for c in bare]
    if not any(digits) or (sum((9 - i) * d for i, d in enumerate(digits[:8])) - digits[8]) % 11:
        raise Invalid(N_("This BSN is not right: its digits do not fit together. Look at them again."), field=field)
    return bare


def masked(bsn: str) -> str:
    """`*****6782`"""
    return f"*****{bsn[-4:]}"
