"""Worlds of each dialect, started: what most tests begin with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.runs.model import BlockState
from tests.runs.plans import (
    MEMORY_BANK,
    SESSION,
    SPEC,
    SPEC_PLAN,
    Task,
    memory_bank_text,
    session_files,
    spec_plan_text,
)
from tests.runs.world import World, plan_text


def with_files(plan_path: str, files: Mapping[str, str], **more: object) -> World:
    """A branch with these files on it, one of them the plan; not executed yet."""
    world = World()
    for name, value in more.items():
        assert hasattr(world, name)
        setattr(world, name, value)
    world.plan_path = plan_path
    world.push(files=dict(files), message="Plan the work")
    return world


def execute(world: World, command: str = "/execute") -> World:
    answer = world.comment(command)
    assert answer.is_accepted, (answer.said, world.decision.situation.plan)
    return world


def exec_plan(
    blocks: Sequence[str] = ("B01", "B02", "B03"), *, mode: str = "", groups: str = "", **more: object
) -> World:
    text = plan_text(blocks)
    if groups:
        text = text.replace("- **Stop Conditions", f"- **Block Grouping:** {groups}\n- **Stop Conditions")
    return execute(with_files("docs/exec-plans/active/2026-01-checkout.md", {
        "docs/exec-plans/active/2026-01-checkout.md": text}, **more), f"/execute {mode}".strip())  # fmt: skip


def memory_bank(
    tasks: Mapping[str, Task] | None = None,
    *,
    boxes: Mapping[str, bool] | None = None,
    behind: str = "",
    command: str = "/execute",
    **more: object,
) -> World:
    return execute(
        with_files(MEMORY_BANK, {MEMORY_BANK: memory_bank_text(tasks, boxes=boxes, behind=behind)}, **more), command
    )


def spec_plan(
    tasks: Mapping[str, Task] | None = None, *, weight: str | None = None, command: str = "/execute", **more: object
) -> World:
    files = {SPEC_PLAN: spec_plan_text(tasks, weight=weight), SPEC: "# Cart\n\n**Status**: Draft\n"}
    return execute(with_files(SPEC_PLAN, files, **more), command)


def session(
    graph: Mapping[str, Sequence[str]] | None = None,
    *,
    command: str = "/execute",
    completion: str = "interactive",
    completed: Sequence[str] = (),
    in_progress: Sequence[str] = (),
    workers: Sequence[str] = (),
    updated_at: str = "2026-01-12T08:00:00Z",
    **more: object,
) -> World:
    files = session_files(
        graph,
        completion=completion,
        completed=completed,
        in_progress=in_progress,
        workers=workers,
        updated_at=updated_at,
    )
    return execute(with_files(SESSION, files, **more), command)


def states(world: World) -> dict[str, str]:
    """What each block has reached."""
    assert world.run is not None
    return {block.id: block.state.value for block in world.run.blocks}


def opened(world: World) -> list[str]:
    """The blocks that are being worked on or wait for somebody."""
    assert world.run is not None
    return [block.id for block in world.run.open_blocks]


def work_on(world: World, block_id: str, *paths: str, ci: str | None = "green") -> str:
    """A commit for one block that says so, and what CI says of it."""
    sha = world.push(*(paths or (path_of(world, block_id),)), message=f"{block_id}: work\n\nRefs: plan/x.md\n")
    if ci:
        world.ci(ci)
    return sha


def path_of(world: World, block_id: str) -> str:
    assert world.run is not None
    files = world.run.promise(block_id).get("files") or (f"src/{block_id.lower()}.py",)
    return str(files[0])


def finish(world: World, *block_ids: str) -> World:
    """The blocks are done, approved one by one, in this order."""
    for block_id in block_ids:
        work_on(world, block_id)
        answer = world.comment(f"/approve {block_id}")
        assert answer.is_accepted, answer.said
        assert world.block(block_id) is BlockState.DONE
    return world


def finish_all(world: World) -> World:
    """Every block is done and approved, in the order in which they are opened."""
    while open_now := opened(world):
        finish(world, open_now[0])
    return world
