"""`stepwise lint`: what is wrong with plans and indexes, for people, programs and GitHub Actions."""

from __future__ import annotations

import json
import posixpath
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.lint_session import session_report
from bot.cli.lint_targets import Target, UsageError, content_of, targets_of
from bot.cli.terminal import coloured, say
from bot.plans.dialects import is_index
from bot.plans.lint import INDEX, FindingReport, Report, has_errors, refusal
from bot.plans.lint import lint as lint_file
from bot.plans.model import Dialect, Finding
from bot.plans.session_files import ANALYSIS_FILE, TASKS_FILE, is_role_spec
from bot.printable import printable


class Format(StrEnum):
    TEXT = "text"
    JSON = "json"
    GITHUB = "github"


def lint(
    paths: Annotated[list[str], typer.Argument(metavar="PATH…", help="plans, indexes, or folders to look for them in")],
    dialect: Annotated[
        str | None, typer.Option(metavar="D", help="how to read the files; by their path if left out")
    ] = None,
    output: Annotated[Format, typer.Option("--format", help="text, json, or github annotations")] = Format.TEXT,
    allow_empty: Annotated[bool, typer.Option("--allow-empty", help="a folder without plans is no mistake")] = False,
) -> None:
    """Say what is wrong with plans. Exit 0: no errors; 1: errors; 2: wrong usage."""
    try:
        targets = targets_of(paths, dialect, allow_empty=allow_empty)
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


def _report(target: Target) -> Report:
    if target.dialect == Dialect.TEAM_SESSION.value:
        return session_report(target)
    content = content_of(target)
    if isinstance(content, Finding):
        return refusal(target.path, target.dialect, content)
    return lint_file(target.path, content, target.dialect, _listing(target), partial(_exists, target.root))


def _exists(root: Path, entry: str) -> bool:
    try:
        return (root / entry).exists()
    except OSError:
        # A name that is too long for the file system is a name that nothing has.
        return False


def _listing(target: Target) -> frozenset[str] | None:
    """The names beside an index; None for other files, and where they cannot be had."""
    if target.dialect != INDEX or not is_index(target.path, anywhere=True):
        return None
    try:
        return frozenset(entry.name for entry in target.file.parent.iterdir() if entry.is_file())
    except OSError:
        return None


def _print_text(reports: list[Report]) -> None:
    if not reports:
        say("no plans found")
    for report in reports:
        path = printable(report["path"])
        for finding in report["findings"]:
            file = printable(_file_of(report, finding))
            place = f"{file}:{finding['line']}" if finding["line"] is not None else file
            severity = coloured(finding["severity"], finding["severity"])
            say(f"{place}: {severity} {finding['code']} {printable(finding['message'])}")
            say(f"    {printable(finding['hint'])}")
        say(f"{path}: {_summary(report)}")


def _file_of(report: Report, finding: FindingReport) -> str:
    """The file that a finding's line is in: a session is several files, and its findings begin with theirs."""
    if report["dialect"] != Dialect.TEAM_SESSION.value:
        return report["path"]
    named = finding["message"].split(" ", 1)[0].rstrip(":")
    if named in (ANALYSIS_FILE, TASKS_FILE) or is_role_spec(named):
        return posixpath.join(posixpath.dirname(report["path"]), named)
    return report["path"]


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
        properties = [f"file={_property(_file_of(report, finding))}"]
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
