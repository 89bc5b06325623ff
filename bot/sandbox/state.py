"""What the sandbox knows besides git: accounts, repositories, pull requests, comments, reviews.

These are records that change while the sandbox runs, so they are plain mutable dataclasses; the shapes that
leave the process are made in `payloads`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from bot.sandbox.errors import not_found

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    from bot.sandbox.ci import CheckRun, CheckSuite, CommitStatus, Deployment, WorkflowRun
    from bot.sandbox.git.store import GitStore

Json = dict[str, Any]
Role = Literal["none", "read", "triage", "write", "maintain", "admin"]

ROLES: tuple[Role, ...] = ("none", "read", "triage", "write", "maintain", "admin")


def at_least(role: Role, needed: Role) -> bool:
    """Tell whether a role includes another."""
    return ROLES.index(role) >= ROLES.index(needed)


@dataclass(slots=True, eq=False)
class Account:
    id: int
    login: str
    type: Literal["User", "Bot", "Organization"]
    name: str
    email: str
    created_at: datetime


@dataclass(slots=True, eq=False)
class Team:
    id: int
    org: str
    slug: str
    name: str
    members: dict[str, str]
    """login -> `member` or `maintainer`"""
    pending: set[str]
    repos: dict[str, Role]
    """full name -> role that the team gives"""
    parent: str | None = None
    """slug of the team above, whose members include this team's"""


@dataclass(slots=True, eq=False)
class App:
    id: int
    slug: str
    name: str
    owner: Account
    bot: Account
    client_id: str
    public_key: RSAPublicKey | None
    permissions: dict[str, str]
    events: list[str]
    webhook_secret: str
    webhook_url: str | None
    hook_id: int
    created_at: datetime
    hook_content_type: Literal["json", "form"] = "json"
    hook_insecure_ssl: Literal["0", "1"] = "0"


@dataclass(slots=True, eq=False)
class Installation:
    id: int
    app: App
    account: Account
    repositories: set[int] | None
    """ids of the selected repositories, or None for all of the account"""
    created_at: datetime
    permissions: dict[str, str]
    suspended_at: datetime | None = None
    suspended_by: Account | None = None

    def covers(self, repo: Repository) -> bool:
        if repo.owner is not self.account:
            return False
        return self.repositories is None or repo.id in self.repositories


@dataclass(slots=True, eq=False)
class Label:
    id: int
    name: str
    color: str
    description: str | None


@dataclass(slots=True, eq=False)
class Reaction:
    id: int
    user: Account
    content: str
    created_at: datetime


@dataclass(slots=True, eq=False)
class Comment:
    id: int
    issue: Issue
    user: Account
    via: App | None
    body: str
    created_at: datetime
    updated_at: datetime
    reactions: list[Reaction] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Issue:
    id: int
    number: int
    repo: Repository
    user: Account
    via: App | None
    title: str
    body: str | None
    created_at: datetime
    updated_at: datetime
    state: Literal["open", "closed"] = "open"
    state_reason: str | None = None
    closed_at: datetime | None = None
    closed_by: Account | None = None
    locked: bool = False
    labels: list[Label] = field(default_factory=list)
    assignees: list[Account] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    reactions: list[Reaction] = field(default_factory=list)
    pull: Pull | None = None


@dataclass(slots=True, eq=False)
class Review:
    id: int
    pull: Pull
    user: Account
    state: str
    body: str
    commit: str
    submitted_at: datetime
    updated_at: datetime
    comments: list[ReviewComment] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class ReviewComment:
    """A remark on a line of the diff, or on a whole file (`line` is None)."""

    id: int
    review: Review
    user: Account
    body: str
    path: str
    line: int | None
    side: str
    commit: str
    diff_hunk: str
    in_reply_to: int | None
    created_at: datetime
    updated_at: datetime
    reactions: list[Reaction] = field(default_factory=list)

    @property
    def pull(self) -> Pull:
        return self.review.pull


@dataclass(slots=True)
class MergeTest:
    """What the background test merge of one (base, head) pair found."""

    base: str
    head: str
    tree: str | None
    conflicts: list[str]
    commit: str | None


@dataclass(slots=True, eq=False)
class Pull:
    id: int
    issue: Issue
    head_repo: Repository | None
    head_label: str
    head_ref: str
    head_sha: str
    base_ref: str
    base_sha: str
    draft: bool
    maintainer_can_modify: bool
    merged_at: datetime | None = None
    merged_by: Account | None = None
    merge_commit_sha: str | None = None
    merge_test: MergeTest | None = None
    closed_base: str | None = None
    """tip of the base branch when it was merged or closed: the diff stands still from then on"""
    requested_reviewers: list[Account] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)

    @property
    def repo(self) -> Repository:
        return self.issue.repo

    @property
    def number(self) -> int:
        return self.issue.number

    @property
    def is_open(self) -> bool:
        return self.issue.state == "open"


@dataclass(frozen=True, slots=True)
class MergeGroup:
    """A branch on which the queue tries a pull request on top of those before it."""

    ref: str
    base_sha: str
    head_sha: str
    requested_at: datetime


@dataclass(slots=True, eq=False)
class QueueEntry:
    pull: Pull
    head_sha: str
    by: Account
    group: MergeGroup


@dataclass(slots=True)
class Protection:
    """What a protected branch demands; `checks` maps a context to the App that must have posted it, or None."""

    checks: dict[str, int | None]
    strict: bool = False
    pull_request: bool = False
    merge_queue: bool = False


@dataclass(slots=True, eq=False)
class Repository:
    id: int
    owner: Account
    name: str
    private: bool
    description: str | None
    default_branch: str
    git: GitStore
    created_at: datetime
    updated_at: datetime
    pushed_at: datetime
    has_issues: bool = True
    parent: Repository | None = None
    moved_at: datetime | None = None
    """when it was last renamed or transferred"""
    old_names: set[str] = field(default_factory=set)
    collaborators: dict[str, Role] = field(default_factory=dict)
    issues: dict[int, Issue] = field(default_factory=dict)
    comments: dict[int, Comment] = field(default_factory=dict)
    review_comments: dict[int, ReviewComment] = field(default_factory=dict)
    deployments: dict[int, Deployment] = field(default_factory=dict)
    labels: dict[str, Label] = field(default_factory=dict)
    suites: dict[int, CheckSuite] = field(default_factory=dict)
    check_runs: dict[int, CheckRun] = field(default_factory=dict)
    statuses: list[CommitStatus] = field(default_factory=list)
    protections: dict[str, Protection] = field(default_factory=dict)
    queues: dict[str, list[QueueEntry]] = field(default_factory=dict)
    """base branch -> what waits to be merged, in order"""
    workflow_ids: dict[str, int] = field(default_factory=dict)
    workflow_runs: dict[int, WorkflowRun] = field(default_factory=dict)
    verified: set[str] = field(default_factory=set)

    @property
    def full_name(self) -> str:
        return f"{self.owner.login}/{self.name}"

    def pulls(self) -> list[Pull]:
        return [issue.pull for issue in self.issues.values() if issue.pull is not None]

    def issue(self, number: int) -> Issue:
        if (issue := self.issues.get(number)) is None:
            raise not_found()
        return issue

    def pull(self, number: int) -> Pull:
        if (pull := self.issue(number).pull) is None:
            raise not_found()
        return pull
