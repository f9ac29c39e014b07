"""Money event → debit and credit. This is the whole bookkeeping of the product; docs/ledger.md
explains it to an accountant.

EVENT                     DEBIT                              CREDIT
gift promised             nothing: booked on receipt
gift received, provider   clearing account of the provider   income, line of the giver's origin
gift received, direct     clearing account of direct debits  income, line of the giver's origin
  debit
gift received, bank       bank                               income, line of the giver's origin
gift received, statement  suspense: its line is on the bank  income, line of the giver's origin
gift received, cash       cash                               income, line of the giver's origin
gift received, in kind    gifts in kind used (objectives)    income, line of the giver's origin
gift refunded             income, same line                  clearing account, or bank
gift charged back         income, same line                  clearing account, or bank
provider fee              provider fees (raising costs)      clearing account of the provider
gift given another        income of the gift as it was       income of the gift as it is now
  purpose                   (reversal, then booked anew)
provider payout           suspense: its line is on the bank  clearing account of the provider
part of a payout that is  clearing account of the provider   clearing with the accounting package
  not ours to book
instalment requested      nothing: a request is no money and changes no right
grant recognised          received in advance, as far as     income, line of the grant
                          there is any; the rest receivable
instalment received,      bank (or suspense, as above)       receivable, as far as there is any;
  other rules                                                the rest received in advance
instalment received,      bank                               income, line of the grant
  rule "receipt"
sub-grant owed, principal cost of sub-grants                 owed to partners
sub-grant held, cashier   less income: passed on, line of    held for partners
                          the grant
sub-grant paid            owed to, or held for partners      bank
grant reduced (settled    income, line of the grant          receivable, as far as there is any;
  lower, costs corrected)                                    the rest received in advance
clawback owed             received in advance                to pay back to funders
clawback paid             to pay back to funders             bank
line on a bank statement  bank, or clearing with the         suspense
  (money out: the other     accounting package where that
  way round)                books the bank
bank line explained,      suspense                           bank: it was booked there twice
  booked by hand before
bank line explained,      suspense                           clearing account of direct debits
  direct debits             (taken back: the other way round)
bank line explained, not  suspense                           clearing with the accounting package
  ours to book
undone                    the same lines, sides swapped (services.reverse)

Capital and funds (year-end, moves, opening balance) are in equity_postings.py.

When a grant is recognised follows its recognition rule: `award` the whole at award, `year` each
contribution year its part, `costs` as the costs it covers are made, `receipt` never (receiving is
recognising).

Every function takes the source (table, id) of the event, positive cents and the booking date, and
gives an entry for services.post. The key is event + source, so an event is booked once; `part`
tells several of one source apart (partial refunds, years of a grant).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from app.ledger.accounts import (
    ACCOUNTING,
    BANK,
    CASH,
    CLEARING,
    FEES,
    HELD_FOR_PARTNERS,
    INCOME,
    OWED_TO_PARTNERS,
    PASSED_ON,
    RECEIVABLE,
    RECEIVED_AHEAD,
    REPAYABLE,
    SUB_GRANTS,
    SUSPENSE,
    USED_IN_KIND,
)
from app.ledger.entries import Entry, Line
from app.ledger.models import Event
from app.ledger.rj import RjLine

Source = tuple[str, int]
BY_BANK = "bank"
BY_CASH = "cash"
BY_DEBIT = "direct_debit"  # collected by our own mandates: on clearing until it is seen on the bank
BY_STATEMENT = "statement"  # its line is booked on the bank already, against suspense
IN_KIND = "in_kind"


@dataclass(frozen=True, slots=True, kw_only=True)
class Purpose:
    """What income is for and where it comes from."""

    rj_line: RjLine
    programme_id: int | None = None
    campaign_id: int | None = None
    grant_id: int | None = None

    def income(self, cents: int) -> Line:
        """An income line: credit for positive `cents` received, debit for negative."""
        return Line(INCOME[self.rj_line], -cents, self.programme_id, self.grant_id, self.campaign_id, self.rj_line)


def gift_received(source: Source, cents: int, on: date, purpose: Purpose, *, via: str, part: str = "") -> Entry:
    """`via` is the payment provider's name, "direct_debit" for our own mandates, "bank" for money seen on the bank
    account, "statement" where the line of the bank is booked already, "cash", or "in_kind" for goods or services:
    income at their value and, as they are used for the programme, its cost."""
    got = (
        Line(USED_IN_KIND, _positive(cents), purpose.programme_id)
        if via == IN_KIND
        else Line(_money(via), _positive(cents))
    )
    lines = (got, purpose.income(cents))
    return _entry(Event.GIFT_RECEIVED, source, on, lines, part)


def gift_refunded(source: Source, cents: int, on: date, purpose: Purpose, *, via: str, part: str = "") -> Entry:
    """A gift given back, whole or in part."""
    lines = (purpose.income(-_positive(cents)), Line(_money(via), -cents))
    return _entry(Event.GIFT_REFUNDED, source, on, lines, part)


def gift_charged_back(source: Source, cents: int, on: date, purpose: Purpose, *, via: str, part: str = "") -> Entry:
    """A gift the donor's bank took back; its fee is a `payment_fee` of its own."""
    lines = (purpose.income(-_positive(cents)), Line(_money(via), -cents))
    return _entry(Event.GIFT_CHARGED_BACK, source, on, lines, part)


