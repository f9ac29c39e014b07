"""A periodic gift signed online: off by default, strong, once, and honest about what it is (DOMAIN.md 4.2)."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Callable
from itertools import product

import pytest
from flask import Flask
from pypdf import PdfReader
from sqlalchemy import select, text

from app.base.actor import SYSTEM
from app.base.dates import format_date, local_date
from app.base.errors import Refused
from app.documents import files
from app.documents.services import documents_of
from app.extensions import db, now, writing
from app.gifts.periodic import offers, queries, services
from app.gifts.periodic.models import AgreementState
from app.gifts.periodic.services import SUBJECT, Signature
from app.gifts.periodic.signing_models import SIGNING_MOVES, Signing, SigningState
from app.organisation import signing as approval
from app.privacy import erasing
from app.tasks.models import Task
from tests.conftest import SettableClock
from tests.factories.periodic import WHOLE, agreement, approve, offered
from tests.factories.supporters import person
from tests.portal.conftest import Enter, text_of
from tests.support.client import Client
from tests.support.mails import mails

SignIn = Callable[[str], Client]
JAN, NAME = "jan@example.nl", "Anna Maria van den Berg"
TYPED = {"name": "anna-maria van den BERG", "place": "Utrecht", "agree": "y"}
S = SigningState


@pytest.fixture
def jan(app: Flask) -> int:
    return person(email=JAN)


def row(signing_id: int) -> Signing:
    db.session.rollback()
    return db.session.get_one(Signing, signing_id)


def state(agreement_id: int) -> AgreementState:
    db.session.rollback()
    return queries.get(agreement_id).state


def code_mailed(clock: SettableClock) -> str:
    clock.forward(seconds=1)
    found = [m.rendered.text for m in mails() if "code is" in m.rendered.text]
    return re.findall(r"\b\d{6}\b", found[-1])[0]


def words_of(digest: str) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(files.read(digest))).pages)


def fresh(client: Client) -> Client:
    """Another browser."""
    return client.application.test_client()  # type: ignore[return-value]


ALLOWED = {(S.OFFERED, S.SIGNED), (S.OFFERED, S.OVER), (S.SIGNED, S.DONE), (S.SIGNED, S.OVER)}


@pytest.mark.parametrize(("before", "after"), list(product(S, S)))
def test_states_follow_each_other_as_agreed(before: S, after: S) -> None:
    assert SIGNING_MOVES.allows(before, after) == ((before, after) in ALLOWED)


def test_without_an_approval_nothing_shows_and_every_route_refuses(enter: Enter, jan: int, sign_in: SignIn) -> None:
    approve()
    one, signing_id = offered(jan)
    with writing():
        approval.withdraw(actor=SYSTEM, now=now())
    donor, where = enter(JAN), f"/mijn-giften/periodiek/{one}"
    assert where not in donor.get("/mijn-giften").text
    for path in (where, f"{where}/tekst.pdf", f"{where}/getekend.pdf"):
        assert donor.get(path).status_code == 404, path
    for path in ("code", "teken", "laat-maar"):
        assert donor.post(f"{where}/{path}", data=TYPED | {"code": "123456"}).status_code == 404, path
    assert row(signing_id).state is S.OFFERED
    admin, draft = sign_in("admin"), agreement(jan, **WHOLE)
    assert admin.post(f"/gifts/periodic/{draft}/offer").status_code == 409
    assert admin.get(f"/gifts/periodic/{one}/countersign").status_code == 409
    assert "offer" not in admin.get(f"/gifts/periodic/{draft}").text
    assert state(draft) is AgreementState.DRAFT


def test_from_the_offer_to_the_signed_copy(
    enter: Enter, jan: int, sign_in: SignIn, client: Client, clock: SettableClock
) -> None:
    approve()
    one = agreement(jan, **WHOLE)
    fundraiser = sign_in("fundraiser")
    assert fundraiser.post(f"/gifts/periodic/{one}/offer").status_code == 303
    assert fundraiser.post(f"/gifts/periodic/{one}/offer").status_code == 409
    assert fundraiser.get(f"/gifts/periodic/{one}/countersign").status_code == 403
    donor, where = enter(JAN, fresh(client)), f"/mijn-giften/periodiek/{one}"
    assert where in donor.get("/mijn-giften").text
    read = donor.get(f"{where}/tekst.pdf")
    signing = offers.newest(one)
    assert signing
    assert hashlib.sha256(read.data).hexdigest() == signing.text_sha256
    assert NAME in words_of(signing.text_sha256)

    wrong = donor.post(f"{where}/code", data={"name": "Jan", "place": "Utrecht"})
    assert wrong.status_code == 422
    assert 'value="Jan"' in wrong.text
    assert donor.post(f"{where}/code", data=TYPED | {"name": "Anna van den Berg"}).status_code == 422
    assert donor.post(f"{where}/code", data=TYPED).status_code == 303
    code = code_mailed(clock)
    other = enter(JAN, fresh(client))  # a stolen code is of no use in another session
    assert other.post(f"{where}/teken", data={"code": code}).status_code == 422
    assert donor.post(f"{where}/teken", data={"code": f"{code[:3]} {code[3:]}"}).status_code == 303
    assert donor.post(f"{where}/teken", data={"code": code}).status_code == 409  # the other tab, the back button
    assert state(one) is AgreementState.SIGNED
    signed = row(signing.id)
    assert (signed.state, signed.donor_name, signed.donor_mailbox) == (S.SIGNED, TYPED["name"], JAN)
    assert (signed.code_hash, signed.typed_sealed) == (None, None)
    assert "U hebt getekend" in text_of(donor.get(where).text) or "U tekende" in text_of(donor.get(where).text)
    assert [t.subject_id for t in db.session.scalars(select(Task))] == [one]

    finance = sign_in("finance")
    assert finance.post(f"/gifts/periodic/{one}/active", data={
        "on": "28-11-2026", "place": "Den Haag", "name": "J", "function": "p"}).status_code == 409  # fmt: skip
    ours = {"name": "J. Jansen", "function": "penningmeester", "place": "Den Haag"}
    assert finance.post(f"/gifts/periodic/{one}/countersign", data=ours | {"name": ""}).status_code == 422
    assert finance.post(f"/gifts/periodic/{one}/countersign", data=ours).status_code == 303
    assert finance.post(f"/gifts/periodic/{one}/countersign", data=ours).status_code == 409
    done = row(signing.id)
    assert (state(one), done.state, done.data_sealed) == (AgreementState.ACTIVE, S.DONE, None)
    assert done.signed_sha256
    copy = donor.get(f"{where}/getekend.pdf")
    assert hashlib.sha256(copy.data).hexdigest() == done.signed_sha256
    assert b"<pdfaid:part>2</pdfaid:part>" in copy.data
    said = words_of(done.signed_sha256)
    assert done.text_sha256 in said.replace("\n", "")
    for words in (TYPED["name"], JAN, "J. Jansen", "penningmeester", format_date(local_date(now()))):
        assert words in said, words
    assert {d.kind for d in documents_of(SUBJECT, one)} == {"to_sign", "signed"}
    assert where in donor.get("/mijn-giften").text
    with writing():
        approval.withdraw(actor=SYSTEM, now=now())
    assert donor.get(f"{where}/getekend.pdf").status_code == 200  # what both signed stays signed
    told = " ".join(db.session.execute(text("SELECT action FROM audit_event")).scalars())
    for action in ("offered_online", "signed_online", "countersigned_online"):
        assert f"agreement.{action}" in told


def test_a_code_is_guessed_five_times_and_lives_a_quarter_of_an_hour(
    enter: Enter, jan: int, clock: SettableClock
) -> None:
    approve()
    one, signing_id = offered(jan)
    donor, where = enter(JAN), f"/mijn-giften/periodiek/{one}"
    assert donor.post(f"{where}/teken", data={"code": "123456"}).status_code == 422  # none was asked for
    donor.post(f"{where}/code", data=TYPED)
    code = code_mailed(clock)
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    for _ in range(5):
        assert donor.post(f"{where}/teken", data={"code": wrong}).status_code == 422
    assert donor.post(f"{where}/teken", data={"code": code}).status_code == 422
    donor.post(f"{where}/code", data=TYPED)
    late = code_mailed(clock)
    clock.forward(minutes=16)
    assert donor.post(f"{where}/teken", data={"code": late}).status_code == 422
    assert row(signing_id).state is S.OFFERED
    donor.post(f"{where}/code", data=TYPED)
    first = code_mailed(clock)
    donor.post(f"{where}/code", data=TYPED)
    second = code_mailed(clock)
    assert first == second or donor.post(f"{where}/teken", data={"code": first}).status_code == 422
    assert donor.post(f"{where}/teken", data={"code": second}).status_code == 303


def test_who_else_comes_sees_nothing(enter: Enter, jan: int) -> None:
    approve()
    one, signing_id = offered(jan)
    person(email="els@example.nl")
    els, where = enter("els@example.nl"), f"/mijn-giften/periodiek/{one}"
    assert els.get(where).status_code == 404
    assert els.get(f"{where}/tekst.pdf").status_code == 404
    assert els.post(f"{where}/code", data=TYPED).status_code == 404
    assert els.post(f"{where}/laat-maar").status_code == 404
    assert row(signing_id).state is S.OFFERED


def test_an_offer_ends_by_time_by_paper_and_by_drawing_up_anew(enter: Enter, jan: int, clock: SettableClock) -> None:
    approve()
    late, paper, anew = offered(jan), offered(jan), offered(jan)
    with pytest.raises(Refused), writing():  # the text that lies ready is not changed under the donor's hands
        services.change(anew[0], services.Facts(yearly_cents=1, term=services.Term.FIVE, first_year=2026, first_names="A", last_name="B"), actor=SYSTEM, now=now())  # noqa: E501  # fmt: skip
    with writing():
        services.sign(paper[0], Signature(on=now().date(), place="Utrecht"), actor=SYSTEM, now=now())
        services.take_back(anew[0], actor=SYSTEM, now=now())
    assert (row(paper[1]).state, row(anew[1]).state) == (S.OVER, S.OVER)
    clock.forward(days=31)
    donor, where = enter(JAN), f"/mijn-giften/periodiek/{late[0]}"
    assert donor.get(where).status_code == 200
    assert donor.post(f"{where}/code", data=TYPED).status_code == 409
    assert donor.post(f"{where}/laat-maar").status_code == 303
    assert (state(late[0]), row(late[1]).data_sealed) == (AgreementState.WITHDRAWN, None)


def test_the_donor_takes_it_back_before_we_signed(enter: Enter, jan: int, sign_in: SignIn, client: Client, clock: SettableClock) -> None:  # noqa: E501  # fmt: skip
    approve()
    one, signing_id = offered(jan)
    donor, where = enter(JAN, fresh(client)), f"/mijn-giften/periodiek/{one}"
    donor.post(f"{where}/code", data=TYPED)
    assert donor.post(f"{where}/teken", data={"code": code_mailed(clock)}).status_code == 303
    assert donor.post(f"{where}/laat-maar").status_code == 303
    assert (state(one), row(signing_id).state) == (AgreementState.WITHDRAWN, S.OVER)
    ours = {"name": "J. Jansen", "function": "penningmeester", "place": "Den Haag"}
    assert sign_in("finance").post(f"/gifts/periodic/{one}/countersign", data=ours).status_code == 409
    assert donor.post(f"{where}/laat-maar").status_code == 303  # twice says how it stands
    assert state(one) is AgreementState.WITHDRAWN


@pytest.mark.parametrize(
    ("facts", "email"),
    [(WHOLE | {"partner_first_names": "Jan", "partner_last_name": "de Wit"}, JAN), ({}, JAN), (WHOLE, None)],
)
def test_what_has_to_go_on_paper(app: Flask, sign_in: SignIn, facts: dict[str, object], email: str | None) -> None:
    approve()
    one = agreement(person(email=email), **facts)
    staff = sign_in("fundraiser")
    assert staff.post(f"/gifts/periodic/{one}/offer").status_code == 409
    assert "Niet online te ondertekenen" in text_of(staff.get(f"/gifts/periodic/{one}").text)


def test_erased_before_we_signed_and_what_stays_of_a_signature(enter: Enter, jan: int, clock: SettableClock) -> None:
    approve()
    one, signing_id = offered(jan)
    digest = row(signing_id).text_sha256
    donor, where = enter(JAN), f"/mijn-giften/periodiek/{one}"
    donor.post(f"{where}/code", data=TYPED)
    erasing.erase(jan, actor=SYSTEM)
    gone = row(signing_id)
    assert (gone.state, gone.data_sealed, gone.typed_sealed) == (S.OVER, None, None)
    assert state(one) is AgreementState.WITHDRAWN
    assert documents_of(SUBJECT, one) == []
    with pytest.raises(files.NotFound):
        files.read(digest)
