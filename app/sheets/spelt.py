"""Values spelt once: few different days and amounts fill many rows of a file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

MOST = 50_000


class Spelt(dict[Any, str]):
    """Value → how it is written, made when first asked for; nothing for None. Bounded."""

    def __init__(self, spell: Callable[[Any], str]) -> None:
        super().__init__({None: ""})
        self._spell = spell

    def __missing__(self, value: Any) -> str:
        if len(self) > MOST:
            self.clear()
            self[None] = ""
        made = self[value] = self._spell(value)
        return made
