"""Where a document refers to something: link destinations and code spans, with the offsets that an edit needs.

markdown-it-py says which lines hold running text (so fences, indented code and HTML blocks are out), but not where in
it a destination stands and how it is escaped; so the running text is walked here by the rules of CommonMark.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final, Literal

from markdown_it.common.utils import unescapeAll

from bot.plans.document import Document
from bot.plans.inline import Text
from bot.plans.nodes import Heading, Item, Paragraph, Table, walk

Kind = Literal["link", "image", "definition", "autolink", "code", "bare"]

_TOKEN: Final = re.compile(r"\\[!-/:-@\[-`{-~]|`+|!\[|[\[\]<]")
_AUTOLINK: Final = re.compile(r"<[A-Za-z][A-Za-z0-9+.-]{1,31}:[^\s<>]*>|<[^\s<>@]+@[^\s<>@]+>")
_TAG: Final = re.compile(
    r"</[A-Za-z][A-Za-z0-9-]*\s*>"
    r"|<[A-Za-z][A-Za-z0-9-]*(?:\s+[A-Za-z_:][\w:.-]*(?:\s*=\s*(?:[^\s\"'=<>`]+|'[^']*'|\"[^\"]*\"))?)*\s*/?>"
)
_HTML_SPANS: Final = (("<!--", "-->"), ("<?", "?>"), ("<![CDATA[", "]]>"))
_GAP: Final = re.compile(r"[ \t]*(?:(?:\r\n|\n|\r)[ \t]*)?")
_ANGLE: Final = re.compile(r"<((?:[^<>\\\r\n]|\\.)*)>")
_BARE_STEP: Final = re.compile(r"\\[!-/:-@\[-`{-~]|[()]|[\x00-\x20\x7f]")
_TITLE: Final = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|\((?:[^()\\]|\\.)*\)", re.DOTALL)
_BACKTICKS: Final = re.compile(r"`+")
_INTERESTING: Final = re.compile(r"`|\]\(|\]:|<")
_LABEL: Final = re.compile(r"[ ]{0,3}\[((?:[^\[\]\\]|\\.){1,999})\]:", re.DOTALL)
_DEFINITION_TAIL: Final = re.compile(
    r"[ \t]*(?:\n[ \t]*)?(?:\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|\((?:[^()\\]|\\.)*\))[ \t]*(?:\n|$)|[ \t]*(?:\n|$)",
    re.DOTALL,
)
_PARENTHESES_LIMIT: Final = 32


@dataclass(frozen=True, slots=True)
class Reference:
    """One link, image, definition, autolink or code span.

    `start:end` is what an edit replaces: the destination without its angle brackets, or a code span's content
    without padding. `first:last` is the whole construct, `label` the link's text as written.
    """

    kind: Kind
    start: int
    end: int
    destination: str
    first: int
    last: int
    label: str = ""


def document_references(document: Document) -> Iterator[Reference]:
    """Every reference of a document, in running text of any block."""
    for node in walk(document.nodes):
        match node:
            case Heading(text=text):
                yield from references(text)
            case Paragraph(text=text):
                yield from references(text, may_define=True)
            case Item(text=Text() as text):
                yield from references(text, may_define=True)
            case Table(header=header, rows=rows):
                for row in (header, *rows):
                    for cell in row.cells:
                        yield from references(cell, is_cell=True)
            case _:
                pass


def references(text: Text, *, is_cell: bool = False, may_define: bool = False) -> Iterator[Reference]:
    """The references of one text; offsets are those of the document.

    In a table cell every pipe of the content is an escaped one in the file. Reference definitions stand only at the
    beginning of a paragraph.
    """
    content = text.content
    if not _INTERESTING.search(content):
        return
    place = _Places(text, is_cell=is_cell)
    position = 0
    while may_define and (found := _definition(content, position)) is not None:
        reference, position = found
        yield place.of(reference)
    for reference in _Walk(content, position).walk():
        yield place.of(reference)


class _Places:
    """Where the characters of a text's content stand in the document."""

    def __init__(self, text: Text, *, is_cell: bool) -> None:
        self.text = text
        self.pipes = [found.start() for found in re.finditer(r"\|", text.content)] if is_cell else []
        self.begins = [0, *(found.end() for found in re.finditer("\n", text.content))]

    def offset(self, index: int) -> int:
        line = bisect_right(self.begins, index) - 1
        return self.text.starts[line] + index - self.begins[line] + bisect_left(self.pipes, index)

    def of(self, reference: Reference) -> Reference:
        return replace(
            reference,
            start=self.offset(reference.start),
            end=self.offset(reference.end),
            first=self.offset(reference.first),
            last=self.offset(reference.last),
        )


