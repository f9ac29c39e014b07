"""The keys by which a provider's ids enter once."""

from __future__ import annotations

from app.extensions import db
from app.extensions.sql import insert_new
from app.payments.models import ProviderKey


def key_of(provider: str, provider_id: str) -> str:
    return f"{provider}:{provider_id}"


def remember(key: str, row_id: int) -> bool:
    """Keep a provider's id for what it stands for; False if it was known already."""
    row = insert_new(ProviderKey).values(key=key, row_id=row_id).returning(ProviderKey.key)
    return db.session.execute(row).first() is not None
