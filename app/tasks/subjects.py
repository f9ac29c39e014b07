"""What a template needs to know of a record: its deadline and its people. High rooms tell it at start.

@subjects.told_by("obligation")
def obligation(row_id: int) -> Subject | None: ...
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

from app.tasks.template_models import StepRole


@dataclass(frozen=True, slots=True)
class Subject:
    """The deadline to count back from, and who is who; both may be unknown."""

    due_on: date | None
    people: dict[StepRole, int | None] = field(default_factory=dict)


Teller = Callable[[int], Subject | None]
_tellers: dict[str, Teller] = {}


def told_by(kind: str) -> Callable[[Teller], Teller]:
    def register(teller: Teller) -> Teller:
        _tellers[kind] = teller
        return teller

    return register


def subject_of(kind: str, row_id: int) -> Subject:
    """What is known of this record; nothing where its room tells nothing."""
    teller = _tellers.get(kind)
    return (teller(row_id) if teller else None) or Subject(None)
