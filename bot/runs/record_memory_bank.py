"""A memory-bank run's record: the single execution log, from what the run knows and nothing that it does not."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from bot.plans.execution_log import CRITERIA, GATES, Issue, LogRecord, PreFlight, TaskEntry, TaskStatus
from bot.runs.assess import Situation
from bot.runs.facts import Deployment, Facts
from bot.runs.model import BlockRun, BlockState, GateFailure, GateSeen, Run, RunState

_KINDS: Final = (
    ("Coverage", re.compile(r"cover", re.IGNORECASE)),
    ("Type checks", re.compile(r"mypy|pyright|\btypes?\b|tsc|typecheck", re.IGNORECASE)),
    ("Security", re.compile(r"secur|trivy|codeql|snyk|audit|gitleaks", re.IGNORECASE)),
    ("Linters", re.compile(r"lint|ruff|flake8|black|format|style|hadolint|clippy", re.IGNORECASE)),
    ("Tests", re.compile(r"test|pytest|unit|e2e|integration|\bci\b|build|check", re.IGNORECASE)),
)
_ACCESS: Final = re.compile(r"access|secret|credential|token|permission", re.IGNORECASE)
_FIXTURES: Final = re.compile(r"fixture|test data|\bdata\b|sample|dataset", re.IGNORECASE)

_STATUS: Final[dict[BlockState, TaskStatus]] = {
    BlockState.PENDING: "pending",
    BlockState.ACTIVE: "in progress",
    BlockState.AWAITING_APPROVAL: "in progress",
    BlockState.DONE: "completed",
    BlockState.SKIPPED: "skipped",
    BlockState.BLOCKED: "failed",
    BlockState.FAILED: "failed",
}
GREEN_DEPLOYMENTS: Final = frozenset({"success", "inactive"})


def execution_log(run: Run, situation: Situation, facts: Facts) -> LogRecord:
    """The log as it should stand now."""
    is_over = run.state in {RunState.COMPLETED, RunState.CLOSED}
    end = run.verdict.head if run.verdict is not None and is_over else None
    preflight = _preflight(run)
    return LogRecord(
        topic=run.title,
        date=run.started_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        owner=run.started_by,
        plan_path=run.plan_path,
        start_commit=run.rollback[:12],
        end_commit=end[:12] if end else None,
        target=facts.deployments[-1].environment if facts.deployments else "not known",
        env_notes="",
        preflight=preflight,
        blockers=run.warnings if not preflight.ready else (),
        tasks=tuple(_task(block) for block in run.blocks if block.state is not BlockState.PENDING),
        gates=gate_lines(run.gates_seen),
        permalinks=_permalinks(run, facts),
        deployments=tuple((_place(item.environment), _deployed(item)) for item in facts.deployments),
        deployment_times=_times(facts.deployments),
        post_deploy=_post_deploy(facts.deployments),
        issues=_issues(run),
        success=_success(run, facts.deployments, is_over=is_over),
        next_steps=next_steps(run, situation) if is_over or run.state is RunState.ABORTED else (),
    )


def _preflight(run: Run) -> PreFlight:
    stopped = run.state is RunState.ABORTED and bool(run.warnings) and not any(b.is_settled for b in run.blocks)
    return PreFlight(
        branch=run.branch,
        rollback=run.rollback[:12],
        dor=all(ticked for _, ticked in run.readiness) if run.readiness else None,
        access=_answer(run, _ACCESS),
        fixtures=_answer(run, _FIXTURES),
        ready=not stopped,
    )


def _answer(run: Run, about: re.Pattern[str]) -> bool | None:
    """What the plan's own boxes say about something; None where none of them speaks of it."""
    said = [ticked for text, ticked in run.readiness if about.search(text)]
    return all(said) if said else None


def _task(block: BlockRun) -> TaskEntry:
    notes = [text for text in (block.reason, block.notes, block.approval.gate_note if block.approval else None) if text]
    if block.approval is not None:
        notes.append(f"approved by {block.approval.by}")
    commit = block.commits[-1] if block.commits else (block.approval.head if block.approval else "")
    return TaskEntry(
        id=block.id,
        summary=block.title,
        status=_STATUS[block.state],
        commit=commit[:12],
        files=block.files,
        commands=(),
        tests=", ".join(block.gates) if block.state is BlockState.DONE else "",
        coverage="",
        notes="; ".join(notes),
    )


def gate_lines(seen: Iterable[GateSeen]) -> tuple[tuple[str, str], ...]:
    """The seed's five kinds of gate in its order, each with every check that is of that kind, then the others."""
    found: dict[str, list[str]] = {label: [] for label in GATES}
    for gate in seen:
        label = next((name for name, pattern in _KINDS if pattern.search(gate.name)), gate.name)
        evidence = f" ({gate.title})" if gate.title and gate.title != gate.conclusion else ""
        said = "pass" if gate.is_green else "fail"
        found.setdefault(label, []).append(f"{said} - {gate.name}: {gate.conclusion}{evidence}")
    return tuple((label, "; ".join(words) or "not reported") for label, words in found.items())


