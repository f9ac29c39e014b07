"""Reads the floors of docs/house.md and finds imports that climb: used by test_architecture."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from config import ROOT

APP = ROOT / "app"
REQUEST_NAMES = {"flask": {"request", "session", "g"}, "flask_login": {"current_user"}}


@dataclass(frozen=True)
class Import:
    """One imported module or name, and where it stands."""

    path: str
    line: int
    target: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: imports {self.target}"


def floors(text: str | None = None) -> dict[str, int]:
    """Room → floor, from the list in docs/house.md."""
    text = (ROOT / "docs" / "house.md").read_text(encoding="utf-8") if text is None else text
    block = re.search(r"```floors\n(.*?)```", text, re.S)
    assert block, "docs/house.md has no ```floors list"
    lines = [line.split() for line in block[1].splitlines() if line.strip()]
    return {room: int(number) for number, *rooms in lines for room in rooms}


def modules() -> dict[str, str]:
    """Path (relative to the root) → source, of every module of the application."""
    return {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in sorted(APP.rglob("*.py"))}


def room_of(path: str) -> str:
    """app/grants/models.py → grants, app/cli.py → cli, app/__init__.py → the empty string."""
    parts = Path(path).with_suffix("").parts[1:]
    return "" if parts == ("__init__",) else parts[0]


def kind_of(target: str) -> str:
    """What a module is for by its name: views, forms, services, queries, models, or the empty string.

    Takes a path (app/grants/award_views.py) or a dotted name (app.grants.views.award).
    """
    for part in re.split(r"[./]", target.removesuffix(".py"))[2:]:
        for kind in ("views", "forms", "services", "queries", "models"):
            if part == kind or part.endswith(f"_{kind}"):
                return kind
    return ""


def imports(path: str, source: str, rooms: set[str]) -> Iterator[Import]:
    """Every import of a module, also inside functions, under TYPE_CHECKING and by import_module("…")."""
    package = Path(path).with_suffix("").parts
    package = package[:-1]
    for node in ast.walk(ast.parse(source, path)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(path, node.lineno, alias.name)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package[: len(package) - node.level + 1]
                base = ".".join([*above, *([node.module] if node.module else [])])
            for alias in node.names:
                yield Import(path, node.lineno, f"{base}.{alias.name}")
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module") and node.args:
            first = node.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield Import(path, node.lineno, first.value)


def offences(path: str, source: str, floor: dict[str, int]) -> list[str]:
    """What this module imports that the house forbids, one line each."""
    mine = room_of(path)
    if not mine:
        return []  # the factory: it may know every room
    if mine not in floor:
        return [f"{path}:1: room {mine!r} is on no floor; add it to the list in docs/house.md"]
    found = []
    for each in imports(path, source, set(floor)):
        found += [f"{each} {why}" for why in _why(each, mine, floor)]
    return found


def _why(each: Import, mine: str, floor: dict[str, int]) -> Iterator[str]:
    parts = each.target.split(".")
    kind = kind_of(each.path)
    if parts[0] != "app":
        if kind in ("services", "queries", "models") and parts[-1] in REQUEST_NAMES.get(parts[0], ()):
            yield f"in {kind}: pass actor, now and values as arguments instead"
        if mine == "base" and parts[0].startswith("flask"):
            yield "in base, which is plain Python"
        return
    theirs = parts[1] if len(parts) > 1 else ""
    if theirs not in floor:
        yield "from the root of the application, which nobody imports"
        return
    if theirs != mine and floor[theirs] >= floor[mine]:
        how = "on the same floor" if floor[theirs] == floor[mine] else "above"
        yield (
            f"({theirs}, floor {floor[theirs]}, is {how}; {mine} is on {floor[mine]}): "
            "use an event, a panel or a registry of a lower room"
        )
    target = kind_of(each.target)
    if theirs not in (mine, "ui") and target in ("views", "forms"):  # ui's forms are what forms are made of
        yield f"of another room: only its own {theirs} room may"
    forbidden = {
        "models": ("services", "queries", "views", "forms"),
        "services": ("views", "forms"),
        "queries": ("views", "forms"),
        "forms": ("views",),
    }
    if theirs == mine and target in forbidden.get(kind, ()):
        yield f"against the order views → forms, services, queries → models ({kind} may not know {target})"
