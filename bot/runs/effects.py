"""What the bot does once. Each effect has a key; doing one twice changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bot.plans.exec_plan_record import ExecPlanRecord
from bot.runs.messages import Message

Trailers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Say:
    """An answer still to be put into words; the service words it into a `Reply` before anything is stored."""

    key: str
    message: Message
    command: str = ""
    to: str = ""


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
    branch: str
    plan_path: str
    record: ExecPlanRecord
    subject: str
    trailers: Trailers
    kind: Literal["write_record"] = "write_record"


@dataclass(frozen=True, slots=True)
class CloseOut:
    """The finished plan moves to its completed place, with indexes and references.

    With `as_pull` on the branch `new_branch` cut from `branch`, as a pull request with `title` and `body`;
    without, as a commit on `branch` itself.
    """

    key: str
    branch: str
    as_pull: bool
    new_branch: str
    plan_path: str
    moved_path: str
    title: str
    body: str
    record: ExecPlanRecord
    trailers: Trailers
    kind: Literal["close_out"] = "close_out"


Decided = Say | React | WriteRecord | CloseOut
Effect = React | Reply | WriteRecord | CloseOut
