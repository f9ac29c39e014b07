"""Bank files as they come: every trap of DOMAIN.md 2 read for what it means."""

from __future__ import annotations

import contextlib
import io
import re
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.banking.formats import detect
from app.banking.formats.dutch import KEYWORDS, values_of
from app.banking.formats.facts import Closed, Entry, Fact, Opened, Unreadable, to_cents
from app.base.iban import check_iban
from tests.banking.files import Pay, batch_details, camt, euros, mt940

SAMPLES = Path(__file__).parents[3] / "shared" / "samples"


def facts(content: bytes) -> list[Fact]:
    return list(detect.read(io.BufferedReader(io.BytesIO(content)))[1])  # type: ignore[arg-type]


def entries(content: bytes) -> list[Entry]:
    return [fact for fact in facts(content) if isinstance(fact, Entry)]


@pytest.mark.parametrize("version", ["camt.053.001.02", "camt.053.001.04", "camt.053.001.08", "camt.054.001.08"])
def test_camt_of_any_version(version: str) -> None:
    strd = "<RmtInf><Strd><CdtrRefInf><Ref>RF18539007547034</Ref></CdtrRefInf></Strd></RmtInf>"
    [entry] = entries(camt([Pay(2500, "R1", "E-1", more=strd)], version=version))
    [payment] = entry.transactions
    assert (entry.cents, entry.booked_on, entry.reference) == (2500, date(2026, 11, 20), "R1")
    assert (payment.name, payment.iban, payment.end_to_end) == ("J. Jansen", "NL44RABO0123456789", "E-1")
    assert payment.structured == payment.text == "RF18539007547034", "without Ustrd the reference is the text"


@pytest.mark.parametrize("role", ["Cdtr", "Dbtr"])
def test_a_returned_collection_names_the_donor_on_either_side(role: str) -> None:
    own = "Dbtr" if role == "Cdtr" else "Cdtr"
    details = (
        f"<NtryDtls><TxDtls><Refs><EndToEndId>E</EndToEndId><MndtId>NL22ZZZ524885430000-C0125.1</MndtId></Refs>"
        f"<RltdPties><{own}><Nm>Wij</Nm></{own}><{own}Acct><Id><IBAN>NL91ABNA0417164300</IBAN></Id></{own}Acct>"
        f"<{role}><Nm>Mw El Amrani</Nm></{role}><{role}Acct><Id><IBAN>NL20INGB0001234567</IBAN></Id></{role}Acct>"
        f"</RltdPties><RtrInf><Rsn><Cd>MD06</Cd></Rsn></RtrInf></TxDtls></NtryDtls>"
    )
    content = camt([Pay(-1250, details=f"<RvslInd>true</RvslInd>{details}")])
    [entry] = entries(content)
    [payment] = entry.transactions
    assert entry.is_return
    assert entry.cents == -1250, "the direction is the real one: it is not turned twice"
    assert (payment.name, payment.iban) == ("Mw El Amrani", "NL20INGB0001234567")
    assert (payment.mandate, payment.creditor_id) == ("C0125.1", "NL22ZZZ524885430000")
    assert payment.return_reason == "MD06"


def test_batches_with_details_without_and_with_wrong_ones() -> None:
    whole, parted, wrong = entries(
        camt(
            [
                Pay(3000, details=batch_details()),
                Pay(3000, details=batch_details(1000, 2000)),
                Pay(3000, details=batch_details(1000, 1500)),
            ]
        )
    )
    assert [payment.cents for payment in whole.transactions] == [3000]
    assert [payment.cents for payment in parted.transactions] == [1000, 2000]
    assert {payment.batch for e in (whole, parted, wrong) for payment in e.transactions} == {"B-1"}
    assert [payment.cents for payment in wrong.transactions] == [3000], "the money of the entry is certain"
    assert wrong.warning


def test_what_is_only_expected_is_no_entry() -> None:
    content = camt([Pay(100)], closing=100_000).replace(b"BOOK", b"PDNG")
    assert entries(content) == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (camt([Pay(1)])[:-30], "cut off or damaged"),
        (b"<?xml version='1.0'?><Document><Other/></Document>", "not a bank statement"),
        (camt([Pay(1)], before="<!DOCTYPE Document [<!ENTITY a 'b'>]>"), "DOCTYPE"),
        (camt([Pay(1)]).replace(b"Ccy='EUR'>0.01", b"Ccy='USD'>0.01"), "USD"),
        (camt([Pay(1)]).replace(b">0.01<", b">1e3<"), "not an amount"),
        (camt([Pay(1)]).replace(b">0.01<", b">" + b"9" * 5000 + b"<"), "not an amount"),
        (camt([Pay(1)]).replace(b">0.01<", ">0.\u00b2<".encode()), "not an amount"),
        (camt([Pay(1)]).replace(b"2026-11-20T", b"2026-13-20T"), "not a date"),
        (camt([Pay(1)]).replace(b"UTF-8", b"UTF-16"), "damaged"),
        (b"datum;bedrag\n1;2\n", "not a bank file"),
        (mt940([":61:2611201120C1,00NTRFNONREF"]).replace(b":62F", b":99F"), "closing balance"),
        (mt940([":61:this is not a line"]), "not a statement line"),
        (mt940([":61:2613201120C1,00NTRFNONREF"]), "not a date"),
    ],
)
def test_what_cannot_be_trusted_is_refused(content: bytes, said: str) -> None:
    with pytest.raises(Unreadable, match=said):
        facts(content)


