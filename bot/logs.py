"""Structured log lines, free of secrets: JSON for machines, coloured text on a terminal.

What belongs to all lines of one piece of work is bound once with `structlog.contextvars.bound_contextvars`, under the
names `delivery`, `repository`, `pull` and `run`.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Iterable, Mapping
from typing import Any, Final, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from bot.printable import printable

REDACTED: Final = "[redacted]"
LEVELS: Final[Mapping[str, int]] = {
    "trace": logging.DEBUG,
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warn": logging.WARNING,
    "error": logging.ERROR,
    "fatal": logging.CRITICAL,
}
"""Probot's names. Python has nothing below debug, so trace is debug."""

_SECRETS: Final = re.compile(
    # A private key, with real or escaped line ends, cut short or not.
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----(?:.*?-----END [A-Z ]*PRIVATE KEY-----|.*)"
    # GitHub's tokens. An installation token can be a JWT behind its prefix: long, with dots inside.
    r"|\bgh[a-z]_[A-Za-z0-9_.\-]{4,}"
    r"|\bgithub_pat_[A-Za-z0-9_]{4,}"
    # The App's own JWT, and an Actions OIDC token.
    r"|\beyJ[A-Za-z0-9_\-]+\.[A-Za-z0-9_\-]+\.[A-Za-z0-9_\-]+"
    # The password in an address.
    r"|(?<=://)[^/\s:@]*:[^/\s@]+(?=@)",
    re.DOTALL,
)
_SHORTEST_KNOWN_SECRET: Final = 4


class Redactor:
    """A processor that takes secrets out of every value of a log line, however deep."""

    def __init__(self, known: Iterable[str] = ()) -> None:
        spellings = {
            spelling for secret in known for spelling in (secret, json.dumps(secret)[1:-1], repr(secret)[1:-1])
        }
        # Hiding a secret of one or two letters would make every line unreadable.
        long_enough = sorted((s for s in spellings if len(s) >= _SHORTEST_KNOWN_SECRET), key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, long_enough))) if long_enough else None

    def __call__(self, _logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        return {self.clean_text(name): self.clean(value) for name, value in event.items()}

    def clean(self, value: Any) -> Any:
        """The value without secrets: text is rewritten, other objects only if their text holds one."""
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, str):
            return self.clean_text(value)
        if isinstance(value, Mapping):
            return {self.clean(name): self.clean(inner) for name, inner in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self.clean(inner) for inner in value]
        return self.clean_text(str(value))

    def clean_text(self, text: str) -> str:
        cleaned = _SECRETS.sub(REDACTED, text)
        return cleaned if self._known is None else self._known.sub(REDACTED, cleaned)


def _visible(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Words from outside that stand in a line steer no terminal and begin no line of their own."""
    many_lines = ("exception", "stack")
    return {
        printable(name): printable(value, keep_line_feeds=name in many_lines) if isinstance(value, str) else value
        for name, value in event.items()
    }


def _printed(_logger: WrappedLogger, _method: str, line: Any) -> str:
    """A rendered line of JSON, whose own control characters are escaped already."""
    return printable(str(line))


def configure_logs(level: str, secrets: Iterable[str] = (), stream: TextIO | None = None) -> None:
    """Send all log lines, those of libraries too, to one stream (standard error unless given)."""
    stream = sys.stderr if stream is None else stream
    before: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
    ]
    render: tuple[Processor, ...] = (
        (_visible, structlog.dev.ConsoleRenderer())
        if stream.isatty()
        # What JSON leaves as it is, such as a change of direction, is escaped as JSON would, and means the same.
        else (structlog.processors.JSONRenderer(ensure_ascii=False), _printed)
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=before,
        # Nothing may be added behind the redactor but the rendering.
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, Redactor(secrets), *render],
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter)
    logging.basicConfig(level=LEVELS[level], handlers=[handler], force=True)
    # The database's driver logs the values it stores, whole deliveries and comments of private repositories.
    logging.getLogger("aiosqlite").setLevel(logging.WARNING)
    # A plan of a hundred lines would be a thousand of its parser's.
    logging.getLogger("markdown_it").setLevel(logging.WARNING)
    if LEVELS[level] > logging.DEBUG:
        for chatty in ("alembic", "asyncio"):
            logging.getLogger(chatty).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *before,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
