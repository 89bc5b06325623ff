"""Where an exec-plan names its blocks: several Block IDs, else Task(s), else Ordered Steps, else the one Block ID."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from bot.plans import block_ids
from bot.plans import findings as say
from bot.plans.block_reading import BLOCK_ID, Draft, clean_title, draft_from_fields, draft_from_item, drafts_from_table
from bot.plans.document import Document, Section
from bot.plans.fields import Field
from bot.plans.inline import code_spans, plain
from bot.plans.model import Block, Finding
from bot.plans.nodes import Item, ListNode, Paragraph, Span, Table
from bot.plans.placeholders import filled, is_placeholder, is_template_id

TASKS: Final = ("task(s)", "tasks", "task")
STEPS: Final = ("ordered steps", "execution steps", "steps", "ordered step(s)")


@dataclass(slots=True)
class Found:
    """Blocks from one source, and what is to be said about that source."""

    drafts: list[Draft] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def read_blocks(document: Document, milestone: str | None) -> Found:
    """The blocks of a plan that follows the template; none at all if it has none of the places for them."""
    proposed = document.section("Proposed Next Block")
    single = Found()
    if proposed is not None:
        for source in (_from_headings, _from_tables, _from_fields, _from_bullets):
            found = source(document, proposed, milestone)
            if len(found.drafts) > 1:
                return _with_steps(document, found)
            if found.drafts and not single.drafts:
                single.drafts = found.drafts
            single.findings += found.findings
    for other in (_from_tasks(document, single.drafts, milestone), _from_steps(document, milestone)):
        if other.drafts or other.findings:
            return Found(other.drafts, [*single.findings, *other.findings])
    return single


def _with_steps(document: Document, found: Found) -> Found:
    """Ordered Steps that begin with a block's id ("B02: write the docs") are steps of that block."""
    steps: dict[str, list[str]] = {}
    for draft in _from_steps(document, None).drafts:
        steps.setdefault(draft.block.id.casefold(), []).append(draft.block.title)
    found.drafts = [
        Draft(
            draft.block if draft.block.steps else replace(draft.block, steps=_own(steps, draft)),
            draft.depends,
            draft.depends_line,
        )
        for draft in found.drafts
    ]
    return found


def _own(steps: dict[str, list[str]], draft: Draft) -> tuple[str, ...]:
    return tuple(step for step in steps.get(draft.block.id.casefold(), ()) if step)


def _from_headings(document: Document, proposed: Section, milestone: str | None) -> Found:
    """Sections below, `### B01 — title`; an explicit `**Block ID:**` in one beats its heading."""
    found = Found()
    for section in document.sections:
        if section.heading.start not in proposed.body:
            continue
        entry = block_ids.leading_entry(section.title)
        explicit = document.field(section.own, "block id", "id")
        written = _one_id(explicit) if explicit else None
        block_id = written or entry.id
        if block_id is None or is_template_id(block_id):
            continue
        title = entry.title if entry.id else section.title
        found.drafts.append(
            draft_from_fields(document, block_id, title, section.heading.start, section.body, milestone)
        )
    return found


def _one_id(explicit: Field) -> str | None:
    words = plain(explicit.value.content)
    return None if not words or is_placeholder(words) else block_ids.leading_entry(words, numbers=True).id


def _from_tables(document: Document, proposed: Section, milestone: str | None) -> Found:
    found = Found()
    for node in document.nodes_in(proposed.body):
        if isinstance(node, Table):
            found.drafts += drafts_from_table(node, milestone)
    return found


def _from_fields(document: Document, proposed: Section, milestone: str | None) -> Found:
    """`**Block ID:**` once per group of fields, or once with several ids (`B01, B02`, `B01-B03`)."""
    found = Found()
    fields = document.fields_named(proposed.body, *BLOCK_ID)
    for index, block_field in enumerate(fields):
        until = fields[index + 1].line if index + 1 < len(fields) else proposed.body.end
        value = block_field.value.content
        if not plain(value) and not block_field.items:
            continue
        if is_placeholder(value) or is_template_id(plain(value)):
            found.findings.append(say.ID_NOT_FILLED_IN.at(block_field.line, id=plain(value)))
            continue
        found.drafts += _from_id_field(document, block_field, Span(block_field.line, until), milestone, found.findings)
    return found


def _from_id_field(
    document: Document, block_field: Field, span: Span, milestone: str | None, findings: list[Finding]
) -> list[Draft]:
    words = plain(block_field.value.content)
    if not words:
        entries = [(item, block_ids.leading_entry(_item_text(item), numbers=True)) for item in block_field.items]
        return [draft_from_item(document, item, entry, milestone) for item, entry in entries if entry.id]
    try:
        ids = block_ids.ids_in(words) if block_ids.is_only_ids(words) else []
    except block_ids.RangeError as error:
        findings.append(say.BAD_RANGE.at(block_field.line, range=words, reason=str(error)))
        return []
    if len(ids) > 1:
        first = draft_from_fields(document, ids[0], "", block_field.line, span, milestone)
        return [replace(first, block=replace(first.block, id=each)) for each in ids]
    entry = block_ids.leading_entry(words, numbers=True)
    block_id = entry.id or (words if block_ids.id_problem(words) is None else None)
    if block_id is None:
        findings.append(say.BAD_ID.at(block_field.line, id=words, reason="it is more than one word"))
        return []
    title = entry.title if entry.id else ""
    return [draft_from_fields(document, block_id, title.strip("() "), block_field.line, span, milestone)]


