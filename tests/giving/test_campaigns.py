"""Pages of campaigns, where gifts come from, and the form in a frame."""

from __future__ import annotations

import gzip
import re
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.base.dates import local_date
from app.documents.files import keep
from app.extensions import db, now
from app.gifts.models import Gift, GiftWords, Tribute
from app.giving import page, sources, stories
from app.ledger.rj import RjLine
from app.payments.models import Checkout
from app.payments.providers.demo import DemoOutcome
from app.programmes.services import CampaignPage
from app.supporters.models import Kind, Supporter
from tests.factories.organisation import make_campaign, make_programme
from tests.factories.payments import outcome
from tests.giving.conftest import FILLED, Give, token_in
from tests.support.client import Client

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64
PATH = "/steun-ons/actie/voorjaar"


@pytest.fixture
def campaign(app: Flask) -> int:
    return make_campaign(
        presets_cents=[750, 1500, 4000],
        page=CampaignPage(
            story_nl="Eerste alinea.\n\nLees meer op https://voorbeeld.example/plan. <b>Niet vet</b>",
            story_en="First.", target_cents=100_000, picture=keep(PNG, "beeld.png"),
            picture_alt_nl="Een brug in de ochtend", picture_alt_en="A bridge in the morning",
        ),
    )  # fmt: skip


def _last() -> Checkout:
    db.session.rollback()
    return db.session.execute(select(Checkout).order_by(Checkout.id.desc()).limit(1)).scalar_one()


def _set(app: Flask, **values: Any) -> None:
    app.config["SETTINGS"] = replace(app.config["SETTINGS"], **values)


def _forget_pages(app: Flask) -> None:
    for kept in app.extensions["giving.pages"].kept.values():
        kept.until = 0.0


def test_a_campaign_tells_its_story_and_shows_its_own_amounts(client: Client, campaign: int) -> None:
    text = client.get(PATH).text
    assert "<h1>Voorjaarsactie</h1>" in text
    assert "<p>Eerste alinea.</p>" in text
    assert 'href="https://voorbeeld.example/plan"' in text
    assert "&lt;b&gt;Niet vet" in text
    assert 'alt="Een brug in de ochtend"' in text
    assert re.findall(r'name="amount" value="([^"]+)"', text) == ["7.50", "15", "40", "other"]
    assert "Spring appeal" in client.get("/en/support-us/campaign/voorjaar").text


def test_its_picture_is_served_as_it_is_and_no_other_file_is(client: Client, campaign: int) -> None:
    address = re.search(r'src="(/steun-ons/beeld/\d+)"', client.get(PATH).text)
    assert address is not None
    answer = client.get(address[1])
    assert (answer.data, answer.content_type) == (PNG, "image/png")
    assert client.get("/steun-ons/beeld/123").status_code == 404


def test_a_gift_to_it_is_marked_and_moves_the_meter(client: Client, give: Give, campaign: int) -> None:
    assert give(at=PATH, amount="7.50").status_code == 303
    checkout = _last()
    assert (checkout.campaign_id, checkout.amount_cents) == (campaign, 750)
    outcome(checkout.id, DemoOutcome.PAID)
    gift = db.session.execute(select(Gift)).scalar_one()
    assert (gift.campaign_id, gift.source) == (campaign, "VOORJAAR")
    _forget_pages(client.application)
    text = client.get(PATH).text
    assert 'value="750" max="100000"' in text
    assert re.search(r'<th scope="row">Opgehaald</th><td>€\s7,50</td>', text)
    outcome(checkout.id, DemoOutcome.REFUNDED)
    _forget_pages(client.application)
    assert 'value="0" max="100000"' in client.get(PATH).text


def test_a_campaign_for_one_purpose_leaves_nothing_to_choose(client: Client, give: Give) -> None:
    shelter = make_programme("opvang")
    make_campaign(programme_id=shelter)
    assert '<select class="form-select" id="programme"' not in client.get(PATH).text
    assert give(at=PATH).status_code == 303
    assert _last().programme_id == shelter


@pytest.mark.parametrize(
    ("starts", "ends", "active", "status", "says"),
    [
        (1, None, True, 404, ""),
        (None, None, False, 404, ""),
        (-9, -1, True, 200, "Deze actie is voorbij"),
        (-9, 0, True, 200, "data-give"),
        (0, None, True, 200, "data-give"),
    ],
)
def test_a_campaign_is_shown_in_its_time(
    client: Client, starts: int | None, ends: int | None, active: bool, status: int, says: str
) -> None:
    today = local_date(now())
    day = {None: None} | {n: today + timedelta(days=n) for n in (-9, -1, 0, 1)}
    make_campaign(starts_on=day[starts], ends_on=day[ends], active=active)
    answer = client.get(PATH)
    assert answer.status_code == status
    assert says in answer.text


