"""The pages of batches: one builds, another approves, the file goes out twice the same, the money is booked."""

from __future__ import annotations

import os
from collections.abc import Callable
from io import BytesIO
from typing import NoReturn

import pytest
from flask import Flask
from sqlalchemy import select

from app.base.actor import SYSTEM
from app.base.references import code_of
from app.direct_debit import exporting, keeping, mandates, returning, views
from app.direct_debit.batch_models import DebitBatch, DebitReturn
from app.direct_debit.models import Mandate
from app.direct_debit.states import BatchState, CollectionState, MandateState
from app.extensions import db, now, settings, writing
from app.gifts.models import Gift
from app.jobs.services import run_due
from app.supporters.services import set_deceased
from app.ui.permissions import Role
from tests.conftest import SettableClock
from tests.direct_debit.test_batches import states
from tests.direct_debit.test_returns import report, told
from tests.factories import debits
from tests.support.client import Client

SignIn = Callable[[str], Client]


def somebody(app: Flask, role: Role) -> Client:
    """Another member of staff, with a browser of their own."""
    return Client(app, app.response_class).sign_in(role)


def the_batch() -> DebitBatch:
    db.session.rollback()
    return db.session.scalars(select(DebitBatch)).one()


def test_a_batch_from_page_to_page(app: Flask, clock: SettableClock) -> None:
    ids = debits.due(clock)
    one, two, viewer = (somebody(app, role) for role in (Role.FINANCE, Role.ADMIN, Role.VIEWER))
    assert "47,50" in one.get("/collections/batches").text
    form = {"account": str(debits.account_id()), "on": "15-12-2026"}
    wrong = one.post("/collections/batches/new", data=form | {"on": "25-12-2026"})
    assert (wrong.status_code, "25-12-2026" in wrong.text) == (422, True)
    assert one.post("/collections/batches/new", data=form).status_code == 303
    here = f"/collections/batches/{the_batch().id}"
    seen = {"count": "3", "cents": "4750"}
    assert f"{here}/approve" not in one.get(here).text
    assert one.post(f"{here}/approve", data=seen).status_code == 409
    for wrong_count in ("x", "9" * 6000, "\u00b2"):
        assert two.post(f"{here}/approve", data=seen | {"count": wrong_count}).status_code == 422
    assert f"{here}/approve" in two.get(here).text
    assert two.post(f"{here}/approve", data=seen).status_code == 303
    assert one.get(f"{here}/file.xml").status_code == 404
    assert one.post(f"{here}/export").status_code == 303
    file = one.get(f"{here}/file.xml").data
    assert file == two.get(f"{here}/file.xml").data
    sheet = viewer.get(f"{here}/control.txt").text
    assert the_batch().sha256 in sheet
    assert "€ 47,50" in sheet
    for page in (viewer.get(here).text, sheet):
        assert "Jansen" not in page
    assert "Jansen" in one.get(f"{here}/collections").text
    assert one.get(f"{here}/collections?out=1").status_code == 200
    assert one.post(f"{here}/sent").status_code == 303
    clock.at(2026, 12, 16, 11)
    one = somebody(app, Role.FINANCE)
    money = {"on": "15-12-2026", "amount": "47,51"}
    assert "47,51" in one.post(f"{here}/book", data=money).text
    assert one.post(f"{here}/book", data=money | {"on": "17-12-2026", "amount": "47,50"}).status_code == 422
    assert one.post(f"{here}/book", data=money | {"amount": "47,50"}).status_code == 303
    assert the_batch().state is BatchState.BOOKED
    assert set(db.session.scalars(select(Gift.id))) == set(ids)
    assert one.get(here).status_code == 200
    file, kept = f"{here}/file.xml", the_batch().sha256 or ""
    clock.at(2028, 2, 15, 11)  # fourteen months after the day of collection
    keeping.forget_files({})
    assert exporting.STORE.holds(kept)
    clock.at(2028, 2, 16, 11)
    keeping.forget_files({})
    assert not exporting.STORE.holds(kept)
    one = somebody(app, Role.FINANCE)
    assert one.get(file).status_code == 404
    page = one.get(here).text
    assert file not in page
    assert "14 maanden" in page


