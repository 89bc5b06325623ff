"""A sandbox for each test, with one key for all of them, and GitHub clients that this project did not write."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import jwt
import pytest
from aiohttp import web
from githubkit import GitHub, TokenAuthStrategy

from bot.sandbox import Sandbox, generate_key


@dataclass
class Received:
    """A webhook as it arrived."""

    event: str
    payload: dict[str, Any]
    headers: dict[str, str]
    raw: bytes

    @property
    def name(self) -> str:
        action = self.payload.get("action")
        return f"{self.event}.{action}" if action else self.event


@dataclass
class HookBox:
    """An endpoint that keeps what it gets and answers what it is told."""

    url: str = ""
    status: int = 202
    got: list[Received] = field(default_factory=list)

    def names(self) -> list[str]:
        return [one.name for one in self.got]

    def last(self, name: str) -> dict[str, Any]:
        return [one.payload for one in self.got if one.name == name][-1]


@dataclass
class Api:
    """Plain HTTP against the sandbox, as one caller."""

    session: aiohttp.ClientSession
    url: str
    token: str | None

    async def __call__(self, method: str, path: str, **options: Any) -> Answer:
        headers = options.pop("headers", {})
        if self.token is not None:
            headers = {"Authorization": f"Bearer {self.token}"} | headers
        url = path if path.startswith("http") else self.url + path
        async with self.session.request(method, url, headers=headers, allow_redirects=False, **options) as response:
            raw = await response.read()
            is_json = "json" in response.headers.get("Content-Type", "") and raw
            return Answer(response.status, await response.json() if is_json else None, raw, response.headers)


@dataclass
class Answer:
    status: int
    body: Any
    raw: bytes
    headers: Any


@pytest.fixture(scope="session")
def key() -> str:
    return generate_key()


@pytest.fixture
async def hookbox() -> AsyncIterator[HookBox]:
    box = HookBox()

    async def take(request: web.Request) -> web.Response:
        raw = await request.read()
        event = request.headers["X-GitHub-Event"]
        box.got.append(Received(event, await request.json(), dict(request.headers), raw))
        return web.Response(status=box.status, text="noted")

    app = web.Application(client_max_size=30 * 1024 * 1024)
    app.router.add_post("/hook", take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    box.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield box
    await runner.cleanup()


@pytest.fixture
async def sandbox(key: str, hookbox: HookBox) -> AsyncIterator[Sandbox]:
    running = await Sandbox.start(webhook_url=hookbox.url, private_key_pem=key)
    yield running
    await running.stop()


def app_jwt(sandbox: Sandbox, **claims: Any) -> str:
    """Sign a JWT as the App; `claims` overrides what is right."""
    now = int(sandbox.clock.timestamp())
    right = {"iat": now - 60, "exp": now + 540, "iss": str(sandbox.app_id)}
    return jwt.encode(right | claims, sandbox.private_key_pem, algorithm="RS256")


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as one:
        yield one


@pytest.fixture
def as_user(sandbox: Sandbox, session: aiohttp.ClientSession) -> Callable[[str], Api]:
    return lambda login: Api(session, sandbox.url, sandbox.tokens[login])


@pytest.fixture
def as_app(sandbox: Sandbox, session: aiohttp.ClientSession) -> Api:
    """The App by its JWT."""
    return Api(session, sandbox.url, app_jwt(sandbox))


@pytest.fixture
def as_bot(sandbox: Sandbox, session: aiohttp.ClientSession) -> Api:
    """The App by an installation token."""
    return Api(session, sandbox.url, sandbox.installation_token())


@pytest.fixture
def anonymous(sandbox: Sandbox, session: aiohttp.ClientSession) -> Api:
    return Api(session, sandbox.url, None)


@pytest.fixture
def kit(sandbox: Sandbox) -> Callable[[str], GitHub[TokenAuthStrategy]]:
    """GitHub's API through githubkit: its models refuse answers that do not conform to the published schema."""

    clients: dict[str, GitHub[TokenAuthStrategy]] = {}

    def client(who: str) -> GitHub[TokenAuthStrategy]:
        if who in clients:
            return clients[who]
        token = {"bot": sandbox.installation_token(), "app": app_jwt(sandbox)}.get(who) or sandbox.tokens[who]
        clients[who] = GitHub(TokenAuthStrategy(token), base_url=sandbox.url, auto_retry=False, http_cache=False)
        return clients[who]

    return client


async def write_branch(
    api: Api, branch: str, files: dict[str, str | None], *, repo: str = "acme/shop", message: str = "Change"
) -> str:
    """Commit files on a branch through the Git Data API, making it from main when it is new; gives the head."""
    ref = await api("GET", f"/repos/{repo}/git/ref/heads/{branch}")
    start = ref if ref.status == 200 else await api("GET", f"/repos/{repo}/git/ref/heads/main")
    parent = start.body["object"]["sha"]
    base = (await api("GET", f"/repos/{repo}/git/commits/{parent}")).body["tree"]["sha"]
    entries = [
        {"path": path, "mode": "100644", "type": "blob"} | ({"sha": None} if text is None else {"content": text})
        for path, text in files.items()
    ]
    tree = await api("POST", f"/repos/{repo}/git/trees", json={"base_tree": base, "tree": entries})
    assert tree.status == 201, tree.body
    commit = {"message": message, "tree": tree.body["sha"], "parents": [parent]}
    made = await api("POST", f"/repos/{repo}/git/commits", json=commit)
    sha: str = made.body["sha"]
    if ref.status == 200:
        moved = await api("PATCH", f"/repos/{repo}/git/refs/heads/{branch}", json={"sha": sha})
    else:
        moved = await api("POST", f"/repos/{repo}/git/refs", json={"ref": f"refs/heads/{branch}", "sha": sha})
    assert moved.status in (200, 201), moved.body
    return sha


async def open_pull(api: Api, branch: str = "feature/x", files: dict[str, str | None] | None = None) -> dict[str, Any]:
    """Push a branch and open a pull request for it."""
    await write_branch(api, branch, files or {"src/new.txt": "one\ntwo\n"})
    made = await api("POST", "/repos/acme/shop/pulls", json={"title": "T", "body": "B", "head": branch, "base": "main"})
    assert made.status == 201, made.body
    body: dict[str, Any] = made.body
    return body
