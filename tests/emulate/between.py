"""What stands between the bot and the emulator, in both directions: requests, and webhooks.

It passes on what it gets, apart from what `translations.py` names, and a delivery's GUID: the emulator's is the time in
milliseconds, so that two deliveries may share one and the bot would rightly take the second for a repetition.

With `heads_move` one thing more is ours, for the few tests that need it: see `moved`.

It also knows which webhooks each write has to bring, so that nobody has to wait for a guessed time: `arrived` returns
once all of them were handed to the bot.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import re
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import uuid4

import aiohttp
from aiohttp import web
from yarl import URL

from tests.emulate import translations
from tests.emulate.seed import MANIFEST, SECRET, token

PATIENCE: Final = 15.0
HOOKS: Final = "/-/hooks"
_PASSED_ON: Final = ("authorization", "accept", "content-type", "user-agent", "x-github-api-version", "if-none-match")
_OWN: Final = ("content-length", "content-encoding", "transfer-encoding", "connection", "keep-alive", "date")
_REPO: Final = r"/repos/[^/]+/[^/]+"


@dataclass(frozen=True, slots=True)
class Call:
    """One request of the bot's and its answer."""

    method: str
    path: str
    body: Any
    status: int
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Delivery:
    """One webhook as the emulator sent it, and what the bot answered."""

    event: str
    payload: dict[str, Any]
    is_signed: bool
    guid: str
    signature: str
    answer: int


