from __future__ import annotations

import dataclasses
import smtplib
import socket
from email.message import EmailMessage
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from app.base.actor import SYSTEM
from app.base.errors import NotFound
from app.extensions import db, now, settings, writing
from app.jobs.services import run_due, run_one
from app.outbox import delivery, queries, services
from app.outbox import transport as smtp
from app.outbox.models import Message, MessageState
from app.outbox.names import NAMES
from app.outbox.transport import SmtpTransport
from tests.conftest import SettableClock
from tests.support.smtp import Mailbox


def queue(key: str = "k", to: str = "anna@example.org", template: str = "test/hello", **data: object) -> None:
    with writing():
        values = {"name": "Anna", "link": f"{settings().public_url}/x"} | data
        services.queue_mail(template, to, values, language="nl", now=now(), key=key)


def message() -> Message:
    return db.session.execute(select(Message).execution_options(populate_existing=True)).scalar_one()


def test_a_mail_is_sent_once_with_text_and_html(app: Flask, mailbox: Mailbox) -> None:
    queue()
    queue()
    run_due()
    run_due()
    (mail,) = mailbox.mails
    assert mail["Subject"] == "Hello Anna"
    assert mail["To"] == "anna@example.org"
    assert mail["Message-ID"] == message().message_id
    text, html = (part.get_content() for part in mail.iter_parts())
    assert "Open the page:\r\nhttp://" in text
    assert "<a " in html
    assert "Dear Anna," in html
    assert message().state is MessageState.SENT


def test_a_mail_of_a_transaction_that_failed_does_not_exist(app: Flask, mailbox: Mailbox) -> None:
    def business(divisor: int) -> None:
        with writing():
            services.queue_mail("test/hello", "a@example.org", {}, language="nl", now=now(), key="k")
            1 // divisor

    with pytest.raises(ZeroDivisionError):
        business(0)
    run_due()
    assert mailbox.mails == []


def test_what_donors_typed_becomes_neither_markup_nor_a_link_elsewhere(app: Flask, mailbox: Mailbox) -> None:
    queue(name="<b>Eve</b>", link="https://evil.example/x")
    run_due()
    _, html = (part.get_content() for part in mailbox.mails[0].iter_parts())
    assert "<b>Eve" not in html
    assert 'href="https://evil.example' not in html


@pytest.mark.parametrize("answer", ["451 try later", "abort", "421 busy"])
def test_a_passing_fault_is_tried_again_later_under_the_same_message_id(
    app: Flask, mailbox: Mailbox, clock: SettableClock, answer: str
) -> None:
    mailbox.answers = [answer, answer]
    queue()
    for _ in range(6):
        run_due()
        clock.forward(minutes=5)
    assert len(mailbox.mails) == 1
    assert message().state is MessageState.SENT
    assert message().attempts == 3


def test_a_mail_taken_without_an_answer_goes_out_again_with_the_same_message_id(
    app: Flask, mailbox: Mailbox, clock: SettableClock
) -> None:
    mailbox.answers = ["taken, then abort"]
    queue()
    for _ in range(3):
        run_due()
        clock.forward(minutes=5)
    assert len({mail["Message-ID"] for mail in mailbox.mails}) == 1
    assert len(mailbox.mails) == 2


def test_an_unknown_address_is_a_dead_letter_that_does_not_repeat_the_address(app: Flask, mailbox: Mailbox) -> None:
    queue(to="unknown@example.org")
    queue(key="other")
    run_due()
    dead = db.session.execute(select(Message).where(Message.state == MessageState.DEAD)).scalar_one()
    assert dead.last_error is not None
    assert dead.last_error.startswith("550")
    assert "unknown@" not in dead.last_error
    assert len(mailbox.mails) == 1


def test_a_server_that_stays_away_makes_a_dead_letter_that_can_be_sent_again(
    app: Flask, mailbox: Mailbox, clock: SettableClock
) -> None:
    mailbox.answers = ["451 no"] * delivery.MAX_ATTEMPTS
    queue()
    for _ in range(40):
        run_due()
        clock.forward(hours=4)
    assert message().state is MessageState.DEAD
    with writing():
        services.send_again(message().id, actor=SYSTEM, now=now())
    run_due()
    assert len(mailbox.mails) == 1
    with writing(), pytest.raises(NotFound):
        services.send_again(message().id, actor=SYSTEM, now=now())


