"""The File Scope Contract: patterns from code spans of bullets, notes behind them, prose left to people."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from bot.plans import findings as say
from bot.plans.document import Document, Section
from bot.plans.fields import normal_name
from bot.plans.inline import CodeSpan, Text, code_spans, plain
from bot.plans.model import Finding, Pattern, Prose, Scope
from bot.plans.nodes import Fence, Item, ListNode, Node, Paragraph, Table
from bot.plans.patterns import pattern_problem
from bot.plans.placeholders import has_placeholder, is_placeholder

_INCLUDE: Final = frozenset(
    {"include", "includes", "included", "allowed", "allowed to modify", "allowed files", "in scope", "포함"}
)
_EXCLUDE: Final = frozenset(
    {
        "exclude",
        "excludes",
        "excluded",
        "must not modify",
        "forbidden",
        "off limits",
        "off-limits",
        "out of scope",
        "제외",
    }
)
_NONE: Final = frozenset({"none", "n/a", "-", "nothing", "없음"})
_JOINT: Final = re.compile(r"(?:[\s,;&+/|、]|\band\b|\bor\b|\bplus\b|\balso\b)*", re.IGNORECASE)
_EXCEPTING: Final = re.compile(
    r"\b(?:except|excepting|but|not|never|without|excluding|unless|other than|apart from|besides|outside|only if|no)\b"
    r"|n't\b|제외|않|금지|除",
    re.IGNORECASE,
)


@dataclass(slots=True)
class _Side:
    """One of the two lists while it is being read."""

    patterns: list[Pattern] = field(default_factory=list)
    prose: list[Prose] = field(default_factory=list)


@dataclass(slots=True)
class _Reader:
    include: _Side = field(default_factory=_Side)
    exclude: _Side = field(default_factory=_Side)
    findings: list[Finding] = field(default_factory=list)


def read_scope(document: Document, section: Section | None) -> tuple[Scope, tuple[Finding, ...]]:
    """The scope that a File Scope Contract states, and what is to be said about it (not that it is missing)."""
    if section is None:
        return Scope(), ()
    reader = _Reader()
    _read_nodes(reader, document.nodes_in(section.own), None)
    for below in document.sections:
        if below.heading.start in section.body:
            _read_nodes(reader, document.nodes_in(below.own), _side(reader, below.name))
    excluded = {pattern.text for pattern in reader.exclude.patterns}
    for pattern in reader.include.patterns:
        if pattern.text in excluded:
            reader.findings.append(say.INCLUDED_AND_EXCLUDED.at(pattern.line - 1, pattern=pattern.text))
    prose = sorted((*reader.include.prose, *reader.exclude.prose), key=lambda item: item.line)
    scope = Scope(tuple(reader.include.patterns), tuple(reader.exclude.patterns), tuple(prose))
    return scope, tuple(reader.findings)


def _side(reader: _Reader, name: str) -> _Side | None:
    if name in _INCLUDE or re.match(r"(?:include|allowed)\b", name):
        return reader.include
    if name in _EXCLUDE or re.match(r"(?:exclude|must not|do not|forbidden)\b", name):
        return reader.exclude
    return None


def _read_nodes(reader: _Reader, nodes: Sequence[Node], side: _Side | None) -> None:
    for node in nodes:
        match node:
            case Paragraph(text=text):
                side = _read_paragraph(reader, text, side)
            case ListNode(items=items):
                for item in items:
                    _read_item(reader, item, side)
            case Table():
                _read_table(reader, node, side)
            case Fence(span=span, content=content) if side is not None:
                for number, line in enumerate(content.splitlines(), start=span.start + 1):
                    if line.strip():
                        _say_prose(reader, side, line, number)
            case _:
                pass


def _read_paragraph(reader: _Reader, text: Text, side: _Side | None) -> _Side | None:
    """A paragraph like `**Include (Allowed to Modify)**` or `**Include:** `a`` begins a list."""
    label, colon, _ = plain(text.content).partition(":")
    named = _side(reader, normal_name(label)) if len(label) < 60 and (colon or "\n" not in text.content) else None
    if named is None:
        return side
    _read_spans(reader, text, code_spans(text), named)
    return named


def _read_item(reader: _Reader, item: Item, side: _Side | None) -> None:
    text = item.text
    if side is not None and len(side.patterns) > say.PATTERNS_LIMIT:
        return
    if text is not None:
        label = normal_name(plain(text.content).partition(":")[0])
        named = _side(reader, label) if len(label) < 60 else None
        spans = code_spans(text)
        if named is not None:
            _read_spans(reader, text, spans, named)
            side = named
        elif side is not None:
            _read_bullet(reader, text, spans, side, has_children=bool(item.children))
    for child in item.children:
        if isinstance(child, ListNode):
            for below in child.items:
                _read_item(reader, below, side)


def _read_bullet(reader: _Reader, text: Text, spans: Sequence[CodeSpan], side: _Side, *, has_children: bool) -> None:
    words = plain(text.content)
    if not words or words.casefold().strip(" .()") in _NONE:
        return
    if not spans or _EXCEPTING.search(_outside_parentheses(text.content[: spans[0].begins])):
        if is_placeholder(text.content):
            reader.findings.append(say.PATTERN_NOT_FILLED_IN.at(text.line, pattern=words))
        elif not (has_children and words.endswith((":", "\uff1a"))):
            _say_prose(reader, side, words, text.line)
        return
    _read_spans(reader, text, spans, side)


def _say_prose(reader: _Reader, side: _Side, words: str, line: int) -> None:
    if len(side.prose) > say.PATTERNS_LIMIT:
        return
    side.prose.append(Prose(words.strip(), line + 1))
    # An exclusion in prose protects nothing: a person thinks that it holds, and no check holds it.
    kind = say.PROSE_IN_EXCLUDE if side is reader.exclude else say.PROSE_IN_SCOPE
    reader.findings.append(kind.at(line, text=words))


def _outside_parentheses(text: str) -> str:
    return re.sub(r"\([^()]*\)", " ", text)


def _read_spans(reader: _Reader, text: Text, spans: Sequence[CodeSpan], side: _Side) -> None:
    """Take the code spans that stand side by side as patterns; what follows them is the note of the last one."""
    for code, note, is_pattern in _split(text.content, spans):
        if is_pattern:
            _take(reader, side, code, note)
        else:
            _say_prose(reader, side, f"`{code.text}`", code.line)


def _split(content: str, spans: Sequence[CodeSpan]) -> Iterator[tuple[CodeSpan, str | None, bool]]:
    """Each code span outside notes, the note behind it, and whether it can be taken as a pattern."""
    outer = [code for code in spans if content.count("(", 0, code.begins) <= content.count(")", 0, code.begins)]
    for index, code in enumerate(outer):
        until = outer[index + 1].begins if index + 1 < len(outer) else len(content)
        behind = content[code.ends : until]
        before = content[outer[index - 1].ends : code.begins] if index else ""
        # "`a/**` but not `a/b`": the second one is no pattern of this list.
        is_pattern = not index or not _EXCEPTING.search(_outside_parentheses(before))
        note = None if _JOINT.fullmatch(behind) else plain(behind).strip(" ,;—–-:") or None
        if note and note.startswith("(") and note.endswith(")") and note.count("(") == 1:
            note = note[1:-1].strip()
        yield code, note, is_pattern


def _take(reader: _Reader, side: _Side, code: CodeSpan, note: str | None) -> None:
    text = code.text.strip()
    if has_placeholder(text):
        reader.findings.append(say.PATTERN_NOT_FILLED_IN.at(code.line, pattern=text))
        return
    if text.startswith("!"):
        reader.findings.append(say.NEGATED_PATTERN.at(code.line, pattern=text))
        return
    problem = pattern_problem(text)
    if problem is not None:
        reader.findings.append(say.BAD_PATTERN.at(code.line, pattern=text, reason=problem))
        return
    if len(side.patterns) > say.PATTERNS_LIMIT:
        return
    if len(side.patterns) == say.PATTERNS_LIMIT:
        reader.findings.append(say.TOO_MANY_PATTERNS.at(code.line))
    side.patterns.append(Pattern(text, note, code.line + 1))


def _read_table(reader: _Reader, table: Table, side: _Side | None) -> None:
    """Columns named Include and Exclude, or one list in the first column under an Include or Exclude heading."""
    named = [_side(reader, normal_name(plain(cell.content))) for cell in table.header.cells]
    if not any(named) and side is not None:
        named[0] = side
    for row in table.rows:
        label = _side(reader, normal_name(plain(row.cells[0].content))) if not any(named) else None
        for cell, column in zip(row.cells, named, strict=True):
            target = column or label
            if target is not None:
                _read_spans(reader, cell, code_spans(cell), target)
