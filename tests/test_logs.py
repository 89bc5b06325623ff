from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from bot.logs import LEVELS, REDACTED, Redactor, configure_logs

PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nIBAAK\n-----END RSA PRIVATE KEY-----"


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What is logged, with everything put back afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield io.StringIO()
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.mark.parametrize(
    "secret",
    [
        "ghs_16C7e42F292c6912E7710c838347Ae178B4a",
        "ghs_4711_eyJhbGciOi.eyJpc3MiOi-J9_x.sig-na_ture" + "x" * 400,
        "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
        "gho_16C7e42F292c6912E7710c838347Ae178B4a",
        "ghu_16C7e42F292c6912E7710c838347Ae178B4a",
        "ghr_16C7e42F292c6912E7710c838347Ae178B4a",
        "github_pat_11AAAAAAA0_abcdefghij",
        "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOjQ3MTF9.c2lnbmF0dXJl",
        PEM,
        PEM.replace("\n", "\\n"),
        PEM[:50],
        'wh-"secret"-5f0e',
    ],
)
def test_secrets_are_taken_out_wherever_they_stand(secret: str) -> None:
    clean = Redactor(['wh-"secret"-5f0e'])
    event = {
        "event": f"GET failed with {secret} in it",
        "nested": {"list": [secret, {"deep": (secret,)}]},
        "error": ValueError(secret),
        "bytes": secret.encode(),
        secret: "as a name",
    }
    text = json.dumps(clean(None, "info", event), default=str)
    assert secret not in text
    assert json.dumps(secret)[1:-1] not in text
    assert REDACTED in text


def test_a_password_in_an_address_is_taken_out() -> None:
    assert (
        Redactor().clean("see https://x-access-token:hunter2@github.com/a/b")
        == f"see https://{REDACTED}@github.com/a/b"
    )


def test_what_is_no_secret_stays() -> None:
    event = {"event": "pull 5 at ab12cd3", "count": 3, "ok": True, "none": None, "sha": "a" * 40, "high_five": "ghosts"}
    assert Redactor([]).clean(event) == event


def test_an_empty_secret_does_not_blank_every_line() -> None:
    assert Redactor(["", "a"]).clean("a banana") == "a banana"


def test_lines_are_json_with_what_was_bound(lines: io.StringIO) -> None:
    configure_logs("info", ["wh-secret-5f0e"], lines)
    with structlog.contextvars.bound_contextvars(delivery="g1", repository="acme/shop", pull="77:5", run="run-1"):
        structlog.get_logger("bot.service").info("reacted", calls=3, secret="wh-secret-5f0e")
        logging.getLogger("aiohttp").warning("from a library: %s", "ghp_16C7e42F292c6912E7710c838347Ae178B4a")
    first, second = (json.loads(line) for line in lines.getvalue().splitlines())
    assert first["event"] == "reacted"
    assert (first["delivery"], first["repository"], first["pull"], first["run"]) == ("g1", "acme/shop", "77:5", "run-1")
    assert (first["calls"], first["secret"], first["level"], first["logger"]) == (3, REDACTED, "info", "bot.service")
    assert second["event"] == f"from a library: {REDACTED}"
    assert second["delivery"] == "g1"


def test_a_traceback_is_cleaned_too(lines: io.StringIO) -> None:
    configure_logs("info", ["wh-secret-5f0e"], lines)
    try:
        raise RuntimeError(f"refused {PEM} and wh-secret-5f0e")
    except RuntimeError:
        structlog.get_logger().exception("failed")
        logging.getLogger("asyncio").exception("failed")
    for line in lines.getvalue().splitlines():
        assert "RuntimeError" in line
        assert "MIIEow" not in line
        assert "5f0e" not in line


def test_the_level_holds_for_both_kinds_of_logger(lines: io.StringIO) -> None:
    configure_logs("warn", [], lines)
    structlog.get_logger("bot").info("quiet")
    logging.getLogger("bot").info("quiet")
    structlog.get_logger("bot").warning("loud")
    logging.getLogger("bot").warning("loud")
    assert [json.loads(line)["event"] for line in lines.getvalue().splitlines()] == ["loud", "loud"]


@pytest.mark.parametrize("level", LEVELS)
def test_every_name_of_probots_levels_is_known(level: str, lines: io.StringIO) -> None:
    configure_logs(level, [], lines)
    structlog.get_logger("bot").critical("always")
    assert "always" in lines.getvalue()
