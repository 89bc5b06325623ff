"""The indexes of active and completed plans: what they list, and entries taken out or put in, in their own style."""

from __future__ import annotations

import posixpath
from bisect import bisect_left
from collections.abc import Iterator
from itertools import islice
from typing import Final

from bot.plans.edit import Lines, Splice, splice
from bot.plans.index_layout import Container, Index, IndexEntry, Layout, Place, path_column, read_layout
from bot.plans.index_style import (
    NewEntry,
    bullet_like,
    cells_like,
    is_newest_first,
    placeholder_like,
    plain_bullet,
)
from bot.plans.nodes import Heading, Item, ListNode, Paragraph, Table

__all__ = ["Index", "IndexEntry", "add_entry", "read_index", "remove_entry"]

# Entries that are listed twice side by side, or below one another, are taken out in several passes.
_PASSES: Final = 60
_ATTEMPTS: Final = 12


def read_index(index_path: str, text: str) -> Index:
    """What an index lists in bullets and table rows: links, code spans and bare names; references are left out."""
    return read_layout(index_path, text).index


def remove_entry(text: str, index_path: str, plan_path: str) -> str:
    """Return the index without a plan. Where it was the last one, the list says so; a table stays a table.

    Bullets below the entry go with it, except those that are plans themselves.
    """
    name = posixpath.basename(plan_path)
    if name not in text and not any(sign in text for sign in "%&\\"):
        return text
    for _ in range(_PASSES):
        shorter = _without(text, index_path, plan_path)
        if shorter == text:
            break
        text = shorter
    return text


def add_entry(text: str, index_path: str, plan_path: str, title: str, status: str = "completed", note: str = "") -> str:
    """Return the index with a plan, written as its other entries are; unchanged if it lists the plan already.

    `title`, `status` and `note` are untrusted and written inert. A missing index ("") becomes a minimal one. An index
    in which no place can be found where the entry would be read as one stays as it is.
    """
    new = NewEntry(plan_path, posixpath.dirname(index_path), title, status, note)
    if not text.strip("\ufeff \t\r\n"):
        name = posixpath.basename(new.folder).replace("-", " ").replace("_", " ").title()
        return f"# {name} Execution Plans\n\n{plain_bullet(new)}\n" if name else f"# Plans\n\n{plain_bullet(new)}\n"
    layout = read_layout(index_path, text)
    before = [entry.path for entry in layout.index.entries]
    if plan_path in before:
        return text
    wanted = sorted([*before, plan_path])
    for splices in islice(_additions(layout, new), _ATTEMPTS):
        result = splice(text, splices)
        if sorted(entry.path for entry in read_index(index_path, result).entries) == wanted:
            return result
    return text


def _without(text: str, index_path: str, plan_path: str) -> str:
    layout = read_layout(index_path, text)
    lines = Lines(text)
    splices: list[Splice] = []
    kept = [entry.line - 1 for entry in layout.index.entries if entry.path != plan_path]
    words = _own_words_for_none(layout, lines)
    behind = 0
    for container in layout.plans:
        gone = [index for index, place in enumerate(container.places) if place.entry and place.entry.path == plan_path]
        gone = [index for index in gone if container.places[index].node.span.start >= behind]
        if not gone:
            continue
        if _needs_placeholder(layout, container, len(gone), kept):
            first = container.places[gone.pop(0)]
            splices.append(_placeholder(lines, container, first, words, layout.folder))
            behind = first.node.span.end
        whole = []
        for index in gone:
            nested = _nested_plans(container.places[index], kept)
            if nested is None:
                whole.append(index)
            else:
                splices.append(_hoisted(lines, container.places[index], nested))
            behind = max(behind, container.places[index].node.span.end)
        splices += [lines.remove(start, stop) for start, stop in _ranges(container, whole)]
    return splice(text, _apart(splices))


def _apart(splices: list[Splice]) -> Iterator[Splice]:
    """Those that touch no other: at the end of a text and in nested lists two may want the same line end."""
    position = -1
    for one in sorted(splices, key=lambda item: (item.start, item.end)):
        if one.start > position:
            position = one.end
            yield one


def _needs_placeholder(layout: Layout, container: Container, count: int, kept: list[int]) -> bool:
    """Say whether a list that loses `count` entries is to say it has none; `kept` are the lines of other plans."""
    if layout.statement is not None or any(place.is_placeholder for place in container.places):
        return False
    first = bisect_left(kept, container.node.span.start)
    if len(container.entries) > count or (first < len(kept) and kept[first] in container.node.span):
        return False
    return not kept or (not container.depth and count == len(container.places))


def _own_words_for_none(layout: Layout, lines: Lines) -> dict[bool, str]:
    """The line with which this index says elsewhere that there are none: of its tables (True) and its lists."""
    words: dict[bool, str] = {}
    for container in layout.containers:
        for place in container.places:
            if place.is_placeholder and not container.is_aside and place.node.span.end == place.node.span.start + 1:
                words.setdefault(isinstance(container.node, Table), lines.body(place.node.span.start))
    return words


def _placeholder(lines: Lines, container: Container, place: Place, words: dict[bool, str], folder: str) -> Splice:
    """Put the index's own words for "none" in the place of a list's last entry, or plain ones."""
    body = words.get(isinstance(container.node, Table)) or placeholder_like(lines, container, place, folder)
    return lines.replace(place.node.span.start, place.node.span.end, [body])


