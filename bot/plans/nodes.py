"""The blocks of a Markdown file as a small tree, built from markdown-it-py's block tokens."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.plans.inline import Text


@dataclass(frozen=True, slots=True)
class Span:
    """Source lines, 0-based and half open; blank lines at the end are not part of a block."""

    start: int
    end: int

    def __contains__(self, line: int) -> bool:
        return self.start <= line < self.end


@dataclass(frozen=True, slots=True)
class Heading:
    span: Span
    level: int
    text: Text


@dataclass(frozen=True, slots=True)
class Paragraph:
    span: Span
    text: Text


@dataclass(frozen=True, slots=True)
class Item:
    """A list item: `text` is its first paragraph without a checkbox, `children` everything below that."""

    span: Span
    marker: str
    number: int | None
    checked: bool | None
    text: Text | None
    children: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class ListNode:
    span: Span
    is_ordered: bool
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Row:
    span: Span
    cells: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """`header` is the first row; every row has as many cells as the header."""

    span: Span
    header: Row
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Fence:
    """A fenced or indented code block; an indented one has no info."""

    span: Span
    info: str
    content: str


@dataclass(frozen=True, slots=True)
class Quote:
    span: Span
    children: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Html:
    span: Span
    content: str


@dataclass(frozen=True, slots=True)
class Rule:
    span: Span


Node = Heading | Paragraph | ListNode | Table | Fence | Quote | Html | Rule

_CHECKBOX: Final = re.compile(r"\[([ xX])\](?=[ \t\n]|$)")


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    # Reference definitions would vanish from the tokens, and with them lines that a person sees in the file.
    parser = MarkdownIt("commonmark").enable("table").disable("reference")
    # The inline phase is half of the time; it runs later, on the few texts that need it.
    parser.core.ruler.enableOnly(["normalize", "block"])
    return parser


def read_nodes(source: str, lines: Sequence[str], starts: Sequence[int], first_line: int) -> tuple[Node, ...]:
    """The top-level blocks of `source`, whose first line is line `first_line` of the document with these lines."""
    tokens = _parser().parse(source)
    return tuple(_Builder(tokens, lines, starts, first_line).nodes(until=None))


class _Builder:
    """Walks the flat token list once; markdown-it caps nesting at 20, so recursion is shallow."""

    def __init__(self, tokens: list[Token], lines: Sequence[str], starts: Sequence[int], first_line: int) -> None:
        self._tokens = tokens
        self._lines = lines
        self._starts = starts
        self._first_line = first_line
        self._at = 0

    def nodes(self, until: str | None) -> Iterator[Node]:
        while self._at < len(self._tokens):
            token = self._tokens[self._at]
            self._at += 1
            if token.type == until:
                return
            yield self._node(token)

    def _node(self, token: Token) -> Node:
        span = self._span(token)
        match token.type:
            case "heading_open":
                level = int(token.tag[1])
                skip = level if token.markup.startswith("#") else 0
                return Heading(span, level, self._inline(skip_marks=skip))
            case "paragraph_open":
                return Paragraph(span, self._inline())
            case "bullet_list_open" | "ordered_list_open":
                return self._list(token, span)
            case "table_open":
                return self._table(span)
            case "blockquote_open":
                return Quote(span, tuple(self.nodes(until="blockquote_close")))
            case "fence":
                return Fence(span, token.info.strip(), token.content)
            case "code_block":
                return Fence(span, "", token.content)
            case "html_block":
                return Html(span, token.content)
            case _:
                return Rule(span)

    def _span(self, token: Token) -> Span:
        start, end = token.map or (0, 0)
        start, end = start + self._first_line, min(end + self._first_line, len(self._lines))
        while end > start + 1 and not self._lines[end - 1].strip():
            end -= 1
        return Span(start, end)

    def _inline(self, skip_marks: int = 0) -> Text:
        token = self._tokens[self._at]
        self._at += 2  # the inline token and the closing one
        first = (token.map or [0, 0])[0] + self._first_line
        starts = []
        for index, content in enumerate(token.content.split("\n")):
            starts.append(self._place(first + index, content, skip_marks))
        return Text(token.content, first, tuple(starts))

    def _place(self, number: int, content: str, skip_marks: int) -> int:
        number = min(number, len(self._lines) - 1)
        line = self._lines[number]
        words = content.strip()
        if skip_marks:
            hashes = line.find("#" * skip_marks)
            column = line.find(words, hashes + skip_marks)
        else:
            column = line.rfind(words) if words else len(line.rstrip("\r\n"))
        indent = len(content) - len(content.lstrip())
        return self._starts[number] + max(column - indent, 0)

    def _list(self, token: Token, span: Span) -> ListNode:
        items: list[Item] = []
        while self._tokens[self._at].type == "list_item_open":
            opening = self._tokens[self._at]
            self._at += 1
            items.append(self._item(opening))
        self._at += 1
        return ListNode(span, token.type == "ordered_list_open", tuple(items))

    def _item(self, opening: Token) -> Item:
        children = tuple(self.nodes(until="list_item_close"))
        number = int(opening.info) if opening.info.isdigit() else None
        span = self._span(opening)
        if not children or not isinstance(children[0], Paragraph):
            return Item(span, opening.markup, number, None, None, children)
        text = children[0].text
        box = _CHECKBOX.match(text.content)
        if box is None:
            return Item(span, opening.markup, number, None, text, children[1:])
        rest = text.slice(box.end(), len(text.content))
        return Item(span, opening.markup, number, box.group(1) != " ", rest, children[1:])

    def _table(self, span: Span) -> Table:
        rows: list[Row] = []
        while True:
            token = self._tokens[self._at]
            self._at += 1
            if token.type == "table_close":
                return Table(span, rows[0], tuple(rows[1:]))
            if token.type == "tr_open":
                rows.append(self._row(token))

    def _row(self, opening: Token) -> Row:
        span = self._span(opening)
        line, start = self._lines[span.start], self._starts[span.start]
        cells: list[Text] = []
        places = _cell_places(line, is_nested=opening.level > 2)
        while True:
            token = self._tokens[self._at]
            self._at += 1
            if token.type == "tr_close":
                return Row(span, tuple(cells))
            if token.type == "inline":
                place = places[len(cells)] if len(cells) < len(places) else len(line.rstrip("\r\n"))
                cells.append(Text(token.content, span.start, (start + place,)))


_PREFIX: Final = re.compile(r"[\s>]*(?:(?:[-+*]|\d{1,9}[.)])[ \t]+[\s>]*)*")


def _cell_places(line: str, *, is_nested: bool) -> list[int]:
    """The column where the content of each cell of a table row begins, split as markdown-it splits it."""
    body = line.rstrip()
    prefix = _PREFIX.match(body) if is_nested else None
    begin = prefix.end() if prefix else len(body) - len(body.lstrip())
    bounds = [begin]
    is_escaped = False
    for index in range(begin, len(body)):
        if body[index] == "|" and not is_escaped:
            bounds.append(index + 1)
        is_escaped = body[index] == "\\"
    if len(bounds) > 1 and bounds[1] == begin + 1:
        bounds.pop(0)
    places = []
    for bound, behind in zip(bounds, [*bounds[1:], len(body) + 1], strict=True):
        cell = body[bound : behind - 1]
        blanks = len(cell) - len(cell.lstrip())
        # An empty cell keeps one blank behind the pipe, where a value would be written.
        places.append(bound + (blanks if cell.strip() else min(len(cell), 1)))
    return places


def walk(nodes: Sequence[Node]) -> Iterator[Node | Item]:
    """Every block and list item below these, in document order."""
    for node in nodes:
        yield node
        match node:
            case ListNode(items=items):
                for item in items:
                    yield item
                    yield from walk(item.children)
            case Quote(children=children):
                yield from walk(children)
            case _:
                pass


def texts(nodes: Sequence[Node]) -> Iterator[Text]:
    """Every text below these blocks, in document order; code blocks and HTML have none."""
    for node in walk(nodes):
        match node:
            case Heading(text=text) | Paragraph(text=text):
                yield text
            case Item(text=text):
                if text is not None:
                    yield text
            case Table(header=header, rows=rows):
                for row in (header, *rows):
                    yield from row.cells
            case _:
                pass
