"""What a donor changes of their own details, inside `with writing():`.

Each form carries a mark of what it showed. Who saves while somebody else changed the same (a colleague, another
window) is shown that first, so that nobody's words are written over unseen.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.base.dates import local_date
from app.base.errors import Refused
from app.base.ids import new_id
from app.base.states import N_
from app.outbox.services import queue_mail
from app.portal.entering import DONOR
from app.portal.sessions import Donor
from app.supporters import choices, consents, contacts, queries, services
from app.supporters.consent_models import Channel, Purpose
from app.supporters.consents import Answer
from app.supporters.contact_models import Address, AddressType, Phone
from app.supporters.drafts import AddressDraft
from app.supporters.models import Kind, Language, Supporter
from app.supporters.names import Name

SOURCE = "Mijn giften"
TEXT_VERSION = "mijn-giften-2026-11"


@dataclass(frozen=True, slots=True)
class Details:
    """Who somebody is and how they are reached, as stored now."""

    who: Supporter
    address: Address | None
    phone: Phone | None
    answers: dict[tuple[Channel, Purpose], Answer]

    @property
    def allowed(self) -> dict[Channel, list[Purpose]]:
        """What each channel may be used for."""
        return choices.allowed_by(self.answers)

    def mark(self, what: str) -> str:
        """Of what the form `what` shows: equal as long as that is stored."""
        who, place = self.who, self.address
        shown: dict[str, Any] = {
            "name": [who.name, who.organisation_name, who.language],
            "address": [place and (place.id, place.ended_on)],
            "phone": [self.phone and self.phone.number],
            "contact": [(*key, bool(answer), answer.reason) for key, answer in self.answers.items()],
        }
        return hashlib.sha256(json.dumps(shown[what], default=repr).encode()).hexdigest()[:24]


class Changed(Refused):
    """Somebody else changed the same since this form was shown."""

    def __init__(self) -> None:
        super().__init__(N_("This was changed in the meantime. Below is how it stands now and what you filled in."))


def of(supporter_id: int, *, now: datetime) -> Details:
    """The details of a donor."""
    return Details(
        queries.get(supporter_id), queries.current_addresses([supporter_id]).get(supporter_id),
        queries.primary_phone(supporter_id), consents.overview(supporter_id, local_date(now)),
    )  # fmt: skip


def _checked(donor: Donor, what: str, mark: str, now: datetime) -> Details:
    stored = of(donor.id, now=now)
    if stored.mark(what) != mark:
        raise Changed()
    return stored


def rename(donor: Donor, mark: str, name: Name, called: str, spoken: Language, *, now: datetime) -> bool:
    """Another name; `called` is that of an organisation. False where nothing differs. Raises Changed, Invalid."""
    who = _checked(donor, "name", mark, now).who
    if who.kind is Kind.ORGANISATION:
        if (called, spoken) == (who.organisation_name, who.language):
            return False
        services.rename_organisation(
            donor.id, called, kvk=who.kvk, website=who.website, language=spoken, actor=DONOR, now=now
        )
    else:
        if (name, spoken) == (who.name, who.language):
            return False
        services.rename_person(donor.id, name, language=spoken, actor=DONOR, now=now)
    _tell(donor, "name", now)
    return True


def move(donor: Donor, mark: str, draft: AddressDraft, *, now: datetime) -> bool:
    """Another address; the one before stays in the history. False where it is the same. Raises Changed."""
    had = _checked(donor, "address", mark, now).address
    same = ("street", "house_number", "addition", "postcode", "place", "country")
    if had is not None and all(getattr(had, name) == getattr(draft, name) for name in same):
        return False
    contacts.add_address(donor.id, draft, actor=DONOR, now=now)
    _tell(donor, "address", now)
    return True


def address_type(address: Address | None) -> AddressType:
    """Of what kind the address is that a donor changes."""
    return address.type if address is not None else AddressType.HOME


def call_at(donor: Donor, mark: str, number: str, *, now: datetime) -> bool:
    """Another phone number, or none. False where it is the same. Raises Changed."""
    had = _checked(donor, "phone", mark, now).phone
    if number == (had.number if had else ""):
        return False
    if number:
        contacts.add_phone(donor.id, number, actor=DONOR, now=now)
    if had is not None:
        contacts.remove_phone(had.id, donor.id, actor=DONOR, now=now)
    _tell(donor, "phone", now)
    return True


def choose(
    donor: Donor, mark: str, wanted: dict[Channel, set[Purpose]], shown: dict[Channel, str], *, now: datetime
) -> bool:
    """What each channel may be used for; `shown` are the words that were ticked. Raises Changed."""
    _checked(donor, "contact", mark, now)
    done = [
        choices.choose(donor.id, channel, may, choices.Evidence(SOURCE, TEXT_VERSION, shown[channel]), actor=DONOR,
                       now=now)
        for channel, may in wanted.items()
    ]  # fmt: skip
    return any(done)


def _tell(donor: Donor, what: str, now: datetime) -> None:
    """A mail that it was changed, so that nobody else does it unseen; not to what, as mails are read by others."""
    data = {"salutation": queries.get(donor.id).salutation(), "what": what}
    key = f"portal/details_changed:{new_id()}"
    queue_mail(
        "portal/details_changed", donor.email, data, language=donor.language, now=now, key=key, person_id=donor.id
    )
