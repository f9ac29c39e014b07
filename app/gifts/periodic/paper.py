"""The form to be signed, as data for templates/pdf/gifts/periodic.typ, in the donor's language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import force_locale
from flask_babel import gettext as _

from app.base.dates import AMSTERDAM, format_date, local_date
from app.base.money import format_money
from app.base.number_words import amount_in_words
from app.documents import pdf
from app.gifts.periodic.models import LEAST_YEARS, Agreement, EndsWith, Term, Who
from app.organisation.letterhead import letterhead
from app.organisation.queries import profile
from app.supporters.countries import countries

TEMPLATE = "gifts/periodic.typ"


def render(agreement: Agreement, bsns: Mapping[Who, str] | None = None) -> bytes:
    """The form in two copies as PDF. Without `bsns` there are lines to write them on. Slow: no transaction open."""
    with force_locale(agreement.language):
        data = content(agreement, bsns or {})
    return pdf.render(TEMPLATE, data)


def content(a: Agreement, bsns: Mapping[Who, str]) -> dict[str, Any]:
    """Everything the form says; an empty answer becomes a line to write on."""
    organisation = profile()
    name, lang = organisation.legal_name or organisation.name, a.language
    donor = f"{a.first_names} {a.last_name}".strip()
    places = dict(countries(lang))
    years = a.years if a.term is Term.LONGER else None
    data: dict[str, Any] = {
        "lang": lang,
        "title": f"{_('Agreement for a periodic gift')} {a.number}",
        "subject": _("Agreement for a periodic gift in money"),
        "date": (a.signed_on or a.created_at.date()).isoformat(),
        "number": a.number,
        "organisation": letterhead(),
        "copies": [_("Copy for the donor"), _("Copy for the charity")],
        "intro": _(
            "With this form donor and charity agree on a periodic gift in money. Both sign, and both keep a copy for their own records and the tax office."  # noqa: E501
        ),
        "gift": [
            [_("Name of the donor"), donor],
            [_("Name of the charity"), name],
            [_("Amount each year"), format_money(a.yearly_cents, lang)],
            [_("In words"), amount_in_words(a.yearly_cents, lang)],
        ],
        "promise": _(
            "The donor gives the charity this fixed, equal amount each year. The obligation ends at the latest on the death of:"  # noqa: E501
        ),
        "ends": [
            [a.ends_with is EndsWith.DONOR, _("the donor")],
            [
                a.ends_with is EndsWith.OTHER,
                _("somebody else: %(name)s", name=a.life_name) if a.life_name else _("somebody else"),
            ],
        ],
        "terms": [
            [a.term is Term.FIVE, _("%(years)s years", years=LEAST_YEARS)],
            [
                a.term is Term.LONGER,
                _("another number of years, more than five: %(years)s", years=years)
                if years
                else _("another number of years, more than five"),
            ],
            [a.term is Term.INDEFINITE, _("until further notice, and at least five years")],
        ],
        "first": [[_("Year of the first payment"), str(a.first_year)]],
        "donor": [
            [_("Last name"), a.last_name],
            [_("First names in full"), a.first_names],
            [_("BSN"), bsns.get(Who.DONOR, "")],
            [_("Date and place of birth"), _joined(_day(a.birth_date), a.birth_place)],
            [_("Street and number"), a.street or ""],
            [_("Postal code and town"), _joined(a.postcode, (a.town or "").upper(), "  ")],
            [_("Country"), places.get(a.country, a.country)],
            [_("Phone"), a.phone or ""],
        ],
        "charity": [
            [_("Name"), name],
            [_("Transaction number"), a.number],
            [_("RSIN"), organisation.rsin or ""],
        ],
        "donor_signs": _place(a.signed_place, a.signed_on),
        "partner": [],
        "charity_signs": [
            [_("Name"), a.charity_signatory or ""],
            [_("Function"), a.charity_function or ""],
            *_place(a.charity_signed_place, a.charity_signed_on),
        ],
        "words": {
            "number": _("Transaction number"),
            "signature": _("Signature"),
            "gift": _("The gift"),
            "term": _("Term of the gift"),
            "donor": _("The donor"),
            "charity": _("The charity"),
            "donor_signs": _("The donor signs"),
            "partner": _("The donor's partner"),
            "charity_signs": _("The charity signs"),
        },
    }
    if a.has_partner:
        data["partner"] = [
            [_("Last name"), a.partner_last_name or ""],
            [_("First names in full"), a.partner_first_names or ""],
            [_("BSN"), bsns.get(Who.PARTNER, "")],
            [_("Date and place of birth"), _joined(_day(a.partner_birth_date), a.partner_birth_place)],
            [_("Country"), places.get(a.partner_country or a.country, "")],
        ]
    return data


def to_sign(a: Agreement) -> dict[str, Any]:
    """What the one text says that both sign online, for `pdf.render`. It holds no BSN: the donor adds theirs to
    their own copy, so that no mail or download of ours carries one."""
    with force_locale(a.language):
        data = content(a, {Who.DONOR: _("the donor adds it to their own copy")})
        waits = [_("Signed online")]
        return data | {
            "copies": [_("Signed online")], "donor_signs": [], "charity_signs": [],
            "stamps": {"donor": waits, "charity": waits},
            "intro": _("With this form donor and charity agree on a periodic gift in money. Both sign online, and both keep the signed copy for their own records and the tax office."),  # noqa: E501
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Signed:
    """One signature given online. `how` says in words what makes it theirs."""

    name: str
    function: str
    place: str
    at: datetime
    how: str


def with_both(
    text: dict[str, Any], language: str, digest: str, donor: Signed, consent: str, charity: Signed
) -> dict[str, Any]:
    """The same words with both signatures, and the SHA-256 of the PDF that was signed."""
    with force_locale(language):

        def lines(one: Signed) -> list[list[str]]:
            job = [[_("Function"), one.function]] if one.function else []
            return [[_("Name"), one.name], *job, *_place(one.place, local_date(one.at))]

        def stamp(one: Signed) -> list[str]:
            return [_("Signed online"), one.name, _moment(one.at)]

        return text | {
            "title": f"{text['title']} ({_('signed')})", "copies": [_("Signed by both")],
            "donor_signs": lines(donor), "charity_signs": lines(charity),
            "stamps": {"donor": stamp(donor), "charity": stamp(charity)},
            "evidence": [
                [_("Hash of the text (SHA-256)"), digest],
                [_("The donor"), f"{donor.name}, {_moment(donor.at)}. {donor.how}"],
                [_("Agreed to"), consent],
                [_("The charity"), f"{charity.name}, {charity.function}, {_moment(charity.at)}. {charity.how}"],
            ],
            "words": text["words"] | {"evidence": _("How it was signed")},
        }  # fmt: skip


def _moment(at: datetime) -> str:
    return f"{format_date(local_date(at))} {at.astimezone(AMSTERDAM):%H:%M:%S}"


def _place(place: str | None, day: Any) -> list[list[str]]:
    return [[_("Place"), place or ""], [_("Date"), _day(day)]]


def _day(day: Any) -> str:
    return format_date(day) if day else ""


def _joined(one: str | None, other: str | None, joint: str = ", ") -> str:
    return joint.join(part for part in (one, other) if part)
