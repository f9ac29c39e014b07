from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from flask import Flask

from app.audit.queries import trail
from app.base.actor import SYSTEM
from app.base.errors import Invalid, NotFound
from app.extensions import now, writing
from app.programmes import queries, services
from tests.factories.organisation import make_programme


def _campaign(**values: Any) -> int:
    values = {"slug": "voorjaar", "name_nl": "Voorjaar", "name_en": "Spring", "source_code": "voorjaar-2027"} | values
    with writing():
        return services.save_campaign(None, actor=SYSTEM, now=now(), **values)


def test_programmes_keep_the_order_they_were_made_in(app: Flask) -> None:
    make_programme("watch", name="WATCH")
    make_programme("opvang", public=False)
    assert [p.slug for p in queries.active_programmes()] == ["watch", "opvang"]
    assert [p.slug for p in queries.public_programmes()] == ["watch"]


def test_a_change_is_told_in_the_trail(app: Flask) -> None:
    programme_id = make_programme("watch", name="WATCH")
    with writing():
        services.save_programme(
            programme_id, slug="watch", name_nl="WATCH Nederland", name_en="WATCH", public=True, active=False,
            actor=SYSTEM, now=now(),
        )  # fmt: skip
    changes = trail("programme", programme_id)[0].changes
    assert changes == {"name_nl": ["WATCH", "WATCH Nederland"], "active": [True, False]}
    assert queries.active_programmes() == []


@pytest.mark.parametrize("slug", ["", "Met Hoofdletter", "-x", "x--y", "x/y", "é", "a" * 61])
def test_a_slug_fits_an_address(app: Flask, slug: str) -> None:
    with pytest.raises(Invalid) as error:
        make_programme(slug, name="x")
    assert error.value.field == "slug"


def test_a_slug_is_used_once(app: Flask) -> None:
    make_programme("watch")
    with pytest.raises(Invalid) as error:
        make_programme("watch")
    assert error.value.field == "slug"
    assert len(queries.all_programmes()) == 1


def test_unknown_rows_are_not_changed_nor_pointed_at(app: Flask) -> None:
    with pytest.raises(NotFound), writing():
        services.save_programme(1, slug="x", name_nl="x", name_en="x", actor=SYSTEM, now=now())
    with pytest.raises(Invalid) as error, writing():
        services.save_fund(None, slug="x", name_nl="x", name_en="x", programme_id=1, actor=SYSTEM, now=now())
    assert error.value.field == "programme_id"


def test_a_campaign_sorts_its_amounts_and_writes_its_code_in_capitals(app: Flask) -> None:
    _campaign(presets_cents=[5000, 1000, 5000])
    campaign = queries.active_campaigns()[0]
    assert (campaign.source_code, campaign.presets_cents) == ("VOORJAAR-2027", [1000, 5000])


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("ends_on", {"starts_on": date(2027, 2, 1), "ends_on": date(2027, 1, 1)}),
        ("presets_cents", {"presets_cents": [0]}),
        ("presets_cents", {"presets_cents": list(range(100, 800, 100))}),
        ("source_code", {"source_code": "voor jaar"}),
        ("name_nl", {"name_nl": " "}),
    ],
)
def test_a_wrong_campaign_is_refused_beside_its_field(app: Flask, field: str, values: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as error:
        _campaign(**values)
    assert error.value.field == field
    assert queries.all_campaigns() == []
