"""Accounts of the people who work here, their signed-in sessions, and what they prove a second time with."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from app.base.columns import Big, id_column, instant_column, reference_column, state_column, text_column
from app.base.states import N_, Labelled
from app.extensions import db
from app.ui.permissions import Role


class Standing(Labelled):
    """Where an account stands; computed, never stored."""

    INVITED = "invited", N_("Invited")
    ACTIVE = "active", N_("Active")
    DEACTIVATED = "deactivated", N_("Deactivated")


class Staff(db.Model):
    """Somebody who works here. `email_key` is the address in lower case: unique, and what sign-in looks up."""

    __tablename__ = "staff"

    id: Mapped[int] = id_column()
    name: Mapped[str] = text_column(120)
    email: Mapped[str] = text_column(254)
    email_key: Mapped[str] = text_column(254, unique=True)
    role: Mapped[Role] = state_column(Role)
    language: Mapped[str] = text_column(2, default="nl")
    theme: Mapped[str] = text_column(10, default="auto")
    active: Mapped[bool] = mapped_column(default=True)
    password_hash: Mapped[str | None] = text_column(200, nullable=True)
    deputy_id: Mapped[int | None] = reference_column("staff.id", nullable=True)
    is_demo: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = instant_column()
    last_sign_in_at: Mapped[datetime | None] = instant_column(nullable=True)
    second_step_later_until: Mapped[datetime | None] = instant_column(nullable=True)  # asked for it again after this

    @property
    def standing(self) -> Standing:
        if not self.active:
            return Standing.DEACTIVATED
        return Standing.ACTIVE if self.password_hash else Standing.INVITED


class StaffSession(db.Model):
    """One browser that signed in. The cookie holds the token, the row only its hash."""

    __tablename__ = "staff_session"

    id: Mapped[int] = id_column()
    staff_id: Mapped[int] = reference_column("staff.id")
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    created_at: Mapped[datetime] = instant_column()
    last_seen_at: Mapped[datetime] = instant_column()
    ended_at: Mapped[datetime | None] = instant_column(nullable=True)
    confirmed_at: Mapped[datetime | None] = instant_column(nullable=True)  # proved anew that it is still them
    address: Mapped[str] = text_column(45)
    browser: Mapped[str] = text_column(200)


class StaffApp(db.Model):
    """The app that makes codes for somebody (TOTP). `last_step` is the time step of the code used last."""

    __tablename__ = "staff_app"

    id: Mapped[int] = id_column()
    staff_id: Mapped[int] = reference_column("staff.id", index=False, unique=True)
    secret_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    last_step: Mapped[int] = mapped_column(Big)
    created_at: Mapped[datetime] = instant_column()


class StaffPasskey(db.Model):
    """A passkey of somebody: the public half of a key pair that never leaves their device or key ring."""

    __tablename__ = "staff_passkey"

    id: Mapped[int] = id_column()
    staff_id: Mapped[int] = reference_column("staff.id")
    name: Mapped[str] = text_column(80)
    credential_id: Mapped[bytes] = mapped_column(LargeBinary(1023), unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(Big)
    created_at: Mapped[datetime] = instant_column()
    last_used_at: Mapped[datetime | None] = instant_column(nullable=True)


class StaffRecoveryCode(db.Model):
    """One of the codes for who has neither app nor passkey at hand. Only a keyed hash of it."""

    __tablename__ = "staff_recovery_code"

    id: Mapped[int] = id_column()
    staff_id: Mapped[int] = reference_column("staff.id")
    code_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    created_at: Mapped[datetime] = instant_column()
    used_at: Mapped[datetime | None] = instant_column(nullable=True)


def email_key(address: str) -> str:
    """How an address is compared: without regard to upper and lower case."""
    return address.strip().casefold()
