"""What an execution log is to say, as plain values; everything in it counts as untrusted until it is written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Literal

from pydantic import ConfigDict, TypeAdapter

TaskStatus = Literal["pending", "in progress", "completed", "skipped", "failed"]

_STRICT: Final = ConfigDict(extra="forbid", strict=True)


@dataclass(frozen=True, slots=True)
class PreFlight:
    """The checks before any change; None: nothing said so. `rollback` is the commit to go back to."""

    __pydantic_config__ = _STRICT

    branch: str
    rollback: str
    dor: bool | None
    access: bool | None
    fixtures: bool | None
    ready: bool

    @property
    def has_failed(self) -> bool:
        return not self.ready or False in (self.dor, self.access, self.fixtures)


@dataclass(frozen=True, slots=True)
class TaskEntry:
    """How one task stands; empty words mean that nothing is known. `commands` are pairs of command and output."""

    __pydantic_config__ = _STRICT

    id: str
    summary: str
    status: TaskStatus
    commit: str
    files: tuple[str, ...]
    commands: tuple[tuple[str, str], ...]
    tests: str
    coverage: str
    notes: str


@dataclass(frozen=True, slots=True)
class Issue:
    """What went wrong in a task (empty: in none in particular) and what became of it (empty: not known)."""

    __pydantic_config__ = _STRICT

    task: str
    issue: str
    resolution: str


@dataclass(frozen=True, slots=True)
class LogRecord:
    """The whole log. Pairs are of label and words, `permalinks` of label and address, `success` of criterion and met.

    Dates are ISO 8601, commits hashes; `end_commit` None: the run has not ended.
    """

    __pydantic_config__ = _STRICT

    topic: str
    date: str
    owner: str
    plan_path: str
    start_commit: str
    end_commit: str | None
    target: str
    env_notes: str
    preflight: PreFlight
    blockers: tuple[str, ...]
    tasks: tuple[TaskEntry, ...]
    gates: tuple[tuple[str, str], ...]
    permalinks: tuple[tuple[str, str], ...]
    deployments: tuple[tuple[str, str], ...]
    deployment_times: str
    post_deploy: tuple[tuple[str, str], ...]
    issues: tuple[Issue, ...]
    success: tuple[tuple[str, bool], ...]
    next_steps: tuple[str, ...]
    kind: Literal["execution_log"] = "execution_log"

    def to_json(self) -> dict[str, Any]:
        """The record as JSON-able values; tuples become lists."""
        value: dict[str, Any] = _adapter().dump_python(self, mode="json")
        return value

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> LogRecord:
        """Read what `to_json` wrote; raises ValueError, naming the places, for anything else."""
        return _adapter().validate_json(json.dumps(value))


@lru_cache(maxsize=1)
def _adapter() -> TypeAdapter[LogRecord]:
    return TypeAdapter(LogRecord)
