"""What can wake a pull request: the bot's own view of deliveries, closed so that none can be forgotten."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from bot.runs.model import Person


class Place(StrEnum):
    """Where a command was given: the conversation, a review's own text, a comment on a line of the diff, a ticked box
    of the checklist, a button of a check."""

    CONVERSATION = "conversation"
    REVIEW = "review"
    REVIEW_COMMENT = "review_comment"
    BOX = "box"
    BUTTON = "button"


@dataclass(frozen=True, slots=True)
class CommentCreated:
    """A new comment on the pull request; `author` wrote it and `at` is GitHub's own time.

    Ids of the three places are counted apart, so that only place and id together name a comment. `from_issue` is the
    number of the issue on which it was really written, for a command that opened this pull request.
    """

    comment_id: int
    author: Person
    body: str
    at: datetime
    place: Place = Place.CONVERSATION
    from_issue: int | None = None

    @property
    def store_id(self) -> int:
        """One number for place and id together: the three places count apart, and none may hide another's comment."""
        match self.place:
            case Place.REVIEW:
                return -2 * self.comment_id
            case Place.REVIEW_COMMENT:
                return -2 * self.comment_id - 1
            case _:
                return self.comment_id

    @property
    def name(self) -> str:
        """The comment's name among those of its pull request; for the conversation that is its id alone."""
        return str(self.comment_id) if self.place is Place.CONVERSATION else f"{self.place}:{self.comment_id}"


@dataclass(frozen=True, slots=True)
class PullChanged:
    """The pull request was opened, pushed to, edited, closed, reopened, merged or made a draft."""

    action: str
    head_sha: str


@dataclass(frozen=True, slots=True)
class ChecksChanged:
    """A check run or status of somebody else moved on a commit."""

    head_sha: str


@dataclass(frozen=True, slots=True)
class ChecklistEdited:
    """Somebody edited or deleted the bot's own checklist comment; `was` and `now` are its text before and after."""

    by: Person
    was: str = ""
    now: str = ""
    at: datetime | None = None
    comment_id: int = 0


@dataclass(frozen=True, slots=True)
class ButtonPressed:
    """Somebody pressed a button on one of the bot's own check runs; `identifier` is the button's own."""

    by: Person
    identifier: str
    head_sha: str
    check: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Rerequested:
    """Somebody asked for one of the bot's checks again."""

    by: Person


@dataclass(frozen=True, slots=True)
class WorkerRunChanged:
    """A workflow run moved. `title` is its display title, which carries the dispatch id; a re-run raises `attempt`.

    `path` is that of the workflow's file, None where it is not known.
    """

    workflow_run_id: int
    attempt: int
    title: str
    event: str
    status: str
    conclusion: str | None
    head_branch: str
    head_sha: str
    url: str
    path: str | None = None


ReportStatus = Literal["done", "failed", "blocked", "kickback", "gap"]


@dataclass(frozen=True, slots=True)
class WorkerReported:
    """A worker's own report, its OIDC token verified: what became of one dispatch.

    `dispatch` is the id that the worker was started with; `commit` what it says it made; `signal` that of a kickback.
    """

    token_id: str
    dispatch: str
    block: str
    status: ReportStatus
    commit: str | None
    notes: str
    signal: str | None
    workflow_run_id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class ReportRefused:
    """A report that was answered with 401, 403 or 409: the ledger says so, nothing else follows from it."""

    dispatch: str
    block: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Deployed:
    """A deployment of a commit changed its status."""

    head_sha: str


@dataclass(frozen=True, slots=True)
class Woken:
    """A sweep or a timer: nothing new is known, look again."""

    reason: str


Event = (
    CommentCreated
    | PullChanged
    | ChecksChanged
    | ChecklistEdited
    | ButtonPressed
    | Rerequested
    | WorkerRunChanged
    | WorkerReported
    | ReportRefused
    | Deployed
    | Woken
)
