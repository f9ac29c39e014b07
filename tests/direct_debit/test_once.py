"""Mandates for one collection: OOFF in the file, over once used, never collected twice (DOMAIN.md 1.2)."""

from __future__ import annotations

from datetime import date

import pytest
from flask import Flask
from lxml import etree
from sqlalchemy import insert, select, update

from app.base.actor import SYSTEM, Actor
from app.base.ids import new_id
from app.base.references import code_of
from app.direct_debit import batches, booking, building, collections, exporting, returning
from app.direct_debit.batch_models import DebitBatch, DebitItem
from app.direct_debit.models import Collection, CollectionKey, Mandate
from app.direct_debit.pain.pain008 import SequenceType
from app.direct_debit.states import CollectionState, LeftOut, MandateState
from app.extensions import db, now, writing
from app.gifts.models import Gift
from app.gifts.recurring import changing
from app.gifts.recurring.models import Commitment
from app.gifts.recurring.states import CommitmentState, Frequency
from app.organisation.models import BankAccount, PainVersion
from tests.conftest import SettableClock
from tests.direct_debit.test_pain008 import SCHEMAS
from tests.factories.debits import DAY, account_id, due, dutch_iban
from tests.factories.recurring import announce_and_plan, commitment, own_mandate
from tests.factories.supporters import person

OOFF, RCUR = SequenceType.OOFF, SequenceType.RCUR
STAFF = Actor("staff", 1)


@pytest.fixture
def single(app: Flask, clock: SettableClock) -> int:
    """A donor who allowed one collection on 15 December, beside one who gives each month; it is 10 December."""
    who = person("Piet Pietersen", email="piet@example.nl")
    by = own_mandate(who, iban=dutch_iban(9), holder="P. Pietersen", once=True)
    row_id = commitment(
        5000,
        frequency=Frequency.ONCE,
        day=15,
        supporter_id=who,
        mandate_id=by,
        paid=False,
        started_on=date(2026, 12, 15),
    )
    due(clock, (1500,))
    return row_id


def built(sequence: SequenceType, on: date = DAY) -> DebitBatch:
    account = account_id()
    with writing():
        batch_id = batches.begin(account, on, sequence=sequence, actor=SYSTEM, now=now())
    building.fill(batch_id, actor=SYSTEM, bounded=writing)
    return db.session.get_one(DebitBatch, batch_id)


def under_way(batch: DebitBatch) -> str:
    """Approved and made; the file."""
    batch_id = batch.id
    with writing():
        row = batches.locked(batch_id)
        row.approved_at = now()
        batches.move(row, batches._S.APPROVED, actor=SYSTEM, now=now())
    exporting.export(batch_id, actor=SYSTEM, bounded=writing)
    sha256 = db.session.get_one(DebitBatch, batch_id).sha256
    assert sha256
    return b"".join(exporting.STORE.read(sha256)).decode()


def the(commitment_id: int) -> tuple[Commitment, Mandate, list[Collection]]:
    db.session.rollback()
    row = db.session.get_one(Commitment, commitment_id)
    rows = db.session.scalars(select(Collection).where(Collection.commitment_id == commitment_id)).all()
    return row, db.session.get_one(Mandate, row.mandate_id), list(rows)


@pytest.mark.parametrize("version", ["pain.008.001.02", "pain.008.001.08"])
def test_the_file_of_a_batch_for_one_collection_is_valid(single: int, version: str) -> None:
    """As staff get it: built, approved and made, in the version that the account's bank takes."""
    schema = SCHEMAS / f"{version}.xsd"
    if not schema.exists():
        pytest.skip("the schemas of ISO are not beside this repository")
    with writing():
        db.session.execute(update(BankAccount).values(pain_version=PainVersion(version)))
    file = etree.fromstring(under_way(built(OOFF)).encode())
    etree.XMLSchema(etree.parse(schema)).assertValid(file)
    assert [each.text for each in file.iterfind(".//{*}SeqTp")] == ["OOFF"]
    assert file.tag == f"{{urn:iso:std:iso:20022:tech:xsd:{version}}}Document"


