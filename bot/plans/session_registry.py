"""What team-session.json says: the session's name and state, its roles, its workers, the tasks that are completed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from bot.plans import findings as say
from bot.plans.model import Worker
from bot.plans.session_files import Source
from bot.plans.strict_json import Array, Json, Object, Scalar

COMPLETED: Final = ("completed_tasks",)
ACTIVE_WORKERS: Final = ("active_workers",)
IN_PROGRESS: Final = ("in_progress_tasks", "in_progress")
TASK_KEYS: Final = ("task_id", "task", "id", "subject")
ROLE_KEYS: Final = ("role", "role_name", "owner")
SPAWNED_KEYS: Final = ("spawned_at", "started_at", "created_at")
COMPLETION_ACTIONS: Final = ("interactive", "auto_archive", "auto_keep")
STATUSES: Final = ("active", "paused", "completed")

_PUBLISHED_ID: Final = re.compile(r"TC-.+-\d{4}-\d{2}-\d{2}", re.ASCII)
_DATE_FIRST: Final = re.compile(r"TC-\d{4}-\d{2}-\d{2}-.+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Role:
    """A role of the session; `role_spec` is the path that the session writes, `line` is 0-based."""

    name: str
    line: int
    prefix: str | None = None
    inner_loop: bool | None = None
    role_spec: str | None = None


@dataclass(frozen=True, slots=True)
class Named:
    """The id of a task with the 0-based line that names it."""

    id: str
    line: int


@dataclass(frozen=True, slots=True)
class Registry:
    """team-session.json as far as it can be read; `roles` is None when there are none to be read."""

    session_id: str | None = None
    task_description: str | None = None
    status: str | None = None
    roles: tuple[Role, ...] | None = None
    completed: tuple[Named, ...] = ()
    in_progress: tuple[Named, ...] = ()
    workers: tuple[tuple[Worker, int], ...] = ()
    completion_action: str = "interactive"
    created_at: str | None = None
    updated_at: str | None = None
    graph: Json | None = None


def read_registry(source: Source, folder_name: str) -> Registry:
    """Read the registry; what is wrong with it is added to the source's findings."""
    root = source.root
    if not isinstance(root, Object):
        if root is not None:
            source.wrong(root, "the whole file", "an object")
        return Registry()
    pipeline = source.member(root, "pipeline")
    graph = None
    if pipeline is not None and isinstance(pipeline.value, Object):
        inner = source.member(pipeline.value, "dependency_graph")
        graph = inner.value if inner is not None else None
    elif pipeline is not None:
        source.wrong(pipeline.value, pipeline.key, "an object")
    if source.text(root, "team_name") is None:
        source.findings.append(
            say.FIELD_MISSING.at(root.line, file=source.file, key="team_name", instead="nothing here needs it")
        )
    return Registry(
        session_id=_session_id(source, root, folder_name),
        task_description=_required(source, root, "task_description", "the session has no title"),
        status=_status(source, root),
        roles=_roles(source, root),
        completed=tuple(_named(source, root, COMPLETED)),
        in_progress=tuple(_named(source, root, IN_PROGRESS)),
        workers=tuple(_workers(source, root)),
        completion_action=_completion_action(source, root),
        created_at=source.text(root, "created_at"),
        updated_at=source.text(root, "updated_at"),
        graph=graph,
    )


def _required(source: Source, root: Object, key: str, instead: str) -> str | None:
    found = source.text(root, key)
    if found is None:
        source.findings.append(say.FIELD_MISSING.at(root.line, file=source.file, key=key, instead=instead))
    return found


def _session_id(source: Source, root: Object, folder_name: str) -> str | None:
    found = _required(source, root, "session_id", "the folder's name stands for it")
    member = root.member("session_id")
    if found is None or member is None:
        return folder_name or None
    if found != folder_name and folder_name:
        reason = f"not the folder's name {folder_name}"
    elif _DATE_FIRST.fullmatch(found):
        reason = "TC-<date>-<slug>"
    elif _PUBLISHED_ID.fullmatch(found):
        return found
    else:
        reason = "of another form"
    source.findings.append(say.SESSION_ID_FORM.at(member.line, file=source.file, id=found, reason=reason))
    return found


def _status(source: Source, root: Object) -> str | None:
    found = _required(source, root, "status", "nothing is taken from it")
    member = root.member("status")
    if found is not None and member is not None and found not in STATUSES:
        source.findings.append(say.STATUS_UNKNOWN.at(member.line, file=source.file, value=found))
    return found


