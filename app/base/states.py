"""States as labelled enums with a table of allowed transitions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Generic, TypeVar


def N_(message: str) -> str:
    """Mark a string for translation where it is defined; the page translates it where it is shown."""
    return message


class Labelled(str, Enum):
    """A string enum whose members carry a label: ``PAID = "paid", N_("paid")``.

    The value is what the database stores, the label is an English msgid; templates show
    ``{{ gift.state|label }}``.
    """

    label: str

    def __new__(cls, value: str, label: str = "") -> Labelled:
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label
        return member

    def __str__(self) -> str:
        return str(self.value)

    def __format__(self, spec: str) -> str:
        return format(str(self.value), spec)


S = TypeVar("S", bound=Labelled)


class Transitions(Generic[S]):
    """Which state may follow which. Every member must be named, so nothing is forgotten.

    >>> MOVES = Transitions(GiftState, {GiftState.PENDING: {GiftState.PAID}, GiftState.PAID: set()})
    >>> MOVES.check(GiftState.PENDING, GiftState.PAID)
    """

    def __init__(self, states: type[S], table: Mapping[S, Iterable[S]]) -> None:
        missing = set(states) - set(table)
        if missing:
            raise ValueError(f"no transitions given for {sorted(m.value for m in missing)}")
        self._table = {state: frozenset(following) for state, following in table.items()}

    def allows(self, now: S, then: S) -> bool:
        return then in self._table[now]

    def following(self, now: S) -> list[S]:
        """The states that may follow, in the order the enum lists them."""
        return [state for state in type(now) if state in self._table[now]]

    def check(self, now: S, then: S) -> None:
        """Raise Refused unless `then` may follow `now`."""
        from app.base.errors import Refused

        if not self.allows(now, then):
            raise Refused(N_("This cannot be done: it is %(now)s."), now=now.label)
