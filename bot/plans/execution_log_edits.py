"""Brings an execution log's text to hold its sections and lines, and keeps everything else that stands there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final, assert_never

from bot.plans.document import Document, Section, read_document
from bot.plans.edit import Lines, Splice, splice
from bot.plans.execution_log_lines import LogLine, bare, log_lines, task_heading
from bot.plans.execution_log_parts import NONE, UNKNOWN, Arrow, Bullet, Criterion, Keyed, Line, Part, TaskPart
from bot.plans.inline import plain
from bot.plans.nodes import Fence, Heading, Html, Item, ListNode, Span
from bot.plans.record_fields import item_prefix

_BOX: Final = re.compile(r"[\s>]*(?:[-+*]|\d{1,9}[.)])[ \t]+\[([ xX])\]")
_NOTHING: Final = frozenset({"", "-", "—", NONE, UNKNOWN, "none yet"})


def new_sections(parts: Iterable[Part]) -> list[str]:
    """The lines of a log's body as the template has them."""
    lines: list[str] = []
    for part in parts:
        if part.is_made:
            lines += ["", *_section_lines(part)]
    return lines[1:]


def _section_lines(part: Part) -> list[str]:
    lines = [f"## {part.title}", *(line.line for line in part.lines)]
    for task in part.tasks or ():
        lines += [*([""] if len(lines) > 1 else []), *_task_lines(task, 3)]
    return lines


def _task_lines(task: TaskPart, level: int) -> list[str]:
    return [f"{'#' * level} {task.heading}", *(line.line for line in task.lines)]


def bring_sections(text: str, parts: Sequence[Part]) -> str:
    """Bring each section to hold its lines; missing ones are made in the template's order."""
    return splice(text, _Edits(read_document(text), parts).all())