def test_entities_are_never_read_from_disk(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hidden")
    content = camt([Pay(1, name="&x;")], before=f"<!DOCTYPE D [<!ENTITY x SYSTEM 'file://{secret}'>]>")
    with pytest.raises(Unreadable, match="DOCTYPE"):
        facts(content)


@given(st.binary(max_size=300))
def test_any_bytes_give_facts_or_a_clear_error(content: bytes) -> None:
    for known in (b"", b":20:X\r\n", b"<?xml version='1.0'?>"):
        with contextlib.suppress(Unreadable):
            facts(known + content)


@given(st.integers(0, 99_999_999_999))
def test_amounts_are_read_back(cents: int) -> None:
    assert to_cents(euros(cents), 1) == cents
    assert to_cents(euros(cents).replace(".", ","), 1) == cents


ING = [
    ":61:2611201120C25,00NTRFEREF//00000000001005",
    "/TRCD/00100/",
    ":86:/EREF/EV12341REP//CNTP/NL44RABO0123456789/RABONL2U/J. Jansen e/o ",
    "P. de Vries///REMI/USTD//voor 12 / en 13/",
    ":61:2611201120D12,50NRTIEREF//00000000001010",
    "/TRCD/01315/",
    ":86:/RTRN/MS03//EREF/E-7//MARF/M-7//CSID/NL08ZZZ502057730000//CNTP/NL20ING",
    "B0001234567/INGBNL2A/S. Smit/UTRECHT///REMI/USTD//GIFT/",
    ":61:2611201120C32,NTRF5000056789012345//00000000001011",
    ":86:/EREF/NOTPROVIDED//CNTP/NL44RABO0123456789/RABONL2U/S/// REMI/STRD/CUR/5000056789012345/",
]


def test_ing() -> None:
    paid, back, structured = (e for e in entries(mt940(ING, account="NL69INGB0123456789EUR")))
    assert facts(mt940(ING, account="NL69INGB0123456789EUR"))[0].account == "NL69INGB0123456789"  # type: ignore[union-attr]
    one, two = paid.transactions[0], back.transactions[0]
    assert (one.name, one.iban, one.text) == ("J. Jansen e/o P. de Vries", "NL44RABO0123456789", "voor 12 / en 13")
    assert (paid.bank_code, paid.reference) == ("00100", "00000000001005")
    assert (back.cents, back.is_return, two.return_reason) == (-1250, True, "MS03")
    assert (two.mandate, two.creditor_id, two.name) == ("M-7", "NL08ZZZ502057730000", "S. Smit")
    assert two.iban == "NL20INGB0001234567", "an IBAN broken over two lines"
    assert structured.cents == 3200
    assert structured.transactions[0].structured == "5000056789012345"


def test_abn_amro() -> None:
    lines = [
        ":61:2611201120C25,N654NONREF",
        ":86:/TRTP/SEPA OVERBOEKING/IBAN/NL44RABO0123456789/BIC/RABONL2U/NA",
        "ME/MW A VAN DER BERG/REMI/FACTUUR 201403110, ",
        "201403113/EREF/NOTPROVIDED",
        ":61:2612310102D12,5N944NONREF",
        ":86:/TRTP/SEPA INCASSO ALGEMEEN DOORLOPEND/CSID/NL51ZZZ405365330000/NAME/J BERG/MARF/M-1"
        "/REMI/X/IBAN/NL20INGB0001234567/EREF/E-1",
    ]
    content = mt940(lines, account="0417164300", head="ABNANL2A\r\n940\r\nABNANL2A\r\n")
    first, second = entries(content)
    assert facts(content)[0].account == "NL91ABNA0417164300"  # type: ignore[union-attr]
    assert first.transactions[0].text == "FACTUUR 201403110, 201403113", "the space at the break is text"
    assert first.transactions[0].name == "MW A VAN DER BERG", "a keyword broken over two lines"
    assert (second.value_on, second.booked_on) == (date(2026, 12, 31), date(2027, 1, 2))
    assert (second.transactions[0].iban, second.transactions[0].end_to_end) == ("NL20INGB0001234567", "E-1")


def test_rabobank() -> None:
    lines = [
        ":61:261120C000000000300,00N541NONREF          ",
        "NL44RABO0123456789",
        ":86:/ORDP//NAME/Hr J DOE/ADDR/Dorpsstraat 1 1234AB DORP/REMI/bijdrage/ISDT/2026-11-20",
    ]
    content = mt940(lines, account="NL68RABO0123456789 EUR", head=":940:\r\n", end="")
    [entry] = entries(content)
    payment = entry.transactions[0]
    assert (entry.cents, payment.iban, payment.name, payment.text) == (
        30000,
        "NL44RABO0123456789",
        "Hr J DOE",
        "bijdrage",
    )


def test_sns_asn_and_regiobank() -> None:
    lines = [
        ":61:2611201120D65,00NOVBNL47INGB0004567890",
        "hr g paulus",
        ":86:NL47INGB0004567890 hr g paulus",
        " " * 65,
        "Betaling sieraden" + " " * 48,
    ]
    content = mt940(lines, head="{1:F01ASNBNL21XXXX0000000000}{2:O940ASNBNL21XXXXN}{3:}{4:\r\n", end="-}{5:}")
    [entry] = entries(content)
    payment = entry.transactions[0]
    assert (payment.iban, payment.name, payment.text) == ("NL47INGB0004567890", "hr g paulus", "Betaling sieraden")


def test_triodos() -> None:
    lines = [
        ":61:261120C15,70N000NONREF",
        ":86:000>100987654321",
        ">20ALGEMENE GIFT KOS>21TEN VAN 01-10 TOT EN M",
        ">22ET 31-12>30TRIONL2U>31NL44RABO0123456789>32J. Ja>33nsen",
    ]
    content = mt940(lines, account="TRIODOSBANK/0390123456")
    [entry] = entries(content)
    payment = entry.transactions[0]
    assert facts(content)[0].account == check_iban("NL49TRIO0390123456")  # type: ignore[union-attr]
    assert payment.text == "ALGEMENE GIFT KOSTEN VAN 01-10 TOT EN MET 31-12"
    assert (payment.iban, payment.name) == ("NL44RABO0123456789", "J. Jansen")


@pytest.mark.parametrize(
    ("line", "info", "want"),
    [
        (":61:261120C15,00NET NONREF", "000>20Gift", ("", "", "Gift")),
        (":61:2611201120C15,00NTRFR\0F1//B\x001", "a\0b", ("RF1", "", "ab")),
        (":61:2611201120C15,N445NONREF", "GIRO 428428 J JANSEN BETALINGSKENM.  9001 0000 0000 0012GIFT",
         ("", "9001000000000012", "GIRO 428428 J JANSEN BETALINGSKENM. 9001 0000 0000 0012GIFT")),
    ],
)  # fmt: skip
def test_lines_that_bend_the_rules(line: str, info: str, want: tuple[str, str, str]) -> None:
    [entry] = entries(mt940([line, f":86:{info}"]))
    payment = entry.transactions[0]
    assert entry.cents == 1500
    assert (payment.end_to_end, payment.structured, payment.text) == want


def test_abn_amro_in_columns() -> None:
    came = [
        ":61:2611201120C15,00N658NONREF",
        ":86:SEPA OVERBOEKING                 IBAN: NL44RABO0123456789",
        "BIC: RABONL2U                    NAAM: J. JANSEN EO",
        "OMSCHRIJVING: Gift IBAN: NL02ABNA0123456789 NAAM: Iemand anders",
        "KENMERK: 9001000000000012",
    ]
    went = [
        ":61:2611201120D5,00N426NONREF",
        ":86:SEPA INCASSO ALGEMEEN DOORLOPEND INCASSANT: NL08ZZZ502057730000",
        "NAAM: Mollie                     MACHTIGING: M-12-34",
        "OMSCHRIJVING: Kosten",
        "IBAN: NL44RABO0123456789         KENMERK: E2E-1",
    ]
    gift, cost = [entry.transactions[0] for entry in entries(mt940([*came, *went]))]
    assert (gift.name, gift.iban, gift.bic) == ("J. JANSEN EO", "NL44RABO0123456789", "RABONL2U")
    assert (gift.structured, gift.end_to_end) == ("9001000000000012", "")
    assert gift.text == "Gift IBAN: NL02ABNA0123456789 NAAM: Iemand anders"
    assert (cost.name, cost.iban, cost.text) == ("Mollie", "NL44RABO0123456789", "Kosten")
    assert (cost.mandate, cost.creditor_id, cost.end_to_end) == ("M-12-34", "NL08ZZZ502057730000", "E2E-1")


def test_subfields_with_question_marks() -> None:
    info = "166?00SEPA?20EREF+E77?21MREF+M1?22SVWZ+Gift voor kinde?23ren?30RABONL2U?31NL44RABO0123456789?32J. Jan?33sen"
    [entry] = entries(mt940([":61:2611201120C15,00NTRFNONREF", f":86:{info[:60]}", info[60:]]))
    payment = entry.transactions[0]
    assert (payment.text, payment.end_to_end, payment.mandate) == ("Gift voor kinderen", "E77", "M1")
    assert (payment.name, payment.iban, payment.bic) == ("J. Jansen", "NL44RABO0123456789", "RABONL2U")


@pytest.mark.parametrize(("told", "cents"), [("1234,", 123400), (",50", 50), ("0,5", 50), ("000000000015,00", 1500)])
def test_amounts_of_mt940_in_all_their_shapes(told: str, cents: int) -> None:
    [entry] = entries(mt940([f":61:2611201120C{told}NTRFNONREF"]))
    assert entry.cents == cents


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("kind", ["mt940", "camt"])
def test_files_with_a_mark_of_their_encoding(kind: str, encoding: str) -> None:
    if kind == "mt940":
        content = mt940([":61:2611201120C15,00NTRFNONREF", ":86:/REMI/USTD//gegeven aan café/"]).decode()
    else:
        said = "<RmtInf><Ustrd>gegeven aan café</Ustrd></RmtInf>"
        content = camt([Pay(1500, more=said)]).decode().replace(' encoding="UTF-8"', "")
    if encoding == "utf-16-le":
        content = "\ufeff" + content
    [entry] = entries(content.encode(encoding))
    assert (entry.cents, entry.transactions[0].text) == (1500, "gegeven aan café")


def test_a_zip_is_refused_with_advice() -> None:
    with pytest.raises(Unreadable, match="ZIP") as error:
        facts(b"PK\x03\x04\x14\x00\x00\x00" + bytes(100))
    assert "Unpack" in error.value.advice


def test_a_status_report_is_sent_to_its_own_page() -> None:
    with pytest.raises(Unreadable, match=r"pain\.002") as error:
        facts(b'<?xml version="1.0"?><Document xmlns="urn:x"><CstmrPmtStsRpt>')
    assert "batches" in error.value.advice


def test_knab() -> None:
    lines = [
        ":61:2611201120C500NTRF20-11-2026 10:05//B4G29PGDCK1QFV3E",
        ":86:12160475 GIFT VOOR HET WERK DAT JULLIE DOEN EN ALLES WAT DAARBIJ HO",
        "REK: NL44RABO0123456789/NAAM: M. DE BOER B.V.",
    ]
    [entry] = entries(mt940(lines, head="{1:F01KNABNL2HAXXX0000000000}{2:I940KNABNL2HXXXXN3020}{4:\r\n", end="-}"))
    payment = entry.transactions[0]
    assert (entry.cents, payment.iban, payment.name) == (50000, "NL44RABO0123456789", "M. DE BOER B.V.")
    assert payment.text.startswith("12160475 GIFT VOOR HET WERK")


def test_reversals_and_cp1252() -> None:
    content = mt940([":61:2611201120RC10,00NTRFNONREF", ":86:CAFÉ", ":61:2611201120RD10,00NTRFNONREF"])
    back, again = entries(content.decode().encode("cp1252"))
    assert (back.cents, again.cents) == (-1000, 1000)
    assert back.transactions[0].text == "CAFÉ"


def test_a_payers_words_cannot_pose_as_the_banks_fields() -> None:
    values = values_of("/EREF/REAL/NAME/J/REMI/dank/EREF/FALSE/NAME/K/IBAN/NL1/IBAN/NL2")
    assert (values["EREF"], values["NAME"], values["IBAN"]) == ("REAL", "J", "NL2")
    assert "FALSE" in values["REMI"]


@pytest.mark.skipif(not SAMPLES.exists(), reason="the samples are not here")
@pytest.mark.parametrize("path", sorted(SAMPLES.glob("[cm][at]*[m4]*/*")), ids=lambda path: path.name)
def test_the_samples_add_up(path: Path) -> None:
    opened, *_, closed = facts(path.read_bytes())
    assert isinstance(opened, Opened)
    assert isinstance(closed, Closed)
    total = sum(entry.cents for entry in entries(path.read_bytes()))
    assert opened.opening is not None
    assert closed.closing is not None
    assert opened.opening.cents + total == closed.closing.cents


@pytest.mark.parametrize("code", ["IDDT-UPDD", "RCDT-RRTN", "IDDT-PRDD"])
def test_a_return_is_known_by_its_code_alone(code: str) -> None:
    family, sub = code.split("-")
    domain = f"<Domn><Cd>PMNT</Cd><Fmly><Cd>{family}</Cd><SubFmlyCd>{sub}</SubFmlyCd></Fmly></Domn>"
    content = camt([Pay(-2500)]).replace(b"<Prtry><Cd>100</Cd></Prtry>", domain.encode())
    [entry] = entries(content)
    assert entry.is_return
    assert entry.code == f"PMNT-{code}"


def test_the_banks_reference_may_stand_with_the_payment() -> None:
    content = camt([Pay(2500)]).replace(b"<Refs>", b"<Refs><AcctSvcrRef>B-77</AcctSvcrRef>")
    assert entries(content)[0].reference == "B-77"
    [batch] = entries(
        camt([Pay(3000, details=batch_details(1000, 2000).replace("<Refs>", "<Refs><AcctSvcrRef>X</AcctSvcrRef>"))])
    )
    assert batch.reference == "", "of several payments none has the entry's"


def test_details_may_tell_what_was_instructed_alone() -> None:
    parts = batch_details(1000, 2000).replace("TxAmt", "InstdAmt")
    [entry] = entries(camt([Pay(3000, details=parts)]))
    assert [each.cents for each in entry.transactions] == [1000, 2000]


PREFIXED = camt([Pay(2500, "R1")]).replace(b"<Document xmlns=", b"<Document xmlns:x='urn:other' xmlns=")


@pytest.mark.parametrize(
    "content",
    [
        PREFIXED,
        b"\xef\xbb\xbf" + camt([Pay(2500, "R1")]),
        camt([Pay(2500, "R1")]).replace(b'encoding="UTF-8"', b'encoding="ISO-8859-1"'),
        camt([Pay(2500, "R1")]).decode().replace('encoding="UTF-8"', 'encoding="UTF-16"').encode("utf-16"),
        camt([Pay(2500, "R1")]).replace(b"<DtTm>2026-11-20T00:00:00</DtTm>", b"<Dt>2026-11-20+01:00</Dt>"),
        camt([Pay(2500, "R1")]).replace(b"OPBD", b"PRCD"),
        camt([Pay(2500, "R1")]).replace(b"<NtryDtls>", b"<!-- a -->\n<NtryDtls>"),
    ],
)  # fmt: skip
def test_shapes_of_one_statement_say_the_same(content: bytes) -> None:
    [entry] = entries(content)
    assert (entry.cents, entry.booked_on, entry.reference) == (2500, date(2026, 11, 20), "R1")
    assert entry.transactions[0].iban == "NL44RABO0123456789"


def test_an_entity_bomb_is_refused_at_once() -> None:
    bomb = "".join(f"<!ENTITY e{i} '{f'&e{i - 1};' * 10}'>" for i in range(1, 10))
    content = camt([Pay(1, name="&e9;")], before=f"<!DOCTYPE D [<!ENTITY e0 'ha'>{bomb}]>")
    with pytest.raises(Unreadable, match="DOCTYPE"):
        facts(content)


WORD = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 .,'+-()?:", min_size=1, max_size=60)
TOLD = st.tuples(
    st.integers(1, 10**9), st.booleans(), WORD.map(str.strip).filter(lambda name: name and name not in KEYWORDS),
    WORD.map(str.strip).filter(bool),
    st.from_regex(r"[A-Z0-9]{1,20}", fullmatch=True),
)  # fmt: skip


@given(st.lists(TOLD, min_size=1, max_size=5), st.sampled_from(["ING", "ABN", "RABO"]))
def test_mt940_is_read_back_however_it_wraps(told: list[tuple[int, bool, str, str, str]], bank: str) -> None:
    lines, balance = [], 100_000
    for number, (cents, comes, name, words, reference) in enumerate(told):
        balance += cents if comes else -cents
        amount, iban = euros(cents).replace(".", ","), "NL44RABO0123456789"
        lines.append(f":61:2611201120{'C' if comes else 'D'}{amount}N544EREF//B{number}")
        info = {
            "ING": f"/EREF/{reference}//CNTP/{iban}/RABONL2U/{name}///REMI/USTD//{words}/",
            "ABN": f"/TRTP/SEPA OVERBOEKING/IBAN/{iban}/BIC/RABONL2U/NAME/{name}/REMI/{words}/EREF/{reference}",
            "RABO": f"/EREF/{reference}/{'ORDP' if comes else 'BENM'}//NAME/{name}/REMI/{words}",
        }[bank]
        if bank == "RABO":
            lines.append(iban)
        lines += [(":86:" if start == 0 else "") + info[start : start + 65] for start in range(0, len(info), 65)]
    side = "D" if balance < 0 else "C"
    content = mt940(lines, closing=f"{side}261120EUR{euros(balance).replace('.', ',')}")
    found = entries(content)
    assert [e.cents for e in found] == [cents if comes else -cents for cents, comes, *_ in told]
    for entry, (_, _, name, words, reference) in zip(found, told, strict=True):
        [payment] = entry.transactions
        assert (payment.end_to_end, payment.name, payment.text) == (reference, name, words)
        assert payment.iban == "NL44RABO0123456789"


def test_payments_in_another_currency_count_what_was_booked() -> None:
    part = (
        "<TxDtls><Amt Ccy='USD'>5.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><AmtDtls><InstdAmt><Amt Ccy='USD'>5.00</Amt>"
        "</InstdAmt><{0}><Amt Ccy='EUR'>4.50</Amt></{0}></AmtDtls></TxDtls>"
    )
    details = f"<NtryDtls>{part.format('TxAmt')}{part.format('CntrValAmt')}</NtryDtls>"
    [entry] = entries(camt([Pay(900, details=details)]))
    assert [payment.cents for payment in entry.transactions] == [450, 450]


@pytest.mark.parametrize(
    ("told", "day"),
    [
        ("2026-11-19T23:00:00Z", 20),
        ("2026-11-20T00:00:00+01:00", 20),
        ("2026-11-19T23:30:00", 19),
        ("2026-11-20T00:00:00.000+01:00", 20),
    ],
)
def test_instants_are_days_in_amsterdam(told: str, day: int) -> None:
    content = camt([Pay(100)]).replace(b"<DtTm>2026-11-20T00:00:00</DtTm>", f"<DtTm>{told}</DtTm>".encode())
    assert entries(content)[0].booked_on == date(2026, 11, day)


def test_an_amount_may_begin_with_its_point() -> None:
    content = camt([Pay(50)], closing=100_050).replace(b">0.50<", b">.50<")
    assert entries(content)[0].cents == 50


def test_lines_may_end_in_cr_alone() -> None:
    content = mt940(ING, account="NL69INGB0123456789EUR")
    assert facts(content.replace(b"\r\n", b"\r")) == facts(content) == facts(content.replace(b"\r\n", b"\n"))


def test_an_interim_report_is_refused_with_what_to_bring_instead() -> None:
    content = b":20:X\n:25:NL91ABNA0417164300\n:28C:1\n:34F:EURD0,\n:61:2611201120C5,NTRFNONREF\n:90C:1EUR5,\n-\n"
    with pytest.raises(Unreadable, match=r"MT942.*CAMT\.053") as error:
        facts(content)
    assert error.value.line == 4


def test_an_account_abroad_with_its_currency_behind() -> None:
    [opened, _] = facts(mt940([], account="DE89370400440532013000EUR", closing="C261119EUR1000,00"))
    assert opened.account == "DE89370400440532013000"  # type: ignore[union-attr]


def test_triodos_tells_the_other_side_before_the_text_and_us_behind_it() -> None:
    lines = [
        ":61:261120C35,90NET NONREF", ":86:000>100000000000", ">20TRIONL2U", ">21NL44RABO0123456789",
        ">22J. JANSEN EN/OF P. DE VRIES>23 GIFT", ">310390123456",
        ":61:261120D35,90NID NONREF", ":86:000>100000000000", ">20KINDEREN>21NOG MEER", ">310390123456",
    ]  # fmt: skip
    transfer, other = (entry.transactions[0] for entry in entries(mt940(lines, account="TRIODOSBANK/0390123456")))
    assert (transfer.iban, transfer.bic) == ("NL44RABO0123456789", "TRIONL2U")
    assert transfer.text == "J. JANSEN EN/OF P. DE VRIES GIFT"
    assert (other.iban, other.bic, other.text) == ("", "", "KINDERENNOG MEER"), "a word of eight letters is no BIC"


@pytest.mark.parametrize(
    "info",
    [
        "/EREF/E1/ORDP//NAME/Stichting Kassa/ADDR/Kade 1/ULTD//NAME/P. Puk/REMI/gift/ISDT/2026-11-20",
        "/EREF/E1/ORDP//NAME/Stichting Kassa/REMI/gift/ULTD//NAME/P. Puk/ISDT/2026-11-20",
        "/TRTP/SEPA OVERBOEKING/IBAN/NL44RABO0123456789/NAME/Stichting Kassa/REMI/gift/ULTD/P. Puk/EREF/E1",
        "/EREF/E1//CNTP/NL44RABO0123456789/RABONL2U/Stichting Kassa///ULTD/P. Puk//REMI/USTD//gift/",
    ],
)
def test_for_whom_somebody_paid_is_read_beside_who_paid(info: str) -> None:
    lines = [
        ":61:2611201120C15,00NTRFNONREF",
        *(f"{':86:' if not i else ''}{info[i : i + 65]}" for i in range(0, len(info), 65)),
    ]
    [entry] = entries(mt940(lines))
    payment = entry.transactions[0]
    assert (payment.name, payment.ultimate) == ("Stichting Kassa", "P. Puk")
    assert (payment.text, payment.end_to_end) == ("gift", "E1")


@pytest.mark.parametrize("version", ["camt.053.001.02", "camt.053.001.08"])
def test_camt_tells_for_whom_somebody_paid(version: str) -> None:
    name = "<Nm>P. Puk</Nm>" if version.endswith("02") else "<Pty><Nm>P. Puk</Nm></Pty>"
    content = camt([Pay(1500)], version=version).replace(
        b"</RltdPties>", f"<UltmtDbtr>{name}</UltmtDbtr></RltdPties>".encode()
    )
    [entry] = entries(content)
    assert (entry.transactions[0].name, entry.transactions[0].ultimate) == ("J. Jansen", "P. Puk")


@pytest.mark.parametrize("line", [":61:2611201120D12,50NSTO NL20INGB0001234567", ":61:2611201120D12,50N944NONREF"])
def test_taken_back_without_a_reason(line: str) -> None:
    info = "/TRTP/SEPA INCASSO ALGEMEEN DOORLOPEND TERUGBOEKING/NAME/J/MARF/M-1/REMI/X/EREF/E-1"
    [entry] = entries(mt940([line, f":86:{info if 'N944' in line else 'NL20INGB0001234567 mw j'}"]))
    assert entry.is_return


def _pages(first: str, second: str) -> bytes:
    """Two entries of 5 and 2 euros on two pages, with these balances (opening, closing) in cents."""
    whole = camt([Pay(500)], opening=100, closing=800).decode()
    page = whole[whole.index("<Stmt>") : whole.index("</BkToCstmrStmt>")]
    told = page[page.index("<Bal>") : page.index("<Ntry>")]
    pages = [
        page.replace("<Acct>", f"<StmtPgntn><PgNb>{n}</PgNb><LastPgInd>{last}</LastPgInd></StmtPgntn><Acct>").replace(
            told, "".join(balance for balance in re.findall("<Bal>.*?</Bal>", told) if kinds in balance or kinds == "")
        )
        for n, last, kinds in ((1, "false", first), (2, "true", second))
    ]
    return whole.replace(page, pages[0] + pages[1].replace("5.00", "2.00")).encode()


@pytest.mark.parametrize("kinds", [("OPBD", "CLBD"), ("", "")])
def test_pages_of_a_statement_are_one(kinds: tuple[str, str]) -> None:
    opened, first, second, closed = facts(_pages(*kinds))
    assert isinstance(opened, Opened)
    assert isinstance(closed, Closed)
    assert [e.cents for e in (first, second) if isinstance(e, Entry)] == [500, 200]
    assert closed.opening is not None
    assert closed.closing is not None
    assert (closed.opening.cents, closed.closing.cents) == (100, 800)


def test_keywords_under_the_account_and_name_of_asn() -> None:
    said = "Europese incasso: gift aan ons werk-Incassant ID: NL08ZZZ502057730000-Kenmerk Machtiging: M-7 terug"
    lines = [
        ":61:2611201120D61,80NINCNL44RABO0123456789", "garage de wit", ":86:NL44RABO0123456789 garage de wit", " " * 65,
        "/TRTP/Zakelijke Europese Incasso/CSID/NL08ZZZ502057730000/NAME/GAR",
        "AGE DE WIT BV/MARF/M-12/REMI/Nota 17/deel 2/IBAN/NL20INGB0001234567/EREF/17/55".ljust(65),
        ":61:2611201120D12,50NSTO NL20INGB0001234567", ":86:NL20INGB0001234567 mw j smit", " " * 65,
        said[:65], said[65:],
    ]  # fmt: skip
    debit, back = (entry.transactions[0] for entry in entries(mt940(lines)))
    assert (debit.name, debit.iban) == ("GARAGE DE WIT BV", "NL44RABO0123456789"), "the account of the first line"
    assert (debit.mandate, debit.creditor_id, debit.end_to_end) == ("M-12", "NL08ZZZ502057730000", "17/55")
    assert debit.text == "Nota 17/deel 2"
    assert (back.name, back.mandate) == ("mw j smit", "M-7")


def test_what_a_payer_of_asn_writes_is_no_field_of_the_bank() -> None:
    lines = [
        ":61:2611201120C5,00NOVBNL44RABO0123456789",
        ":86:NL44RABO0123456789 j jansen",
        " ",
        "dank /TRTP/X/EREF/E-1",
    ]
    [entry] = entries(mt940(lines))
    assert (entry.transactions[0].end_to_end, entry.transactions[0].text) == ("", "dank /TRTP/X/EREF/E-1")


@pytest.mark.parametrize(
    ("info", "want"),
    [
        ("/ACCW/NL44RABO0123456789,RABONL2U/ORDP//NAME/Hr J Doe en/of Mw A Doe/REMI/17",
         ("Hr J Doe en/of Mw A Doe", "", "17")),
        ("/EREF/1/BENM//NAME/Waterschap/REMI//CDTRREFTP//CD/SCOR/ISSR/CUR/CDTRREF/9001000000000012/ISDT/2026-11-20",
         ("Waterschap", "9001000000000012", "9001000000000012")),
        ("/EREF/1/ORDP//NAME/J. Doe/REMI//REMI/twee keer", ("J. Doe", "", "twee keer")),
        ("SEPA ACCEPTGIROBETALING          IBAN: NL44RABO0123456789NAAM: J. Doe                     "
         "BETALINGSKENM.: 9001000000000012 ID DEBITEUR: 77", ("J. Doe", "9001000000000012", "9001000000000012")),
        ("NL44RABO0123456789 RABONL2U J DOE NOTPROVIDED gift", ("", "", "J DOE NOTPROVIDED gift")),
        ("NL44RABO0123456789 JANSSENS J DOE", ("JANSSENS J DOE", "", "")),
        ("/TRCD/00100/", ("", "", "/TRCD/00100/")),
        ("/SUM/1/1/15,00/0,00/", ("", "", "/SUM/1/1/15,00/0,00/")),
    ],
)  # fmt: skip
def test_more_ways_to_tell_of_a_payment(info: str, want: tuple[str, str, str]) -> None:
    [entry] = entries(mt940([":61:2611201120C15,00NTRFNONREF", f":86:{info}"]))
    payment = entry.transactions[0]
    assert (payment.name, payment.structured, payment.text) == want


def test_an_account_in_the_place_of_the_reference_is_no_reference() -> None:
    lines = [
        ":61:2611201120D25,00NACC0002445588//9001000000000012", "waterschap", ":86:0002445588 waterschap",
        ":61:2611201120D25,00N084P002445588      Waterschap", ":86:NOTA 1", ":86:NOTA 2",
        ":61:2611201120D25,00NXXX0123456789", ":86:/TRTP/SEPA OVERBOEKING/IBAN/NL44RABO0123456789/NAME/J/REMI/x",
        ":61:2611201120D25,00NTRF0002445588", ":86:/REMI/USTD//x/",
    ]  # fmt: skip
    told = [entry.transactions[0] for entry in entries(mt940(lines))]
    assert [each.end_to_end for each in told] == ["", "", "", "0002445588"]
    assert (told[0].name, told[0].structured) == ("waterschap", "9001000000000012")
    assert (told[1].name, told[1].text) == ("Waterschap", "NOTA 1 NOTA 2")


def test_the_older_head_of_ing_tells_the_bank() -> None:
    head = "0000 01INGBNL2AXXXX00001\r\n0000 01INGBNL2AXXXX00001\r\n940 00\r\n"
    opened = facts(mt940([], account="0001234567", head=head, end="-XXX", closing="C261119EUR1000,00"))[0]
    assert opened.account == "NL20INGB0001234567"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (["/REMI/USTD//pin 20-11-2026 12", ":20:45 dank/"], "pin 20-11-2026 12:20:45 dank"),
        (["/REMI/gift voor het werk -", "-"], "gift voor het werk --"),
        (["/REMI/gift -", "- met dank/"], "gift -- met dank"),
    ],
)
def test_a_text_that_breaks_into_what_looks_like_a_tag_or_an_end(lines: list[str], text: str) -> None:
    first, second = entries(
        mt940([":61:2611201120C15,00NTRFNONREF", f":86:{lines[0]}", *lines[1:], ":61:2611201120C1,00NTRFNONREF"])
    )
    assert (first.transactions[0].text, second.cents) == (text, 100)


