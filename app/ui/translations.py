"""`flask translations update` and `check`: each room's nl.po beside its code.

Python of `app/<room>` and templates of `templates/<room>`, `templates/mail/<room>` and
`templates/pdf/<room>` belong to the room; shared templates belong to ui.
"""

from __future__ import annotations

import ast
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click
from flask import Flask
from flask.cli import AppGroup

from config import ROOT

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog

KEYWORDS: dict[str, Any] = {
    "_": None, "_l": None, "N_": None, "gettext": None, "lazy_gettext": None,
    "ngettext": (1, 2), "lazy_ngettext": (1, 2), "pgettext": ((1, "c"), 2), "lazy_pgettext": ((1, "c"), 2),
}  # fmt: skip
SHARED = ("layouts", "components", "errors")
_NAMED = re.compile(r"%\((\w+)\)[sd]")


def rooms() -> list[str]:
    """Every folder of app/ with an __init__.py."""
    return sorted(path.parent.name for path in (ROOT / "app").glob("*/__init__.py"))


def files_of(room: str) -> Iterator[tuple[Path, str]]:
    """(file, how to read it) of everything in which a room says something."""
    for path in sorted((ROOT / "app" / room).rglob("*.py")):
        yield path, "python"
    names = [room, f"mail/{room}", f"pdf/{room}", *(SHARED if room == "ui" else ())]
    for name in names:
        for path in sorted((ROOT / "templates" / name).rglob("*")):
            if path.suffix in (".html", ".txt", ".svg", ".xml"):
                yield path, "jinja2"
    if room == "ui":
        for path in sorted((ROOT / "templates" / "mail").glob("*.html")):
            yield path, "jinja2"


def extracted(room: str) -> Catalog:
    """The msgids a room uses, without places and times, so that files change only when words do."""
    from babel.messages.catalog import Catalog
    from babel.messages.extract import extract
    from jinja2.ext import babel_extract

    found = Catalog(locale="nl", project="Draagvlak", fuzzy=False)
    for path, kind in files_of(room):
        options = {"trimmed": "true", "silent": "false", "trim_blocks": "true", "lstrip_blocks": "true"}
        with path.open("rb") as file:
            method: Any = babel_extract if kind == "jinja2" else _called
            for _line, message, _comments, context in extract(method, file, KEYWORDS, (), options):
                if message and message != "":
                    found.add(message, context=context)
    return found


def _called(file: IO[bytes], keywords: Any, _tags: Any, *, options: Any) -> Iterator[tuple[int, str, Any, list[str]]]:
    """The calls of the keywords in Python, as Babel wants them. Its own reader of Python 3.11 sees f-strings whole,
    and misses what is said inside one."""
    for node in ast.walk(ast.parse(file.read())):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if name in keywords and node.args:
            said = [getattr(each, "value", None) for each in node.args]
            words = tuple(each if isinstance(each, str) else None for each in said)
            yield node.lineno, name, words if len(words) > 1 else words[0], []


def read(path: Path) -> Catalog:
    from babel.messages.catalog import Catalog
    from babel.messages.pofile import read_po

    if not path.exists():
        return Catalog(locale="nl", fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, locale="nl")


def _known() -> dict[tuple[object, object], object]:
    """Translations that some room already has: the same words need not be written twice."""
    known: dict[tuple[object, object], object] = {}
    for room in rooms():
        for message in read(ROOT / "app" / room / "nl.po"):
            if message.id and _complete(message.string):
                known.setdefault((message.id, message.context), message.string)
    return known


def _complete(string: object) -> bool:
    return bool(string) and (not isinstance(string, list | tuple) or all(string))


def update(room: str, known: dict[tuple[object, object], object]) -> int:
    """Bring a room's nl.po up to its code; returns how many translations are missing."""
    path = ROOT / "app" / room / "nl.po"
    old = {(m.id, m.context): m for m in read(path) if m.id}
    new = extracted(room)
    missing = 0
    for message in new:
        if not message.id:
            continue
        place = (message.id, message.context)
        if place in old and _complete(old[place].string):
            message.string = old[place].string
        elif place in known:
            message.string = known[place]  # type: ignore[assignment]
        missing += not _complete(message.string)
    if len(new):
        path.write_text(as_text(new), encoding="utf-8")
    elif path.exists():
        path.unlink()
    return missing


