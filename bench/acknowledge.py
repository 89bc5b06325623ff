"""Acknowledgements per second over real HTTP: durable, the same without a disk, and a bare handler beside them.

The server is a process of its own, the load comes from this one. Every request carries a signed payload of about 10 KB
and a GUID of its own. `durable` is what `stepwise serve` answers with: SQLite, full sync, one commit for all that wait.
`nothing stored` is the same endpoint with an inbox that forgets. `bare handler` is the usual small GitHub bot:
gidgethub reads the event inside the request, a router finds no callback, nothing is stored.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import itertools
import json
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import Any, Final

from aiohttp import web
from gidgethub import routing, sansio

from bot.logs import configure_logs
from bot.metrics import Metrics
from bot.store.inbox import Inbox
from bot.store.migrate import migrate
from bot.web.health import Health
from bot.web.refusals import add_headers, answer_in_json
from bot.web.webhook import BODY_LIMIT, Webhook

SECRET: Final = "a secret of the benchmark"
PATH: Final = "/api/github/webhooks"
CONNECTIONS: Final = (16, 64)
REQUESTS: Final = 3000
SECONDS_AT_MOST: Final = 8.0
ROUNDS: Final = 3
WARM_UP: Final = 200
FSYNCS: Final = 50


class ForgetfulInbox(Inbox):
    """Takes everything and stores nothing."""

    async def accept(self, guid: str, event: str, body: bytes) -> bool:  # noqa: ARG002
        return True


@dataclass(frozen=True, slots=True)
class Measured:
    """One run of the load: how many per second, and how long one took, in milliseconds."""

    rate: float
    p50: float
    p99: float


def payload() -> bytes:
    """About 10 KB in the shape of a `pull_request` delivery: many addresses, a few words."""

    def thing(kind: str, name: str, links: int) -> dict[str, Any]:
        base = f"https://api.github.com/{kind}/{name}"
        return {"id": 123456789, "node_id": "MDQ6VXNlcjE=", "name": name, "url": base} | {
            f"part_{number}_url": f"{base}/part_{number}{{/id}}" for number in range(links)
        }

    repository = thing("repos", "acme/shop", 38) | {"owner": thing("users", "acme", 13), "default_branch": "main"}
    pull = thing("repos", "acme/shop/pulls/5", 8) | {
        "title": "Add the basket",
        "body": "What this does and why. " * 40,
        "user": thing("users", "maria", 13),
        "head": {"ref": "basket", "sha": "a" * 40, "repo": repository},
        "base": {"ref": "main", "sha": "b" * 40, "repo": thing("repos", "acme/shop", 8)},
    }
    tree = {"action": "synchronize", "number": 5, "pull_request": pull, "sender": thing("users", "maria", 13)}
    return json.dumps(tree | {"repository": repository, "installation": {"id": 99}}).encode()


def stepwise_app(inbox: Inbox) -> web.Application:
    """The endpoint as the server has it, with an inbox of one's choice."""
    metrics = Metrics()
    webhook = Webhook(secret=SECRET.encode(), app_id=4711, inbox=inbox, on_accepted=lambda: None, metrics=metrics)

    async def ready() -> Mapping[str, str | None]:
        return {}

    app = web.Application(middlewares=[answer_in_json], client_max_size=BODY_LIMIT)
    app.on_response_prepare.append(add_headers)
    app.router.add_post(PATH, webhook.receive)
    app.router.add_get("/readyz", Health(ready, metrics).readyz)
    return app


def bare_app() -> web.Application:
    """The usual small bot: parse, route, answer."""
    router = routing.Router()

    async def receive(request: web.Request) -> web.Response:
        event = sansio.Event.from_http(request.headers, await request.read(), secret=SECRET)
        await router.dispatch(event)
        return web.Response(status=202)

    app = web.Application()
    app.router.add_post(PATH, receive)
    return app


