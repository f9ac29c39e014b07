"""Fixtures shared by all tests: a fresh real database for each test, a clock that can be set.

A test that asks for `app` (or anything that stands on it) runs on the databases named by
`--database`: sqlite (default), postgresql, both, or turns: one test function here, the next there.
`@pytest.mark.databases("sqlite")` keeps a test to one of them, and naming both means both, in turns too.
Without PostgreSQL its part is skipped with the reason, and fails with REQUIRE_ALL=1.
`--complete` also runs what is marked `complete`: long looks that every change can do without, but no release.
"""

from __future__ import annotations

import gc
import os
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from flask import Flask
from hypothesis import HealthCheck, settings

from app import create_app
from app.extensions import db
from app.organisation import queries as organisation
from app.staff import passwords
from app.ui import assets
from app.ui.permissions import Role
from tests.support import guard, routes, statements, templates
from tests.support.client import Client
from tests.support.databases import Databases, make_settings
from tests.support.postgres import MEMORY, Missing, Postgres, Server, roomy

__all__ = ["SettableClock", "make_settings"]
KINDS = ("sqlite", "postgresql")
# How long an example or its first draw takes says something of the machine, nothing of the product.
settings.register_profile("draagvlak", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("draagvlak")
REQUIRE_ALL = os.environ.get("REQUIRE_ALL", "") not in ("", "0")


class SettableClock:
    """A clock for tests: `clock.at(...)`, `clock.forward(days=1)`. Starts at noon on 23 November 2026."""

    def __init__(self) -> None:
        self.instant = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.instant

    def at(self, *parts: int) -> None:
        self.instant = datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]

    def forward(self, **delta: float) -> None:
        self.instant += timedelta(**delta)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database", choices=(*KINDS, "both", "turns"), default="sqlite", help="databases to run the tests on"
    )
    parser.addoption("--complete", action="store_true", help="run the tests marked complete too")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "databases(*kinds): run on these databases only (sqlite, postgresql)")
    config.addinivalue_line("markers", "complete: long; runs with --complete only")
    config.addinivalue_line("markers", "no_tables: start from a database without a single table")
    if roomy(MEMORY):  # a commit waits 60 times as long for a disk, and keeps it busy
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))
    if hasattr(config, "workerinput") or config.option.collectonly or config.option.database == "sqlite":
        return
    postgres = Postgres()
    config.add_cleanup(postgres.stop)
    try:
        config._postgres = str(postgres.start().directory)  # type: ignore[attr-defined]
    except Missing as reason:
        config._postgres_missing = str(reason)  # type: ignore[attr-defined]


class _TellWorkers:
    """The server is started once, by the first process; xdist's workers are told where."""

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: pytest.Item) -> None:
        for name in ("_postgres", "_postgres_missing"):
            node.workerinput[name] = getattr(node.config, name, "")  # type: ignore[attr-defined]


def pytest_plugin_registered(plugin: object, manager: pytest.PytestPluginManager) -> None:
    if not manager.has_plugin("tell_workers"):
        manager.register(_TellWorkers(), "tell_workers")


def _told(config: pytest.Config, name: str) -> str:
    return str(getattr(config, "workerinput", {}).get(name) or getattr(config, name, ""))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "database" not in metafunc.fixturenames:
        return
    chosen = metafunc.config.getoption("--database")
    marker = metafunc.definition.get_closest_marker("databases")
    if chosen == "turns" and marker is None:
        kinds = (KINDS[zlib.crc32(metafunc.definition.nodeid.encode()) % 2],)
    else:
        kinds = (chosen,) if chosen in KINDS else KINDS
    metafunc.parametrize("database", [kind for kind in kinds if marker is None or kind in marker.args])


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--complete"):
        return
    left_out = [item for item in items if item.get_closest_marker("complete")]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    callspec = getattr(item, "callspec", None)
    reason = _told(item.config, "_postgres_missing")
    if reason and callspec is not None and callspec.params.get("database") == "postgresql":
        missing(reason)


def missing(reason: str) -> None:
    """Skip a test whose tool is not on this machine; where everything must be there, fail it."""
    if REQUIRE_ALL:
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session", autouse=True)
def _nothing_leaves_this_machine() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        guard.close_the_door(patch)
        yield


@pytest.fixture(scope="session", autouse=True)
def _what_depends_on_no_test_is_made_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    assets.build(tmp_path_factory.mktemp("static"))  # every application takes over these files
    with pytest.MonkeyPatch.context() as patch:
        routes.remember(patch)
        templates.remember(patch)
        statements.remember(patch)
        yield


@pytest.fixture(scope="session", autouse=True)
def _imports_are_no_garbage() -> None:
    """What was imported stays: without this the collector looks through it all again every few tests, half a second
    each time, a sixth of the whole run."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(5000, 20, 20)


@pytest.fixture(scope="session")
def databases(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """Where tests that need more than one database get them."""
    where = _told(request.config, "_postgres")
    made = Databases(tmp_path_factory.mktemp("template"), Server(Path(where)) if where else None)
    yield made
    made.close()


@pytest.fixture
def database_url(request: pytest.FixtureRequest, database: str, databases: Databases, tmp_path: Path) -> Iterator[str]:
    """The address of this test's own database."""
    make = databases.empty if request.node.get_closest_marker("no_tables") else databases.fresh
    with make(database, tmp_path) as url:
        yield url


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def app(database_url: str, tmp_path: Path, clock: SettableClock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    # What is asked for anew every few seconds would be a statement more on a page, now and then, on a busy machine.
    monkeypatch.setattr(organisation, "KEEP_SECONDS", float("inf"))
    app = create_app(make_settings(tmp_path, DATABASE_URL=database_url), clock)
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords() -> None:
    """argon2id still, with parameters that cost next to nothing."""
    passwords.use(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def client(app: Flask) -> Client:
    """Nobody signed in yet; see tests/support/client.py for what it does beyond Flask's own."""
    app.test_client_class = Client
    return app.test_client()  # type: ignore[return-value]


@pytest.fixture
def sign_in(client: Client) -> Callable[[Role | str], Client]:
    """`sign_in("finance")` signs `client` in as a new member of staff of that role, and returns it."""
    return client.sign_in