def _item_text(item: Item) -> str:
    return plain(item.text.content) if item.text else ""


def _from_bullets(document: Document, proposed: Section, milestone: str | None) -> Found:
    """`- **B01:** title` bullets; bare numbers are not ids there."""
    found = Found()
    for node in document.nodes_in(proposed.body):
        if not isinstance(node, ListNode):
            continue
        for item in node.items:
            entry = block_ids.leading_entry(_item_text(item))
            if entry.id and not is_template_id(entry.id):
                found.drafts.append(draft_from_item(document, item, entry, milestone))
    return found


def _from_tasks(document: Document, single: Sequence[Draft], milestone: str | None) -> Found:
    """*Task(s)* in *Roadmap Position*: ids with or without titles, in the value or in items below it."""
    found = Found()
    position = document.section("Roadmap Position")
    tasks = document.field(position.body, *TASKS) if position else None
    if tasks is None or is_placeholder(tasks.value.content):
        return found
    if tasks.items:
        found.drafts = _from_items(document, tasks.items, milestone)
        return found
    words = filled(tasks.value.content)
    if words is None:
        return found
    line = tasks.line
    try:
        if block_ids.is_only_ids(words):
            found.drafts = [_bare(each, "", line, milestone) for each in block_ids.ids_in(words)]
            return found
    except block_ids.RangeError as error:
        found.findings.append(say.BAD_RANGE.at(line, range=words, reason=str(error)))
        return found
    entries = [block_ids.leading_entry(part, numbers=True) for part in _task_parts(tasks.value.content)]
    if len(entries) == 1 and entries[0].id is None:
        # One title without an id: the one Block ID names it.
        if single:
            block = single[0].block
            found.drafts = [Draft(replace(block, title=block.title or entries[0].title), single[0].depends, line)]
        return found
    for number, entry in enumerate(entries, start=1):
        found.drafts.append(_bare(entry.id or str(number), entry.title, line, milestone))
    return found


def _task_parts(value: str) -> list[str]:
    """`T1: a; T2: b`, or commas where every part begins with an id: a comma within a title separates nothing."""
    words = plain(value)
    if ";" in words:
        return [part.strip() for part in words.split(";") if part.strip()]
    parts = [part.strip() for part in re.split(r",\s*(?:and\s+)?|\s+and\s+(?=\S+\d)", words) if part.strip()]
    if all(block_ids.leading_entry(part).id for part in parts):
        return parts
    return [words]


def _bare(block_id: str, title: str, line: int, milestone: str | None) -> Draft:
    return Draft(Block(block_id, clean_title(title), line + 1, milestone), None, line)


def _from_steps(document: Document, milestone: str | None) -> Found:
    """*Ordered Steps* of *Executor Handoff*: a field with items below it, or a section with a list."""
    found = Found()
    handoff = document.section("Executor Handoff")
    within = handoff.body if handoff else document.all
    steps = document.field(within, *STEPS) if handoff else document.field(within, "ordered steps")
    if steps is not None and steps.items:
        found.drafts = _from_items(document, steps.items, milestone)
        return found
    section = document.section("Ordered Steps", within=within)
    for node in document.nodes_in(section.body) if section else ():
        if isinstance(node, ListNode):
            found.drafts += _from_items(document, node.items, milestone)
    return found


def _from_items(document: Document, items: Sequence[Item], milestone: str | None) -> list[Draft]:
    """Every item a block: by its own id where it has one, else by its number in the list."""
    kept = [item for item in items if item.text is not None and not is_placeholder(item.text.content)]
    numbers = [item.number for item in kept]
    are_usable = None not in numbers and len(set(numbers)) == len(numbers)
    drafts = []
    for position, item in enumerate(kept, start=1):
        entry = block_ids.leading_entry(_item_text(item))
        if entry.id is None:
            own = str(item.number) if are_usable else str(position)
            entry = block_ids.Entry(own, entry.title)
        drafts.append(draft_from_item(document, item, entry, milestone))
    return drafts


def first_code_or_words(value: Field) -> str | None:
    """The one word a field is about: its first code span, else its words without a note in parentheses."""
    codes = code_spans(value.value)
    if codes:
        return codes[0].text.strip() or None
    words = re.sub(r"\s*\([^()]*\)\s*$", "", plain(value.value.content)).strip()
    return words or None


def paragraphs(document: Document, span: Span) -> list[str]:
    return [plain(node.text.content) for node in document.nodes_in(span) if isinstance(node, Paragraph)]