def gift_for_another_purpose(entry: Entry, on: date, purpose: Purpose, *, part: str) -> Entry:
    """The same money event booked anew for another purpose, after `entry` was reversed. A receipt that came
    again after a failed refund stays known as one by its key."""
    part = f"again-{part}" if ":again-" in entry.key else part
    return _entry(entry.event, entry.source, on, tuple(_for(line, purpose) for line in entry.lines), part)


def payment_fee(source: Source, cents: int, on: date, *, provider: str, part: str = "") -> Entry:
    """What the provider withholds for a payment, a refund or a chargeback. Fees it invoices apart
    reach the accounting package as an invoice and are not booked here."""
    lines = (Line(FEES, _positive(cents)), Line(_clearing(provider), -cents))
    return _entry(Event.FEE_CHARGED, source, on, lines, part)


def payout_fees(source: Source, cents: int, on: date, *, provider: str, part: str = "") -> Entry:
    """What the provider withheld from a payout, VAT included, as far as it was not booked with the payments; negative
    where it gave fees back."""
    lines = (Line(FEES, cents), Line(_clearing(provider), -cents))
    return _entry(Event.FEE_CHARGED, source, on, lines, part)


def payout_received(source: Source, cents: int, on: date, *, provider: str, part: str = "") -> Entry:
    """The provider paid what it holds (net of withheld fees), signed cents; the line of it is on the bank already."""
    lines = (Line(SUSPENSE, cents), Line(_clearing(provider), -cents))
    return _entry(Event.PAYOUT_RECEIVED, source, on, lines, part)


def payout_part_elsewhere(source: Source, cents: int, on: date, *, provider: str, part: str = "") -> Entry:
    """Signed cents in a payout that the accounting package books: no gift of ours stands on clearing for it."""
    lines = (Line(_clearing(provider), cents), Line(ACCOUNTING, -cents))
    return _entry(Event.PAYOUT_RECEIVED, source, on, lines, part)


def grant_recognised(
    source: Source, cents: int, on: date, purpose: Purpose, *, ahead_cents: int = 0, part: str = ""
) -> Entry:
    """Grant income becomes ours. `ahead_cents` is what stands received in advance for this grant
    (queries.grant_balance, read with the grant locked)."""
    from_ahead = min(_positive(cents), max(ahead_cents, 0))
    lines = (
        *_on(RECEIVED_AHEAD, from_ahead, purpose),
        *_on(RECEIVABLE, cents - from_ahead, purpose),
        purpose.income(cents),
    )
    return _entry(Event.GRANT_RECOGNISED, source, on, lines, part)


def instalment_received(
    source: Source, cents: int, on: date, purpose: Purpose, *, receivable_cents: int = 0, via: str = BY_BANK,
    part: str = "",
) -> Entry:  # fmt: skip
    """Grant money arrived on the bank account. `receivable_cents` is what stands receivable for this
    grant (queries.grant_balance, read with the grant locked)."""
    from_receivable = min(_positive(cents), max(receivable_cents, 0))
    lines = (
        Line(_money(via), cents),
        *_on(RECEIVABLE, -from_receivable, purpose),
        *_on(RECEIVED_AHEAD, from_receivable - cents, purpose),
    )
    return _entry(Event.INSTALMENT_RECEIVED, source, on, lines, part)


def instalment_received_as_income(
    source: Source, cents: int, on: date, purpose: Purpose, *, via: str = BY_BANK, part: str = ""
) -> Entry:
    """Grant money arrived, of a grant recognised on receipt."""
    lines = (Line(_money(via), _positive(cents)), purpose.income(cents))
    return _entry(Event.INSTALMENT_RECEIVED, source, on, lines, part)


def sub_grant_owed(source: Source, cents: int, on: date, purpose: Purpose, *, part: str = "") -> Entry:
    """Part of a grant is due to a partner, and we answer for it: our cost, owed to the partner."""
    lines = (*_on(SUB_GRANTS, _positive(cents), purpose), *_on(OWED_TO_PARTNERS, -cents, purpose))
    return _entry(Event.SUB_GRANT_OWED, source, on, lines, part)


