"""The execution log of a memory-bank plan: one document per run, created once and kept up to date."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime
from typing import Final

from bot.plans.execution_log_edits import bring_sections, new_sections
from bot.plans.execution_log_front import Front, bring_front_matter, new_front_matter
from bot.plans.execution_log_gates import LoggedGate
from bot.plans.execution_log_parts import CRITERIA, GATES, parts_of
from bot.plans.execution_log_reading import LoggedTask, LogReading, read_log
from bot.plans.execution_log_record import Issue, LogRecord, PreFlight, TaskEntry, TaskStatus

__all__ = [
    "CRITERIA",
    "FOLDER",
    "GATES",
    "Issue",
    "LogReading",
    "LogRecord",
    "LoggedGate",
    "LoggedTask",
    "PreFlight",
    "TaskEntry",
    "TaskStatus",
    "apply_log",
    "log_path",
    "read_log",
]

FOLDER: Final = "memory-bank/execute"
_SLUG_LIMIT: Final = 60


def log_path(topic: str, at: datetime) -> str:
    """Where the log of a run that began at this moment is kept; an aware time is written in UTC."""
    moment = at.astimezone(UTC) if at.tzinfo is not None else at
    return f"{FOLDER}/{moment:%Y-%m-%d_%H-%M-%S}_{_slug(topic)}.md"


def _slug(topic: str) -> str:
    letters = unicodedata.normalize("NFKD", topic[:1000]).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", letters).strip("-")[:_SLUG_LIMIT].strip("-") or "plan"


def apply_log(text: str | None, record: LogRecord) -> str:
    """Bring a log's text to hold the record, None: make it; doing it twice equals doing it once.

    Everything in the record counts as untrusted and is written as one inert line. The lines that the record names are
    the record's; notes are added to those that stand there, and list entries, further keys, sections and words between
    them are never taken away.
    """
    front, parts = _front(record), parts_of(record)
    if text is None or not text.strip("\ufeff \t\r\n"):
        lines = [*new_front_matter(front), "", *new_sections(parts)]
        return "\n".join(lines) + "\n"
    return bring_sections(bring_front_matter(text, front), parts)


def _front(record: LogRecord) -> Front:
    return Front(
        title=f"{record.topic[:160]} – Execution Log",
        phase="Execute",
        date=record.date,
        owner=record.owner,
        plan_path=record.plan_path,
        start_commit=record.start_commit,
        end_commit=record.end_commit,
        target=record.target,
        notes=record.env_notes,
    )
