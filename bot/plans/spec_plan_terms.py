"""The terms of one task: fields, headings below it, or cells of its row, found by name."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import takewhile
from typing import Final

from bot.plans.block_reading import item_words
from bot.plans.document import Document
from bot.plans.inline import Text, plain
from bot.plans.nodes import Fence, Item, ListNode, Paragraph, Span, Table, walk
from bot.plans.placeholders import is_placeholder
from bot.plans.spec_plan_tasks import TaskPlace

Named = Callable[[str], bool]

_CURLY: Final = re.compile(r"\{[^{}]{1,300}\}")
_KEY: Final = re.compile(r"\s*\*\*[^*\n]{1,60}(?::\*\*|\*\*\s*:)")
_BRACKETED: Final = re.compile(r"\[[^\[\]]{1,120}\]")


@dataclass(frozen=True, slots=True)
class Source:
    """A document, with its code blocks and tables by the line they begin in."""

    document: Document
    blocks: Mapping[int, Fence | Table]

    @classmethod
    def of(cls, document: Document) -> Source:
        nodes = (node for node in walk(document.nodes) if isinstance(node, Fence | Table))
        return cls(document, {node.span.start: node for node in nodes})


@dataclass(frozen=True, slots=True)
class Term:
    """What stands behind one name: words, list items, or the code block or table below it; `line` is 0-based."""

    name: str
    line: int
    values: tuple[Text, ...]
    items: tuple[Item, ...] = ()
    block: Fence | Table | None = None


def is_template_text(value: str) -> bool:
    """Say whether a value is the template's own: `{action}`, `[Component Name]`, `<name>`, "TBD"."""
    words = plain(value).strip()
    return bool(_CURLY.fullmatch(words) or _BRACKETED.fullmatch(words)) or is_placeholder(value)


def has_template_part(path: str) -> bool:
    """Say whether a path has a `{part}` to be filled in; `{a,b}` is either of two."""
    return re.search(r"\{[^{},]+\}", path) is not None


def terms(source: Source, place: TaskPlace, is_named: Named) -> list[Term]:
    """Every term of a task with such a name, in order; of fields those that are not nested deeper than another one."""
    found = [Term(name, place.line, (cell,)) for name, cell in place.cells.items() if is_named(name)]
    found += _sections(source, place, is_named)
    fields = [field for field in source.document.fields_in(place.span) if is_named(field.name)]
    outermost = min((field.depth for field in fields), default=0)
    for field in fields:
        if field.depth > outermost or (found and field.depth):
            continue
        is_empty = not field.value.content and not field.items
        block = _block_behind(source, field.span.end, place.span) if is_empty else None
        found.append(Term(field.name, field.line, (field.value,), field.items, block))
    return found


def _block_behind(source: Source, line: int, span: Span) -> Fence | Table | None:
    lines = source.document.lines
    while line < min(span.end, len(lines)) and not lines[line].strip():
        line += 1
    return source.blocks.get(line) if line in span else None


def _sections(source: Source, place: TaskPlace, is_named: Named) -> Iterator[Term]:
    document = source.document
    first = bisect_left(document.sections, place.span.start, key=lambda section: section.heading.start)
    for section in document.sections[first:]:
        if section.heading.start >= place.span.end:
            return
        if not is_named(section.name):
            continue
        nodes = document.nodes_in(section.own)
        values = tuple(node.text for node in nodes if isinstance(node, Paragraph))
        items = tuple(item for node in nodes if isinstance(node, ListNode) for item in node.items)
        block = next((node for node in nodes if isinstance(node, Fence | Table)), None)
        yield Term(section.name, section.line, values, items, block)


def words_in(term: Term) -> tuple[str, ...]:
    """What a term says: its words, each item below it, each line of its code block; nothing that is the template's."""
    said = [plain(value.content) for value in term.values if not is_template_text(value.content)]
    below = [_own_lines(item.text.content) for item in term.items if item.text is not None]
    said += [plain(words) for words in below if not is_template_text(words)]
    said += [words for item in term.items for words in _nested(item) if not is_template_text(words)]
    if isinstance(term.block, Fence):
        said += [line.strip() for line in term.block.content.splitlines()]
    return tuple(words for words in said if words)


def _own_lines(content: str) -> str:
    """A list item without the fields behind it: a line right below a list goes on as its last item's text."""
    first, *rest = content.split("\n")
    return "\n".join([first, *takewhile(lambda line: not _KEY.match(line), rest)])


def _nested(item: Item) -> list[str]:
    lists = [child for child in item.children if isinstance(child, ListNode)]
    words = [words for child in lists for words in item_words(child.items)]
    fences = [child for child in item.children if isinstance(child, Fence)]
    return words + [line.strip() for fence in fences for line in fence.content.splitlines()]


def is_left_over(term: Term) -> bool:
    """Say whether a term has words and all of them are the template's."""
    written = [value.content for value in term.values if value.content]
    return bool(written) and not words_in(term) and any(is_template_text(value) for value in written)
