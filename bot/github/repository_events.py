"""Payloads about commits, workers and the repository itself: checks, statuses, pushes, runs, queues, renames."""

from __future__ import annotations

import re
from typing import Final

from bot.github.answers import Json, field, optional
from bot.github.concerns import (
    PAYLOAD,
    Concern,
    Ignored,
    MergeGroup,
    Result,
    concern,
    installation_of,
    of_no_interest,
    person,
)
from bot.github.workflows import DISPATCH_EVENT, dispatch_ids
from bot.runs.events import ButtonPressed, ChecksChanged, Deployed, Rerequested, Woken, WorkerRunChanged
from bot.runs.policy import POLICY_PATH

_BRANCHES: Final = "refs/heads/"
_QUEUES: Final = "refs/heads/gh-readonly-queue/"
_QUEUED: Final = re.compile(r"gh-readonly-queue/.+/pr-([1-9][0-9]{0,17})-[0-9a-f]{40,64}")
_RUN_ACTIONS: Final = frozenset({"requested", "in_progress", "completed"})


def check_run(payload: Json, app_id: int) -> Concern | Ignored:
    """A check run of anybody's moved, or somebody wants one of the bot's own again or pressed a button on it."""
    action = field(payload, "action", str, PAYLOAD)
    # The payload's list of pull requests is of those that share the head by now, and empty for forks: never the cause.
    sha = field(payload, "check_run.head_sha", str, PAYLOAD)
    if optional(payload, "check_run.app.id", int, PAYLOAD) != app_id:
        return concern(payload, ChecksChanged(sha), sha=sha)
    if action == "rerequested":
        return concern(payload, Rerequested(person(payload, "sender")), sha=sha)
    if action != "requested_action":
        return Ignored("the bot's own check")
    pressed = ButtonPressed(
        by=person(payload, "sender"),
        identifier=field(payload, "requested_action.identifier", str, PAYLOAD),
        head_sha=sha,
        check=field(payload, "check_run.name", str, PAYLOAD),
    )
    return concern(payload, pressed, sha=sha)


def check_suite(payload: Json, app_id: int) -> Concern | Ignored:
    """Somebody wants all of the bot's checks again."""
    action = field(payload, "action", str, PAYLOAD)
    if action != "rerequested" or optional(payload, "check_suite.app.id", int, PAYLOAD) != app_id:
        return of_no_interest("check_suite", action)
    sha = field(payload, "check_suite.head_sha", str, PAYLOAD)
    return concern(payload, Rerequested(person(payload, "sender")), sha=sha)


def status(payload: Json, app_id: int) -> Concern | Ignored:  # noqa: ARG001 - one shape for all readers
    """A commit status of somebody moved."""
    sha = field(payload, "sha", str, PAYLOAD)
    return concern(payload, ChecksChanged(sha), sha=sha)


def deployment_status(payload: Json, app_id: int) -> Concern | Ignored:  # noqa: ARG001
    """A deployment of a commit got a new status."""
    sha = field(payload, "deployment.sha", str, PAYLOAD)
    return concern(payload, Deployed(sha), sha=sha)


def push(payload: Json, app_id: int) -> Concern | Ignored:  # noqa: ARG001
    """A push matters when it changes the policy that open pull requests are held to."""
    ref = field(payload, "ref", str, PAYLOAD)
    if ref.startswith(_QUEUES):
        return Ignored("the push is the merge queue's own")
    commits = optional(payload, "commits", list, PAYLOAD) or []
    touched = {
        path
        for commit in commits
        if isinstance(commit, dict)
        for key in ("added", "modified", "removed")
        for path in optional(commit, key, list, "a commit") or []
        if isinstance(path, str)
    }
    if not ref.startswith(_BRANCHES) or POLICY_PATH not in touched:
        return Ignored("the push does not change the policy")
    return concern(payload, Woken("the policy changed"), base_branch=ref.removeprefix(_BRANCHES))


def workflow_run(payload: Json, app_id: int) -> Concern | Ignored:  # noqa: ARG001
    """A worker moved: a dispatched run whose title carries the id that the bot gave it."""
    action = field(payload, "action", str, PAYLOAD)
    if action not in _RUN_ACTIONS:
        return of_no_interest("workflow_run", action)
    event = field(payload, "workflow_run.event", str, PAYLOAD)
    if event != DISPATCH_EVENT:
        return Ignored(f"the workflow run was started by {event[:60]}, not by a dispatch")
    title = optional(payload, "workflow_run.display_title", str, PAYLOAD) or ""
    dispatches = dispatch_ids(title)
    if len(dispatches) != 1:
        return Ignored(f"the title of the workflow run names {len(dispatches) or 'no'} dispatches of the bot's")
    of = "workflow_run"
    branch = optional(payload, f"{of}.head_branch", str, PAYLOAD) or ""
    # On another branch the workflow's file says what its author likes, under any title.
    if branch != (optional(payload, "repository.default_branch", str, PAYLOAD) or branch):
        return Ignored("the workflow run is not of the default branch, where the bot starts its own")
    changed = WorkerRunChanged(
        workflow_run_id=field(payload, f"{of}.id", int, PAYLOAD),
        attempt=field(payload, f"{of}.run_attempt", int, PAYLOAD),
        title=title,
        event=event,
        status=field(payload, f"{of}.status", str, PAYLOAD),
        conclusion=optional(payload, f"{of}.conclusion", str, PAYLOAD),
        head_branch=branch,
        head_sha=field(payload, f"{of}.head_sha", str, PAYLOAD),
        url=optional(payload, f"{of}.html_url", str, PAYLOAD) or "",
        # Some payloads add the ref to the path, as in `.github/workflows/worker.yml@main`.
        path=(optional(payload, f"{of}.path", str, PAYLOAD) or "").partition("@")[0] or None,
    )
    return concern(payload, changed, dispatch=dispatches[0])


def merge_group(payload: Json, app_id: int) -> Result:  # noqa: ARG001
    """The merge queue wants checks on a group's head; that the group is gone again needs nothing."""
    action = field(payload, "action", str, PAYLOAD)
    if action != "checks_requested":
        return of_no_interest("merge_group", action)
    installation_id = installation_of(payload)
    if isinstance(installation_id, Ignored):
        return installation_id
    head_ref = field(payload, "merge_group.head_ref", str, PAYLOAD).removeprefix(_BRANCHES)
    queued = _QUEUED.fullmatch(head_ref)
    return MergeGroup(
        repository_id=field(payload, "repository.id", int, PAYLOAD),
        full_name=field(payload, "repository.full_name", str, PAYLOAD),
        installation_id=installation_id,
        head_sha=field(payload, "merge_group.head_sha", str, PAYLOAD),
        head_ref=head_ref,
        base_ref=field(payload, "merge_group.base_ref", str, PAYLOAD).removeprefix(_BRANCHES),
        last_number=int(queued[1]) if queued else None,
    )


def repository(payload: Json, app_id: int) -> Concern | Ignored:  # noqa: ARG001
    """The repository has another name or owner: its id stays, and the payload has the name that holds now."""
    action = field(payload, "action", str, PAYLOAD)
    if action not in {"renamed", "transferred"}:
        return of_no_interest("repository", action)
    return concern(payload, Woken(f"the repository was {action}"))


def ping(payload: Json, app_id: int) -> Concern | Ignored:  # noqa: ARG001
    """GitHub tries a new webhook."""
    return Ignored("a ping")
