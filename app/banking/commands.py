"""`flask bank …`: bank files in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup
from flask_babel import force_locale, ngettext
from flask_babel import gettext as _
from sqlalchemy.exc import OperationalError

from app.banking import differences, imports
from app.banking.advice import advised, off
from app.banking.formats.facts import Unreadable
from app.banking.imports import Imported
from app.base.actor import system
from app.base.errors import DomainError
from app.extensions import now, settings
from app.ui.messages import translated

group = AppGroup("bank", help="Take bank files in.")


@group.command("import", help="Take in bank statements: CAMT.053, .052, .054, MT940, or CSV of known columns.")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--add-accounts",
    is_flag=True,
    help="Take statements of accounts that are not in the settings yet, and CSV whose headings tell all.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON for each file.")
def import_(files: tuple[Path, ...], add_accounts: bool, as_json: bool) -> None:
    failed = False
    with force_locale(settings().default_language):
        for path in files:
            told = _one(path, add_accounts)
            failed = failed or bool(told["errors"])
            click.echo(json.dumps(told, ensure_ascii=False) if as_json else _sentence(told))
    if failed:
        raise SystemExit(1)


def _one(path: Path, add_accounts: bool) -> dict[str, Any]:
    try:
        with path.open("rb") as source:
            done = imports.take(
                source, path.name, actor=system("flask bank import"), now=now(), add_accounts=add_accounts
            )
    except DomainError as error:
        return _failed(path, _where(path.name, error) if isinstance(error, Unreadable) else translated(error))
    except OSError as error:
        return _failed(path, _("%(file)s cannot be read or kept: %(why)s.", file=path.name, why=error.strerror))
    except OperationalError as error:
        why = str(_first(error).orig).strip().splitlines()[0]
        said = _(
            "%(file)s: the database stopped while this file came in (%(why)s). What was entered stands. Once that is "
            "mended, import the file again: it goes on, and nothing enters twice.", file=path.name, why=why,
        )  # fmt: skip
        return _failed(path, said)
    return _told(path, done)


def _first(error: OperationalError) -> OperationalError:
    """What went wrong first: on a full disk SQLite takes the whole transaction back, and the savepoint is not there to
    go back to."""
    while isinstance(error.__context__, OperationalError):
        error = error.__context__
    return error


def _failed(path: Path, said: str) -> dict[str, Any]:
    counts = dict.fromkeys(("statements", "entries", "transactions", "new", "already_known", "matched", "in_review"), 0)
    return {"file": str(path), "format": None, "accounts": [], **counts, "balances_ok": False, "errors": [said],
            "warnings": []}  # fmt: skip


def _told(path: Path, done: Imported) -> dict[str, Any]:
    checked = done.checked
    error = checked.error
    return {
        "file": str(path),
        "format": checked.format.value if checked.format else None,
        "accounts": checked.accounts,
        "statements": len(checked.statements),
        "entries": checked.entries,
        "transactions": checked.transactions,
        "new": done.new,
        "already_known": done.already_known,
        "matched": done.matched,
        "in_review": done.in_review,
        "balances_ok": checked.balances_ok and error is None,
        "errors": [_where(path.name, error)] if error else [],
        "warnings": [*(_line(path.name, line, _(said)) for line, said in checked.warnings), *_waiting(path, done),
                     *_off(path, done)],
    }  # fmt: skip


def _off(path: Path, done: Imported) -> list[str]:
    if done.checked.error:
        return []
    return [_line(path.name, None, said) for said in off(differences.off_of(done.file_id))]


def _waiting(path: Path, done: Imported) -> list[str]:
    if not done.waiting:
        return []
    said = ngettext(
        "%(file)s: %(num)d entry waits, its month is closed. It is booked once that is opened again, or on the first "
        "open day after it: see Bank and ledger.",
        "%(file)s: %(num)d entries wait, their month is closed. They are booked once that is opened again, or on the "
        "first open day after it: see Bank and ledger.",
        done.waiting, file=path.name,
    )  # fmt: skip
    return [said]


def _where(name: str, error: Unreadable) -> str:
    return _line(name, error.line, advised(error))


def _line(name: str, line: int | None, said: str) -> str:
    if line is None:
        return f"{name}: {said}"
    return _("%(file)s, line %(line)s: %(said)s", file=name, line=line, said=said)


def _sentence(told: dict[str, Any]) -> str:
    if told["errors"]:
        return "\n".join(told["errors"])
    said = _(
        "%(file)s: %(statements)s statements, %(entries)s entries, %(new)s payments new, %(known)s known already.",
        file=told["file"], statements=told["statements"], entries=told["entries"], new=told["new"],
        known=told["already_known"],
    )  # fmt: skip
    return "\n".join([said, *told["warnings"]])
