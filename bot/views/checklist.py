"""The checklist comment: the whole run at a glance, edited in place, always within GitHub's limit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from bot.plans.model import Plan
from bot.plans.plan_title import title_of
from bot.runs.assess import PlanState, ScopeView, Situation
from bot.runs.attribution import own_commits
from bot.runs.facts import Facts, GateReport, GateState, OutcomeState
from bot.runs.gates import GatesState, GatesView
from bot.runs.invariants import confirmed_by, demanded
from bot.runs.ledger import Entry
from bot.runs.model import BlockRun, BlockState, DispatchState, Run, RunState
from bot.runs.obstacles import commit_faults
from bot.runs.policy import CommitsPolicy
from bot.views.graph import graph
from bot.views.next_step import next_step
from bot.views.replies import commands_table
from bot.views.timeline import timeline_line
from bot.views.words import (
    BODY_LIMIT,
    CHECKLIST_MARKER,
    NAMED,
    clipped,
    code,
    commit,
    counted,
    length,
    listed,
    noun,
    plain,
)

# Markdown, not HTML: everything untrusted goes through `plain` or `code`, which also disarm HTML.
_TEMPLATES: Final = Environment(  # noqa: S701 - Markdown is rendered here, and GitHub drops what is not safe in it
    loader=PackageLoader("bot.views"), undefined=StrictUndefined, keep_trailing_newline=True
)
BAR_CELLS: Final = 20


@dataclass(frozen=True, slots=True)
class Fullness:
    """How much of the older history is shown; the first step that fits is taken."""

    timeline: int
    blocks_around: int | None
    graph: bool
    contract: bool
    title: int


LADDER: Final = (
    Fullness(60, None, True, True, 120),
    Fullness(15, None, False, True, 100),
    Fullness(10, None, False, True, 60),
    Fullness(10, 20, False, True, 60),
    Fullness(5, 5, False, False, 40),
)


def checklist(run: Run | None, situation: Situation, facts: Facts, ledger: Sequence[Entry]) -> str | None:
    """The comment's body, or None where no plan is in play and nothing is to be said."""
    if run is None and situation.plan.state in {PlanState.NONE, PlanState.UNKNOWN}:
        return None
    body = ""
    for fullness in LADDER:
        body = _render(run, situation, facts, ledger, fullness)
        if length(body) <= BODY_LIMIT:
            return body
    return clipped(body, BODY_LIMIT)


def _render(run: Run | None, situation: Situation, facts: Facts, ledger: Sequence[Entry], fullness: Fullness) -> str:
    step = next_step(run, situation, facts)
    plan = situation.plan.plan
    title = run.title if run else (title_of(plan) if plan else "Plan")
    return _TEMPLATES.get_template("checklist.md.jinja").render(
        marker=CHECKLIST_MARKER,
        title=plain(title, 150),
        headline=plain(step.headline, 200),
        bar=_bar(run, plan, situation),
        blocks=_block_lines(run, plan, fullness),
        checks=_check_lines(run, situation),
        next=step,
        faults=[plain(fault, 600) for fault in faults(run, facts)],
        invariants=_invariant_lines(run, situation),
        warnings=_warning_lines(run, situation),
        folds=_folds(run, plan, ledger, fullness),
    )


def _invariant_lines(run: Run | None, situation: Situation) -> list[str]:
    """The boxes that a validation of level high wants ticked; ticking one confirms it for the head."""
    if run is None or run.state not in {RunState.VALIDATING, RunState.COMPLETED, RunState.CLOSED}:
        return []
    lines, head = [], situation.content_head
    for name in demanded(run, situation):
        by = confirmed_by(run, situation, name)
        said = f"confirmed by {code(by)} at {commit(head)}" if by else f"tick it once you have looked at {commit(head)}"
        lines.append(f"- [{'x' if by else ' '}] **{plain(name, 80)}** invariant — {said}")
    return lines


def _warning_lines(run: Run | None, situation: Situation) -> list[str]:
    """What is not in anybody's way and has to be seen all the same."""
    if run is None:
        return []
    lines = [f"⚠️ Not ready when the run began: {plain(text, 200)}" for text in run.warnings[:10]]
    lines += [f"⚠️ {plain(text, 200)}" for text in _commit_warnings(run, situation)[:10]]
    lines += [f"⚠️ Capability gap {plain(text, 200)}" for text in run.gaps[-10:]]
    if run.planning_issue is not None:
        lines.append(f"💬 Discussed in #{run.planning_issue}")
    if run.issue is not None:
        lines.append(f"Asked for in #{run.issue}")
    return lines


