"""The countries an address can lie in, named in the reader's language."""

from __future__ import annotations

from functools import lru_cache

from babel import Locale

_FIRST = ("NL", "BE", "DE", "GB", "FR")


@lru_cache(maxsize=4)
def countries(language: str) -> list[tuple[str, str]]:
    """(two-letter code, name), the near ones first."""
    names = {
        code: name
        for code, name in Locale.parse(language).territories.items()
        if len(code) == 2 and code.isalpha() and code not in ("EU", "EZ", "UN", "XA", "XB", "ZZ", "QO")
    }
    rest = sorted((name, code) for code, name in names.items() if code not in _FIRST)
    return [(code, names[code]) for code in _FIRST] + [(code, name) for name, code in rest]
