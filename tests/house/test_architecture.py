"""The floors of docs/house.md hold. A failure prints the offending line and what to do instead."""

from __future__ import annotations

import importlib
import pkgutil

import pytest

import app
from tests.house import floors

FLOORS = floors.floors()
MODULES = floors.modules()
MOST_LINES = 320  # the aim is 300


def test_rooms_import_downwards_only() -> None:
    found = [line for path, source in MODULES.items() for line in floors.offences(path, source, FLOORS)]
    assert not found, "\n" + "\n".join(found)


def test_every_room_stands_on_a_floor_and_is_registered() -> None:
    rooms = {module.name for module in pkgutil.iter_modules(app.__path__)}
    assert rooms <= set(FLOORS), f"add to the floors in docs/house.md: {sorted(rooms - set(FLOORS))}"
    folders = {module.name for module in pkgutil.iter_modules(app.__path__) if module.ispkg} - {
        "base",
        "extensions",
        "cli",
    }
    registered = [room for floor in app.ROOMS for room in floor]
    assert set(registered) == folders, f"app.ROOMS and the folders of app/ differ: {set(registered) ^ folders}"
    numbers = [FLOORS[room] for room in registered]
    assert numbers == sorted(numbers), "app.ROOMS lists the lowest floor first: event handlers run in that order"


def test_modules_stay_short() -> None:
    long = {path: source.count("\n") for path, source in MODULES.items() if source.count("\n") > MOST_LINES}
    assert not long, "\n" + "\n".join(f"{path}: {n} lines; split it by concept" for path, n in long.items())


def test_no_room_keeps_a_drawer_for_odds_and_ends() -> None:
    drawers = [path for path in MODULES if path.endswith(("/utils.py", "/helpers.py", "/misc.py", "/common.py"))]
    assert not drawers, f"split by concept instead: {drawers}"


def test_every_module_says_what_it_is_for() -> None:
    silent = [path for path, source in MODULES.items() if source.strip() and not source.lstrip().startswith('"""')]
    assert not silent, f"begin with one sentence saying what it is for: {silent}"


def test_every_module_can_be_imported() -> None:
    for path in MODULES:
        name = path.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
        assert importlib.import_module(name)


SAMPLE = {"base": 0, "vault": 2, "gifts": 10, "grants": 9, "banking": 11, "giving": 11}


@pytest.mark.parametrize(
    ("path", "source", "part"),
    [
        ("app/gifts/services.py", "from app.giving import services", "above"),
        ("app/gifts/services.py", "def f():\n    import app.giving.pages", ":2: imports app.giving.pages"),
        ("app/giving/pages.py", "if TYPE_CHECKING:\n    from app.banking.models import Line", "on the same floor"),
        ("app/gifts/models.py", "from ..giving import models", "above"),
        ("app/gifts/models.py", 'importlib.import_module("app.giving")', "above"),
        ("app/gifts/services.py", "from app import create_app", "nobody imports"),
        ("app/gifts/services.py", "import app", "nobody imports"),
        ("app/gifts/pages.py", "from app.grants.award_views import show", "of another room"),
        ("app/gifts/pages.py", "from app.grants import forms", "of another room"),
        ("app/gifts/models.py", "from app.gifts.services import book", "may not know services"),
        ("app/gifts/services.py", "from app.gifts.views import bp", "may not know views"),
        ("app/gifts/services.py", "from flask import request", "as arguments"),
        ("app/gifts/queries.py", "from flask_login import current_user", "as arguments"),
        ("app/base/money.py", "import flask", "plain Python"),
        ("app/attic/models.py", "", "on no floor"),
    ],
)
def test_what_the_house_forbids_is_noticed(path: str, source: str, part: str) -> None:
    found = floors.offences(path, source, SAMPLE)
    assert any(part in line for line in found), found


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("app/gifts/services.py", "from app.grants.queries import open_grants\nfrom app.vault.services import seal"),
        ("app/gifts/views.py", "from flask import request\nfrom app.gifts import forms, services"),
        ("app/gifts/services.py", "from app.gifts.models import Gift\nfrom app.base.money import Money"),
        ("app/__init__.py", "from app.giving import views"),
    ],
)
def test_what_the_house_allows_is_left_alone(path: str, source: str) -> None:
    assert floors.offences(path, source, SAMPLE) == []
