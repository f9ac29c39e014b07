"""Change what the organisation is. One verb each, inside the caller's `with writing():`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import func, select

from app.audit import services as audit
from app.base.actor import Actor
from app.base.errors import Invalid, NotFound
from app.base.states import N_
from app.extensions import db
from app.extensions.transactions import after_commit
from app.organisation import checks
from app.organisation.models import AccountPurpose, BankAccount, BookedBy, Organisation, PainVersion
from app.organisation.queries import forget


@dataclass(frozen=True, kw_only=True)
class Details:
    """Everything the settings page holds, already typed by the form; checked by `save`."""

    legal_name: str
    name: str
    mail_sender_name: str
    mail_subject_name: str
    statement_descriptor: str
    rsin: str | None = None
    kvk: str | None = None
    anbi: bool = False
    anbi_since: date | None = None
    anbi_url: str | None = None
    creditor_id: str | None = None
    fiscal_year_start: int = 1
    notice_days: int = 14
    online_mandates: bool = False
    street: str | None = None
    postcode: str | None = None
    town: str | None = None
    country: str = "NL"
    email: str | None = None
    phone: str | None = None
    website_url: str | None = None
    privacy_url: str | None = None
    complaints_url: str | None = None
    policy_url: str | None = None
    social_links: tuple[str, ...] = field(default=())


_CHECKS = {"rsin": checks.rsin, "kvk": checks.kvk, "creditor_id": checks.creditor_id, "email": checks.email}
_NEEDED = ("legal_name", "name", "mail_sender_name", "mail_subject_name", "statement_descriptor")
MAX_SOCIAL_LINKS = 8
MOST_LEAD_DAYS = 10


def checked(details: Details) -> dict[str, Any]:
    """The values as they will be stored. Raises Invalid beside the first field that is wrong."""
    values = {f.name: getattr(details, f.name) for f in fields(details)}
    for name in _NEEDED:
        if not (values[name] or "").strip():
            raise Invalid(N_("Fill this in."), field=name)
    for name, value in values.items():
        if isinstance(value, str) and not value.strip():
            values[name] = None
    for name, check in _CHECKS.items():
        if values[name]:
            values[name] = check(values[name], name)
    for name in ("anbi_url", "website_url", "privacy_url", "complaints_url", "policy_url"):
        if values[name]:
            values[name] = checks.web_address(values[name], name)
    values["social_links"] = [checks.web_address(link, "social_links") for link in details.social_links]
    if len(values["social_links"]) > MAX_SOCIAL_LINKS:
        raise Invalid(N_("At most %(most)s links."), field="social_links", most=MAX_SOCIAL_LINKS)
    values["statement_descriptor"] = checks.descriptor(values["statement_descriptor"])
    if not 1 <= details.fiscal_year_start <= 12:
        raise Invalid(N_("Choose a month."), field="fiscal_year_start")
    if not 1 <= details.notice_days <= 60:
        raise Invalid(N_("From 1 to 60 days."), field="notice_days")
    if details.anbi and not values["rsin"]:
        raise Invalid(N_("Fill in the RSIN: donors look up an ANBI by that number."), field="rsin")
    return values


def save(details: Details, *, actor: Actor, now: datetime) -> int:
    """Set the organisation's details, the first time or anew. Gives its id."""
    values = checked(details)
    organisation = db.session.execute(select(Organisation)).scalar_one_or_none()
    if organisation is None:
        organisation = Organisation(changed_at=now, **values)
        db.session.add(organisation)
        changes = {name: [None, _plain(value)] for name, value in values.items() if value}
    else:
        changes = _set(organisation, values)
    if changes:
        organisation.changed_at = now
        db.session.flush()
        audit.record("organisation.saved", ("organisation", organisation.id), actor=actor, now=now, changes=changes)
        after_commit(forget)
    return organisation.id


def save_account(
    account_id: int | None,
    *,
    iban: str,
    bic: str | None,
    holder: str,
    purpose: AccountPurpose,
    booked_by: BookedBy,
    active: bool = True,
    creditor_id: str | None = None,
    pain_version: PainVersion = PainVersion.V02,
    lead_days: int = 1,
    cut_off: time | None = None,
    actor: Actor,
    now: datetime,
) -> int:
    """Add a bank account of our own (None), or change one. Gives its id."""
    if not 1 <= lead_days <= MOST_LEAD_DAYS:
        raise Invalid(N_("From 1 to %(most)s days."), field="lead_days", most=MOST_LEAD_DAYS)
    values: dict[str, Any] = {
        "iban": checks.iban(iban),
        "bic": checks.bic(bic) if bic and bic.strip() else None,
        "holder": holder.strip(),
        "purpose": purpose,
        "booked_by": booked_by,
        "active": active,
        "creditor_id": checks.creditor_id(creditor_id) if creditor_id and creditor_id.strip() else None,
        "pain_version": pain_version,
        "lead_days": lead_days,
        "cut_off": cut_off,
    }
    if not values["holder"]:
        raise Invalid(N_("Fill this in."), field="holder")
    same = db.session.execute(select(BankAccount.id).where(BankAccount.iban == values["iban"])).scalar()
    if same is not None and same != account_id:
        raise Invalid(N_("This bank account is already in the list."), field="iban")
    if account_id is None:
        organisation_id = db.session.execute(select(Organisation.id)).scalar()
        if organisation_id is None:
            raise NotFound(N_("Fill in the organisation first."))
        position = db.session.execute(select(func.count()).select_from(BankAccount)).scalar_one()
        account = BankAccount(organisation_id=organisation_id, position=position, **values)
        db.session.add(account)
        changes = {name: [None, _plain(value)] for name, value in values.items() if value}
    else:
        found = db.session.get(BankAccount, account_id)
        if found is None:
            raise NotFound(N_("This bank account is not there."))
        account, changes = found, _set(found, values)
    if changes:
        db.session.flush()
        audit.record("organisation.account_saved", ("bank_account", account.id), actor=actor, now=now, changes=changes)
        after_commit(forget)
    return account.id


def take_up_account(iban: str, *, actor: Actor, now: datetime) -> int:
    """Note an account of ours that a bank statement told of, by its IBAN or the bank's own number. Gives its id.

    It is not in use until somebody looks at it under Settings, so that no donor is shown it.
    """
    known = db.session.execute(select(BankAccount.id).where(BankAccount.iban == iban)).scalar()
    if known is not None:
        return int(known)
    organisation = db.session.execute(select(Organisation)).scalar_one_or_none()
    if organisation is None:
        raise NotFound(N_("Fill in the organisation first."))
    account = BankAccount(
        organisation_id=organisation.id, iban=iban, holder=organisation.legal_name[:70], active=False,
        purpose=AccountPurpose.GENERAL, booked_by=BookedBy.HERE,
        position=db.session.execute(select(func.count()).select_from(BankAccount)).scalar_one(),
    )  # fmt: skip
    db.session.add(account)
    db.session.flush()
    changes = {"iban": [None, iban], "active": [None, False]}
    audit.record("organisation.account_saved", ("bank_account", account.id), actor=actor, now=now, changes=changes)
    after_commit(forget)
    return account.id


def _set(row: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    """Set what differs and tell what did: {field: [old, new]}."""
    changes: dict[str, Any] = {}
    for name, value in values.items():
        old = getattr(row, name)
        if old != value:
            changes[name] = [_plain(old), _plain(value)]
            setattr(row, name, value)
    return changes


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date | time) else value
