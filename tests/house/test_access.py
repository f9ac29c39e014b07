"""Who may reach what: every route, by method and role, is written in a room's access.txt.

A line is `GET /grants/<int:grant_id> grants:read` or `GET /steun-ons public`. An unsafe route
that takes no CSRF token says why: `POST /webhooks/mollie public exempt: only the id is read`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.routing import AnyConverter, IntegerConverter, Rule

from app.ui.permissions import PUBLIC_ENDPOINTS, ROLE_PERMISSIONS, Permission, Role, permission_of
from tests.support.client import Client

TABLES = sorted(Path(__file__).parents[1].glob("*/access.txt"))
LINE = re.compile(r"(?P<method>[A-Z]+) (?P<rule>/\S*) (?P<permission>\S+)(?: exempt: (?P<exempt>\S.*))?")
UNSAFE = ("POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True)
class Line:
    permission: str
    exempt: str | None
    where: str


@pytest.fixture
def table() -> dict[tuple[str, str], Line]:
    written: dict[tuple[str, str], Line] = {}
    for path in TABLES:
        for number, text in enumerate(path.read_text("utf-8").splitlines(), 1):
            if not text.strip() or text.startswith("#"):
                continue
            where = f"tests/{path.parent.name}/access.txt:{number}"
            match = LINE.fullmatch(text.strip())
            assert match, f"{where}: write METHOD /path permission, not {text!r}"
            key = match["method"], match["rule"]
            assert key not in written, f"{where}: {key} is in {written[key].where} already"
            written[key] = Line(match["permission"], match["exempt"], where)
    return written


def routes(app: Flask) -> Iterator[tuple[str, Rule]]:
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield method, rule


def address(app: Flask, rule: Rule) -> str:
    """An address of this route that belongs to no row."""
    values: dict[str, object] = {}
    for name, converter in rule._converters.items():
        if isinstance(converter, AnyConverter):
            values[name] = sorted(converter.items)[0]
        else:
            values[name] = 4242 if isinstance(converter, IntegerConverter) else "unknown"
    return str(app.url_map.bind("localhost").build(rule.endpoint, values))


def names_a_row(rule: Rule) -> bool:
    return any(not isinstance(converter, AnyConverter) for converter in rule._converters.values())


def fresh(app: Flask, role: Role | None = None) -> Client:
    app.test_client_class = Client
    client = app.test_client()
    assert isinstance(client, Client)
    return client.sign_in(role) if role else client


def ask(client: Client, url: str, method: str, **kwargs: object) -> int:
    """The status; what the application did not catch is a 500."""
    try:
        return client.open(url, method=method, **kwargs).status_code
    except Exception as error:
        print(f"{method} {url}: {error!r}")
        return 500


def test_every_route_and_method_is_written_down_once(app: Flask, table: dict[tuple[str, str], Line]) -> None:
    there = {(method, rule.rule) for method, rule in routes(app)}
    missing = sorted(f"{method} {rule}" for method, rule in there - table.keys())
    gone = sorted(f"{table[key].where}: {' '.join(key)}" for key in table.keys() - there)
    assert not missing, "write these in the access.txt of their room:\n" + "\n".join(missing)
    assert not gone, "these routes are not there:\n" + "\n".join(gone)


def test_what_is_written_is_what_the_view_demands(app: Flask, table: dict[tuple[str, str], Line]) -> None:
    wrong = []
    for method, rule in routes(app):
        line = table.get((method, rule.rule))
        if line is None:
            continue
        demanded = permission_of(app.view_functions[rule.endpoint])
        code = "public" if rule.endpoint in PUBLIC_ENDPOINTS else str(demanded)
        if rule.endpoint in PUBLIC_ENDPOINTS and demanded is not None:
            wrong.append(f"{rule.endpoint} is public and demands {demanded}")
        if code != line.permission:
            wrong.append(f"{line.where}: says {line.permission}, the code {code}")
        if line.exempt and (line.permission != "public" or method not in UNSAFE):
            wrong.append(f"{line.where}: only public unsafe routes can do without a CSRF token")
    assert not wrong, "\n".join(wrong)
    assert not PUBLIC_ENDPOINTS - {rule.endpoint for _, rule in routes(app)}, "public endpoints that are not there"


def test_nobody_gets_in_without_signing_in(app: Flask) -> None:
    client, wrong = fresh(app), []
    for method, rule in routes(app):
        if rule.endpoint in PUBLIC_ENDPOINTS:
            continue
        for used in (method, "HEAD") if method == "GET" else (method,):
            answer = client.open(address(app, rule), method=used)
            to_login = answer.status_code in (302, 303) and (answer.location or "").startswith("/login")
            if not (to_login or answer.status_code == 401):
                wrong.append(f"{used} {rule.rule}: {answer.status_code} {answer.location or ''}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("role", list(Role))
def test_each_role_reaches_what_it_may_and_nothing_else(app: Flask, role: Role) -> None:
    client, wrong = fresh(app, role), []
    for method, rule in routes(app):
        permission = permission_of(app.view_functions[rule.endpoint])
        if permission is None:
            continue
        allowed = permission in ROLE_PERMISSIONS[role]
        # A permitted unsafe request may sign out, so it is made by somebody of its own.
        user = fresh(app, role) if allowed and method in UNSAFE else client
        status = ask(user, address(app, rule), method, data={})
        if not allowed and status != 403:
            wrong.append(f"{method} {rule.rule}: {role.value} may not, but got {status}")
        elif allowed and (status in (401, 403) or status >= 500):
            wrong.append(f"{method} {rule.rule}: {role.value} may, but got {status}")
        elif allowed and names_a_row(rule) and status not in ((404,) if method == "GET" else (400, 404, 409, 422)):
            wrong.append(f"{method} {rule.rule}: there is no such row, but {role.value} got {status}")
    assert not wrong, "\n".join(wrong)


def test_public_pages_answer_everybody(app: Flask) -> None:
    client, wrong = fresh(app), []
    for method, rule in routes(app):
        if rule.endpoint in PUBLIC_ENDPOINTS:
            status = ask(client, address(app, rule), method, data={})
            if status in (401, 403) or status >= 500 and status != 503:
                wrong.append(f"{method} {rule.rule}: {status}")
            # A donor's own pages lead whoever has no session to where a link is asked for, whatever the id.
            led = rule.rule.startswith("/mijn-giften/") and status == 303
            if method == "GET" and names_a_row(rule) and status != 404 and not led:
                wrong.append(f"{method} {rule.rule}: there is no such thing, but got {status}")
    assert not wrong, "\n".join(wrong)


def test_unsafe_requests_need_a_csrf_token(app: Flask, table: dict[tuple[str, str], Line]) -> None:
    admin, nobody, wrong = fresh(app, Role.ADMIN), fresh(app), []
    for method, rule in routes(app):
        line = table.get((method, rule.rule))
        if method not in UNSAFE or line is None or line.exempt:
            continue
        client = nobody if line.permission == "public" else admin
        for headers in ({}, {"X-CSRFToken": fresh(app).csrf_token()}):
            status = ask(client, address(app, rule), method, data={}, csrf=False, headers=headers)
            if status != 400:
                wrong.append(f"{method} {rule.rule}: without a token of its own session got {status}")
    assert not wrong, "\n".join(wrong)


def test_the_csrf_token_is_enough_where_the_browser_tells_no_referer(app: Flask) -> None:
    """Pages with a link's token in their address ask browsers to keep it to themselves, also when they post to us."""
    for role, url in (None, "/mijn-giften"), (None, "/blijf-op-de-hoogte"), (Role.ADMIN, "/staff/invite"):
        answer = fresh(app, role).post(url, data={}, base_url="https://localhost")
        assert answer.status_code == 422, url


