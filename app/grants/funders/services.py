"""Make an organisation a funder and keep what we know of it. Inside the caller's `with writing():`."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import select

from app.audit import services as audit
from app.base.actor import Actor
from app.base.errors import Invalid, NotFound
from app.base.states import N_
from app.extensions import db
from app.grants.funders.models import Funder, FunderKind
from app.grants.rows import check_version, locked, must_exist
from app.staff.models import Staff
from app.supporters import queries as supporters
from app.supporters.models import Kind, Role, Supporter
from app.supporters.services import set_roles


@dataclass(frozen=True, slots=True, kw_only=True)
class FunderFacts:
    """What staff fill in about a funder. The range of its usual grants in cents."""

    kind: FunderKind
    linked: bool = False
    themes: str = ""
    grant_min_cents: int | None = None
    grant_max_cents: int | None = None
    portal_url: str = ""
    owner_id: int | None = None


def register(supporter_id: int, facts: FunderFacts, *, actor: Actor, now: datetime) -> int:
    """Give an organisation the role of funder. One organisation is one funder."""
    supporter = db.session.get(Supporter, supporter_id)
    if supporter is None or not supporter.is_active:
        raise NotFound(N_("This is not here, or not any more."))
    if supporter.kind is not Kind.ORGANISATION:
        raise Invalid(N_("Only an organisation can be a funder."), field="supporter_id")
    if db.session.execute(select(Funder.id).where(Funder.supporter_id == supporter_id)).first():
        raise Invalid(N_("This organisation is a funder already."), field="supporter_id")
    _check(facts)
    funder = Funder(supporter_id=supporter_id, created_at=now, version=1, **asdict(facts))
    db.session.add(funder)
    db.session.flush()
    roles = supporters.roles_of([supporter_id]).get(supporter_id, set())
    set_roles(supporter_id, roles | {Role.FUNDER}, actor=actor, now=now)
    audit.record("funder.registered", ("funder", funder.id), actor=actor, now=now, changes=asdict(facts))
    return funder.id


def change(funder_id: int, facts: FunderFacts, *, version: int | None, actor: Actor, now: datetime) -> None:
    """Change what we know. `version` is the one the page was opened with."""
    funder = locked(Funder, funder_id)
    check_version(funder.version, version)
    _check(facts)
    for name, value in asdict(facts).items():
        setattr(funder, name, value)
    if changes := audit.changes_of(funder):
        funder.version += 1
        db.session.flush()
        audit.record("funder.changed", ("funder", funder.id), actor=actor, now=now, changes=changes)


def _check(facts: FunderFacts) -> None:
    low, high = facts.grant_min_cents, facts.grant_max_cents
    if low is not None and high is not None and low > high:
        raise Invalid(N_("The highest amount is below the lowest."), field="grant_max")
    if facts.portal_url:
        check_address(facts.portal_url, field="portal_url")
    must_exist(Staff, facts.owner_id, field="owner_id")


def check_address(url: str, *, field: str) -> None:
    """A link staff will click: http or https to a named host, without a password in it."""
    try:
        parts = urlsplit(url)
        fine = parts.scheme in ("http", "https") and bool(parts.hostname) and "." in str(parts.hostname)
        fine = fine and parts.username is None and (parts.port is None or parts.port > 0)
    except ValueError:
        fine = False
    if not fine or any(c.isspace() or c in '"<>\\`' for c in url):
        raise Invalid(
            N_("This is not a web address. It starts with https://, for example https://fund.example/portal."),
            field=field,
        )
