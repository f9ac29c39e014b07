"""Writing planned outside a transaction: what services would insert is gathered while nobody waits for it, and written
inside `with writing():` by one statement for each table, if it still holds.

For bulk work whose preparing takes longer than its writing. Services need not know: `insert_rows` and its kin gather
instead of writing, everything else that writes is refused by the database, and what they check before they write they
hand to `checked`, so that it is looked at again when it counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from app.extensions import db
from app.extensions.database import insert_columns

_PLAN = "draagvlak_plan"
T = TypeVar("T")


class Stale(Exception):
    """What was planned holds no longer: roll back, and do it anew inside the transaction."""


class Plan:
    """Inserts in the order in which their tables came, and the checks they rest on."""

    def __init__(self) -> None:
        self._steps: dict[tuple[str, bool], list[list[Any]]] = {}
        self._checks: dict[Callable[..., object], list[set[Any]]] = {}

    def add(self, statement: str, columns: list[list[Any]], *, only_new: bool) -> None:
        """Rows for `insert_columns`. `only_new`: whether each of them must be new, or the plan is stale."""
        known = self._steps.setdefault((statement, only_new), [[] for _ in columns])
        for mine, more in zip(known, columns, strict=True):
            mine += more

    def check_later(self, check: Callable[..., object], *of: set[Any]) -> None:
        """Several times the same check is one of all that they were of."""
        known = self._checks.setdefault(check, [set() for _ in of])
        for mine, more in zip(known, of, strict=True):
            mine |= more

    def write(self) -> None:
        """Write it all, inside the caller's transaction. Raises Stale where a row is there already, and what the
        checks raise."""
        for check, of in self._checks.items():
            check(*of)
        connection = db.session.connection()
        for (statement, only_new), columns in self._steps.items():
            if insert_columns(connection, statement, columns) != len(columns[0]) and only_new:
                raise Stale


@contextmanager
def planning() -> Iterator[Plan]:
    """What services insert in here goes into the plan."""
    plan = db.session.info[_PLAN] = Plan()
    try:
        yield plan
    finally:
        del db.session.info[_PLAN]


def current() -> Plan | None:
    plan: Plan | None = db.session.info.get(_PLAN)
    return plan


def checked(check: Callable[..., T], *of: set[Any]) -> T:
    """What `check` of these says; of a plan it is asked again when the plan is written."""
    plan = current()
    if plan is not None:
        plan.check_later(check, *of)
    return check(*of)


def not_planned() -> None:
    """What follows cannot be planned: raises Stale where a plan is made, so that it is done inside a transaction."""
    if current() is not None:
        raise Stale
