"""Our own direct debits on the statement: a batch as one sum or in parts, what comes back, and nothing twice."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import datetime

import pytest
from sqlalchemy import func, select

from app.banking import imports
from app.banking.match_models import BankMatch, MatchKind
from app.banking.matching import undoing
from app.banking.models import BankEntry, BankLine, LineState
from app.banking.reconciliation import reconcile
from app.base.actor import SYSTEM, Actor
from app.base.references import code_of
from app.direct_debit import booking
from app.direct_debit.batch_models import DebitBatch
from app.direct_debit.models import Collection
from app.direct_debit.states import BatchState, CollectionState
from app.extensions import db, now, writing
from app.gifts.models import Gift
from app.ledger import queries as ledger
from app.ledger.checks import run
from tests.banking.files import Pay, camt
from tests.conftest import SettableClock
from tests.factories import debits
from tests.support.client import Client

TOTAL = 4750


@pytest.fixture
def batch(sign_in: Callable[[str], Client], clock: SettableClock) -> DebitBatch:
    """Three collections of 15, 25 and 7,50 euros at the bank; it is 16 December."""
    debits.due(clock)
    one, other = sign_in("finance").staff_id or 0, sign_in("admin").staff_id or 0
    batch_id = debits.sent((one, other))
    clock.at(2026, 12, 16, 11)
    return db.session.get_one(DebitBatch, batch_id)


def collections() -> list[Collection]:
    return list(db.session.scalars(select(Collection).where(Collection.state != CollectionState.PLANNED)
                                   .order_by(Collection.id)))  # fmt: skip


def summed(reference: str, cents: int = TOTAL) -> Pay:
    return Pay(
        cents, "R1", on="2026-12-15",
        details=f"<NtryDtls><Btch><PmtInfId>{reference}</PmtInfId><NbOfTxs>3</NbOfTxs></Btch></NtryDtls>",
    )  # fmt: skip


def back(row: Collection, reason: str = "MD06", reference: str = "R9") -> Pay:
    return Pay(
        -row.amount_cents, reference, end_to_end=code_of(row.id), on="2026-12-16",
        more=f"<RtrInf><Rsn><Cd>{reason}</Cd></Rsn></RtrInf>",
    )  # fmt: skip


def take(*pays: Pay, statement: str = "S1") -> imports.Imported:
    before = db.session.execute(select(func.coalesce(func.sum(BankEntry.cents), 0))).scalar_one()
    file = camt(pays, statement=statement, on="2026-12-16", opening=100_000 + int(before))
    return imports.take(io.BytesIO(file), f"{statement}.xml", actor=SYSTEM, now=now())


def balance(code: str) -> int:
    found = ledger.balances().get(code)
    return found.cents if found else 0


def standing() -> list[tuple[MatchKind, int]]:
    rows = db.session.execute(select(BankMatch.kind, BankMatch.cents).where(BankMatch.undone_at.is_(None)))
    return sorted((row.kind, row.cents) for row in rows)


def whole() -> bool:
    return not any(outcome.problems for outcome in run()) and reconcile().equal


def gifts() -> int:
    return int(db.session.execute(select(func.count()).select_from(Gift)).scalar_one())


def test_a_batch_on_the_statement_books_itself_once(batch: DebitBatch) -> None:
    took = take(summed(batch.reference))
    assert (took.matched, took.in_review) == (1, 0)
    assert db.session.get_one(DebitBatch, batch.id).state is BatchState.BOOKED
    assert gifts() == 3
    assert (balance("1100"), balance("1220"), balance("2900")) == (TOTAL, 0, 0)
    assert whole()
    take(summed(batch.reference), statement="S2")
    assert standing() == [(MatchKind.DEBIT_BATCH, TOTAL)]
    assert balance("1100") == TOTAL


@pytest.mark.parametrize(
    "details",
    [
        "<NtryDtls><Btch><MsgId>M{0}</MsgId><NbOfTxs>3</NbOfTxs></Btch></NtryDtls>",
        "<NtryDtls><TxDtls><RmtInf><Ustrd>INCASSO 3 POSTEN {1} {2}</Ustrd></RmtInf></TxDtls></NtryDtls>",
    ],
    ids=["of the file", "in the text"],
)
def test_a_batch_is_known_by_what_its_bank_tells(batch: DebitBatch, details: str) -> None:
    told = details.format(batch.reference, batch.reference[:9], batch.reference[9:])
    assert take(Pay(TOTAL, "R1", on="2026-12-15", details=told)).matched == 1
    assert db.session.get_one(DebitBatch, batch.id).state is BatchState.BOOKED


def test_a_return_is_known_by_the_code_in_its_text_and_a_payment_is_not(batch: DebitBatch) -> None:
    """Banks that tell free text; what a donor types is no credit of the bank."""
    row = collections()[0]
    said = f"<RmtInf><Ustrd>storno {code_of(row.id).lower()}</Ustrd></RmtInf>"
    typed = Pay(row.amount_cents, "R2", on="2026-12-16", more=said)
    stornoed = Pay(-row.amount_cents, "R3", on="2026-12-16", more=f"<RtrInf><Rsn><Cd>MD06</Cd></Rsn></RtrInf>{said}")
    assert take(summed(batch.reference), typed, stornoed).matched == 2
    assert (MatchKind.TAKEN_BACK, -row.amount_cents) in standing()
    assert db.session.scalars(select(Collection.state).where(Collection.id == row.id)).one() is CollectionState.RETURNED


def test_a_batch_recorded_by_hand_is_not_on_the_bank_twice(batch: DebitBatch) -> None:
    credit = booking.Credit(reference=batch.reference, cents=TOTAL, on=debits.DAY)
    with writing():
        booking.booked([credit], actor=SYSTEM, now=now())
    assert (balance("1100"), balance("1220")) == (0, TOTAL)
    take(summed(batch.reference))
    assert gifts() == 3
    assert (balance("1100"), balance("1220"), balance("2900")) == (TOTAL, 0, 0)
    assert whole()


def test_another_amount_waits_for_somebody(batch: DebitBatch) -> None:
    assert take(summed(batch.reference, TOTAL - 1500)).in_review == 1
    assert gifts() == 0
    assert balance("2900") == -(TOTAL - 1500)
    assert db.session.get_one(DebitBatch, batch.id).state is BatchState.SENT


def test_collections_credited_one_by_one_book_the_batch_with_the_last(batch: DebitBatch) -> None:
    rows = collections()
    pays = [Pay(row.amount_cents, f"R{row.id}", end_to_end=code_of(row.id), on="2026-12-15") for row in rows]
    assert take(*pays[:2]).matched == 2
    assert db.session.get_one(DebitBatch, batch.id).state is BatchState.SENT
    assert take(pays[2], statement="S2").matched == 1
    assert db.session.get_one(DebitBatch, batch.id).state is BatchState.BOOKED
    assert gifts() == 3
    assert (balance("1100"), balance("1220"), balance("2900")) == (TOTAL, 0, 0)
    assert whole()
    assert take(summed(batch.reference), statement="S3").in_review == 1, "its parts were credited already"


def test_what_the_bank_took_back_goes_with_its_reason_and_once(batch: DebitBatch) -> None:
    take(summed(batch.reference))
    row = collections()[0]
    row_id, cents = row.id, row.amount_cents
    took = take(back(row), statement="S2")
    assert (took.matched, took.in_review) == (1, 0)
    again = db.session.get_one(Collection, row_id)
    assert (again.state, again.reason_code) == (CollectionState.RETURNED, "MD06")
    assert (balance("1100"), balance("1220"), balance("2900")) == (TOTAL - cents, 0, 0)
    assert db.session.get_one(Gift, row_id).refunded_cents == cents
    assert whole()
    assert take(back(again, reference="R10"), statement="S3").in_review == 1, "a second return is for people"
    assert balance("8010") == -(TOTAL - cents)


def test_taken_back_in_the_same_file_as_it_came(batch: DebitBatch) -> None:
    row = collections()[1]
    assert take(summed(batch.reference), back(row, "AM04")).matched == 2
    assert (balance("1100"), balance("1220"), balance("2900")) == (TOTAL - row.amount_cents, 0, 0)
    assert whole()


def test_a_return_that_fits_nothing_waits(batch: DebitBatch) -> None:
    take(summed(batch.reference))
    row = collections()[0]
    stranger = Pay(-1500, "R9", end_to_end="NOTOURS", on="2026-12-16",
                   more="<RtrInf><Rsn><Cd>MD06</Cd></Rsn></RtrInf>")  # fmt: skip
    other = Pay(-1, "R8", end_to_end=code_of(row.id), on="2026-12-16",
                more="<RtrInf><Rsn><Cd>MD06</Cd></Rsn></RtrInf>")  # fmt: skip
    assert take(stranger, other, statement="S2").in_review == 2
    assert all(each.state is CollectionState.COLLECTED for each in collections())


def test_undoing_takes_only_the_line_back(batch: DebitBatch) -> None:
    take(summed(batch.reference))
    line = db.session.scalars(select(BankLine)).one()
    with writing():
        undoing.undo(line.id, actor=Actor("staff", 1), now=datetime.fromisoformat("2026-12-16T12:00:00+00:00"))
    assert db.session.get_one(BankLine, line.id).state is LineState.REVIEW
    assert (gifts(), balance("1220"), balance("2900")) == (3, TOTAL, -TOTAL)
    assert whole()