def test_what_a_link_opens_is_kept_nowhere_and_told_to_nobody(app: Flask) -> None:
    """Neither by browsers nor in between, and its address is not in the log of the next site or our own proxy."""
    wrong = []
    for method, rule in routes(app):
        if method == "GET" and "token" in rule.arguments:
            for status in (200, 404):
                with app.test_request_context(address(app, rule)):
                    answer = app.process_response(app.make_response(("", status)))
                told = {name: answer.headers.get(name, "") for name in ("Cache-Control", "Referrer-Policy")}
                if "no-store" not in told["Cache-Control"] or told["Referrer-Policy"] != "no-referrer":
                    wrong.append(f"{rule.rule} ({status}): {told}")
    assert not wrong, "\n".join(wrong)


def test_a_view_without_a_permission_is_refused(app: Flask, sign_in: Callable[[Role], Client]) -> None:
    app.add_url_rule("/forgotten", "forgotten", lambda: "hello")
    assert sign_in(Role.ADMIN).get("/forgotten").status_code == 403


def test_every_permission_belongs_to_the_administrator() -> None:
    assert ROLE_PERMISSIONS[Role.ADMIN] == set(Permission)
    for role in (Role.VIEWER, Role.FUNDRAISER, Role.FINANCE):
        assert Permission.STAFF_MANAGE not in ROLE_PERMISSIONS[role]
    personal = {Permission.SUPPORTERS_READ, Permission.EXPORTS_PERSONAL, Permission.GIFTS_READ, Permission.NOTES_READ}
    assert not personal & ROLE_PERMISSIONS[Role.VIEWER]
