"""What can be done to a staff account. Hash passwords before opening the transaction."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from app.base.actor import Actor
from app.base.errors import Invalid
from app.base.states import N_
from app.extensions import db
from app.staff.models import Staff, email_key
from app.ui.permissions import Role


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
    return staff.id
