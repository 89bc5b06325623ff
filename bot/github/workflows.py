"""Workflows: starting one on the default branch, finding the run that came of it, and stopping it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

from bot.github.answers import Json, field, optional, optional_moment
from bot.github.client import Client
from bot.github.errors import (
    NO_CALL,
    Call,
    Conflict,
    GitHubError,
    NotFound,
    UnexpectedAnswer,
    Unprocessable,
    UnsafeValue,
)
from bot.github.repos import Repo

DISPATCH_EVENT: Final = "workflow_dispatch"
MOST_INPUTS: Final = 25
MOST_INPUT_CHARACTERS: Final = 65_535
_MOST_LISTED: Final = 1000
_FILE: Final = re.compile(r"[A-Za-z0-9._-]{1,200}\.ya?ml")
_DISPATCH_ID: Final = re.compile(r"\bsw-[0-9a-f]{20}\b")

Why = Literal["workflow", "trigger", "disabled", "inputs", "ref"]


class DispatchRefused(GitHubError):  # noqa: N818 - named after what happened, as its siblings are
    """Nothing was started, for a reason in the repository that people can mend; `why` tells which, `message` in words.

    `workflow`: there is none of that name on the default branch. `trigger`: it has no workflow_dispatch. `disabled`:
    it is switched off. `inputs`: it does not declare one that was sent, or wants another. `ref`: there is no such ref.
    """

    def __init__(self, why: Why, message: str, call: Call = NO_CALL) -> None:
        super().__init__(message, call)
        self.why = why


@dataclass(frozen=True, slots=True)
class DispatchedRun:
    """The run that a dispatch started, as GitHub's answer names it."""

    id: int
    html_url: str


@dataclass(frozen=True, slots=True)
class WorkflowRun:
    """A workflow run; running it again keeps `id` and raises `attempt`. `path` is that of the workflow's file."""

    id: int
    attempt: int
    title: str
    path: str
    event: str
    status: str
    conclusion: str | None
    head_branch: str | None
    head_sha: str
    html_url: str
    actor: str | None
    created_at: datetime | None
    updated_at: datetime | None

    @property
    def is_over(self) -> bool:
        return self.status == "completed"


def dispatch_ids(title: str) -> tuple[str, ...]:
    """The ids of the bot's own dispatches that a run's title names, each once."""
    return tuple(dict.fromkeys(_DISPATCH_ID.findall(title)))


def workflow_file(name: str) -> str:
    """The name itself if a file in `.github/workflows` can be called that, else UnsafeValue."""
    if not _FILE.fullmatch(name):
        raise UnsafeValue(f"{name[:200]!a} is not the name of a workflow's file, such as worker.yml")
    return name


async def dispatch(client: Client, repo: Repo, file: str, ref: str, inputs: Mapping[str, str]) -> DispatchedRun | None:
    """Start a workflow; None when the server does not tell which run came of it (it has to be found by its title).

    Raises UnsafeValue for a file name that is none, DispatchRefused when the repository has no such workflow or it
    does not take this, and any other GitHubError; `may_have_happened` is true where the answer was lost.
    """
    workflow_file(file)
    if len(inputs) > MOST_INPUTS or len(json.dumps(dict(inputs), ensure_ascii=False)) > MOST_INPUT_CHARACTERS:
        limits = f"{MOST_INPUTS} inputs and {MOST_INPUT_CHARACTERS} characters"
        raise DispatchRefused("inputs", f"{file} cannot be started: GitHub takes at most {limits}")
    wanted = {"ref": ref, "inputs": dict(inputs)}
    try:
        try:
            answer = await _post(client, repo, file, {**wanted, "return_run_details": True})
        except GitHubError as error:
            if not _is_unknown_field(error):
                raise
            answer = await _post(client, repo, file, wanted)
    except NotFound as error:
        message = f"There is no workflow {file} on the default branch of {repo.full_name}"
        raise DispatchRefused("workflow", message, error.call) from error
    except Unprocessable as error:
        refused = _refused(error, file, ref)
        if refused is None:
            raise
        raise refused from error
    return _dispatched(answer)


async def run(client: Client, repo: Repo, workflow_run_id: int) -> WorkflowRun:
    """One run in its newest attempt. Raises NotFound when it was deleted."""
    return workflow_run(
        await client.get(
            "/repos/{owner}/{repo}/actions/runs/{workflow_run_id}",
            owner=repo.owner,
            repo=repo.name,
            workflow_run_id=workflow_run_id,
        )
    )


