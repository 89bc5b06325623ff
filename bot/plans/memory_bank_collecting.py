"""Everything in a region of a memory-bank plan that looks like a task: headings, rows, paragraphs, list items."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from bot.plans.document import Document, Section
from bot.plans.inline import Text, plain
from bot.plans.memory_bank_candidates import Candidate
from bot.plans.memory_bank_ids import Name, Rank, is_range, name_in, read_name
from bot.plans.memory_bank_regions import Region, is_aside
from bot.plans.memory_bank_tables import tasks_of_table
from bot.plans.memory_bank_terms import item_terms, sections_in
from bot.plans.model import Finding
from bot.plans.nodes import Item, ListNode, Node, Paragraph, Quote, Span, Table
from bot.plans.placeholders import is_placeholder

_ODD_HEADING: Final = re.compile(r"(?P<id>[A-Za-z][A-Za-z0-9_.]{0,30}-[A-Za-z0-9_.-]{1,30})\s*:\s+(?P<title>\S.*)")
_INLINE_FIELD: Final = re.compile(r"\s+[|·•]\s+(?=\*\*|__)")
_PLAIN_TASK: Final = re.compile(r"\s*[A-Za-z]{1,4}-?\d{1,4}(?:\.\d{1,4})*(?:\s*\([^()]*\))?(?::\s|\s+[-–—]{1,2}\s)")


@dataclass(slots=True)
class Collected:
    """What was found in one region.

    `numbered` are the items and headings that only have a place in a row, `bullets` those that have not even that.
    """

    region: Region
    named: list[Candidate] = field(default_factory=list)
    numbered: list[Candidate] = field(default_factory=list)
    bullets: list[Candidate] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def collect(document: Document, region: Region) -> Collected:
    found = Collected(region)
    parents = _Parents(document)
    for section in sections_in(document, region.span):
        _heading(parents, section, region, found)
    for node in document.nodes_in(region.span):
        parent = parents.at(node.span.start)
        if _is_aside_in(region, parent):
            continue
        _node(document, node, parent.heading.start if parent else -1, found)
    found.named.sort(key=lambda candidate: candidate.line)
    found.numbered.sort(key=lambda candidate: candidate.line)
    return found


class _Parents:
    """The innermost section around a line, and the one around a section."""

    def __init__(self, document: Document) -> None:
        self._sections = document.sections
        self._starts = [section.heading.start for section in document.sections]
        self._around: dict[int, Section | None] = {}
        open_sections: list[Section] = []
        for section in document.sections:
            while open_sections and open_sections[-1].level >= section.level:
                open_sections.pop()
            self._around[section.heading.start] = open_sections[-1] if open_sections else None
            open_sections.append(section)

    def at(self, line: int) -> Section | None:
        index = bisect_right(self._starts, line) - 1
        return self._sections[index] if index >= 0 else None

    def of(self, section: Section) -> Section | None:
        return self._around[section.heading.start]


def _is_aside_in(region: Region, section: Section | None) -> bool:
    if section is None or section is region.section or section.heading.start >= region.section.body.end:
        return False  # behind the section's own end only parts of tasks follow ("## Notes" of one of them)
    return is_aside(section) and not _is_named(section)


def _is_named(section: Section) -> bool:
    name = name_in(section.title)
    return name is not None and name.rank is not Rank.NUMBER


def _heading(parents: _Parents, section: Section, region: Region, found: Collected) -> None:
    parent = parents.of(section)
    if _is_aside_in(region, parent):
        return
    name = name_in(section.title)
    if name is None:
        odd = _ODD_HEADING.match(section.title)
        name = Name(odd["id"], odd["title"], Rank.TASK) if odd else Name("", section.title, Rank.TASK)
    if is_range(section.title):
        return
    candidate = Candidate(name, section.heading, "heading", parent.heading.start if parent else -1, level=section.level)
    (found.numbered if name.rank is Rank.NUMBER else found.named).append(candidate)


def _node(document: Document, node: Node, parent: int, found: Collected) -> None:
    match node:
        case Table():
            found.named += tasks_of_table(document, node, found.findings)
        case Paragraph(text=text):
            found.named += _paragraph(text, parent)
        case ListNode():
            _list(document, node, node, found, is_top=True)
        case Quote():
            pass  # somebody else's words
        case _:
            pass


def _paragraph(text: Text, parent: int) -> Iterator[Candidate]:
    """Lines that begin with an id in bold, or with an id and a mark."""
    for index, line in enumerate(text.content.split("\n")):
        is_bold = line.lstrip("✅☑✔⬜☐🔲⏳ \ufe0f").startswith(("**", "__"))
        if not is_bold and not _PLAIN_TASK.match(plain(line)):
            continue
        if is_range(line):
            continue
        name = read_name(_INLINE_FIELD.split(line)[0])
        if name is not None and name.rank is not Rank.NUMBER:
            at = text.line + index
            yield Candidate(name, Span(at, at + 1), "paragraph", parent)


def _list(document: Document, node: ListNode, outer: ListNode, found: Collected, *, is_top: bool) -> None:
    for position, item in enumerate(node.items, start=1):
        if item.text is None or is_placeholder(item.text.content):
            continue
        words = _own_words(document, item, item.text)
        name = None if is_range(words) else read_name(words)
        if name is not None and name.rank is Rank.NUMBER:
            # "- 1.1 Do this": a number alone is a place in a row.
            found.numbered.append(_item(document, item, name, outer, is_top))
        elif name is not None:
            candidate = _item(document, item, name, outer, is_top)
            found.named.append(candidate)
            if name.rank is Rank.PHASE:
                _below(document, item, outer, found)
        else:
            if is_top and (node.is_ordered or item.checked is not None):
                number = item.number if item.number is not None else position
                numbered = Name(str(number), plain(words), Rank.NUMBER)
                found.numbered.append(_item(document, item, numbered, outer, is_top))
            elif is_top:
                found.bullets.append(
                    _item(document, item, Name(str(position), plain(words), Rank.NUMBER), outer, is_top)
                )
            _below(document, item, outer, found)


def _item(document: Document, item: Item, name: Name, outer: ListNode, is_top: bool) -> Candidate:
    is_done = name.is_done or item.checked is True
    named = Name(name.id, name.title, name.rank, name.milestone, name.depends, is_done)
    # Items of one list and of the lists inside it share a container.
    level = 0 if is_top else 1
    return Candidate(named, item.span, "list", outer.span.start, item_terms(document, item), level)


def _below(document: Document, item: Item, outer: ListNode, found: Collected) -> None:
    for child in item.children:
        if isinstance(child, ListNode):
            _list(document, child, outer, found, is_top=False)


def _own_words(document: Document, item: Item, text: Text) -> str:
    """An item's text up to the first of its lines that is a field, and up to a field behind a `|`."""
    keys = {one.line for one in document.fields_in(Span(text.line + 1, item.span.end))}
    kept = []
    for index, line in enumerate(text.content.split("\n")):
        if index and text.line + index in keys:
            break
        kept.append(line)
    return _INLINE_FIELD.split("\n".join(kept))[0]
