"""Partners, shares, and sub-grants in the books: as principal, as cashier, and taken back."""

from __future__ import annotations

import contextlib
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from app.base.actor import SYSTEM
from app.base.errors import Invalid, NotFound, Refused
from app.extensions import db, writing
from app.grants.awards import services as awards
from app.grants.awards.models import GrantState
from app.grants.instalments.checks import grants_equal_ledger
from app.grants.partners import money_queries, passing_on, queries, services, sub_grants
from app.grants.partners.checks import sub_grants_equal_ledger
from app.grants.partners.models import (
    Booking,
    DutyState,
    GrantPartner,
    PartnerRole,
    PassOnState,
    SubGrant,
    SubGrantInstalment,
    SubGrantPayment,
    SubGrantState,
)
from app.grants.partners.passing_on import PaidOut
from app.grants.partners.services import PartnerFacts
from app.grants.partners.sub_grants import SubGrantFacts
from app.grants.settlements import services as settlements
from app.ledger.accounts import BANK, HELD_FOR_PARTNERS, OWED_TO_PARTNERS, PASSED_ON, SUB_GRANTS
from app.ledger.queries import balances, grant_balance, income_by_month
from tests.factories import consortium as make
from tests.factories import grants
from tests.grants import money_stories
from tests.support.client import Client

TODAY = date(2026, 11, 23)


@given(st.lists(st.one_of(st.none(), st.integers(0, 10_000)), max_size=8), st.integers(1, 10**11))
def test_shares_lose_no_cent(shares: list[int | None], whole: int) -> None:
    cents = queries.share_cents(shares, whole)
    assert [each is None for each in cents] == [share is None for share in shares]
    given_points = sum(share or 0 for share in shares)
    if given_points == 10_000:
        assert sum(each or 0 for each in cents) == whole
    elif given_points < 10_000:
        assert sum(each or 0 for each in cents) <= whole
    for share, each in zip(shares, cents, strict=True):
        if share is not None and each is not None:
            assert abs(each * 10_000 - whole * share) < 10_000


def test_shares_that_are_not_a_hundred_are_told_not_refused(fundraiser: Client, now: datetime) -> None:
    with writing():
        grant_id = grants.grant(now)
        make.partner(grant_id, now, "CKM", share_basis_points=6000, role=PartnerRole.LEAD)
        second = make.partner(grant_id, now, "Fier", share_basis_points=3333)
    shown = queries.partners(grant_id)
    assert [(each.name, each.role, each.share_percent, each.amount_cents) for each in shown] == [
        ("CKM", "lead", Decimal(60), 6_000_000), ("Fier", "partner", Decimal("33.33"), 3_333_000),
    ]  # fmt: skip
    page = fundraiser.get(f"/grants/{grant_id}/partners").text
    assert "De aandelen zijn samen 93,33%, geen 100%." in page
    assert "93,33 " not in page, "a percentage is written in one way"
    row = db.session.get_one(GrantPartner, second)
    data = {"version": row.version, "role": "partner", "share": "40", "language": "nl"}
    assert fundraiser.post(f"/grants/partners/{second}/edit", data=data).status_code == 303
    assert "93,33%" not in fundraiser.get(f"/grants/{grant_id}/partners").text


@pytest.mark.parametrize("share", ["101", "-1", "tien", "33,333"])
def test_a_share_that_is_none_is_refused(fundraiser: Client, now: datetime, share: str) -> None:
    with writing():
        grant_id = grants.grant(now)
        partner_id = make.partner(grant_id, now)
    data = {"version": 1, "role": "partner", "share": share, "language": "nl"}
    answer = fundraiser.post(f"/grants/partners/{partner_id}/edit", data=data)
    assert answer.status_code == 422
    assert f'value="{share}"' in answer.text


