from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import inspect, select

from app.base.actor import SYSTEM
from app.base.errors import Invalid, Refused
from app.extensions import db, now, writing
from app.staff import queries, services
from app.staff.models import Staff, StaffSession
from app.ui.permissions import Role
from config import SettingsError
from tests.conftest import make_settings
from tests.support.accounts import make_account
from tests.support.client import PASSWORD, Client


def read(staff_id: int) -> dict[str, object]:
    db.session.rollback()
    row = db.session.execute(select(Staff.__table__).where(Staff.id == staff_id)).one()
    return dict(row._mapping)


def another(app: Flask, role: Role) -> Client:
    client = app.test_client()
    assert isinstance(client, Client)
    return client.sign_in(role)


def test_the_list_of_the_team(app: Flask, client: Client) -> None:
    client.sign_in(Role.ADMIN)
    make_account("carla@example.org", Role.FINANCE, name="Carla 100% Pol")
    make_account("dirk@example.org", Role.VIEWER, name="Dirk Smit", password=None)
    everybody = client.get("/staff").text
    assert "Carla 100% Pol" in everybody
    assert "Dirk Smit" in everybody
    for query, there, absent in (
        ("q=CARLA", "Carla", "Dirk"),
        ("q=100%25", "Carla", "Dirk"),
        ("q=_", "", "Dirk"),
        ("role=viewer", "Dirk", "Carla"),
        ("standing=invited", "Dirk", "Carla"),
        ("standing=active", "Carla", "Dirk"),
        ("q=zzz", "", "Carla"),
    ):
        page = client.get(f"/staff?{query}").text
        assert there in page
        assert f"{absent} " not in page
    assert client.get("/staff?role=emperor").status_code == 400


def test_inviting_from_the_page(app: Flask, client: Client) -> None:
    client.sign_in(Role.ADMIN)
    data = {"name": "Bea de Wit", "email": "Bea@Example.org", "role": "finance", "language": "nl"}
    answer = client.post("/staff/invite", data=data)
    assert answer.status_code == 303
    assert "Bea de Wit" in client.get(answer.location).text
    again = client.post("/staff/invite", data=data | {"email": "bea@EXAMPLE.org"})
    assert again.status_code == 422
    assert "Bea de Wit" in again.text  # what was typed is kept
    for wrong in (
        {"email": "bea"},
        {"email": ""},
        {"role": "emperor"},
        {"role": ""},
        {"name": ""},
        {"name": "x" * 121},
        {"language": "fr"},
    ):
        assert client.post("/staff/invite", data=data | {"email": "new@example.org"} | wrong).status_code == 422
    assert client.post(f"{answer.location}/invitation").status_code == 303
    assert client.post(f"{answer.location}/invitation/withdraw").status_code == 303
    assert client.post(f"{answer.location}/invitation").status_code == 409


def test_the_same_address_in_another_case_is_the_same(app: Flask) -> None:
    make_account("Anna@Example.org")
    with pytest.raises(Invalid) as refused:
        make_account("anna@example.ORG")
    assert refused.value.field == "email"


def test_a_role_change_holds_from_the_next_request(app: Flask, client: Client) -> None:
    client.sign_in(Role.ADMIN)
    finance = another(app, Role.FINANCE)
    assert finance.get("/audit").status_code == 200
    assert client.post(f"/staff/{finance.staff_id}/role", data={"role": "viewer"}).status_code == 303
    assert finance.get("/audit").status_code in (302, 303)
    email = read(finance.staff_id or 0)["email"]
    assert finance.post("/login", data={"email": email, "password": PASSWORD}).status_code == 303
    assert finance.get("/audit").status_code == 403


def test_deactivating_shuts_out_at_once_and_can_be_undone(app: Flask, client: Client) -> None:
    client.sign_in(Role.ADMIN)
    viewer = another(app, Role.VIEWER)
    email = read(viewer.staff_id or 0)["email"]
    assert viewer.get("/account").status_code == 200
    assert client.post(f"/staff/{viewer.staff_id}/deactivate").status_code == 303
    assert viewer.get("/account").status_code in (302, 303)
    assert viewer.post("/login", data={"email": email, "password": PASSWORD}).status_code == 422
    assert client.post(f"/staff/{viewer.staff_id}/reactivate").status_code == 303
    assert viewer.get("/account").status_code in (302, 303)  # the old session stays ended
    assert viewer.post("/login", data={"email": email, "password": PASSWORD}).status_code == 303


