"""Agreements for periodic gifts: the form, its states, what counts, and the BSN (DOMAIN.md 4.2 and 4.3)."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date
from itertools import product
from typing import Any

import pytest
from flask import Flask
from pypdf import PdfReader
from sqlalchemy import select, text

from app.audit.models import AuditEvent
from app.base.actor import SYSTEM
from app.base.errors import Invalid, Refused
from app.extensions import db, now, writing
from app.gifts import services as gifts
from app.gifts.periodic import allocation, bsns, jobs, queries, rules, services
from app.gifts.periodic.models import MOVES, Agreement, AgreementState, Bsn, EndsWith, Term, Who
from app.gifts.periodic.services import Signature
from app.gifts.services import NewGift
from app.ledger.rj import RjLine
from app.tasks.models import Task
from tests.factories.periodic import agreement, running
from tests.factories.supporters import person
from tests.support.client import Client

SignIn = Callable[[str], Client]
BSN = "111222333"  # the usual example number: it passes the 11-test and belongs to nobody
S = AgreementState


def gave(supporter_id: int, cents: int, on: date, method: str = "bank_transfer") -> int:
    new = NewGift(
        supporter_id=supporter_id, amount_cents=cents, gift_date=on, method=method, source="staff",
        rj_line=RjLine.INDIVIDUALS, via="cash" if method == "cash" else "bank",
    )  # fmt: skip
    with writing():
        return gifts.make([new], actor=SYSTEM, now=now())[0]


def row(agreement_id: int) -> Agreement:
    db.session.rollback()
    return queries.get(agreement_id)


def years(agreement_id: int) -> dict[int, tuple[int, int]]:
    return {y.year: (y.due_cents, y.paid_cents) for y in allocation.years_of(row(agreement_id), date(2026, 11, 28))}


def actions() -> list[str]:
    return list(db.session.execute(select(AuditEvent.action).order_by(AuditEvent.id)).scalars())


ALLOWED = {
    (S.DRAFT, S.SENT), (S.DRAFT, S.WITHDRAWN), (S.SENT, S.DRAFT), (S.SENT, S.SIGNED), (S.SENT, S.WITHDRAWN),
    (S.SIGNED, S.ACTIVE), (S.SIGNED, S.WITHDRAWN), (S.ACTIVE, S.ENDED), (S.ACTIVE, S.BROKEN),
}  # fmt: skip


@pytest.mark.parametrize(("before", "after"), list(product(S, S)))
def test_states_follow_each_other_as_agreed(before: S, after: S) -> None:
    assert MOVES.allows(before, after) == ((before, after) in ALLOWED)


def test_payments_count_up_to_the_agreed_amount_and_the_rest_is_ordinary(app: Flask) -> None:
    anna = person()
    gave(anna, 9_900, date(2025, 2, 1))  # before the signature
    one = running(anna, date(2025, 3, 1))
    gave(anna, 20_000, date(2025, 4, 1))
    gave(anna, 15_000, date(2025, 12, 31))
    gave(anna, 30_000, date(2026, 1, 1), "cash")
    gave(anna, 10_000, date(2026, 1, 2))
    assert years(one) == {2025: (25_000, 25_000), 2026: (25_000, 10_000)}
    shares = allocation.allocate([row(one)], db.session.execute(select(gifts.Gift)).scalars())
    assert [s.cents for s in shares] == [20_000, 5_000, 10_000]


def test_what_went_back_does_not_count_and_two_agreements_share(app: Flask) -> None:
    anna = person()
    first, second = running(anna, date(2026, 1, 1)), running(anna, date(2026, 2, 1), yearly_cents=10_000)
    gift = gave(anna, 40_000, date(2026, 3, 1))
    assert (years(first), years(second)) == ({2026: (25_000, 25_000)}, {2026: (10_000, 10_000)})
    with writing():
        back = gifts.Return(gift_id=gift, cents=15_000, on=date(2026, 4, 1), via="bank", part="x")
        gifts.give_back([back], actor=SYSTEM, now=now())
    assert (years(first), years(second)) == ({2026: (25_000, 25_000)}, {2026: (10_000, 0)})


def test_who_fell_behind_is_listed(app: Flask, sign_in: SignIn) -> None:
    anna, els = person("Anna Bakker"), person("Els de Wit")
    for each, cents in ((anna, 20_000), (els, 25_000)):
        running(each, date(2025, 1, 5))
        gave(each, cents, date(2025, 6, 1))
    assert allocation.behind(2025) == [(anna, 25_000, 20_000)]
    page = sign_in("fundraiser").get("/gifts/periodic").text
    assert "Minder dan afgesproken in 2026" in page
    assert queries.watched_year(date(2026, 10, 31)) == 2025


def test_the_cap_has_its_years() -> None:
    assert [rules.cap(y) for y in (2022, 2023, 2024, 2025, 2026)] == [None, 25_000_000, 25_000_000, 150_000_000, 150_000_000]  # noqa: E501  # fmt: skip
    old = date(2022, 10, 3)
    assert (rules.cap(2026, old), rules.cap(2027, old), rules.cap(2023, date(2022, 10, 4))) == (None, 150_000_000, 25_000_000)  # noqa: E501  # fmt: skip


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"term": Term.LONGER, "years": 4}, "years"),
        ({"term": Term.LONGER}, "years"),
        ({"years": 6}, "years"),
        ({"yearly_cents": 0}, "yearly"),
        ({"first_year": 26}, "first_year"),
        ({"ends_with": EndsWith.OTHER}, "life_name"),
        ({"birth_date": date(2027, 1, 1)}, "birth_date"),
        ({"partner_first_names": "Jan"}, "partner_last_name"),
        ({"commitment_id": 7}, "commitment_id"),
    ],
)
def test_what_the_form_does_not_allow(app: Flask, facts: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        agreement(person(), **facts)
    assert refused.value.field == field


def test_a_signed_agreement_is_not_changed_and_days_make_sense(app: Flask) -> None:
    one = agreement(person())
    with writing():
        services.send(one, actor=SYSTEM, now=now())
    for on in (date(2026, 11, 29), date(2027, 1, 1)):
        with pytest.raises(Invalid), writing():
            services.sign(one, Signature(on=on, place="Utrecht"), actor=SYSTEM, now=now())
    two = running(person(), date(2026, 1, 1))
    with pytest.raises(Refused), writing():
        services.change(two, services.Facts(yearly_cents=1, term=Term.FIVE, first_year=2026, first_names="A", last_name="B"), actor=SYSTEM, now=now())  # noqa: E501  # fmt: skip
    with pytest.raises(Invalid), writing():
        services.end(two, on=date(2025, 1, 1), kept=True, reason="x", actor=SYSTEM, now=now())


@pytest.mark.parametrize("wrong", ["123456789", "000000000", "12345678", "1234523330", "12345678a", "١٢٣٤٥٦٧٨٢", ""])
def test_a_wrong_bsn_is_refused(wrong: str) -> None:
    with pytest.raises(Invalid):
        rules.checked_bsn(wrong)


def test_the_bsn_is_sealed_masked_told_and_deletable(app: Flask) -> None:
    one = agreement(person())
    with writing():
        bsns.put(one, Who.DONOR, "1112.22.333", actor=SYSTEM, now=now())
    stored = db.session.execute(select(Bsn.number_sealed)).scalar_one()
    assert BSN.encode() not in stored
    assert bsns.shown(one) == {Who.DONOR: "*****2333"}
    with writing():
        assert bsns.reveal(one, actor=SYSTEM, now=now()) == {Who.DONOR: BSN}
        bsns.forget(one, Who.DONOR, actor=SYSTEM, now=now())
    assert bsns.known(one) == set()
    assert [a for a in actions() if "bsn" in a] == ["agreement.bsn_stored", "agreement.bsn_seen", "agreement.bsn_deleted"]  # noqa: E501  # fmt: skip
    told = db.session.execute(text("SELECT changes FROM audit_event WHERE action LIKE 'agreement.bsn%'")).scalars()
    assert not any(BSN in (line or "") for line in told)


def text_of(content: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)


def test_from_the_donors_page_to_a_running_agreement(app: Flask, sign_in: SignIn) -> None:
    anna = person("Anna van den Berg")
    writer = sign_in("fundraiser")
    form = {
        "yearly": "1234,50", "ends_with": "donor", "term": "five", "first_year": "2026", "first_names": "Anna Maria",
        "last_name": "van den Berg", "country": "NL", "language": "nl", "birth_date": "1-2-1970",
        "birth_place": "'s-Gravenhage", "partner_first_names": "Jan", "partner_last_name": "de Wit",
        "partner_country": "", "commitment_id": "",
    }  # fmt: skip
    wrong = writer.post(f"/gifts/periodic/new/{anna}", data=form | {"years": "3"})
    assert wrong.status_code == 422
    assert "1234,50" in wrong.text
    made = writer.post(f"/gifts/periodic/new/{anna}", data=form)
    where = made.headers["Location"]
    paper = writer.get(f"{where}/form.pdf")
    assert b"<pdfuaid:part>1</pdfuaid:part>" in paper.data
    said = text_of(paper.data)
    for words in (
        "1.234,50", "duizend tweehonderdvierendertig euro en vijftig cent", "Exemplaar voor de schenker",
        "Exemplaar voor de instelling", "'s-Gravenhage", "01-02-1970", "Jan", "RSIN",
    ):  # fmt: skip
        assert words in said, words
    assert len(PdfReader(io.BytesIO(paper.data)).pages) == 2
    assert writer.post(f"{where}/sent").status_code == 303
    assert writer.post(f"{where}/signed", data={"on": "1-11-2026", "place": "Utrecht"}).status_code == 303
    ours = {"on": "2-11-2026", "place": "Den Haag", "name": "J. Jansen", "function": "penningmeester"}
    assert writer.post(f"{where}/active", data=ours).status_code == 303
    assert "Loopt" in writer.get(where).text
    assert writer.get(f"{where}/bsn").status_code == 403
    ended = {"on": "20-11-2026", "kept": "no", "reason": "Opgezegd"}
    assert writer.post(f"{where}/end", data=ended).status_code == 303
    assert "Opgezegd" in writer.get(where).text


def test_the_bsn_on_the_pages_is_for_finance(app: Flask, sign_in: SignIn) -> None:
    one = agreement(person())
    where, finance = f"/gifts/periodic/{one}", sign_in("finance")
    refused = finance.post(f"{where}/bsn", data={"who": "donor", "number": "123456789"})
    assert refused.status_code == 422
    assert "123456789" not in refused.text
    assert finance.post(f"{where}/bsn", data={"who": "donor", "number": BSN}).status_code == 303
    assert BSN not in finance.get(where).text
    assert "*****2333" in finance.get(where).text
    shown = finance.post(f"{where}/bsn/show")
    assert BSN in shown.text
    assert "no-store" in shown.headers["Cache-Control"]
    assert BSN in text_of(finance.post(f"{where}/form-with-bsn.pdf").data)
    assert BSN not in text_of(finance.get(f"{where}/form.pdf").data)
    assert actions().count("agreement.bsn_seen") == 2
    # The mask with its digits: the digits alone may stand in an id of the page by chance.
    assert "*****2333" not in sign_in("fundraiser").get(where).text
    finance = sign_in("finance")
    assert finance.post(f"{where}/bsn/delete/donor").status_code == 303
    assert bsns.known(one) == set()


def test_it_ends_by_itself_and_asks_to_be_renewed_once(app: Flask) -> None:
    over, ending = running(person("Jan Over"), date(2021, 1, 1)), running(person("Els Ending"), date(2022, 1, 1))
    forever = running(person("Ria Forever"), date(2019, 1, 1), term=Term.INDEFINITE)
    for _ in range(2):
        jobs.look_after({})
    assert (row(over).state, row(over).ended_on) == (S.ENDED, date(2025, 12, 31))
    assert (row(ending).state, row(forever).state) == (S.ACTIVE, S.ACTIVE)
    tasks = list(db.session.execute(select(Task)).scalars())
    assert [(t.subject_id, "Els Ending" in t.title) for t in tasks] == [(ending, True)]
