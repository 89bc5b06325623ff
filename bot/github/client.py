"""The client: every call to GitHub goes through here, with its token, limits, cache, time-outs and errors."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from typing import NamedTuple
from urllib.parse import urljoin

import aiohttp
import structlog
from gidgethub import sansio

from bot.github import answers, errors, urls
from bot.github.answers import Answer, Json
from bot.github.auth import Credentials
from bot.github.cache import AnswerCache, Kept
from bot.github.errors import Call, GitHubError, Moved, RateLimited, Unavailable, UnexpectedAnswer
from bot.github.exchange import MAX_ANSWER_BYTES, Timeouts, exchange
from bot.github.limits import Clock, Gate

API_VERSION = "2022-11-28"
JSON_MEDIA_TYPE = sansio.accept_format()
_REDIRECTS = (301, 302, 303, 307, 308)
_MOST_REDIRECTS = 5
_PAUSES_BETWEEN_READS = (0.5, 2.0)
_MOST_AT_ONCE = 8

# What is not there, or is refused for a reason of its own, is often what was to be found out.
_ORDINARY = (404, 409, 410, 422)
_log = structlog.get_logger(__name__)

OnCall = Callable[[str, str, int | None, float], None]
Pause = Callable[[float], Awaitable[None]]


class Pages(NamedTuple):
    """The items of a list, and whether these are all of them."""

    items: list[Json]
    complete: bool


@dataclass(frozen=True, slots=True)
class Wire:
    """What all clients of one App share."""

    session: aiohttp.ClientSession
    api_url: str
    user_agent: str
    clock: Clock
    timeouts: Timeouts
    cache: AnswerCache
    pause: Pause
    on_call: OnCall | None = None
    max_answer_bytes: int = MAX_ANSWER_BYTES


class Lane:
    """What all clients of one installation share: its limits, and how much may be under way at once."""

    def __init__(self, clock: Clock) -> None:
        self.gate = Gate(clock)
        self.places = asyncio.Semaphore(_MOST_AT_ONCE)
        # GitHub's docs ask for writes one after another; parallel ones draw secondary limits and 409.
        self.writing = asyncio.Lock()


@dataclass(slots=True)
class Client:
    """GitHub as one installation, or the App itself, sees it. `calls` counts the requests this object sent."""

    wire: Wire
    lane: Lane
    credentials: Credentials
    scope: Hashable
    calls: int = field(default=0, init=False)

    @property
    def remaining(self) -> int | None:
        """How many calls GitHub last said are left this hour."""
        return self.lane.gate.remaining

    async def get(self, template: str, /, *, accept: str = JSON_MEDIA_TYPE, **values: urls.Value) -> Json:
        """The JSON at a URL; asked again at most twice when GitHub is unavailable."""
        value, _ = await self._get_json(template, self._url(template, values), accept)
        return value

    async def get_forever(self, template: str, /, **values: urls.Value) -> Json:
        """The JSON at the URL of a git object by its full SHA, which cannot change: no request when it is kept."""
        url = self._url(template, values)
        kept = self.wire.cache.get(("forever", self.scope, url))
        if kept is not None:
            return answers.decode(Answer(200, kept.headers, kept.body, url), self._call("GET", url))[0]
        value, _ = await self._get_json(template, url, JSON_MEDIA_TYPE, forever=True)
        return value

    def keep_forever(self, template: str, value: Json, /, **values: urls.Value) -> None:
        """Note what `get_forever` would bring: the caller has just made the object, and its SHA says what is in it."""
        kept = Kept(json.dumps(value).encode(), {"content-type": JSON_MEDIA_TYPE})
        self.wire.cache.keep(("forever", self.scope, self._url(template, values)), kept)

    async def each(
        self, template: str, /, *, iterable_key: str | None = None, **values: urls.Value
    ) -> AsyncIterator[list[Json]]:
        """The pages of a list, each asked for only when it is wanted.

        `iterable_key` is the field that holds the list where GitHub wraps it in an object. Raises UnexpectedAnswer
        when a page has no such list, or when its Link leads to another host or in a circle.
        """
        following: str | None = self._url(template, {"per_page": 100, **values})
        seen: set[str] = set()
        while following is not None:
            seen.add(following)
            value, link = await self._get_json(template, following, JSON_MEDIA_TYPE)
            page = value if iterable_key is None else answers.record(value, "a page").get(iterable_key)
            yield list(answers.records(page, f"a page of {template}"))
            following = None if link is None else urljoin(following, link)
            if following is not None and (following in seen or not urls.is_same_origin(following, self.wire.api_url)):
                raise UnexpectedAnswer(f"The next page of {template} is on another host or was read already")

    async def pages(
        self, template: str, /, *, iterable_key: str | None = None, limit: int = 10_000, **values: urls.Value
    ) -> Pages:
        """All items of a list up to `limit`; `complete` is false when there are more."""
        items: list[Json] = []
        async for page in self.each(template, iterable_key=iterable_key, **values):
            items += page
            if len(items) > limit:
                return Pages(items[:limit], complete=False)
        return Pages(items, complete=True)

    async def post(self, template: str, body: Json = None, /, **values: urls.Value) -> Json:
        """Create or start something; sent once."""
        return await self._write("POST", template, body, values)

    async def patch(self, template: str, body: Json = None, /, **values: urls.Value) -> Json:
        """Change something; sent once."""
        return await self._write("PATCH", template, body, values)

    async def put(self, template: str, body: Json = None, /, **values: urls.Value) -> Json:
        """Set something; sent once."""
        return await self._write("PUT", template, body, values)

    async def delete(self, template: str, body: Json = None, /, **values: urls.Value) -> Json:
        """Remove something; sent once."""
        return await self._write("DELETE", template, body, values)

    def _url(self, template: str, values: dict[str, urls.Value]) -> str:
        return urls.expand(self.wire.api_url, template, values)

    async def _write(self, method: str, template: str, body: Json, values: dict[str, urls.Value]) -> Json:
        url = self._url(template, values)
        call = self._call(method, url)
        headers = {"accept": JSON_MEDIA_TYPE}
        raw = b""
        if body is not None:
            raw = json.dumps(body, ensure_ascii=False).encode()
            headers["content-type"] = "application/json; charset=utf-8"
        answer = await self._authorized(call, template, url, headers, raw)
        value, _ = answers.decode(self._success(answer, call), replace(call, status=answer.status))
        return value

    async def _get_json(
        self, template: str, url: str, accept: str, *, forever: bool = False
    ) -> tuple[Json, str | None]:
        call = self._call("GET", url)
        # An ETag belongs to one media type, and what an installation may see belongs to that installation alone.
        key = ("forever" if forever else accept, self.scope, url)
        for pause in _PAUSES_BETWEEN_READS:
            try:
                return await self._get_once(call, template, url, accept, key)
            except Unavailable:
                await self.wire.pause(pause)
        return await self._get_once(call, template, url, accept, key)

    async def _get_once(
        self, call: Call, template: str, url: str, accept: str, key: tuple[Hashable, ...]
    ) -> tuple[Json, str | None]:
        kept = self.wire.cache.get(key)
        headers = {"accept": accept, **(kept.validators if kept else {})}
        for _ in range(_MOST_REDIRECTS):
            answer = await self._authorized(call, template, url, headers, b"")
            if answer.status not in _REDIRECTS:
                break
            url = self._redirected(answer, call)
        else:
            raise UnexpectedAnswer(f"More than {_MOST_REDIRECTS} redirects", call)
        call = replace(call, status=answer.status)
        if answer.status == 304 and kept is not None:
            return answers.decode(Answer(200, kept.headers, kept.body, url), call)
        value, following = answers.decode(self._success(answer, call), call)
        if answer.status == 200:
            self._keep(key, answer)
        return value, following

    def _keep(self, key: tuple[Hashable, ...], answer: Answer) -> None:
        names = ("etag", "last-modified", "content-type", "link")
        kept = Kept(answer.body, {name: answer.headers[name] for name in names if name in answer.headers})
        if kept.validators or key[0] == "forever":
            self.wire.cache.keep(key, kept)

    def _redirected(self, answer: Answer, call: Call) -> str:
        location = urljoin(answer.url, answer.headers.get("location", ""))
        if "location" in answer.headers and urls.is_same_origin(location, self.wire.api_url):
            return location
        # The token is for GitHub's API only; nothing is sent to where an answer happens to point.
        raise Moved("A redirect to another host", replace(call, status=answer.status), location=location)

    def _success(self, answer: Answer, call: Call) -> Answer:
        if 200 <= answer.status < 300:
            return answer
        message, documentation = answers.words(answer)
        call = replace(
            call,
            status=answer.status,
            request_id=answer.headers.get("x-github-request-id"),
            documentation_url=documentation,
        )
        if answer.status in _REDIRECTS:
            location = urljoin(answer.url, answer.headers.get("location", ""))
            raise Moved(f"It moved to {location}", call, location=location)
        if answer.status == 304:
            raise UnexpectedAnswer("Not modified, although nothing was known yet", call)
        raise errors.for_status(message, call)

    async def _authorized(self, call: Call, template: str, url: str, headers: dict[str, str], body: bytes) -> Answer:
        """Send with a token; once more with a fresh one after a 401, which says that nothing was done."""
        for is_last in (False, True):
            self.lane.gate.check(call)
            token = await self.credentials.token()
            own = {
                "user-agent": self.wire.user_agent,
                "authorization": f"{token.scheme} {token.value}",
                "x-github-api-version": API_VERSION,
                **headers,
            }
            answer = await self._send(call, template, url, own, body)
            if answer.status != 401 or not self.credentials.refused(token) or is_last:
                break
        return answer

    async def _send(self, call: Call, template: str, url: str, headers: dict[str, str], body: bytes) -> Answer:
        async with AsyncExitStack() as held:
            if call.is_write:
                await held.enter_async_context(self.lane.writing)
            await held.enter_async_context(self.lane.places)
            # The gate may have closed while this call waited for its place.
            self.lane.gate.check(call)
            answer = await self._measured(call, template, url, headers, body)
            message, documentation = answers.words(answer) if answer.status in (403, 429) else ("", None)
            retry_at = self.lane.gate.refusal(answer.status, answer.headers, message)
            if retry_at is not None:
                request_id = answer.headers.get("x-github-request-id")
                limited = replace(call, status=answer.status, request_id=request_id, documentation_url=documentation)
                raise RateLimited(message, limited, retry_at=retry_at)
            # A 401 carries the limits of strangers, not those of the installation.
            if answer.status < 500 and answer.status != 401:
                self.lane.gate.observe(answer.headers)
            return answer

    async def _measured(self, call: Call, template: str, url: str, headers: dict[str, str], body: bytes) -> Answer:
        wire = self.wire
        self.calls += 1
        status: int | None = None
        started = time.perf_counter()
        try:
            answer = await exchange(wire.session, call, url, headers, body, wire.timeouts, wire.max_answer_bytes)
            status = answer.status
            if status >= 400:
                _tell(call, answer)
            return answer
        except GitHubError as error:
            _log.warning("GitHub did not answer", method=call.method, path=call.path, reason=error.message)
            raise
        finally:
            if wire.on_call is not None:
                wire.on_call(call.method, template, status, time.perf_counter() - started)

    def _call(self, method: str, url: str) -> Call:
        return Call(method, urls.without_query(url, self.wire.api_url))


def _tell(call: Call, answer: Answer) -> None:
    """A line for each call that failed, with the id that GitHub's support asks for."""
    tell = _log.info if answer.status in _ORDINARY else _log.warning
    message, _ = answers.words(answer)
    tell(
        "a call to GitHub failed",
        method=call.method,
        path=call.path,
        status=answer.status,
        request_id=answer.headers.get("x-github-request-id"),
        reason=message,
    )