def sub_grant_held(source: Source, cents: int, on: date, purpose: Purpose, *, part: str = "") -> Entry:
    """Part of a grant is a partner's, and we only pass it on: it is no income of ours. The income line of
    the grant stays whole for its funder; this takes the partner's part off it."""
    less = Line(PASSED_ON, _positive(cents), purpose.programme_id, purpose.grant_id, rj_line=purpose.rj_line)
    return _entry(Event.SUB_GRANT_OWED, source, on, (less, *_on(HELD_FOR_PARTNERS, -cents, purpose)), part)


def sub_grant_paid(source: Source, cents: int, on: date, purpose: Purpose, *, cashier: bool, part: str = "") -> Entry:
    """Money went to the partner: what was owed, or as cashier what was held, is settled."""
    account = HELD_FOR_PARTNERS if cashier else OWED_TO_PARTNERS
    return _entry(
        Event.SUB_GRANT_PAID, source, on, (*_on(account, _positive(cents), purpose), Line(BANK, -cents)), part
    )


def grant_reduced(
    source: Source, cents: int, on: date, purpose: Purpose, *, receivable_cents: int = 0, part: str = ""
) -> Entry:
    """Grant income turns out less than was recognised: settled lower, or costs corrected. What can no
    longer be received goes first (`receivable_cents`, as above); the rest is money held for the funder."""
    from_receivable = min(_positive(cents), max(receivable_cents, 0))
    lines = (
        purpose.income(-cents),
        *_on(RECEIVABLE, -from_receivable, purpose),
        *_on(RECEIVED_AHEAD, from_receivable - cents, purpose),
    )
    return _entry(Event.GRANT_REDUCED, source, on, lines, part)


def clawback_owed(source: Source, cents: int, on: date, purpose: Purpose, *, part: str = "") -> Entry:
    """The funder asks back what it paid and we could not keep."""
    lines = (*_on(RECEIVED_AHEAD, _positive(cents), purpose), *_on(REPAYABLE, -cents, purpose))
    return _entry(Event.CLAWBACK_OWED, source, on, lines, part)


def clawback_paid(source: Source, cents: int, on: date, purpose: Purpose, *, part: str = "") -> Entry:
    """What was to be paid back left the bank account."""
    lines = (*_on(REPAYABLE, _positive(cents), purpose), Line(BANK, -cents))
    return _entry(Event.CLAWBACK_PAID, source, on, lines, part)


def bank_line(source: Source, cents: int, on: date, *, booked_here: bool) -> Entry:
    """A line of a bank statement, signed cents, until it is explained. `booked_here`: whether the bank account is
    in these books; else the accounting package has the bank, and we its clearing account."""
    lines = (Line(BANK if booked_here else ACCOUNTING, cents), Line(SUSPENSE, -cents))
    return _entry(Event.BANK_BOOKED, source, on, lines, "")


def bank_line_known(source: Source, cents: int, on: date) -> Entry:
    """The money of a bank line, signed cents, was booked on the bank by hand before the statement came: once is
    enough."""
    return _entry(Event.BANK_EXPLAINED, source, on, (Line(SUSPENSE, cents), Line(BANK, -cents)), "")


def bank_line_collected(source: Source, cents: int, on: date) -> Entry:
    """The money of a bank line, signed cents, is that of our direct debits, or was taken back of them."""
    lines = (Line(SUSPENSE, cents), Line(_clearing(BY_DEBIT), -cents))
    return _entry(Event.BANK_EXPLAINED, source, on, lines, "")


def bank_line_not_ours(source: Source, cents: int, on: date) -> Entry:
    """The accounting package books what this bank line, signed cents, was for."""
    return _entry(Event.BANK_EXPLAINED, source, on, (Line(SUSPENSE, cents), Line(ACCOUNTING, -cents)), "")


def _entry(event: Event, source: Source, on: date, lines: tuple[Line, ...], part: str) -> Entry:
    key = f"{event.value}:{source[0]}:{source[1]}" + (f":{part}" if part else "")
    return Entry(event, on, source, key, lines)


def _on(account: str, cents: int, purpose: Purpose) -> tuple[Line, ...]:
    """A balance line that carries its grant; none for nothing."""
    return (Line(account, cents, purpose.programme_id, purpose.grant_id),) if cents else ()


def _for(line: Line, purpose: Purpose) -> Line:
    """The line for this purpose: income and what is used carry it, money does not."""
    if line.account in INCOME.values():
        return replace(line, programme_id=purpose.programme_id, campaign_id=purpose.campaign_id)
    return replace(line, programme_id=purpose.programme_id) if line.account == USED_IN_KIND else line


def _money(via: str) -> str:
    return {BY_BANK: BANK, BY_CASH: CASH, BY_STATEMENT: SUSPENSE}.get(via) or _clearing(via)


def _clearing(provider: str) -> str:
    return CLEARING[provider]


def _positive(cents: int) -> int:
    if type(cents) is not int or cents <= 0:
        raise ValueError("a money event has a positive, whole number of cents; its function knows the side")
    return cents
