"""What an award letter says, checked before it is written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime

from app.base.dates import local_date
from app.base.errors import Invalid
from app.base.states import N_
from app.grants.awards.models import Grant, Recognition
from app.grants.awards.spread import lands_at_once
from app.grants.funders.models import Funder
from app.grants.rows import must_exist
from app.ledger.rj import INCOME_LINES, RjLine
from app.programmes.models import Fund, Programme
from app.staff.models import Staff


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantFacts:
    """Amount in cents; the income line is the funder's unless given, and then with the reason.
    `all_at_once` says that money for several years is meant to be income of one."""

    title: str
    amount_cents: int
    decided_on: date
    starts_on: date
    ends_on: date
    recognition: Recognition
    all_at_once: bool = False
    funder_reference: str = ""
    agreed_on: date | None = None
    programme_id: int | None = None
    fund_id: int | None = None
    restriction: str = ""
    income_line: RjLine | None = None
    income_line_reason: str = ""
    owner_id: int | None = None


def check(facts: GrantFacts, funder: Funder, now: datetime) -> None:
    """Refuse what cannot be; the error names the field."""
    today = local_date(now)
    if not facts.title.strip():
        raise Invalid(N_("Please fill this in."), field="title")
    if facts.amount_cents <= 0:
        raise Invalid(N_("The amount must be more than zero."), field="amount")
    if facts.decided_on > today:
        raise Invalid(N_("This day has not come yet."), field="decided_on")
    if facts.agreed_on and facts.agreed_on > today:
        raise Invalid(N_("This day has not come yet."), field="agreed_on")
    if facts.ends_on < facts.starts_on:
        raise Invalid(N_("The period ends before it starts."), field="ends_on")
    if facts.income_line is not None and facts.income_line not in INCOME_LINES:
        raise Invalid(N_("Please choose one of the options."), field="income_line")
    if facts.income_line not in (None, funder.income_line) and not facts.income_line_reason.strip():
        raise Invalid(
            N_("Say why this money belongs to another line than the funder's own."), field="income_line_reason"
        )
    must_exist(Programme, facts.programme_id, field="programme_id")
    must_exist(Fund, facts.fund_id, field="fund_id")
    must_exist(Staff, facts.owner_id, field="owner_id")


def refuse_all_at_once(facts: GrantFacts, years: Iterable[int]) -> None:
    """Money for several years becomes income of one year only where somebody says so."""
    if not facts.all_at_once and lands_at_once(facts.recognition, facts.starts_on, facts.ends_on, years):
        raise Invalid(
            N_(
                "By this rule the money of several years is income of one. Choose another, or tick that it is meant so."
            ),
            field="recognition",
        )


def write(grant: Grant, facts: GrantFacts, funder: Funder) -> None:
    """Copy the facts to the row."""
    values = asdict(facts)
    values["income_line"] = facts.income_line or funder.income_line
    if values["income_line"] is funder.income_line:
        values["income_line_reason"] = ""
    for name, value in values.items():
        setattr(grant, name, value)