def test_what_is_sent_after_its_end_is_kept_for_the_other_work(client: Client, give: Give, app: Flask) -> None:
    today = local_date(now())
    make_campaign(ends_on=today)
    token = token_in(client.get(PATH).text)
    campaign = app.extensions["giving.pages"].kept
    for place, kept in list(campaign.items()):  # the day passes
        campaign[place] = replace(
            kept, offer=replace(kept.offer, appeal=replace(kept.offer.appeal, is_open=False)), until=float("inf")
        )
    answer = give(token=token, at=PATH)
    assert answer.status_code == 409
    assert 'action="/steun-ons"' in answer.text
    assert 'value="anna@example.org"' in answer.text
    assert "Deze actie is voorbij" in answer.text
    assert db.session.execute(select(Checkout)).first() is None


def test_a_second_try_goes_back_to_the_campaign(client: Client, give: Give, campaign: int) -> None:
    from app.giving.result_views import path_of

    give(at=f"{PATH}?bron=brief", amount="40")
    checkout_id = _last().id
    outcome(checkout_id, DemoOutcome.FAILED)
    again = client.get(f"/steun-ons?again={path_of(checkout_id, 'nl').rsplit('/', 1)[1]}", follow_redirects=True)
    assert again.request.path == PATH
    assert re.search(r'value="40" checked', again.text)
    assert 'name="source" type="hidden" value="VOORJAAR"' in again.text


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", "steun-ons"),
        ("bron=BRIEF-2027", "BRIEF-2027"),
        ("source=flyer&utm_source=mail", "flyer"),
        ("utm_source=nieuwsbrief&utm_campaign=kerst", "nieuwsbrief/kerst"),
        ("utm_source=nieuwsbrief&utm_campaign=kerst-2026-in-alle-gemeenten", "kerst-2026-in-alle-gemeenten"),
        ("utm_medium=post", "post"),
        ("bron=%3Cscript%3E%22x", "script-x"),
        ("bron=%00%F0%9F%98%80", "steun-ons"),
        ("bron=" + "x" * 5000, "x" * 30),
    ],
)
def test_a_gift_tells_what_it_came_of_without_a_cookie(client: Client, query: str, code: str) -> None:
    opened = client.get(f"/steun-ons?{query}")
    assert "Set-Cookie" not in opened.headers
    found = re.search(r'name="source"[^>]*value="([^"]*)"', opened.text)
    assert found is not None
    client.post("/steun-ons", data=FILLED | {"token": token_in(opened.text), "source": found[1]}, csrf=False)
    outcome(_last().id, DemoOutcome.PAID)
    assert db.session.execute(select(Gift.source)).scalar_one() == code


def test_the_code_of_one_visitor_is_not_shown_to_the_next(client: Client) -> None:
    assert "BRIEF-9" in client.get("/steun-ons?bron=BRIEF-9").text
    assert "BRIEF-9" not in client.get("/steun-ons").text


def test_a_forged_code_is_cleaned(give: Give, client: Client) -> None:
    assert sources.sent('"><b>/a/b' + "c" * 99) == "b/a-b" + "c" * 25
    give(source="<script>")
    outcome(_last().id, DemoOutcome.PAID)
    assert db.session.execute(select(Gift.source)).scalar_one() == "script"


def test_the_form_in_a_frame_needs_neither_script_nor_cookie(client: Client, campaign: int) -> None:
    for path, action in (("/steun-ons/inbedden", "/steun-ons"), ("/steun-ons/inbedden/voorjaar", PATH)):
        answer = client.get(path)
        assert "<script" not in answer.text
        assert '<base target="_top">' in answer.text
        assert f'action="{action}"' in answer.text
        assert "Set-Cookie" not in answer.headers


def test_only_the_hosts_that_are_named_may_frame_it_and_nothing_else(client: Client, campaign: int) -> None:
    _set(client.application, frame_hosts=("https://www.example.org", "https://www.voorbeeld.example"))
    hosts = "frame-ancestors https://www.example.org https://www.voorbeeld.example"
    framed = client.get("/steun-ons/inbedden/voorjaar").headers
    assert hosts in framed["Content-Security-Policy"]
    assert "X-Frame-Options" not in framed
    for path in ("/steun-ons", PATH, "/en/support-us"):
        assert "frame-ancestors 'none'" in client.get(path).headers["Content-Security-Policy"]


