"""pain.008: the file with which a bank is asked to collect (DOMAIN.md 1.1 to 1.4), written piece by piece.

One file holds one PmtInf: one account, day and sequence type. Both versions differ in the name of
the element with the bank's code. Addresses of debtors are left out, which is allowed within the
EEA; the creditor's is structured or absent (DOMAIN.md 1.4). Every value is checked before it is
written, and `control` reads a whole file back: the schemas of ISO are for tests and benchmarks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from app.base.dates import AMSTERDAM
from app.base.errors import Invalid
from app.base.iban import check_iban
from app.base.states import N_, Labelled
from app.direct_debit.pain.signs import NAME, REFERENCE, TEXT, carried

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:"
MOST_CENTS = 99_999_999_999  # € 999.999.999,99
_PIECE = 256  # debits in one piece of the file
_ID = re.compile(r"(?!/)(?!.*//)[A-Za-z0-9/\-?:().,'+]{1,35}(?<!/)")


class SequenceType(Labelled):
    """Since 2016 the first collection may be sent as recurrent, so that is what we send (DOMAIN.md 1.2)."""

    RCUR = "RCUR", N_("Recurrent")
    OOFF = "OOFF", N_("One-off")
    FRST = "FRST", N_("First")
    FNAL = "FNAL", N_("Last")


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """The creditor's address in parts; never lines of text alone."""

    town: str
    country: str
    street: str = ""
    number: str = ""
    postcode: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What holds for the whole file. `version` is as in the namespace: pain.008.001.02 or pain.008.001.08."""

    version: str
    message_id: str
    payment_information_id: str
    created_at: datetime
    collect_on: date
    sequence: SequenceType
    count: int
    cents: int
    name: str
    iban: str
    bic: str | None
    creditor_id: str
    address: Address | None = None


@dataclass(frozen=True, slots=True)
class Creditor:
    """What of us was another: the identifier, the name or both; None is as it was."""

    identifier: str | None
    name: str | None


@dataclass(frozen=True, slots=True)
class Debit:
    """One collection. After a change of the mandate the first file says so (DOMAIN.md 1.3): `original_reference`
    is the mandate id before, `new_account` that the account is another one (SMNDA), `creditor_before` under which
    identifier and name of ours the bank collected by this mandate until now."""

    end_to_end: str
    cents: int
    reference: str
    signed_on: date
    holder: str
    iban: str
    text: str
    original_reference: str | None = None
    new_account: bool = False
    creditor_before: Creditor | None = None


@dataclass(frozen=True, slots=True)
class Control:
    """What stands in a file."""

    count: int
    cents: int


class Unfit(Invalid):
    """The file cannot be what was approved: the words say which collection and why."""


def euros(cents: int) -> str:
    """`1234` as `12.34`. Raises Invalid outside the limits of a SEPA amount."""
    if not 0 < cents <= MOST_CENTS:
        raise Invalid(N_("An amount lies between € 0.01 and € 999,999,999.99."))
    return f"{cents // 100}.{cents % 100:02d}"


def write(order: Order, debits: Iterable[Debit]) -> Iterator[bytes]:
    """The file, in pieces. Raises Unfit where a value cannot stand in it, or count and sum are not the order's."""
    yield _head(order).encode("ascii")
    count = cents = 0
    piece: list[str] = []
    for debit in debits:
        try:
            piece.append(_debit(debit))
        except Invalid as error:
            raise Unfit(
                N_("Collection %(code)s cannot be sent: %(why)s"), code=debit.end_to_end, why=str(error)
            ) from None
        count += 1
        cents += debit.cents
        if len(piece) == _PIECE:
            yield "".join(piece).encode("ascii")
            piece = []
    if (count, cents) != (order.count, order.cents):
        raise Unfit(N_("The file does not come to the approved number and sum. Nothing was exported."))
    yield ("".join(piece) + "</PmtInf></CstmrDrctDbtInitn></Document>\n").encode("ascii")


def _head(o: Order) -> str:
    bank = "BICFI" if o.version.endswith(".08") else "BIC"
    name, iban = carried(o.name, NAME), check_iban(o.iban)
    agent = f"<{bank}>{o.bic}</{bank}>" if o.bic else "<Othr><Id>NOTPROVIDED</Id></Othr>"
    totals = f"<NbOfTxs>{o.count}</NbOfTxs><CtrlSum>{o.cents // 100}.{o.cents % 100:02d}</CtrlSum>"
    at = o.created_at.astimezone(AMSTERDAM).replace(tzinfo=None, microsecond=0).isoformat()
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="{NAMESPACE}{o.version}"><CstmrDrctDbtInitn>'
        f"<GrpHdr><MsgId>{_id(o.message_id)}</MsgId><CreDtTm>{at}</CreDtTm>{totals}"
        f"<InitgPty><Nm>{name}</Nm></InitgPty></GrpHdr>\n"
        f"<PmtInf><PmtInfId>{_id(o.payment_information_id)}</PmtInfId><PmtMtd>DD</PmtMtd><BtchBookg>true</BtchBookg>"
        f"{totals}<PmtTpInf><SvcLvl><Cd>SEPA</Cd></SvcLvl><LclInstrm><Cd>CORE</Cd></LclInstrm>"
        f"<SeqTp>{o.sequence.value}</SeqTp></PmtTpInf><ReqdColltnDt>{o.collect_on.isoformat()}</ReqdColltnDt>"
        f"<Cdtr><Nm>{name}</Nm>{_address(o.address)}</Cdtr><CdtrAcct><Id><IBAN>{iban}</IBAN></Id></CdtrAcct>"
        f"<CdtrAgt><FinInstnId>{agent}</FinInstnId></CdtrAgt><ChrgBr>SLEV</ChrgBr>"
        f"<CdtrSchmeId>{_scheme(o.creditor_id)}</CdtrSchmeId>\n"
    )


