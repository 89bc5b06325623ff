"""The four checks: their state, a title that names the first unmet condition, a summary with every value."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal, assert_never

from bot.plans.model import Dialect, Severity
from bot.runs.assess import PlanState, Situation, Violation, is_validated
from bot.runs.clicks import BUTTON_APPROVE, BUTTON_ESCALATE, BUTTON_RERUN
from bot.runs.execute import unfit
from bot.runs.facts import Facts, GateState, Unknown
from bot.runs.gates import GatesState
from bot.runs.messages import Problem, Refusal
from bot.runs.model import BlockState, Run, RunState
from bot.runs.obstacles import plan_reasons
from bot.runs.policy import POLICY_PATH, PolicyProblem
from bot.views.checklist import faults, gates_line, is_link, scope_line
from bot.views.next_step import next_step
from bot.views.replies import sentence
from bot.views.words import (
    BODY_LIMIT,
    CHECK_GATES,
    CHECK_PLAN,
    CHECK_PROGRESS,
    CHECK_SCOPE,
    bare,
    bullets,
    clipped,
    code,
    commit,
    counted,
    noun,
    plain,
)

Conclusion = Literal["success", "failure", "neutral", "action_required"]
ANNOTATIONS_LIMIT: Final = 200
VIOLATIONS_LISTED: Final = 300
NO_PLAN: Final = "No plan in this pull request"


@dataclass(frozen=True, slots=True)
class Annotation:
    path: str
    line: int
    level: Literal["failure", "warning", "notice"]
    title: str
    message: str


@dataclass(frozen=True, slots=True)
class Button:
    """A button of a completed check: GitHub takes 20 characters of label and identifier, 40 of description."""

    label: str
    description: str
    identifier: str


APPROVE: Final = Button("Approve block", "Close the block at this commit", BUTTON_APPROVE)
RERUN: Final = Button("Re-run", "Evaluate everything again", BUTTON_RERUN)
ESCALATE: Final = Button("Escalate", "Stop and have people decide", BUTTON_ESCALATE)


@dataclass(frozen=True, slots=True)
class CheckView:
    """One check as it should stand; a `conclusion` of None means in progress."""

    name: str
    conclusion: Conclusion | None
    title: str
    summary: str
    annotations: tuple[Annotation, ...] = ()
    buttons: tuple[Button, ...] = ()


def checks(run: Run | None, situation: Situation, facts: Facts) -> tuple[CheckView, ...]:
    """All four, for the head that the facts were read at."""
    return (
        _plan_check(run, situation, facts),
        _scope_check(situation, facts),
        _gates_check(situation),
        _progress_check(run, situation, facts),
    )


def _view(
    name: str, conclusion: Conclusion | None, title: str, summary: str = "", annotations: tuple[Annotation, ...] = ()
) -> CheckView:
    return CheckView(name, conclusion, bare(title, 200), clipped(summary or plain(title), BODY_LIMIT), annotations)


def _plan_check(run: Run | None, situation: Situation, facts: Facts) -> CheckView:
    if run is None and situation.plan.state is PlanState.NONE:
        return _view(CHECK_PLAN, "success", NO_PLAN)
    if isinstance(facts.policy, PolicyProblem):
        problem = facts.policy
        lines = tuple(f"{problem.path}, line {line}: {what}" for line, what in problem.problems)
        return _view(CHECK_PLAN, "failure", f"The policy cannot be used: {lines[0]}", bullets(lines))
    if isinstance(facts.policy, Unknown):
        reason = plain(facts.policy.reason)
        return _view(CHECK_PLAN, "failure", f"The policy {POLICY_PATH} could not be read", reason)
    view = situation.plan
    match view.state:
        case PlanState.NONE:
            return _view(CHECK_PLAN, "success", NO_PLAN)
        case PlanState.SEVERAL:
            return _view(
                CHECK_PLAN,
                "action_required",
                f"{len(view.paths)} plans: say which one to execute",
                sentence(Refusal(Problem.SEVERAL_PLANS, items=view.paths)),
            )
        case PlanState.UNKNOWN:
            return _view(CHECK_PLAN, "failure", "The plan could not be read", bullets(view.reasons))
        case PlanState.CHANGED:
            return _view(
                CHECK_PLAN,
                "failure",
                f"The contract has changed: {view.changes[0]}",
                sentence(Refusal(Problem.CONTRACT_CHANGED, items=view.changes)),
            )
        case PlanState.REFUSED:
            reasons = plan_reasons(situation)
            return _view(
                CHECK_PLAN,
                "failure",
                f"The plan cannot be executed: {counted(len(reasons), 'error')}",
                bullets(reasons, 100),
                _findings(situation),
            )
        case PlanState.VALID:
            return _valid_plan(run, situation, facts)
        case _:
            assert_never(view.state)


def _valid_plan(run: Run | None, situation: Situation, facts: Facts) -> CheckView:
    plan = situation.plan.plan
    assert plan is not None
    refusal = unfit(facts.pull, plan) if run is None or run.is_live else None
    if refusal is not None:
        return _view(CHECK_PLAN, "failure", "The plan is for another branch", sentence(refusal))
    said = f"{counted(len(plan.blocks), noun(plan.dialect))} in {code(situation.plan.paths[0])}"
    warnings = tuple(f.message for f in situation.plan.file.reading.findings) if situation.plan.file else ()
    is_locked = run is not None and run.state is not RunState.ABORTED
    title = (
        "The plan is as it was locked" if is_locked else f"Valid plan, {counted(len(plan.blocks), noun(plan.dialect))}"
    )
    if plan.base_branch is not None and plan.base_branch != facts.pull.base_ref:
        other = f"the plan was made on {plan.base_branch}, this pull request goes into {facts.pull.base_ref}"
        warnings = (*warnings, other)
    summary = f"{said}.\n\n{bullets(warnings)}" if warnings else f"{said}."
    return _view(CHECK_PLAN, "success", title, summary, _findings(situation))


def _findings(situation: Situation) -> tuple[Annotation, ...]:
    file = situation.plan.file
    if file is None:
        return ()
    is_session = file.reading.plan is not None and file.reading.plan.dialect is Dialect.TEAM_SESSION
    levels: dict[Severity, Literal["failure", "warning", "notice"]] = {
        Severity.ERROR: "failure",
        Severity.WARNING: "warning",
        Severity.NOTICE: "notice",
    }
    return tuple(
        Annotation(
            file.path,
            # What is found in a session's other files has its line there, not in the file that stands for the plan.
            1 if is_session else finding.line or 1,
            levels[finding.severity],
            finding.code,
            bare(f"{finding.message} {finding.hint}", 1000),
        )
        for finding in file.reading.findings[:ANNOTATIONS_LIMIT]
    )


def _scope_check(situation: Situation, facts: Facts) -> CheckView:
    scope = situation.scope
    if situation.plan.state is PlanState.NONE:
        return _view(CHECK_SCOPE, "success", NO_PLAN)
    if scope.unknown is not None:
        return _view(CHECK_SCOPE, "failure", "The scope could not be checked", plain(scope.unknown))
    if not scope.is_stated:
        title = f"{counted(scope.changed, 'changed file')}; the plan states no files"
        return _view(CHECK_SCOPE, "neutral", title, scope_line(scope))
    if not scope.violations:
        return _view(
            CHECK_SCOPE, "success", f"{counted(scope.changed, 'changed file')}, all inside the plan", scope_line(scope)
        )
    first = scope.violations[0]
    count = counted(len(scope.violations), "file")
    rows = [_violation_line(item, facts) for item in scope.violations[:VIOLATIONS_LISTED]]
    if len(scope.violations) > VIOLATIONS_LISTED:
        rows.append(f"- … and {len(scope.violations) - VIOLATIONS_LISTED} more")
    summary = "\n".join(rows) + "\n\nTake the change back, or an approver says `/allow <pattern> <reason>`."
    annotations = tuple(
        Annotation(item.path, 1, "failure", "Out of scope", bare(_rule(item), 500))
        for item in scope.violations[:ANNOTATIONS_LIMIT]
    )
    return _view(CHECK_SCOPE, "failure", f"{count} out of scope: {first.path}", summary, annotations)


def _violation_line(item: Violation, facts: Facts) -> str:
    sha = facts.brought_by.get(item.path)
    where = f", brought by {commit(sha)}" if sha else ""
    why = f"{_EXCLUDED.get(item.reason, '')}{code(item.rule)}" if item.rule else _rule(item)
    return f"- {code(item.path)} ({plain(item.status)}) — {why}{where}"


_EXCLUDED: Final = {
    "excluded": "excluded by the rule ",
    "disguised": "on some file systems the same name as one that is excluded by the rule ",
}


def _rule(item: Violation) -> str:
    if item.reason in _EXCLUDED:
        return f"{_EXCLUDED[item.reason]}{item.rule}"
    if item.reason == "unsafe":
        return "a name that no pattern can be trusted with"
    return "outside the plan's scope: no include pattern matches it"


def _gates_check(situation: Situation) -> CheckView:
    gates = situation.gates
    if situation.plan.state is PlanState.NONE:
        return _view(CHECK_GATES, "success", NO_PLAN)
    rows = [
        f"- {code(report.name)} ({code(report.source)}): {plain(report.conclusion)}"
        + (f" — {plain(report.title, 200)}" if report.title else "")
        + (f" ([evidence]({report.url}))" if report.url and is_link(report.url) else "")
        for report in gates.reports[:200]
    ]
    rows += [f"- {code(name)}: required, has not reported" for name in gates.missing]
    summary = "\n".join([gates_line(gates), "", *rows]).strip()
    match gates.state:
        case GatesState.GREEN:
            title = "Green below the bot's own record" if gates.held_from else "All gates are green"
            return _view(CHECK_GATES, "success", title, summary)
        case GatesState.RED:
            red = gates.named(GateState.RED)
            return _view(CHECK_GATES, "failure", f"{counted(len(red), 'gate')} failing: {', '.join(red)}", summary)
        case GatesState.PENDING:
            waited = (*gates.named(GateState.PENDING), *gates.missing)
            said = f"Waiting for {', '.join(waited)}" if waited else "Nothing has reported yet"
            return _view(CHECK_GATES, None, said, summary)
        case GatesState.SILENT:
            return _view(CHECK_GATES, "neutral", "No checks reported", summary)
        case GatesState.UNKNOWN:
            return _view(CHECK_GATES, "failure", "The gates could not be read", summary)
        case _:
            assert_never(gates.state)


def _progress_check(run: Run | None, situation: Situation, facts: Facts) -> CheckView:
    if run is None and situation.plan.state is PlanState.NONE:
        return _view(CHECK_PROGRESS, "success", NO_PLAN)
    step = next_step(run, situation, facts)
    command = f"\n\n```\n{step.command}\n```" if step.command else ""
    told = "".join(f"\n\n{plain(fault, 600)}" for fault in faults(run, facts))
    if run is None:
        return _view(CHECK_PROGRESS, "action_required", f"Not started: {step.headline}", step.text + command + told)
    done = f"{run.settled_count} of {counted(len(run.blocks), noun(run.dialect))}"
    if run.state in {RunState.COMPLETED, RunState.CLOSED} and is_validated(run, situation):
        assert run.verdict is not None
        return _view(CHECK_PROGRESS, "success", f"{done} done, verdict {run.verdict.word}", step.text + command + told)
    conclusion: Conclusion | None = None
    if run.state is RunState.ABORTED or step.is_stopped:
        conclusion = "failure"
    elif step.waits_for_person:
        conclusion = "action_required"
    view = _view(CHECK_PROGRESS, conclusion, f"{done} done: {step.headline}", step.text + command + told)
    return replace(view, buttons=_buttons(run)) if conclusion is not None else view


def _buttons(run: Run) -> tuple[Button, ...]:
    """What can be done from the check itself; GitHub shows buttons on completed checks only."""
    if run.state is not RunState.RUNNING:
        return (RERUN,)
    waiting = [block for block in run.open_blocks if block.state is BlockState.AWAITING_APPROVAL]
    one = bool(waiting) and all(block.id in run.group_of(waiting[0].id) for block in waiting)
    return (APPROVE, RERUN, ESCALATE) if one else (RERUN, ESCALATE)
