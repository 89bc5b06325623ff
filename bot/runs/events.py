"""What can wake a pull request: the bot's own view of deliveries, closed so that none can be forgotten."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.runs.model import Person


@dataclass(frozen=True, slots=True)
class CommentCreated:
    """A new comment on the conversation; `author` wrote it and `at` is GitHub's own time."""

    comment_id: int
    author: Person
    body: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PullChanged:
    """The pull request was opened, pushed to, edited, closed, reopened or merged."""

    action: str
    head_sha: str


@dataclass(frozen=True, slots=True)
class ChecksChanged:
    """A check run or status of somebody else moved on a commit."""

    head_sha: str


@dataclass(frozen=True, slots=True)
class ChecklistEdited:
    """Somebody edited or deleted the bot's own checklist comment."""

    by: Person


@dataclass(frozen=True, slots=True)
class Rerequested:
    """Somebody asked for one of the bot's checks again."""

    by: Person


@dataclass(frozen=True, slots=True)
class Woken:
    """A sweep or a timer: nothing new is known, look again."""

    reason: str


Event = CommentCreated | PullChanged | ChecksChanged | ChecklistEdited | Rerequested | Woken
