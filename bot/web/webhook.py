"""The webhook endpoint: signature, disk, 202. Whatever the delivery means is found out later, by somebody else.

Answers: 202 stored (also when it was stored before); 400 truncated, not a JSON object at first sight, bad headers, or
meant for another App; 401 not signed with the secret; 408 too slow; 413 too large; 415 not plain JSON; 503 not stored,
to be sent again.
A body that is an object at first sight and still no JSON gets 202 and is put aside later with the reason: reading 25 MB
of JSON here would hold up every other delivery.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Final

import structlog
from aiohttp import ClientPayloadError, web
from aiohttp.http_exceptions import HttpProcessingError

from bot.metrics import Metrics
from bot.store.delivery import OWN_EVENT, OWN_GUIDS
from bot.store.errors import InboxUnavailable
from bot.store.inbox import Inbox
from bot.web.refusals import Refusal
from bot.web.signature import claimed_digest, is_signed

log = structlog.get_logger(__name__)

# GitHub does not send deliveries above 25 MB; whatever its MB is, this is more.
BODY_LIMIT: Final = 26 * 1024 * 1024
BODY_BUDGET: Final = 8 * BODY_LIMIT
# GitHub hangs up after 10 seconds, its Enterprise Server after 30.
BODY_SECONDS: Final = 30.0
_LARGE: Final = 1024 * 1024
_EDGE: Final = 64
_GUID: Final = re.compile(r"[!-~]{1,128}")
_EVENT: Final = re.compile(r"[A-Za-z0-9_.\-]{1,100}")
_ACCEPTED: Final = b'{"accepted":true}'


class Webhook:
    """One endpoint with what it needs: the secret, the App it is for, and the inbox."""

    def __init__(
        self,
        *,
        secret: bytes,
        app_id: int,
        inbox: Inbox,
        on_accepted: Callable[[], None],
        metrics: Metrics,
        body_seconds: float = BODY_SECONDS,
    ) -> None:
        if not secret:
            raise ValueError("deliveries cannot be checked without a secret")
        self._secret = secret
        self._app_id = str(app_id)
        self._inbox = inbox
        self._on_accepted = on_accepted
        self._metrics = metrics
        self._body_seconds = body_seconds
        self._reading_bytes = 0

    async def receive(self, request: web.Request) -> web.Response:
        """Store a delivery and acknowledge it, in that order. Raises Refusal."""
        try:
            with self._metrics.acknowledge_seconds.time():
                guid, event = await self._store(request)
        except Refusal as refusal:
            self._metrics.deliveries_refused.labels(refusal.kind).inc()
            if refusal.status != 503:
                log.info("delivery refused", **_claimed(request), reason=refusal.reason, status=refusal.status)
            raise
        self._metrics.deliveries_accepted.labels(event).inc()
        log.debug("delivery accepted", delivery=guid, event_name=event)
        self._on_accepted()
        return web.Response(status=202, body=_ACCEPTED, content_type="application/json")

    async def _store(self, request: web.Request) -> tuple[str, str]:
        claimed = claimed_digest(request.headers.getall("X-Hub-Signature-256", []))
        if claimed is None:
            raise Refusal(401, "unsigned", "one well-formed X-Hub-Signature-256 header is needed")
        body = await self._read_within_budget(request)
        if not await self._is_signed(body, claimed):
            raise Refusal(401, "signature", "the signature is not that of this body under the webhook secret")
        guid, event = self._checked_headers(request)
        if body[:_EDGE].lstrip()[:1] != b"{" or body[-_EDGE:].rstrip()[-1:] != b"}":
            raise Refusal(400, "not-json", "the body is not a JSON object")
        try:
            if not await self._inbox.accept(guid, event, body):
                self._metrics.deliveries_repeated.inc()
        except InboxUnavailable as error:
            self._metrics.errors.labels("inbox").inc()
            log.error("delivery not stored", delivery=guid, event_name=event, reason=str(error))
            retry = {"Retry-After": str(error.retry_after)}
            raise Refusal(503, "inbox", "the delivery could not be stored, send it again later", retry) from error
        return guid, event

    async def _read_within_budget(self, request: web.Request) -> bytes:
        """The raw body. Strangers can send bodies too, so how much memory all of them together take is bounded."""
        if request.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise Refusal(415, "encoding", "a compressed body is not accepted")
        length = request.content_length
        if length is not None and length > BODY_LIMIT:
            raise Refusal(413, "too-large", f"the body is larger than {BODY_LIMIT} bytes")
        reserved = BODY_LIMIT if length is None else length
        if self._reading_bytes + reserved > BODY_BUDGET:
            raise Refusal(503, "busy", "too many large bodies at once", {"Retry-After": "5"})
        self._reading_bytes += reserved
        try:
            return await self._read(request)
        finally:
            self._reading_bytes -= reserved

    async def _read(self, request: web.Request) -> bytes:
        try:
            async with asyncio.timeout(self._body_seconds):
                return await request.read()
        except TimeoutError:
            raise Refusal(408, "slow", "the body did not arrive in time") from None
        except web.HTTPRequestEntityTooLarge:
            raise Refusal(413, "too-large", f"the body is larger than {BODY_LIMIT} bytes") from None
        except (ClientPayloadError, HttpProcessingError, web.RequestPayloadError, ConnectionError):
            raise Refusal(400, "truncated", "the body ended before its end") from None

    async def _is_signed(self, body: bytes, claimed: bytes) -> bool:
        if len(body) <= _LARGE:
            return is_signed(self._secret, body, claimed)
        return await asyncio.to_thread(is_signed, self._secret, body, claimed)

    def _checked_headers(self, request: web.Request) -> tuple[str, str]:
        if request.content_type != "application/json":
            raise Refusal(
                415,
                "content-type",
                "the content type must be application/json, as chosen in the App's webhook settings",
            )
        guid = _one(request, "X-GitHub-Delivery", _GUID)
        event = _one(request, "X-GitHub-Event", _EVENT)
        # Neither header is signed: bytes of GitHub's own must not pass for a report whose token was verified.
        if event == OWN_EVENT or guid.startswith(OWN_GUIDS):
            raise Refusal(400, "headers", "the delivery claims to be one that only Stepwise itself makes")
        # Signed with our secret and still for another App: two Apps share a secret, and one has the wrong address.
        # Said aloud, because it shows in that App's list of failed deliveries, where somebody can act on it.
        is_app_hook = request.headers.get("X-GitHub-Hook-Installation-Target-Type") == "integration"
        target = request.headers.get("X-GitHub-Hook-Installation-Target-ID", self._app_id)
        if is_app_hook and target != self._app_id:
            raise Refusal(
                400, "other-app", f"this endpoint belongs to App {self._app_id}, not to the one it was sent by"
            )
        return guid, event


def _claimed(request: web.Request) -> dict[str, str | None]:
    """What a request that was refused says that it is, where that has the right form; strangers may say anything."""
    said = {"delivery": ("X-GitHub-Delivery", _GUID), "event_name": ("X-GitHub-Event", _EVENT)}
    found = {name: request.headers.get(header, "") for name, (header, _) in said.items()}
    return {name: found[name] if form.fullmatch(found[name]) else None for name, (_, form) in said.items()}


def _one(request: web.Request, name: str, form: re.Pattern[str]) -> str:
    values = request.headers.getall(name, [])
    if len(values) != 1 or form.fullmatch(values[0]) is None:
        raise Refusal(400, "headers", f"one well-formed {name} header is needed")
    return values[0]
