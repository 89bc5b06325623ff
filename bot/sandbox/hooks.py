"""Webhook deliveries: signed, sent in order in the background, every attempt kept.

GitHub waits ten seconds for a 2xx, does not send again by itself, and a redelivery keeps the GUID of the original
while the attempt gets an id of its own.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from urllib.parse import urlencode

import aiohttp

from bot.sandbox import watching
from bot.sandbox.clock import Clock
from bot.sandbox.faults import Faults
from bot.sandbox.state import App, Json
from bot.sandbox.watching import Sent

TIMEOUT = 10.0
MAX_PAYLOAD = 25 * 1024 * 1024
CONTENT_TYPES = {"json": "application/json", "form": "application/x-www-form-urlencoded"}


@dataclass(frozen=True, slots=True)
class Event:
    """One event for one App, before or between attempts."""

    guid: str
    app: App
    name: str
    action: str | None
    payload: Json
    body: bytes
    installation_id: int | None
    repository_id: int | None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt at delivery; `status_code` is 0 when nothing answered."""

    id: int
    event: Event
    delivered_at: datetime
    redelivery: bool
    duration: float
    status: str
    status_code: int
    url: str
    request_headers: dict[str, str]
    response_headers: dict[str, str]
    response_body: str


@dataclass(frozen=True, slots=True)
class _Job:
    event: Event
    redelivery: bool
    unreachable: bool = False


def headers(event: Event) -> dict[str, str]:
    """Give the headers of a delivery. The hook of an App says `integration` and the App's id."""
    secret = event.app.webhook_secret.encode()
    return {
        "Accept": "*/*",
        "Content-Type": CONTENT_TYPES[event.app.hook_content_type],
        "User-Agent": "GitHub-Hookshot/5a11d0c",
        "X-GitHub-Delivery": event.guid,
        "X-GitHub-Event": event.name,
        "X-GitHub-Hook-ID": str(event.app.hook_id),
        "X-GitHub-Hook-Installation-Target-ID": str(event.app.id),
        "X-GitHub-Hook-Installation-Target-Type": "integration",
        "X-Hub-Signature": "sha1=" + hmac.new(secret, event.body, hashlib.sha1).hexdigest(),
        "X-Hub-Signature-256": "sha256=" + hmac.new(secret, event.body, hashlib.sha256).hexdigest(),
    }


@dataclass(slots=True)
class Hooks:
    """The queue, the log, and what is being held back."""

    clock: Clock
    faults: Faults
    timeout: float = TIMEOUT
    attempts: list[Attempt] = field(default_factory=list)
    held: list[Event] = field(default_factory=list)
    _swapped: list[Event] = field(default_factory=list)
    _queue: asyncio.Queue[_Job] = field(default_factory=asyncio.Queue)
    _worker: asyncio.Task[None] | None = None
    _session: aiohttp.ClientSession | None = None
    _next_id: int = 900_001

    async def start(self) -> None:
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=self.timeout))
        self._worker = asyncio.create_task(self._work())

    async def stop(self) -> None:
        if self._worker is not None:
            self._worker.cancel()
            await asyncio.gather(self._worker, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    async def settle(self) -> None:
        """Wait until everything queued has been tried, also what was queued meanwhile."""
        for event in self._take_swapped():
            self._put(event)
        await self._queue.join()

    def send(self, app: App, name: str, payload: Json, *, repository_id: int | None, held: bool = False) -> None:
        """Queue an event for an App, or let a fault rule have its way. Above 25 MB GitHub sends nothing."""
        body = _body(app, payload)
        if app.webhook_url is None or len(body) > MAX_PAYLOAD:
            return
        installed = payload.get("installation") or {}
        action = payload.get("action")
        event = Event(str(uuid.uuid4()), app, name, action, payload, body, installed.get("id"), repository_id)
        if held:
            self.held.append(event)
            return
        match self.faults.for_hook(name, action):
            case "lost":
                return
            case "held":
                self.held.append(event)
                return
            case "swapped":
                self._swapped.append(event)
                return
            case "failed":
                self._queue.put_nowait(_Job(event, redelivery=False, unreachable=True))
            case "doubled":
                self._put(event)
                self._put(event)
            case None:
                self._put(event)
        for earlier in self._take_swapped():
            self._put(earlier)

    def release(self) -> int:
        """Send what is held, in its order; gives the number."""
        events, self.held = self.held, []
        for event in events:
            self._put(event)
        return len(events)

    async def release_together(self) -> int:
        """Send what is held side by side, as GitHub does when much happens at once; gives the number."""
        events, self.held = self.held, []
        await asyncio.gather(*(self._attempt(_Job(event, redelivery=False)) for event in events))
        return len(events)

    def redeliver(self, attempt: Attempt) -> None:
        """Queue the same bytes under the same GUID."""
        self._queue.put_nowait(_Job(attempt.event, redelivery=True))

    def find(self, app: App, attempt_id: int) -> Attempt | None:
        return next((a for a in self.attempts if a.id == attempt_id and a.event.app is app), None)

    def _take_swapped(self) -> list[Event]:
        events, self._swapped = self._swapped, []
        return events

    def _put(self, event: Event) -> None:
        self._queue.put_nowait(_Job(event, redelivery=False))

    async def _work(self) -> None:
        while True:
            job = await self._queue.get()
            try:
                await self._attempt(job)
            finally:
                self._queue.task_done()

    async def _attempt(self, job: _Job) -> None:
        event, url = job.event, job.event.app.webhook_url or ""
        sent = headers(event)
        watching.show(Sent(event.name, event.action, sent, event.body))
        started, delivered_at = time.monotonic(), self.clock.now()
        status, code, answer_headers, answer = "timed out", 0, {}, ""
        if not job.unreachable and url:
            try:
                assert self._session is not None
                async with self._session.post(url, data=event.body, headers=sent, allow_redirects=False) as response:
                    code, answer_headers = response.status, dict(response.headers)
                    answer = (await response.text(errors="replace"))[:65_536]
                    status = _status_text(code)
            except TimeoutError:
                status = "timed out"
            except (aiohttp.ClientError, OSError):
                status = "failed to connect to host"
        self.attempts.append(
            Attempt(
                id=self._next_id,
                event=event,
                delivered_at=delivered_at,
                redelivery=job.redelivery,
                duration=round(time.monotonic() - started, 3),
                status=status,
                status_code=code,
                url=url,
                request_headers=sent,
                response_headers=answer_headers,
                response_body=answer,
            )
        )
        self._next_id += 1


def _body(app: App, payload: Json) -> bytes:
    """Write a payload as the webhook's content type wants it; as a form it is the field `payload`."""
    text = json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
    return urlencode({"payload": text}).encode() if app.hook_content_type == "form" else text.encode()


def _status_text(code: int) -> str:
    """GitHub writes `OK` for success and a short reason otherwise."""
    if 200 <= code < 300:
        return "OK"
    try:
        return f"Invalid HTTP Response: {code}" if code >= 400 else HTTPStatus(code).phrase
    except ValueError:
        return str(code)
