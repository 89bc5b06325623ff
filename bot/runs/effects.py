"""What the bot does once. Each effect has a key; doing one twice changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bot.plans.exec_plan_record import ExecPlanRecord
from bot.plans.execution_log import LogRecord
from bot.plans.model import Dialect
from bot.plans.progress_file import ProgressRecord
from bot.plans.session_state import SessionRecord
from bot.runs.messages import Message

Trailers = tuple[tuple[str, str], ...]
Record = ExecPlanRecord | LogRecord | ProgressRecord | SessionRecord


@dataclass(frozen=True, slots=True)
class Say:
    """An answer still to be put into words; the service words it into a `Reply` before anything is stored."""

    key: str
    message: Message
    command: str = ""
    to: str = ""


@dataclass(frozen=True, slots=True)
class React:
    """A reaction on the comment that gave a command; `on_diff` says that it is a comment on a line of the diff."""

    key: str
    comment_id: int
    content: Literal["+1", "-1", "confused"]
    on_diff: bool = False
    kind: Literal["react"] = "react"


@dataclass(frozen=True, slots=True)
class Reply:
    """One comment on the pull request; its key is written into it as a marker so that it is found again."""

    key: str
    body: str
    kind: Literal["reply"] = "reply"


@dataclass(frozen=True, slots=True)
class WriteRecord:
    """One commit on the plan's branch that brings one file, at `path`, to what the record says."""

    key: str
    branch: str
    path: str
    record: Record
    subject: str
    trailers: Trailers
    kind: Literal["write_record"] = "write_record"


@dataclass(frozen=True, slots=True)
class CloseOut:
    """The finished plan is brought to its end, as its dialect wants it.

    With `as_pull` on the branch `new_branch` cut from `branch`, as a pull request with `title` and `body`;
    without, as a commit on `branch` itself. `path` is the file that `record` is for; `moved_path` where an exec-plan
    goes; `spec_path` the spec whose status follows; `export_to` the folder that a session's artifacts are copied to.
    """

    key: str
    branch: str
    as_pull: bool
    new_branch: str
    plan_path: str
    moved_path: str
    title: str
    body: str
    record: Record
    trailers: Trailers
    dialect: Dialect = Dialect.EXEC_PLAN
    path: str = ""
    spec_path: str | None = None
    export_to: str | None = None
    kind: Literal["close_out"] = "close_out"


@dataclass(frozen=True, slots=True)
class StartWorker:
    """One `workflow_dispatch` on the default branch; the dispatch id goes with it, so that the run is found again.

    `inputs` are pairs of name and value; the service adds where reports go. `brief` is worded by the service.
    """

    key: str
    dispatch: str
    workflow: str
    block: str
    inputs: tuple[tuple[str, str], ...]
    kind: Literal["start_worker"] = "start_worker"


@dataclass(frozen=True, slots=True)
class CancelWorker:
    """Stop a workflow run that nobody waits for any more."""

    key: str
    workflow_run_id: int
    kind: Literal["cancel_worker"] = "cancel_worker"


@dataclass(frozen=True, slots=True)
class PlanningIssue:
    """The issue where an escalation is discussed: opened, or updated if `number` names one; the service words it."""

    key: str
    number: int | None
    title: str
    body: str
    kind: Literal["planning_issue"] = "planning_issue"


@dataclass(frozen=True, slots=True)
class CloseIssue:
    """Comment on an issue and close it."""

    key: str
    number: int
    body: str
    kind: Literal["close_issue"] = "close_issue"


@dataclass(frozen=True, slots=True)
class RollBack:
    """One commit on top of the branch whose tree is that of the commit `to`. History is never rewritten."""

    key: str
    branch: str
    to: str
    head: str
    subject: str
    trailers: Trailers
    kind: Literal["roll_back"] = "roll_back"


Decided = Say | React | WriteRecord | CloseOut | StartWorker | CancelWorker | PlanningIssue | CloseIssue | RollBack
Effect = React | Reply | WriteRecord | CloseOut | StartWorker | CancelWorker | PlanningIssue | CloseIssue | RollBack
