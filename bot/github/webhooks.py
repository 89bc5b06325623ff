"""Deliveries to events: what a payload says, read defensively, and which pull request it concerns.

Payloads are GitHub's, but they come late, twice and in any order, so they only say that something happened; how
things stand is read from the API. New events and actions appear over time and are ignored with a reason.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from bot.github.answers import Json, field, optional, optional_moment
from bot.github.errors import UnexpectedAnswer
from bot.runs.events import ChecklistEdited, ChecksChanged, CommentCreated, Event, PullChanged, Rerequested, Woken
from bot.runs.model import Person
from bot.runs.policy import POLICY_PATH

_PULL_ACTIONS: Final = frozenset({"opened", "reopened", "synchronize", "closed", "edited", "ready_for_review"})


@dataclass(frozen=True, slots=True)
class Ignored:
    """A delivery that nobody has to look at, and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Concern:
    """What a delivery is about: one pull request (`number`), those at a commit (`sha`), or those into a branch.

    The other fields are what the payload says of the pull request in passing, None where it says nothing.
    """

    repository_id: int
    full_name: str
    installation_id: int
    event: Event
    number: int | None = None
    sha: str | None = None
    base_branch: str | None = None
    is_open: bool | None = None
    head_sha: str | None = None
    base_ref: str | None = None


def read_delivery(name: str, body: bytes, app_id: int) -> Concern | Ignored:
    """Read a delivery (event name and raw body). Never raises for what a payload holds."""
    try:
        payload = json.loads(body)
    except (ValueError, RecursionError):
        return Ignored("the body is not JSON")
    if not isinstance(payload, dict):
        return Ignored("the body is not a JSON object")
    reader = _READERS.get(name)
    if reader is None:
        return Ignored(f"the event {name[:60]!r} is of no interest")
    try:
        return reader(payload, app_id)
    except UnexpectedAnswer as error:
        return Ignored(f"the payload is not as GitHub documents it: {error.message[:200]}")


def _concern(payload: Json, event: Event, **more: object) -> Concern | Ignored:
    installation_id = optional(payload, "installation.id", int, "the payload")
    if installation_id is None:
        return Ignored("the payload names no installation: it does not come from the App's own webhook")
    return Concern(
        repository_id=field(payload, "repository.id", int, "the payload"),
        full_name=field(payload, "repository.full_name", str, "the payload"),
        installation_id=installation_id,
        event=event,
        **more,  # type: ignore[arg-type]
    )


def _pull_request(payload: Json, app_id: int) -> Concern | Ignored:  # noqa: ARG001 - one shape for all readers
    of = "the payload"
    action = field(payload, "action", str, of)
    if action not in _PULL_ACTIONS:
        return Ignored(f"pull_request.{action[:60]} is of no interest")
    if action == "edited" and optional(payload, "changes.base", dict, of) is None:
        return Ignored("only the title or text of the pull request was edited")
    head_sha = field(payload, "pull_request.head.sha", str, of)
    return _concern(
        payload,
        PullChanged(action, head_sha),
        number=field(payload, "pull_request.number", int, of),
        is_open=field(payload, "pull_request.state", str, of) == "open",
        head_sha=head_sha,
        base_ref=field(payload, "pull_request.base.ref", str, of),
    )


def _issue_comment(payload: Json, app_id: int) -> Concern | Ignored:
    of = "the payload"
    action = field(payload, "action", str, of)
    if optional(payload, "issue.pull_request", dict, of) is None:
        return Ignored("the comment is on an issue")
    number = field(payload, "issue.number", int, of)
    is_own = optional(payload, "comment.performed_via_github_app.id", int, of) == app_id and (
        optional(payload, "comment.user.type", str, of) == "Bot"
    )
    if action in {"edited", "deleted"}:
        sender = _person(payload, "sender")
        if not is_own or sender.is_bot:
            return Ignored("commands are read from new comments only")
        return _concern(payload, ChecklistEdited(sender), number=number)
    if action != "created":
        return Ignored(f"issue_comment.{action[:60]} is of no interest")
    if is_own:
        return Ignored("the bot's own comment")
    at = optional_moment(payload, "comment.created_at", of)
    body = optional(payload, "comment.body", str, of) or ""
    if at is None:
        return Ignored("the comment has no time")
    comment_id = field(payload, "comment.id", int, of)
    return _concern(payload, CommentCreated(comment_id, _person(payload, "comment.user"), body, at), number=number)


def _check_run(payload: Json, app_id: int) -> Concern | Ignored:
    of = "the payload"
    action = field(payload, "action", str, of)
    sha = field(payload, "check_run.head_sha", str, of)
    if optional(payload, "check_run.app.id", int, of) == app_id:
        if action != "rerequested":
            return Ignored("the bot's own check")
        return _concern(payload, Rerequested(_person(payload, "sender")), sha=sha)
    return _concern(payload, ChecksChanged(sha), sha=sha)


def _check_suite(payload: Json, app_id: int) -> Concern | Ignored:
    of = "the payload"
    action = field(payload, "action", str, of)
    if action != "rerequested" or optional(payload, "check_suite.app.id", int, of) != app_id:
        return Ignored(f"check_suite.{action[:60]} is of no interest")
    sha = field(payload, "check_suite.head_sha", str, of)
    return _concern(payload, Rerequested(_person(payload, "sender")), sha=sha)


def _status(payload: Json, app_id: int) -> Concern | Ignored:  # noqa: ARG001
    sha = field(payload, "sha", str, "the payload")
    return _concern(payload, ChecksChanged(sha), sha=sha)


def _push(payload: Json, app_id: int) -> Concern | Ignored:  # noqa: ARG001
    """A push matters when it changes the policy that open pull requests are held to."""
    of = "the payload"
    ref = field(payload, "ref", str, of)
    commits = optional(payload, "commits", list, of) or []
    touched = {
        path
        for commit in commits
        if isinstance(commit, dict)
        for key in ("added", "modified", "removed")
        for path in optional(commit, key, list, "a commit") or []
        if isinstance(path, str)
    }
    if not ref.startswith("refs/heads/") or POLICY_PATH not in touched:
        return Ignored("the push does not change the policy")
    return _concern(payload, Woken("the policy changed"), base_branch=ref.removeprefix("refs/heads/"))


def _ping(payload: Json, app_id: int) -> Concern | Ignored:  # noqa: ARG001
    return Ignored("a ping")


def _person(payload: Json, path: str) -> Person:
    of = "the payload"
    login = optional(payload, f"{path}.login", str, of) or "ghost"
    is_bot = optional(payload, f"{path}.type", str, of) == "Bot" or login.endswith("[bot]")
    return Person(login, optional(payload, f"{path}.id", int, of) or 0, is_bot)


_READERS: Final = {
    "pull_request": _pull_request,
    "issue_comment": _issue_comment,
    "check_run": _check_run,
    "check_suite": _check_suite,
    "status": _status,
    "push": _push,
    "ping": _ping,
}
