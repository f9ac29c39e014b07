"""What is sure books by itself, once; the rest waits for people; undoing leaves the ledger as before."""

from __future__ import annotations

import io
import itertools
import re
import threading
from datetime import date, datetime
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, select

from app.banking import entering, imports, queries
from app.banking.match_models import BankMatch, BankRule, MatchKind
from app.banking.matching import by_people, deciding, rules, undoing
from app.banking.matching.facts import Proposal, facts_of
from app.banking.matching.finders import find
from app.banking.matching.names import agree
from app.banking.models import BankEntry, BankLine, LineState
from app.banking.reconciliation import reconcile
from app.base.actor import SYSTEM, Actor
from app.base.dates import days
from app.base.errors import DomainError, Invalid, Refused
from app.base.ids import new_ids
from app.base.money import Money
from app.base.references import in_fours, payment_number_of, rf_of
from app.extensions import db, writing
from app.extensions.sql import insert_rows
from app.gifts import by_hand
from app.gifts.models import Gift, GiftState
from app.grants.awards.models import Grant
from app.grants.funders.models import Funder
from app.grants.instalments.models import Instalment, InstalmentState
from app.ledger import queries as ledger
from app.ledger.checks import run
from app.supporters.contact_models import Iban
from app.supporters.contacts import add_iban
from app.supporters.models import Supporter
from tests.banking.files import Pay, camt
from tests.factories.debits import dutch_iban
from tests.factories.gifts import promised_gift
from tests.factories.organisation import make_organisation
from tests.factories.recurring import own_mandate
from tests.factories.supporters import person
from tests.grants.money_stories import granted, state

pytestmark = pytest.mark.usefixtures("organisation")
IBAN = "NL44RABO0123456789"
ANNE = Actor("staff", 11)


@pytest.fixture
def organisation(app: Flask) -> int:
    return make_organisation()


def take(*pays: Pay, now: datetime, statement: str = "S1") -> imports.Imported:
    return imports.take(io.BytesIO(camt(pays, statement=statement)), "bank.xml", actor=SYSTEM, now=now)


def balances() -> dict[str, int]:
    return {code: b.cents for code, b in ledger.balances().items() if b.cents}


def test_a_line_of_nothing_asks_nobody(now: datetime) -> None:
    """Banks tell of 0.00 too, such as interest: there is nothing to explain."""
    taken = take(Pay(0, name="BANK"), Pay(2_500, name="J JANSEN"), now=now)
    lines = db.session.execute(select(BankLine.cents, BankLine.state).order_by(BankLine.cents)).all()
    assert [tuple(line) for line in lines] == [(0, LineState.EXPLAINED), (2_500, LineState.REVIEW)]
    assert not [found for outcome in run() for found in outcome.problems]
    assert taken.new == 2


def line(cents: int | None = None) -> BankLine:
    chosen = select(BankLine) if cents is None else select(BankLine).where(BankLine.cents == cents)
    return db.session.execute(chosen.order_by(BankLine.id.desc()).limit(1)).scalar_one()


def proposals(cents: int | None = None) -> list[Proposal]:
    row_id = line(cents).id
    return find(facts_of([row_id])).get(row_id, [])


def whole() -> bool:
    return not any(outcome.problems for outcome in run())


def strd(reference: str) -> str:
    return (
        "<RmtInf><Strd><CdtrRefInf><Tp><CdOrPrtry><Cd>SCOR</Cd></CdOrPrtry></Tp>"
        f"<Ref>{reference}</Ref></CdtrRefInf></Strd></RmtInf>"
    )


def ustrd(text: str) -> str:
    return f"<RmtInf><Ustrd>{text}</Ustrd></RmtInf>"


def donor(now: datetime, iban: str = IBAN) -> int:
    supporter_id = person("Jan Jansen")
    with writing():
        add_iban(supporter_id, iban, "", source="test", actor=SYSTEM, now=now)
    return supporter_id


@pytest.mark.parametrize("written", [lambda rf: strd(rf), lambda rf: ustrd(f"gift {rf[:4]} {rf[4:8]} {rf[8:]} thanks")])
def test_a_promise_is_received_by_its_reference(now: datetime, written: Any) -> None:
    gift_id = promised_gift(5000)
    done = take(Pay(5000, "R1", more=written(rf_of(gift_id)), on="2026-11-20"), now=now)
    assert (done.new, done.matched, done.in_review) == (1, 1, 0)
    gift = db.session.get(Gift, gift_id)
    assert gift is not None
    assert (gift.state, gift.gift_date) == (GiftState.RECEIVED, date(2026, 11, 20))
    assert balances() == {"1100": 5000, "8010": -5000}
    assert whole()
    assert reconcile().equal


