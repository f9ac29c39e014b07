"""A passkey in software, for tests: makes and answers as a browser would, or as a forger."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from typing import Any

from cbor2 import dumps
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

PRESENT, VERIFIED, ATTESTED = 1, 4, 64


def text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


class Authenticator:
    """One key pair for one site. `count` grows with each use, as security keys have it; with
    `counts` 0 it stays 0, as passkeys of a key ring have it."""

    def __init__(self, origin: str = "https://steun.example.org", *, verifies: bool = True) -> None:
        self.origin, self.site = origin, origin.partition("//")[2].partition(":")[0]
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id = os.urandom(16)
        self.handle = b""
        self.count, self.counts = 0, 1
        self.verifies = verifies

    def make(self, options: dict[str, Any]) -> str:
        """The credential for these registration options, as JSON."""
        self.handle = base64.urlsafe_b64decode(options["user"]["id"] + "==")
        numbers = self.key.public_key().public_numbers()
        x, y = (n.to_bytes(32, "big") for n in (numbers.x, numbers.y))
        key = dumps({1: 2, 3: -7, -1: 1, -2: x, -3: y})
        attested = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + key
        stated = {"fmt": "none", "attStmt": {}, "authData": self._data(ATTESTED) + attested}
        return self._answer(
            {
                "clientDataJSON": text(self._client("webauthn.create", options["challenge"])),
                "attestationObject": text(dumps(stated)),
            }
        )

    def answer(self, options: dict[str, Any], *, origin: str = "", site: str = "") -> str:
        """The assertion for these options, as JSON."""
        self.count += self.counts
        client = self._client("webauthn.get", options["challenge"], origin)
        data = self._data(0, site)
        signed = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        return self._answer(
            {
                "clientDataJSON": text(client),
                "authenticatorData": text(data),
                "signature": text(signed),
                "userHandle": text(self.handle),
            }
        )

    def _data(self, flags: int, site: str = "") -> bytes:
        flags |= PRESENT | (VERIFIED if self.verifies else 0)
        return hashlib.sha256((site or self.site).encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")

    def _client(self, kind: str, challenge: str, origin: str = "") -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": origin or self.origin}).encode()

    def _answer(self, response: dict[str, str]) -> str:
        return json.dumps({"id": text(self.id), "rawId": text(self.id), "type": "public-key", "response": response})
