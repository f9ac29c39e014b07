"""Whether the money of several years would become income of one: never by accident."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from app.base.dates import add_months
from app.grants.awards.models import Recognition


def lands_at_once(rule: Recognition, starts_on: date, ends_on: date, years: Iterable[int]) -> bool:
    """Whether a grant that runs for more than twelve months, or is paid over more than two calendar
    years, is income of one year by this rule. `years` are the contribution years of its instalments."""
    contributed = set(years)
    runs_long = ends_on >= add_months(starts_on, 12)
    if rule is Recognition.AWARD:
        return runs_long or len(contributed) > 2
    if rule in (Recognition.CONTRIBUTION_YEAR, Recognition.RECEIPT):
        return runs_long and len(contributed) == 1
    return False
