"""OIDC tokens of GitHub Actions: who a worker's report comes from, on the word of GitHub alone.

A token proves which workflow run asked for it, not that what the run says is true; and it can be sent again by
whoever sees it, so that its id has to be remembered until it expires.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

import jwt

from bot.github.limits import Clock
from bot.github.oidc_keys import Fetch, SigningKeys
from bot.github.workflows import DISPATCH_EVENT

MAX_AGE: Final = timedelta(minutes=10)
LEEWAY: Final = timedelta(seconds=30)
_ALGORITHM: Final = "RS256"
_LONGEST_TOKEN: Final = 16 * 1024
_LONGEST_CLAIM: Final = 1000
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,17}")
_NAME: Final = r"[A-Za-z0-9_.-]{1,100}"
_WORKFLOW: Final = re.compile(
    rf"(?P<repository>{_NAME}/{_NAME})/(?P<path>\.github/workflows/[A-Za-z0-9._-]{{1,200}}\.ya?ml)"
    r"@(?P<ref>refs/heads/.+)"
)
_UNCHECKED: Final[Any] = {f"verify_{name}": False for name in ("exp", "nbf", "iat", "aud", "iss", "sub", "jti")}


class TokenRefused(Exception):  # noqa: N818 - named after what happened, as the errors of GitHub's API are
    """A token that is not accepted: 401 when it proves nothing, 403 when it proves the wrong thing.

    `reason` is a sentence for the worker's author; it holds no part of the token that GitHub did not sign.
    """

    def __init__(self, status: Literal[401, 403], reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Identity:
    """The workflow run that a token was made for.

    `workflow_path` is the file's path in `repository`, `ref` the full name of the branch that it was taken from, and
    `expires_at` when the token stops being accepted: `token_id` has to be remembered until then.
    """

    repository_id: int
    repository: str
    workflow_run_id: int
    run_attempt: int
    workflow_path: str
    ref: str
    actor: str
    token_id: str
    expires_at: datetime

    def expect(
        self,
        *,
        repository_id: int,
        default_branch: str,
        workflow_file: str | None = None,
        workflow_run_id: int | None = None,
    ) -> None:
        """Raise TokenRefused (403) for another repository, branch, workflow or run; what is None may be any."""
        if self.repository_id != repository_id:
            raise TokenRefused(403, f"The token belongs to another repository, {self.repository}")
        if self.ref != f"refs/heads/{default_branch}":
            raise TokenRefused(403, f"The workflow ran from {self.ref}, not from the default branch {default_branch}")
        if workflow_file is not None and self.workflow_path != f".github/workflows/{workflow_file}":
            raise TokenRefused(403, f"The token belongs to another workflow, {self.workflow_path}")
        if workflow_run_id is not None and self.workflow_run_id != workflow_run_id:
            raise TokenRefused(403, f"The token belongs to another workflow run, {self.workflow_run_id}")


class Verifier:
    """Verifies the tokens of one issuer for one audience. Raises ValueError for an issuer without TLS."""

    def __init__(self, issuer: str, audience: str, http: Fetch, clock: Clock) -> None:
        if not audience:
            raise ValueError("An audience of the bot's own is needed: the default one is shared by everybody")
        self._issuer = issuer.rstrip("/")
        self._audience = audience
        self._clock = clock
        self._keys = SigningKeys(self._issuer, http, clock)

    async def verify(self, token: str) -> Identity:
        """Whose token it is. Raises TokenRefused, or GitHubError when the issuer's keys cannot be had."""
        key_id = _key_id(token)
        key = await self._keys.find(key_id)
        if key is None:
            raise TokenRefused(401, "The token is signed with a key that the issuer does not publish")
        try:
            # Times, audience and issuer are checked below: by the bot's own clock, and to the letter.
            claims = jwt.decode(token, key, algorithms=[_ALGORITHM], options=_UNCHECKED)
        except (jwt.PyJWTError, ValueError, RecursionError):
            raise TokenRefused(401, "The token's signature or form is not valid") from None
        accepted_until = self._current(claims)
        self._meant_for_us(claims)
        return _identity(claims, accepted_until)

    def _current(self, claims: Mapping[str, Any]) -> datetime:
        """Until when the token is accepted."""
        now = self._clock().timestamp()
        issued, not_before, expires = (_seconds(claims, name) for name in ("iat", "nbf", "exp"))
        leeway = LEEWAY.total_seconds()
        if max(issued, not_before) > now + leeway:
            raise TokenRefused(401, "The token is not valid yet")
        # GitHub has been seen to issue tokens for six hours; each report is to bring a fresh one.
        end = min(expires, issued + int(MAX_AGE.total_seconds())) + leeway
        if now >= end:
            raise TokenRefused(401, "The token is expired or older than ten minutes: ask for a new one per report")
        return datetime.fromtimestamp(end, UTC)

    def _meant_for_us(self, claims: Mapping[str, Any]) -> None:
        if claims.get("iss") != self._issuer:
            raise TokenRefused(401, f"The token was not issued by {self._issuer}")
        # A list of audiences would let one token be used in several places.
        if claims.get("aud") != self._audience:
            raise TokenRefused(401, f"The token is for another audience, not for {self._audience}")


