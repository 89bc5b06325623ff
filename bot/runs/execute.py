"""`/execute`: start a run on a valid plan, or lock a changed contract anew."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from bot.plans.contract import contract_of, definition_hash
from bot.plans.dialects import dialect_of
from bot.plans.execution_log import log_path
from bot.plans.model import Dialect, Level, Mode, Plan
from bot.plans.plan_title import title_of
from bot.plans.session_sync import reconcile
from bot.runs.assess import PlanState, is_over
from bot.runs.effects import Say
from bot.runs.facts import PlanFile, PullFacts, Unknown
from bot.runs.ledger import EntryKind
from bot.runs.messages import Notice, NoticeKind, Problem, Refusal
from bot.runs.model import BlockRun, BlockState, Run, RunState
from bot.runs.obstacles import plan_reasons
from bot.runs.opening import go_on
from bot.runs.planning import close_planning_issue, own_spec, planning_files
from bot.runs.policy import ReadinessPolicy
from bot.runs.records import write_record
from bot.runs.turn import Call, Refused, Turn
from bot.runs.workers import BOT, stop_workers


@dataclass(frozen=True, slots=True)
class Wish:
    """What `/execute` asked for: a path, a mode, a level, each where it was said."""

    path: str | None = None
    mode: Mode | None = None
    level: Level | None = None


def read_wish(rest: str) -> Wish | Refusal:
    """Read `[path] [stepwise|autonomous] [medium|high]`, in any order."""
    wish = Wish()
    for word in rest.replace("`", "").split():
        if word in list(Mode):
            wish = replace(wish, mode=Mode(word))
        elif word in list(Level):
            wish = replace(wish, level=Level(word))
        elif wish.path is None and ("/" in word or word.endswith((".md", ".json"))):
            wish = replace(wish, path=word)
        else:
            return Refusal(Problem.BAD_ARGUMENTS, {"argument": word})
    return wish


def execute(turn: Turn, call: Call) -> Turn | Refusal | Refused:
    wish = read_wish(call.rest)
    if isinstance(wish, Refusal):
        return wish
    if not turn.facts.pull.is_open:
        return Refusal(Problem.PULL_CLOSED)
    if turn.run is None or is_over(turn.run):
        return _start(turn, call, wish)
    if wish.path is not None and wish.path != turn.run.plan_path:
        return Refusal(Problem.OTHER_PLAN_LIVE, {"path": turn.run.plan_path, "wanted": wish.path})
    return _relock(turn, turn.run, call, wish)


def _start(turn: Turn, call: Call, wish: Wish) -> Turn | Refusal | Refused:
    found = _chosen_plan(_afresh(turn), wish.path)
    if isinstance(found, Refusal):
        return found
    file, plan = found
    refusal = unfit(turn.facts.pull, plan)
    if refusal is not None:
        return refusal
    contract = contract_of(plan)
    blocks = tuple(BlockRun(block.id, block.title, definition_hash(block)) for block in plan.blocks)
    head = turn.facts.pull.head_sha
    run = Run(
        id=_run_id(turn, call),
        pull=turn.key,
        plan_path=file.path,
        dialect=plan.dialect,
        title=title_of(plan),
        state=RunState.RUNNING,
        mode=wish.mode or plan.mode or Mode.STEPWISE,
        level=wish.level or turn.policy.validation.level,
        contract=contract.hash,
        terms=contract.terms,
        branch=turn.facts.pull.head_ref,
        base_branch=turn.facts.pull.base_ref,
        started_by=call.by,
        started_at=turn.now,
        rollback=head,
        boundary=head,
        blocks=blocks,
        issue=call.comment.from_issue,
        planned=planning_files(turn, plan),
        spec_path=own_spec(plan),
        inner_loops=plan.session.inner_loops if plan.session is not None else (),
        milestones=len(plan.milestones),
        readiness=tuple((box.text, box.is_ticked) for box in plan.readiness),
        log_path=log_path(title_of(plan), turn.now) if plan.dialect is Dialect.MEMORY_BANK else None,
    )
    run = _taken_up(run, turn.run)
    turn = turn.to(run).note(EntryKind.STARTED, call.by, file.path, comment_id=call.comment.comment_id)
    turn = _reconciled(turn, plan)
    failures = preflight_failures(plan)
    if failures and turn.policy.readiness is ReadinessPolicy.ENFORCE:
        return _not_ready(turn, failures, call)
    if failures:
        assert turn.run is not None
        turn = turn.to(replace(turn.run, warnings=failures)).note(EntryKind.PREFLIGHT, BOT, "; ".join(failures))
    turn = go_on(turn, call.by)
    turn = (
        turn.do(Say(f"say:{run.id}:started", Notice(NoticeKind.STARTED, items=_said(turn))))
        if plan.dialect in _ANNOUNCED
        else turn
    )
    return write_record(turn, f"Start executing {run.title}", (("Started-by", call.by),))


def _taken_up(run: Run, before: Run | None) -> Run:
    """An execution of the same plan after one that was aborted: what that one wrote is on the branch and goes on."""
    if before is None or before.plan_path != run.plan_path:
        return run
    run = replace(run, earlier_blocks=tuple(block.id for block in before.blocks))
    if before.state is not RunState.ABORTED:
        return run
    return replace(run, log_path=before.log_path or run.log_path, own_blobs=before.own_blobs)


_ANNOUNCED: Final = frozenset({Dialect.MEMORY_BANK, Dialect.TEAM_SESSION})
"""The dialects whose own documents say what is to be said at the start."""


def preflight_failures(plan: Plan) -> tuple[str, ...]:
    """The plan's own Readiness boxes that nobody has ticked; the other checks of the pre-flight are `unfit`'s."""
    return tuple(f"{box.text} (line {box.line})" for box in plan.readiness if not box.is_ticked)


def _not_ready(turn: Turn, failures: tuple[str, ...], call: Call) -> tuple[Turn, Refusal]:
    """The pre-flight failed: nothing is executed, and the record says what has to be there first."""
    run = turn.run
    assert run is not None
    reason = f"pre-flight: {counted_boxes(failures)}"
    turn = turn.to(replace(run, state=RunState.ABORTED, reason=reason, warnings=failures))
    turn = turn.note(EntryKind.ABORTED, BOT, reason)
    turn = write_record(turn, f"Record the failed pre-flight of {run.title}", (("Started-by", call.by),), at_end=True)
    return turn, Refusal(Problem.PREFLIGHT_FAILED, {"path": run.plan_path}, failures)


def counted_boxes(failures: tuple[str, ...]) -> str:
    return "1 readiness box is not ticked" if len(failures) == 1 else f"{len(failures)} readiness boxes are not ticked"


def _reconciled(turn: Turn, plan: Plan) -> Turn:
    """A team session brings its own state: what it calls completed is done, what was interrupted is pending again."""
    run = turn.run
    assert run is not None
    if plan.session is None:
        return turn
    found = reconcile(
        plan.session, run_done=(), now_seen_workers=(), known=[block.id for block in run.blocks], now=turn.now
    )
    for block_id in found.completed:
        block = run.block(block_id)
        if block is not None and not block.is_settled:
            done = replace(
                block, state=BlockState.DONE, reason="completed in the session before this run", closed_at=turn.now
            )
            run = run.with_block(done)
    turn = turn.to(run)
    said = [f"completed before: {', '.join(found.completed)}"] if found.completed else []
    reset = [task for task in found.reset if task not in found.orphans]
    said += [f"interrupted, reset to pending: {', '.join(reset)}"] if reset else []
    said += [f"orphans reset to pending: {', '.join(found.orphans)}"] if found.orphans else []
    said += [f"not in the plan: {', '.join(found.unknown)}"] if found.unknown else []
    return turn.note(EntryKind.RECONCILED, BOT, "; ".join(said)) if said else turn


def _said(turn: Turn) -> tuple[str, ...]:
    """What taking up a session found, in words."""
    return tuple(
        part for entry in turn.entries if entry.kind is EntryKind.RECONCILED for part in entry.text.split("; ")
    )


def _run_id(turn: Turn, call: Call) -> str:
    """One id per `/execute`: a comment may end a run and start the next one."""
    name = f"run-{turn.key.repository_id}-{turn.key.number}-{call.comment.comment_id}"
    return f"{name}-{call.index}" if call.index else name


def _afresh(turn: Turn) -> Turn:
    """The same facts as if no run had been: an ended run's plan is no longer the one in play once it was moved."""
    if turn.run is None:
        return turn
    places = turn.policy.plans.stated()
    plans = tuple(
        item for item in turn.facts.plans if isinstance(item, Unknown) or dialect_of(item.path, places=places)
    )
    return Turn.begin(turn.key, None, replace(turn.facts, plans=plans), turn.now)


