"""How what proves an entry leads back to it: the panel of entries on the pages of lower rooms."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Select, literal, or_, select

from app.banking.match_models import BankMatch, MatchKind
from app.banking.models import BankEntry, BankLine, BankStatement
from app.banking.payouts.models import PayoutPart
from app.base.ids import stable_id
from app.base.references import code_of
from app.base.states import N_
from app.direct_debit.batch_models import DebitItem
from app.extensions import db
from app.gifts.models import Gift
from app.grants.instalments.models import Instalment, Receipt
from app.ledger.models import JournalEntry, JournalLine
from app.ledger.queries import debits_of
from app.outbox.models import Message
from app.payments.models import Payment
from app.ui import records
from app.ui.panels import Panel, panel
from app.ui.permissions import Permission

MOST = 20
_READ = Permission.FINANCE_READ


def _moves(ids: Collection[int]) -> dict[int, str]:
    return {row_id: code_of(row_id) for row_id in ids}


records.register("fund_move", N_("Move between funds"), "finance.fund_move", "move_id", _READ, _moves)


def _shown(*sources: tuple[str, Select[Any]]) -> Panel | None:
    """The newest entries of these sources (kind of source, their ids)."""
    mine = (JournalEntry.source_id.in_(ids) & (JournalEntry.source_type == kind) for kind, ids in sources)
    return _newest(select(JournalEntry).where(or_(*mine)))


def _newest(found: Select[Any], **more: int) -> Panel | None:
    """The newest of the entries that were found, with what each comes to."""
    entries = list(db.session.execute(found.order_by(JournalEntry.id.desc()).limit(MOST + 1)).scalars())
    if not entries:
        return None
    shown = entries[:MOST]
    told = {"entries": shown, "cents": debits_of(entry.id for entry in shown), "more": len(entries) > MOST, **more}
    return Panel("finance/panel_entries.html", told)


@panel("checkout", "entries", order=80, permission=_READ)
def of_checkout(checkout_id: int) -> Panel | None:
    payments = select(Payment.id).where(Payment.checkout_id == checkout_id)
    gifts = select(Gift.id).where(or_(Gift.checkout_id == checkout_id, Gift.payment_id.in_(payments)))
    return _shown(("payment", payments), ("gift", gifts))


@panel("bank_file", "entries", order=80, permission=_READ)
def of_bank_file(file_id: int) -> Panel | None:
    entries = (
        select(BankEntry.id)
        .join(BankStatement, BankStatement.id == BankEntry.statement_id)
        .where(BankStatement.file_id == file_id)
        .order_by(BankEntry.id.desc())
        .limit(MOST + 1)
    )
    newest = select(entries.subquery().c.id)
    lines = select(BankLine.id).where(BankLine.entry_id.in_(newest))
    return _shown(("bank_entry", newest), *_explained(lines))


@panel("bank_line", "entries", order=80, permission=_READ)
def of_bank_line(line_id: int) -> Panel | None:
    line = select(BankLine.id).where(BankLine.id == line_id)
    return _shown(("bank_entry", select(BankLine.entry_id).where(BankLine.id == line_id)), *_explained(line))


def _explained(lines: Select[Any]) -> list[tuple[str, Select[Any]]]:
    """What these lines of the bank were explained as."""
    all_of = select(BankMatch.target_id).where(BankMatch.line_id.in_(lines))
    promised = (BankMatch.kind == MatchKind.PROMISE) & BankMatch.undone_at.is_(None)
    return [
        ("bank_match", select(BankMatch.id).where(BankMatch.line_id.in_(lines))),
        # What was made of this line is of no other, also where it was undone.
        ("gift", all_of.where((BankMatch.kind == MatchKind.GIFT) | promised)),
        ("instalment_receipt", all_of.where(BankMatch.kind == MatchKind.INSTALMENT)),
    ]


@panel("debit_batch", "entries", order=80, permission=_READ)
def of_batch(batch_id: int) -> Panel | None:
    collections = (
        select(DebitItem.collection_id)
        .where(DebitItem.batch_id == batch_id, DebitItem.live)
        .order_by(DebitItem.collection_id.desc())
        .limit(MOST + 1)
    )
    matches = select(BankMatch.id).where(BankMatch.target_id == batch_id, BankMatch.kind == MatchKind.DEBIT_BATCH)
    gifts = select(Gift.id).where(Gift.checkout_id.in_(select(collections.subquery().c.collection_id)))
    return _shown(("gift", gifts), ("bank_match", matches))


@panel("payout", "entries", order=80, permission=_READ)
def of_payout(payout_id: int) -> Panel | None:
    matches = select(BankMatch.id).where(BankMatch.target_id == payout_id, BankMatch.kind == MatchKind.PAYOUT)
    parts = select(PayoutPart.id).where(PayoutPart.payout_id == payout_id, PayoutPart.outside)
    return _shown(("payout", select(literal(payout_id))), ("bank_match", matches), ("payout_part", parts))


@panel("outbox_message", "entries", order=80, permission=_READ)
def of_message(message_id: int) -> Panel | None:
    """A thank-you is of the gift whose key made its id."""
    message = db.session.get(Message, message_id)
    if message is None or message.person_id is None or message.template != "gifts/thanks":
        return None
    given = select(Gift).where(Gift.supporter_id == message.person_id).order_by(Gift.id.desc()).limit(1000)
    mine = [
        gift.id
        for gift in db.session.execute(given).scalars()
        if any(
            stable_id(f"mail:gifts/thanks:{of}") == message_id
            for of in (gift.payment_id, gift.checkout_id, gift.id)
            if of
        )
    ]
    return _shown(("gift", select(Gift.id).where(Gift.id.in_(mine))))


@panel("grant_award", "entries", order=80, permission=_READ)
def of_grant(grant_id: int) -> Panel | None:
    """All that carries the grant; its documents lead here by their grant."""
    lines = select(JournalLine.entry_id).where(JournalLine.grant_id == grant_id)
    plans = select(Instalment.id).where(Instalment.grant_id == grant_id)
    receipts = select(Receipt.id).where(Receipt.instalment_id.in_(plans))
    of_receipts = JournalEntry.source_id.in_(receipts) & (JournalEntry.source_type == "instalment_receipt")
    return _newest(select(JournalEntry).where(or_(JournalEntry.id.in_(lines), of_receipts)), grant_id=grant_id)
