"""One block from the fields, list item or table row that describe it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from bot.plans import block_ids
from bot.plans.document import Document
from bot.plans.fields import Field, normal_name
from bot.plans.inline import Text, code_spans, plain
from bot.plans.model import Block
from bot.plans.nodes import Item, ListNode, Span, Table, texts
from bot.plans.placeholders import filled, has_placeholder, is_placeholder

DEPENDENCIES: Final = (
    "dependencies",
    "depends on",
    "dependency",
    "depends",
    "deps",
    "blocked by",
    "prerequisites",
    "after",
)
GOAL: Final = ("goal", "objective", "intent", "title", "name", "summary", "description", "purpose", "목표", "목적")
ACCEPTANCE: Final = (
    "acceptance criteria",
    "acceptance",
    "acceptance test",
    "acceptance tests",
    "done when",
    "완료 기준",
)
FILES: Final = (
    "ownership",
    "files",
    "files touched",
    "files/modules touched",
    "files to modify",
    "file scope",
    "touches",
)
STEPS: Final = ("steps", "ordered steps", "tasks", "task(s)", "work")
VERIFY: Final = ("verify", "verification", "validation", "checks", "validation commands")
ROLE: Final = ("role", "owner", "worker", "assignee")
INDEPENDENT: Final = ("independent", "parallel", "can run in parallel")
BLOCK_ID: Final = ("block id", "block ids", "block id(s)", "block", "blocks", "id")

_DONE_MARKS: Final = " \t✅☑✔️⬜🟢🔴🟡⏳"
_DEPENDS_IN_TITLE: Final = re.compile(
    r"\((?:depends on|dependencies:?|deps:?|after|blocked by|needs)\s+([^()]*)\)", re.IGNORECASE
)
_PATH: Final = re.compile(r"[\w@.\-*{},\[\]/+$~()]+")


@dataclass(frozen=True, slots=True)
class Draft:
    """A block, and what its author wrote about dependencies (`depends` is None when nothing) at a 0-based line."""

    block: Block
    depends: str | None
    depends_line: int


def clean_title(text: str) -> str:
    """A title without Markdown, without marks that say that it is done."""
    return plain(text).strip(_DONE_MARKS).strip()


def words_of(field: Field | None) -> str | None:
    """A field's value as plain words, the items below it joined; None if it is empty or the template's."""
    if field is None:
        return None
    value = filled(field.value.content)
    below = [words for words in item_words(field.items) if not is_placeholder(words)]
    parts = [value, *below] if value else below
    return "; ".join(parts) or None


def item_words(items: Iterable[Item]) -> list[str]:
    return [words for item in items if item.text is not None and (words := plain(item.text.content))]


def list_of(field: Field | None) -> tuple[str, ...]:
    """A field's entries: its value and each list item below it, without the template's."""
    if field is None:
        return ()
    value = filled(field.value.content)
    below = [words for words in item_words(field.items) if not is_placeholder(words)]
    return tuple([value, *below] if value else below)


def paths_in(found: Iterable[Text]) -> tuple[str, ...]:
    """The code spans that are paths or patterns: a slash or a suffix, no blanks."""
    paths: list[str] = []
    for text in found:
        for code in code_spans(text):
            candidate = code.text.strip()
            if _is_path(candidate) and not has_placeholder(candidate):
                paths.append(candidate)
    return tuple(dict.fromkeys(paths))


def _is_path(text: str) -> bool:
    if not _PATH.fullmatch(text) or text.endswith("()"):
        return False
    return "/" in text or re.search(r"\w\.\w{1,8}$", text) is not None


def _texts_of(field: Field) -> Iterator[Text]:
    yield field.value
    for item in field.items:
        if item.text is not None:
            yield item.text
        yield from texts(item.children)


def draft_from_fields(
    document: Document, block_id: str, title: str, line: int, span: Span, milestone: str | None
) -> Draft:
    """A block whose terms are the fields in these lines."""
    by_name: dict[str, Field] = {}
    for field in document.fields_in(span):
        by_name.setdefault(field.name, field)

    def first(names: Sequence[str]) -> Field | None:
        return next((by_name[name] for name in names if name in by_name), None)

    files = first(FILES)
    depends = first(DEPENDENCIES)
    independent = words_of(first(INDEPENDENT))
    block = Block(
        id=block_id,
        title=clean_title(title) or clean_title(words_of(first(GOAL)) or ""),
        line=line + 1,
        milestone=milestone,
        steps=list_of(first(STEPS)),
        files=paths_in(_texts_of(files)) if files else (),
        role=words_of(first(ROLE)),
        acceptance=list_of(first(ACCEPTANCE)),
        verify=words_of(first(VERIFY)),
        independent=(independent or "").casefold() in ("yes", "true", "independent", "parallel"),
    )
    return Draft(block, words_of(depends), depends.line if depends else line)


def draft_from_item(document: Document, item: Item, entry: block_ids.Entry, milestone: str | None) -> Draft:
    """A block that is a list item: its text is the title, the items below it are its steps or its fields."""
    assert entry.id is not None
    title, depends = _without_dependencies(entry.title)
    draft = draft_from_fields(document, entry.id, title, item.span.start, item.span, milestone)
    keys = {field.line for field in document.fields_in(item.span)}
    steps = [
        words
        for child in item.children
        if isinstance(child, ListNode)
        for below in child.items
        if below.span.start not in keys and (words := plain(below.text.content if below.text else ""))
    ]
    block = draft.block
    if steps and not block.steps:
        block = replace(block, steps=tuple(steps))
    return Draft(block, draft.depends or depends, draft.depends_line)


def _without_dependencies(title: str) -> tuple[str, str | None]:
    match = _DEPENDS_IN_TITLE.search(title)
    return (title, None) if match is None else (_DEPENDS_IN_TITLE.sub("", title, count=1), match.group(1))


_ID_COLUMNS: Final = frozenset({"id", "block id", "block", "task", "task id", "#", "no", "no.", "step", "slice"})
_TITLE_COLUMNS: Final = ("goal", "title", "summary", "description", "task", "work", "action", "name", "what", "step")


def drafts_from_table(table: Table, milestone: str | None) -> list[Draft]:
    """The blocks of a table with a column of ids; none if that column holds one constant or no ids."""
    names = [normal_name(plain(cell.content)) or plain(cell.content).strip() for cell in table.header.cells]
    id_column = next((index for index, name in enumerate(names) if name in _ID_COLUMNS), None)
    if id_column is None or len(names) < 2:
        return []
    columns = {name: index for index, name in reversed(list(enumerate(names))) if index != id_column}
    drafts = []
    for row in table.rows:
        cells = row.cells
        entry = block_ids.leading_entry(plain(cells[id_column].content) + " ")
        number = plain(cells[id_column].content)
        block_id = entry.id or (number if re.fullmatch(r"\d{1,4}(?:\.\d{1,4})*", number) else None)
        if block_id is None:
            continue
        drafts.append(_draft_from_row(block_id, entry.title, cells, columns, row.span.start, milestone))
    ids = {draft.block.id for draft in drafts}
    return [] if len(drafts) > 1 and len(ids) == 1 else drafts


def _draft_from_row(
    block_id: str, behind_id: str, cells: Sequence[Text], columns: dict[str, int], line: int, milestone: str | None
) -> Draft:
    def cell(names: Sequence[str]) -> Text | None:
        return next((cells[columns[name]] for name in names if name in columns), None)

    def words(names: Sequence[str]) -> str | None:
        found = cell(names)
        return filled(found.content) if found else None

    title = behind_id or words(_TITLE_COLUMNS) or ""
    files, acceptance = cell(FILES), words(ACCEPTANCE)
    block = Block(
        id=block_id,
        title=clean_title(title),
        line=line + 1,
        milestone=words(("milestone", "sprint", "phase")) or milestone,
        files=paths_in([files]) if files else (),
        role=words(ROLE),
        acceptance=(acceptance,) if acceptance else (),
        verify=words(VERIFY),
        independent=(words(INDEPENDENT) or "").casefold() in ("yes", "true"),
    )
    return Draft(block, words(DEPENDENCIES), line)
