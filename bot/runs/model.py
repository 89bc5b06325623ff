"""The state of a run: what is locked, what each block has reached, and who approved which bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from bot.plans.memory_bank_ids import spoken
from bot.plans.model import Dialect, Level, Mode


class RunState(StrEnum):
    RUNNING = "running"
    VALIDATING = "validating"
    COMPLETED = "completed"
    CLOSED = "closed"
    PAUSED = "paused"
    ESCALATED = "escalated"
    ABORTED = "aborted"


class BlockState(StrEnum):
    PENDING = "pending"
    ACTIVE = "active"
    AWAITING_APPROVAL = "awaiting_approval"
    DONE = "done"
    BLOCKED = "blocked"
    FAILED = "failed"
    SKIPPED = "skipped"


SETTLED_BLOCKS = frozenset({BlockState.DONE, BlockState.SKIPPED})
OPEN_BLOCKS = frozenset({BlockState.ACTIVE, BlockState.AWAITING_APPROVAL, BlockState.BLOCKED, BlockState.FAILED})


class KickbackSignal(StrEnum):
    """Why work goes back to planning."""

    SCOPE_CREEP = "scope_creep"
    MISSING_CONTEXT = "missing_context"
    NEEDS_RESEARCH = "needs_research"


class VerdictWord(StrEnum):
    PASS = "PASS"  # noqa: S105 - a verdict, not a password
    PASS_WITH_NOTES = "PASS_WITH_NOTES"  # noqa: S105
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True, order=True)
class PullKey:
    """One pull request for good: the repository's id survives a rename, its name does not."""

    repository_id: int
    number: int

    def __str__(self) -> str:
        return f"{self.repository_id}:{self.number}"

    @classmethod
    def parse(cls, text: str) -> PullKey:
        repository_id, number = text.split(":")
        return cls(int(repository_id), int(number))


@dataclass(frozen=True, slots=True)
class Person:
    login: str
    id: int
    is_bot: bool = False


@dataclass(frozen=True, slots=True)
class Approval:
    """An approval is bytes, not time: this block at this head under this contract."""

    block: str
    head: str
    contract: str
    comment_id: int
    by: str
    at: datetime
    gate_note: str | None = None


class WorkerKind(StrEnum):
    WORKFLOW = "workflow"
    MENTION = "mention"


class DispatchState(StrEnum):
    """`sent` says that the worker was asked; `running` that its workflow run was seen."""

    SENT = "sent"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Dispatch:
    """One worker started for one block. The id is made before anything is sent, so that sending twice starts one.

    `failure` is why it counts as failed, in the words that the next attempt is told.
    """

    id: str
    kind: WorkerKind
    worker: str
    attempt: int
    sent_at: datetime
    state: DispatchState = DispatchState.SENT
    workflow_run_id: int | None = None
    url: str | None = None
    running_since: datetime | None = None
    commit: str | None = None
    failure: str | None = None

    @property
    def is_over(self) -> bool:
        return self.state in {DispatchState.DONE, DispatchState.FAILED}


@dataclass(frozen=True, slots=True)
class BlockRun:
    """A block of the locked plan and how far it got.

    `dispatch` is its newest worker, `earlier` the ids of those before it. `tries` counts them since
    a person last asked for another attempt. `reported` is the commit with which somebody reported it
    as done; `commits` are those that it was closed with.
    """

    id: str
    title: str
    definition: str
    state: BlockState = BlockState.PENDING
    head: str | None = None
    commits: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    gates: tuple[str, ...] = ()
    approval: Approval | None = None
    reason: str | None = None
    closed_at: datetime | None = None
    dispatch: Dispatch | None = None
    earlier: tuple[str, ...] = ()
    tries: int = 0
    reported: str | None = None
    notes: str = ""

    @property
    def is_settled(self) -> bool:
        return self.state in SETTLED_BLOCKS

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_BLOCKS


@dataclass(frozen=True, slots=True)
class ScopeException:
    """A pattern granted with `/allow`, and why."""

    pattern: str
    reason: str
    by: str
    comment_id: int


@dataclass(frozen=True, slots=True)
class RollbackAsked:
    """Somebody asked what `/rollback` would do at this head; only there can it be confirmed."""

    by: str
    head: str


@dataclass(frozen=True, slots=True)
class GateSeen:
    """A gate as it stood when a block was last closed, or the verdict given: what the records cite as evidence."""

    name: str
    conclusion: str
    title: str
    url: str
    is_green: bool


@dataclass(frozen=True, slots=True)
class GateFailure:
    """A gate that failed on the content of `head` while a block was worked on, or ("") while all were validated."""

    block: str
    gate: str
    conclusion: str
    head: str


@dataclass(frozen=True, slots=True)
class Confirmation:
    """An invariant that somebody confirmed for the content at `head`."""

    name: str
    by: str
    head: str