def _chosen_plan(turn: Turn, path: str | None) -> tuple[PlanFile, Plan] | Refusal:
    """The plan that is meant, readable and without errors, or every reason why not."""
    situation = turn.situation
    if path is not None:
        named = [item for item in turn.facts.plans if isinstance(item, PlanFile) and item.path == path]
        if not named:
            reasons = [getattr(item, "reason", "") for item in turn.facts.plans if getattr(item, "path", None) == path]
            return Refusal(Problem.PLAN_UNREADABLE, {"path": path}, tuple(reasons) or ("no such plan on this branch",))
        file = named[0]
        if not file.reading.is_executable or file.reading.plan is None:
            view = replace(situation.plan, file=file)
            return Refusal(Problem.PLAN_REFUSED, {"path": path}, plan_reasons(replace(situation, plan=view)))
        return file, file.reading.plan
    plan = situation.plan
    match plan.state:
        case PlanState.NONE:
            return Refusal(Problem.NO_PLAN)
        case PlanState.SEVERAL:
            return Refusal(Problem.SEVERAL_PLANS, items=plan.paths)
        case PlanState.UNKNOWN:
            return Refusal(Problem.PLAN_UNREADABLE, {"path": ", ".join(plan.paths)}, plan.reasons)
        case PlanState.REFUSED:
            return Refusal(Problem.PLAN_REFUSED, {"path": plan.paths[0]}, plan_reasons(situation))
        case PlanState.VALID | PlanState.CHANGED:
            assert plan.file is not None and plan.plan is not None
            return plan.file, plan.plan


