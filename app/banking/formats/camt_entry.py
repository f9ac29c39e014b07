"""What one entry of CAMT says, and each payment inside it (DOMAIN.md 2.1)."""

from __future__ import annotations

from typing import Any

from app.banking.formats import dutch
from app.banking.formats.camt_nodes import Node, child, day_of, first, nodes, signed, text, tree
from app.banking.formats.facts import (
    Entry,
    Opened,
    Transaction,
    Unreadable,
    looks_like_iban,
    provided,
    split_mandate,
    to_cents,
)
from app.base.states import N_

_RETURNS = ("UPDD", "PRDD", "RRTN")  # direct debit unpaid or taken back, transfer returned: also without RvslInd


def entry_of(element: Any, opened: Opened) -> Entry | None:
    """One booked entry; None for what is only expected or informative."""
    node, line = tree(element), element.sourceline
    if first(node, ("Sts", "Cd"), ("Sts",)) != "BOOK":
        return None
    currency = text(node, "Ccy")
    opened.currency = opened.currency or currency
    if currency != opened.currency:
        said = N_("An entry is in %(found)s, the account in %(wanted)s.")
        raise Unreadable(said, line=line, found=currency[:3], wanted=opened.currency[:3])
    booked_on = day_of(node, "BookgDt", line) or day_of(node, "ValDt", line)
    if booked_on is None:
        raise Unreadable(N_("An entry has no date."), line=line)
    domain = child(node, "BkTxCd", "Domn")
    codes = (text(domain, "Cd"), text(domain, "Fmly", "Cd"), text(domain, "Fmly", "SubFmlyCd"))
    entry = Entry(
        booked_on,
        signed(node, line),
        value_on=day_of(node, "ValDt", line),
        reference=text(node, "AcctSvcrRef")[:60],
        code="-".join(filter(None, codes)),
        bank_code=text(node, "BkTxCd", "Prtry", "Cd"),
        is_return=text(node, "RvslInd").lower() in ("true", "1") or codes[2] in _RETURNS,
        line=line,
    )
    _details(node, entry, opened)
    return entry


def _details(node: Node, entry: Entry, opened: Opened) -> None:
    extra = text(node, "AddtlNtryInf")
    found: list[Any] = []
    for details in nodes(node, "NtryDtls"):
        batch = first(details, ("Btch", "PmtInfId"), ("Btch", "MsgId"))
        entry.batch = entry.batch or batch[:35]
        found += nodes(details, "TxDtls")
    alone = len(found) == 1
    if alone:  # some banks give their reference with the payment only
        entry.reference = entry.reference or text(child(found[0], "Refs"), "AcctSvcrRef")[:60]
    transactions = [_transaction(each, entry, opened, alone) for each in found]
    parts = [each for each in transactions if each is not None]
    if len(parts) < len(found) or not _add_up(parts, entry, [node, *found]):
        # The money of the entry is certain; a breakdown that is not is left out and told.
        if found:
            entry.warning = N_("The details of this entry do not add up to its amount: it is entered as one.")
        entry.transactions = [_whole(entry, extra)]
    else:
        entry.transactions = parts
        if extra and alone and not parts[0].text:
            parts[0].text = extra[:500]


def _whole(entry: Entry, extra: str) -> Transaction:
    """An entry without details; some banks say all of it in the words of their MT940."""
    transaction = Transaction(entry.cents)
    if dutch.is_of_bank(extra):
        entry.is_return = dutch.read([extra], transaction) or bool(transaction.return_reason) or entry.is_return
    else:
        transaction.text = extra[:500]
    transaction.batch = entry.batch = entry.batch or transaction.batch
    return transaction


def _add_up(parts: list[Transaction], entry: Entry, nodes_with_charges: list[Node]) -> bool:
    """Whether the parts come to the entry; they are put right where it is sure how.

    Of what was taken back some banks tell which way it went before; of others the costs are taken off the whole.
    """
    total = sum(each.cents for each in parts)
    if total == -entry.cents and entry.is_return:
        for each in parts:
            each.cents = -each.cents
    elif parts and 0 < total - entry.cents == _charges(nodes_with_charges, entry.line):
        parts.append(Transaction(entry.cents - total))
    return bool(parts) and sum(each.cents for each in parts) == entry.cents


def _charges(told: list[Node], line: int | None) -> int:
    """The costs told of an entry and of the payments inside it, in cents."""
    total = 0
    for charge in (each for node in told for each in nodes(node, "Chrgs")):
        amounts = [text(charge, "TtlChrgsAndTaxAmt")] if text(charge, "TtlChrgsAndTaxAmt") else []
        amounts = amounts or [text(each, "Amt") for each in (*nodes(charge, "Rcrd"), charge) if text(each, "Amt")]
        total += sum(to_cents(each, line) for each in amounts)
    return total


