from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from flask import Flask
from sqlalchemy import event, func, select

from app.base.actor import SYSTEM
from app.base.errors import Invalid, NotFound
from app.extensions import db, now, writing
from app.supporters import consents, interactions, services
from app.supporters.consent_models import Basis, Channel, Consent, Purpose
from app.supporters.consents import may_contact, may_contact_many
from app.supporters.interaction_models import InteractionKind
from app.supporters.models import Supporter
from tests.conftest import SettableClock
from tests.factories.supporters import organisation, person

TODAY = date(2026, 11, 23)
NEWS, GIFTS = Purpose.NEWS, Purpose.FUNDRAISING


def say(
    supporter: int, channel: Channel, basis: Basis, purpose: Purpose = NEWS, given_at: datetime | None = None
) -> None:
    with writing():
        consents.record_consent(
            supporter,
            channel,
            purpose,
            basis,
            source="test",
            proof="said so",
            given_at=given_at,
            actor=SYSTEM,
            now=now(),
        )


def took_part(supporter: int, *parts: int) -> None:
    with writing():
        interactions.add(
            supporter, InteractionKind.PARTICIPATION, subject="Walk", happened_at=datetime(*parts, tzinfo=UTC),
            actor=SYSTEM, now=now(),
        )  # fmt: skip


@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize("basis", [None, *Basis])
@pytest.mark.parametrize("objects", [False, True])
def test_the_whole_matrix_for_a_person_who_never_gave(
    app: Flask, channel: Channel, basis: Basis | None, objects: bool
) -> None:
    one = person()
    if basis is not None:
        say(one, channel, basis)
    if objects:
        with writing():
            consents.object_to(one, channel, source="phone", actor=SYSTEM, now=now())
    allowed = {
        (Channel.EMAIL, Basis.CONSENT), (Channel.SMS, Basis.CONSENT), (Channel.PHONE, Basis.CONSENT),
        (Channel.PHONE, Basis.RELATION), (Channel.POST, Basis.CONSENT), (Channel.POST, Basis.RELATION),
        (Channel.POST, None),
    }  # fmt: skip
    answer = may_contact(one, channel, NEWS, TODAY)
    assert bool(answer) == ((channel, basis) in allowed and not objects), answer.reason
    for other in set(Channel) - {channel, Channel.POST}:
        assert not may_contact(one, other, NEWS, TODAY), "consent for one channel says nothing of another"
    assert may_contact(one, channel, Purpose.SERVICE, TODAY), "service messages go on"


def test_consent_for_one_purpose_says_nothing_of_another(app: Flask) -> None:
    one = person()
    say(one, Channel.EMAIL, Basis.CONSENT, NEWS)
    assert may_contact(one, Channel.EMAIL, NEWS, TODAY)
    assert not may_contact(one, Channel.EMAIL, GIFTS, TODAY)


@pytest.mark.parametrize(
    ("on", "allowed"),
    [(date(2026, 11, 20), True), (date(2029, 11, 20), True), (date(2029, 11, 21), False), (date(2026, 11, 19), False)],
)
def test_donors_may_be_called_until_three_years_after_their_last_activity(app: Flask, on: date, allowed: bool) -> None:
    one = person()
    took_part(one, 2026, 11, 20, 12)
    assert bool(may_contact(one, Channel.PHONE, GIFTS, on)) == allowed


