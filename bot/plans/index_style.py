"""How a new entry of an index is written: as the entries beside it are."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from bot.plans.edit import Lines
from bot.plans.fields import normal_name
from bot.plans.index_layout import Container, Place, is_from_root, path_column, status_column
from bot.plans.inert import NOTHING, inert_code, inert_text
from bot.plans.inline import plain
from bot.plans.nodes import Item, Table
from bot.plans.record_fields import item_prefix
from bot.plans.repository_paths import in_the_form_of, quote_path

PATH_LIMIT: Final = 4096
TITLE_LIMIT: Final = 200
_DATE: Final = re.compile(r"(?<!\d)(\d{4})[-_.]?(\d{2})[-_.]?(\d{2})(?!\d)")
_TAIL: Final = re.compile(r"(\s*(?:—|–|-{1,2}|:|·)\s+)\S")
_STATE_TAIL: Final = re.compile(r"\s*\([\w -]{1,30}\)\s*$")
_MARKS: Final = re.compile(r"[^\w\[\]`<>(\\|]*")
_TITLE_HEADERS: Final = ("title", "name", "plan", "objective", "goal", "제목", "标题")
_NOTE_HEADERS: Final = (
    "note",
    "notes",
    "summary",
    "description",
    "outcome",
    "result",
    "comment",
    "비고",
    "설명",
    "备注",
)


@dataclass(frozen=True, slots=True)
class NewEntry:
    """The plan to be listed; `folder` is the index's own."""

    path: str
    folder: str
    title: str
    status: str
    note: str

    @property
    def name(self) -> str:
        return posixpath.basename(self.path)

    @property
    def label(self) -> str:
        return inert_text(self.title, TITLE_LIMIT) or inert_text(self.name, TITLE_LIMIT)


def is_newest_first(paths: Sequence[str]) -> bool:
    """Say whether the dates in the names of an index run backwards."""
    found = [_DATE.search(posixpath.basename(path)) for path in paths]
    dates = [match.groups() for match in found if match is not None]
    return len(dates) > 1 and dates[0] > dates[-1] and all(one >= other for one, other in pairwise(dates))


def plain_bullet(new: NewEntry) -> str:
    tail = f" — {inert_text(new.note)}" if new.note.strip() else ""
    return f"- {_link(new, None)}{tail}"


def bullet_like(
    lines: Lines,
    place: Place,
    new: NewEntry,
    *,
    is_first: bool,
    siblings: Sequence[Item] = (),
    sample: Place | None = None,
) -> str:
    """A bullet for `new` in the style of another; a placeholder gives the marker and `sample` the way to name files."""
    assert isinstance(place.node, Item)
    prefix = _numbered(item_prefix(lines, place.node), siblings, is_first=is_first)
    if place.node.checked is not None:
        prefix += "[x] " if new.status.casefold() in ("completed", "done", "closed") else "[ ] "
    source = place if place.reference is not None else sample
    if source is None or source.reference is None:
        tail = f" — {inert_text(new.note)}" if new.note.strip() else ""
        return f"{prefix}{_link(new, None)}{tail}"
    text = lines.text
    row = source.node.span.start
    before = text[lines.starts[row] : source.reference.first]
    behind = text[source.reference.last : lines.starts[row] + len(lines.body(row))] if place is source else ""
    lead = before[-1:] if before[-1:] in ("*", "_") else ""
    lead = "**" if before.endswith("**") else "__" if before.endswith("__") else lead
    closing = lead if lead and behind.startswith(lead) else ""
    body = f"{closing}{_reference(new, source)}{closing}"
    return f"{prefix}{body}{_tail(new, source, behind[len(closing) :])}"


def _numbered(prefix: str, siblings: Sequence[Item], *, is_first: bool) -> str:
    found = re.search(r"\d+(?=[.)])", prefix)
    if found is None or is_first or (len(siblings) > 1 and siblings[0].number == siblings[-1].number):
        return prefix
    return f"{prefix[: found.start()]}{int(found.group()) + 1}{prefix[found.end() :]}"


