"""All that we hold of one person, to be read instead of taken along: with words for names, days and amounts.

Keys, hashes and the like mean nothing to who reads; the file of `access.take_out` has them too.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from flask_babel import gettext as _

from app.audit.services import record
from app.base.actor import Actor
from app.base.states import N_, Labelled
from app.extensions import db, writing
from app.privacy import access
from app.supporters.countries import countries
from app.supporters.models import Language
from app.ui import filters
from app.ui.languages import language

# What a column says to who is not of our trade. What is not here is technical.
WORDS = {
    "display_name": N_("Name"), "first_name": N_("First name"), "initials": N_("Initials"), "infix": N_("Infix"),
    "last_name": N_("Last name"), "first_names": N_("First names in full"), "organisation_name": N_("Organisation"),
    "partner_name": N_("Partner's last name"), "partner_first_names": N_("Partner's first names"),
    "partner_last_name": N_("Partner's last name"), "greeting": N_("Form of address"), "language": N_("Language"),
    "kind": N_("Kind"), "type": N_("Kind"), "state": N_("State"), "role": N_("Role"),
    "address": N_("E-mail address"), "street": N_("Street"), "house_number": N_("Number"), "addition": N_("Addition"),
    "postcode": N_("Postcode"), "place": N_("Town"), "town": N_("Town"), "country": N_("Country"),
    "partner_country": N_("Partner's country"),
    "number": N_("Number"), "phone": N_("Phone"),
    "iban_sealed": N_("Account (IBAN)"), "number_sealed": N_("Account (IBAN)"), "holder_sealed": N_("In the name of"),
    "iban": N_("Account (IBAN)"), "holder": N_("In the name of"), "iban_last_four": N_("Account ends in"),
    "birth_date": N_("Date of birth"), "birth_place": N_("Place of birth"),
    "partner_birth_date": N_("Partner's date of birth"), "partner_birth_place": N_("Partner's place of birth"),
    "channel": N_("Channel"), "purpose": N_("For"), "basis": N_("Basis"), "proof": N_("Proof"),
    "given_at": N_("Given on"), "withdrawn_at": N_("Withdrawn on"),
    "amount_cents": N_("Amount"), "refunded_cents": N_("Paid back"), "yearly_cents": N_("Amount each year"),
    "gift_date": N_("Day of the gift"), "paid_at": N_("Paid on"), "method": N_("Way to pay"),
    "description": N_("Description"), "message": N_("Message"), "tribute": N_("In memory or in honour"),
    "tribute_name": N_("Of whom"), "reference": N_("Reference"), "signed_on": N_("Signed on"),
    "consent_text": N_("Agreed to"), "consent": N_("Agreed to"), "frequency": N_("How often"),
    "day": N_("Day of the month"), "started_on": N_("Began on"), "ended_on": N_("Ended on"),
    "next_on": N_("Next due on"), "first_year": N_("First year"), "term": N_("Term"),
    "filename": N_("File"), "title": N_("Title"), "browser": N_("Browser"), "last_seen_at": N_("Last seen on"),
    "created_at": N_("Noted on"), "is_deceased": N_("Deceased"),
}  # fmt: skip


Says = dict[str, Callable[[str], str]]  # by column: what a code in it says to who reads


def read(
    supporter_id: int, says: Says, *, actor: Actor, now: datetime
) -> list[tuple[str, list[list[tuple[str, str]]]]]:
    """(what it is, rows of (label, value)) in the language of the reader, noted in the trail. Without what may tell of
    other people. `says` has the words for codes that higher rooms know. Opens a transaction of its own."""
    found = access.held_of(supporter_id, looked_through=False, told=lambda name, value: value)
    says = {"country": _country, "partner_country": _country, "language": _language} | says
    groups = [(_(held.label), [shown for row in held.rows if (shown := _row(row, says))]) for held in found]
    db.session.rollback()
    with writing():
        record("supporter.access", ("supporter", supporter_id), actor=actor, now=now, changes={"kinds": len(found)})
    return [(label, rows) for label, rows in groups if rows]


def _row(row: dict[str, Any], says: Says) -> list[tuple[str, str]]:
    """The fields that say something, in the order of WORDS."""
    told = ((name, label, row.get(name)) for name, label in WORDS.items())
    return [(_(label), _said(name, value, says)) for name, label, value in told if value not in (None, "")]


def _country(code: str) -> str:
    return dict(countries(language())).get(code, code)


def _language(code: str) -> str:
    return str(_(Language(code).label))


def _said(name: str, value: Any, says: Says) -> str:
    if isinstance(value, Labelled):
        return str(_(value.label))
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, datetime):
        return str(filters.instant(value))
    if isinstance(value, date):
        return str(filters.long_date(value))
    if name.endswith("_cents"):
        return str(filters.money(value))
    return says[name](value) if name in says else str(value)