def test_the_last_gift_comes_from_a_higher_room(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = person(), person()
    monkeypatch.setattr(consents, "_activity", {})
    consents.activity_from("gifts", lambda ids: {one: date(2024, 2, 29)} if one in ids else {})
    answer = may_contact(one, Channel.PHONE, GIFTS, TODAY)
    assert answer
    assert answer.until == date(2027, 2, 28)
    assert not may_contact(other, Channel.PHONE, GIFTS, TODAY)


def test_a_no_or_a_withdrawal_outweighs_the_relation(app: Flask, clock: SettableClock) -> None:
    one, other = person(), person()
    for each in (one, other):
        took_part(each, 2026, 11, 20, 12)
    say(one, Channel.PHONE, Basis.NONE)
    say(other, Channel.PHONE, Basis.CONSENT)
    assert not may_contact(one, Channel.PHONE, NEWS, TODAY)
    assert may_contact(other, Channel.PHONE, NEWS, TODAY)
    clock.forward(days=1)
    with writing():
        assert consents.withdraw(other, Channel.PHONE, NEWS, source="call", actor=SYSTEM, now=now())
        assert not consents.withdraw(other, Channel.PHONE, NEWS, source="call", actor=SYSTEM, now=now())
    assert not may_contact(other, Channel.PHONE, NEWS, date(2026, 11, 24))
    assert may_contact(other, Channel.PHONE, NEWS, TODAY), "on that day it still held"


def test_a_new_yes_counts_and_the_history_stays(app: Flask, clock: SettableClock) -> None:
    one = person()
    say(one, Channel.EMAIL, Basis.CONSENT)
    clock.forward(days=1)
    with writing():
        consents.withdraw(one, Channel.EMAIL, NEWS, source="link", actor=SYSTEM, now=now())
    clock.forward(days=1)
    say(one, Channel.EMAIL, Basis.CONSENT)
    assert may_contact(one, Channel.EMAIL, NEWS, date(2026, 11, 25))
    assert not may_contact(one, Channel.EMAIL, NEWS, date(2026, 11, 24))
    assert db.session.execute(select(func.count()).select_from(Consent)).scalar() == 2


def test_an_objection_is_lifted_only_with_proof_and_only_by_its_owner(app: Flask) -> None:
    one, other = person(), person()
    say(one, Channel.EMAIL, Basis.CONSENT)
    with writing():
        objection = consents.object_to(one, Channel.EMAIL, source="mail", actor=SYSTEM, now=now())
        assert consents.object_to(one, Channel.EMAIL, source="mail", actor=SYSTEM, now=now()) == objection
    with pytest.raises(Invalid), writing():
        consents.lift_objection(objection, one, proof=" ", actor=SYSTEM, now=now())
    with pytest.raises(NotFound), writing():
        consents.lift_objection(objection, other, proof="letter", actor=SYSTEM, now=now())
    assert not may_contact(one, Channel.EMAIL, NEWS, TODAY)
    with writing():
        consents.lift_objection(objection, one, proof="letter of today", actor=SYSTEM, now=now())
    assert may_contact(one, Channel.EMAIL, NEWS, TODAY)


def test_the_dead_the_merged_and_the_unknown_are_left_in_peace(app: Flask) -> None:
    dead, merged, stays = person(), person(), person()
    for each in (dead, merged):
        say(each, Channel.EMAIL, Basis.CONSENT)
    with writing():
        services.set_deceased(dead, True, None, actor=SYSTEM, now=now())
        db.session.get_one(Supporter, merged).merged_into_id = stays
    for each in (dead, merged, 12345):
        for purpose in Purpose:
            assert not may_contact(each, Channel.EMAIL, purpose, TODAY)
            assert not may_contact(each, Channel.POST, purpose, TODAY)


def test_organisations_may_be_called_until_they_object_but_not_mailed(app: Flask) -> None:
    one = organisation()
    assert may_contact(one, Channel.PHONE, GIFTS, TODAY)
    assert not may_contact(one, Channel.EMAIL, GIFTS, TODAY)


def test_consent_needs_proof_and_lies_not_in_the_future(app: Flask) -> None:
    one = person()
    for wrong in ({"proof": ""}, {"proof": "x", "given_at": datetime(2027, 1, 1, tzinfo=UTC)}):
        with pytest.raises(Invalid), writing():
            consents.record_consent(
                one,
                Channel.EMAIL,
                NEWS,
                Basis.CONSENT,
                source="test",
                actor=SYSTEM,
                now=now(),
                **wrong,  # type: ignore[arg-type]
            )


def test_many_are_answered_with_as_many_statements_as_one(app: Flask) -> None:
    people = [person() for _ in range(12)]
    seen: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda *a: seen.append(a[2]))
    may_contact_many(people[:1], Channel.PHONE, NEWS, TODAY)
    seen.clear()
    may_contact_many(people[:1], Channel.PHONE, NEWS, TODAY)
    one = len(seen)
    seen.clear()
    may_contact_many(people, Channel.PHONE, NEWS, TODAY)
    assert len(seen) == one
