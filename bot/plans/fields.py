"""`**Key:** value` in all its spellings: bold, plain, bullets, nested lists below, Field/Value tables."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from bot.plans.inline import Text, plain, without_comments
from bot.plans.nodes import Item, ListNode, Node, Paragraph, Span, Table

Style = Literal["bold", "plain", "table"]


@dataclass(frozen=True, slots=True)
class Field:
    """One key with its value.

    `key` is as written, `name` is for comparing (lower case, no decoration). `value` is the text behind the key,
    possibly empty, with exact offsets (`value.start`, `value.end`); `items` are the list items below it. `span` covers
    all of it. `depth` is 0 outside lists, 1 in a list, 2 in a list within a list.
    """

    key: str
    name: str
    value: Text
    items: tuple[Item, ...]
    style: Style
    span: Span
    depth: int

    @property
    def line(self) -> int:
        return self.span.start


_BOLD: Final = re.compile(
    r"(?:^[ \t]*|(?<=[ \t])[|·•][ \t]+)"
    r"(?P<mark>\*{1,3}|_{1,3})(?P<key>[^\s*`][^*`\n]{0,78}?)[ \t]*(?P<inside>[:\uff1a])?[ \t]*(?P=mark)"
    r"(?P<outside>[ \t]*[:\uff1a])?",
    re.MULTILINE,
)
_PLAIN: Final = re.compile(
    r"[ \t]*(?P<key>[^\W\d_][^\n`*:\uff1a\[\]<>|]{0,58}?|`[^`\n]{1,200}`)[ \t]?[:\uff1a](?=\s|$)"
)
_DECORATION: Final = re.compile(r"^(?:section|part)\s+(?=\d)", re.IGNORECASE)
_NUMBERING: Final = re.compile(
    r"^[^\w(]*(?:\(?(?:\d{1,4}|[A-Za-z])(?:\.\d{1,4}){0,5}\)?[.):]+(?!\d)[^\w(]*|\d{1,4}(?:\.\d{1,4}){0,5}\s+[^\w(]*)?"
)
_TAIL: Final = "".join(sorted(" \t.,:\uff1a-–—#*_!✅❌☑✔⚠\ufe0f🔒🔐🎯📌🚧🟢🟡🔴"))
_NOTE: Final = re.compile(r"(?<=\s)[(\[][^()\[\]]*[)\]]\s*$")


def normal_name(title: str) -> str:
    """A heading or key for comparing: lower case, without numbering, emoji, trailing notes in parentheses and colons.

    "## 7. Branch Continuity (Mandatory)" and "**7) Branch continuity:**" give the same name.
    """
    name = _DECORATION.sub("", " ".join(title.split()))
    stripped = _NUMBERING.sub("", name)
    name = stripped or name
    for _ in range(3):
        shorter = _NOTE.sub("", name).rstrip(_TAIL)
        if shorter == name or not shorter:
            break
        name = shorter
    return name.casefold()


def fields_of(nodes: Sequence[Node], depth: int = 0) -> Iterator[Field]:
    """Every field below these blocks in document order; quotes are somebody else's words and have none."""
    for index, node in enumerate(nodes):
        following = nodes[index + 1] if index + 1 < len(nodes) else None
        match node:
            case Paragraph(text=text):
                yield from _text_fields(text, following, depth)
            case ListNode(items=items):
                for item in items:
                    yield from _item_fields(item, depth + 1)
            case Table():
                yield from _table_fields(node)
            case _:
                pass


def _item_fields(item: Item, depth: int) -> Iterator[Field]:
    if item.text is not None:
        behind = item.children[0] if item.children else None
        yield from _text_fields(item.text, behind, depth)
    yield from fields_of(item.children, depth)


def _text_fields(text: Text, following: Node | None, depth: int) -> Iterator[Field]:
    content = without_comments(text.content)
    found = list(_keys(content))
    for index, (begins, value_begins, key, style) in enumerate(found):
        is_last = index + 1 == len(found)
        ends = len(content) if is_last else found[index + 1][0]
        value = _value(text, content, value_begins, ends)
        items = following.items if is_last and isinstance(following, ListNode) else ()
        line = text.line + text.line_index(begins)
        last = items[-1].span.end if items else max(line + 1, value.line + value.content.count("\n") + 1)
        yield Field(key, normal_name(key), value, items, style, Span(line, last), depth)


def _value(text: Text, content: str, begins: int, ends: int) -> Text:
    part = content[begins:ends]
    if not part.strip():
        # Nothing behind the key: the place where a value would be written is right behind the colon.
        line = text.line + text.line_index(begins)
        return Text("", line, (text.offset(begins),))
    return text.slice(begins, begins + len(part.rstrip()))


def _keys(content: str) -> Iterator[tuple[int, int, str, Style]]:
    """(index of the key's line or separator, index behind the colon, key, style) of each field of a text."""
    bold = [match for match in _BOLD.finditer(content) if match["inside"] or match["outside"]]
    if not bold and ":" not in content and "\uff1a" not in content:
        return
    begin = at = 0
    may_be_plain = True
    for line in content.split("\n"):
        end = begin + len(line)
        if at < len(bold) and bold[at].start() <= end:
            while at < len(bold) and bold[at].start() <= end:
                yield bold[at].start(), bold[at].end(), bold[at]["key"].strip(), "bold"
                at += 1
            may_be_plain = False
        elif may_be_plain or _is_hard_break(content, begin):
            match_plain = _PLAIN.match(line)
            if match_plain:
                yield begin, begin + match_plain.end(), match_plain["key"].strip("` "), "plain"
            may_be_plain = match_plain is not None
        begin = end + 1


def _is_hard_break(content: str, begin: int) -> bool:
    return content[max(begin - 3, 0) : begin] == "  \n" or content[max(begin - 2, 0) : begin] == "\\\n"


_KEY_HEADERS: Final = frozenset({"field", "key", "property", "attribute", "name", "item", "parameter", "setting"})
_VALUE_HEADERS: Final = frozenset({"value", "values", "content", "details", "setting", "description"})


def _table_fields(table: Table) -> Iterator[Field]:
    if len(table.header.cells) != 2:
        return
    left, right = (normal_name(plain(cell.content)) for cell in table.header.cells)
    if left not in _KEY_HEADERS and right not in _VALUE_HEADERS:
        return
    for row in table.rows:
        key = plain(row.cells[0].content).rstrip(_TAIL)
        if key:
            yield Field(key, normal_name(key), row.cells[1], (), "table", row.span, 0)
