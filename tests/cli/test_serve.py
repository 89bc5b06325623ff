from __future__ import annotations

import hashlib
import hmac
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from bot.settings import Settings
from bot.store.migrate import head_revision

ROOT = Path(__file__).parents[2]
SECRET = "It's a Secret to Everybody"


@pytest.fixture(scope="module")
def pem() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()


@pytest.fixture
def environment(pem: str) -> dict[str, str]:
    """A whole environment; GitHub is a loopback port where nobody listens."""
    clean = {name: value for name, value in os.environ.items() if name.lower() not in Settings.model_fields}
    return clean | {
        "PYTHONPATH": str(ROOT),
        "APP_ID": "4711",
        "PRIVATE_KEY": pem,
        "WEBHOOK_SECRET": SECRET,
        "PORT": "0",
        "GITHUB_API_URL": "http://127.0.0.1:9",
        "GITHUB_URL": "http://127.0.0.1:9",
    }


def command(name: str) -> list[str]:
    return [sys.executable, "-c", f"import typer; from bot.cli.{name} import {name}; typer.run({name})"]


def run(name: str, environment: dict[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(name), cwd=folder, env=environment, capture_output=True, text=True, timeout=60)


@contextmanager
def serving(environment: dict[str, str], folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    process = subprocess.Popen(
        command("serve"), cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        listening = re.fullmatch(r"listening on (http://127\.0\.0\.1:\d+)\n", line)
        assert listening is not None, line
        yield process, listening[1]
    finally:
        process.kill()
        process.wait(10)
        process.stdout.close()


def deliver(address: str, guid: str) -> int:
    body = b'{"zen": "Keep it logically awesome."}'
    digest = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    request = urllib.request.Request(
        f"{address}/api/github/webhooks",
        body,
        {
            "Content-Type": "application/json",
            "X-GitHub-Delivery": guid,
            "X-GitHub-Event": "ping",
            "X-Hub-Signature-256": f"sha256={digest}",
        },
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return int(answer.status)


def stored(folder: Path) -> set[str]:
    connection = sqlite3.connect(folder / "stepwise.db")
    try:
        return {guid for (guid,) in connection.execute("SELECT guid FROM deliveries")}
    finally:
        connection.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_server_that_is_asked_to_stop_ends_well_and_keeps_what_it_took(
    environment: dict[str, str], tmp_path: Path, number: signal.Signals
) -> None:
    with serving(environment, tmp_path) as (process, address):
        assert deliver(address, "g1") == 202
        with urllib.request.urlopen(f"{address}/readyz", timeout=10) as answer:
            assert answer.status == 200
        process.send_signal(number)
        assert process.wait(20) == 0
    assert stored(tmp_path) == {"g1"}


def test_a_server_that_is_killed_goes_on_where_it_was(environment: dict[str, str], tmp_path: Path) -> None:
    with serving(environment, tmp_path) as (process, address):
        assert deliver(address, "g1") == 202
        process.kill()
        process.wait(10)
    with serving(environment, tmp_path) as (_, address):
        assert deliver(address, "g1") == 202
        assert deliver(address, "g2") == 202
    assert stored(tmp_path) == {"g1", "g2"}


def test_a_port_that_is_taken_is_one_clear_line(environment: dict[str, str], tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        ended = run("serve", environment | {"PORT": port, "LOG_LEVEL": "fatal"}, tmp_path)
    assert ended.returncode == 1
    (line,) = ended.stderr.splitlines()
    assert line.startswith(f"stepwise: HOST 127.0.0.1 with PORT {port} cannot be listened on: ")


def test_a_database_of_another_version_is_one_clear_line(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "stepwise.db").touch()
    ended = run("serve", environment, tmp_path)
    assert ended.returncode == 1
    assert ended.stderr == "stepwise: the database stepwise.db has no tables yet: run `stepwise migrate`\n"


def test_migrate_needs_no_app_and_says_what_it_did(environment: dict[str, str], tmp_path: Path) -> None:
    alone = {name: value for name, value in environment.items() if name not in {"APP_ID", "PRIVATE_KEY"}}
    first, second = (run("migrate", alone, tmp_path) for _ in range(2))
    assert (first.returncode, first.stdout) == (0, f"the database went from nothing to revision {head_revision()}\n")
    assert (second.returncode, second.stdout) == (0, f"the database is up to date at revision {head_revision()}\n")
    wrong = run("migrate", alone | {"DATABASE_URL": "mysql://user:hunter2@host/db"}, tmp_path)
    assert wrong.returncode == 2
    assert wrong.stderr.startswith("stepwise: DATABASE_URL must be sqlite:///")
    assert "hunter2" not in wrong.stderr
