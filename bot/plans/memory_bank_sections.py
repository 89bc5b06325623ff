"""What a memory-bank plan says beside its tasks: goal, milestones, readiness, gates, success criteria."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from bot.plans.block_reading import list_of
from bot.plans.document import Document, Section
from bot.plans.fields import Field, normal_name
from bot.plans.inline import plain
from bot.plans.memory_bank_ids import Rank, read_name
from bot.plans.memory_bank_terms import sections_in
from bot.plans.model import Box
from bot.plans.nodes import Item, ListNode, Node, Paragraph, Span, Table
from bot.plans.placeholders import filled, is_placeholder

_GOAL: Final = re.compile(
    r"(?:the |main |primary |core |overall |project |singular |plan )*(?:goals?|objectives?|purpose|aim|mission"
    r"|(?:target|desired|intended) outcomes?|outcomes?)(?:\s*(?:&|and|/|\+|,|:|statement|-|–|—)(?:\s.*)?)?"
    r"|(?:목표|목적)(?:\s*(?:및|와|과)\s.*)?|目标|目的|目標|ゴール"
)
_READINESS: Final = re.compile(
    r"readiness\b.*|ready\b.*|definition of ready|dor|pre-?flight\b.*|pre-?conditions?|pre-?requisites?"
    r"|준비 ?(?:상태|사항)|准备(?:就绪|情况)?|準備"
)
_GATES: Final = re.compile(
    r"(?:quality|validation|verification|acceptance|release|review)? ?(?:gates?|checkpoints?)"
    r"|gates? (?:&|and) .*|품질 게이트|质量(?:门|关卡)|品質ゲート"
)
_SUCCESS: Final = re.compile(
    r"success (?:criteria|metrics|measures)|definition of done|dod|acceptance criteria|exit criteria|done criteria"
    r"|성공 (?:기준|지표)|완료 (?:기준|조건)|成功(?:标准|標準|基準)|完成标准|验收标准"
)
_MILESTONES: Final = re.compile(r"(?:\w+ )?milestones?\b.*|마일스톤|里程碑|マイルストーン")
_DELIVERABLES: Final = re.compile(r"deliverables?\b.*\b(?:dod|definition of done)\b.*", re.IGNORECASE)
_TICKED: Final = "✅☑✔🟢"
_UNTICKED: Final = "⏳❌⬜☐▢🔲🔴🟡🚧⚠"
_MARKED: Final = re.compile(rf"([{_TICKED}{_UNTICKED}])\ufe0f?\s*(?=\S)")


def goal_sections(document: Document, tasks: Sequence[Span]) -> Iterator[Section]:
    """The sections that state the plan's goal; goals of single phases below the list of tasks are none."""
    for section in document.sections:
        if _GOAL.fullmatch(section.name) and not any(section.heading.start in span for span in tasks):
            yield section


def is_goal(section: Section) -> bool:
    return _GOAL.fullmatch(section.name) is not None


def goal_in(document: Document, section: Section) -> str | None:
    """The first words of a section that are not the template's and no label of something else."""
    for text in document.texts_in(section.body):
        words = filled(text.content)
        if words is not None and not words.endswith((":", "\uff1a")):
            return words
    return None


def readiness(document: Document) -> tuple[Box, ...]:
    """The boxes of Readiness (Definition of Ready): checkboxes, and bullets with a mark for ready or not."""
    found: list[Box] = []
    for section in _named(document, _READINESS):
        for item in _items(document.nodes_in(section.body)):
            if item.text is None or is_placeholder(item.text.content):
                continue
            words, is_ticked = plain(item.text.content), item.checked
            mark = _MARKED.match(words)
            if is_ticked is None and mark is not None:
                words, is_ticked = words[mark.end() :], mark[1] in _TICKED
            if is_ticked is not None and words:
                found.append(Box(words, is_ticked, item.text.line + 1))
    return tuple(found)


