"""`stepwise scope`: the scope rules of the pull request, asked about the local branch before it is pushed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from bot.cli.local_changes import (
    Change,
    GitError,
    changes_since,
    commit_of,
    current_branch,
    default_branch,
    merge_base,
    root_of,
)
from bot.cli.terminal import coloured, say
from bot.plans.dialects import dialect_of, path_problem, read
from bot.plans.model import PLAN_BYTES_LIMIT, Dialect, Plan, Reading
from bot.plans.patterns import Judgement, PatternError, ScopeRules
from bot.printable import printable

VERSION: Final = 1
_FOLDER: Final = "docs/exec-plans/active"
_STATUS: Final = {
    "A": "added",
    "M": "modified",
    "D": "deleted",
    "R": "renamed",
    "C": "copied",
    "T": "changed in type",
    "U": "unmerged",
    "?": "untracked",
}


class Format(StrEnum):
    TEXT = "text"
    JSON = "json"


class UsageError(Exception):
    """What was asked for cannot be judged; the message is for the person, one line or a list."""


@dataclass(frozen=True, slots=True)
class Violation:
    """A name that the plan does not allow to change; a rename may bring two."""

    change: Change
    judgement: Judgement

    @property
    def words(self) -> str:
        rule = self.judgement.rule
        match self.judgement.reason:
            case "excluded":
                return f"excluded by {rule}"
            case "outside":
                return "not in Include"
            case _:
                return "not a name that can be judged"


@dataclass(frozen=True, slots=True)
class Outcome:
    plan: Plan
    base: str
    merge_base: str
    branch: str | None
    changed: int
    exempt: int
    violations: tuple[Violation, ...]


def scope(
    base: Annotated[
        str | None, typer.Option(metavar="BRANCH", help="the base; by default the plan's base branch")
    ] = None,
    plan: Annotated[str | None, typer.Option(metavar="PATH", help="the plan; by default the only active one")] = None,
    allow: Annotated[list[str] | None, typer.Option(metavar="PATTERN", help="an exception granted with /allow")] = None,
    committed: Annotated[bool, typer.Option("--committed", help="leave out what is not committed")] = False,
    output: Annotated[Format, typer.Option("--format", help="text or json")] = Format.TEXT,
) -> None:
    """Say which changed files the plan does not allow. Exit 0: none; 1: some; 2: wrong usage."""
    try:
        outcome = _judge(base, plan, tuple(allow or ()), with_uncommitted=not committed)
    except (UsageError, GitError) as error:
        for line in str(error).splitlines():
            say(f"stepwise scope: {printable(line)}", to_errors=True)
        raise typer.Exit(2) from error
    if output is Format.JSON:
        say(printable(json.dumps(_report(outcome), ensure_ascii=False, indent=2), keep_line_feeds=True))
    else:
        _print_text(outcome)
    raise typer.Exit(1 if outcome.violations else 0)


def _judge(base: str | None, plan_path: str | None, allowed: tuple[str, ...], *, with_uncommitted: bool) -> Outcome:
    root = root_of(Path.cwd())
    branch = current_branch(root)
    path, reading = _choose_plan(root, plan_path, branch)
    plan = _usable(path, reading)
    name, commit = _base(root, base, plan)
    fork = merge_base(root, commit)
    changes = changes_since(root, fork, with_uncommitted=with_uncommitted)
    include = [pattern.text for pattern in plan.scope.include]
    exclude = [pattern.text for pattern in plan.scope.exclude]
    try:
        rules = ScopeRules.compile(include, exclude, allowed)
    except PatternError as error:
        raise UsageError(f"a pattern cannot be used: {error}") from error
    # The plan itself is exempt, as on the pull request: changing it is judged by its contract.
    judged = [change for change in changes if change.path != path]
    violations = tuple(
        Violation(change, judgement)
        for change in judged
        for judgement in rules.judge_all(change.names)
        if not judgement.is_allowed and judgement.path != path
    )
    return Outcome(plan, name, fork, branch, len(changes), len(changes) - len(judged), violations)


def _choose_plan(root: Path, given: str | None, branch: str | None) -> tuple[str, Reading]:
    if given is not None:
        return _given_plan(root, given)
    folder = root / _FOLDER
    paths = sorted(f"{_FOLDER}/{file.name}" for file in folder.glob("*.md")) if folder.is_dir() else []
    plans = [path for path in paths if dialect_of(path) is not None]
    if not plans:
        raise UsageError(f"there is no plan in {_FOLDER}/; name one with --plan")
    readings = {path: _read(root, path) for path in plans}
    if len(plans) == 1:
        return plans[0], readings[plans[0]]
    here = [path for path, reading in readings.items() if reading.plan and branch and reading.plan.branch == branch]
    if len(here) == 1:
        return here[0], readings[here[0]]
    listed = "\n".join(f"  {path}" for path in plans)
    raise UsageError(f"there are several plans; name one with --plan:\n{listed}")


def _given_plan(root: Path, given: str) -> tuple[str, Reading]:
    absolute = Path.cwd().resolve() / given
    absolute = absolute.parent.resolve() / absolute.name
    if not absolute.is_relative_to(root.resolve()):
        raise UsageError(f"{given} is outside of the repository")
    path = absolute.relative_to(root.resolve()).as_posix()
    problem = path_problem(path)
    if problem is not None:
        raise UsageError(f"{given} is refused: {problem}")
    return path, _read(root, path)


def _read(root: Path, path: str) -> Reading:
    file = root / path
    if file.is_symlink():
        raise UsageError(f"{path} is a symbolic link")
    try:
        with file.open("rb") as opened:
            content = opened.read(PLAN_BYTES_LIMIT + 1)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    return read(path, content, dialect_of(path) or Dialect.EXEC_PLAN)


def _usable(path: str, reading: Reading) -> Plan:
    """The plan if its scope can be held to; other errors in it are for `stepwise lint`."""
    errors = [finding for finding in reading.errors if finding.code.startswith("SW4")]
    plan = reading.plan
    if plan is not None and plan.scope.include and not errors:
        return plan
    said = "\n".join(f"  {finding.code} {finding.message}" for finding in errors or reading.errors)
    raise UsageError(f"the scope of {path} cannot be read; see stepwise lint {path}\n{said}".rstrip())


def _base(root: Path, given: str | None, plan: Plan) -> tuple[str, str]:
    name = given or plan.base_branch or default_branch(root)
    if name is None:
        raise UsageError("the plan names no base branch; name one with --base")
    # What GitHub will compare with is the branch as the server has it; a name given by hand is taken as it is.
    names = (name, f"origin/{name}") if given else (f"refs/remotes/origin/{name}", name)
    commit = commit_of(root, *names)
    if commit is None:
        raise UsageError(f"there is no branch {name} here; fetch it, or name another one with --base")
    if commit_of(root, "HEAD") is None:
        raise UsageError("there is no commit yet")
    return name, commit


def _report(outcome: Outcome) -> dict[str, Any]:
    return {
        "version": VERSION,
        "plan": outcome.plan.path,
        "branch": outcome.branch,
        "plan_branch": outcome.plan.branch,
        "base": outcome.base,
        "merge_base": outcome.merge_base,
        "clean": not outcome.violations,
        "changed": outcome.changed,
        "exempt": outcome.exempt,
        "violations": [
            {
                "path": violation.judgement.path,
                "status": _STATUS.get(violation.change.status, violation.change.status),
                "reason": violation.judgement.reason,
                "rule": violation.judgement.rule,
                "committed": violation.change.is_committed,
            }
            for violation in outcome.violations
        ],
    }


def _print_text(outcome: Outcome) -> None:
    plan = outcome.plan
    say(f"{printable(plan.path)}: {outcome.changed} changed since {printable(outcome.base)} ({outcome.merge_base[:7]})")
    if plan.branch is not None and outcome.branch != plan.branch:
        say(f"{coloured('warning', 'warning')}: the plan is for branch {printable(plan.branch)}")
    for is_committed, title in ((True, "out of scope"), (False, "out of scope, not committed yet")):
        listed = [violation for violation in outcome.violations if violation.change.is_committed is is_committed]
        if listed:
            say(f"{coloured(title, 'error')}:")
        for violation in listed:
            status = _STATUS.get(violation.change.status, violation.change.status)
            say(f"  {printable(violation.judgement.path)}  ({status}; {printable(violation.words)})")
    if outcome.violations:
        say("Take these changes back, or ask for /allow <pattern> <reason> on the pull request.")
    else:
        say("every change is in scope")
