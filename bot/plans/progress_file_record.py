"""What a PROGRESS.md is to say: weight, step, and the state of each task."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Literal

from pydantic import ConfigDict, TypeAdapter

TaskState = Literal["pending", "in_progress", "done", "failed", "skipped"]

NAME: Final = "PROGRESS.md"

_STRICT: Final = ConfigDict(extra="forbid", strict=True)


@dataclass(frozen=True, slots=True)
class ProgressTask:
    """How one task stands; `commit` is a full hash, empty while there is none."""

    __pydantic_config__ = _STRICT

    id: str
    title: str
    state: TaskState
    commit: str


@dataclass(frozen=True, slots=True)
class ProgressRecord:
    """What PROGRESS.md is to hold; `plan_path` is from the root of the repository."""

    __pydantic_config__ = _STRICT

    feature: str
    plan_path: str
    weight: str | None
    step: str
    tasks: tuple[ProgressTask, ...]
    notes: tuple[str, ...] = ()
    kind: Literal["progress"] = "progress"

    def to_json(self) -> dict[str, Any]:
        """The record as JSON-able values; tuples become lists."""
        value: dict[str, Any] = _adapter().dump_python(self, mode="json")
        return value

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> ProgressRecord:
        """Read what `to_json` wrote; raises ValueError, naming the places, for anything else."""
        return _adapter().validate_json(json.dumps(value))


@lru_cache(maxsize=1)
def _adapter() -> TypeAdapter[ProgressRecord]:
    return TypeAdapter(ProgressRecord)


def progress_path(plan_path: str) -> str:
    """Where the progress of a plan is kept: beside it."""
    return posixpath.join(posixpath.dirname(plan_path), NAME)
