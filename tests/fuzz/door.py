"""The webhook endpoint as a target: a request out of bytes, through the application's handlers, and what is stored."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Iterator
from functools import cache
from typing import Final, cast
from unittest import mock

from aiohttp import StreamReader
from aiohttp.base_protocol import BaseProtocol
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict

from bot.github.webhooks import Concern, Ignored, MergeGroup, read_delivery
from bot.metrics import Metrics
from bot.runs.clicks import calls
from bot.store.inbox import Inbox
from bot.web.refusals import answer_in_json
from bot.web.webhook import Webhook
from tests.fuzz import seeds as common
from tests.fuzz.broken import hold

SECRET: Final = b"fuzz"
APP: Final = 17
STATUSES: Final = {202, 400, 401, 408, 413, 415, 503}
WORDS: Final = (
    *(
        b'"action":"created"',
        b'"action":"edited"',
        b'"user":{',
        b'"id":',
        b"null",
        b"true",
        b"9" * 30,
        b"1e999",
        b"\\ud800",
    ),
    *(
        b"x-hub-signature-256: sha256=",
        b"x-github-event: issue_comment",
        b"content-encoding: gzip",
        b"content-length: 5",
    ),
    *(
        b"content-type: text/plain",
        b"x-github-delivery: a",
        b"\nS\n",
        b'"/approve"',
        b'"0001-01-01T00:00:00+23:59"',
        b"[[[[",
    ),
)


class _Inbox:
    """Keeps what it is given."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, str, bytes]] = []

    async def accept(self, guid: str, event: str, body: bytes) -> bool:
        self.taken.append((guid, event, body))
        return True


@cache
def _site() -> tuple[Webhook, _Inbox, asyncio.AbstractEventLoop]:
    inbox = _Inbox()
    loop = asyncio.new_event_loop()
    webhook = Webhook(
        secret=SECRET,
        app_id=APP,
        inbox=cast(Inbox, inbox),
        on_accepted=lambda: None,
        metrics=Metrics(),
        body_seconds=0.2,
    )
    return webhook, inbox, loop


def run(data: bytes) -> None:
    """Header lines, a line `S` (signed with the secret) or `U` (as it is), then the body."""
    head, is_signed, body = data.partition(b"\nS\n")
    if not is_signed:
        head, _, body = data.partition(b"\nU\n")
    headers = CIMultiDict[str]()
    for line in head.decode("latin-1").split("\n")[:40]:
        name, colon, value = line.partition(":")
        # What is no header, and what is no length, never gets here: the server answers it by itself.
        if name.lower() == "content-length" and not (value.strip().isascii() and value.strip().isdigit()):
            continue
        if colon and name.isascii() and name.replace("-", "").isalnum() and not set(value) & {"\r", "\0"}:
            headers.add(name, value.strip(" \t"))
    digest = "sha256=" + hmac.new(SECRET, body, hashlib.sha256).hexdigest()
    if is_signed:
        headers["X-Hub-Signature-256"] = digest
    webhook, inbox, loop = _site()
    inbox.taken.clear()
    loop.run_until_complete(_asked(webhook, headers, body))
    for guid, event, stored in inbox.taken:
        hold(headers.getall("X-Hub-Signature-256") == [digest], "only what is signed is stored")
        hold(stored == body and guid.isascii() and event.isascii(), "it is stored as it came")
        _read(event, stored)


async def _asked(webhook: Webhook, headers: CIMultiDict[str], body: bytes) -> None:
    stream = StreamReader(mock.Mock(spec=BaseProtocol, _reading_paused=False), 2**16)
    stream.feed_data(body)
    stream.feed_eof()
    request = make_mocked_request("POST", "/", headers, payload=stream, client_max_size=2**25)
    answer = await answer_in_json(request, webhook.receive)
    hold(answer.status in STATUSES, f"{answer.status} is one of the answers")


def _read(event: str, body: bytes) -> None:
    found = read_delivery(event, body, APP)
    hold(isinstance(found, Concern | Ignored | MergeGroup), "a delivery is read")
    if isinstance(found, Concern):
        for given in calls([found.event]):
            hold(given.comment.author.login != "", "a command has an author")


def seeds() -> Iterator[bytes]:
    for name, body in common.webhooks():
        lines = ("content-type: application/json", "x-github-delivery: 72d3162e-cc78", f"x-github-event: {name}")
        yield "\n".join(lines).encode() + b"\nS\n" + body
    yield b"content-type: application/json\nx-github-delivery: a\nx-github-event: ping\nx-hub-signature: sha1=00\nU\n{}"