def _permalinks(run: Run, facts: Facts) -> tuple[tuple[str, str], ...]:
    repository = facts.pull.html_url.partition("/pull/")[0]
    if not repository:
        return ()
    links = [(f"Pull request #{facts.pull.number}", facts.pull.html_url)]
    for block in run.blocks:
        links += [(f"{block.id} commit {sha[:12]}", f"{repository}/commit/{sha}") for sha in block.commits]
        if block.dispatch is not None and block.dispatch.url:
            links.append((f"{block.id} worker", block.dispatch.url))
    links += [(f"Check {gate.name}", gate.url) for gate in run.gates_seen if gate.url]
    links += [(f"Artifact {item.name}", item.url) for item in facts.artifacts]
    if run.validation is not None and run.validation.url:
        links.append(("Validation commands", run.validation.url))
    return tuple(dict.fromkeys(links))


def _place(environment: str) -> str:
    """The names that a log uses for the two environments that everybody has."""
    return {"staging": "Staging", "production": "Prod", "prod": "Prod"}.get(environment.casefold(), environment)


def _deployed(item: Deployment) -> str:
    return (
        "success" if item.state in GREEN_DEPLOYMENTS else "fail" if item.state in {"failure", "error"} else item.state
    )


def _times(deployments: tuple[Deployment, ...]) -> str:
    if not deployments:
        return ""
    start, end = min(item.started_at for item in deployments), max(item.ended_at for item in deployments)
    return f"{start:%Y-%m-%dT%H:%M:%SZ} → {end:%Y-%m-%dT%H:%M:%SZ}"


def _post_deploy(deployments: tuple[Deployment, ...]) -> tuple[tuple[str, str], ...]:
    """GitHub knows where a deployment is to be seen; metrics it does not know, and none are made up."""
    links = tuple(item.url for item in deployments if item.url)
    return (("Dashboard links", ", ".join(links)),) if links else ()


def _issues(run: Run) -> tuple[Issue, ...]:
    found = [
        Issue(block.id, block.reason, "left out" if block.state is BlockState.SKIPPED else "asked user")
        for block in run.blocks
        if block.reason and block.state in {BlockState.SKIPPED, BlockState.BLOCKED, BlockState.FAILED}
    ]
    found += [
        Issue(item.block, f"gate {item.gate} failed ({item.conclusion}) at {item.head[:12]}", _resolution(run, item))
        for item in run.gate_failures
    ]
    if run.state in {RunState.ABORTED, RunState.ESCALATED, RunState.PAUSED} and run.reason:
        found.append(Issue("", run.reason, "asked user" if run.state is not RunState.ABORTED else "the run was ended"))
    return tuple(found)


def _resolution(run: Run, failure: GateFailure) -> str:
    """What became of a gate that failed; whoever pushed the fix is not known to have been asked."""
    block = run.block(failure.block) if failure.block else None
    if block is not None and block.state is BlockState.SKIPPED:
        return "left out"
    passing = run.verdict is not None and run.verdict.is_passing
    head = block.head if block is not None and block.state is BlockState.DONE else None
    if block is None and passing and run.verdict is not None:
        head = run.verdict.head
    if head is None:
        return "asked user"
    return "passed when it ran again" if head == failure.head else f"resolved at {head[:12]}"


def _success(run: Run, deployments: tuple[Deployment, ...], *, is_over: bool) -> tuple[tuple[str, bool], ...]:
    passed = run.verdict is not None and run.verdict.is_passing and is_over
    rolled_out = bool(deployments) and all(item.state in GREEN_DEPLOYMENTS for item in deployments)
    # Thresholds are nothing that GitHub could tell: that box is for people.
    met = {CRITERIA[0]: passed, CRITERIA[1]: rolled_out, CRITERIA[2]: False, CRITERIA[3]: is_over}
    return tuple((criterion, met[criterion]) for criterion in CRITERIA)


def next_steps(run: Run, situation: Situation) -> tuple[str, ...]:
    """Follow-ups: what the verdict noted, boxes that stayed unticked, gaps, and documentation that did not follow."""
    steps = [*(run.verdict.residual_risks if run.verdict else ())]
    if run.state is not RunState.ABORTED:
        # What kept a run from being started stands under Blockers, until it is resolved.
        steps += [f"readiness: {text}" for text in run.warnings]
    steps += [f"capability gap {gap}" for gap in run.gaps]
    if situation.lacks_documentation:
        steps.append("update the documentation: none was changed with the code")
    return tuple(steps)
