"""A server on loopback that plays what a test scripts for it, and notes what it is asked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from bot.github.app import GitHubApp
from bot.github.client import Client
from bot.github.exchange import Timeouts
from bot.github.repos import Repo
from bot.sandbox.watching import Exchange
from tests.fidelity.watch import WATCH

INSTALLATION = 5
TOKEN_PATH = f"/app/installations/{INSTALLATION}/access_tokens"


class FakeClock:
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass(frozen=True)
class Reply:
    """One scripted answer; `raw` stands for the body as bytes, `drop` cuts the connection instead of answering."""

    json: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    content_type: str = "application/json; charset=utf-8"
    drop: bool = False
    hang: bool = False
    promise_more: int = 0


@dataclass(frozen=True)
class Seen:
    """One request as it came; `path` is raw, its escapes untouched."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: Any


class FakeGitHub:
    """Answers by (method, raw path): the scripted replies in turn, the last one again and again, 404 otherwise."""

    def __init__(self, clock: FakeClock) -> None:
        self.url = ""
        self.seen: list[Seen] = []
        self.tokens_given = 0
        self.at_once = 0
        self.most_at_once = 0
        self.writes_at_once = 0
        self.most_writes_at_once = 0
        self.released = asyncio.Event()
        self._clock = clock
        self._scripts: dict[tuple[str, str], list[Reply]] = {}
        self.on("POST", TOKEN_PATH)

    def on(self, method: str, path: str, *replies: Reply) -> None:
        """Play these replies for that path (with its query, if the path given has one)."""
        self._scripts[method, path] = list(replies)

    def requests(self, method: str | None = None, path: str | None = None) -> list[Seen]:
        """What was asked, without the asking for tokens unless that path is named."""
        return [
            seen
            for seen in self.seen
            if method in (None, seen.method) and (seen.path == path if path else seen.path != TOKEN_PATH)
        ]

    def calls(self) -> list[str]:
        """What was asked as lines such as `GET /repos/o/r`."""
        return [f"{seen.method} {seen.path}" for seen in self.requests()]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        path, _, query = request.raw_path.partition("?")
        raw = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.seen.append(Seen(request.method, path, query, headers, json.loads(raw) if raw else None))
        WATCH.scripted(Exchange(request.method, path, query, headers, raw))
        self.at_once += 1
        self.writes_at_once += request.method != "GET"
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.most_writes_at_once = max(self.most_writes_at_once, self.writes_at_once)
        try:
            await asyncio.sleep(0)
            return await self._play(request, self._reply(request.method, path, query))
        finally:
            self.at_once -= 1
            self.writes_at_once -= request.method != "GET"

    def _reply(self, method: str, path: str, query: str) -> Reply:
        script = self._scripts.get((method, f"{path}?{query}"), self._scripts.get((method, path)))
        if script is None:
            return Reply({"message": "Not Found", "documentation_url": "https://docs.example/rest"}, 404)
        if not script:
            return self._token()
        return script.pop(0) if len(script) > 1 else script[0]

    def _token(self) -> Reply:
        self.tokens_given += 1
        ends = self._clock.now + timedelta(hours=1)
        return Reply({"token": f"ghs_1_{self.tokens_given}." + "x" * 500, "expires_at": ends.isoformat()}, 201)

    async def _play(self, request: web.Request, reply: Reply) -> web.StreamResponse:
        if reply.hang:
            await self.released.wait()
        if reply.drop:
            assert request.transport is not None
            request.transport.abort()
        body = reply.raw if reply.raw is not None else json.dumps(reply.json).encode()
        if reply.status in (204, 304):
            return web.Response(status=reply.status, headers=reply.headers)
        headers = {"content-type": reply.content_type, **reply.headers}
        if not reply.promise_more:
            return web.Response(status=reply.status, body=body, headers=headers)
        cut_off = web.StreamResponse(status=reply.status, headers=headers)
        cut_off.content_length = len(body) + reply.promise_more
        await cut_off.prepare(request)
        await cut_off.write(body)
        assert request.transport is not None
        request.transport.close()
        return cut_off


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def pauses() -> list[float]:
    """How long the client wanted to wait, each time it did."""
    return []


@pytest.fixture(scope="session")
def private_key() -> str:
    key = rsa.generate_private_key(65537, 2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.fixture
async def github(clock: FakeClock) -> AsyncIterator[FakeGitHub]:
    fake = FakeGitHub(clock)
    server = web.Application(client_max_size=64 * 1024 * 1024)
    server.router.add_route("*", "/{path:.*}", fake.handle)
    runner = web.AppRunner(server, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    fake.url = f"http://{host}:{port}"
    yield fake
    fake.released.set()
    await runner.cleanup()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as opened:
        yield opened


MakeApp = Callable[..., GitHubApp]


@pytest.fixture
def make_app(
    github: FakeGitHub, session: aiohttp.ClientSession, clock: FakeClock, pauses: list[float], private_key: str
) -> MakeApp:
    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    def make(**options: Any) -> GitHubApp:
        defaults: dict[str, Any] = {
            "api_url": github.url,
            "app_id": 17,
            "private_key": private_key,
            "clock": clock,
            "pause": pause,
            "timeouts": Timeouts(connect=5, total=10),
        }
        return GitHubApp(session, **{**defaults, **options})

    return make


@pytest.fixture
def app(make_app: MakeApp) -> GitHubApp:
    return make_app()


@pytest.fixture
def client(app: GitHubApp) -> Client:
    return app.installation(INSTALLATION)


@pytest.fixture
def repo() -> Repo:
    return Repo("octo", "plans")