def gates(document: Document) -> tuple[str, ...]:
    """The quality gates in order: headings, items or rows of their section, else the field that lists them."""
    for section in _named(document, _GATES):
        headings = [below.title for below in sections_in(document, section.body)]
        if any(re.match(r"\W*gate\b", title, re.IGNORECASE) for title in headings):
            return tuple(headings)
        if found := tuple(_entries(document.nodes_in(section.body))):
            return found
    for one in document.fields_named(document.all, "gates", "quality gates", "validation gates"):
        if found := list_of(one):
            return found
    return ()


def success_criteria(document: Document) -> tuple[str, ...]:
    """What has to hold in the end: a section of that name, else the deliverables that are the definition of done."""
    for section in _named(document, _SUCCESS):
        if section.level <= 2 and (found := tuple(_entries(document.nodes_in(section.body)))):
            return found
    for section in document.sections:
        if _DELIVERABLES.fullmatch(section.title):
            return tuple(_entries(document.nodes_in(section.own)))
    return ()


def milestones(document: Document) -> tuple[str, ...]:
    """The milestones as `M1: title`, from their section (headings, items or rows), else from headings anywhere."""
    for section in _named(document, _MILESTONES):
        below = sections_in(document, section.body)
        for written in (
            [each.title for each in below],
            [item.text.content for item in _items(document.nodes_in(section.body)) if item.text is not None],
            _milestone_rows(document.nodes_in(section.body)),
        ):
            if found := _milestones(written):
                return found
    return _milestones([section.title for section in document.sections], is_sure=False)


def _milestones(written: list[str], *, is_sure: bool = True) -> tuple[str, ...]:
    found: dict[str, str] = {}
    for text in written:
        name = read_name(text)
        if name is not None and (name.rank is Rank.PHASE or (is_sure and name.rank is Rank.NUMBER and name.title)):
            found.setdefault(name.id, f"{name.id}: {name.title}" if name.title else name.id)
    return tuple(found.values())


def _milestone_rows(nodes: tuple[Node, ...]) -> list[str]:
    rows: list[str] = []
    for node in nodes:
        if not isinstance(node, Table) or len(node.header.cells) < 2:
            continue
        names = [normal_name(plain(cell.content)) for cell in node.header.cells]
        title = next((index for index, name in enumerate(names) if index and _MILESTONES.fullmatch(name)), 1)
        rows += [f"{row.cells[0].content}: {row.cells[title].content}" for row in node.rows]
    return rows


def _named(document: Document, pattern: re.Pattern[str]) -> Iterator[Section]:
    return (section for section in document.sections if pattern.fullmatch(section.name))


def _items(nodes: tuple[Node, ...]) -> Iterator[Item]:
    for node in nodes:
        if isinstance(node, ListNode):
            yield from node.items


def _entries(nodes: tuple[Node, ...]) -> Iterator[str]:
    """List items and table rows as plain words; a paragraph counts only where there is neither."""
    found = [words for item in _items(nodes) if item.text is not None and (words := filled(item.text.content))]
    for node in nodes:
        if isinstance(node, Table):
            cells = [[plain(cell.content) for cell in row.cells] for row in node.rows]
            found += [" — ".join(words for words in row if words) for row in cells if any(row)]
    if not found:
        found = [words for node in nodes if isinstance(node, Paragraph) and (words := filled(node.text.content))]
    yield from found


def header_fields(document: Document, title: Section | None, *names: str) -> list[Field]:
    """Fields of these names above the first section, or in a section about the document itself."""
    spans: list[Span] = [document.preamble]
    if title is not None:
        spans.append(title.own)
    about = (
        "metadata",
        "meta",
        "header",
        "status",
        "plan status",
        "plan metadata",
        "overview",
        "branch",
        "상태",
        "状态",
    )
    spans += [section.own for section in document.sections_named(*about)]
    return [one for span in spans for one in document.fields_named(span, *names)]
