"""Bank files of invented people, made for tests."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

OWN = "NL91ABNA0417164300"


@dataclass(frozen=True)
class Pay:
    """One entry of a CAMT file; `cents` is signed."""

    cents: int
    reference: str = ""
    end_to_end: str = "NOTPROVIDED"
    iban: str = "NL44RABO0123456789"
    name: str = "J. Jansen"
    on: str = "2026-11-20"
    more: str = ""  # XML inside TxDtls
    details: str | None = None  # XML instead of NtryDtls


def euros(cents: int) -> str:
    return f"{abs(cents) // 100}.{abs(cents) % 100:02d}"


def side(cents: int) -> str:
    return "DBIT" if cents < 0 else "CRDT"


def camt(
    pays: Iterable[Pay], *, version: str = "camt.053.001.08", opening: int = 100_000, closing: int | None = None,
    own: str = OWN, currency: str = "EUR", statement: str = "S1", on: str = "2026-11-20", before: str = "",
) -> bytes:  # fmt: skip
    """A statement of one account; its closing balance adds up unless another is given."""
    pays = list(pays)
    new = not version.endswith("02")
    shell = {"053": ("BkToCstmrStmt", "Stmt"), "054": ("BkToCstmrDbtCdtNtfctn", "Ntfctn")}[version[5:8]]
    entries = "".join(_entry(pay, new, currency) for pay in pays)
    closing = opening + sum(pay.cents for pay in pays) if closing is None else closing
    balances = "" if shell[1] == "Ntfctn" else _balance("OPBD", opening, on) + _balance("CLBD", closing, on)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{before}<Document xmlns="urn:iso:std:iso:20022:tech:xsd:{version}">'
        f"<{shell[0]}><GrpHdr><MsgId>M1</MsgId><CreDtTm>2026-11-21T05:10:00</CreDtTm></GrpHdr>"
        f"<{shell[1]}><Id>{statement}</Id><Acct><Id><IBAN>{own}</IBAN></Id><Ccy>{currency}</Ccy></Acct>"
        f"{balances}{entries}</{shell[1]}></{shell[0]}></Document>"
    ).encode()


def _balance(kind: str, cents: int, on: str) -> str:
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp><Amt Ccy='EUR'>{euros(cents)}</Amt>"
        f"<CdtDbtInd>{side(cents)}</CdtDbtInd><Dt><Dt>{on}</Dt></Dt></Bal>"
    )


def _entry(pay: Pay, new: bool, currency: str) -> str:
    status = "<Sts><Cd>BOOK</Cd></Sts>" if new else "<Sts>BOOK</Sts>"
    reference = f"<AcctSvcrRef>{pay.reference}</AcctSvcrRef>" if pay.reference else ""
    details = _details(pay, new, currency) if pay.details is None else pay.details
    return (
        f"<Ntry><Amt Ccy='{currency}'>{euros(pay.cents)}</Amt><CdtDbtInd>{side(pay.cents)}</CdtDbtInd>{status}"
        f"<BookgDt><DtTm>{pay.on}T00:00:00</DtTm></BookgDt><ValDt><Dt>{pay.on}</Dt></ValDt>{reference}"
        f"<BkTxCd><Prtry><Cd>100</Cd></Prtry></BkTxCd>{details}</Ntry>"
    )


def _details(pay: Pay, new: bool, currency: str) -> str:
    role = "Cdtr" if pay.cents < 0 else "Dbtr"
    name = f"<Pty><Nm>{pay.name}</Nm></Pty>" if new else f"<Nm>{pay.name}</Nm>"
    amount = (
        f"<Amt Ccy='{currency}'>{euros(pay.cents)}</Amt><CdtDbtInd>{side(pay.cents)}</CdtDbtInd>"
        if new
        else f"<AmtDtls><TxAmt><Amt Ccy='{currency}'>{euros(pay.cents)}</Amt></TxAmt></AmtDtls>"
    )
    return (
        f"<NtryDtls><TxDtls><Refs><EndToEndId>{pay.end_to_end}</EndToEndId></Refs>{amount}"
        f"<RltdPties><{role}>{name}</{role}><{role}Acct><Id><IBAN>{pay.iban}</IBAN></Id></{role}Acct></RltdPties>"
        f"{pay.more}</TxDtls></NtryDtls>"
    )


def mt940(
    lines: Iterable[str], *, opening: str = "C261119EUR1000,00", closing: str = "C261120EUR1000,00", account: str = OWN,
    head: str = "", end: str = "-",
) -> bytes:  # fmt: skip
    """A statement of MT940; `lines` are those from the first `:61:` on."""
    body = "\r\n".join([*lines])
    return (
        f"{head}:20:T1\r\n:25:{account}\r\n:28C:1\r\n:60F:{opening}\r\n{body}\r\n:62F:{closing}\r\n{end}\r\n".encode()
    )


def batch_details(*cents: int) -> str:
    """A collection batch, told in these parts or as one sum."""
    parts = "".join(
        f"<TxDtls><Refs><EndToEndId>E{i}</EndToEndId></Refs><AmtDtls><TxAmt><Amt Ccy='EUR'>{euros(each)}</Amt></TxAmt>"
        f"</AmtDtls></TxDtls>"
        for i, each in enumerate(cents)
    )
    return f"<NtryDtls><Btch><PmtInfId>B-1</PmtInfId></Btch>{parts}</NtryDtls>"
