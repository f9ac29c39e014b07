"""The pages: what they show and say, what they refuse, and that typed words are kept."""

from __future__ import annotations

import re
from datetime import date, datetime

import pytest
from sqlalchemy import select

from app.base.actor import SYSTEM
from app.extensions import db, writing
from app.grants.applications.models import Application, Stage
from app.grants.awards import services as awards
from app.grants.awards.models import Grant, GrantState
from app.grants.funders.models import Funder, FunderKind
from app.grants.instalments import services as instalments
from app.grants.instalments.models import Instalment, InstalmentState, Receipt
from app.grants.instalments.services import Received
from app.grants.obligations.models import Obligation, ObligationState
from app.grants.rounds import services as rounds
from app.grants.rounds.models import Recurrence, Round
from app.grants.rounds.services import RoundFacts
from app.ledger.queries import grant_balance
from tests.factories import grants as make
from tests.support.client import Client


@pytest.fixture
def story(now: datetime) -> dict[str, int]:
    """A funder with a round, an application and a confirmed grant with a receipt."""
    with writing():
        funder_id = make.funder(now, "Nationale Postcode Loterij", FunderKind.LOTTERY)
        facts = RoundFacts(name="Ronde 2027", closes_on=date(2027, 9, 15), recurrence=Recurrence.YEARLY)
        round_id = rounds.open_round(funder_id, facts, actor=SYSTEM, now=now)
        application_id = make.application(now, funder_id, Stage.SUBMITTED, round_id=round_id, title="WATCH Nederland")
        grant_id = make.grant(now, funder_id=funder_id, agreed_on=date(2026, 11, 1), title="Vijf jaar steun")
        awards.confirm([grant_id], actor=SYSTEM, now=now)
        first = db.session.execute(select(Instalment.id).order_by(Instalment.position).limit(1)).scalar_one()
        money = Received(
            instalment_id=first, received_on=date(2026, 11, 20), amount_cents=100_00, bank_reference="x", form_key="k"
        )
        receipt_id = instalments.receive([money], actor=SYSTEM, now=now)[0]
    return {
        "funder": funder_id,
        "round": round_id,
        "application": application_id,
        "grant": grant_id,
        "instalment": first,
        "receipt": receipt_id,
        "obligation": db.session.execute(select(Obligation.id)).scalar_one(),
    }


PLACES = {
    "/grants": "Vijf jaar steun",
    "/grants?state=all&q=loterij": "Vijf jaar steun",
    "/grants/board": "WATCH Nederland",
    "/grants/applications": "WATCH Nederland",
    "/grants/applications/{application}": "WATCH Nederland",
    "/grants/obligations": "Vijf jaar steun",
    "/grants/obligations/{obligation}": "Vijf jaar steun",
    "/grants/instalments": "Vijf jaar steun",
    "/grants/instalments/{instalment}": "Vijf jaar steun",
    "/grants/funders": "Nationale Postcode Loterij",
    "/grants/funders/{funder}": "Nationale Postcode Loterij",
    "/grants/rounds": "Ronde 2027",
    "/grants/{grant}": "Vijf jaar steun",
    "/grants/calendar": "<h1",
}
FORMS = (
    "/grants/applications/new",
    "/grants/applications/{application}/edit",
    "/grants/applications/{application}/decline",
    "/grants/applications/{application}/award",
    "/grants/applications/{application}/obligations/new",
    "/grants/funders/new",
    "/grants/funders/{funder}/edit",
    "/grants/funders/{funder}/rounds/new",
    "/grants/rounds/{round}",
    "/grants/{grant}/edit",
    "/grants/{grant}/extend",
    "/grants/{grant}/move/reporting",
    "/grants/{grant}/move/terminated",
    "/grants/{grant}/obligations/new",
    "/grants/{grant}/instalments/new",
    "/grants/instalments/{instalment}/edit",
    "/grants/obligations/{obligation}/edit",
    "/grants/obligations/{obligation}/waive",
)
FINANCE = (
    "/grants/{grant}/confirm",
    "/grants/{grant}/unconfirm",
    "/grants/instalments/{instalment}/request",
    "/grants/instalments/{instalment}/receive",
    "/grants/instalments/{instalment}/withhold",
    "/grants/instalments/{instalment}/settle",
    "/grants/receipts/{receipt}/take-back",
)


@pytest.mark.parametrize(("path", "shown"), PLACES.items())
def test_every_place_shows_what_it_is_for(story: dict[str, int], fundraiser: Client, path: str, shown: str) -> None:
    answer = fundraiser.get(path.format(**story))
    assert answer.status_code == 200
    assert shown in answer.text


