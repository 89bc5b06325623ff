"""Where a PROGRESS.md keeps what: the fields at its top, its table of tasks, its notes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.plans.document import Document, Section
from bot.plans.fields import Field, normal_name
from bot.plans.inline import plain
from bot.plans.nodes import Table

TASKS: Final = "Tasks"
NOTES: Final = "Notes"
STEP_NAMES: Final = ("current step", "step")
PLAN_NAMES: Final = ("plan", "plan path")
TITLE_COLUMNS: Final = ("task", "title", "description", "name", "action", "what")
COMMIT_COLUMNS: Final = ("commit", "commit hash", "hash", "sha", "commits")

_ID_COLUMNS: Final = ("#", "id", "task id", "no", "no.", "task #")
_STATE_COLUMNS: Final = ("status", "state", "상태", "状态")


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns of a table of tasks hold what; `title` and `commit` are None where there is no such column."""

    count: int
    id: int
    state: int
    title: int | None
    commit: int | None


def header_field(document: Document, names: Sequence[str]) -> Field | None:
    """A field before the first section, the title aside."""
    title = document.sections[0] if document.sections and document.sections[0].level == 1 else None
    for span in (document.preamble, *([title.own] if title else [])):
        field = document.field(span, *names)
        if field is not None:
            return field
    return None


def tasks_section(document: Document) -> Section | None:
    return document.section(TASKS, "task list", "task status")


def find_table(document: Document, *, anywhere: bool = False) -> Table | None:
    """The table of tasks in the section for tasks: one with a column of ids and one of states."""
    section = tasks_section(document)
    tables = [node for node in document.nodes if isinstance(node, Table) and columns(node) is not None]
    inside = [table for table in tables if section is not None and table.span.start in section.body]
    return next(iter(inside or (tables if anywhere else [])), None)


def columns(table: Table) -> Columns | None:
    """Which columns hold what; None for a table without ids or without states."""
    names = [normal_name(plain(cell.content)) or plain(cell.content).strip() for cell in table.header.cells]
    state, ids = _first(names, _STATE_COLUMNS), _first(names, _ID_COLUMNS)
    if ids is None:
        ids = _first(names, ("task",))
    if state is None or ids is None:
        return None
    titles = tuple(name for name in TITLE_COLUMNS if name != names[ids])
    return Columns(len(names), ids, state, _first(names, titles), _first(names, COMMIT_COLUMNS))


def _first(names: Sequence[str], wanted: Sequence[str]) -> int | None:
    return next((names.index(name) for name in wanted if name in names), None)