@pytest.mark.parametrize(("number", "count"), [("7/2", 1), ("8/1", 2)])
def test_pages_of_a_statement_of_mt940_are_one(number: str, count: int) -> None:
    first = mt940([":61:2611201120C5,00NTRFNONREF"], closing="C261120EUR1005,00").replace(b":62F:", b":62M:")
    second = mt940([":61:2611201120C2,00NTRFNONREF"], opening="C261120EUR1005,00", closing="C261120EUR1007,00")
    second = second.replace(b":60F:", b":60M:").replace(b":28C:1", f":28C:{number}".encode())
    told = facts(first.replace(b":28C:1", b":28C:7/1") + second)
    assert [type(each) for each in told].count(Opened) == [type(each) for each in told].count(Closed) == count
    assert isinstance(told[-1], Closed)
    assert told[-1].closing is not None
    assert told[-1].closing.cents == 100_700


def test_knab_tells_a_name_without_an_account_and_over_two_lines() -> None:
    lines = [
        ":61:2611201120D5,00N300NONREF", ":86:KOFFIE 20-11-2026 12:12 PAS: 1111", "NAAM: KOFFIEHUIS",
        ":61:2611201120C5,00NTRFNONREF", ":86:GIFT", "REK: NL44RABO0123456789/NAAM: STICHTING VRIENDEN VAN DE OUDE DO",
        "RPSKERK",
    ]  # fmt: skip
    card, gift = (entry.transactions[0] for entry in entries(mt940(lines)))
    assert (card.name, card.text) == ("KOFFIEHUIS", "KOFFIE 20-11-2026 12:12 PAS: 1111")
    assert (gift.name, gift.text) == ("STICHTING VRIENDEN VAN DE OUDE DORPSKERK", "GIFT")