def _tail(new: NewEntry, sample: Place, behind: str) -> str:
    separator = _TAIL.match(behind)
    if separator is not None:
        is_titled = sample.reference is not None and sample.reference.kind == "link" and not _names_file(sample)
        words = new.note if new.note.strip() or is_titled else new.title
        return separator.group(1) + inert_text(words) if words.strip() else ""
    if _STATE_TAIL.fullmatch(behind):
        return f" ({inert_text(new.status, 60)})"
    return ""


def _reference(new: NewEntry, sample: Place) -> str:
    assert sample.reference is not None
    written = _path_like(new, sample)
    match sample.reference.kind:
        case "code":
            return inert_code(written, PATH_LIMIT)
        case "bare" if re.fullmatch(r"[\w./-]+", written) and "_" not in written:
            return written
        case _:
            return _link(new, sample)


def _link(new: NewEntry, sample: Place | None) -> str:
    written = _path_like(new, sample) if sample is not None else in_the_form_of("", new.path, new.folder)
    label = new.label
    if sample is not None and sample.reference is not None and _names_file(sample):
        words = plain(sample.reference.label)
        file = posixpath.splitext(new.name)[0] if not words.casefold().endswith(".md") else new.name
        named = written if "/" in words else file
        is_code = sample.reference.label.startswith("`")
        label = inert_code(named, PATH_LIMIT) if is_code else inert_text(named, PATH_LIMIT)
    return f"[{label}]({quote_path(written)})"


def _names_file(sample: Place) -> bool:
    """Say whether a link's label is the file's name, with or without its ending."""
    if sample.reference is None or sample.entry is None or sample.reference.kind != "link":
        return False
    words, name = plain(sample.reference.label), posixpath.basename(sample.entry.path)
    return words in (name, posixpath.splitext(name)[0], sample.entry.path_raw, sample.entry.path)


def _path_like(new: NewEntry, sample: Place) -> str:
    assert sample.entry is not None
    if is_from_root(sample.entry, new.folder):
        return new.path
    return in_the_form_of(sample.entry.path_raw, new.path, new.folder)


def cells_like(lines: Lines, table: Table, place: Place | None, new: NewEntry) -> str:
    """A table row for `new`: columns are filled by their headers, pipes and blanks set as in the row beside it."""
    column = _reference_column(table, place)
    state = status_column(table)
    cells = []
    for index, header in enumerate(table.header.cells):
        name = normal_name(plain(header.content))
        if index == column:
            cell = _reference(new, place) if place is not None and place.reference is not None else _link(new, None)
        elif index == state:
            cell = inert_text(new.status, 60)
        elif name in _NOTE_HEADERS:
            cell = inert_text(new.note)
        else:
            cell = new.label if name in _TITLE_HEADERS else ""
        cells.append(re.sub(r"(?<!\\)\|", r"\\|", cell or NOTHING))
    return _row(lines.body((place.node if place is not None else table.header).span.start), cells)


def _reference_column(table: Table, place: Place | None) -> int:
    if place is not None and place.reference is not None and not isinstance(place.node, Item):
        starts = [cell.start for cell in place.node.cells]
        return max(index for index, start in enumerate(starts) if start <= place.reference.start)
    return path_column(table) or 0


def _row(sample: str, cells: Sequence[str]) -> str:
    indent = sample[: len(sample) - len(sample.lstrip())]
    bare = sample.strip()
    pad = "" if re.fullmatch(r"\|?[^|\s][^|]*[^|\s]\|.*", bare) and "| " not in bare else " "
    body = f"{pad}|{pad}".join(cells)
    left = f"|{pad}" if bare.startswith("|") or len(cells) == 1 else ""
    right = f"{pad}|" if bare.endswith("|") or len(cells) == 1 else ""
    return f"{indent}{left}{body}{right}"


def placeholder_like(lines: Lines, container: Container, place: Place, folder: str) -> str:
    """A line that says there are no plans, as a bullet or a row of the list it stands in."""
    kind = {"active": "active ", "completed": "completed "}.get(posixpath.basename(folder), "")
    words = f"_No {kind}plans._"
    if isinstance(container.node, Table):
        column = path_column(container.node) or 0
        count = len(container.node.header.cells)
        cells = [words if index == column else NOTHING for index in range(count)]
        return _row(lines.body(place.node.span.start), cells)
    assert isinstance(place.node, Item)
    return item_prefix(lines, place.node) + words
