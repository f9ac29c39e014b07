"""What direct debit says to the rooms above it, in the transaction in which it happens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from app.base.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionsWentWrong(Event):
    """`ids` are collections that failed or were taken back; their `reason_code` says why, if known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MandatesConfirmed(Event):
    """`ids` are mandates that became valid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MandatesRefused(Event):
    """`ids` are mandates that the provider found invalid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionsBooked(Event):
    """The money of these collections by our own mandates is on the bank account, booked there on `on`."""

    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionsTakenBack(Event):
    """The bank took the money of these collections off our account again, on `on`."""

    on: date