@pytest.mark.parametrize("told", ["CRDT", "DBIT"])
def test_parts_of_a_return_tell_which_way_it_went_before_or_goes_now(told: str) -> None:
    part = (
        "<TxDtls><Refs><EndToEndId>{0}</EndToEndId></Refs><Amt Ccy='EUR'>{0}</Amt><CdtDbtInd>{1}</CdtDbtInd></TxDtls>"
    )
    details = f"<RvslInd>true</RvslInd><NtryDtls>{part.format(1, told)}{part.format(2, told)}</NtryDtls>"
    [entry] = entries(camt([Pay(-300, details=details)]))
    assert [(each.end_to_end, each.cents) for each in entry.transactions] == [("1", -100), ("2", -200)]


@pytest.mark.parametrize(
    "charges",
    [
        "<Chrgs><TtlChrgsAndTaxAmt Ccy='EUR'>0.30</TtlChrgsAndTaxAmt></Chrgs>",
        "<Chrgs><Rcrd><Amt Ccy='EUR'>0.20</Amt></Rcrd><Rcrd><Amt Ccy='EUR'>0.10</Amt></Rcrd></Chrgs>",
        "<Chrgs><Amt Ccy='EUR'>0.20</Amt></Chrgs><Chrgs><Amt Ccy='EUR'>0.10</Amt></Chrgs>",
    ],
)
def test_costs_taken_off_a_batch_are_a_part_of_their_own(charges: str) -> None:
    whole, other = entries(
        camt(
            [
                Pay(2970, details=charges + batch_details(1000, 2000)),
                Pay(2960, details=charges + batch_details(1000, 2000)),
            ]
        )
    )
    assert [each.cents for each in whole.transactions] == [1000, 2000, -30]
    assert not whole.warning
    assert [each.cents for each in other.transactions] == [2960], "those costs do not explain it"


