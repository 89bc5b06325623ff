"""Settings from the environment, under Probot's names where it has one.

A file `.env` in the working directory is read too, as Probot does; the environment goes before it. An empty value
counts as not set. Every problem is one line that names the setting and never its value.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self, TypeVar
from urllib.parse import urlsplit

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from psycopg import Error as PsycopgError
from psycopg.conninfo import conninfo_to_dict
from pydantic import (
    BeforeValidator,
    Field,
    PrivateAttr,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

DEFAULT_DATABASE: Final = "sqlite:///stepwise.db"
DEFAULT_WEBHOOK_PATH: Final = "/api/github/webhooks"
REPORTS_PATH: Final = "/reports"
OWN_PATHS: Final = frozenset({"/healthz", "/readyz", "/metrics", REPORTS_PATH})

S = TypeVar("S", bound=BaseSettings)
LogLevel = Literal["trace", "debug", "info", "warn", "error", "fatal"]


class SettingsError(Exception):
    """The start is refused; `problems` are lines for people, each naming a setting."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def _lower(value: object) -> object:
    return value.strip().lower() if isinstance(value, str) else value


class DatabaseSettings(BaseSettings):
    """What every command that touches the database needs."""

    model_config = SettingsConfigDict(
        env_ignore_empty=True, extra="ignore", frozen=True, hide_input_in_errors=True, env_file_encoding="utf-8"
    )

    database_url: str = Field(default=DEFAULT_DATABASE, repr=False)
    log_level: Annotated[LogLevel, BeforeValidator(_lower)] = "info"

    @field_validator("database_url")
    @classmethod
    def _is_database(cls, url: str) -> str:
        if url.startswith(("postgresql://", "postgres://")):
            return _checked_postgres(url)
        path = url.removeprefix("sqlite:///")
        if not url.startswith("sqlite:///") or not path or path.startswith(":") or "?" in path or "\0" in path:
            raise ValueError(
                "must be sqlite:///path/to/file.db, with a fourth slash for an absolute path, or postgresql://..."
            )
        return url


class Settings(DatabaseSettings):
    """What `stepwise serve` needs."""

    app_id: int = Field(gt=0, le=2**53)
    private_key_path: Path | None = None
    private_key: SecretStr = Field(default=SecretStr(""), validate_default=True)
    webhook_secret: SecretStr
    webhook_path: str = DEFAULT_WEBHOOK_PATH
    port: int = Field(default=3000, ge=0, le=65535)
    metrics_port: int | None = Field(default=None, ge=0, le=65535)
    keep_deliveries_days: int = Field(default=7, ge=3, le=3650)
    host: str = Field(default="127.0.0.1", pattern=r"^[A-Za-z0-9.:_\-]+$", max_length=253)
    github_api_url: str = "https://api.github.com"
    github_url: str = "https://github.com"
    public_url: str = ""
    oidc_issuer: str = "https://token.actions.githubusercontent.com"
    oidc_audience: str = Field(default="", max_length=500)

    _signing_key: RSAPrivateKey = PrivateAttr()

    @property
    def signing_key(self) -> RSAPrivateKey:
        """The App's key, loaded once: reading it from its text takes a hundred times as long as signing with it."""
        return self._signing_key

    @property
    def report_url(self) -> str:
        """Where workers report; empty where no public address is set, then they are told of none."""
        return self.public_url and self.public_url + REPORTS_PATH

    @property
    def report_audience(self) -> str:
        """Whom the token of a report has to be made for; empty where there are no reports."""
        return self.public_url and (self.oidc_audience or self.public_url)

    @field_validator("webhook_secret")
    @classmethod
    def _is_secret(cls, secret: SecretStr) -> SecretStr:
        if not secret.get_secret_value().strip():
            raise ValueError("is not set")
        return secret

    @field_validator("webhook_path")
    @classmethod
    def _is_path(cls, path: str) -> str:
        if not path.startswith("/") or path == "/" or any(char in path for char in "?#{} \t\r\n\\") or "//" in path:
            raise ValueError("must be a path that begins with one slash, such as /api/github/webhooks")
        if path in OWN_PATHS:
            raise ValueError("is a path that Stepwise uses for itself")
        return path

    @field_validator("github_api_url", "github_url", "public_url", "oidc_issuer")
    @classmethod
    def _is_address(cls, address: str, info: ValidationInfo) -> str:
        # Without a public address workers are told of none, and no reports are taken.
        return "" if info.field_name == "public_url" and not address else checked_address(address)

    @field_validator("oidc_audience")
    @classmethod
    def _is_audience(cls, audience: str) -> str:
        if not audience.isprintable() or " " in audience:
            raise ValueError("must be one word, such as the bot's own address")
        return audience

    @field_validator("private_key")
    @classmethod
    def _is_key(cls, key: SecretStr, info: ValidationInfo) -> SecretStr:
        text = key.get_secret_value()
        path = info.data.get("private_key_path")
        if not text.strip():
            if path is None:
                raise ValueError("is not set: give the App's private key, or its file in PRIVATE_KEY_PATH")
            text = _key_file(path)
        pem = _pem_of(text)
        _load_key(pem)
        return SecretStr(pem)

    @model_validator(mode="after")
    def _keep_key(self) -> Self:
        self._signing_key = _load_key(self.private_key.get_secret_value())
        return self


