"""What the paper of the organisation says, as data for PDF templates (`organisation` in templates/pdf/)."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _

from app.organisation.models import AccountPurpose
from app.organisation.queries import profile


def letterhead(*purposes: AccountPurpose) -> dict[str, Any]:
    """Name, address and the small print at the foot, with the bank account for these purposes (none: the
    general one); empty parts are left out."""
    found = profile()
    account = found.account_for(*purposes)
    address = [line for line in (*found.address_lines, found.contact_phone, found.contact_email) if line]
    footer = [found.legal_name or found.name]
    if found.kvk:
        footer.append(_("Chamber of Commerce %(number)s", number=found.kvk))
    if found.rsin:
        footer.append(f"RSIN {found.rsin}")
    if account:
        footer.append(f"IBAN {account.iban_spaced}")
    if found.website_url:
        footer.append(found.website_url.removeprefix("https://").rstrip("/"))
    return {"name": found.name or found.legal_name or "Draagvlak", "address": address, "footer": footer}
