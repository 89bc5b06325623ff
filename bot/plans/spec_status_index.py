"""The status that an index of specs states beside a spec: in its table row, or in its list entry."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from bot.plans.document import Document, read_document
from bot.plans.edit import Splice, splice
from bot.plans.fields import fields_of, normal_name
from bot.plans.inert import inert_text
from bot.plans.inline import Text, plain
from bot.plans.links import Reference, references
from bot.plans.nodes import Item, ListNode, Paragraph, Row, Span, Table, walk
from bot.plans.record_fields import value_splice
from bot.plans.repository_paths import folder_of, relative, resolve, resolve_link
from bot.plans.spec_status_cells import cell_splice, first_line, written_like

_STATUS: Final = ("status", "state", "spec status", "상태", "状态")
# Columns that speak of a spec and may name others.
_ASIDE: Final = re.compile(
    r"(?:status|state|health|summary|description|notes?|comments?|dependenc(?:y|ies)|depends on|plan|progress|updated"
    r"|last updated|owner|date|requirements?|priority|상태|状态)$"
)
_WORDS: Final = (
    r"draft|proposed|planned|pending|todo|ready|approved|accepted|active|in[ -]progress|wip|in review|review"
    r"|implementing|implemented|done|completed?|shipped|released|stable|final|deprecated|obsolete|superseded|blocked"
    r"|on hold|paused|archived|rejected"
)
# A status stands alone: in brackets or code, bold, between dashes, behind a colon.
_BEFORE: Final = r"(?:(?<=[(\[`*_:|])|(?<=[(\[`*_:|—–-]\s))"
_BEHIND: Final = r"(?=[)\]`*_|,;]|\s*$|\s+[—–(|-])"


def set_index_status(text: str, index_path: str, spec_path: str, status: str) -> str:
    """The index with the status of this spec; unchanged if it does not list the spec or states no status for it.

    Paths are from the root of the repository. Doing it twice equals doing it once, and every other byte stays.
    """
    document = read_document(text)
    change = next(_row_changes(document, index_path, spec_path, status), None)
    if change is None:
        change = next(_item_changes(document, index_path, spec_path, status), None)
    return text if change is None else splice(text, [change])


def _row_changes(document: Document, index_path: str, spec_path: str, status: str) -> Iterator[Splice]:
    rows = [(table, row) for table in walk(document.nodes) if isinstance(table, Table) for row in table.rows]
    by_link = [(table, row) for table, row in rows if _lists(table, row, index_path, spec_path)]
    by_name = [(table, row) for table, row in rows if _names(table, row, index_path, spec_path)]
    for table, row in by_link or by_name:
        column = _status_column(table)
        if column is not None:
            cell = row.cells[column]
            change = cell_splice(document.text, cell, written_like(cell.content, status))
            if change is not None:
                yield change
            return


def _headers(table: Table) -> list[str]:
    return [normal_name(plain(cell.content)) for cell in table.header.cells]


def _status_column(table: Table) -> int | None:
    names = _headers(table)
    return next((names.index(name) for name in _STATUS if name in names), None)


def _lists(table: Table, row: Row, index_path: str, spec_path: str) -> bool:
    """Say whether the first reference of a row, in a column that may name the spec, is the spec."""
    for name, cell in zip(_headers(table), row.cells, strict=True):
        meanings = [] if _ASIDE.match(name) else list(_meanings(cell, index_path, is_cell=True))
        if meanings:
            return spec_path in meanings[0]
    return False


def _names(table: Table, row: Row, index_path: str, spec_path: str) -> bool:
    """Say whether a row names the spec by its folder: `auth`, `auth/oauth`, `specs/auth/SPEC.md`."""
    cells = [cell for name, cell in zip(_headers(table), row.cells, strict=True) if not _ASIDE.match(name)]
    return any(plain(cell.content).strip("/ ") in _known_as(index_path, spec_path) for cell in cells[:2])


def _known_as(index_path: str, spec_path: str) -> set[str]:
    folder = folder_of(index_path)
    paths = (spec_path, folder_of(spec_path))
    return {path for path in paths if path} | {relative(path, folder) for path in paths if path and path != folder}


def _meanings(text: Text, index_path: str, *, is_cell: bool = False) -> Iterator[set[str]]:
    """What each reference in a text may mean: a path from the index's folder or from the root; a folder's SPEC.md."""
    folder = folder_of(index_path)
    for reference in sorted(references(text, is_cell=is_cell), key=lambda one: (one.kind != "link", one.first)):
        if reference.kind == "link":
            paths = {resolve_link(reference.destination, folder), resolve_link(reference.destination, "")}
        elif _is_path(reference):
            paths = {resolve(reference.destination, folder), resolve(reference.destination, "")}
        else:
            continue
        found = {path for path in paths if path is not None}
        yield found | {posixpath.join(path, "SPEC.md") for path in found if not path.endswith(".md")}


def _is_path(reference: Reference) -> bool:
    return reference.kind == "link" or (
        reference.kind == "code" and re.search(r"/|\.md$", reference.destination) is not None
    )


def _item_changes(document: Document, index_path: str, spec_path: str, status: str) -> Iterator[Splice]:
    for node in walk(document.nodes):
        if not isinstance(node, ListNode):
            continue
        for item in node.items:
            if item.text is None or not _is_entry(item.text, index_path, spec_path):
                continue
            change = _field_change(document, item, status) or _word_change(item.text, status)
            if change is not None:
                yield change
            return


def _is_entry(text: Text, index_path: str, spec_path: str) -> bool:
    meaning = next(_meanings(text, index_path), None)
    if meaning is not None:
        return spec_path in meaning
    name = re.match(r"[\w./-]+", plain(text.content))
    return name is not None and name.group().rstrip("./") in _known_as(index_path, spec_path)


def _field_change(document: Document, item: Item, status: str) -> Splice | None:
    """A status field in an entry or right below it."""
    below = [inner for child in item.children if isinstance(child, ListNode) for inner in child.items]
    for text in (inner.text for inner in (item, *below)):
        if text is None:
            continue
        for field in fields_of([Paragraph(Span(text.line, text.line + 1), text)]):
            if field.name in _STATUS:
                value = first_line(field.value)
                change = value_splice(document.text, replace(field, value=value), written_like(value.content, status))
                return change or Splice(value.start, value.start, "")
    return None


def _word_change(text: Text, status: str) -> Splice | None:
    """The first word of an entry that is a status and stands alone, or that is one in capitals."""
    first = text.content.split("\n", 1)[0]
    paths = [(one.first, one.last) for one in references(text) if _is_path(one)]
    # The wanted status counts as one, so that a second pass finds the place where the first one wrote it.
    wanted = "|".join(re.escape(one) for one in {status, inert_text(status), inert_text(status.lower())} if one)
    standing = re.compile(rf"{_BEFORE}(?:{_WORDS}|{wanted}){_BEHIND}", re.IGNORECASE)
    capitals = re.compile(rf"(?<![\w/-])(?:{_WORDS.upper()}|{wanted})(?![\w/-])")
    for pattern in (standing, capitals):
        for match in pattern.finditer(first):
            start, end = text.offset(match.start()), text.offset(match.end())
            if not any(begin <= start < last for begin, last in paths):
                return Splice(start, end, written_like(match.group(), status))
    return None
