"""Reads execution logs as teams write them: what was executed, where it began and ended, how tasks and gates stand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Final

from bot.plans.document import Document, Section, read_document
from bot.plans.execution_log_gates import GATE_SECTIONS, LoggedGate, logged_gates
from bot.plans.execution_log_lines import LogLine, TaskHeading, bare, log_lines, task_heading
from bot.plans.fields import normal_name
from bot.plans.inline import Text, plain
from bot.plans.nodes import Heading, Item, Paragraph, Span, Table, walk


@dataclass(frozen=True, slots=True)
class LoggedTask:
    """One entry: `id` and `status` as written (an id may be a range), `commits` as written, `line` 0-based."""

    id: str
    title: str
    status: str | None
    commits: tuple[str, ...]
    line: int


@dataclass(frozen=True, slots=True)
class LogReading:
    """What a log says; None: it does not. `further_commits` belong to entries that are no tasks."""

    title: str | None
    phase: str | None
    status: str | None
    date: str | None
    owner: str | None
    plan_path: str | None
    start_commit: str | None
    end_commit: str | None
    rollback_commit: str | None
    branch: str | None
    tasks: tuple[LoggedTask, ...]
    gates: tuple[LoggedGate, ...]
    further_commits: tuple[str, ...]


# Words such as "defaced" are hexadecimal too: outside code spans a commit has a digit.
_COMMIT: Final = re.compile(r"(?<=`)[0-9a-f]{7,64}(?=`)|(?<![\w/.-])(?=[0-9a-f]*\d)[0-9a-f]{7,64}(?![\w/-])")
_HASH: Final = re.compile(r"[0-9a-f]{7,64}")
_RANGE: Final = re.compile(r"(?P<prefix>.*?)(?P<first>\d{1,6})\s*[-–—]\s*(?P<other>.*?)(?P<last>\d{1,6})")
_RANGE_LENGTH: Final = 60
_STATUS_HEADING: Final = re.compile(r"status\s*[:–—-]\s*(?P<status>\S.*)$", re.IGNORECASE)
_PROSE_BRANCH: Final = re.compile(r"\b(main|master|develop|trunk) branch\b", re.IGNORECASE)
_BRANCH_NOTE: Final = re.compile(r"\bbranch:\s*([\w./-]+)", re.IGNORECASE)
_MARKS: Final = re.compile(r"[\u2600-\u27bf\u2b50-\u2b55\ufe0f\U0001f300-\U0001faff]+")
_REMARK: Final = re.compile(r"\s+[-–—(|·;].*$")
_ELSEWHERE: Final = re.compile(
    r"pre-?flight|gate results|quality gates?$|gates?$|rollback|issues|success criteria|next steps|follow-?ups|summary"
    r"|files|commits|deployment|permalinks|blockers|post-deploy|references|qa reports?|status",
    re.IGNORECASE,
)
_STATUS_COLUMNS: Final = frozenset({"status", "state", "result"})
_COMMIT_COLUMNS: Final = frozenset({"commit", "commits", "sha"})
_ID_COLUMNS: Final = ("task", "tasks", "id", "task id", "milestone")


def read_log(text: str) -> LogReading:
    """Read any text; a log that says nothing gives a reading of None and empty tuples."""
    document = read_document(text)
    tasks, further = _tasks(document)
    front = document.front_matter
    outside = tuple(_outer_lines(document))
    return LogReading(
        title=(front.text("title") if front else None) or _first_title(document),
        phase=front.text("phase") if front else None,
        status=_status(document, outside),
        date=(front.text("date", "timestamp") if front else None) or _value(outside, "date"),
        owner=(front.text("owner", "author") if front else None) or _value(outside, "owner"),
        plan_path=(front.text("plan_path", "plan") if front else None) or _plan_path(outside),
        start_commit=_front_commit(document, "start_commit") or _commit_of(outside, "start commit", "start"),
        end_commit=_front_commit(document, "end_commit") or _commit_of(outside, "end commit", "end"),
        rollback_commit=_rollback(document, outside),
        branch=_branch(document, outside),
        tasks=tasks,
        gates=tuple(logged_gates(document)),
        further_commits=further,
    )


@dataclass(frozen=True, slots=True)
class _Line:
    """A key with everything that is said behind and below it, and the section it stands in."""

    key: str
    value: str
    below: tuple[str, ...]
    section: str
    start: int


def _line_of(line: LogLine, section: str) -> _Line:
    below = tuple(_below(line.item)) if line.item is not None else ()
    return _Line(line.key, line.value, below, section, line.start)


def _below(item: Item) -> Iterator[str]:
    for node in walk(item.children):
        if isinstance(node, Paragraph | Item) and node.text is not None:
            yield node.text.content


def _lines_in(document: Document, section: Section) -> Iterator[_Line]:
    for line in log_lines(document, section.own):
        yield _line_of(line, section.name)


def _outer_lines(document: Document) -> Iterator[_Line]:
    """The keyed lines that belong to no task and no gate."""
    for line in log_lines(document, document.preamble):
        yield _line_of(line, "")
    inside: Span | None = None
    for section in document.sections:
        if inside is not None and section.line in inside:
            continue
        is_task = task_heading(_heading(document, section)) is not None and not _ELSEWHERE.match(section.name)
        if is_task or section.name in GATE_SECTIONS:
            inside = section.body
            continue
        inside = None
        yield from _lines_in(document, section)
        for field in document.fields_in(section.own):
            if field.style == "table":
                yield _Line(bare(field.key), field.value.content, (), section.name, field.value.start)


def _heading(document: Document, section: Section) -> str:
    nodes = document.nodes_in(section.heading)
    return nodes[0].text.content if nodes and isinstance(nodes[0], Heading) else section.title


def _first_title(document: Document) -> str | None:
    first = next((section for section in document.sections if section.level == 1), None)
    return first.title if first is not None else None


def _value(lines: Iterable[_Line], *keys: str) -> str | None:
    return next((plain(line.value) for line in lines if line.key in keys and plain(line.value)), None)


def _plan_path(lines: Iterable[_Line]) -> str | None:
    words = _value(lines, "plan", "plan path", "plan file")
    return words.split()[0] if words is not None else None


def _front_commit(document: Document, *keys: str) -> str | None:
    words = document.front_matter.text(*keys) if document.front_matter is not None else None
    if words is None or _HASH.fullmatch(words):
        return words
    return next(iter(_commits((words,))), None)


def _commit_of(lines: Iterable[_Line], *keys: str) -> str | None:
    return next((found[0] for line in lines if line.key in keys and (found := _commits((line.value,)))), None)


def _commits(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found.group() for one in words for found in _COMMIT.finditer(one)))


def _rollback(document: Document, lines: tuple[_Line, ...]) -> str | None:
    there = _front_commit(document, "rollback_point", "rollback_commit", "rollback")
    return (
        there
        or _commit_of(lines, "rollback", "rollback commit", "rollback point")
        or _commit_of((line for line in lines if line.section.startswith("rollback")), "commit", "sha")
    )


def _branch(document: Document, lines: tuple[_Line, ...]) -> str | None:
    front = document.front_matter
    said = (front.text("branch", "git_branch") if front else None) or _value(lines, "branch")
    if said is not None:
        return None if said == "not known" else said.split()[0]
    env = front.values.get("env") if front else None
    notes = env.get("notes") if isinstance(env, dict) else env
    prose = notes if isinstance(notes, str) else ""
    noted = _BRANCH_NOTE.search(prose)
    if noted is not None:
        return noted.group(1)
    checks = document.section("pre-flight checks", "pre-flight", "preflight checks")
    texts = [text.content for text in document.texts_in(checks.body)] if checks is not None else []
    found = next(filter(None, (_PROSE_BRANCH.search(words) for words in (prose, *texts))), None)
    return found.group(1).lower() if found is not None else None


def _status(document: Document, lines: tuple[_Line, ...]) -> str | None:
    front = document.front_matter
    said = (front.text("status") if front else None) or _value(lines, "status", "final status", "overall status")
    if said is None:
        headings = (_STATUS_HEADING.match(section.title) for section in document.sections)
        said = next((found["status"] for found in headings if found is not None), None)
    return _status_words(said) if said is not None else None


def _status_words(words: str) -> str | None:
    """The status without marks and without what is said about it."""
    shown = plain(words)
    stripped = _REMARK.sub("", " ".join(_MARKS.sub(" ", shown).split())).strip()
    return stripped or ("completed" if "✅" in shown else None)


def _tasks(document: Document) -> tuple[tuple[LoggedTask, ...], tuple[str, ...]]:
    """The entries in document order, and the commits of entries that are no tasks."""
    entries: list[LoggedTask] = []
    further: list[str] = []
    elsewhere: Span | None = None
    for section, following in zip_longest(document.sections, document.sections[1:]):
        if elsewhere is not None and section.line in elsewhere:
            continue
        elsewhere = None
        if _ELSEWHERE.match(section.name):
            elsewhere = section.body
            continue
        heading = task_heading(_heading(document, section))
        lines = tuple(_lines_in(document, section))
        commits = _commits(
            word for line in lines if line.key in ("commit", "commits") for word in (line.value, *line.below)
        )
        if heading is None:
            further += commits
        elif _is_entry(section, heading, lines, following):
            entries.append(_entry(heading, section, lines, commits))
    entries = entries or list(_table_tasks(document))
    return _settled(document, entries), tuple(dict.fromkeys(further))


def _is_entry(section: Section, heading: TaskHeading, lines: tuple[_Line, ...], following: Section | None) -> bool:
    if section.level == 1:
        return False
    if not re.fullmatch(r"M\d+", heading.id, re.IGNORECASE):
        return True
    # A milestone is an entry of its own only where it is reported on as a whole.
    is_whole = following is None or following.level <= section.level
    return is_whole and any(line.key in ("status", "commit") for line in lines)


def _entry(heading: TaskHeading, section: Section, lines: tuple[_Line, ...], commits: tuple[str, ...]) -> LoggedTask:
    said = _value(lines, "status")
    title = heading.title
    status = _status_words(said) if said is not None else None
    if "✅" in title or "✅" in section.title:
        status = status or "completed"
        title = " ".join(title.replace("✅", " ").split())
    return LoggedTask(heading.id, title, status, commits, section.line)


def _settled(document: Document, entries: list[LoggedTask]) -> tuple[LoggedTask, ...]:
    """One entry per task: what is said of a range holds for its tasks, and a table's word where there is no other."""
    ids = {bare(one.id) for one in entries}
    tasks: dict[str, LoggedTask] = {}
    ranges: list[tuple[LoggedTask, list[str]]] = []
    for one in entries:
        members = [name for name in _members(one.id) if name in ids]
        if members:
            ranges.append((one, members))
        else:
            tasks[bare(one.id)] = _completed(tasks.get(bare(one.id), one), one)
    for several, members in ranges:
        for name in members:
            if name in tasks:
                tasks[name] = _completed(tasks[name], several)
    stated = dict(_table_statuses(document))
    return tuple(replace(one, status=one.status or _stated(one, stated)) for one in tasks.values())