@pytest.mark.parametrize("cents", [2000, 9000])
def test_another_amount_than_promised_waits_for_somebody(now: datetime, cents: int) -> None:
    gift_id = promised_gift(5000)
    done = take(Pay(cents, "R1", more=strd(rf_of(gift_id))), now=now)
    assert (done.matched, done.in_review) == (0, 1)
    best = proposals()[0]
    assert (best.kind, best.target_id, best.blocked) == (MatchKind.PROMISE, gift_id, True)
    assert best.reasons[1].told == {"promised": 5000}
    with writing():
        deciding.decide([(line().id, best)], actor=ANNE, now=now)
    assert balances() == {"1100": cents, "8010": -cents}


def test_paid_twice_is_received_once(now: datetime) -> None:
    reference = strd(rf_of(promised_gift(5000)))
    done = take(Pay(5000, "R1", more=reference), Pay(5000, "R2", more=reference), now=now)
    assert (done.matched, done.in_review) == (1, 1)
    assert balances() == {"1100": 10000, "2900": -5000, "8010": -5000}
    assert "second gift" in proposals()[0].reasons[1].said


def test_what_was_recorded_by_hand_is_not_booked_again(now: datetime) -> None:
    gift_id = promised_gift(5000)
    with writing():
        by_hand.receive(gift_id, amount=Money(5000), received_on=date(2026, 11, 19), bank_reference="", actor=ANNE,
                        now=now)  # fmt: skip
    assert reconcile().by_hand_cents == 5000
    done = take(Pay(5000, "R1", more=strd(rf_of(gift_id))), now=now)
    assert done.matched == 1
    assert balances() == {"1100": 5000, "8010": -5000}
    assert (reconcile().equal, reconcile().by_hand_cents) == (True, 0)
    with writing():  # finance takes the receipt back on the gift's own page
        by_hand.undo(gift_id, actor=ANNE, now=now)
    assert balances() == {"1100": 5000, "2900": -5000}
    assert line().state is LineState.REVIEW


def test_of_equal_amounts_recorded_by_hand_that_of_the_payer_comes_first(now: datetime) -> None:
    """Whatever the day: on the page the first proposal is one key away."""
    mine, other = promised_gift(2500), promised_gift(2500, first_name="Piet", last_name="Bakker")
    for gift_id, day in ((mine, 15), (other, 20)):
        with writing():
            by_hand.receive(gift_id, amount=Money(2500), received_on=date(2026, 11, day), bank_reference="",
                            actor=ANNE, now=now)  # fmt: skip
    name = db.session.scalars(
        select(Supporter.display_name).join(Gift, Gift.supporter_id == Supporter.id).where(Gift.id == mine)
    ).one()
    take(Pay(2500, "R1", name=name.upper()), now=now)
    first, second, *_ = by_people.proposals(line().id)
    assert (first.label, first.reasons[-1].said) == (name, "The name at the bank agrees.")
    assert (second.label, second.score < first.score - 30) == ("Piet van den Bakker", True)
    with writing():
        by_people.accept(line().id, first.key, actor=ANNE, now=now)
    assert balances() == {"1100": 5000, "8010": -5000}, "the money that was recorded by hand, once"


def test_a_known_giver_books_by_itself_from_the_second_time(now: datetime) -> None:
    supporter_id = donor(now)
    first = take(Pay(2500, "R1", name="HR J JANSEN", on="2026-09-20"), now=now)
    assert first.matched == 0, "nobody knows yet that it is a gift"
    best = proposals()[0]
    assert (best.kind, best.supporter_id, best.score) == (MatchKind.GIFT, supporter_id, 80)
    with writing():
        deciding.decide([(line().id, best)], actor=ANNE, now=now)
    later = [Pay(2500, f"M{m}", name="J. Jansen e/o P. de Vries", on=f"2026-{m}-20") for m in (10, 11)]
    done = take(*later, now=now, statement="S2")
    assert done.matched == 2, "the same amount each month"
    assert balances() == {"1100": 7500, "8010": -7500}
    again = take(Pay(2500, "M9", name="J. Jansen", on="2026-11-21"), now=now, statement="S3")
    assert again.matched == 0, "a day later it may be a double"