def load_settings(env_file: Path | None = Path(".env")) -> Settings:
    """All settings, or SettingsError with every problem at once."""
    return _load(Settings, env_file)


def load_database_settings(env_file: Path | None = Path(".env")) -> DatabaseSettings:
    """The settings of commands that need no GitHub App, or SettingsError."""
    return _load(DatabaseSettings, env_file)


def _load(kind: type[S], env_file: Path | None) -> S:
    try:
        return kind(_env_file=env_file)
    except ValidationError as error:
        raise SettingsError(tuple(_line(problem) for problem in error.errors(include_input=False))) from None
    except (OSError, UnicodeDecodeError):
        raise SettingsError((f"{env_file} cannot be read as text",)) from None


def _line(problem: Any) -> str:
    name = str(problem["loc"][0]).upper() if problem["loc"] else "settings"
    if problem["type"] == "missing":
        return f"{name} is not set"
    if problem["type"] == "string_pattern_mismatch":
        return f"{name} is not a host name or address"
    reason = problem["msg"].removeprefix("Value error, ")
    return f"{name} {reason}" if reason.startswith(("is ", "must ", "cannot ")) else f"{name}: {reason}"


def _checked_postgres(url: str) -> str:
    try:
        conninfo_to_dict(url)
    except PsycopgError:
        # libpq's own words would repeat the address, with the password in it.
        raise ValueError("cannot be read as postgresql://user:password@host:port/name") from None
    return url


def checked_address(address: str) -> str:
    """An address that tokens may be sent to, without a slash at its end. Raises ValueError with the reason."""
    try:
        parts = urlsplit(address)
        host, _port = parts.hostname, parts.port
    except ValueError as error:
        raise ValueError("is not a web address") from error
    if parts.scheme not in {"http", "https"} or not host:
        raise ValueError("must be an address that begins with https://")
    if parts.username is not None or parts.password is not None:
        raise ValueError("must not carry a user name or password")
    if parts.query or parts.fragment or any(char.isspace() for char in address):
        raise ValueError("must be an address without query, fragment or blanks")
    if parts.scheme == "http" and not _is_loopback(host):
        raise ValueError("must begin with https:// unless it is on this machine: tokens are sent there")
    return address.rstrip("/")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _key_file(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ValueError(f"cannot be read from PRIVATE_KEY_PATH: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ValueError("cannot be read from PRIVATE_KEY_PATH: that file is not a PEM text") from None


def _pem_of(text: str) -> str:
    r"""The key as PEM text. Probot also takes it in base64, and with `\n` written out, as hosting forms force it."""
    text = text.strip().strip('"').replace("\\n", "\n")
    if "-----BEGIN" not in text:
        try:
            text = base64.b64decode("".join(text.split()), validate=True).decode("ascii").strip()
        except (binascii.Error, ValueError):
            raise ValueError("is neither a PEM text nor one in base64") from None
    return text + "\n"


# Reading a key checks its numbers, which takes 50 ms; the validators above ask for the same one twice.
@lru_cache(maxsize=1)
def _load_key(pem: str) -> RSAPrivateKey:
    if "PUBLIC KEY-----" in pem and "PRIVATE KEY-----" not in pem:
        raise ValueError("is a public key; the private key is needed")
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except TypeError:
        raise ValueError("is encrypted; give the key as GitHub hands it out") from None
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError("is not a readable private key in PEM form") from None
    if not isinstance(key, RSAPrivateKey):
        raise ValueError("is not an RSA key; GitHub hands out RSA keys for Apps")
    return key
