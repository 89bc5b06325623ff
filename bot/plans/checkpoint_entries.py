"""The execution record of an exec-plan: one entry per block under *Progress Checkpoints*.

An entry is a list item with the key Sprint/Block/Task and, beside it or below it, Files Changed, Validation Run, Result
and Notes. The bot's own entries carry its stamp in the result; those without it were written by people and stay.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from bot.plans.document import Document, Section
from bot.plans.edit import Lines, Splice
from bot.plans.fields import Field
from bot.plans.inert import NOTHING, inert_code
from bot.plans.inline import code_spans, plain
from bot.plans.nodes import Item, ListNode, Node, Span
from bot.plans.placeholders import filled
from bot.plans.record_fields import append_section, edited, item_prefix, value_splice

SECTION: Final = "Progress Checkpoints"
_SECTION_NAMES: Final = ("progress checkpoints", "checkpoint record", "execution record", "checkpoints")
_RECORD_NAMES: Final = ("checkpoint record", "checkpoints", "execution record")
_BLOCK_NAMES: Final = frozenset({"sprint/block/task", "sprint/block", "block/task", "block"})
_LABELS: Final = ("Sprint/Block/Task", "Files Changed", "Validation Run", "Result", "Notes")
_CUTS_LIMIT: Final = 50
_STAMP: Final = "Stepwise"
_STAMPED: Final = re.compile(rf"\({_STAMP}(?:: [^\n]*)?\)$")
_NOTHING_YET: Final = re.compile(r"[-–—]*|n/?a", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as it should be: `block` and `sprint` plain, everything else inert Markdown."""

    block: str
    sprint: str | None
    title: str
    files_changed: str
    validation_run: str
    result: str
    notes: str

    def values(self, plan_sprint: str | None) -> tuple[str, str, str, str, str]:
        """The values of the five fields, in the template's order."""
        sprint = self.sprint or plan_sprint
        name = f"{inert_code(sprint, 60) if sprint else NOTHING} / {inert_code(self.block, 100)} / {self.title}"
        return name, self.files_changed, self.validation_run, self.result, self.notes


@dataclass(frozen=True, slots=True)
class _Written:
    """An entry found in the plan: its fields by name, the list it stands in, and the item that list belongs to."""

    fields: dict[str, Field]
    items: tuple[Item, ...]
    siblings: ListNode
    parent: Item | None
    is_nested: bool

    @property
    def name(self) -> tuple[str, ...]:
        """The plain parts of Sprint/Block/Task; a slash inside a code span separates nothing."""
        value = next(field.value for name, field in self.fields.items() if name in _BLOCK_NAMES)
        code = code_spans(value)
        cuts = [found.start() for found in re.finditer("/", value.content)]
        cuts = [cut for cut in cuts[:_CUTS_LIMIT] if not any(span.begins <= cut < span.ends for span in code)]
        return tuple(plain(value.content[begin + 1 : end]) for begin, end in pairwise([-1, *cuts, len(value.content)]))

    @property
    def block(self) -> str:
        """The block's id: the second part, or the only one."""
        return self.name[1] if len(self.name) > 1 else self.name[0]

    @property
    def is_ours(self) -> bool:
        result = self.fields.get("result")
        return result is not None and _STAMPED.search(result.value.content) is not None

    @property
    def is_unfilled(self) -> bool:
        """Nothing but the key (and perhaps the block's name) was filled in."""
        rest = [field for name, field in self.fields.items() if name not in _BLOCK_NAMES]
        return all(_is_unfilled(field) for field in rest)

    @property
    def is_unnamed(self) -> bool:
        return all(_says_nothing(part) for part in self.name)


def stamped(details: Sequence[str]) -> str:
    """The mark that tells the bot's own entries, with what is known about the block's end."""
    return f"({_STAMP}: {', '.join(details)})" if details else f"({_STAMP})"


def bring_checkpoints(document: Document, entries: Sequence[Entry]) -> Document:
    """Return the plan with one entry for each of these blocks; the template's empty entry becomes the first new one."""
    section = document.section(*_SECTION_NAMES)
    sprint = _plan_sprint(document)
    if section is None:
        return append_section(document, SECTION, _fresh(entries, sprint, "- ", "  "))
    present = list(_entries(document, section))
    ours = {found.block: found for found in present if found.is_ours}
    unfilled = [found for found in present if not found.is_ours and found.is_unfilled]
    splices: list[Splice] = []
    new: list[Entry] = []
    for entry in entries:
        block = plain(inert_code(entry.block, 100))
        found = ours.get(block) or _claim(unfilled, block)
        if found is None:
            new.append(entry)
        else:
            splices += _updates(document, found, entry.values(sprint))
    if not new:
        return edited(document, splices)
    wanted = [plain(inert_code(entry.block, 100)) for entry in new]
    result = document
    for addition in _additions(document, section, present, new, sprint):
        result = edited(document, [*splices, addition])
        place = result.section(*_SECTION_NAMES)
        blocks = {found.block for found in _entries(result, place) if found.is_ours} if place is not None else set()
        if blocks.issuperset(wanted):
            break
    return result


def _claim(unfilled: list[_Written], block: str) -> _Written | None:
    """Take an empty entry that was prepared for this block, else one that was prepared for none."""
    for found in (*(one for one in unfilled if one.block == block), *(one for one in unfilled if one.is_unnamed)):
        unfilled.remove(found)
        return found
    return None


def _plan_sprint(document: Document) -> str | None:
    section = document.section("roadmap position")
    field = document.field(section.body, "sprint") if section is not None else None
    sprint = plain(field.value.content) if field is not None else ""
    return None if "/" in sprint or _says_nothing(sprint) else sprint[:60]


