"""The keys by which a provider's ids enter once."""

from __future__ import annotations

from functools import cache
from typing import Any

from app.extensions import db
from app.extensions.sql import insert_new
from app.payments.models import ProviderKey


def key_of(provider: str, provider_id: str) -> str:
    return f"{provider}:{provider_id}"


def remember(key: str, row_id: int) -> bool:
    """Keep a provider's id for what it stands for; False if it was known already."""
    found = db.session.connection().execute(_insert(db.engine.dialect.name), {"key": key, "row_id": row_id})
    return found.first() is not None


@cache
def _insert(dialect: str) -> Any:
    """Built once for each dialect: a donor waits for this statement."""
    return insert_new(ProviderKey).returning(ProviderKey.__table__.c.key)
