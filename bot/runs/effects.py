"""What the bot does once. Each effect has a key; doing one twice changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bot.plans.exec_plan_record import ExecPlanRecord


@dataclass(frozen=True, slots=True)
class React:
    """A reaction on the comment that gave a command."""

    key: str
    comment_id: int
    content: Literal["+1", "-1", "eyes", "rocket", "confused"]
    kind: Literal["react"] = "react"


@dataclass(frozen=True, slots=True)
class Reply:
    """One comment on the pull request; its key is written into it as a marker so that it is found again."""

    key: str
    body: str
    kind: Literal["reply"] = "reply"


@dataclass(frozen=True, slots=True)
class WriteRecord:
    """One commit on the plan's branch that brings the plan's record up to date."""

    key: str
    run_id: str
    branch: str
    plan_path: str
    record: ExecPlanRecord
    subject: str
    trailers: tuple[tuple[str, str], ...]
    kind: Literal["write_record"] = "write_record"


@dataclass(frozen=True, slots=True)
class CloseOut:
    """The finished plan moves to its completed place, with indexes and references.

    On `branch` itself (`as_pull` false) or on a branch of its own from `branch`, as a pull request.
    """

    key: str
    run_id: str
    branch: str
    as_pull: bool
    new_branch: str
    plan_path: str
    title: str
    record: ExecPlanRecord
    subject: str
    body: str
    trailers: tuple[tuple[str, str], ...]
    kind: Literal["close_out"] = "close_out"


Effect = React | Reply | WriteRecord | CloseOut
