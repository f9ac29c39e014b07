"""A payout of the demo bank and a first statement, so that finance sees what explains itself and what waits.

Opens its own transactions: what comes from outside is taken in as it is in everyday life.
"""

from __future__ import annotations

import io
from datetime import datetime
from xml.sax.saxutils import escape

from sqlalchemy import select

from app.banking import imports
from app.banking.payouts.models import PayoutOrigin
from app.banking.payouts.taking import take
from app.base.actor import system
from app.base.dates import local_date
from app.base.ids import new_id
from app.base.money import Money
from app.extensions import db, settings, writing
from app.ledger.accounts import BANK
from app.ledger.queries import balances
from app.organisation.models import BankAccount
from app.payments.flow import begin, reach
from app.payments.models import Payment, PaymentEvent
from app.payments.opening import draft_checkout
from app.payments.providers.demo import DemoOutcome, DemoProvider, decide
from app.payments.providers.settlements import Part, PartKind, Settlement

LOADER = system("demo")
GIFTS = (("Sanne", "Vermeer", 2500), ("Tim", "Kuipers", 5000), ("Lotte", "Hendriks", 10_000))  # the first is refunded
COSTS = 96  # cents, of the three together
# Cents, name, account (examples of banks and manuals, nobody's), words, the reason where it was taken back.
LINES = (
    (2500, "HR P DE GROOT e/o M BOS", "NL20INGB0001234567", "gift, veel succes met jullie werk", ""),
    (15_000, "Bakkerij De Korenaar B.V.", "NL44RABO0123456789", "opbrengst actieweek", ""),
    (-995, "ABN AMRO", "", "kosten betaalpakket", ""),
    (-750, "MW A VAN DER BERG", "NL91ABNA0417164300", "storno donatie", "MD06"),
)


def load(*, now: datetime) -> None:
    """Three gifts by the demo bank, their payout, and a statement on which it arrives."""
    if settings().payment_provider != DemoProvider.name:
        return  # nobody is asked for money by a real provider
    told = _payout(_paid(now), now)
    take([told], PayoutOrigin.FILE, actor=LOADER, now=now)
    content = _statement(told, _on_the_bank(), now).encode()
    imports.take(io.BytesIO(content), "voorbeeldafschrift.xml", actor=LOADER, now=now)


def _paid(now: datetime) -> list[int]:
    drafts = [
        draft_checkout(
            new_id(), amount=Money(cents), method="ideal", provider=DemoProvider.name, language="nl", now=now,
            details={
                "first_name": first_name, "last_name": last_name, "newsletter": False,
                "email": f"{first_name}.{last_name}@example.org".lower(),
            },
        )
        for first_name, last_name, cents in GIFTS
    ]  # fmt: skip
    ids = [draft.id for draft in drafts]
    for draft in drafts:
        begin(draft, now=now)
    for outcome, some in ((DemoOutcome.PAID, ids), (DemoOutcome.REFUNDED, ids[:1])):
        with writing():
            for checkout_id in some:
                decide(checkout_id, outcome, at=now)
        reach(some, actor=LOADER, now=now)
    return ids


def _payout(ids: list[int], now: datetime) -> Settlement:
    paid = select(Payment.provider_id, Payment.amount_cents).where(Payment.checkout_id.in_(ids))
    back = (
        select(PaymentEvent.provider_id, PaymentEvent.amount_cents)
        .join(Payment, Payment.id == PaymentEvent.payment_id)
        .where(Payment.checkout_id.in_(ids))
    )
    parts = [
        Part(kind=PartKind.PAYMENT, provider_id=key, cents=cents, at=now) for key, cents in db.session.execute(paid)
    ]
    parts += [
        Part(kind=PartKind.REFUND, provider_id=key, cents=-cents, at=now) for key, cents in db.session.execute(back)
    ]
    db.session.rollback()
    return Settlement(
        provider=DemoProvider.name, reference=f"1234567.{local_date(now):%y%m}.01", settled_at=now,
        net_cents=sum(part.cents for part in parts) - COSTS, fee_cents=COSTS, parts=tuple(parts),
    )  # fmt: skip


def _on_the_bank() -> int:
    """Cents that the books say are there, all recorded by hand until now."""
    found = balances().get(BANK)
    db.session.rollback()
    return found.cents if found else 0


def _statement(told: Settlement, opening: int, now: datetime) -> str:
    """A CAMT.053 of today: the payout, and what somebody has to look at."""
    iban = db.session.execute(select(BankAccount.iban).order_by(BankAccount.position).limit(1)).scalar_one()
    db.session.rollback()
    day = local_date(now).isoformat()
    lines = [(told.net_cents, "Demobank", "", f"uitbetaling {told.reference}", ""), *LINES]
    closing = opening + sum(cents for cents, *_ in lines)
    entries = "".join(_entry(number, line, day) for number, line in enumerate(lines, start=1))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><GrpHdr><MsgId>DEMO</MsgId>'
        f"<CreDtTm>{day}T18:00:00</CreDtTm></GrpHdr><Stmt><Id>DEMO-1</Id><Acct><Id><IBAN>{iban}</IBAN></Id>"
        f"<Ccy>EUR</Ccy></Acct>{_balance('OPBD', opening, day)}{_balance('CLBD', closing, day)}\n{entries}"
        "</Stmt></BkToCstmrStmt></Document>\n"
    )


def _amount(cents: int) -> str:
    side = "CRDT" if cents >= 0 else "DBIT"
    return f'<Amt Ccy="EUR">{abs(cents) // 100}.{abs(cents) % 100:02d}</Amt><CdtDbtInd>{side}</CdtDbtInd>'


def _balance(kind: str, cents: int, day: str) -> str:
    return f"<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp>{_amount(cents)}<Dt><Dt>{day}</Dt></Dt></Bal>"


def _entry(number: int, line: tuple[int, str, str, str, str], day: str) -> str:
    cents, name, iban, words, reason = line
    role = "Dbtr" if cents > 0 else "Cdtr"
    account = f"<{role}Acct><Id><IBAN>{iban}</IBAN></Id></{role}Acct>" if iban else ""
    returned = f"<RtrInf><Rsn><Cd>{reason}</Cd></Rsn></RtrInf>" if reason else ""
    return (
        f"<Ntry>{_amount(cents)}<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>{day}</Dt></BookgDt><ValDt><Dt>{day}</Dt></ValDt>"
        f"<AcctSvcrRef>DEMO{number:04d}</AcctSvcrRef><NtryDtls><TxDtls><Refs><EndToEndId>NOTPROVIDED</EndToEndId></Refs>"
        f"{_amount(cents)}<RltdPties><{role}><Pty><Nm>{escape(name)}</Nm></Pty></{role}>{account}</RltdPties>"
        f"<RmtInf><Ustrd>{escape(words)}</Ustrd></RmtInf>{returned}</TxDtls></NtryDtls></Ntry>\n"
    )
