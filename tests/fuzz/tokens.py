"""The verification of a worker's token as a target: tokens as they are, and claims signed with the issuer's key."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from typing import Final

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from bot.github.errors import GitHubError
from bot.github.oidc import Identity, TokenRefused, Verifier
from tests.fuzz.broken import hold
from tests.github.test_oidc import AUDIENCE, ISSUER, Issuer

NOW: Final = datetime(2026, 5, 1, 12, tzinfo=UTC)
WORDS: Final = (
    *(b'"alg":"none"', b'"alg":"HS256"', b'"kid":"../../etc/passwd"'),
    *(b'"jku":"https://evil.example"', b'"crit":["x"]'),
    *(
        b'"aud":[',
        b'"exp":9e99',
        b'"iat":',
        b'"repository":"a/b"',
        b"refs/heads/main",
        b"@",
        b".",
        b"=",
        b"null",
        b"true",
        b"{}",
    ),
    *(b'"aud":"x","aud":"y"', b"\\u0000", b"\\ud800", b"-1", b"9" * 20),
)
STANDARD: Final = {
    "iss": ISSUER,
    "aud": AUDIENCE,
    "sub": "repo:octo/plans:ref:refs/heads/main",
    "jti": "4f7ee2ab",
    "iat": int(NOW.timestamp()),
    "nbf": int(NOW.timestamp()) - 600,
    "exp": int(NOW.timestamp()) + 300,
    "repository": "octo/plans",
    "repository_id": "77",
    "run_id": "31",
    "run_attempt": "1",
    "event_name": "workflow_dispatch",
    "workflow_ref": "octo/plans/.github/workflows/worker.yml@refs/heads/main",
    "job_workflow_ref": "octo/plans/.github/workflows/worker.yml@refs/heads/main",
    "ref": "refs/heads/main",
    "actor": "stepwise[bot]",
}


@cache
def _issuer() -> tuple[Verifier, RSAPrivateKey, asyncio.AbstractEventLoop]:
    key = generate_private_key(65537, 2048)
    verifier = Verifier(ISSUER, AUDIENCE, Issuer({"one": key}).fetch, lambda: NOW)
    return verifier, key, asyncio.new_event_loop()


@cache
def _good() -> str:
    return jwt.encode(STANDARD, _issuer()[1], algorithm="RS256", headers={"kid": "one"})


def run(data: bytes) -> None:
    """`R` and a token as it is, or `S`, a line of header and the claims, both as JSON, signed with the right key.

    `V` in a token as it is stands for a good one's text, so that changes of one byte can be tried.
    """
    verifier, _, loop = _issuer()
    is_ours = data[:1] == b"S"
    token = _signed(data[1:]) if is_ours else data[1:].decode("latin-1").replace("V", _good())
    try:
        found = loop.run_until_complete(verifier.verify(token))
    except (TokenRefused, GitHubError):
        return
    hold(isinstance(found, Identity), "whoever is let in is somebody")
    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    hold(claims["aud"] == AUDIENCE and claims["iss"] == ISSUER, "it is for us and from the issuer")
    hold(claims["event_name"] == "workflow_dispatch", "it is a dispatch's")
    if not is_ours:
        hold(claims == STANDARD, "nobody but the issuer signs")


def _signed(data: bytes) -> str:
    header, _, claims = data.partition(b"\n")
    _, key, _ = _issuer()
    parts = [base64.urlsafe_b64encode(part).rstrip(b"=") for part in (header, claims)]
    told = b".".join(parts)
    signature = jwt.get_algorithm_by_name("RS256").sign(told, key)
    return b".".join((told, base64.urlsafe_b64encode(signature).rstrip(b"="))).decode()


def seeds() -> Iterator[bytes]:
    header = json.dumps({"alg": "RS256", "kid": "one", "typ": "JWT"}).encode()
    yield b"S" + header + b"\n" + json.dumps(STANDARD).encode()
    for name in STANDARD:
        yield b"S" + header + b"\n" + json.dumps({**STANDARD, name: None}).encode()
    yield b"RV"
    yield b"R" + b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in (header, b"{}", b"x"))