def _completed(task: LoggedTask, other: LoggedTask) -> LoggedTask:
    return replace(task, status=task.status or other.status, commits=task.commits or other.commits)


def _members(entry: str) -> list[str]:
    """How the tasks of a range compare; none for a plain id."""
    found = _RANGE.fullmatch(entry) if len(entry) <= _RANGE_LENGTH else None
    if found is None or found["other"] not in ("", found["prefix"]):
        return []
    first, last = int(found["first"]), int(found["last"])
    return [bare(f"{found['prefix']}{number}") for number in range(first, min(last, first + 100) + 1)]


def _stated(task: LoggedTask, stated: dict[str, str]) -> str | None:
    milestone = re.match(r"M\d+(?=:)", task.title)
    return stated.get(bare(task.id)) or (stated.get(bare(milestone.group())) if milestone else None)


def _tables(document: Document) -> Iterator[tuple[list[str], Table]]:
    for node in document.nodes:
        if isinstance(node, Table):
            yield [normal_name(plain(cell.content)) for cell in node.header.cells], node


def _table_statuses(document: Document) -> Iterator[tuple[str, str]]:
    for names, table in _tables(document):
        column = next((index for index, name in enumerate(names) if name in _STATUS_COLUMNS), None)
        if column is None:
            continue
        for row in table.rows:
            status = _status_words(row.cells[column].content)
            for index, name in enumerate(names):
                if name in _ID_COLUMNS and status is not None:
                    yield bare(_cell_id(row.cells[index]) or plain(row.cells[index].content)), status


def _cell_id(cell: Text) -> str | None:
    found = task_heading(cell.content)
    return found.id if found is not None else None


def _table_tasks(document: Document) -> Iterator[LoggedTask]:
    """Tasks of a log that has no headings for them: rows with an id and a status."""
    for names, table in _tables(document):
        ids = [names.index(name) for name in _ID_COLUMNS[:4] if name in names]
        if not ids or not _STATUS_COLUMNS.intersection(names):
            continue
        for row in table.rows:
            heading = task_heading(row.cells[ids[0]].content)
            if heading is None:
                continue
            cells = dict(zip(names, (cell.content for cell in row.cells), strict=True))
            title = next((plain(cells[name]) for name in ("title", "summary", "description") if name in cells), "")
            commits = _commits(words for name, words in cells.items() if name in _COMMIT_COLUMNS)
            yield LoggedTask(heading.id, heading.title or title, None, commits, row.span.start)
