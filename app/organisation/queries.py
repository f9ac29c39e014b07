"""Read the organisation. `profile()` is asked for on every public page and mail, so it is kept a few seconds."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlsplit

from flask import current_app
from sqlalchemy import select

from app.base.dates import month_name
from app.extensions import db
from app.organisation.models import AccountPurpose, BankAccount, BookedBy, Organisation
from app.ui.languages import language

KEEP_SECONDS = 5.0
_KEY = "organisation.profile"


@dataclass(frozen=True, slots=True)
class Account:
    id: int
    iban: str
    bic: str | None
    holder: str
    purpose: AccountPurpose
    booked_by: BookedBy

    @property
    def iban_spaced(self) -> str:
        """In groups of four, as people read it."""
        return " ".join(self.iban[i : i + 4] for i in range(0, len(self.iban), 4))


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What pages, mails, PDFs and exports say about the organisation. Before set-up all is empty."""

    id: int | None = None
    name: str = ""
    legal_name: str = ""
    rsin: str | None = None
    kvk: str | None = None
    anbi: bool = False
    anbi_since: date | None = None
    anbi_page: str | None = None
    creditor_id: str | None = None
    fiscal_year_start: int = 1
    notice_days: int = 14
    online_mandates: bool = False
    street: str | None = None
    postcode: str | None = None
    town: str | None = None
    country: str = "NL"
    contact_email: str | None = None
    contact_phone: str | None = None
    website_url: str | None = None
    privacy_page: str | None = None
    complaints_page: str | None = None
    policy_url: str | None = None
    social_links: tuple[str, ...] = ()
    mail_sender_name: str = ""
    mail_subject_name: str = ""
    statement_descriptor: str = ""
    accounts: tuple[Account, ...] = ()

    @property
    def privacy_url(self) -> str:
        """The organisation's own page, else the one that comes with the product."""
        return self.privacy_page or ("/en/privacy" if language() == "en" else "/privacy")

    @property
    def complaints_url(self) -> str:
        return self.complaints_page or ("/en/complaints" if language() == "en" else "/klachten")

    @property
    def anbi_url(self) -> str:
        """Where the ANBI publication stands; nowhere for who is no ANBI."""
        if not self.anbi:
            return ""
        return self.anbi_page or ("/en/anbi" if language() == "en" else "/anbi")

    @property
    def fiscal_year_month(self) -> str:
        return month_name(self.fiscal_year_start, language())

    @property
    def social_names(self) -> list[tuple[str, str]]:
        """(host, address) of each social link."""
        return [((urlsplit(link).hostname or link).removeprefix("www."), link) for link in self.social_links]

    @property
    def address_lines(self) -> list[str]:
        """Street, then `1234 AB  UTRECHT`."""
        town = "  ".join(part for part in (self.postcode, (self.town or "").upper()) if part)
        return [line for line in (self.street, town) if line]

    def account_for(self, *purposes: AccountPurpose) -> Account | None:
        """The first account of the first purpose that has one, else the general one, else any."""
        for purpose in (*purposes, AccountPurpose.GENERAL):
            for account in self.accounts:
                if account.purpose is purpose:
                    return account
        return self.accounts[0] if self.accounts else None

    @property
    def gift_account(self) -> Account | None:
        """Where donors transfer to."""
        return self.account_for(AccountPurpose.GIFTS)


def profile() -> Profile:
    """The organisation, at most a few seconds old; changes made by this process show at once."""
    kept: tuple[float, Profile] | None = current_app.extensions.get(_KEY)
    if kept is not None and kept[0] > time.monotonic():
        return kept[1]
    fresh = _read()
    # A process that changes nothing keeps the same object, so caches may key on it.
    if kept is not None and kept[1] == fresh:
        fresh = kept[1]
    current_app.extensions[_KEY] = (time.monotonic() + KEEP_SECONDS, fresh)
    return fresh


def forget() -> None:
    """Read the organisation again at the next request."""
    current_app.extensions.pop(_KEY, None)


def all_accounts() -> list[BankAccount]:
    """Our own bank accounts, closed ones last."""
    ordered = select(BankAccount).order_by(BankAccount.active.desc(), BankAccount.position, BankAccount.id)
    return list(db.session.execute(ordered).scalars())


def _read() -> Profile:
    row = db.session.execute(select(Organisation)).scalar_one_or_none()
    if row is None:
        return Profile()
    accounts = tuple(Account(a.id, a.iban, a.bic, a.holder, a.purpose, a.booked_by) for a in all_accounts() if a.active)
    return Profile(
        id=row.id, name=row.name, legal_name=row.legal_name, rsin=row.rsin, kvk=row.kvk, anbi=row.anbi,
        anbi_since=row.anbi_since, anbi_page=row.anbi_url, creditor_id=row.creditor_id,
        fiscal_year_start=row.fiscal_year_start, notice_days=row.notice_days, online_mandates=row.online_mandates,
        street=row.street, postcode=row.postcode, town=row.town,
        country=row.country, contact_email=row.email, contact_phone=row.phone, website_url=row.website_url,
        privacy_page=row.privacy_url, complaints_page=row.complaints_url, policy_url=row.policy_url,
        social_links=tuple(row.social_links), mail_sender_name=row.mail_sender_name,
        mail_subject_name=row.mail_subject_name, statement_descriptor=row.statement_descriptor, accounts=accounts,
    )  # fmt: skip


def known() -> Profile | None:
    """The profile for headers and footers; None before set-up."""
    found = profile()
    return found if found.id is not None else None
