"""Brings the fields of one section to the values they should have: `- **Key:** value`, with bullets below some."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from bot.plans.document import Document, Section, read_document
from bot.plans.edit import Lines, Splice, splice
from bot.plans.fields import Field
from bot.plans.nodes import Fence, Html, Item, Span

_NUMBERED: Final = re.compile(r"(\d{1,4})([.):]+)\s")
_ITEM_HEAD: Final = re.compile(r"[\s>]*(?:[-+*]|\d{1,9}[.)])[ \t]+")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A field as it should be, ready to be written: inert Markdown, one line each.

    `names` are the spellings it is found by (compared as `normal_name` gives them), `label` is what is written when it
    is missing. `items` None: the field has a plain value. `keyed` are bullets with a key of their own: those found by
    their key are updated, others are left alone.
    """

    label: str
    names: tuple[str, ...]
    value: str = ""
    items: tuple[str, ...] | None = None
    keyed: tuple[tuple[str, str], ...] = ()


def edited(document: Document, splices: Sequence[Splice]) -> Document:
    """The document after these splices; reading is what takes time, so an unchanged one is not read again."""
    text = splice(document.text, splices)
    return document if text == document.text else read_document(text)


def bring_section(document: Document, title: str, wanted: Sequence[Wanted]) -> Document:
    """Return the document with the section `title` holding these fields; the section is appended if there is none."""
    section = document.section(title)
    if section is None:
        return append_section(document, title, [line for one in wanted for line in written(one, "- ", "  ")])
    edits = _SectionEdits(document, section)
    for one in wanted:
        edits.bring(one)
    return edits.result()


def written(one: Wanted, prefix: str, indent: str) -> list[str]:
    """A field as lines: `prefix` stands before the key, `indent` before the bullets below it."""
    bullets = [*(one.items or ()), *(f"{key}: {value}" for key, value in one.keyed)]
    lines = [f"{prefix}**{one.label}:** {one.value}".rstrip()]
    return lines + [f"{indent}- {bullet}" for bullet in bullets]


def append_section(document: Document, title: str, body: Sequence[str]) -> Document:
    """Append a section in the document's own heading style, with the next number where its headings are numbered.

    A fence or comment that is never closed would swallow the section, so it goes before such a block.
    """
    lines = Lines(document.text)
    heading = f"{'#' * _section_level(document)} {_next_number(document)}{title}"
    addition = [heading, "", *body]
    last = document.nodes[-1] if document.nodes else None
    end = len(lines)
    gap = [""] if end and not lines.is_blank(end - 1) else []
    result = edited(document, [lines.insert(end, gap + addition)])
    if isinstance(last, Fence | Html) and result.section(title) is None:
        result = edited(document, [lines.insert(last.span.start, [*addition, ""])])
    return result


def _section_level(document: Document) -> int:
    """The level of the document's sections: the highest one, a single title aside.

    A deeper one would make the new section part of the last section, which may be the scope contract.
    """
    levels = [section.level for section in document.sections]
    if levels.count(1) == 1:
        levels.remove(1)
    return min(levels, default=2)


def _next_number(document: Document) -> str:
    level = _section_level(document)
    numbers = [_NUMBERED.match(section.title) for section in document.sections if section.level == level]
    numbered = [found for found in numbers if found is not None]
    if not numbered or (numbers[-1] is None and len(numbered) * 2 < len(numbers)):
        return ""
    return f"{max(int(found.group(1)) for found in numbered) + 1}{numbered[-1].group(2)} "


def value_splice(text: str, field: Field, value: str) -> Splice | None:
    """Put `value` behind a field's key, keeping blanks at the end of the line; None when it stands there already."""
    if field.style == "table":
        value = re.sub(r"(?<!\\)\|", r"\\|", value)
    start, end = field.value.start, field.value.end
    if text[start:end] == value:
        return None
    gap = "" if (start == end and not value) or start == 0 or text[start - 1] in " \t" else " "
    return Splice(start, end, gap + value)


def item_prefix(lines: Lines, item: Item) -> str:
    """Everything before the words of a list item: quote marks, indent, marker and blanks."""
    found = _ITEM_HEAD.match(lines.body(item.span.start))
    return found.group() if found is not None else "- "


