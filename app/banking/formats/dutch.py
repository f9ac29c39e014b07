"""The `:86:` of Dutch banks: slash keywords, Triodos sub-fields, Knab's REK/NAAM, and free text (DOMAIN.md 2.2)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from app.banking.formats.facts import Transaction, looks_like_iban, provided, split_mandate

KEYWORDS = (
    "TRTP IBAN BBAN BIC NAME ADDR REMI EREF PREF MARF CSID CNTP ORDP BENM ULTD ULTC ULTB PURP RTRN ISDT SVCL USTD STRD "
    "ACCW CDTRREFTP CDTRREF RTYP NRTX PIND SWOD"
).split()
_KEYWORD = re.compile(rf"/({'|'.join(KEYWORDS)})(?=/)")
_STARTS = re.compile(rf"/({'|'.join(KEYWORDS)}|TRCD|SUM)/")
_INSIDE_REMITTANCE = ("USTD", "STRD")
_ULTIMATE = ("ULTD", "ULTC", "ULTB")  # and the NAME right behind one, in which some banks put it
_SUBFIELD = re.compile(r">(\d\d)")
_QUESTIONS, _QUESTION = re.compile(r"\d{3}\?\d\d"), re.compile(r"\?(\d\d)")
_LABEL = re.compile(r"(EREF|KREF|MREF|CRED|DEBT|SVWZ|ABWA|ABWE)\+")
_LABELS = (
    "IBAN", "BIC", "NAAM", "INCASSANT", "MACHTIGING", "OMSCHRIJVING", "KENMERK", "BETALINGSKENM.", "ID DEBITEUR",
    "REFERENTIE", "AANTAL OPDRACHTEN",
)  # fmt: skip
_COLUMN = re.compile(rf"({'|'.join(re.escape(way) for label in _LABELS for way in (label, label.capitalize()))}): ?")
_WORDS = "OMSCHRIJVING"
_PAYMENT_NUMBER = re.compile(r"\d{16}|RF\d{2}[0-9A-Z]{1,21}")
_OF_BANK = re.compile(r"/TRTP/|/RTYP/|SEPA \S.*\bIBAN: ?")
_BIC = re.compile(r"[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?")
_KNAB = re.compile(r"REK: ?([A-Z0-9 ]{5,40}?)/NAAM: ?(.*)")
_KNAB_CARD = re.compile(r"()NAAM: ?(.*)")
_ACCOUNT_AND_NAME = re.compile(r"([A-Z]{2}\d{2}[A-Z0-9]{11,30}|\d{7,10})\s+(\S.*)?")
# A slash between these belongs to the name: "J. Jansen e/o P. de Vries".
_NAME_SLASH = re.compile(r"(?<!\be)(?<!\bc)(?<!\bp)(?<!\bt)(?<!\bh)(?<!\bi)(?<!\ben)/")
_DEBIT = re.compile(r"-Incassant ID: ?(\S+?) ?-Kenmerk Machtiging: ?(\S+)")  # SNS, ASN and RegioBank
_TAKEN_BACK = re.compile(r"TERUGBOEKING|STORN")
_FULL = 60  # characters: a shorter line was not broken by its width


def read(lines: Sequence[str], transaction: Transaction) -> bool:
    """Put what the lines of a `:86:` say into the transaction. Gives whether they say that it was taken back."""
    if not lines:
        return False
    whole = "".join(lines)
    if _STARTS.match(lines[0]) and _KEYWORD.search(whole):
        # Banks break these anywhere, inside a keyword too, and a space at the break is part of the text.
        return _keywords(whole, transaction)
    if ">2" in whole and _SUBFIELD.search(whole):
        _subfields(_SUBFIELD.split(whole), transaction)
    elif _QUESTIONS.match(whole):
        _subfields(_QUESTION.split(whole), transaction)
        _labels(transaction)
    elif lines[0].startswith("SEPA ") and _COLUMN.search(whole):
        _columns("".join(line if len(line) >= _FULL else f"{line} " for line in lines), transaction)
    else:
        return _free(lines, transaction)
    return False


def is_of_bank(text: str) -> bool:
    """Whether this description, elsewhere than in MT940, is a `:86:` of ABN AMRO."""
    return _OF_BANK.match(text) is not None


def values_of(text: str) -> dict[str, str]:
    """Keyword → value. A slash may stand in a value; only known keywords end one.

    What a payer types cannot pose as the bank's own field: a keyword told before the remittance is not
    told again after it, and of two after it the last is the bank's.
    """
    marks = list(_KEYWORD.finditer(text))
    ends = [*(mark.start() for mark in marks[1:]), len(text)]
    values: dict[str, str] = {}
    before: set[str] = set()
    in_remittance = False
    last = ""
    followers = [*(mark[1] for mark in marks[1:]), ""]
    for mark, end, following in zip(marks, ends, followers, strict=True):
        key, value = mark[1], text[mark.end() + 1 : end]
        if last in _ULTIMATE and key in ("NAME", "ADDR"):
            values[last] = values[last].strip("/ ") or (value if key == "NAME" else "")
            continue
        last = key
        if key == "REMI" and not in_remittance:
            in_remittance, before = True, set(values)
        inside = next((name for name in (*_INSIDE_REMITTANCE, "REMI") if name in values), "REMI")
        empty = _all_of_it(key, value, values.get(inside)) and not (key in _ULTIMATE and following in ("NAME", "ADDR"))
        of_payer = key in before or (key == "REMI" and "REMI" in values) or empty
        if key == inside == "REMI" and value.strip("/ ") and not values.get("REMI", "?").strip("/ "):
            values[key] = value  # Rabobank tells it twice where the payer began with it
        elif in_remittance and of_payer:
            values[inside] += f"/{key}/{value}"
        else:
            values[key] = value
    return values


def _all_of_it(key: str, value: str, said: str | None) -> bool:
    """Whether a keyword that says nothing is all that the payer wrote."""
    return said is not None and not f"{said}{value}".strip("/ ") and key not in _INSIDE_REMITTANCE


def _keywords(text: str, transaction: Transaction) -> bool:
    values = values_of(text)

    def bare(key: str) -> str:
        return values.get(key, "").strip().strip("/").strip()

    transaction.end_to_end = provided(bare("EREF"))[:35]
    creditor_id, mandate = split_mandate(provided(bare("MARF")))
    transaction.mandate, transaction.creditor_id = mandate[:35], (bare("CSID").replace(" ", "") or creditor_id)[:35]
    transaction.batch = provided(bare("PREF"))[:35]
    transaction.return_reason = bare("RTRN").partition("/")[0].strip()[:35]
    transaction.name, transaction.iban, transaction.bic = bare("NAME")[:140], bare("IBAN")[:34], bare("BIC")[:11]
    if "CNTP" in values:
        _counterparty(values["CNTP"], transaction)
    if not looks_like_iban(transaction.iban):
        transaction.iban = ""
    ultimate = bare("ULTD") if transaction.cents > 0 else bare("ULTC") or bare("ULTB")
    ultimate = ultimate.partition("//")[0].strip()[:140]
    transaction.ultimate = "" if ultimate.casefold() == transaction.name.casefold() else ultimate
    _remittance(values, transaction)
    return text.startswith("/RTYP/") or _TAKEN_BACK.search(bare("TRTP").upper()) is not None


def _counterparty(value: str, transaction: Transaction) -> None:
    """ING: `IBAN/BIC/name/city//`, each of them possibly empty."""
    iban, _, rest = value.partition("/")
    bic, _, rest = rest.partition("/")
    names = [part for part in _NAME_SLASH.split(rest.rstrip("/")) if part]
    name = "/".join(names[:-1]) if len(names) > 2 else (names or [""])[0]
    transaction.iban, transaction.bic, transaction.name = iban.strip()[:34], bic.strip()[:11], name.strip()[:140]


def _remittance(values: dict[str, str], transaction: Transaction) -> None:
    structured = values.get("STRD", "")
    kind, _, reference = structured.strip("/").partition("/")
    if kind in ("CUR", "ISO") and reference:
        transaction.structured = reference.partition("/")[0].strip()[:35]
    elif told := values.get("CDTRREF", "").strip("/ "):
        transaction.structured = told[:35]
    text = (values.get("USTD") or values.get("REMI") or "").strip().strip("/").strip()
    transaction.text = (text or transaction.structured)[:500]


def _subfields(parts: Sequence[str], transaction: Transaction) -> None:
    """Triodos, `000>10…>20…>31…`, and elsewhere `166?00…?20…?31…`: 20 to 29 and 60 to 63 text, 30 BIC, 31 account,
    32 and 33 name. Triodos tells our account in 31, and BIC and IBAN of the other side before the text."""
    fields: dict[str, str] = {}
    for key, value in zip(parts[1::2], parts[2::2], strict=True):
        fields[key] = fields.get(key, "") + value
    said = [value for key, value in sorted(fields.items()) if "20" <= key <= "29" or "60" <= key <= "63"]
    account, bic = fields.get("31", "").strip(), fields.get("30", "").strip()
    for place, bare in enumerate(value.strip() for value in said[:2]):
        if looks_like_iban(bare) and not looks_like_iban(account):
            account, bic, said = bare, said[0].strip() if place else bic, said[place + 1 :]
    transaction.iban = account if looks_like_iban(account) else ""
    transaction.bic = bic if _BIC.fullmatch(bic) else ""
    transaction.name = (fields.get("32", "") + fields.get("33", "")).strip()[:140]
    transaction.text = "".join(said).strip()[:500]


def _labels(transaction: Transaction) -> None:
    """`EREF+…MREF+…SVWZ+…` in the text of sub-fields with question marks."""
    parts = _LABEL.split(transaction.text)
    values = dict(zip(parts[1::2], (value.strip() for value in parts[2::2]), strict=True))
    transaction.end_to_end = provided(values.get("EREF", ""))[:35]
    transaction.mandate, transaction.creditor_id = values.get("MREF", "")[:35], values.get("CRED", "")[:35]
    transaction.text = (values.get("SVWZ") or parts[0]).strip()


def _columns(text: str, transaction: Transaction) -> None:
    """ABN AMRO in two columns: `SEPA OVERBOEKING   IBAN: …`, `BIC: …   NAAM: …`, `OMSCHRIJVING: …`, `KENMERK: …`.

    As with keywords, what was told before the payer's words is not told again in them, and of two after them the last
    is the bank's.
    """
    marks = list(_COLUMN.finditer(text))
    values: dict[str, str] = {}
    before: set[str] | None = None
    for mark, end in zip(marks, [*(mark.start() for mark in marks[1:]), len(text)], strict=True):
        key, value = mark[1].upper(), " ".join(text[mark.end() : end].split())
        if before is not None and (key in before or key == _WORDS):
            values[_WORDS] += f" {key}: {value}"
            continue
        values[key] = value
        if key == _WORDS:
            before = set(values)
    account = values.get("IBAN", "").replace(" ", "")
    transaction.iban = account if looks_like_iban(account) else ""
    transaction.bic, transaction.name = values.get("BIC", "")[:11], values.get("NAAM", "")[:140]
    transaction.mandate, transaction.creditor_id = values.get("MACHTIGING", "")[:35], values.get("INCASSANT", "")[:35]
    transaction.batch = values.get("REFERENTIE", "")[:35]
    reference = provided(values.get("KENMERK", ""))
    structured = values.get("BETALINGSKENM.", reference).replace(" ", "")
    if _PAYMENT_NUMBER.fullmatch(structured):
        transaction.structured = structured
    if reference.replace(" ", "") != transaction.structured:
        transaction.end_to_end = reference[:35]
    transaction.text = (values.get(_WORDS) or transaction.structured)[:500]


def _free(lines: Sequence[str], transaction: Transaction) -> bool:
    """Free text: `REK: …/NAAM: …` of Knab, or the account and name on the first line (SNS, ASN, RegioBank)."""
    said = list(lines)
    for index, line in enumerate(said):
        last = index and index + 1 == len(said) and not _ACCOUNT_AND_NAME.match(said[0])
        if knab := _KNAB.search(line) or (_KNAB_CARD.match(line) if last else None):
            account = knab[1].replace(" ", "")
            transaction.iban = account if looks_like_iban(account) else ""
            wide = len(line) >= _FULL and index + 1 < len(said)
            transaction.name = (knab[2] + (said.pop(index + 1) if wide else "")).strip()[:140]
            said[index] = line[: knab.start()]
            break
    else:
        if first := _ACCOUNT_AND_NAME.fullmatch(said[0].strip()):
            said = _who(first[1], (first[2] or "").strip(), said[1:], transaction)
    start = next((index for index, line in enumerate(said) if line.strip()), 0)
    if transaction.iban and said[start : start + 1] and said[start].startswith("/TRTP/"):
        return _of_bank(said[start:], transaction)
    text = "".join(line if len(line) >= _FULL else f"{line} " for line in said)
    transaction.text = re.sub(r"\s+", " ", text).strip()[:500]
    _look_inside(transaction)
    return False


def _who(account: str, name: str, rest: list[str], transaction: Transaction) -> list[str]:
    """The account and the name of a first line; what else it tells goes before the rest, which is given."""
    transaction.iban = account if looks_like_iban(account) else ""
    bic, _, said = name.partition(" ")
    if _BIC.fullmatch(bic) and (bic[:4], bic[4:6]) == (account[4:8], account[:2]):
        transaction.bic = bic  # ING before its keywords: names end nowhere
        return [said, *rest]
    transaction.name = name[:140]
    return rest


def _of_bank(lines: Sequence[str], transaction: Transaction) -> bool:
    """Keywords under the account and the name, which stand: those are of the bank for certain."""
    told = Transaction(transaction.cents)
    taken_back = _keywords("".join(lines).rstrip(), told)
    longer = told.name.casefold().startswith(transaction.name.casefold())
    told.iban, told.name = transaction.iban, told.name if longer else transaction.name
    for name in Transaction.__slots__:
        setattr(transaction, name, getattr(told, name))
    return taken_back


_OLD_REFERENCE = re.compile(r"BETALINGSKENM(?:ERK)?\.?:?\s*(\d{4}(?: ?\d{4}){3})(?!\d)")


def _look_inside(transaction: Transaction) -> None:
    if transaction.cents < 0 and (found := _DEBIT.search(transaction.text)):
        transaction.creditor_id, transaction.mandate = found[1][:35], found[2][:35]
    if found := _OLD_REFERENCE.search(transaction.text):
        transaction.structured = found[1].replace(" ", "")