def _definition(content: str, at: int) -> tuple[Reference, int] | None:
    """Read a reference definition (`[label]: destination "title"`) at `at`, and the offset of the next line."""
    opening = _LABEL.match(content, at)
    if opening is None:
        return None
    found = _destination(content, _gap(content, opening.end(), len(content)), len(content))
    if found is None or found[0] == found[2]:
        return None
    start, end, behind = found
    tail = _DEFINITION_TAIL.match(content, behind)
    if tail is None:
        return None
    label = opening.group(1)
    return Reference("definition", start, end, unescapeAll(content[start:end]), at, behind, label), tail.end()


class _Walk:
    """One pass over running text, linear in its length."""

    def __init__(self, text: str, position: int) -> None:
        self.text, self.position, self.last = text, position, len(text)
        self.openers: list[tuple[int, bool]] = []
        self.runs: dict[int, list[int]] = {}
        self.missing: set[str] = set()
        for found in _BACKTICKS.finditer(text, position):
            self.runs.setdefault(found.end() - found.start(), []).append(found.start())

    def walk(self) -> Iterator[Reference]:
        while (found := _TOKEN.search(self.text, self.position, self.last)) is not None:
            self.position = found.end()
            match found.group()[0]:
                case "`":
                    yield from self.code_span(found.start(), found.end())
                case "<":
                    yield from self.angle(found.start())
                case "[" | "!":
                    self.openers.append((found.start(), found.group() == "!["))
                case "]":
                    yield from self.closing_bracket(found.start())
                case _:
                    pass

    def code_span(self, start: int, inner: int) -> Iterator[Reference]:
        size = inner - start
        same = self.runs.get(size, [])
        index = bisect_left(same, inner)
        if index == len(same):
            return
        close = same[index]
        self.position = close + size
        content = self.text[inner:close]
        bare = content.strip(" \t\r\n")
        if bare:
            at = inner + content.index(bare)
            yield Reference("code", at, at + len(bare), bare, start, close + size)

    def angle(self, start: int) -> Iterator[Reference]:
        found = _AUTOLINK.match(self.text, start, self.last)
        if found is not None:
            self.position = found.end()
            yield Reference("autolink", start + 1, found.end() - 1, found.group()[1:-1], start, found.end())
            return
        for opening, closing in _HTML_SPANS:
            if self.text.startswith(opening, start) and closing not in self.missing:
                end = self.text.find(closing, start + len(opening), self.last)
                if end < 0:
                    self.missing.add(closing)
                else:
                    self.position = end + len(closing)
                return
        tag = _TAG.match(self.text, start, self.last)
        if tag is not None:
            self.position = tag.end()

    def closing_bracket(self, at: int) -> Iterator[Reference]:
        if not self.openers:
            return
        opening, is_image = self.openers.pop()
        if not self.text.startswith("(", at + 1):
            return
        found = self.inline_destination(at + 2)
        if found is None:
            return
        start, end, self.position = found
        label = self.text[opening + (2 if is_image else 1) : at]
        kind: Kind = "image" if is_image else "link"
        if not is_image:
            self.openers = [opener for opener in self.openers if opener[1]]  # a link holds no other link
        yield Reference(kind, start, end, unescapeAll(self.text[start:end]), opening, self.position, label)

    def inline_destination(self, at: int) -> tuple[int, int, int] | None:
        """Read `destination "title")` from `at`: start and end of the destination, and the offset behind the `)`."""
        position = _gap(self.text, at, self.last)
        found = _destination(self.text, position, self.last)
        if found is None:
            return None
        start, end, behind = found
        position = _gap(self.text, behind, self.last)
        if position > behind and (title := _TITLE.match(self.text, position, self.last)) is not None:
            position = _gap(self.text, title.end(), self.last)
        return (start, end, position + 1) if self.text.startswith(")", position) and position < self.last else None


def _gap(text: str, at: int, last: int) -> int:
    found = _GAP.match(text, at, last)
    return at if found is None else found.end()


def _destination(text: str, at: int, last: int) -> tuple[int, int, int] | None:
    """Read a link destination: start and end of its text, and the offset behind it (and its angle brackets)."""
    if text.startswith("<", at):
        angle = _ANGLE.match(text, at, last)
        return None if angle is None else (angle.start(1), angle.end(1), angle.end())
    depth = 0
    end = last
    for found in _BARE_STEP.finditer(text, at, last):
        if found.group() == "(":
            depth += 1
            if depth > _PARENTHESES_LIMIT:
                return None
        elif found.group() == ")" and depth:
            depth -= 1
        elif found.group()[0] != "\\":
            end = found.start()
            break
    return None if depth else (at, end, end)
