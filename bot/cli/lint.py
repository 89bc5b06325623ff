"""`stepwise lint`: what is wrong with plans and indexes, for people, programs and GitHub Actions."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from bot.cli.terminal import coloured, printable, say
from bot.plans import findings
from bot.plans.dialects import READABLE, dialect_of, is_index
from bot.plans.lint import INDEX, Report, has_errors, refusal
from bot.plans.lint import lint as lint_file
from bot.plans.model import PLAN_BYTES_LIMIT

_SKIPPED: Final = frozenset({".git", "node_modules", ".venv", "__pycache__"})
_PLACE: Final = "docs/exec-plans/"


class Format(StrEnum):
    TEXT = "text"
    JSON = "json"
    GITHUB = "github"


@dataclass(frozen=True, slots=True)
class _Target:
    """A file to lint: where it lies, the root of its repository, its path from there, and the path to show."""

    file: Path
    root: Path
    path: str
    dialect: str | None
    shown: str


class UsageError(Exception):
    """What was asked for cannot be done; the message is one line."""


def lint(
    paths: Annotated[list[str], typer.Argument(metavar="PATH…", help="plans, indexes, or folders to look for them in")],
    dialect: Annotated[
        str | None, typer.Option(metavar="D", help="how to read the files; by their path if left out")
    ] = None,
    output: Annotated[Format, typer.Option("--format", help="text, json, or github annotations")] = Format.TEXT,
) -> None:
    """Say what is wrong with plans. Exit 0: no errors; 1: errors; 2: wrong usage."""
    try:
        targets = list(_targets(paths, dialect))
    except UsageError as error:
        say(f"stepwise lint: {printable(str(error))}", to_errors=True)
        raise typer.Exit(2) from error
    reports = [_report(target) for target in targets]
    for target, report in zip(targets, reports, strict=True):
        report["path"] = target.shown
    match output:
        case Format.JSON:
            say(printable(json.dumps(reports, ensure_ascii=False, indent=2), keep_line_feeds=True))
        case Format.GITHUB:
            for report in reports:
                _print_annotations(report)
        case Format.TEXT:
            _print_text(reports)
    raise typer.Exit(1 if any(has_errors(report) for report in reports) else 0)


def _targets(paths: list[str], dialect: str | None) -> Iterator[_Target]:
    known = [*(readable.value for readable in READABLE), INDEX]
    if dialect is not None and dialect not in known:
        raise UsageError(f'unknown dialect "{dialect}"; there are: {", ".join(known)}')
    seen: set[Path] = set()
    for given in paths:
        path = Path(given)
        if path.is_dir():
            found = [_target(file, None) for file in sorted(_plans_below(path))]
        elif path.is_file() or path.is_symlink():
            found = [_named(path, dialect)]
        else:
            raise UsageError(f"{given}: no such file")
        for target in found:
            if target.file not in seen:
                seen.add(target.file)
                yield target


def _named(path: Path, dialect: str | None) -> _Target:
    target = _target(path, dialect)
    if target.dialect is None:
        raise UsageError(
            f"{path} is not where a plan is kept ({_PLACE}active/*.md); name a --dialect to read it anyway"
        )
    return target


def _plans_below(folder: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in _SKIPPED)
        for name in files:
            file = Path(parent, name)
            path = Path(parent).resolve().joinpath(name).as_posix()
            if dialect_of(path, anywhere=True) is not None or is_index(path, anywhere=True):
                yield file


def _target(file: Path, dialect: str | None) -> _Target:
    # The file's own name is not followed: a plan that is a link is refused, not read.
    absolute = file.parent.resolve() / file.name
    root = _root_of(absolute)
    path = absolute.relative_to(root).as_posix() if absolute.is_relative_to(root) else absolute.name
    if dialect is None:
        by_path = dialect_of(absolute.as_posix(), anywhere=True)
        is_listing = is_index(absolute.as_posix(), anywhere=True)
        dialect = INDEX if is_listing else by_path.value if by_path else None
    shown = path if absolute.is_relative_to(root) else file.as_posix()
    return _Target(file, root, path, dialect, shown)


def _root_of(absolute: Path) -> Path:
    """The repository's root: the nearest folder with a `.git`, else the one that holds docs/exec-plans, else here."""
    for folder in absolute.parents:
        if (folder / ".git").exists():
            return folder
    before, place, _ = absolute.as_posix().rpartition(f"/{_PLACE}")
    if place:
        return Path(before or "/")
    return Path.cwd().resolve()


def _report(target: _Target) -> Report:
    if target.file.is_symlink():
        return refusal(target.path, target.dialect, findings.SYMLINK.at(None, path=target.path))
    try:
        with target.file.open("rb") as file:
            content = file.read(PLAN_BYTES_LIMIT + 1)
        if len(content) > PLAN_BYTES_LIMIT:
            size = target.file.stat().st_size
            return refusal(target.path, target.dialect, findings.TOO_LARGE.at(None, size=size))
        listing = _listing(target) if target.dialect == INDEX else None
    except OSError as error:
        return refusal(
            target.path, target.dialect, findings.UNREADABLE.at(None, path=target.path, reason=error.strerror)
        )
    return lint_file(target.path, content, target.dialect, listing, lambda entry: (target.root / entry).exists())


def _listing(target: _Target) -> frozenset[str] | None:
    if not is_index(target.path, anywhere=True):
        return None
    return frozenset(entry.name for entry in target.file.parent.iterdir() if entry.is_file())


def _print_text(reports: list[Report]) -> None:
    if not reports:
        say("no plans found")
    for report in reports:
        path = printable(report["path"])
        for finding in report["findings"]:
            place = f"{path}:{finding['line']}" if finding["line"] is not None else path
            severity = coloured(finding["severity"], finding["severity"])
            say(f"{place}: {severity} {finding['code']} {printable(finding['message'])}")
            say(f"    {printable(finding['hint'])}")
        say(f"{path}: {_summary(report)}")


def _summary(report: Report) -> str:
    counts = dict.fromkeys(("error", "warning", "notice"), 0)
    for finding in report["findings"]:
        counts[finding["severity"]] += 1
    said = [f"{count} {severity}{'s' if count > 1 else ''}" for severity, count in counts.items() if count]
    if report["dialect"] == INDEX:
        what = f"index, {len(report['entries'])} entries"
    else:
        what = f"{'can' if report['executable'] else 'cannot'} be executed, {len(report['blocks'])} blocks"
    return f"{what}; {', '.join(said) or 'no findings'}"


def _print_annotations(report: Report) -> None:
    for finding in report["findings"]:
        properties = [f"file={_property(report['path'])}"]
        if finding["line"] is not None:
            properties.append(f"line={finding['line']}")
        properties.append(f"title={_property(finding['code'])}")
        message = _data(f"{finding['message']} {finding['hint']}")
        say(f"::{finding['severity']} {','.join(properties)}::{message}")


def _data(text: str) -> str:
    # GitHub's docs name these three for a message and two more for a property; the rest is made printable first.
    return printable(text, keep_line_feeds=True).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
