"""Kept filters: under a name, one's own or the team's, opened by the list itself, never more than the role may see."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from app.extensions import db
from app.saved.models import SavedFilter
from app.ui.permissions import Role
from tests.support.client import Client

SignIn = Callable[[str], Client]
LISTS = (
    ("supporters", "/supporters", "kind=person&place=Zeist", "kind=robot"),
    ("gifts", "/gifts", "state=received&from=01-01-2026&least=1.000%2C00", "from=31-02-2026"),
    ("recurring", "/recurring", "state=active&untold=1", "untold=maybe"),
    ("failed-collections", "/recurring/failed", "state=failed&action=contact", "action=shout"),
)


def another(app: Flask, role: Role) -> Client:
    made = app.test_client()
    assert isinstance(made, Client)
    return made.sign_in(role)


def kept() -> list[SavedFilter]:
    db.session.rollback()
    return list(db.session.scalars(select(SavedFilter)))


@pytest.mark.parametrize(("name", "path", "query", "wrong"), LISTS)
def test_a_filter_is_saved_opened_renamed_and_removed(
    sign_in: SignIn, name: str, path: str, query: str, wrong: str
) -> None:  # fmt: skip
    staff = sign_in(Role.FUNDRAISER)
    page = staff.get(f"{path}?{query}").text
    assert f"/filters/{name}/new?{query}".replace("&", "&amp;") in page, "what is in use can be saved"
    assert "/filters/" not in staff.get(path).text, "without a filter there is nothing to save"
    assert staff.post(f"/filters/{name}/new?{wrong}", data={"name": "Fout"}).status_code == 400
    assert staff.post(f"/filters/{name}/new", data={"name": "Leeg"}).status_code == 422
    answer = staff.post(f"/filters/{name}/new?{query}&q=Jansen&after=x&tail=1", data={"name": "Mijn lijst"})
    assert answer.status_code == 303
    (row,) = kept()
    assert (row.query, row.shared) == (query, False), "no search text, no page, nothing unknown"
    page = staff.get(answer.location).text
    assert "Mijn lijst" in page
    assert 'aria-current="true"' in page
    twice = staff.post(f"/filters/{name}/new?{query}", data={"name": "Mijn lijst"})
    assert twice.status_code == 422
    assert "Mijn lijst" in twice.text, "what was typed is kept"
    assert staff.post(f"/filters/{row.id}/edit", data={"name": "Voor allen", "shared": "y"}).status_code == 303
    assert "Voor allen" in staff.get(f"/filters/{name}").text
    assert staff.post(f"/filters/{row.id}/remove").status_code == 303
    assert kept() == []


def test_what_is_shared_is_seen_by_the_team_and_changed_by_its_maker_or_an_administrator(
    app: Flask, sign_in: SignIn
) -> None:  # fmt: skip
    maker = sign_in(Role.FUNDRAISER)
    maker.post("/filters/gifts/new?state=promised", data={"name": "Alleen ik"})
    maker.post("/filters/gifts/new?state=received", data={"name": "Wij allen", "shared": "y"})
    mine, ours = sorted(kept(), key=lambda row: row.shared)
    colleague, admin, viewer = (another(app, role) for role in (Role.FINANCE, Role.ADMIN, Role.VIEWER))
    for other in (colleague, admin):
        page = other.get("/gifts").text
        assert "Wij allen" in page
        assert "Alleen ik" not in page
        assert other.get(f"/filters/{mine.id}/edit").status_code == 404
    assert colleague.get(f"/filters/{ours.id}/edit").status_code == 404
    assert colleague.post(f"/filters/{ours.id}/remove").status_code == 404
    assert admin.post(f"/filters/{ours.id}/edit", data={"name": "Van iedereen", "shared": "y"}).status_code == 303
    for address in ("/filters/gifts", "/filters/gifts/new?state=promised", f"/filters/{ours.id}/edit"):
        assert viewer.get(address).status_code == 404, "a role that may not open the list learns nothing of it"
    assert viewer.post("/filters/gifts/new?state=promised", data={"name": "x"}).status_code == 404


def test_of_one_list_so_many_and_no_more(sign_in: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    from app.saved import services

    monkeypatch.setattr(services, "MOST", 2)
    staff = sign_in(Role.FINANCE)
    said = [
        staff.post("/filters/gifts/new?state=received", data={"name": name}).status_code for name in ("a", "b", "c")
    ]
    assert said == [303, 303, 422]
