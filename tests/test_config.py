"""Settings: what is wrong stops the start with one line; production asks for its secrets."""

from __future__ import annotations

from pathlib import Path

import pytest

from config import Settings, SettingsError

PRODUCTION = {
    "APP_ENV": "production", "SECRET_KEY": "x" * 40, "VAULT_KEYS": "k1:" + "ab" * 32,
    "BASE_URL": "https://steun.example.org", "SMTP_URL": "smtp://mail.example.org", "MOLLIE_API_KEY": "live_x",
}  # fmt: skip


def read(tmp_path: Path, **environ: str) -> Settings:
    return Settings.from_environment({"DATA_DIR": str(tmp_path)} | environ)


def test_demo_makes_its_own_secrets_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    first, second = read(tmp_path), read(tmp_path)
    assert first.is_demo
    assert first.secret_key == second.secret_key
    assert len(first.secret_key) >= 32
    assert (tmp_path / "secrets.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("environ", "part"),
    [
        ({"APP_ENV": "prod"}, "APP_ENV"),
        ({"MAIL_FORM": "a@b.nl"}, "Unknown setting MAIL_FORM"),
        ({"PORT": "80a"}, "PORT"),
        ({"PORT": "-1"}, "PORT"),
        ({"WORKER": "maybe"}, "WORKER"),
        ({"DATABASE_URL": "mysql://x/y"}, "DATABASE_URL"),
        ({"BASE_URL": "steun.example.org"}, "BASE_URL"),
        ({"DEFAULT_LANGUAGE": "de"}, "DEFAULT_LANGUAGE"),
        ({"PAYMENT_PROVIDER": "stripe"}, "PAYMENT_PROVIDER"),
        ({"PAYMENT_PROVIDER": "mollie"}, "MOLLIE_API_KEY"),
        ({"SECRET_KEY_FILE": "/nowhere/key"}, "SECRET_KEY_FILE"),
        ({"DATA_DIR": __file__}, "DATA_DIR"),
        ({"DATA_DIR": "/proc/nowhere"}, "DATA_DIR"),
    ],
)
def test_what_is_wrong_is_one_line_that_names_it(tmp_path: Path, environ: dict[str, str], part: str) -> None:
    with pytest.raises(SettingsError, match=part) as error:
        read(tmp_path, **environ)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("missing", ["SECRET_KEY", "VAULT_KEYS", "BASE_URL", "SMTP_URL"])
def test_production_demands_its_secrets(tmp_path: Path, missing: str) -> None:
    assert read(tmp_path, **PRODUCTION).is_production
    with pytest.raises(SettingsError, match=missing):
        read(tmp_path, **{name: value for name, value in PRODUCTION.items() if name != missing})
    assert not (tmp_path / "secrets.json").exists()


@pytest.mark.parametrize(
    "change", [{"SECRET_KEY": "short"}, {"PAYMENT_PROVIDER": "demo"}, {"DEMO_PASSWORD": "x"}, {"MOLLIE_API_KEY": ""}]
)
def test_production_refuses_what_belongs_to_the_demo(tmp_path: Path, change: dict[str, str]) -> None:
    with pytest.raises(SettingsError):
        read(tmp_path, **(PRODUCTION | change))


def test_a_secret_can_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("y" * 40 + "\n")
    assert read(tmp_path, SECRET_KEY_FILE=str(file)).secret_key == "y" * 40


def test_a_secret_is_not_shown_when_it_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as error:
        read(tmp_path, DATABASE_URL="oracle://user:geheim@host/x")
    assert "geheim" not in str(error.value)


def test_usual_spellings_of_postgresql_are_understood(tmp_path: Path) -> None:
    for url in ("postgres://u@h/d", "postgresql://u@h/d"):
        assert read(tmp_path, DATABASE_URL=url).database_url == "postgresql+psycopg://u@h/d"
