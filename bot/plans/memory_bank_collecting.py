"""Everything in a region of a memory-bank plan that looks like a task: headings, rows, paragraphs, list items."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from bot.plans import findings as say
from bot.plans.document import Document, Section
from bot.plans.inline import Text, plain
from bot.plans.memory_bank_candidates import Candidate
from bot.plans.memory_bank_ids import Name, Rank, is_range, read_name
from bot.plans.memory_bank_outline import Outline
from bot.plans.memory_bank_regions import Region, is_aside
from bot.plans.memory_bank_tables import tasks_of_table
from bot.plans.memory_bank_terms import item_terms, sections_in
from bot.plans.model import Finding
from bot.plans.nodes import Item, ListNode, Node, Paragraph, Quote, Span, Table
from bot.plans.placeholders import is_placeholder

_ODD_HEADING: Final = re.compile(r"(?P<id>[A-Za-z][A-Za-z0-9_.]{0,30}-[A-Za-z0-9_.-]{1,30})\s*:\s+(?P<title>\S.*)")
_DOTTED: Final = re.compile(r"(?P<id>\d{1,4}(?:\.\d{1,4}){1,3})\s+(?P<title>\S.*)")
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


def collect(document: Document, outline: Outline, region: Region) -> Collected:
    found = Collected(region)
    for section in sections_in(document, region.span):
        _heading(outline, section, region, found)
    for node in document.nodes_in(region.span):
        parent = outline.at(node.span.start)
        if _is_aside_in(outline, region, parent):
            continue
        _node(document, node, parent.heading.start if parent else -1, found)
    found.named.sort(key=lambda candidate: candidate.line)
    found.numbered.sort(key=lambda candidate: candidate.line)
    return found


def _is_aside_in(outline: Outline, region: Region, section: Section | None) -> bool:
    if section is None or section is region.section or section.heading.start >= region.section.body.end:
        return False  # behind the section's own end only parts of tasks follow ("## Notes" of one of them)
    around: Section | None = section
    while around is not None and around is not region.section:
        if is_aside(region, around) and not outline.is_named(around):
            return True
        around = outline.around(around)
    return False


def _heading(outline: Outline, section: Section, region: Region, found: Collected) -> None:
    parent = outline.around(section)
    if _is_aside_in(outline, region, parent):
        return
    if is_range(section.title):
        found.findings.append(say.SEVERAL_IDS.at(section.line, title=section.title))
        return
    name = outline.name(section)
    dotted = _DOTTED.match(section.title)
    if name is None and dotted is not None:
        name = Name(dotted["id"], dotted["title"], Rank.NUMBER)
    elif name is None:
        odd = _ODD_HEADING.match(section.title)
        name = Name(odd["id"], odd["title"], Rank.TASK) if odd else Name("", section.title, Rank.TASK)
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
        dotted = _DOTTED.match(plain(words))
        if name is None and dotted is not None:
            name = Name(dotted["id"], dotted["title"], Rank.NUMBER)
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