def _address(a: Address | None) -> str:
    if a is None:
        return ""
    parts = (("StrtNm", a.street, 70), ("BldgNb", a.number, 16), ("PstCd", a.postcode, 16), ("TwnNm", a.town, 35))
    inner = "".join(f"<{tag}>{carried(text, most)}</{tag}>" for tag, text, most in parts if text)
    return f"<PstlAdr>{inner}<Ctry>{a.country}</Ctry></PstlAdr>"


def _debit(d: Debit) -> str:
    return (
        f"<DrctDbtTxInf><PmtId><EndToEndId>{_id(d.end_to_end)}</EndToEndId></PmtId>"
        f'<InstdAmt Ccy="EUR">{euros(d.cents)}</InstdAmt><DrctDbtTx><MndtRltdInf><MndtId>{_id(d.reference)}</MndtId>'
        f"<DtOfSgntr>{d.signed_on.isoformat()}</DtOfSgntr>"
        f"{_amendment(d)}</MndtRltdInf></DrctDbtTx>"
        f"<DbtrAgt><FinInstnId><Othr><Id>NOTPROVIDED</Id></Othr></FinInstnId></DbtrAgt>"
        f"<Dbtr><Nm>{carried(d.holder, NAME)}</Nm></Dbtr>"
        f"<DbtrAcct><Id><IBAN>{check_iban(d.iban)}</IBAN></Id></DbtrAcct>"
        f"<RmtInf><Ustrd>{carried(d.text, TEXT)}</Ustrd></RmtInf></DrctDbtTxInf>\n"
    )


def _amendment(d: Debit) -> str:
    if not (d.new_account or d.original_reference or d.creditor_before):
        return ""
    before = f"<OrgnlMndtId>{_id(d.original_reference)}</OrgnlMndtId>" if d.original_reference else ""
    account = "<OrgnlDbtrAcct><Id><Othr><Id>SMNDA</Id></Othr></Id></OrgnlDbtrAcct>" if d.new_account else ""
    creditor = _creditor(d.creditor_before) if d.creditor_before else ""
    return f"<AmdmntInd>true</AmdmntInd><AmdmntInfDtls>{before}{creditor}{account}</AmdmntInfDtls>"


def _creditor(before: Creditor) -> str:
    name = f"<Nm>{carried(before.name, NAME)}</Nm>" if before.name else ""
    return f"<OrgnlCdtrSchmeId>{name}{_scheme(before.identifier) if before.identifier else ''}</OrgnlCdtrSchmeId>"


def _scheme(creditor_id: str) -> str:
    other = f"<Othr><Id>{_id(creditor_id)}</Id><SchmeNm><Prtry>SEPA</Prtry></SchmeNm></Othr>"
    return f"<Id><PrvtId>{other}</PrvtId></Id>"


def _id(text: str) -> str:
    if not _ID.fullmatch(text):
        raise Invalid(N_("%(id)s is no reference that banks take."), id=text[:REFERENCE])
    return text


_AMOUNT = re.compile(rb'<InstdAmt Ccy="EUR">([0-9]+)\.([0-9]{2})</InstdAmt>')
_END = b"</DrctDbtTxInf>\n"


def control(pieces: Iterable[bytes]) -> Control:
    """Count and sum of a file of ours as it stands on disk. Raises Unfit where it is cut off or not whole."""
    count = cents = 0
    rest = b""
    for piece in pieces:
        cut = (rest + piece).rfind(_END) + len(_END)
        text = rest + piece
        whole, rest = (text[:cut], text[cut:]) if cut >= len(_END) else (b"", text)
        amounts = _AMOUNT.findall(whole)
        if len(amounts) != whole.count(_END):
            raise Unfit(N_("The file is not whole. Export it again."))
        count += len(amounts)
        cents += sum(int(each[0]) * 100 + int(each[1]) for each in amounts)
    if not rest.endswith(b"</PmtInf></CstmrDrctDbtInitn></Document>\n"):
        raise Unfit(N_("The file is not whole. Export it again."))
    return Control(count, cents)
