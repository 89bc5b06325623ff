"""`/execute`: start a run on a valid plan, or lock a changed contract anew."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.plans.contract import contract_of, definition_hash
from bot.plans.dialects import dialect_of
from bot.plans.model import Level, Mode, Plan
from bot.runs.assess import PlanState, is_over
from bot.runs.facts import PlanFile, Unknown
from bot.runs.messages import Problem, Refusal
from bot.runs.model import BlockRun, BlockState, EntryKind, Run, RunState
from bot.runs.obstacles import plan_reasons
from bot.runs.records import write_record
from bot.runs.turn import Call, Turn


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
        elif wish.path is None and ("/" in word or word.endswith(".md")):
            wish = replace(wish, path=word)
        else:
            return Refusal(Problem.BAD_ARGUMENTS, {"argument": word})
    return wish


def execute(turn: Turn, call: Call) -> Turn | Refusal:
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


def _start(turn: Turn, call: Call, wish: Wish) -> Turn | Refusal:
    found = _chosen_plan(_afresh(turn), wish.path)
    if isinstance(found, Refusal):
        return found
    file, plan = found
    refusal = _unfit(turn, plan, wish)
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
        title=plan.title or file.path,
        state=RunState.RUNNING,
        mode=Mode.STEPWISE,
        level=wish.level or Level.MEDIUM,
        contract=contract.hash,
        terms=contract.terms,
        branch=turn.facts.pull.head_ref,
        base_branch=turn.facts.pull.base_ref,
        started_by=call.by,
        started_at=turn.now,
        rollback=head,
        boundary=head,
        blocks=blocks,
    )
    turn = turn.to(run).note(EntryKind.STARTED, call.by, file.path, comment_id=call.comment.comment_id)
    turn = open_next_block(turn, call.by)
    return write_record(turn, f"Start executing {run.title}", (("Started-by", call.by),))


def _run_id(turn: Turn, call: Call) -> str:
    """One id per `/execute`: a comment may end a run and start the next one."""
    name = f"run-{turn.key.repository_id}-{turn.key.number}-{call.comment.comment_id}"
    return f"{name}-{call.index}" if call.index else name


def _afresh(turn: Turn) -> Turn:
    """The same facts as if no run had been: an ended run's plan is no longer the one in play once it was moved."""
    if turn.run is None:
        return turn
    plans = tuple(item for item in turn.facts.plans if isinstance(item, Unknown) or dialect_of(item.path) is not None)
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


def _unfit(turn: Turn, plan: Plan, wish: Wish) -> Refusal | None:
    """Whether this plan may run here: on its own branch, in a mode and at a level that this version has."""
    head_ref = turn.facts.pull.head_ref
    if plan.branch != head_ref:
        return Refusal(Problem.WRONG_BRANCH, {"plan": plan.branch or "(none)", "head": head_ref})
    if (wish.mode or plan.mode or Mode.STEPWISE) is Mode.AUTONOMOUS:
        return Refusal(Problem.MODE_UNSUPPORTED, {"asked": "in the command" if wish.mode else "in the plan"})
    if wish.level is Level.HIGH:
        return Refusal(Problem.LEVEL_UNSUPPORTED)
    return None


def _relock(turn: Turn, run: Run, call: Call, wish: Wish) -> Turn | Refusal:
    """Lock a changed contract: finished blocks whose definition is unchanged stay, the rest is to be done."""
    view = turn.situation.plan
    if view.state is PlanState.VALID:
        return Refusal(Problem.ALREADY_LIVE, {"path": run.plan_path, "state": run.state})
    if view.state is not PlanState.CHANGED or view.plan is None:
        return Refusal(Problem.PLAN_REFUSED, {"path": run.plan_path}, plan_reasons(turn.situation))
    plan = view.plan
    refusal = _unfit(turn, plan, wish)
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
        fresh = BlockRun(block.id, block.title, definition)
        blocks.append(old if old is not None and old.definition == definition and old.is_settled else fresh)
    changed = replace(
        run,
        title=plan.title or run.title,
        contract=contract.hash,
        terms=contract.terms,
        blocks=tuple(blocks),
        level=wish.level or run.level,
        state=RunState.RUNNING,
        verdict=None,
        reason=None,
        closeout_key=None,
        closeout_url=None,
    )
    text = "; ".join(view.changes)
    turn = turn.to(changed).note(EntryKind.RELOCKED, call.by, text, comment_id=call.comment.comment_id)
    turn = open_next_block(turn, call.by)
    return write_record(turn, f"Lock the changed contract of {changed.title}", (("Started-by", call.by),))


def open_next_block(turn: Turn, actor: str) -> Turn:
    """Open the first block that is not settled, or go into validation when there is none."""
    run = turn.run
    assert run is not None
    block = run.open_block
    if block is None:
        return turn.to(replace(run, state=RunState.VALIDATING)).note(EntryKind.VALIDATING, actor)
    opened = run.with_block(replace(block, state=BlockState.ACTIVE))
    return turn.to(opened).note(EntryKind.BLOCK_OPENED, actor, block=block.id)
