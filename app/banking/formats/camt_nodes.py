"""Elements of CAMT as plain values by their local names, whichever version's namespace they are in."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from app.banking.formats.facts import Unreadable, to_cents
from app.base.dates import local_date
from app.base.states import N_

Node = dict[str, Any]  # local name → text, node, or a list of those in _MANY; the currency of `Amt` as `Ccy`

_NO_OFFSET = len("2026-11-20T00:00")
_names: dict[Any, str] = {}
_MANY = frozenset({"NtryDtls", "TxDtls", "Ustrd", "Strd", "Chrgs", "Rcrd"})


def local(element: Any) -> str:
    tag = element.tag if element is not None else ""
    name = _names.get(tag)
    if name is None:
        name = tag.rpartition("}")[2] if isinstance(tag, str) else ""
        if len(_names) < 2000:  # a file may make up names without end
            _names[tag] = name
    return name


def tree(element: Any) -> Node:
    """An element as plain values, read in one pass: asking lxml for every field again takes ten times as long."""
    node: Node = {}
    for each in element:
        name = _names.get(each.tag) or local(each)
        value = tree(each) if len(each) else (each.text or "").strip()
        if name in _MANY:
            node.setdefault(name, []).append(value)
        elif name not in node:
            node[name] = value
            if name == "Amt":
                node["Ccy"] = each.get("Ccy", "")
    return node


def child(node: Any, *path: str) -> Any:
    for name in path:
        if node.__class__ is not dict:
            return None
        node = node.get(name)
    return node


def text(node: Any, *path: str) -> str:
    for name in path:
        if node.__class__ is not dict:
            return ""
        node = node.get(name)
    return node if node.__class__ is str else ""


def first(node: Any, *paths: tuple[str, ...]) -> str:
    for path in paths:
        if found := text(node, *path):
            return found
    return ""


def nodes(node: Any, name: str) -> list[Any]:
    found: list[Any] = node.get(name, []) if isinstance(node, dict) else []
    return found


def day_of(node: Node, name: str, line: int) -> date | None:
    """`Dt` or the day of `DtTm`; both occur. An instant that tells its offset is a day in Amsterdam."""
    told = text(node, name, "Dt")
    at = "" if told else text(node, name, "DtTm")
    told = told or at
    if not told:
        return None
    try:
        if len(at) > _NO_OFFSET and (at[-1] in "Zz" or "+" in at or "-" in at[_NO_OFFSET:]):
            return local_date(datetime.fromisoformat(at))
        return date.fromisoformat(told[:10])
    except ValueError:
        raise Unreadable(N_("“%(text)s” is not a date."), line=line, text=told[:40]) from None


def signed(node: Node, line: int) -> int:
    cents = to_cents(text(node, "Amt"), line)
    side = text(node, "CdtDbtInd")
    if side not in ("CRDT", "DBIT"):
        raise Unreadable(N_("An amount does not say whether it came in or went out."), line=line)
    return cents if side == "CRDT" else -cents
