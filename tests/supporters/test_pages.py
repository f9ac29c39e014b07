from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import event, select

from app.base.actor import SYSTEM
from app.extensions import db, now, writing
from app.supporters import consents, contacts, doubles, interactions, queries
from app.supporters.consent_models import Basis, Channel, Consent, Objection, Purpose
from app.supporters.contact_models import Address, Email, Iban, Phone, Relation, RelationType
from app.supporters.drafts import AddressDraft
from app.supporters.interaction_models import ComplaintState, Interaction, InteractionKind
from app.supporters.models import Role, Supporter, SupporterDuplicate
from tests.factories.supporters import organisation, person
from tests.support.client import Client

IBAN = "NL91ABNA0417164300"


def full() -> int:
    """Somebody with everything there is."""
    one = person(
        "Jan van den Bijl", email="jan@voorbeeld.example", phone="+31612345678", iban=IBAN, iban_holder="J BIJL",
        address=AddressDraft(street="Dorpsstraat", house_number=12, postcode="1971 AB", place="IJmuiden"),
    )  # fmt: skip
    company = organisation("Bedrijf BV", Role.COMPANY)
    twin = person("Jan van den Bijl", email="jan@voorbeeld.example")
    with writing():
        who = {"actor": SYSTEM, "now": now()}
        interactions.add(one, InteractionKind.NOTE, subject="Liever brieven", body="Wil niet gebeld worden.", **who)
        interactions.add(one, InteractionKind.COMPLAINT, subject="Te veel post", body="Vier brieven in mei.", **who)
        consents.record_consent(one, Channel.EMAIL, Purpose.NEWS, Basis.CONSENT, source="kaart", proof="map 3", **who)
        consents.object_to(one, Channel.PHONE, source="gesprek", **who)
        contacts.relate(one, company, RelationType.CONTACT, function="directeur", **who)
        doubles.queue_duplicates(doubles.find_candidates([twin]), now=now())
    return one


def test_every_page_shows_what_it_should(app: Flask, client: Client) -> None:
    one = full()
    client.sign_in("fundraiser")
    shown = client.get(f"/supporters/{one}").text
    for text in (
        "Jan van den Bijl", queries.get(one).code, "jan@voorbeeld.example", "06 12345678", "•••• 4300",
        "Dorpsstraat 12", "1971 AB", "Liever brieven", "Wil niet gebeld", "Te veel post", "Bedrijf BV",
        "directeur",
    ):  # fmt: skip
        assert text in shown, text
    assert IBAN not in shown
    pair = db.session.execute(select(SupporterDuplicate.id)).scalar_one()
    complaint = db.session.execute(select(Interaction.id).where(Interaction.complaint_state.isnot(None))).scalar_one()
    for path in (
        "/supporters", "/supporters?q=bijl&kind=person&consent=email&place=ijmuiden&complaint=open&sort=-new",
        "/supporters?role=company", "/search?q=bijl", "/search", "/search/suggest?q=bij", "/complaints",
        f"/complaints/{complaint}", f"/complaints/{complaint}/plan", "/supporters/duplicates",
        f"/supporters/duplicates/{pair}", "/supporters/new-person", "/supporters/new-organisation",
        f"/supporters/{one}/edit", f"/supporters/{one}/standing",
        *(f"/supporters/{one}/{part}" for part in ("emails", "phones", "addresses", "ibans", "relations", "consents")),
        *(f"/supporters/{one}/{part}" for part in ("consents/withdraw", "objections", "notes")),
    ):  # fmt: skip
        answer = client.get(path)
        assert answer.status_code == 200, path
    assert "Bijl, Jan van den" in client.get("/supporters?q=bijl&place=ijmuiden&consent=email&complaint=open").text
    assert "Bijl, Jan" not in client.get("/supporters?place=utrecht").text


def test_finance_sees_the_person_but_not_what_was_said(app: Flask, client: Client) -> None:
    one = full()
    client.sign_in("finance")
    shown = client.get(f"/supporters/{one}").text
    assert "jan@voorbeeld.example" in shown
    for secret in ("Liever brieven", "Wil niet gebeld", "Te veel post", "Vier brieven"):
        assert secret not in shown
    assert "Jan van den Bijl" not in client.get("/search?q=gebeld").text
    assert client.get("/complaints").status_code == 403
    assert client.get(f"/supporters/{one}/edit").status_code == 403


