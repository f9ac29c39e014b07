"""The chain of dates of a report in parts, counted back from the funder's in working days.

asked | partners write | consolidation | internal review | buffer | funder
      asked_on    partner_due_on   review_on        ready_on   funder_due_on
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from app.base.business_days import add_business_days
from app.base.dates import format_date
from app.base.errors import Invalid
from app.base.states import N_

MOST_DAYS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Spans:
    """How many working days each step takes."""

    consolidation_days: int = 5
    review_days: int = 3
    buffer_days: int = 2


@dataclass(frozen=True, slots=True)
class Dates:
    """The days of a chain, each a working day but the first and the last, which others set."""

    asked_on: date
    partner_due_on: date
    review_on: date
    ready_on: date
    funder_due_on: date


def count_back(funder_due_on: date, spans: Spans, *, asked_on: date) -> Dates:
    """The dates that follow from the funder's. Raises Invalid for spans that no chain can have."""
    for name in Spans.__dataclass_fields__:
        if not 0 <= getattr(spans, name) <= MOST_DAYS:
            raise Invalid(N_("A step takes 0 to %(most)s working days."), field=name, most=MOST_DAYS)
    ready_on = add_business_days(funder_due_on, -spans.buffer_days)
    review_on = add_business_days(ready_on, -spans.review_days)
    partner_due_on = add_business_days(review_on, -spans.consolidation_days)
    return Dates(asked_on, partner_due_on, review_on, ready_on, funder_due_on)


def check(dates: Dates, today: date, *, field: str | None = None) -> None:
    """Refuse a chain that cannot be kept, saying which day is the trouble and what helps.

    `field` is where the funder's date stands in the form at hand; None where the form asks only for
    the steps: then a passed date of the funder's is told on top, since no field there can mend it.
    """
    if dates.funder_due_on < today:
        raise Invalid(
            N_(
                "The funder's date, %(day)s, has passed. Agree on a later date with the funder, and fill it in with"
                " the obligation."
            ),
            field=field,
            day=format_date(dates.funder_due_on),
        )
    if dates.partner_due_on <= today:
        raise Invalid(
            N_(
                "Counted back from %(funder)s the partners would have to deliver on %(day)s, and that day is not ahead"
                " of us any more. Take fewer days for the steps, or agree on a later date with the funder."
            ),
            field=field or "consolidation_days",
            funder=format_date(dates.funder_due_on),
            day=format_date(dates.partner_due_on),
        )
    if dates.partner_due_on <= dates.asked_on:
        raise Invalid(
            N_("The chain ends before it starts: asked on %(asked)s, to be delivered on %(day)s."),
            field=field or "asked_on",
            asked=format_date(dates.asked_on),
            day=format_date(dates.partner_due_on),
        )