class _Edits:
    """The splices that a text needs; all offsets and lines are those of the text as it was read."""

    def __init__(self, document: Document, parts: Sequence[Part]) -> None:
        self.document, self.parts = document, parts
        self.lines = Lines(document.text)
        self.values: list[Splice] = []
        self.inserted: list[tuple[int, list[str]]] = []
        self.headings = {node.span.start: node for node in document.nodes if isinstance(node, Heading)}
        self.task_sections = self._find_tasks()
        self.found = [self._find(part) for part in parts]

    def all(self) -> list[Splice]:
        for part, section in zip(self.parts, self.found, strict=True):
            if section is None:
                continue
            if part.lines:
                self._bring_lines(section.own, part.lines)
            if part.tasks:
                self._bring_tasks(section, part.tasks)
        for index, (part, section) in enumerate(zip(self.parts, self.found, strict=True)):
            if section is None and part.is_made:
                self._add_heading(self._place(index), _section_lines(part))
        grouped: dict[int, list[str]] = {}
        for at, bodies in self.inserted:
            grouped.setdefault(at, []).extend(bodies)
        return [*self.values, *(self.lines.insert(at, bodies) for at, bodies in grouped.items())]

    def _find_tasks(self) -> dict[str, Section]:
        """The sections of tasks by how their ids compare, the first of each."""
        sections: dict[str, Section] = {}
        home = next((self._named(part.names) for part in self.parts if part.tasks is not None), None)
        if home is None:
            return sections
        for section in self.document.sections:
            heading = task_heading(self.headings[section.heading.start].text.content)
            if section.heading.start in home.body and section.level > home.level and heading is not None:
                sections.setdefault(bare(heading.id), section)
        return sections

    def _find(self, part: Part) -> Section | None:
        return self._named(part.names, {section.line for section in self.task_sections.values()})

    def _named(self, names: tuple[str, ...], beside: set[int] | frozenset[int] = frozenset()) -> Section | None:
        sections = [one for one in self.document.sections_named(*names) if one.line not in beside]
        return next((one for one in sections if one.level <= 2), sections[0] if sections else None)

    def _place(self, index: int) -> int:
        """The line before which a missing section goes."""
        for later in self.found[index + 1 :]:
            if later is not None and later.level <= 2:
                return later.line
        return self._end()

    def _end(self) -> int:
        """The end of the text, but before a fence or comment that is never closed and would swallow everything."""
        last = self.document.nodes[-1] if self.document.nodes else None
        if isinstance(last, Fence | Html):
            probe = read_document(f"{self.document.text}\n\n# end\n")
            if len(probe.sections) == len(self.document.sections):
                return last.span.start
        return len(self.lines)

    def _add_heading(self, at: int, bodies: list[str]) -> None:
        before = next((added for place, added in reversed(self.inserted) if place == at), None)
        blank = not before[-1] if before else at == 0 or self.lines.is_blank(at - 1)
        behind = [""] if at < len(self.lines) else []
        self.inserted.append((at, [*([] if blank else [""]), *bodies, *behind]))

    def _bring_tasks(self, home: Section, tasks: tuple[TaskPart, ...]) -> None:
        for index, task in enumerate(tasks):
            section = self.task_sections.get(task.key)
            if section is not None:
                self._bring_summary(section, task)
                self._bring_lines(section.own, task.lines)
                continue
            later = (self.task_sections.get(one.key) for one in tasks[index + 1 :])
            following = next((one for one in later if one is not None and one.level == home.level + 1), None)
            at = following.line if following is not None else min(home.body.end, self._end())
            self._add_heading(at, _task_lines(task, min(home.level + 1, 6)))

    def _bring_summary(self, section: Section, task: TaskPart) -> None:
        """A heading in our own words follows the plan; words that somebody put behind it stay."""
        text = self.headings[section.line].text
        head = f"{task.id} – "
        is_ours = text.content == task.id or text.content.startswith(head)
        if is_ours and task.summary and "\n" not in text.content and not text.content.startswith(task.heading):
            self.values.append(Splice(text.start, text.end, task.heading))

    def _bring_lines(self, span: Span, wanted: Sequence[Line]) -> None:
        items = [item for node in self.document.nodes_in(span) if isinstance(node, ListNode) for item in node.items]
        keyed: dict[str, LogLine] = {}
        for one in log_lines(self.document, span):
            keyed.setdefault(one.key, one)
        free = [item for item in items if item.text is not None and plain(item.text.content).casefold() == NONE]
        used: list[Item] = []
        missing: list[Line] = []
        for line in wanted:
            item, is_there = self._bring_line(line, keyed, items)
            used += [item] if item is not None else []
            if not is_there and not (line == Bullet(NONE) and (items or keyed)):
                missing.append(line)
        self._add_lines(span, missing, used or items[-1:], free[0] if free else None)

    def _bring_line(self, line: Line, keyed: dict[str, LogLine], items: list[Item]) -> tuple[Item | None, bool]:
        """Bring one line if it is there: the item that holds it, and whether it was found."""
        match line:
            case Keyed():
                found = next((keyed[name] for name in line.names if name in keyed), None)
                if found is not None:
                    self._bring_value(found, line)
                return (found.item if found else None), found is not None
            case Arrow(head=head, value=value):
                return self._bring_arrow(head, value, items)
            case Criterion(words=words, met=met):
                item = next((one for one in items if one.text and bare(_first(one)) == bare(words)), None)
                if item is not None and met is not None and item.checked is not None:
                    self._tick(item, met)
                return item, item is not None
            case Bullet(words=words):
                item = next((one for one in items if one.text and _first(one) == words), None)
                return item, item is not None
        assert_never(line)

    def _bring_value(self, found: LogLine, line: Keyed) -> None:
        if line.is_default or found.value == line.value:
            return
        if found.item is not None and not found.value and found.item.children:
            return  # somebody made a list of it
        value = _with_note(found.value, line.value) if line.is_note else line.value
        gap = "" if self.document.text[found.start - 1] in " \t" else " "
        if value != found.value:
            self.values.append(Splice(found.start, found.end, gap + value))

    def _bring_arrow(self, head: str, value: str, items: list[Item]) -> tuple[Item | None, bool]:
        for item in items:
            if item.text is not None and _first(item).startswith(f"{head} → "):
                start = item.text.start + len(f"{head} → ")
                end = item.text.start + len(_first(item))
                if self.document.text[start:end] != value:
                    self.values.append(Splice(start, end, value))
                return item, True
        return None, False

    def _tick(self, item: Item, met: bool) -> None:
        box = _BOX.match(self.lines.body(item.span.start))
        if box is not None and item.checked is not met:
            at = self.lines.starts[item.span.start] + box.start(1)
            self.values.append(Splice(at, at + 1, "x" if met else " "))

    def _add_lines(self, span: Span, missing: list[Line], beside: list[Item], free: Item | None) -> None:
        if not missing:
            return
        if free is not None and free.text is not None and isinstance(missing[0], Arrow | Bullet):
            # The list said "none"; now it has something to say.
            self.values.append(Splice(free.text.start, free.text.end, missing.pop(0).line.removeprefix("- ")))
            beside = [free]
        if not missing:
            return
        last = max(beside, key=lambda item: item.span.end, default=None)
        if last is not None:
            prefix = item_prefix(self.lines, last)
            bodies = [prefix + line.line.removeprefix("- ") for line in missing]
            self.inserted.append((last.span.end, bodies))
            return
        at = span.start
        behind = [""] if at < len(self.lines) and not self.lines.is_blank(at) else []
        self.inserted.append((at, ["", *(line.line for line in missing), *behind]))


def _first(item: Item) -> str:
    return item.text.content.split("\n", 1)[0].rstrip() if item.text is not None else ""


def _with_note(there: str, note: str) -> str:
    if there.casefold() in _NOTHING or there in note:
        return note
    return there if note in there or note == NONE else f"{there}; {note}"
