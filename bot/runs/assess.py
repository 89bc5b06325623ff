"""How a pull request stands: one evaluation that commands, checks and checklist all read.

Everything here is derived from the run and the facts of this reaction and is never stored, so that what people
see and what commands are measured against cannot drift apart. What is not known is never success.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from bot.plans.contract import contract_of, differences
from bot.plans.model import Dialect, Plan
from bot.plans.patterns import PatternError, ScopeRules
from bot.plans.session_files import is_left_by_workers
from bot.runs.facts import (
    ChangedFile,
    Commit,
    Facts,
    Files,
    History,
    PlanFile,
    PlanRefused,
    Progress,
    Unknown,
)
from bot.runs.gates import GatesView, gates_view
from bot.runs.model import Run, RunState
from bot.runs.policy import CommitsPolicy, Policy

MOST_LISTED: Final = 3000
"""GitHub lists no more files of a pull request, whoever asks and however often."""


class PlanState(StrEnum):
    NONE = "none"
    VALID = "valid"
    REFUSED = "refused"
    SEVERAL = "several"
    CHANGED = "changed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class PlanView:
    """Which plan is in play; `reasons` says why it is not valid, `changes` what a run's contract lost or gained."""

    state: PlanState
    file: PlanFile | None = None
    paths: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()

    @property
    def plan(self) -> Plan | None:
        return self.file.reading.plan if self.file else None


@dataclass(frozen=True, slots=True)
class Violation:
    """A file out of scope, and the rule that says so."""

    path: str
    reason: str
    rule: str | None
    status: str


@dataclass(frozen=True, slots=True)
class ScopeView:
    """The scope of the whole change; `unknown` says why it could not be judged.

    `is_stated` is false for a plan whose dialect lets it leave its files open, and which does.
    """

    violations: tuple[Violation, ...] = ()
    changed: int = 0
    excepted: int = 0
    unknown: str | None = None
    is_stated: bool = True

    @property
    def is_clean(self) -> bool:
        return not self.violations and self.unknown is None


@dataclass(frozen=True, slots=True)
class Situation:
    plan: PlanView
    scope: ScopeView
    gates: GatesView
    own_commits: tuple[Commit, ...]
    content_head: str
    is_rewritten: bool
    progress_unknown: str | None
    commits_policy: CommitsPolicy = CommitsPolicy.WARN
    invariants: tuple[str, ...] = ()
    runs_commands: bool = False
    lacks_documentation: bool = False


def assess(run: Run | None, facts: Facts, now: datetime, scope: ScopeView | None = None) -> Situation:
    """Evaluate plan, scope, gates and history for the head that `facts` was read at.

    `scope` is what was found before from the same facts, where nothing has changed that it is judged by.
    """
    own_files = dict(run.own_blobs) if run is not None else {}
    if run is not None and run.state is RunState.ABORTED:
        # What an ended run had locked and granted binds nobody any more; what the bot wrote stays the bot's.
        run = None
    plan = _plan_view(run, facts)
    progress = facts.progress if isinstance(facts.progress, Progress) else None
    content_head = _content_head(run, facts, progress)
    policy = facts.policy if isinstance(facts.policy, Policy) else Policy()
    return Situation(
        plan=plan,
        scope=_scope_view(run, facts, plan, own_files) if scope is None else scope,
        gates=gates_view(run, facts, content_head, now),
        own_commits=_own_commits(run, progress, facts.files),
        content_head=content_head,
        is_rewritten=progress is not None and progress.history is History.REWRITTEN,
        progress_unknown=facts.progress.reason if isinstance(facts.progress, Unknown) else None,
        commits_policy=policy.commits,
        invariants=_invariants(policy, facts.files),
        runs_commands=policy.validation.workflow is not None and bool(run and run.terms["validation_commands"]),
        lacks_documentation=_lacks_documentation(policy, run, facts.files),
    )


def _invariants(policy: Policy, files: Files | Unknown) -> tuple[str, ...]:
    """The policy's invariants that this change concerns; all of them where the change is not wholly known."""
    if isinstance(files, Unknown) or not files.is_complete:
        return tuple(item.name for item in policy.validation.invariants)
    return tuple(
        item.name for item in policy.validation.invariants if not item.paths or _touches(item.paths, files.changed)
    )


