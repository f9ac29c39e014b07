"""What is known of a supporter before there is one. Creating takes lists of these."""

from __future__ import annotations

from dataclasses import dataclass

from app.supporters.contact_models import AddressType
from app.supporters.models import Kind, Language, Role
from app.supporters.names import Name


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressDraft:
    """`house_number` whole, `addition` apart; postcode `1234 AB` (contact.check_postcode)."""

    street: str = ""
    house_number: int | None = None
    addition: str = ""
    postcode: str = ""
    place: str = ""
    country: str = "NL"
    type: AddressType = AddressType.HOME


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draft:
    language: Language = Language.NL
    source: str = "staff"
    email: str = ""
    phone: str = ""
    address: AddressDraft | None = None
    iban: str = ""
    iban_holder: str = ""
    roles: tuple[Role, ...] = ()
    owner_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonDraft(_Draft):
    """A person. E-mail, phone and IBAN are already checked. Without any name the e-mail address is shown."""

    name: Name

    @property
    def kind(self) -> Kind:
        return Kind.PERSON


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganisationDraft(_Draft):
    name: str
    kvk: str | None = None
    website: str | None = None

    @property
    def kind(self) -> Kind:
        return Kind.ORGANISATION


Draft = PersonDraft | OrganisationDraft
