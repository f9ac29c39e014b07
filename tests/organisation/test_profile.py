from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import event

from app.audit.queries import trail
from app.base.actor import SYSTEM
from app.base.errors import Invalid
from app.extensions import db, now, writing
from app.organisation import queries, services
from app.organisation.models import AccountPurpose, BookedBy
from tests.factories.organisation import DETAILS, IBAN, make_organisation


def test_before_set_up_the_profile_is_empty(app: Flask) -> None:
    assert queries.profile().id is None
    assert queries.profile().gift_account is None


def test_the_profile_shows_a_change_at_once_and_the_trail_tells_it(app: Flask) -> None:
    organisation_id = make_organisation()
    assert queries.profile().address_lines == ["Lange Voorhout 1", "2514 EA  DEN HAAG"]
    with writing():
        services.save(replace(DETAILS, name="Nieuw"), actor=SYSTEM, now=now())
    assert queries.profile().name == "Nieuw"
    assert trail("organisation", organisation_id)[0].changes == {"name": ["Voorbeeld", "Nieuw"]}


def test_a_kept_profile_asks_the_database_nothing_and_stays_the_same_object(app: Flask) -> None:
    make_organisation()
    first = queries.profile()
    statements: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    assert queries.profile() is first
    assert statements == []
    queries.forget()
    assert queries.profile() == first
    assert len(statements) <= 3


def test_saving_what_is_there_already_changes_nothing(app: Flask) -> None:
    organisation_id = make_organisation()
    before = len(trail("organisation", organisation_id))
    with writing():
        services.save(DETAILS, actor=SYSTEM, now=now())
    assert len(trail("organisation", organisation_id)) == before


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("legal_name", " "), ("rsin", "123456789"), ("kvk", "123"), ("creditor_id", "NL00ZZZ502057730000"),
        ("email", "nee"), ("privacy_url", "javascript:x"), ("social_links", ("ftp://x.example",)),
        ("social_links", tuple(f"https://x.example/{i}" for i in range(9))), ("fiscal_year_start", 13),
        ("statement_descriptor", "té lang en vreemd geschreven"), ("rsin", None),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_stored(app: Flask, field: str, value: object) -> None:
    make_organisation()
    with pytest.raises(Invalid) as error, writing():
        services.save(replace(DETAILS, name="Anders", **{field: value}), actor=SYSTEM, now=now())
    assert error.value.field == field
    assert queries.profile().name == "Voorbeeld"


def test_an_iban_stands_in_the_list_once(app: Flask) -> None:
    make_organisation()
    with pytest.raises(Invalid) as error, writing():
        services.save_account(
            None, iban=IBAN, bic=None, holder="x", purpose=AccountPurpose.GENERAL, booked_by=BookedBy.ACCOUNTING,
            actor=SYSTEM, now=now(),
        )  # fmt: skip
    assert error.value.field == "iban"


def test_donors_transfer_to_the_gifts_account_also_where_another_comes_first(app: Flask) -> None:
    organisation_id = make_organisation()
    account = queries.profile().gift_account
    assert account is not None
    assert account.iban_spaced == "NL91 ABNA 0417 1643 00"
    with writing():
        services.save_account(
            account.id, iban=IBAN, bic=None, holder="x", purpose=AccountPurpose.GENERAL, booked_by=BookedBy.HERE,
            active=False, actor=SYSTEM, now=now(),
        )  # fmt: skip
    assert organisation_id
    assert queries.profile().gift_account is None
    assert [a.active for a in queries.all_accounts()] == [False]
