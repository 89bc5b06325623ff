"""Which tasks a spec-plan sets side by side: lists of task numbers, and independent tasks whose files overlap."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, islice
from typing import Final

from bot.plans import block_ids
from bot.plans import findings as say
from bot.plans.document import Document
from bot.plans.inline import plain
from bot.plans.model import Block, Finding
from bot.plans.patterns import may_overlap
from bot.plans.spec_plan_tasks import TaskPlace, is_within_task

# A plan of 500 independent tasks has 125,000 pairs, and a file may list the same tasks over and over.
PAIRS_LIMIT: Final = 1000
LINES_LIMIT: Final = 200

_SECTION: Final = re.compile(r"\b(?:parallel(?:i[sz]ation|ism|i[sz]able)?|independent(?: tasks?)?)\b")
_ONE: Final = r"#?[A-Za-z]{0,6}[-_.]?\d{1,6}(?:\.\d{1,6})*"
_LIST: Final = re.compile(
    rf"\btasks?\s+{_ONE}(?:\s*(?:,|&|\+|/|\band\b|\bor\b|–|—|-|\bto\b|\bthrough\b)+\s*(?:and\s+)?(?:tasks?\s+)?{_ONE})*",
    re.IGNORECASE,
)
_ENTRY: Final = re.compile(rf"(?:tasks?\s+)?{_ONE}\s*(?:[:.)]|[-–—]+\s|$)", re.IGNORECASE)
_GROUP: Final = re.compile(r"(?:group|wave|batch|phase|round|stage|lane|track)\b", re.IGNORECASE)
_NOT: Final = re.compile(
    r"\b(?:not|cannot|can't|never|no|none|sequential(?:ly)?|serial(?:ly)?|after|before|depends?|then|first|wait)\b",
    re.IGNORECASE,
)


def marked_in_lists(document: Document, places: Sequence[TaskPlace]) -> tuple[frozenset[str], tuple[Finding, ...]]:
    """The ids of tasks that a "Parallel" section or field names, and findings for ids that are no task."""
    known = {place.id.casefold(): place.id for place in places}
    marked: set[str] = set()
    findings: list[Finding] = []
    lines = list(islice(_lines(document, places), LINES_LIMIT))
    groups = sum(_GROUP.match(words) is not None for _, words in lines)
    for line, words in lines:
        # Several groups or waves say an order among them, which a mark on a task cannot carry.
        if _NOT.search(words) or (_GROUP.match(words) and groups > 1):
            continue
        for block_id in _named(words):
            if block_id.casefold() in known:
                marked.add(known[block_id.casefold()])
            else:
                findings.append(say.UNKNOWN_IN_PARALLEL.at(line, id=block_id))
    return frozenset(marked), tuple(findings)


def _lines(document: Document, places: Sequence[TaskPlace]) -> Iterator[tuple[int, str]]:
    """The 0-based line and words of each paragraph line and list item of a "Parallel" section or field."""
    for section in document.sections:
        if section.level == 1 or not _SECTION.search(section.name):
            continue
        if is_within_task(places, section.line):
            continue
        for text in document.texts_in(section.own):
            for number, line in enumerate(text.content.split("\n")):
                yield text.line + number, plain(line)
    for field in document.fields:
        if _SECTION.search(field.name) and not is_within_task(places, field.line):
            yield field.line, plain(field.value.content)
            for item in field.items:
                if item.text is not None:
                    yield item.span.start, plain(item.text.content)


def _named(words: str) -> list[str]:
    try:
        if block_ids.is_only_ids(words):
            return block_ids.ids_in(words)
        if _ENTRY.match(words):
            entry = block_ids.leading_entry(words, numbers=True)
            return [entry.id] if entry.id else []
        return [block_id for match in _LIST.finditer(words) for block_id in block_ids.ids_in(match.group())]
    except block_ids.RangeError:
        return []


def overlaps(blocks: Sequence[Block], lines: Mapping[str, int]) -> list[Finding]:
    """A warning for each pair of independent tasks that may change the same file; they are never run side by side."""
    independent = [block for block in blocks if block.independent and block.files]
    findings = []
    for one, other in islice(combinations(independent, 2), PAIRS_LIMIT):
        if one.id == other.id or not may_overlap(one.files, other.files):
            continue
        shared = next((path for path in other.files if may_overlap(one.files, [path])), other.files[0])
        findings.append(say.INDEPENDENT_OVERLAP.at(lines[other.id], id=other.id, other=one.id, path=shared))
    return findings
