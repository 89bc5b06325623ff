"""The team-session dialect: the folder of a session, validated as a whole and read into a plan.

A session is several files, so findings name theirs: the message has the path within the folder, the line is one of that
file. The line of a block is that of its task in the dependency graph.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from bot.plans import findings as say
from bot.plans.model import Block, Dialect, Finding, Pattern, Plan, Reading, Scope, Session, Worker
from bot.plans.session_dependencies import Sources, read_all_tasks
from bot.plans.session_details import paths_outside, read_details
from bot.plans.session_files import (
    ANALYSIS_FILE,
    ROLE_SPECS,
    SESSION_FILE,
    TASKS_FILE,
    Folder,
    Source,
    folder_prefix,
    is_role_spec,
    read_source,
    session_folder,
    wanted,
)
from bot.plans.session_registry import Named, Registry, read_registry
from bot.plans.session_roles import Roles, read_roles
from bot.plans.session_tasks import Tasks
from bot.plans.strict_json import Object

__all__ = ["SESSION_FILE", "read_session", "session_folder", "wanted"]

_OBJECTIVE: Final = ("objective", "goal", "task_description", "raw_input")


def read_session(path: str, files: Mapping[str, bytes | None], listing: Sequence[str]) -> Reading:
    """Read the session whose team-session.json, or whose folder, is at `path`; nothing in a file raises.

    `listing` has the repository paths below the folder, `files` the content of those that `wanted` names; None is a
    file that is there and could not be read. Without a folder there is no plan; else the plan is what can be read.
    """
    folder = Folder.of(path, files, listing)
    if not folder.names:
        return Reading(None, (say.SESSION_FOLDER_MISSING.at(None, folder=folder.path or path),))
    session = read_source(folder, SESSION_FILE, say.SESSION_FILE_MISSING, say.SESSION_FILE_CORRUPT)
    analysis = read_source(folder, ANALYSIS_FILE, say.ANALYSIS_MISSING, say.ANALYSIS_CORRUPT)
    extra = read_source(folder, TASKS_FILE, None, None)
    registry = read_registry(session, posixpath.basename(folder.path))
    roles = read_roles(folder, registry)
    tasks = read_all_tasks(Sources(session, analysis, extra), registry, roles.files, *read_details(analysis, extra))
    _say_departures(session, analysis, extra, folder)
    _say_unknown(session, registry, tasks.blocks)
    without_files = tuple(_without_files(roles, tasks.blocks))
    plan = _plan(folder, registry, roles, tasks, analysis)
    return Reading(plan, _in_order(session.findings, analysis.findings, extra.findings, *roles.findings, without_files))


def _say_departures(session: Source, analysis: Source, extra: Source, folder: Folder) -> None:
    """Where the files are not as the published schema has them, and it does no harm."""
    if isinstance(analysis.root, Object):
        for key, instead in (
            ("capabilities", "nothing here needs it"),
            ("roles", "those of team-session.json count"),
        ):
            if analysis.root.member(key) is None:
                line = analysis.root.line
                analysis.findings.append(say.FIELD_MISSING.at(line, file=ANALYSIS_FILE, key=key, instead=instead))
    if TASKS_FILE in folder.names:
        extra.findings.append(say.FILE_ADDED.at(None, file=TASKS_FILE))
    for source in (session, analysis, extra):
        paths_outside(source)


def _say_unknown(session: Source, registry: Registry, blocks: Sequence[Block]) -> None:
    """Tasks that team-session.json names and the graph does not have; nothing to say where there is no graph."""
    known = {block.id.casefold() for block in blocks}
    workers = tuple(Named(worker.task, line) for worker, line in registry.workers)
    for key, named in (
        ("completed_tasks", registry.completed),
        ("in_progress_tasks", registry.in_progress),
        ("active_workers", workers),
    ):
        for one in named:
            if known and one.id.casefold() not in known:
                said = say.SESSION_TASK_UNKNOWN.at(one.line, file=SESSION_FILE, key=key, id=one.id)
                session.findings.append(said)


def _without_files(roles: Roles, blocks: Sequence[Block]) -> Iterator[Finding]:
    """Roles with a task that states no files, where others do: a scope holds for the whole session."""
    if not any(block.files for block in blocks):
        return
    for role, spec in roles.specs:
        if any(block.role == role.name and not block.files for block in blocks):
            yield say.ROLE_WITHOUT_FILES.at(None, file=spec.file, role=role.name)


def _plan(folder: Folder, registry: Registry, roles: Roles, tasks: Tasks, analysis: Source) -> Plan:
    present = {
        SESSION_FILE: SESSION_FILE in folder.names,
        ANALYSIS_FILE: ANALYSIS_FILE in folder.names,
        ROLE_SPECS: any(is_role_spec(name) for name in folder.names),
    }
    stated = analysis.text(analysis.root, *_OBJECTIVE) if isinstance(analysis.root, Object) else None
    patterns = {pattern.text: pattern for pattern in reversed(roles.include)}
    own = [Pattern(text, None, block.line) for block in tasks.blocks for text in block.files if text not in patterns]
    include = (*roles.include, *own)
    return Plan(
        dialect=Dialect.TEAM_SESSION,
        path=f"{folder_prefix(folder.path)}{SESSION_FILE}",
        title=registry.task_description or registry.session_id,
        status=registry.status,
        objective=stated or registry.task_description,
        blocks=tasks.blocks,
        scope=Scope(_each_once(include), _each_once(roles.exclude)),
        sections_present=tuple(name for name, is_there in present.items() if is_there),
        sections_missing=tuple(name for name, is_there in present.items() if not is_there),
        completion_action=registry.completion_action,
        session=_session(folder, registry, roles, tasks),
    )


def _session(folder: Folder, registry: Registry, roles: Roles, tasks: Tasks) -> Session:
    """The state that the files give; ids that the graph has are given as the graph writes them."""
    written = {block.id.casefold(): block.id for block in tasks.blocks}

    def as_in_graph(task: str) -> str:
        return written.get(task.casefold(), task)

    completed = tuple(dict.fromkeys(as_in_graph(named.id) for named in registry.completed))
    by_task = {block.id: block.role for block in tasks.blocks}
    workers = tuple(
        Worker(task, worker.role or by_task.get(task) or "", worker.spawned_at)
        for worker, _ in registry.workers
        for task in (as_in_graph(worker.task),)
    )
    said = [*(as_in_graph(named.id) for named in registry.in_progress), *tasks.in_progress]
    in_progress = dict.fromkeys([*said, *(worker.task for worker in workers)])
    prefix = folder_prefix(folder.path)
    return Session(
        folder=folder.path,
        session_id=registry.session_id,
        status=registry.status,
        created_at=registry.created_at,
        updated_at=registry.updated_at,
        completed=completed,
        in_progress=tuple(task for task in in_progress if task not in completed),
        active_workers=workers,
        roles=tuple((role.name, prefix + spec.file) for role, spec in roles.specs),
        inner_loops=roles.inner_loops,
        artifacts=folder.artifacts,
    )


def _each_once(patterns: Sequence[Pattern]) -> tuple[Pattern, ...]:
    by_text: dict[str, Pattern] = {}
    for pattern in patterns:
        by_text.setdefault(pattern.text, pattern)
    return tuple(by_text.values())[: say.PATTERNS_LIMIT]


def _in_order(*files: Sequence[Finding]) -> tuple[Finding, ...]:
    """File after file, each by line; with too many, errors are the ones that stay and lines alone give the order."""
    found = tuple(dict.fromkeys(finding for findings in files for finding in say.in_order(findings)))
    return found if len(found) <= say.FINDINGS_LIMIT else say.in_order(found)
