"""A sheet of live mandates: who gave each, by which account, when it was used last and what is collected next."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import select

from app.base.dates import add_months
from app.base.errors import DomainError
from app.base.iban import check_iban
from app.base.references import id_of
from app.base.states import N_
from app.direct_debit.mandates import clean_holder, clean_reference
from app.direct_debit.models import Mandate
from app.direct_debit.obstacles import EEA, LAPSE_MONTHS
from app.direct_debit.pain.pain008 import SequenceType
from app.extensions import db
from app.finance.openings.sheet import Heading, Line, Problem, Problems, named
from app.gifts.recurring.schedule import period_of
from app.gifts.recurring.states import Frequency
from app.organisation.checks import creditor_id
from app.programmes.models import Programme
from app.programmes.queries import all_programmes
from app.supporters.contact import email_key
from app.supporters.contact_models import Email
from app.supporters.models import Supporter

MOST_ROWS = 50_000
_MANY = 500  # values in one IN list
HEADINGS = (
    Heading("reference", "Machtigingskenmerk", "Mandate reference", ("kenmerk", "machtiging", "mandaat", "umr"),
            "DON-2019-00123"),
    Heading("supporter", "Relatie", "Supporter", ("relatienummer", "e-mail", "email"), "jan@voorbeeld.example"),
    Heading("iban", "IBAN", "IBAN", ("rekening", "rekeningnummer", "account"), "NL02ABNA0123456789"),
    Heading("holder", "Naam rekeninghouder", "Name on the account", ("ten name van", "tenaamstelling"), "J. Jansen"),
    Heading("signed", "Getekend op", "Signed on", ("datum ondertekening",), "14-03-2019"),
    Heading("last", "Laatst geïncasseerd op", "Last collected on", ("laatste incasso",), "28-10-2026"),
    Heading("sequence", "Soort", "Sequence", ("volgorde", "type"), "RCUR"),
    Heading("amount", "Bedrag", "Amount", (), "12,50"),
    Heading("frequency", "Frequentie", "How often", ("termijn", "frequency"), "maandelijks"),
    Heading("next", "Volgende incasso", "Next collection", ("volgende datum",), "28-12-2026"),
    Heading("programme", "Programma", "Programme", ("doelbesteding",)),
    Heading("creditor", "Incassant-ID", "Creditor identifier", ("incassant", "crediteur id", "creditor id")),
    Heading("evidence", "Bewijs", "Evidence", ("bewaard in",), "map 2019, nr. 123"),
)  # fmt: skip
_NEEDED = ("reference", "supporter", "iban", "holder", "signed", "amount", "frequency", "next")
_OFTEN = {
    Frequency.MONTHLY: ("maandelijks", "per maand", "maand", "monthly", "month"),
    Frequency.QUARTERLY: ("per kwartaal", "kwartaal", "driemaandelijks", "quarterly", "quarter"),
    Frequency.ONCE: ("eenmalig", "once"),
    Frequency.YEARLY: ("jaarlijks", "per jaar", "jaar", "yearly", "annually", "year"),
}
_FREQUENCIES = {name: frequency for frequency, names in _OFTEN.items() for name in names}


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """One live mandate and what it is used for. Cents; `next_on` is the day the next instalment falls due."""

    row: int
    supporter_id: int
    language: str
    reference: str
    iban: str
    holder: str
    signed_on: date
    last_on: date | None
    cents: int
    frequency: Frequency
    next_on: date
    programme_id: int | None
    evidence: str
    creditor: str | None  # ours, under which was collected before


@dataclass
class Reading:
    """What the sheet comes to."""

    rows: int = 0
    cents: int = 0
    live: list[Live] = field(default_factory=list)
    problems: Problems = field(default_factory=Problems)

    @property
    def is_whole(self) -> bool:
        return bool(self.live) and not self.problems.total


@dataclass(frozen=True, slots=True)
class _Known:
    """What is looked up for many rows at once."""

    today: date
    programmes: dict[str, Programme]
    supporters: dict[int, Supporter]
    by_email: dict[str, list[int]]
    taken: set[str]  # references of mandates that are here
    seen: dict[str, int] = field(default_factory=dict)  # reference → row of this file


def read(rows: Iterator[Line], *, today: date, mine: frozenset[int] = frozenset()) -> Reading:
    """The whole sheet; `mine` are the mandates it became already, whose references are its own. Statements grow
    with its length by five hundred rows only. Raises Invalid where it cannot be read at all."""
    lines = [line for line in rows if any(line.row.cells)]
    known = _known(lines, today, mine)
    found = Reading(rows=len(lines))
    for line in lines:
        try:
            live = _live(line, known)
        except Problem as problem:
            found.problems.note(problem)
            continue
        found.live.append(live)
        found.cents += live.cents
    return found


def _known(lines: list[Line], today: date, mine: frozenset[int]) -> _Known:
    ids, keys, references = set(), set(), set()
    for line in lines:
        said = _quietly(line, "supporter")
        if row_id := id_of(said):
            ids.add(row_id)
        elif "@" in said:
            keys.add(email_key(said))
        references.add(_quietly(line, "reference").upper())
    by_email: dict[str, list[int]] = {}
    for some in _pieces(keys):
        found = select(Email.address_key, Email.supporter_id).where(Email.address_key.in_(some))
        for key, supporter_id in db.session.execute(found):
            by_email.setdefault(key, []).append(supporter_id)
            ids.add(supporter_id)
    supporters: dict[int, Supporter] = {}
    for some in _pieces(ids):
        rows = db.session.execute(select(Supporter).where(Supporter.id.in_(some))).scalars()
        supporters |= {row.id: row for row in rows}
    taken: set[str] = set()
    for some in _pieces(references):
        there = select(Mandate.id, Mandate.reference).where(Mandate.reference.in_(some))
        taken |= {reference for row_id, reference in db.session.execute(there) if reference and row_id not in mine}
    return _Known(
        today, named(all_programmes(), lambda p: (p.slug, p.name_nl, p.name_en)), supporters, by_email, taken
    )  # fmt: skip


def _pieces(values: set[Any]) -> Iterator[list[Any]]:
    ordered = sorted(values)
    for start in range(0, len(ordered), _MANY):
        yield ordered[start : start + _MANY]


def _quietly(line: Line, name: str) -> str:
    try:
        return line.text(name)
    except Problem:
        return ""


def _live(line: Line, known: _Known) -> Live:
    for name in _NEEDED:
        if name not in line.columns or not str(line.row.cell(line.columns[name]) or "").strip():
            raise line.wrong(name, N_("Please fill this in."))
    supporter = _supporter(line, known)
    signed, last, next_on = line.day("signed"), line.day("last"), line.day("next")
    assert signed
    assert next_on
    _check_days(line, known.today, signed, last, next_on)
    _check_sequence(line, last)
    return Live(
        row=line.number, supporter_id=supporter.id, language=supporter.language.value,
        reference=_reference(line, known), iban=_iban(line), holder=_checked(line, "holder", clean_holder),
        signed_on=signed, last_on=last, cents=_amount(line), frequency=_frequency(line), next_on=next_on,
        programme_id=_programme(line, known), evidence=line.text("evidence"), creditor=_creditor(line),
    )  # fmt: skip


def _supporter(line: Line, known: _Known) -> Supporter:
    said = line.text("supporter")
    row_id = id_of(said)
    ids = [row_id] if row_id else known.by_email.get(email_key(said), [])
    found = [known.supporters[each] for each in ids if each in known.supporters]
    live = [each for each in found if each.is_active]
    if not live:
        raise line.wrong(
            "supporter",
            N_("No supporter here has “%(text)s” for a number or e-mail address. Add them first."),
            text=said,
        )
    if len(live) > 1:
        raise line.wrong("supporter", N_("Several supporters have “%(text)s”: write the number of one."), text=said)
    if live[0].is_deceased:
        raise line.wrong("supporter", N_("This supporter has died: nothing is collected any more."))
    return live[0]


def _check_days(line: Line, today: date, signed: date, last: date | None, next_on: date) -> None:
    if signed > today:
        raise line.wrong("signed", N_("This day is still to come."))
    if last is not None and last > today:
        raise line.wrong("last", N_("This day is still to come."))
    if last is not None and last < signed:
        raise line.wrong("last", N_("It was collected before it was signed."))
    if next_on < today:
        raise line.wrong("next", N_("This day is past: was it collected there? Give the first day that was not."))
    if last is not None and period_of(next_on) <= period_of(last):
        raise line.wrong("next", N_("In this month it was collected on %(day)s already."), day=last)
    if (last or signed) < add_months(next_on, -LAPSE_MONTHS):
        raise line.wrong(
            "last",
            N_("This mandate lapses before the next collection: it was not used for 36 months. Ask for a new one."),
        )


def _check_sequence(line: Line, last: date | None) -> None:
    said = line.text("sequence").upper()
    if not said or said == SequenceType.RCUR.value:
        return
    if said == SequenceType.FRST.value:
        if last is not None:
            raise line.wrong("sequence", N_("A first collection has no earlier one: leave out FRST or the last day."))
    elif said == SequenceType.FNAL.value:
        raise line.wrong("sequence", N_("After FNAL nothing is collected: leave this mandate out."))
    elif said == SequenceType.OOFF.value:
        if last is not None:
            raise line.wrong("sequence", N_("A mandate for one collection (OOFF) was used already: leave it out."))
        if line.text("frequency").lower() not in _OFTEN[Frequency.ONCE]:
            raise line.wrong("sequence", N_("OOFF is a mandate for one collection: how often is then once."))
    else:
        raise line.wrong("sequence", N_("“%(text)s” is no sequence: FRST, RCUR, or nothing."), text=said)


def _reference(line: Line, known: _Known) -> str:
    reference = _checked(line, "reference", clean_reference)
    if reference in known.taken:
        raise line.wrong("reference", N_("There is a mandate with this reference already."))
    if (first := known.seen.setdefault(reference, line.number)) != line.number:
        raise line.wrong("reference", N_("Row %(row)s has this reference too."), row=first)
    return reference


def _iban(line: Line) -> str:
    iban = _checked(line, "iban", check_iban)
    if iban[:2] not in EEA:
        raise line.wrong("iban", N_("The account is outside the EEA: banks then need an address and a BIC."))
    return iban


def _checked(line: Line, name: str, check: Callable[[str], str]) -> str:
    try:
        return check(line.text(name))
    except DomainError as error:
        raise line.wrong(name, error.message, **error.params) from None


def _amount(line: Line) -> int:
    cents = line.cents("amount")
    if cents <= 0:
        raise line.wrong("amount", N_("The amount must be more than zero."))
    return cents


def _creditor(line: Line) -> str | None:
    return _checked(line, "creditor", creditor_id) if line.text("creditor") else None


def _frequency(line: Line) -> Frequency:
    said = line.text("frequency")
    found = _FREQUENCIES.get(said.lower())
    if found is None:
        raise line.wrong("frequency", N_("“%(text)s” is not monthly, quarterly or yearly."), text=said)
    return found


def _programme(line: Line, known: _Known) -> int | None:
    said = line.text("programme")
    if not said:
        return None
    row = known.programmes.get(said.lower())
    if row is None:
        raise line.wrong("programme", N_("“%(text)s” is not known here. Write it as on the page of programmes and "
                                         "funds."), text=said)  # fmt: skip
    return row.id
