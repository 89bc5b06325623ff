"""What of an exec-plan still holds the template's text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from bot.plans import findings as say
from bot.plans.block_reading import BLOCK_ID
from bot.plans.document import Document, Section
from bot.plans.inline import plain
from bot.plans.model import Finding
from bot.plans.nodes import Fence, Span, Table, walk
from bot.plans.placeholders import is_placeholder

# Sentences of the template that stay in a filled-in plan and fill nothing in.
_STANDING: Final = frozenset({"execution must run in the same branch used during planning."})
_RECORDS: Final = ("validation record", "closeout checklist", "progress checkpoints", "execution record")
_RECORD_FIELDS: Final = ("verdict", "validation level")
# Reported by their own findings, with their own words.
_ELSEWHERE: Final = frozenset({*BLOCK_ID, "execution branch", "execution mode", "mode", "objective", "block grouping"})


def sections_left_empty(document: Document, found: Mapping[str, Section]) -> Iterator[Finding]:
    """A finding for each required section that is there and says nothing."""
    for name, section in found.items():
        if not _says_something(document, section.body):
            yield say.SECTION_NOT_FILLED_IN.at(section.line, section=name)


def _says_something(document: Document, span: Span) -> bool:
    fields = document.fields_in(span)
    keyed = {field.line for field in fields} | {section.heading.start for section in document.sections}
    values = [field.value.content for field in fields]
    values += [text.content for text in document.texts_in(span) if text.line not in keyed]
    for value in values:
        words = plain(value)
        if words and not is_placeholder(value) and words.casefold() not in _STANDING:
            return True
    return any(isinstance(node, Fence | Table) for node in walk(document.nodes_in(span)))


def left_over(document: Document) -> Iterator[Finding]:
    """Fields whose value is the template's: a warning, or a notice where validation and closeout fill it in."""
    records = [section.body for section in document.sections if section.name.startswith(_RECORDS)]
    for field in document.fields:
        value = field.value.content
        if field.style == "plain" or not value or not is_placeholder(value):
            continue
        words = plain(value)
        if any(field.line in span for span in records):
            if field.name in _RECORD_FIELDS:
                yield say.RECORD_OPEN.at(field.line, field=field.key, value=words)
        elif field.name not in _ELSEWHERE and not re.fullmatch(r"q\d+", field.name):
            yield say.NOT_FILLED_IN.at(field.line, field=field.key, value=words)
