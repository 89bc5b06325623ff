"""The lines of an execution log: `- Key: value` in a section, and headings that open a task."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from bot.plans.document import Document
from bot.plans.inline import Text, plain
from bot.plans.nodes import Item, ListNode, Paragraph, Span

_KEY: Final = re.compile(
    r"[ \t]*(?:(?P<mark>\*{1,3}|_{1,3})(?P<bold>[^\s*`:][^*`\n]{0,78}?)[ \t]*(?::[ \t]*(?P=mark)|(?P=mark)[ \t]*:)"
    r"|(?P<plain>`[^`\n]{1,200}`|[^\W_][^\n`*:\uff1a\[\]<>|]{0,58}?)[ \t]?[:\uff1a](?=\s|$))[ \t]*"
)

_ID: Final = r"[A-Za-z]{0,6}\d[\w.]*(?:-[A-Za-z]{0,3}\d[\w.]*)*"
_HEADING: Final = re.compile(
    rf"[^\w`]*(?P<word>Task\s+)?(?P<id>{_ID})(?:\s*(?:\([^()]*\)\s*)?(?::|–|—|-{{1,2}}(?=\s))\s*(?P<title>.*)|\s*)$",
    re.IGNORECASE,
)
_BACKTICKS: Final = re.compile(r"`+")
_BEHIND_CODE: Final = re.compile(r"(?:\s*–\s*(?P<title>.*))?$")
_ALONE: Final = re.compile(r"\d[\d.]*|M\d+", re.IGNORECASE)
_BETWEEN: Final = re.compile(r"\s*(?:[,&–—-]|\bto\b|\band\b)\s*", re.IGNORECASE)
_ONE: Final = re.compile(r"[A-Za-z]{0,3}\d[\w.]{0,20}")
_LENGTH: Final = 500
"""No real heading is longer, and the inline phase costs much on hostile ones."""


@dataclass(frozen=True, slots=True)
class LogLine:
    """One `Key: value`: `key` without marks, `start:end` the offsets of the value in the key's own line.

    `item` is the list item that holds it, None in a paragraph.
    """

    key: str
    value: str
    start: int
    end: int
    item: Item | None


@dataclass(frozen=True, slots=True)
class TaskHeading:
    id: str
    title: str


def log_lines(document: Document, span: Span) -> Iterator[LogLine]:
    """The keyed lines of the lists and paragraphs that begin here; what is nested deeper belongs to its item."""
    for node in document.nodes_in(span):
        match node:
            case ListNode(items=items):
                for item in items:
                    if item.text is not None:
                        first = item.text.content.split("\n", 1)[0]
                        yield from _line(item.text, 0, first, item)
            case Paragraph(text=text):
                begin = 0
                for line in text.content.split("\n"):
                    yield from _line(text, begin, line, None)
                    begin += len(line) + 1
            case _:
                pass


def _line(text: Text, begin: int, line: str, item: Item | None) -> Iterator[LogLine]:
    found = _KEY.match(line)
    if found is None:
        return
    words = line[found.end() :].rstrip()
    start = text.offset(begin + found.end())
    key = (found["bold"] or found["plain"]).strip("` ")
    yield LogLine(bare(key), words, start, start + len(words), item)


def bare(key: str) -> str:
    """A key for comparing: without escapes, backticks and case."""
    return " ".join(key.replace("\\", "").replace("`", "").split()).casefold()


def task_heading(content: str) -> TaskHeading | None:
    """Read `T001 – Summary` in the spellings that teams use, an id in a code span, or a milestone with its tasks.

    "M1: Widget (T1.1-T1.3)" is the entry of the tasks in its parentheses.
    """
    if len(content) > _LENGTH:
        return None
    coded = _code_heading(content.strip())
    if coded is not None:
        return coded
    words = plain(content)
    found = _HEADING.match(words)
    if found is not None and (found["word"] or not _ALONE.fullmatch(found["id"])):
        # "Task 1" is called by both words, "Task T1" by its id.
        word = "Task " if found["word"] and found["id"][0].isdigit() else ""
        return TaskHeading(word + found["id"], (found["title"] or "").strip())
    several = _tasks_in_parentheses(words)
    if several is not None:
        return several
    is_milestone = found is not None and not found["id"][0].isdigit()
    return TaskHeading(found["id"], (found["title"] or "").strip()) if found is not None and is_milestone else None


def _code_heading(content: str) -> TaskHeading | None:
    """A heading that begins with an id in a code span."""
    opening = _BACKTICKS.match(content)
    if opening is None:
        return None
    runs = _BACKTICKS.finditer(content, opening.end())
    closing = next((run for run in runs if len(run.group()) == len(opening.group())), None)
    behind = _BEHIND_CODE.match(content, closing.end()) if closing is not None else None
    if closing is None or behind is None:
        return None
    return TaskHeading(" ".join(content[opening.end() : closing.start()].split()), plain(behind["title"] or ""))


def _tasks_in_parentheses(words: str) -> TaskHeading | None:
    before, mark, behind = words.rpartition("(")
    inside = behind.strip()
    if not mark or not inside.endswith(")"):
        return None
    ids = inside.removesuffix(")").strip()
    is_range = ids[:1] in ("T", "t") and all(_ONE.fullmatch(one) for one in _BETWEEN.split(ids))
    return TaskHeading(ids, before.strip()) if is_range else None
