"""One HTTP exchange: time-outs, a bound on the answer, and broken connections as one kind of error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import aiohttp
from yarl import URL

from bot.github.answers import Answer
from bot.github.errors import AnswerTooLarge, Call, Unavailable

MAX_ANSWER_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds for a connection to be made, and for the whole exchange."""

    connect: float = 5.0
    total: float = 30.0


async def exchange(
    session: aiohttp.ClientSession,
    call: Call,
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    timeouts: Timeouts,
    max_bytes: int = MAX_ANSWER_BYTES,
) -> Answer:
    """Send one request and read its answer; redirects come back as they are.

    Raises Unavailable when no whole answer came, AnswerTooLarge when it is longer than `max_bytes` (decompressed).
    """
    try:
        async with session.request(
            call.method,
            # The template's escapes are final: yarl would resolve `%2e%2e` and undo `%2F` in a query.
            URL(url, encoded=True),
            data=body or None,
            headers=headers,
            # aiohttp sends a POST that is answered with 301 or 302 again as a GET, which looks like success.
            allow_redirects=False,
            middlewares=(_once(),),
            timeout=aiohttp.ClientTimeout(total=timeouts.total, sock_connect=timeouts.connect),
        ) as response:
            received = bytearray()
            async for chunk in response.content.iter_chunked(64 * 1024):
                received += chunk
                if len(received) > max_bytes:
                    raise AnswerTooLarge(
                        f"The answer is longer than {max_bytes} bytes", call, may_have_happened=call.is_write
                    )
            lowered = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status, lowered, bytes(received), url)
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
        raise Unavailable(f"no connection ({_reason(error)})", call) from error
    except (TimeoutError, aiohttp.ClientError, OSError) as error:
        raise Unavailable(_reason(error), call, may_have_happened=call.is_write) from error


def _once() -> aiohttp.ClientMiddlewareType:
    """Keep aiohttp from sending a PUT, DELETE or GET again by itself when a connection it had kept open breaks."""
    sent = False

    async def send(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
        nonlocal sent
        if sent:
            raise aiohttp.ServerDisconnectedError
        sent = True
        return await handler(request)

    return send


def _reason(error: BaseException) -> str:
    # Only the kind of the failure: messages of the HTTP library can hold URLs with queries and resolved addresses.
    if isinstance(error, TimeoutError):
        return "it took too long"
    return {
        "ServerDisconnectedError": "the connection was closed",
        "ClientOSError": "the connection broke",
        "ClientConnectionResetError": "the connection broke",
        "ClientPayloadError": "the answer was cut off",
        "ClientConnectorDNSError": "the host was not found",
        "ClientConnectorCertificateError": "the certificate is not valid",
    }.get(type(error).__name__, type(error).__name__)
