"""What the bot has to say, as values; `bot.views` turns each into words."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Problem(StrEnum):
    """Why a command was refused: one condition each."""

    BAD_ARGUMENTS = "bad_arguments"
    UNKNOWN_COMMAND = "unknown_command"
    POLICY_BROKEN = "policy_broken"
    PERMISSION_UNKNOWN = "permission_unknown"
    NO_PLAN = "no_plan"
    SEVERAL_PLANS = "several_plans"
    PLAN_UNREADABLE = "plan_unreadable"
    PLAN_REFUSED = "plan_refused"
    WRONG_BRANCH = "wrong_branch"
    PULL_CLOSED = "pull_closed"
    ALREADY_LIVE = "already_live"
    DONE_BLOCK_VANISHED = "done_block_vanished"
    OTHER_PLAN_LIVE = "other_plan_live"
    NO_RUN = "no_run"
    RUN_OVER = "run_over"
    RUN_PAUSED = "run_paused"
    RUN_ESCALATED = "run_escalated"
    NOT_PAUSED = "not_paused"
    CONTRACT_CHANGED = "contract_changed"
    NO_SUCH_BLOCK = "no_such_block"
    BLOCK_SETTLED = "block_settled"
    NOT_THE_OPEN_BLOCK = "not_the_open_block"
    NO_OPEN_BLOCK = "no_open_block"
    HEAD_MOVED = "head_moved"
    NOT_SHOWN_YET = "not_shown_yet"
    HISTORY_REWRITTEN = "history_rewritten"
    NO_OWN_COMMIT = "no_own_commit"
    SCOPE_VIOLATED = "scope_violated"
    SCOPE_UNKNOWN = "scope_unknown"
    GATES_RED = "gates_red"
    GATES_PENDING = "gates_pending"
    GATES_UNKNOWN = "gates_unknown"
    BAD_PATTERN = "bad_pattern"
    NOT_VALIDATING = "not_validating"
    SAME_HEAD_FAILED = "same_head_failed"
    WHICH_BLOCK = "which_block"
    BLOCK_HELD = "block_held"
    BLOCK_NOT_HELD = "block_not_held"
    COMMITS_UNDISCIPLINED = "commits_undisciplined"
    NO_SUCH_COMMIT = "no_such_commit"
    UNKNOWN_SIGNAL = "unknown_signal"
    PREFLIGHT_FAILED = "preflight_failed"
    VALIDATION_RUNNING = "validation_running"
    VALIDATION_FAILED = "validation_failed"
    NOT_CONFIRMED = "not_confirmed"
    NO_SUCH_INVARIANT = "no_such_invariant"
    NOT_FOR_THIS_DIALECT = "not_for_this_dialect"
    BAD_FOLDER = "bad_folder"
    ROLLBACK_NOT_ASKED = "rollback_not_asked"
    NOTHING_TO_ROLL_BACK = "nothing_to_roll_back"
    WORKER_AT_WORK = "worker_at_work"
    NOT_READY_TO_CLOSE = "not_ready_to_close"
    ALREADY_CLOSED = "already_closed"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refused command: the condition that failed, with its actual values."""

    problem: Problem
    values: dict[str, str] = field(default_factory=dict)
    items: tuple[str, ...] = ()


class NoticeKind(StrEnum):
    """What the bot says without having been asked to do it."""

    HELP = "help"
    STATUS = "status"
    MERGED_EARLY = "merged_early"
    ESCALATED = "escalated"
    CLOSED = "closed"
    STARTED = "started"
    HANDOVER = "handover"
    WORKER_FAILED = "worker_failed"
    STOPPED = "stopped"
    STALLED = "stalled"
    GAP = "gap"
    BLOCKED = "blocked"
    KICKBACK = "kickback"
    ROLLBACK = "rollback"
    CHOOSE_COMPLETION = "choose_completion"
    COMPLETION_FAILED = "completion_failed"


@dataclass(frozen=True, slots=True)
class Notice:
    kind: NoticeKind
    values: dict[str, str] = field(default_factory=dict)
    items: tuple[str, ...] = ()


Message = Refusal | Notice