@dataclass
class Between:
    """The place in the middle. `address` is GitHub's for the bot."""

    http: aiohttp.ClientSession
    address: str = ""
    github: str = ""
    bot: str = ""
    calls: list[Call] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    heads_move: bool = False
    before: Callable[[str, str], Awaitable[None]] | None = None
    own_checks: set[int] = field(default_factory=set)
    open_checks: set[int] = field(default_factory=set)
    _awaited: Counter[str] = field(default_factory=Counter)
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    # -- the bot to the emulator ---------------------------------------------------------------------------------

    async def request(self, request: web.Request) -> web.Response:
        body = await request.read()
        if self.before is not None:
            await self.before(request.method, request.path)
        kept = {name: request.headers[name] for name in _PASSED_ON if name in request.headers}
        url = URL(self.github + request.raw_path, encoded=True)
        async with self.http.request(request.method, url, data=body, headers=kept, allow_redirects=False) as answer:
            raw, status = await answer.read(), answer.status
            headers = {name.lower(): value for name, value in answer.headers.items() if name.lower() not in _OWN}
        said = json.loads(body) if body else None
        self.calls.append(Call(request.method, request.path, said, status, headers))
        if not raw:
            self.wrote(request.method, request.path, said, status, None)
            return web.Response(status=status, headers=headers)
        value = json.loads(raw)
        if status == 201 and request.path.endswith("/check-runs"):
            self.own_checks.add(value["id"])
        if status == 201 and request.path.endswith("/access_tokens"):
            self.tokens.append(value["token"])
        self.wrote(request.method, request.path, said, status, value)
        nothing = translations.no_statuses(request.path, status)
        if nothing is not None:
            return web.json_response(nothing)
        value = translations.permission(request.path, status, value)
        value = translations.with_app(value, self.own_checks)
        if self.heads_move and request.method == "GET" and re.fullmatch(_REPO + r"/pulls/\d+", request.path):
            value = await self.moved(value)
        return web.Response(status=status, headers=headers, body=json.dumps(value).encode())

    # -- the emulator to the bot ---------------------------------------------------------------------------------

    async def hook(self, request: web.Request) -> web.Response:
        raw, event = await request.read(), request.headers["x-github-event"]
        claimed = request.headers.get("x-hub-signature-256", "")
        payload = json.loads(raw)
        body, signature = await self._translated(event, payload, raw, claimed)
        status = await self.deliver(event, body, signature)
        if self.heads_move and event == "push":
            await self._synchronize(payload)
        guid = request.headers["x-github-delivery"]
        is_signed = hmac.compare_digest(_signed(raw)[1], claimed)
        async with self._changed:
            self.deliveries.append(Delivery(event, payload, is_signed, guid, claimed, status))
            self._awaited[_name(event, payload)] -= 1
            self._changed.notify_all()
        return web.Response(status=status)

    async def _translated(self, event: str, payload: dict[str, Any], raw: bytes, signature: str) -> tuple[bytes, str]:
        """The body for the bot and its signature, the emulator's own where nothing had to be translated."""
        translated = translations.with_app(payload, self.own_checks)
        if event == "issue_comment" and await self._is_pull(payload):
            translated = translations.of_pull(translated)
        if self.heads_move and event == "pull_request":
            translated = {**translated, "pull_request": await self.moved(translated["pull_request"])}
        return (raw, signature) if translated == payload else _signed(_raw(translated))

    async def again(self, delivery: Delivery) -> int:
        """The same webhook once more, as if it were a new one; the bot's answer."""
        body, signature = await self._translated(delivery.event, delivery.payload, *_signed(_raw(delivery.payload)))
        return await self.deliver(delivery.event, body, signature)

    async def deliver(self, event: str, body: bytes, signature: str) -> int:
        """Hand a webhook to the bot under a new GUID; its answer."""
        headers = {
            "content-type": "application/json",
            "x-github-event": event,
            "x-github-delivery": str(uuid4()),
            "x-hub-signature-256": signature,
        }
        async with self.http.post(self.bot, data=body, headers=headers) as answer:
            return answer.status

    async def moved(self, pull: Any) -> Any:
        """A pull request with the head that its branch has now: the emulator's stays as it was when it was opened.

        Commits, trees, comparisons and the branch itself are the emulator's all the same.
        """
        head = pull["head"]
        found = await self._read(f"/repos/{head['repo']['full_name']}/git/ref/heads/{head['ref']}")
        return pull if found is None else {**pull, "head": {**head, "sha": found["object"]["sha"]}}

    async def _synchronize(self, push: dict[str, Any]) -> None:
        """What GitHub tells beside a push to the branch of an open pull request, and the emulator does not."""
        branch, repository = push["ref"].removeprefix("refs/heads/"), push["repository"]
        path = f"/repos/{repository['full_name']}/pulls?state=open&head={repository['owner']['login']}:{branch}"
        for pull in await self._read(path):
            told = {name: push[name] for name in ("repository", "sender", "installation", "before", "after")}
            told |= {"action": "synchronize", "number": pull["number"], "pull_request": await self.moved(pull)}
            await self.deliver("pull_request", *_signed(_raw(told)))

    async def _is_pull(self, payload: dict[str, Any]) -> bool:
        number = payload["issue"]["number"]
        return await self._read(f"/repos/{payload['repository']['full_name']}/pulls/{number}") is not None

    async def _read(self, path: str) -> Any:
        headers = {"authorization": f"token {token('olivia')}"}
        async with self.http.get(self.github + path, headers=headers) as answer:
            return await answer.json() if answer.status == 200 else None

    # -- which webhooks a write brings ---------------------------------------------------------------------------

    def wrote(self, method: str, path: str, body: Any, status: int, value: Any) -> None:
        """Note what was written, by whomever: `arrived` waits for the webhooks that the emulator sends for it."""
        if status >= 300:
            return
        for (verb, pattern), tell in _BRINGS.items():
            found = re.fullmatch(_REPO + pattern, path)
            if verb == method and found is not None:
                name = tell(self, found, body or {}, value)
                if name is not None and name.partition(":")[0].partition(".")[0] in MANIFEST["default_events"]:
                    self._awaited[name] += 1

    def forget_awaited(self) -> None:
        """What was written last brings no webhooks."""
        self._awaited.clear()

    @property
    def missing(self) -> list[str]:
        """The webhooks that have to come and have not."""
        return [name for name, number in self._awaited.items() if number > 0]

    async def arrived(self) -> None:
        """Until every webhook that has to come was handed to the bot."""
        try:
            async with asyncio.timeout(PATIENCE), self._changed:
                await self._changed.wait_for(lambda: not self.missing)
        except TimeoutError:
            raise AssertionError(f"the emulator did not send {self.missing}") from None

    def check_moved(self, number: int, status: str) -> str | None:
        """The emulator tells of a check run when it is made, and when it is completed later."""
        if status == "completed":
            was_open = number in self.open_checks
            self.open_checks.discard(number)
            return f"check_run.completed:{number}" if was_open else None
        self.open_checks.add(number)
        return None


