"""The payment request: right figures and account, kept with the grant, and the day it was sent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

import pytest
from flask import Flask

from app.base.actor import SYSTEM
from app.base.errors import Refused
from app.documents import files
from app.documents import services as documents
from app.documents.models import Document
from app.extensions import db, writing
from app.grants.awards.plans import InstalmentPlan
from app.grants.instalments import letter, planning
from app.grants.instalments.letter import Words
from app.grants.instalments.models import Instalment, InstalmentState
from app.organisation.models import AccountPurpose, BookedBy
from app.organisation.services import save_account
from app.ui.permissions import Role
from tests.factories.organisation import make_organisation
from tests.grants.money_stories import FULL, HALF, granted, receive, state
from tests.support.client import Client

TYPED = {
    "version": "1", "dated_on": "23-11-2026", "letter_language": "nl", "attention": "mevrouw De Vries",
    "text": "", "signatory": "F. el Amrani\nHoofd financiën",
}  # fmt: skip


GRANTS_IBAN = "NL20INGB0001234567"


@pytest.fixture(autouse=True)
def accounts(app: Flask, now: datetime) -> None:
    """One account for gifts, and one of its own for grants."""
    make_organisation()
    with writing():
        save_account(
            None, iban=GRANTS_IBAN, bic="INGBNL2A", holder="Stichting Voorbeeld Nederland",
            purpose=AccountPurpose.GRANTS, booked_by=BookedBy.HERE, actor=SYSTEM, now=now,
        )  # fmt: skip


def words(language: str = "nl") -> Words:
    return Words(language=language, dated_on=date(2026, 11, 23), signatory="F. el Amrani")


@pytest.mark.parametrize(("language", "now_asked"), [("nl", "€ 30.000,00"), ("en", "€30,000.00")])
def test_the_letter_asks_what_is_open_on_the_account_for_grants(now: datetime, language: str, now_asked: str) -> None:
    _, (first, _second) = granted(now, funder_reference="ADF/2026/17")
    receive(first, HALF - 3_000_000, now, "a")
    made = letter.compose(first, words(language))
    assert made.asked_cents == 3_000_000
    account, table = dict(made.data["account"]), made.data["table"]
    plain = [text.replace("\u00a0", " ") for text in (table["total"][1], *account.values())]
    assert plain[:2] == [now_asked, now_asked]
    assert account["IBAN"].replace(" ", "") == GRANTS_IBAN
    assert account["IBAN"] in " ".join(made.data["organisation"]["footer"])  # no other account on the paper
    assert any("ADF/2026/17" in value for value in account.values())
    figures = [int("".join(c for c in cents if c.isdigit())) for _label, cents in table["rows"]]
    granted_cents, received, later = figures
    assert (granted_cents, received) == (FULL, HALF - 3_000_000)
    assert granted_cents == received + made.asked_cents + later
    content = letter.as_pdf(made)
    assert content.startswith(b"%PDF")
    assert content == letter.as_pdf(made)  # the same words give the same letter


def test_finance_makes_the_letter_and_its_sent_date_moves_the_instalment(
    now: datetime, sign_in: Callable[[Role | str], Client]
) -> None:
    grant_id, (first, _) = granted(now)
    finance, page = sign_in("finance"), f"/grants/instalments/{first}"
    typed = TYPED | {"version": str(db.session.get_one(Instalment, first).version)}
    assert letter.account().iban_spaced in finance.get(f"{page}/letter").text.replace("\u00a0", " ")
    wrong = finance.post(f"{page}/letter", data=typed | {"dated_on": "soon", "text": "Dank voor uw steun."})
    assert wrong.status_code == 422
    assert "Dank voor uw steun." in wrong.text
    assert finance.post(f"{page}/letter", data=typed).status_code == 303
    assert state(first) is InstalmentState.DUE  # made is not sent
    (kept,) = documents.documents_of("grant_award", grant_id)
    assert (kept.kind, kept.media_type) == ("letter", "application/pdf")
    assert kept.filename in finance.get(page).text
    assert finance.post(f"{page}/letter", data=typed | {"text": "Dank voor uw steun."}).status_code == 303
    (newer,) = documents.documents_of("grant_award", grant_id)
    assert (newer.number, newer.first_id) == (2, kept.id)
    sent = {"version": typed["version"], "day": "22-11-2026"}
    assert finance.post(f"{page}/request", data=sent).status_code == 303
    row = db.session.get_one(Instalment, first, populate_existing=True)
    assert (row.state, row.requested_on) == (InstalmentState.REQUESTED, date(2026, 11, 22))
    assert finance.get(f"{page}/letter").status_code == 409  # what was sent stays as it was sent


def test_a_letter_with_a_stale_figure_is_never_kept(now: datetime) -> None:
    _, (first, second) = granted(now)
    made = letter.compose(first, words())
    file = files.keep(letter.as_pdf(made), made.filename)
    receive(first, 100, now, "a")
    version = db.session.get_one(Instalment, first).version
    with pytest.raises(Refused, match="Money came in"), writing():
        letter.keep(first, file, made.asked_cents, version=version, actor=SYSTEM, now=now)
    with pytest.raises(Refused):  # nothing to ask for yet
        letter.compose(second, words())
    assert db.session.query(Document).count() == 0


def test_a_letter_goes_when_what_it_says_changes(now: datetime) -> None:
    _, (first, _second) = granted(now)
    made = letter.compose(first, words())
    file = files.keep(letter.as_pdf(made), made.filename)
    with writing():
        letter.keep(first, file, made.asked_cents, version=None, actor=SYSTEM, now=now)
        plan = InstalmentPlan(expected_on=date(2026, 11, 5), basis_points=5000, contribution_year=2026)
        planning.change(first, plan, obligation_id=None, version=None, actor=SYSTEM, now=now)
    assert db.session.get_one(Instalment, first, populate_existing=True).letter_id is None