def _touches(patterns: tuple[str, ...], changed: tuple[ChangedFile, ...]) -> bool:
    try:
        rules = ScopeRules.compile(patterns, ())
    except PatternError:
        return True
    names = [name for file in changed for name in (file.path, file.previous) if name is not None]
    return any(rules.judge(name).is_allowed for name in names)


def _lacks_documentation(policy: Policy, run: Run | None, files: Files | Unknown) -> bool:
    """Whether code changed and no documentation with it: worth a reminder, never an obstacle."""
    if run is None or isinstance(files, Unknown) or not policy.validation.documentation:
        return False
    own = {path for path, _ in run.own_blobs} | {run.plan_path}
    changed = tuple(file for file in files.changed if file.path not in own)
    return bool(changed) and not _touches(policy.validation.documentation, changed)


def _plan_view(run: Run | None, facts: Facts) -> PlanView:
    files = [item for item in facts.plans if isinstance(item, PlanFile)]
    refused = [item for item in facts.plans if isinstance(item, PlanRefused)]
    unknown = [item for item in facts.plans if isinstance(item, Unknown)]
    if run is not None:
        return _locked_plan_view(run, files, refused, unknown)
    if unknown:
        return PlanView(PlanState.UNKNOWN, reasons=tuple(item.reason for item in unknown))
    # What a comment merely names with `/execute` is no plan of this pull request: nobody changes its checks that way.
    changed = facts.files.changed if isinstance(facts.files, Files) else ()
    brought = {file.path for file in changed if file.status != "removed"}
    files, refused = [it for it in files if it.path in brought], [it for it in refused if it.path in brought]
    paths = (*(file.path for file in files), *(item.path for item in refused))
    if len(paths) > 1:
        return PlanView(PlanState.SEVERAL, paths=paths)
    if refused:
        return PlanView(PlanState.REFUSED, paths=paths, reasons=(refused[0].reason,))
    if not files:
        if isinstance(facts.files, Unknown) or not facts.files.is_complete:
            return PlanView(PlanState.UNKNOWN, reasons=(_files_reason(facts),))
        return PlanView(PlanState.NONE)
    state = PlanState.VALID if files[0].reading.is_executable else PlanState.REFUSED
    return PlanView(state, files[0], paths)


def _locked_plan_view(run: Run, files: list[PlanFile], refused: list[PlanRefused], unknown: list[Unknown]) -> PlanView:
    paths = (run.plan_path,)
    file = next((item for item in files if item.path == run.plan_path), None)
    if file is None:
        missing = next((item for item in refused if item.path == run.plan_path), None)
        if missing is None:
            reasons = tuple(item.reason for item in unknown) or ("the plan could not be read",)
            return PlanView(PlanState.UNKNOWN, paths=paths, reasons=reasons)
        return PlanView(PlanState.REFUSED, paths=paths, reasons=(missing.reason,))
    plan = file.reading.plan
    if plan is None or not file.reading.is_executable:
        return PlanView(PlanState.REFUSED, file, paths)
    contract = contract_of(plan)
    if contract.hash != run.contract:
        changes = differences(run.terms, contract.terms) or ("the contract's wording changed",)
        return PlanView(PlanState.CHANGED, file, paths, changes=changes)
    return PlanView(PlanState.VALID, file, paths)


def _files_reason(facts: Facts) -> str:
    if isinstance(facts.files, Unknown):
        return facts.files.reason
    listed = len(facts.files.changed)
    said = (
        f"GitHub listed {listed} of the {facts.pull.changed_files} changed files, "
        "so that not every file could be looked at"
    )
    return said if listed < MOST_LISTED else f"{said}; it never lists more, so the pull request has to become smaller"


