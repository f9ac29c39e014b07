"""Headers, languages, the front door, errors and static files, as a browser meets them."""

from __future__ import annotations

import gzip
import logging
from collections.abc import Callable

import pytest
from flask import Flask, abort
from flask.testing import FlaskClient

from app import create_app
from app.base.errors import Forbidden, Invalid, NotFound, Refused, TooMany
from app.base.money import Money
from app.ui import assets, headers, languages, returning
from app.ui.permissions import PUBLIC_ENDPOINTS, Permission, requires
from app.ui.views import local_path
from tests.conftest import make_settings

pytestmark = pytest.mark.databases("sqlite")
SignIn = Callable[[str], FlaskClient]


@pytest.fixture
def room(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """The application with a few more pages, some open to all."""
    open_pages = {"x_domain", "x_break", "x_abort", "x_framed", "x_cached"}
    monkeypatch.setattr("app.ui.permissions.PUBLIC_ENDPOINTS", PUBLIC_ENDPOINTS | open_pages)
    monkeypatch.setattr("app.ui.headers.PUBLIC_ENDPOINTS", PUBLIC_ENDPOINTS | open_pages)

    @app.route("/x/domain/<int:number>", endpoint="x_domain", methods=["GET", "POST"])
    def domain(number: int) -> str:
        raise {
            400: Invalid("The amount must be at least %(least)s.", least=Money(123456)),
            403: Forbidden("Your role does not allow this."),
            404: NotFound("This page is not here"),
            409: Refused("This cannot be done: it is %(now)s.", now="Overdue"),
            429: TooMany("Just a moment"),
        }[number]

    @app.get("/x/break", endpoint="x_break")
    def broken() -> str:
        raise ZeroDivisionError("secret detail")

    @app.get("/x/abort/<int:number>", endpoint="x_abort")
    def aborted(number: int) -> str:
        abort(number)

    @app.get("/x/framed", endpoint="x_framed")
    def framed() -> str:
        headers.frameable()
        headers.may_post_to("https:")
        return "framed"

    @app.get("/x/cached", endpoint="x_cached")
    def cached() -> str:
        languages.by_address()
        return languages.language()

    @app.get("/x/staff", endpoint="x_staff")
    @requires(Permission.OWN_ACCOUNT)
    def staff() -> str:
        return languages.language()

    return app


def test_every_answer_carries_the_security_headers(room: Flask, client: FlaskClient) -> None:
    for path in ("/login", "/nope", "/x/break", "/x/domain/409"):
        room.config["PROPAGATE_EXCEPTIONS"] = False
        sent = client.get(path).headers
        policy = dict(part.split(" ", 1) for part in sent["Content-Security-Policy"].split("; "))
        assert policy["default-src"] == policy["script-src"] == policy["style-src"] == "'self'"
        assert policy["frame-ancestors"] == policy["base-uri"] == policy["object-src"] == "'none'"
        assert policy["form-action"] == "'self'"
        assert sent["X-Content-Type-Options"] == "nosniff"
        assert sent["X-Frame-Options"] == "DENY"
        assert sent["Referrer-Policy"] == "strict-origin-when-cross-origin"
        assert sent["Cross-Origin-Opener-Policy"] == "same-origin"
        assert "geolocation=()" in sent["Permissions-Policy"]
        assert "Strict-Transport-Security" not in sent


def test_only_listed_hosts_may_frame_and_only_where_a_page_says_so(
    room: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = client.get("/x/framed").headers
    assert "frame-ancestors 'none'" in sent["Content-Security-Policy"], "no hosts listed: nobody"
    object.__setattr__(room.config["SETTINGS"], "frame_hosts", ("https://partner.example",))
    sent = client.get("/x/framed").headers
    assert "frame-ancestors https://partner.example" in sent["Content-Security-Policy"]
    assert "form-action 'self' https:;" in sent["Content-Security-Policy"]
    assert "X-Frame-Options" not in sent
    after = client.get("/login").headers
    assert "frame-ancestors 'none'" in after["Content-Security-Policy"]
    assert "form-action 'self';" in after["Content-Security-Policy"]


def test_https_is_remembered_by_browsers_and_the_cookie_belongs_to_it(tmp_path, databases) -> None:  # type: ignore[no-untyped-def]
    with databases.fresh("sqlite", tmp_path) as url:
        secure = create_app(make_settings(tmp_path, DATABASE_URL=url, BASE_URL="https://geef.example"))
        sent = secure.test_client().get("/nope").headers
        cookie = secure.test_client().get("/login").headers["Set-Cookie"]
    assert sent["Strict-Transport-Security"].startswith("max-age=31536000")
    assert cookie.startswith("__Host-draagvlak=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
    assert "Domain" not in cookie


def test_staff_pages_are_not_stored_and_public_ones_may_be(room: Flask, sign_in: SignIn) -> None:
    client = sign_in("fundraiser")
    assert client.get("/x/staff").headers["Cache-Control"] == "no-store"
    assert client.get("/nope").headers["Cache-Control"] == "no-store"
    anybody = room.test_client()
    assert "Cache-Control" not in anybody.get("/x/cached").headers
    for form in ("/login", "/forgot-password", "/blijf-op-de-hoogte"):
        assert anybody.get(form).headers["Cache-Control"] == "no-store", "it holds a token of this visitor"


@pytest.mark.parametrize(
    ("number", "status", "says"),
    [
        (400, 422, "minstens €\u00a01.234,56"),
        (403, 403, "Je rol staat dit niet toe."),
        (404, 404, "Deze pagina is er niet"),
        (409, 409, "de status is Te laat"),
        (429, 429, "Een ogenblik"),
    ],
)
def test_what_the_domain_refuses_is_a_page_in_the_readers_language(
    room: Flask, client: FlaskClient, number: int, status: int, says: str
) -> None:
    answer = client.get(f"/x/domain/{number}")
    assert answer.status_code == status
    assert says in answer.text
    assert '<html lang="nl"' in answer.text
    assert ("Retry-After" in answer.headers) == (status == 429)
    asked = client.get(f"/x/domain/{number}", headers={"Accept": "application/json"})
    assert asked.status_code == status
    assert says in asked.json["error"]
    assert asked.json["status"] == status


@pytest.mark.parametrize(
    ("came", "back"),
    [
        ("http://localhost/grants/5?a=1&b=2", "/grants/5?a=1&amp;b=2"),
        ("http://localhost//evil.example/x", "/evil.example/x"),
        ("https://evil.example/grants/5", ""),
        ("http://[", ""),
        ("", ""),
    ],
)
def test_who_is_refused_a_button_finds_the_way_back(room: Flask, client: FlaskClient, came: str, back: str) -> None:
    page = client.post("/x/domain/409", headers={"Referer": came} if came else {})
    assert page.status_code == 409
    assert (f'href="{back}">Terug naar de vorige pagina' in page.text) == bool(back)
    assert "evil.example/grants" not in page.text
    assert "vorige pagina" not in client.get("/x/domain/409", headers={"Referer": came} if came else {}).text


@pytest.mark.parametrize("status", [400, 403, 404, 405, 409, 413, 422, 429, 500, 503, 418])
def test_every_error_has_a_page_that_helps_on(room: Flask, client: FlaskClient, status: int) -> None:
    room.config["PROPAGATE_EXCEPTIONS"] = False
    answer = client.get(f"/x/abort/{status}")
    assert answer.status_code == status
    assert "<h1>" in answer.text
    assert 'href="/"' in answer.text


def test_an_accident_shows_a_reference_that_is_in_the_log_and_nothing_else(
    room: Flask, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    room.config["PROPAGATE_EXCEPTIONS"] = False
    with caplog.at_level(logging.ERROR):
        answer = client.get("/x/break", headers={"Accept": "application/json"})
    assert answer.status_code == 500
    assert f"incident {answer.json['reference']}: ZeroDivisionError" in caplog.text
    assert "secret detail" not in answer.text
    assert "secret detail" not in client.get("/x/break").text


def test_a_wrong_method_says_which_are_right(client: FlaskClient) -> None:
    answer = client.delete("/language")
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]


def test_the_address_decides_the_language_then_the_cookie(room: Flask, client: FlaskClient, sign_in: SignIn) -> None:
    assert '<html lang="nl"' in client.get("/nope").text
    assert '<html lang="en"' in client.get("/en/nope").text
    assert '<html lang="nl"' in client.get("/english").text
    answer = client.post("/language", data={"language": "en", "next": "/x/cached?a=1"}, csrf=False)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/x/cached?a=1")
    assert '<html lang="en"' in client.get("/nope").text
    assert client.get("/x/cached").text == "nl", "a page cached for everybody does not listen to one reader's cookie"
    assert sign_in("viewer").get("/x/staff").text == "en"
    client.set_cookie("language", "../../etc")
    assert '<html lang="nl"' in client.get("/nope").text
    assert client.post("/language", data={"language": "fr"}, csrf=False).status_code == 400


def test_the_theme_is_remembered(client: FlaskClient) -> None:
    assert 'data-theme="auto"' in client.get("/nope").text
    client.post("/theme", data={"theme": "dark", "next": "/"}, csrf=False)
    assert 'data-theme="dark"' in client.get("/nope").text
    assert client.post("/theme", data={"theme": '"><script>'}, csrf=False).status_code == 400


@pytest.mark.parametrize(
    "target",
    ["https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil.example", "javascript:alert(1)", "",
     "/\tevil", "/\n/evil.example", " /x", "evil.example", "http:/evil.example", "///evil.example", "//[", "/\x00"],
)  # fmt: skip
def test_one_is_never_sent_elsewhere(client: FlaskClient, target: str) -> None:
    assert local_path(target) == "/"
    if "\x00" not in target:
        sent = client.post("/language", data={"language": "en", "next": target}, csrf=False)
        assert sent.headers["Location"] == "/"
    with client.application.test_request_context("/", method="POST", data={"next": target}):
        assert returning.back("/here") == "/here"


def test_local_addresses_are_kept() -> None:
    assert local_path("/grants?sort=-due&q=a%2Fb") == "/grants?sort=-due&q=a%2Fb"
    assert local_path(None) == "/"


def test_static_files_are_fingerprinted_compressed_and_kept_for_ever(app: Flask, client: FlaskClient) -> None:
    with app.test_request_context("/"):
        address = assets.asset("css/public.css")
        assert assets.asset("css/public.css") == address
        with pytest.raises(KeyError):
            assets.asset("css/none.css")
    plain = client.get(address, buffered=True)
    assert "immutable" in plain.headers["Cache-Control"]
    assert plain.headers["X-Content-Type-Options"] == "nosniff"
    assert "@import" not in plain.text
    small = client.get(address, headers={"Accept-Encoding": "gzip"}, buffered=True)
    assert small.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(small.data) == plain.data
    assert len(small.data) < 12_000, "the public style sheet stays light"
    for wrong in ("/static/manifest.json", "/static/css/_base.css", "/static/../config.py", "/static/nope.css"):
        assert client.get(wrong).status_code == 404


def test_assets_are_made_once_and_anew_when_a_source_changes(tmp_path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    source = tmp_path / "static"
    (source / "css").mkdir(parents=True)
    (source / "css" / "a.css").write_text("a{color:red}")
    monkeypatch.setattr(assets, "SOURCE", source)
    first = assets.build(tmp_path / "out")
    made = tmp_path / "out" / first["files"]["css/a.css"]
    before = made.stat().st_mtime_ns
    assert assets.build(tmp_path / "out") == first
    assert made.stat().st_mtime_ns == before
    (source / "css" / "a.css").write_text("a{color:blue;margin:0}")
    second = assets.build(tmp_path / "out")
    assert second["files"]["css/a.css"] != first["files"]["css/a.css"]
    assert made.exists(), "pages that are still open in browsers need the file of before"
    (source / "css" / "a.css").write_text("a{color:green;padding:1px}")
    assets.build(tmp_path / "out")
    assert not made.exists(), "two releases back is gone"


def test_the_front_door_leads_on(client: FlaskClient, sign_in: SignIn) -> None:
    answer = client.get("/")
    assert answer.status_code == 302
    assert answer.headers["Location"] != "/"
    page = client.get(answer.headers["Location"])
    assert page.status_code == 200


def test_the_components_page_shows_them_all(sign_in: SignIn) -> None:
    answer = sign_in("viewer").get("/ui/components")
    assert answer.status_code == 200
    for part in (
        "figures",
        "agenda",
        "timeline",
        "data-table",
        "chart-plot",
        "tiles",
        "error-summary",
        "empty",
        "tabs",
    ):
        assert f'class="{part}' in answer.text, part
    assert 'aria-describedby="amount-error"' in answer.text
    assert "style=" not in answer.text


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("/steun-ons/", "/steun-ons"),
        ("/Steun-Ons", "/steun-ons"),
        ("/STEUN-ONS/?utm_source=Folder", "/steun-ons?utm_source=Folder"),
        ("/mijn-giften/open/AbC/", "/mijn-giften/open/AbC"),
        ("/Mijn-giften/open/AbC", None),
        ("/nergens/", None),
        ("//voorbeeld.example/", None),
        ("//steun-ons/", "/steun-ons"),
        ("/static/", None),
    ],
)
def test_an_address_typed_from_paper_leads_to_its_page(client: FlaskClient, typed: str, meant: str | None) -> None:
    path, _mark, query = typed.partition("?")
    answer = client.get("/", query_string=query, environ_overrides={"PATH_INFO": path})
    assert (answer.status_code, answer.location) == ((302, meant) if meant else (404, None))
    assert client.post("/", environ_overrides={"PATH_INFO": path}).status_code in (400, 404)
