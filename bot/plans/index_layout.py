"""How an index of plans is laid out: its lists and tables, which of them list plans, and what says there are none."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from bot.plans.document import Document, read_document
from bot.plans.fields import normal_name
from bot.plans.inline import Text, plain
from bot.plans.links import Reference, references
from bot.plans.nodes import Heading, Item, ListNode, Paragraph, Row, Table
from bot.plans.repository_paths import folder_of, is_local, relative, resolve, split_anchor

# Headings and opening words behind which a list names documents that are no plans.
_ASIDE: Final = re.compile(
    r"\b(?:references?|see also|related|further reading|links|resources|background|metadata|transition|history"
    r"|how to|conventions?|templates?|rules|notes|siehe auch|voir aussi|referencias|ver también)\b"
    r"|참고|관련|참조|参考|参照|関連|相关",
    re.IGNORECASE,
)
_SAYS_EMPTY: Final = re.compile(
    r"(?:currently |there (?:are|is) (?:currently |presently )?)?"
    r"(?:(?:none|nothing|empty|n/?a)\b.*|no\b.*\b(?:plans?|entries|items?|active|completed|current|work|yet|here)\b.*)"
    r"|.*없(?:다|음|습니다|어요|는 상태).*|.*(?:暂无|没有|尚无).*|无|なし|.*(?:ありません|はない)"
    r"|(?:ningun[oa]|ningún|no hay|aucune?|keine?|nenhum|não há)\b.*",
    re.IGNORECASE,
)
_DASHES: Final = re.compile(r"[-–—]*")
_BARE_PATH: Final = re.compile(r"[^\s`\[\]()<>*|]+\.md(?![\w.])", re.IGNORECASE)
_PATH_HEADERS: Final = (
    "plan",
    "file",
    "document",
    "doc",
    "path",
    "link",
    "name",
    "title",
    "계획",
    "문서",
    "计划",
    "文件",
)
_STATUS_HEADERS: Final = ("status", "state", "상태", "状态")
_STATEMENT_LIMIT: Final = 200


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """One plan that an index lists.

    `path_raw` is as written (decoded), `path` is the repository path it means, `line` is 1-based; `title` and `status`
    are what the index says about the plan, if it does.
    """

    path_raw: str
    path: str
    line: int
    title: str | None
    status: str | None


@dataclass(frozen=True, slots=True)
class Index:
    """What an index lists, in its order."""

    entries: tuple[IndexEntry, ...]

    @property
    def is_empty(self) -> bool:
        return not self.entries


@dataclass(frozen=True, slots=True)
class Place:
    """A list item or table row: the entry it is, or whether it says that there are none."""

    node: Item | Row
    entry: IndexEntry | None
    reference: Reference | None
    is_placeholder: bool


@dataclass(frozen=True, slots=True)
class Container:
    """One list (nested ones are containers of their own) or table; `group` numbers the top-level block it is in."""

    node: ListNode | Table
    places: tuple[Place, ...]
    group: int
    depth: int
    is_aside: bool

    @property
    def entries(self) -> tuple[IndexEntry, ...]:
        return tuple(place.entry for place in self.places if place.entry is not None)


@dataclass(frozen=True, slots=True)
class Layout:
    """An index taken apart: `plans` are the containers that list plans, `statement` says that there are none."""

    document: Document
    folder: str
    containers: tuple[Container, ...]
    plans: tuple[Container, ...]
    statement: Paragraph | None

    @property
    def index(self) -> Index:
        entries = [entry for container in self.plans for entry in container.entries]
        return Index(tuple(sorted(entries, key=lambda entry: entry.line)))


def read_layout(index_path: str, text: str) -> Layout:
    """Take an index apart. Lists of references that stand below the plans, in the same style, are told from them."""
    document = read_document(text)
    containers: list[Container] = []
    statement: Paragraph | None = None
    heading, before = "", ""
    for group, node in enumerate(document.nodes):
        match node:
            case Heading(text=words):
                heading, before = plain(words.content), ""
            case Paragraph(text=words):
                before = plain(words.content)
                if statement is None and says_empty(before):
                    statement = node
            case ListNode() | Table():
                is_aside = bool(_ASIDE.search(heading) or (before.endswith((":", "\uff1a")) and _ASIDE.search(before)))
                containers += _containers(node, index_path, group, 0, is_aside)
                before = ""
            case _:
                before = ""
    folder = folder_of(index_path)
    return Layout(document, folder, tuple(containers), _plan_containers(containers, folder, statement), statement)


def says_empty(words: str) -> bool:
    """Say whether a short sentence, in one of some languages, says that there is nothing to list."""
    return len(words) <= _STATEMENT_LIMIT and _SAYS_EMPTY.fullmatch(words.strip(" _*()[].!。-–—")) is not None


def path_column(table: Table) -> int | None:
    return _column(table, _PATH_HEADERS)


def status_column(table: Table) -> int | None:
    return _column(table, _STATUS_HEADERS)


def _column(table: Table, names: Sequence[str]) -> int | None:
    headers = [normal_name(plain(cell.content)) for cell in table.header.cells]
    return next((headers.index(name) for name in names if name in headers), None)


def _plan_containers(
    containers: Sequence[Container], folder: str, statement: Paragraph | None
) -> tuple[Container, ...]:
    """The containers that list plans: those that name a file of the index's own folder; else the first that names any.

    Plans may live elsewhere (`../../plan.md`), but then only the first list is believed, and none if the index says
    that there are no plans: what follows such a sentence are references.
    """
    candidates = [container for container in containers if not container.is_aside and container.entries]
    home = {one.group for one in candidates if any(entry.path.startswith(f"{folder}/") for entry in one.entries)}
    if home:
        return tuple(one for one in candidates if one.group in home)
    has_placeholder = any(place.is_placeholder for one in containers if not one.is_aside for place in one.places)
    if statement is not None or has_placeholder:
        return ()
    parent = folder_of(folder)
    elsewhere = [one for one in candidates if any(not _is_sibling(entry.path, parent) for entry in one.entries)]
    return tuple(one for one in candidates if elsewhere and one.group == elsewhere[0].group)


def _is_sibling(path: str, parent: str) -> bool:
    """Say whether a file lies in a folder beside the index's own, as completed plans do beside active ones."""
    return bool(parent) and folder_of(folder_of(path)) == parent


