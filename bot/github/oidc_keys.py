"""The keys that an OIDC issuer signs with: found by discovery, kept, and asked for again when one is missing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp
import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from bot.github import answers, urls
from bot.github.errors import Call, GitHubError, Unavailable, UnexpectedAnswer
from bot.github.exchange import Timeouts, exchange
from bot.github.limits import Clock

Fetch = Callable[[str], Awaitable[bytes]]

MOST_BYTES: Final = 256 * 1024
_KEPT_FOR: Final = timedelta(hours=1)
_PAUSE: Final = timedelta(seconds=60)
_PAUSE_AFTER_FAILURE: Final = timedelta(seconds=10)
_MOST_KEYS: Final = 50
_LEAST_BITS: Final = 2048


def fetch_with(session: aiohttp.ClientSession, timeouts: Timeouts, user_agent: str = "stepwise") -> Fetch:
    """A fetch over HTTP: at most 256 KiB, nothing but 200, no redirects. Raises Unavailable or UnexpectedAnswer."""

    async def fetch(url: str) -> bytes:
        call = Call("GET", urlsplit(url).path)
        headers = {"accept": "application/json", "user-agent": user_agent}
        answer = await exchange(session, call, url, headers, b"", timeouts, MOST_BYTES)
        if answer.status >= 500 or answer.status == 429:
            raise Unavailable(f"the issuer of the tokens answered {answer.status}", call)
        if answer.status != 200:
            raise UnexpectedAnswer(f"The issuer of the tokens answered {answer.status}", call)
        return answer.body

    return fetch


class SigningKeys:
    """The keys of one issuer. Raises ValueError for an issuer that is not reached over TLS (loopback aside)."""

    def __init__(self, issuer: str, fetch: Fetch, clock: Clock) -> None:
        parts = urlsplit(issuer)
        is_loopback = parts.hostname in ("127.0.0.1", "::1", "localhost")
        if not parts.hostname or parts.scheme not in ("https", "http") or (parts.scheme == "http" and not is_loopback):
            raise ValueError(f"{issuer!r} is no issuer of tokens: it needs https")
        self._issuer = issuer
        self._fetch = fetch
        self._clock = clock
        self._keys: dict[str, RSAPublicKey] = {}
        self._good_until: datetime | None = None
        self._not_before: datetime | None = None
        self._has_failed = False
        self._asking = asyncio.Lock()

    async def find(self, key_id: str) -> RSAPublicKey | None:
        """The key of this id, None when the issuer has none. Raises GitHubError when it cannot be asked."""
        if self._is_fresh() and key_id in self._keys:
            return self._keys[key_id]
        async with self._asking:
            # Whoever waited here finds what the one before has fetched.
            if not self._is_fresh() or key_id not in self._keys:
                await self._ask()
        return self._keys.get(key_id)

    def _is_fresh(self) -> bool:
        return self._good_until is not None and self._clock() < self._good_until

    async def _ask(self) -> None:
        # Anybody can send tokens with made-up key ids: they must not make the bot ask the issuer each time.
        if self._not_before is not None and self._clock() < self._not_before:
            if self._has_failed:
                raise Unavailable("the issuer of the tokens was asked just now and did not give its keys")
            return
        try:
            self._keys = await self._published()
        except GitHubError:
            self._has_failed, self._not_before = True, self._clock() + _PAUSE_AFTER_FAILURE
            raise
        now = self._clock()
        self._has_failed, self._good_until, self._not_before = False, now + _KEPT_FOR, now + _PAUSE

    async def _published(self) -> dict[str, RSAPublicKey]:
        discovery = _object(await self._fetch(f"{self._issuer}/.well-known/openid-configuration"))
        of = "the issuer's configuration"
        if answers.field(discovery, "issuer", str, of) != self._issuer:
            raise UnexpectedAnswer(f"The configuration at {self._issuer} is that of another issuer")
        where = answers.field(discovery, "jwks_uri", str, of)
        if not urls.is_same_origin(where, self._issuer):
            raise UnexpectedAnswer(f"The issuer {self._issuer} points to keys on another host")
        published = answers.records(_object(await self._fetch(where)).get("keys"), "the issuer's keys")
        keys: dict[str, RSAPublicKey] = {}
        for one in published[:_MOST_KEYS]:
            key = _rsa_key(one)
            if key is not None:
                keys[one["kid"]] = key
        if not keys:
            raise UnexpectedAnswer(f"The issuer {self._issuer} publishes no key that can be used")
        return keys


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise UnexpectedAnswer("The answer of the issuer is not JSON") from None
    return answers.record(value, "the issuer's answer")


def _rsa_key(value: Mapping[str, Any]) -> RSAPublicKey | None:
    """The key if it is one for RS256 signatures, else None: issuers may publish others beside it."""
    is_meant = value.get("use", "sig") == "sig" and value.get("alg", "RS256") == "RS256"
    if not is_meant or value.get("kty") != "RSA" or not isinstance(value.get("kid"), str):
        return None
    try:
        key = jwt.PyJWK(dict(value), algorithm="RS256").key
    except (jwt.PyJWTError, ValueError, TypeError):
        return None
    return key if isinstance(key, RSAPublicKey) and key.key_size >= _LEAST_BITS else None