def test_an_entry_without_details_may_say_all_in_the_words_of_mt940() -> None:
    said = "/TRTP/SEPA OVERBOEKING/IBAN/NL44RABO0123456789/BIC/RABONL2U/NAME/J JANSEN/REMI/gift/EREF/E-7"
    [entry] = entries(camt([Pay(1500, details=f"<AddtlNtryInf>{said}</AddtlNtryInf>")]))
    payment = entry.transactions[0]
    assert (payment.name, payment.iban, payment.text) == ("J JANSEN", "NL44RABO0123456789", "gift")
    assert payment.end_to_end == "E-7"


def test_of_two_names_on_a_return_the_donor_is_the_debtor() -> None:
    details = (
        "<NtryDtls><TxDtls><RltdPties><Dbtr><Nm>Mw El Amrani</Nm></Dbtr><Cdtr><Nm>Wij</Nm></Cdtr></RltdPties>"
        "<RtrInf><Rsn><Cd>MD06</Cd></Rsn></RtrInf></TxDtls></NtryDtls>"
    )
    taken_back, paid = entries(camt([Pay(-1250, details=details), Pay(-1250, details=details.replace("RtrInf", "X"))]))
    assert (taken_back.transactions[0].name, paid.transactions[0].name) == ("Mw El Amrani", "Wij")