def test_a_partner_is_added_on_the_page_and_has_one_agreement(fundraiser: Client, now: datetime) -> None:
    from app.supporters.models import Role
    from app.supporters.services import set_roles

    with writing():
        grant_id = grants.grant(now)
        supporter_id = grants.organisation("Fier", now)
        set_roles(supporter_id, {Role.PARTNER}, actor=SYSTEM, now=now)
    data = {"supporter_id": supporter_id, "role": "partner", "share": "25,5", "language": "nl",
            "contact_email": "info@fier.example", "agreed_on": "20-11-2026"}  # fmt: skip
    assert fundraiser.post(f"/grants/{grant_id}/partners/new", data=data).status_code == 303
    (partner,) = queries.partners(grant_id)
    assert partner.share_percent == Decimal("25.5")
    again = fundraiser.post(f"/grants/{grant_id}/partners/new", data=data)
    assert again.status_code == 422
    file = {"file": (io.BytesIO(b"%PDF-1.7 overeenkomst"), "overeenkomst.pdf")}
    url = f"/grants/partners/{partner.id}/agreement"
    assert fundraiser.post(url, data=file, content_type="multipart/form-data").status_code == 303
    assert "overeenkomst.pdf" in fundraiser.get(f"/grants/{grant_id}/partners").text
    with pytest.raises(Refused), writing():
        services.remove(partner.id, version=None, actor=SYSTEM, now=now)


def test_there_is_one_lead(now: datetime) -> None:
    with writing():
        grant_id = grants.grant(now)
        make.partner(grant_id, now, "CKM", role=PartnerRole.LEAD)
        second = make.partner(grant_id, now, "Fier")
    with pytest.raises(Invalid) as told, writing():
        services.change(second, PartnerFacts(role=PartnerRole.LEAD), version=None, actor=SYSTEM, now=now)
    assert told.value.field == "role"


def passed_on(now: datetime, booking: Booking, *, confirmed: bool = True) -> tuple[int, int, int]:
    """(grant, sub-grant of € 40.000, its instalment of € 25.000 due on 1 November 2026)."""
    grant_id = grants.grant(now)
    if confirmed:
        awards.confirm([grant_id], actor=SYSTEM, now=now)
    partner_id = make.partner(grant_id, now)
    facts = SubGrantFacts(
        title="Opvang", amount_cents=4_000_000, booking=booking, starts_on=date(2027, 1, 1), ends_on=date(2027, 12, 31)
    )
    sub_grant_id = sub_grants.plan(partner_id, facts, actor=SYSTEM, now=now)
    part_id = sub_grants.plan_instalment(
        sub_grant_id, amount_cents=2_500_000, due_on=date(2026, 11, 1), actor=SYSTEM, now=now
    )
    sub_grants.agree(sub_grant_id, agreed_on=TODAY, actor=SYSTEM, now=now)
    return grant_id, sub_grant_id, part_id


def paid(part_id: int, key: str = "form-0123456789abcdef") -> PaidOut:
    return PaidOut(instalment_id=part_id, paid_on=TODAY, bank_reference="overboeking", form_key=key)


def on(code: str) -> int:
    found = balances().get(code)
    return found.cents if found else 0


def books_are_right() -> None:
    assert list(grants_equal_ledger()) == []
    assert list(sub_grants_equal_ledger()) == []
    assert sum(balance.cents for balance in balances().values()) == 0


def test_as_principal_it_is_our_cost(now: datetime) -> None:
    with writing():
        grant_id, _sub_grant, part_id = passed_on(now, Booking.PRINCIPAL)
        passing_on.owe([part_id], actor=SYSTEM, now=now)
    books_are_right()
    assert (on(SUB_GRANTS), on(OWED_TO_PARTNERS)) == (2_500_000, -2_500_000)
    before = grant_balance(grant_id)
    with writing():
        passing_on.pay([paid(part_id)], actor=SYSTEM, now=now)
    books_are_right()
    assert (on(SUB_GRANTS), on(OWED_TO_PARTNERS), on(BANK)) == (2_500_000, 0, -2_500_000)
    assert grant_balance(grant_id) == before, "what the funder owes us does not change"


def test_as_cashier_it_is_neither_income_nor_cost(now: datetime) -> None:
    with writing():
        grant_id, _sub_grant, part_id = passed_on(now, Booking.CASHIER)
        income = sum(each.cents for each in income_by_month(date(2026, 1, 1), date(2028, 1, 1)))
        passing_on.owe([part_id], actor=SYSTEM, now=now)
    books_are_right()
    assert (on(PASSED_ON), on(HELD_FOR_PARTNERS), on(SUB_GRANTS)) == (2_500_000, -2_500_000, 0)
    assert sum(each.cents for each in income_by_month(date(2026, 1, 1), date(2028, 1, 1))) == income - 2_500_000
    assert grant_balance(grant_id).recognised == 10_000_000, "the grant itself stays whole"
    with writing():
        passing_on.pay([paid(part_id)], actor=SYSTEM, now=now)
    books_are_right()
    assert (on(HELD_FOR_PARTNERS), on(BANK)) == (0, -2_500_000)


