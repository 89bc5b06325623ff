"""What strangers can put into a log line: paths, reasons, GitHub's words. It stays one line and steers no terminal."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from bot.logs import configure_logs

HOSTILE = "a\x1b[2J\x1b]0;owned\x07\r\n2026-01-01 [info] all is well\x9b31m\u202eemit\u2028"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def put_back() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def logged(stream: io.StringIO) -> str:
    configure_logs("info", [], stream)
    structlog.get_logger("bot").warning(HOSTILE, path=HOSTILE, deep={"list": [HOSTILE]})
    logging.getLogger("aiohttp.server").warning("from a library: %s", HOSTILE)
    return stream.getvalue()


def test_on_a_terminal_nothing_moves_the_cursor_and_no_line_is_forged() -> None:
    said = logged(Terminal())
    assert len(said.splitlines()) == 2
    assert all(line.startswith("\x1b[2m20") for line in said.splitlines())
    for steering in ("\x1b[2J", "\x1b]0;", "\x07", "\x9b", "\u202e", "\u2028", "\r"):
        assert steering not in said


def test_for_machines_every_event_is_one_line_of_printable_json() -> None:
    lines = logged(io.StringIO()).split("\n")
    assert lines.pop() == ""
    assert len(lines) == 2
    assert all(line.isprintable() for line in lines)
    assert json.loads(lines[0])["path"] == HOSTILE


def test_names_in_other_alphabets_stay_readable() -> None:
    stream = io.StringIO()
    configure_logs("info", [], stream)
    structlog.get_logger("bot").info("Grüße 統合 🚀")
    assert "Grüße 統合 🚀" in stream.getvalue()
