"""Batches of our own direct debits: each collection in one, approved by another, the file kept, booked once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date, time
from typing import Any

import pytest
from flask import Flask
from lxml import etree
from sqlalchemy import func, select, update

from app.base.actor import SYSTEM, Actor
from app.base.dates import local_date
from app.base.errors import Invalid, Refused
from app.base.references import code_of
from app.direct_debit import batch_queries, batches, booking, building, collections, exporting, mandates
from app.direct_debit.batch_models import DebitBatch, DebitItem
from app.direct_debit.models import Collection, Mandate
from app.direct_debit.states import BatchState, CollectionState, LeftOut, MandateState
from app.extensions import db, now, writing
from app.gifts import by_hand
from app.gifts.models import Gift, GiftState
from app.gifts.recurring import changing
from app.gifts.recurring.models import Commitment, CommitmentChange
from app.gifts.recurring.notices import give_notice
from app.ledger import checks
from app.ledger.models import JournalEntry
from app.organisation.models import BankAccount
from app.supporters.models import Supporter
from app.ui.permissions import Role
from tests.conftest import SettableClock
from tests.factories import debits
from tests.support.client import Client

B, C = BatchState, CollectionState
SignIn = Callable[[str], Client]


@pytest.fixture
def staff(sign_in: SignIn) -> tuple[int, int]:
    """Two of finance."""
    two = sign_in(Role.FINANCE).staff_id, sign_in(Role.ADMIN).staff_id
    assert two[0]
    assert two[1]
    return two  # type: ignore[return-value]


def batch(batch_id: int) -> DebitBatch:
    db.session.rollback()
    return db.session.get_one(DebitBatch, batch_id)


def states() -> list[CollectionState]:
    db.session.rollback()
    return list(db.session.scalars(select(Collection.state).order_by(Collection.id)))


def left_out(batch_id: int) -> dict[int, LeftOut]:
    rows = db.session.execute(
        select(DebitItem.collection_id, DebitItem.left_out).where(
            DebitItem.batch_id == batch_id, DebitItem.left_out.is_not(None)
        )
    )
    return {row[0]: row[1] for row in rows}


def change(statement: Any) -> None:
    with writing() as session:
        session.execute(statement, execution_options={"synchronize_session": False})


def file_of(batch_id: int) -> bytes:
    return b"".join(exporting.STORE.read(batch(batch_id).sha256 or ""))


def test_from_what_is_due_to_gifts_on_the_bank(clock: SettableClock, staff: tuple[int, int], app: Flask) -> None:
    ids = debits.due(clock)
    batch_id = debits.built(staff[0])
    assert (batch(batch_id).state, batch(batch_id).count, batch(batch_id).cents) == (B.BUILT, 3, 4750)
    seen = {"count": 3, "cents": 4750, "now": now()}
    for wrong in (Actor("staff", staff[0]), SYSTEM):
        with pytest.raises(Refused), writing():
            batches.approve(batch_id, **seen, actor=wrong)
    with pytest.raises(Refused), writing():
        batches.approve(batch_id, **(seen | {"cents": 4749}), actor=Actor("staff", staff[1]))
    with writing():
        batches.approve(batch_id, **seen, actor=Actor("staff", staff[1]))
    exporting.export(batch_id, actor=Actor("staff", staff[0]), bounded=writing)
    assert states() == [C.SENT] * 3
    first = file_of(batch_id)
    exporting.export(batch_id, actor=Actor("staff", staff[1]), bounded=writing)
    assert file_of(batch_id) == first
    tree = etree.fromstring(first)
    assert [e.text for e in tree.iterfind(".//{*}EndToEndId")] == [code_of(i) for i in ids]
    with writing():
        batches.sent(batch_id, actor=Actor("staff", staff[0]), now=now())
    clock.at(2026, 12, 16, 11)
    came = booking.Credit(reference=batch(batch_id).reference.lower(), cents=4750, on=debits.DAY)
    for _ in range(2):
        with writing():
            booking.booked([came], actor=SYSTEM, now=now())
    gifts = {g.id: g for g in db.session.scalars(select(Gift))}
    assert [gifts[i].amount_cents for i in ids] == [1500, 2500, 750]
    assert {(g.state, g.gift_date) for g in gifts.values()} == {(GiftState.RECEIVED, debits.DAY)}
    assert db.session.scalar(select(func.count()).select_from(JournalEntry)) == 3
    with pytest.raises(Refused), writing():  # what was collected is no entry that finance may cross out
        by_hand.undo(ids[0], actor=SYSTEM, now=now())
    assert states() == [C.COLLECTED] * 3
    assert set(db.session.scalars(select(Mandate.last_collected_on))) == {debits.DAY}
    assert batch(batch_id).state is B.BOOKED
    assert not batch(batch_id).busy
    assert not [found for outcome in checks.run() for found in outcome.problems]


@pytest.mark.parametrize(
    ("why", "statement"),
    [
        (LeftOut.DECEASED, update(Supporter).values(is_deceased=True)),
        (LeftOut.ERASED, update(Supporter).values(anonymised_at=func.current_timestamp())),
        (LeftOut.MANDATE, update(Mandate).values(state=MandateState.SUSPENDED)),
        (LeftOut.LAPSED, update(Mandate).values(signed_on=date(2023, 12, 14))),
        (LeftOut.ACCOUNT, update(Mandate).values(iban_lookup=None)),
        (LeftOut.NOT_TOLD, update(CommitmentChange).values(cents=1)),
        (LeftOut.NOT_TOLD, update(CommitmentChange).values(on_date=date(2026, 12, 16))),
    ],
    ids=lambda value: value.value if isinstance(value, LeftOut) else "",
)
def test_what_may_not_be_collected_is_left_out_with_its_reason(
    clock: SettableClock, staff: tuple[int, int], app: Flask, why: LeftOut, statement: Any
) -> None:
    ids = debits.due(clock, (1500,))
    change(statement)
    batch_id = debits.built(staff[0])
    assert (batch(batch_id).state, left_out(batch_id)) == (B.CANCELED, {ids[0]: why})
    assert states() == [C.PLANNED]
    assert batch_queries.left_out(batch_id) == [(why, batch_queries.Sum(1, 1500))]


def test_what_changes_after_it_was_built_falls_out_of_the_file(
    clock: SettableClock, staff: tuple[int, int], app: Flask
) -> None:
    ids = debits.due(clock, (1000, 2000, 3000, 4000))
    batch_id = debits.approved(staff)
    rows = {c.id: (c.commitment_id, c.mandate_id) for c in db.session.scalars(select(Collection))}
    with writing():
        changing.pause(rows[ids[0]][0], date(2027, 3, 1), actor=SYSTEM, now=now())
        mandates.stop(rows[ids[1]][1], MandateState.REVOKED, "MD01", actor=SYSTEM, now=now())
        db.session.execute(update(Mandate).where(Mandate.id == rows[ids[2]][1]).values(iban_lookup=b"x" * 32))
    assert batch_queries.changed_since(batch_id) == batch_queries.Sum(3, 6000), "who approves is told"
    exporting.export(batch_id, actor=Actor("staff", staff[0]), bounded=writing)
    assert batch_queries.changed_since(batch_id) == batch_queries.Sum(0, 0)
    assert left_out(batch_id) == {ids[0]: LeftOut.WITHDRAWN, ids[1]: LeftOut.MANDATE, ids[2]: LeftOut.CHANGED}
    assert (batch(batch_id).count, batch(batch_id).cents) == (1, 4000)
    assert states() == [C.WITHDRAWN, C.PLANNED, C.PLANNED, C.SENT]
    assert file_of(batch_id).count(b"<EndToEndId>") == 1
    with writing():  # what is in a file cannot be stopped any more
        changing.pause(rows[ids[3]][0], date(2027, 3, 1), actor=SYSTEM, now=now())
    assert states()[3] is C.SENT


@pytest.mark.parametrize("planned", [True, False])
def test_two_batches_at_once_never_share_a_collection(
    clock: SettableClock, staff: tuple[int, int], app: Flask, monkeypatch: pytest.MonkeyPatch, planned: bool
) -> None:
    if not planned:  # each of them plans first
        monkeypatch.setattr(debits, "announce_and_plan", lambda: give_notice({}))
    debits.due(clock, (100,) * 12)
    monkeypatch.setattr(building, "PIECE", 3)
    account = debits.account_id()
    together = threading.Barrier(3)

    def build() -> None:
        with app.app_context():
            with writing():
                batch_id = batches.begin(account, debits.DAY, actor=Actor("staff", staff[0]), now=now())
            together.wait(20)
            building.fill(batch_id, bounded=writing)
            db.session.remove()

    builders = [threading.Thread(target=build) for _ in range(3)]
    for each in builders:
        each.start()
    for each in builders:
        each.join(60)
    db.session.rollback()
    live = list(db.session.scalars(select(DebitItem.collection_id).where(DebitItem.live)))
    assert len(live) == len(set(live)) == 12
    made = list(db.session.scalars(select(DebitBatch)))
    assert sum(b.count for b in made) == 12
    assert {b.state for b in made} <= {B.BUILT, B.CANCELED}


def test_cancelled_collections_go_to_the_next_batch(clock: SettableClock, staff: tuple[int, int], app: Flask) -> None:
    debits.due(clock)
    first = debits.sent(staff)
    with pytest.raises(Invalid), writing():
        batches.cancel(first, " ", actor=SYSTEM, now=now())
    with writing():
        batches.cancel(first, "FF01: refused by the bank", actor=SYSTEM, now=now())
    building.go_on({})
    assert states() == [C.PLANNED] * 3
    second = debits.exported(staff)
    assert (batch(second).count, batch(second).cents) == (3, 4750)
    assert batch(second).reference != batch(first).reference
    late = booking.Credit(reference=batch(first).reference, cents=4750, on=local_date(now()))
    with pytest.raises(Refused), writing():
        booking.booked([late], actor=SYSTEM, now=now())


def test_far_ahead_a_gift_is_in_a_batch_once_however_often_it_is_built(
    clock: SettableClock, staff: tuple[int, int], app: Flask
) -> None:
    debits.due(clock)
    counts = []
    for _ in range(3):
        batch_id = debits.built(staff[0], date(2027, 1, 25))  # after the instalments of December and January
        counts.append(batch(batch_id).count)
        with writing():
            batches.cancel(batch_id, "anders", actor=Actor("staff", staff[0]), now=now())
        building.release(batch_id, bounded=writing)
    assert counts == [3, 3, 3]


def test_after_a_missed_month_nobody_is_debited_two_at_once(
    clock: SettableClock, staff: tuple[int, int], app: Flask
) -> None:
    december = debits.due(clock)
    clock.at(2027, 1, 10, 11)  # no batch was made in December
    debits.announce_and_plan()
    assert len(states()) == 6
    first = debits.exported(staff, date(2027, 1, 15))
    assert (batch(first).count, batch(first).cents) == (3, 4750)
    later = left_out(first)
    assert len(later) == 3
    assert {*later.values()} == {LeftOut.TOO_SOON}
    assert not {*later} & {*december}, "the oldest goes first"
    soon = debits.built(staff[0], date(2027, 1, 28))
    assert (batch(soon).state, left_out(soon)) == (B.CANCELED, later)
    after = debits.built(staff[0], date(2027, 1, 29))
    assert (batch(after).count, left_out(after)) == (3, {})


def test_what_cannot_be_collected_holds_up_nothing_else_of_the_gift(
    clock: SettableClock, staff: tuple[int, int], app: Flask
) -> None:
    debits.due(clock, (1500,))
    clock.at(2027, 1, 10, 11)
    debits.announce_and_plan()
    oldest = db.session.scalars(select(Collection.id).order_by(Collection.collect_on)).first()
    assert oldest
    change(update(Collection).where(Collection.id == oldest).values(amount_cents=1))
    batch_id = debits.built(staff[0], date(2027, 1, 15))
    assert (batch(batch_id).cents, left_out(batch_id)) == (1500, {oldest: LeftOut.NOT_TOLD})


def test_only_the_expected_amount_is_booked(clock: SettableClock, staff: tuple[int, int], app: Flask) -> None:
    ids = debits.due(clock)
    batch_id = debits.sent(staff)
    reference = batch(batch_id).reference
    with writing():
        collections.move([ids[2]], C.FAILED, actor=SYSTEM, now=now(), reasons={ids[2]: "AC01"})
    clock.at(2026, 12, 15, 11)

    def book(cents: int, on: date = debits.DAY) -> None:
        with writing():
            booking.booked([booking.Credit(reference=reference, cents=cents, on=on)], actor=SYSTEM, now=now())

    with pytest.raises(Refused):
        book(4750)
    with pytest.raises(Invalid):
        book(4000, date(2026, 12, 16))
    assert db.session.scalar(select(func.count()).select_from(Gift)) == 0
    book(4000)
    assert states() == [C.COLLECTED, C.COLLECTED, C.FAILED]
    with pytest.raises(Refused):
        book(4000, date(2026, 12, 14))


def test_a_large_batch_is_booked_piece_by_piece(
    clock: SettableClock, staff: tuple[int, int], app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    debits.due(clock)
    batch_id = debits.sent(staff)
    monkeypatch.setattr(booking, "PIECE", 2)
    clock.at(2026, 12, 16, 11)
    credit = booking.Credit(reference=batch(batch_id).reference, cents=4750, on=debits.DAY)
    with writing():
        booking.booked([credit], actor=SYSTEM, now=now())
    assert states().count(C.COLLECTED) == 2
    for _ in range(2):
        building.go_on({})
    assert states() == [C.COLLECTED] * 3
    assert db.session.scalar(select(func.count()).select_from(Gift)) == 3


@pytest.mark.parametrize(
    ("on", "ok"),
    [("2026-12-10", False), ("2026-12-11", True), ("2026-12-12", False), ("2026-12-25", False), ("2027-02-10", False)],
)
def test_days_on_which_banks_collect(
    clock: SettableClock, staff: tuple[int, int], app: Flask, on: str, ok: bool
) -> None:
    debits.due(clock, (1500,))
    account = debits.account_id()

    def begin() -> None:
        with writing():
            batches.begin(account, date.fromisoformat(on), actor=SYSTEM, now=now())

    if ok:
        begin()
    else:
        with pytest.raises(Invalid):
            begin()


@pytest.mark.parametrize(
    ("at", "first"),
    [
        ((2026, 12, 10, 14, 30), "2026-12-11"),  # half past three in Amsterdam, the bank's last minute
        ((2026, 12, 10, 14, 31), "2026-12-14"),
        ((2026, 12, 12, 8), "2026-12-15"),  # on a Saturday the hour says nothing: it is Monday's anyway
        ((2026, 12, 12, 20), "2026-12-15"),
        ((2026, 7, 9, 13, 31), "2026-07-13"),  # in summer time
    ],
)
def test_after_the_banks_hour_a_file_counts_as_the_next_days(
    clock: SettableClock, app: Flask, at: tuple[int, ...], first: str
) -> None:
    clock.at(*at)
    bank = BankAccount(lead_days=1, cut_off=time(15, 30))
    assert batches.earliest(bank, now()) == date.fromisoformat(first)


def test_a_file_that_would_come_too_late_is_not_made(clock: SettableClock, staff: tuple[int, int], app: Flask) -> None:
    debits.due(clock, (1500,))
    batch_id = debits.approved(staff)
    clock.at(2026, 12, 15, 11)
    with pytest.raises(Refused):
        exporting.export(batch_id, actor=SYSTEM, bounded=writing)
    assert states() == [C.PLANNED]
    assert db.session.scalars(select(Commitment.state)).all()
