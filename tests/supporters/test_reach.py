"""Everything can be done for donors without e-mail: letters instead of mails, another mailbox after a check."""

from __future__ import annotations

import re
from collections.abc import Callable

from flask import Flask
from sqlalchemy import select

from app.audit.models import AuditEvent
from app.extensions import db, now, writing
from app.outbox.letters import count_waiting
from app.outbox.models import Message
from app.outbox.services import Mail
from app.supporters import reach
from app.supporters.drafts import AddressDraft
from app.supporters.interaction_models import Interaction
from app.supporters.queries import primary_emails
from tests.factories.organisation import make_organisation
from tests.factories.supporters import person
from tests.support.client import Client

SignIn = Callable[[str], Client]
THANKS = {"salutation": "Geachte mevrouw De Wit", "amount_cents": 2500, "day": "23 november 2026", "code": "X",
          "programme": "", "rf": "", "iban": "", "holder": ""}  # fmt: skip


def thank(*people: tuple[int, str]) -> None:
    with writing():
        mails = [
            Mail(template="gifts/thanks", to=to, language="nl", key=f"t:{i}", data=THANKS, person_id=i)
            for i, to in people
        ]
        reach.send(mails, now=now())
        reach.send(mails, now=now())  # told twice, sent once


def test_who_asked_for_letters_or_has_no_address_stands_on_the_print_list(sign_in: SignIn, app: Flask) -> None:
    make_organisation()
    home = AddressDraft(street="Dorpsstraat", house_number=12, postcode="1234 AB", place="Utrecht")
    mails, asked, none = person("An Mail"), person("Bo Post", address=home), person("Cé Zonder")
    client = sign_in("fundraiser")
    client.post(f"/supporters/{asked}/post/on")
    thank((mails, "an@example.org"), (asked, "bo@example.org"), (none, ""))
    assert [m.person_id for m in db.session.execute(select(Message)).scalars()] == [mails]
    page = client.get("/letters/print").text
    ids = re.findall(r'name="letter" value="(\d+)"', page)
    assert len(ids) == 1, "who has no postal address is told apart"
    assert "1234 AB" in page
    assert f"/supporters/{none}" in page
    for chosen in ([], [*ids, "x", "9" * 40], [*ids, "x", "9" * 40]):  # from one page, which was kept open
        answer = client.post("/letters/print", data={"letter": chosen, "sent_once": "of-that-page"})
        assert answer.status_code == 303
    assert count_waiting() == 1
    client.post(f"/supporters/{asked}/post/off")
    assert reach.wanting_post([asked]) == set()


def test_another_mailbox_needs_a_check_that_is_kept(sign_in: SignIn, app: Flask) -> None:
    donor, client = person("An Mail", email="oud@example.org"), sign_in("fundraiser")
    path = f"/supporters/{donor}/mailbox"
    form = {"email": "nieuw@example.org", "how": "called_back", "note": "Wist de laatste gift"}
    assert 'id="how-error"' in client.post(path, data=form | {"how": ""}).text
    assert client.post(path, data=form | {"email": "OUD@example.org"}).status_code == 422
    assert client.post(path, data=form).status_code == 303
    assert primary_emails([donor]) == {donor: "nieuw@example.org"}
    note = db.session.execute(select(Interaction)).scalar_one()
    assert (note.body, note.by_id is not None) == ("Wist de laatste gift", True)
    wanted = AuditEvent.action == "supporter.mailbox_changed"
    assert db.session.execute(select(AuditEvent.actor_id).where(wanted)).scalar_one() == note.by_id
    assert len(db.session.execute(select(Message)).scalars().all()) == 2, "the old address hears it, and the new"
