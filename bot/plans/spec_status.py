"""The status of a spec, in SPEC.md itself and in the index of specs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from bot.plans.document import Document, read_document
from bot.plans.edit import Splice, splice
from bot.plans.fields import Field, fields_of
from bot.plans.nodes import Quote
from bot.plans.plan_status import bring_status, states_status
from bot.plans.record_fields import value_splice
from bot.plans.spec_status_cells import first_line, written_like
from bot.plans.spec_status_index import set_index_status

__all__ = ["set_index_status", "set_spec_status"]

_NAMES: Final = ("status", "spec status", "상태", "状态")


def set_spec_status(text: str, status: str) -> str:
    """SPEC.md with this status in every place that states one: front matter, field, bullet, section.

    Without any, it is written below the title. Doing it twice equals doing it once, and every other byte stays.
    """
    document = read_document(text)
    quoted = list(_quoted(document))
    if quoted and not states_status(document):
        changes = [_changed(document, field, status) for field in quoted[:1]]
        return splice(text, [change for change in changes if change is not None])
    return bring_status(document, status).text


def _quoted(document: Document) -> Iterator[Field]:
    """A status in a quote before the first section: `> **Status:** Draft`."""
    title = document.sections[0] if document.sections and document.sections[0].level == 1 else None
    for span in (document.preamble, *([title.own] if title else [])):
        for node in document.nodes_in(span):
            if isinstance(node, Quote):
                yield from (field for field in fields_of(node.children) if field.name in _NAMES)


def _changed(document: Document, field: Field, status: str) -> Splice | None:
    value = first_line(field.value)
    return value_splice(document.text, replace(field, value=value), written_like(value.content, status))
