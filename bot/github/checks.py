"""Check runs and commit statuses: those of others on a commit, and writing one's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bot.github.answers import Json, field, optional, optional_moment
from bot.github.client import Client
from bot.github.repos import Repo

Status = Literal["queued", "in_progress", "completed"]
Conclusion = Literal["action_required", "cancelled", "failure", "neutral", "success", "skipped", "timed_out"]

MOST_CHARACTERS = 65_535
_MOST_ANNOTATIONS_PER_CALL = 50
_MOST_ACTIONS = 3
# GitHub leaves out check suites beyond these on one commit.
_MOST_SUITES = 1000


@dataclass(frozen=True, slots=True)
class CheckRun:
    """A check run of any app; `conclusion` is None until it is completed (and may be `stale`)."""

    id: int
    name: str
    app_id: int | None
    app_slug: str | None
    head_sha: str
    status: str
    conclusion: str | None
    external_id: str | None
    details_url: str | None
    html_url: str | None
    title: str | None
    summary: str | None
    started_at: datetime | None
    completed_at: datetime | None


@dataclass(frozen=True, slots=True)
class CommitStatus:
    """The newest status of one context; `state` is error, failure, pending or success."""

    context: str
    state: str
    description: str | None
    target_url: str | None
    updated_at: datetime | None


@dataclass(frozen=True, slots=True)
class Annotation:
    """A remark on lines of a file (first line is 1)."""

    path: str
    start_line: int
    end_line: int
    level: Literal["notice", "warning", "failure"]
    message: str
    title: str | None = None


@dataclass(frozen=True, slots=True)
class Output:
    """What a check shows. Raises ValueError for more than the 65,535 characters that GitHub takes per text."""

    title: str
    summary: str
    text: str | None = None
    annotations: tuple[Annotation, ...] = ()

    def __post_init__(self) -> None:
        if max(len(self.summary), len(self.text or "")) > MOST_CHARACTERS:
            raise ValueError(f"The summary or text of a check is longer than {MOST_CHARACTERS} characters")


@dataclass(frozen=True, slots=True)
class Action:
    """A button, shown once the run is completed. Raises ValueError for more characters than GitHub takes."""

    label: str
    description: str
    identifier: str

    def __post_init__(self) -> None:
        if len(self.label) > 20 or len(self.description) > 40 or len(self.identifier) > 20:
            raise ValueError("A button takes a label of 20, a description of 40 and an identifier of 20 characters")


@dataclass(frozen=True, slots=True)
class Report:
    """What a check run is to say."""

    status: Status
    conclusion: Conclusion | None = None
    output: Output | None = None
    details_url: str | None = None
    external_id: str | None = None
    actions: tuple[Action, ...] = ()

    def __post_init__(self) -> None:
        if len(self.actions) > _MOST_ACTIONS:
            raise ValueError(f"A check has at most {_MOST_ACTIONS} buttons")
        if (self.status == "completed") != (self.conclusion is not None):
            raise ValueError("A check has a conclusion if and only if it is completed")


async def runs_for(client: Client, repo: Repo, sha: str) -> tuple[list[CheckRun], bool]:
    """The newest run of each (app, name) on a commit, and whether all were seen.

    GitHub's own `filter=latest` removes doubles within one suite only.
    """
    items, complete = await client.pages(
        "/repos/{owner}/{repo}/commits/{sha}/check-runs{?filter,per_page}",
        iterable_key="check_runs",
        owner=repo.owner,
        repo=repo.name,
        sha=sha,
        filter="latest",
    )
    newest: dict[tuple[int | None, str], CheckRun] = {}
    for run in map(check_run, items):
        other = newest.get((run.app_id, run.name))
        if other is None or run.id > other.id:
            newest[run.app_id, run.name] = run
    suites = {optional(item, "check_suite.id", int, "the check run") for item in items}
    return list(newest.values()), complete and len(suites) < _MOST_SUITES


async def statuses_for(client: Client, repo: Repo, sha: str) -> tuple[list[CommitStatus], bool]:
    """The newest status of each context on a commit, and whether all were seen."""
    items, complete = await client.pages(
        "/repos/{owner}/{repo}/commits/{sha}/status{?per_page}",
        iterable_key="statuses",
        owner=repo.owner,
        repo=repo.name,
        sha=sha,
    )
    return [_commit_status(item) for item in items], complete


async def create(client: Client, repo: Repo, *, name: str, head_sha: str, report: Report) -> CheckRun:
    """Create a check run; annotations beyond the first 50 follow in further calls.

    A second run of the same name on the same commit replaces the first one in every view of GitHub's.
    """
    wanted = {"name": name, "head_sha": head_sha, **_body(report)}
    created = check_run(await client.post("/repos/{owner}/{repo}/check-runs", wanted, owner=repo.owner, repo=repo.name))
    await _append_annotations(client, repo, created.id, report)
    return created


async def update(client: Client, repo: Repo, check_run_id: int, report: Report) -> CheckRun:
    """Change a check run of this App's own (403 for any other). Annotations are added to those that are there."""
    updated = await _patch(client, repo, check_run_id, _body(report))
    await _append_annotations(client, repo, check_run_id, report)
    return check_run(updated)


