"""SQL compiled once for each process of the test run, as by one server, though every test has its own engine."""

from __future__ import annotations

from typing import Any

import pytest
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Engine


def remember(patch: pytest.MonkeyPatch) -> None:
    """Engines of one kind share the first one's dialect, which the cache's keys name, and its cache."""
    first: dict[str, Engine] = {}
    make = SQLAlchemy._make_engine

    def make_with_memory(self: SQLAlchemy, *args: Any) -> Engine:
        engine = make(self, *args)
        shared = first.get(engine.driver)
        if shared is None or shared.dialect.server_version_info is None:  # never connected: knows nothing yet
            first[engine.driver] = engine
            return engine
        engine.dialect = engine.pool._dialect = shared.dialect
        engine._compiled_cache = shared._compiled_cache
        return engine

    patch.setattr(SQLAlchemy, "_make_engine", make_with_memory)
