"""The closing report of a run, in its dialect's own form."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, assert_never

from bot.plans.model import Dialect
from bot.runs.assess import Situation
from bot.runs.facts import Deployment
from bot.runs.model import BlockRun, BlockState, Run
from bot.runs.record_memory_bank import gate_lines, next_steps
from bot.views.execution_report import ExecutionReport, Outcome, end_block, final_report
from bot.views.output_block import output_block
from bot.views.words import code, plain

LISTED: Final = 50
RULE: Final = "[executor] ============================================"


def dialect_report(
    run: Run,
    situation: Situation,
    deployments: tuple[Deployment, ...],
    ended_at: datetime,
    general: Callable[[Run], str],
) -> str:
    """The report; `general` words the completion report of an exec-plan, which a spec-plan adds to its block."""
    match run.dialect:
        case Dialect.EXEC_PLAN:
            return general(run)
        case Dialect.MEMORY_BANK:
            environment = ", ".join(item.environment for item in deployments)
            report = _execution(run, situation, environment, ended_at)
            return f"{end_block(report)}\n\n{final_report(report)}"
        case Dialect.SPEC_PLAN:
            return f"{_output(run)}\n\n{general(run)}"
        case Dialect.TEAM_SESSION:
            return _session(run, situation, ended_at)
        case _:
            assert_never(run.dialect)


def _execution(run: Run, situation: Situation, environment: str, ended_at: datetime) -> ExecutionReport:
    done = [block for block in run.blocks if block.state is BlockState.DONE]
    attempted = [block for block in run.blocks if block.state not in {BlockState.PENDING, BlockState.SKIPPED}]
    passed = run.verdict is not None and run.verdict.is_passing
    held = any(block.state in {BlockState.BLOCKED, BlockState.FAILED} for block in run.blocks)
    outcome: Outcome = "Success" if passed else "Blocked" if held else "Failure"
    return ExecutionReport(
        topic=run.title,
        date=ended_at.date().isoformat(),
        plan=run.plan_path,
        log=run.log_path or "",
        environment=environment,
        start=run.rollback,
        end=run.verdict.head if run.verdict else run.boundary,
        duration=ended_at - run.started_at if ended_at > run.started_at else timedelta(0),
        branch=run.branch,
        attempted=len(attempted),
        completed=len(done),
        total=len(run.blocks),
        outcome=outcome,
        gates=gate_lines(run.gates_seen),
        files=_files(run),
        next_steps=next_steps(run, situation),
    )


def _files(run: Run) -> tuple[str, ...]:
    by_block = {path for block in run.blocks for path in block.files}
    return tuple(sorted(run.verdict.files if run.verdict and run.verdict.files else by_block))


def _output(run: Run) -> str:
    done = [block for block in run.blocks if block.state is BlockState.DONE]
    passed = run.verdict is not None and run.verdict.is_passing
    outcome = "failed" if not passed else "complete" if len(done) == len(run.blocks) else "partial"
    commits = [sha for block in run.blocks for sha in block.commits[-1:]]
    red = sum(not gate.is_green for gate in run.gates_seen)
    return output_block(outcome, len(done), len(run.blocks), commits, red if run.gates_seen else None)  # type: ignore[arg-type]


def _session(run: Run, situation: Situation, ended_at: datetime) -> str:
    """The report of a team session: deliverables, the pipeline, who worked, how long, where."""
    plan = situation.plan.plan
    names = plan.session.artifacts if plan is not None and plan.session is not None else ()
    roles = sorted({str(run.promise(block.id).get("role") or "") for block in run.blocks} - {""})
    done = sum(block.state is BlockState.DONE for block in run.blocks)
    folder = run.plan_path.rpartition("/")[0]
    artifacts = [posixpath.join(folder, "artifacts", name) for name in names]
    lines = [RULE, "[executor] TASK COMPLETE", "[executor]", "[executor] Deliverables:"]
    lines += [f"[executor] - {_line(posixpath.basename(path))} ({_line(path)})" for path in artifacts[:LISTED]]
    lines += ["[executor] - none"] if not artifacts else []
    lines += [
        "[executor]",
        f"[executor] Pipeline: {done}/{len(run.blocks)} tasks",
        f"[executor] Roles: {_line(', '.join(roles)) or 'none'}",
        f"[executor] Duration: {_duration(ended_at - run.started_at)}",
        "[executor]",
        f"[executor] Session: {_line(folder)}",
        RULE,
    ]
    fence = "```"
    while any(fence in line for line in lines):
        fence += "`"
    chosen = {"archive": "archived", "export": f"exported to {code(run.completion_path or '')} and archived"}
    what = chosen.get(run.completion or "", "kept active; a new pull request takes it up again")
    tasks = [f"- {_task(block)}" for block in run.blocks[:LISTED]]
    return "\n".join([fence, *lines, fence, "", f"The session is {what}.", "", *tasks])


def _task(block: BlockRun) -> str:
    by = f", {plain(block.notes, 200)}" if block.notes else ""
    return f"{code(block.id, 60)} {plain(block.title, 100)}: {block.state}{by}"


def _line(text: str) -> str:
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())[:200]


def _duration(span: timedelta) -> str:
    minutes = max(0, int(span.total_seconds() // 60))
    return f"{minutes // 60}h {minutes % 60}m"
