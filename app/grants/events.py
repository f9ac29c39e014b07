"""What rounds, applications and grants tell when the day that tasks count back from moves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from app.base.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlinesMoved(Event):
    """Another last day for these: a round closes, an application has another round, a grant ends."""

    subject: Literal["round", "application", "grant_award"]
