"""What a session's files say of a task beside the graph: title, role, steps, criteria, files, state."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from bot.plans import findings as say
from bot.plans.model import Finding
from bot.plans.session_files import Source
from bot.plans.session_registry import Named, Role
from bot.plans.strict_json import Array, Json, Member, Object, Scalar

DEPENDS: Final = ("depends_on", "blockedBy", "blocked_by", "deps", "dependencies")
ROLE: Final = ("role", "owner")
TITLE: Final = ("subject", "title", "name")
GOAL: Final = ("goal", "description", "purpose")
STEPS: Final = ("steps",)
CRITERIA: Final = ("success_criteria", "acceptance_criteria", "acceptance")
CONSTRAINTS: Final = ("constraints",)
DELIVERABLES: Final = ("deliverables", "deliverable", "artifacts", "artifact")
FILES: Final = ("files", "file_scope", "scope")
STATUS: Final = ("status",)
USED: Final = frozenset(
    {*DEPENDS, *ROLE, *TITLE, *GOAL, *STEPS, *CRITERIA, *CONSTRAINTS, *DELIVERABLES, *FILES, *STATUS}
)
# Where paths are told rather than allowed: a scope that leads out of the repository is refused instead.
_PATHS: Final = ("artifacts", "artifact", "deliverables", "key_files", "upstream_artifacts")
_OUTSIDE: Final = re.compile(r"[A-Za-z]:[\\/]|[/~\\]|\.\.(?:/|$)")


@dataclass(frozen=True, slots=True)
class Detail:
    """One description of a task; `capability` is the one it stands under, if any."""

    source: Source
    owner: Object
    capability: str | None = None


@dataclass(frozen=True, slots=True)
class Details:
    """Every description of a task, by its id without regard to case, those of the analysis before those of others."""

    by_id: dict[str, list[Detail]] = field(default_factory=dict)

    def of(self, task: str) -> tuple[Detail, ...]:
        return tuple(self.by_id.get(task.casefold(), ()))


def read_details(analysis: Source, extra: Source) -> tuple[Details, tuple[tuple[Named, Source], ...]]:
    """The descriptions of tasks, and the ids they are given under in order, each with its file."""
    details = Details()
    ids: list[tuple[Named, Source]] = []
    for source, value, capability in (*_lists(analysis), *_extra_lists(extra)):
        seen: dict[str, Named] = {}
        for named, owner in _entries(source, value):
            _check_twice(source, named, seen)
            details.by_id.setdefault(named.id.casefold(), []).append(Detail(source, owner, capability))
            ids.append((named, source))
    return details, tuple(ids)


def _lists(source: Source) -> Iterator[tuple[Source, Json, str | None]]:
    """`tasks`, and the tasks of each capability."""
    if not isinstance(source.root, Object):
        return
    tasks = source.member(source.root, "tasks")
    if tasks is not None:
        yield source, tasks.value, None
    capabilities = source.member(source.root, "capabilities")
    if capabilities is None or not isinstance(capabilities.value, Array):
        return
    for item in capabilities.value.items:
        if isinstance(item, Object) and (below := item.member("tasks")) is not None:
            yield source, below.value, source.text(item, "name")


def _extra_lists(source: Source) -> Iterator[tuple[Source, Json, str | None]]:
    """The list that is the whole file, or its `tasks`."""
    if isinstance(source.root, Object):
        member = source.member(source.root, "tasks")
        if member is not None:
            yield source, member.value, None
    elif source.root is not None:
        yield source, source.root, None


def _entries(source: Source, value: Json) -> Iterator[tuple[Named, Object]]:
    """The tasks of a list of objects with an id, or of an object whose keys are the ids."""
    if isinstance(value, Object):
        for member in value.members:
            if isinstance(member.value, Object):
                yield Named(member.key, member.line), member.value
            else:
                source.wrong(member.value, member.key, "an object")
        return
    for item in source.objects_of(value, "tasks"):
        id_member = item.member("id", "task_id")
        task = source.text(item, "id", "task_id")
        if task is not None and id_member is not None:
            yield Named(task, id_member.line), item
        elif id_member is None:
            found = "an entry without an id"
            source.findings.append(
                say.WRONG_TYPE.at(item.line, file=source.file, key="tasks", found=found, wanted="a list of tasks")
            )


def _check_twice(source: Source, named: Named, seen: dict[str, Named]) -> None:
    first = seen.setdefault(named.id.casefold(), named)
    if first is not named:
        source.findings.append(twice(source, named, first))


def twice(source: Source, named: Named, first: Named) -> Finding:
    """That a task is there twice, or differs from another only by case."""
    if named.id == first.id:
        return say.DUPLICATE_TASK.at(named.line, file=source.file, id=named.id, first=first.line + 1)
    return say.TASK_DIFFERS_BY_CASE.at(named.line, file=source.file, id=named.id, other=first.id, first=first.line + 1)


def title_of(task: str, details: tuple[Detail, ...]) -> str:
    """A task's title without its id in front; else its goal, else its id."""
    for keys in (TITLE, GOAL):
        for detail in details:
            written = detail.source.text(detail.owner, *keys)
            words = _without_id(" ".join(written.split()), task) if written else ""
            if words:
                return words
    return task


