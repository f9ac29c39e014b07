"""Somebody of whom we hold all there is to hold, and a look at every value of every table for what is theirs."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from sqlalchemy import select

from app.base.actor import SYSTEM
from app.base.dates import local_date
from app.documents import files
from app.documents.services import attach
from app.extensions import db, now, writing
from app.gifts import earmarks, legacies
from app.gifts.periodic import bsns
from app.gifts.periodic.models import Who
from app.gifts.recurring import changing
from app.gifts.recurring.states import EndReason
from app.outbox.letters import queue_letters
from app.outbox.services import Mail, queue_mail
from app.payments.providers.demo import DemoOutcome
from app.portal import mailbox, sessions
from app.portal.sessions import Donor
from app.privacy import merging
from app.supporters import consents, contacts, doubles, interactions, newsletter
from app.supporters.consent_models import Basis, Channel, Purpose
from app.supporters.contact_models import Email, RelationType
from app.supporters.drafts import AddressDraft
from app.supporters.interaction_models import ComplaintState, InteractionKind
from app.supporters.names import Name
from app.tasks import services as tasks
from app.vault.rotation import sealed_columns
from app.vault.services import Unsealable, unseal_bytes, unseal_many_for
from tests.factories import periodic
from tests.factories.gifts import paid_gift
from tests.factories.payments import DETAILS, outcome, post_checkout
from tests.factories.recurring import commitment, own_mandate
from tests.factories.supporters import person

EMAIL, IBAN, BSN = "wietske@zwaluwstaart.example", "NL44RABO0123456789", "111222333"
# Everything that is typed of this person holds one of these words.
WORDS = ("wietske", "zwaluwstaart", "kwartelpad", "roodborstdorp", "687654321", IBAN.lower(), BSN, "roerdomp")


@dataclass(frozen=True)
class Somebody:
    """Their record, a merged double of it, and what stays: a paid gift, a recurring gift, an agreement."""

    id: int
    double: int
    other: int
    gift: int
    commitment: int
    mandate: int
    agreement: int
    files: tuple[str, ...]


def make() -> Somebody:
    """With every kind of thing; the recurring gift and the agreement are over, so that nothing stands in the way."""
    gift = paid_gift(
        first_name="Wietske", infix="", last_name="Zwaluwstaart", email=EMAIL, message="Roerdomp: voor jullie werk",
        tribute="memory", tribute_name="Roerdomp", newsletter=True,
    )  # fmt: skip
    typed = DETAILS | {"last_name": "Zwaluwstaart", "email": EMAIL.upper()}
    failed, _ = post_checkout(details=typed)
    outcome(failed, DemoOutcome.FAILED)
    post_checkout(details=typed)  # and one that nobody went on with
    who = db.session.scalars(select(Email.supporter_id).where(Email.address == EMAIL)).one()
    double = person(Name(first_name="Wietske", last_name="Zwaluwstaart"), email=EMAIL, phone="+31687654321")
    other = person("Bob Bos", email="bob@example.org")
    with writing():
        _details(who, other)
    with writing():
        doubles.queue_duplicates(doubles.find_candidates([who]), now=now())
        merging.merge(who, double, "Roerdomp", actor=SYSTEM, now=now())
    mandate = own_mandate(who, iban=IBAN, holder="W. Zwaluwstaart", note="Scan Roerdomp")
    monthly = commitment(supporter_id=who, mandate_id=mandate)
    paper = periodic.agreement(
        who, first_names="Wietske", last_name="Zwaluwstaart", street="Kwartelpad 7", town="Roodborstdorp",
        birth_place="Roodborstdorp", phone="+31687654321",
    )  # fmt: skip
    kept = [files.keep(f"Roerdomp {n}".encode(), "Brief Zwaluwstaart.txt") for n in range(2)]
    with writing():
        changing.end(monthly, EndReason.OTHER, note="Roerdomp", actor=SYSTEM, now=now())
        bsns.put(paper, Who.DONOR, BSN, actor=SYSTEM, now=now())
        for file, subject in zip(kept, (("supporter", who), ("periodic_agreement", paper)), strict=True):
            attach(file, subject, "letter", actor=SYSTEM, now=now())
        today = local_date(now())
        earmarks.change(
            [gift], programme_id=None, campaign_id=None, reason="Roerdomp", on=today, actor=SYSTEM, now=now()
        )
        legacies.write(
            None, supporter_id=who, expected=None, expected_on=None, programme_id=None, notary="Roerdomp", actor=SYSTEM,
            now=now(),
        )  # fmt: skip
    return Somebody(who, double, other, gift, monthly, mandate, paper, tuple(file.sha256 for file in kept))


def _details(who: int, other: int) -> None:
    at = now()
    contacts.add_phone(who, "+31687654321", actor=SYSTEM, now=at)
    place = AddressDraft(street="Kwartelpad", house_number=7, postcode="1234 AB", place="Roodborstdorp")
    contacts.add_address(who, place, actor=SYSTEM, now=at)
    contacts.add_iban(who, IBAN, "W. Zwaluwstaart", source="bank", actor=SYSTEM, now=at)
    contacts.relate(who, other, RelationType.OTHER, function="Roerdomp", actor=SYSTEM, now=at)
    complaint = interactions.add(
        who, InteractionKind.COMPLAINT, subject="Roerdomp", body="Roerdomp", actor=SYSTEM, now=at
    )
    interactions.move_complaint(complaint, ComplaintState.HANDLING, note="Roerdomp", actor=SYSTEM, now=at)
    consents.record_consent(
        who, Channel.EMAIL, Purpose.NEWS, Basis.CONSENT, source="Roerdomp", proof="Roerdomp", actor=SYSTEM, now=at
    )
    consents.object_to(who, Channel.PHONE, source="Roerdomp", proof="Roerdomp", actor=SYSTEM, now=at)
    tasks.add("Bel Zwaluwstaart", local_date(at), owner_id=None, subject=("supporter", who), actor=SYSTEM, now=at)
    newsletter.request(EMAIL, "Wietske", "nl", "page", at)
    queue_mail("supporters/newsletter_confirm", EMAIL, {"name": "Wietske"}, language="nl", now=at, key="loose")
    letter = Mail(template="gifts/recurring/notice", to="", language="nl", key="x", data={"name": "Zwaluwstaart"},
                  person_id=who)  # fmt: skip
    queue_letters([letter], now=at)
    db.session.flush()
    box = db.session.scalars(select(Email).where(Email.supporter_id == who)).one()
    sessions.start(who, box.id, browser="Roerdomp", now=at)
    mailbox.ask(Donor(who, 1, box.id, EMAIL, "nl"), "anders@zwaluwstaart.example", now=at)


def found(*, leave: frozenset[tuple[str, str]] = frozenset()) -> set[tuple[str, str]]:
    """The table and column of every value that holds something of them, sealed values opened."""
    db.session.rollback()
    sealed = {(each.table, each.column): each.context for each in sealed_columns()}
    places = set()
    for table in db.metadata.sorted_tables:
        for row in db.session.execute(select(table)).mappings():
            for name, value in row.items():
                if (table.name, name) in leave or value is None:
                    continue
                told = value
                if isinstance(value, bytes) and (table.name, name) in sealed:
                    told = _opened(value, sealed[table.name, name].format(**row))
                elif (table.name, name) == ("audit_event", "changes_sealed"):
                    told = unseal_many_for([(row["person_id"], value, f"audit:{row['id']}")])[0] or ""
                text = told.decode("utf-8", "ignore") if isinstance(told, bytes) else str(told)
                if any(word in text.lower() for word in WORDS):
                    places.add((table.name, name))
    db.session.rollback()
    return places


def _opened(blob: bytes, context: str) -> bytes:
    try:
        return unseal_bytes(blob, context)
    except Unsealable:
        return b""


def as_dict(one: Somebody) -> dict[str, object]:
    return dataclasses.asdict(one)
