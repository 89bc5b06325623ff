"""The gate results of an execution log as teams write them: bullets, tables, boxes, or a heading for each gate."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from bot.plans.document import Document
from bot.plans.fields import Field
from bot.plans.inline import Text, code_spans, plain
from bot.plans.nodes import Item, ListNode, Span, Table

Result = Literal["PASS", "FAIL"]

GATE_SECTIONS: Final = ("gate results", "quality gates", "gates", "quality gate results", "gate status")
_NO_FAILURES: Final = re.compile(
    r"\b(?:0|no|zero)\s+(?:\w+\s+)?(?:fail\w*|errors?|issues?)|not (?:run|known)", re.IGNORECASE
)
_FAILED: Final = re.compile(r"\bfail\w*|\berrors?\b|❌|✗|✘|\bred\b|\bblocked\b", re.IGNORECASE)
_PASSED: Final = re.compile(r"\bpass\w*|\bsuccess\w*|\bok\b|\bclean\b|\bgreen\b|✅|✓|✔|☑", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class LoggedGate:
    """`words` is everything that the log says about the gate; `result` None: neither passed nor failed, or not said."""

    name: str
    result: Result | None
    words: str


def logged_gates(document: Document) -> Iterator[LoggedGate]:
    """The gates of the log's first section of gate results; a gate with a heading passed if all its lines did."""
    section = document.section(*GATE_SECTIONS)
    if section is None:
        return
    yield from _gate_lines(document, section.own)
    for below in document.sections:
        if below.line in section.body and below.level == section.level + 1:
            results = list(_gate_lines(document, below.body))
            words = "; ".join(f"{one.name}: {one.words}" for one in results)
            yield LoggedGate(below.title, _together([one.result for one in results]), words)


def _gate_lines(document: Document, span: Span) -> Iterator[LoggedGate]:
    for node in document.nodes_in(span):
        if isinstance(node, ListNode):
            for item in node.items:
                if item.text is not None:
                    yield _gate_item(item, item.text)
        elif isinstance(node, Table) and len(node.header.cells) > 1:
            for row in node.rows:
                words = " – ".join(filter(None, (plain(cell.content) for cell in row.cells[1:])))
                yield LoggedGate(plain(row.cells[0].content), _result(words), words)
    for field in document.fields_in(span):
        if field.depth == 0 and field.style != "table":
            yield _gate_field(field)


def _gate_item(item: Item, text: Text) -> LoggedGate:
    first = text.content.split("\n", 1)[0]
    name, mark, words = _split(text.content)
    if not mark:
        result = "PASS" if item.checked else None if item.checked is False else _result(first)
        return LoggedGate(plain(first), result, plain(text.content))
    return LoggedGate(name, _result(words), plain(words))


def _split(content: str) -> tuple[str, bool, str]:
    """Name and words of `Name: words`, where a code span may be the name and hold colons."""
    at = content.find(":")
    spans = [(span.begins, span.ends) for span in code_spans(Text(content, 0, (0,) * (content.count("\n") + 1)))]
    while at >= 0 and any(begin <= at < end for begin, end in spans):
        at = content.find(":", at + 1)
    if at < 0:
        return "", False, content
    return plain(content[:at]).strip("* "), True, content[at + 1 :].lstrip("*_ ")


def _gate_field(field: Field) -> LoggedGate:
    return LoggedGate(field.key, _result(field.value.content), plain(field.value.content))


def _together(results: list[Result | None]) -> Result | None:
    if "FAIL" in results:
        return "FAIL"
    return "PASS" if results and None not in results else None


def _result(words: str) -> Result | None:
    """Passed or failed, if the words say one; the template's own "pass/fail" says neither."""
    if re.search(r"pass(?:ed)?\s*/\s*fail", words, re.IGNORECASE):
        return None
    if _FAILED.search(_NO_FAILURES.sub(" ", words)):
        return "FAIL"
    return "PASS" if _PASSED.search(words) else None