def test_ending_somebodys_sessions(app: Flask, client: Client) -> None:
    client.sign_in(Role.ADMIN)
    viewer = another(app, Role.VIEWER)
    assert client.post(f"/staff/{viewer.staff_id}/sessions/end").status_code == 303
    assert viewer.get("/account").status_code in (302, 303)
    assert client.get(f"/staff/{viewer.staff_id}").status_code == 200


def test_the_last_administrator_stays(app: Flask, client: Client) -> None:
    client.sign_in(Role.ADMIN)
    make_account("invited@example.org", Role.ADMIN, password=None)  # cannot sign in yet: does not count
    own = f"/staff/{client.staff_id}"
    answer = client.post(f"{own}/role", data={"role": "viewer"})
    assert answer.status_code == 409 or answer.status_code == 422
    assert client.post(f"{own}/deactivate").status_code == 409
    assert read(client.staff_id or 0)["role"] == "admin"
    second = make_account("second@example.org", Role.ADMIN)
    assert client.post(f"{own}/role", data={"role": "viewer"}).status_code == 303
    with pytest.raises(Refused), writing():
        services.deactivate(second, actor=SYSTEM, now=now())


def test_two_administrators_cannot_leave_at_once(app: Flask) -> None:
    ids = [make_account(f"admin{number}@example.org", Role.ADMIN) for number in range(4)]

    def leave(staff_id: int) -> bool:
        with app.app_context():
            try:
                with writing():
                    services.deactivate(staff_id, actor=SYSTEM, now=now())
            except Refused:
                return False
            return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(leave, ids)) == 3
    assert len(queries.active_staff()) == 1


@pytest.mark.parametrize("form", ["/account", "/account/password", "/staff/invite", "/staff/{other}/role", "/login"])
def test_fields_that_a_form_does_not_offer_are_never_stored(app: Flask, client: Client, form: str) -> None:
    client.sign_in(Role.ADMIN)
    other = make_account("other@example.org", Role.VIEWER, name="Other")
    offered = {
        "/account": {"name": "Test admin", "language": "nl", "theme": "auto", "deputy": ""},
        "/account/password": {"current": PASSWORD, "password": "een nieuwe zin dan maar"},
        "/staff/invite": {"name": "Bea", "email": "bea@example.org", "role": "viewer", "language": "nl"},
        "/staff/{other}/role": {"role": "fundraiser"},
        "/login": {"email": "other@example.org", "password": "een lange zin, toch"},
    }[form]
    may_change = {
        "/account/password": {"password_hash"},
        "/staff/{other}/role": {"role"},
        "/login": {"last_sign_in_at"},
    }.get(form, set())
    planted = {
        "id": "77",
        "name": "Planted",
        "email": "planted@example.org",
        "email_key": "planted@example.org",
        "role": "admin",
        "language": "en",
        "theme": "dark",
        "active": "",
        "password_hash": "planted",
        "deputy_id": str(other),
        "is_demo": "1",
        "created_at": "2020-01-01",
        "last_sign_in_at": "2020-01-01",
        "staff_id": "77",
        "token_hash": "planted",
        "ended_at": "",
        "address": "planted",
        "browser": "planted",
        "last_seen_at": "2020-01-01",
        "second_step_later_until": "2030-01-01",
        "confirmed_at": "2030-01-01",
    }
    columns = {c.key for model in (Staff, StaffSession) for c in inspect(model).column_attrs}
    assert set(planted) == columns, "a new column: plant a value for it here"
    before = {staff_id: read(staff_id) for staff_id in (client.staff_id or 0, other)}
    answer = client.post(form.format(other=other), data=planted | offered)
    assert answer.status_code == 303
    for staff_id, was in before.items():
        changed = {name for name, value in read(staff_id).items() if value != was[name]}
        assert changed <= may_change
    db.session.rollback()
    stored = str([read(i) for i in db.session.scalars(select(Staff.id))]) + str(
        [tuple(row) for row in db.session.execute(select(StaffSession.__table__))]
    )
    assert "planted" not in stored.casefold()


