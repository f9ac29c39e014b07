"""`flask serve` as people start it: what it prints, two at once, stopped while answering, what is in its way."""

from __future__ import annotations

import fcntl
import re
import socket
import sqlite3
import threading
import time
from collections.abc import Callable
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, build_opener, urlopen

import pytest

from app.extensions.database import MIGRATIONS
from tests.support.processes import FLASK, LONGEST, PRODUCTION, Process, environment, flask, free_port, running, serving

pytestmark = pytest.mark.databases("sqlite")
written = pytest.mark.skipif(
    not list((MIGRATIONS / "versions").glob("*.py")),
    reason='no migration is written yet: make migration name="Begin"',
)


def sign_in(process: Process, email: str, password: str) -> tuple[int, str]:
    """Sign in by the form, as a browser does: status, and where it led."""
    return form_of(process)(email, password)


def form_of(process: Process) -> Callable[[str, str], tuple[int, str]]:
    """The form to sign in, fetched: what sends it."""
    browser = build_opener(HTTPCookieProcessor(CookieJar()))
    address = f"http://127.0.0.1:{process.port}/login"
    with browser.open(address, timeout=LONGEST) as answer:
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', answer.read().decode())
    assert found
    token = found[1]

    def send(email: str, password: str) -> tuple[int, str]:
        data = urlencode({"email": email, "password": password, "csrf_token": token}).encode()
        with browser.open(address, data, timeout=LONGEST) as answer:
            return answer.status, answer.url

    return send


@written
def test_a_first_start_fills_the_demo_and_a_second_keeps_it(tmp_path: Path) -> None:
    environ = environment(tmp_path) | {"PROCESSES": "2"}
    with serving(environ) as first:
        assert "Public page" in first.said
        assert f"http://127.0.0.1:{first.port}/login" in first.said
        shown = re.findall(r"(\w+@demo\.example)\s+password: (\S+)", first.said)
        assert {email.partition("@")[0] for email, _ in shown} == {"viewer", "fundraiser", "finance", "admin"}
        status, where = sign_in(first, *shown[0])
        assert (status, "/login" in where) == (200, False)
        assert first.get("/steun-ons")[0] == 200
        with urlopen(f"http://127.0.0.1:{first.port}/anbi", timeout=LONGEST) as page:
            paper = re.search(r'href="(/anbi/\d+\.pdf)"', page.read().decode())
        assert paper
        with urlopen(f"http://127.0.0.1:{first.port}{paper[1]}", timeout=LONGEST) as answer:
            assert answer.read(5) == b"%PDF-"
        assert first.stop() == 0
    with sqlite3.connect(tmp_path / "draagvlak.db") as database:
        before = database.execute("SELECT (SELECT count(*) FROM staff), (SELECT count(*) FROM supporter)").fetchone()
    with serving(environ) as second:
        assert re.findall(r"(\w+@demo\.example)\s+password: (\S+)", second.said) == shown
    with sqlite3.connect(tmp_path / "draagvlak.db") as database:
        after = database.execute("SELECT (SELECT count(*) FROM staff), (SELECT count(*) FROM supporter)").fetchone()
    assert before == after


@written
@pytest.mark.complete
def test_two_first_starts_at_once_make_one_set_of_data(tmp_path: Path) -> None:
    environ = environment(tmp_path, WORKER="no")
    with (
        running(environ | {"PORT": str(free_port())}, *FLASK, "serve") as one,
        running(environ | {"PORT": str(free_port())}, *FLASK, "serve") as other,
    ):
        one.wait_until_it_answers()
        other.wait_until_it_answers()
        assert {one.get("/healthz")[0], other.get("/healthz")[0]} == {200}
        shown = [re.findall(r"\S+@demo\.example\s+password: \S+", each.said) for each in (one, other)]
        assert shown[0] == shown[1]
    with sqlite3.connect(tmp_path / "draagvlak.db") as database:
        emails = [email for (email,) in database.execute("SELECT email FROM staff")]
        assert database.execute("SELECT count(*) FROM organisation").fetchone() == (1,)
    assert sorted(emails) == sorted(set(emails))


def test_it_says_where_to_look_and_stops_when_asked(database_url: str, tmp_path: Path) -> None:
    with serving(environment(tmp_path, DATABASE_URL=database_url, APP_ENV="test")) as process:
        assert f"Staff         http://127.0.0.1:{process.port}/login" in process.said
        assert process.get("/login")[0] == 200
        assert process.stop() == 0
    assert "Traceback" not in process.said