def test_a_viewer_sees_nobody(app: Flask, client: Client) -> None:
    one = full()
    client.sign_in("viewer")
    assert client.get(f"/supporters/{one}").status_code == 403
    assert client.get("/supporters/export.csv").status_code == 403
    assert "Bijl" not in client.get("/search?q=bijl").text


def test_forms_do_what_they_say(app: Flask, client: Client) -> None:
    client.sign_in("fundraiser")
    data = {"first_name": "Els", "infix": "V.D.", "last_name": "Berg", "name_order": "own", "greeting": "madam"}
    made = client.post("/supporters/new-person", data=data | {"language": "nl", "email": "els@voorbeeld.example"})
    assert made.status_code == 303
    one = int(made.location.rpartition("/")[2])
    assert queries.get(one).display_name == "Els van de Berg"
    at = f"/supporters/{one}"
    posts = [
        (f"{at}/emails", {"email": "els2@voorbeeld.example"}, Email, 2),
        (f"{at}/phones", {"phone": "020 622 2222"}, Phone, 1),
        (f"{at}/addresses", {"type": "home", "street": "Kade", "house_number": "3a", "postcode": "1011ab",
                             "place": "Amsterdam", "country": "NL", "replaces": "y"}, Address, 1),
        (f"{at}/ibans", {"iban": "NL91 ABNA 0417 1643 00", "holder": "E BERG"}, Iban, 1),
        (f"{at}/consents", {"channel": "email", "purpose": "news", "basis": "consent", "given_on": "20-11-2026",
                            "source": "beurs", "proof": "kaart 12"}, Consent, 1),
        (f"{at}/objections", {"channel": "post", "source": "brief"}, Objection, 1),
        (f"{at}/notes", {"kind": "complaint", "subject": "Toon", "body": "Te streng", "happened_on": "20-11-2026"},
         Interaction, 1),
        (f"{at}/relations", {"other": queries.get(person()).code, "type": "household"}, Relation, 1),
    ]  # fmt: skip
    for path, form, model, count in posts:
        assert client.post(path, data=form).status_code == 303, path
        assert len(db.session.execute(select(model)).scalars().all()) == count, path
    assert (
        client.post(
            f"{at}/consents/withdraw", data={"channel": "email", "purpose": "news", "source": "mail"}
        ).status_code
        == 303
    )
    complaint = db.session.execute(select(Interaction)).scalar_one()
    done = client.post(f"/complaints/{complaint.id}", data={"state": "resolved", "note": "Excuses gemaakt"})
    assert done.status_code == 303
    db.session.expire_all()
    assert complaint.complaint_state is ComplaintState.RESOLVED
    objection = db.session.execute(select(Objection)).scalar_one()
    assert client.post(f"{at}/objections/{objection.id}/lift", data={"proof": "mail van 1 juni"}).status_code == 303
    standing = {"roles": ["volunteer"], "owner": "", "is_deceased": "y", "deceased_on": "01-11-2026"}
    assert client.post(f"{at}/standing", data=standing).status_code == 303
    assert queries.roles_of([one]) == {one: {Role.VOLUNTEER}}
    for kind, model in (("email", Email), ("phone", Phone), ("iban", Iban), ("address", Address)):
        row = db.session.execute(select(model.id).where(model.supporter_id == one)).scalars().first()
        assert client.post(f"{at}/{kind}/{row}/remove").status_code == 303


@pytest.mark.parametrize(
    ("path", "form", "said"),
    [
        ("emails", {"email": "geen adres"}, "email"),
        ("phones", {"phone": "12"}, "phone"),
        ("ibans", {"iban": "NL92ABNA0417164300"}, "iban"),
        (
            "addresses",
            {"type": "home", "street": "K", "postcode": "0000 XX", "place": "A", "country": "NL"},
            "postcode",
        ),
        (
            "consents",
            {"channel": "email", "purpose": "service", "basis": "consent", "given_on": "20-11-2026", "source": "x"},
            "purpose",
        ),
        (
            "consents",
            {"channel": "email", "purpose": "news", "basis": "consent", "given_on": "20-11-2026", "source": "x"},
            "proof",
        ),
        ("notes", {"kind": "note", "subject": "x" * 201, "happened_on": "20-11-2026"}, "subject"),
        ("notes", {"kind": "note", "subject": "a\x07b", "happened_on": "20-11-2026"}, "subject"),
        ("notes", {"kind": "note", "subject": "a", "happened_on": "20-11-2027"}, "happened_on"),
        ("relations", {"other": "nonsense", "type": "household"}, "other"),
    ],
)
def test_wrong_input_is_answered_beside_the_field(
    app: Flask, client: Client, path: str, form: dict[str, str], said: str
) -> None:
    one = person()
    client.sign_in("fundraiser")
    answer = client.post(f"/supporters/{one}/{path}", data=form)
    assert answer.status_code == 422
    assert f'id="{said}-error"' in answer.text


