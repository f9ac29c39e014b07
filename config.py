"""Settings: one frozen, typed object, read from the environment once at start.

Every setting is a field of :class:`Settings`; its environment name is the field name in
capitals. docs/settings.md describes each (a test compares the two). A secret may also be
given as a file: ``SECRET_KEY_FILE=/run/secrets/key``. Production refuses to start without
its secrets; demo and test make their own and keep them under ``DATA_DIR``.
"""

from __future__ import annotations

import json
import os
import secrets
import typing
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from urllib.parse import urlsplit

import click

ROOT = Path(__file__).resolve().parent
SECRETS = ("secret_key", "vault_keys", "mollie_api_key", "smtp_url", "database_url", "migration_database_url")
OWN_PREFIXES = ("MOLLIE_", "SMTP_", "MAIL_", "VAULT_", "DEMO_", "PAYMENT_", "APP_", "SESSION_", "BACKUP_")


class SettingsError(click.ClickException):
    """A setting is unknown, missing or wrong. The message is one line, fit for the terminal."""

    exit_code = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    app_env: str = "demo"
    host: str = "127.0.0.1"
    port: int = 8000
    base_url: str = ""
    data_dir: Path = ROOT / "var"
    database_url: str = ""
    migration_database_url: str = ""
    database_pool: int = 12
    threads: int = 8
    worker: bool = True
    secret_key: str = ""
    vault_keys: str = ""
    trusted_proxies: int = 0
    frame_hosts: tuple[str, ...] = ()
    log_level: str = "INFO"
    default_language: str = "nl"
    smtp_url: str = ""
    mail_from: str = "post@demo.example"
    mail_from_name: str = ""
    demo_password: str = ""
    payment_provider: str = "demo"
    payment_methods: tuple[str, ...] = ()
    mollie_api_key: str = ""
    mollie_api_url: str = "https://api.mollie.com"
    mollie_profile_id: str = ""
    session_idle_minutes: int = 60
    session_hours: int = 12
    backup_dir: Path = ROOT / "var" / "backups"
    backup_keep: int = 14
    task_escalation_days: int = 3

    @property
    def is_production(self) -> bool:
        return self.app_env == "production"

    @property
    def is_demo(self) -> bool:
        return self.app_env == "demo"

    @property
    def is_sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")

    @property
    def public_url(self) -> str:
        """Where the outside world finds us, without trailing slash."""
        return self.base_url.rstrip("/") or f"http://{self.host}:{self.port}"

    @property
    def is_https(self) -> bool:
        return self.public_url.startswith("https://")

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read, check and complete the settings. Raises SettingsError with one clear line."""
        env = os.environ if environ is None else environ
        _refuse_unknown(env)
        hints = typing.get_type_hints(cls)
        values: dict[str, object] = {}
        for field in fields(cls):
            raw = _raw(env, field.name)
            if raw is not None and raw != "":
                values[field.name] = _convert(field.name, raw, hints[field.name])
        return cls(**_completed(values))  # type: ignore[arg-type]


def _raw(env: Mapping[str, str], name: str) -> str | None:
    key = name.upper()
    if name in SECRETS and (path := env.get(f"{key}_FILE")):
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise SettingsError(f"{key}_FILE: cannot read {path} ({error.strerror}).") from None
    return env.get(key)


def _refuse_unknown(env: Mapping[str, str]) -> None:
    known = {f.name.upper() for f in fields(Settings)}
    known |= {f"{name.upper()}_FILE" for name in SECRETS}
    unknown = sorted(key for key in env if key.startswith(OWN_PREFIXES) and key not in known)
    if unknown:
        raise SettingsError(f"Unknown setting {unknown[0]}: see docs/settings.md for the names there are.")


def _convert(name: str, raw: str, kind: object) -> object:
    key = name.upper()
    try:
        if kind is int:
            number = int(raw)
            if number < 0:
                raise ValueError
            return number
        if kind is bool:
            return {
                "1": True,
                "true": True,
                "yes": True,
                "on": True,
                "0": False,
                "false": False,
                "no": False,
                "off": False,
            }[raw.strip().lower()]
        if kind is Path:
            path = Path(raw).expanduser()
            return path if path.is_absolute() else ROOT / path
        if kind == tuple[str, ...]:
            return tuple(part.strip() for part in raw.split(",") if part.strip())
    except (ValueError, KeyError):
        shown = "a secret" if name in SECRETS else repr(raw)
        raise SettingsError(f"{key}: {shown} is not a valid {getattr(kind, '__name__', 'list')}.") from None
    return raw


def _completed(values: dict[str, object]) -> dict[str, object]:
    """Check values against each other and fill in what demo and test may make themselves."""
    app_env = values.get("app_env", "demo")
    if app_env not in ("demo", "production", "test"):
        raise SettingsError(f"APP_ENV: {app_env!r} is unknown; use demo or production.")
    data_dir = typing.cast(Path, values.get("data_dir", ROOT / "var"))
    values.setdefault("backup_dir", data_dir / "backups")
    url = str(values.get("database_url") or f"sqlite:///{data_dir / 'draagvlak.db'}")
    values["database_url"] = url = _driver(url)
    if migration_url := values.get("migration_database_url"):
        values["migration_database_url"] = _driver(str(migration_url))
    if values.get("default_language", "nl") not in ("nl", "en"):
        raise SettingsError("DEFAULT_LANGUAGE: use nl or en.")
    provider = values.get("payment_provider", "mollie" if values.get("mollie_api_key") else "demo")
    if provider not in ("demo", "mollie"):
        raise SettingsError(f"PAYMENT_PROVIDER: {provider!r} is unknown; use demo or mollie.")
    values["payment_provider"] = provider
    if provider == "mollie" and not values.get("mollie_api_key"):
        raise SettingsError("MOLLIE_API_KEY is missing: PAYMENT_PROVIDER=mollie cannot work without it.")
    if base := values.get("base_url"):
        parts = urlsplit(str(base))
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise SettingsError(f"BASE_URL: {base!r} is not an http(s) address.")
    if app_env == "production":
        _demand_for_production(values)
    else:
        made = _own_secrets(data_dir)
        values.setdefault("secret_key", made["secret_key"])
        values.setdefault("vault_keys", made["vault_keys"])
    return values


def _driver(url: str) -> str:
    """Accept the usual spellings; we speak to PostgreSQL through psycopg 3."""
    for prefix in ("postgres://", "postgresql://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url[len(prefix) :]
    if not url.startswith(("postgresql+psycopg://", "sqlite:///")):
        raise SettingsError("DATABASE_URL: use sqlite:///path or postgresql://user:password@host/name.")
    return url


def _demand_for_production(values: Mapping[str, object]) -> None:
    missing = [name.upper() for name in ("secret_key", "vault_keys", "base_url", "smtp_url") if not values.get(name)]
    if missing:
        raise SettingsError(f"Production needs {', '.join(missing)}: set them in the environment (docs/settings.md).")
    if len(str(values["secret_key"])) < 32:
        raise SettingsError("SECRET_KEY is too short: use at least 32 characters (flask secrets make).")
    if values["payment_provider"] == "demo":
        raise SettingsError("PAYMENT_PROVIDER=demo is refused in production: set MOLLIE_API_KEY.")
    if values.get("demo_password"):
        raise SettingsError("DEMO_PASSWORD has no meaning in production: remove it.")


def _own_secrets(data_dir: Path) -> dict[str, str]:
    """Secrets of a demo or test installation, made once and kept readable by the owner alone."""
    path = data_dir / "secrets.json"
    try:
        return typing.cast(dict[str, str], json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        pass
    except (OSError, ValueError) as error:
        raise SettingsError(f"DATA_DIR: cannot read {path} ({getattr(error, 'strerror', error)}).") from None
    made = {"secret_key": secrets.token_urlsafe(48), "vault_keys": f"k1:{secrets.token_hex(32)}"}
    try:
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Written beside and linked into place: of two starts at once, one wins and both use its keys.
        draft = data_dir / f".secrets-{os.getpid()}-{secrets.token_hex(4)}"
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            json.dump(made, file)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    except OSError as error:
        raise SettingsError(f"DATA_DIR: cannot write to {data_dir} ({error.strerror}).") from None
    return typing.cast(dict[str, str], json.loads(path.read_text(encoding="utf-8")))