async def _append_annotations(client: Client, repo: Repo, check_run_id: int, report: Report) -> None:
    output = report.output
    if output is None:
        return
    for start in range(_MOST_ANNOTATIONS_PER_CALL, len(output.annotations), _MOST_ANNOTATIONS_PER_CALL):
        batch = output.annotations[start : start + _MOST_ANNOTATIONS_PER_CALL]
        await _patch(client, repo, check_run_id, {"output": _output(output, batch)})


async def _patch(client: Client, repo: Repo, check_run_id: int, wanted: Json) -> Json:
    return await client.patch(
        "/repos/{owner}/{repo}/check-runs/{check_run_id}",
        wanted,
        owner=repo.owner,
        repo=repo.name,
        check_run_id=check_run_id,
    )


def _body(report: Report) -> dict[str, Json]:
    body: dict[str, Json] = {"status": report.status}
    if report.conclusion is not None:
        body["conclusion"] = report.conclusion
    if report.details_url is not None:
        body["details_url"] = report.details_url
    if report.external_id is not None:
        body["external_id"] = report.external_id
    if report.output is not None:
        body["output"] = _output(report.output, report.output.annotations[:_MOST_ANNOTATIONS_PER_CALL])
    if report.actions:
        body["actions"] = [
            {"label": action.label, "description": action.description, "identifier": action.identifier}
            for action in report.actions
        ]
    return body


def _output(output: Output, annotations: Sequence[Annotation]) -> dict[str, Json]:
    # GitHub wants title and summary again with every batch of annotations.
    wanted: dict[str, Json] = {"title": output.title, "summary": output.summary}
    if output.text is not None:
        wanted["text"] = output.text
    if annotations:
        wanted["annotations"] = [_annotation(annotation) for annotation in annotations]
    return wanted


def _annotation(annotation: Annotation) -> dict[str, Json]:
    wanted: dict[str, Json] = {
        "path": annotation.path,
        "start_line": annotation.start_line,
        "end_line": annotation.end_line,
        "annotation_level": annotation.level,
        "message": annotation.message,
    }
    if annotation.title is not None:
        wanted["title"] = annotation.title
    return wanted


def check_run(value: Json) -> CheckRun:
    """A check run from an answer or a payload."""
    of = "the check run"
    return CheckRun(
        id=field(value, "id", int, of),
        name=field(value, "name", str, of),
        app_id=optional(value, "app.id", int, of),
        app_slug=optional(value, "app.slug", str, of),
        head_sha=field(value, "head_sha", str, of),
        status=field(value, "status", str, of),
        conclusion=optional(value, "conclusion", str, of),
        external_id=optional(value, "external_id", str, of),
        details_url=optional(value, "details_url", str, of),
        html_url=optional(value, "html_url", str, of),
        title=optional(value, "output.title", str, of),
        summary=optional(value, "output.summary", str, of),
        started_at=optional_moment(value, "started_at", of),
        completed_at=optional_moment(value, "completed_at", of),
    )


def _commit_status(value: Json) -> CommitStatus:
    of = "the status"
    return CommitStatus(
        context=field(value, "context", str, of),
        state=field(value, "state", str, of),
        description=optional(value, "description", str, of),
        target_url=optional(value, "target_url", str, of),
        updated_at=optional_moment(value, "updated_at", of),
    )
