"""Reports of workers: a bearer token that GitHub made for one workflow run, and what became of one dispatch.

Answers: 202 stored; 400 truncated or not a report; 401 no token, or one that proves nothing (expired, not for this
bot, not signed by the issuer); 403 a token of another repository, workflow, branch or run; 404 no reports are taken;
408 too slow; 409 nobody waits for it (unknown, finished, sent before); 413 too large; 415 not plain JSON; 503 not
stored, to be sent again with a new token.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Annotated, Final

import structlog
from aiohttp import ClientPayloadError, web
from aiohttp.http_exceptions import HttpProcessingError
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from bot.github.errors import GitHubError
from bot.github.oidc import Identity, TokenRefused, Verifier
from bot.metrics import Metrics
from bot.runs.events import ReportStatus
from bot.service.reports import Report, ReportDesk, ReportRepeated, ReportUnwanted
from bot.store.errors import InboxUnavailable, StoreError
from bot.web.refusals import Refusal

log = structlog.get_logger(__name__)

REPORT_LIMIT: Final = 64 * 1024
BODY_SECONDS: Final = 10.0
NOTES_LIMIT: Final = 2000
_BEARER: Final = re.compile(r"bearer +([A-Za-z0-9._~+/=\-]+)", re.IGNORECASE)
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_LEDGER: Final = frozenset({401, 403, 409})
_REPEATED: Final = "repeated"
_RETRY: Final = {"Retry-After": "10"}
_ACCEPTED: Final = b'{"accepted":true}'


def _words(value: object) -> object:
    """Notes are for people: those that are too long are cut, not refused, and what cannot be shown is left out."""
    if value is None:
        return ""
    return _CONTROL.sub("", value)[:NOTES_LIMIT] if isinstance(value, str) else value


def _absent(value: object) -> object:
    return None if value == "" else value


class ReportBody(BaseModel):
    """The JSON object that a worker posts."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, hide_input_in_errors=True)

    dispatch: str = Field(pattern=r"^sw-[0-9a-f]{20}$")
    block: str = Field(min_length=1, max_length=200)
    status: ReportStatus
    commit: Annotated[Annotated[str, Field(pattern=r"^[0-9A-Fa-f]{7,64}$")] | None, BeforeValidator(_absent)] = None
    notes: Annotated[str, BeforeValidator(_words)] = ""
    signal: Annotated[Annotated[str, Field(max_length=100)] | None, BeforeValidator(_absent)] = None

    def report(self) -> Report:
        return Report(self.dispatch, self.block, self.status, self.commit, self.notes, self.signal)


