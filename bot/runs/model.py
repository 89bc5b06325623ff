"""The state of a run: what is locked, what each block has reached, and who approved which bytes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

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


@dataclass(frozen=True, slots=True)
class BlockRun:
    """A block of the locked plan and how far it got."""

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

    @property
    def is_settled(self) -> bool:
        return self.state in SETTLED_BLOCKS


@dataclass(frozen=True, slots=True)
class ScopeException:
    """A pattern granted with `/allow`, and why."""

    pattern: str
    reason: str
    by: str
    comment_id: int


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
    `closeout_key` name the newest effect of each kind.
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

    @property
    def is_live(self) -> bool:
        return self.state not in {RunState.CLOSED, RunState.ABORTED}

    @property
    def open_block(self) -> BlockRun | None:
        """The first block that is not settled, in plan order."""
        return next((block for block in self.blocks if not block.is_settled), None)

    def block(self, block_id: str) -> BlockRun | None:
        """The block with that id; ids of an executable plan do not differ by case alone."""
        wanted = block_id.casefold()
        return next((block for block in self.blocks if block.id.casefold() == wanted), None)

    def with_block(self, changed: BlockRun) -> Run:
        return replace(self, blocks=tuple(changed if block.id == changed.id else block for block in self.blocks))

    @property
    def settled_count(self) -> int:
        return sum(block.is_settled for block in self.blocks)


class EntryKind(StrEnum):
    """What the ledger can say happened."""

    STARTED = "started"
    RELOCKED = "relocked"
    BLOCK_OPENED = "block_opened"
    AWAITING_APPROVAL = "awaiting_approval"
    REOPENED = "reopened"
    APPROVED = "approved"
    SKIPPED = "skipped"
    ALLOWED = "allowed"
    REFUSED = "refused"
    PAUSED = "paused"
    RESUMED = "resumed"
    VALIDATING = "validating"
    VERDICT = "verdict"
    COMPLETED = "completed"
    ESCALATED = "escalated"
    ABORTED = "aborted"
    MERGED = "merged"
    CLOSEOUT = "closeout"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger: who did what, when, at which commit."""

    at: datetime
    kind: EntryKind
    actor: str
    text: str
    commit: str | None = None
    block: str | None = None
    comment_id: int | None = None
