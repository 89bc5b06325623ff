"""Tokens of workers: what is accepted, and everything that is not."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jwt.algorithms import RSAAlgorithm

from bot.github.errors import GitHubError, Unavailable, UnexpectedAnswer
from bot.github.oidc import Identity, TokenRefused, Verifier
from tests.github.conftest import FakeClock

ISSUER = "https://token.actions.example"
DISCOVERY = f"{ISSUER}/.well-known/openid-configuration"
KEYS = f"{ISSUER}/.well-known/jwks"
AUDIENCE = "https://stepwise.example"
WORKFLOW = "octo/plans/.github/workflows/worker.yml@refs/heads/main"


@dataclass
class Issuer:
    """Publishes keys and counts how often it is asked; `answers` overrides what a URL gives."""

    keys: dict[str, RSAPrivateKey]
    answers: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    is_down: bool = False

    async def fetch(self, url: str) -> bytes:
        self.asked.append(url)
        if self.is_down:
            raise Unavailable("the connection broke")
        published = [public(key, kid) for kid, key in self.keys.items()]
        standard = {DISCOVERY: {"issuer": ISSUER, "jwks_uri": KEYS}, KEYS: {"keys": published}}
        answer = {**standard, **self.answers}[url]
        return answer if isinstance(answer, bytes) else json.dumps(answer).encode()


def sign(claims: Any, key: Any, algorithm: str = "RS256", **headers: Any) -> str:
    """A token with whatever claims; PyJWT's own way in does not sign those of odd types."""
    return jwt.PyJWS().encode(json.dumps(claims).encode(), key, algorithm=algorithm, headers=headers)