def _commit_warnings(run: Run, situation: Situation) -> list[str]:
    """Commits that do not say which block they are for, where the policy only wants that seen."""
    if run.state is not RunState.RUNNING or situation.commits_policy is not CommitsPolicy.WARN:
        return []
    opened = [block for block in run.open_blocks if block.state in {BlockState.ACTIVE, BlockState.AWAITING_APPROVAL}]
    return [
        f"Commit {fault}"
        for block in opened
        for fault in commit_faults(run, block, own_commits(run, block, situation.own_commits))
    ]


def is_link(url: str) -> bool:
    """Whether an address from outside can stand in Markdown without breaking out of it."""
    # A tab or another control character ends a link's address, and what stands behind it would be read as Markdown.
    return url.startswith(("https://", "http://")) and url.isprintable() and not any(one in url for one in ' ()<>"\\`')


def faults(run: Run | None, facts: Facts) -> list[str]:
    """What GitHub refused to let the bot do, in GitHub's own words."""
    if run is None:
        return []
    found = []
    named = (
        (run.record_key, "The record could not be written"),
        (run.closeout_key, "The closeout failed"),
        (run.planning_key, "The planning issue could not be opened"),
    )
    for key, what in named:
        outcome = facts.outcomes.get(key or "")
        if outcome is not None and outcome.state is OutcomeState.FAILED:
            found.append(f"{what}: {outcome.error or 'no reason was given'}.")
    return found


def _bar(run: Run | None, plan: Plan | None, situation: Situation) -> str:
    if run is None:
        path = ", ".join(code(item) for item in situation.plan.paths[:5])
        count = f" · {counted(len(plan.blocks), noun(plan.dialect))}" if plan and plan.blocks else ""
        return f"{path}{count} · not started"
    done, total = run.settled_count, len(run.blocks)
    filled = BAR_CELLS * done // total if total else BAR_CELLS
    cells = "█" * filled + "░" * (BAR_CELLS - filled)
    return f"`{cells}` {done} of {counted(total, noun(run.dialect))} · {run.state} · {code(run.plan_path)}"


def _block_lines(run: Run | None, plan: Plan | None, fullness: Fullness) -> list[str]:
    if run is None:
        blocks = plan.blocks if plan else ()
        said = frozenset(plan.session.completed) if plan and plan.session else frozenset()
        lines = [
            f"- [ ] **{plain(block.id, 60)}** {plain(block.title, fullness.title)}"
            + (" — ⚠️ the session says that it is completed: nobody will approve it" if block.id in said else "")
            for block in blocks[:100]
        ]
        return [*lines, f"- … and {len(blocks) - 100} more"] if len(blocks) > 100 else lines
    lines = [_block_line(block, fullness.title) for block in run.blocks]
    if fullness.blocks_around is None:
        return lines
    return _windowed(run, lines, fullness.blocks_around)


def _windowed(run: Run, lines: list[str], around: int) -> list[str]:
    """The blocks around the open one; those before and after it are counted."""
    opened = run.open_block
    middle = run.blocks.index(opened) if opened else len(lines)
    first, last = max(0, middle - around), min(len(lines), middle + around + 1)
    before = [f"- [x] … {counted(first, f'finished {noun(run.dialect)}')} before"] if first else []
    after = [f"- [ ] … {counted(len(lines) - last, noun(run.dialect))} after"] if last < len(lines) else []
    return [*before, *lines[first:last], *after]


def _block_line(block: BlockRun, title_limit: int) -> str:
    box = "x" if block.is_settled else " "
    name = f"- [{box}] **{plain(block.id, 60)}** {plain(block.title, title_limit)}"
    match block.state:
        case BlockState.DONE if block.approval is not None:
            return f"{name} — done at {commit(block.approval.head)}, approved by {code(block.approval.by)}"
        case BlockState.DONE:
            return f"{name} — done: {plain(block.reason or '', 120)}"
        case BlockState.SKIPPED:
            return f"{name} — skipped: {plain(block.reason or '', 120)}"
        case BlockState.AWAITING_APPROVAL:
            return f"{name} — **awaits approval** at {code((block.head or '')[:NAMED])}"
        case BlockState.PENDING:
            return name
        case BlockState.BLOCKED | BlockState.FAILED:
            return f"{name} — **{block.state}**: {plain(block.reason or '', 120)}"
        case _:
            return f"{name} — {_at_work(block)}"