def _nested_plans(place: Place, kept: list[int]) -> ListNode | None:
    """The list below an item, if it names plans that stay; `kept` are the lines of those, in order."""
    if not isinstance(place.node, Item):
        return None
    lists = [child for child in place.node.children if isinstance(child, ListNode)]
    first = bisect_left(kept, place.node.span.start)
    return lists[0] if lists and first < len(kept) and kept[first] in place.node.span else None


def _hoisted(lines: Lines, place: Place, nested: ListNode) -> Splice:
    """The list below an item, moved to the item's own depth."""
    depth = _indent(lines.body(nested.span.start)) - _indent(lines.body(place.node.span.start))
    bodies = []
    for number in range(nested.span.start, place.node.span.end):
        body = lines.body(number)
        bodies.append(body[min(depth, _indent(body)) :])
    return lines.replace(place.node.span.start, place.node.span.end, bodies)


def _indent(body: str) -> int:
    return len(body) - len(body.lstrip(" \t"))


def _ranges(container: Container, gone: list[int]) -> Iterator[tuple[int, int]]:
    """The lines that runs of items or rows take, each with the blank lines that set it apart."""
    spans = [place.node.span for place in container.places]
    runs: list[list[int]] = []
    for index in gone:
        if runs and runs[-1][-1] == index - 1:
            runs[-1].append(index)
        else:
            runs.append([index])
    for first, last in ((run[0], run[-1]) for run in runs):
        if last + 1 < len(spans):
            yield spans[first].start, spans[last + 1].start
        else:
            yield (spans[first - 1].end if first else spans[first].start), spans[last].end


def _additions(layout: Layout, new: NewEntry) -> Iterator[list[Splice]]:
    """The ways to add an entry, best first: beside others, for an empty line, below a fitting heading, anywhere."""
    lines = Lines(layout.document.text)
    yield from _beside_others(layout, lines, new)
    yield from _for_an_empty_line(layout, lines, new)
    sample = _any_style(layout, lines)
    bullet = bullet_like(lines, sample, new, is_first=False) if sample is not None else plain_bullet(new)
    if layout.statement is not None:
        span = layout.statement.span
        yield [lines.replace(span.start, span.end, [bullet])]
    for body in dict.fromkeys((bullet, plain_bullet(new))):
        yield from _elsewhere(layout, lines, body)


def _beside_others(layout: Layout, lines: Lines, new: NewEntry) -> Iterator[list[Splice]]:
    listed = [container for container in layout.plans if container.entries]
    if not listed:
        return
    is_first = is_newest_first([entry.path for entry in layout.index.entries])
    container = listed[0] if is_first else listed[-1]
    places = [place for place in container.places if place.entry is not None]
    place = places[0] if is_first else places[-1]
    if isinstance(container.node, Table):
        body = cells_like(lines, container.node, place, new)
        yield [lines.insert(place.node.span.start if is_first else place.node.span.end, [body])]
        return
    body = bullet_like(lines, place, new, is_first=is_first, siblings=container.node.items)
    gap = [""] if _is_loose(lines, container) else []
    if is_first:
        yield [lines.insert(place.node.span.start, [body, *gap])]
    else:
        yield [lines.insert(place.node.span.end, [*gap, body])]


def _is_loose(lines: Lines, container: Container) -> bool:
    return any(lines.is_blank(place.node.span.start - 1) for place in container.places[1:2])


def _for_an_empty_line(layout: Layout, lines: Lines, new: NewEntry) -> Iterator[list[Splice]]:
    open_ones = [container for container in layout.containers if not container.is_aside]
    sample = _any_style(layout, lines)
    for container in open_ones:
        for place in container.places:
            if not place.is_placeholder:
                continue
            if isinstance(container.node, Table):
                body = cells_like(lines, container.node, place, new)
            else:
                body = bullet_like(lines, place, new, is_first=False, sample=sample)
            yield [lines.replace(place.node.span.start, place.node.span.end, [body])]
    for container in open_ones:
        if isinstance(container.node, Table) and not container.places and path_column(container.node) is not None:
            yield [lines.insert(container.node.span.end, [cells_like(lines, container.node, None, new)])]


def _any_style(layout: Layout, lines: Lines) -> Place | None:
    """A bullet whose way of naming files can be followed when the list itself has none left."""
    for container in layout.containers:
        if isinstance(container.node, ListNode) and not container.depth:
            for place in container.places:
                if place.entry is not None and place.reference is not None and not lines.is_blank(place.entry.line - 1):
                    return place
    return None


def _elsewhere(layout: Layout, lines: Lines, body: str) -> Iterator[list[Splice]]:
    document = layout.document
    aside = {container.node.span.start for container in layout.containers if container.is_aside}
    for section in document.sections:
        nodes = document.nodes_in(section.own)
        if any(word in section.name for word in ("plan", "active", "completed", "entries", "index")):
            ends_plainly = bool(nodes) and isinstance(nodes[-1], Paragraph) and len(nodes) == 1
            at = nodes[-1].span.end if ends_plainly else section.heading.end
            yield [_set_apart(lines, at, body)]
    last = document.nodes[-1] if document.nodes else None
    if isinstance(last, Paragraph | Heading) and last.span.start not in aside:
        yield [_set_apart(lines, last.span.end, body)]
    if document.sections:
        yield [_set_apart(lines, document.sections[0].heading.end, body)]
    yield [_set_apart(lines, document.front_matter.span.end if document.front_matter is not None else 0, body)]


def _set_apart(lines: Lines, at: int, body: str) -> Splice:
    before = [""] if at and not lines.is_blank(at - 1) else []
    behind = [""] if at < len(lines) and not lines.is_blank(at) else []
    return lines.insert(at, [*before, body, *behind])