def test_it_is_collected_apart_as_ooff_and_is_over_then(single: int, clock: SettableClock) -> None:
    recurrent, once = built(RCUR), built(OOFF)
    assert [(b.count, b.cents) for b in (recurrent, once)] == [(1, 1500), (1, 5000)]
    file = under_way(once)
    assert "<SeqTp>OOFF</SeqTp>" in file
    assert "RCUR" not in file
    reference, cents = once.reference, once.cents
    clock.at(2026, 12, 16, 11)
    with writing():
        booking.booked([booking.Credit(reference=reference, cents=cents, on=DAY)], actor=SYSTEM, now=now())
    row, mandate, (collection,) = the(single)
    assert (collection.state, row.state, mandate.state) == (
        CollectionState.COLLECTED, CommitmentState.ENDED, MandateState.LAPSED,
    )  # fmt: skip
    assert db.session.scalars(select(Gift.amount_cents).where(Gift.id == collection.id)).one() == 5000
    clock.at(2027, 2, 10, 11)
    announce_and_plan()
    assert len(the(single)[2]) == 1


@pytest.mark.parametrize("later", [False, True])
def test_planned_once_it_is_not_planned_again(single: int, clock: SettableClock, later: bool) -> None:
    if later:  # put off after it was planned, so that another month would be free
        with writing():
            db.session.execute(
                update(Commitment).where(Commitment.id == single)
                .values(next_on=date(2027, 1, 15), collect_on=date(2027, 1, 15))
            )  # fmt: skip
        clock.at(2027, 1, 10, 11)
    announce_and_plan()
    assert len(the(single)[2]) == 1


def test_put_off_before_it_is_planned_it_moves(app: Flask, clock: SettableClock) -> None:
    clock.at(2026, 11, 1, 11)
    by = own_mandate(who := person("Piet", email="piet@example.nl"), iban=dutch_iban(9), once=True)
    row_id = commitment(
        5000, frequency=Frequency.ONCE, supporter_id=who, mandate_id=by, paid=False, started_on=date(2026, 12, 15)
    )
    with writing():
        changing.pause(row_id, date(2027, 3, 1), actor=SYSTEM, now=now())
    assert the(row_id)[0].next_on == date(2027, 3, 15)


def test_what_the_bank_refused_is_not_tried_again(single: int, clock: SettableClock) -> None:
    under_way(built(OOFF))
    collection_id = the(single)[2][0].id
    told = returning.Told(
        key="t", source="pain.002", on=DAY, settled=False, code="AM04", end_to_end=code_of(collection_id)
    )
    with writing():
        returning.returned([told], actor=SYSTEM, now=now())
    row, mandate, rows = the(single)
    assert [each.state for each in rows] == [CollectionState.FAILED]  # of a recurrent one AM04 is retried
    assert (mandate.state, row.state) == (MandateState.LAPSED, CommitmentState.ON_HOLD)


def test_a_cancelled_batch_leaves_it_for_the_next(single: int) -> None:
    first = built(OOFF)
    under_way(first)
    batch_id = first.id
    with writing():
        batches.cancel(batch_id, "refused whole", actor=SYSTEM, now=now())
    building.release(batch_id, bounded=writing)
    assert built(OOFF).count == 1


def test_a_second_collection_by_one_mandate_is_left_out(single: int) -> None:
    """Whoever planned it, and however."""
    mandate_id = the(single)[1].id
    second, period = new_id(), date(2026, 11, 1)
    with writing():
        db.session.execute(
            insert(CollectionKey), [{"id": second, "commitment_id": single, "period": period, "attempt": 1}]
        )
        values = {
            "id": second,
            "commitment_id": single,
            "mandate_id": mandate_id,
            "period": period,
            "attempt": 1,
            "amount_cents": 5000,
            "collect_on": DAY,
            "state": CollectionState.PLANNED,
            "created_at": now(),
        }
        db.session.execute(insert(Collection), [values])
    batch = built(OOFF)
    assert (batch.count, batch.cents) == (1, 5000)
    out = select(DebitItem.collection_id).where(DebitItem.batch_id == batch.id, DebitItem.left_out == LeftOut.USED)
    assert db.session.scalars(out).all() == [second]
    with writing():
        assert collections.plan_again(db.session.get_one(Collection, second), DAY, now=now()) is None


def test_the_form_builds_one_kind(single: int, sign_in) -> None:  # type: ignore[no-untyped-def]
    finance = sign_in("finance")
    assert "eenmalige machtigingen" in finance.get("/collections/batches/new").get_data(as_text=True)
    given = {"account": str(account_id()), "on": "15-12-2026", "sequence": "OOFF"}
    assert finance.post("/collections/batches/new", data=given).status_code == 303
    made = db.session.scalars(select(DebitBatch)).one()
    assert (made.sequence, made.count, made.cents) == (OOFF, 1, 5000)
    assert finance.post("/collections/batches/new", data=given | {"sequence": "VAAK"}).status_code == 422
