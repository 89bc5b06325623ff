"""One role spec of a team session: YAML front matter, the phases 2 to 4, and the role's files where it states them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from bot.plans import findings as say
from bot.plans.block_reading import paths_in
from bot.plans.document import Document, read_document
from bot.plans.front_matter import FrontMatter
from bot.plans.inline import Text
from bot.plans.model import Finding, Pattern, Scope
from bot.plans.nodes import texts
from bot.plans.patterns import pattern_problem
from bot.plans.placeholders import has_placeholder
from bot.plans.scope_contract import read_scope

PHASES: Final = (2, 3, 4)

_SCOPES: Final = ("file scope contract", "file scope", "scope")
_FILES: Final = ("files", "files touched", "files/modules touched", "files to modify", "touches", "file scope")
_INCLUDE: Final = ("include", "files", "scope", "file_scope")
_EXCLUDE: Final = ("exclude",)
_PHASE: Final = re.compile(r"phase\s+([0-9])(?![\w.]|\s*[-–—]\s*[0-9])", re.IGNORECASE)
_YES_OR_NO: Final = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class RoleSpec:
    """What a role spec says; None where it is silent. `file` is its path within the session's folder."""

    file: str
    role: str | None = None
    prefix: str | None = None
    inner_loop: bool | None = None
    include: tuple[Pattern, ...] = ()
    exclude: tuple[Pattern, ...] = ()
    findings: tuple[Finding, ...] = ()


def read_role_spec(file: str, text: str) -> RoleSpec:
    """Read any text as a role spec; whatever is wrong with it comes back as findings."""
    document = read_document(text)
    findings = [*_front_matter_findings(file, document), *_phase_findings(file, document)]
    front = document.front_matter
    inner_loop = _inner_loop(file, front, findings)
    scope = _scope(file, document, findings)
    include = [*_listed(file, front, _INCLUDE, findings), *scope.include, *_files(document)]
    return RoleSpec(
        file=file,
        role=front.text("role") if front else None,
        prefix=front.text("prefix") if front else None,
        inner_loop=inner_loop,
        include=_each_once(include),
        exclude=_each_once([*_listed(file, front, _EXCLUDE, findings), *scope.exclude]),
        findings=tuple(findings),
    )


def _front_matter_findings(file: str, document: Document) -> Iterator[Finding]:
    front = document.front_matter
    if front is None:
        opens = bool(document.lines) and document.lines[0].removeprefix("\ufeff").rstrip() == "---"
        reason = "it is not a mapping, or has no end" if opens else "there is none"
        yield say.ROLE_SPEC_FRONT_MATTER.at(0, file=file, reason=reason)
    elif front.error is not None:
        yield say.ROLE_SPEC_FRONT_MATTER.at(front.error_line, file=file, reason=front.error)
    elif not front.values:
        yield say.ROLE_SPEC_FRONT_MATTER.at(0, file=file, reason="it is empty")
    else:
        for key in front.values:
            if re.search(r"\s", key):
                yield say.KEY_WITH_BLANKS.at(_line_of_key(document, key), file=file, key=key)
        yield from _missing_keys(file, front)


def _missing_keys(file: str, front: FrontMatter) -> Iterator[Finding]:
    """What a spec may leave out, because team-session.json says it too or because nothing here needs it."""
    there = {key.casefold() for key in front.values}
    for key, instead in (
        ("role", "the file's name is the role"),
        ("prefix", "team-session.json says it"),
        ("inner_loop", "team-session.json says it, else false is assumed"),
        ("message_types", "nothing here needs it"),
    ):
        if key not in there:
            yield say.FIELD_MISSING.at(0, file=file, key=key, instead=instead)


def _line_of_key(document: Document, key: str) -> int:
    """The line on which a key of the front matter begins; the opening line when it cannot be found."""
    end = document.front_matter.span.end if document.front_matter else 0
    written = re.compile(rf"""["']?{re.escape(key)}["']?\s*:""")
    return next((line for line in range(1, end) if written.match(document.lines[line])), 0)


def _phase_findings(file: str, document: Document) -> Iterator[Finding]:
    there = {int(found.group(1)) for section in document.sections if (found := _PHASE.match(section.title))}
    for phase in PHASES:
        if phase not in there:
            yield say.ROLE_SPEC_PHASE_MISSING.at(None, file=file, phase=phase)


def _inner_loop(file: str, front: FrontMatter | None, findings: list[Finding]) -> bool | None:
    if front is None or not any(key.casefold() == "inner_loop" for key in front.values):
        return None
    written = front.text("inner_loop") or "empty or no single word"
    known = _YES_OR_NO.get(written.casefold())
    if known is None:
        findings.append(say.NOT_YES_OR_NO.at(0, file=file, found=written))
    return known


def _scope(file: str, document: Document, findings: list[Finding]) -> Scope:
    """The include and exclude lists of a section about scope; its findings name the file, since they come from many."""
    section = document.section(*_SCOPES)
    scope, found = read_scope(document, section)
    findings += [replace(finding, message=f"{file}: {finding.message}") for finding in found]
    return scope


def _listed(file: str, front: FrontMatter | None, keys: tuple[str, ...], findings: list[Finding]) -> Iterator[Pattern]:
    """The patterns of front matter: a list under one of these keys, or a single pattern. Prose is never a pattern."""
    for key, value in _flat(front):
        if key.casefold() not in keys:
            continue
        for written in value if isinstance(value, list) else [value]:
            text = written.strip() if isinstance(written, str) else ""
            problem = _problem(text)
            if re.search(r"\s", text):
                prose = say.PROSE_IN_SCOPE.at(0, text=text)
                findings.append(replace(prose, message=f"{file}: {prose.message}"))
            elif problem is None:
                yield Pattern(text, None, 1)
            else:
                shown = text or f"an entry of {key}"
                findings.append(say.BAD_SESSION_PATTERN.at(0, file=file, pattern=shown, reason=problem))


def _flat(front: FrontMatter | None) -> Iterator[tuple[str, Any]]:
    """The front matter's entries; a mapping under `scope` stands for the entries in it."""
    for key, value in (front.values if front else {}).items():
        if isinstance(value, dict) and key.casefold() in ("scope", "file_scope"):
            yield from ((str(inner), below) for inner, below in value.items())
        else:
            yield key, value


def _problem(pattern: str) -> str | None:
    if not pattern:
        return "it is no text"
    if has_placeholder(pattern):
        return "it is not filled in"
    if pattern.startswith("!"):
        return "it is negated"
    return pattern_problem(pattern)


def _files(document: Document) -> Iterator[Pattern]:
    """The code spans under `**Files:**` or a heading Files, as far as they are paths inside the repository."""
    for section in document.sections_named(*_FILES):
        if section.name not in _SCOPES:
            yield from _paths(document.texts_in(section.own))
    for field in document.fields_named(document.all, *_FILES):
        yield from _paths([field.value, *(text for item in field.items for text in _item_texts(item.text))])
        yield from _paths(text for item in field.items for text in texts(item.children))


def _item_texts(text: Text | None) -> tuple[Text, ...]:
    return () if text is None else (text,)


def _paths(found: Iterable[Text]) -> Iterator[Pattern]:
    for text in found:
        for path in paths_in([text]):
            if pattern_problem(path) is None:
                yield Pattern(path, None, text.line + 1)


def _each_once(patterns: Iterable[Pattern]) -> tuple[Pattern, ...]:
    by_text: dict[str, Pattern] = {}
    for pattern in patterns:
        by_text.setdefault(pattern.text, pattern)
    return tuple(by_text.values())[: say.PATTERNS_LIMIT]