def test_a_form_sent_twice_pays_once(now: datetime) -> None:
    with writing():
        _grant, _sub_grant, part_id = passed_on(now, Booking.PRINCIPAL)
        passing_on.owe([part_id], actor=SYSTEM, now=now)
    with writing():
        first = passing_on.pay([paid(part_id)], actor=SYSTEM, now=now)
    with writing():
        assert passing_on.pay([paid(part_id)], actor=SYSTEM, now=now) == first
    with pytest.raises(Refused), writing():
        passing_on.pay([paid(part_id, "another-form-0123456")], actor=SYSTEM, now=now)
    assert len(list(db.session.execute(select(SubGrantPayment)).scalars())) == 1
    books_are_right()


@pytest.mark.parametrize("booking", list(Booking))
def test_what_is_taken_back_is_reversed_and_can_be_booked_anew(now: datetime, booking: Booking) -> None:
    with writing():
        _grant, sub_grant_id, part_id = passed_on(now, booking)
    for turn in range(2):
        with writing():
            passing_on.owe([part_id], actor=SYSTEM, now=now)
            passing_on.pay([paid(part_id, f"form-number-{turn}-0123")], actor=SYSTEM, now=now)
        books_are_right()
        with writing():
            passing_on.take_back_payment(part_id, "verkeerde rekening", actor=SYSTEM, now=now)
        books_are_right()
        with pytest.raises(Refused), writing():
            sub_grants.move(sub_grant_id, SubGrantState.CANCELLED, actor=SYSTEM, now=now)
        with writing():
            passing_on.take_back_owed(part_id, "te vroeg", actor=SYSTEM, now=now)
        books_are_right()
    assert all(on(code) == 0 for code in (SUB_GRANTS, PASSED_ON, OWED_TO_PARTNERS, HELD_FOR_PARTNERS, BANK))
    with writing():
        sub_grants.move(sub_grant_id, SubGrantState.CANCELLED, actor=SYSTEM, now=now)


def test_nothing_is_booked_before_finance_confirms_or_both_agree(now: datetime) -> None:
    with writing():
        _grant, _sub_grant, part_id = passed_on(now, Booking.PRINCIPAL, confirmed=False)
    with pytest.raises(Refused), writing():
        passing_on.owe([part_id], actor=SYSTEM, now=now)
    assert on(SUB_GRANTS) == 0


def test_an_instalment_of_a_later_year_is_not_booked_before_its_day(now: datetime) -> None:
    with writing():
        _grant, sub_grant_id, _part = passed_on(now, Booking.PRINCIPAL)
        later = sub_grants.plan_instalment(
            sub_grant_id, amount_cents=1_500_000, due_on=date(2027, 3, 1), actor=SYSTEM, now=now
        )
    with pytest.raises(Refused) as told, writing():
        passing_on.owe([later], actor=SYSTEM, now=now)
    assert "01-03-2027" in str(told.value)
    assert on(SUB_GRANTS) == 0
    with writing():
        passing_on.owe([later], actor=SYSTEM, now=datetime(2027, 3, 1, 9, tzinfo=UTC))
    assert on(SUB_GRANTS) == 1_500_000


def test_instalments_stay_within_the_sub_grant(now: datetime) -> None:
    with writing():
        _grant, sub_grant_id, part_id = passed_on(now, Booking.PRINCIPAL)
    with pytest.raises(Invalid), writing():
        sub_grants.plan_instalment(sub_grant_id, amount_cents=1_500_001, due_on=TODAY, actor=SYSTEM, now=now)
    with writing():
        sub_grants.move_instalment(part_id, PassOnState.CANCELLED, actor=SYSTEM, now=now)
        sub_grants.plan_instalment(sub_grant_id, amount_cents=4_000_000, due_on=TODAY, actor=SYSTEM, now=now)
    with pytest.raises(Invalid), writing():
        sub_grants.move_instalment(part_id, PassOnState.PLANNED, actor=SYSTEM, now=now)


