"""What banks tell of collections that went wrong: once each, by its reason, with the money reversed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from flask import Flask
from lxml import etree
from sqlalchemy import func, select

from app.base.actor import SYSTEM, Actor
from app.base.errors import Invalid
from app.base.money import Money
from app.base.references import code_of
from app.direct_debit import batch_queries, batches, booking, building, collections, exporting, mandates, returning
from app.direct_debit.batch_models import DebitBatch, DebitItem, DebitReturn, MandateAmendment
from app.direct_debit.models import Collection, Mandate
from app.direct_debit.pain import pain002
from app.direct_debit.reading import UNKNOWN_BATCH, again, take_in
from app.direct_debit.states import BatchState, CollectionState, MandateState, ReturnState
from app.extensions import db, now, writing
from app.gifts import refunding
from app.gifts.models import Gift, GiftState, GiftStep
from app.gifts.recurring import changing
from app.gifts.recurring.models import Commitment
from app.gifts.recurring.states import CommitmentState
from app.ledger import checks
from app.ledger.accounts import BANK, CLEARING
from app.ledger.models import FiscalPeriod, JournalEntry, PeriodState
from app.ledger.queries import balances
from app.organisation.models import BankAccount
from app.outbox.models import Message
from app.ui.permissions import Role
from tests.conftest import SettableClock
from tests.direct_debit.test_batches import file_of, states
from tests.factories import debits
from tests.support.client import Client

C, G, M, R = CollectionState, CommitmentState, MandateState, ReturnState
SignIn = Callable[[str], Client]


@pytest.fixture
def ids(app: Flask, clock: SettableClock, sign_in: SignIn) -> list[int]:
    """Collections under way in one batch that was sent; it is the day after the money came, or comes."""
    made = debits.due(clock)
    staff = sign_in(Role.FINANCE).staff_id, sign_in(Role.FINANCE).staff_id
    debits.sent(staff)  # type: ignore[arg-type]
    clock.at(2026, 12, 16, 11)
    return made


def told(row_id: int, code: str | None = "AM04", **given: object) -> returning.Told:
    first = {"settled": True, "on": date(2026, 12, 16), "end_to_end": code_of(row_id), "source": "test"}
    return returning.Told(**({"key": f"line:{row_id}", "code": code} | first | given))  # type: ignore[arg-type]


def tell(*items: returning.Told) -> list[ReturnState]:
    with writing():
        return [outcome.state for outcome in returning.returned(items, actor=SYSTEM, now=now())]


def book() -> None:
    batch = db.session.scalars(select(DebitBatch)).one()
    credit = booking.Credit(reference=batch.reference, cents=booking.expected_cents(batch.id), on=debits.DAY)
    with writing():
        booking.booked([credit], actor=SYSTEM, now=now())


def commitment_of(row_id: int) -> Commitment:
    db.session.rollback()
    return db.session.get_one(Commitment, db.session.get_one(Collection, row_id).commitment_id)


def mandate_of(row_id: int) -> Mandate:
    return db.session.get_one(Mandate, db.session.get_one(Collection, row_id).mandate_id)


def mails() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(Message)) or 0


@pytest.mark.parametrize(
    ("code", "mandate", "gift", "mailed"),
    [
        ("AM04", M.ACTIVE, G.ACTIVE, True), ("MS03", M.ACTIVE, G.ACTIVE, True), ("AC04", M.SUSPENDED, G.ON_HOLD, True),
        ("MD06", M.ACTIVE, G.ON_HOLD, True), ("MD01", M.REVOKED, G.ON_HOLD, True),
        ("MD07", M.SUSPENDED, G.ON_HOLD, False), ("FF01", M.ACTIVE, G.ON_HOLD, False),
        ("ZZ99", M.ACTIVE, G.ON_HOLD, False), (None, M.ACTIVE, G.ON_HOLD, False),
    ],
)  # fmt: skip
def test_what_follows_by_the_reason(
    ids: list[int], code: str | None, mandate: MandateState, gift: CommitmentState, mailed: bool
) -> None:
    book()
    before = mails()
    assert tell(told(ids[0], code)) == [R.DONE]
    assert (mandate_of(ids[0]).state, commitment_of(ids[0]).state) == (mandate, gift)
    assert mails() - before == mailed
    given = db.session.get_one(Gift, ids[0])
    assert (given.state, given.refunded_cents) == (GiftState.CHARGED_BACK, 1500)
    assert states()[:3] == [C.RETURNED, C.COLLECTED, C.COLLECTED]
    retried = list(db.session.scalars(select(Collection).where(Collection.attempt == 2)))
    assert bool(retried) == (gift is G.ACTIVE)
    assert not [problem for outcome in checks.run() for problem in outcome.problems]


def test_what_failed_twice_waits_for_people_and_once_only(ids: list[int], sign_in: SignIn) -> None:
    """“We try once more” stands with the first attempt while the second goes on, and with nothing after it."""
    staff = sign_in(Role.FINANCE)
    goes_on, over = "We proberen het later nog één keer", "Neem vriendelijk contact op"
    tell(told(ids[0]))
    page = staff.get("/recurring/failed").text
    assert (page.count(goes_on), page.count(over)) == (1, 0)
    assert goes_on in staff.get("/recurring/failed?action=retry").text
    db.session.rollback()
    (second,) = db.session.scalars(select(Collection.id).where(Collection.attempt == 2))
    with writing():
        collections.move([second], C.SENT, actor=SYSTEM, now=now())
    tell(told(second))
    page = staff.get("/recurring/failed").text
    assert (page.count(goes_on), page.count(over)) == (0, 1)
    assert over in staff.get("/recurring/failed?action=contact").text
    assert over not in staff.get("/recurring/failed?action=retry").text
    db.session.rollback()
    with writing():
        collections.collected([second], debits.DAY, actor=SYSTEM, now=now())
    assert over not in staff.get("/recurring/failed").text


def test_the_same_return_counts_once_whoever_tells_it(ids: list[int]) -> None:
    book()
    first = told(ids[0])
    assert tell(first, replace(first, key="again in the same file")) == [R.DONE, R.KNOWN]
    entries, sent = db.session.scalar(select(func.count()).select_from(JournalEntry)), mails()
    assert tell(first) == [R.KNOWN]
    assert tell(replace(first, key="from the other format", end_to_end="", mandate="")) == [R.PARKED]
    assert tell(replace(first, key="third"), replace(first, key="fourth", settled=False)) == [R.KNOWN, R.KNOWN]
    assert (db.session.scalar(select(func.count()).select_from(JournalEntry)), mails()) == (entries, sent)


@pytest.mark.parametrize(("ours", "banks"), [(500, 1000), (1500, 0)])
def test_what_we_paid_back_ourselves_does_not_go_off_the_gift_again(ids: list[int], ours: int, banks: int) -> None:
    """The donor had the bank return it after we paid back too: what went twice stays to be seen on clearing."""
    book()
    paid_back = {"bank_reference": "T-9", "reason": "asked by phone", "actor": SYSTEM, "now": now()}
    for _ in range(2):
        with writing():
            refunding.record(new := 77, ids[0], Money(ours), date(2026, 12, 16), **paid_back)  # type: ignore[arg-type]
    assert tell(told(ids[0], "MD06")) == [R.DONE]
    given = db.session.get_one(Gift, ids[0])
    assert (given.refunded_cents, given.kept_cents) == (1500, 0)
    sums = balances()
    assert (sums[BANK].cents, sums[CLEARING["direct_debit"]].cents) == (-ours, 1500 + 2500 + 750 - banks)
    assert db.session.get(GiftStep, new) is not None
    assert not [problem for outcome in checks.run() for problem in outcome.problems]


def test_a_return_before_its_batch_is_booked(ids: list[int]) -> None:
    assert tell(told(ids[1])) == [R.DONE]
    assert states()[:3] == [C.SENT, C.RETURNED, C.SENT]
    book()  # the whole amount comes, and one of it went out again
    assert states()[:3] == [C.COLLECTED, C.RETURNED, C.COLLECTED]
    assert db.session.scalar(select(func.sum(Gift.amount_cents - Gift.refunded_cents))) == 2250
    assert not [problem for outcome in checks.run() for problem in outcome.problems]


def test_by_mandate_where_there_is_no_reference(ids: list[int]) -> None:
    book()
    mandate = mandate_of(ids[0]).reference or ""
    assert tell(told(ids[0], end_to_end="NOTPROVIDED", mandate=mandate.lower(), cents=1500)) == [R.DONE]
    assert states()[0] is C.RETURNED


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"end_to_end": "1K2B-9QXA-7M3C-PZ"}, returning.UNKNOWN),
        ({"cents": 1}, returning.OTHER_AMOUNT),
        ({"mandate": "ANOTHER"}, returning.OTHER_MANDATE),
        ({"settled": False}, returning.BOOKED),
    ],
)
def test_what_cannot_be_placed_is_parked(ids: list[int], given: dict[str, object], why: str) -> None:
    book()
    assert tell(told(ids[0], **given)) == [R.PARKED]
    row = db.session.scalars(select(DebitReturn)).one()
    assert (row.why, returning.count_parked()) == (why, 1)
    assert states() == [C.COLLECTED] * 3
    assert again(row.id, actor=SYSTEM) is R.PARKED
    with writing():
        returning.dismiss(row.id, now=now())
    assert returning.count_parked() == 0


def test_a_closed_month_parks_it_until_it_is_reopened(ids: list[int]) -> None:
    book()
    with writing() as session:
        session.add(FiscalPeriod(month=date(2026, 12, 1), state=PeriodState.CLOSED))
    assert tell(told(ids[0])) == [R.PARKED]
    assert commitment_of(ids[0]).state is G.ACTIVE
    with writing() as session:
        session.scalars(select(FiscalPeriod)).one().state = PeriodState.OPEN
    assert tell(told(ids[0])) == [R.DONE]


def report(ids: list[int], code: str = "AC01", group: str = "PART", batch: str = "PART", **more: str) -> bytes:
    reference = db.session.scalars(select(DebitBatch.reference)).first()
    rows = "".join(
        f"<TxInfAndSts><OrgnlEndToEndId>{code_of(i)}</OrgnlEndToEndId><TxSts>{status}</TxSts>"
        f"<OrgnlTxRef><ReqdColltnDt>2026-12-15</ReqdColltnDt></OrgnlTxRef></TxInfAndSts>"
        for i, status in zip(ids, ("RJCT", "ACCP", "PDNG"), strict=False)
    )
    why = f"<StsRsnInf><Rsn><Cd>{code}</Cd></Rsn></StsRsnInf>"
    return (
        f'{more.get("before", "")}<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.03"><CstmrPmtStsRpt>'
        f"<GrpHdr><MsgId>S</MsgId><CreDtTm>2026-12-11T09:00:00</CreDtTm></GrpHdr><OrgnlGrpInfAndSts>"
        f"<OrgnlMsgId>M{reference}</OrgnlMsgId><OrgnlMsgNmId>{more.get('kind', 'pain.008.001.02')}</OrgnlMsgNmId>"
        f"<GrpSts>{group}</GrpSts>{why if group == 'RJCT' else ''}</OrgnlGrpInfAndSts><OrgnlPmtInfAndSts>"
        f"<OrgnlPmtInfId>{reference}</OrgnlPmtInfId><PmtInfSts>{batch}</PmtInfSts>{why}{rows}</OrgnlPmtInfAndSts>"
        "</CstmrPmtStsRpt></Document>"
    ).encode()


def test_refusals_of_a_status_report(ids: list[int]) -> None:
    file = report(ids)
    assert take_in(file, "status.xml", actor=SYSTEM) == {R.DONE: 1}
    assert states() == [C.FAILED, C.SENT, C.SENT]
    assert mandate_of(ids[0]).state is M.SUSPENDED
    assert take_in(file, "status.xml", actor=SYSTEM) == {R.KNOWN: 1}
    book()
    assert states() == [C.FAILED, C.COLLECTED, C.COLLECTED]
    assert tell(told(ids[0])) == [R.PARKED]  # refused before it came, and yet money went out


@pytest.mark.parametrize("apart", [False, True])
def test_a_batch_of_which_nothing_is_awaited_any_more_is_over(ids: list[int], apart: bool) -> None:
    """Refused one by one, all of it: no money comes. Where the rest came one by one, it is booked."""
    batch = db.session.scalars(select(DebitBatch)).one()
    if apart:
        with writing():
            booking.collect_apart([(ids[2], debits.DAY)], actor=SYSTEM, now=now())
    going = ids[:2] if apart else ids
    assert tell(told(going[0], settled=False)) == [R.DONE]
    assert batch.state is BatchState.SENT
    assert tell(*(told(row_id, settled=False) for row_id in going[1:])) == [R.DONE] * len(going[1:])
    db.session.rollback()
    assert (batch.state, batch.booked_on) == ((BatchState.BOOKED, debits.DAY) if apart else (BatchState.REFUSED, None))
    assert not [problem for outcome in checks.run() for problem in outcome.problems]


def test_one_that_was_refused_before_that_ended_it_can_be_cancelled(ids: list[int]) -> None:
    """Its collections stay refused, each with what followed from its reason."""
    tell(*(told(row_id, "AC04", settled=False) for row_id in ids))
    with writing():
        batch = db.session.scalars(select(DebitBatch)).one()
        batch.state = BatchState.SENT
        batches.cancel(batch.id, "the bank refused all of it", actor=SYSTEM, now=now())
    building.release(batch.id)
    assert states() == [C.FAILED] * 3
    assert not [problem for outcome in checks.run() for problem in outcome.problems]


@pytest.mark.parametrize(("group", "batch"), [("RJCT", "RJCT"), ("PART", "RJCT")])
def test_a_batch_refused_whole_is_built_again(ids: list[int], group: str, batch: str, sign_in: SignIn) -> None:
    assert take_in(report(ids, "FF01", group, batch), "s.xml", actor=SYSTEM) == {R.DONE: 1}
    assert states() == [C.PLANNED] * 3
    assert db.session.scalars(select(DebitBatch.state)).one() is BatchState.CANCELED
    assert commitment_of(ids[0]).state is G.ACTIVE
    assert batch_queries.due_days() == [(debits.DAY, batch_queries.Sum(3, 4750))]
    batch_id = db.session.scalars(select(DebitBatch.id)).one()
    assert "FF01 Het bestand klopte niet" in sign_in(Role.FINANCE).get(f"/collections/batches/{batch_id}").text


def test_a_batch_refused_whole_that_is_not_known_waits_for_somebody(ids: list[int]) -> None:
    """Else the only word of it is a message that is gone with the next page."""
    reference = db.session.scalars(select(DebitBatch.reference)).one()
    file = report(ids, "FF01", "RJCT", "RJCT").replace(reference.encode(), b"DD-OTHER")
    for _time in range(2):
        assert take_in(file, "s.xml", actor=SYSTEM) == {R.PARKED: 1}
    row = db.session.scalars(returning.parked()).one()
    assert (row.batch_reference, row.code, row.why) == ("MDD-OTHER", "FF01", UNKNOWN_BATCH)
    assert again(row.id, actor=SYSTEM) is R.PARKED
    db.session.rollback()
    with writing():
        db.session.scalars(select(DebitBatch)).one().reference = "DD-OTHER"
    assert again(row.id, actor=SYSTEM) is R.DONE
    assert states() == [C.PLANNED] * 3
    assert returning.count_parked() == 0


def test_a_batch_refused_whole_whose_money_came_waits_for_somebody(ids: list[int]) -> None:
    book()
    file = report(ids, "FF01", "RJCT", "RJCT")
    assert take_in(file, "s.xml", actor=SYSTEM) == {R.PARKED: 1}
    row = db.session.scalars(returning.parked()).one()
    assert row.why == returning.BOOKED
    with writing():
        returning.dismiss(row.id, now=now())
    assert take_in(file, "s.xml", actor=SYSTEM) == {R.KNOWN: 1}
    assert states() == [C.COLLECTED] * 3


@pytest.mark.parametrize("group", ["RJCT", "PART"])
@pytest.mark.parametrize("all_of_it", [True, False])
def test_in_a_batch_refused_whole_each_keeps_the_reason_of_its_own(ids: list[int], group: str, all_of_it: bool) -> None:
    """Else who closed the account would be collected from again and again."""
    own = b"<StsRsnInf><Rsn><Cd>AC04</Cd></Rsn></StsRsnInf>"
    file = report(ids, "MS03", group, "RJCT").replace(b"<TxSts>RJCT</TxSts>", b"<TxSts>RJCT</TxSts>" + own)
    if all_of_it:
        for status in (b"<TxSts>ACCP</TxSts>", b"<TxSts>PDNG</TxSts>"):
            file = file.replace(status, b"<TxSts>RJCT</TxSts>" + own)
    assert take_in(file, "s.xml", actor=SYSTEM) == {R.DONE: 3 if all_of_it else 2}
    assert states() == ([C.FAILED] * 3 if all_of_it else [C.FAILED, C.PLANNED, C.PLANNED])
    assert mandate_of(ids[0]).state is M.SUSPENDED
    ended = db.session.scalars(select(DebitBatch.state)).one()
    assert ended is (BatchState.REFUSED if all_of_it else BatchState.CANCELED)


@pytest.mark.parametrize(
    "wrong",
    [
        b"", b"no xml", b"<Document/>",
        {"kind": "pain.001.001.03"},
        {"before": '<!DOCTYPE x [<!ENTITY a "aaaa">]>'},
    ],
    ids=["empty", "text", "other", "payments", "doctype"],
)  # fmt: skip
def test_files_that_are_no_report(ids: list[int], wrong: bytes | dict[str, str]) -> None:
    content = wrong if isinstance(wrong, bytes) else report(ids, **wrong)
    with pytest.raises(Invalid):
        take_in(content or b" ", "s.xml", actor=SYSTEM)
    with pytest.raises(Invalid):
        take_in(report(ids)[:-30], "s.xml", actor=SYSTEM)
    assert states() == [C.SENT] * 3


def test_the_sample_of_a_bank() -> None:
    sample = Path(__file__).resolve().parents[3] / "shared/samples/pain/pain002-v03-partial-reject-synthetic.xml"
    if not sample.exists():
        pytest.skip("the samples are not beside this repository")
    read = pain002.read(sample.read_bytes())
    assert read.whole == []
    assert read.refusals == [
        pain002.Refusal("PMT-2026-11-RCUR", "DON-2026-11-0004", "M-0004", "AC01", 1000, date(2026, 11, 24))
    ]


def test_a_changed_account_is_told_until_a_collection_succeeded(
    ids: list[int], clock: SettableClock, sign_in: SignIn
) -> None:
    book()
    tell(told(ids[0], "AC04"))
    mandate_id, old, gift_id = mandate_of(ids[0]).id, mandate_of(ids[0]).reference, commitment_of(ids[0]).id
    with writing():
        mandates.amend(mandate_id, iban=debits.dutch_iban(77), reference="NEW-1", actor=SYSTEM, now=now())
        changing.resume(gift_id, actor=SYSTEM, now=now())
        collections.plan_again(db.session.get_one(Collection, ids[0]), date(2026, 12, 18), now=now())
    assert mandate_of(ids[0]).state is M.ACTIVE
    staff = sign_in(Role.FINANCE).staff_id, sign_in(Role.FINANCE).staff_id
    batch_id = debits.built(staff[0] or 0, date(2026, 12, 18))
    with writing():
        batches.approve(batch_id, count=1, cents=1500, actor=Actor("staff", staff[1]), now=now())
    exporting.export(batch_id, actor=SYSTEM, bounded=writing)
    file = file_of(batch_id)
    assert f"<OrgnlMndtId>{old}</OrgnlMndtId>".encode() in file
    assert b"<Id>SMNDA</Id>" in file
    assert b"<MndtId>NEW-1</MndtId>" in file
    assert db.session.scalars(select(MandateAmendment.settled_at)).one() is None
    clock.at(2026, 12, 18, 12)
    reference = db.session.get_one(DebitBatch, batch_id).reference
    with writing():
        booking.booked(
            [booking.Credit(reference=reference, cents=1500, on=date(2026, 12, 18))], actor=SYSTEM, now=now()
        )
    db.session.rollback()
    assert db.session.scalars(select(MandateAmendment.settled_at)).one() is not None


def test_who_we_were_is_told_until_a_collection_succeeded(
    ids: list[int], clock: SettableClock, sign_in: SignIn
) -> None:
    book()
    with writing() as session:
        account = session.scalars(select(BankAccount)).one()
        was, account.creditor_id, account.holder = account.holder, "NL93ZZZ332656790051", "Stichting Anders"
    staff = sign_in(Role.FINANCE).staff_id or 0, sign_in(Role.FINANCE).staff_id or 0

    def next_file(on: date) -> tuple[int, bytes]:
        clock.at(on.year, on.month, on.day - 5, 11)
        batch_id = debits.built(staff[0], on)
        seen = db.session.execute(select(DebitBatch.count, DebitBatch.cents).where(DebitBatch.id == batch_id)).one()
        with writing():
            batches.approve(batch_id, count=seen[0], cents=seen[1], actor=Actor("staff", staff[1]), now=now())
        exporting.export(batch_id, actor=SYSTEM, bounded=writing)
        return batch_id, file_of(batch_id)

    batch_id, file = next_file(date(2027, 1, 15))
    name = f"<OrgnlCdtrSchmeId><Nm>{was}</Nm><Id><PrvtId><Othr><Id>NL08ZZZ502057730000</Id>".encode()
    assert (file.count(b"<Nm>Stichting Anders</Nm>"), file.count(name)) == (2, 3)
    first = db.session.scalars(select(DebitItem.collection_id).where(DebitItem.batch_id == batch_id)).first() or 0
    tell(told(first, "AM04", settled=False, on=date(2027, 1, 15)))
    clock.at(2027, 1, 16, 11)
    reference = db.session.get_one(DebitBatch, batch_id).reference
    credit = booking.Credit(reference=reference, cents=booking.expected_cents(batch_id), on=date(2027, 1, 15))
    with writing():
        booking.booked([credit], actor=SYSTEM, now=now())
    _, file = next_file(date(2027, 2, 15))
    failed = mandate_of(first).reference
    told_by = {each.findtext(".//{*}MndtId") for each in etree.fromstring(file).iterfind(".//{*}DrctDbtTxInf")
               if each.find(".//{*}OrgnlCdtrSchmeId") is not None}  # fmt: skip
    assert told_by == {failed}, "those who were collected from know us by now"


def test_a_mandate_no_bank_has_seen_is_amended_in_silence(app: Flask, clock: SettableClock) -> None:
    row_id = debits.due(clock, (1500,))[0]
    with writing():
        mandates.amend(mandate_of(row_id).id, iban=debits.dutch_iban(9), actor=SYSTEM, now=now())
    assert db.session.scalar(select(func.count()).select_from(MandateAmendment)) == 0
    assert mandate_of(row_id).iban_last_four == debits.dutch_iban(9)[-4:]