def _at_work(block: BlockRun) -> str:
    """Who is at an active block."""
    dispatch = block.dispatch
    if block.reported is not None:
        return f"active, reported as done with {commit(block.reported)}"
    if dispatch is None or dispatch.is_over:
        return "active"
    again = f", attempt {dispatch.attempt}" if dispatch.attempt > 1 else ""
    # A mention in a code span notifies nobody: the hand-over comment did that once.
    name = (
        f"[{code(dispatch.worker)}]({dispatch.url})"
        if dispatch.url and is_link(dispatch.url)
        else code(dispatch.worker)
    )
    return (
        f"active, {name} is at it{again}"
        if dispatch.state is DispatchState.RUNNING
        else f"active, {name} was asked{again}"
    )


def _check_lines(run: Run | None, situation: Situation) -> list[str]:
    if situation.plan.state in {PlanState.SEVERAL, PlanState.REFUSED} and run is None:
        return []
    return [f"**Scope** {scope_line(situation.scope)}", "", f"**Gates** {gates_line(situation.gates)}", ""]


def scope_line(scope: ScopeView) -> str:
    if scope.unknown is not None:
        return f"❔ not known: {plain(scope.unknown)}"
    if scope.violations:
        paths = tuple(item.path for item in scope.violations)
        return f"❌ {counted(len(paths), 'file')} out of scope: {listed(paths, 5)}"
    if not scope.is_stated:
        return f"⚪ {counted(scope.changed, 'changed file')}; the plan states no files to hold them against"
    excepted = f", {scope.excepted} by exception" if scope.excepted else ""
    return f"✅ {counted(scope.changed, 'changed file')}, all inside the plan{excepted}"


def gates_line(gates: GatesView) -> str:
    match gates.state:
        case GatesState.GREEN if gates.held_from is not None:
            return f"✅ green on {commit(gates.held_from)}, below the bot's own record"
        case GatesState.GREEN:
            return f"✅ {_reports(gates.reports)}"
        case GatesState.RED:
            return f"❌ {listed(gates.named(GateState.RED), 5)}"
        case GatesState.PENDING if gates.reports or gates.missing:
            return f"⏳ waiting for {listed((*gates.named(GateState.PENDING), *gates.missing), 5)}"
        case GatesState.PENDING:
            return "⏳ nothing has reported yet"
        case GatesState.SILENT:
            return "⚪ no checks reported"
        case GatesState.UNKNOWN:
            return f"❔ not known: {plain(gates.unknown or '')}"


def _reports(reports: tuple[GateReport, ...]) -> str:
    return listed(tuple(report.name for report in reports), 5)


def _folds(run: Run | None, plan: Plan | None, ledger: Sequence[Entry], fullness: Fullness) -> list[tuple[str, str]]:
    folds: list[tuple[str, str]] = []
    if run is not None and fullness.contract:
        folds.append(("Contract", _contract(run)))
    if ledger:
        shown = list(ledger)[-fullness.timeline :]
        lines = [f"- {timeline_line(entry)}" for entry in shown]
        if len(ledger) > len(shown):
            lines.insert(0, f"- … {len(ledger) - len(shown)} earlier entries")
        folds.append(("Timeline", "\n".join(lines)))
    if run is not None and fullness.graph and len(run.blocks) <= 50:
        folds.append(("Graph", graph(run)))
    if plan is not None or run is not None:
        folds.append(("Commands", commands_table()))
    return folds


def _contract(run: Run) -> str:
    terms = run.terms
    lines = [
        f"- Objective: {plain(terms.get('objective') or 'none', 400)}",
        f"- Branch: {code(run.branch)} into {code(run.base_branch)} · {run.mode} · validation level {run.level}",
        f"- Include: {listed(tuple(terms['include']), 40) or 'not stated'}",
        f"- Exclude: {listed(tuple(terms['exclude']), 40) or 'nothing'}",
    ]
    lines += [
        f"- Exception: {code(item.pattern)} granted by {code(item.by)}: {plain(item.reason, 200)}"
        for item in run.exceptions[-20:]
    ]
    lines.append(f"- Locked as {code(run.contract[:12])}; started by {code(run.started_by)} at {commit(run.rollback)}")
    return "\n".join(lines)