async def find_run(
    client: Client, repo: Repo, file: str, dispatch_id: str, *, created_after: datetime | None = None
) -> WorkflowRun | None:
    """The run of a workflow whose title names this dispatch alone, the first one if somebody started more.

    GitHub lists the newest thousand (of those since a time, if it is given), which are looked through page by page
    until one is found. Raises NotFound when the repository has no such workflow.
    """
    async for page in client.each(
        "/repos/{owner}/{repo}/actions/workflows/{file}/runs{?event,created,per_page}",
        iterable_key="workflow_runs",
        owner=repo.owner,
        repo=repo.name,
        file=workflow_file(file),
        event=DISPATCH_EVENT,
        created=None if created_after is None else _since(created_after),
    ):
        found = [one for one in _dispatched_since(page, created_after) if dispatch_ids(one.title) == (dispatch_id,)]
        if found:
            return min(found, key=lambda one: one.id)
    return None


async def cancel(client: Client, repo: Repo, workflow_run_id: int) -> bool:
    """Ask for a run to be stopped; False when it is over already. Raises NotFound."""
    try:
        await client.post(
            "/repos/{owner}/{repo}/actions/runs/{workflow_run_id}/cancel",
            owner=repo.owner,
            repo=repo.name,
            workflow_run_id=workflow_run_id,
        )
    except Conflict:
        return False
    return True


def workflow_run(value: Json) -> WorkflowRun:
    """A workflow run from an answer or a payload."""
    of = "the workflow run"
    return WorkflowRun(
        id=field(value, "id", int, of),
        attempt=optional(value, "run_attempt", int, of) or 1,
        title=optional(value, "display_title", str, of) or "",
        # Some answers add the ref to the path, as in `.github/workflows/worker.yml@main`.
        path=field(value, "path", str, of).partition("@")[0],
        event=field(value, "event", str, of),
        status=optional(value, "status", str, of) or "queued",
        conclusion=optional(value, "conclusion", str, of),
        head_branch=optional(value, "head_branch", str, of),
        head_sha=field(value, "head_sha", str, of),
        html_url=optional(value, "html_url", str, of) or "",
        actor=optional(value, "actor.login", str, of),
        created_at=optional_moment(value, "created_at", of),
        updated_at=optional_moment(value, "updated_at", of),
    )


async def _post(client: Client, repo: Repo, file: str, wanted: Json) -> Json:
    return await client.post(
        "/repos/{owner}/{repo}/actions/workflows/{file}/dispatches",
        wanted,
        owner=repo.owner,
        repo=repo.name,
        file=file,
    )


def _is_unknown_field(error: GitHubError) -> bool:
    # GitHub Enterprise Server up to 3.20 answers 400 to the field it does not know; nothing was started then.
    return error.status == 400 or (error.status == 422 and "return_run_details" in error.message)


def _refused(error: Unprocessable, file: str, ref: str) -> DispatchRefused | None:
    # GitHub answers 422 to all of these and tells them apart in its message only.
    said = error.message.lower()
    if "disabled workflow" in said:
        return DispatchRefused("disabled", f"The workflow {file} is disabled", error.call)
    if "'workflow_dispatch' trigger" in said:
        return DispatchRefused("trigger", f"The workflow {file} has no workflow_dispatch trigger", error.call)
    if "no ref found" in said:
        return DispatchRefused("ref", f"There is no branch or tag {ref[:200]!a}", error.call)
    if "input" in said:
        return DispatchRefused("inputs", f"The workflow {file} does not take these inputs: {error.message}", error.call)
    return None


def _dispatched(answer: Json) -> DispatchedRun | None:
    if answer is None:
        return None
    of = "the dispatched run"
    try:
        return DispatchedRun(field(answer, "workflow_run_id", int, of), optional(answer, "html_url", str, of) or "")
    except UnexpectedAnswer:
        # The run has started whatever its details look like; an error would make somebody start a second one.
        return None


def _dispatched_since(items: Iterable[Json], created_after: datetime | None) -> Iterable[WorkflowRun]:
    for one in map(workflow_run, items):
        is_recent = created_after is None or one.created_at is None or one.created_at >= _whole_second(created_after)
        if one.event == DISPATCH_EVENT and is_recent:
            yield one


def _since(time: datetime) -> str:
    return f">={_whole_second(time).astimezone(UTC).strftime('%Y-%m-%dT%H:%M:%SZ')}"


def _whole_second(time: datetime) -> datetime:
    # GitHub's times have no fractions: a run of the same second would seem to come before.
    return time.replace(microsecond=0)
