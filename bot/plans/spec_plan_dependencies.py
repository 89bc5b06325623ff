"""Dependencies that a spec-plan states apart from its tasks: a "Dependencies" section with sentences or a table."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from bot.plans import block_ids
from bot.plans.block_reading import DEPENDENCIES, Draft
from bot.plans.document import Document
from bot.plans.fields import normal_name
from bot.plans.inline import plain
from bot.plans.nodes import Table
from bot.plans.spec_plan_tasks import TaskPlace, is_within_task

_SECTION: Final = re.compile(r"(?:task |execution )?(?:dependencies|dependency (?:graph|order|table))")
_SENTENCE: Final = re.compile(
    r"(?P<tasks>.{1,80}?)\s*(?:(?P<colon>[:\uff1a])|\bdepends? on\b|\brequires?\b|\bneeds?\b|\b(?:is|are) blocked by\b"
    r"|\b(?:goes|comes|runs?) after\b|←)\s*(?:depends on\b\s*)?(?P<others>\S.*)",
    re.IGNORECASE,
)


def with_stated_dependencies(document: Document, drafts: Sequence[Draft], places: Sequence[TaskPlace]) -> list[Draft]:
    """The drafts with what the section says about those that are silent themselves; `none` counts as said."""
    said: dict[str, tuple[str, int]] = {}
    for tasks, others, line in _statements(document, places):
        for task in tasks:
            before = said.get(task.casefold())
            said[task.casefold()] = (f"{before[0]}, {others}" if before else others, before[1] if before else line)
    return [
        replace(draft, depends=said[key][0], depends_line=said[key][1])
        if draft.depends is None and (key := draft.block.id.casefold()) in said
        else draft
        for draft in drafts
    ]


def _statements(document: Document, places: Sequence[TaskPlace]) -> Iterator[tuple[list[str], str, int]]:
    """Ids of tasks, what they depend on, and the 0-based line where that stands."""
    for section in document.sections:
        if not _SECTION.fullmatch(section.name) or is_within_task(places, section.line):
            continue
        nodes = document.nodes_in(section.own)
        for text in document.texts_in(section.own):
            for number, line in enumerate(text.content.split("\n")):
                yield from _sentence(plain(line), text.line + number)
        for node in nodes:
            if isinstance(node, Table):
                yield from _rows(node)


def _sentence(words: str, line: int) -> Iterator[tuple[list[str], str, int]]:
    match = _SENTENCE.fullmatch(words)
    if match is None:
        return
    tasks, others = _only_ids(match["tasks"]), match["others"].rstrip(".")
    is_said = not match["colon"] or block_ids.says_none(others) or block_ids.is_only_ids(others)
    if tasks and is_said:
        yield tasks, others, line


def _rows(table: Table) -> Iterator[tuple[list[str], str, int]]:
    names = [normal_name(plain(cell.content)) for cell in table.header.cells]
    column = next((index for index, name in enumerate(names) if name in DEPENDENCIES and index), None)
    if column is None:
        return
    for row in table.rows:
        words = plain(row.cells[0].content)
        entry = block_ids.leading_entry(words, numbers=True)
        tasks = _only_ids(words) or ([entry.id] if entry.id else [])
        others = plain(row.cells[column].content)
        if tasks and others:
            yield tasks, others, row.span.start


def _only_ids(words: str) -> list[str]:
    try:
        return block_ids.ids_in(words) if block_ids.is_only_ids(words) else []
    except block_ids.RangeError:
        return []