@pytest.mark.parametrize("path", [path for path in PLACES if "{" not in path])
def test_every_place_says_something_when_it_is_empty(now: datetime, fundraiser: Client, path: str) -> None:
    assert fundraiser.get(path).status_code == 200


@pytest.mark.parametrize("path", [*FORMS, *FINANCE])
def test_every_form_opens_and_an_empty_one_is_refused(story: dict[str, int], sign_in: object, path: str) -> None:
    admin: Client = sign_in("admin")  # type: ignore[operator]
    place = path.format(**story)
    assert admin.get(place).status_code == 200
    assert admin.post(place, data={}).status_code in (409, 422)


@pytest.mark.parametrize("path", [*(p for p in PLACES if "{" in p), *FORMS, *FINANCE])
def test_what_is_not_there_is_not_found(now: datetime, sign_in: object, path: str) -> None:
    admin: Client = sign_in("admin")  # type: ignore[operator]
    ids = dict.fromkeys(("funder", "round", "application", "grant", "instalment", "receipt", "obligation"), 7)
    place = path.format(**ids)
    if "{" in path:
        assert admin.get(place).status_code == 404
        if path not in PLACES:
            assert admin.post(place, data={}).status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        "?state=nonsense",
        "?funder=x",
        "?from=yesterday",
        "?sort=amount;drop",
        "?after=forged",
        "?owner=99999999999999999999",
    ],
)
def test_forged_filters_are_refused(story: dict[str, int], fundraiser: Client, query: str) -> None:
    assert fundraiser.get("/grants" + query).status_code == 400


def version(model: type, row_id: int) -> int:
    return int(db.session.get_one(model, row_id, populate_existing=True).version)


def test_the_board_moves_a_card_by_select_and_returns_to_the_board(story: dict[str, int], fundraiser: Client) -> None:
    place = f"/grants/applications/{story['application']}/move"
    data = {"stage": "drafting", "version": version(Application, story["application"]), "from": "board"}
    answer = fundraiser.post(place, data=data)
    assert (answer.status_code, answer.location) == (303, "/grants/board")
    assert db.session.get_one(Application, story["application"]).stage is Stage.DRAFTING
    again = fundraiser.post(place, data=data)
    assert again.status_code == 409


@pytest.mark.parametrize("stage", ["", "nonsense", "AWARDED", "prospect'"])
def test_a_forged_stage_is_refused(story: dict[str, int], fundraiser: Client, stage: str) -> None:
    place = f"/grants/applications/{story['application']}/move"
    assert fundraiser.post(place, data={"stage": stage, "version": 1}).status_code == 422
    assert db.session.get_one(Application, story["application"]).stage is Stage.SUBMITTED


def test_a_decision_leads_to_its_own_form(story: dict[str, int], fundraiser: Client) -> None:
    place = f"/grants/applications/{story['application']}/"
    for stage, form in (("awarded", "award"), ("declined", "decline")):
        answer = fundraiser.post(place + "move", data={"stage": stage, "version": 1})
        assert (answer.status_code, answer.location) == (303, place + form)


def test_an_award_from_the_form_without_javascript(story: dict[str, int], fundraiser: Client) -> None:
    place = f"/grants/applications/{story['application']}/award"
    data = {
        "version": str(version(Application, story["application"])),
        "title": "WATCH",
        "amount": "100.000,01",
        "decided_on": "20-11-2026",
        "starts_on": "01-01-2027",
        "ends_on": "31-12-2028",
        "recognition": "contribution_year",
        "more": "usual",
    }
    planned = fundraiser.post(place, data=data)
    assert planned.status_code == 200
    fields = dict(re.findall(r'name="((?:obligations|instalments)-\d+-\w+)"[^>]*value="([^"]*)"', planned.text))
    fields |= dict(re.findall(r'value="([^"]*)"[^>]*name="((?:obligations|instalments)-\d+-\w+)"', planned.text))
    chosen = re.findall(r'<select[^>]*name="((?:obligations|instalments)[^"]*)".*?</select>', planned.text, re.S)
    for name in chosen:
        block = re.search(rf'<select[^>]*name="{name}".*?</select>', planned.text, re.S)
        picked = re.search(r'<option selected value="([^"]*)"', block[0]) if block else None
        fields[name] = picked[1] if picked else ""
    assert fields["obligations-0-kind"] == "annual"
    assert fields["instalments-1-report"] == "1"
    data.pop("more")
    answer = fundraiser.post(place, data=data | fields)
    assert answer.status_code == 303, re.findall(r"form-error.*?<span>(.*?)</span>", answer.text, re.S)
    grant_id = int(answer.location.rsplit("/", 1)[1])
    rows = db.session.execute(select(Instalment).where(Instalment.grant_id == grant_id).order_by(Instalment.position))
    assert [(row.amount_cents, row.basis_points) for row in rows.scalars()] == [(5_000_001, 5000), (5_000_000, 5000)]