def unfit(pull: PullFacts, plan: Plan) -> Refusal | None:
    """Whether this plan may run here: on its own branch. A plan of another dialect that names none fits anywhere."""
    if plan.branch != pull.head_ref and (plan.branch is not None or plan.dialect is Dialect.EXEC_PLAN):
        return Refusal(Problem.WRONG_BRANCH, {"plan": plan.branch or "(none)", "head": pull.head_ref})
    return None


def _asked_before(block: BlockRun | None) -> tuple[str, ...]:
    """The workers of a block that is to be done anew: the next one needs an id of its own, or it never starts."""
    if block is None:
        return ()
    return (*block.earlier, block.dispatch.id) if block.dispatch is not None else block.earlier


def _relock(turn: Turn, run: Run, call: Call, wish: Wish) -> Turn | Refusal:
    """Lock a changed contract: finished blocks whose definition is unchanged stay, the rest is to be done."""
    view = turn.situation.plan
    if view.state is PlanState.VALID:
        return Refusal(Problem.ALREADY_LIVE, {"path": run.plan_path, "state": run.state})
    if view.state is not PlanState.CHANGED or view.plan is None:
        return Refusal(Problem.PLAN_REFUSED, {"path": run.plan_path}, plan_reasons(turn.situation))
    plan = view.plan
    refusal = unfit(turn.facts.pull, plan)
    if refusal is not None:
        return refusal
    kept = {block.id: block for block in run.blocks}
    vanished = [block.id for block in run.blocks if block.is_settled and block.id not in {b.id for b in plan.blocks}]
    if vanished:
        return Refusal(Problem.DONE_BLOCK_VANISHED, items=tuple(vanished))
    contract = contract_of(plan)
    blocks = []
    for block in plan.blocks:
        old, definition = kept.get(block.id), definition_hash(block)
        fresh = BlockRun(block.id, block.title, definition, earlier=_asked_before(old))
        blocks.append(old if old is not None and old.definition == definition and old.is_settled else fresh)
    turn = stop_workers(turn)
    run = turn.run or run
    changed = replace(
        run,
        title=title_of(plan) if plan.title else run.title,
        contract=contract.hash,
        terms=contract.terms,
        blocks=tuple(blocks),
        spec_path=own_spec(plan),
        inner_loops=plan.session.inner_loops if plan.session is not None else (),
        planned=planning_files(turn, plan),
        level=wish.level or run.level,
        mode=wish.mode or run.mode,
        state=RunState.RUNNING,
        verdict=None,
        signal=None,
        validation=None,
        reason=None,
        closeout_key=None,
        closeout_url=None,
    )
    text = "; ".join(view.changes)
    turn = turn.to(changed).note(EntryKind.RELOCKED, call.by, text, comment_id=call.comment.comment_id)
    turn = close_planning_issue(turn, f"The changed plan was locked by {call.by}: the run goes on.")
    turn = go_on(turn, call.by)
    return write_record(turn, f"Lock the changed contract of {changed.title}", (("Started-by", call.by),))
