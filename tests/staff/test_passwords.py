from __future__ import annotations

import pytest
from argon2 import PasswordHasher

from app.base.errors import Invalid
from app.staff import passwords


@pytest.mark.parametrize(
    "password",
    [
        "",
        "kort",
        "elf tekens.",
        "x" * 201,
        "aaaaaaaaaaaaaaaa",
        "abababababababab",
        "123456789012",
        "Wachtwoord123",
        "2026wachtwoord",
        "WELKOM welkom",
        "qwertyuiop12",
        "Draagvlak2026",
        "Zomer2026!!!!!",
        "anna.bos@example.org",
        "AnnaBos123456",
        "Fier12345678",
    ],
)
def test_what_anybody_would_try_is_refused(password: str) -> None:
    with pytest.raises(Invalid) as refused:
        passwords.check_rules(password, "Anna Bos", "anna.bos@example.org", "Fier")
    assert refused.value.field == "password"


@pytest.mark.parametrize(
    "password", ["een zin van genoeg woorden", "paard batterij nietje correct", "ÜñïçødÉ-zinnetje", "kT8#mQ2$vL5@"]
)
def test_no_rules_of_composition(password: str) -> None:
    passwords.check_rules(password, "Anna Bos", "anna.bos@example.org", "Fier")


def test_argon2id_with_todays_parameters() -> None:
    assert passwords.hashed("een lange zin, toch").startswith("$argon2id$")
    assert passwords.matches("een lange zin, toch", passwords.hashed("een lange zin, toch"))
    assert not passwords.matches("een andere zin, toch", passwords.hashed("een lange zin, toch"))
    assert passwords.outdated(PasswordHasher(time_cost=2, memory_cost=8, parallelism=1).hash("x"))
    # What production uses: RFC 9106's second recommendation or better.
    real = PasswordHasher()
    assert (real.memory_cost, real.time_cost) >= (64 * 1024, 3)


@pytest.mark.parametrize("stored", [None, "", "not a hash"])
def test_without_a_hash_nothing_fits(stored: str | None) -> None:
    assert not passwords.matches("nobody has this password", stored)