def encoded(part: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def public(key: RSAPrivateKey, kid: str, /, **more: Any) -> dict[str, Any]:
    shape = json.loads(RSAAlgorithm.to_jwk(key.public_key()))
    return {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid, "n": shape["n"], "e": shape["e"], **more}


@pytest.fixture(scope="module")
def keys() -> tuple[RSAPrivateKey, RSAPrivateKey]:
    return generate_private_key(65537, 2048), generate_private_key(65537, 2048)


@pytest.fixture
def issuer(keys: tuple[RSAPrivateKey, RSAPrivateKey]) -> Issuer:
    return Issuer({"one": keys[0]})


@pytest.fixture
def verifier(issuer: Issuer, clock: FakeClock) -> Verifier:
    return Verifier(ISSUER, AUDIENCE, issuer.fetch, clock)


MakeToken = Callable[..., str]


@pytest.fixture
def claims(clock: FakeClock) -> dict[str, Any]:
    """Claims as GitHub makes them: ids are strings, and the token is valid from before it was made."""
    now = int(clock().timestamp())
    return {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "repo:octo@1/plans@77:ref:refs/heads/main",
        "jti": "4f7ee2ab-9b07-4d5e-8f6e-000000000000",
        "iat": now,
        "nbf": now - 600,
        "exp": now + 300,
        "repository": "octo/plans",
        "repository_id": "77",
        "run_id": "31",
        "run_attempt": "2",
        "event_name": "workflow_dispatch",
        "workflow_ref": WORKFLOW,
        "job_workflow_ref": WORKFLOW,
        "ref": "refs/heads/main",
        "actor": "stepwise[bot]",
    }


@pytest.fixture
def make_token(issuer: Issuer, claims: dict[str, Any]) -> MakeToken:
    def make(kid: str | None = "one", headers: dict[str, Any] | None = None, **changes: Any) -> str:
        """A signed token; a change to `...` leaves the claim out."""
        told = {name: value for name, value in {**claims, **changes}.items() if value is not ...}
        extra = {**({} if kid is None else {"kid": kid}), **(headers or {})}
        return sign(told, issuer.keys["one"], **extra)

    return make


async def refused(verifier: Verifier, token: str) -> tuple[int, str]:
    with pytest.raises(TokenRefused) as caught:
        await verifier.verify(token)
    return caught.value.status, caught.value.reason


async def test_a_token_tells_which_run_asked_for_it(
    verifier: Verifier, make_token: MakeToken, clock: FakeClock
) -> None:
    assert await verifier.verify(make_token()) == Identity(
        repository_id=77,
        repository="octo/plans",
        workflow_run_id=31,
        run_attempt=2,
        workflow_path=".github/workflows/worker.yml",
        ref="refs/heads/main",
        actor="stepwise[bot]",
        token_id="4f7ee2ab-9b07-4d5e-8f6e-000000000000",
        expires_at=clock() + timedelta(seconds=330),
    )


MALFORMED = ["", "x", "a.b.c", "..", "é.é.é", "\ud800", "e30.e30.e30", "W10.W10.W10", "bnVsbA.bnVsbA.bnVsbA"]


@pytest.mark.parametrize("token", [*MALFORMED, "x" * 20_000, base64.b64encode(b"[" * 9000).decode() + ".e30.e30"])
async def test_what_is_no_signed_token_is_refused_without_asking_the_issuer(
    verifier: Verifier, issuer: Issuer, token: str
) -> None:
    status, _ = await refused(verifier, token)
    assert (status, issuer.asked) == (401, [])


async def test_a_token_of_any_length_is_not_even_looked_into(
    verifier: Verifier, issuer: Issuer, make_token: MakeToken
) -> None:
    reason = "The token is longer than 16384 characters"
    assert await refused(verifier, make_token(padding="x" * 20_000)) == (401, reason)
    assert issuer.asked == []


async def test_another_algorithm_is_refused_even_with_the_right_key(
    verifier: Verifier, issuer: Issuer, claims: dict[str, Any]
) -> None:
    pem = issuer.keys["one"].public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    header, body = (encoded(part) for part in ({"alg": "HS256", "kid": "one"}, claims))
    confused = hmac.new(pem, f"{header}.{body}".encode(), hashlib.sha256).digest()
    for token in (
        sign(claims, issuer.keys["one"], "RS512", kid="one"),
        sign(claims, issuer.keys["one"], "PS256", kid="one"),
        f"{header}.{body}.{base64.urlsafe_b64encode(confused).rstrip(b'=').decode()}",
        f"{encoded({'alg': 'none', 'kid': 'one'})}.{body}.",
    ):
        assert await refused(verifier, token) == (401, "The token is not signed with RS256")
    assert issuer.asked == []


@pytest.mark.parametrize("kid", [None, "", "x" * 1001])
async def test_a_token_has_to_name_its_key(verifier: Verifier, make_token: MakeToken, kid: str | None) -> None:
    assert (await refused(verifier, make_token(kid)))[0] == 401


async def test_a_signature_by_another_key_is_refused(
    verifier: Verifier, claims: dict[str, Any], keys: tuple[RSAPrivateKey, RSAPrivateKey]
) -> None:
    forged = sign(claims, keys[1], kid="one")
    assert await refused(verifier, forged) == (401, "The token's signature or form is not valid")


async def test_claims_that_were_changed_after_signing_are_refused(verifier: Verifier, make_token: MakeToken) -> None:
    header, _, signature = make_token().split(".")
    _, other, _ = make_token(repository_id="78").split(".")
    assert (await refused(verifier, f"{header}.{other}.{signature}"))[0] == 401


async def test_a_key_that_the_token_brings_along_is_not_used(
    verifier: Verifier, issuer: Issuer, claims: dict[str, Any], keys: tuple[RSAPrivateKey, RSAPrivateKey]
) -> None:
    brought: dict[str, Any] = {
        "kid": "mine",
        "jwk": public(keys[1], "mine"),
        "jku": "https://eve.example/jwks",
        "x5u": "https://e",
    }
    forged = sign(claims, keys[1], **brought)
    assert (await refused(verifier, forged))[0] == 401
    assert issuer.asked == [DISCOVERY, KEYS]


async def test_a_header_with_a_critical_extension_is_refused(verifier: Verifier, make_token: MakeToken) -> None:
    assert (await refused(verifier, make_token(headers={"crit": ["exp2"], "exp2": 1})))[0] == 401


TEXTS = (7, "", None, "a\nb", "x" * 1001, ...)
NUMBERS = (77, "0", "-1", "077", "7 ", "٧", "9" * 19, "", "x", None, True, ["77"], ...)
SECONDS: tuple[Any, ...] = ("1", 1.5, True, None, 0, -1, 10**30, float("nan"), [], ...)
WRONG: dict[str, tuple[Any, ...]] = {
    "iss": (f"{ISSUER}/", "https://token.actions.example.eve", None, [ISSUER], ...),
    "aud": (f"{AUDIENCE}/", "https://github.com/octo", None, [], [AUDIENCE], ...),
    "jti": TEXTS,
    "actor": TEXTS,
    "repository": TEXTS,
    "event_name": TEXTS,
    "repository_id": NUMBERS,
    "run_id": NUMBERS,
    "run_attempt": NUMBERS,
    "iat": SECONDS,
    "nbf": SECONDS,
    "exp": SECONDS,
}
FORBIDDEN = [
    ("event_name", "push"),
    ("event_name", "pull_request"),
    ("repository", "eve/plans"),
    ("ref", "refs/heads/other"),
    ("ref", "refs/tags/main"),
]


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG.items() for value in values])
async def test_one_claim_of_the_wrong_kind_is_enough(
    verifier: Verifier, make_token: MakeToken, name: str, value: object
) -> None:
    assert (await refused(verifier, make_token(**{name: value})))[0] == 401


