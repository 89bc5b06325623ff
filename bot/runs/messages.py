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
    MODE_UNSUPPORTED = "mode_unsupported"
    LEVEL_UNSUPPORTED = "level_unsupported"
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


@dataclass(frozen=True, slots=True)
class Notice:
    kind: NoticeKind
    values: dict[str, str] = field(default_factory=dict)
    items: tuple[str, ...] = ()


Message = Refusal | Notice
