"""A person who was erased is found nowhere, but for what the law has us keep; the books do not move by a cent."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, current_app
from sqlalchemy import event, func, select, update
from sqlalchemy.types import Enum, LargeBinary, String

from app.base.actor import SYSTEM
from app.base.dates import local_date
from app.base.errors import NotFound, Refused
from app.base.holdings import OnErase, all_holdings, duties
from app.cli import backups
from app.direct_debit.models import Collection, Mandate
from app.direct_debit.states import CollectionState, MandateState
from app.documents import files
from app.extensions import db, now, writing
from app.gifts.models import Gift
from app.gifts.recurring.models import Commitment
from app.gifts.recurring.states import CommitmentState
from app.gifts.totals import total_of
from app.jobs.models import Job, JobState
from app.jobs.services import run_due
from app.ledger import checks
from app.outbox.models import Message
from app.outbox.services import queue_mail
from app.payments.models import Checkout, Payment
from app.privacy import erased_list, erasing, erasure, merging
from app.privacy.erasure_models import ErasureRequest, Ground, RequestState, Source
from app.supporters import queries
from app.vault.services import seal
from tests.conftest import SettableClock
from tests.factories.debits import due
from tests.factories.organisation import make_organisation
from tests.factories.payments import DETAILS, post_checkout
from tests.factories.recurring import announce_and_plan
from tests.factories.supporters import person
from tests.privacy.erasing import EMAIL, WORDS, Somebody, found, make
from tests.support.postgres import Missing, binaries

# What the law has us keep of an agreement: the name of who gave, and the paper itself.
AGREEMENT = {("periodic_agreement", "first_names"), ("periodic_agreement", "last_name"), ("document", "filename")}


@pytest.fixture
def one(app: Flask) -> Somebody:
    make_organisation()
    return make()


def rows() -> dict[str, list[str]]:
    """Every row of every table, as text."""
    db.session.rollback()
    told = {t.name: sorted(str(tuple(r)) for r in db.session.execute(select(t))) for t in db.metadata.sorted_tables}
    db.session.rollback()
    return told


def money(one: Somebody) -> tuple[object, ...]:
    """What the books, the gifts and the totals say."""
    db.session.rollback()
    gifts = db.session.execute(select(func.count(), func.sum(Gift.amount_cents)).select_from(Gift)).one()
    return (*gifts, total_of(one.id), rows()["journal_line"], rows()["journal_entry"])


def erase(one: Somebody) -> None:
    """As it is asked, decided and done."""
    with writing():
        request_id = erasure.ask(one.id, Source.PORTAL, actor=SYSTEM, now=now())
        erasure.accept(request_id, Ground.WITHDRAWN, actor=SYSTEM, now=now())
    run_due()


def problems() -> list[str]:
    return [problem for outcome in checks.run() for problem in outcome.problems]


def test_nothing_of_them_is_found_but_what_the_law_has_us_keep(one: Somebody, clock: SettableClock) -> None:
    before, there = money(one), found()
    assert {("supporter", "last_name"), ("email", "address"), ("address", "street"), ("iban", "number_sealed"),
            ("interaction", "body"), ("phone", "number"), ("checkout", "details"),
            ("periodic_bsn", "number_sealed")} <= there  # fmt: skip
    erase(one)
    assert found() == AGREEMENT
    assert money(one) == before
    assert problems() == []
    assert queries.get(one.other).display_name == "Bob Bos"
    last = db.session.scalars(select(Message).where(Message.template == "privacy/erased")).one()
    assert (last.state.value, last.data_sealed, last.person_id) == ("sent", None, None)
    request = db.session.scalars(select(ErasureRequest)).one()
    assert (request.state, request.rest_on) == (RequestState.DONE, local_date(now()).replace(2033, 12, 31))
    # After seven years the rest goes too, with its paper, and not a day before.
    clock.at(2033, 12, 31, 11)
    erasing.erase_rest({})
    assert found() == AGREEMENT
    assert files.read(one.files[1])
    clock.at(2034, 1, 1, 11)
    erasing.erase_rest({})
    assert found() == set()
    assert money(one) == before
    for digest in one.files:
        with pytest.raises(NotFound):
            files.read(digest)


def test_whom_the_worker_gave_up_on_is_erased_in_the_night(one: Somebody) -> None:
    """A folder that could not be written for hours, say: nobody tries a job that failed ten times."""
    with writing():
        request_id = erasure.ask(one.id, Source.PORTAL, actor=SYSTEM, now=now())
        erasure.accept(request_id, Ground.WITHDRAWN, actor=SYSTEM, now=now())
        db.session.execute(update(Job).where(Job.name == erasure.WORK).values(state=JobState.DEAD))
    assert not found() <= AGREEMENT
    erasing.erase_rest({})
    run_due()  # their last mail goes, and with it the address
    assert found() == AGREEMENT
    assert db.session.get_one(ErasureRequest, request_id).state is RequestState.DONE


def test_one_who_cannot_be_erased_does_not_keep_the_others(one: Somebody) -> None:
    other = person(email="ander@voorbeeld.example")
    with writing():
        requests = [erasure.ask(each, Source.PORTAL, actor=SYSTEM, now=now()) for each in (other, one.id)]
        for request_id in requests:
            erasure.accept(request_id, Ground.WITHDRAWN, actor=SYSTEM, now=now())
        db.session.execute(update(Job).where(Job.name == erasure.WORK).values(state=JobState.DEAD))

    def damaged(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.startswith("DELETE FROM email") and str(other) in str(parameters):
            raise OSError("a page of the database cannot be read")

    event.listen(db.engine, "before_cursor_execute", damaged)
    try:
        for _night in range(2):  # in the second one the list of the erased names them too
            with pytest.raises(ExceptionGroup, match="could not be erased"):
                erasing.erase_rest({})
    finally:
        event.remove(db.engine, "before_cursor_execute", damaged)
    states = {each.id: each.state for each in db.session.scalars(select(ErasureRequest))}
    assert states == {requests[0]: RequestState.ACCEPTED, requests[1]: RequestState.DONE}


@pytest.mark.databases("sqlite")
def test_not_in_the_bytes_of_the_database_either(one: Somebody) -> None:
    erase(one)
    erasing.erase_rest({})
    path = Path(str(db.engine.url.database))
    db.session.remove()
    content = b"".join(each.read_bytes() for each in path.parent.glob(f"{path.name}*")).lower()
    left = [word for word in WORDS if word.encode() in content and word not in ("wietske", "zwaluwstaart")]
    assert left == []


@pytest.mark.databases("sqlite")
def test_the_log_is_cut_every_night_whoever_reads(app: Flask) -> None:
    log = Path(f"{db.engine.url.database}-wal")
    person()
    with db.engine.connect() as reader:
        reader.exec_driver_sql("SELECT count(*) FROM supporter").scalar_one()
        erasing.erase_rest({})
        person()  # and writers go on
    assert log.stat().st_size > 0
    db.session.execute(select(func.count()).select_from(ErasureRequest))  # a job may have read before
    erasing.erase_rest({})
    assert log.stat().st_size == 0
    with db.engine.connect() as used:
        assert used.exec_driver_sql("PRAGMA busy_timeout").scalar_one() == 10_000


@pytest.mark.parametrize("step", [pytest.param(1, marks=pytest.mark.complete), 9])
def test_killed_at_every_statement_they_are_whole_and_then_erased(one: Somebody, step: int) -> None:
    with writing():
        request_id = erasure.ask(one.id, Source.PORTAL, actor=SYSTEM, now=now())
        erasure.accept(request_id, Ground.WITHDRAWN, actor=SYSTEM, now=now())
    before, number = rows(), 1 - step
    while True:
        number += step
        with killed_at(number) as reached:
            try:
                erasing.carry_out({"request_id": str(request_id)})
            except Killed:
                db.session.rollback()
        if not reached:
            break
        if step > 1 or number % 20 == 0:  # looking at every table each time takes long
            assert rows() == before, f"killed at statement {number}"
    assert number > 60
    assert found() == AGREEMENT | {("outbox_message", "data_sealed")}, "the last mail still waits"
    done = rows()
    for _ in range(2):
        erasing.carry_out({"request_id": str(request_id)})
        erasing.erase(one.id, actor=SYSTEM)
    assert rows() == done


class Killed(Exception):
    pass


@contextmanager
def killed_at(number: int) -> Iterator[list[int]]:
    """The statement of this number never runs; tells whether it came that far."""
    reached: list[int] = []
    count = 0

    def before(*_: object) -> None:
        nonlocal count
        count += 1
        if count == number:
            reached.append(number)
            raise Killed

    event.listen(db.engine, "before_cursor_execute", before)
    try:
        yield reached
    finally:
        event.remove(db.engine, "before_cursor_execute", before)


def test_what_is_shared_with_others_stays_theirs(app: Flask) -> None:
    """A couple with one mailbox: the mails of the other, and a mail to the mailbox, are not taken along."""
    make_organisation()
    one, other = person("Jan Bos", email="samen@example.nl"), person("Els Bos", email="samen@example.nl")
    with writing():
        for key, whose in (("his", one), ("hers", other), ("nobody", None)):
            queue_mail("gifts/thanks", "samen@example.nl", {}, language="nl", now=now(), key=key, person_id=whose)
    erasing.erase(one, actor=SYSTEM, tell=False)
    assert sorted(db.session.scalars(select(Message.person_id)), key=str) == [other, None]
    assert queries.primary_emails([one, other]) == {other: "samen@example.nl"}


def test_a_recurring_gift_stops_them_and_nothing_is_collected_of_who_was_erased(
    app: Flask, clock: SettableClock
) -> None:
    """Who is on the list of a restored backup is erased whatever runs; what the bank has already goes on."""
    due(clock, amounts=(1500,))
    who = db.session.scalars(select(Commitment.supporter_id)).one()
    with writing():
        request_id = erasure.ask(who, Source.STAFF, actor=SYSTEM, now=now())
        assert [each.stops for each in erasure.obstacles(who)] == [True, False]
    with pytest.raises(Refused, match="End that first"), writing():
        erasure.accept(request_id, Ground.WITHDRAWN, actor=SYSTEM, now=now())
    erasing.erase(who, actor=SYSTEM)
    assert db.session.scalars(select(Commitment.state)).all() == [CommitmentState.ENDED]
    assert db.session.scalars(select(Mandate.state)).all() == [MandateState.REVOKED]
    clock.forward(days=60)
    announce_and_plan()
    run_due()
    assert set(db.session.scalars(select(Collection.state))) == {CollectionState.WITHDRAWN}
    assert db.session.scalars(select(Mandate.iban_sealed)).all() == [None], "no bank ever saw a collection"


@pytest.mark.parametrize(("days", "kept"), [(425, True), (430, False)])
def test_a_mandate_is_shown_to_banks_for_fourteen_months(
    app: Flask, clock: SettableClock, days: int, kept: bool
) -> None:
    """15 December 2026 and 14 months: 15 February 2028, 427 days later."""
    due(clock, amounts=(1500,))
    with writing() as session:
        session.execute(update(Collection).values(state=CollectionState.COLLECTED))
    who = db.session.scalars(select(Mandate.supporter_id)).one()
    erasing.erase(who, actor=SYSTEM)
    assert erasing.kept([who])[0][1] == date(2028, 2, 15)
    clock.at(2026, 12, 15, 11)
    clock.forward(days=days)
    erasing.erase_rest({})
    mandate = db.session.scalars(select(Mandate)).one()
    assert (mandate.iban_sealed is not None, mandate.holder_sealed is not None) == (kept, kept)
    assert mandate.reference


def test_of_unpaid_forms_only_their_own_are_opened(one: Somebody) -> None:
    """However many others were sent, by an attack on the form too: what another typed here cannot be opened at all."""
    (shut, _), (old, _) = post_checkout(), post_checkout(details=DETAILS | {"email": EMAIL, "last_name": "Roerdomp"})
    with writing():
        db.session.execute(update(Checkout).where(Checkout.id == shut).values(details=b"shut"))
        db.session.execute(update(Checkout).where(Checkout.id == old).values(email_lookup=None))  # of a version before
    erase(one)
    left = db.session.execute(select(Checkout.id).where(Checkout.email_lookup.is_not(None))).scalars().all()
    assert left == [shut]
    assert db.session.get_one(Checkout, old).details is None
    assert ("checkout", "details") not in found()


def test_what_comes_in_after_it_goes_too(one: Somebody) -> None:
    """A payment that was under way brings the name of the payer."""
    erase(one)
    with writing() as session:
        payment = session.scalars(select(Payment)).one()
        payment.consumer = seal('{"name": "W. Zwaluwstaart"}', f"payment:{payment.id}")
    assert ("payment", "consumer") in found()
    erasing.erase_rest({})
    assert found() == AGREEMENT


def test_a_restored_backup_erases_again(one: Somebody, monkeypatch: pytest.MonkeyPatch) -> None:
    with suppress(Missing):
        monkeypatch.setenv("PATH", f"{binaries()}{os.pathsep}{os.environ['PATH']}")
    backup = backups.make(now())
    erase(one)
    listed = erased_list.path().read_text()
    assert str(one.id) in listed
    assert str(one.double) in listed
    assert "zwaluw" not in listed.lower()
    before = money(one)
    result = current_app.test_cli_runner().invoke(args=["backup", "restore", "--force", str(backup)])
    assert result.exit_code == 0, result.output
    assert "Erased again, as they were after this backup: 1." in result.output
    assert found() == AGREEMENT
    assert money(one) == before
    assert erased_list.path().read_text() == listed
    assert db.session.scalars(select(Message).where(Message.template == "privacy/erased")).all() == []
    request = db.session.scalars(select(ErasureRequest)).one()
    assert (request.source, request.state) == (Source.RESTORED, RequestState.DONE)
    assert erasing.replay() == 0
    assert problems() == []


def test_a_list_that_was_cut_off_goes_on(app: Flask) -> None:
    erased_list.add([1, 2], now())
    erased_list.path().write_text(erased_list.path().read_text() + "3 2026-11-")
    erased_list.add([3, 1], now())
    assert erased_list.ids() == {1, 2, 3}
    assert erased_list.path().read_text().count("\n1 ") == 0


def test_a_request_outlives_a_merge(one: Somebody) -> None:
    """Asked for one record, which was put into another since: that one is erased, with all its names."""
    asked = person("Wietske Zwaluwstaart", email="w@zwaluwstaart.example")
    with writing():
        request_id = erasure.ask(asked, Source.PORTAL, actor=SYSTEM, now=now())
        merging.merge(one.id, asked, "Dezelfde", actor=SYSTEM, now=now())
        erasure.accept(request_id, Ground.NOT_NEEDED, actor=SYSTEM, now=now())
    erasing.carry_out({"request_id": str(request_id)})
    assert found() - {("outbox_message", "data_sealed")} == AGREEMENT
    assert db.session.scalars(select(ErasureRequest.state)).all() == [RequestState.DONE]


# Text that stays with rows that stay: it says nothing of a person. Look before you add a line.
SAYS_NOTHING: dict[str, set[str]] = {
    "collection": {"reason_code"},
    "collection_change": {"by", "reason"},
    "commitment": {"language", "source"},
    "commitment_change": {"by"},
    "debit_item": {"iban_lookup"},  # a keyed hash, of which the number cannot be made
    "debit_return": {"batch_reference", "code", "end_to_end", "key", "mandate_reference", "source", "why"},
    "gift": {"method", "source"},
    "gift_batch_row": {"bank_reference"},
    "gift_step": {"bank_reference"},
    "mandate": {"consent_text", "creditor_before", "language", "provider", "reference"},
    "mandate_amendment": {"original_reference"},
    "mandate_change": {"by"},
    "periodic_signing": {"code_hash", "consent", "signed_sha256", "text_sha256"},  # our own words, and hashes
    "payment": {"currency", "method", "mode", "profile", "provider", "provider_id"},
    "payment_event": {"provider_id", "reason"},
    "periodic_agreement": {
        "charity_function", "charity_signatory", "charity_signed_place", "country", "language", "number",
    },
    "refund": {"answer", "provider_id"},
}  # fmt: skip


def test_every_text_of_a_row_that_stays_was_looked_at(app: Flask) -> None:
    """Rows that point at a supporter and are not deleted, and rows that point at those: each of their texts is
    emptied, kept by a duty, or known to say nothing of a person."""
    assert staying() == SAYS_NOTHING


def staying() -> dict[str, set[str]]:
    tables = db.metadata.tables
    gone = {(h.table, h.column) for h in all_holdings() if h.on_erase is OnErase.DELETE}
    emptied = {(h.table, name) for h in all_holdings() for name in h.personal_columns}
    emptied |= {(child, name) for h in all_holdings() for child, _column, names in h.words for name in names}
    emptied |= {(duty.table, name) for duty in duties().values() for name in duty.columns}
    inside = {h.table for h in all_holdings() if h.on_erase is not OnErase.DELETE} - {"funder", "grant_partner"}
    while True:
        more = {
            t.name for t in tables.values() for key in t.foreign_keys
            if key.column.table.name in inside - {"supporter"} and key.ondelete != "CASCADE"
        }  # fmt: skip
        if more <= inside:
            break
        inside |= more
    found: dict[str, set[str]] = {}
    for name in inside - {"supporter"} - {table for table, _column in gone}:
        texts = {c.name for c in tables[name].c if _is_text(c.type) and (name, c.name) not in emptied}
        if texts:
            found[name] = texts
    return found


def _is_text(kind: object) -> bool:
    kind = getattr(kind, "impl_instance", kind)
    return isinstance(kind, String | LargeBinary) and not isinstance(kind, Enum)
