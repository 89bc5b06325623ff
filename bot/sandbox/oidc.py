"""The OIDC issuer of GitHub Actions, on the sandbox's own origin.

A job with `id-token: write` gets a token that says which workflow run it is. The issuer makes right ones and, for
tests of who takes them, wrong ones. GitHub's docs show tokens of five minutes, valid ten minutes back.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import uuid
from datetime import UTC, datetime
from typing import Any, Literal, get_args

import jwt
from aiohttp import web
from cryptography.hazmat.primitives import serialization

from bot.sandbox.ci import WorkflowRun
from bot.sandbox.errors import GitHubError, unprocessable
from bot.sandbox.hub import Hub
from bot.sandbox.signing import SigningKey, new_key
from bot.sandbox.state import Json
from bot.sandbox.workflowruns import context
from bot.sandbox.workflows import jobs, may_ask_for_id_token, workflow_at

LIFE = 300
BACKDATED = 600
DISCOVERY = "/.well-known/openid-configuration"
JWKS = "/.well-known/jwks"
REQUEST = "/_actions/id-token"
# Repositories made, renamed or transferred since then have the ids of owner and repository in their subject.
IMMUTABLE_SUBJECTS_SINCE = datetime(2026, 7, 15, tzinfo=UTC)

Wrong = Literal[
    "audience",
    "issuer",
    "repository",
    "run",
    "attempt",
    "workflow",
    "event",
    "ref",
    "expired",
    "future",
    "key",
    "unknown-kid",
    "none",
    "hs256",
]
WRONGS: tuple[Wrong, ...] = get_args(Wrong)


def discovery(hub: Hub) -> Json:
    return {
        "issuer": hub.site.url,
        "jwks_uri": hub.site.url + JWKS,
        "subject_types_supported": ["public", "pairwise"],
        "response_types_supported": ["id_token"],
        "claims_supported": ["sub", "aud", "exp", "iat", "iss", "jti", "nbf", *_CLAIMS],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid"],
    }


def jwks(hub: Hub) -> Json:
    hub.issuer.key()
    return {"keys": [one.jwk() for one in hub.issuer.keys]}


_CLAIMS = (
    "actor",
    "actor_id",
    "base_ref",
    "environment",
    "event_name",
    "head_ref",
    "job_workflow_ref",
    "job_workflow_sha",
    "ref",
    "ref_protected",
    "ref_type",
    "repository",
    "repository_id",
    "repository_owner",
    "repository_owner_id",
    "repository_visibility",
    "run_attempt",
    "run_id",
    "run_number",
    "runner_environment",
    "sha",
    "workflow",
    "workflow_ref",
    "workflow_sha",
)


def claims_of(hub: Hub, run: WorkflowRun, audience: str | None) -> Json:
    """Give the claims of a right token for a run. All are texts save the three moments.

    Without an audience it is the page of the repository's owner. `environment` is there only if a job has one.
    """
    github, repo, now = context(hub, run)["github"], run.repo, int(hub.clock.timestamp())
    known = {name: github[name] for name in _CLAIMS if name in github}
    parsed = workflow_at(repo, run.path, run.head_sha) or {}
    environment = next((_environment(job) for job in jobs(parsed).values() if job.get("environment")), None)
    branch = run.ref.removeprefix("refs/heads/")
    return {
        "jti": str(uuid.uuid4()),
        "iss": hub.site.url,
        "aud": audience or f"{hub.site.url}/{repo.owner.login}",
        "sub": _subject(run, environment),
        **known,
        **({"environment": environment} if environment is not None else {}),
        "job_workflow_ref": github["workflow_ref"],
        "job_workflow_sha": run.head_sha,
        "ref_protected": "true" if branch in repo.protections else "false",
        "repository_visibility": "private" if repo.private else "public",
        "runner_environment": "github-hosted",
        "iat": now,
        "nbf": now - BACKDATED,
        "exp": now + LIFE,
    }


def _environment(job: Json) -> str:
    given = job["environment"]
    return str(given.get("name", "") if isinstance(given, dict) else given)


def _subject(run: WorkflowRun, environment: str | None) -> str:
    """Write the subject. It is not stable: colons are escaped, and newer repositories carry ids."""
    repo = run.repo
    owner, name = repo.owner.login, repo.name
    if max(repo.created_at, repo.moved_at or repo.created_at) >= IMMUTABLE_SUBJECTS_SINCE:
        owner, name = f"{owner}@{repo.owner.id}", f"{name}@{repo.id}"
    if environment is not None:
        return f"repo:{owner}/{name}:environment:{environment.replace(':', '%3A')}"
    return f"repo:{owner}/{name}:" + ("pull_request" if run.pull is not None else f"ref:{run.ref}")


def mint(hub: Hub, run: WorkflowRun, audience: str | None, *, attempt: int | None = None) -> str:
    """Make a right token for a run, or for an earlier attempt of it.

    Raises GitHubError 422 when the workflow does not grant `id-token: write` to a job.
    """
    if not may_ask_for_id_token(workflow_at(run.repo, run.path, run.head_sha) or {}):
        raise unprocessable("The job has no permission id-token: write, so it gets no token.")
    claims = claims_of(hub, run, audience) | ({"run_attempt": str(attempt)} if attempt is not None else {})
    return _signed(claims, hub.issuer.key())


def mint_wrong(hub: Hub, run: WorkflowRun, audience: str | None, wrong: Wrong | None, changed: Json) -> str:
    """Make a token with one thing wrong, or with claims changed (null takes one out)."""
    claims = claims_of(hub, run, audience) | _wrong_claims(hub, run, wrong) | changed
    claims = {name: value for name, value in claims.items() if value is not None}
    key = hub.issuer.key()
    match wrong:
        case "key":
            return _signed(claims, SigningKey(key.kid, new_key().private))
        case "unknown-kid":
            return _signed(claims, new_key())
        case "none":
            return f"{_unsigned({'alg': 'none', 'typ': 'JWT'}, claims)}."
        case "hs256":
            return _by_public_key(claims, key)
        case _:
            return _signed(claims, key)


def _wrong_claims(hub: Hub, run: WorkflowRun, wrong: Wrong | None) -> Json:
    """Give the claims that make a token wrong in one way, whatever else hangs together changed along."""
    now, other = int(hub.clock.timestamp()), "mallory/shop"
    path = ".github/workflows/other.yml"
    elsewhere = f"{other}/{run.path}@{run.ref}"
    wrong_claims: dict[str, Json] = {
        "audience": {"aud": "https://somebody-else.example"},
        "issuer": {"iss": "https://token.actions.example"},
        "repository": {
            "repository": other,
            "repository_id": "987654",
            "repository_owner": "mallory",
            "repository_owner_id": "987",
            "workflow_ref": elsewhere,
            "job_workflow_ref": elsewhere,
            "sub": f"repo:{other}:ref:{run.ref}",
        },
        "run": {"run_id": str(run.id + 1)},
        "attempt": {"run_attempt": str(run.attempt + 1)},
        "workflow": {
            "workflow_ref": f"{run.repo.full_name}/{path}@{run.ref}",
            "job_workflow_ref": f"{run.repo.full_name}/{path}@{run.ref}",
        },
        "event": {"event_name": "pull_request"},
        "ref": {
            "ref": "refs/heads/feature/other",
            "workflow_ref": f"{run.repo.full_name}/{run.path}@refs/heads/feature/other",
            "job_workflow_ref": f"{run.repo.full_name}/{run.path}@refs/heads/feature/other",
        },
        "expired": {"iat": now - 7200, "nbf": now - 7800, "exp": now - 3600},
        "future": {"nbf": now + 3600, "exp": now + 7200},
    }
    return wrong_claims.get(wrong or "", {})


def _signed(claims: Json, key: SigningKey) -> str:
    return jwt.encode(claims, key.private, algorithm="RS256", headers={"kid": key.kid})


def _unsigned(header: Json, claims: Json) -> str:
    parts = [json.dumps(part, separators=(",", ":")).encode() for part in (header, claims)]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


def _by_public_key(claims: Json, key: SigningKey) -> str:
    """Sign with the published key as if it were a shared secret: who trusts the header's `alg` falls for it."""
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    secret = key.private.public_key().public_bytes(serialization.Encoding.PEM, form)
    signed = _unsigned({"alg": "HS256", "typ": "JWT", "kid": key.kid}, claims)
    signature = hmac.new(secret, signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def environment_of(hub: Hub, run: WorkflowRun) -> dict[str, str]:
    """Give the two variables by which a step of the run asks for its token."""
    bearer = secrets.token_urlsafe(32)
    hub.issuer.bearers[bearer] = (run, run.attempt)
    url = f"{hub.site.url}{REQUEST}?run={run.id}&api-version=2.0"
    return {"ACTIONS_ID_TOKEN_REQUEST_URL": url, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": bearer}


def answer(hub: Hub, request: web.Request) -> web.Response:
    """Answer discovery, keys, and a step that asks for its token."""
    if request.path == DISCOVERY:
        return web.json_response(discovery(hub))
    if request.path == JWKS:
        return web.json_response(jwks(hub))
    bearer: Any = request.headers.get("Authorization", "").partition(" ")[2]
    run, attempt = hub.issuer.bearers.get(bearer, (None, 0))
    if run is None:
        return web.json_response({"message": "Unauthorized"}, status=401)
    try:
        value = mint(hub, run, request.query.get("audience"), attempt=attempt)
    except GitHubError as refusal:
        return web.json_response(refusal.body(), status=refusal.status)
    return web.json_response({"count": len(value), "value": value})


def is_oidc(path: str) -> bool:
    return path in (DISCOVERY, JWKS, REQUEST)
