"""References people read and type. They are made from row ids and lead back to them, so no
column or unique index is needed.

- code: Crockford base 32 with a check character, `1K2B-9QXA-7M3C-PZ`: supporters, gifts, grants.
- RF: ISO 11649 creditor reference, for bank transfers (DOMAIN.md 6).
- payment number: the Dutch *betalingskenmerk* of 16 digits, for banks that ask for that (DOMAIN.md 6).
"""

from __future__ import annotations

import re

from app.base.ids import INSTANT_BITS, MAX_ID

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUES = {c: i for i, c in enumerate(_ALPHABET)} | {"O": 0, "I": 1, "L": 1}
_CHECK = _ALPHABET + "*~$=U"
_PAIRS = [a + b for a in _ALPHABET for b in _ALPHABET]
_BASE36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def code_of(row_id: int) -> str:
    """The code of a row id, in groups of four."""
    # Two digits at a time from a table: exports write a million of these.
    i, two = row_id, _PAIRS
    return (
        f"{two[i >> 55]}{two[i >> 45 & 1023]}-{two[i >> 35 & 1023]}{two[i >> 25 & 1023]}-"
        f"{two[i >> 15 & 1023]}{two[i >> 5 & 1023]}-{_ALPHABET[i & 31]}{_ALPHABET[i % 31]}"
    )


def id_of(code: str) -> int | None:
    """The row id behind a typed code, or None if it is no valid code (forgives case, O/0, I/1)."""
    bare = re.sub(r"[\s-]", "", code).upper()
    if len(bare) != 14 or any(c not in _VALUES for c in bare):
        return None
    value = 0
    for c in bare[:13]:
        value = value * 32 + _VALUES[c]
    return value if value <= MAX_ID and _VALUES[bare[13]] == value % 31 else None


def _rf_number(text: str) -> int:
    return int("".join(str(_BASE36.index(c)) for c in text))


def rf_of(row_id: int) -> str:
    """The RF reference of a row id: `RF` + 2 check digits + base 36 (ISO 11649)."""
    body, rest = "", row_id
    while rest:
        rest, digit = divmod(rest, 36)
        body = _BASE36[digit] + body
    return f"RF{98 - _rf_number(body + 'RF00') % 97:02d}{body}"


def id_of_rf(text: str) -> int | None:
    """The row id behind an RF reference, or None where it is not one of ours or its check fails."""
    bare = re.sub(r"\s", "", text).upper()
    if not re.fullmatch(r"RF\d{2}[0-9A-Z]{1,21}", bare) or _rf_number(bare[4:] + bare[:4]) % 97 != 1:
        return None
    value = int(bare[4:], 36)
    return value if value <= MAX_ID else None


_WEIGHTS = (2, 4, 8, 5, 10, 9, 7, 3, 6, 1)  # from right to left, repeating


def payment_number_of(row_id: int) -> str:
    """The betalingskenmerk of a row id: a check digit, its millisecond in 13 digits, and 2 digits of the rest. It
    leads back to few ids (`ids_of_payment_number`): nearly always to one."""
    body = f"{row_id >> INSTANT_BITS:013d}{(row_id & ((1 << INSTANT_BITS) - 1)) % 100:02d}"
    return _check_digit(body) + body


def ids_of_payment_number(text: str) -> range | None:
    """The row ids among which those of a betalingskenmerk are: of one millisecond. None where its check fails."""
    bare = re.sub(r"\s", "", text)
    if not re.fullmatch(r"\d{16}", bare, re.ASCII) or _check_digit(bare[1:]) != bare[0]:
        return None
    first = int(bare[1:14]) << INSTANT_BITS
    return range(first, first + (1 << INSTANT_BITS)) if first <= MAX_ID else None


def _check_digit(body: str) -> str:
    """11 less the remainder of the weighted sum by 11; 10 becomes 1, 11 becomes 0 (DOMAIN.md 6)."""
    total = sum(int(digit) * _WEIGHTS[i % 10] for i, digit in enumerate(reversed(body)))
    return str({10: 1, 11: 0}.get(found := 11 - total % 11, found))


def in_fours(text: str) -> str:
    """In groups of four, as banks print references."""
    return " ".join(text[i : i + 4] for i in range(0, len(text), 4))
