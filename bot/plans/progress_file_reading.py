"""Reading PROGRESS.md back after an interruption, as the bot wrote it or as people changed it since."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from bot.plans import block_ids
from bot.plans.document import Document, read_document
from bot.plans.inert import NOTHING
from bot.plans.inline import Text, code_spans, plain
from bot.plans.nodes import Item, ListNode, Table, walk
from bot.plans.progress_file_layout import NOTES, PLAN_NAMES, STEP_NAMES, columns, find_table, header_field
from bot.plans.progress_file_record import ProgressRecord, ProgressTask, TaskState
from bot.plans.spec_plan_tasks import task_entry

_STATES: Final[tuple[tuple[TaskState, re.Pattern[str]], ...]] = (
    ("failed", re.compile(r"\b(?:fail(?:ed|s)?|error|broken)\b|❌|✗", re.IGNORECASE)),
    ("skipped", re.compile(r"\b(?:skip(?:ped)?|dropped|won't do|cancel(?:l?ed)?)\b|⏭", re.IGNORECASE)),
    ("pending", re.compile(r"\b(?:not (?:yet )?(?:started|done)|pending|todo|to do|open|waiting)\b", re.IGNORECASE)),
    ("in_progress", re.compile(r"\b(?:in[ _-]?progress|active|wip|started|running|doing)\b|🔄|⏳|🚧", re.IGNORECASE)),
    ("done", re.compile(r"\b(?:done|completed?|finished|ok|yes|merged)\b|✅|☑|✔|\[x\]", re.IGNORECASE)),
)
_TAIL: Final = re.compile(r"\s+(?:[—–-]+\s|\().*", re.DOTALL)
_HASH: Final = re.compile(r"(?<![0-9A-Za-z])[0-9a-fA-F]{7,64}(?![0-9A-Za-z])")


def read_progress(text: str) -> ProgressRecord | None:
    """What a PROGRESS.md says; None when it names neither a task nor a step.

    A state in words of its own is read as the nearest of the five, as pending if it is like none of them.
    """
    document = read_document(text)
    tasks: dict[str, ProgressTask] = {}
    for task in _tasks(document):
        tasks.setdefault(task.id, task)
    step = _words(document, *STEP_NAMES)
    if not tasks and not step:
        return None
    weight = _words(document, "weight") or next(
        (plain(field.value.content) for field in document.fields if field.name == "weight"), ""
    )
    return ProgressRecord(
        feature=_feature(document),
        plan_path=_words(document, *PLAN_NAMES),
        weight=weight.casefold() if weight.casefold() in ("light", "full") else None,
        step=step,
        tasks=tuple(tasks.values()),
        notes=tuple(_notes(document)),
    )


def _words(document: Document, *names: str) -> str:
    field = header_field(document, names)
    words = plain(field.value.content) if field is not None else ""
    return "" if words == NOTHING else words


def _feature(document: Document) -> str:
    title = next((section.title for section in document.sections if section.level == 1), "")
    words = re.sub(r"^progress\s*[:\uff1a–—-]\s*", "", title, flags=re.IGNORECASE).strip()
    return "" if words == NOTHING else words


def _tasks(document: Document) -> Iterator[ProgressTask]:
    table = find_table(document, anywhere=True)
    if table is not None:
        yield from _rows(table)
        return
    for node in walk(document.nodes):
        if isinstance(node, ListNode):
            yield from filter(None, map(_from_item, node.items))


def _rows(table: Table) -> Iterator[ProgressTask]:
    found = columns(table)
    if found is None:
        return
    for row in table.rows:
        written = plain(row.cells[found.id].content)
        entry = task_entry(written) or (block_ids.canonical(written).rstrip(".:"), "")
        words = plain(row.cells[found.title].content) if found.title is not None else entry[1]
        if entry[0] and entry[0] != NOTHING:
            state = _state(plain(row.cells[found.state].content))
            commit = _hash(row.cells[found.commit]) if found.commit is not None else ""
            yield ProgressTask(entry[0], "" if words == NOTHING else words, state, commit)


def _from_item(item: Item) -> ProgressTask | None:
    """`- [x] Task 1: title — done (`abc1234`)`, for people who keep a list instead of the table."""
    if item.text is None:
        return None
    words = plain(item.text.content)
    entry = task_entry(words)
    if entry is None:
        return None
    found = _TAIL.search(entry[1])
    title, said = (entry[1][: found.start()], found.group()) if found is not None else (entry[1], "")
    state = _state(said)
    if item.checked is True and state == "pending":
        state = "done"
    return ProgressTask(entry[0], title, state, _hash(item.text))


def _state(words: str) -> TaskState:
    return next((state for state, pattern in _STATES if pattern.search(words)), "pending")


def _hash(said: Text | None) -> str:
    if said is None:
        return ""
    codes = [code.text.strip() for code in code_spans(said) if _HASH.fullmatch(code.text.strip())]
    bare = _HASH.search(plain(said.content))
    return codes[0] if codes else bare.group() if bare is not None else ""


def _notes(document: Document) -> Iterator[str]:
    section = document.section(NOTES)
    for node in document.nodes_in(section.body) if section is not None else ():
        if isinstance(node, ListNode):
            yield from (words for item in node.items if item.text and (words := plain(item.text.content)))
