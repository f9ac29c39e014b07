"""From a journal entry to all that proves it: its source, the bank line and file, the payment, the batch and its
file, the grant and its agreement, the mail. Each kind of source has its walk, each event its kinds of source."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy import or_, select

from app.banking.match_models import BankMatch, MatchKind
from app.banking.models import BankEntry, BankFile, BankLine, BankStatement
from app.banking.payouts.models import Payout, PayoutPart
from app.base.dates import format_date
from app.base.ids import stable_id
from app.base.references import code_of
from app.base.states import N_
from app.direct_debit.batch_models import DebitBatch, DebitItem
from app.documents.models import Document
from app.extensions import db
from app.finance.openings.models import Opening
from app.finance.yearend.models import Appropriation
from app.gifts.models import Gift
from app.grants.instalments.models import Instalment, Receipt
from app.ledger.models import Event, JournalEntry
from app.outbox.models import Message
from app.payments.models import Payment
from app.ui.languages import language
from app.ui.permissions import may_open

MOST = 20  # of one kind that are shown


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that proves the entry. `url` is empty where this person may not open it; `sha256` is of its file."""

    what: str
    name: str
    url: str = ""
    sha256: str = ""


NAMES = {
    "gift": N_("Gift"),
    "payment": N_("Payment"),
    "bank_entry": N_("Line on a bank statement"),
    "bank_match": N_("Explanation of a bank line"),
    "payout": N_("Payout of a provider"),
    "payout_part": N_("Part of a payout"),
    "instalment": N_("Instalment"),
    "instalment_receipt": N_("Received instalment"),
    "grant_income": N_("Grant income"),
    "grant_settlement": N_("Settlement of a grant"),
    "grant_repayment": N_("Repayment of a grant"),
    "sub_grant_instalment": N_("Instalment to a partner"),
    "sub_grant_payment": N_("Payment to a partner"),
    "appropriation": N_("Year-end"),
    "fund_move": N_("Move between funds"),
    "opening": N_("Opening balance"),
}


def name_of(source_type: str) -> str:
    known = NAMES.get(source_type)
    return _(known) if known else source_type


def steps(entry: JournalEntry, grant_id: int | None = None) -> list[Step]:
    """All that proves this entry, nearest first; `grant_id` is the grant on its lines."""
    walk = WALKS.get(entry.source_type)
    found = list(walk(entry.source_id)) if walk else []
    if grant_id is not None:
        found += _grant(grant_id)
    return list(dict.fromkeys(found))


def _gift(gift_id: int) -> Iterator[Step]:
    gift = db.session.get(Gift, gift_id)
    if gift is None:
        return
    yield _step(N_("Gift"), code_of(gift.id), "gifts.show", gift_id=gift.id)
    if gift.payment_id or gift.checkout_id:
        payment = db.session.get(Payment, gift.payment_id) if gift.payment_id else None
        checkout_id = payment.checkout_id if payment else gift.checkout_id
        name = f"{payment.provider} {payment.provider_id}" if payment else code_of(checkout_id or 0)
        yield _step(N_("Payment"), name, "payments.show", checkout_id=checkout_id)
    yield from _collected([gift.id, *([gift.checkout_id] if gift.checkout_id else [])])
    yield from _on_the_bank((MatchKind.PROMISE, MatchKind.GIFT), [gift.id])
    mails = {stable_id(f"mail:gifts/thanks:{of}") for of in (gift.payment_id, gift.checkout_id, gift.id) if of}
    for message in db.session.execute(select(Message).where(Message.id.in_(mails))).scalars():
        yield _step(N_("Thank-you mail"), _day(message.created_at.date()), "outbox.show", message_id=message.id)


def _payment(payment_id: int) -> Iterator[Step]:
    payment = db.session.get(Payment, payment_id)
    if payment is None:
        return
    name = f"{payment.provider} {payment.provider_id}"
    yield _step(N_("Payment"), name, "payments.show", checkout_id=payment.checkout_id)
    given = select(Gift).where(or_(Gift.payment_id == payment.id, Gift.checkout_id == payment.checkout_id)).limit(MOST)
    for gift in db.session.execute(given).scalars():
        yield _step(N_("Gift"), code_of(gift.id), "gifts.show", gift_id=gift.id)
    yield from _collected([payment.checkout_id])