def _containers(node: ListNode | Table, index_path: str, group: int, depth: int, is_aside: bool) -> Iterator[Container]:
    if isinstance(node, Table):
        yield Container(node, tuple(_row_place(node, row, index_path) for row in node.rows), group, depth, is_aside)
        return
    places = tuple(_item_place(item, index_path) for item in node.items)
    yield Container(node, places, group, depth, is_aside)
    for item in node.items:
        for child in item.children:
            if isinstance(child, ListNode):
                yield from _containers(child, index_path, group, depth + 1, is_aside)


def _item_place(item: Item, index_path: str) -> Place:
    if item.text is None:
        return Place(item, None, None, False)
    found = _entry(item.text, index_path, is_cell=False)
    if found is None:
        return Place(item, None, None, says_empty(plain(item.text.content)))
    reference, raw, path = found
    title = _label_title(reference, path) or _tail_title(item.text, reference)
    return Place(item, IndexEntry(raw, path, item.span.start + 1, title, None), reference, False)


def _row_place(table: Table, row: Row, index_path: str) -> Place:
    preferred = path_column(table)
    order = sorted(range(len(row.cells)), key=lambda index: index != preferred)
    status = status_column(table)
    for index in order:
        found = _entry(row.cells[index], index_path, is_cell=True)
        if found is not None:
            reference, raw, path = found
            state = plain(row.cells[status].content) if status is not None and status != index else ""
            entry = IndexEntry(raw, path, row.span.start + 1, _label_title(reference, path), state or None)
            return Place(row, entry, reference, False)
    words = [plain(cell.content) for cell in row.cells]
    shown = [word for index, word in enumerate(words) if index in (0, preferred)]
    is_placeholder = bool(words) and (any(map(says_empty, shown)) or all(_DASHES.fullmatch(word) for word in words))
    return Place(row, None, None, is_placeholder)


def _entry(text: Text, index_path: str, *, is_cell: bool) -> tuple[Reference, str, str] | None:
    """The first reference to a Markdown file in a text: the reference, its path as written, the repository path."""
    found = list(references(text, is_cell=is_cell, may_define=False))
    for reference in sorted(found, key=lambda one: (one.kind != "link", one.first)):
        if reference.kind == "link" and is_local(reference.destination):
            raw = unquote(split_anchor(reference.destination)[0])
        elif reference.kind == "code" and (" " not in reference.destination or reference.first <= text.start):
            raw = reference.destination
        else:
            continue
        path = _meaning(raw, index_path)
        if path is not None:
            return reference, raw, path
    bare = None if found else _BARE_PATH.search(text.content)
    path = _meaning(bare.group(), index_path) if bare is not None else None
    if bare is None or path is None or "://" in bare.group():
        return None
    start, end = text.offset(bare.start()), text.offset(bare.end())
    return Reference("bare", start, end, bare.group(), start, end), bare.group(), path


def _meaning(raw: str, index_path: str) -> str | None:
    """The repository path of a Markdown file named in an index; None for anything else, and for the index itself."""
    if not raw.casefold().endswith(".md") or "\n" in raw:
        return None
    folder = folder_of(index_path)
    parent = folder_of(folder)
    is_from_root = bool(parent) and raw.startswith(f"{parent}/")
    path = resolve(raw, "" if is_from_root else folder)
    if path is None or path == index_path or posixpath.basename(path).casefold() in ("index.md", "readme.md"):
        return None
    return path


def is_from_root(entry: IndexEntry, folder: str) -> bool:
    """Say whether an entry's path is written from the repository's root, without a slash before it."""
    return entry.path_raw == entry.path and relative(entry.path, folder) != entry.path_raw


def _label_title(reference: Reference, path: str) -> str | None:
    label = plain(reference.label)
    name = posixpath.basename(path)
    return None if not label or label in (name, name[:-3], path) or label.endswith(f"/{name}") else label


def _tail_title(text: Text, reference: Reference) -> str | None:
    behind = text.content.split("\n", 1)[0][max(reference.last - text.start, 0) :]
    found = re.match(r"[*_~]*\s*(?:—|–|-{1,2}|:)\s+(\S[^\n]*)", behind)
    return plain(found.group(1)) or None if found is not None else None