def test_rows_of_others_and_unknown_ids_look_the_same(app: Flask, client: Client) -> None:
    one, other = full(), person("Piet Anders", email="piet@voorbeeld.example")
    client.sign_in("fundraiser")
    email = db.session.execute(select(Email.id).where(Email.supporter_id == one)).scalar_one()
    note = db.session.execute(select(Interaction.id).where(Interaction.kind == InteractionKind.NOTE)).scalar_one()
    relation = db.session.execute(select(Relation.id)).scalar_one()
    objection = db.session.execute(select(Objection.id)).scalar_one()
    for path in (
        f"/supporters/{other}/email/{email}/remove", f"/supporters/{one}/email/5/remove",
        f"/supporters/{other}/notes/{note}/remove", f"/supporters/{other}/relations/{relation}/end",
        "/supporters/5/email/5/remove", "/supporters/duplicates/5/different",
    ):  # fmt: skip
        assert client.post(path).status_code == 404, path
    for path in (
        "/supporters/5", "/supporters/5/edit", f"/supporters/{other}/objections/{objection}/lift", "/complaints/5",
        f"/complaints/{note}", f"/supporters/{other}/notes/{note}/edit", f"/supporters/{2**63}",
        "/supporters/duplicates/5",    ):  # fmt: skip
        assert client.get(path).status_code == 404, path
    assert db.session.get(Email, email) is not None


def test_columns_that_a_form_does_not_offer_are_never_stored(app: Flask, client: Client) -> None:
    one = person("Jan Bijl")
    before = {c.key: getattr(queries.get(one), c.key) for c in Supporter.__table__.columns}
    client.sign_in("fundraiser")
    forged = {c.key: "1" for c in Supporter.__table__.columns} | {
        "first_name": "Jan", "last_name": "Bijl", "name_order": "own", "greeting": "neutral", "language": "nl",
        "initials": "", "infix": "", "partner_infix": "", "partner_name": "", "title": "",
    }  # fmt: skip
    assert client.post(f"/supporters/{one}/edit", data=forged).status_code == 303
    db.session.expire_all()
    after = {c.key: getattr(queries.get(one), c.key) for c in Supporter.__table__.columns}
    assert {k for k in after if after[k] != before[k]} <= {"changed_at"}


def test_the_export_is_personal_neutral_and_told(app: Flask, client: Client) -> None:
    person("=cmd Bijl", email="jan@voorbeeld.example")
    client.sign_in("fundraiser")
    answer = client.get("/supporters/export.csv?q=bijl")
    assert answer.status_code == 200
    text = answer.data.decode("utf-8-sig")
    assert "jan@voorbeeld.example" in text
    assert "'=cmd" in text
    assert ";" in text.splitlines()[0]
    answer.close()


@pytest.mark.parametrize("path", ["/supporters", "/supporters?q=jan", "/supporters/{one}", "/search/suggest?q=jan"])
def test_pages_take_as_many_statements_for_many_as_for_few(app: Flask, client: Client, path: str) -> None:
    one = full()
    client.sign_in("fundraiser")
    seen: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda *a: seen.append(a[2]))
    counts = []
    for _ in range(2):
        client.get(path.format(one=one))
        seen.clear()
        client.get(path.format(one=one))
        counts.append(len(seen))
        for n in range(15):
            person(f"Jan Jansen{n}", email=f"j{n}@voorbeeld.example")
    assert counts[0] == counts[1]


def test_lists_page_to_the_end_and_back(app: Flask, client: Client) -> None:
    for n in range(60):
        person(f"Jan Naam{n:02d}")
    client.sign_in("fundraiser")
    first = client.get("/supporters?q=jan&size=25").text
    assert "Naam00" in first
    assert "Naam25" not in first
    assert "60" in first