def test_a_structured_reference_in_groups_is_one_number() -> None:
    strd = "<RmtInf><Strd><CdtrRefInf><Ref>9001 0000 0000 0012</Ref></CdtrRefInf></Strd></RmtInf>"
    assert entries(camt([Pay(2500, more=strd)]))[0].transactions[0].structured == "9001000000000012"


@pytest.mark.parametrize("account", ["<Ccy>EUR</Ccy>", ""])
def test_balances_tell_the_currency_of_a_statement_too(account: str) -> None:
    bare = camt([]).replace(b"<Ccy>EUR</Ccy>", account.encode())
    for content in (bare.replace(b"Ccy='EUR'", b"Ccy='USD'"), bare.replace(b"Ccy='EUR'", b"Ccy='USD'", 1)):
        [opened, _] = facts(content)
        assert opened.currency == "USD"  # type: ignore[union-attr]


def test_statements_that_begin_with_the_account() -> None:
    """As ABN AMRO has them beside those with a reference."""
    one = mt940([":61:2611201120C5,00N654NONREF"], account="0417164300", closing="C261120EUR1005,00",
                head="ABNANL2A\r\n940\r\nABNANL2A\r\n").replace(b":20:T1\r\n", b"")  # fmt: skip
    two = one.replace(b":60F:C261119EUR1000,00", b":60F:C261120EUR1005,00").replace(
        b"62F:C261120EUR1005", b"62F:C261120EUR1010"
    )
    told = facts(one + two)
    assert [type(each) for each in told] == [Opened, Entry, Closed] * 2
    assert {each.account for each in told if isinstance(each, Opened)} == {"NL91ABNA0417164300"}