def sub_grant(partner_id: int, cents: int, booking: Booking, now: datetime) -> int:
    facts = SubGrantFacts(
        title="Opvang", amount_cents=cents, booking=booking, starts_on=date(2027, 1, 1), ends_on=date(2027, 12, 31)
    )
    return sub_grants.plan(partner_id, facts, actor=SYSTEM, now=now)


def test_no_more_is_agreed_than_the_grant_has_left(fundraiser: Client, now: datetime) -> None:
    with writing():
        _grant, first, _part = passed_on(now, Booking.PRINCIPAL)  # € 40.000 of € 100.000
        partner_id = db.session.get_one(SubGrant, first).partner_id
        second = sub_grant(partner_id, 6_000_001, Booking.CASHIER, now)
    page = fundraiser.post(f"/grants/sub-grants/{second}/agree", data={"version": 1, "day": "20-11-2026"})
    assert page.status_code == 422
    assert "60.000,00" in page.text
    whole = sub_grant_facts(second, 6_000_000)
    with writing():
        sub_grants.change(second, whole, version=None, actor=SYSTEM, now=now)
        sub_grants.agree(second, agreed_on=TODAY, actor=SYSTEM, now=now)
    with pytest.raises(Invalid), writing():
        sub_grants.change(first, sub_grant_facts(first, 4_000_001), version=None, actor=SYSTEM, now=now)


def sub_grant_facts(sub_grant_id: int, cents: int) -> SubGrantFacts:
    row = db.session.get_one(SubGrant, sub_grant_id, populate_existing=True)
    return SubGrantFacts(
        title=row.title, amount_cents=cents, booking=row.booking, starts_on=row.starts_on, ends_on=row.ends_on
    )


# What can be done with the money of sub-grants: the verb, of which sub-grant or instalment, and cents.
VERBS = ("plan", "plan", "change", "change", "agree", "close", "cancel", "cancel part", "plan again", "owe", "owe",
         "pay", "pay", "unpay", "unowe", "settle")  # fmt: skip
CENTS = st.sampled_from([1, 999_999, 2_000_000, 3_000_001, 9_000_000])
STEPS = st.tuples(st.sampled_from(VERBS), st.integers(0, 3), CENTS)


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(Booking), min_size=2, max_size=3), st.lists(STEPS, min_size=10, max_size=20))
def test_whatever_is_done_sub_grants_add_up(
    now: datetime, bookings: list[Booking], steps: list[tuple[str, int, int]]
) -> None:
    """Each step succeeds or changes nothing; nothing comes to more than what it is part of; the books are whole."""
    grant_id, _ = money_stories.granted(now)
    with writing():
        made = [sub_grant(make.partner(grant_id, now, uuid4().hex), 3_000_000, booking, now) for booking in bookings]
        for each in made[:2]:
            sub_grants.agree(each, agreed_on=TODAY, actor=SYSTEM, now=now)
        parts = [
            sub_grants.plan_instalment(each, amount_cents=1_000_000, due_on=TODAY, actor=SYSTEM, now=now)
            for each in made
        ]
    settled = 10_000_000
    for verb, place, cents in steps:
        whole = made[place % len(made)]
        part = parts[place % len(parts)]
        with contextlib.suppress(Invalid, NotFound, Refused), writing():
            match verb:
                case "plan":
                    new = sub_grants.plan_instalment(whole, amount_cents=cents, due_on=TODAY, actor=SYSTEM, now=now)
                    parts.append(new)
                case "change":
                    facts = sub_grant_facts(whole, cents)
                    sub_grants.change(whole, facts, version=None, actor=SYSTEM, now=now)
                case "agree":
                    sub_grants.agree(whole, agreed_on=TODAY, actor=SYSTEM, now=now)
                case "close" | "cancel":
                    wanted = SubGrantState.CLOSED if verb == "close" else SubGrantState.CANCELLED
                    sub_grants.move(whole, wanted, actor=SYSTEM, now=now)
                case "cancel part" | "plan again":
                    state = PassOnState.CANCELLED if verb == "cancel part" else PassOnState.PLANNED
                    sub_grants.move_instalment(part, state, actor=SYSTEM, now=now)
                case "owe":
                    passing_on.owe([part], actor=SYSTEM, now=now)
                case "pay":
                    passing_on.pay([paid(part, uuid4().hex)], actor=SYSTEM, now=now)
                case "unpay":
                    passing_on.take_back_payment(part, "terug", actor=SYSTEM, now=now)
                case "unowe":
                    passing_on.take_back_owed(part, "terug", actor=SYSTEM, now=now)
                case "settle":  # the funder settles lower or higher
                    awards.move(grant_id, GrantState.REPORTING, note="klaar", actor=SYSTEM, now=now)
                    settlements.settle(
                        grant_id, money_stories.settlement(2 * cents, uuid4().hex), actor=SYSTEM, now=now
                    )
                    settled = 2 * cents
        lines = money_queries.of_grant(grant_id)
        assert all(line.owed_cents + line.paid_cents <= line.planned_cents <= line.amount_cents for line in lines)
        promised = sum(line.amount_cents for line in lines if line.state in sub_grants.AGREED)
        assert promised <= 10_000_000
        assert all(not line.owed_cents + line.paid_cents for line in lines if line.state not in sub_grants.AGREED)
    books_are_right()
    gone = select(func.coalesce(func.sum(SubGrantInstalment.booked_cents), 0))
    assert on(BANK) == -db.session.execute(gone.where(SubGrantInstalment.state == PassOnState.PAID)).scalar_one()
    assert money_stories.books(grant_id)[0] == settled, "what the funder owes us is not the partners' business"