def _key_id(token: str) -> str:
    if len(token) > _LONGEST_TOKEN:
        raise TokenRefused(401, f"The token is longer than {_LONGEST_TOKEN} characters")
    try:
        header = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError, RecursionError):
        raise TokenRefused(401, "The token is not a signed JWT") from None
    if header.get("alg") != _ALGORITHM:
        raise TokenRefused(401, f"The token is not signed with {_ALGORITHM}")
    key_id = header.get("kid")
    if not isinstance(key_id, str) or not 0 < len(key_id) <= _LONGEST_CLAIM:
        raise TokenRefused(401, "The token does not say which key it is signed with")
    return key_id


def _identity(claims: Mapping[str, Any], accepted_until: datetime) -> Identity:
    event = _text(claims, "event_name")
    if event != DISPATCH_EVENT:
        raise TokenRefused(403, f"The workflow was started by {event[:60]}, not by a dispatch")
    repository = _text(claims, "repository")
    workflow = _workflow(claims)
    if workflow["repository"].lower() != repository.lower():
        raise TokenRefused(403, f"The workflow's file is in another repository, {workflow['repository']}")
    if _text(claims, "ref") != workflow["ref"]:
        raise TokenRefused(403, "The workflow's file was taken from another ref than the one it ran on")
    return Identity(
        repository_id=_number(claims, "repository_id"),
        repository=repository,
        workflow_run_id=_number(claims, "run_id"),
        run_attempt=_number(claims, "run_attempt"),
        workflow_path=workflow["path"],
        ref=workflow["ref"],
        actor=_text(claims, "actor"),
        token_id=_text(claims, "jti"),
        expires_at=accepted_until,
    )


def _workflow(claims: Mapping[str, Any]) -> re.Match[str]:
    """The workflow's file: `workflow_ref` is what was started, `job_workflow_ref` where the job itself is written."""
    named = [_text(claims, name) for name in ("workflow_ref", "job_workflow_ref") if name in claims]
    if not named:
        raise TokenRefused(401, "The token has no workflow_ref")
    # A job of a reusable workflow is somebody else's file, maybe of another repository, under this workflow's name.
    if len(set(named)) != 1:
        raise TokenRefused(403, "Only a job that is written in the dispatched workflow itself may report")
    workflow = _WORKFLOW.fullmatch(named[0])
    if workflow is None:
        raise TokenRefused(403, f"The workflow {named[0][:200]!a} is not a file on a branch")
    return workflow


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_CLAIM or not value.isprintable():
        raise TokenRefused(401, f"The token has no usable {name}")
    return value


def _number(claims: Mapping[str, Any], name: str) -> int:
    # GitHub writes ids as strings.
    value = _text(claims, name)
    if not _NUMBER.fullmatch(value):
        raise TokenRefused(401, f"The token has no usable {name}")
    return int(value)


def _seconds(claims: Mapping[str, Any], name: str) -> int:
    value = claims.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 2**53:
        raise TokenRefused(401, f"The token has no usable {name}")
    return value
