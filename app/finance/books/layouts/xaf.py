"""The auditfile of the Dutch tax office, XAF 3.2 and 4.0 (DOMAIN.md 5.3): general ledger, periods, transactions.

A hand-over of a sub-ledger: no relations (donors are nobody's business), no opening balance. Text, because a
tree of a million lines does not fit in memory; tests hold the file against the schemas.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TextIO

from app.base.dates import add_months
from app.base.references import code_of
from app.finance.books.layouts.facts import Books, Postings, amount, document, escape
from app.finance.books.postings import Posting

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
    for posting in postings:
        file.write(_transaction(books, posting, cost, project))
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


def _transaction(books: Books, posting: Posting, cost: str, project: str) -> str:
    day, reference = posting.booked_on.isoformat(), document(posting)
    described = f"{escape(books.events[posting.event])} {reference}"  # as books.describe, the reference made once
    parts = [
        f"<transaction><nr>{code_of(posting.entry_id)}</nr><desc>{described}</desc>"
        f"<periodNumber>{books.period_number(posting.booked_on)}</periodNumber><trDt>{day}</trDt>\n"
    ]
    for number, line in enumerate(posting.lines, 1):
        programme = books.programmes.get(line.programme_id)
        parts.append(
            f"<trLine><nr>{number}</nr><accID>{escape(books.codes[line.account_id].code, 35)}</accID>"
            f"<docRef>{reference}</docRef><effDate>{day}</effDate><amnt>{amount(abs(line.cents))}</amnt>"
            f"<amntTp>{'D' if line.cents > 0 else 'C'}</amntTp>"
        )
        if programme:
            parts.append(f"<{cost}>{escape(programme, 35)}</{cost}>")
        if line.grant_id:
            parts.append(f"<{project}>{code_of(line.grant_id)}</{project}>")
        parts.append("</trLine>\n")
    parts.append("</transaction>\n")
    return "".join(parts)
