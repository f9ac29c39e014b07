"""What a command says when it cannot go on: one line, no traceback.

Exit code 2 when a setting or the database is in the way, 1 when the rules refuse.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from weakref import WeakSet

import click
from sqlalchemy.exc import DatabaseError, OperationalError

from app.base.errors import DomainError
from app.extensions import db
from app.extensions.migrate_later import LaterGroup
from config import SettingsError

_polite: WeakSet[click.Command] = WeakSet()  # groups are shared by all applications of a process


def wrap(group: click.Group) -> None:
    """Give every command of this group, and of the groups in it, these manners."""
    for command in group.commands.values():
        if isinstance(command, LaterGroup):
            command.prepare = wrap
            continue
        if isinstance(command, click.Group):
            wrap(command)
        if command.callback is not None and command not in _polite:
            command.callback = _told(command.callback)
            _polite.add(command)


def _told(callback: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(callback)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return callback(*args, **kwargs)
        except DomainError as error:
            raise click.ClickException(str(error)) from None
        except DatabaseError as error:
            if type(error) not in (OperationalError, DatabaseError):  # the others are mistakes of ours
                raise
            raise SettingsError(_about_database(error)) from None

    return call


def _about_database(error: DatabaseError) -> str:
    reason = str(error.orig).strip().splitlines()[0]
    if "no such table" in reason:
        return "The database has no tables yet: run flask db upgrade, or make run."
    place = db.engine.url.render_as_string(hide_password=True)
    return f"DATABASE_URL: cannot use {place}: {reason}"
