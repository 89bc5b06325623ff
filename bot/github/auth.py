"""Tokens: the App's own JWT from a key that is loaded once, and installation tokens, kept until they nearly end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Protocol

import jwt
from cachetools import LRUCache
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from bot.github import answers
from bot.github.limits import Clock

# GitHub refuses a JWT that ends more than ten minutes from now, or that was issued in the future by its own clock.
_BACKDATED = timedelta(seconds=60)
_JWT_LIFE = timedelta(minutes=9)
_JWT_MARGIN = timedelta(minutes=2)
_TOKEN_MARGIN = timedelta(minutes=5)
_MOST_TOKENS = 10_000


@dataclass(frozen=True, slots=True)
class Token:
    """What goes into the Authorization header; opaque, of any length (GitHub's newer ones hold some 520 characters)."""

    value: str
    scheme: str
    expires_at: datetime
    was_kept: bool = False

    def __repr__(self) -> str:
        return f"Token(…, expires_at={self.expires_at.isoformat()})"


class Credentials(Protocol):
    """Where a client takes its token from, and what it tells when GitHub does not accept one."""

    async def token(self) -> Token: ...

    def refused(self, token: Token) -> bool:
        """Forget the token; whether asking again may give one that works."""
        ...


class AppKey:
    """The App's identity: signs its JWTs."""

    def __init__(self, app_id: int | str, private_key: str | bytes, clock: Clock) -> None:
        self.app_id = str(app_id)
        self._key = _load_key(private_key.encode() if isinstance(private_key, str) else private_key)
        self._clock = clock
        self._kept: Token | None = None

    async def token(self) -> Token:
        """A JWT; the same one for some minutes."""
        now = self._clock()
        if self._kept is None or now >= self._kept.expires_at - _JWT_MARGIN:
            issued, expires = now - _BACKDATED, now + _JWT_LIFE
            claims = {"iat": int(issued.timestamp()), "exp": int(expires.timestamp()), "iss": self.app_id}
            self._kept = Token(jwt.encode(claims, self._key, algorithm="RS256"), "bearer", expires)
        return self._kept

    def refused(self, token: Token) -> bool:
        """A JWT that GitHub does not accept means a wrong key, App id or clock: a fresh one would not help."""
        if self._kept is token:
            self._kept = None
        return False


# Reading a key checks its numbers, which takes as long as many signatures.
@lru_cache(maxsize=1)
def _load_key(pem: bytes) -> RSAPrivateKey:
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError) as error:
        raise ValueError("The App's private key is not a PEM-encoded RSA key without a password") from error
    if not isinstance(key, RSAPrivateKey):
        raise ValueError("The App's private key is not an RSA key, which GitHub Apps need")
    return key


AskForToken = Callable[[int, int | None], Awaitable[answers.Json]]


class InstallationTokens:
    """The tokens of all installations; whoever asks while one is being fetched waits for that one."""

    def __init__(self, ask: AskForToken, clock: Clock) -> None:
        self._ask = ask
        self._clock = clock
        self._kept: LRUCache[tuple[int, int | None], Token] = LRUCache(_MOST_TOKENS)
        self._asking: dict[tuple[int, int | None], asyncio.Task[Token]] = {}

    async def token(self, installation_id: int, repository_id: int | None) -> Token:
        scope = (installation_id, repository_id)
        kept = self._kept.get(scope)
        if kept is not None and self._clock() < kept.expires_at - _TOKEN_MARGIN:
            return Token(kept.value, kept.scheme, kept.expires_at, was_kept=True)
        asking = self._asking.get(scope)
        if asking is None:
            asking = asyncio.create_task(self._fetch(scope))
            self._asking[scope] = asking
            asking.add_done_callback(lambda done: self._finished(scope, done))
        # One who gives up (a time-out, a shutdown) must not take the token away from the others who wait.
        return await asyncio.shield(asking)

    def forget(self, installation_id: int, repository_id: int | None, value: str) -> None:
        """Drop a token that GitHub refused, unless another one has taken its place already."""
        scope = (installation_id, repository_id)
        kept = self._kept.get(scope)
        if kept is not None and kept.value == value:
            del self._kept[scope]

    async def _fetch(self, scope: tuple[int, int | None]) -> Token:
        answer = await self._ask(*scope)
        of = "the installation token"
        expires_at = answers.moment(answer, "expires_at", of)
        token = Token(answers.field(answer, "token", str, of), "token", expires_at)
        self._kept[scope] = token
        return token

    def _finished(self, scope: tuple[int, int | None], done: asyncio.Task[Token]) -> None:
        self._asking.pop(scope, None)
        if not done.cancelled():
            done.exception()  # read, so that a failure nobody waits for any more is not reported as lost


@dataclass(frozen=True, slots=True)
class InstallationCredentials:
    """The token of one installation, narrowed to one repository if that is given."""

    tokens: InstallationTokens
    installation_id: int
    repository_id: int | None

    async def token(self) -> Token:
        return await self.tokens.token(self.installation_id, self.repository_id)

    def refused(self, token: Token) -> bool:
        """A kept token may have been revoked; a fresh one that is refused is refused for good."""
        self.tokens.forget(self.installation_id, self.repository_id, token.value)
        return token.was_kept
