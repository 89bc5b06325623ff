"""Which facts a batch of events calls for, so that nothing is fetched that nobody will look at."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, assert_never

from bot.plans.dialects import Places, dialect_of
from bot.runs.clicks import clicked_logins
from bot.runs.command_lines import command_lines
from bot.runs.events import (
    ButtonPressed,
    ChecklistEdited,
    ChecksChanged,
    CommentCreated,
    Deployed,
    Event,
    PullChanged,
    ReportRefused,
    Rerequested,
    Woken,
    WorkerReported,
    WorkerRunChanged,
)
from bot.runs.execute import Wish, read_wish
from bot.runs.facts import Files
from bot.runs.model import Run, RunState
from bot.runs.records import other_place
from bot.runs.registry import Audience, find, suggestion

PLANS_READ: Final = 10
"""With more than one plan it has to be said which is meant: reading all that somebody brings would help nobody."""


@dataclass(frozen=True, slots=True)
class Needs:
    """`look`: the pull request has to be looked at; `logins`: whose permission has to be asked."""

    look: bool
    logins: frozenset[str] = frozenset()


def needs(events: Sequence[Event], *, has_run: bool, has_plan: bool, shown_head: str | None) -> Needs:
    """What this batch needs.

    `shown_head` is the head that checks and checklist were last shown for: the push that the bot's own record
    commit caused has been looked at when its delivery arrives, and costs nothing then.
    """
    look = False
    logins: set[str] = set()
    for event in events:
        match event:
            case CommentCreated():
                words = [line.word for line in command_lines(event.body)]
                known = [command for word in words if (command := find(word)) is not None]
                is_near = any(find(word) is None and suggestion(word) for word in words) and (has_run or has_plan)
                look = look or bool(known) or is_near
                needs_approver = is_near or any(command.audience is not Audience.READER for command in known)
                if needs_approver and not event.author.is_bot:
                    logins.add(event.author.login)
            case PullChanged(action=action, head_sha=head_sha):
                look = look or action != "synchronize" or head_sha != shown_head
            case ChecksChanged() | Deployed():
                look = look or has_run or has_plan
            case ChecklistEdited() | ButtonPressed():
                look = look or has_run or has_plan
                logins.update(clicked_logins(event))
            case WorkerRunChanged() | WorkerReported() | ReportRefused():
                look = look or has_run
            case Rerequested() | Woken():
                look = True
            case _:
                assert_never(event)
    return Needs(look, frozenset(logins))


def plan_paths(
    run: Run | None, files: Files | None, events: Sequence[Event], places: Places | None = None
) -> tuple[str, ...]:
    """The paths to read as plans: the run's own, else those that the pull request brings or `/execute` names."""
    changed = files.changed if files is not None else ()
    paths = [run.plan_path] if run is not None and run.state is not RunState.ABORTED else []
    if run is not None and paths:
        # A closeout on the branch moves the plan, and its outcome may be known later than the moved file is seen.
        paths += [file.path for file in changed if file.path == other_place(run.plan_path) and file.status != "removed"]
    if run is not None and run.is_live:
        return tuple(paths)
    brought = (file.path for file in changed if file.status != "removed" and dialect_of(file.path, places=places))
    paths += itertools.islice(brought, PLANS_READ)
    for event in events:
        if isinstance(event, CommentCreated):
            for line in command_lines(event.body):
                wish = read_wish(line.rest) if line.word == "execute" else None
                if isinstance(wish, Wish) and wish.path is not None:
                    paths.append(wish.path)
    return tuple(dict.fromkeys(paths))
