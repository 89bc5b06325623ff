"""What a run writes back into a team session: completed tasks, active workers and status in team-session.json."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from pydantic import ConfigDict

from bot.plans.edit import Splice, splice
from bot.plans.model import Worker
from bot.plans.session_files import SESSION_FILE
from bot.plans.session_json_style import Style, array_text, members_text, object_text, style_of
from bot.plans.session_registry import (
    ACTIVE_WORKERS,
    COMPLETED,
    IN_PROGRESS,
    ROLE_KEYS,
    SPAWNED_KEYS,
    TASK_KEYS,
    task_of,
    worker_of,
)
from bot.plans.strict_json import Array, Json, Member, Object, Scalar, read_json, writable

_STRICT: Final = ConfigDict(extra="forbid", strict=True)


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """How a session stands: `reset` are task ids that go back to pending, `updated_at` is ISO 8601.

    `status` None leaves the status as it is. A completed task is neither in progress nor reset.
    """

    __pydantic_config__ = _STRICT

    status: str | None
    completed: tuple[str, ...]
    active_workers: tuple[Worker, ...]
    reset: tuple[str, ...]
    updated_at: str
    kind: Literal["session"] = "session"


def apply_session(files: Mapping[str, str | None], folder: str, record: SessionRecord) -> dict[str, str]:
    """Write the record into the session's team-session.json; only a file that changes is returned, by its path.

    Everything else in the file stays as it is written. `files` maps repository paths to texts. A file that is missing,
    is no JSON object, or has keys or numbers on which readers differ, is left alone.
    """
    path = f"{folder}/{SESSION_FILE}" if folder else SESSION_FILE
    text = files.get(path)
    found = read_json(text) if text is not None else None
    if text is None or found is None or not isinstance(found.root, Object) or found.problems:
        return {}
    changed = splice(text, _splices(text, found.root, record))
    return {path: changed} if changed != text else {}


@dataclass(frozen=True, slots=True)
class _NewMember:
    key: str
    value: str


_Changes: TypeAlias = "list[Splice | _NewMember]"


def _splices(text: str, root: Object, record: SessionRecord) -> Iterator[Splice]:
    style = style_of(text, root)
    completed = _completed(text, root, style, record)
    changes: _Changes = [
        *completed,
        *_workers(text, root, style, record),
        *_in_progress(text, root, style, record),
        *_status(root, style, record),
    ]
    yield from (change for change in changes if isinstance(change, Splice))
    new = [(change.key, change.value) for change in changes if isinstance(change, _NewMember)]
    if new:
        yield _behind_the_last(root, members_text(style, new, is_empty=not root.members))
    if completed:
        yield from _count(root, len(_ids(record.completed)))
    # A time that says no more than that the same was written again would make a commit of its own.
    updated = root.member("updated_at")
    if changes and updated is not None and _text(updated.value) is not None and record.updated_at:
        yield Splice(updated.value.start, updated.value.end, style.text(record.updated_at))


def _completed(text: str, root: Object, style: Style, record: SessionRecord) -> _Changes:
    wanted = _ids(record.completed)
    member = root.member(*COMPLETED)
    items = _items(member)
    kept = _first_by_task(items, wanted)
    raws = [text[item.start : item.end] for item in kept.values()]
    raws += [style.text(task) for fold, task in wanted.items() if fold not in kept]
    return _write_list(text, style, COMPLETED[0], member, raws)


def _workers(text: str, root: Object, style: Style, record: SessionRecord) -> _Changes:
    member = root.member(*ACTIVE_WORKERS)
    items = _items(member)
    wanted: dict[str, Worker] = {}
    for worker in record.active_workers:
        if _plain(worker.task):
            wanted.setdefault(_plain(worker.task).casefold(), worker)
    kept: dict[str, Json] = {}
    for item in items:
        there = worker_of(item)
        fold = there.task.casefold() if there is not None else ""
        if there is not None and fold in wanted and _is_same(there, wanted[fold]):
            kept.setdefault(fold, item)
    example = next((item for item in items if isinstance(item, Object) and item.members), None)
    raws = [text[item.start : item.end] for item in kept.values()]
    raws += [_worker_text(text, style, example, worker) for fold, worker in wanted.items() if fold not in kept]
    return _write_list(text, style, ACTIVE_WORKERS[0], member, raws)


def _is_same(there: Worker, wanted: Worker) -> bool:
    """Say whether an entry is about this worker: what it does not say, it does not deny."""
    is_role = not there.role or not _plain(wanted.role) or there.role == _plain(wanted.role)
    times = (there.spawned_at, _plain(wanted.spawned_at))
    return is_role and (not all(times) or times[0] == times[1])


def _worker_text(text: str, style: Style, example: Object | None, worker: Worker) -> str:
    """A new entry with the keys that an entry beside it has."""
    entries = [
        (_key(example, TASK_KEYS, style), _plain(worker.task)),
        (_key(example, ROLE_KEYS, style), _plain(worker.role)),
        (_key(example, SPAWNED_KEYS, style), _plain(worker.spawned_at)),
    ]
    is_inline = example is not None and not re.search(r"[\r\n]", text[example.start : example.end])
    return object_text(style, [(key, value) for key, value in entries if value], depth=2, is_inline=is_inline)


def _key(example: Object | None, names: Sequence[str], style: Style) -> str:
    member = next((found for name in names if example is not None and (found := example.member(name))), None)
    return member.key if member is not None else style.key(names[0])


def _in_progress(text: str, root: Object, style: Style, record: SessionRecord) -> _Changes:
    """Take out what is reset or completed; nothing is ever put in, since the schema has no such list."""
    member = root.member(*IN_PROGRESS)
    if member is None or not isinstance(member.value, Array):
        return []
    gone = _ids((*record.reset, *record.completed))
    stays = [item for item in member.value.items if (task_of(item) or "").casefold() not in gone]
    return _write_list(text, style, member.key, member, [text[item.start : item.end] for item in stays])


def _status(root: Object, style: Style, record: SessionRecord) -> _Changes:
    member = root.member("status")
    wanted = _plain(record.status)
    if not wanted:
        return []
    if member is None:
        return [_NewMember("status", style.text(wanted))]
    if _text(member.value) == wanted:
        return []
    return [Splice(member.value.start, member.value.end, style.text(wanted))]


def _count(root: Object, completed: int) -> Iterator[Splice]:
    """The number of completed tasks, where the session keeps one beside the list."""
    pipeline = root.member("pipeline")
    member = pipeline.value.member("tasks_completed") if pipeline and isinstance(pipeline.value, Object) else None
    if member is not None and isinstance(member.value, Scalar) and type(member.value.value) is int:
        yield Splice(member.value.start, member.value.end, str(completed))


def _write_list(text: str, style: Style, key: str, member: Member | None, raws: Sequence[str]) -> _Changes:
    """Give a list these items, each as JSON text; the list is added when it is not there and has something in it."""
    if member is None:
        return [_NewMember(style.key(key), array_text(text, style, None, raws))] if raws else []
    if isinstance(member.value, Array):
        there = [text[item.start : item.end] for item in member.value.items]
        if there == list(raws):
            return []
        return [Splice(member.value.start, member.value.end, array_text(text, style, member.value, raws))]
    if not raws and isinstance(member.value, Scalar) and member.value.value is None:
        return []
    return [Splice(member.value.start, member.value.end, array_text(text, style, None, raws))]


def _behind_the_last(root: Object, written: str) -> Splice:
    if not root.members:
        return Splice(root.start + 1, root.end - 1, written)
    return Splice(root.members[-1].value.end, root.members[-1].value.end, written)


def _ids(tasks: Sequence[str]) -> dict[str, str]:
    """Task ids by their lower case, each once."""
    found: dict[str, str] = {}
    for task in map(_plain, tasks):
        if task:
            found.setdefault(task.casefold(), task)
    return found


def _plain(text: str | None) -> str:
    """A text of the record in the form in which it would be read again: what is compared with a file has to be."""
    return writable(text or "").strip()


def _first_by_task(items: Sequence[Json], wanted: Mapping[str, str]) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for item in items:
        fold = (task_of(item) or "").casefold()
        if fold in wanted:
            found.setdefault(fold, item)
    return found


def _items(member: Member | None) -> tuple[Json, ...]:
    return member.value.items if member is not None and isinstance(member.value, Array) else ()


def _text(value: Json) -> str | None:
    return value.value if isinstance(value, Scalar) and isinstance(value.value, str) else None