@dataclass(frozen=True, slots=True)
class Verdict:
    word: VerdictWord
    notes: str
    by: str
    at: datetime
    head: str
    comment_id: int
    level: Level
    results: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    invariants: tuple[tuple[str, str], ...] = ()
    commands: tuple[str, ...] = ()
    lacks_documentation: bool = False

    @property
    def is_passing(self) -> bool:
        return self.word is not VerdictWord.FAIL

    @property
    def residual_risks(self) -> tuple[str, ...]:
        """The notes of any verdict but a plain PASS, whose notes belong to the results."""
        return (self.notes,) if self.notes and self.word is not VerdictWord.PASS else ()


@dataclass(frozen=True, slots=True)
class Run:
    """One execution of one plan on one pull request.

    `terms` is the locked contract in normal form and `contract` its hash. `boundary` is the commit behind which
    the open block's own commits lie: the head of the last closed block, or the head that `/execute` saw.
    `rollback` is that first head. `green_head` is the newest content on which the gates were seen green. `own_blobs`
    maps record files to the blob SHA that the bot itself wrote last ("" where it removed the file). `record_key` and
    `closeout_key` name the newest effect of each kind. `issue` is where the run was asked for, `planning_issue` where
    an escalation is discussed. `log_path` is the execution log of a memory-bank run. `warnings` are what the
    pre-flight let pass. `earlier_blocks` are blocks that an
    aborted run before this one wrote into the plan. `inner_loops` are the roles of a team session whose worker does
    one task after another. `planned` maps files that were committed beside the plan before the run started (its spec)
    to their blobs: they are no work while they stay so.
    """

    id: str
    pull: PullKey
    plan_path: str
    dialect: Dialect
    title: str
    state: RunState
    mode: Mode
    level: Level
    contract: str
    terms: dict[str, Any]
    branch: str
    base_branch: str
    started_by: str
    started_at: datetime
    rollback: str
    boundary: str
    blocks: tuple[BlockRun, ...]
    exceptions: tuple[ScopeException, ...] = ()
    verdict: Verdict | None = None
    fix_rounds: int = 0
    reason: str | None = None
    before_pause: RunState = RunState.RUNNING
    own_blobs: tuple[tuple[str, str], ...] = ()
    green_head: str | None = None
    merged_at: datetime | None = None
    record_key: str | None = None
    closeout_key: str | None = None
    closeout_url: str | None = None
    sequence: int = 0
    issue: int | None = None
    planning_issue: int | None = None
    planning_key: str | None = None
    signal: KickbackSignal | None = None
    log_path: str | None = None
    warnings: tuple[str, ...] = ()
    gaps: tuple[str, ...] = ()
    rollback_asked: RollbackAsked | None = None
    invariants: tuple[Confirmation, ...] = ()
    validation: Dispatch | None = None
    inner_loops: tuple[str, ...] = ()
    completion: str | None = None
    completion_asked: bool = False
    completion_path: str | None = None
    blockers_noted: bool = False
    earlier_blocks: tuple[str, ...] = ()
    planned: tuple[tuple[str, str], ...] = ()
    readiness: tuple[tuple[str, bool], ...] = ()
    gates_seen: tuple[GateSeen, ...] = ()
    gate_failures: tuple[GateFailure, ...] = ()
    milestones: int = 0
    spec_path: str | None = None

    @property
    def is_live(self) -> bool:
        return self.state not in {RunState.CLOSED, RunState.ABORTED}

    @property
    def open_blocks(self) -> tuple[BlockRun, ...]:
        """The blocks that are being worked on or wait for somebody, in plan order."""
        return tuple(block for block in self.blocks if block.is_open)

    @property
    def open_block(self) -> BlockRun | None:
        """The first open block, else the first one that is not settled, in plan order."""
        return next((block for block in self.blocks if block.is_open), None) or next(
            (block for block in self.blocks if not block.is_settled), None
        )

    def promise(self, block_id: str) -> Mapping[str, Any]:
        """What the locked contract says of a block, as `bot.plans.contract.block_terms` writes it."""
        return next((terms for terms in self.terms["blocks"] if terms["id"] == block_id), {})

    def group_of(self, block_id: str) -> tuple[str, ...]:
        """The approved group that a block belongs to, in the plan's words; the block alone if it has none."""
        return next((tuple(group) for group in self.terms.get("groups") or () if block_id in group), (block_id,))

    def block(self, block_id: str) -> BlockRun | None:
        """The block with that id, also as it is spoken; ids of an executable plan do not differ by case alone."""
        wanted = spoken(block_id).casefold()
        return next((block for block in self.blocks if spoken(block.id).casefold() == wanted), None)

    def with_block(self, changed: BlockRun) -> Run:
        return replace(self, blocks=tuple(changed if block.id == changed.id else block for block in self.blocks))

    @property
    def settled_count(self) -> int:
        return sum(block.is_settled for block in self.blocks)
