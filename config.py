"""Settings: one frozen, typed object, read from the environment once at start.

Every setting is a field of :class:`Settings`; its environment name is the field name in
capitals. docs/settings.md describes each (a test compares the two). A secret may also be
given as a file: ``SECRET_KEY_FILE=/run/secrets/key``. Production refuses to start without
its secrets; demo and test make their own and keep them under ``DATA_DIR``.
"""

from __future__ import annotations

import difflib
import functools
import json
import os
import re
import secrets
import typing
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from urllib.parse import urlsplit

import click

ROOT = Path(__file__).resolve().parent
SECRETS = ("secret_key", "vault_keys", "mollie_api_key", "mollie_organisation_token", "smtp_url", "database_url",
           "migration_database_url")  # fmt: skip
OWN_PREFIXES = (
    "MOLLIE_", "SMTP_", "MAIL_", "VAULT_", "DEMO_", "PAYMENT_", "APP_", "SESSION_", "SECOND_", "BACKUP_", "TRUSTED_",
    "MIGRATION_",
)  # fmt: skip
RANGES = {
    "port": (1, 65535),
    "processes": (0, 64),
    "threads": (1, 512),
    "database_pool": (1, 500),
    "trusted_proxies": (0, 10),
    "session_idle_minutes": (1, 24 * 60),
    "session_hours": (1, 7 * 24),
    "backup_keep": (0, 100_000),
    "payment_costs_cents": (0, 500),
}
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_kinds: typing.Callable[[type], dict[str, typing.Any]] = functools.cache(typing.get_type_hints)


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
    processes: int = 0
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
    payment_ideal_label: str = "iDEAL | Wero"
    payment_costs_cents: int = 0
    mollie_api_key: str = ""
    mollie_organisation_token: str = ""
    mollie_api_url: str = "https://api.mollie.com"
    mollie_profile_id: str = ""
    session_idle_minutes: int = 60
    session_hours: int = 12
    second_step_required: tuple[str, ...] = ()
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
        hints = _kinds(cls)
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
    long = [name for name in known if "_" in name]  # PORT and HOST look like too much that is not ours
    for key in sorted(env.keys() - known):
        meant = difflib.get_close_matches(key, long, 1, 0.9) if "_" in key else []
        if meant:
            raise SettingsError(f"Unknown setting {key}: do you mean {meant[0]}?")
        if key.startswith(OWN_PREFIXES):
            raise SettingsError(f"Unknown setting {key}: see docs/settings.md for the names there are.")


def _convert(name: str, raw: str, kind: object) -> object:
    key = name.upper()
    if not raw.isprintable():
        raise SettingsError(f"{key} holds a line break or another control character.")
    try:
        if kind is int:
            least, most = RANGES[name]
            # Only plain digits: int() also takes underscores and the digits of other scripts.
            if not re.fullmatch(r"[0-9]{1,9}", raw.strip()) or not least <= int(raw) <= most:
                raise SettingsError(f"{key}: {raw[:40]!r} is not a whole number from {least} to {most}.")
            return int(raw)
        if kind is bool:
            text = raw.strip().lower()
            if text not in ("1", "true", "yes", "on", "0", "false", "no", "off"):
                raise ValueError
            return text in ("1", "true", "yes", "on")
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
    values["database_url"] = _driver("DATABASE_URL", url)
    if migration_url := values.get("migration_database_url"):
        values["migration_database_url"] = _driver("MIGRATION_DATABASE_URL", str(migration_url))
    values["log_level"] = level = str(values.get("log_level", "INFO")).upper()
    if level not in LOG_LEVELS:
        raise SettingsError(f"LOG_LEVEL: {level[:40]!r} is unknown; use DEBUG, INFO, WARNING or ERROR.")
    if values.get("default_language", "nl") not in ("nl", "en"):
        raise SettingsError("DEFAULT_LANGUAGE: use nl or en.")
    provider = values.get("payment_provider", "mollie" if values.get("mollie_api_key") else "demo")
    if provider not in ("demo", "mollie"):
        raise SettingsError(f"PAYMENT_PROVIDER: {provider!r} is unknown; use demo or mollie.")
    values["payment_provider"] = provider
    if provider == "mollie" and not values.get("mollie_api_key"):
        raise SettingsError("MOLLIE_API_KEY is missing: PAYMENT_PROVIDER=mollie cannot work without it.")
    if (key := values.get("mollie_api_key")) and not re.fullmatch(r"(test|live)_\w+", str(key), re.ASCII):
        raise SettingsError("MOLLIE_API_KEY: a key of Mollie begins with test_ or live_.")
    if (token := values.get("mollie_organisation_token")) and not re.fullmatch(r"access_\w+", str(token), re.ASCII):
        raise SettingsError("MOLLIE_ORGANISATION_TOKEN: an organisation token of Mollie begins with access_.")
    if (base := values.get("base_url")) and not _is_site(str(base).rstrip("/")):
        raise SettingsError(f"BASE_URL: {base!r} is not an http(s) address of a host alone.")
    if not _is_site(str(values.get("mollie_api_url", "https://x")).rstrip("/")):
        raise SettingsError("MOLLIE_API_URL is not an http(s) address of a host alone.")
    for host in typing.cast(tuple[str, ...], values.get("frame_hosts", ())):
        if not _is_site(host):
            raise SettingsError(f"FRAME_HOSTS: {host!r} is not an address such as https://www.example.org.")
    if not re.fullmatch(r"[^\s@<>,;\"]+@[^\s@<>,;\"]+", str(values.get("mail_from", "a@b"))):
        raise SettingsError(f"MAIL_FROM: {values['mail_from']!r} is not an e-mail address.")
    if (smtp := values.get("smtp_url")) and not _is_address(str(smtp), ("smtp", "smtps")):
        raise SettingsError("SMTP_URL is not smtp://user:password@host:587 or smtps://user:password@host:465.")
    values["second_step_required"] = _roles(values.get("second_step_required"), app_env == "production")
    if app_env == "production":
        _demand_for_production(values)
    else:
        made = _own_secrets(data_dir)
        values.setdefault("secret_key", made["secret_key"])
        values.setdefault("vault_keys", made["vault_keys"])
    return values


