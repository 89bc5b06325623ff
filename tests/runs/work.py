"""Workers as the tests play them: dispatches that come back or fail, workflow runs that move, reports."""

from __future__ import annotations

from bot.runs.effects import CancelWorker, StartWorker
from bot.runs.events import ReportStatus, WorkerReported, WorkerRunChanged
from bot.runs.facts import Outcome, OutcomeState
from bot.runs.model import BlockRun, Dispatch
from bot.runs.policy import Policy, read_policy
from tests.runs.world import Answer, World

WORKFLOW = "build.yml"


def with_workflow(more: bytes = b"") -> Policy:
    """A policy that hands every block to a workflow."""
    policy = read_policy(b"workers: {default: {workflow: build.yml}}\n" + more)
    assert isinstance(policy, Policy), policy
    return policy


def policy_of(text: bytes) -> Policy:
    policy = read_policy(text)
    assert isinstance(policy, Policy), policy
    return policy


def block_of(world: World, block_id: str) -> BlockRun:
    assert world.run is not None
    found = world.run.block(block_id)
    assert found is not None
    return found


def dispatch_of(world: World, block_id: str) -> Dispatch:
    found = block_of(world, block_id).dispatch
    assert found is not None, f"nobody was asked to do {block_id}"
    return found


def workers_started(world: World, block_id: str | None = None) -> list[StartWorker]:
    """The workers that were asked for, for one block or for all, oldest first."""
    found = [effect for effect in world.effects.values() if isinstance(effect, StartWorker)]
    return [effect for effect in found if block_id in {None, effect.block}]


def workers_cancelled(world: World) -> list[int]:
    return [effect.workflow_run_id for effect in world.effects.values() if isinstance(effect, CancelWorker)]


def dispatch_fails(world: World, dispatch: str, error: str = "GitHub answered 422: Workflow does not exist") -> Answer:
    world.outcomes[f"dispatch:{dispatch}"] = Outcome(OutcomeState.FAILED, {}, error)
    return world.answer()


def moved(
    dispatch: str,
    status: str,
    conclusion: str | None = None,
    *,
    run_id: int = 9001,
    attempt: int = 1,
) -> WorkerRunChanged:
    return WorkerRunChanged(
        workflow_run_id=run_id,
        attempt=attempt,
        title=f"Stepwise {dispatch}",
        event="workflow_dispatch",
        status=status,
        conclusion=conclusion,
        head_branch="main",
        head_sha="f" * 40,
        url=f"https://github.test/acme/shop/actions/runs/{run_id}",
    )


def report_of(
    world: World,
    dispatch: str,
    status: ReportStatus,
    commit: str | None = None,
    notes: str = "",
    *,
    signal: str | None = None,
    block: str = "",
) -> WorkerReported:
    return WorkerReported(f"token-{dispatch}", dispatch, block, status, commit, notes, signal, 9001, world.now)


def run_moves(
    world: World, block_id: str, status: str, conclusion: str | None = None, *, run_id: int | None = None
) -> Answer:
    """The workflow run of a block's newest worker moves."""
    world.tick()
    dispatch = dispatch_of(world, block_id)
    known = run_id or dispatch.workflow_run_id or 9001
    return world.answer(moved(dispatch.id, status, conclusion, run_id=known))


def report(
    world: World,
    block_id: str,
    status: ReportStatus,
    commit: str | None = None,
    notes: str = "",
    *,
    signal: str | None = None,
) -> Answer:
    """A block's newest worker reports."""
    world.tick()
    dispatch = dispatch_of(world, block_id)
    return world.answer(report_of(world, dispatch.id, status, commit, notes, signal=signal, block=block_id))
