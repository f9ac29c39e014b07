"""The staff pages of recurring gifts: change, pause, stop and paper mandates, with what they no longer touch."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import date

from flask import Flask
from sqlalchemy import select

from app.base.actor import SYSTEM
from app.direct_debit import queries as direct_debit
from app.direct_debit.collections import move
from app.direct_debit.models import Collection, Mandate
from app.direct_debit.states import CollectionState
from app.documents.models import Document
from app.extensions import db, now, writing
from app.gifts.recurring.models import Commitment
from app.gifts.recurring.states import CommitmentState
from app.privacy import erasing
from app.ui.permissions import Role
from tests.conftest import SettableClock
from tests.factories.periodic import running
from tests.factories.recurring import IBAN, announce_and_plan, commitment, own_mandate
from tests.factories.supporters import person
from tests.portal.conftest import counted
from tests.support.client import Client

SignIn = Callable[[str], Client]


def planned(clock: SettableClock, **given: object) -> int:
    row_id = commitment(1500, day=15, **given)  # type: ignore[arg-type]
    clock.at(2026, 12, 1, 11)
    announce_and_plan()
    clock.at(2026, 12, 10, 11)
    announce_and_plan()
    return row_id


def test_list_record_and_panel(sign_in: SignIn, clock: SettableClock) -> None:
    who = person("Jan van den Berg", email="jan@example.nl")
    row_id = planned(clock, supporter_id=who)
    staff = sign_in(Role.FUNDRAISER)
    for address in (
        "/recurring",
        "/recurring?state=active&frequency=monthly&kind=provider&q=berg",
        f"/supporters/{who}",
    ):
        assert "15,00" in staff.get(address).text, address
    assert "Berg" not in staff.get("/recurring?untold=1").text
    page = staff.get(f"/recurring/{row_id}").text
    assert "15-12-2026" in page
    assert staff.get("/recurring/999").status_code == 404
    sheet = staff.get("/recurring/export.csv").text
    assert "15,00" in sheet


def test_the_donors_page_keeps_commitments_mandates_and_payments_apart_in_as_many_statements_for_five_as_for_one(
    sign_in: SignIn, clock: SettableClock
) -> None:  # fmt: skip
    who, costs = person("Jan van den Berg", email="jan@example.nl"), []
    for number in (1, 4):
        for _ in range(number):
            running(who, date(2026, 1, 10), first_year=2026)
            commitment(1500, day=15, mandate_id=own_mandate(who), supporter_id=who)
        clock.forward(days=10)
        announce_and_plan()
        staff = sign_in(Role.FUNDRAISER)
        staff.get(f"/supporters/{who}")  # what is asked once is known now
        with counted() as statements:
            page = staff.get(f"/supporters/{who}").text
        costs.append(len(statements))
    assert costs[0] == costs[1]
    headings = [page.index(f">{word}</h") for word in ("Vaste giften", "Machtigingen", "Geïncasseerd")]
    assert headings == sorted(headings)
    assert "1.250,00" in page  # five agreements of 250, and nothing given in the year that is watched


def test_what_is_under_way_is_named_and_typing_is_kept(sign_in: SignIn, clock: SettableClock) -> None:
    row_id = planned(clock)
    staff = sign_in(Role.FUNDRAISER)
    assert "15-12-2026" in staff.get(f"/recurring/{row_id}/change").text
    wrong = staff.post(f"/recurring/{row_id}/amount", data={"amount": "12,5o"})
    assert wrong.status_code == 422
    assert "12,5o" in wrong.text
    said = staff.post(f"/recurring/{row_id}/amount", data={"amount": "25"}, follow_redirects=True).text
    assert "15-01-2027" in said
    assert "15-12-2026" in said
    said = staff.post(f"/recurring/{row_id}/pause", data={"until": "01-03-2027"}, follow_redirects=True).text
    assert "15-03-2027" in said
    assert staff.post(f"/recurring/{row_id}/pause", data={"until": "01-03-2020"}).status_code == 422
    assert staff.post(f"/recurring/{row_id}/day", data={"day": "32"}).status_code == 422
    staff.post(f"/recurring/{row_id}/resume")
    staff.post(f"/recurring/{row_id}/day", data={"day": "31"})
    named = re.search(r'name="skips" value="([0-9-]+)"', staff.get(f"/recurring/{row_id}/change").text)
    assert named
    twice = [staff.post(f"/recurring/{row_id}/skip", data={"skips": named[1]}).status_code for _ in range(2)]
    assert twice == [303, 409], "a button pressed twice leaves out one"
    staff.post(f"/recurring/{row_id}/end", data={"reason": "donor", "note": ""})
    assert db.session.get_one(Commitment, row_id).state is CommitmentState.ENDED
    assert staff.post(f"/recurring/{row_id}/skip").status_code == 409


def test_a_failed_collection_is_on_the_work_list_until_dealt_with(sign_in: SignIn, clock: SettableClock) -> None:
    planned(clock)
    staff = sign_in(Role.FUNDRAISER)
    (row_id,) = db.session.scalars(select(Collection.id))
    with writing():
        move([row_id], CollectionState.SENT, actor=SYSTEM, now=now())
        move([row_id], CollectionState.FAILED, actor=SYSTEM, now=now(), reasons={row_id: "AC04"})
    assert "AC04" in staff.get("/recurring/failed").text
    staff.post(f"/recurring/failed/{row_id}/handled")
    assert "AC04" not in staff.get("/recurring/failed").text
    assert staff.post(f"/recurring/failed/{row_id}/handled").status_code == 404


def test_a_mandate_on_paper(sign_in: SignIn, app: Flask, clock: SettableClock) -> None:
    who = person("Piet Post")
    form = {
        "amount": "30", "frequency": "quarterly", "day": "31", "start_on": "31-12-2026", "programme_id": "",
        "iban": IBAN, "holder": "P. Post", "signed_on": "20-11-2026", "reference": "a-7", "evidence": "archief 3",
    }  # fmt: skip
    staff = sign_in(Role.FUNDRAISER)
    address = f"/recurring/new?supporter={who}"
    bad = staff.post(address, data=form | {"iban": "NL00ABNA0417164300", "reference": "a//7"})
    assert bad.status_code == 422
    assert "a//7" in bad.text
    abroad = staff.post(address, data=form | {"iban": "GB33BUKB20201555555555"})
    assert abroad.status_code == 422, "it would be announced and never collected"
    assert "buiten de EER" in abroad.text
    assert staff.post(address, data=form).status_code == 303
    assert staff.post(address, data=form | {"reference": "A-7"}).status_code == 422, "references are unique"
    mandate = db.session.scalars(select(Mandate)).one()
    assert (mandate.reference, mandate.iban_last_four, direct_debit.iban_of(mandate)) == ("A-7", "4300", IBAN)
    assert IBAN.encode() not in (mandate.iban_sealed or b"")
    row = db.session.scalars(select(Commitment)).one()
    assert (row.next_on, row.noticed_cents) == (date(2026, 12, 31), None)
    assert staff.get("/recurring?untold=1").status_code == 200
    staff.post(f"/recurring/{row.id}/letter")
    clock.at(2026, 12, 28, 11)
    announce_and_plan()
    assert db.session.scalars(select(Collection.amount_cents)).all() == [3000]


def test_the_scan_of_a_mandate_is_kept_with_it_for_who_writes(sign_in: SignIn, clock: SettableClock) -> None:
    donor = person("Piet Post")
    mandate = own_mandate(donor)
    row_id = commitment(supporter_id=donor, mandate_id=mandate)
    staff = sign_in(Role.FINANCE)
    page, add = f"/recurring/{row_id}", f"/documents/new/mandate/{mandate}"
    assert add in staff.get(page).text
    scan = {"file": (io.BytesIO(b"%PDF-1.7 machtiging"), "machtiging Post.pdf"), "kind": "agreement"}
    assert staff.post(add, data=scan).location == f"/recurring/mandates/{mandate}"
    assert staff.get(f"/recurring/mandates/{mandate}").location == page
    assert "machtiging Post.pdf" in staff.get(page).text
    document = db.session.scalars(select(Document)).one()
    reader = sign_in(Role.VIEWER)
    assert "machtiging Post.pdf" not in reader.get(page).text
    assert reader.get(f"/documents/{document.id}/content").status_code == 404
    erasing.erase(donor, actor=SYSTEM, tell=False)
    assert db.session.scalars(select(Document)).all() == [], "no bank saw it, so nothing has to be kept"
