"""The words a plan is made of: blocks, scope, findings, and the plan itself."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

PLAN_BYTES_LIMIT: Final = 1024 * 1024
BLOCKS_LIMIT: Final = 500


class Dialect(StrEnum):
    EXEC_PLAN = "exec-plan"
    MEMORY_BANK = "memory-bank"
    SPEC_PLAN = "spec-plan"
    TEAM_SESSION = "team-session"


class Mode(StrEnum):
    STEPWISE = "stepwise"
    AUTONOMOUS = "autonomous"


class Level(StrEnum):
    """How deep the validation phase looks."""

    MEDIUM = "medium"
    HIGH = "high"


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to say about a file; `line` is 1-based, None when it is about the whole file."""

    code: str
    severity: Severity
    line: int | None
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class Pattern:
    """A scope pattern as the plan writes it, with the note in parentheses behind it."""

    text: str
    note: str | None
    line: int


@dataclass(frozen=True, slots=True)
class Prose:
    """A scope bullet without a code span: shown to people, never turned into a pattern."""

    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Scope:
    include: tuple[Pattern, ...] = ()
    exclude: tuple[Pattern, ...] = ()
    unparsed: tuple[Prose, ...] = ()


@dataclass(frozen=True, slots=True)
class Block:
    """What one approval covers, in the plan's order.

    `depends_on` is None when the plan is silent and empty when it says "none". `spec_ref` is the place in the spec that
    the block answers to. `is_done` says that the plan itself marks the block as finished (a ticked box, a status):
    people are shown it, nothing is ever taken as done because of it.
    """

    id: str
    title: str
    line: int
    milestone: str | None = None
    steps: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    depends_on: tuple[str, ...] | None = None
    role: str | None = None
    acceptance: tuple[str, ...] = ()
    verify: str | None = None
    independent: bool = False
    spec_ref: str | None = None
    is_done: bool = False


@dataclass(frozen=True, slots=True)
class Box:
    """A checkbox of the plan: its words, and whether it is ticked; `line` is 1-based."""

    text: str
    is_ticked: bool
    line: int


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker that a team session says is at work on a task; `spawned_at` is as the session writes it."""

    task: str
    role: str
    spawned_at: str | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """What a team session's own files say of its state, apart from the tasks themselves.

    `completed` and `in_progress` are task ids; `roles` maps a role's name to its role spec's path, `inner_loops` names
    the roles whose worker keeps several tasks; `artifacts` are the paths below the session's `artifacts/` folder.
    """

    folder: str
    session_id: str | None = None
    status: str | None = None
    created_at: str | None = None
    updated_at: str | None = None
    completed: tuple[str, ...] = ()
    in_progress: tuple[str, ...] = ()
    active_workers: tuple[Worker, ...] = ()
    roles: tuple[tuple[str, str], ...] = ()
    inner_loops: tuple[str, ...] = ()
    artifacts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan of any dialect, as far as it could be read.

    `readiness` holds a memory-bank plan's own Readiness boxes, `gates` its quality gates in order, `milestones` and
    `success_criteria` its words for these; `spec_path` is the spec that a spec-plan implements, from the root of the
    repository; `session` is there for team sessions alone. None of these is part of the contract.
    """

    dialect: Dialect
    path: str
    title: str | None
    status: str | None = None
    objective: str | None = None
    mode: Mode | None = None
    branch: str | None = None
    base_branch: str | None = None
    blocks: tuple[Block, ...] = ()
    groups: tuple[tuple[str, ...], ...] = ()
    scope: Scope = Scope()
    validation_commands: tuple[str, ...] = ()
    sections_present: tuple[str, ...] = ()
    sections_missing: tuple[str, ...] = ()
    stop_conditions: tuple[str, ...] = ()
    verdict: str | None = None
    weight: str | None = None
    completion_action: str | None = None
    milestones: tuple[str, ...] = ()
    readiness: tuple[Box, ...] = ()
    gates: tuple[str, ...] = ()
    success_criteria: tuple[str, ...] = ()
    spec_path: str | None = None
    session: Session | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What reading one file gave: the plan as far as it goes, and everything to say about it."""

    plan: Plan | None
    findings: tuple[Finding, ...]

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.severity is Severity.ERROR)

    @property
    def is_executable(self) -> bool:
        return self.plan is not None and not self.errors
