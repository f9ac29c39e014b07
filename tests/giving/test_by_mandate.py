"""Direct debit on Steun ons: where a setting allows it, with the text, the evidence, the notice, and once."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.base.actor import SYSTEM
from app.base.dates import format_long_date, local_date
from app.direct_debit import consent
from app.direct_debit.models import Mandate
from app.direct_debit.queries import holder_of, iban_of
from app.direct_debit.states import ConsentHow, MandateState
from app.extensions import db, now, writing
from app.gifts.models import Gift
from app.gifts.recurring.models import Commitment
from app.gifts.recurring.states import CommitmentState
from app.giving import floods
from app.organisation import services
from app.outbox.models import Message
from app.payments.models import Checkout
from app.supporters.models import Supporter
from tests.conftest import SettableClock
from tests.factories.organisation import DETAILS
from tests.giving.conftest import FILLED, Give, token_in
from tests.support.client import Client
from tests.support.mails import mails

IBAN = "NL91 ABNA 0417 1643 00"
DEBIT = {"method": "direct_debit", "frequency": "monthly", "iban": IBAN, "mandate": "y"}


@pytest.fixture
def allowed(house: None) -> None:
    with writing():
        services.save(replace(DETAILS, online_mandates=True), actor=SYSTEM, now=now())


def _count(table: type) -> int:
    return db.session.execute(select(func.count()).select_from(table)).scalar_one()


def _error_of(page: str, field: str) -> str:
    found = re.search(rf'id="{field}-error">(.*?)</p>', page, re.DOTALL)
    return found[1] if found else ""


def test_without_the_setting_it_is_neither_offered_nor_taken(client: Client, give: Give) -> None:
    assert "direct_debit" not in client.get("/steun-ons").text
    assert give(**DEBIT).status_code == 422
    assert _count(Mandate) == 0


def test_the_page_says_what_is_agreed_to(client: Client, allowed: None) -> None:
    for path, language in (("/steun-ons", "nl"), ("/en/support-us", "en")):
        text = client.get(path).text
        assert consent.text_of("Stichting Voorbeeld Nederland", language) in text
        assert "NL08ZZZ502057730000" in text
        assert not re.search(r'<input[^>]*name="mandate"[^>]*checked', text)


@pytest.mark.parametrize("frequency", ["monthly", "quarterly", "yearly"])
def test_mandate_gift_evidence_and_notice_are_one(client: Client, give: Give, allowed: None, frequency: str) -> None:
    answer = give(**DEBIT | {"frequency": frequency, "amount": "other", "other_amount": "12,50", "message": "Sterkte"})
    assert answer.status_code == 303
    assert _count(Checkout) == 0
    mandate = db.session.scalars(select(Mandate)).one()
    assert (mandate.state, mandate.consent_how) == (MandateState.ACTIVE, ConsentHow.ONLINE)
    assert (mandate.consent_text, iban_of(mandate)) == (consent.CURRENT, "NL91ABNA0417164300")
    assert holder_of(mandate) == "Anna van den Berg"
    assert mandate.consent_note.startswith("/steun-ons 20")
    row = db.session.scalars(select(Commitment)).one()
    assert (row.state, row.frequency.value, row.noticed_cents) == (CommitmentState.ACTIVE, frequency, 1250)
    assert row.collect_on >= local_date(now()) + timedelta(days=14)
    assert row.notice_from is not None
    assert row.collect_on >= row.notice_from
    (mail,) = mails()
    text = " ".join(mail.rendered.text.split())
    for part in (mandate.reference, format_long_date(row.collect_on), "NL08ZZZ502057730000", "12,50", "acht weken"):
        assert str(part) in text
    assert "0417" not in text
    page = client.get(answer.location).text
    for part in ("vaste gift", str(mandate.reference), format_long_date(row.collect_on)):
        assert part in page
    assert "Anna" not in page


@pytest.mark.parametrize(
    ("frequency", "day", "first"),
    [("monthly", "1", "2027-01-04"), ("yearly", "1", "2027-01-04"), ("quarterly", "31", "2026-12-31")],
)
def test_the_day_that_was_chosen_is_the_next_one_that_can_be_told_in_time(
    client: Client, give: Give, allowed: None, frequency: str, day: str, first: str
) -> None:
    """On 23 November, with 14 days of notice: 1 December is too soon, and 1 January no bank day."""
    answer = give(**DEBIT | {"frequency": frequency, "day": day})
    row = db.session.scalars(select(Commitment)).one()
    assert (row.day, row.collect_on.isoformat()) == (int(day), first)
    assert str(format_long_date(row.collect_on)) in client.get(answer.location).text


@pytest.mark.parametrize(
    ("changes", "field", "says"),
    [
        ({"iban": ""}, "iban", "Vul het IBAN in"),
        ({"iban": "NL91ABNA0417164301"}, "iban", "controlegetal"),
        ({"iban": "NL91ABNA041716430"}, "iban", "18 tekens"),
        ({"iban": "XX91ABNA0417164300"}, "iban", "XX"),
        ({"iban": "CH9300762011623852957"}, "iban", "EER"),
        ({"mandate": None}, "mandate", "machtiging"),
        ({"frequency": "once"}, "method", "vaste gift"),
        ({"holder": "علي"}, "holder", "bankpas"),
        ({"first_name": "مريم", "infix": "", "last_name": "الحداد"}, "holder", "bankpas"),
    ],
)
def test_what_is_wrong_is_said_beside_it_and_what_was_typed_is_kept(
    give: Give, allowed: None, changes: dict[str, str | None], field: str, says: str
) -> None:
    answer = give(**DEBIT | changes)
    assert answer.status_code == 422
    assert says in _error_of(answer.text, field)
    assert 'value="direct_debit" checked' in answer.text
    assert str(changes.get("iban", IBAN)) in answer.text
    assert _count(Mandate) == _count(Supporter) == 0


@pytest.mark.parametrize("iban", ["DE89 3704 0044 0532 0130 00", "be68539007547034"])
def test_accounts_of_the_eea_are_taken(give: Give, allowed: None, iban: str) -> None:
    assert give(**DEBIT | {"iban": iban, "holder": "J. 't Hooft"}).status_code == 303
    assert holder_of(db.session.scalars(select(Mandate)).one()) == "J. 't Hooft"


def test_one_form_is_one_mandate_also_from_two_tabs_at_once(client: Client, give: Give, allowed: None) -> None:
    token = token_in(client.get("/steun-ons").text)
    data = FILLED | DEBIT | {"token": token}

    def post() -> int:
        with client.application.test_client() as other:
            return other.post("/steun-ons", data=data).status_code

    with ThreadPoolExecutor(4) as pool:
        assert {f.result() for f in [pool.submit(post) for _ in range(4)]} == {303}
    assert give(token=token, **DEBIT).status_code == 303
    assert give(token=token, **DEBIT | {"amount": "50"}).status_code == 409
    db.session.rollback()
    assert (_count(Mandate), _count(Commitment), _count(Message)) == (1, 1, 1)


def test_nobody_signs_for_a_crowd(give: Give, allowed: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(floods, "MOST", 2)
    assert [give(**DEBIT).status_code for _ in range(3)] == [303, 303, 429]
    assert _count(Mandate) == 2


@pytest.mark.parametrize(("name", "told"), [("MOST_OF_NAMED", 0), ("MOST_OF_ALL", 1)])
@pytest.mark.parametrize(
    ("body", "made", "says"),
    [(DEBIT, Mandate, "Heel veel machtigingen"), ({"method": "bank_transfer"}, Gift, "Heel veel overboekingen")],
)
def test_a_flood_is_paused_and_told_and_ends_by_itself(
    give: Give, allowed: None, monkeypatch: pytest.MonkeyPatch, sign_in: Callable[[str], Client], clock: SettableClock,
    body: dict[str, str], made: type, says: str, name: str, told: int,
) -> None:  # fmt: skip
    """Of mandates, and of transfers that are announced: each would make a donor and mail a stranger."""
    sign_in("finance")
    monkeypatch.setattr(floods, name, 2)
    answers = [give(**body) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [303, 303, 429, 429]
    assert answers[-1].headers["Retry-After"]
    assert "van den" in answers[-1].text, "what was typed is kept"
    assert _count(made) == 2
    assert sum(says in mail.rendered.subject for mail in mails()) == told
    assert give(method="ideal").status_code == 303, "other methods go on"
    clock.forward(hours=30)
    assert give(**body).status_code == 303
