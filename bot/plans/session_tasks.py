"""The dependency graph of a team session: its tasks as blocks in a working order, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from bot.plans import block_ids
from bot.plans import findings as say
from bot.plans.model import BLOCKS_LIMIT, Block, Finding
from bot.plans.patterns import pattern_problem
from bot.plans.session_details import (
    CRITERIA,
    DEPENDS,
    FILES,
    STATUS,
    USED,
    Detail,
    Details,
    first_texts,
    role_of,
    steps_of,
    title_of,
    twice,
)
from bot.plans.session_files import Source
from bot.plans.session_graph import cycles, working_order
from bot.plans.session_registry import Named, Registry
from bot.plans.strict_json import Array, Json, Object, Scalar, folded, words_for

CYCLE_SHOWN: Final = 100

_USED: Final = frozenset(folded(key) for key in USED)
_COMPLETED: Final = ("completed", "complete", "done")
_IN_PROGRESS: Final = ("in_progress", "in progress", "in-progress", "running")


@dataclass(frozen=True, slots=True)
class Entry:
    """One task of the graph; `depends` is as written, `owner` what the graph says of the task, if it is an object."""

    named: Named
    depends: tuple[Named, ...]
    owner: Object | None = None


@dataclass(frozen=True, slots=True)
class Tasks:
    """The blocks in working order, and the ids of those that the files say are in progress."""

    blocks: tuple[Block, ...] = ()
    in_progress: tuple[str, ...] = ()


def read_entries(source: Source, graph: Json) -> tuple[Entry, ...]:
    """The tasks of a graph: an object of ids, each with an object or with a list of the ids it waits for."""
    if not isinstance(graph, Object):
        reason = f"is {words_for(graph)}, not an object"
        source.findings.append(say.NO_GRAPH.at(graph.line, file=source.file, reason=reason))
        return ()
    entries: dict[str, Entry] = {}
    for member in graph.members:
        named = Named(member.key, member.line)
        entry = _entry(source, named, member.value)
        first = entries.setdefault(named.id.casefold(), entry)
        if first is not entry:
            source.findings.append(twice(source, named, first.named))
    return tuple(entries.values())


def _entry(source: Source, named: Named, value: Json) -> Entry:
    match value:
        case Object():
            member = value.member(*DEPENDS)
            if member is None or (isinstance(member.value, Scalar) and member.value.value is None):
                return Entry(named, (), value)
            return Entry(named, _ids(source, member.value, member.key), value)
        case Array():
            return Entry(named, _ids(source, value, named.id))
        case Scalar(value=None):
            return Entry(named, ())
        case _:
            source.wrong(value, named.id, "an object")
            return Entry(named, ())


def _ids(source: Source, value: Json, key: str) -> tuple[Named, ...]:
    return tuple(Named(written, line) for written, line in source.texts_of(value, key))


def entry_of_task(details: Details, named: Named, source: Source) -> Entry | None:
    """What a task says in one file that it waits for; None when it says nothing."""
    for detail in details.of(named.id):
        member = detail.owner.member(*DEPENDS) if detail.source is source else None
        if member is not None:
            return Entry(named, _ids(source, member.value, member.key))
    return None


def departures(source: Source, entries: Sequence[Entry]) -> Iterator[Finding]:
    """Where a graph is written otherwise than the schema has it, once for each way."""
    lists = [entry for entry in entries if entry.owner is None]
    if lists:
        found = f"a bare list of ids ({len(lists)} tasks of dependency_graph)"
        yield say.FIELD_ELSEWHERE.at(lists[0].named.line, file=source.file, found=found, wanted="depends_on and role")
    spelled: dict[str, list[int]] = {}
    for entry in entries:
        member = entry.owner.member(*DEPENDS) if entry.owner is not None else None
        if member is not None and member.key != DEPENDS[0]:
            spelled.setdefault(member.key, []).append(member.line)
    for key, lines in spelled.items():
        found = f"{key} ({len(lines)} tasks of dependency_graph)"
        yield say.FIELD_ELSEWHERE.at(lines[0], file=source.file, found=found, wanted=DEPENDS[0])
    members = [member for entry in entries if entry.owner is not None for member in entry.owner.members]
    added = [member for member in members if folded(member.key) not in _USED]
    if added:
        keys = ", ".join(dict.fromkeys(member.key for member in added))
        yield say.GRAPH_KEYS_ADDED.at(added[0].line, file=source.file, keys=keys)


def read_tasks(
    source: Source, entries: Sequence[Entry], details: Details, registry: Registry, files: Mapping[str, Sequence[str]]
) -> Tasks:
    """The blocks of a graph; `files` maps a role, in lower case, to the patterns that its role spec states."""
    if len(entries) > BLOCKS_LIMIT:
        line = entries[BLOCKS_LIMIT].named.line
        source.findings.append(say.TOO_MANY_TASKS.at(line, file=source.file, count=len(entries)))
        entries = entries[:BLOCKS_LIMIT]
    known = {entry.named.id.casefold(): entry.named.id for entry in entries}
    completed = {named.id.casefold() for named in registry.completed}
    blocks: dict[str, Block] = {}
    in_progress: list[str] = []
    for entry in entries:
        problem = block_ids.id_problem(entry.named.id)
        if problem is not None:
            bad = say.BAD_TASK_ID.at(entry.named.line, file=source.file, id=entry.named.id, reason=problem)
            source.findings.append(bad)
        block, status = _block(source, entry, details, registry, files)
        depends = _known_names(source, entry, known)
        is_done = status in _COMPLETED or entry.named.id.casefold() in completed
        blocks[entry.named.id] = replace(block, depends_on=depends, is_done=is_done)
        if status in _IN_PROGRESS:
            in_progress.append(entry.named.id)
    graph = {task: block.depends_on or () for task, block in blocks.items()}
    lines = {entry.named.id: entry.named.line for entry in entries}
    source.findings.extend(_cycle(source, cycle, lines[cycle[0]]) for cycle in cycles(graph))
    return Tasks(tuple(blocks[task] for task in working_order(graph)), tuple(in_progress))


def _block(
    source: Source, entry: Entry, details: Details, registry: Registry, files: Mapping[str, Sequence[str]]
) -> tuple[Block, str]:
    """A task as a block, still without dependencies, and the state that the files give it."""
    task = entry.named.id
    own = (Detail(source, entry.owner),) if entry.owner is not None else ()
    found = (*own, *details.of(task))
    role = _role(source, entry, found, registry)
    title = title_of(task, found)
    stated = (*_files(found), *files.get(role.casefold() if role else "", ()))
    block = Block(
        id=task,
        title=title,
        line=entry.named.line + 1,
        steps=steps_of(title, found),
        files=tuple(dict.fromkeys(stated)),
        role=role,
        acceptance=first_texts(found, CRITERIA),
    )
    return block, next(iter(first_texts(found, STATUS)), "").casefold()


def _role(source: Source, entry: Entry, details: tuple[Detail, ...], registry: Registry) -> str | None:
    task = entry.named.id
    written, stands_for = role_of(task, details, registry.roles or ())
    if written is None:
        source.findings.append(say.NO_ROLE.at(entry.named.line, file=source.file, id=task))
        return None
    if stands_for is not None:
        said = say.FIELD_ELSEWHERE.at(entry.named.line, file=source.file, found=stands_for, wanted="its role")
        source.findings.append(said)
    if registry.roles is None:
        return written
    names = {role.name.casefold(): role.name for role in registry.roles}
    if written.casefold() not in names:
        member = entry.owner.member("role", "owner") if entry.owner is not None else None
        line = member.line if member is not None else entry.named.line
        source.findings.append(say.UNKNOWN_ROLE.at(line, file=source.file, id=task, role=written))
    return names.get(written.casefold(), written)


def _files(details: tuple[Detail, ...]) -> Iterator[str]:
    """The files that a task states for itself."""
    for detail in details:
        member = detail.owner.member(*FILES)
        if member is None:
            continue
        items = member.value.items if isinstance(member.value, Array) else (member.value,)
        for item in items:
            written = detail.source.text_of(item, member.key)
            if written is None:
                continue
            problem = "it is negated" if written.startswith("!") else pattern_problem(written)
            if problem is None:
                yield written
            else:
                detail.source.findings.append(
                    say.BAD_SESSION_PATTERN.at(item.line, file=detail.source.file, pattern=written, reason=problem)
                )


def _known_names(source: Source, entry: Entry, known: Mapping[str, str]) -> tuple[str, ...]:
    found: list[str] = []
    for named in entry.depends:
        name = known.get(named.id.casefold())
        if name is None:
            source.findings.append(
                say.UNKNOWN_TASK.at(named.line, file=source.file, id=entry.named.id, dependency=named.id)
            )
        else:
            found.append(name)
    return tuple(dict.fromkeys(found))


def _cycle(source: Source, cycle: Sequence[str], line: int) -> Finding:
    """A cycle with all its tasks: the limit on what is shown of a value is one for each task, not for all of them."""
    names = [say.quoted(task) for task in (*cycle, cycle[0])]
    shown = " -> ".join(names if len(names) <= CYCLE_SHOWN else [*names[:CYCLE_SHOWN], f"… ({len(cycle)} tasks)"])
    finding = say.TASK_CYCLE.at(line, file=source.file, cycle="")
    return replace(finding, message=say.TASK_CYCLE.message.format(file=source.file, cycle=shown))
