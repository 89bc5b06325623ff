"""One reader for every dialect: Markdown in; sections, fields, lists, tables and code spans out, with places."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.plans.fields import Field, fields_of, normal_name
from bot.plans.front_matter import FrontMatter, read_front_matter
from bot.plans.inline import Text, line_of, line_starts, plain
from bot.plans.nodes import Heading, Node, Span, read_nodes, texts


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands below it.

    `title` is the heading's plain text, `name` is for comparing (see `normal_name`). `own` reaches to the next heading
    of any level, `body` to the next heading of this level or above; both begin behind the heading.
    """

    level: int
    title: str
    name: str
    heading: Span
    own: Span
    body: Span

    @property
    def line(self) -> int:
        return self.heading.start


@dataclass(frozen=True, slots=True)
class Document:
    """A file: `lines` keep their ends, `starts` are their offsets; all line numbers are 0-based."""

    text: str
    lines: tuple[str, ...]
    starts: tuple[int, ...]
    front_matter: FrontMatter | None
    nodes: tuple[Node, ...]
    sections: tuple[Section, ...]
    fields: tuple[Field, ...]

    def offset(self, line: int, column: int = 0) -> int:
        """The offset of a column of a line; the line behind the last one is the end of the text."""
        return (self.starts[line] if line < len(self.starts) else len(self.text)) + column

    def line_of(self, offset: int) -> int:
        return line_of(self.starts, offset)

    @property
    def all(self) -> Span:
        return Span(0, len(self.lines))

    @property
    def preamble(self) -> Span:
        """What stands before the first heading."""
        return Span(0, self.sections[0].heading.start if self.sections else len(self.lines))

    def sections_named(self, *names: str, within: Span | None = None) -> tuple[Section, ...]:
        """The sections with one of these names, whatever their number, level or decoration."""
        wanted = {name.casefold() for name in names}
        return tuple(
            section
            for section in self.sections
            if section.name in wanted and (within is None or section.heading.start in within)
        )

    def section(self, *names: str, within: Span | None = None) -> Section | None:
        found = self.sections_named(*names, within=within)
        return found[0] if found else None

    def nodes_in(self, span: Span) -> tuple[Node, ...]:
        """The top-level blocks that begin in these lines."""
        low = bisect_left(self.nodes, span.start, key=_first_line)
        high = bisect_left(self.nodes, span.end, key=_first_line)
        return self.nodes[low:high]

    def fields_in(self, span: Span) -> tuple[Field, ...]:
        low = bisect_left(self.fields, span.start, key=_field_line)
        high = bisect_left(self.fields, span.end, key=_field_line)
        return self.fields[low:high]

    def fields_named(self, span: Span, *names: str) -> tuple[Field, ...]:
        wanted = {name.casefold() for name in names}
        return tuple(field for field in self.fields_in(span) if field.name in wanted)

    def field(self, span: Span, *names: str) -> Field | None:
        """The first field in these lines with one of these names."""
        found = self.fields_named(span, *names)
        return found[0] if found else None

    def texts_in(self, span: Span) -> Iterator[Text]:
        return texts(self.nodes_in(span))


def _first_line(node: Node) -> int:
    return node.span.start


def _field_line(field: Field) -> int:
    return field.span.start


def read_document(text: str) -> Document:
    """Read any text; nothing in it is an error. A byte order mark stays in `text` but is no part of the words."""
    lines, starts = line_starts(text)
    front_matter = read_front_matter(lines)
    first = front_matter.span.end if front_matter else 0
    source = text[starts[first] if first < len(starts) else len(text) :]
    if source.startswith("\ufeff"):
        # A blank of the same length would indent the line; markdown-it must not see the mark at all.
        source = source[1:]
    shown = tuple(line.replace("\0", "\ufffd") for line in lines) if "\0" in text else lines
    nodes = read_nodes(source, shown, starts, first)
    sections = tuple(_sections(nodes, len(lines)))
    fields = tuple(sorted(fields_of(nodes), key=_field_line))
    return Document(text, lines, starts, front_matter, nodes, sections, fields)


def _sections(nodes: Sequence[Node], line_count: int) -> list[Section]:
    headings = [node for node in nodes if isinstance(node, Heading)]
    ends = [line_count] * len(headings)
    open_headings: list[int] = []
    for index, heading in enumerate(headings):
        while open_headings and headings[open_headings[-1]].level >= heading.level:
            ends[open_headings.pop()] = heading.span.start
        open_headings.append(index)
    sections = []
    for index, heading in enumerate(headings):
        title = plain(heading.text.content)
        below = heading.span.end
        next_start = headings[index + 1].span.start if index + 1 < len(headings) else line_count
        own, body = Span(below, next_start), Span(below, ends[index])
        sections.append(Section(heading.level, title, normal_name(title), heading.span, own, body))
    return sections
