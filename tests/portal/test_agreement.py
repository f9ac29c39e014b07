"""A donor begins an agreement for a periodic gift, signs it on paper or online, and renews it (DOMAIN.md 4.2)."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import date

import pytest
from flask import Flask
from pypdf import PdfReader
from sqlalchemy import func, select, text

from app.base.actor import SYSTEM
from app.base.errors import Invalid
from app.base.money import Money
from app.extensions import db, now, writing
from app.gifts.periodic import beginning, bsns, jobs, offers, queries, renewing
from app.gifts.periodic.models import Agreement, AgreementState, Bsn, EndsWith, Term, Who
from app.gifts.periodic.services import Facts
from app.gifts.periodic.signing_models import SigningState
from app.gifts.recurring.states import Frequency
from app.tasks.models import Task, TaskState
from tests.conftest import SettableClock
from tests.factories.periodic import approve, running
from tests.factories.recurring import commitment
from tests.factories.supporters import person
from tests.portal.conftest import Enter, text_of
from tests.support.client import Client
from tests.support.mails import mails

SignIn = Callable[[str], Client]
S = AgreementState
JAN, BSN, PARTNERS = "jan@example.nl", "111222333", "222333406"
NEW = "/mijn-giften/periodiek/nieuw"


@pytest.fixture
def jan(app: Flask) -> int:
    return person("Jan Wit", email=JAN)


def filled(**changes: str) -> dict[str, str]:
    return {
        "yearly": "300", "commitment_id": "0", "first_year": str(now().year + 1), "term": "five", "ends_with": "donor",
        "first_names": "Jan Pieter", "last_name": "'t Wit", "birth_date": "1-2-1950", "birth_place": "IJmuiden",
        "street": "Kade 1", "postcode": "3511 AB", "town": "Utrecht", "country": "NL", "phone": "",
        "donor_bsn": BSN, "has_partner": "no",
    } | changes  # fmt: skip


PARTNER = {
    "has_partner": "yes", "partner_first_names": "Els", "partner_last_name": "de Boer",
    "partner_birth_date": "3-4-1952", "partner_birth_place": "Delft", "partner_bsn": PARTNERS,
}  # fmt: skip


def begun(donor: Client, **changes: str) -> tuple[int, str]:
    """(agreement, its page) of one that this donor begins."""
    made = donor.post(NEW, data=filled(**changes))
    assert made.status_code == 303
    where = made.headers["Location"]
    return int(where.split("/")[3]), where


def agreement(agreement_id: int) -> Agreement:
    db.session.rollback()
    return queries.get(agreement_id)


def words(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


def tasks() -> list[tuple[int | None, TaskState]]:
    db.session.rollback()
    return [(t.subject_id, t.state) for t in db.session.scalars(select(Task).order_by(Task.id))]


def test_from_the_donors_form_to_a_running_agreement(enter: Enter, jan: int, sign_in: SignIn, client: Client) -> None:
    donor = enter(JAN, client.application.test_client())  # type: ignore[arg-type]
    assert NEW in donor.get("/mijn-giften").text
    opened = text_of(donor.get(NEW).text)
    assert "Waarom vragen wij uw BSN?" in opened
    one, where = begun(donor, **PARTNER)
    again = donor.get(NEW)  # the back button, another tab
    assert (again.status_code, again.headers["Location"]) == (303, where)
    assert donor.post(NEW, data=filled()).headers["Location"] == where
    page = donor.get(where).text
    assert BSN not in page
    assert where in donor.get("/mijn-giften").text
    stored = db.session.scalars(select(Bsn.number_sealed)).all()
    assert len(stored) == 2
    assert not any(BSN.encode() in each for each in stored)

    paper = donor.post(f"{where}.pdf")
    said = words(paper.data)
    assert len(PdfReader(io.BytesIO(paper.data)).pages) == 2
    for each in ("Jan Pieter", "'t Wit", "IJmuiden", "01-02-1950", BSN, "de Boer", PARTNERS, "driehonderd euro"):
        assert each in said, each
    assert agreement(one).state is S.SENT
    assert tasks() == [(one, TaskState.OPEN)]
    later = enter(JAN, client.application.test_client())  # type: ignore[arg-type]
    told = words(later.post(f"{where}.pdf").data)  # who opens the page later gets lines to write the numbers on
    assert BSN not in told
    assert PARTNERS not in told

    staff = sign_in("fundraiser")
    assert "Jan Wit" in text_of(staff.get("/gifts/periodic").text).partition("Wacht op een handtekening")[2]
    mine = f"/gifts/periodic/{one}"
    assert "de donateur" in text_of(staff.get(mine).text)
    assert staff.post(f"{mine}/signed", data={"on": now().strftime("%d-%m-%Y"), "place": "Utrecht"}).status_code == 303
    assert "uw handtekening" in text_of(donor.get(where).text)
    assert donor.post(f"{where}.pdf").status_code == 409
    ours = {"on": now().strftime("%d-%m-%Y"), "place": "Den Haag", "name": "J. Jansen", "function": "penningmeester"}
    assert staff.post(f"{mine}/active", data=ours).status_code == 303
    assert agreement(one).state is S.ACTIVE
    assert tasks() == [(one, TaskState.DONE)]
    assert "€ 300,00 per jaar" in text_of(donor.get("/mijn-giften").text)
    trail = " ".join(db.session.scalars(text("SELECT coalesce(changes, '') FROM audit_event")).all())
    assert BSN not in trail


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"donor_bsn": "123456789"}, "Dit BSN klopt niet"),
        (PARTNER | {"partner_bsn": "1"}, "Een BSN heeft 9 cijfers"),
        ({"has_partner": "yes"}, "uw partner tekent ook"),
        ({"birth_date": "30-2-1950"}, "datum"),
        ({"birth_date": "1-1-2030"}, "geen geboortedatum"),
        ({"term": "longer", "years": "4"}, "minstens vijf jaar"),
        ({"ends_with": "other"}, "bij wiens overlijden"),
        ({"yearly": "0"}, "meer dan nul"),
        ({"yearly": "duizend"}, "bedrag"),
        ({"postcode": "1234"}, "postcode"),
        ({"first_year": "2019"}, "Kies een van de mogelijkheden"),
        ({"commitment_id": "123"}, "Kies een van de mogelijkheden"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_kept(enter: Enter, jan: int, changes: dict[str, str], said: str) -> None:  # noqa: E501  # fmt: skip
    refused = enter(JAN).post(NEW, data=filled(**changes | {"town": "'s-Hertogenbosch"}))
    assert refused.status_code == 422
    assert said in text_of(refused.text)
    assert 'value="&#39;s-Hertogenbosch"' in refused.text
    assert db.session.scalar(select(func.count()).select_from(Agreement)) == 0


def test_all_that_is_wrong_is_said_at_once(enter: Enter, jan: int) -> None:
    refused = text_of(enter(JAN).post(NEW, data=filled(donor_bsn="1", birth_date="", has_partner="yes")).text)
    assert "6 dingen kloppen nog niet" in refused


def test_of_another_donors_recurring_gift_nothing_is_told(jan: int) -> None:
    theirs = commitment(4321, supporter_id=person("Els de Boer"))
    day = date(1950, 2, 1)
    facts = Facts(
        yearly_cents=90_000, term=Term.FIVE, years=None, first_year=now().year + 1, ends_with=EndsWith.DONOR,
        first_names="Jan", last_name="Wit", birth_date=day, birth_place="IJmuiden", street="Kade 1", town="Utrecht",
        commitment_id=theirs,
    )  # fmt: skip
    with writing(), pytest.raises(Invalid, match="not of this donor"):
        beginning.begin(jan, facts, beginning.Numbers(1), actor=SYSTEM, now=now())


def test_the_recurring_gift_has_to_come_to_the_amount_in_each_year(enter: Enter, jan: int) -> None:
    monthly = str(commitment(2500, supporter_id=jan))
    year, donor = now().year, enter(JAN)
    opened = donor.get(f"{NEW}?gift={monthly}").text
    assert 'value="300,00"' in opened
    assert re.search(rf'value="{year + 1}" checked', opened)  # this year twelve months do not fit any more
    late = donor.post(NEW, data=filled(commitment_id=monthly, first_year=str(year)))
    assert f"Kies {year + 1} als eerste jaar" in text_of(late.text)
    much = donor.post(NEW, data=filled(commitment_id=monthly, yearly="301"))
    assert "komt op € 300,00 per jaar" in text_of(much.text)
    one, _where = begun(donor, commitment_id=monthly)
    assert agreement(one).commitment_id == int(monthly)


@pytest.mark.parametrize(
    ("frequency", "cents", "year", "wanted"),
    [(Frequency.MONTHLY, 1000, 2027, 12_000), (Frequency.QUARTERLY, 1000, 2028, 4000), (Frequency.YEARLY, 1000, 2026, 0), (Frequency.YEARLY, 1000, 2027, 1000)],  # noqa: E501
)  # fmt: skip
def test_what_a_recurring_gift_comes_to_in_a_year(app: Flask, frequency: Frequency, cents: int, year: int, wanted: int) -> None:  # noqa: E501  # fmt: skip
    from app.gifts.periodic.beginning import in_year
    from app.gifts.recurring.models import Commitment

    row = db.session.get_one(Commitment, commitment(cents, frequency=frequency, day=31))
    assert Money(in_year(row, year, now().date())) == Money(wanted)


def test_another_donor_sees_nothing_of_it(enter: Enter, jan: int, client: Client) -> None:
    one, where = begun(enter(JAN, client.application.test_client()))  # type: ignore[arg-type]
    person(email="els@example.nl")
    els = enter("els@example.nl")
    mine = f"/mijn-giften/periodiek/{one}"
    for path in (where, f"{mine}/wijzigen"):
        assert els.get(path).status_code == 404, path
    for path in (f"{where}.pdf", f"{mine}/online", f"{mine}/niet-doorgaan", f"{mine}/wijzigen"):
        assert els.post(path, data=filled()).status_code == 404, path
    assert agreement(one).state is S.DRAFT


def test_the_donor_corrects_it_and_leaves_it(enter: Enter, jan: int) -> None:
    donor = enter(JAN)
    one, where = begun(donor)
    donor.post(f"{where}.pdf")
    edit = f"/mijn-giften/periodiek/{one}/wijzigen"
    assert "&#39;t Wit" in donor.get(edit).text
    assert donor.post(edit, data=filled(yearly="120", donor_bsn="")).status_code == 303
    assert (agreement(one).yearly_cents, agreement(one).state) == (12_000, S.DRAFT)  # what was printed is not right
    assert bsns.known(one) == {Who.DONOR}
    assert donor.post(f"/mijn-giften/periodiek/{one}/niet-doorgaan").status_code == 303
    assert (agreement(one).state, bsns.known(one)) == (S.WITHDRAWN, set())
    assert tasks() == [(one, TaskState.DROPPED)]
    begun(donor)  # thought better of it again


def test_signed_online_where_that_is_approved(enter: Enter, jan: int) -> None:
    donor = enter(JAN)
    one, where = begun(donor)
    online = f"/mijn-giften/periodiek/{one}/online"
    assert donor.post(online).status_code == 404
    approve()
    assert online in donor.get(where).text
    donor.post(f"{where}.pdf")
    assert donor.post(online).status_code == 303
    signing = offers.newest(one)
    assert signing
    assert signing.state is SigningState.OFFERED
    assert not [m for m in mails() if "lies ready" in m.rendered.text]  # who just asked for it needs no mail
    assert donor.get(f"/mijn-giften/periodiek/{one}").status_code == 200
    donor.post(f"{where}.pdf")  # on paper after all
    db.session.rollback()
    assert offers.newest(one).state is SigningState.OVER  # type: ignore[union-attr]


def test_it_is_renewed_in_its_last_half_year(enter: Enter, jan: int, clock: SettableClock, sign_in: SignIn) -> None:
    old = running(jan, date(2022, 3, 1))
    for _ in range(2):
        jobs.look_after({})
    asked = [m for m in mails() if "ander bedrag" in m.rendered.text]
    assert len(asked) == 1
    donor = enter(JAN)
    assert f"previous={old}" in donor.get("/mijn-giften").text
    opened = donor.get(f"{NEW}?previous={old}").text
    assert 'value="250,00"' in opened
    early = donor.post(f"{NEW}?previous={old}", data=filled(first_year="2026"))
    assert "begin in 2027" in text_of(early.text)
    made = donor.post(f"{NEW}?previous={old}", data=filled(first_year="2027", yearly="400"))
    new = int(made.headers["Location"].split("/")[3])
    assert (agreement(new).previous_id, agreement(new).yearly_cents) == (old, 40_000)
    assert f"previous={old}" not in donor.get("/mijn-giften").text
    assert renewing.to_renew(jan, now().date()) == []
    staff = sign_in("fundraiser")
    assert f"/gifts/periodic/{old}" in staff.get(f"/gifts/periodic/{new}").text
    assert f"/gifts/periodic/{new}" in staff.get(f"/gifts/periodic/{old}").text


def test_staff_renew_it_too(jan: int, sign_in: SignIn) -> None:
    old, staff = running(jan, date(2022, 3, 1)), sign_in("fundraiser")
    link = f"/gifts/periodic/new/{jan}?previous={old}"
    assert link in staff.get(f"/gifts/periodic/{old}").text
    form = {"yearly": "250", "ends_with": "donor", "term": "five", "first_year": "2027", "first_names": "Jan",
            "last_name": "Wit", "country": "NL", "language": "nl",
            "partner_country": "", "commitment_id": ""}  # fmt: skip
    assert staff.post(link, data=form | {"first_year": "2026"}).status_code == 422
    assert staff.post(link, data=form).status_code == 303
    assert staff.post(link, data=form).status_code == 409  # renewed already
