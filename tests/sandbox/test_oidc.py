"""Tokens of workflow runs: right ones verify against the published keys, wrong ones are wrong in one way."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization

from bot.sandbox import Sandbox, control
from tests.sandbox.conftest import Api, write_branch

AsUser = Callable[[str], Api]
AUDIENCE = "https://stepwise.example"
WORKER = """
on: { workflow_dispatch: { inputs: { block: {} } } }
permissions: { id-token: write }
jobs: { work: { runs-on: ubuntu-latest } }
"""


@pytest.fixture
async def run_id(as_user: AsUser, as_bot: Api) -> AsyncIterator[int]:
    await write_branch(as_user("olivia"), "main", {".github/workflows/worker.yml": WORKER})
    yield await start(as_bot, "worker.yml")


async def start(api: Api, file: str) -> int:
    path = f"/repos/acme/shop/actions/workflows/{file}/dispatches"
    answer = await api("POST", path, json={"ref": "main", "return_run_details": True})
    number: int = answer.body["workflow_run_id"]
    return number


async def minted(api: Api, run: int, **how: Any) -> str:
    body = {"repo": "acme/shop", "run_id": run, "aud": AUDIENCE, **how}
    answer = await api("POST", "/_sandbox/oidc/token", json=body)
    assert answer.status == 200, answer.body
    token: str = answer.body["token"]
    return token


async def verified(api: Api, sandbox: Sandbox, token: str) -> dict[str, Any]:
    """Verify a token as its receiver should: by discovery, key id and RS256 alone; raises jwt.PyJWTError."""
    about = (await api("GET", "/.well-known/openid-configuration")).body
    keys = jwt.PyJWKSet.from_dict((await api("GET", about["jwks_uri"])).body)
    found = [key for key in keys.keys if key.key_id == jwt.get_unverified_header(token).get("kid")]
    if not found:
        raise jwt.InvalidKeyError("unknown key")
    claims: dict[str, Any] = jwt.decode(
        token, found[0].key, algorithms=["RS256"], audience=AUDIENCE, issuer=about["issuer"]
    )
    return claims


async def test_a_token_says_which_run_it_is(sandbox: Sandbox, anonymous: Api, run_id: int) -> None:
    claims = await verified(anonymous, sandbox, await minted(anonymous, run_id))
    workflow = "acme/shop/.github/workflows/worker.yml@refs/heads/main"
    shop = sandbox.repo("acme/shop")
    expected = {
        "actor": "stepwise[bot]",
        "base_ref": "",
        "event_name": "workflow_dispatch",
        "head_ref": "",
        "job_workflow_ref": workflow,
        "ref": "refs/heads/main",
        "ref_protected": "false",
        "ref_type": "branch",
        "repository": "acme/shop",
        "repository_id": str(shop.id),
        "repository_owner": "acme",
        "repository_owner_id": str(shop.owner.id),
        "repository_visibility": "public",
        "run_attempt": "1",
        "run_id": str(run_id),
        "run_number": "1",
        "runner_environment": "github-hosted",
        "sha": shop.git.branch("main"),
        "sub": "repo:acme/shop:ref:refs/heads/main",
        "workflow_ref": workflow,
    }
    assert {name: claims[name] for name in expected} == expected
    assert {"job_workflow_sha", "workflow", "workflow_sha", "actor_id", "jti"} < claims.keys()
    assert all(isinstance(value, str) for name, value in claims.items() if name not in ("exp", "iat", "nbf"))
    assert claims["exp"] - claims["iat"] == 300
    assert claims["nbf"] < claims["iat"]


async def test_every_token_has_an_id_of_its_own_and_the_owners_page_as_audience(
    sandbox: Sandbox, anonymous: Api, run_id: int
) -> None:
    tokens = [await minted(anonymous, run_id, aud=None) for _ in range(2)]
    claims = [jwt.decode(token, options={"verify_signature": False}) for token in tokens]
    assert claims[0]["jti"] != claims[1]["jti"]
    assert claims[0]["aud"] == f"{sandbox.url}/acme"


@pytest.mark.parametrize("wrong", ["audience", "issuer", "expired", "future", "key", "unknown-kid", "none", "hs256"])
async def test_tokens_that_no_receiver_should_take(sandbox: Sandbox, anonymous: Api, run_id: int, wrong: str) -> None:
    with pytest.raises(jwt.PyJWTError):
        await verified(anonymous, sandbox, await minted(anonymous, run_id, wrong=wrong))


@pytest.mark.parametrize(
    ("wrong", "claim", "value"),
    [
        ("repository", "repository_id", "987654"),
        ("attempt", "run_attempt", "2"),
        ("event", "event_name", "pull_request"),
        ("workflow", "workflow_ref", "acme/shop/.github/workflows/other.yml@refs/heads/main"),
        ("ref", "ref", "refs/heads/feature/other"),
    ],
)
async def test_tokens_that_are_genuine_but_say_something_else(
    sandbox: Sandbox, anonymous: Api, run_id: int, wrong: str, claim: str, value: str
) -> None:
    right = await verified(anonymous, sandbox, await minted(anonymous, run_id))
    other = await verified(anonymous, sandbox, await minted(anonymous, run_id, wrong=wrong))
    assert other[claim] == value != right[claim]


async def test_any_claim_can_be_changed_or_left_out(sandbox: Sandbox, anonymous: Api, run_id: int) -> None:
    token = await minted(anonymous, run_id, wrong="run", claims={"run_attempt": 1, "jti": None})
    claims = await verified(anonymous, sandbox, token)
    assert (claims["run_id"], claims["run_attempt"], "jti" in claims) == (str(run_id + 1), 1, False)
    wrong = {"repo": "acme/shop", "run_id": run_id, "wrong": "everything"}
    assert (await anonymous("POST", "/_sandbox/oidc/token", json=wrong)).status == 400


async def test_the_shared_secret_of_an_hs256_token_is_the_published_key(
    sandbox: Sandbox, anonymous: Api, run_id: int
) -> None:
    head, payload, signature = (await minted(anonymous, run_id, wrong="hs256")).split(".")
    assert json.loads(base64.urlsafe_b64decode(head + "==="))["alg"] == "HS256"
    key = sandbox.hub.issuer.key().private.public_key()
    pem = key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    expected = hmac.new(pem, f"{head}.{payload}".encode(), hashlib.sha256).digest()
    assert base64.urlsafe_b64decode(signature + "===") == expected


@pytest.mark.parametrize("keep", [True, False])
async def test_keys_are_rotated(sandbox: Sandbox, anonymous: Api, run_id: int, keep: bool) -> None:
    old = await minted(anonymous, run_id)
    kid = (await anonymous("POST", "/_sandbox/oidc/rotate", json={"keep": keep})).body["kid"]
    new = await minted(anonymous, run_id)
    assert jwt.get_unverified_header(new)["kid"] == kid
    assert await verified(anonymous, sandbox, new)
    if keep:
        assert await verified(anonymous, sandbox, old)
    else:
        with pytest.raises(jwt.InvalidKeyError):
            await verified(anonymous, sandbox, old)


async def test_a_step_asks_for_its_token_by_two_variables(sandbox: Sandbox, anonymous: Api, run_id: int) -> None:
    given = (await anonymous("POST", "/_sandbox/oidc/environment", json={"repo": "acme/shop", "run_id": run_id})).body
    url = f"{given['ACTIONS_ID_TOKEN_REQUEST_URL']}&audience={AUDIENCE}"
    bearer = {"Authorization": f"bearer {given['ACTIONS_ID_TOKEN_REQUEST_TOKEN']}"}
    answer = await anonymous("GET", url, headers=bearer)
    assert (await verified(anonymous, sandbox, answer.body["value"]))["run_id"] == str(run_id)
    assert (await anonymous("GET", url)).status == 401


async def test_a_workflow_without_the_permission_gets_no_token(as_bot: Api, anonymous: Api) -> None:
    run = {"repo": "acme/shop", "run_id": await start(as_bot, "ci.yml")}
    assert (await anonymous("POST", "/_sandbox/oidc/token", json=run)).status == 422
    given = (await anonymous("POST", "/_sandbox/oidc/environment", json=run)).body
    bearer = {"Authorization": f"bearer {given['ACTIONS_ID_TOKEN_REQUEST_TOKEN']}"}
    assert (await anonymous("GET", given["ACTIONS_ID_TOKEN_REQUEST_URL"], headers=bearer)).status == 422


async def test_subjects_are_not_stable(sandbox: Sandbox, as_user: AsUser, as_bot: Api, run_id: int) -> None:
    shop = sandbox.repo("acme/shop")
    shop.moved_at = datetime(2026, 8, 1, tzinfo=UTC)
    control.protect(shop, "main", {})
    claims = jwt.decode(await minted(as_bot, run_id), options={"verify_signature": False})
    assert claims["sub"] == f"repo:acme@{shop.owner.id}/shop@{shop.id}:ref:refs/heads/main"
    assert claims["ref_protected"] == "true"
    control.protect(shop, "main", None)
    deploying = WORKER.replace("runs-on", "environment: 'stage:eu', runs-on")
    await write_branch(as_user("olivia"), "main", {".github/workflows/worker.yml": deploying})
    claims = jwt.decode(await minted(as_bot, await start(as_bot, "worker.yml")), options={"verify_signature": False})
    assert (claims["environment"], claims["sub"].rpartition("/")[2]) == (
        "stage:eu",
        f"shop@{shop.id}:environment:stage%3Aeu",
    )


async def test_a_token_of_an_earlier_attempt(as_bot: Api, run_id: int) -> None:
    for how in ({"action": "complete", "conclusion": "failure"}, {"action": "rerun"}):
        await as_bot("POST", "/_sandbox/workflow-run", json={"repo": "acme/shop", "run_id": run_id, **how})
    attempts = [
        jwt.decode(await minted(as_bot, run_id, attempt=attempt), options={"verify_signature": False})["run_attempt"]
        for attempt in (None, 1)
    ]
    assert attempts == ["2", "1"]
