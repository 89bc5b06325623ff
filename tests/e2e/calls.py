"""The calls that the bot made to GitHub in a stretch of a test, as the sandbox logged them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from bot.sandbox import Sandbox
from bot.sandbox.hub import Logged

BOT = "installation:stepwise"
# Posting one of these objects of git changes nothing that anybody sees: together they are one commit.
COMMIT_PARTS = ("/git/blobs", "/git/trees", "/git/commits")


@dataclass
class Calls:
    """What was called; printed as a list, so that a failing assertion shows it."""

    made: list[Logged] = field(default_factory=list)

    @property
    def reads(self) -> list[Logged]:
        return [call for call in self.made if call.method == "GET"]

    @property
    def writes(self) -> list[Logged]:
        return [call for call in self.made if call.method != "GET"]

    def __str__(self) -> str:
        lines = [f"{call.method} {call.path} -> {call.status}" for call in self.made]
        return f"{len(self.reads)} reads, {len(self.writes)} writes\n" + "\n".join(lines)


@contextmanager
def calls_of(sandbox: Sandbox) -> Iterator[Calls]:
    """Collect the bot's calls until the end of the block."""
    found = Calls()
    start = len(sandbox.requests.calls)
    try:
        yield found
    finally:
        found.made += [call for call in sandbox.requests.calls[start:] if call.actor == BOT]