def test_what_abn_amro_says_of_returns_and_batches() -> None:
    back = (
        "/RTYP/SEPA Incasso niet uitgevoerd/MARF/M-7/RTRN/MS03/IBAN/NL44RABO0123456789/NAME/J. Doe"
        "/REMI/gift van mei/EREF/E-7"
    )
    batch = "/TRTP/SEPA Incasso Batch/PREF/DD-5/NRTX/0000011/PIND/BRUTO/"
    columns = "SEPA Incasso Batch               Referentie: DD-6                          Aantal opdrachten: 23"
    lines = [
        line for side, info in (("D12,5", back), ("C75,", batch), ("C99,", columns))
        for line in (f":61:2611201120{side}N944NONREF", f":86:{info[:61]}", info[61:])
    ]  # fmt: skip
    first, second, third = entries(mt940(lines))
    payment = first.transactions[0]
    assert (first.is_return, payment.return_reason, payment.mandate, payment.end_to_end) == (True, "MS03", "M-7", "E-7")
    assert (payment.name, payment.iban, payment.text) == ("J. Doe", "NL44RABO0123456789", "gift van mei")
    assert [(entry.batch, entry.is_return) for entry in (second, third)] == [("DD-5", False), ("DD-6", False)]
    [told] = entries(camt([Pay(-1250, details=f"<AddtlNtryInf>{back}</AddtlNtryInf>")]))
    assert (told.is_return, told.transactions[0].return_reason) == (True, "MS03")