def as_text(catalogue: Catalog) -> str:
    from babel.messages.pofile import write_po

    out = io.BytesIO()
    write_po(out, catalogue, width=120, omit_header=True, no_location=True, sort_output=True)
    head = (
        'msgid ""\nmsgstr ""\n"Language: nl\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n'
        '"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n'
    )
    return head + out.getvalue().decode().rstrip("\n") + "\n"


@dataclass(frozen=True, slots=True)
class Finding:
    room: str
    message: str
    problem: str

    def __str__(self) -> str:
        return f"app/{self.room}/nl.po: {self.problem}: {self.message!r}"


def check() -> list[Finding]:
    """What is missing, left over, uncertain, or would break when shown."""
    findings: list[Finding] = []
    said: dict[tuple[object, object], tuple[str, object]] = {}
    for room in rooms():
        wanted = {(m.id, m.context): m for m in extracted(room) if m.id}
        have = {(m.id, m.context): m for m in read(ROOT / "app" / room / "nl.po") if m.id}
        findings += [Finding(room, _first(i), "not in the catalogue") for i, c in wanted if (i, c) not in have]
        findings += [Finding(room, _first(i), "no longer used") for i, c in have if (i, c) not in wanted]
        for place, message in have.items():
            text = _first(message.id)
            if not _complete(message.string):
                findings.append(Finding(room, text, "not translated"))
                continue
            if message.fuzzy:
                findings.append(Finding(room, text, "fuzzy"))
            if not _same_names(message.id, message.string):
                findings.append(Finding(room, text, "placeholders differ"))
            if _stutters(message.string):
                findings.append(Finding(room, text, "says a sentence twice"))
            if place in said and said[place][1] != message.string:
                findings.append(Finding(room, text, f"translated otherwise in {said[place][0]}; give one a context"))
            said.setdefault(place, (room, message.string))
    return findings


def _stutters(translation: object) -> bool:
    """Whether a run of thirty signs or more comes back: the mark of a replacement gone wrong."""
    texts = translation if isinstance(translation, list | tuple) else [translation]
    return any(re.search(r"(.{30,}).*\1", str(text)) for text in texts)


def _first(message_id: object) -> str:
    return str(message_id[0]) if isinstance(message_id, list | tuple) else str(message_id)


def _same_names(message_id: object, string: object) -> bool:
    """The same %(names)s on both sides; a singular may leave the number out."""
    ids = [str(m) for m in message_id] if isinstance(message_id, list | tuple) else [str(message_id)]
    strings = [str(s) for s in string] if isinstance(string, list | tuple) else [str(string)]
    wanted = {name for text in ids for name in _NAMED.findall(text)}
    for text in strings:
        names = set(_NAMED.findall(text))
        loose = {"num"} if len(strings) > 1 else set()
        if names - wanted or wanted - names - loose:
            return False
        rest = _NAMED.sub("", text).replace("%%", "")
        if wanted and "%" in rest:
            return False
    return True


def init_app(app: Flask) -> None:
    group = AppGroup("translations", help="Dutch words beside the code.")

    @group.command("update")
    @click.argument("names", nargs=-1)
    def update_command(names: tuple[str, ...]) -> None:
        """Add new msgids to each room's nl.po (or only to the rooms named) and drop unused ones."""
        known = _known()
        for room in names or rooms():
            missing = update(room, known)
            if missing:
                click.echo(f"app/{room}/nl.po: {missing} to translate")

    @group.command("check")
    def check_command() -> None:
        """List what is missing, fuzzy, unused, or has other placeholders than its msgid."""
        findings = check()
        for finding in findings:
            click.echo(str(finding))
        raise SystemExit(1 if findings else 0)

    app.cli.add_command(group)

    from app.ui import assets

    asset_group = AppGroup("assets", help="Style sheets, scripts and pictures.")

    @asset_group.command("build")
    def build_command() -> None:
        """Bundle, fingerprint and compress static files into DATA_DIR/static."""
        manifest = assets.build(app.config["SETTINGS"].data_dir / "static")
        click.echo(f"{len(manifest['files'])} files")

    app.cli.add_command(asset_group)
