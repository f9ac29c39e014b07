"""Every setting, route and command is described in docs/, and nothing that is not there is."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path

import click
import pytest
from flask import Flask

from config import ROOT, SECRETS, Settings

pytestmark = pytest.mark.databases("sqlite")


def _described(name: str, pattern: str) -> set[str]:
    """The names that begin the lines of a page of docs/: "- `NAME`: what it is"."""
    page = ROOT / "docs" / name
    text = page.read_text(encoding="utf-8") if page.exists() else ""
    return {match for line in text.splitlines() if line.startswith("- `") for match in re.findall(pattern, line)[:1]}


def _compare(page: str, described: set[str], there: set[str]) -> None:
    missing, extra = sorted(there - described), sorted(described - there)
    assert not missing, f"\ndocs/{page} does not tell of:\n" + "\n".join(f"- `{name}`: …" for name in missing)
    assert not extra, f"\ndocs/{page} tells of what is not there:\n" + "\n".join(extra)


def test_every_setting_is_described() -> None:
    there = {field.name.upper() for field in fields(Settings)}
    _compare("settings.md", _described("settings.md", r"`([A-Z_]+)`"), there)


def test_every_secret_that_can_come_from_a_file_is_said_to() -> None:
    text = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    silent = [name.upper() for name in SECRETS if f"{name.upper()}_FILE" not in text]
    assert not silent, f"docs/settings.md does not say that these can be read from a file: {silent}"


def test_defaults_are_described_as_they_are() -> None:
    text = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    wrong = []
    for field in fields(Settings):
        if isinstance(field.default, bool):
            shown = "yes" if field.default else "no"
        elif isinstance(field.default, Path):
            shown = str(field.default.relative_to(ROOT))
        else:
            shown = str(field.default)
        line = next((line for line in text.splitlines() if line.startswith(f"- `{field.name.upper()}`")), "")
        if field.default not in ("", ()) and f"default `{shown}`" not in line:
            wrong.append(f"{field.name.upper()}: default `{shown}`")
    assert not wrong, "\ndocs/settings.md says another default:\n" + "\n".join(wrong)


def test_every_route_is_described(app: Flask) -> None:
    there = {
        f"{method} {rule.rule}"
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    _compare("routes.md", _described("routes.md", r"`((?:GET|POST|PUT|PATCH|DELETE) [^`]+)`"), there)


def _commands(group: click.Group, before: tuple[str, ...] = ()) -> Iterable[str]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from _commands(command, (*before, name))
        else:
            yield " ".join((*before, name))


def test_every_command_is_described(app: Flask) -> None:
    alembic = {name for name in _commands(app.cli) if name.startswith("db ")} - {"db upgrade", "db migrate"}
    there = set(_commands(app.cli)) - alembic  # Flask-Migrate's own, of which we use two
    described = {name.removeprefix("flask ") for name in _described("commands.md", r"`(flask [a-z][a-z -]*[a-z])")}
    _compare("commands.md", described, there)


def test_every_page_that_is_linked_to_is_there() -> None:
    dead = []
    for page in [*(ROOT / "docs").rglob("*.md"), ROOT / "README.md"]:
        for link in re.findall(r"\]\((?!https?:|mailto:|#)([^)#\s]+)", page.read_text(encoding="utf-8")):
            if not (page.parent / link).exists():
                dead.append(f"{page.relative_to(ROOT)} links to {link}")
    assert not dead, "\n" + "\n".join(dead)
