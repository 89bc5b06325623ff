"""What the core is told about the world. Everything that could not be learnt is an `Unknown`, never an absence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.plans.model import Reading
from bot.runs.policy import Policy, PolicyProblem


@dataclass(frozen=True, slots=True)
class Unknown:
    """A fact that could not be had, and why, in GitHub's own words where it answered."""

    reason: str


@dataclass(frozen=True, slots=True)
class PullFacts:
    number: int
    title: str
    author: str
    is_open: bool
    is_merged: bool
    is_draft: bool
    head_ref: str
    head_sha: str
    is_fork: bool
    base_ref: str
    base_sha: str
    changed_files: int
    full_name: str
    html_url: str = ""


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """One file that differs between base and head; `blob` is None when GitHub gives none."""

    path: str
    status: str
    previous: str | None = None
    blob: str | None = None


@dataclass(frozen=True, slots=True)
class Files:
    """What differs between base and head; `ahead` are the commits that the base branch has not, None if not known."""

    changed: tuple[ChangedFile, ...]
    is_complete: bool
    ahead: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class PlanFile:
    """A plan as it stands on the head commit: its bytes as text, and what reading it gave."""

    path: str
    blob: str
    reading: Reading


@dataclass(frozen=True, slots=True)
class PlanRefused:
    """A path that cannot be read as a plan (missing, symlink, too large, unsafe), with the reason."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Commit:
    sha: str
    message: str
    author: str | None
    is_ours: bool
    is_merge: bool
    parent: str = ""


class History(StrEnum):
    """How the head relates to the run's boundary."""

    AHEAD = "ahead"
    IDENTICAL = "identical"
    REWRITTEN = "rewritten"


@dataclass(frozen=True, slots=True)
class Progress:
    """The commits between the run's boundary and the head, oldest first."""

    history: History
    commits: tuple[Commit, ...]
    files: tuple[str, ...]
    is_complete: bool


class GateState(StrEnum):
    GREEN = "green"
    RED = "red"
    PENDING = "pending"


@dataclass(frozen=True, slots=True)
class GateReport:
    """One check run or status of somebody else on a commit."""

    name: str
    source: str
    state: GateState
    conclusion: str
    url: str | None = None
    title: str | None = None


@dataclass(frozen=True, slots=True)
class Deployment:
    """The newest state of a deployment of the head; `url` is where its log or the deployed thing is."""

    environment: str
    state: str
    url: str | None
    started_at: datetime
    ended_at: datetime


@dataclass(frozen=True, slots=True)
class Artifact:
    """Something that a workflow run behind one of the head's checks kept: a coverage report, a scan."""

    name: str
    url: str


@dataclass(frozen=True, slots=True)
class Permission:
    """What GitHub says a person may do here: `admin`, `write`, `read` or `none`, and the role's own name."""

    level: str
    role_name: str


@dataclass(frozen=True, slots=True)
class Shown:
    """What the checklist comment last showed as waiting for a person, by GitHub's clock.

    `block` holds the ids of the blocks that wait, one a line; None is the verdict.
    """

    head: str
    block: str | None
    at: datetime

    def covers(self, block: str | None) -> bool:
        return block is None if self.block is None else block in self.block.splitlines()


class OutcomeState(StrEnum):
    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an effect went: `result` as the effect names it, `error` in GitHub's own words."""

    state: OutcomeState
    result: Mapping[str, str]
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """All that is known in one reaction; what was not asked for is None.

    `files_of` maps commits to what each changed, where several blocks may have commits in one push.
    """

    pull: PullFacts
    policy: Policy | PolicyProblem | Unknown
    files: Files | Unknown
    plans: tuple[PlanFile | PlanRefused | Unknown, ...]
    progress: Progress | Unknown | None
    gates: tuple[GateReport, ...] | Unknown
    head_seen_at: datetime
    permissions: Mapping[str, Permission | Unknown] = field(default_factory=dict)
    files_of: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    brought_by: Mapping[str, str] = field(default_factory=dict)
    shown: Shown | None = None
    deployments: tuple[Deployment, ...] = ()
    artifacts: tuple[Artifact, ...] = ()
    team_approvers: frozenset[str] = frozenset()
    outcomes: Mapping[str, Outcome] = field(default_factory=dict)
