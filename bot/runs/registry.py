"""Every command once: its words, its arguments, who may use it, what it does."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bot.runs.approve import approve, skip
from bot.runs.escalate import escalate, kickback
from bot.runs.execute import execute
from bot.runs.finish import closeout, completion, verdict
from bot.runs.messages import Refusal
from bot.runs.report import block_, done, fail, gap, retry
from bot.runs.rollback import rollback
from bot.runs.steer import abort, allow, help_, pause, resume, status
from bot.runs.turn import Call, Refused, Turn
from bot.runs.validate import validate


class Audience(StrEnum):
    """Who may use a command.

    An approver has write permission or stands in the policy, a reader can comment. A worker is an approver, or the
    agent that the policy hands the open block to by mentioning it.
    """

    READER = "reader"
    WORKER = "worker"
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
    Command(
        "execute",
        "[path] [stepwise|autonomous] [medium|high]",
        Audience.APPROVER,
        "start the plan, or lock a changed contract; on an issue: open the pull request",
        execute,
    ),
    Command("approve", "[block|group] [@sha]", Audience.APPROVER, "close what awaits approval", approve),
    Command("status", "", Audience.READER, "show where the run stands; nothing advances", status, ("check",)),
    Command("resume", "", Audience.APPROVER, "go on after a pause or an escalation", resume, ("continue",)),
    Command("pause", "[reason]", Audience.APPROVER, "stop advancing", pause),
    Command("done", "[block] [sha] [notes]", Audience.WORKER, "report the open block as done", done),
    Command("failed", "[block] <reason>", Audience.WORKER, "report that the open block failed", fail),
    Command("blocked", "[block] <reason>", Audience.WORKER, "report that the open block cannot go on", block_),
    Command(
        "kickback",
        "scope_creep|missing_context|needs_research <reason>",
        Audience.WORKER,
        "stop everything and go back to planning",
        kickback,
    ),
    Command("escalate", "<reason>", Audience.WORKER, "stop and have people decide", escalate),
    Command("gap", "<role> <reason>", Audience.WORKER, "warn that no role can do something; the run goes on", gap),
    Command("retry", "[block]", Audience.APPROVER, "another attempt at a block that failed or is blocked", retry),
    Command("skip", "<block> <reason>", Audience.APPROVER, "leave a block out, with the reason on record", skip),
    Command("allow", "<pattern> <reason>", Audience.APPROVER, "grant a scope exception, on record", allow),
    Command(
        "validate",
        "[medium|high]",
        Audience.APPROVER,
        "choose how deep the validation looks, or run it again",
        validate,
    ),
    Command(
        "verdict",
        "PASS|PASS_WITH_NOTES|FAIL [@sha] [notes]",
        Audience.APPROVER,
        "judge the whole change after the last block",
        verdict,
    ),
    Command("closeout", "", Audience.APPROVER, "bring the finished plan to its end", closeout),
    Command("archive", "", Audience.APPROVER, "finish a team session and archive it", completion),
    Command("keep", "", Audience.APPROVER, "finish the run and leave a team session to be taken up again", completion),
    Command("export", "<dir>", Audience.APPROVER, "copy a team session's artifacts, then archive it", completion),
    Command("rollback", "[confirm]", Audience.APPROVER, "bring the content back to where the run began", rollback),
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