def _transaction(node: Any, entry: Entry, opened: Opened, alone: bool) -> Transaction | None:
    """None where the amount is not told."""
    if alone:
        cents = entry.cents  # one payment, one amount: what was instructed may be in another currency
    else:
        details = child(node, "AmtDtls")
        told = (node, *(child(details, name) for name in ("TxAmt", "CntrValAmt", "InstdAmt")))
        amount = next((each for each in told if text(each, "Amt") and text(each, "Ccy") == opened.currency), None)
        if amount is None:
            return None
        size = to_cents(text(amount, "Amt"), entry.line)
        side = text(node, "CdtDbtInd") or ("CRDT" if entry.cents > 0 else "DBIT")
        cents = size if side == "CRDT" else -size
    transaction = Transaction(cents, batch=entry.batch)
    _references(child(node, "Refs"), transaction)
    _remittance(node, transaction)
    returned = child(node, "RtrInf")
    entry.is_return = entry.is_return or bool(returned)
    _party(node, transaction, opened.account, taken_back=entry.is_return)
    if returned:
        transaction.return_reason = first(returned, ("Rsn", "Cd"), ("Rsn", "Prtry"))[:35]
        transaction.text = transaction.text or text(returned, "AddtlInf")[:500]
    return transaction


def _references(refs: Any, transaction: Transaction) -> None:
    transaction.end_to_end = provided(text(refs, "EndToEndId"))[:35]
    creditor_id, mandate = split_mandate(provided(text(refs, "MndtId"))[:70])
    transaction.creditor_id, transaction.mandate = creditor_id[:35], mandate[:35]
    transaction.batch = text(refs, "PmtInfId")[:35] or transaction.batch


def _remittance(node: Any, transaction: Transaction) -> None:
    remittance = child(node, "RmtInf")
    parts = [part for part in nodes(remittance, "Ustrd") if isinstance(part, str)]
    for each in nodes(remittance, "Strd"):
        reference = "".join(text(each, "CdtrRefInf", "Ref").split())
        transaction.structured = transaction.structured or reference[:35]
        parts.append(reference or text(each, "AddtlRmtInf"))
    said = "".join(part + ("" if len(part) == _USTRD else " ") for part in parts if part).strip()
    transaction.text = (said or text(node, "AddtlTxInf"))[:500]


_USTRD = 140  # a full line goes on in the next one without a space


def _party(node: Any, transaction: Transaction, own: str, *, taken_back: bool) -> None:
    """The other side: whose account is not ours (DOMAIN.md 2.1: a returned collection may name the donor
    on either side), and of two such the one that paid or was paid. Of two names without accounts the donor's is the
    debtor's, whom the collection was of."""
    parties, agents = child(node, "RltdPties"), child(node, "RltdAgts")
    payer, payee = _side(parties, agents, "Dbtr"), _side(parties, agents, "Cdtr")
    sides = (payer, payee) if transaction.cents > 0 else (payee, payer)
    others = [side for side in sides if side[1] and side[1] != own]
    named = [side for side in sides if side[0] and side[1] != own]
    if taken_back and not payer[1] and not payee[1]:
        named.sort(key=lambda side: side is not payer)
    name, iban, bic = next(iter(others or named), ("", "", ""))
    transaction.name, transaction.bic = name[:140], bic[:11]
    transaction.iban = iban if looks_like_iban(iban) else ""
    role = "UltmtDbtr" if transaction.cents > 0 else "UltmtCdtr"
    ultimate = first(parties, (role, "Nm"), (role, "Pty", "Nm"))[:140]
    transaction.ultimate = "" if ultimate.casefold() == name.casefold() else ultimate


def _side(parties: Any, agents: Any, role: str) -> tuple[str, str, str]:
    """(name, IBAN, BIC) of the `Dbtr` or `Cdtr`."""
    if parties is None or (role not in parties and f"{role}Acct" not in parties):
        return "", "", ""
    name = first(parties, (role, "Nm"), (role, "Pty", "Nm"), (role, "Agt", "FinInstnId", "Nm"))
    account = child(parties, f"{role}Acct", "Id")
    iban = first(account, ("IBAN",), ("Othr", "Id"))
    agent = child(agents, f"{role}Agt", "FinInstnId")
    return name, iban.replace(" ", "").upper(), first(agent, ("BIC",), ("BICFI",))
