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

    `depends_on` is None when the plan is silent and empty when it says "none".
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


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan of any dialect, as far as it could be read."""

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
