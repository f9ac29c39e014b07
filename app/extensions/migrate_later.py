"""Flask-Migrate, when it is asked for: with Alembic it would be half of what each start costs."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from typing import Any

import click
from flask import Flask

from app.extensions import db
from app.extensions.database import MIGRATIONS


class _Configured:
    """Stands where Flask-Migrate keeps its settings until somebody reads them."""

    def __init__(self, app: Flask) -> None:
        self._app = app

    def __getattr__(self, name: str) -> Any:
        from flask_migrate import Migrate

        Migrate(self._app, db, directory=str(MIGRATIONS), render_as_batch=True, compare_type=True)
        return getattr(self._app.extensions["migrate"], name)


class LaterGroup(click.Group):
    """`flask db …`: the real group steps in as soon as one of its commands is wanted."""

    prepare: Callable[[click.Group], None] | None = None  # what to do with the real group, once

    def _real(self) -> click.Group:
        from flask_migrate.cli import db as group

        real: click.Group = group
        prepare, self.prepare = self.prepare, None
        if prepare:
            prepare(real)
        return real

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        return self._real().make_context(*args, **kwargs)

    @property
    def commands(self) -> MutableMapping[str, click.Command]:
        return dict(self._real().commands)

    @commands.setter
    def commands(self, given: MutableMapping[str, click.Command]) -> None:
        """click sets it empty at first; ours are the real group's."""


def init_app(app: Flask) -> None:
    app.extensions["migrate"] = _Configured(app)
    app.cli.add_command(LaterGroup("db", help="Perform database migrations."))