def test_a_rule_books_by_itself_and_can_be_taken_over(now: datetime) -> None:
    supporter_id = donor(now, iban="NL20INGB0001234567")
    take(Pay(-1000, "R1", name="Bank"), Pay(700, "R2", name="Iemand"), now=now)
    fee, gift = line(-1000), line(700)
    what = {
        fee.id: Proposal(kind=MatchKind.NOT_OURS, target_id=None, cents=-1000, score=0, reasons=()),
        gift.id: Proposal(
            kind=MatchKind.GIFT, target_id=None, cents=700, score=0, reasons=(), supporter_id=supporter_id
        ),
    }
    with writing():
        deciding.decide(list(what.items()), actor=ANNE, now=now)
        for line_id, each in what.items():
            rules.remember(line_id, each, actor=ANNE, now=now)
            rules.remember(line_id, each, actor=ANNE, now=now)
    assert len(db.session.execute(select(BankRule)).all()) == 2
    done = take(Pay(-900, "R3", name="Bank"), Pay(600, "R4", name="Iemand"), now=now, statement="S2")
    assert (done.matched, done.in_review) == (2, 0)
    assert balances() == {"1100": -600, "1190": 1900, "8010": -1300}
    assert whole()


def test_who_pays_for_others_is_not_taken_for_the_giver(now: datetime) -> None:
    """A payment service's account is nobody's: it teaches nothing, and books nothing by itself."""
    supporter_id = person("Jan Jansen")

    def through(name: str, number: int) -> Pay:
        return Pay(2500, f"R{number}", name="Stichting Kassa", more=f"<Purp>{name}</Purp>", on=f"2026-{number:02d}-20")

    def content(pays: list[Pay], statement: str) -> bytes:
        told = camt(pays, statement=statement).decode()
        return re.sub(
            r"</RltdPties><Purp>(.*?)</Purp>", r"<UltmtDbtr><Pty><Nm>\1</Nm></Pty></UltmtDbtr></RltdPties>", told
        ).encode()

    first = content([through("J. Jansen", 8)], "S1")
    imports.take(io.BytesIO(first), "bank.xml", actor=SYSTEM, now=now)
    given = by_people.GiftOf(supporter_id=supporter_id, cents=2500, remember=True)
    with writing():
        by_people.gift(line().id, given, actor=ANNE, now=now)
    assert not db.session.execute(select(Iban)).all(), "the account is not of Jan Jansen"
    later = content([through("P. de Vries", 10)], "S2")
    done = imports.take(io.BytesIO(later), "bank2.xml", actor=SYSTEM, now=now)
    assert done.matched == 0, "another one gave through the same account"
    again = content([through("J. Jansen", 11)], "S3")
    assert imports.take(io.BytesIO(again), "bank3.xml", actor=SYSTEM, now=now).matched == 1


def test_splitting_leaves_the_rest_to_be_explained(now: datetime) -> None:
    supporter_id = donor(now, iban="NL20INGB0001234567")
    take(Pay(1000, "R1"), now=now)

    def part(cents: int, kind: MatchKind = MatchKind.GIFT) -> Proposal:
        giver = supporter_id if kind is MatchKind.GIFT else None
        return Proposal(kind=kind, target_id=None, cents=cents, score=0, reasons=(), supporter_id=giver)

    with writing():
        deciding.decide([(line().id, part(600))], actor=ANNE, now=now)
    assert (line().state, balances()) == (LineState.REVIEW, {"1100": 1000, "2900": -400, "8010": -600})
    with pytest.raises(Invalid), writing():
        deciding.decide([(line().id, part(401))], actor=ANNE, now=now)
    with writing():
        deciding.decide([(line().id, part(400, MatchKind.NOT_OURS))], actor=ANNE, now=now)
    assert (line().state, balances()) == (LineState.EXPLAINED, {"1100": 1000, "1190": -400, "8010": -600})
    with writing():
        undoing.undo(line().id, actor=ANNE, now=now)
    assert (line().state, balances()) == (LineState.REVIEW, {"1100": 1000, "2900": -1000})
    assert whole()


