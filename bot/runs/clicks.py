"""Clicks as commands: a ticked box of the checklist, a button of a check; each becomes what it stands for."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from bot.runs.approve import head_meant
from bot.runs.command_lines import CommandLine, command_lines
from bot.runs.events import ButtonPressed, ChecklistEdited, CommentCreated, Event, Place
from bot.runs.messages import Refusal
from bot.runs.model import Person
from bot.runs.registry import Audience, Command
from bot.runs.turn import Call, Turn
from bot.runs.validate import confirm

CONFIRM: Final = "confirm"
"""Ticking an invariant; there is no command of that name, since the box says what is confirmed."""
BUTTON_APPROVE: Final = "approve"
BUTTON_RERUN: Final = "rerun"
BUTTON_ESCALATE: Final = "escalate"

_BOX: Final = re.compile(r"- \[([ xX])\] \*\*(?P<name>.+?)\*\*(?P<rest>.*)$")
_AWAITS: Final = re.compile(r"\*\*awaits approval\*\* at `(?P<sha>[0-9a-f]{7,40})`")
_INVARIANT: Final = re.compile(r"invariant — .*`(?P<sha>[0-9a-f]{7,40})`")
_CODED: Final = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class Given:
    """The commands of one comment or click."""

    comment: CommentCreated
    lines: tuple[CommandLine, ...]


def calls(events: Sequence[Event]) -> Iterator[Given]:
    """Every comment once and in GitHub's order, then every click in the order in which it came in."""
    comments = {(event.place, event.comment_id): event for event in events if isinstance(event, CommentCreated)}
    for event in sorted(comments.values(), key=lambda one: (one.at, one.comment_id)):
        yield Given(event, command_lines(event.body))
    clicks = {given.comment.comment_id: given for event in events for given in _clicked(event)}
    yield from clicks.values()


def clicked_logins(event: Event) -> tuple[str, ...]:
    """Whose permission has to be asked for what was clicked."""
    return tuple(given.comment.author.login for given in _clicked(event) if not given.comment.author.is_bot)


def _clicked(event: Event) -> tuple[Given, ...]:
    match event:
        case ChecklistEdited(by=by, was=was, now=now, at=at):
            lines = tuple(_ticked(was, now))
            return (_given(by, Place.BOX, at, lines, was + "\0" + now),) if lines else ()
        case ButtonPressed(by=by, identifier=identifier, head_sha=head, at=at):
            line = _pressed(identifier, head, by.login)
            return (_given(by, Place.BUTTON, at, (line,), identifier + head),) if line else ()
        case _:
            return ()


def _given(by: Person, place: Place, at: datetime | None, lines: tuple[CommandLine, ...], what: str) -> Given:
    """A click has no id of its own at GitHub; the same click, delivered twice, has the same one here."""
    moment = at or datetime.fromtimestamp(0, UTC)
    digest = hashlib.sha256(f"{place}:{by.login}:{moment.isoformat()}:{what}".encode()).digest()
    body = "\n".join(f"/{line.word} {line.rest}" for line in lines)
    return Given(CommentCreated(int.from_bytes(digest[:6]), by, body, moment, place), lines)


def _ticked(was: str, now: str) -> Iterator[CommandLine]:
    """The boxes that are ticked now and were not: only lines that say the same otherwise count."""
    before = {_without_box(line): line for line in was.splitlines() if _is_box(line, ticked=False)}
    for line in now.splitlines():
        if not _is_box(line, ticked=True) or _without_box(line) not in before:
            continue
        match = _BOX.match(line)
        if match is None:
            continue
        name, rest = _CODED.sub(r"\1", match["name"]), match["rest"]
        awaits = _AWAITS.search(rest)
        if awaits is not None:
            # The commit that the box itself showed: that is what was looked at.
            yield CommandLine("approve", f"{name} @{awaits['sha']}")
        elif (seen := _INVARIANT.search(rest)) is not None:
            yield CommandLine(CONFIRM, f"{seen['sha']} {name}")


def _is_box(line: str, *, ticked: bool) -> bool:
    return line.startswith(("- [x] ", "- [X] ") if ticked else "- [ ] ")


def _without_box(line: str) -> str:
    return line[6:].rstrip()


def _pressed(identifier: str, head: str, login: str) -> CommandLine | None:
    match identifier:
        case _ if identifier == BUTTON_APPROVE:
            return CommandLine("approve", f"@{head}")
        case _ if identifier == BUTTON_ESCALATE:
            return CommandLine("escalate", f"{login} pressed Escalate")
        case _:
            return None


def _confirm(turn: Turn, call: Call) -> Turn | Refusal:
    seen, _, name = call.rest.partition(" ")
    moved = head_meant(turn, None, seen, call)
    return moved if moved is not None else confirm(turn, name, call)


CONFIRMING: Final = Command(CONFIRM, "<invariant>", Audience.APPROVER, "confirm an invariant", _confirm)