def test_an_award_that_is_refused_keeps_every_word(story: dict[str, int], fundraiser: Client) -> None:
    place = f"/grants/applications/{story['application']}/award"
    data = {
        "version": str(version(Application, story["application"])), "title": "Mijn titel", "amount": "100",
        "decided_on": "20-11-2026", "starts_on": "01-01-2027", "ends_on": "31-12-2027", "recognition": "award",
        "instalments-0-amount": "150%", "instalments-0-expected_on": "1-2-2027", "instalments-0-triggered_by": "date",
        "instalments-1-amount": "60", "instalments-1-expected_on": "", "instalments-1-triggered_by": "report",
        "obligations-0-kind": "final", "obligations-0-due_on": "31-02-2028",
    }  # fmt: skip
    answer = fundraiser.post(place, data=data)
    assert answer.status_code == 422
    for kept in ("Mijn titel", "150%", "31-02-2028"):
        assert kept in answer.text
    data |= {"instalments-0-amount": "50%", "obligations-0-due_on": "01-02-2028"}
    answer = fundraiser.post(place, data=data)
    assert answer.status_code == 422  # the second instalment has no day
    assert 'id="instalments-1-expected_on-error"' in answer.text
    data |= {"instalments-1-expected_on": "1-9-2027", "instalments-1-report": "2"}
    answer = fundraiser.post(place, data=data)
    assert 'id="instalments-1-report-error"' in answer.text  # the second obligation is an empty row
    data |= {"instalments-1-report": "1"}
    answer = fundraiser.post(place, data=data)
    assert answer.status_code == 422  # 50 % and € 60 are more than € 100
    assert "Mijn titel" in answer.text
    assert db.session.get_one(Application, story["application"]).stage is Stage.SUBMITTED


def test_who_comes_second_keeps_the_words_sees_theirs_and_can_save(story: dict[str, int], fundraiser: Client) -> None:
    place = f"/grants/applications/{story['application']}/edit"
    data = {
        "version": str(version(Application, story["application"])), "funder_id": str(story["funder"]),
        "title": "Hun titel", "ask": "100.000,00",
    }  # fmt: skip
    assert fundraiser.post(place, data=data).status_code == 303
    second = fundraiser.post(place, data=data | {"title": "Onze titel"})
    assert second.status_code == 409
    assert "Hun titel" in second.text
    assert "Onze titel" in second.text
    stored = re.search(r'name="version"[^>]*value="(\d+)"', second.text)
    assert stored
    assert fundraiser.post(place, data=data | {"title": "Onze titel", "version": stored[1]}).status_code == 303
    assert db.session.get_one(Application, story["application"]).title == "Onze titel"


def test_finance_books_a_receipt_once_and_takes_it_back(story: dict[str, int], sign_in: object) -> None:
    finance: Client = sign_in("finance")  # type: ignore[operator]
    place = f"/grants/instalments/{story['instalment']}/receive"
    page = finance.get(place)
    key = re.search(r'name="form_key"[^>]*value="([^"]+)"', page.text)
    assert key
    data = {"form_key": key[1], "received_on": "21-11-2026", "amount": "49.900,00", "bank_reference": "NL11"}
    assert finance.post(place, data=data | {"amount": "49,900"}).status_code == 422  # ambiguous
    assert finance.post(place, data=data).status_code == 303
    assert finance.post(place, data=data).status_code == 303
    assert len(db.session.execute(select(Receipt)).scalars().all()) == 2
    assert db.session.get_one(Instalment, story["instalment"]).state is InstalmentState.RECEIVED
    assert grant_balance(story["grant"]).receivable == 5_000_000
    back = f"/grants/receipts/{story['receipt']}/take-back"
    assert finance.post(back, data={"reason": "dubbel"}).status_code == 303
    assert finance.post(back, data={"reason": "dubbel"}).status_code == 409
    assert db.session.get_one(Instalment, story["instalment"], populate_existing=True).state is InstalmentState.DUE


def test_an_obligation_goes_its_whole_way_by_its_pages(story: dict[str, int], fundraiser: Client) -> None:
    place = f"/grants/obligations/{story['obligation']}"

    def seen() -> dict[str, str]:
        return {"version": str(version(Obligation, story["obligation"]))}

    assert fundraiser.post(place + "/move", data=seen() | {"state": "accepted"}).status_code == 409
    for state in ("in_progress", "internal_review"):
        assert fundraiser.post(place + "/move", data=seen() | {"state": state}).status_code == 303
    proof = {"submitted_on": "23-11-2026", "proof": "portaal 12"}
    assert fundraiser.post(place + "/submit", data=seen() | {"submitted_on": "23-11-2026"}).status_code == 422
    assert fundraiser.post(place + "/submit", data=seen() | proof).status_code == 303
    assert fundraiser.get(place + "/submit").status_code == 409
    assert fundraiser.post(place + "/accept", data=seen() | {"accepted_on": "23-11-2026"}).status_code == 303
    assert db.session.get_one(Obligation, story["obligation"]).state is ObligationState.ACCEPTED


