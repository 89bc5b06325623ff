"""How a request is refused: always JSON, always with the reason, never with a secret."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import structlog
from aiohttp import web

log = structlog.get_logger(__name__)

HEADERS: Final[Mapping[str, str]] = {
    # Named without a version; aiohttp would add its own and Python's.
    "Server": "stepwise",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

# The rest of the body may still be on its way; it is not waited for.
_HANGS_UP: Final = frozenset({408, 413})

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Refusal(Exception):  # noqa: N818 - it is an answer, not a fault
    """An answer other than the good one. `kind` is a short word for the metrics, `reason` a sentence for people."""

    def __init__(self, status: int, kind: str, reason: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(reason)
        self.status = status
        self.kind = kind
        self.reason = reason
        self.headers = dict(headers or {})

    def response(self) -> web.Response:
        response = web.json_response({"error": self.reason}, status=self.status, headers=self.headers)
        if self.status in _HANGS_UP:
            response.force_close()
        return response


async def add_headers(_request: web.Request, response: web.StreamResponse) -> None:
    """Give every response the security headers."""
    response.headers.update(HEADERS)


@web.middleware
async def answer_in_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn refusals and aiohttp's own errors (404, 405, 413) into JSON, and a fault of ours into a bare 500."""
    try:
        return await handler(request)
    except Refusal as refusal:
        return refusal.response()
    except web.HTTPException as error:
        allow = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
        return web.json_response({"error": error.reason}, status=error.status, headers=allow)
    except Exception:  # the outermost edge: what went wrong is for the log only
        delivery, event = (request.headers.get(name, "")[:128] for name in ("X-GitHub-Delivery", "X-GitHub-Event"))
        log.exception("request failed", method=request.method, path=request.path, delivery=delivery, event_name=event)
        return web.json_response({"error": "internal error"}, status=500)
