"""Passwords: argon2id, the few rules there are, and the same effort whether or not an account exists.

Hashing takes tens of milliseconds and 64 MiB: never inside a transaction, and at most two at
a time in a process, so that a flood of sign-ins cannot use up the memory.
"""

from __future__ import annotations

import threading
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from app.base.errors import Invalid
from app.base.states import N_

LEAST = 12
MOST = 200

_hasher = PasswordHasher()
_slots = threading.BoundedSemaphore(2)

# Long enough for the rule, and still the first that anybody tries.
_OBVIOUS = (
    "123456789012", "1234567890123", "12345678901234", "1234567890abc", "1q2w3e4r5t6y", "1qaz2wsx3edc", "abcdefghijkl",
    "abcdefghijklm", "administrator", "changemenow", "donateurs", "iloveyouforever", "letmeinplease", "password",
    "password1234", "password12345", "qwertyuiop", "qwertyuiop12", "qwertyuiopas", "qwertyuiopasdf", "wachtwoord",
    "wachtwoord12", "wachtwoord123", "welkom", "welkom123456", "welkomwelkom", "welcome", "steunons", "draagvlak",
    "correcthorsebatterystaple", "geheimgeheim", "zomer", "winter", "lente", "herfst", "voorjaar", "najaar",
)  # fmt: skip


def use(hasher: PasswordHasher) -> None:
    """Swap the hasher (tests hash cheaply)."""
    global _hasher
    _hasher = hasher
    _dummy.cache_clear()


def hashed(password: str) -> str:
    with _slots:
        return _hasher.hash(password)


def matches(password: str, password_hash: str | None) -> bool:
    """Whether the password fits. Without a hash (no such account) it costs the same and says no."""
    nobody = _dummy()  # made at the first sign-in of all, known or not: never by the unknown one alone
    with _slots:
        try:
            _hasher.verify(password_hash or nobody, password)
        except (VerificationError, InvalidHashError):
            return False
    return bool(password_hash)


def outdated(password_hash: str) -> bool:
    """Whether the hash was made with other parameters than those of today."""
    return _hasher.check_needs_rehash(password_hash)


def check_rules(password: str, *names: str) -> None:
    """At least twelve characters and not one of the obvious; no rules of composition.

    `names` are words that may not be all there is to it: the person, the address, the organisation.
    Raises Invalid beside the field `password`.
    """
    if len(password) < LEAST:
        raise Invalid(
            N_("Use at least %(count)s characters. A short sentence works well."), field="password", count=LEAST
        )
    if len(password) > MOST:
        raise Invalid(N_("Use at most %(count)s characters."), field="password", count=MOST)
    bare = _bare(password)
    if len(set(password)) < 5 or any(_is_variant(bare, word) for word in _OBVIOUS):
        raise Invalid(N_("This password is among the first that anybody tries. Choose another."), field="password")
    for name in names:
        for word in [name, *name.replace("@", " ").replace(".", " ").split()]:
            if len(_bare(word)) >= 4 and _is_variant(bare, _bare(word)):
                raise Invalid(
                    N_("Your name, e-mail address or the organisation's name with little added is too easy to guess."),
                    field="password",
                )


def _bare(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())


def _is_variant(bare: str, word: str) -> bool:
    """The word itself, repeated, or with digits before or after it."""
    rest = bare.replace(word, "")
    return rest != bare and (not rest or rest.isdigit())


@cache
def _dummy() -> str:
    return _hasher.hash("nobody has this password")
