"""What an award plans: instalments and obligations, checked together before anything is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from app.base.dates import add_months, days
from app.base.errors import Invalid
from app.base.money import Money
from app.base.states import N_
from app.grants.instalments.models import Trigger
from app.grants.obligations.models import BEFORE_AWARD, ObligationKind


@dataclass(frozen=True, slots=True, kw_only=True)
class ObligationPlan:
    """A duty to plan. Internal due dates lie a week before the funder's unless given."""

    kind: ObligationKind
    due_on: date
    internal_due_on: date | None = None
    title: str = ""
    period_from: date | None = None
    period_to: date | None = None
    assignee_id: int | None = None
    reviewer_id: int | None = None
    instructions: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalmentPlan:
    """A part of the money: cents, or a share of the grant in basis points (2500 is 25 %).

    `report` is the place (0, 1, …) in the list of obligations of the one it waits for.
    """

    expected_on: date
    amount_cents: int | None = None
    basis_points: int | None = None
    triggered_by: Trigger = Trigger.DATE
    report: int | None = None
    contribution_year: int | None = None


def amounts(plans: Sequence[InstalmentPlan], grant_cents: int) -> list[int]:
    """Cents of each instalment. Shares that make the grant whole lose no cent to rounding; others leave room for
    the rest as an amount of whole cents."""
    shares = [plan.basis_points for plan in plans if plan.basis_points is not None]
    left = -(-grant_cents * (10_000 - sum(shares)) // 10_000)
    if shares and left >= 0:
        parts = Money(grant_cents - left).split(shares)
    else:  # more than the whole: the caller refuses it by what it comes to
        parts = [Money(grant_cents).split([share, 10_000 - share])[0] for share in shares]
    by_share = iter(parts)
    return [plan.amount_cents or 0 if plan.basis_points is None else next(by_share).cents for plan in plans]


def check(instalments: Sequence[InstalmentPlan], obligations: Sequence[ObligationPlan], grant_cents: int) -> list[int]:
    """Refuse plans that cannot be; gives the cents of each instalment.

    An Invalid names the field as the award form does: `instalments-2-amount`.
    """
    for place, duty in enumerate(obligations):
        check_obligation(duty, prefix=f"obligations-{place}-", of_grant=True)
    for place, plan in enumerate(instalments):
        prefix = f"instalments-{place}-"
        if plan.basis_points is not None and not 0 < plan.basis_points <= 10_000:
            raise Invalid(N_("A share lies between 0 and 100 percent."), field=f"{prefix}amount")
        if plan.basis_points is None and (plan.amount_cents or 0) <= 0:
            raise Invalid(N_("The amount must be more than zero."), field=f"{prefix}amount")
        if plan.triggered_by is Trigger.REPORT:
            if plan.report is None or not 0 <= plan.report < len(obligations):
                raise Invalid(N_("Choose the report this instalment waits for."), field=f"{prefix}report")
        elif plan.report is not None:
            raise Invalid(N_("Only an instalment that waits for a report names one."), field=f"{prefix}report")
    cents = amounts(instalments, grant_cents)
    if any(amount <= 0 for amount in cents):
        raise Invalid(N_("This share comes to less than a cent."), field=f"instalments-{cents.index(0)}-amount")
    if sum(cents) > grant_cents:
        raise Invalid(N_("The instalments come to more than the grant."), field="instalments-0-amount")
    return cents


def check_obligation(plan: ObligationPlan, *, prefix: str = "", of_grant: bool) -> None:
    """Refuse dates that contradict each other and kinds that have no place here."""
    if of_grant and plan.kind in BEFORE_AWARD:
        raise Invalid(N_("This belongs to an application, not to a grant."), field=f"{prefix}kind")
    if plan.internal_due_on and plan.internal_due_on > plan.due_on:
        raise Invalid(N_("The internal date lies after the funder's."), field=f"{prefix}internal_due_on")
    if plan.period_from and plan.period_to and plan.period_to < plan.period_from:
        raise Invalid(N_("The period ends before it starts."), field=f"{prefix}period_to")


def usual_obligations(starts_on: date, ends_on: date) -> list[ObligationPlan]:
    """What most funders ask (DOMAIN.md 8): a report on every full year, and a final report two
    months after the end."""
    plans = []
    year_end = add_months(starts_on, 12)
    while year_end < ends_on:
        reported = add_months(year_end, 2)
        plans.append(
            ObligationPlan(
                kind=ObligationKind.ANNUAL,
                due_on=reported,
                internal_due_on=reported - days(14),
                period_from=add_months(year_end, -12),
                period_to=year_end - days(1),
            )
        )
        year_end = add_months(year_end, 12, anchor=starts_on.day)
    final = add_months(ends_on, 2)
    plans.append(
        ObligationPlan(
            kind=ObligationKind.FINAL,
            due_on=final,
            internal_due_on=final - days(14),
            period_from=starts_on,
            period_to=ends_on,
        )
    )
    return plans


def usual_instalments(starts_on: date, ends_on: date, duties: int) -> list[InstalmentPlan]:
    """One instalment a year: the first at the start, each next one when the report on the year before
    is accepted."""
    years = max(1, duties)
    shares = Money(10_000).split([1] * years)
    return [
        InstalmentPlan(
            expected_on=add_months(starts_on, 12 * year) if year == 0 else add_months(starts_on, 12 * year + 3),
            basis_points=share.cents,
            triggered_by=Trigger.DATE if year == 0 else Trigger.REPORT,
            report=None if year == 0 else year - 1,
        )
        for year, share in enumerate(shares)
    ]