def _completion_action(source: Source, root: Object) -> str:
    found = source.text(root, "completion_action")
    member = root.member("completion_action")
    if found is None or found in COMPLETION_ACTIONS:
        return found or COMPLETION_ACTIONS[0]
    line = member.line if member else None
    source.findings.append(say.COMPLETION_ACTION_UNKNOWN.at(line, file=source.file, value=found))
    return COMPLETION_ACTIONS[0]


def _roles(source: Source, root: Object) -> tuple[Role, ...] | None:
    member = source.member(root, "roles")
    if member is None:
        source.findings.append(say.NO_ROLES.at(None))
        return None
    if not isinstance(member.value, Array):
        source.wrong(member.value, "roles", "a list")
        return None
    roles: dict[str, Role] = {}
    for item in member.value.items:
        role = _role(source, item)
        if role is None:
            continue
        first = roles.setdefault(role.name.casefold(), role)
        if first is not role:
            source.findings.append(say.ROLE_TWICE.at(role.line, file=source.file, role=role.name, first=first.line + 1))
    if not member.value.items:
        source.findings.append(say.NO_ROLES.at(member.line))
    return tuple(roles.values()) or None


def _role(source: Source, item: Json) -> Role | None:
    if isinstance(item, Scalar) and isinstance(item.value, str) and item.value.strip():
        said = say.FIELD_ELSEWHERE.at(item.line, file=source.file, found=f"the name {item.value}", wanted="a role")
        source.findings.append(said)
        return Role(item.value.strip(), item.line)
    if not isinstance(item, Object):
        source.wrong(item, "an entry of roles", "an object")
        return None
    name = source.text(item, "name", "role")
    if name is None:
        if item.member("name", "role") is None:
            found = "an entry of roles without a name"
            source.findings.append(
                say.WRONG_TYPE.at(item.line, file=source.file, key="roles", found=found, wanted="a list of named roles")
            )
        return None
    inner_loop = source.member(item, "inner_loop")
    keeps_tasks: bool | None = None
    if inner_loop is not None:
        match inner_loop.value:
            case Scalar(value=bool(written)):
                keeps_tasks = written
            case _:
                source.wrong(inner_loop.value, inner_loop.key, "true or false")
    member = item.member("name", "role")
    line = member.line if member else item.line
    return Role(name, line, source.text(item, "prefix"), keeps_tasks, source.text(item, "role_spec"))


def _named(source: Source, root: Object, keys: tuple[str, ...]) -> Iterator[Named]:
    """The tasks of a list: ids, or objects that have one."""
    member = source.member(root, *keys)
    if member is None:
        return
    if not isinstance(member.value, Array):
        source.wrong(member.value, member.key, "a list")
        return
    for item in member.value.items:
        task = task_of(item)
        if task is None:
            source.wrong(item, f"an entry of {member.key}", "the id of a task")
        else:
            yield Named(task, item.line)


def _workers(source: Source, root: Object) -> Iterator[tuple[Worker, int]]:
    member = source.member(root, *ACTIVE_WORKERS)
    if member is None:
        return
    if not isinstance(member.value, Array):
        source.wrong(member.value, member.key, "a list")
        return
    for item in member.value.items:
        worker = worker_of(item)
        if worker is not None:
            yield worker, item.line
        elif isinstance(item, Object):
            reason = "it names no task"
            source.findings.append(say.WORKER_UNCLEAR.at(item.line, file=source.file, reason=reason))
        else:
            source.wrong(item, f"an entry of {member.key}", "an object")


def task_of(item: Json) -> str | None:
    """The task that an entry of a list names: the entry itself, or what its `task_id`, `task` or `id` says."""
    match item:
        case Scalar(value=str(written)):
            return written.strip() or None
        case Object():
            return _plain_text(item, TASK_KEYS)
        case _:
            return None


def worker_of(item: Json) -> Worker | None:
    """An active worker; one that names no task is none."""
    task = task_of(item)
    if task is None or not isinstance(item, Object):
        return None if task is None else Worker(task, "")
    return Worker(task, _plain_text(item, ROLE_KEYS) or "", _plain_text(item, SPAWNED_KEYS))


def _plain_text(owner: Object, keys: tuple[str, ...]) -> str | None:
    for key in keys:
        match owner.member(key):
            case None:
                continue
            case member:
                value = member.value
                if isinstance(value, Scalar) and isinstance(value.value, str) and value.value.strip():
                    return value.value.strip()
    return None