@pytest.mark.parametrize(("name", "value"), FORBIDDEN)
async def test_a_good_token_of_the_wrong_run_is_forbidden(
    verifier: Verifier, make_token: MakeToken, name: str, value: str
) -> None:
    assert (await refused(verifier, make_token(**{name: value})))[0] == 403


@pytest.mark.parametrize("told", [[1], "x", None, 7])
async def test_claims_that_are_no_object_are_refused(verifier: Verifier, issuer: Issuer, told: object) -> None:
    assert (await refused(verifier, sign(told, issuer.keys["one"], kid="one")))[0] == 401


@pytest.mark.parametrize(
    "workflow",
    [
        "octo/plans/.github/workflows/worker.yml@refs/tags/v1",
        "octo/plans/.github/workflows/worker.yml@refs/pull/3/merge",
        f"octo/plans/.github/workflows/worker.yml@{'a' * 40}",
        "octo/plans/.github/workflows/worker.yml",
        "octo/plans/workflows/worker.yml@refs/heads/main",
        "octo/plans/.github/workflows/../worker.yml@refs/heads/main",
        "octo/plans/.github/workflows/worker.txt@refs/heads/main",
        "eve/plans/.github/workflows/worker.yml@refs/heads/main",
        "plans/.github/workflows/worker.yml@refs/heads/main",
    ],
)
async def test_the_workflow_has_to_be_a_file_on_a_branch_of_that_repository(
    verifier: Verifier, make_token: MakeToken, workflow: str
) -> None:
    assert (await refused(verifier, make_token(workflow_ref=workflow, job_workflow_ref=workflow)))[0] == 403


async def test_a_reusable_workflow_of_somebody_else_cannot_report(verifier: Verifier, make_token: MakeToken) -> None:
    called = "eve/shared/.github/workflows/worker.yml@refs/heads/main"
    assert (await refused(verifier, make_token(job_workflow_ref=called)))[0] == 403
    assert (await refused(verifier, make_token(job_workflow_ref=None)))[0] == 401
    assert (await refused(verifier, make_token(workflow_ref=..., job_workflow_ref=...)))[0] == 401


@pytest.mark.parametrize("left_out", ["workflow_ref", "job_workflow_ref"])
async def test_either_name_of_the_workflow_will_do(verifier: Verifier, make_token: MakeToken, left_out: str) -> None:
    assert (await verifier.verify(make_token(**{left_out: ...}))).workflow_path == ".github/workflows/worker.yml"


async def test_a_branch_may_have_any_name(verifier: Verifier, make_token: MakeToken) -> None:
    ref = "refs/heads/release/1@2.yml@x"
    workflow = f"octo/plans/.github/workflows/worker.yml@{ref}"
    found = await verifier.verify(make_token(workflow_ref=workflow, job_workflow_ref=workflow, ref=ref))
    assert (found.workflow_path, found.ref) == (".github/workflows/worker.yml", ref)