def _is_unfilled(field: Field) -> bool:
    return not field.items and _says_nothing(field.value.content)


def _says_nothing(value: str) -> bool:
    return filled(value) is None or _NOTHING_YET.fullmatch(plain(value)) is not None


def _entries(document: Document, section: Section) -> Iterator[_Written]:
    by_line: dict[int, Field] = {}
    for field in document.fields_in(section.body):
        by_line.setdefault(field.line, field)
    for siblings, parent in _lists(document.nodes_in(section.body), None):
        heads = [index for index, item in enumerate(siblings.items) if _is_head(by_line.get(item.span.start))]
        for index, behind in pairwise([*heads, len(siblings.items)]):
            group = siblings.items[index:behind]
            below = _children(group[0])
            is_nested = any(_label(by_line.get(item.span.start)) in _NAMES for item in below)
            members = (group[0], *below) if is_nested else group
            found = [by_line[item.span.start] for item in reversed(members) if item.span.start in by_line]
            fields = {_label(field): field for field in found}
            yield _Written(fields, members, siblings, parent, is_nested)


_NAMES: Final = frozenset(label.casefold() for label in _LABELS[1:])


def _label(field: Field | None) -> str:
    return re.sub(r"\s*/\s*", "/", field.name) if field is not None else ""


def _is_head(field: Field | None) -> bool:
    return _label(field) in _BLOCK_NAMES


def _children(item: Item) -> tuple[Item, ...]:
    return tuple(inner for child in item.children if isinstance(child, ListNode) for inner in child.items)


def _lists(nodes: Sequence[Node], parent: Item | None) -> Iterator[tuple[ListNode, Item | None]]:
    for node in nodes:
        if isinstance(node, ListNode):
            yield node, parent
            for item in node.items:
                yield from _lists(item.children, item)


def _updates(document: Document, found: _Written, values: Sequence[str]) -> Iterator[Splice]:
    lines = Lines(document.text)
    last = found.items[0]
    for label, value in zip(_LABELS, values, strict=True):
        names = _BLOCK_NAMES if label == _LABELS[0] else {label.casefold()}
        field = next((field for name, field in found.fields.items() if name in names), None)
        if field is None:
            sample = found.items[-1] if found.is_nested and len(found.items) > 1 else last
            at = last.text.line + 1 if found.is_nested and last is found.items[0] and last.text else last.span.end
            yield lines.insert(at, [f"{item_prefix(lines, sample)}{label}: {value}"])
            continue
        last = next(item for item in found.items if item.span.start == field.line)
        change = value_splice(document.text, field, value)
        if change is not None:
            yield change


def _additions(
    document: Document, section: Section, present: list[_Written], new: Sequence[Entry], sprint: str | None
) -> Iterator[Splice]:
    """Where new entries may go: behind the last one in its style, below an empty record field, at the section's end."""
    lines = Lines(document.text)
    if present:
        yield _behind(document, lines, present[-1], new, sprint)
    record = document.field(section.body, *_RECORD_NAMES)
    if not present and record is not None and record.depth and not record.items and not record.value.content:
        head = re.match(r"[\s>]*(?:[-+*]|\d{1,9}[.)])[ \t]+", lines.body(record.line))
        indent = " " * len(head.group()) if head is not None else "  "
        first, *rest = new
        bodies = [f"{indent}- {line}" for line in _lines_of(first, sprint)]
        if rest and head is not None:
            bodies += _fresh(rest, sprint, head.group(), indent)
        yield lines.insert(record.line + 1, bodies)
    end = section.own.end
    while end > section.own.start and lines.is_blank(end - 1):
        end -= 1
    fresh = _fresh(new, sprint, "- ", "  ")
    yield lines.insert(end, ["", *fresh])
    yield lines.insert(section.own.start, ["", *fresh, ""])


def _behind(document: Document, lines: Lines, last: _Written, new: Sequence[Entry], sprint: str | None) -> Splice:
    prefix = item_prefix(lines, last.items[0])
    if last.is_nested:
        inner = item_prefix(lines, last.items[1])
        bodies = []
        for entry in new:
            first, *rest = _lines_of(entry, sprint)
            bodies += [prefix + first, *(inner + line for line in rest)]
        return lines.insert(last.siblings.span.end, bodies)
    record = None
    if last.parent is not None:
        record = next(iter(document.fields_in(Span(last.parent.span.start, last.parent.span.start + 1))), None)
    heads = sum(_is_head(field) for field in document.fields_in(last.siblings.span))
    bodies = []
    if last.parent is None or record is None or heads > 1:
        for entry in new:
            bodies += [prefix + line for line in _lines_of(entry, sprint)]
        return lines.insert(last.siblings.span.end, bodies)
    key = document.text[document.offset(record.line) : record.value.start].rstrip()
    for entry in new:
        bodies += [key, *(prefix + line for line in _lines_of(entry, sprint))]
    return lines.insert(last.parent.span.end, bodies)


def _fresh(entries: Sequence[Entry], sprint: str | None, prefix: str, indent: str) -> list[str]:
    bodies = []
    for entry in entries:
        bodies += [f"{prefix}**Checkpoint Record:**", *(f"{indent}- {line}" for line in _lines_of(entry, sprint))]
    return bodies


def _lines_of(entry: Entry, sprint: str | None) -> list[str]:
    return [f"{label}: {value}" for label, value in zip(_LABELS, entry.values(sprint), strict=True)]
