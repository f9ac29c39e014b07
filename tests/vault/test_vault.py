from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from app.extensions import db, writing
from app.vault import keys, rotation, services
from app.vault.models import PersonKey
from config import SettingsError


def test_a_sealed_value_opens_in_its_own_place_only(app: Flask) -> None:
    blob = services.seal("NL02ABNA0123456789", "iban:1")
    assert b"ABNA" not in blob
    assert services.unseal(blob, "iban:1") == "NL02ABNA0123456789"
    with pytest.raises(services.Unsealable):
        services.unseal(blob, "iban:2")


@pytest.mark.parametrize("damage", [b"", b"\x02k1", b"\x02k9" + bytes(40), bytes(60)])
def test_damaged_blobs_are_declared_errors(app: Flask, damage: bytes) -> None:
    with pytest.raises(services.Unsealable):
        services.unseal(damage, "iban:1")


def test_one_flipped_bit_is_noticed(app: Flask) -> None:
    blob = bytearray(services.seal("x" * 20, "note:1"))
    blob[-1] ^= 1
    with pytest.raises(services.Unsealable):
        services.unseal(bytes(blob), "note:1")


def test_blind_index_depends_on_purpose_and_value(app: Flask) -> None:
    a = services.blind_index("NL02ABNA0123456789", "iban")
    assert a == services.blind_index("NL02ABNA0123456789", "iban")
    assert a != services.blind_index("NL02ABNA0123456789", "email")
    assert a != services.blind_index("NL02ABNA0123456788", "iban")


def test_destroying_a_persons_key_makes_their_values_unreadable(app: Flask) -> None:
    with writing():
        services.make_person_keys([1, 2])
        mine, theirs = services.seal_for(1, "mine", "audit:1"), services.seal_for(2, "theirs", "audit:2")
    assert mine is not None
    assert theirs is not None
    assert services.unseal_many_for([(1, mine, "audit:1"), (2, theirs, "audit:2")]) == ["mine", "theirs"]
    with writing():
        services.destroy_person_keys([1])
    assert services.unseal_for(1, mine, "audit:1") is None
    assert services.unseal_for(2, theirs, "audit:2") == "theirs"


def test_rotation_leaves_nothing_under_the_old_key(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    with writing():
        services.make_person_keys(range(1, 450))
    old = keys.keyring(services.settings().vault_keys)
    text = f"k2:{'ab' * 32},{services.settings().vault_keys}"
    monkeypatch.setattr(services, "_ring", lambda: keys.keyring(text))
    assert keys.keyring(text).index == old.index
    assert rotation.rotate(rotation.SealedColumn("person_key", "wrapped", "person:{id}")) == 449
    only_new = keys.keyring(f"k2:{'ab' * 32}")
    monkeypatch.setattr(services, "_ring", lambda: only_new)
    for row_id, wrapped in db.session.execute(select(PersonKey.id, PersonKey.wrapped)):
        assert len(services.unseal_bytes(wrapped, f"person:{row_id}")) == 32


@pytest.mark.parametrize("text", ["", "k1", "k1:zz", "k1:" + "a" * 62, "k1:" + "a" * 64 + ",k1:" + "b" * 64])
def test_malformed_keys_stop_the_start(text: str) -> None:
    with pytest.raises(SettingsError):
        keys.keyring(text)