def test_a_file_is_kept_and_a_wrong_one_is_refused(story: dict[str, int], fundraiser: Client) -> None:
    from io import BytesIO

    place = f"/grants/obligations/{story['obligation']}"
    upload = {"file": (BytesIO(b"%PDF-1.7 concept"), "concept.pdf")}
    assert fundraiser.post(place + "/files", data=upload).status_code == 303
    assert "concept.pdf" in fundraiser.get(place).text
    assert fundraiser.post(place + "/files", data={"file": (BytesIO(b"MZ\x00\x00"), "virus.pdf")}).status_code == 422
    assert fundraiser.post(place + "/files", data={}).status_code == 422


def test_a_new_funder_by_name_with_everything_wrong_first(now: datetime, fundraiser: Client) -> None:
    data = {"name": "Stichting Janivo", "kind": "foundation", "portal_url": "javascript:alert(1)"}
    answer = fundraiser.post("/grants/funders/new", data=data)
    assert answer.status_code == 422
    assert "Stichting Janivo" in answer.text
    assert db.session.execute(select(Funder)).first() is None
    answer = fundraiser.post("/grants/funders/new", data=data | {"portal_url": "https://janivo.example/portal"})
    assert answer.status_code == 303
    assert "Stichting Janivo" in fundraiser.get(answer.location).text


def test_fields_that_a_form_does_not_offer_are_never_stored(story: dict[str, int], fundraiser: Client) -> None:
    place = f"/grants/{story['grant']}/edit"
    row = db.session.get_one(Grant, story["grant"])
    injected = {column.key: "1" for column in Grant.__table__.columns} | {"state": "closed", "amount_cents": "1"}
    data = injected | {
        "version": str(row.version), "title": "Nieuwe titel", "amount": "100.000,00", "decided_on": "01-10-2026",
        "agreed_on": "01-11-2026", "starts_on": "01-01-2027", "ends_on": "31-12-2027", "recognition": "award",
        "programme_id": "", "fund_id": "", "income_line": "", "owner_id": "",
    }  # fmt: skip
    assert fundraiser.post(place, data=data).status_code == 303
    row = db.session.get_one(Grant, story["grant"], populate_existing=True)
    assert (row.title, row.state, row.amount_cents, row.funder_id) == (
        "Nieuwe titel", GrantState.ACTIVE, 10_000_000, story["funder"],
    )  # fmt: skip


def test_finance_acts_are_shown_to_finance_alone(story: dict[str, int], sign_in: object) -> None:
    for role, shown in (("finance", True), ("fundraiser", False), ("viewer", False)):
        page = sign_in(role).get(f"/grants/instalments/{story['instalment']}").text  # type: ignore[operator]
        assert ("/receive" in page) is shown


def test_a_page_takes_the_same_number_of_statements_for_one_and_for_many(
    story: dict[str, int], fundraiser: Client, now: datetime
) -> None:
    from sqlalchemy import event

    def count(path: str) -> int:
        seen: list[str] = []
        event.listen(db.engine, "before_cursor_execute", listener := lambda *args: seen.append(args[2]))
        fundraiser.get(path)
        event.remove(db.engine, "before_cursor_execute", listener)
        return len([each for each in seen if not each.startswith("PRAGMA")])  # what a pooled connection needs at times

    places = [
        "/grants",
        "/grants/board",
        "/grants/applications",
        "/grants/obligations",
        "/grants/instalments",
        "/grants/funders",
    ]
    for path in places:
        fundraiser.get(path)
    before = [count(path) for path in places]
    with writing():
        for number in range(12):
            funder_id = make.funder(now, f"Fonds {number}")
            make.application(now, funder_id, Stage.DRAFTING)
            make.grant(now, funder_id=funder_id)
    assert [count(path) for path in places] == before


def test_rounds_move_with_their_form(story: dict[str, int], fundraiser: Client) -> None:
    place = f"/grants/rounds/{story['round']}"
    data = {"version": "1", "name": "Ronde", "closes_on": "29-02-2028", "recurrence": "yearly"}
    assert fundraiser.post(place, data=data).status_code == 303
    assert db.session.get_one(Round, story["round"]).closes_day == 29
    assert fundraiser.post(place, data=data | {"version": "2", "closes_on": "29-02-2027"}).status_code == 422
