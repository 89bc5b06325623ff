"""Where a spec-plan describes its tasks: `### Task N: action` and the other ways in which people write that."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from bot.plans import block_ids
from bot.plans.document import Document, Section
from bot.plans.fields import normal_name
from bot.plans.foreign_tasks import PLAN_SECTIONS
from bot.plans.inline import Text, plain
from bot.plans.nodes import Item, ListNode, Paragraph, Span, Table


@dataclass(frozen=True, slots=True)
class TaskPlace:
    """One task: its id and title as written, its 0-based line, and what holds its terms.

    `span` are the lines with its fields; a task that is a table row has `cells` by column name instead.
    """

    id: str
    title: str
    line: int
    span: Span
    milestone: str | None = None
    is_done: bool = False
    cells: Mapping[str, Text] = field(default_factory=dict)


_ID: Final = (
    r"[A-Za-z]{0,6}[-_.]?\d{1,6}(?:\.\d{1,6}|[-_.][A-Za-z]{1,4}\d{1,6}){0,4}[a-z]?|(?-i:[A-Z])|\{[^{}\n]{1,20}\}"
)
_TASK: Final = re.compile(
    r"(?:\d{1,3}(?:\.\d{1,3}){0,3}[.)]?\s+)?[^\w\[({]{0,8}(?:\[(?P<box>[ xX])\]\s*)?\W{0,4}"
    rf"(?:task|작업|任务|任務)\s*[#№]?\s*(?P<id>{_ID})(?!\w)"
    r"(?P<mark>\s*[:.)]+(?=\s|$)|\s*\uff1a\s*|\s*[–—→]+\s*|\s*--?\s+|\s+|$)(?P<title>.*)",
    re.IGNORECASE | re.DOTALL,
)
_NOTE: Final = re.compile(r"\((?P<note>[^()]{1,80})\)\s*(?:[:\uff1a–—]|-{1,2}\s)\s*(?P<title>\S.*)", re.DOTALL)
_MILESTONE: Final = re.compile(
    r"\W*(?P<id>(?:milestone|phase|stage|sprint|chunk|wave|epic)\s+#?[\w.]+|M\d+)\b", re.IGNORECASE
)
# Sections that speak about tasks which are described elsewhere.
_ASIDE: Final = re.compile(
    r"\b(?:summary|overview|dependenc(?:y|ies)|graph|parallel\w*|progress|status|results?|reviews?|risks?|appendix"
    r"|history|logs?|examples?|execution order|checklist|traceability|coverage)\b"
)
_DONE: Final = re.compile(r"[✅☑✔]|\((?:done|completed?)\)|\[x\]", re.IGNORECASE)
_ID_COLUMNS: Final = ("#", "id", "task id", "task", "no", "no.", "step")
_TITLE_COLUMNS: Final = ("action", "title", "description", "summary", "name", "task", "what", "goal", "work")
_TERM_COLUMN: Final = re.compile(r"files?\b|.*\bfiles$|verif|validation$")


def read_places(document: Document) -> list[TaskPlace]:
    """The tasks in document order, repeated ids included; the first form that gives any is taken."""
    return (
        _from_task_headings(document)
        or _from_headings_below(document)
        or _from_tables(document)
        or _from_items(document)
        or _from_paragraphs(document)
    )


def is_within_task(places: Sequence[TaskPlace], line: int) -> bool:
    """Say whether a 0-based line belongs to one of these tasks, which stand in document order."""
    index = bisect_right(places, line, key=lambda place: place.line) - 1
    return index >= 0 and (places[index].line == line or line in places[index].span)


def task_entry(words: str) -> tuple[str, str] | None:
    """The id and title of `Task 1: title`, `Task T1 — title`, `Task 2 (note): title`; None for anything else."""
    match = _TASK.match(words)
    if match is None:
        return None
    title = match["title"].strip()
    if not match["mark"].strip() and title:
        noted = _NOTE.match(title)
        if noted is not None:
            # "(M1)" says where the task belongs; "(independent)" is kept, since it says something about the task.
            is_milestone = _MILESTONE.fullmatch(noted["note"])
            title = noted["title"] if is_milestone else f"{noted['title']} ({noted['note']})"
        elif not title[0].isupper() and title[0] not in "([{`":
            return None
    return match["id"].strip("{} "), title


def _from_task_headings(document: Document) -> list[TaskPlace]:
    """Headings with the word "Task"; where they are nested, the outer ones, unless only inner ones name files."""
    found = [(section, task_entry(section.title)) for section in document.sections]
    tasks = [(section, *entry) for section, entry in found if entry is not None]
    parents = _ancestors(document.sections)
    at_work = [task for task in tasks if not any(_is_aside(one) for one in parents[task[0].line])]
    tasks = at_work or tasks
    lines = {section.line for section, _, _ in tasks}
    outer = [task for task in tasks if not any(parent.line in lines for parent in parents[task[0].line])]
    holders = {parent.line for section, _, _ in tasks for parent in parents[section.line]}
    inner = [task for task in tasks if task[0].line not in holders]
    if len(outer) < len(tasks) and not any(_names_files(document, section.own) for section, _, _ in outer):
        chosen = inner
    else:
        chosen = outer
    return [_heading_place(section, entry, title, parents) for section, entry, title in chosen]


def _is_aside(section: Section) -> bool:
    return section.level > 1 and task_entry(section.title) is None and _ASIDE.search(section.name) is not None


def _names_files(document: Document, span: Span) -> bool:
    return any(re.match(r"files?\b", found.name) for found in document.fields_in(span))


def _heading_place(section: Section, task_id: str, title: str, parents: Mapping[int, tuple[Section, ...]]) -> TaskPlace:
    milestones = [found for parent in parents[section.line] if (found := milestone_in(parent.title))]
    milestone = milestones[-1] if milestones else None
    is_done = _DONE.search(section.title) is not None
    return TaskPlace(task_id, title, section.line, section.body, milestone, is_done)


def milestone_in(title: str) -> str | None:
    """`Phase 1` of "Phase 1: the model"; None for a heading that is no milestone."""
    match = _MILESTONE.match(title)
    return match["id"] if match is not None else None


def _ancestors(sections: Sequence[Section]) -> dict[int, tuple[Section, ...]]:
    """The headings above each heading, outermost first, by its line."""
    found: dict[int, tuple[Section, ...]] = {}
    above: list[Section] = []
    for section in sections:
        while above and above[-1].level >= section.level:
            above.pop()
        found[section.line] = tuple(above)
        above.append(section)
    return found


def task_sections(document: Document) -> Iterator[Section]:
    """The sections that hold the list of tasks, the likeliest first."""
    names = ("tasks", "task list", "task breakdown", "implementation tasks", *PLAN_SECTIONS)
    for name in dict.fromkeys(names):
        yield from document.sections_named(name)


def _from_headings_below(document: Document) -> list[TaskPlace]:
    """`### T1: title` or `### 1. title` right below a heading such as "Tasks"; codes like T001 anywhere."""
    parents = _ancestors(document.sections)
    for home in task_sections(document):
        below = [section for section in document.sections if section.heading.start in home.body]
        level = min((section.level for section in below), default=0)
        entries = [(one, block_ids.leading_entry(one.title, numbers=True)) for one in below if one.level == level]
        places = [_heading_place(one, entry.id, entry.title, parents) for one, entry in entries if entry.id]
        if places:
            return places
    coded = [(one, block_ids.leading_entry(one.title)) for one in document.sections]
    return [
        _heading_place(one, entry.id, entry.title, parents)
        for one, entry in coded
        if entry.id and re.fullmatch(r"T[-.]?\d{1,4}(?:\.\d{1,3})?", entry.id)
    ]


def _from_tables(document: Document) -> list[TaskPlace]:
    """A table with a column of ids and one for files or verification."""
    for node in document.nodes:
        if not isinstance(node, Table):
            continue
        names = [normal_name(plain(cell.content)) or plain(cell.content).strip() for cell in node.header.cells]
        column = next((names.index(name) for name in _ID_COLUMNS if name in names), None)
        if column is None or not any(_TERM_COLUMN.match(name) for name in names):
            continue
        rows = [_row_place(names, column, row.cells, row.span) for row in node.rows]
        places = [place for place in rows if place is not None]
        if len({place.id for place in places}) > 1 or len(places) == 1:
            return places
    return []


def _row_place(names: Sequence[str], column: int, cells: Sequence[Text], span: Span) -> TaskPlace | None:
    words = plain(cells[column].content)
    entry = task_entry(words) or _coded(words)
    if entry is None:
        return None
    by_name = {name: cell for index, (name, cell) in enumerate(zip(names, cells, strict=True)) if index != column}
    title = entry[1] or next((plain(by_name[name].content) for name in _TITLE_COLUMNS if name in by_name), "")
    return TaskPlace(entry[0], title, span.start, Span(span.start, span.start), cells=by_name)


def _coded(words: str) -> tuple[str, str] | None:
    if re.fullmatch(r"\d{1,4}(?:\.\d{1,4}){0,3}", words):
        return words, ""
    entry = block_ids.leading_entry(words, numbers=True)
    return None if entry.id is None else (entry.id, entry.title)


def _from_items(document: Document) -> list[TaskPlace]:
    """List items: `- [ ] **Task 1: title**` anywhere; numbered or ticked ones in a section such as "Tasks"."""
    for home in [None, *task_sections(document)]:
        nodes = document.nodes if home is None else document.nodes_in(home.body)
        items = [(node, item) for node in nodes if isinstance(node, ListNode) for item in node.items if item.text]
        places = [place for node, item in items if (place := _item_place(node, item, is_home=home is not None))]
        if places:
            return places
    return []


def _item_place(node: ListNode, item: Item, *, is_home: bool) -> TaskPlace | None:
    first, _, _ = (item.text.content if item.text else "").partition("\n")
    words = plain(first)
    entry = task_entry(words)
    if entry is None and is_home:
        coded = block_ids.leading_entry(words)
        number = str(item.number) if node.is_ordered and item.number is not None else None
        entry = (coded.id, coded.title) if coded.id else (number, words) if number else None
    if entry is None or not entry[0]:
        return None
    is_done = item.checked is True or _DONE.search(words) is not None
    return TaskPlace(entry[0], entry[1], item.span.start, item.span, is_done=is_done)


def _from_paragraphs(document: Document) -> list[TaskPlace]:
    """`**Task 1: title**` as a paragraph of its own, its terms behind it up to the next one or the next heading."""
    found: list[tuple[int, str, str]] = []
    for node in document.nodes:
        if isinstance(node, Paragraph) and node.text.content.startswith(("**", "__")):
            entry = task_entry(plain(node.text.content.partition("\n")[0]))
            if entry is not None:
                found.append((node.span.start, *entry))
    stops = sorted({line for line, _, _ in found} | {section.line for section in document.sections})
    following = dict(pairwise([*stops, len(document.lines)]))
    return [TaskPlace(task_id, title, line, Span(line, following[line])) for line, task_id, title in found]
