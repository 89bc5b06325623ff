"""The files that `stepwise init` gives a repository, and writing them without touching anything that is there."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from typing import BinaryIO, Final

from bot.plans.model import Dialect
from bot.runs.policy import POLICY_PATH

# From the folder of templates in this package to its place in a repository.
COMMON: Final = (
    ("policy.yml", POLICY_PATH),
    ("workflows/stepwise-gates.yml", ".github/workflows/stepwise-gates.yml"),
    ("workflows/stepwise-worker.yml", ".github/workflows/stepwise-worker.yml"),
)
# Names that no dialect takes for a plan: a template is not executed by mistake.
BY_DIALECT: Final = {
    Dialect.EXEC_PLAN: (
        ("exec-plan/template.md", "docs/exec-plans/active/_template.md"),
        ("exec-plan/active-index.md", "docs/exec-plans/active/index.md"),
        ("exec-plan/completed-index.md", "docs/exec-plans/completed/index.md"),
    ),
    Dialect.MEMORY_BANK: (("memory-bank/template.md", "memory-bank/plan/_template.md"),),
    Dialect.SPEC_PLAN: (
        ("spec-plan/template.md", "specs/_template/PLAN.template.md"),
        ("spec-plan/index.md", "specs/INDEX.md"),
    ),
    Dialect.TEAM_SESSION: (
        ("team-session/team-session.json", ".workflow/.team/_template/team-session.template.json"),
        ("team-session/task-analysis.json", ".workflow/.team/_template/task-analysis.template.json"),
        ("team-session/role-spec.md", ".workflow/.team/_template/role-specs/role.template.md"),
    ),
}


class Outcome(StrEnum):
    WRITTEN = "written"
    KEPT = "kept"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Written:
    """What became of one file; `reason` says why it could not be written."""

    path: str
    outcome: Outcome
    reason: str | None = None


class UnsafePlaceError(Exception):
    """A file's place is not inside the folder; the message is one line."""


def scaffold_files(dialects: Iterable[Dialect]) -> dict[str, bytes]:
    """Every file by its path from the root of the repository, with its content."""
    chosen = [*COMMON, *(pair for dialect in dialects for pair in BY_DIALECT[dialect])]
    templates = files("bot") / "templates"
    return {place: templates.joinpath(*template.split("/")).read_bytes() for template, place in chosen}


def write_files(root: Path, content: dict[str, bytes], *, dry_run: bool) -> list[Written]:
    """Write what is not there yet, in order; what is there stays as it is.

    Raises UnsafePlaceError, before anything is written, if a linked folder leads out of the root.
    """
    root = root.resolve()
    for path in content:
        _refuse_way_out(root, path)
    return [_write(root, path, text, dry_run=dry_run) for path, text in content.items()]


def _refuse_way_out(root: Path, path: str) -> None:
    folder = (root / path).parent
    try:
        real = folder.resolve()
    except (OSError, RuntimeError) as error:
        raise UnsafePlaceError(f"{path}: its folder cannot be followed") from error
    if not real.is_relative_to(root):
        raise UnsafePlaceError(f"{path}: its folder is a link that leads out of {root}")


def _write(root: Path, path: str, content: bytes, *, dry_run: bool) -> Written:
    target = root / path
    if os.path.lexists(target):
        return Written(path, Outcome.KEPT)
    blocked = _not_a_folder(root, target.relative_to(root).parts[:-1])
    if blocked is not None:
        return Written(path, Outcome.FAILED, f"{blocked} is not a folder")
    if dry_run:
        return Written(path, Outcome.WRITTEN)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        # Creating it fails if anything, a link too, has appeared there since.
        with target.open("xb") as file:
            _fill(file, target, content)
    except FileExistsError:
        return Written(path, Outcome.KEPT)
    except OSError as error:
        return Written(path, Outcome.FAILED, error.strerror)
    return Written(path, Outcome.WRITTEN)


def _fill(file: BinaryIO, target: Path, content: bytes) -> None:
    """Write all of it or leave no file: half a policy would be taken for the team's own the next time."""
    try:
        file.write(content)
        file.flush()
    except OSError:
        target.unlink(missing_ok=True)
        raise


def _not_a_folder(root: Path, parts: Sequence[str]) -> str | None:
    """The first part of a way that is there and is no folder."""
    for count in range(1, len(parts) + 1):
        folder = root.joinpath(*parts[:count])
        if os.path.lexists(folder) and not folder.is_dir():
            return "/".join(parts[:count])
    return None
