"""The public page of supporters: who is on it, in which words and order, and the duty behind it."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, select

from app.base.actor import SYSTEM
from app.base.errors import Invalid
from app.extensions import db, writing
from app.grants.acknowledgements import public_views, services
from app.grants.acknowledgements.models import Acknowledgement
from app.grants.acknowledgements.services import AcknowledgementFacts
from app.grants.obligations.models import Obligation, ObligationKind
from app.ui.permissions import Role
from tests.factories import grants as make
from tests.support.client import Client

NL, EN = "/steun-ons/wij-worden-gesteund-door", "/en/support-us/supported-by"
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 40
AGREED = {"agreed_on": date(2026, 11, 1)}


@pytest.fixture(autouse=True)
def _looks_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(public_views, "KEEP_SECONDS", 0.0)


def shown(now: datetime, name: str, **facts: Any) -> int:
    """A funder with what was agreed; gives its id."""
    with writing():
        funder_id = make.funder(now, name)
        filled = AcknowledgementFacts(**(AGREED | facts))
        services.save(funder_id, filled, actor=SYSTEM, now=now)
    return funder_id


def test_the_page_shows_who_agreed_in_order_and_in_their_words(app: Flask, now: datetime, client: Client) -> None:
    shown(now, "Zonder Volgorde", position=9, wording_nl="Gesteund door <Z> & co")
    shown(now, "Adessium", position=1, wording_nl="Met steun van Adessium", wording_en="With support of Adessium")
    shown(now, "Nog Niet", agreed_on=None)
    shown(now, "Later", shown_from=date(2026, 11, 24))
    shown(now, "Voorbij", shown_until=date(2026, 11, 22))
    page = client.get(NL)
    assert page.text.index("Adessium") < page.text.index("Zonder Volgorde")
    assert "Gesteund door &lt;Z&gt; &amp; co" in page.text
    assert not any(name in page.text for name in ("Nog Niet", "Later<", "Voorbij"))
    english = client.get(EN).text
    assert "With support of Adessium" in english
    assert "Gesteund door &lt;Z&gt;" in english  # there is no English: better their words than none
    assert "We are supported by" in english


@pytest.mark.parametrize("path", [NL, EN])
def test_it_is_the_same_for_everybody_and_sets_no_cookie(
    app: Flask, now: datetime, client: Client, sign_in: Callable[[Role | str], Client], path: str
) -> None:
    shown(now, "Adessium")
    page = client.get(path)
    assert "Set-Cookie" not in page.headers
    assert page.headers["Cache-Control"].startswith("public")
    assert sign_in("admin").get(path).data == page.data
    assert client.get(path, headers={"Cookie": "language=en"}).data == page.data


def test_a_visitor_costs_no_statement_while_the_page_is_kept(
    app: Flask, now: datetime, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(public_views, "KEEP_SECONDS", 60.0)
    client.get(NL)
    seen: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda *arguments: seen.append(arguments[2]))
    assert client.get(NL).status_code == 200
    assert seen == []


def test_steun_ons_leads_to_it(app: Flask, client: Client) -> None:
    assert f'href="{NL}"' in client.get("/steun-ons").text
    assert f'href="{EN}"' in client.get("/en/support-us").text


def test_the_duty_is_an_obligation_made_once(app: Flask, now: datetime, fundraiser: Client) -> None:
    with writing():
        grant_id = make.grant(now, [], [])
    funder_id = (
        db.session.execute(select(Obligation.id)).first()
        or db.session.execute(db.text("SELECT funder_id FROM grant_award")).scalar_one()
    )
    address = f"/grants/funders/{funder_id}/acknowledgement"
    data = {"version": "0", "position": "1", "wording_nl": "Met steun van", "grant_id": str(grant_id)}
    assert fundraiser.post(address, data=data | {"shown_from": "03-05-2027"}).status_code == 303
    duty = db.session.execute(select(Obligation)).scalar_one()
    assert (duty.kind, duty.due_on, duty.instructions) == (ObligationKind.PUBLICITY, date(2027, 5, 3), "Met steun van")
    assert fundraiser.post(address, data=data | {"version": "1"}).status_code == 303
    assert len(db.session.execute(select(Obligation.id)).all()) == 1
    assert f"/grants/obligations/{duty.id}" in fundraiser.get("/grants/acknowledgements").text
    assert fundraiser.post(address, data=data | {"version": "1", "position": "2"}).status_code == 409


def test_a_logo_is_a_small_picture_and_public_only_while_shown(
    app: Flask, now: datetime, fundraiser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "MOST_BYTES", 100)
    funder_id = shown(now, "Adessium")
    address = f"/grants/funders/{funder_id}/acknowledgement"

    def send(content: bytes, name: str, **more: str) -> int:
        row = db.session.execute(select(Acknowledgement)).scalar_one()
        db.session.refresh(row)
        data = {
            "version": str(row.version),
            "position": "1",
            "agreed_on": "01-11-2026",
            "logo": (io.BytesIO(content), name),
        }
        return fundraiser.post(address, data=data | more, content_type="multipart/form-data").status_code

    assert send(b"%PDF-1.7", "logo.pdf") == 422
    assert send(b"<svg onload=alert(1)>", "logo.png") == 422
    assert send(PNG + b"\x00" * services.MOST_BYTES, "logo.png") == 422
    assert send(PNG, "logo.png") == 303
    row = db.session.execute(select(Acknowledgement)).scalar_one()
    db.session.refresh(row)
    visitor, logo = app.test_client(), f"/steun-ons/logo/{row.logo_id}"
    picture = visitor.get(logo)
    assert (picture.status_code, picture.mimetype, picture.data) == (200, "image/png", PNG)
    assert picture.headers["X-Content-Type-Options"] == "nosniff"
    assert logo in visitor.get(NL).text
    assert visitor.get("/steun-ons/logo/77").status_code == 404
    assert send(b"", "", agreed_on="") == 303
    assert visitor.get(logo).status_code == 404
    assert send(b"", "", drop_logo="y") == 303
    db.session.refresh(row)
    assert row.logo_id is None


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"agreed_on": date(2026, 11, 24)}, "agreed_on"),
        ({"shown_from": date(2027, 1, 2), "shown_until": date(2027, 1, 1)}, "shown_until"),
        ({"position": 0}, "position"),
        ({"website": "javascript:alert(1)"}, "website"),
        ({"grant_id": 77}, "grant_id"),
    ],
)
def test_what_cannot_be_is_refused(app: Flask, now: datetime, facts: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        shown(now, "Adessium", **facts)
    assert refused.value.field == field


def test_a_grant_of_another_funder_is_refused(app: Flask, now: datetime) -> None:
    with writing():
        grant_id = make.grant(now, [], [])
    with pytest.raises(Invalid):
        shown(now, "Een ander", grant_id=grant_id)
