"""Fetching an issuer's keys over real HTTP, as far as it is let go."""

from __future__ import annotations

import aiohttp
import pytest

from bot.github.errors import AnswerTooLarge, GitHubError, Unavailable, UnexpectedAnswer
from bot.github.exchange import Timeouts
from bot.github.oidc import TokenRefused, Verifier
from bot.github.oidc_keys import MOST_BYTES, fetch_with
from tests.github.conftest import FakeClock, FakeGitHub, Reply

DISCOVERY = "/.well-known/openid-configuration"


async def test_what_the_issuer_answers_is_given_as_it_is(github: FakeGitHub, session: aiohttp.ClientSession) -> None:
    github.on("GET", DISCOVERY, Reply({"issuer": "x"}))
    assert await fetch_with(session, Timeouts(5, 10))(github.url + DISCOVERY) == b'{"issuer": "x"}'
    assert "authorization" not in github.requests()[0].headers


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply({}, 503), Unavailable),
        (Reply({}, 429), Unavailable),
        (Reply(drop=True), Unavailable),
        (Reply(hang=True), Unavailable),
        (Reply({}, 404), UnexpectedAnswer),
        (Reply(status=204), UnexpectedAnswer),
        (Reply(raw=b"x" * (MOST_BYTES + 1)), AnswerTooLarge),
    ],
)
async def test_what_is_no_good_answer_is_an_error(
    github: FakeGitHub, session: aiohttp.ClientSession, reply: Reply, kind: type[GitHubError]
) -> None:
    github.on("GET", DISCOVERY, reply)
    with pytest.raises(kind):
        await fetch_with(session, Timeouts(5, 0.2))(github.url + DISCOVERY)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_not_followed(github: FakeGitHub, session: aiohttp.ClientSession, status: int) -> None:
    github.on("GET", DISCOVERY, Reply({}, status, {"location": f"{github.url}/elsewhere"}))
    github.on("GET", "/elsewhere", Reply({"issuer": "eve"}))
    with pytest.raises(UnexpectedAnswer):
        await fetch_with(session, Timeouts(5, 10))(github.url + DISCOVERY)
    assert github.calls() == [f"GET {DISCOVERY}"]


async def test_an_issuer_below_a_path_is_asked_there(
    github: FakeGitHub, session: aiohttp.ClientSession, clock: FakeClock
) -> None:
    issuer = f"{github.url}/_services/token"
    keys = "/_services/token/.well-known/jwks"
    github.on("GET", f"/_services/token{DISCOVERY}", Reply({"issuer": issuer, "jwks_uri": github.url + keys}))
    github.on("GET", keys, Reply({"keys": [{"kty": "RSA", "kid": "a", "alg": "RS256", "n": "AQAB" * 90, "e": "AQAB"}]}))
    verifier = Verifier(issuer, "stepwise", fetch_with(session, Timeouts(5, 10)), clock)
    with pytest.raises(TokenRefused, match="does not publish"):
        await verifier.verify("eyJhbGciOiJSUzI1NiIsImtpZCI6ImIifQ.e30.e30")
    assert github.calls() == [f"GET /_services/token{DISCOVERY}", f"GET {keys}"]