def test_without_named_hosts_nobody_may_frame_it(client: Client) -> None:
    assert "frame-ancestors 'none'" in client.get("/steun-ons/inbedden").headers["Content-Security-Policy"]


def test_staff_see_it_before_its_time_and_donors_do_not(
    client: Client,
    campaign: int,
    sign_in,
    app: Flask,  # type: ignore[no-untyped-def]
) -> None:
    make_campaign("later", starts_on=date(2099, 1, 1), page=CampaignPage(story_nl="Straks."))
    assert client.get("/steun-ons/actie/later").status_code == 404
    assert client.get("/steun-ons/actie/later/voorbeeld").status_code != 200
    staff = sign_in("admin")
    text = staff.get("/steun-ons/actie/later/voorbeeld").text
    assert "Straks." in text
    assert "kan niemand geven" in text
    refused = staff.post("/steun-ons/actie/later", data=FILLED | {"token": ""}, csrf=False)
    assert refused.status_code == 404
    shown = staff.get(f"/programmes/campaign/{campaign}").text
    assert "/steun-ons/inbedden/voorjaar" in shown
    assert "&lt;iframe src=" in shown


def test_a_campaigns_page_weighs_less_than_60_kb_with_all_it_loads(client: Client, campaign: int) -> None:
    text = client.get(PATH).text
    weight = len(gzip.compress(text.encode()))
    for path in re.findall(r'(?:href|src)="(/static/[^"]+)"', text):
        with client.get(path, headers={"Accept-Encoding": "gzip"}) as answer:
            weight += len(answer.data)
    assert weight < 60_000


def test_a_story_has_paragraphs_and_links_and_nothing_else() -> None:
    parts = stories.paragraphs("Een (https://a.example/x).\r\n\r\n\n\njavascript:alert(1) https://b.example")
    assert parts == [
        [("Een (", False), ("https://a.example/x", True), (").", False)],
        [("javascript:alert(1) ", False), ("https://b.example", True)],
    ]


def test_an_organisation_gives_with_a_word_of_its_own(give: Give, sign_in) -> None:  # type: ignore[no-untyped-def]
    changes = {
        "kind": "organisation", "organisation": "Bakkerij 't Hoekje", "tribute": "honour", "tribute_name": "Oma Riet",
        "message": "Veel succes.\nAllemaal",
    }  # fmt: skip
    for _ in range(2):
        assert give(**changes).status_code == 303
        outcome(_last().id, DemoOutcome.PAID)
    gifts = db.session.execute(select(Gift)).scalars().all()
    assert {gift.rj_line for gift in gifts} == {RjLine.COMPANIES}
    donor = db.session.execute(select(Supporter)).scalar_one()
    assert (donor.kind, donor.display_name) == (Kind.ORGANISATION, "Bakkerij 't Hoekje")
    said = db.session.execute(select(GiftWords).limit(1)).scalar_one()
    assert (said.tribute, said.tribute_name) == (Tribute.HONOUR, "Oma Riet")
    assert said.contact == "Anna van den Berg"
    text = sign_in("finance").get(f"/gifts/{said.id}").text
    for part in ("Oma Riet", "Veel succes.", "Anna van den Berg"):
        assert part in text


def test_costs_are_asked_honestly_and_added_to_the_gift(client: Client, give: Give) -> None:
    _set(client.application, payment_costs_cents=35, payment_ideal_label="iDEAL van vandaag")
    text = client.get("/steun-ons").text
    assert "iDEAL van vandaag" in text
    assert not re.search(r'<input[^>]*name="costs"[^>]*checked', text)
    give(costs="y")
    assert _last().amount_cents == 2535
    outcome(_last().id, DemoOutcome.PAID)
    assert db.session.execute(select(GiftWords.covered_cents)).scalar_one() == 35


def test_kept_pages_do_not_grow_without_end(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "_MOST", 3)
    for number in range(5):
        make_campaign(f"actie-{number}")
        assert client.get(f"/steun-ons/actie/actie-{number}").status_code == 200
        assert client.get(f"/steun-ons/actie/niet-{number}").status_code == 404
    assert len(client.application.extensions["giving.pages"].kept) <= 3
