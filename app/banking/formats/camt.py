"""CAMT.053, .052 and .054 of any version, read as a stream by local names (DOMAIN.md 2.1).

Memory does not grow with the file: each entry is dropped once read. Entities, external files and
any DOCTYPE are refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

from app.banking.formats.camt_entry import entry_of
from app.banking.formats.camt_nodes import child, day_of, first, local, signed, text, tree
from app.banking.formats.facts import Balance, Closed, Fact, Facts, Format, Opened, Unreadable
from app.base.money import EUR
from app.base.states import N_

_ROOTS = {
    "BkToCstmrStmt": Format.CAMT053,
    "BkToCstmrAcctRpt": Format.CAMT052,
    "BkToCstmrDbtCdtNtfctn": Format.CAMT054,
}
_STATEMENTS = ("Stmt", "Rpt", "Ntfctn")
_OPENING = ("OPBD", "PRCD")  # PRCD is yesterday's closing, where a bank gives that alone
_CLOSING = ("CLBD",)
_PAGE = ("ITBD",)  # where a page of a statement begins or ends


def read(source: BinaryIO) -> tuple[Format, Facts]:
    """The format and a stream of facts. Raises Unreadable at once, or when the stream reaches the place."""
    stream = _events(source)
    for _, element in stream:
        kind = _ROOTS.get(local(element.getparent()))
        if kind is not None:
            return kind, _statements(element, stream)
    raise Unreadable(N_("This XML is not a bank statement (CAMT.053, .052 or .054)."), advice="")


def _events(source: BinaryIO) -> Iterator[tuple[str, Any]]:
    """Beginnings and ends of statements, balances and entries. What is around them is read when they come."""
    from lxml import etree

    tags = [f"{{*}}{name}" for name in (*_STATEMENTS, "Bal", "Ntry")]
    parser = etree.iterparse(
        source, events=("start", "end"), tag=tags, resolve_entities=False, no_network=True, load_dtd=False,
        huge_tree=False, remove_comments=True, remove_pis=True,
    )  # fmt: skip
    first = True
    try:
        for action, element in parser:
            if first:
                first = False
                _refuse_doctype(element)
            yield action, element
    except etree.XMLSyntaxError as error:
        said = N_("This file is cut off or damaged: %(why)s. Please download it from the bank again.")
        raise Unreadable(said, line=error.lineno, advice="", why=str(error.msg)[:150]) from None
    if first and parser.root is not None:
        _refuse_doctype(parser.root)


def _refuse_doctype(element: Any) -> None:
    if element.getroottree().docinfo.doctype:
        raise Unreadable(N_("This file declares a DOCTYPE. No bank sends that, so it is refused."), line=1)


def _statements(element: Any, stream: Iterator[tuple[str, Any]]) -> Iterator[Fact]:
    """Facts of all statements, the one that begins at `element` first. What is read is dropped."""
    opened: Opened | None = _begin(element)
    told = False
    closing: Balance | None = None
    between: list[Balance] = []
    page: Closed | None = None  # the end of a page after which the same statement goes on
    page_of = ""
    for action, element in stream:
        name = local(element)
        if name in _STATEMENTS:
            if action == "start":
                opened, told, closing, between = _begin(element), False, None, []
            elif opened is not None:
                if not told:
                    yield from _turn(_about(opened, element), page, page_of)
                    page = page if page_of == opened.account else None
                ends = _ends(opened, closing, page, between)
                page, page_of = (ends, opened.account) if opened.goes_on else (None, "")
                if page is None:
                    yield ends
                opened = None
                _drop(element)
            continue
        if action == "start" or opened is None or local(element.getparent()) not in _STATEMENTS:
            continue
        if name == "Bal":
            kind, balance = _balance(element, opened)
            if balance is None:
                continue
            if kind in _OPENING and (opened.opening is None or kind == "OPBD"):
                opened.opening = balance
            elif kind in _CLOSING:
                closing = balance
            elif kind in _PAGE:
                between.append(balance)
            continue
        if not told:
            told = True
            yield from _turn(_about(opened, element.getparent()), page, page_of)
            page = page if page_of == opened.account else None
        entry = entry_of(element, opened)
        if entry is not None:
            yield entry
        element.clear()
        parent = element.getparent()
        while parent[0] is not element:
            del parent[0]
    if page is not None:
        yield page


def _turn(opened: Opened, page: Closed | None, page_of: str) -> Iterator[Fact]:
    """A statement begins, unless it is the next page of the one before."""
    if page is None or page_of != opened.account:
        if page is not None:
            yield page
        yield opened


def _ends(opened: Opened, closing: Balance | None, page: Closed | None, between: list[Balance]) -> Closed:
    """The end of a statement: of one with pages the opening of the first and the closing of the last."""
    begins, opening = (opened.begins, opened.opening) if page is None else (page.begins, page.opening or opened.opening)
    if closing is None and page is not None:
        closing = page.closing
    if between and not begins and opening is None:
        opening = between[0]
    if between and not opened.ends and closing is None:
        closing = between[-1]
    return Closed(closing, opening, line=opened.line, begins=begins, ends=opened.ends)


def _begin(statement: Any) -> Opened:
    """A statement, and whether the message that it is in is a page of several (as of .001.02, where it has none)."""
    opened = Opened("", "", line=statement.sourceline)
    for element in statement.getparent():
        if local(element) == "GrpHdr":
            pages = child(tree(element), "MsgPgntn")
            opened.begins, opened.ends = text(pages, "PgNb").lstrip("0") in ("", "1"), not _more(pages)
            break
    return opened


def _drop(statement: Any) -> None:
    """Forget a statement and those before it: what stands around the next one is looked at, however many there are."""
    statement.clear()
    while (before := statement.getprevious()) is not None and local(before) != "GrpHdr":
        statement.getparent().remove(before)


def _more(pages: Any) -> bool:
    return text(pages, "LastPgInd").lower() in ("false", "0")


def _about(opened: Opened, statement: Any) -> Opened:
    """What stands before the entries: the account, references, the number."""
    for element in statement:
        name = local(element)
        if name == "Acct":
            account = tree(element)
            opened.account = (first(account, ("Id", "IBAN"), ("Id", "Othr", "Id"))).replace(" ", "").upper()
            _in(opened, text(account, "Ccy"))
        elif name == "Id":
            opened.reference = (element.text or "").strip()[:60]
        elif name in ("ElctrncSeqNb", "LglSeqNb") and not opened.number:
            opened.number = (element.text or "").strip()[:20]
        elif name.endswith("Pgntn"):
            pages = tree(element)
            opened.goes_on = _more(pages)
            opened.begins, opened.ends = text(pages, "PgNb").lstrip("0") in ("", "1"), not opened.goes_on
        elif name == "Ntry":
            break
    if not opened.account:
        raise Unreadable(N_("This statement does not say which account it is of."), line=opened.line)
    return opened


def _balance(element: Any, opened: Opened) -> tuple[str, Balance | None]:
    node, line = tree(element), element.sourceline
    kind = text(node, "Tp", "CdOrPrtry", "Cd")
    if kind not in _OPENING + _CLOSING + _PAGE:
        return "", None
    on = day_of({"Bal": node.get("Dt", "")}, "Bal", line)
    if on is None:
        raise Unreadable(N_("A balance has no amount or no date."), line=line)
    _in(opened, text(node, "Ccy"))
    return kind, Balance(signed(node, line), on)


def _in(opened: Opened, currency: str) -> None:
    """The account and its balances tell one currency; another than euros counts, so that it is not overlooked."""
    if currency and opened.currency in ("", EUR):
        opened.currency = currency
