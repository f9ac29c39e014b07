"""One key per person. Destroying it makes unreadable all that was sealed for that person, backups' replays included."""

from __future__ import annotations

from sqlalchemy import LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from app.base.columns import id_column
from app.extensions import db


class PersonKey(db.Model):
    """`id` is the supporter's id; `wrapped` the 32-byte key sealed by the installation's key."""

    __tablename__ = "person_key"

    id: Mapped[int] = id_column()
    wrapped: Mapped[bytes] = mapped_column(LargeBinary, nullable=False)
