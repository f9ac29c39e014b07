"""Planning: what is announced and due, once; nothing while paused, on hold or for people who are gone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import event, func, select

from app.base.actor import SYSTEM
from app.base.dates import local_date
from app.base.errors import Refused
from app.direct_debit import mandates
from app.direct_debit.models import Collection
from app.direct_debit.states import CollectionState, MandateState
from app.extensions import db, now, writing
from app.gifts.recurring import changing, mails
from app.gifts.recurring.models import Commitment, CommitmentChange
from app.gifts.recurring.notices import give_notice
from app.gifts.recurring.planning import plan_due, plan_until
from app.gifts.recurring.states import CommitmentState, EndReason, Frequency
from app.outbox import letters
from app.outbox.models import Message
from app.supporters import services as supporters
from app.supporters.models import Supporter
from tests.conftest import SettableClock
from tests.factories.recurring import announce_and_plan, commitment
from tests.factories.supporters import person


def planned() -> list[tuple[date, date, int]]:
    db.session.rollback()
    rows = select(Collection.period, Collection.collect_on, Collection.amount_cents).order_by(Collection.collect_on)
    return [tuple(row) for row in db.session.execute(rows)]


def notices() -> int:
    db.session.rollback()
    told = select(func.count()).select_from(Message).where(Message.template == "gifts/recurring/notice")
    return db.session.scalar(told) or 0


def live(clock: SettableClock, days: int) -> None:
    """Let the jobs run each day at noon."""
    for _ in range(days):
        announce_and_plan()
        clock.forward(days=1)


@pytest.mark.parametrize("day", [1, 28, 31])
def test_a_year_gives_twelve_collections_and_one_notice(app: Flask, clock: SettableClock, day: int) -> None:
    commitment(1500, day=day)  # on 23 November; the first is paid
    for _ in range(60):
        live(clock, 1)
        clock.forward(days=6)
    in_2027 = [row for row in planned() if row[0].year == 2027]
    assert len(in_2027) == 12
    assert len({row[0] for row in planned()}) == len(planned())
    assert notices() == 1


def test_nothing_is_collected_without_fourteen_days_of_notice(app: Flask, clock: SettableClock) -> None:
    commitment(1500, day=1)  # due on 1 December, eight days from now
    plan_due({})
    assert planned() == []
    live(clock, 20)
    ((period, on, _),) = planned()
    assert (period, on) == (date(2026, 12, 1), date(2026, 12, 8))
    told = db.session.scalars(select(Commitment.notice_from)).one()
    assert told == date(2026, 12, 7)


def test_without_a_mailbox_a_letter_is_printed_and_only_then_counts(app: Flask, clock: SettableClock) -> None:
    row_id = commitment(1500, day=15, supporter_id=person("Piet Post"))
    live(clock, 40)
    assert planned() == [], "never told, never collected"
    assert db.session.get_one(Commitment, row_id).noticed_cents is None
    ((letter, said),) = letters.said(mails.NOTICE).items()
    promised = date.fromisoformat(said["of"][3])
    assert promised >= local_date(now()) + timedelta(days=14), "a letter that waited too long names a later day"
    with writing():
        letters.mark_printed([letter], actor=SYSTEM, now=now())
        letters.mark_printed([letter], actor=SYSTEM, now=now())
    live(clock, 40)
    assert planned()[0][1] == promised
    assert notices() == 0
    assert letters.count_waiting() == 0, "told once"


def test_a_letter_that_is_not_true_any_more_is_withdrawn_or_counts_for_nothing(
    app: Flask, clock: SettableClock
) -> None:  # fmt: skip
    row_id = commitment(1500, day=15, supporter_id=person("Piet Post"))
    clock.forward(days=2)
    give_notice({})
    ((first, _said),) = letters.said(mails.NOTICE).items()
    with writing():
        changing.change_amount(row_id, 2500, actor=SYSTEM, now=now())
        letters.mark_printed([first], actor=SYSTEM, now=now())
    assert db.session.get_one(Commitment, row_id).noticed_cents is None, "printed between change and job"
    give_notice({})
    ((second, said),) = letters.said(mails.NOTICE).items()
    assert said["of"][2] == 2500
    with writing():
        changing.end(row_id, EndReason.DONOR, actor=SYSTEM, now=now())
    give_notice({})
    assert letters.said(mails.NOTICE) == {}


def test_a_letter_posted_too_late_for_its_day_does_not_count_and_another_stands_ready(
    app: Flask, clock: SettableClock
) -> None:  # fmt: skip
    row_id = commitment(1500, day=15, supporter_id=person("Piet Post"))
    clock.forward(days=2)
    give_notice({})
    ((late, said),) = letters.said(mails.NOTICE).items()
    clock.forward(days=date.fromisoformat(said["of"][3]).toordinal() - local_date(now()).toordinal() - 13)
    with writing():
        letters.mark_printed([late], actor=SYSTEM, now=now())
    assert db.session.get_one(Commitment, row_id).noticed_cents is None, "told less than fourteen days before"
    ((second, anew),) = letters.said(mails.NOTICE).items()
    with writing():
        letters.mark_printed([second], actor=SYSTEM, now=now())
    live(clock, 40)
    assert planned()[0][1] == date.fromisoformat(anew["of"][3]), "collected on the day that the letter says"


@pytest.mark.parametrize("mailbox", ["", "piet@example.nl"])
def test_back_to_what_was_told_first_is_told_again(app: Flask, clock: SettableClock, mailbox: str) -> None:
    row_id = commitment(1500, day=15, supporter_id=person("Piet Post", email=mailbox))
    clock.forward(days=2)
    give_notice({})
    for cents in (2500, 1500):
        waiting = list(letters.said(mails.NOTICE))
        clock.forward(hours=1)
        with writing():
            changing.change_amount(row_id, cents, actor=SYSTEM, now=now())
            letters.mark_printed(waiting, actor=SYSTEM, now=now())  # in the post, and not true any more
        give_notice({})
    if mailbox:
        assert notices() == 3
    else:
        assert [said["of"][2] for said in letters.said(mails.NOTICE).values()] == [1500]


def test_a_changed_amount_is_announced_before_it_is_collected(app: Flask, clock: SettableClock) -> None:
    row_id = commitment(1500, day=15)
    live(clock, 10)  # 3 December: announced, not planned
    with writing():
        effect = changing.change_amount(row_id, 2500, actor=SYSTEM, now=now())
    assert effect.first_on == date(2027, 1, 15), "15 December is too near to announce"
    live(clock, 45)
    assert [(on, cents) for _, on, cents in planned()] == [(date(2026, 12, 15), 1500), (date(2027, 1, 15), 2500)]
    assert notices() == 2


def test_paused_skipped_and_ended_are_not_collected(app: Flask, clock: SettableClock) -> None:
    row_id = commitment(1500, day=15)
    live(clock, 17)  # 10 December: planned for the 15th
    assert len(planned()) == 1
    with writing():
        effect = changing.pause(row_id, date(2027, 2, 1), actor=SYSTEM, now=now())
    assert effect.first_on == date(2027, 2, 15)
    assert effect.under_way == ()
    assert db.session.scalars(select(Collection.state)).all() == [CollectionState.WITHDRAWN]
    live(clock, 63)  # 11 February: active again by itself, and planned
    assert [row[1] for row in planned()][1:] == [date(2027, 2, 15)]
    with writing():
        assert changing.skip(row_id, "2027-02-15", actor=SYSTEM, now=now()).first_on == date(2027, 3, 15)
        with pytest.raises(Refused, match="changed in the meantime"):
            changing.skip(row_id, "2027-02-15", actor=SYSTEM, now=now())
        assert changing.skip(row_id, "2027-03-15", actor=SYSTEM, now=now()).first_on == date(2027, 4, 15)
        changing.end(row_id, EndReason.DONOR, actor=SYSTEM, now=now())
    live(clock, 70)
    assert len(planned()) == 2
    kinds = db.session.scalars(select(CommitmentChange.kind).order_by(CommitmentChange.id)).all()
    assert [k.value for k in kinds] == ["started", "notice", "paused", "resumed", "skipped", "skipped", "ended"]


def test_a_pause_that_is_over_waits_where_the_mandate_is_not_valid(app: Flask, clock: SettableClock) -> None:
    row_id = commitment(1500, day=15)
    with writing() as session:
        changing.pause(row_id, date(2026, 12, 1), actor=SYSTEM, now=now())
        mandate = session.get_one(Commitment, row_id).mandate_id
        mandates.move([mandate or 0], MandateState.SUSPENDED, "", actor=SYSTEM, now=now())
    live(clock, 10)
    assert db.session.get_one(Commitment, row_id).state is CommitmentState.ON_HOLD
    with pytest.raises(Refused), writing():
        changing.resume(row_id, actor=SYSTEM, now=now())


def test_a_clock_set_back_and_two_planners_plan_once(app: Flask, clock: SettableClock) -> None:
    row_id = commitment(1500, day=15)
    live(clock, 17)
    clock.forward(days=-1)
    with writing() as session:  # as if another planner had not heard of the first
        row = session.get_one(Commitment, row_id)
        row.next_on = row.collect_on = date(2026, 12, 15)
    live(clock, 3)
    assert len(planned()) == 1
    assert db.session.get_one(Commitment, row_id).next_on == date(2027, 1, 15), "it went on all the same"


@pytest.mark.parametrize("gone", ["died", "mandate", "erased"])
def test_who_is_gone_is_not_collected(app: Flask, clock: SettableClock, gone: str) -> None:
    who = person(email="jan@example.nl")
    row_id = commitment(1500, day=15, supporter_id=who)
    live(clock, 17)
    with writing() as session:
        if gone == "died":
            supporters.set_deceased(who, True, None, actor=SYSTEM, now=now())
        elif gone == "erased":
            session.get_one(Supporter, who).anonymised_at = now()
        else:
            mandate = session.get_one(Commitment, row_id).mandate_id
            mandates.move([mandate or 0], MandateState.REVOKED, "", actor=SYSTEM, now=now())
    live(clock, 40)
    states = db.session.scalars(select(Collection.state)).all()
    ended = db.session.get_one(Commitment, row_id).state is CommitmentState.ENDED
    assert ended == (gone != "mandate")
    assert states == [CollectionState.WITHDRAWN if ended else CollectionState.PLANNED], "nothing new was planned"


def test_a_gift_ends_in_the_moment_its_donor_is_noted_as_dead(app: Flask, clock: SettableClock) -> None:
    who = person(email="jan@example.nl")
    row_id = commitment(1500, day=15, supporter_id=who)
    live(clock, 17)
    for died in (True, True, False):
        with writing():
            supporters.set_deceased(who, died, None, actor=SYSTEM, now=now())
        row = db.session.get_one(Commitment, row_id)
        assert (row.state, row.end_reason) == (CommitmentState.ENDED, EndReason.DECEASED)
    assert db.session.scalars(select(Collection.state)).all() == [CollectionState.WITHDRAWN]


@contextmanager
def statements(seen: list[str]) -> Iterator[None]:
    def listener(conn: object, cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", listener)
    yield
    event.remove(db.engine, "before_cursor_execute", listener)


def test_planning_takes_as_many_statements_for_many_as_for_one(app: Flask, clock: SettableClock) -> None:
    who = person(email="jan@example.nl")
    counts = []
    for many in (1, 25):
        for _ in range(many):
            commitment(1500, day=15, supporter_id=who)
        clock.forward(days=5)
        give_notice({})
        seen: list[str] = []
        with statements(seen):
            assert plan_until(local_date(now()) + timedelta(days=40)) == many
        counts.append(len(seen))
    assert counts[0] + 6 >= counts[1]


def test_batches_lose_nothing_and_nobody_pays_arrears_at_once(app: Flask, clock: SettableClock) -> None:
    who = person(email="jan@example.nl")
    for n in range(7):
        commitment(1000 + n, day=15, supporter_id=who, frequency=list(Frequency)[n % 2])
    clock.forward(days=70)
    give_notice({})
    clock.forward(days=20)
    assert plan_until(date(2027, 2, 25), batch=2) == 7
    assert plan_until(date(2027, 2, 25), batch=2) == 0
    assert {row[1] for row in planned()} == {date(2027, 2, 22)}, "the first bank day to come"
    later = db.session.scalars(select(Commitment.collect_on).where(Commitment.frequency == Frequency.MONTHLY))
    assert set(later) == {date(2027, 3, 8)}, "two weeks apart at least"
