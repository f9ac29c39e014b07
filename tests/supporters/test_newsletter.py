from __future__ import annotations

from typing import cast

import pytest
from flask import Flask, current_app
from sqlalchemy import func, select

from app.base.actor import SYSTEM
from app.base.dates import local_date
from app.base.errors import NotFound
from app.extensions import db, now, writing
from app.jobs.services import run_due
from app.links.models import Link
from app.outbox.models import Message
from app.supporters import consents, newsletter, queries
from app.supporters.consent_models import Channel, Consent, NewsletterRequest, Purpose
from app.supporters.contact_models import Email
from app.supporters.models import Supporter
from tests.conftest import SettableClock
from tests.factories.supporters import person
from tests.support.mails import token_in_newest_mail


def ask(email: str = "els@voorbeeld.example", name: str = "Els") -> str:
    cast(SettableClock, current_app.extensions["clock"]).forward(seconds=1)
    with writing():
        newsletter.request(email, name, "nl", "website", now(), asked_from="0f")
    return token_in_newest_mail()


def confirm(token: str) -> int:
    with writing():
        return newsletter.confirm(token, now=now())


def may(supporter: int) -> bool:
    return bool(consents.may_contact(supporter, Channel.EMAIL, Purpose.NEWS, local_date(now())))


def count(model: type) -> int:
    return db.session.execute(select(func.count()).select_from(model)).scalar() or 0


def test_asking_makes_nobody_and_confirming_makes_the_consent_with_its_proof(app: Flask) -> None:
    token = ask()
    assert count(Supporter) == 0
    assert newsletter.pending(token, now=now()).email == "els@voorbeeld.example"
    assert count(Supporter) == 0, "looking changes nothing"
    one = confirm(token)
    assert queries.get(one).display_name == "Els"
    assert may(one)
    row = db.session.execute(select(Consent)).scalar_one()
    assert (row.source, row.text_version) == ("website", newsletter.TEXT_VERSION)
    message = db.session.execute(select(Message)).scalar_one()
    assert f"{message.id:016x}" in row.proof
    assert "from 0f" in row.proof


def test_a_link_confirms_once_and_ends_in_time(app: Flask, clock: SettableClock) -> None:
    token = ask()
    confirm(token)
    with pytest.raises(NotFound):
        confirm(token)
    late = ask("laat@voorbeeld.example")
    clock.forward(days=7, seconds=1)
    with pytest.raises(NotFound):
        confirm(late)


def test_a_known_address_gets_the_consent_and_no_second_record(app: Flask) -> None:
    one = person("Els Bakker", email="ELS@voorbeeld.example")
    assert confirm(ask()) == one
    assert count(Supporter) == 1
    assert queries.get(one).display_name == "Els Bakker", "a public form never overwrites a name"


def test_of_housemates_with_one_address_the_named_one_signs_up(app: Flask) -> None:
    person("Piet Bakker", email="els@voorbeeld.example")
    els = person("Els Bakker", email="els@voorbeeld.example")
    assert confirm(ask()) == els


def test_signing_up_from_the_mailbox_takes_an_objection_to_email_back(app: Flask) -> None:
    one = person("Els Bakker", email="els@voorbeeld.example")
    with writing():
        consents.object_to(one, Channel.EMAIL, source="mail", actor=SYSTEM, now=now())
    confirm(ask())
    assert may(one)


def test_nobodys_mailbox_is_filled_through_the_form(app: Flask, clock: SettableClock) -> None:
    for _ in range(6):
        with writing():
            newsletter.request("Els@voorbeeld.example", "", "nl", "website", now())
    assert count(Message) == newsletter.MAILS_A_DAY
    clock.forward(days=1, minutes=1)
    with writing():
        newsletter.request("els@voorbeeld.example", "", "nl", "website", now())
    assert count(Message) == newsletter.MAILS_A_DAY + 1


def test_a_leave_link_works_again_and_again_and_tells_the_truth(app: Flask) -> None:
    one = confirm(ask())
    email = db.session.execute(select(Email.id).where(Email.supporter_id == one)).scalar_one()
    with writing():
        token = newsletter.leave_token(email, now=now())
    assert newsletter.subscription(token, now=now()) == newsletter.Subscription("e•••@voorbeeld.example", True, "nl")
    with writing():
        assert newsletter.leave(token, now=now())
    assert not may(one)
    with writing():
        assert not newsletter.leave(token, now=now())
    assert not newsletter.subscription(token, now=now()).subscribed
    confirm(ask())
    with writing():
        assert newsletter.leave(token, now=now()), "the old link still works after signing up again"
    with pytest.raises(NotFound):
        newsletter.subscription("x" * 27, now=now())


def test_old_signups_are_forgotten(app: Flask, clock: SettableClock) -> None:
    ask()
    clock.forward(days=31)
    run_due()
    assert count(NewsletterRequest) == 0


def test_addresses_of_signups_are_sealed(app: Flask) -> None:
    ask()
    row = db.session.execute(select(NewsletterRequest)).scalar_one()
    assert b"els@" not in row.email_sealed
    assert count(Link) == 1
