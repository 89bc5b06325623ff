"""Requests that are no HTTP: aiohttp answers them by itself, and logs each as an error with its stack."""

from __future__ import annotations

import logging

from aiohttp.http_exceptions import HttpProcessingError


class MalformedRequests(logging.Filter):
    """Make aiohttp's error about a stranger's malformed request one short line at debug level."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, HttpProcessingError):
            record.levelno, record.levelname = logging.DEBUG, "DEBUG"
            record.msg, record.args = "malformed request: %s", (type(error).__name__,)
            record.exc_info = None
            return logging.getLogger(record.name).isEnabledFor(logging.DEBUG)
        return True


def server_logger() -> logging.Logger:
    """The logger to give to aiohttp's runner."""
    logger = logging.getLogger("bot.web.server")
    if not any(isinstance(known, MalformedRequests) for known in logger.filters):
        logger.addFilter(MalformedRequests())
    return logger