def test_the_check_sees_a_booking_without_its_instalment(now: datetime) -> None:
    with writing():
        _grant, _sub_grant, part_id = passed_on(now, Booking.PRINCIPAL)
        passing_on.owe([part_id], actor=SYSTEM, now=now)
    with writing():
        part = db.session.get_one(SubGrantInstalment, part_id)
        part.booked_cents -= 1
    assert len(list(sub_grants_equal_ledger())) == 1


def test_the_story_on_pages(sign_in: object, now: datetime) -> None:
    with writing():
        grant_id = grants.grant(now)
        awards.confirm([grant_id], actor=SYSTEM, now=now)
        partner_id = make.partner(grant_id, now)
    client: Client = sign_in("admin")  # type: ignore[operator]
    data = {"title": "Opvang", "amount": "40.000,00", "booking": "principal", "starts_on": "01-01-2027",
            "ends_on": "31-12-2027"}  # fmt: skip
    assert client.get(f"/grants/partners/{partner_id}/sub-grants/new").status_code == 200
    bad = client.post(f"/grants/partners/{partner_id}/sub-grants/new", data=data | {"ends_on": "31-12-2026"})
    assert bad.status_code == 422
    assert client.post(f"/grants/partners/{partner_id}/sub-grants/new", data=data).status_code == 303
    (line,) = money_queries.of_grant(grant_id)
    url = f"/grants/sub-grants/{line.id}"
    plan = {"amount": "25.000,00", "due_on": "01-11-2026"}
    assert client.post(f"{url}/instalments/new", data=plan).status_code == 303
    duty = {"title": "Verslag", "due_on": "01-11-2026"}
    assert client.post(f"{url}/duties/new", data=duty).status_code == 303
    assert "te laat" in client.get(url).text
    assert client.post(f"{url}/agree", data={"version": 1, "day": "20-11-2026"}).status_code == 303
    (part,) = money_queries.instalments(line.id)
    steps = f"/grants/sub-grant-instalments/{part.id}"
    assert client.post(f"{steps}/owe", data={"version": 1}).status_code == 303
    form = client.get(f"{steps}/pay").text
    key = form.split('name="form_key"')[1].split('value="')[1].split('"')[0]
    pay = {"version": 2, "paid_on": "23-11-2026", "bank_reference": "overboeking", "form_key": key}
    assert client.post(f"{steps}/pay", data=pay).status_code == 303
    assert "overboeking" in client.get(url).text
    assert client.get(f"{steps}/take-back").status_code == 200
    back = {"version": 3, "note": "terug"}
    assert client.post(f"{steps}/take-back", data=back).status_code == 303
    (owes,) = money_queries.duties(line.id)
    assert client.post(f"/grants/sub-grant-duties/{owes.id}/move/delivered", data={"version": 1}).status_code == 303
    assert money_queries.duty(owes.id).state is DutyState.DELIVERED
    wrong = client.post(f"/grants/sub-grant-duties/{owes.id}/move/nonsense", data={"version": 2})
    assert wrong.status_code == 422
    assert client.get(f"/grants/{grant_id}/partners").status_code == 200
    books_are_right()
