"""Every command once: its words, its arguments, who may use it, what it does."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bot.runs.approve import approve, skip
from bot.runs.execute import execute
from bot.runs.finish import closeout, verdict
from bot.runs.messages import Refusal
from bot.runs.steer import abort, allow, help_, pause, resume, status
from bot.runs.turn import Call, Refused, Turn


class Audience(StrEnum):
    """Who may use a command: an approver has write permission or stands in the policy, a reader can comment."""

    READER = "reader"
    APPROVER = "approver"


@dataclass(frozen=True, slots=True)
class Command:
    word: str
    arguments: str
    audience: Audience
    summary: str
    handle: Callable[[Turn, Call], Turn | Refusal | Refused]
    aliases: tuple[str, ...] = ()

    @property
    def usage(self) -> str:
        return f"/{self.word} {self.arguments}".strip()


COMMANDS: Final = (
    Command("execute", "[path] [stepwise]", Audience.APPROVER, "start the plan, or lock a changed contract", execute),
    Command("approve", "[block] [@sha]", Audience.APPROVER, "close the block that awaits approval", approve),
    Command("status", "", Audience.READER, "show where the run stands; nothing advances", status, ("check",)),
    Command("skip", "<block> <reason>", Audience.APPROVER, "leave a block out, with the reason on record", skip),
    Command("allow", "<pattern> <reason>", Audience.APPROVER, "grant a scope exception, on record", allow),
    Command("pause", "[reason]", Audience.APPROVER, "stop advancing", pause),
    Command("resume", "", Audience.APPROVER, "go on after a pause or an escalation", resume, ("continue",)),
    Command(
        "verdict",
        "PASS|PASS_WITH_NOTES|FAIL [@sha] [notes]",
        Audience.APPROVER,
        "judge the whole change after the last block",
        verdict,
    ),
    Command("closeout", "", Audience.APPROVER, "move the finished plan and update the indexes", closeout),
    Command("abort", "<reason>", Audience.APPROVER, "end the run", abort),
    Command("help", "", Audience.READER, "list these commands", help_),
)

_BY_WORD: Final = {word: command for command in COMMANDS for word in (command.word, *command.aliases)}


def find(word: str) -> Command | None:
    """The command that a word names, by itself or as an alias."""
    return _BY_WORD.get(word)


def suggestion(word: str) -> str | None:
    """The command that a word misses by little; None for the slash commands of other bots."""
    close = difflib.get_close_matches(word, _BY_WORD, n=1, cutoff=0.8)
    return close[0] if close else None