def test_two_at_once_book_it_once(app: Flask, now: datetime) -> None:
    supporter_id = donor(now)
    take(Pay(1000, "R1"), now=now)
    line_id = line().id
    what = Proposal(kind=MatchKind.GIFT, target_id=None, cents=1000, score=0, reasons=(), supporter_id=supporter_id)
    db.session.rollback()
    refused = []
    ready = threading.Barrier(2)

    def one() -> None:
        with app.app_context():
            ready.wait()
            try:
                with writing():
                    deciding.decide([(line_id, what)], actor=ANNE, now=now)
            except Refused as error:
                refused.append(error)

    both = [threading.Thread(target=one) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert len(refused) == 1
    assert balances() == {"1100": 1000, "8010": -1000}


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(["promise", "gift", "not_ours", "undo", "undo", "aside"]), min_size=2, max_size=8))
def test_deciding_and_undoing_leaves_the_ledger_as_before(organisation: int, now: datetime, steps: list[str]) -> None:
    gift_id = promised_gift(5000)
    supporter_id = db.session.execute(select(Gift.supporter_id).where(Gift.id == gift_id)).scalar_one()
    take(Pay(5000, f"R{gift_id}", iban="NL20INGB0001234567"), now=now, statement=f"S{gift_id}")
    line_id, before = line().id, balances()
    for step in steps:
        what = Proposal(
            kind=MatchKind(step) if step in ("promise", "gift", "not_ours") else MatchKind.GIFT,
            target_id=gift_id if step == "promise" else None, cents=5000, score=0, reasons=(),
            supporter_id=supporter_id,
        )  # fmt: skip
        try:
            with writing():
                if step == "undo":
                    undoing.undo(line_id, actor=ANNE, now=now)
                elif step == "aside":
                    deciding.set_aside(line_id, actor=ANNE, now=now)
                else:
                    deciding.decide([(line_id, what)], actor=ANNE, now=now)
        except DomainError:
            continue
        assert balances()["1100"] == before["1100"], "what the bank says does not change by what we think of it"
    if line().state is LineState.EXPLAINED:
        with writing():
            undoing.undo(line_id, actor=ANNE, now=now)
    assert balances() == before
    assert not db.session.execute(select(BankMatch).where(BankMatch.undone_at.is_(None))).all()


@pytest.mark.parametrize(
    ("bank", "ours", "same"),
    [
        ("HR J DOE", "John Doe", True),
        ("MW A VAN DER BERG", "Anna van den Berg", True),
        ("J. Jansen e/o P. de Vries", "Piet de Vries", True),
        ("A BIJL CJ", "Anna Byl", True),
        ("HR CJ DE VRIES", "Carla de Vries", True),
        ("HR CJ DE VRIES", "Daan de Vries", False),
        ("FAM DE VRIES", "Jan de Vries", True),
        ("HR J EN MW A DE BOER", "Jaap de Boer", True),
        ("MW A DE BOER-SMIT C.J.", "Anna de Boer-Smit", True),
        ("HR J DOE", "Karel Doe", False),
        ("J. Jansen", "J. de Vries", False),
        ("", "J. de Vries", False),
    ],
)
def test_names_as_banks_write_them(bank: str, ours: str, same: bool) -> None:
    assert agree(bank, ours) is same


def test_names_of_organisations() -> None:
    assert agree("ST ADESSIUM", "Stichting Adessium Foundation", organisation=True)
    assert not agree("Stichting Janivo", "Stichting Adessium", organisation=True)


def test_matching_takes_as_many_statements_for_many_lines_as_for_few(
    now: datetime,
) -> None:
    ids = [promised_gift(5000) for _ in range(6)]
    few, many = ids[:1], ids[1:]
    counts, seen = [], []
    event.listen(db.engine, "before_cursor_execute", lambda *a: seen.append(a[2]))
    for name, some in (("A", few), ("B", many)):
        pays = [Pay(5000, f"{name}{i}", more=strd(rf_of(gift_id))) for i, gift_id in enumerate(some)]
        seen.clear()
        assert take(*pays, now=now, statement=name).matched == len(some)
        counts.append(len(seen))
    assert counts[1] <= counts[0]


_PAYS = st.tuples(st.sampled_from(["promised", "same amount", "by hand", "elsewhere"]), st.integers(0, 30))


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(told=st.lists(_PAYS, min_size=2, max_size=9), threshold=st.sampled_from([80, 90]))
def test_what_is_decided_does_not_depend_on_where_blocks_end(
    organisation: int, now: datetime, told: list[tuple[str, int]], threshold: int
) -> None:
    with writing():
        rules.set_threshold(threshold, actor=ANNE, now=now)
    outcomes = []
    for size in (1, 3, 960):
        number = next(_numbers)  # amounts and people of its own
        with pytest.MonkeyPatch.context() as patch:
            for name in ("WINDOW", "BATCH"):
                patch.setattr(entering, name, size)
            outcomes.append(_decided(told, number, now))
    assert outcomes[1:] == outcomes[:-1]


