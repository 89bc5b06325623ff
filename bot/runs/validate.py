"""The validation phase: its level, the plan's own commands, and the invariants that people confirm."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import Final

from bot.plans.model import Level
from bot.runs.effects import StartWorker
from bot.runs.facts import OutcomeState
from bot.runs.invariants import confirmed_by, demanded
from bot.runs.ledger import EntryKind
from bot.runs.messages import Problem, Refusal
from bot.runs.model import Confirmation, Dispatch, DispatchState, Run, RunState, WorkerKind
from bot.runs.obstacles import check_obstacles, plan_obstacles
from bot.runs.steer import live
from bot.runs.turn import Call, Turn
from bot.runs.workers import BOT, deadline, effect_key

COMMANDS_LIMIT: Final = 60_000
"""GitHub takes at most 65,535 characters of inputs in all."""


def validate(turn: Turn, call: Call) -> Turn | Refusal:
    """Choose the level of the validation phase, or have the plan's commands run again."""
    word = call.rest.strip().lower()
    if word and word not in list(Level):
        return Refusal(Problem.BAD_ARGUMENTS, {"argument": word[:60]})
    run = live(turn)
    if isinstance(run, Refusal):
        return run
    if run.state is RunState.COMPLETED:
        return Refusal(Problem.RUN_OVER, {"state": run.state})
    level = Level(word) if word else run.level
    is_again = level is Level.HIGH and run.validation is not None and run.validation.is_over
    changed = replace(run, level=level, validation=None if is_again or level is Level.MEDIUM else run.validation)
    if run.validation is not None and changed.validation is None:
        # The dispatch that follows needs an id of its own, also after a detour over level medium.
        changed = replace(changed, sequence=run.sequence + 1)
    turn = turn.to(changed).note(EntryKind.VALIDATING, call.by, f"level {level}", comment_id=call.comment.comment_id)
    return look_at_validation(turn) if changed.state is RunState.VALIDATING else turn


def look_at_validation(turn: Turn) -> Turn:
    """Level high: have the plan's commands run on the head, once per head and only where scope and gates let it."""
    run = turn.run
    assert run is not None
    workflow = turn.policy.validation.workflow
    if run.level is not Level.HIGH or workflow is None or not turn.situation.runs_commands:
        return turn
    head = turn.situation.content_head
    known = run.validation
    if known is not None and known.commit == head:
        return _followed(turn, run, known)
    if plan_obstacles(turn.situation) or check_obstacles(turn.situation):
        return turn
    return _start(turn, run, workflow, head)


def _start(turn: Turn, run: Run, workflow: str, head: str) -> Turn:
    made = "sw-" + hashlib.sha256(f"{run.id}:validation:{head}:{run.sequence}".encode()).hexdigest()[:20]
    commands = json.dumps(list(run.terms["validation_commands"]), ensure_ascii=False)
    if len(commands) > COMMANDS_LIMIT:
        commands = "[]"
    dispatch = Dispatch(made, WorkerKind.WORKFLOW, workflow, 1, turn.now, commit=head)
    inputs = (("dispatch_id", made), ("sha", head), ("pull", str(run.pull.number)), ("commands", commands))
    turn = turn.to(replace(run, validation=dispatch)).note(EntryKind.DISPATCHED, BOT, f"{workflow} {made}")
    return turn.do(StartWorker(effect_key(made), made, workflow, "", inputs))


def _followed(turn: Turn, run: Run, known: Dispatch) -> Turn:
    outcome = turn.facts.outcomes.get(effect_key(known.id))
    if known.is_over:
        return turn
    if outcome is not None and outcome.state is OutcomeState.FAILED:
        why = f"it could not be started: {outcome.error or 'no reason given'}"
    elif turn.now >= deadline(known, turn.policy.workers):
        why = "its workflow run did not come to an end in time; say /validate high to start it again"
    else:
        return turn
    failed = replace(known, state=DispatchState.FAILED, failure=why)
    return turn.to(replace(run, validation=failed)).note(EntryKind.FAILED, BOT, why)


def confirm(turn: Turn, name: str, call: Call) -> Turn | Refusal:
    """Somebody ticked the box of an invariant: they confirm it for the content that the head holds."""
    run = live(turn)
    if isinstance(run, Refusal):
        return run
    found = next((item for item in demanded(run, turn.situation) if item.casefold() == name.casefold()), None)
    if found is None or run.state not in {RunState.VALIDATING, RunState.COMPLETED}:
        return Refusal(Problem.NO_SUCH_INVARIANT, {"name": name}, demanded(run, turn.situation))
    if confirmed_by(run, turn.situation, found) is not None:
        return turn
    made = Confirmation(found, call.by, turn.situation.content_head)
    return turn.to(replace(run, invariants=(*run.invariants, made))).note(EntryKind.CONFIRMED, call.by, found)
