from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import event, func, select

from app.audit.queries import trail
from app.base.actor import SYSTEM
from app.base.errors import Invalid, NotFound, Refused
from app.extensions import db, now, writing
from app.supporters import queries, sealed, services
from app.supporters.contact_models import Iban
from app.supporters.drafts import AddressDraft, PersonDraft
from app.supporters.models import Language, Role, Supporter, SupporterToken
from app.supporters.names import Name
from app.vault.models import PersonKey
from tests.factories.supporters import organisation, person

IBAN = "NL91ABNA0417164300"


def test_a_person_is_made_with_all_that_is_known(app: Flask) -> None:
    made = person(
        "Jan van den Berg", email="Jan@Example.nl", phone="+31612345678", iban=IBAN, iban_holder="J VD BERG",
        address=AddressDraft(street="Dorpsstraat", house_number=12, postcode="1234 AB", place="IJmuiden"),
    )  # fmt: skip
    supporter = queries.get(made)
    assert (supporter.display_name, supporter.sort_name, supporter.sort_key) == (
        "Jan van den Berg", "Berg, Jan van den", "berg jan van den",
    )  # fmt: skip
    assert queries.primary_emails([made]) == {made: "Jan@Example.nl"}
    assert [s.id for s in queries.by_email("jan@example.NL")] == [made]
    assert [s.id for s in queries.by_iban(IBAN)] == [made]
    assert queries.current_addresses([made])[made].place_line == "1234 AB  IJMUIDEN"
    assert db.session.get(PersonKey, made) is not None
    assert [line.action for line in trail("supporter", made)] == ["supporter.created"]


def test_an_iban_is_sealed_and_shows_its_last_four(app: Flask) -> None:
    made = person(iban=IBAN, iban_holder="J DOE")
    row = db.session.execute(select(Iban).where(Iban.supporter_id == made)).scalar_one()
    assert IBAN.encode() not in row.number_sealed
    assert b"DOE" not in (row.holder_sealed or b"")
    assert (sealed.number_of(row), sealed.holder_of(row), row.masked) == (IBAN, "J DOE", "NL•• •••• 4300")


def test_many_are_made_with_as_many_statements_as_one(app: Flask) -> None:
    counted: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda *a: counted.append(a[2]))
    per_size = []
    for size in (1, 40):
        drafts = [
            PersonDraft(name=Name(first_name=f"A{n}", last_name="Bakker"), email=f"a{size}.{n}@example.nl", iban=IBAN)
            for n in range(size)
        ]
        counted.clear()
        with writing():
            ids = services.create_people(drafts, actor=SYSTEM, now=now())
        per_size.append(len(counted))
        assert [queries.get(i).first_name for i in ids] == [f"A{n}" for n in range(size)]
    assert per_size[0] == per_size[1]


def test_who_has_no_name_is_shown_by_email_and_nobody_is_nameless(app: Flask) -> None:
    made = person(Name(), email="a@example.nl")
    assert queries.get(made).display_name == "a@example.nl"
    with pytest.raises(Invalid):
        person(Name())


def test_renaming_changes_what_people_are_found_by_and_is_told(app: Flask) -> None:
    made = person("Jan de Vries")
    with writing():
        services.rename_person(
            made, Name(first_name="Jan", last_name="Bijl"), language=Language.EN, actor=SYSTEM, now=now()
        )
    tokens = set(db.session.execute(select(SupporterToken.token).where(SupporterToken.supporter_id == made)).scalars())
    assert tokens == {"jan", "bijl", "byl"}
    told = trail("supporter", made)[0]
    assert told.changes is not None
    assert told.changes["last_name"] == ["Vries", "Bijl"]
    assert told.changes["display_name"] == ["Jan de Vries", "Jan Bijl"]


def test_roles_change_by_difference(app: Flask) -> None:
    made = organisation("Fonds", Role.FUNDER)
    with writing():
        services.set_roles(made, {Role.PARTNER, Role.LEAD}, actor=SYSTEM, now=now())
    assert queries.roles_of([made]) == {made: {Role.PARTNER, Role.LEAD}}
    assert [s.id for s in queries.with_role(Role.PARTNER)] == [made]
    assert queries.with_role(Role.FUNDER) == []


def test_unknown_and_closed_records_are_refused(app: Flask) -> None:
    with pytest.raises(NotFound), writing():
        services.set_owner(1, None, actor=SYSTEM, now=now())
    made, other = person(), person()
    with writing():
        db.session.get_one(Supporter, made).merged_into_id = other
    with pytest.raises(Refused), writing():
        services.set_owner(made, None, actor=SYSTEM, now=now())


def test_only_people_die(app: Flask) -> None:
    made, company = person(), organisation()
    with writing():
        services.set_deceased(made, True, None, actor=SYSTEM, now=now())
    assert queries.get(made).is_deceased
    with pytest.raises(Refused), writing():
        services.set_deceased(company, True, None, actor=SYSTEM, now=now())


def test_an_ordinary_failure_leaves_nothing_half_made(app: Flask) -> None:
    drafts = [PersonDraft(name=Name(last_name="A")), PersonDraft(name=Name())]
    with pytest.raises(Invalid), writing():
        services.create_people(drafts, actor=SYSTEM, now=now())
    assert db.session.execute(select(func.count()).select_from(Supporter)).scalar() == 0
