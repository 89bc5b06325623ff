"""What `stepwise doctor` finds: one line each, with what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class State(StrEnum):
    """`warning` also stands for what could not be looked at because something else has failed."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """`check` is a name for programs, such as `app.permissions`; `remedy` is empty where nothing is to be done."""

    check: str
    state: State
    says: str
    remedy: str = ""


Findings = list[Finding]


def ok(check: str, says: str) -> Finding:
    return Finding(check, State.OK, says)


def warning(check: str, says: str, remedy: str) -> Finding:
    return Finding(check, State.WARNING, says, remedy)


def failed(check: str, says: str, remedy: str) -> Finding:
    return Finding(check, State.FAILED, says, remedy)


def listed(names: Sequence[str], most: int = 10) -> str:
    """Names for people: the first few, and how many more there are."""
    said = ", ".join(names[:most])
    return said if len(names) <= most else f"{said} and {len(names) - most} more"


def span(duration: timedelta) -> str:
    """A duration in the two largest units that matter: `3 h 20 min`, `45 s`."""
    seconds = max(0, int(duration.total_seconds()))
    for size, unit, smaller, small_unit in ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if seconds >= size:
            rest = seconds % size // smaller
            return f"{seconds // size} {unit}" + (f" {rest} {small_unit}" if rest else "")
    return f"{seconds} s"
