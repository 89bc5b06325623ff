"""The role specs of a session's roles: each role has one, each is valid, and both say the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from bot.plans import findings as say
from bot.plans.model import PLAN_BYTES_LIMIT, Finding, Pattern
from bot.plans.role_specs import RoleSpec, read_role_spec
from bot.plans.session_files import FILES_LIMIT, ROLE_SPECS, SESSION_FILE, Folder, is_role_spec
from bot.plans.session_registry import Registry, Role

# What is left of the limit on files when team-session.json, task-analysis.json and tasks.json are counted.
ROLE_SPECS_LIMIT: Final = FILES_LIMIT - 3


@dataclass(frozen=True, slots=True)
class Roles:
    """The roles with their role specs, in the registry's order; `findings` are grouped by the file they are about."""

    specs: tuple[tuple[Role, RoleSpec], ...]
    findings: tuple[tuple[Finding, ...], ...]

    @property
    def inner_loops(self) -> tuple[str, ...]:
        """The roles whose worker keeps several tasks; where team-session.json is silent, the role spec says so."""
        stated = (
            (role, role.inner_loop if role.inner_loop is not None else spec.inner_loop) for role, spec in self.specs
        )
        return tuple(role.name for role, keeps_tasks in stated if keeps_tasks)

    @property
    def files(self) -> dict[str, tuple[str, ...]]:
        """The patterns that a role may change, by the role's name in lower case; only roles that state some."""
        return {
            role.name.casefold(): tuple(pattern.text for pattern in spec.include)
            for role, spec in self.specs
            if spec.include
        }

    @property
    def include(self) -> tuple[Pattern, ...]:
        return tuple(pattern for _, spec in self.specs for pattern in spec.include)

    @property
    def exclude(self) -> tuple[Pattern, ...]:
        """What one role may not change and no other role says that it does: a scope is one for the whole session."""
        included = {pattern.text for pattern in self.include}
        return tuple(pattern for _, spec in self.specs for pattern in spec.exclude if pattern.text not in included)


def read_roles(folder: Folder, registry: Registry) -> Roles:
    """Read every role spec of the folder and give each role its own."""
    names = [name for name in folder.names if is_role_spec(name)]
    findings: list[Finding] = []
    if not names:
        findings.append(say.NO_ROLE_SPECS.at(None))
    if len(names) > ROLE_SPECS_LIMIT:
        findings.append(say.TOO_MANY_ROLE_SPECS.at(None, count=len(names), limit=ROLE_SPECS_LIMIT))
    read = _read_all(folder, names[:ROLE_SPECS_LIMIT])
    specs: list[tuple[Role, RoleSpec]] = []
    for role in registry.roles or ():
        name = _spec_name(role, names, findings)
        if name is not None and name in read:
            specs.append((role, read[name]))
    groups = [tuple(findings)]
    for name, spec in read.items():
        own = [role for role, theirs in specs if theirs is spec]
        unused = () if own or registry.roles is None else (say.ROLE_SPEC_UNUSED.at(None, file=name),)
        groups.append((*unused, *spec.findings, *(said for role in own for said in _differences(role, spec))))
    return Roles(tuple(specs), tuple(groups))


def _read_all(folder: Folder, names: Sequence[str]) -> dict[str, RoleSpec]:
    """Read role specs up to the size of one plan for all of them: each costs as much as a plan of its length."""
    read: dict[str, RoleSpec] = {}
    size = 0
    for name in names:
        text = folder.text(name)
        if isinstance(text, Finding):
            read[name] = RoleSpec(name, findings=(text,))
            continue
        size += len(text)
        if size > PLAN_BYTES_LIMIT:
            reason = f"role specs up to this one have {size} characters; at most {PLAN_BYTES_LIMIT} are read"
            read[name] = RoleSpec(name, findings=(say.SESSION_FILE_UNREADABLE.at(None, file=name, reason=reason),))
        else:
            read[name] = read_role_spec(name, text)
    return read


def _spec_name(role: Role, names: list[str], findings: list[Finding]) -> str | None:
    """The file that a role's entry names, else the one that is called like the role."""
    expected = f"{ROLE_SPECS}{role.name}.md"
    stated = (role.role_spec or expected).removeprefix("./")
    if stated in names:
        return stated
    if expected in names:
        said = say.FIELD_ELSEWHERE.at(role.line, file=SESSION_FILE, found=expected, wanted=f"the role spec {stated}")
        findings.append(said)
        return expected
    findings.append(say.ROLE_SPEC_MISSING.at(role.line, role=role.name, file=expected))
    return None


def _differences(role: Role, spec: RoleSpec) -> Iterator[Finding]:
    for key, found, wanted in (
        ("role", spec.role, role.name),
        ("prefix", spec.prefix, role.prefix),
        ("inner_loop", _word(spec.inner_loop), _word(role.inner_loop)),
    ):
        if found is not None and wanted is not None and found != wanted:
            yield say.ROLE_SPEC_DIFFERS.at(0, file=spec.file, key=key, found=found, wanted=wanted)


def _word(value: bool | None) -> str | None:
    return None if value is None else str(value).lower()
