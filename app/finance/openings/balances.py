"""A sheet of balances: which account, which bank, fund or programme, and how much. Cents, debit above zero."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from app.base.errors import DomainError
from app.base.iban import check_iban
from app.base.states import N_
from app.finance.funds.accounts import fund_codes
from app.finance.openings.sheet import Heading, Line, Problem, Problems, named
from app.ledger import queries
from app.ledger.accounts import BANK, EARMARKED, RESTRICTED
from app.ledger.models import Account
from app.organisation.models import BankAccount, BookedBy
from app.organisation.queries import all_accounts
from app.programmes.models import Fund, Programme
from app.programmes.queries import all_funds, all_programmes

MOST_ROWS = 5_000
HEADINGS = (
    Heading("account", "Rekening", "Account", ("grootboekrekening", "grootboek", "code", "ledger account"), "1100"),
    Heading("name", "Omschrijving", "Description", ("naam", "name"), "Bank"),
    Heading("iban", "IBAN", "IBAN", ("bankrekening", "bank account")),
    Heading("programme", "Programma", "Programme", ("doelbesteding",)),
    Heading("fund", "Fonds", "Fund", ("bestemmingsfonds", "bestemmingsreserve")),
    Heading("debit", "Debet", "Debit", (), "1.250,00"),
    Heading("credit", "Credit", "Credit"),
    Heading("amount", "Bedrag", "Amount", ("saldo", "balance")),
)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Balance:
    """Cents on an account, of a programme; `account` is empty for a fund that has no account of its own yet."""

    account: str
    cents: int
    programme_id: int | None
    fund_id: int | None


@dataclass
class Reading:
    """What the sheet comes to. `bank` is the balance of each bank account, by its id."""

    rows: int = 0
    debit_cents: int = 0
    credit_cents: int = 0
    lines: list[Balance] = field(default_factory=list)
    bank: dict[int, int] = field(default_factory=dict)
    problems: Problems = field(default_factory=Problems)

    @property
    def difference(self) -> int:
        """Debit less credit: nothing where the sheet is in balance."""
        return self.debit_cents - self.credit_cents

    @property
    def is_whole(self) -> bool:
        return len(self.lines) > 1 and not self.problems.total and not self.difference


@dataclass(frozen=True, slots=True)
class _Known:
    accounts: dict[str, Account]
    banks: dict[str, BankAccount]
    programmes: dict[str, Programme]
    funds: dict[str, Fund]
    fund_codes: dict[str, Fund]  # by the account of each


def read(rows: Iterator[Line]) -> Reading:
    """The whole sheet, a constant number of statements. Raises Invalid where it cannot be read at all."""
    known = _Known(
        {account.code: account for account in queries.accounts()},
        {account.iban: account for account in all_accounts()},
        named(all_programmes(), lambda p: (p.slug, p.name_nl, p.name_en)),
        named(all_funds(), lambda f: (f.slug, f.name_nl, f.name_en)),
        fund_codes(),
    )
    found = Reading()
    sums: dict[tuple[str, int | None, int | None], int] = {}
    for line in rows:
        try:
            cents = _cents(line)
            if not cents and not line.text("account") and not line.text("iban"):
                continue  # a remark
            found.rows += 1
            place = _place(line, known, found, cents)
        except Problem as problem:
            found.problems.note(problem)
            continue
        found.debit_cents += max(cents, 0)
        found.credit_cents += max(-cents, 0)
        sums[place] = sums.get(place, 0) + cents
    found.lines = [Balance(code, cents, programme, fund) for (code, programme, fund), cents in sums.items() if cents]
    return found


def _cents(line: Line) -> int:
    if "debit" in line.columns or "credit" in line.columns:
        return line.cents("debit") - line.cents("credit")
    if "amount" not in line.columns:
        raise line.wrong("amount", N_("There is no column with the amount: Debit and Credit, or Amount."))
    return line.cents("amount")


def _place(line: Line, known: _Known, found: Reading, cents: int) -> tuple[str, int | None, int | None]:
    """The account, programme and fund of this row."""
    code = line.text("account", 10)
    bank = _bank(line, known)
    programme = _named(line, "programme", known.programmes)
    fund = _named(line, "fund", known.funds) or known.fund_codes.get(code)
    if bank is not None and not code:
        code = BANK
    if fund is None or code:
        _check_account(line, code, known)
    if (code == BANK) != (bank is not None):
        raise line.wrong("iban", N_("Account %(code)s goes with the IBAN of a bank account."), code=BANK)
    if fund is not None:
        above = RESTRICTED if fund.restricted else EARMARKED
        if code not in ("", above) and known.fund_codes.get(code) is not fund:
            raise line.wrong("fund", N_("Fund %(fund)s stands on account %(code)s."), fund=fund.name_nl, code=above)
        if programme is not None and fund.programme_id != programme.id:
            raise line.wrong("programme", N_("Fund %(fund)s is of another programme."), fund=fund.name_nl)
        return "", fund.programme_id, fund.id
    if bank is not None:
        if bank.id in found.bank:
            raise line.wrong("iban", N_("This bank account stands in the file twice."))
        found.bank[bank.id] = cents
    return code, programme.id if programme is not None else None, None


def _check_account(line: Line, code: str, known: _Known) -> None:
    if not code:
        raise line.wrong("account", N_("There is no ledger account in this row."))
    account = known.accounts.get(code)
    if account is None or not account.active:
        raise line.wrong("account", N_("There is no active account %(code)s in the chart of accounts."), code=code)
    if account.is_result:
        raise line.wrong(
            "account",
            N_("Account %(code)s is income or costs: a balance has none. Put the result in the reserve it belongs to."),
            code=code,
        )


def _bank(line: Line, known: _Known) -> BankAccount | None:
    text = line.text("iban", 60)
    if not text:
        return None
    try:
        bank = known.banks.get(check_iban(text))
    except DomainError as error:
        raise line.wrong("iban", error.message, **error.params) from None
    if bank is None:
        raise line.wrong("iban", N_("This is none of our bank accounts. Add it under Organisation first."))
    if bank.booked_by is not BookedBy.HERE:
        raise line.wrong("iban", N_("The accounting package books this bank account: leave it out here."))
    return bank


def _named(line: Line, name: str, known: dict[str, T]) -> T | None:
    text = line.text(name)
    if not text:
        return None
    row = known.get(text.lower())
    if row is None:
        raise line.wrong(
            name, N_("“%(text)s” is not known here. Write it as on the page of programmes and funds."), text=text
        )
    return row