def _collected(collection_ids: list[int]) -> Iterator[Step]:
    """The batches of these collections, and the lines on which the bank booked them."""
    rows = db.session.execute(
        select(DebitBatch)
        .join(DebitItem, DebitItem.batch_id == DebitBatch.id)
        .where(DebitItem.collection_id.in_(collection_ids), DebitItem.live)
        .limit(MOST)
    ).scalars()
    for batch in rows:
        yield _step(
            N_("Batch of direct debits"), batch.reference, "direct_debit.show", sha256=batch.sha256 or "",
            batch_id=batch.id,
        )  # fmt: skip
        yield from _on_the_bank((MatchKind.DEBIT_BATCH,), [batch.id])
    yield from _on_the_bank((MatchKind.COLLECTION, MatchKind.TAKEN_BACK), collection_ids)


def _on_the_bank(kinds: tuple[MatchKind, ...], target_ids: list[int]) -> Iterator[Step]:
    """Lines on the bank that are explained as this, with the file they came in; where that was undone, those that
    were: it proves the entry and its reversal still."""
    matched = (
        select(BankLine)
        .join(BankMatch, BankMatch.line_id == BankLine.id)
        .where(BankMatch.target_id.in_(target_ids), BankMatch.kind.in_(kinds))
        .order_by(BankLine.id)
        .limit(MOST)
    )
    standing = db.session.scalars(matched.where(BankMatch.undone_at.is_(None))).all()
    for line in standing or db.session.scalars(matched).all():
        yield _step(N_("Line on a bank statement"), _day(line.booked_on), "banking.line", line_id=line.id)
        yield from _bank_file(line.entry_id)


def _bank_entry(entry_id: int) -> Iterator[Step]:
    lines = select(BankLine).where(BankLine.entry_id == entry_id).order_by(BankLine.id).limit(MOST)
    for line in db.session.execute(lines).scalars():
        yield _step(N_("Line on a bank statement"), _day(line.booked_on), "banking.line", line_id=line.id)
    yield from _bank_file(entry_id)


def _bank_match(match_id: int) -> Iterator[Step]:
    match = db.session.get(BankMatch, match_id)
    line = db.session.get(BankLine, match.line_id) if match else None
    if line is not None:
        yield _step(N_("Line on a bank statement"), _day(line.booked_on), "banking.line", line_id=line.id)
        yield from _bank_file(line.entry_id)
        if match is not None and match.kind is MatchKind.PAYOUT and match.target_id:
            payout = db.session.get(Payout, match.target_id)
            if payout is not None:
                yield _step(N_("Payout of a provider"), payout.reference, "banking.payout", payout_id=payout.id)


def _payout(payout_id: int) -> Iterator[Step]:
    row = db.session.get(Payout, payout_id)
    if row is not None:
        yield _step(N_("Payout of a provider"), row.reference, "banking.payout", payout_id=row.id)
        yield from _on_the_bank((MatchKind.PAYOUT,), [row.id])


def _payout_part(part_id: int) -> Iterator[Step]:
    part = db.session.get(PayoutPart, part_id)
    yield from _payout(part.payout_id) if part else ()


def _bank_file(entry_id: int) -> Iterator[Step]:
    row = db.session.execute(
        select(BankFile)
        .join(BankStatement, BankStatement.file_id == BankFile.id)
        .join(BankEntry, BankEntry.statement_id == BankStatement.id)
        .where(BankEntry.id == entry_id)
    ).scalar_one_or_none()
    if row is not None:
        yield _step(N_("Bank file"), row.filename, "banking.file", sha256=row.sha256, file_id=row.id)


def _instalment(instalment_id: int) -> Iterator[Step]:
    row = db.session.get(Instalment, instalment_id)
    if row is not None:
        yield _step(N_("Instalment"), code_of(row.id), "grants.grant", grant_id=row.grant_id)
        yield from _grant(row.grant_id)