async def serve(design: str, folder: str) -> None:
    """The server's process: print the port, serve until standard input closes."""
    configure_logs("info", [SECRET])
    inbox: Inbox | None = None
    if design == "durable":
        url = f"sqlite:///{folder}/bench.db"
        migrate(url)
        inbox = Inbox.open(url)
        await inbox.start()
    elif design == "nothing stored":
        inbox = ForgetfulInbox.open("sqlite:///unused.db")
    runner = web.AppRunner(bare_app() if inbox is None else stepwise_app(inbox), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await runner.cleanup()
    if inbox is not None:
        await inbox.stop()


@asynccontextmanager
async def server(design: str, folder: Path) -> AsyncIterator[int]:
    """A server of that design in its own process; its port."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bench.acknowledge",
        design,
        str(folder),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield int(await asyncio.wait_for(process.stdout.readline(), 30))
    finally:
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), 15)
        except TimeoutError:
            process.kill()
            await process.wait()


class Load:
    """Requests over kept connections, each with a new GUID; the signature covers the body only, so one will do."""

    def __init__(self, port: int, body: bytes) -> None:
        self._port = port
        digest = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        self._head = (
            f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: GitHub-Hookshot/044aadd\r\nAccept: */*\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nX-GitHub-Event: pull_request\r\n"
            f"X-GitHub-Hook-ID: 1\r\nX-GitHub-Hook-Installation-Target-ID: 4711\r\n"
            f"X-GitHub-Hook-Installation-Target-Type: integration\r\nX-Hub-Signature-256: sha256={digest}\r\n"
            f"X-GitHub-Delivery: "
        ).encode()
        self._body = body
        self._numbers = itertools.count()
        self._run = os.urandom(8).hex()

    async def measure(self, connections: int, requests: int) -> Measured:
        """Send that many requests, as many at a time as there are connections; stop early when time is up."""
        left = itertools.repeat(None, requests)
        began = time.perf_counter()
        deadline = began + SECONDS_AT_MOST
        spans = await asyncio.gather(*(self._send(left, deadline) for _ in range(connections)))
        took = time.perf_counter() - began
        milliseconds = sorted(1000 * span for part in spans for span in part)
        return Measured(len(milliseconds) / took, median(milliseconds), quantiles(milliseconds, n=100)[98])

    async def _send(self, left: Any, deadline: float) -> list[float]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        spans = []
        for _ in left:
            guid = f"{self._run}-{next(self._numbers):012d}".encode()
            began = time.perf_counter()
            if began > deadline:
                break
            writer.write(self._head + guid + b"\r\n\r\n" + self._body)
            answer = await reader.readuntil(b"\r\n\r\n")
            if not answer.startswith(b"HTTP/1.1 202"):
                raise RuntimeError(f"the server answered {answer[:60]!r}")
            length = answer.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
            await reader.readexactly(int(length or b"0"))
            spans.append(time.perf_counter() - began)
        writer.close()
        await writer.wait_closed()
        return spans


def fsync_microseconds(folder: Path) -> float:
    """What the disk under the database takes to make 4 KB durable: the price that a group commit shares out."""
    spans = []
    with (folder / "fsync").open("wb", buffering=0) as file:
        for _ in range(FSYNCS):
            file.write(b"x" * 4096)
            began = time.perf_counter()
            os.fsync(file.fileno())
            spans.append(time.perf_counter() - began)
    return median(spans) * 1e6


async def main() -> None:
    """Print the table: each design, its rate, its latencies, and its rate as a share of the bare handler's."""
    body = payload()
    designs = ("durable", "nothing stored", "bare handler")
    found: dict[tuple[int, str], list[Measured]] = {}
    # Beside the project, not in /tmp: that is often memory, where a sync costs nothing.
    with tempfile.TemporaryDirectory(prefix=".bench-", dir=Path.cwd()) as name:
        folder = Path(name)
        print(f"acknowledgements, {len(body)} bytes each, fsync of this disk {fsync_microseconds(folder):.0f} µs")
        for turn in range(ROUNDS):
            # The designs take turns within a round, so that a busy machine is busy for all of them.
            for design in designs:
                own = folder / f"{turn}-{design.replace(' ', '-')}"
                own.mkdir()
                async with server(design, own) as port:
                    load = Load(port, body)
                    await load.measure(16, WARM_UP)
                    for connections in CONNECTIONS:
                        found.setdefault((connections, design), []).append(await load.measure(connections, REQUESTS))
    for connections in CONNECTIONS:
        bare = median(one.rate for one in found[connections, "bare handler"])
        for design in designs:
            runs = found[connections, design]
            rate = median(one.rate for one in runs)
            p50, p99 = median(one.p50 for one in runs), median(one.p99 for one in runs)
            print(
                f"  {connections:3d} connections  {design:15s} {rate:7.0f}/s  p50 {p50:6.1f} ms  p99 {p99:6.1f} ms"
                f"  {rate / bare:5.2f} of the bare handler"
            )


if __name__ == "__main__":
    asyncio.run(serve(*sys.argv[1:3]) if len(sys.argv) > 2 else main())