def test_a_broken_template_does_not_hold_up_the_others(app: Flask, mailbox: Mailbox) -> None:
    queue(key="1", template="test/broken")
    queue(key="2", template="test/missing")
    queue(key="3")
    run_due()
    assert len(mailbox.mails) == 1


def test_a_worker_that_died_while_sending_loses_nothing(app: Flask, mailbox: Mailbox, clock: SettableClock) -> None:
    queue()
    assert len(delivery._claim()) == 1
    run_due()
    assert mailbox.mails == []
    clock.forward(minutes=11)
    run_due()
    assert len(mailbox.mails) == 1


def test_address_and_content_are_sealed(app: Flask, mailbox: Mailbox) -> None:
    queue(to="canary@example.org", name="Kanarie")
    row = repr(db.session.execute(select(Message.__table__)).one())
    assert "canary" not in row
    assert "Kanarie" not in row
    assert queries.view(message().id).to == "canary@example.org"


def test_content_is_forgotten_after_90_days_and_the_fact_stays(
    app: Flask, mailbox: Mailbox, clock: SettableClock
) -> None:
    queue()
    run_due()
    clock.forward(days=91)
    delivery.forget({})
    assert message().data_sealed is None
    assert message().sent_at is not None
    with pytest.raises(NotFound):
        queries.view(message().id)


def test_many_waiting_mails_all_go_out(app: Flask, mailbox: Mailbox) -> None:
    for n in range(45):
        queue(key=f"k{n}", to=f"a{n}@example.org")
    run_due()
    assert len(mailbox.mails) == 45


def test_a_server_that_hangs_costs_two_tries_and_not_one_for_each_mail(
    app: Flask, mailbox: Mailbox, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twenty seconds for each of them would keep the worker from payments for hours."""
    monkeypatch.setattr(smtp, "TIMEOUT_SECONDS", 0.2)
    for n in range(25):
        queue(key=f"k{n}", to=f"a{n}@example.org")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        app.config["SETTINGS"] = dataclasses.replace(settings(), smtp_url=f"smtp://127.0.0.1:{silent.getsockname()[1]}")
        run_due()
        queue(key="one more")
        run_due()
    tries = db.session.scalars(select(Message.attempts).order_by(Message.attempts.desc())).all()
    assert sum(tries) == 2
    app.config["SETTINGS"] = dataclasses.replace(settings(), smtp_url=mailbox.url)
    clock.forward(minutes=2)
    run_due()
    assert len(mailbox.mails) == 26


def test_a_slow_server_leaves_other_work_its_turn(
    app: Flask, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "TURN_SECONDS", 0.3)
    mailbox.delay_seconds = 0.1
    for n in range(12):
        queue(key=f"k{n}", to=f"a{n}@example.org")
    assert run_one(now())
    assert 0 < len(mailbox.mails) < 12
    run_due()
    assert len(mailbox.mails) == len({mail["Message-ID"] for mail in mailbox.mails}) == 12
    assert set(db.session.scalars(select(Message.attempts))) == {1}


@pytest.mark.databases("sqlite")
def test_a_password_never_travels_in_the_open(app: Flask, mailbox: Mailbox) -> None:
    """The server here knows no STARTTLS: with a user, the mail waits rather than tell everyone the password."""
    mail = EmailMessage()
    mail["From"], mail["To"] = "post@example.org", "anna@example.org"
    plain, named = mailbox.url, mailbox.url.replace("//", "//user:geheim@")
    with pytest.raises(smtplib.SMTPNotSupportedError, match="STARTTLS"):
        SmtpTransport(named).send(mail)
    assert not mailbox.mails
    transport = SmtpTransport(plain)
    transport.send(mail)
    transport.close()
    assert len(mailbox.mails) == 1


def test_staff_read_what_each_mail_is_called(app: Flask) -> None:
    root = Path(app.root_path).parent / "templates" / "mail"
    mails = {str(each.relative_to(root).with_suffix("")) for each in root.rglob("[!_]*.txt")}
    assert mails == set(NAMES)