@pytest.mark.parametrize("words", ["ULTD", "ULTB", "REMI", "RTYP", "IBAN"])
def test_a_keyword_that_is_all_a_payer_wrote_is_text(words: str) -> None:
    told = values_of(f"/EREF/1//CNTP/NL44RABO0123456789/RABONL2U/J///REMI/USTD//{words}/")
    assert told["USTD"].strip("/") == words
    [entry] = entries(mt940([":61:2611201120C15,00NTRFNONREF", ":86:/REMI/USTD//dank/RTYP/terug/"]))
    assert not entry.is_return


def test_the_columns_of_abn_amro_in_small_letters() -> None:
    info = (
        "SEPA Overboeking                 IBAN: NL44RABO0123456789        BIC: RABONL2U                    "
        "Naam: J DOE                      Omschrijving: gift               Kenmerk: E-7"
    )
    [entry] = entries(mt940([":61:2611201120C15,N654NONREF", f":86:{info}"]))
    payment = entry.transactions[0]
    assert (payment.name, payment.iban, payment.bic) == ("J DOE", "NL44RABO0123456789", "RABONL2U")
    assert (payment.text, payment.end_to_end) == ("gift", "E-7")


def test_the_code_of_ing_on_the_line_itself_is_no_part_of_the_reference() -> None:
    apart, together = (
        entries(mt940([*lines, ":86:/REMI/USTD//x/"]))[0]
        for lines in (
            [":61:2611201120C1,56NTRFEREF//00000000001005", "/TRCD/00100/"],
            [":61:2611201120C1,56NTRFEREF//00000000001005/TRCD/00100/"],
        )
    )
    assert apart == together
    assert (together.reference, together.bank_code) == ("00000000001005", "00100")