class Reports:
    """One endpoint with what it needs: who verifies the tokens, and the desk that takes what they prove."""

    def __init__(
        self,
        verifier: Verifier,
        desk: ReportDesk,
        on_accepted: Callable[[], None],
        metrics: Metrics,
        *,
        body_seconds: float = BODY_SECONDS,
    ) -> None:
        self._verifier = verifier
        self._desk = desk
        self._on_accepted = on_accepted
        self._metrics = metrics
        self._body_seconds = body_seconds

    async def receive(self, request: web.Request) -> web.Response:
        """Store a report and acknowledge it, in that order. Raises Refusal."""
        try:
            report = _parsed(await self._read(request))
            try:
                await self._take(request, report)
            except Refusal as refusal:
                if refusal.status in _LEDGER and refusal.kind != _REPEATED:
                    await self._note(report.dispatch, refusal)
                raise
        except Refusal as refusal:
            self._metrics.reports.labels(str(refusal.status)).inc()
            log.info("report refused", reason=refusal.reason, status=refusal.status)
            raise
        self._metrics.reports.labels("202").inc()
        log.info("report accepted", dispatch=report.dispatch, block=report.block, says=report.status)
        self._on_accepted()
        return web.Response(status=202, body=_ACCEPTED, content_type="application/json")

    async def _take(self, request: web.Request, report: Report) -> None:
        identity = await self._verified(_bearer(request))
        try:
            await self._desk.take(report, identity)
        except ReportRepeated as repeated:
            # Nothing is amiss: the worker could not know that its report had arrived.
            raise Refusal(repeated.status, _REPEATED, repeated.reason) from None
        except (TokenRefused, ReportUnwanted) as refused:
            raise Refusal(refused.status, "unwanted", refused.reason) from None
        except (StoreError, InboxUnavailable) as error:
            self._metrics.errors.labels("inbox").inc()
            log.error("report not stored", dispatch=report.dispatch, reason=str(error))
            raise Refusal(503, "inbox", "The report could not be stored: send it again later", _RETRY) from error
        except GitHubError as error:
            self._metrics.errors.labels(type(error).__name__).inc()
            log.warning("report not checked", dispatch=report.dispatch, reason=error.sentence())
            raise Refusal(503, "github", "GitHub could not be asked: send the report again later", _RETRY) from error

    async def _verified(self, token: str) -> Identity:
        try:
            return await self._verifier.verify(token)
        except TokenRefused as refused:
            raise (
                _unproven(refused.reason) if refused.status == 401 else Refusal(403, "token", refused.reason)
            ) from None
        except GitHubError as error:
            self._metrics.errors.labels(type(error).__name__).inc()
            log.warning("the issuer's keys cannot be had", reason=error.sentence())
            raise Refusal(503, "keys", "The issuer's keys could not be had: send it again later", _RETRY) from error

    async def _note(self, dispatch: str, refusal: Refusal) -> None:
        """Into the ledger; a store that is away meanwhile changes nothing about the refusal."""
        try:
            if await self._desk.note_refusal(dispatch, refusal.reason):
                self._on_accepted()
        except (StoreError, InboxUnavailable) as error:
            self._metrics.errors.labels("inbox").inc()
            log.error("refused report not noted", dispatch=dispatch, reason=str(error))

    async def _read(self, request: web.Request) -> bytes:
        if request.content_type != "application/json":
            raise Refusal(415, "content-type", "the content type must be application/json")
        if request.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise Refusal(415, "encoding", "a compressed body is not accepted")
        try:
            async with asyncio.timeout(self._body_seconds):
                # The application as a whole takes the larger bodies of webhooks.
                return await request.clone(client_max_size=REPORT_LIMIT).read()
        except TimeoutError:
            raise Refusal(408, "slow", "the body did not arrive in time") from None
        except web.HTTPRequestEntityTooLarge:
            raise Refusal(413, "too-large", f"the body is larger than {REPORT_LIMIT} bytes") from None
        except (ClientPayloadError, HttpProcessingError, web.RequestPayloadError, ConnectionError):
            raise Refusal(400, "truncated", "the body ended before its end") from None


async def no_reports(_request: web.Request) -> web.Response:
    """The answer where the operator named no public address: workers were not told of this one."""
    raise Refusal(404, "off", "no reports are taken here: PUBLIC_URL is not set")


def _bearer(request: web.Request) -> str:
    values = request.headers.getall("Authorization", [])
    found = _BEARER.fullmatch(values[0]) if len(values) == 1 else None
    if found is None:
        raise _unproven("One Authorization header with a bearer token is needed")
    return found[1]


def _unproven(reason: str) -> Refusal:
    return Refusal(401, "token", reason, {"WWW-Authenticate": "Bearer"})


def _parsed(body: bytes) -> Report:
    try:
        return ReportBody.model_validate_json(body).report()
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False, include_context=False)
        said = "; ".join(f"{_place(problem['loc'])}: {problem['msg']}" for problem in found[:5])
        raise Refusal(400, "report", f"the body is not a report: {said[:500]}") from None


def _place(loc: tuple[int | str, ...]) -> str:
    """A field's name in short: an unknown one is as long as the sender likes."""
    return str(loc[0])[:60] if loc else "the body"
