"""Gates that failed on the way: once they are green again, nothing but the record knows of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from bot.runs.attribution import own_commits
from bot.runs.facts import GateState
from bot.runs.gates import GatesState
from bot.runs.model import GateFailure, Run, RunState
from bot.runs.turn import Turn

KEPT: Final = 100


def with_failures_kept(turn: Turn) -> Turn:
    """Remember which gates are red on the content of this head; asked again for the same head, nothing is added."""
    run = turn.run
    assert run is not None
    gates, head = turn.situation.gates, turn.situation.content_head
    block = _at_fault(turn, run)
    if block is None or gates.state is not GatesState.RED:
        return turn
    known = {(item.block, item.gate, item.head) for item in run.gate_failures}
    fresh = tuple(
        GateFailure(block, report.name, report.conclusion, head)
        for report in gates.reports
        if report.state is GateState.RED and (block, report.name, head) not in known
    )
    if not fresh:
        return turn
    return turn.to(replace(run, gate_failures=(*run.gate_failures, *fresh)[:KEPT]))


def _at_fault(turn: Turn, run: Run) -> str | None:
    """The first open block with commits of its own, "" in the validation; None where nothing of the run is measured."""
    if run.state is RunState.VALIDATING:
        return ""
    if run.state is not RunState.RUNNING:
        return None
    worked_on = (block for block in run.open_blocks if own_commits(run, block, turn.situation.own_commits))
    return next((block.id for block in worked_on), None)
