"""Tasks of execution plans that follow no template of ours: numbered headings, slices, numbered lists, tables.

Such plans are never executable, because required sections are missing; reading them shows people what was understood.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from bot.plans import block_ids
from bot.plans.block_reading import Draft, draft_from_fields, draft_from_item, drafts_from_table
from bot.plans.commands import validation_sections
from bot.plans.document import Document, Section
from bot.plans.inline import plain
from bot.plans.nodes import Item, ListNode, Span, Table
from bot.plans.placeholders import is_placeholder

# In this order: where a file has several such lists, the first name here is the list of the work itself.
PLAN_SECTIONS: Final = (
    "implementation plan", "implementation steps", "implementation tasks", "execution plan", "execution steps",
    "work breakdown", "work plan", "work items", "task breakdown", "task list", "tasks", "slice plan",
    "slices", "step plan", "ordered steps", "steps", "plan", "action plan", "actions", "plan of work",
    "concrete steps", "implementation order", "execution order", "implementation", "구현 계획", "실행 계획",
    "작업 계획", "작업", "작업 목록", "구현 순서", "실행 순서", "작업 순서", "任务", "任务列表", "实施计划",
    "remaining work", "next steps", "milestones",
)  # fmt: skip
_ASIDE: Final = re.compile(
    r"\b(?:progress|status|result|record|log|history|review|risk|question|reading|reference|decision|notes?|criteria"
    r"|rollback|metadata|lifecycle|summary|appendix|background)s?\b|현재 상태|결과|기록"
)
_RANKS: Final = (
    "task",
    "block",
    "code",
    "slice",
    "batch",
    "step",
    "workstream",
    "wave",
    "increment",
    "stage",
    "phase",
    "milestone",
)


def read_foreign_tasks(document: Document, title: Section | None) -> list[Draft]:
    """The tasks of a foreign plan in document order, each id once; nothing where no form is sure."""
    drafts = _from_headings(document, title)
    if not drafts:
        drafts = _from_lists(document)
    once: dict[str, Draft] = {}
    for draft in drafts:
        once.setdefault(draft.block.id, draft)
    return list(once.values())


def _from_headings(document: Document, title: Section | None) -> list[Draft]:
    """Headings that count: the words "Task", "Slice" and the like, or codes like T001, or plain numbers in a row."""
    groups: dict[tuple[str, int, int], list[tuple[Section, block_ids.Entry, Section | None]]] = {}
    validation = {section.heading.start for section in validation_sections(document)}
    aside_until = 0
    for section, parent in _with_parents(document.sections):
        if section is title or section.heading.start < aside_until:
            continue
        entry = block_ids.leading_entry(section.title, numbers=True)
        if entry.id is None:
            if section.heading.start in validation or _ASIDE.search(section.name):
                aside_until = section.body.end
            continue
        kind = _kind(section.title, entry.id)
        # Plain numbers count sections everywhere; only below a section of their own do they count tasks.
        if kind == "number" and (parent is None or parent is title):
            continue
        home = parent.heading.start if kind == "number" and parent is not None else -1
        groups.setdefault((kind, section.level, home), []).append((section, entry, parent))
    chosen = _best(groups)
    return [
        draft_from_fields(
            document, entry.id or "", entry.title, section.heading.start, section.body, _milestone(parent)
        )
        for section, entry, parent in chosen
    ]


def _with_parents(sections: Iterable[Section]) -> list[tuple[Section, Section | None]]:
    pairs: list[tuple[Section, Section | None]] = []
    open_sections: list[Section] = []
    for section in sections:
        while open_sections and open_sections[-1].level >= section.level:
            open_sections.pop()
        pairs.append((section, open_sections[-1] if open_sections else None))
        open_sections.append(section)
    return pairs


def _kind(title: str, block_id: str) -> str:
    word = re.match(r"\W*([^\W\d_]+)\s+#?[A-Za-z]{0,4}\d", title)
    if word is not None and word.group(1).casefold().rstrip("s") in _RANKS:
        return word.group(1).casefold().rstrip("s")
    if block_id[0].isdigit():
        return "number"
    return "code"


def _best(
    groups: dict[tuple[str, int, int], list[tuple[Section, block_ids.Entry, Section | None]]],
) -> list[tuple[Section, block_ids.Entry, Section | None]]:
    for rank in _RANKS:
        found = [group for (kind, _, _), group in sorted(groups.items(), key=_by_place) if kind == rank]
        if found and (rank != "code" or len(found[0]) > 1):
            return max(found, key=len)
    numbered = [group for (kind, _, _), group in sorted(groups.items(), key=_by_place) if kind == "number"]
    numbered = [group for group in numbered if _counts(group)]
    return max(numbered, key=len) if numbered else []


def _by_place(item: tuple[tuple[str, int, int], list[tuple[Section, block_ids.Entry, Section | None]]]) -> int:
    return item[1][0][0].heading.start


def _counts(group: Sequence[tuple[Section, block_ids.Entry, Section | None]]) -> bool:
    return len(group) > 1 and [entry.id for _, entry, _ in group[:2]] in (["1", "2"], ["0", "1"], ["1.1", "1.2"])


def _milestone(parent: Section | None) -> str | None:
    if parent is None or not re.match(r"\W*(?:milestone|phase|stage|sprint|M\d)", parent.title, re.IGNORECASE):
        return None
    return parent.title


def _from_lists(document: Document) -> list[Draft]:
    for name in PLAN_SECTIONS:
        for section in document.sections_named(name):
            drafts = _from_section(document, section.own) or _from_section(document, section.body)
            if drafts:
                return drafts
    return []


def _from_section(document: Document, span: Span) -> list[Draft]:
    """The numbered items and checkboxes directly in a section, else a table with a column of ids."""
    nodes = document.nodes_in(span)
    items = [item for node in nodes if isinstance(node, ListNode) for item in node.items if _is_task(node, item)]
    drafts = []
    numbers = [item.number for item in items]
    are_usable = None not in numbers and len(set(numbers)) == len(numbers)
    for position, item in enumerate(items, start=1):
        words = plain(item.text.content) if item.text else ""
        entry = block_ids.leading_entry(words)
        if entry.id is None:
            entry = block_ids.Entry(str(item.number) if are_usable else str(position), entry.title)
        drafts.append(draft_from_item(document, item, entry, None))
    if drafts:
        return drafts
    for node in nodes:
        if isinstance(node, Table) and (found := drafts_from_table(node, None)):
            return found
    return []


def _is_task(node: ListNode, item: Item) -> bool:
    if item.text is None or is_placeholder(item.text.content):
        return False
    return node.is_ordered or item.checked is not None
