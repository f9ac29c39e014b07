"""What changed is told in words: every field that can stand in the trail has a name in Dutch."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from app.audit import words
from app.extensions import db
from app.ui.languages import compile_catalogues
from config import ROOT

pytestmark = pytest.mark.databases("sqlite")

# Rows whose changed columns are told as they are (audit.changes_of).
TOLD_WHOLE = (
    "supporter", "project", "expense", "funder", "grant_round", "sub_grant", "grant_partner", "grant_award",
    "obligation", "instalment", "application", "task", "periodic_agreement", "ledger_account", "part_chain", "staff",
    "document",
)  # fmt: skip
OURS = {"id", "version", "created_at", "changed_at", "updated_at", "created_by_id"}  # of the row, not of what it says
UNTOLD = ("_hash", "_sealed", "_index", "_key", "_lookup", "_at")


def columns() -> set[str]:
    names = {c.name for kind in TOLD_WHOLE for c in db.metadata.tables[kind].columns}
    return {name for name in names - OURS if not name.endswith(UNTOLD)}


def literals(path: Path) -> Iterator[str]:
    """Names in `changes={…}` of a module."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.keyword) and node.arg == "changes" and isinstance(node.value, ast.Dict):
            for key in node.value.keys:
                if isinstance(key, ast.Constant):
                    yield key.value


def nameless(names: set[str]) -> list[str]:
    dutch = compile_catalogues()
    return sorted(n for n in names if not words.names_field(n) or words.field_label(n).encode() not in dutch)


def test_every_column_that_is_told_has_a_name(app: Flask) -> None:
    assert nameless(columns()) == []


def test_every_field_that_a_service_writes_has_a_name(app: Flask) -> None:
    found = {name for path in (ROOT / "app").rglob("*.py") if "demo" not in path.parts for name in literals(path)}
    assert len(found) > 40
    assert nameless(found) == []
