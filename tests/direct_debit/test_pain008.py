"""The collection file: valid against the schemas of ISO, in signs that banks carry, with what changed told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from app.base.errors import Invalid
from app.direct_debit.pain.pain008 import Address, Control, Creditor, Debit, Order, SequenceType, Unfit, control, write
from app.direct_debit.pain.signs import carried
from tests.factories.debits import dutch_iban

SCHEMAS = Path(__file__).resolve().parents[3] / "shared" / "schemas"
ORDER = Order(
    version="pain.008.001.02", message_id="MDD-1", payment_information_id="DD-1",
    created_at=datetime(2026, 12, 10, 11, tzinfo=UTC), collect_on=date(2026, 12, 15), sequence=SequenceType.RCUR,
    count=3, cents=3751, name="Stichting Voorbeeld & Co", iban="NL91ABNA0417164300", bic="ABNANL2A",
    creditor_id="NL08ZZZ502057730000",
    address=Address(town="Den Haag", country="NL", street="Lange Voorhout", number="1", postcode="2514 EA"),
)  # fmt: skip
WAS = Creditor("NL93ZZZ332656790051", "Stichting Vroeger & Co")
DEBITS = [
    Debit("E-1", 1250, "M-1", date(2025, 1, 2), "Zoë Çelik", dutch_iban(1), "SVN gift december 2026"),
    Debit("E-2", 2500, "M-2", date(2025, 1, 2), "J. Jansen", dutch_iban(2), "SVN gift", None, True),
    Debit("E-3", 1, "M-3/A", date(2025, 1, 2), "IJ. 't Hooft", dutch_iban(3), "SVN gift", "OLD-3", True, WAS),
]


def written(order: Order = ORDER, debits: list[Debit] | None = None) -> bytes:
    return b"".join(write(order, DEBITS if debits is None else debits))


def values(file: bytes, tag: str) -> list[str]:
    return [each.text or "" for each in etree.fromstring(file).iterfind(f".//{{*}}{tag}")]


@pytest.mark.parametrize("version", ["pain.008.001.02", "pain.008.001.08"])
@pytest.mark.parametrize("changes", [{}, {"bic": None, "address": None}, {"sequence": SequenceType.OOFF}])
def test_the_file_is_valid(version: str, changes: dict[str, Any]) -> None:
    schema = SCHEMAS / f"{version}.xsd"
    file = written(replace(ORDER, version=version, **changes))
    assert control([file[:700], file[700:]]) == Control(3, 3751)
    if not schema.exists():
        pytest.skip("the schemas of ISO are not beside this repository")
    etree.XMLSchema(etree.parse(schema)).assertValid(etree.fromstring(file))


def test_what_changed_is_told_and_signs_are_written_as_banks_carry_them() -> None:
    file = written()
    assert values(file, "Nm") == ["Stichting Voorbeeld + Co"] * 2 + [
        "Zoe Celik", "J. Jansen", "Stichting Vroeger + Co", "IJ. 't Hooft",
    ]  # fmt: skip
    assert values(file, "AmdmntInd") == ["true", "true"]
    assert values(file, "OrgnlMndtId") == ["OLD-3"]
    assert values(file, "InstdAmt") == ["12.50", "25.00", "0.01"]
    assert values(file, "CtrlSum") == ["37.51"] * 2
    assert values(file, "CreDtTm") == ["2026-12-10T12:00:00"]  # Amsterdam
    assert file.count(b"SMNDA") == 2
    assert b"AdrLine" not in file
    assert file == written()


@pytest.mark.parametrize(
    "wrong",
    [
        {"iban": "NL91ABNA0417164301"}, {"holder": "Ирина"}, {"reference": "a b"}, {"end_to_end": "x" * 36},
        {"cents": 0}, {"cents": 100_000_000_000}, {"text": "???"}, {"original_reference": "//"},
    ],
)  # fmt: skip
def test_what_banks_refuse_is_never_written(wrong: dict[str, Any]) -> None:
    with pytest.raises(Unfit):
        written(debits=[*DEBITS[:2], replace(DEBITS[2], **wrong)])


def test_a_file_is_what_was_approved_and_whole() -> None:
    for off in (replace(ORDER, count=2), replace(ORDER, cents=3750)):
        with pytest.raises(Unfit):
            written(off)
    file = written()
    for cut in (b"", file[:-10], file[:900], file.replace(b"12.50</InstdAmt>", b"1250</InstdAmt>")):
        with pytest.raises(Unfit):
            control([cut])
    assert control([file.replace(b">12.50<", b">12.51<")]) == Control(3, 3752)


def test_texts_are_cut_and_emptied_ones_refused() -> None:
    assert carried("  Één  €uro\n“gift” ", 140) == "Een EURuro 'gift'"
    assert carried("x" * 80, 70) == "x" * 70
    assert carried("Müller–Lüdenscheidt", 7) == "Muller-"
    for text in ("", " - ", "日本"):
        with pytest.raises(Invalid):
            carried(text, 70)