def _receipt(receipt_id: int) -> Iterator[Step]:
    row = db.session.get(Receipt, receipt_id)
    if row is not None:
        yield from _on_the_bank((MatchKind.INSTALMENT,), [receipt_id])
        yield from _instalment(row.instalment_id)


def _grant(grant_id: int) -> Iterator[Step]:
    yield _step(N_("Grant"), code_of(grant_id), "grants.grant", grant_id=grant_id)
    yield from _documents("grant_award", grant_id)


def _documents(subject_type: str, subject_id: int) -> Iterator[Step]:
    kept = (
        select(Document)
        .where(
            Document.subject_type == subject_type, Document.subject_id == subject_id, Document.removed_at.is_(None),
            Document.replaced_at.is_(None),
        )
        .order_by(Document.id)
        .limit(MOST)
    )  # fmt: skip
    for document in db.session.execute(kept).scalars():
        yield _step(
            N_("Document"), document.filename, "documents.show", sha256=document.sha256, document_id=document.id
        )


def _appropriation(row_id: int) -> Iterator[Step]:
    row = db.session.get(Appropriation, row_id)
    if row is not None:
        yield _step(N_("Year-end"), str(row.year), "finance.year_end", year=row.year)


def _fund_move(move_id: int) -> Iterator[Step]:
    yield _step(N_("Move between funds"), code_of(move_id), "finance.fund_move", move_id=move_id)
    yield from _documents("fund_move", move_id)


def _opening(row_id: int) -> Iterator[Step]:
    row = db.session.get(Opening, row_id)
    if row is not None:
        yield _step(N_("Opening balance"), row.filename, "finance.opening", sha256=row.sha256, opening_id=row.id)


def _by_its_grant(source_id: int) -> Iterator[Step]:
    """The grant on the lines of the entry leads on."""
    yield from ()


WALKS: dict[str, Callable[[int], Iterator[Step]]] = {
    "gift": _gift,
    "payment": _payment,
    "bank_entry": _bank_entry,
    "bank_match": _bank_match,
    "payout": _payout,
    "payout_part": _payout_part,
    "instalment": _instalment,
    "instalment_receipt": _receipt,
    "grant_income": _by_its_grant,
    "grant_settlement": _by_its_grant,
    "grant_repayment": _by_its_grant,
    "sub_grant_instalment": _by_its_grant,
    "sub_grant_payment": _by_its_grant,
    "appropriation": _appropriation,
    "fund_move": _fund_move,
    "opening": _opening,
}

# What each event may come from. A reversal has the source of the entry that it undoes.
SOURCES: dict[Event, tuple[str, ...]] = {
    Event.GIFT_RECEIVED: ("gift",),
    Event.GIFT_REFUNDED: ("gift",),
    Event.GIFT_CHARGED_BACK: ("gift",),
    Event.FEE_CHARGED: ("payment", "payout"),
    Event.PAYOUT_RECEIVED: ("bank_match", "payout_part"),
    Event.GRANT_RECOGNISED: ("instalment", "grant_income"),
    Event.INSTALMENT_RECEIVED: ("instalment_receipt",),
    Event.SUB_GRANT_OWED: ("sub_grant_instalment",),
    Event.SUB_GRANT_PAID: ("sub_grant_payment",),
    Event.GRANT_REDUCED: ("grant_income", "grant_settlement"),
    Event.CLAWBACK_OWED: ("grant_settlement",),
    Event.CLAWBACK_PAID: ("grant_repayment",),
    Event.BANK_BOOKED: ("bank_entry",),
    Event.BANK_EXPLAINED: ("bank_match",),
    Event.RESULT_APPROPRIATED: ("appropriation",),
    Event.FUND_MOVED: ("fund_move",),
    Event.OPENING_BALANCE: ("opening",),
    Event.REVERSAL: tuple(WALKS),
}


def _step(what: str, name: str, endpoint: str, *, sha256: str = "", **values: Any) -> Step:
    return Step(_(what), name, url_for(endpoint, **values) if may_open(endpoint) else "", sha256)


def _day(day: Any) -> str:
    return format_date(day, language())