def test_my_account(app: Flask, client: Client) -> None:
    client.sign_in(Role.VIEWER)
    deputy = make_account("deputy@example.org", Role.VIEWER, name="Debby Deputy")
    data = {"name": "Nieuwe Naam", "language": "en", "theme": "dark", "deputy": str(deputy)}
    answer = client.post("/account", data=data)
    assert answer.status_code == 303
    row = read(client.staff_id or 0)
    assert (row["name"], row["language"], row["theme"], row["deputy_id"]) == ("Nieuwe Naam", "en", "dark", deputy)
    page = client.get("/account").text
    assert 'lang="en"' in page
    assert 'data-theme="dark"' in page
    for wrong in (
        {"name": ""},
        {"language": "fr"},
        {"theme": "pink"},
        {"deputy": str(client.staff_id)},
        {"deputy": "77"},
        {"deputy": "x"},
    ):
        answer = client.post("/account", data=data | wrong)
        assert answer.status_code == 422


def test_changing_the_password_ends_the_other_sessions(app: Flask, client: Client) -> None:
    client.sign_in(Role.VIEWER)
    email = read(client.staff_id or 0)["email"]
    phone = app.test_client()
    phone.post("/login", data={"email": email, "password": PASSWORD})
    assert phone.get("/account").status_code == 200
    new = {"current": PASSWORD, "password": "een nieuwe zin dan maar"}
    assert client.post("/account/password", data=new | {"current": "wrong"}).status_code == 422
    assert client.post("/account/password", data=new | {"password": "kort"}).status_code == 422
    assert phone.get("/account").status_code == 200
    assert client.post("/account/password", data=new).status_code == 303
    assert client.get("/account").status_code == 200
    assert phone.get("/account").status_code in (302, 303)


def test_guessing_the_current_password_at_an_open_screen_is_slowed_down(app: Flask, client: Client) -> None:
    client.sign_in(Role.VIEWER)
    data = {"current": "wrong", "password": "een nieuwe zin dan maar"}
    codes = [client.post("/account/password", data=data).status_code for _ in range(7)]
    assert codes == [422] * 5 + [429] * 2


def test_my_sessions(app: Flask, client: Client) -> None:
    client.sign_in(Role.VIEWER)
    email = read(client.staff_id or 0)["email"]
    phone, tablet = app.test_client(), app.test_client()
    for device in (phone, tablet):
        device.post("/login", data={"email": email, "password": PASSWORD}, headers={"User-Agent": "Firefox/1 Android"})
    assert client.get("/account").text.count("Firefox, Android") == 2
    mine = select(StaffSession.id).where(StaffSession.staff_id == client.staff_id, StaffSession.browser != "test")
    first = db.session.scalars(mine.order_by(StaffSession.id)).first()
    stranger = another(app, Role.ADMIN)
    assert stranger.post(f"/account/sessions/{first}/end").status_code == 404
    assert phone.get("/account").status_code == 200
    assert client.post(f"/account/sessions/{first}/end").status_code == 303
    assert phone.get("/account").status_code in (302, 303)
    assert tablet.get("/account").status_code == 200
    assert client.post("/account/sessions/end-others").status_code == 303
    assert tablet.get("/account").status_code in (302, 303)
    assert client.get("/account").status_code == 200


def test_demo_accounts_are_made_and_refused_in_production(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    from app.staff import passwords

    services.refuse_demo_accounts()
    with writing():
        ids = services.create_demo_accounts(passwords.hashed("demo wachtzin hier"), actor=SYSTEM, now=now())
    with writing():
        again = services.create_demo_accounts(passwords.hashed("een andere wachtzin"), actor=SYSTEM, now=now())
    assert ids == again
    services.refuse_demo_accounts()  # not production: fine
    settings = make_settings(app.config["SETTINGS"].data_dir)
    monkeypatch.setitem(app.config, "SETTINGS", settings)
    monkeypatch.setattr(type(settings), "is_production", property(lambda self: True))
    with pytest.raises(SettingsError, match="demo.example"):
        services.refuse_demo_accounts()
    with pytest.raises(ValueError, match="hash"), writing():
        services.create_demo_accounts("the password itself", actor=SYSTEM, now=now())
