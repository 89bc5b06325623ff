"""What `stepwise lint` and the plan check say about a file, as JSON values."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Collection, Iterator
from typing import Final, TypedDict

from bot.plans import findings as say
from bot.plans.dialects import decode, dialect_of, is_index, read
from bot.plans.document import read_document
from bot.plans.indexes import read_index
from bot.plans.model import Dialect, Finding, Plan, Reading, Severity
from bot.plans.repository_paths import folder_of, resolve

# Raised when a key changes its meaning or goes away; new keys do not raise it.
VERSION: Final = 1
INDEX: Final = "index"


class BlockReport(TypedDict):
    id: str
    title: str
    milestone: str | None
    depends_on: list[str] | None
    files: list[str]
    line: int


class ScopeReport(TypedDict):
    include: list[str]
    exclude: list[str]
    unparsed: list[str]


class FindingReport(TypedDict):
    code: str
    severity: str
    line: int | None
    message: str
    hint: str


class Report(TypedDict):
    """One file's report; docs/lint.md says what each key means."""

    version: int
    path: str
    dialect: str | None
    title: str | None
    status: str | None
    objective: str | None
    mode: str | None
    branch: str | None
    base_branch: str | None
    blocks: list[BlockReport]
    scope: ScopeReport
    validation_commands: list[str]
    missing_sections: list[str]
    verdict: str | None
    executable: bool
    entries: list[str]
    findings: list[FindingReport]


def lint(
    path: str,
    content: bytes,
    dialect: Dialect | str | None = None,
    folder_listing: Collection[str] | None = None,
    exists: Callable[[str], bool] | None = None,
) -> Report:
    """The report on one file at `path` (from the root of the repository).

    For an index, `folder_listing` holds the names of the files beside it and `exists` says whether a path of the
    repository exists; what is not given is not checked. A dialect of "index" reads any file as an index.
    """
    if dialect == INDEX or (dialect is None and is_index(path, anywhere=True)):
        return _lint_index(path, content, folder_listing, exists)
    chosen = Dialect(dialect) if dialect is not None else dialect_of(path, anywhere=True)
    return report_of(path, chosen, read(path, content, chosen))


def report_of(path: str, dialect: Dialect | None, reading: Reading) -> Report:
    """A reading as JSON values."""
    report = _empty(path, dialect.value if dialect else None)
    plan = reading.plan
    if plan is not None:
        report.update(_plan_report(plan))
    report["executable"] = reading.is_executable
    report["findings"] = [_finding_report(finding) for finding in reading.findings]
    return report


def refusal(path: str, dialect: str | None, *findings: Finding) -> Report:
    """The report on a file that was not read at all."""
    report = _empty(path, dialect)
    report["findings"] = [_finding_report(finding) for finding in findings]
    return report


def has_errors(report: Report) -> bool:
    return any(finding["severity"] == Severity.ERROR.value for finding in report["findings"])


def _plan_report(plan: Plan) -> Report:
    report = _empty(plan.path, plan.dialect.value)
    report["title"] = plan.title
    report["status"] = plan.status
    report["objective"] = plan.objective
    report["mode"] = plan.mode.value if plan.mode else None
    report["branch"] = plan.branch
    report["base_branch"] = plan.base_branch
    report["blocks"] = [
        {
            "id": block.id,
            "title": block.title,
            "milestone": block.milestone,
            "depends_on": None if block.depends_on is None else list(block.depends_on),
            "files": list(block.files),
            "line": block.line,
        }
        for block in plan.blocks
    ]
    report["scope"] = {
        "include": [pattern.text for pattern in plan.scope.include],
        "exclude": [pattern.text for pattern in plan.scope.exclude],
        "unparsed": [prose.text for prose in plan.scope.unparsed],
    }
    report["validation_commands"] = list(plan.validation_commands)
    report["missing_sections"] = list(plan.sections_missing)
    report["verdict"] = plan.verdict
    return report


def _empty(path: str, dialect: str | None) -> Report:
    return {
        "version": VERSION,
        "path": path,
        "dialect": dialect,
        "title": None,
        "status": None,
        "objective": None,
        "mode": None,
        "branch": None,
        "base_branch": None,
        "blocks": [],
        "scope": {"include": [], "exclude": [], "unparsed": []},
        "validation_commands": [],
        "missing_sections": [],
        "verdict": None,
        "executable": False,
        "entries": [],
        "findings": [],
    }


def _finding_report(finding: Finding) -> FindingReport:
    return {
        "code": finding.code,
        "severity": finding.severity.value,
        "line": finding.line,
        "message": finding.message,
        "hint": finding.hint,
    }


def _lint_index(
    path: str, content: bytes, folder_listing: Collection[str] | None, exists: Callable[[str], bool] | None
) -> Report:
    text = decode(content)
    if isinstance(text, Finding):
        return refusal(path, INDEX, text)
    report = _empty(path, INDEX)
    document = read_document(text)
    report["title"] = document.sections[0].title if document.sections else None
    entries = read_index(path, text).entries
    listed = [(entry.path, entry.line) for entry in entries]
    report["entries"] = list(dict.fromkeys(entry_path for entry_path, _ in listed))
    found = [
        *_twice(listed),
        *_dangling(path, listed, folder_listing, exists),
        *_not_listed(path, report["entries"], folder_listing),
    ]
    report["findings"] = [_finding_report(finding) for finding in say.in_order(found)]
    return report


def _twice(listed: list[tuple[str, int]]) -> Iterator[Finding]:
    first: dict[str, int] = {}
    for entry_path, line in listed:
        if first.setdefault(entry_path, line) != line:
            yield say.LISTED_TWICE.at(line - 1, path=entry_path, first=first[entry_path])


def _dangling(
    path: str,
    listed: list[tuple[str, int]],
    folder_listing: Collection[str] | None,
    exists: Callable[[str], bool] | None,
) -> Iterator[Finding]:
    folder = folder_of(path)
    for entry_path, line in dict(reversed(listed)).items():
        if resolve(entry_path, "") is None:
            yield say.ENTRY_OUTSIDE.at(line - 1, path=entry_path)
        elif folder_of(entry_path) == folder and folder_listing is not None:
            if posixpath.basename(entry_path) not in folder_listing:
                yield say.DANGLING_ENTRY.at(line - 1, path=entry_path)
        elif exists is not None and not exists(entry_path):
            yield say.DANGLING_REFERENCE.at(line - 1, path=entry_path)


def _not_listed(path: str, entries: list[str], folder_listing: Collection[str] | None) -> Iterator[Finding]:
    folder = folder_of(path)
    for name in sorted(folder_listing or ()):
        here = posixpath.join(folder, name)
        if not name.endswith(".md") or name == "index.md" or here in entries:
            continue
        if name.startswith("_"):
            yield say.NOT_LISTED_ASIDE.at(None, path=here)
        else:
            yield say.NOT_LISTED.at(None, path=here)