@pytest.mark.parametrize(
    ("life", "seconds", "is_accepted"),
    [
        (300, 0, True),
        (300, 329, True),
        (300, 330, False),
        (21_600, 629, True),
        (21_600, 630, False),
        (300, -30, True),
        (300, -31, False),
    ],
)
async def test_a_token_is_accepted_until_it_ends_or_is_ten_minutes_old(
    verifier: Verifier,
    make_token: MakeToken,
    clock: FakeClock,
    claims: dict[str, Any],
    life: int,
    seconds: int,
    is_accepted: bool,
) -> None:
    token = make_token(exp=claims["iat"] + life)
    clock.advance(seconds)
    if is_accepted:
        assert (await verifier.verify(token)).expires_at > clock()
    else:
        assert (await refused(verifier, token))[0] == 401


async def test_a_token_for_later_is_refused_until_then(
    verifier: Verifier, make_token: MakeToken, clock: FakeClock, claims: dict[str, Any]
) -> None:
    token = make_token(nbf=claims["iat"] + 60)
    assert await refused(verifier, token) == (401, "The token is not valid yet")
    clock.advance(60)
    await verifier.verify(token)


@settings(max_examples=200, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(header=st.binary(max_size=30), body=st.binary(max_size=30), signature=st.binary(max_size=30))
async def test_no_token_makes_the_verifier_fail_otherwise(
    verifier: Verifier, header: bytes, body: bytes, signature: bytes
) -> None:
    token = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in (header, body, signature)).decode()
    assert (await refused(verifier, token))[0] == 401


@pytest.mark.parametrize("kid", [7, ["one"], {}, None, True])
async def test_a_key_id_that_is_no_text_is_refused(verifier: Verifier, make_token: MakeToken, kid: object) -> None:
    _, body, signature = make_token().split(".")
    header = encoded({"alg": "RS256", "kid": kid})
    assert (await refused(verifier, f"{header}.{body}.{signature}"))[0] == 401


IDENTITY = Identity(
    repository_id=77,
    repository="octo/plans",
    workflow_run_id=31,
    run_attempt=1,
    workflow_path=".github/workflows/worker.yml",
    ref="refs/heads/main",
    actor="stepwise[bot]",
    token_id="t",
    expires_at=datetime(2026, 5, 1, 12, tzinfo=UTC),
)


@pytest.mark.parametrize(
    "other",
    [
        {"repository_id": 78},
        {"ref": "refs/heads/Main"},
        {"ref": "refs/heads/refs/heads/main"},
        {"workflow_path": ".github/workflows/other.yml"},
        {"workflow_run_id": 32},
    ],
)
def test_an_identity_from_elsewhere_is_not_what_was_expected(other: dict[str, Any]) -> None:
    expected: dict[str, Any] = {"repository_id": 77, "default_branch": "main"}
    IDENTITY.expect(**expected)
    IDENTITY.expect(**expected, workflow_file="worker.yml", workflow_run_id=31)
    with pytest.raises(TokenRefused) as caught:
        replace(IDENTITY, **other).expect(**expected, workflow_file="worker.yml", workflow_run_id=31)
    assert caught.value.status == 403


async def test_the_keys_are_asked_for_once_and_then_kept_for_an_hour(
    verifier: Verifier, issuer: Issuer, make_token: MakeToken, clock: FakeClock, claims: dict[str, Any]
) -> None:
    await verifier.verify(make_token())
    clock.advance(300)
    await verifier.verify(make_token())
    assert issuer.asked == [DISCOVERY, KEYS]
    clock.advance(3300)
    now = int(clock().timestamp())
    await verifier.verify(make_token(iat=now, nbf=now, exp=now + 300))
    assert issuer.asked == [DISCOVERY, KEYS] * 2


async def test_a_key_that_is_no_longer_published_is_no_longer_accepted(
    verifier: Verifier,
    issuer: Issuer,
    make_token: MakeToken,
    clock: FakeClock,
    keys: tuple[RSAPrivateKey, RSAPrivateKey],
) -> None:
    await verifier.verify(make_token())
    clock.advance(3600)
    now = int(clock().timestamp())
    token = make_token(iat=now, nbf=now, exp=now + 300)
    issuer.keys = {"two": keys[1]}
    assert (await refused(verifier, token))[1] == "The token is signed with a key that the issuer does not publish"


