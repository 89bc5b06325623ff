from __future__ import annotations

import base64
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from bot.settings import Settings, SettingsError, load_database_settings, load_settings

ROOT = Path(__file__).parents[1]
SECRET = "wh-secret-5f0e"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
PKCS8 = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
PUBLIC = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
ENCRYPTED = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"pass")).decode()
ELLIPTIC = (
    ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
)
Environment = Callable[..., None]


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Environment:
    """Sets a whole, valid environment, with changes; None takes a variable away."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)

    def set_environment(**changes: str | None) -> None:
        values = {"APP_ID": "4711", "PRIVATE_KEY": PEM, "WEBHOOK_SECRET": SECRET, **changes}
        for name, value in values.items():
            if value is None:
                monkeypatch.delenv(name, raising=False)
            else:
                monkeypatch.setenv(name, value)

    return set_environment


def problems(**_: str) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as refusal:
        load_settings()
    return refusal.value.problems


def test_three_settings_are_enough(environment: Environment) -> None:
    environment()
    settings = load_settings()
    assert settings.app_id == 4711
    assert settings.signing_key.private_numbers() == KEY.private_numbers()
    assert settings.webhook_secret.get_secret_value() == SECRET
    assert (settings.host, settings.port) == ("127.0.0.1", 3000)
    assert settings.webhook_path == "/api/github/webhooks"
    assert settings.database_url == "sqlite:///stepwise.db"
    assert (settings.github_api_url, settings.github_url) == ("https://api.github.com", "https://github.com")
    assert settings.log_level == "info"


@pytest.mark.parametrize(
    "spelling",
    [
        PEM,
        PKCS8,
        PEM.replace("\n", "\\n"),
        '"' + PEM.replace("\n", "\\n") + '"',
        PEM.replace("\n", "\r\n"),
        base64.b64encode(PEM.encode()).decode(),
        base64.encodebytes(PEM.encode()).decode(),
        "  \n" + PEM + "\n\n",
    ],
)
def test_the_key_is_taken_in_every_spelling_that_hosting_forms_force(environment: Environment, spelling: str) -> None:
    environment(PRIVATE_KEY=spelling)
    assert load_settings().signing_key.private_numbers() == KEY.private_numbers()


def test_the_key_can_be_in_a_file(environment: Environment, tmp_path: Path) -> None:
    (tmp_path / "app.pem").write_text(PEM)
    environment(PRIVATE_KEY=None, PRIVATE_KEY_PATH="app.pem")
    assert load_settings().signing_key.private_numbers() == KEY.private_numbers()
    environment(PRIVATE_KEY="", PRIVATE_KEY_PATH="app.pem")
    assert load_settings().signing_key.private_numbers() == KEY.private_numbers()


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("rubbish!", "is neither a PEM text nor one in base64"),
        (base64.b64encode(b"\xff\xfe").decode(), "is neither a PEM text nor one in base64"),
        (base64.b64encode(b"hello").decode(), "is not a readable private key in PEM form"),
        (PEM[:400], "is not a readable private key in PEM form"),
        (PUBLIC, "is a public key; the private key is needed"),
        (ENCRYPTED, "is encrypted; give the key as GitHub hands it out"),
        (ELLIPTIC, "is not an RSA key; GitHub hands out RSA keys for Apps"),
    ],
)
def test_a_key_that_cannot_sign_for_an_app_is_named(environment: Environment, key: str, reason: str) -> None:
    environment(PRIVATE_KEY=key)
    assert problems() == (f"PRIVATE_KEY {reason}",)


def test_a_key_file_that_cannot_be_read_is_named(environment: Environment, tmp_path: Path) -> None:
    environment(PRIVATE_KEY=None, PRIVATE_KEY_PATH="nowhere.pem")
    assert problems() == ("PRIVATE_KEY cannot be read from PRIVATE_KEY_PATH: No such file or directory",)
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    environment(PRIVATE_KEY=None, PRIVATE_KEY_PATH="binary")
    assert problems() == ("PRIVATE_KEY cannot be read from PRIVATE_KEY_PATH: that file is not a PEM text",)


@pytest.mark.parametrize("value", [None, ""])
def test_everything_that_is_missing_is_named_at_once(environment: Environment, value: str | None) -> None:
    environment(APP_ID=value, PRIVATE_KEY=value, WEBHOOK_SECRET=value)
    assert problems() == (
        "APP_ID is not set",
        "PRIVATE_KEY is not set: give the App's private key, or its file in PRIVATE_KEY_PATH",
        "WEBHOOK_SECRET is not set",
    )


def test_a_secret_of_blanks_is_no_secret(environment: Environment) -> None:
    environment(WEBHOOK_SECRET="   ")
    assert problems() == ("WEBHOOK_SECRET is not set",)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("APP_ID", "four"),
        ("APP_ID", "0"),
        ("APP_ID", "-1"),
        ("PORT", "65536"),
        ("PORT", "http"),
        ("PORT", "-1"),
        ("HOST", "two words"),
        ("WEBHOOK_PATH", "no/slash"),
        ("WEBHOOK_PATH", "/"),
        ("WEBHOOK_PATH", "/{anything}"),
        ("WEBHOOK_PATH", "/metrics"),
        ("WEBHOOK_PATH", "/a?b"),
        ("LOG_LEVEL", "loud"),
        ("DATABASE_URL", "mysql://user:hunter2@host/db"),
        ("DATABASE_URL", "sqlite://"),
        ("DATABASE_URL", "sqlite:///:memory:"),
        ("DATABASE_URL", "stepwise.db"),
        ("GITHUB_API_URL", "api.github.com"),
        ("GITHUB_API_URL", "ftp://api.github.com"),
        ("GITHUB_API_URL", "http://ghe.example.com"),
        ("GITHUB_API_URL", "https://user:hunter2@ghe.example.com"),
        ("GITHUB_API_URL", "https://ghe.example.com/?x=1"),
        ("GITHUB_API_URL", "https://[::1"),
        ("GITHUB_URL", "https://"),
        ("GITHUB_URL", "http://127.0.0.1.example.com"),
        ("GITHUB_URL", "http://localhost:99999"),
        ("WEBHOOK_PATH", "/reports"),
        ("PUBLIC_URL", "stepwise.example.com"),
        ("PUBLIC_URL", "http://stepwise.example.com"),
        ("PUBLIC_URL", "https://user:hunter2@stepwise.example.com"),
        ("PUBLIC_URL", "https://stepwise.example.com/?x=1"),
        ("OIDC_ISSUER", "http://token.example.com"),
        ("OIDC_ISSUER", "token.example.com"),
        ("OIDC_AUDIENCE", "two words"),
        ("OIDC_AUDIENCE", "x" * 501),
    ],
)
def test_a_malformed_value_is_named_in_one_line_and_not_repeated(
    environment: Environment, name: str, value: str
) -> None:
    environment(**{name: value})
    (problem,) = problems()
    assert problem.startswith(name)
    assert "\n" not in problem
    assert "hunter2" not in problem


@pytest.mark.parametrize(
    "address",
    ["postgresql://user:hunter2@host/db", "postgres://host:5433/db?sslmode=require", "postgresql:///db?host=/run/pg"],
)
def test_postgresql_is_taken_by_any_address_that_its_own_library_reads(environment: Environment, address: str) -> None:
    environment(DATABASE_URL=address)
    assert load_settings(None).database_url == address


@pytest.mark.parametrize("address", ["postgresql://user:hunter2@[host/db", "postgresql://user:hunter2@h/d?what=this"])
def test_an_address_that_cannot_be_read_is_refused_without_its_password(environment: Environment, address: str) -> None:
    environment(DATABASE_URL=address)
    (problem,) = problems()
    assert problem == "DATABASE_URL cannot be read as postgresql://user:password@host:port/name"


@pytest.mark.parametrize("value", ["http://127.0.0.1:4000", "http://localhost:4000/", "http://[::1]:4000"])
def test_http_is_for_this_machine_only(environment: Environment, value: str) -> None:
    environment(GITHUB_API_URL=value)
    assert load_settings().github_api_url == value.rstrip("/")


def test_an_enterprise_server_is_fine(environment: Environment) -> None:
    environment(GITHUB_API_URL="https://ghe.example.com/api/v3/", LOG_LEVEL="WARN", PORT="0", HOST="0.0.0.0")
    settings = load_settings()
    assert settings.github_api_url == "https://ghe.example.com/api/v3"
    assert (settings.log_level, settings.port, settings.host) == ("warn", 0, "0.0.0.0")


def test_without_a_public_address_workers_are_told_of_none(environment: Environment) -> None:
    environment(OIDC_AUDIENCE="stepwise")
    settings = load_settings()
    assert (settings.public_url, settings.report_url, settings.report_audience) == ("", "", "")
    assert settings.oidc_issuer == "https://token.actions.githubusercontent.com"


@pytest.mark.parametrize(
    ("address", "report_url"),
    [
        ("https://stepwise.example.com", "https://stepwise.example.com/reports"),
        ("https://stepwise.example.com/", "https://stepwise.example.com/reports"),
        ("https://example.com/stepwise/", "https://example.com/stepwise/reports"),
        ("http://127.0.0.1:3000", "http://127.0.0.1:3000/reports"),
    ],
)
def test_workers_report_to_the_public_address_and_for_it(
    environment: Environment, address: str, report_url: str
) -> None:
    environment(PUBLIC_URL=address)
    settings = load_settings()
    assert (settings.report_url, settings.report_audience) == (report_url, address.rstrip("/"))


def test_audience_and_issuer_of_reports_can_be_others(environment: Environment) -> None:
    environment(
        PUBLIC_URL="https://stepwise.example.com",
        OIDC_AUDIENCE="stepwise",
        OIDC_ISSUER="https://ghe.example.com/_services/token",
    )
    settings = load_settings()
    assert (settings.report_audience, settings.oidc_issuer) == ("stepwise", "https://ghe.example.com/_services/token")


def test_secrets_do_not_show(environment: Environment) -> None:
    environment()
    settings = load_settings()
    for text in (repr(settings), str(settings), str(settings.model_dump())):
        assert SECRET not in text
        assert "PRIVATE KEY" not in text


def test_the_dot_env_file_is_read_behind_the_environment(environment: Environment, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PORT=4000\nHOST=0.0.0.0\nSOMETHING_ELSE=1\n")
    environment(PORT="5000")
    settings = load_settings()
    assert (settings.port, settings.host) == (5000, "0.0.0.0")
    assert load_settings(env_file=None).host == "127.0.0.1"


def test_a_dot_env_file_that_is_no_text_is_one_clear_line(environment: Environment, tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"PORT=\xff\xfe\n")
    environment()
    assert problems() == (".env cannot be read as text",)


def test_the_database_alone_needs_no_app(environment: Environment) -> None:
    environment(APP_ID=None, PRIVATE_KEY=None, WEBHOOK_SECRET=None, DATABASE_URL="sqlite:////var/lib/stepwise.db")
    assert load_database_settings().database_url == "sqlite:////var/lib/stepwise.db"


def test_serve_refuses_a_wrong_environment_with_clear_lines_and_code_2(tmp_path: Path) -> None:
    clean = {name: value for name, value in os.environ.items() if name.lower() not in Settings.model_fields}
    served = subprocess.run(
        [sys.executable, "-c", "import typer; from bot.cli.serve import serve; typer.run(serve)"],
        cwd=tmp_path,
        env={**clean, "PYTHONPATH": str(ROOT), "APP_ID": "x", "WEBHOOK_SECRET": SECRET},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert served.returncode == 2
    first, second = served.stderr.splitlines()
    assert first.startswith("stepwise: APP_ID: ")
    assert second.startswith("stepwise: PRIVATE_KEY is not set")
    assert served.stdout == ""
