"""The installation's keys, from VAULT_KEYS: `new:hex,old:hex`. The first seals, all of them open.

The blind index is derived from the last (oldest) key, so that adding a new first key leaves
every index as it is; `flask vault rotate` seals everything anew under the first.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from functools import lru_cache

from config import SettingsError


@dataclass(frozen=True, slots=True)
class Keyring:
    current: str
    sealing: dict[str, bytes]
    index: bytes


def _derive(key: bytes, use: str) -> bytes:
    return hmac.digest(key, f"draagvlak {use}".encode(), hashlib.sha256)


@lru_cache(maxsize=8)
def keyring(text: str) -> Keyring:
    """Parse VAULT_KEYS. Raises SettingsError where it is not `name:64 hex digits[,…]`."""
    keys: dict[str, bytes] = {}
    for part in text.split(","):
        name, _, digits = part.strip().partition(":")
        try:
            key = bytes.fromhex(digits)
        except ValueError:
            key = b""
        if not name.isalnum() or len(name) > 8 or len(key) != 32 or name in keys:
            raise SettingsError("VAULT_KEYS: use name:64-hex-digits, several separated by commas (flask secrets make).")
        keys[name] = key
    return Keyring(
        current=next(iter(keys)),
        sealing={name: _derive(key, "sealing") for name, key in keys.items()},
        index=_derive(list(keys.values())[-1], "index"),
    )