async def test_an_unknown_key_is_looked_for_once_a_minute(
    verifier: Verifier,
    issuer: Issuer,
    make_token: MakeToken,
    clock: FakeClock,
    claims: dict[str, Any],
    keys: tuple[RSAPrivateKey, RSAPrivateKey],
) -> None:
    await verifier.verify(make_token())
    fresh = sign(claims, keys[1], kid="two")
    issuer.keys["two"] = keys[1]
    for _ in range(20):
        assert (await refused(verifier, make_token("made-up")))[0] == 401
        assert (await refused(verifier, fresh))[0] == 401
    assert issuer.asked == [DISCOVERY, KEYS]
    clock.advance(60)
    await verifier.verify(fresh)
    assert issuer.asked == [DISCOVERY, KEYS] * 2


async def test_an_issuer_that_does_not_answer_is_left_alone_for_some_seconds(
    verifier: Verifier, issuer: Issuer, make_token: MakeToken, clock: FakeClock
) -> None:
    issuer.is_down = True
    for _ in range(5):
        with pytest.raises(Unavailable):
            await verifier.verify(make_token())
    assert issuer.asked == [DISCOVERY]
    issuer.is_down = False
    clock.advance(10)
    await verifier.verify(make_token())


async def test_known_keys_do_for_as_long_as_they_are_fresh_though_the_issuer_is_down(
    verifier: Verifier, issuer: Issuer, make_token: MakeToken, clock: FakeClock
) -> None:
    await verifier.verify(make_token())
    issuer.is_down = True
    clock.advance(60)
    with pytest.raises(Unavailable):
        await verifier.verify(make_token("made-up"))
    await verifier.verify(make_token())


@pytest.mark.parametrize(
    ("url", "answer"),
    [
        (DISCOVERY, {"issuer": "https://eve.example", "jwks_uri": KEYS}),
        (DISCOVERY, {"issuer": ISSUER, "jwks_uri": "https://eve.example/jwks"}),
        (DISCOVERY, {"issuer": ISSUER, "jwks_uri": "http://token.actions.example/jwks"}),
        (DISCOVERY, {"issuer": ISSUER}),
        (DISCOVERY, [1]),
        (DISCOVERY, b"<html>"),
        (DISCOVERY, b"[" * 100_000),
        (KEYS, {"keys": {}}),
        (KEYS, {"keys": []}),
        (KEYS, {"keys": [1]}),
        (KEYS, b"\xff"),
    ],
)
async def test_an_issuer_that_answers_oddly_is_an_error_and_never_a_key(
    verifier: Verifier, issuer: Issuer, make_token: MakeToken, url: str, answer: Any
) -> None:
    issuer.answers[url] = answer
    with pytest.raises(UnexpectedAnswer):
        await verifier.verify(make_token())
    assert all(asked.startswith(ISSUER) for asked in issuer.asked)


@pytest.mark.parametrize(
    "change",
    [{"kty": "oct", "k": "c2VjcmV0"}, {"use": "enc"}, {"alg": "RS512"}, {"kid": None}, {"n": "!"}, {"n": 7}, {"e": ""}],
)
async def test_a_key_that_is_not_for_these_signatures_is_not_used(
    verifier: Verifier, issuer: Issuer, make_token: MakeToken, change: dict[str, Any]
) -> None:
    issuer.answers[KEYS] = {"keys": [public(issuer.keys["one"], "one", **change)]}
    with pytest.raises(GitHubError):
        await verifier.verify(make_token())


async def test_a_short_key_is_not_used(verifier: Verifier, issuer: Issuer, make_token: MakeToken) -> None:
    token = make_token()
    issuer.keys["one"] = generate_private_key(65537, 1024)
    with pytest.raises(UnexpectedAnswer):
        await verifier.verify(token)


@pytest.mark.parametrize("issuer_url", ["http://token.actions.example", "ftp://x", "token.actions.example", ""])
def test_an_issuer_without_tls_is_refused_at_the_start(issuer: Issuer, clock: FakeClock, issuer_url: str) -> None:
    with pytest.raises(ValueError, match="https"):
        Verifier(issuer_url, AUDIENCE, issuer.fetch, clock)


def test_an_audience_is_needed(issuer: Issuer, clock: FakeClock) -> None:
    with pytest.raises(ValueError, match="audience"):
        Verifier(ISSUER, "", issuer.fetch, clock)
