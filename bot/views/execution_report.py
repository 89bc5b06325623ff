"""What people read about the execution of a memory-bank plan: how it began, how it ended, and the final report."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal

from bot.views.words import BODY_LIMIT, clipped, code, plain, short

Outcome = Literal["Success", "Failure", "Blocked"]

UNKNOWN: Final = "not known"
GATES: Final = ("Tests", "Coverage", "Type checks", "Security")
GATES_LISTED: Final = 50
FILES_LISTED: Final = 100
STEPS_LISTED: Final = 30


@dataclass(frozen=True, slots=True)
class ExecutionReport:
    """One execution of a plan as it ended.

    `plan` and `log` are paths, `start` and `end` commits, `gates` pairs of label and words; empty words mean that
    nothing is known. `attempted` and `completed` count tasks out of `total`.
    """

    topic: str
    date: str
    plan: str
    log: str
    environment: str
    start: str
    end: str
    duration: timedelta
    branch: str
    attempted: int
    completed: int
    total: int
    outcome: Outcome
    gates: tuple[tuple[str, str], ...]
    files: tuple[str, ...]
    next_steps: tuple[str, ...]


def start_block(plan: str, branch: str, rollback: str, tasks: int, milestones: int) -> str:
    """The lines with which an execution begins, for a comment, where GitHub keeps line breaks."""
    return "\n".join(
        (
            f"Executing plan: {_code(plan)}",
            f"Branch: {_code(branch)}",
            f"Rollback point: {_commit(rollback)}",
            f"Tasks: {tasks}",
            f"Milestones: {milestones}",
        )
    )


def end_block(report: ExecutionReport) -> str:
    """The lines with which an execution ends, with the next command to copy."""
    return "\n".join(
        (
            f"Execution complete: {report.outcome}",
            f"Tasks completed: {report.completed}/{report.total}",
            f"Log: {_code(report.log)}",
            f"Next: {code(next_command(report.log))}",
        )
    )


def next_command(log: str) -> str:
    """The command that hands the log over to the QA phase; raw text, to be shown in a code span."""
    return f'/use qa-from-execute "{log}"'


def final_report(report: ExecutionReport) -> str:
    """The whole report as a comment's body, cut at a line end if it is longer than GitHub takes."""
    sections = (
        _header(report),
        _section("## Overview", _overview(report)),
        _section("## Outcomes", _outcomes(report)),
        _section("## Gate Results", _gates(report.gates)),
        _section("## What Was Touched", _limited([f"- {code(file)}" for file in report.files], FILES_LISTED)),
        _section("## Next Steps", _limited([f"- [ ] {_words(step)}" for step in report.next_steps], STEPS_LISTED)),
    )
    return clipped("\n\n".join(sections) + "\n", BODY_LIMIT)


def _header(report: ExecutionReport) -> str:
    return (
        f"# Execution Report – {_words(report.topic)}\n\n"
        f"**Date:** {_words(report.date)}\n"
        f"**Plan:** {_code(report.plan)}\n"
        f"**Log:** {_code(report.log)}"
    )


def _section(heading: str, lines: list[str]) -> str:
    return "\n".join((heading, "", *(lines or ["- none"])))


def _overview(report: ExecutionReport) -> list[str]:
    return [
        f"- Environment: {_words(report.environment)}",
        f"- Start: {_commit(report.start)}",
        f"- End: {_commit(report.end)}",
        f"- Duration: {_duration(report.duration)}",
        f"- Branch: {_code(report.branch)}",
    ]


def _outcomes(report: ExecutionReport) -> list[str]:
    return [
        f"- Tasks attempted: {report.attempted}",
        f"- Tasks completed: {report.completed}",
        f"- Final status: {report.outcome}",
    ]


def _gates(pairs: tuple[tuple[str, str], ...]) -> list[str]:
    """The gates that every report names, then all others; one that nobody reported on is not known, never passed."""
    lines: list[str] = []
    for label in GATES:
        said = [words for name, words in pairs if _named(name) == label.casefold()]
        lines += [f"- {label}: {_words(words)}" for words in said or [""]]
    named = {label.casefold() for label in GATES}
    others = [f"- {_words(name)}: {_words(words)}" for name, words in pairs if _named(name) not in named]
    return lines + _limited(others, GATES_LISTED)


def _named(label: str) -> str:
    return " ".join(label.split()).casefold()


def _limited(lines: list[str], limit: int) -> list[str]:
    more = len(lines) - limit
    return [*lines[:limit], f"- … and {more} more"] if more > 0 else lines


def _duration(duration: timedelta) -> str:
    minutes = int(duration.total_seconds() // 60)
    return f"{minutes // 60}h {minutes % 60}m" if minutes >= 0 else UNKNOWN


def _words(text: str) -> str:
    return plain(text) or UNKNOWN


def _code(text: str) -> str:
    return code(text) if text.strip() else UNKNOWN


def _commit(sha: str) -> str:
    return code(short(sha.strip())) if sha.strip() else UNKNOWN
