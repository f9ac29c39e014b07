from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from app.extensions import db
from app.programmes import queries
from tests.factories.organisation import make_programme
from tests.support.client import Client

SignIn = Callable[[str], Client]
PROGRAMME = {"name_nl": "Opvang", "name_en": "Shelter", "slug": "opvang", "active": "y", "public": "y", "position": ""}
CAMPAIGN = {
    "name_nl": "Voorjaar", "name_en": "Spring", "slug": "voorjaar", "source_code": "vj-27", "presets": "10; 25,50",
    "programme_id": "", "starts_on": "01-03-2027", "ends_on": "", "active": "y",
}  # fmt: skip
FUND = {"name_nl": "Noodfonds", "name_en": "Emergency fund", "slug": "nood", "programme_id": "", "restricted": "y"}


def test_each_kind_is_made_shown_and_changed(sign_in: SignIn) -> None:
    client = sign_in("admin")
    for kind, form in (("programme", PROGRAMME), ("campaign", CAMPAIGN), ("fund", FUND)):
        assert client.post(f"/programmes/{kind}/new", data=form).status_code == 303
    text = client.get("/programmes").text
    for part in ("Opvang", "Voorjaar", "VJ-27", "01-03-2027", "Noodfonds"):
        assert part in text
    campaign = queries.all_campaigns()[0]
    assert campaign.presets_cents == [1000, 2550]
    assert 'value="10,00; 25,50"' in client.get(f"/programmes/campaign/{campaign.id}").text
    client.post(f"/programmes/campaign/{campaign.id}", data=CAMPAIGN | {"name_nl": "Lente"})
    db.session.rollback()
    assert queries.all_campaigns()[0].name_nl == "Lente"


@pytest.mark.parametrize(
    ("kind", "form", "field"),
    [
        ("programme", PROGRAMME | {"slug": "Met Spatie"}, "slug"),
        ("programme", PROGRAMME | {"slug": "watch"}, "slug"),
        ("programme", PROGRAMME | {"name_nl": ""}, "name_nl"),
        ("programme", PROGRAMME | {"position": "-1"}, "position"),
        ("campaign", CAMPAIGN | {"presets": "10; 1,234"}, "presets"),
        ("campaign", CAMPAIGN | {"presets": "1;2;3;4;5;6;7"}, "presets"),
        ("campaign", CAMPAIGN | {"ends_on": "01-02-2027"}, "ends_on"),
        ("campaign", CAMPAIGN | {"programme_id": "1"}, "programme_id"),
        ("fund", FUND | {"name_en": "x" * 101}, "name_en"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(
    app: Flask, sign_in: SignIn, kind: str, form: dict[str, str], field: str
) -> None:
    make_programme("watch")
    answer = sign_in("admin").post(f"/programmes/{kind}/new", data=form)
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert len(queries.all_programmes()) + len(queries.all_campaigns()) + len(queries.all_funds()) == 1


def test_an_unknown_row_or_kind_is_not_there(sign_in: SignIn) -> None:
    client = sign_in("admin")
    for path in ("/programmes/fund/1", "/programmes/gift/new", "/programmes/campaign/9223372036854775807"):
        assert client.get(path).status_code == 404
