"""What can be done to a staff account. Hash passwords before opening the transaction."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update

from app.audit import services as audit
from app.base.actor import Actor
from app.base.errors import Invalid, NotFound, Refused
from app.base.states import N_
from app.extensions import db, settings
from app.staff import sessions
from app.staff.models import Staff, email_key
from app.ui.permissions import Role
from config import SettingsError

DEMO_DOMAIN = "demo.example"


def create_account(
    name: str,
    email: str,
    role: Role,
    *,
    language: str = "nl",
    password_hash: str | None = None,
    is_demo: bool = False,
    actor: Actor,
    now: datetime,
) -> int:
    """A new account; without `password_hash` it waits for its invitation. The id."""
    if db.session.scalar(select(Staff.id).where(Staff.email_key == email_key(email))) is not None:
        raise Invalid(N_("Somebody with this e-mail address is already on the team."), field="email")
    staff = Staff(
        name=name.strip(),
        email=email.strip(),
        email_key=email_key(email),
        role=role,
        language=language,
        password_hash=password_hash,
        is_demo=is_demo,
        created_at=now,
    )
    db.session.add(staff)
    db.session.flush()
    changes = {"name": [None, staff.name], "email": [None, staff.email], "role": [None, role.value]}
    audit.record("staff.created", ("staff", staff.id), actor=actor, now=now, changes=changes)
    return staff.id


def update_profile(
    staff_id: int, *, name: str, language: str, theme: str, deputy_id: int | None, actor: Actor, now: datetime
) -> None:
    """What people say about themselves. A deputy is another active member of the team."""
    staff = account(staff_id)
    if deputy_id is not None and (deputy_id == staff_id or not account(deputy_id).active):
        raise Invalid(N_("Choose somebody else of the active team."), field="deputy")
    staff.name, staff.language, staff.theme, staff.deputy_id = name.strip(), language, theme, deputy_id
    _record("staff.changed", staff, actor, now)


def change_role(staff_id: int, role: Role, *, actor: Actor, now: datetime) -> None:
    """Give another role. Every session of this person ends; the last administrator stays one."""
    staff = account(staff_id)
    if staff.role == role:
        return
    if staff.role == Role.ADMIN:
        _keep_an_admin(staff_id)
    staff.role = role
    _record("staff.role_changed", staff, actor, now)
    sessions.end_all(staff_id, now=now)


def deactivate(staff_id: int, *, actor: Actor, now: datetime) -> None:
    """Close an account: nobody gets in with it, what was done with it stays. Undone by `reactivate`."""
    staff = account(staff_id)
    if not staff.active:
        return
    if staff.role == Role.ADMIN:
        _keep_an_admin(staff_id)
    staff.active = False
    _record("staff.deactivated", staff, actor, now)
    sessions.end_all(staff_id, now=now)


def reactivate(staff_id: int, *, actor: Actor, now: datetime) -> None:
    """Open a closed account again, with the role and password it had."""
    staff = account(staff_id)
    if not staff.active:
        staff.active = True
        _record("staff.reactivated", staff, actor, now)


def sign_out_everywhere(staff_id: int, *, actor: Actor, now: datetime) -> None:
    """End every session of this person."""
    account(staff_id)
    sessions.end_all(staff_id, now=now)
    audit.record("staff.sessions_ended", ("staff", staff_id), actor=actor, now=now)


def set_password(
    staff_id: int, password_hash: str, *, keep_session: int | None = None, actor: Actor, now: datetime
) -> None:
    """Store a new password; every session ends, except `keep_session` (where it was changed)."""
    staff = account(staff_id)
    staff.password_hash = password_hash
    audit.record("staff.password_changed", ("staff", staff_id), actor=actor, now=now)
    sessions.end_all(staff_id, now=now, besides=keep_session)


def refresh_hash(staff_id: int, old: str, new: str) -> None:
    """The same password under today's parameters; nothing happens if it was changed meanwhile."""
    db.session.execute(update(Staff).where(Staff.id == staff_id, Staff.password_hash == old).values(password_hash=new))


def create_demo_accounts(password_hash: str, *, actor: Actor, now: datetime) -> list[int]:
    """One account for each role at demo.example, marked so that production refuses them.

    Those that are there get this password (`passwords.hashed(...)`, made outside the transaction).
    """
    if not password_hash.startswith("$argon2id$"):
        raise ValueError("give the hash of the password: passwords.hashed(...)")
    ids = []
    for role, name in (
        (Role.VIEWER, "Vera van Dijk"),
        (Role.FUNDRAISER, "Femke de Boer"),
        (Role.FINANCE, "Farid el Amrani"),
        (Role.ADMIN, "Anneke Visser"),
    ):
        email = f"{role.value}@{DEMO_DOMAIN}"
        known = db.session.scalar(select(Staff.id).where(Staff.email_key == email))
        if known is None:
            known = create_account(name, email, role, password_hash=password_hash, is_demo=True, actor=actor, now=now)
        else:
            set_password(known, password_hash, actor=actor, now=now)
        ids.append(known)
    return ids


def refuse_demo_accounts() -> None:
    """Production does not start while a demo account exists. Raises SettingsError."""
    if settings().is_production:
        statement = select(Staff.email).where(Staff.is_demo | Staff.email_key.like(f"%@{DEMO_DOMAIN}")).limit(1)
        found = db.session.scalar(statement)
        db.session.rollback()
        if found:
            raise SettingsError(f"APP_ENV=production refuses to start on a demo database: it has the account {found}.")


def account(staff_id: int) -> Staff:
    """The account, or NotFound."""
    staff = db.session.get(Staff, staff_id)
    if staff is None:
        raise NotFound(N_("There is no such account."))
    return staff


def _keep_an_admin(leaving: int) -> None:
    """Refused unless another administrator can still sign in. Locks them, so that two cannot leave at once."""
    admins = db.session.scalars(
        select(Staff.id)
        .where(Staff.role == Role.ADMIN, Staff.active, Staff.password_hash.is_not(None))
        .order_by(Staff.id)
        .with_for_update()
    ).all()
    if not [staff_id for staff_id in admins if staff_id != leaving]:
        raise Refused(N_("This is the last administrator. Make somebody else administrator first."))


def _record(action: str, staff: Staff, actor: Actor, now: datetime) -> None:
    changes = audit.changes_of(staff)
    if changes:
        audit.record(action, ("staff", staff.id), actor=actor, now=now, changes=changes)
