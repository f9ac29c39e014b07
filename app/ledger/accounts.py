"""The default chart of accounts. The accounting package owns the annual accounts; this chart holds
what a sub-ledger of income needs.

RGS codes are filled in only where the standard is certain (DOMAIN.md 5.2); for the rest the
bookkeeper maps the account: RGS has no codes for the RJ 650 income lines.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select

from app.audit.services import changes_of, record
from app.base.actor import Actor
from app.base.errors import Invalid, NotFound, Refused
from app.base.ids import new_id
from app.base.states import N_
from app.extensions import db
from app.extensions.plans import not_planned
from app.extensions.sql import insert_new
from app.ledger.models import Account, AccountKind
from app.ledger.rj import INCOME_LINES, RjLine

GENERAL = "0500"
EARMARKED = "0510"
RESTRICTED = "0520"
RESULT = "0590"  # of the year, the other side of its appropriation
CASH = "1000"
BANK = "1100"
ACCOUNTING = "1190"  # between us and the accounting package: what it books the other side of
CLEARING = {"mollie": "1210", "direct_debit": "1220", "demo": "1290"}
RECEIVABLE = "1300"
RECEIVED_AHEAD = "2100"
OWED_TO_PARTNERS = "2210"
HELD_FOR_PARTNERS = "2220"
REPAYABLE = "2110"
SUSPENSE = "2900"
SUB_GRANTS = "4110"
USED_IN_KIND = "4130"
FEES = "4510"
INCOME = {line: f"80{line.number}0" for line in INCOME_LINES}
PASSED_ON = "8190"  # less income: a grant's money that we pass on as cashier
PARTNER_ACCOUNTS = (OWED_TO_PARTNERS, HELD_FOR_PARTNERS, SUB_GRANTS, PASSED_ON)

_K = AccountKind
CHART: tuple[tuple[str, str, str, AccountKind, RjLine | None, str | None], ...] = (
    (GENERAL, "Stichtingskapitaal", "Capital", _K.EQUITY, None, "BEivSev"),
    (EARMARKED, "Bestemmingsreserves", "Earmarked reserves (by the board)", _K.EQUITY, None, "BEivBerBer"),
    (RESTRICTED, "Bestemmingsfondsen", "Restricted funds (by funders)", _K.EQUITY, None, "BEivBefBef"),
    (RESULT, "Te bestemmen resultaat", "Result to appropriate", _K.EQUITY, None, None),
    (CASH, "Kas", "Cash", _K.ASSET, None, None),
    (BANK, "Bank", "Bank", _K.ASSET, None, None),
    (ACCOUNTING, "Kruisposten boekhouding", "Clearing with the accounting package", _K.ASSET, None, None),
    (CLEARING["mollie"], "Kruisposten Mollie", "Clearing Mollie", _K.ASSET, None, None),
    (CLEARING["direct_debit"], "Kruisposten incasso", "Clearing direct debits", _K.ASSET, None, None),
    (CLEARING["demo"], "Kruisposten demobank", "Clearing demo bank", _K.ASSET, None, None),
    (RECEIVABLE, "Nog te ontvangen subsidies en bijdragen", "Grants receivable", _K.ASSET, None, None),
    (RECEIVED_AHEAD, "Vooruitontvangen subsidies en bijdragen", "Grants received in advance", _K.LIABILITY, None, None),
    (OWED_TO_PARTNERS, "Nog te betalen aan partners", "Owed to partners", _K.LIABILITY, None, None),
    (HELD_FOR_PARTNERS, "Gelden onder beheer voor partners", "Money held for partners", _K.LIABILITY, None, None),
    (REPAYABLE, "Terug te betalen subsidies en bijdragen", "Grants to pay back", _K.LIABILITY, None, None),
    (SUSPENSE, "Vraagposten", "Suspense", _K.LIABILITY, None, None),
    (SUB_GRANTS, "Doorbetalingen aan partners", "Sub-grants to partners", _K.COST, RjLine.OBJECTIVES, None),
    (USED_IN_KIND, "Verbruik van giften in natura", "Gifts in kind used", _K.COST, RjLine.OBJECTIVES, None),
    (FEES, "Transactiekosten betaalproviders", "Payment provider fees", _K.COST, RjLine.RAISING_COSTS, None),
    (INCOME[RjLine.INDIVIDUALS], "Baten van particulieren", "Income from individuals",
     _K.INCOME, RjLine.INDIVIDUALS, None),
    (INCOME[RjLine.COMPANIES], "Baten van bedrijven", "Income from companies", _K.INCOME, RjLine.COMPANIES, None),
    (INCOME[RjLine.LOTTERIES], "Baten van loterijorganisaties", "Income from lottery organisations",
     _K.INCOME, RjLine.LOTTERIES, None),
    (INCOME[RjLine.GOVERNMENT], "Baten van subsidies van overheden", "Government subsidies",
     _K.INCOME, RjLine.GOVERNMENT, None),
    (INCOME[RjLine.AFFILIATED], "Baten van verbonden organisaties zonder winststreven",
     "Income from affiliated non-profit organisations", _K.INCOME, RjLine.AFFILIATED, None),
    (INCOME[RjLine.NON_PROFITS], "Baten van andere organisaties zonder winststreven",
     "Income from other non-profit organisations", _K.INCOME, RjLine.NON_PROFITS, None),
    (INCOME[RjLine.GOODS_SERVICES], "Baten als tegenprestatie voor producten en diensten",
     "Income in return for goods and services", _K.INCOME, RjLine.GOODS_SERVICES, "WOvbLpdLpd"),
    (INCOME[RjLine.OTHER_INCOME], "Overige baten", "Other income", _K.INCOME, RjLine.OTHER_INCOME, None),
    (PASSED_ON, "Af: als kassier door te geven aan partners", "Less: passed on to partners as cashier",
     _K.INCOME, None, None),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Postable:
    """What posting needs to know of an account."""

    id: int
    rj_line: RjLine | None
    active: bool


def ensure_chart() -> None:
    """Add the accounts of the default chart that are not there. Changes none."""
    db.session.execute(
        insert_new(Account),
        [
            {"id": new_id(), "code": code, "name_nl": nl, "name_en": en, "kind": kind, "rj_line": line,
             "rgs_code": rgs, "active": True}
            for code, nl, en, kind, line, rgs in CHART
        ],
    )  # fmt: skip


def postable(codes: Iterable[str]) -> dict[str, Postable]:
    """The accounts with these codes, for posting on. Raises Refused where one is missing or inactive.

    A missing account of the default chart is added: a new event must not fail because an older
    installation lacks its account.
    """
    wanted = set(codes)
    found = _find(wanted)
    if wanted - set(found):
        not_planned()
        ensure_chart()
        found = _find(wanted)
    for code in sorted(wanted):
        if code not in found or not found[code].active:
            raise Refused(N_("There is no active account %(code)s in the chart of accounts."), code=code)
    return found


_WITH_CODES = select(Account.code, Account.id, Account.rj_line, Account.active).where(
    Account.code.in_(bindparam("codes", expanding=True))
)


def _find(codes: set[str]) -> dict[str, Postable]:
    rows = db.session.execute(_WITH_CODES, {"codes": codes})
    return {row.code: Postable(row.id, row.rj_line, row.active) for row in rows}


def map_account(
    code: str, *, rgs_code: str | None, outside_code: str | None = None, actor: Actor, now: datetime
) -> Account:
    """Set the RGS code of an account and its code in the accounting package, as the bookkeeper maps it; None clears."""
    account = db.session.execute(select(Account).where(Account.code == code)).scalar_one_or_none()
    if account is None:
        raise NotFound(N_("There is no account %(code)s."), code=code)
    if rgs_code is not None and not (
        rgs_code.isascii() and rgs_code.isalpha() and rgs_code[0] == ("W" if account.is_result else "B")
        and 4 <= len(rgs_code) <= 20
    ):  # fmt: skip
        raise Invalid(
            N_("An RGS code is letters only: B… for a balance sheet account, W… for income and costs."),
            field="rgs_code",
        )
    account.rgs_code, account.outside_code = rgs_code, outside_code
    if changes := changes_of(account):
        record("account.mapped", ("ledger_account", account.id), actor=actor, now=now, changes=changes)
    return account
