"""Members of staff as they come in most tests."""

from __future__ import annotations

from app.base.actor import SYSTEM
from app.extensions import now, writing
from app.staff import passwords, services
from app.ui.permissions import Role

SENTENCE = "een lange zin, toch"


def make_account(
    email: str = "Anna@Example.org", role: Role = Role.ADMIN, *, name: str = "Anna Bos", password: str | None = SENTENCE
) -> int:
    """An account; without a password it waits for its invitation."""
    password_hash = passwords.hashed(password) if password else None
    with writing():
        return services.create_account(name, email, role, password_hash=password_hash, actor=SYSTEM, now=now())
