"""The auditfile of the Dutch tax office, XAF 3.2 and 4.0 (DOMAIN.md 5.3): general ledger, periods, transactions.

A hand-over of a sub-ledger: no relations (donors are nobody's business), no opening balance. Text, because a
tree of a million lines does not fit in memory; tests hold the file against the schemas.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TextIO

from app.base.dates import add_months
from app.base.references import code_of
from app.finance.books.layouts.facts import Books, Postings, amount, document, escape, write_in_pieces
from app.sheets.spelt import Spelt

_NAMESPACES = {
    "3.2": "http://www.auditfiles.nl/XAF/3.2",
    "4.0": "http://www.odb.belastingdienst.nl/Belastingdienst/BCPP/1.1/structures/XmlauditfileXAF_4.0",
}


def write_32(file: TextIO, books: Books, postings: Postings) -> None:
    _write(file, books, postings, "3.2")


def write_40(file: TextIO, books: Books, postings: Postings) -> None:
    _write(file, books, postings, "4.0")


def _write(file: TextIO, books: Books, postings: Postings, version: str) -> None:
    file.write('<?xml version="1.0" encoding="UTF-8"?>\n')
    file.write(f'<auditfile xmlns="{_NAMESPACES[version]}">\n')
    _head(file, books, version)
    control = books.control
    file.write(
        f"<transactions><linesCount>{control.lines}</linesCount><totalDebit>{amount(control.debit_cents)}</totalDebit>"
        f"<totalCredit>{amount(control.credit_cents)}</totalCredit>\n"
        f"<journal><jrnID>{escape(books.journal, 35)}</jrnID><desc>Draagvlak</desc><jrnTp>M</jrnTp>\n"
    )
    cost = "costID" if version == "3.2" else "cost"
    project = "projID" if version == "3.2" else "project"
    write_in_pieces(file, _transactions(books, postings, cost, project))
    file.write("</journal></transactions>\n</company>\n</auditfile>\n")


def _head(file: TextIO, books: Books, version: str) -> None:
    year = books.year
    named = f"{year.year}" if year.start.month == 1 else f"{year.year}-{year.year + 1}"
    file.write(
        f"<header><fiscalYear>{named}</fiscalYear><startDate>{books.period.start}</startDate>"
        f"<endDate>{books.period.end}</endDate><curCode>EUR</curCode><dateCreated>{books.made_on}</dateCreated>"
        f"<softwareDesc>Draagvlak</softwareDesc><softwareVersion>{escape(books.version, 20)}</softwareVersion>"
        "</header>\n"
        f"<company><companyName>{escape(books.company, 255)}</companyName>"
        f"<taxRegistrationCountry>{books.country}</taxRegistrationCountry>"
        f"<taxRegIdent>{escape(books.rsin, 30)}</taxRegIdent>\n<generalLedger>\n"
    )
    for account in books.accounts:
        rgs = f"<RGScode>{account.rgs_code}</RGScode>" if account.rgs_code and version == "4.0" else ""
        file.write(
            f"<ledgerAccount><accID>{escape(account.code, 35)}</accID><accDesc>{escape(account.name, 255)}</accDesc>"
            f"<accTp>{'P' if account.is_result else 'B'}</accTp>{rgs}</ledgerAccount>\n"
        )
    file.write("</generalLedger>\n<periods>\n")
    for number, month in enumerate(year.months, 1):
        last = add_months(month, 1) - timedelta(days=1)
        file.write(
            f"<period><periodNumber>{number}</periodNumber><startDatePeriod>{month}</startDatePeriod>"
            f"<endDatePeriod>{last}</endDatePeriod></period>\n"
        )
    file.write("</periods>\n")


def _transactions(books: Books, postings: Postings, cost: str, project: str) -> Iterator[str]:
    """Each entry as text. What lines share (account, programme, amount) is spelt once and kept."""
    accounts = {
        account_id: f"</nr><accID>{escape(account.code, 35)}</accID><docRef>"
        for account_id, account in books.codes.items()
    }
    costs = {
        programme_id: f"<{cost}>{escape(name, 35)}</{cost}>" if name else ""
        for programme_id, name in books.programmes.items()
    }
    days = Spelt(lambda day: f"</docRef><effDate>{day}</effDate><amnt>")
    heads = Spelt(lambda day: f"</desc><periodNumber>{books.period_number(day)}</periodNumber><trDt>{day}</trDt>\n")
    amounts = Spelt(lambda cents: f"{amount(abs(cents))}</amnt><amntTp>{'D' if cents > 0 else 'C'}</amntTp>")
    events = Spelt(lambda event: f"</nr><desc>{escape(books.events[event])} ")
    for posting in postings:
        reference, day = document(posting), days[posting.booked_on]
        parts = [
            f"<transaction><nr>{code_of(posting.entry_id)}{events[posting.event]}{reference}{heads[posting.booked_on]}"
        ]
        for number, (account_id, cents, programme_id, grant_id, _campaign, _line) in enumerate(posting.lines, 1):
            known = costs.get(programme_id, "") if programme_id else ""
            grant = f"<{project}>{code_of(grant_id)}</{project}>" if grant_id else ""
            parts.append(
                f"<trLine><nr>{number}{accounts[account_id]}{reference}{day}{amounts[cents]}{known}{grant}</trLine>\n"
            )
        parts.append("</transaction>\n")
        yield "".join(parts)