class _SectionEdits:
    """Collects the splices that one section needs; all offsets are those of the text as it was read."""

    def __init__(self, document: Document, section: Section) -> None:
        self.document, self.section = document, section
        self.lines = Lines(document.text)
        self.splices: list[Splice] = []
        # Outermost first: what stands below a field may have the same name.
        self.fields = sorted(_outer_fields(document, section), key=lambda field: field.depth)
        self.missing: list[Wanted] = []

    def bring(self, one: Wanted) -> None:
        field = next((field for field in self.fields if field.name in one.names), None)
        if field is None:
            self.missing.append(one)
            return
        if one.items is None and not one.keyed:
            self.put(value_splice(self.document.text, field, one.value))
        elif field.style == "table":
            bullets = [*(one.items or ()), *(f"{key}: {value}" for key, value in one.keyed)]
            self.put(value_splice(self.document.text, field, "; ".join(bullets)))
        elif one.keyed:
            self.bring_keyed(field, one)
        else:
            self.bring_items(field, [*(one.items or ())])

    def put(self, one: Splice | None) -> None:
        if one is not None:
            self.splices.append(one)

    def bring_items(self, field: Field, bullets: list[str]) -> None:
        if field.items:
            prefix = item_prefix(self.lines, field.items[0])
            start, stop = field.items[0].span.start, field.items[-1].span.end
            bodies = [prefix + bullet for bullet in bullets]
            if [self.lines.body(number).rstrip() for number in range(start, stop)] != bodies:
                self.put(self.lines.replace(start, stop, bodies))
            return
        self.put(value_splice(self.document.text, field, ""))
        self.insert_below(field, bullets)

    def bring_keyed(self, field: Field, one: Wanted) -> None:
        below = Span(field.line + 1, field.span.end)
        known = [inner for inner in self.document.fields_in(below) if inner.depth > field.depth or field.depth == 0]
        new = []
        for key, value in one.keyed:
            matching = next((inner for inner in known if _same_key(inner.key, key)), None)
            if matching is None:
                new.append(f"{key}: {value}")
            else:
                self.put(value_splice(self.document.text, matching, value))
        if new:
            self.insert_below(field, new)

    def insert_below(self, field: Field, bullets: list[str]) -> None:
        if field.items:
            prefix, at = item_prefix(self.lines, field.items[-1]), field.items[-1].span.end
        else:
            head = _ITEM_HEAD.match(self.lines.body(field.line)) if field.depth else None
            prefix, at = (" " * len(head.group()) if head else "") + "- ", field.line + 1
        bodies = [prefix + bullet for bullet in bullets]
        if not field.depth and at < min(len(self.lines), self.section.body.end) and not self.lines.is_blank(at):
            bodies.append("")  # or the next line of the paragraph would go on as part of the last bullet
        self.put(self.lines.insert(at, bodies))

    def result(self) -> Document:
        if not self.missing:
            return edited(self.document, self.splices)
        result = self.document
        last = max(self.fields, key=lambda field: field.span.end, default=None)
        for at, bodies in self.places(last):
            result = edited(self.document, [*self.splices, self.lines.insert(at, bodies)])
            section = result.section(self.section.name)
            if section is not None and self.holds(result, section):
                break
        return result

    def holds(self, document: Document, section: Section) -> bool:
        names = {field.name for field in _outer_fields(document, section)}
        return all(names.intersection(one.names) for one in self.missing)

    def places(self, last: Field | None) -> Iterator[tuple[int, list[str]]]:
        """Where missing fields may go: behind the last field, else at the section's end, else at its beginning."""
        head = _ITEM_HEAD.match(self.lines.body(last.line)) if last is not None and last.depth else None
        if last is not None and head is not None:
            prefix = head.group()
            yield last.span.end, [line for one in self.missing for line in written(one, prefix, " " * len(prefix))]
        plain = [line for one in self.missing for line in written(one, "- ", "  ")]
        end = self.section.own.end
        while end > self.section.own.start and self.lines.is_blank(end - 1):
            end -= 1
        yield end, ["", *plain]
        yield self.section.own.start, ["", *plain, ""]


def _outer_fields(document: Document, section: Section) -> list[Field]:
    return [field for field in document.fields_in(section.body) if field.depth <= 1]


def _same_key(found: str, key: str) -> bool:
    return _bare_key(found) == _bare_key(key)


def _bare_key(key: str) -> str:
    return " ".join(key.replace("\\", "").replace("`", "").split()).casefold()
