"""PROGRESS.md beside a PLAN.md, kept while the plan is executed so that an interrupted run can be taken up again.

Its form: a title, `**Weight**`, `**Current step**` and `**Plan**`, a table of tasks under *Tasks*, bullets under
*Notes*. The fields, the table and the bot's own notes are kept up to date; everything else is people's and stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final, assert_never

from bot.plans.block_ids import canonical
from bot.plans.document import Document, read_document
from bot.plans.edit import Lines, Splice
from bot.plans.inert import NOTHING, inert_code, inert_text
from bot.plans.inline import plain
from bot.plans.nodes import ListNode, Table
from bot.plans.progress_file_layout import (
    NOTES,
    PLAN_NAMES,
    STEP_NAMES,
    TASKS,
    Columns,
    columns,
    find_table,
    header_field,
    tasks_section,
)
from bot.plans.progress_file_reading import read_progress
from bot.plans.progress_file_record import ProgressRecord, ProgressTask, TaskState, progress_path
from bot.plans.record_fields import append_section, edited, value_splice
from bot.plans.spec_status_cells import cell_splice, first_line, in_cell

__all__ = ["ProgressRecord", "ProgressTask", "TaskState", "apply_progress", "progress_path", "read_progress"]

_TITLE_LIMIT: Final = 200
_HEADERS: Final = ("#", "Task", "Status", "Commit")


def apply_progress(text: str | None, record: ProgressRecord) -> str:
    """Bring PROGRESS.md to hold the record; None creates it. Doing it twice equals doing it once.

    Everything in the record counts as untrusted and is written as one inert line.
    """
    if text is None or not text.strip("\ufeff \t\r\n"):
        return _fresh(record)
    document = _bring_header(read_document(text), record)
    document = _bring_table(document, record.tasks)
    return _bring_notes(document, record.notes).text


def _fresh(record: ProgressRecord) -> str:
    lines = [f"# Progress: {inert_text(record.feature, _TITLE_LIMIT) or NOTHING}", ""]
    lines += [f"**{label}**: {value}" for label, _, value in _fields(record)]
    lines += ["", f"## {TASKS}", "", *_table(record.tasks)]
    if record.notes:
        lines += ["", f"## {NOTES}", "", *_bullets(record.notes)]
    return "\n".join(lines) + "\n"


def _fields(record: ProgressRecord) -> tuple[tuple[str, tuple[str, ...], str], ...]:
    """Label, spellings of the name, and value of each field of the header."""
    return (
        ("Weight", ("weight",), inert_text(record.weight or "", 40) or NOTHING),
        ("Current step", STEP_NAMES, inert_text(record.step, 80) or NOTHING),
        ("Plan", PLAN_NAMES, inert_code(record.plan_path)),
    )


def _bullets(notes: Sequence[str]) -> list[str]:
    return [f"- {words}" for note in dict.fromkeys(notes) if (words := inert_text(note))]


def state_words(state: TaskState) -> str:
    """A state as the table says it."""
    match state:
        case "in_progress":
            return "in progress"
        case "pending" | "done" | "failed" | "skipped":
            return state
    assert_never(state)


def _table(tasks: Sequence[ProgressTask]) -> list[str]:
    return [_line(_HEADERS), "|---|------|--------|--------|", *(_line(_cells(task)) for task in tasks)]


def _cells(task: ProgressTask) -> tuple[str, str, str, str]:
    return (
        inert_text(task.id, 40) or NOTHING,
        inert_text(task.title, _TITLE_LIMIT) or NOTHING,
        state_words(task.state),
        inert_code(task.commit, 64) if task.commit else NOTHING,
    )


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(in_cell(cell) for cell in cells) + " |"


def _bring_header(document: Document, record: ProgressRecord) -> Document:
    changes: list[Splice | None] = []
    missing: list[str] = []
    for label, names, value in _fields(record):
        field = header_field(document, names)
        if field is None:
            missing.append(f"**{label}**: {value}")
        else:
            first = replace(field, value=first_line(field.value))
            changes.append(value_splice(document.text, first, value))
    if missing:
        changes.append(_below_title(document, missing))
    return edited(document, [change for change in changes if change is not None])


def _below_title(document: Document, bodies: list[str]) -> Splice:
    lines = Lines(document.text)
    title = document.sections[0] if document.sections and document.sections[0].level == 1 else None
    front = document.front_matter
    at = title.heading.end if title else front.span.end if front else 0
    behind = [""] if at < len(lines) and not lines.is_blank(at) else []
    return lines.insert(at, [*([""] if at else []), *bodies, *behind])


def _bring_table(document: Document, tasks: Sequence[ProgressTask]) -> Document:
    """The bot's own table is written anew; one with other columns is kept, and its cells brought up to date."""
    lines = Lines(document.text)
    table = find_table(document)
    found = columns(table) if table is not None else None
    if table is not None and found is not None:
        if tuple(plain(cell.content) for cell in table.header.cells) != _HEADERS:
            return edited(document, list(_changes(document, table, found, tasks)))
        start, end, rows = table.span.start, table.span.end, _table(tasks)
        if [lines.body(number).rstrip() for number in range(start, end)] == rows:
            return document
        return edited(document, [lines.replace(start, end, rows)])
    section = tasks_section(document)
    if section is None:
        return append_section(document, TASKS, _table(tasks))
    return edited(document, [lines.insert(section.own.start, ["", *_table(tasks), ""])])


def _changes(document: Document, table: Table, found: Columns, tasks: Sequence[ProgressTask]) -> Iterator[Splice]:
    """The cells of known tasks that have to change, and rows for the others; rows of other tasks stay."""
    rows = {canonical(plain(row.cells[found.id].content)).casefold(): row for row in table.rows}
    new = []
    for task in {task.id.casefold(): task for task in tasks}.values():
        task_id, title, state, commit = _cells(task)
        places = {found.id: task_id, found.title: title, found.state: state, found.commit: commit}
        row = rows.get(task.id.casefold())
        if row is None:
            new.append(_line([places.get(index, "") for index in range(found.count)]))
            continue
        for column, words in ((found.state, state), (found.commit, commit)):
            change = cell_splice(document.text, row.cells[column], words) if column is not None else None
            if change is not None:
                yield change
    if new:
        yield Lines(document.text).insert(table.span.end, new)


def _bring_notes(document: Document, notes: Sequence[str]) -> Document:
    """Add the notes that do not stand there yet; what stands there stays."""
    section = document.section(NOTES)
    present = {text.content for text in document.texts_in(section.body)} if section is not None else set()
    new = [bullet for bullet in _bullets(notes) if bullet[2:] not in present]
    if not new:
        return document
    if section is None:
        return append_section(document, NOTES, new)
    lines = Lines(document.text)
    lists = [node for node in document.nodes_in(section.own) if isinstance(node, ListNode)]
    if lists and not lists[-1].is_ordered:
        return edited(document, [lines.insert(lists[-1].span.end, new)])
    return edited(document, [lines.insert(section.own.start, ["", *new, ""])])
