"""A merge moves all that a record has, and its undoing puts back everything as it was."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from app.base.actor import SYSTEM
from app.base.errors import NotFound, Refused
from app.base.holdings import OnMerge, all_holdings
from app.extensions import db, now, writing
from app.extensions.database import writing_connection
from app.gifts.models import Gift
from app.gifts.totals import total_of
from app.ledger import checks
from app.privacy import merging
from app.privacy.models import Merge
from app.supporters import contacts, interactions, search
from app.supporters.contact_models import Email, RelationType
from app.supporters.doubles import find_candidates, queue_duplicates
from app.supporters.interaction_models import InteractionKind
from app.supporters.models import DuplicateState, Role, Supporter, SupporterDuplicate
from app.supporters.services import set_deceased, set_roles
from tests.factories.gifts import paid_gift
from tests.factories.organisation import make_organisation
from tests.factories.supporters import organisation, person
from tests.house.test_migrations import EXAMPLES
from tests.support import schema
from tests.support.client import Client

SignIn = Callable[[str], Client]
# What tells of the merge itself, and what is made anew: compared apart, without the ids it got.
TOLD = {"audit_event", "audit_fresh", "audit_seal", "job", "supporter_merge", "supporter_merge_row"}
ANEW = {"supporter_token": {"id"}, "supporter": {"changed_at"}, "gift_total": set(), "gift_fresh": {"id"}}


def everything(*, leave: set[str] = frozenset()) -> dict[str, list[str]]:  # type: ignore[assignment]
    db.session.rollback()
    found = {}
    for table in db.metadata.sorted_tables:
        if table.name not in TOLD | leave:
            columns = [c for c in table.c if c.name not in ANEW.get(table.name, set())]
            found[table.name] = sorted(str(tuple(row)) for row in db.session.execute(select(*columns)))
    db.session.rollback()
    return found


def merge(kept: int, gone: int) -> int:
    with writing():
        return merging.merge(kept, gone, "Zelfde adres", actor=SYSTEM, now=now())


def undo(merge_id: int) -> None:
    with writing():
        merging.undo(merge_id, actor=SYSTEM, now=now())


def test_every_holding_of_every_room_moves_and_comes_back(app: Flask) -> None:
    """A row in every table of the product belongs to the record that goes."""
    gone = 4242
    subject = {"subject_type": "supporter", "subject_id": gone}
    # Triggers look away, so these rows need not make sense to the ledger.
    examples: dict[str, dict[str, Any]] = EXAMPLES | {
        "supporter": {"id": gone, "anonymised_at": None, "merged_into_id": None, "kind": "person"},
        "document": subject, "task": EXAMPLES["task"] | subject,
    }  # fmt: skip
    with writing_connection(db.engine) as connection, connection.begin():
        schema.fill(connection, db.metadata, examples)
    kept = person("Anna de Wit")
    made_anew = {"supporter_token", "gift_total", "gift_fresh"}
    before = everything(leave=made_anew)
    merge_id = merge(kept, gone)
    for holding in all_holdings():
        if holding.on_merge is OnMerge.MOVE and holding.table not in ("relation", "supporter"):
            table, mine = merging._rows(holding, gone)
            assert not db.session.execute(select(table).where(mine)).all(), f"{holding.table} stays behind"
    assert everything(leave=made_anew) != before
    undo(merge_id)
    assert everything(leave=made_anew) == before


ACTS = ("email", "shared email", "phone", "role", "note", "relation", "tie", "gift", "duplicate", "dead")


def act(what: str, one: int, other: int, number: int) -> None:
    """Something happens to one of the two."""
    if what == "gift":
        return
    with writing():
        told: dict[str, Any] = {"actor": SYSTEM, "now": now()}
        if what == "email":
            contacts.add_email(one, f"n{number}@example.org", primary=number % 2 == 0, **told)
        elif what == "shared email":
            contacts.add_email(one, "samen@example.org", **told)
        elif what == "phone":
            contacts.add_phone(one, f"+3161234567{number % 10}", **told)
        elif what == "role":
            set_roles(one, {list(Role)[number % len(Role)]}, **told)
        elif what == "note":
            interactions.add(one, InteractionKind.CALL, subject=f"Belde over {number}", **told)
        elif what == "tie":
            contacts.relate(one, other, RelationType.HOUSEHOLD, **told)
        elif what == "dead":
            set_deceased(one, True, None, **told)
    if what == "relation":
        third = person(f"Derde {number}")
        with writing():
            contacts.relate(one, third, RelationType.PARTNER, actor=SYSTEM, now=now())
    if what == "duplicate":
        third = person(f"Dubbel {number}", email="samen@example.org")
        with writing():
            queue_duplicates(find_candidates([third]), now=now())


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(ACTS), st.booleans()), max_size=9))
def test_whatever_the_two_have_undoing_puts_it_back(app: Flask, acts: list[tuple[str, bool]]) -> None:
    kept, gone = person("Anna de Wit", email="samen@example.org"), person("A. de Wit", phone="+31612345670")
    for number, (what, first) in enumerate(acts):
        act(what, *((kept, gone) if first else (gone, kept)), number)
    before = everything()
    merge_id = merge(kept, gone)
    first = db.session.execute(select(Email.id).where(Email.supporter_id == kept, Email.is_primary)).scalars().all()
    assert len(first) <= 1, "one first address"
    undo(merge_id)
    assert everything() == before


def test_gifts_totals_and_the_books_follow(app: Flask) -> None:
    make_organisation()
    paid_gift(2500)
    paid_gift(1000, first_name="A.", email="anna@voorbeeld.example")
    kept, gone = sorted(db.session.execute(select(Gift.supporter_id)).scalars().all())
    merge_id = merge(kept, gone)
    assert (total_of(kept).cents, total_of(kept).gifts, total_of(gone).cents) == (3500, 2, 0)
    assert [hit.id for hit in search.suggest("voorbeeld.example", notes=False)] in ([kept], [])
    paid_gift(700)  # comes after: stays where it came in
    undo(merge_id)
    assert (total_of(kept).cents, total_of(gone).cents) == (3200, 1000)
    db.session.rollback()
    assert [o.problems for o in checks.run() if o.problems] == []


def test_of_the_dead_nobody_thinks_they_live(app: Flask) -> None:
    kept, gone = person("Anna de Wit"), person("A. de Wit")
    with writing():
        set_deceased(gone, True, None, actor=SYSTEM, now=now())
    merge_id = merge(kept, gone)
    assert db.session.get_one(Supporter, kept).is_deceased
    undo(merge_id)
    assert not db.session.get_one(Supporter, kept).is_deceased


def test_what_cannot_be_one_is_refused_and_changes_nothing(app: Flask) -> None:
    one, other, firm = person("Anna de Wit"), person("A. de Wit"), organisation("Wit BV")
    before = everything()
    for pair, error in (((one, firm), Refused), ((one, one), NotFound), ((one, 1), NotFound)):
        with pytest.raises(error):
            merge(*pair)
    assert everything() == before
    first = merge(one, other)
    with pytest.raises(Refused):
        merge(other, one)
    third = person("Anna Wit")
    second = merge(third, one)
    with pytest.raises(Refused):
        undo(first)  # the second must be undone before
    undo(second)
    undo(first)
    with pytest.raises(Refused):
        undo(first)


def test_staff_see_what_moves_then_merge_and_undo(sign_in: SignIn, app: Flask) -> None:
    one, other = person("Anna de Wit", email="a@example.org"), person("A. de Wit", email="A@example.org")
    with writing():
        queue_duplicates(find_candidates([one, other]), now=now())
    pair = db.session.execute(select(SupporterDuplicate.id)).scalar_one()
    client, path = sign_in("fundraiser"), f"/supporters/duplicates/{pair}/merge"
    assert path in client.get(f"/supporters/duplicates/{pair}").text
    assert "A. de Wit" in client.get(f"{path}?keep={other}").text
    assert client.get(f"{path}?keep=1").status_code == 404
    assert 'id="reason-error"' in client.post(path, data={"keep": str(one), "reason": ""}).text
    form = {"keep": str(one), "reason": "Gebeld"}
    for keep in ("x", "9" * 6000, "\u00b2", ""):
        assert client.post(path, data=form | {"keep": keep}).status_code == 404
        assert client.post(path, data={"keep": keep}).status_code == 404
    assert [client.post(path, data=form).status_code for _ in range(2)] == [303, 409]
    assert db.session.get_one(Supporter, other).merged_into_id == one
    assert db.session.execute(select(func.count()).select_from(Merge)).scalar() == 1
    merge_id = db.session.execute(select(Merge.id)).scalar_one()
    assert f"/supporters/merges/{merge_id}/undo" in client.get(f"/supporters/{one}").text
    assert client.post(f"/supporters/merges/{merge_id}/undo").status_code == 303
    db.session.rollback()
    assert db.session.get_one(Supporter, other).merged_into_id is None
    assert db.session.execute(select(SupporterDuplicate.state)).scalar() is DuplicateState.OPEN
