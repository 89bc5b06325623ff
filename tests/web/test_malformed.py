from __future__ import annotations

import logging

import pytest
from aiohttp.http_exceptions import BadHttpMessage

from bot.web.malformed import server_logger


def test_a_strangers_malformed_request_is_no_error_of_ours(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    server_logger().error("Error handling request from %s", "1.2.3.4", exc_info=BadHttpMessage("no HTTP"))
    (record,) = caplog.records
    assert (record.levelname, record.getMessage(), record.exc_info) == (
        "DEBUG",
        "malformed request: BadHttpMessage",
        None,
    )


def test_a_malformed_request_is_silent_at_the_usual_level(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    server_logger().error("Error handling request from %s", "1.2.3.4", exc_info=BadHttpMessage("no HTTP"))
    assert caplog.records == []


def test_errors_of_ours_stay_errors(caplog: pytest.LogCaptureFixture) -> None:
    server_logger().error("Error handling request", exc_info=RuntimeError("ours"))
    (record,) = caplog.records
    assert record.levelname == "ERROR"
    assert record.exc_info is not None
