"""Who looks on: every API call and every delivery of this process's sandboxes, as it went over the wire.

Tests compare what they are shown with GitHub's published description. Nothing that a watcher does changes an answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Exchange:
    """An API request and its answer; `path` is raw, names of headers are lower-case.

    `status` is None when the sandbox was told to fail before it did anything.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    status: int | None = None
    answer_headers: Mapping[str, str] | None = None
    answer: bytes = b""


@dataclass(frozen=True, slots=True)
class Sent:
    """A webhook as it is sent."""

    event: str
    action: str | None
    headers: Mapping[str, str]
    body: bytes


Watcher = Callable[[Exchange | Sent], None]
WATCHERS: Final[list[Watcher]] = []


def show(seen: Exchange | Sent) -> None:
    for watcher in WATCHERS:
        watcher(seen)