def test_who_looks_at_a_batch_is_told_of_donors_who_died_since(clock: SettableClock, app: Flask) -> None:
    debits.due(clock)
    one, two = (somebody(app, role) for role in (Role.FINANCE, Role.ADMIN))
    here = f"/collections/batches/{debits.built(one.staff_id or 0)}"

    def dies(collection: int) -> None:
        who = select(Mandate.supporter_id).order_by(Mandate.id).offset(collection).limit(1)
        with writing() as session:
            set_deceased(session.scalars(who).one(), True, None, actor=SYSTEM, now=now())

    assert "sindsdien" not in two.get(here).text
    dies(0)
    assert "1 incasso van € 15,00 is sindsdien veranderd" in two.get(here).text.replace("\xa0", " ")
    assert two.post(f"{here}/approve", data={"count": "3", "cents": "4750"}).status_code == 303
    assert two.post(f"{here}/export").status_code == 303
    assert "sindsdien" not in two.get(here).text
    dies(1)
    assert "staat toch in dit bestand" in two.get(here).text


@pytest.mark.parametrize("given_up", [False, True])
def test_a_full_disk_makes_no_half_file(app: Flask, clock: SettableClock, sign_in: SignIn, given_up: bool) -> None:
    debits.due(clock)
    staff = sign_in(Role.FINANCE)
    batch_id = debits.approved((staff.staff_id or 0, somebody(app, Role.FINANCE).staff_id or 0))
    here, folder = f"/collections/batches/{batch_id}", settings().data_dir / "collection-files"
    folder.write_text("in the way: nothing can be written here")
    assert "schijf" in staff.post(f"{here}/export", follow_redirects=True).text
    assert (the_batch().state, the_batch().sha256) == (BatchState.APPROVED, None)
    folder.unlink()
    if given_up:
        staff.post(f"{here}/cancel", data={"reason": "disk"})
        assert set(states()) == {CollectionState.PLANNED}
    else:
        assert staff.post(f"{here}/export").status_code == 303
        assert staff.get(f"{here}/file.xml").data.count(b"<EndToEndId>") == 3
        assert set(states()) == {CollectionState.SENT}


def test_cancelling_asks_why(app: Flask, clock: SettableClock, sign_in: SignIn) -> None:
    debits.due(clock, (1500,))
    staff = sign_in(Role.FINANCE)
    here = f"/collections/batches/{debits.built(staff.staff_id or 0)}"
    assert staff.get(f"{here}/cancel").status_code == 200
    assert staff.post(f"{here}/cancel", data={"reason": ""}).status_code == 422
    assert staff.post(f"{here}/cancel", data={"reason": "wrong <b>day</b>: 5% failed"}).status_code == 303
    assert the_batch().state is BatchState.CANCELED
    assert "wrong &lt;b&gt;day&lt;/b&gt;: 5% failed" in staff.get(here).text
    assert staff.get("/collections/batches?state=canceled").status_code == 200


def test_the_file_of_a_cancelled_batch_is_not_given_out(app: Flask, clock: SettableClock, sign_in: SignIn) -> None:
    """Its collections are in the next batch: a page that stood open from before must not send them twice."""
    debits.due(clock, (1500,))
    staff, other = sign_in(Role.FINANCE), somebody(app, Role.FINANCE)
    debits.sent((staff.staff_id or 0, other.staff_id or 0))
    here = f"/collections/batches/{the_batch().id}"
    assert b"<EndToEndId>" in staff.get(f"{here}/file.xml").data
    assert staff.post(f"{here}/cancel", data={"reason": "the bank lost it"}).status_code == 303
    answer = staff.get(f"{here}/file.xml")
    assert answer.status_code == 409
    assert "Deze batch geldt niet meer" in answer.text


