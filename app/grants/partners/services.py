"""Name the partners of a grant, their shares and agreements. Inside the caller's `with writing():`."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime

from sqlalchemy import func, select

from app.audit import services as audit
from app.base.actor import Actor
from app.base.dates import local_date
from app.base.errors import Invalid, NotFound, Refused
from app.base.states import N_
from app.documents import services as documents
from app.documents.files import StoredFile
from app.documents.models import Document
from app.extensions import db
from app.grants.awards.models import Grant
from app.grants.budgets.models import BudgetRow
from app.grants.expenses.models import Expense
from app.grants.partners.models import GrantPartner, PartnerRole, SubGrant
from app.grants.parts.models import ReportPart
from app.grants.rows import check_version, locked
from app.supporters import queries as supporters
from app.supporters.models import Kind, Role, Supporter
from app.supporters.services import set_roles

AGREEMENTS_OF = "grant_partner"  # the kind of record that agreements belong to


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerFacts:
    """What staff fill in. `share_basis_points`: 2500 is 25 % of the grant; empty: none agreed."""

    role: PartnerRole
    share_basis_points: int | None = None
    agreed_on: date | None = None
    contact_name: str = ""
    contact_email: str = ""
    language: str = "nl"


def add(grant_id: int, supporter_id: int, facts: PartnerFacts, *, actor: Actor, now: datetime) -> int:
    """Make an organisation a partner in a grant, once. Its record says that it is a coalition partner."""
    locked(Grant, grant_id)
    supporter = db.session.get(Supporter, supporter_id)
    if supporter is None or not supporter.is_active:
        raise NotFound(N_("This is not here, or not any more."))
    if supporter.kind is not Kind.ORGANISATION:
        raise Invalid(N_("Only an organisation can be a partner."), field="supporter_id")
    same = (GrantPartner.grant_id == grant_id) & (GrantPartner.supporter_id == supporter_id)
    if db.session.execute(select(GrantPartner.id).where(same)).first():
        raise Invalid(N_("This organisation is a partner in this grant already."), field="supporter_id")
    _check(facts, now)
    _one_lead(grant_id, facts, None)
    row = GrantPartner(grant_id=grant_id, supporter_id=supporter_id, created_at=now, version=1, **asdict(facts))
    db.session.add(row)
    db.session.flush()
    roles = supporters.roles_of([supporter_id]).get(supporter_id, set())
    if Role.PARTNER not in roles:
        set_roles(supporter_id, roles | {Role.PARTNER}, actor=actor, now=now)
    told = {"partner": supporter.display_name, "role": facts.role.value, "share_basis_points": facts.share_basis_points}
    audit.record("partner.added", ("grant_award", grant_id), actor=actor, now=now, changes=told)
    return row.id


def change(partner_id: int, facts: PartnerFacts, *, version: int | None, actor: Actor, now: datetime) -> None:
    """Change role, share, agreement or contact. The next mail about a part goes to the new mailbox, and ends
    the links of the one before (parts/tasks.py)."""
    row = locked(GrantPartner, partner_id)
    check_version(row.version, version)
    _check(facts, now)
    _one_lead(row.grant_id, facts, row.id)
    for name, value in asdict(facts).items():
        setattr(row, name, value)
    if changes := audit.changes_of(row):
        row.version += 1
        db.session.flush()
        audit.record("partner.changed", ("grant_award", row.grant_id), actor=actor, now=now, changes=changes)


def remove(partner_id: int, *, version: int | None, actor: Actor, now: datetime) -> int:
    """Take out a partner of which nothing depends; gives the grant's id."""
    row = locked(GrantPartner, partner_id)
    check_version(row.version, version)
    for column in (SubGrant.partner_id, ReportPart.partner_id, BudgetRow.partner_id, Expense.partner_id):
        if db.session.execute(select(func.count()).where(column == partner_id)).scalar():
            raise Refused(
                N_("This partner has sub-grants, budget lines, expenses or parts of reports: it stays with the grant.")
            )
    if documents.documents_of(AGREEMENTS_OF, partner_id):
        raise Refused(N_("This partner has an agreement on file: it stays with the grant."))
    grant_id, supporter_id = row.grant_id, row.supporter_id
    db.session.delete(row)
    db.session.flush()
    told = {"partner": supporters.names([supporter_id]).get(supporter_id, "")}
    audit.record("partner.removed", ("grant_award", grant_id), actor=actor, now=now, changes=told)
    return grant_id


def attach_agreement(partner_id: int, file: StoredFile, *, actor: Actor, now: datetime) -> Document:
    """Keep the signed agreement, already stored, with the partner."""
    row = locked(GrantPartner, partner_id)
    return documents.attach(file, (AGREEMENTS_OF, row.id), "agreement", actor=actor, now=now)


def _check(facts: PartnerFacts, now: datetime) -> None:
    if facts.share_basis_points is not None and not 0 <= facts.share_basis_points <= 10_000:
        raise Invalid(N_("A share lies between 0 and 100 percent."), field="share")
    if facts.agreed_on is not None and facts.agreed_on > local_date(now):
        raise Invalid(N_("This day has not come yet."), field="agreed_on")


def _one_lead(grant_id: int, facts: PartnerFacts, own_id: int | None) -> None:
    if facts.role is not PartnerRole.LEAD:
        return
    lead = select(GrantPartner.id).where(GrantPartner.grant_id == grant_id, GrantPartner.role == PartnerRole.LEAD)
    if any(row_id != own_id for row_id in db.session.execute(lead).scalars()):
        raise Invalid(N_("This grant has a lead partner already."), field="role")