def test_a_request_in_flight_is_answered_before_it_stops(database_url: str, tmp_path: Path) -> None:
    """The request waits for the database, which somebody else holds while the server is asked to stop."""
    environ = environment(tmp_path, DATABASE_URL=database_url, APP_ENV="test", WORKER="no")
    answers: list[tuple[int, str]] = []
    with serving(environ) as process, sqlite3.connect(tmp_path / "draagvlak.db", isolation_level=None) as database:
        send = form_of(process)  # however long that takes on a busy machine

        def visit() -> None:
            try:
                answers.append(send("nobody@example.org", "een verkeerd wachtwoord"))
            except OSError as error:
                answers.append((getattr(error, "code", 0), str(error)))

        visitor = threading.Thread(target=visit)
        database.execute("BEGIN IMMEDIATE")
        visitor.start()
        wait_until(lambda: is_held(tmp_path / ".writers.lock"))  # the post is the writer whose turn it is
        process.ask_to_stop()
        wait_until(lambda: not listens(process.port))
        assert not answers
        database.execute("ROLLBACK")
        visitor.join(LONGEST)
        code = process.end()
    assert answers[0][0] in (401, 403, 422), answers
    assert code == 0, process.said


def wait_until(fact: Callable[[], bool]) -> None:
    end = time.monotonic() + LONGEST
    while not fact():
        assert time.monotonic() < end
        time.sleep(0.02)


def is_held(path: Path) -> bool:
    """Whether a process holds the lock on this file (app/extensions/file_lock.py)."""
    with path.open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _refused(environ: dict[str, str], *words: str) -> str:
    """What a command says that must end at once: one line, code 2, no traceback."""
    done = flask(environ, *words)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith("Error: ")
    return done.stderr


def test_a_port_in_use_is_told_in_one_line(database_url: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        environ = environment(tmp_path, DATABASE_URL=database_url, APP_ENV="test", PORT=port)
        assert f"127.0.0.1:{port} is in use" in _refused(environ, "serve")


WRONG: dict[str, tuple[dict[str, str], str]] = {
    "unknown setting": ({"MAIL_FORM": "x"}, "MAIL_FORM"),
    "wrong keys": ({"VAULT_KEYS": "nonsense"}, "VAULT_KEYS"),
    "unwritable folder": ({"DATA_DIR": "/dev/null/here"}, "DATA_DIR"),
    "impossible port": ({"PORT": "99999999"}, "PORT: '99999999' is not a whole number from 1 to 65535"),
}
COMMANDS = (["serve"], ["worker"], ["db", "upgrade"], ["--help"])
# Each command and each wrong setting every day; each command with each setting for a release.
EVERY_DAY = dict(zip(WRONG, COMMANDS, strict=True))


@pytest.mark.parametrize(
    ("words", "wrong", "about"),
    [
        pytest.param(
            words, *WRONG[name], id=f"{name}-{' '.join(words)}",
            marks=[] if words in (COMMANDS[0], EVERY_DAY[name]) else pytest.mark.complete,
        )
        for words in COMMANDS for name in WRONG
    ],
)  # fmt: skip
def test_a_wrong_setting_is_told_in_one_line(
    tmp_path: Path, words: list[str], wrong: dict[str, str], about: str
) -> None:
    assert about in _refused(environment(tmp_path) | {"PORT": str(free_port())} | wrong, *words)


# What works with the database begins alike in each: one every day, all for a release.
BEGINNING = [
    pytest.param(words, id=" ".join(words), marks=[] if words == ["serve"] else pytest.mark.complete)
    for words in COMMANDS[:3]
]


@pytest.mark.parametrize("words", BEGINNING)
def test_a_database_that_cannot_be_reached_is_told_in_one_line(tmp_path: Path, words: list[str]) -> None:
    address = f"postgresql://x:secret@127.0.0.1:{free_port()}/none"
    environ = environment(tmp_path, DATABASE_URL=address, PORT=str(free_port()))
    said = _refused(environ, *words)
    assert "DATABASE_URL: cannot" in said
    assert "secret" not in said


@pytest.mark.parametrize("words", BEGINNING)
def test_a_file_that_is_no_database_is_told_in_one_line(tmp_path: Path, words: list[str]) -> None:
    environ = environment(tmp_path, DATABASE_URL=f"sqlite:///{__file__}", PORT=str(free_port()))
    assert "file is not a database" in _refused(environ, *words)


@pytest.mark.parametrize(
    "wrong",
    [
        {"BASE_URL": "http://steun.example.org"},
        {"MOLLIE_API_KEY": "test_abcdefghijklmnopqrstuvwxyz1234"},
        {"SMTP_URL": "mail.example.org"},
        {"SECRET_KEY": "change-me-change-me-change-me-change-me"},
        {"SECRET_KEY": "short"},
    ],
    ids=lambda wrong: "=".join(*wrong.items()),
)
def test_production_is_refused_in_one_line(tmp_path: Path, wrong: dict[str, str]) -> None:
    environ = environment(tmp_path, **PRODUCTION, PORT=str(free_port())) | wrong
    assert next(iter(wrong)) in _refused(environ, "serve")
    assert not list(tmp_path.iterdir())