_numbers = itertools.count(1)


def _decided(told: list[tuple[str, int]], number: int, now: datetime) -> list[Any]:
    """What becomes of these payments of a giver who promised, and of whom a gift was recorded by hand."""
    promised, recorded = (promised_gift(cents + number, email=f"g{number}@example.org") for cents in (5000, 3000))
    giver = db.session.execute(select(Gift.supporter_id).where(Gift.id == promised)).scalar_one()
    iban = dutch_iban(number)
    with writing():
        add_iban(giver, iban, "", source="test", actor=SYSTEM, now=now)
        by_hand.receive(recorded, amount=Money(3000 + number), received_on=date(2026, 11, 10), bank_reference="",
                        actor=ANNE, now=now)  # fmt: skip
    name = db.session.get(Supporter, giver).display_name  # type: ignore[union-attr]
    day, pays = date(2026, 10, 15), []
    for position, (kind, later) in enumerate(told):
        day += days(later // 4)
        cents = (3000 if kind == "by hand" else 5000) + number
        more = strd(rf_of(promised)) if kind == "promised" else ""
        account = dutch_iban(10**6 + number) if kind == "elsewhere" else iban
        pays.append(Pay(cents, f"N{number}-{position}", iban=account, name=name, on=day.isoformat(), more=more))
    take(*pays, now=now, statement=f"S{number}")
    found = (
        select(BankLine.state, BankLine.looked, BankMatch.kind, BankMatch.score)
        .outerjoin(BankMatch, BankMatch.line_id == BankLine.id)
        .join(BankEntry, BankEntry.id == BankLine.entry_id)
        .where(BankEntry.reference.startswith(f"N{number}-"))
        .order_by(BankEntry.reference)
    )
    return [tuple(row) for row in db.session.execute(found)]


def test_an_instalment_is_known_by_its_funder_amount_and_day(now: datetime) -> None:
    grant_id, (first, second) = granted(now)
    funder = db.session.execute(
        select(Funder.supporter_id).join(Grant, Grant.funder_id == Funder.id).where(Grant.id == grant_id)
    ).scalar_one()
    with writing():
        add_iban(funder, IBAN, "", source="test", actor=SYSTEM, now=now)
    before = balances()
    done = take(Pay(5_000_000, "R1", name="ADESSIUM FOUNDATION", on="2026-11-12"), now=now)
    assert done.matched == 1
    assert state(first) is InstalmentState.RECEIVED
    assert balances() == before | {"1100": 5_000_000, "1300": before["1300"] - 5_000_000}
    became = queries.grants_of(queries.matches_of(line(5_000_000).id))
    assert [row_id for row_id, _ in became.values()] == [grant_id]
    part = take(Pay(1_000_000, "R2", name="ADESSIUM FOUNDATION"), now=now, statement="S2")
    assert part.matched == 0, "a part is for somebody to look at"
    best = proposals(1_000_000)[0]
    assert (best.kind, best.target_id, best.blocked) == (MatchKind.INSTALMENT, second, True)
    planned = db.session.get_one(Instalment, second).expected_on.isoformat()
    assert {"day": planned} in [reason.told for reason in best.reasons], "it says which, also far from its day"
    with writing():
        undoing.undo(line(5_000_000).id, actor=ANNE, now=now)
    assert state(first) is not InstalmentState.RECEIVED
    assert balances() == before | {"1100": 6_000_000, "2900": -6_000_000}
    assert whole()


def test_a_part_of_an_instalment_is_known_by_the_reference_alone(now: datetime) -> None:
    grant_id, (first, second) = granted(now)
    with writing() as session:
        session.get_one(Grant, grant_id).funder_reference = "sub-2025-088"
    said = "<RmtInf><Ustrd>voorschot SUB-2025-088, 80%</Ustrd></RmtInf>"
    assert take(Pay(4_000_000, "R1", name="MIN V J EN V", more=said), now=now).matched == 0
    found = proposals()
    assert {p.target_id for p in found} == {first, second}
    assert all(p.blocked and p.kind is MatchKind.INSTALMENT for p in found)
    with writing():
        by_people.accept(line().id, found[0].key, actor=SYSTEM, now=now)
    assert line().state is LineState.EXPLAINED


def test_of_a_grant_that_nobody_confirmed_it_is_said(now: datetime) -> None:
    grant_id, (first, _) = granted(now)
    with writing() as session:
        session.get_one(Grant, grant_id).confirmed_at = None
    take(Pay(5_000_000, "R1", name="ADESSIUM FOUNDATION", on="2026-11-12"), now=now)
    best = proposals()[0]
    assert (best.target_id, best.blocked) == (first, True)
    with pytest.raises(Refused), writing():
        by_people.accept(line().id, best.key, actor=SYSTEM, now=now)
    assert line().state is LineState.REVIEW


def test_who_has_a_mandate_is_known_by_its_account(now: datetime) -> None:
    who = person("Karin op den Akker")
    own_mandate(who, iban=IBAN, holder="K. op den Akker")
    take(Pay(2000, "R1", name="MW K OP DEN AKKER CJ"), now=now)
    assert [(p.supporter_id, p.score) for p in proposals()] == [(who, 80)]


def test_of_a_common_name_those_with_the_letter_are_found(now: datetime) -> None:
    for first in "ABCDEFGHIJ":
        person(f"{first}art op den Akker")
    who = person("Karin op den Akker")
    take(Pay(2000, "R1", name="MW K OP DEN AKKER CJ"), now=now)
    assert [p.supporter_id for p in by_people.proposals(line().id)] == [who]


def test_undoing_unlearns_whose_account_it_was_unless_another_payment_says_so(now: datetime) -> None:
    wrong, right = person("Bo Bakker"), person("Jan Jansen")
    for cents, who in ((700, wrong), (800, right), (900, right)):
        take(Pay(cents, f"R{cents}", name="HR J JANSEN"), now=now, statement=f"S{cents}")
        given = by_people.GiftOf(supporter_id=who, cents=cents)
        with writing():
            by_people.gift(line(cents).id, given, actor=SYSTEM, now=now)
    for cents in (700, 900):
        with writing():
            undoing.undo(line(cents).id, actor=SYSTEM, now=now)
    assert list(db.session.scalars(select(Iban.supporter_id))) == [right]
    with writing():
        undoing.undo(line(800).id, actor=SYSTEM, now=now)
    assert not db.session.scalars(select(Iban.supporter_id)).all()


def test_one_that_cannot_be_booked_does_not_hold_up_another(now: datetime) -> None:
    good, early = promised_gift(5000), promised_gift(4000)
    tomorrow = (now.date() + days(2)).isoformat()
    done = take(Pay(4000, "R1", more=strd(rf_of(early)), on=tomorrow), Pay(5000, "R2", more=strd(rf_of(good))), now=now)
    assert (done.matched, done.in_review) == (1, 1), "a day to come is refused by who books it"
    assert line(4000).looked
    assert balances() == {"1100": 9000, "2900": -4000, "8010": -5000}
    assert whole()


def test_an_instalment_is_found_among_thousands_of_its_amount(now: datetime) -> None:
    _, (first, _) = granted(now)
    table = Instalment.__table__
    row = db.session.execute(select(table).where(table.c.id == first)).mappings().one()
    others = [dict(row) | {"id": i, "expected_on": row["expected_on"] - days(400)} for i in new_ids(2500)]
    with writing():
        insert_rows(Instalment, others)
    take(Pay(5_000_000, "R1", name="ADESSIUM FOUNDATION", on="2026-11-12"), now=now)
    assert proposals()[0].target_id == first


@pytest.mark.parametrize("where", ["structured", "text", "end_to_end"])
def test_a_promise_is_found_by_its_betalingskenmerk(now: datetime, where: str) -> None:
    gift_id = promised_gift(2500)
    number = payment_number_of(gift_id)
    spaced = in_fours(number)
    pay = {
        "structured": Pay(2500, more=strd(number)),
        "text": Pay(2500, more=f"<RmtInf><Ustrd>kenmerk {spaced} dank</Ustrd></RmtInf>"),
        "end_to_end": Pay(2500, end_to_end=number),
    }[where]
    assert take(pay, now=now).matched == 1
    assert db.session.get_one(Gift, gift_id, populate_existing=True).state is GiftState.RECEIVED
    assert whole()


def test_a_betalingskenmerk_of_somebody_else_finds_nothing(now: datetime) -> None:
    promised_gift(2500)
    assert (
        take(Pay(2500, more=strd("5000056789012345")), Pay(2500, more=strd("9001123412341234")), now=now).matched == 0
    )
