"""A mandate ends with the death of who gave it, and is as it was where that was noted by mistake."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select, update

from app.base.actor import SYSTEM
from app.direct_debit import mandates
from app.direct_debit.dying import end_for_dead
from app.direct_debit.models import Mandate, MandateChange
from app.direct_debit.states import MandateState
from app.extensions import db, now, writing
from app.supporters.models import Supporter
from app.supporters.services import set_deceased
from tests.factories.recurring import commitment, own_mandate
from tests.factories.supporters import person
from tests.privacy.test_merging import merge, undo

M = MandateState


def state_of(mandate_id: int) -> MandateState:
    db.session.rollback()
    return db.session.get_one(Mandate, mandate_id).state


def died(who: int, yes: bool) -> None:
    with writing():
        set_deceased(who, yes, None, actor=SYSTEM, now=now())


def moved(mandate_id: int, to: MandateState, why: str) -> None:
    with writing():
        mandates.move([mandate_id], to, why, actor=SYSTEM, now=now())


@pytest.mark.parametrize("before", [M.ACTIVE, M.SUSPENDED])
def test_it_ends_with_the_death_and_is_as_it_was_after_a_mistake(app: Flask, before: MandateState) -> None:
    who = person("Jan Jansen")
    mine, theirs = own_mandate(who), own_mandate(person("Piet Pietersen"))
    commitment(1500, supporter_id=who, mandate_id=mine)
    if before is not M.ACTIVE:
        moved(mine, before, "MD07")
    for _ in range(2):
        died(who, True)
        assert (state_of(mine), state_of(theirs)) == (M.REVOKED, M.ACTIVE)
    for _ in range(2):
        died(who, False)
        assert state_of(mine) is before
    history = select(MandateChange.after).where(MandateChange.mandate_id == mine).order_by(MandateChange.id)
    assert list(db.session.scalars(history))[-2:] == [M.REVOKED, before]


@pytest.mark.parametrize("over", [M.REVOKED, M.LAPSED])
def test_what_ended_for_another_reason_stays_ended(app: Flask, over: MandateState) -> None:
    who = person("Jan Jansen")
    mine = own_mandate(who)
    moved(mine, over, "MD01")
    died(who, True)
    died(who, False)
    assert state_of(mine) is over


def test_what_is_still_valid_of_the_dead_ends_by_itself(app: Flask) -> None:
    who = person("Jan Jansen")
    mine, theirs = own_mandate(who), own_mandate(person("Piet Pietersen"))
    with writing() as session:  # as when a record is merged with that of somebody who died
        session.execute(update(Supporter).where(Supporter.id == who).values(is_deceased=True))
    end_for_dead({})
    assert (state_of(mine), state_of(theirs)) == (M.REVOKED, M.ACTIVE)


def test_a_merge_with_somebody_dead_that_is_undone_gives_the_mandate_back(app: Flask) -> None:
    kept, gone = person("Anna de Wit"), person("A. de Wit")
    mine = own_mandate(kept)
    died(gone, True)
    merge_id = merge(kept, gone)
    end_for_dead({})
    assert state_of(mine) is M.REVOKED
    undo(merge_id)
    assert state_of(mine) is M.ACTIVE
