"""What is said about commits: checks, statuses, workflow runs, deployments."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from bot.sandbox.state import Json

if TYPE_CHECKING:
    from bot.sandbox.state import Account, App, Pull, Repository


@dataclass(slots=True, eq=False)
class CheckSuite:
    id: int
    repo: Repository
    app: App
    head_sha: str
    head_branch: str | None
    before: str | None
    created_at: datetime
    updated_at: datetime
    reset: bool = False
    runs: list[CheckRun] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class CheckRun:
    id: int
    suite: CheckSuite
    name: str
    status: str
    conclusion: str | None
    started_at: datetime | None
    completed_at: datetime | None
    external_id: str
    details_url: str
    title: str | None
    summary: str | None
    text: str | None
    actions: list[Json]
    annotations: list[Json] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class CommitStatus:
    id: int
    sha: str
    state: str
    context: str
    description: str | None
    target_url: str | None
    creator: Account
    created_at: datetime


@dataclass(slots=True, eq=False)
class WorkflowRun:
    id: int
    repo: Repository
    path: str
    name: str
    title: str
    workflow_id: int
    number: int
    event: str
    ref: str
    """full reference that the workflow runs on"""
    head_branch: str
    head_sha: str
    actor: Account
    triggering_actor: Account
    """who started this attempt; `actor` started the first"""
    inputs: Json
    suite: CheckSuite
    pull: Pull | None
    created_at: datetime
    updated_at: datetime
    started_at: datetime
    attempt: int = 1
    status: str = "queued"
    conclusion: str | None = None
    jobs: list[CheckRun] = field(default_factory=list)
    earlier: list[WorkflowRun] = field(default_factory=list)
    """the attempts before this one, as they ended"""
    token: str | None = None
    """the `GITHUB_TOKEN` of the attempt, once a step has it"""


@dataclass(slots=True, eq=False)
class DeploymentStatus:
    id: int
    state: str
    creator: Account
    via: App | None
    description: str
    environment: str
    environment_url: str
    log_url: str
    created_at: datetime


@dataclass(slots=True, eq=False)
class Deployment:
    id: int
    repo: Repository
    sha: str
    ref: str
    task: str
    payload: Json | str
    environment: str
    description: str | None
    transient: bool
    production: bool
    creator: Account
    via: App | None
    created_at: datetime
    updated_at: datetime
    statuses: list[DeploymentStatus] = field(default_factory=list)
