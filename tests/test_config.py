"""Settings: what is wrong stops the start with one line; production asks for its secrets."""

from __future__ import annotations

from pathlib import Path

import pytest

from config import ROOT, Settings, SettingsError
from tests.support.processes import PRODUCTION

GUESSABLE = "ab" * 32


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
        ({"PORT": "-1"}, "PORT: '-1' is not a whole number from 1 to 65535"),
        ({"PORT": "0"}, "PORT"),
        ({"PORT": "65536"}, "PORT"),
        ({"PORT": "99999999"}, "PORT: '99999999' is not a whole number from 1 to 65535"),
        ({"PORT": "9" * 5000}, "PORT"),
        ({"PORT": "8_000"}, "PORT"),
        ({"PORT": "٨٠٠٠"}, "PORT"),
        ({"THREADS": "0"}, "THREADS"),
        ({"DATABASE_POOL": "0"}, "DATABASE_POOL"),
        ({"SESSION_HOURS": "0"}, "SESSION_HOURS"),
        ({"SESSION_IDLE_MINUTES": "999999999"}, "SESSION_IDLE_MINUTES"),
        ({"TRUSTED_PROXIES": "99"}, "TRUSTED_PROXIES"),
        ({"LOG_LEVEL": "LOUD"}, "LOG_LEVEL: 'LOUD'"),
        ({"DATABSE_URL": "sqlite:////x"}, "Unknown setting DATABSE_URL: do you mean DATABASE_URL"),
        ({"SECRET_KEYS": "x"}, "do you mean SECRET_KEY"),
        ({"TRUSTED_PROXY": "1"}, "Unknown setting TRUSTED_PROXY"),
        ({"WORKER": "maybe"}, "WORKER"),
        ({"DATABASE_URL": "mysql://x/y"}, "DATABASE_URL"),
        ({"DATABASE_URL": "sqlite:///:memory:"}, "DATABASE_URL"),
        ({"DATABASE_URL": "sqlite:///"}, "DATABASE_URL"),
        ({"DATABASE_URL": "postgresql://u:p@h:port/d"}, "DATABASE_URL"),
        ({"DATABASE_URL": "postgresql://u:p@[::1/d"}, "DATABASE_URL"),
        ({"DATABASE_URL": "postgresql://u:p@h"}, "DATABASE_URL"),
        ({"MIGRATION_DATABASE_URL": "nonsense"}, "^MIGRATION_DATABASE_URL"),
        ({"BASE_URL": "steun.example.org"}, "BASE_URL"),
        ({"BASE_URL": "https://steun.example.org:99999999"}, "BASE_URL"),
        ({"BASE_URL": "https://[steun"}, "BASE_URL"),
        ({"BASE_URL": "https://a@steun.example.org"}, "BASE_URL"),
        ({"BASE_URL": "https://steun.example.org/onder/iets"}, "BASE_URL"),
        ({"BASE_URL": "https://steun.example.org?x=1"}, "BASE_URL"),
        ({"BASE_URL": "https://steun.example.org\nX: y"}, "BASE_URL"),
        ({"FRAME_HOSTS": "https://a.example; script-src *"}, "FRAME_HOSTS"),
        ({"FRAME_HOSTS": "*"}, "FRAME_HOSTS"),
        ({"MAIL_FROM": "post"}, "MAIL_FROM"),
        ({"MAIL_FROM": "a@b.nl\r\nBcc: x@y.nl"}, "MAIL_FROM"),
        ({"MAIL_FROM_NAME": "Steun\nBcc: x@y.nl"}, "MAIL_FROM_NAME"),
        ({"SMTP_URL": "mail.example.org"}, "SMTP_URL"),
        ({"SMTP_URL": "http://mail.example.org"}, "SMTP_URL"),
        ({"SMTP_URL": "smtp://"}, "SMTP_URL"),
        ({"SMTP_URL": "smtp://mail.example.org:port"}, "SMTP_URL"),
        ({"SMTP_URL": "smtp://mail.example.org:99999999"}, "SMTP_URL"),
        ({"MOLLIE_API_KEY": "sk_live_x"}, "MOLLIE_API_KEY"),
        ({"MOLLIE_API_KEY": "live_x y"}, "MOLLIE_API_KEY"),
        ({"MOLLIE_API_URL": "api.mollie.com"}, "MOLLIE_API_URL"),
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
    ("change", "part"),
    [
        ({"SECRET_KEY": "short"}, "SECRET_KEY is too short"),
        ({"SECRET_KEY": "x" * 64}, "SECRET_KEY is a placeholder"),
        ({"SECRET_KEY": "please-change-me-before-you-start-1234567890"}, "SECRET_KEY is a placeholder"),
        ({"SECRET_KEY": "0123456789abcdef" * 4}, "SECRET_KEY is a placeholder"),
        ({"VAULT_KEYS": f"k1:{'0' * 64}"}, "VAULT_KEYS"),
        ({"VAULT_KEYS": f"{PRODUCTION['VAULT_KEYS']},k0:{GUESSABLE}"}, "VAULT_KEYS"),
        ({"PAYMENT_PROVIDER": "demo"}, "PAYMENT_PROVIDER=demo"),
        ({"DEMO_PASSWORD": "x"}, "DEMO_PASSWORD"),
        ({"MOLLIE_API_KEY": ""}, "MOLLIE_API_KEY"),
        ({"MOLLIE_API_KEY": "test_abcdefghijklmnopqrstuvwxyz1234"}, "MOLLIE_API_KEY: production needs a live_ key"),
        ({"MOLLIE_API_URL": "http://api.example.org"}, "MOLLIE_API_URL"),
        ({"BASE_URL": "http://steun.example.org"}, "BASE_URL: production needs an https:// address"),
    ],
)
def test_production_refuses_what_belongs_to_the_demo(tmp_path: Path, change: dict[str, str], part: str) -> None:
    with pytest.raises(SettingsError, match=part) as error:
        read(tmp_path, **(PRODUCTION | change))
    assert "\n" not in str(error.value)
    secret = "".join(change.get(name, "") for name in ("SECRET_KEY", "VAULT_KEYS", "MOLLIE_API_KEY"))
    assert len(secret) < 8 or secret not in str(error.value)


def test_what_is_right_is_let_through(tmp_path: Path) -> None:
    for change in (
        {"BASE_URL": "https://steun.example.org:8443/"},
        {"SMTP_URL": "smtps://user:p%40ss@mail.example.org:465"},
        {"FRAME_HOSTS": "https://www.example.org, https://example.org:8443"},
        {"LOG_LEVEL": "warning"},
        {"HOSTNAME": "web1", "LOGNAME": "x", "XDG_DATA_DIRS": "/usr/share", "BASE_PATH": "/x", "PORTS": "1"},
    ):
        assert read(tmp_path, **(PRODUCTION | change)).is_production
    made = {line.partition("=")[0]: line.partition("=")[2] for line in _made_secrets()}
    assert read(tmp_path, **(PRODUCTION | made)).secret_key == made["SECRET_KEY"]


def _made_secrets() -> list[str]:
    from click.testing import CliRunner

    from app.cli.install import make_secrets

    return CliRunner().invoke(make_secrets).output.split()


def test_a_relative_database_lies_in_the_folder_of_draagvlak(tmp_path: Path) -> None:
    assert read(tmp_path, DATABASE_URL="sqlite:///var/x.db").database_url == f"sqlite:///{ROOT / 'var' / 'x.db'}"


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
