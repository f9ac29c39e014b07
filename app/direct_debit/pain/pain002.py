"""pain.002: what a bank says of a collection file before it settles (DOMAIN.md 1.5), of any version, by local names.

A reason may stand with a transaction, its PmtInf or the whole file; the nearest one counts. Where all of
a file was refused because each of its collections was, each keeps the reason of its own. What was
accepted, or waits, is no news. Entities and any DOCTYPE are refused.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from app.base.errors import Invalid
from app.base.money import parse_money
from app.base.states import N_

MAX_BYTES = 20 * 1024 * 1024
_REFUSED = "RJCT"


@dataclass(frozen=True, slots=True)
class Refusal:
    """One collection that was refused; what the bank left out is empty."""

    batch: str
    end_to_end: str
    mandate: str
    code: str | None
    cents: int | None
    on: date


@dataclass(slots=True)
class Report:
    """`whole` are batches refused altogether, with the reason: by PmtInfId, or MsgId where all of a file was. `on` is
    the day of the report, where it names one."""

    on: date | None = None
    whole: list[tuple[str, str | None]] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)


def read(content: bytes) -> Report:
    """What the file tells. Raises Invalid where it is no pain.002 about direct debits, or not whole."""
    root = _root(content)
    body = _child(root, "CstmrPmtStsRpt")
    group = _child(body, "OrgnlGrpInfAndSts")
    if root is None or body is None or group is None:
        raise Invalid(N_("This is no status report (pain.002) of a bank."), field="file")
    if not _text(group, "OrgnlMsgNmId").lower().startswith("pain.008"):
        raise Invalid(N_("This report is about another kind of file than direct debits."), field="file")
    told_on = _day(_text(body, "GrpHdr", "CreDtTm"))
    report, reason = Report(told_on), _reason(group)
    whole_file = _text(group, "GrpSts") == _REFUSED
    if whole_file:
        report.whole.append((_text(group, "OrgnlMsgId"), reason))
    for batch in _children(body, "OrgnlPmtInfAndSts"):
        name, why = _text(batch, "OrgnlPmtInfId"), _reason(batch) or reason
        whole = whole_file or _text(batch, "PmtInfSts") == _REFUSED
        if whole and not whole_file:
            report.whole.append((name, why))
        report.refusals += [
            _refusal(each, name, why, told_on)
            for each in _children(batch, "TxInfAndSts")
            if _text(each, "TxSts") == _REFUSED and (not whole or _reason(each))
        ]
    return report


def _refusal(node: Any, batch: str, why: str | None, told_on: date | None) -> Refusal:
    on = _day(_text(node, "OrgnlTxRef", "ReqdColltnDt")) or told_on
    if on is None:
        raise Invalid(N_("The report names no day. Ask the bank for another one."), field="file")
    amount = _text(node, "OrgnlTxRef", "Amt", "InstdAmt")
    return Refusal(
        batch, _text(node, "OrgnlEndToEndId"), _text(node, "OrgnlTxRef", "MndtRltdInf", "MndtId"),
        _reason(node) or why, parse_money(amount).cents if amount else None, on,
    )  # fmt: skip


def _root(content: bytes) -> Any:
    from lxml import etree

    if len(content) > MAX_BYTES:
        raise Invalid(N_("This file is larger than 20 MB."), field="file")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        line = (error.position or (None,))[0]
        raise Invalid(N_("This file is no whole XML: line %(line)s."), field="file", line=line or 1) from None
    if root.getroottree().docinfo.doctype:
        raise Invalid(N_("This file declares a DOCTYPE. No bank sends that, so it is refused."), field="file")
    return root


def _children(node: Any, name: str) -> list[Any]:
    if node is None:
        return []
    return [each for each in node if isinstance(each.tag, str) and each.tag.rpartition("}")[2] == name]


def _child(node: Any, name: str) -> Any:
    return next(iter(_children(node, name)), None)


def _text(node: Any, *names: str) -> str:
    for name in names:
        node = _child(node, name)
    return (node.text or "").strip() if node is not None else ""


def _reason(node: Any) -> str | None:
    for each in _children(node, "StsRsnInf"):
        if code := _text(each, "Rsn", "Cd") or _text(each, "Rsn", "Prtry"):
            return code[:10].upper()
    return None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None