def _without_id(title: str, task: str) -> str:
    return (
        re.sub(rf"{re.escape(task)}(?![\w-])\s*[:.)\]–—-]*\s*", "", title, count=1) if title.startswith(task) else title
    )


def first_texts(details: tuple[Detail, ...], keys: tuple[str, ...]) -> tuple[str, ...]:
    """The texts of the first description that has any under these keys."""
    return next((found for detail in details if (found := detail.source.texts(detail.owner, *keys))), ())


def steps_of(title: str, details: tuple[Detail, ...]) -> tuple[str, ...]:
    """What is to be done: the steps, else the goal; then what is to be delivered and within which limits."""
    steps = first_texts(details, STEPS)
    if not steps:
        steps = tuple(words for words in first_texts(details, GOAL)[:1] if " ".join(words.split()) != title)
    delivered = next((found for detail in details if (found := tuple(_deliverables(detail)))), ())
    limits = first_texts(details, CONSTRAINTS)
    return (
        *steps,
        *(f"Deliverable: {words}" for words in delivered),
        *(f"Constraint: {words}" for words in limits),
    )


def _deliverables(detail: Detail) -> Iterator[str]:
    """Paths or names; an artifact may also be an object with a path or a name."""
    for key in DELIVERABLES:
        member = detail.owner.member(key)
        if member is None:
            continue
        for item in member.value.items if isinstance(member.value, Array) else (member.value,):
            if isinstance(item, Object):
                words = detail.source.text(item, "path", "name")
            else:
                words = detail.source.text_of(item, member.key)
            if words is not None:
                yield words


def role_of(task: str, details: tuple[Detail, ...], roles: tuple[Role, ...]) -> tuple[str | None, str | None]:
    """The role that a task's descriptions name; else the one whose prefix its id has. And what stood for it."""
    for detail in details:
        written = detail.source.text(detail.owner, *ROLE)
        if written is not None:
            return written, None
    names = {role.name.casefold(): role.name for role in roles}
    for detail in details:
        if detail.capability is not None and detail.capability.casefold() in names:
            return names[detail.capability.casefold()], f"the capability {detail.capability}"
    prefix = task.rsplit("-", 1)[0].casefold() if "-" in task else ""
    found = [role.name for role in roles if role.prefix and role.prefix.rstrip("-").casefold() == prefix]
    return (found[0], f"the prefix of {task}") if len(found) == 1 else (None, None)


def paths_outside(source: Source) -> None:
    """Say how many of the paths in a file lead out of the repository."""
    found = [(words, line) for words, line in _paths(source.root) if _OUTSIDE.match(words)]
    if found:
        words, line = min(found, key=lambda item: item[1])
        source.findings.append(say.PATHS_OUTSIDE.at(line, file=source.file, count=len(found), path=words))


def _paths(root: Json | None) -> Iterator[tuple[str, int]]:
    """The texts under keys that hold paths, anywhere in a file; read_json bounds how deep it can be nested."""
    match root:
        case Array():
            for item in root.items:
                yield from _paths(item)
        case Object():
            for member in root.members:
                yield from _texts_below(member) if member.key in _PATHS else _paths(member.value)
        case _:
            pass


def _texts_below(member: Member) -> Iterator[tuple[str, int]]:
    items = member.value.items if isinstance(member.value, Array) else (member.value,)
    for item in items:
        if isinstance(item, Scalar) and isinstance(item.value, str):
            yield item.value, item.line