def _roles(named: object, in_production: bool) -> tuple[str, ...]:
    """The roles that cannot do without a second step; `none` is nobody. Unsaid: who sees money, in production."""
    if named is None:
        return ("finance", "admin") if in_production else ()
    roles = typing.cast(tuple[str, ...], named)
    if roles == ("none",):
        return ()
    if unknown := [role for role in roles if role not in ("viewer", "fundraiser", "finance", "admin")]:
        raise SettingsError(
            f"SECOND_STEP_REQUIRED: {unknown[0]!r} is no role; use viewer, fundraiser, finance, admin, or none alone."
        )
    return roles


def _is_address(text: str, schemes: tuple[str, ...]) -> bool:
    """Whether this is an address of a host, with a port that exists and no blanks."""
    try:
        parts = urlsplit(text)
        whole = parts.scheme in schemes and bool(re.fullmatch(r"[\w.:-]+", parts.hostname or ""))
        return whole and parts.port != 0 and not re.search(r"\s", text)
    except ValueError:
        return False


def _is_site(text: str) -> bool:
    """Whether this is a web address of a host alone: no user, path, query or fragment."""
    return _is_address(text, ("http", "https")) and text.endswith("//" + urlsplit(text).netloc) and "@" not in text


def _driver(name: str, url: str) -> str:
    """Accept the usual spellings; we speak to PostgreSQL through psycopg 3. An SQLite path becomes absolute."""
    path = url.removeprefix("sqlite:///")
    if path != url and path.strip() and path != ":memory:":
        return f"sqlite:///{ROOT / path}"
    for prefix in ("postgres://", "postgresql://", "postgresql+psycopg://"):
        rest = url.removeprefix(prefix)
        try:
            place = rest.rpartition("@")[2]
            if rest != url and "/" in place and urlsplit(f"//{place}").port != 0:
                return f"postgresql+psycopg://{rest}"
        except ValueError:  # a port that is none, half an IPv6 address
            break
    raise SettingsError(f"{name}: use sqlite:///path or postgresql://user:password@host:5432/name.")


def _demand_for_production(values: Mapping[str, object]) -> None:
    missing = [name.upper() for name in ("secret_key", "vault_keys", "base_url", "smtp_url") if not values.get(name)]
    if missing:
        raise SettingsError(f"Production needs {', '.join(missing)}: set them in the environment (docs/settings.md).")
    if len(str(values["secret_key"])) < 32:
        raise SettingsError("SECRET_KEY is too short: use at least 32 characters (flask secrets make).")
    if _is_made_up(str(values["secret_key"])):
        raise SettingsError("SECRET_KEY is a placeholder that can be guessed: make one with flask secrets make.")
    if any(_is_made_up(part.partition(":")[2]) for part in str(values["vault_keys"]).split(",")):
        raise SettingsError("VAULT_KEYS holds a key that can be guessed: make one with flask secrets make.")
    if not str(values["base_url"]).startswith("https://"):
        raise SettingsError("BASE_URL: production needs an https:// address; cookies and links go over it.")
    if values["payment_provider"] == "demo":
        raise SettingsError("PAYMENT_PROVIDER=demo is refused in production: set MOLLIE_API_KEY.")
    if not str(values["mollie_api_key"]).startswith("live_"):
        raise SettingsError("MOLLIE_API_KEY: production needs a live_ key; with a test_ key no money moves.")
    if not str(values.get("mollie_api_url", "https://")).startswith(("https://", "http://127.0.0.1", "http://[::1]")):
        raise SettingsError("MOLLIE_API_URL: production needs an https:// address.")
    if values.get("demo_password"):
        raise SettingsError("DEMO_PASSWORD has no meaning in production: remove it.")


_MADE_UP = re.compile(r"change.?(me|this)|place.?holder|your.?(secret|key)|secret.?key|example|insecure|verander", re.I)


def _is_made_up(secret: str) -> bool:
    """Whether a secret is one of a handbook, or a pattern: what is random never has so few different characters."""
    pairs = {secret[i : i + 2] for i in range(len(secret))}
    return len(set(secret)) < 8 or len(pairs) < 20 or _MADE_UP.search(secret) is not None


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