def _scope_view(run: Run | None, facts: Facts, plan: PlanView, own_files: dict[str, str]) -> ScopeView:
    if plan.state is PlanState.NONE:
        return ScopeView()
    if isinstance(facts.files, Unknown) or not facts.files.is_complete:
        return ScopeView(unknown=_files_reason(facts))
    if run is not None:
        include, exclude = run.terms["include"], run.terms["exclude"]
    elif plan.plan is not None:
        include = [pattern.text for pattern in plan.plan.scope.include]
        exclude = [pattern.text for pattern in plan.plan.scope.exclude]
    else:
        return ScopeView(unknown="there is no readable plan to measure the change against")
    allowed = [exception.pattern for exception in run.exceptions] if run else []
    dialect = run.dialect if run is not None else plan.plan.dialect if plan.plan is not None else Dialect.EXEC_PLAN
    if not include and dialect is not Dialect.EXEC_PLAN:
        return ScopeView(changed=len(facts.files.changed), is_stated=False)
    try:
        rules = ScopeRules.compile(include, exclude, allowed)
    except PatternError as error:
        return ScopeView(unknown=f"a pattern of the plan cannot be used: {error}")
    planned = dict(run.planned) if run else {}
    # While an escalation waits, its spec is being planned again: nothing advances, and going on locks it anew.
    is_planned_again = run is not None and run.state is RunState.ESCALATED
    spec = run.spec_path if run is not None else None
    exempt = {run.plan_path} if run else set(plan.paths)
    violations: list[Violation] = []
    excepted = 0
    for file in facts.files.changed:
        # A plan that was made out of another file does not excuse that the other file went.
        names = [name for name in (file.path, file.previous) if name is not None and name not in exempt]
        if dialect is Dialect.TEAM_SESSION:
            # The session's folder is where its workers leave what they made; its plan is held by the contract.
            names = [name for name in names if not any(is_left_by_workers(path, name) for path in exempt)]
        is_planning = planned.get(file.path) == file.blob or (is_planned_again and file.path in {*planned, spec})
        if file.blob and is_planning:
            names = [name for name in names if name != file.path]
        if not names or _is_own_record(file, own_files):
            continue
        judgements = [(name, rules.judge(name)) for name in names]
        excepted += any(judgement.reason == "allowed" for _, judgement in judgements)
        violations += [
            Violation(name, judgement.reason, judgement.rule, file.status)
            for name, judgement in judgements
            if not judgement.is_allowed
        ]
    return ScopeView(tuple(violations), len(facts.files.changed), excepted)


def _is_own_record(file: ChangedFile, own_files: dict[str, str]) -> bool:
    """Whether the file stands exactly as the bot left it: the same blob, or gone where the bot removed it."""
    if file.status == "removed":
        return own_files.get(file.path) == ""
    if own_files.get(file.path) != file.blob or not file.blob:
        return False
    return file.previous is None or file.status == "copied" or own_files.get(file.previous) == ""


def _own_commits(run: Run | None, progress: Progress | None, files: Files | Unknown) -> tuple[Commit, ...]:
    """The commits behind the boundary that are work: neither the bot's records, nor merges, nor what they brought.

    As long as nothing but the plan and its spec has changed there is none: planning again is not the block's work.
    """
    if progress is None or (run is not None and _is_planning(run, progress)):
        return ()
    ahead = files.ahead if isinstance(files, Files) else None
    ahead = _first_line(progress.commits) if ahead is None else ahead
    return tuple(
        commit for commit in progress.commits if not commit.is_ours and not commit.is_merge and commit.sha in ahead
    )


def _first_line(commits: tuple[Commit, ...]) -> frozenset[str]:
    """The branch's own line of commits, by first parents: what a merge brought lies beside it.

    For pull requests with more commits than GitHub lists; where the list is known, work merged from elsewhere counts.
    """
    parents = {commit.sha: commit.parent for commit in commits}
    line, sha = set[str](), commits[-1].sha if commits else ""
    while sha in parents and sha not in line:
        line.add(sha)
        sha = parents[sha]
    return frozenset(line)


def _is_planning(run: Run, progress: Progress) -> bool:
    """Whether only plan and spec have changed; an exec-plan is a record as well, in which people may well work."""
    if run.dialect is Dialect.EXEC_PLAN:
        return False
    planned = {run.plan_path, *dict(run.planned), *dict(run.own_blobs)}
    return progress.is_complete and bool(progress.files) and planned.issuperset(progress.files)


def _content_head(run: Run | None, facts: Facts, progress: Progress | None) -> str:
    """The newest commit that is not the bot's own record: what approvals and verdicts vouch for."""
    if run is None or progress is None or progress.history is History.REWRITTEN:
        return facts.pull.head_sha
    if not progress.is_complete:
        # A list that was cut off need not hold the newest commits.
        return facts.pull.head_sha
    return next((commit.sha for commit in reversed(progress.commits) if not commit.is_ours), run.boundary)


def is_validated(run: Run, situation: Situation) -> bool:
    """Whether a passing verdict stands for exactly the content that the head holds."""
    return run.verdict is not None and run.verdict.is_passing and run.verdict.head == situation.content_head


def is_over(run: Run) -> bool:
    return run.state in {RunState.CLOSED, RunState.ABORTED}
