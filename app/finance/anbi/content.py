"""What a publication says: what was typed, beside what comes from elsewhere (the organisation, the ledger, imported
costs, the year before). Of a draft that is looked up each time; a version that was published keeps what it said."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from app.base.dates import add_months, days
from app.extensions import db
from app.finance.anbi.lines import LINES, Amounts, name_fields
from app.finance.anbi.models import Publication, PublicationState
from app.finance.periods import FiscalYear, fiscal_year, span_of
from app.finance.reports.years import years
from app.ledger.accounts import BANK, CASH, EARMARKED, RESTRICTED
from app.ledger.models import AccountKind
from app.ledger.queries import accounts, balances
from app.ledger.rj import COST_LINES, INCOME_LINES, RjLine
from app.organisation.queries import profile

MONTHS_TO_PUBLISH = 6  # after the end of the year (DOMAIN.md 4.1)
_WHO = ("legal_name", "name", "rsin", "kvk", "contact_phone", "contact_email", "website_url")


def deadline(year: FiscalYear) -> date:
    """The last day on which it is in time."""
    return add_months(year.end, MONTHS_TO_PUBLISH) - days(1)


@dataclass(frozen=True, slots=True)
class Content:
    """`who` names the organisation (address as a list of lines); `cost_months` is of how many months costs were
    imported; `before` are the amounts of the year before as they were published."""

    year: FiscalYear
    revision: int
    state: PublicationState | None  # None: nothing was typed yet
    published_at: datetime | None
    who: dict[str, Any]
    texts: dict[str, str]
    now: Amounts
    before: Amounts | None
    cost_months: int

    def text(self, name: str, language: str) -> tuple[str, str]:
        """What was typed, and the language it is in: Dutch where there is no English."""
        if own := self.texts.get(name) or self.texts.get(f"{name}_{language}"):
            return own, language
        return self.texts.get(f"{name}_nl", ""), "nl"

    def name(self, line: str, language: str) -> str:
        """What a line is called: as somebody named it after the form, else as it is called here."""
        dutch, english = name_fields(line)
        return self.texts.get(english if language == "en" else dutch) or _(LINES[line])


def published(year: int | None = None) -> Publication | None:
    """The version that counts of this fiscal year, or of the newest that has one."""
    found = select(Publication).where(Publication.state == PublicationState.PUBLISHED)
    if year is not None:
        found = found.where(Publication.year == year)
    return db.session.execute(found.order_by(Publication.year.desc()).limit(1)).scalar_one_or_none()


def names_before(year: int) -> dict[str, str]:
    """The names of lines of the newest publication before this year: a new one begins with them."""
    found = select(Publication.texts).where(Publication.year < year, Publication.state == PublicationState.PUBLISHED)
    texts = db.session.execute(found.order_by(Publication.year.desc()).limit(1)).scalar() or {}
    return {name: text for name, text in texts.items() if name.startswith("name_")}


def draft(year: int) -> Publication | None:
    found = select(Publication).where(Publication.year == year, Publication.state == PublicationState.DRAFT)
    return db.session.execute(found).scalar_one_or_none()


def versions(year: int | None = None) -> list[Publication]:
    """All of them, or those of a year, newest first."""
    found = select(Publication).order_by(Publication.year.desc(), Publication.revision.desc())
    return list(db.session.execute(found if year is None else found.where(Publication.year == year)).scalars())


def content(year: FiscalYear, row: Publication | None) -> Content:
    """What this version says, or would say: None is a year of which nothing was typed."""
    if row is None:
        return Content(year, 1, None, None, **_taken(taken(year, {})), texts={})
    kept = row.taken if row.published_at else taken(year, row.cents)
    return Content(year, row.revision, row.state, row.published_at, **_taken(kept), texts=row.texts)


def content_of(row: Publication) -> Content:
    return content(fiscal_year(row.year, row.taken["first_month"] if row.taken else profile().fiscal_year_start), row)


def taken(year: FiscalYear, typed: dict[str, int]) -> dict[str, Any]:
    """What a version keeps when it is published: plain values only. What was typed goes before what was found."""
    cents, months = drawn(year)
    before = published(year.year - 1)
    known = profile()
    return {
        "who": {"address": known.address_lines, **{name: getattr(known, name) or "" for name in _WHO}},
        "cents": cents | typed,
        "before": before.taken["cents"] if before else None,
        "cost_months": months,
        "first_month": year.start.month,
    }


def _taken(kept: dict[str, Any]) -> dict[str, Any]:
    before = kept["before"]
    return {
        "who": kept["who"], "now": Amounts(kept["cents"]), "before": Amounts(before) if before is not None else None,
        "cost_months": kept["cost_months"],
    }  # fmt: skip


def drawn(year: FiscalYear) -> tuple[dict[str, int], int]:
    """Income and, where they were imported of the whole year, costs, by line; and of how many months there are
    costs. As the statement of income and expenditure has them."""
    now = years(span_of(year, "")).now
    cents = {line.value: now.of(line) for line in INCOME_LINES}
    if len(now.cost_months) == len(year.months):
        cents |= {line.value: now.of(line) for line in COST_LINES} | {RjLine.FINANCIAL.value: now.financial}
    return cents, len(now.cost_months)


def changed(row: Publication) -> list[tuple[str, int | None, int]]:
    """What the ledger says otherwise now than this published version does, as (line, then, now) in cents; None was not
    known then. Lines that were typed stay as they were typed."""
    year = fiscal_year(row.year, row.taken["first_month"])
    now, _months = drawn(year)
    then = row.taken["cents"]
    found = [(line, then.get(line), cents) for line, cents in now.items() if line not in row.cents]
    return [each for each in found if (each[1] or 0) != each[2]]


def here(year: FiscalYear) -> dict[str, int]:
    """What our own ledger has at the end of the year of lines of the balance sheet: a help for who types them from
    the annual accounts, since this is a sub-ledger."""
    found: dict[str, int] = {}
    kinds = {account.code: account.kind for account in accounts()}
    for code, balance in balances(until=year.end).items():
        line = _line_of(code, kinds[code])
        if line:
            found[line] = found.get(line, 0) + (balance.cents if kinds[code] is AccountKind.ASSET else -balance.cents)
    return {line: cents for line, cents in found.items() if cents}


def _line_of(code: str, kind: AccountKind) -> str | None:
    if kind is AccountKind.ASSET:
        return "cash" if code in (CASH, BANK) else "receivables"
    if kind is AccountKind.LIABILITY:
        return "short_debts"
    if code.startswith(RESTRICTED):
        return "funds"
    return "earmarked" if code.startswith(EARMARKED) else None