Tell = Callable[[Between, "re.Match[str]", dict[str, Any], Any], str | None]


def _check_made(between: Between, found: re.Match[str], body: dict[str, Any], value: Any) -> str | None:
    between.check_moved(value["id"], value["status"])
    return f"check_run.created:{value['id']}"


def _pull_changed(between: Between, found: re.Match[str], body: dict[str, Any], value: Any) -> str | None:
    action = {"open": "reopened", "closed": "closed"}.get(body.get("state", ""))
    action = action or ("edited" if {"title", "body"} & body.keys() else None)
    return f"pull_request.{action}:{found['number']}" if action else None


_BRINGS: Final[dict[tuple[str, str], Tell]] = {
    ("POST", r"/issues/\d+/comments"): lambda b, f, _, value: f"issue_comment.created:{value['id']}",
    ("PATCH", r"/issues/comments/(?P<id>\d+)"): lambda b, f, _, value: f"issue_comment.edited:{f['id']}",
    ("DELETE", r"/issues/comments/(?P<id>\d+)"): lambda b, f, _, value: f"issue_comment.deleted:{f['id']}",
    ("POST", r"/check-runs"): _check_made,
    ("PATCH", r"/check-runs/(?P<id>\d+)"): lambda b, f, _, value: b.check_moved(value["id"], value["status"]),
    ("POST", r"/check-runs/(?P<id>\d+)/rerequest"): lambda b, f, _, value: f"check_run.rerequested:{f['id']}",
    ("PATCH", r"/git/refs/heads/.+"): lambda b, f, _, value: f"push:{value['object']['sha']}",
    ("POST", r"/pulls"): lambda b, f, _, value: f"pull_request.opened:{value['number']}",
    ("PATCH", r"/pulls/(?P<number>\d+)"): _pull_changed,
    ("PUT", r"/pulls/(?P<number>\d+)/merge"): lambda b, f, _, value: f"pull_request.closed:{f['number']}",
    ("POST", r"/pulls/\d+/reviews"): lambda b, f, _, value: f"pull_request_review.submitted:{value['id']}",
    ("POST", r"/issues"): lambda b, f, _, value: f"issues.opened:{value['number']}",
}


def _name(event: str, payload: dict[str, Any]) -> str:
    """A delivery's name, as `_BRINGS` makes them."""
    match event:
        case "push":
            return f"push:{payload['after']}"
        case "issue_comment":
            number = payload["comment"]["id"]
        case "check_run":
            number = payload["check_run"]["id"]
        case "pull_request":
            number = payload["pull_request"]["number"]
        case "pull_request_review":
            number = payload["review"]["id"]
        case "issues":
            number = payload["issue"]["number"]
        case _:
            number = 0
    return f"{event}.{payload.get('action')}:{number}"


def _raw(payload: dict[str, Any]) -> bytes:
    return json.dumps(payload).encode()


def _signed(body: bytes) -> tuple[bytes, str]:
    return body, "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()


@asynccontextmanager
async def between() -> AsyncIterator[Between]:
    """The place in the middle, on a free port; where GitHub and the bot are is told to it later."""
    async with aiohttp.ClientSession() as http:
        middle = Between(http)
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_post(HOOKS, middle.hook)
        app.router.add_route("*", "/{path:.*}", middle.request)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            host, port = runner.addresses[0][:2]
            middle.address = f"http://{host}:{port}"
            yield middle
        finally:
            await runner.cleanup()
