"""Sealing (AES-256-GCM), opening, and blind indexes for finding a sealed value by its whole.

A sealed value is bound to its context (which column of which row), so a blob copied to
another row does not open. Sealed columns are declared so that key rotation finds them.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import unicodedata
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select

from app.extensions import db, settings
from app.vault.keys import Keyring, keyring
from app.vault.models import PersonKey

_NONCE = 12


class Unsealable(Exception):
    """The blob was damaged, moved to another row, or sealed with a key that is not in VAULT_KEYS."""


def _cipher(key: bytes) -> Any:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(key)


def _ring() -> Keyring:
    return keyring(settings().vault_keys)


def _seal(name: str, key: bytes, plain: bytes, context: str) -> bytes:
    nonce = os.urandom(_NONCE)
    head = name.encode()
    sealed: bytes = _cipher(key).encrypt(nonce, plain, context.encode())
    return bytes([len(head)]) + head + nonce + sealed


def _open(keys: dict[str, bytes], blob: bytes, context: str) -> bytes:
    from cryptography.exceptions import InvalidTag

    size = blob[0] if blob else 0
    name, rest = blob[1 : 1 + size].decode("ascii", "replace"), blob[1 + size :]
    if name not in keys or len(rest) < _NONCE:
        raise Unsealable(f"no key for a sealed value of {context.partition(':')[0]}")
    try:
        return bytes(_cipher(keys[name]).decrypt(rest[:_NONCE], rest[_NONCE:], context.encode()))
    except InvalidTag:
        raise Unsealable(f"a sealed value of {context.partition(':')[0]} is damaged or out of place") from None


def seal(plain: str | bytes, context: str) -> bytes:
    """Seal a value for its place, for example ``seal(iban, f"iban:{row_id}")``."""
    ring = _ring()
    data = plain.encode() if isinstance(plain, str) else plain
    return _seal(ring.current, ring.sealing[ring.current], data, context)


def seal_many(items: Iterable[tuple[str, str]]) -> list[bytes]:
    """`seal` for (text, context) pairs, with the key taken up once."""
    ring = _ring()
    cipher, head = _cipher(ring.sealing[ring.current]), bytes([len(ring.current)]) + ring.current.encode()
    sealed = []
    for plain, context in items:
        nonce = os.urandom(_NONCE)
        sealed.append(head + nonce + cipher.encrypt(nonce, plain.encode(), context.encode()))
    return sealed


def unseal_bytes(blob: bytes, context: str) -> bytes:
    """Open a sealed value. Raises Unsealable."""
    return _open(_ring().sealing, blob, context)


def unseal(blob: bytes, context: str) -> str:
    """Open a sealed text. Raises Unsealable."""
    return unseal_bytes(blob, context).decode()


def is_current(blob: bytes) -> bool:
    """Whether this was sealed with the key now in use."""
    name = _ring().current.encode()
    return blob[: 1 + len(name)] == bytes([len(name)]) + name


def blind_index(value: str, purpose: str) -> bytes:
    """32 bytes that are equal for equal values of one purpose and tell nothing else."""
    text = unicodedata.normalize("NFC", value)
    return hmac.digest(_ring().index, f"{purpose}\0{text}".encode(), hashlib.sha256)


def blind_indexes(values: Iterable[str], purpose: str) -> list[bytes]:
    """`blind_index` of many, with the key taken up once."""
    key, prefix = _ring().index, f"{purpose}\0".encode()
    return [hmac.digest(key, prefix + unicodedata.normalize("NFC", value).encode(), hashlib.sha256) for value in values]


def make_person_keys(ids: Iterable[int]) -> None:
    """A fresh key for each of these supporters. Call once, in the transaction that makes them."""
    rows = [{"id": i, "wrapped": seal(os.urandom(32), f"person:{i}")} for i in ids]
    if rows:
        db.session.execute(insert(PersonKey.__table__), rows)


def _person_keys(ids: set[int]) -> dict[int, bytes]:
    if not ids:
        return {}
    rows = db.session.execute(select(PersonKey.id, PersonKey.wrapped).where(PersonKey.id.in_(ids)))
    return {row_id: unseal_bytes(wrapped, f"person:{row_id}") for row_id, wrapped in rows}


def seal_for(person_id: int, plain: str, context: str) -> bytes | None:
    """Seal with the person's own key; None where that person was erased."""
    return seal_many_for([(person_id, plain, context)])[0]


def seal_many_for(items: Iterable[tuple[int, str, str]]) -> list[bytes | None]:
    """`seal_for` for (person id, text, context) triples with one query for the keys."""
    items = list(items)
    keys = _person_keys({person for person, _, _ in items})
    return [_seal("p", keys[p], text.encode(), context) if p in keys else None for p, text, context in items]


def unseal_for(person_id: int, blob: bytes, context: str) -> str | None:
    """Open what was sealed for a person; None once the person was erased."""
    return unseal_many_for([(person_id, blob, context)])[0]


def unseal_many_for(items: Iterable[tuple[int, bytes, str]]) -> list[str | None]:
    """`unseal_for` for (person id, blob, context) triples with one query for the keys."""
    items = list(items)
    keys = _person_keys({person for person, _, _ in items})
    return [_open({"p": keys[p]}, blob, ctx).decode() if p in keys else None for p, blob, ctx in items]


def destroy_person_keys(ids: Iterable[int]) -> None:
    """Make unreadable, for good, all that was sealed for these people."""
    db.session.execute(delete(PersonKey).where(PersonKey.id.in_(list(ids))))


def wrong_keys(connection: Connection) -> str | None:
    """What is wrong when VAULT_KEYS do not open the first and the last person's key."""
    ends = select(func.min(PersonKey.id)).union(select(func.max(PersonKey.id)))
    for row_id, wrapped in connection.execute(select(PersonKey.id, PersonKey.wrapped).where(PersonKey.id.in_(ends))):
        try:
            unseal_bytes(wrapped, f"person:{row_id}")
        except Unsealable:
            return "VAULT_KEYS: this database was sealed with other keys; set the ones it was made with."
    return None