def test_status_reports_and_what_could_not_be_placed(app: Flask, clock: SettableClock, sign_in: SignIn) -> None:
    ids = debits.due(clock)
    staff, other = sign_in(Role.FINANCE), somebody(app, Role.FINANCE)
    debits.sent((staff.staff_id or 0, other.staff_id or 0))
    assert staff.post("/collections/status", data={}).status_code == 422
    for content, status in ((b"<a/>", 422), (report(ids), 303)):
        sheet = {"file": (BytesIO(content), "status.xml")}
        assert staff.post("/collections/status", data=sheet).status_code == status
    with writing():
        lost = told(ids[1], end_to_end="UNKNOWN", cents=2500)
        returning.returned([lost], actor=SYSTEM, now=now())
    page = staff.get("/collections/returns").text
    assert "UNKNOWN" in page
    assert code_of(ids[0]) not in page
    row_id = db.session.scalars(select(DebitReturn.id).where(DebitReturn.end_to_end == "UNKNOWN")).one()
    assert staff.post(f"/collections/returns/{row_id}/again").status_code == 303
    assert staff.post(f"/collections/returns/{row_id}/dismiss").status_code == 303
    assert staff.post(f"/collections/returns/{row_id}/dismiss").status_code == 404
    assert "UNKNOWN" not in staff.get("/collections/returns").text


@pytest.mark.parametrize("stopped", [False, True])
def test_a_mandate_goes_on_with_another_account(
    app: Flask, clock: SettableClock, sign_in: SignIn, stopped: bool
) -> None:
    debits.due(clock, (1500,))
    mandate_id = db.session.scalars(select(Mandate.id)).one()
    if stopped:
        with writing():
            mandates.stop(mandate_id, MandateState.SUSPENDED, "AC04", actor=SYSTEM, now=now())
    staff, here = sign_in(Role.FUNDRAISER), f"/mandates/{mandate_id}/account"
    assert "Jansen" in staff.get(here).text
    wrong = staff.post(here, data={"iban": "NL91ABNA0417164301", "holder": "J. Jansen"})
    assert (wrong.status_code, "NL91ABNA0417164301" in wrong.text) == (422, True)
    assert staff.post(here, data={"iban": debits.dutch_iban(5), "holder": "J. Jansen"}).status_code == 303
    db.session.rollback()
    mandate = db.session.get_one(Mandate, mandate_id)
    assert (mandate.state, mandate.iban_last_four) == (MandateState.ACTIVE, debits.dutch_iban(5)[-4:])
    assert staff.get("/mandates/1/account").status_code == 404


def test_why_the_worker_made_no_file_stands_on_the_page(
    app: Flask, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a full disk it is tried again by itself, and made once there is room."""
    monkeypatch.setattr(views, "AT_ONCE", 0)
    debits.due(clock)
    client = somebody(app, Role.FINANCE)
    here = f"/collections/batches/{debits.approved((client.staff_id or 0, somebody(app, Role.FINANCE).staff_id or 0))}"
    disk, sync = [OSError(28, "No space left on device")], os.fsync
    monkeypatch.setattr(os, "fsync", lambda file: _raise(disk.pop()) if disk else sync(file))
    client.post(f"{here}/export")
    run_due(now())
    page = client.get(here).text
    assert "Er is geen bestand gemaakt" in page
    assert "schijf is vol" in page
    clock.forward(minutes=1)
    run_due(now())
    assert the_batch().state is BatchState.EXPORTED
    assert "Er is geen bestand gemaakt" not in client.get(here).text


def _raise(error: Exception) -> NoReturn:
    raise error


def test_what_forbids_the_file_is_said_on_the_page(
    app: Flask, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "AT_ONCE", 0)
    debits.due(clock)
    two = (somebody(app, Role.FINANCE).staff_id or 0, somebody(app, Role.FINANCE).staff_id or 0)
    here = f"/collections/batches/{debits.approved(two)}"
    clock.at(2026, 12, 15, 11)  # too late for the bank
    client = somebody(app, Role.FINANCE)
    client.post(f"{here}/export")
    run_due(now())
    page = client.get(here).text
    assert "Er is geen bestand gemaakt" in page
    assert "trek de batch in" in page
    assert f"{here}/cancel" in page
